"""Administrations, organisations, people, their accounts, mandates and roles."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Identified, OfAdministration

from .kinds import Aeo, Delivery, Invited, Kind, RoleName, Scope, Sector, Standing, Who

WEB = "web"  # the page: people come to it, and nothing is ever sent there
MAIL = "email"  # the platform that news goes through where no chat takes it, unless its reader chose otherwise
UNSUBSCRIBED = "unsubscribed"  # why a door is shut that its owner shut: being heard of there does not open it
MANDATE_LASTS = timedelta(days=365)
RECHECK_BEFORE = timedelta(days=30)  # so long before its end a mandate is asked about; silence lets it end


class Administration(Identified, Base):
    """A Customs administration: the owner of everything that happens in its cases.

    `home_regions` are those of the world it belongs to, `{"code": …, "name": {language: name}}`. `integrity_url` is the
    public address, the same for everybody, where corruption can be disclosed safely.
    """

    __tablename__ = "administration"
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[dict[str, Any]]  # language -> name
    country: Mapped[str]
    zone: Mapped[str]
    language: Mapped[str]
    slack_team: Mapped[str | None]
    home_regions: Mapped[list[Any]] = mapped_column(default=list)
    integrity_url: Mapped[str | None]

    @property
    def calendar_domain(self) -> str:
        """What ends the UIDs of its calendar entries. No host's name: moving Parley must not double a meeting."""
        return f"{self.code}.{self.country}.parley".lower()


class Organisation(OfAdministration, Base):
    """A business, an association or an agency. What it is called is believed only once an officer verified it."""

    __tablename__ = "organisation"
    name: Mapped[str]
    kind: Mapped[Kind]
    sector: Mapped[Sector | None]
    standing: Mapped[Standing] = mapped_column(default=Standing.PROPOSED)
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    # whom an outcome reaches when its own addressee cannot be reached
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    aeo: Mapped[Aeo | None]  # as an officer has confirmed it
    aeo_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    aeo_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Verified ones to everybody in the administration; others to officers and to whoever proposed them."""
        mine = cls.administration_id == who.administration_id
        if who.is_staff:
            return mine
        known = or_(cls.standing == Standing.VERIFIED, cls.id == who.claimed_id, cls.proposed_by_id == who.id)
        return and_(mine, known)

    def decide(self, standing: Standing, *, by: int, at: datetime) -> bool:
        """Verify or refuse. False when it is settled already."""
        if self.standing is not Standing.PROPOSED:
            return False
        self.standing, self.decided_by_id, self.decided_at = standing, by, at
        return True

    def trust(self, aeo: Aeo | None, *, by: int, at: datetime) -> bool:
        """Note how it stands in the trusted-trader programme, None: not in it. False where that is known, or the
        organisation is not verified."""
        if self.standing is not Standing.VERIFIED or self.aeo is aeo:
            return False
        self.aeo, self.aeo_by_id, self.aeo_at = aeo, by, at
        return True


class Membership(OfAdministration, Base):
    """Somebody is of this administration too, beside the one they came to first, which has no row here.

    What they are there is their own: roles, mandates and organisation of one administration count in no other.
    """

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("person_id", "administration_id"),)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    since: Mapped[datetime]
    consented_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """One's own."""
        return cls.person_id == who.id

    def absorb(self, other: Membership) -> None:
        """Whoever is of it still as one of the two is of it."""
        if self.left_at is not None and (other.left_at is None or other.left_at > self.left_at):
            self.since, self.consented_at, self.left_at = other.since, other.consented_at, other.left_at


class Person(OfAdministration, Base):
    """One human being, whatever doors they come through.

    Their `administration_id` is the one they came to first, their home. `acting_in_id` is set while they are of several
    administrations: the one in which they act now.
    """

    __tablename__ = "person"
    name: Mapped[str] = mapped_column(default="")
    kind: Mapped[Kind | None]
    sector: Mapped[Sector | None]
    region: Mapped[str | None]  # where in the country: a port, or "country" for all of it
    language: Mapped[str]
    zone: Mapped[str]
    quiet_from: Mapped[time | None] = mapped_column(default=time(20, 0))
    quiet_to: Mapped[time | None] = mapped_column(default=time(7, 0))
    delivery: Mapped[Delivery] = mapped_column(default=Delivery.AT_ONCE)
    muted: Mapped[list[Any]] = mapped_column(default=list)  # the `Topic`s they do without
    by_mail: Mapped[bool] = mapped_column(default=False)  # news by e-mail first, though there is a chat
    invited: Mapped[Invited] = mapped_column(default=Invited.FEED)
    met_at: Mapped[datetime]
    language_chosen_at: Mapped[datetime | None]
    consented_at: Mapped[datetime | None]
    registered_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    acting_in_id: Mapped[int | None] = mapped_column(ForeignKey("administration.id"))

    @classmethod
    def of(cls, administration_id: int | ColumnElement[int]) -> ColumnElement[bool]:
        """The people of an administration: those at home there, and those who are of it too."""
        too = Membership.administration_id == administration_id, Membership.left_at.is_(None)
        return or_(cls.administration_id == administration_id, cls.id.in_(select(Membership.person_id).where(*too)))

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Staff see the people of their administration; everybody else sees themselves."""
        if who.is_staff:
            living = and_(cls.erased_at.is_(None), cls.merged_into_id.is_(None))
            return and_(cls.of(who.administration_id), living)
        return cls.id == who.id


class Account(Identified, Base):
    """A person's identity on one door. `address` is where the door delivers to (a chat or channel id)."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("platform", "external_id"),)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    platform: Mapped[str]
    # Slack: "team:user", never the user alone; Telegram: the numeric user id; e-mail: `db.mail.key_of`
    external_id: Mapped[str]
    address: Mapped[str]
    is_guest: Mapped[bool] = mapped_column(default=False)  # foreign workspace or guest: a stakeholder at most
    met_at: Mapped[datetime]
    used_at: Mapped[datetime]
    unreachable_since: Mapped[datetime | None]
    unreachable_reason: Mapped[str | None]


class Mandate(OfAdministration, Base):
    """A person speaks for an organisation until a date. Rights fall with the mandate, not with the account."""

    __tablename__ = "mandate"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    is_deputy: Mapped[bool] = mapped_column(default=False)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    recheck_at: Mapped[datetime]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @classmethod
    def given(cls, person: Person, organisation: Organisation, *, at: datetime, is_deputy: bool = False) -> Mandate:
        """A mandate of a year that nobody has confirmed yet."""
        return cls(
            administration_id=organisation.administration_id,
            person_id=person.id,
            organisation_id=organisation.id,
            is_deputy=is_deputy,
            starts_at=at,
            ends_at=at + MANDATE_LASTS,
            recheck_at=at + MANDATE_LASTS - RECHECK_BEFORE,
        )

    @classmethod
    def in_force(cls, at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
        return and_(cls.starts_at <= at, cls.ends_at > at)

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Staff see their administration's; everybody else their own and those of the organisation they speak for."""
        here = cls.administration_id == who.administration_id
        if who.is_staff:
            return here
        return and_(here, or_(cls.person_id == who.id, cls.organisation_id == who.organisation_id))

    def confirm(self, *, by: int, at: datetime) -> bool:
        """False when it has ended or was confirmed before."""
        if self.ends_at <= at or self.confirmed_by_id is not None:
            return False
        self.confirmed_by_id = by
        return True

    def renew(self, at: datetime) -> bool:
        """Good for another year. False when it has ended: then it is a new mandate that is needed."""
        if self.ends_at <= at:
            return False
        self.ends_at, self.recheck_at = at + MANDATE_LASTS, at + MANDATE_LASTS - RECHECK_BEFORE
        return True

    def end(self, at: datetime) -> bool:
        """False when it has ended already."""
        if self.ends_at <= at:
            return False
        self.ends_at = at
        return True


class Role(OfAdministration, Base):
    """What a person may do, where, and until when."""

    __tablename__ = "role"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[RoleName]
    scope: Mapped[Scope]
    scope_id: Mapped[str]  # a centre's id, a region's code, a country's ISO code
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @classmethod
    def in_force(cls, at: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
        return and_(cls.starts_at <= at, cls.ends_at > at)

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Administrators see their administration's; everybody else their own."""
        here = cls.administration_id == who.administration_id
        return here if who.holds(RoleName.ADMINISTRATOR) else and_(here, cls.person_id == who.id)

    def end(self, at: datetime) -> bool:
        """False when it has ended already."""
        if self.ends_at <= at:
            return False
        self.ends_at = at
        return True


class Erasure(Identified, Base):
    """A tombstone: this person's data were erased. A restored older backup is gone over with it."""

    __tablename__ = "erasure"
    person_id: Mapped[int] = mapped_column(unique=True)
    at: Mapped[datetime]


Index("ix_organisation_name", Organisation.administration_id, Organisation.name)
