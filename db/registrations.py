"""Registrations: who comes to a symposium, what they wish for, where they have a seat or wait for one."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, OfAdministration
from .people import Kind, Who
from .symposia import ALSO_SEEN_BY, of_those_run_by, with_symposium

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # no I and no O, which are taken for digits
CODE_LENGTH = 6
OFFER_MINUTES = 120


class Stakeholder(StrEnum):
    """The class a seat counts against. Which of a business's it is, small trade or not, it says itself."""

    SMALL_TRADE = "small_trade"
    TRADE = "trade"
    ASSOCIATION = "association"
    AGENCY = "agency"
    CUSTOMS = "customs"


class RegistrationState(StrEnum):
    REGISTERED = "registered"
    WAITING = "waiting"  # for a place at the symposium itself
    CANCELLED = "cancelled"


class SeatState(StrEnum):
    HELD = "held"
    OFFERED = "offered"  # counts as taken until it is answered or lapses
    WAITING = "waiting"
    DECLINED = "declined"
    LAPSED = "lapsed"
    GIVEN_UP = "given_up"


TAKEN = (SeatState.HELD, SeatState.OFFERED)
OPEN = (*TAKEN, SeatState.WAITING)


class Giving(StrEnum):
    """How the seats of break-outs are given."""

    FIRST_COME = "first_come"
    GENEROUS = "generous"
    RANK_MAXIMAL = "rank_maximal"
    BY_TIME = "by_time"


class Allotting(StrEnum):
    OPEN = "open"  # wishes are being gathered; of first come it stays so
    SOLVING = "solving"
    DONE = "done"  # from now on first come
    FAILED = "failed"


class Asked(StrEnum):
    """When a question of the organiser's is asked."""

    REGISTERING = "registering"
    ACCEPTED = "accepted"


class _Of:
    symposium_id: Mapped[int] = mapped_column(ForeignKey("symposium.id"), index=True, sort_order=-8)


class Seating(_Of, OfAdministration, Base):
    """How a symposium's seats are given. Without one: first come, offers of two hours.

    `seed` is published before anybody wishes: lots are drawn from it. `question` and `answer` are those of the solver.
    """

    __tablename__ = "seating"
    __table_args__ = (UniqueConstraint("symposium_id"),)
    giving: Mapped[Giving] = mapped_column(default=Giving.FIRST_COME)
    wishes: Mapped[int] = mapped_column(default=3)  # for each time, at most
    wishes_close_at: Mapped[datetime | None]
    offer_minutes: Mapped[int] = mapped_column(default=OFFER_MINUTES)
    seed: Mapped[str] = mapped_column(default=lambda: secrets.token_hex(4))
    state: Mapped[Allotting] = mapped_column(default=Allotting.OPEN)
    answer: Mapped[dict[str, Any] | None]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return with_symposium(cls, who)

    def gathers(self, at: datetime) -> bool:
        """Whether wishes are taken at `at`."""
        if self.giving is Giving.FIRST_COME or self.state not in (Allotting.OPEN, Allotting.FAILED):
            return False
        return self.wishes_close_at is None or at < self.wishes_close_at

    @property
    def is_by_wishes(self) -> bool:
        """Seats are not to be had yet: they are given by what people wish."""
        return self.giving is not Giving.FIRST_COME and self.state is not Allotting.DONE

    def begin(self, *, by: int, at: datetime) -> bool:
        if not self.is_by_wishes or self.state is Allotting.SOLVING:
            return False
        self.state, self.asked_by_id, self.asked_at = Allotting.SOLVING, by, at
        return True

    def done(self, answer: dict[str, Any]) -> bool:
        if self.state is not Allotting.SOLVING:
            return False
        self.state, self.answer = Allotting.DONE, answer
        return True

    def failed(self) -> bool:
        if self.state is not Allotting.SOLVING:
            return False
        self.state = Allotting.FAILED
        return True


class SeatClass(_Of, OfAdministration, Base):
    """Seats kept for a class, of one session or, without one, of the symposium; until they are released.

    `most` is how many of them one organisation of the class may have until then.
    """

    __tablename__ = "seat_class"
    __table_args__ = (UniqueConstraint("symposium_id", "session_id", "kind"),)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("symposium_session.id"))
    kind: Mapped[Stakeholder]
    seats: Mapped[int] = mapped_column(default=0)
    most: Mapped[int | None]
    release_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return with_symposium(cls, who)


class Delegation(_Of, OfAdministration, Base):
    """So many places that an organisation fills itself: its focal point nominates, and substitutes."""

    __tablename__ = "delegation"
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    focal_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    places: Mapped[int]
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Its focal point, and whoever runs the symposium."""
        mine = and_(cls.administration_id == who.administration_id, cls.focal_id == who.id)
        return or_(mine, of_those_run_by(cls, who))


class Registration(_Of, OfAdministration, Base):
    """One person at one symposium. A substitution changes the person: seats, class and place in line stay.

    `code` is what opens the door: whoever comes in somebody's place is given a new one. `answers` are to the
    organiser's questions, by their ids.
    """

    __tablename__ = "registration"
    __table_args__ = (UniqueConstraint("symposium_id", "person_id"),)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    delegation_id: Mapped[int | None] = mapped_column(ForeignKey("delegation.id"))
    kind: Mapped[Stakeholder]
    code: Mapped[str] = mapped_column(unique=True)
    state: Mapped[RegistrationState] = mapped_column(default=RegistrationState.REGISTERED)
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    language: Mapped[str | None]  # of the answers
    at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # who was to come before
    corrected_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # who put the class right
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """One's own, those one has nominated as a focal point, and all of them to whoever runs the symposium."""
        mine = and_(cls.administration_id == who.administration_id, cls.person_id == who.id)
        led = select(Delegation.id).where(Delegation.focal_id == who.id)
        nominated = and_(cls.administration_id == who.administration_id, cls.delegation_id.in_(led))
        return or_(mine, nominated, of_those_run_by(cls, who))

    @property
    def is_on(self) -> bool:
        return self.state is not RegistrationState.CANCELLED


class _OfRegistration:
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"), index=True, sort_order=-8)


class Wish(_OfRegistration, OfAdministration, Base):
    """Somebody wishes for a session: 1 is what they would like most among those at its time."""

    __tablename__ = "wish"
    __table_args__ = (UniqueConstraint("registration_id", "session_id"),)
    session_id: Mapped[int] = mapped_column(ForeignKey("symposium_session.id"), index=True)
    rank: Mapped[int]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return _with_registration(cls, who)


class Seat(_OfRegistration, OfAdministration, Base):
    """A seat, or the wait for one: in a session, or without one at the symposium itself, plenaries included.

    `place` is the place in its line: unique there, and never given twice. An offer ends at `offered_until`.
    """

    __tablename__ = "seat"
    __table_args__ = (
        UniqueConstraint("registration_id", "session_id"),
        Index("ix_seat_session_id_state", "session_id", "state"),
    )
    symposium_id: Mapped[int] = mapped_column(ForeignKey("symposium.id"), index=True, sort_order=-7)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("symposium_session.id"))
    state: Mapped[SeatState]
    kind: Mapped[Stakeholder]  # the class it counts against
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    place: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime]  # of its present state
    offered_until: Mapped[datetime | None]
    rank: Mapped[int | None]  # which choice it was, where it was given by wishes
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return _with_registration(cls, who)

    def become(self, state: SeatState, *, at: datetime, until: datetime | None = None) -> None:
        self.state, self.at, self.offered_until = state, at, until


class RegistrationQuestion(_Of, OfAdministration, Base):
    """A question of the organiser's own, in their words."""

    __tablename__ = "registration_question"
    position: Mapped[int]
    words: Mapped[str]
    language: Mapped[str]
    asked: Mapped[Asked] = mapped_column(default=Asked.REGISTERING)
    retired_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return with_symposium(cls, who)


def new_code() -> str:
    """Six letters that are read out at a door."""
    return "".join(secrets.choice(LETTERS) for _letter in range(CODE_LENGTH))


def class_of(kind: Kind | None, *, is_staff: bool) -> Stakeholder | None:
    """The class that follows from what somebody is; None for a business, which says whether it is a small one."""
    if is_staff:
        return Stakeholder.CUSTOMS
    return (
        {
            Kind.ASSOCIATION: Stakeholder.ASSOCIATION,
            Kind.AGENCY: Stakeholder.AGENCY,
            Kind.CUSTOMS: Stakeholder.CUSTOMS,
        }.get(kind)
        if kind is not None
        else None
    )


def _with_registration(table: Any, who: Who) -> ColumnElement[bool]:
    seen = select(Registration.id).where(Registration.visible_to(who))
    return and_(table.administration_id == who.administration_id, table.registration_id.in_(seen))


def _registered_for(who: Who) -> Select[int]:
    """A delegation may be of others than its audience."""
    mine = Registration.person_id == who.id, Registration.state != RegistrationState.CANCELLED
    return select(Registration.symposium_id).where(*mine)


def _led_to(who: Who) -> Select[int]:
    return select(Delegation.symposium_id).where(Delegation.focal_id == who.id)


ALSO_SEEN_BY.extend((_registered_for, _led_to))
