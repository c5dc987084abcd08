"""Who talks to Parley: administrations, organisations, people, their accounts, mandates and roles."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from .base import Base, Identified, OfAdministration


class Kind(StrEnum):
    BUSINESS = "business"
    ASSOCIATION = "association"
    AGENCY = "agency"
    CUSTOMS = "customs"


class Sector(StrEnum):
    PERISHABLES = "perishables"
    TEXTILES = "textiles"
    ELECTRONICS = "electronics"
    CHEMICALS = "chemicals"
    VEHICLES = "vehicles"
    EXPRESS = "express"
    ENERGY = "energy"
    GENERAL = "general"


class RoleName(StrEnum):
    OFFICER = "officer"
    LEAD = "lead"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    CENTRE = "centre"
    REGION = "region"
    COUNTRY = "country"


class Standing(StrEnum):
    PROPOSED = "proposed"
    VERIFIED = "verified"
    REFUSED = "refused"


class Delivery(StrEnum):
    AT_ONCE = "at_once"
    DIGEST = "digest"


class Administration(Identified, Base):
    """A Customs administration: the owner of everything that happens in its cases."""

    __tablename__ = "administration"
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[dict[str, Any]]  # language -> name
    country: Mapped[str]
    zone: Mapped[str]
    language: Mapped[str]
    slack_team: Mapped[str | None]
    home_regions: Mapped[list[Any]] = mapped_column(default=list)


class Organisation(OfAdministration, Base):
    """A business, an association or an agency. What it is called is believed only once an officer verified it."""

    __tablename__ = "organisation"
    name: Mapped[str]
    kind: Mapped[Kind]
    sector: Mapped[Sector | None]
    standing: Mapped[Standing] = mapped_column(default=Standing.PROPOSED)
    proposed_by_id: Mapped[int | None]
    decided_by_id: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    contact_id: Mapped[int | None]  # whom an outcome reaches when its own addressee cannot be reached
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Verified ones to everybody in the administration; others to officers and to whoever proposed them."""
        mine = cls.administration_id == who.administration_id
        if who.is_staff:
            return mine
        known = or_(cls.standing == Standing.VERIFIED, cls.id == who.organisation_id, cls.proposed_by_id == who.id)
        return and_(mine, known)

    def decide(self, standing: Standing, *, by: int, at: datetime) -> bool:
        """Verify or refuse. False when it is settled already."""
        if self.standing is not Standing.PROPOSED:
            return False
        self.standing, self.decided_by_id, self.decided_at = standing, by, at
        return True


class Person(OfAdministration, Base):
    """One human being, whatever doors they come through."""

    __tablename__ = "person"
    name: Mapped[str] = mapped_column(default="")
    kind: Mapped[Kind | None]
    sector: Mapped[Sector | None]
    region: Mapped[str | None]
    language: Mapped[str]
    zone: Mapped[str]
    quiet_from: Mapped[time | None] = mapped_column(default=time(20, 0))
    quiet_to: Mapped[time | None] = mapped_column(default=time(7, 0))
    delivery: Mapped[Delivery] = mapped_column(default=Delivery.AT_ONCE)
    met_at: Mapped[datetime]
    language_chosen_at: Mapped[datetime | None]
    consented_at: Mapped[datetime | None]
    registered_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Staff see the people of their administration; everybody else sees themselves."""
        if who.is_staff:
            return and_(cls.administration_id == who.administration_id, cls.erased_at.is_(None))
        return cls.id == who.id


class Account(Identified, Base):
    """A person's identity on one door. `address` is where the door delivers to (a chat or channel id)."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("platform", "external_id"),)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    platform: Mapped[str]
    external_id: Mapped[str]  # Slack: "team:user", never the user alone; Telegram: the numeric user id
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
    confirmed_by_id: Mapped[int | None]

    @classmethod
    def in_force(cls, at: datetime) -> ColumnElement[bool]:
        return and_(cls.starts_at <= at, cls.ends_at > at)


class Role(OfAdministration, Base):
    """What a person may do, where, and until when."""

    __tablename__ = "role"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[RoleName]
    scope: Mapped[Scope]
    scope_id: Mapped[str]  # a centre's id, a region's code, a country's ISO code
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    granted_by_id: Mapped[int | None]

    @classmethod
    def in_force(cls, at: datetime) -> ColumnElement[bool]:
        return and_(cls.starts_at <= at, cls.ends_at > at)


class Pass(Identified, Base):
    """A one-time code: links two accounts, signs in to the page, or leads back to a screen. Only its hash is kept."""

    __tablename__ = "pass"
    digest: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    other_id: Mapped[int | None]  # link: the person whose account asked to join
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    @staticmethod
    def hashed(code: str) -> str:
        return hashlib.sha256(code.encode()).hexdigest()

    @classmethod
    def issue(
        cls,
        session: Session,
        purpose: str,
        person_id: int,
        *,
        at: datetime,
        lasts: timedelta = timedelta(minutes=15),
    ) -> str:
        """Store a fresh 128-bit code and return it; it can never be read back."""
        code = secrets.token_urlsafe(16)
        session.add(cls(digest=cls.hashed(code), purpose=purpose, person_id=person_id, expires_at=at + lasts))
        return code

    @classmethod
    def find(cls, session: Session, purpose: str, code: str, *, at: datetime) -> Pass | None:
        """The unused, unexpired pass for `code`."""
        found = session.scalar(select(cls).where(cls.digest == cls.hashed(code), cls.purpose == purpose))
        return found if found and found.used_at is None and found.expires_at > at else None

    def use(self, at: datetime) -> None:
        self.used_at = at


class WebSession(Identified, Base):
    """A browser signed in to Parley's page. The cookie holds the secret, the table its hash."""

    __tablename__ = "web_session"
    digest: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    csrf: Mapped[str]
    expires_at: Mapped[datetime]


Index("ix_organisation_name", Organisation.administration_id, Organisation.name)


@dataclass(frozen=True)
class Grant:
    """One role in force, as a turn sees it."""

    name: RoleName
    scope: Scope
    scope_id: str


@dataclass(frozen=True)
class Who:
    """The person a turn is for, with what they may do at this instant; read once when the turn begins."""

    id: int
    administration_id: int
    name: str
    kind: Kind | None
    language: str
    zone: str
    is_registered: bool
    language_chosen: bool = True
    is_guest: bool = False
    organisation_id: int | None = None
    organisation_name: str | None = None
    grants: frozenset[Grant] = field(default_factory=frozenset)

    def holds(self, *names: RoleName) -> bool:
        return any(grant.name in names for grant in self.grants)

    @property
    def is_staff(self) -> bool:
        return bool(self.grants)

    @property
    def centre_ids(self) -> frozenset[int]:
        """The centres of expertise this person works for."""
        return frozenset(int(grant.scope_id) for grant in self.grants if grant.scope is Scope.CENTRE)


def who(session: Session, person: Person, *, at: datetime, is_guest: bool = False) -> Who:
    """Read what `person` may do at `at`. A guest account never carries a role, whoever owns it."""
    mandate = session.execute(
        select(Organisation.id, Organisation.name)
        .join(Mandate, Mandate.organisation_id == Organisation.id)
        .where(Mandate.person_id == person.id, Mandate.in_force(at), Organisation.standing != Standing.REFUSED)
        .order_by(Mandate.starts_at.desc())
        .limit(1)
    ).first()
    grants: frozenset[Grant] = frozenset()
    if not is_guest:
        roles = session.scalars(select(Role).where(Role.person_id == person.id, Role.in_force(at)))
        grants = frozenset(Grant(role.name, role.scope, role.scope_id) for role in roles)
    return Who(
        id=person.id,
        administration_id=person.administration_id,
        name=person.name,
        kind=person.kind,
        language=person.language,
        zone=person.zone,
        is_registered=person.registered_at is not None and person.erased_at is None,
        language_chosen=person.language_chosen_at is not None,
        is_guest=is_guest,
        organisation_id=mandate.id if mandate else None,
        organisation_name=mandate.name if mandate else None,
        grants=grants,
    )


def meet(
    session: Session,
    administration: Administration,
    *,
    platform: str,
    external_id: str,
    address: str,
    name: str,
    language: str,
    zone: str,
    is_guest: bool,
    at: datetime,
) -> tuple[Account, Person]:
    """The account and its person; made at first contact. Later contacts keep what the person chose."""
    account = session.scalar(select(Account).where(Account.platform == platform, Account.external_id == external_id))
    if account is None:
        person = Person(administration_id=administration.id, name=name, language=language, zone=zone, met_at=at)
        session.add(person)
        session.flush()
        account = Account(
            person_id=person.id,
            platform=platform,
            external_id=external_id,
            address=address,
            is_guest=is_guest,
            met_at=at,
            used_at=at,
        )
        session.add(account)
        session.flush()
        return account, person
    found = session.get(Person, account.person_id)
    if found is None:
        raise LookupError(f"account {account.id} has no person")
    account.used_at, account.address, account.is_guest = at, address or account.address, is_guest
    account.unreachable_since = account.unreachable_reason = None
    return account, found


def staff_of(centre_id: int, *names: RoleName, at: datetime) -> ColumnElement[bool]:
    """Persons who hold one of `names` in that centre at `at`."""
    return Person.id.in_(
        select(Role.person_id).where(
            Role.scope == Scope.CENTRE,
            Role.scope_id == str(centre_id),
            Role.name.in_(names),
            Role.in_force(at),
        )
    )
