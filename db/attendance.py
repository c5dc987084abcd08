"""The days of a symposium: who came, what they asked, what they were given, what they thought of it, and the proof."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Select, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, OfAdministration
from .people import Who
from .registrations import LETTERS, Registration, RegistrationState, Seat, SeatState, Stakeholder
from .symposia import Agreed, SessionKind, SessionPart, SymposiumSession, of_those_run_by

PROOF_LENGTH = 12  # letters: nobody finds one by trying


class How(StrEnum):
    """How somebody was checked in."""

    OFFICER = "officer"  # their code or QR, confirmed at the door
    DOOR = "door"  # they typed the code that is shown at the door
    LIST = "list"  # from a list that was kept without a network


class QuestionState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    SET_ASIDE = "set_aside"


class Readers(StrEnum):
    """Who may read a session's material."""

    REGISTERED = "registered"
    ATTENDED = "attended"
    ORGANISERS = "organisers"


class _Of:
    symposium_id: Mapped[int] = mapped_column(ForeignKey("symposium.id"), index=True, sort_order=-8)


class _OfSession(_Of):
    session_id: Mapped[int] = mapped_column(ForeignKey("symposium_session.id"), index=True, sort_order=-7)


class DoorCode(_OfSession, OfAdministration, Base):
    """Six letters that are shown at the door of a session: whoever types them, and has a seat, is there."""

    __tablename__ = "door_code"
    __table_args__ = (UniqueConstraint("session_id"),)
    code: Mapped[str] = mapped_column(unique=True)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return of_those_run_by(cls, who)


class CheckIn(_OfSession, OfAdministration, Base):
    """Somebody came to a session, once. `kind` is the class they counted as then; `by_id` the officer at the door."""

    __tablename__ = "check_in"
    __table_args__ = (UniqueConstraint("session_id", "person_id"),)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[Stakeholder]
    how: Mapped[How]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return _own_or_run(cls, who)


class Proof(_Of, OfAdministration, Base):
    """Somebody was at a symposium: `code` lets anybody verify it, under the name they had when it was given."""

    __tablename__ = "proof"
    __table_args__ = (UniqueConstraint("symposium_id", "person_id"),)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return _own_or_run(cls, who)


class FloorQuestion(_OfSession, OfAdministration, Base):
    """A question to the floor. With `is_anonymous` nobody is shown who asks it."""

    __tablename__ = "floor_question"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    words: Mapped[str]
    language: Mapped[str]
    is_anonymous: Mapped[bool] = mapped_column(default=False)
    state: Mapped[QuestionState] = mapped_column(default=QuestionState.OPEN)
    at: Mapped[datetime]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    settled_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever has a place in the session, and whoever runs the symposium; what was set aside only these and its
        author."""
        there = and_(
            cls.administration_id == who.administration_id,
            cls.session_id.in_(sessions_of(who.id)),
            or_(cls.state != QuestionState.SET_ASIDE, cls.person_id == who.id),
        )
        return or_(there, of_those_run_by(cls, who))

    def settle(self, state: QuestionState, *, by: int, at: datetime) -> bool:
        """False where it is so already."""
        if self.state is state:
            return False
        self.state, self.settled_by_id, self.settled_at = state, by, at
        return True


class FloorVote(OfAdministration, Base):
    """Somebody wants to hear the answer to a question, too."""

    __tablename__ = "floor_vote"
    __table_args__ = (UniqueConstraint("question_id", "person_id"),)
    question_id: Mapped[int] = mapped_column(ForeignKey("floor_question.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """One's own; how many there are is seen with the question."""
        return and_(cls.administration_id == who.administration_id, cls.person_id == who.id)


class Material(_OfSession, OfAdministration, Base):
    """Files on a session: slides, a paper. They hang on it as `material`."""

    __tablename__ = "material"
    title: Mapped[str]
    language: Mapped[str]
    readers: Mapped[Readers]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        came = select(CheckIn.session_id).where(CheckIn.person_id == who.id)
        rules = or_(
            and_(cls.readers == Readers.REGISTERED, cls.symposium_id.in_(symposia_of(who.id))),
            and_(cls.readers == Readers.ATTENDED, cls.session_id.in_(came)),
        )
        return or_(and_(cls.administration_id == who.administration_id, rules), of_those_run_by(cls, who))


class Feedback(_OfSession, OfAdministration, Base):
    """What somebody who was there thinks of a session: 1 to 5, and their words."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("session_id", "person_id"),)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    stars: Mapped[int]
    words: Mapped[str | None]
    language: Mapped[str | None]
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return _own_or_run(cls, who)


def symposia_of(person_id: int) -> Select[int]:
    """Where they are registered and have a place."""
    return select(Registration.symposium_id).where(
        Registration.person_id == person_id, Registration.state == RegistrationState.REGISTERED
    )


def sessions_of(person_id: int) -> Select[int]:
    """Where they belong: plenaries of where they are registered, seats, sessions they give, and where they came."""
    holds = (
        select(Seat.session_id)
        .join(Registration, Registration.id == Seat.registration_id)
        .where(Registration.person_id == person_id, Registration.state == RegistrationState.REGISTERED)
        .where(Seat.state == SeatState.HELD, Seat.session_id.is_not(None))
    )
    gives = select(SessionPart.session_id).where(SessionPart.person_id == person_id, SessionPart.agreed == Agreed.YES)
    came = select(CheckIn.session_id).where(CheckIn.person_id == person_id)
    return select(SymposiumSession.id).where(
        or_(
            and_(
                SymposiumSession.kind == SessionKind.PLENARY,
                SymposiumSession.symposium_id.in_(symposia_of(person_id)),
            ),
            SymposiumSession.id.in_(holds),
            SymposiumSession.id.in_(gives),
            SymposiumSession.id.in_(came),
        )
    )


def new_proof_code() -> str:
    """Letters in threes, to be read out and typed: ABC-DEF-GHJ-KLM."""
    letters = "".join(secrets.choice(LETTERS) for _letter in range(PROOF_LENGTH))
    return "-".join(letters[at : at + 3] for at in range(0, PROOF_LENGTH, 3))


def _own_or_run(table: Any, who: Who) -> ColumnElement[bool]:
    mine = and_(table.administration_id == who.administration_id, table.person_id == who.id)
    return or_(mine, of_those_run_by(table, who))
