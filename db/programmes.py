"""Programmes of symposia under way: what the solver was asked and found, rooms that are lost, and what changed since
the programme was out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Identified, OfAdministration
from db.people import Who
from db.symposia import of_those_run_by, with_symposium

SHIFT = "session_shift"  # what the ledger calls it


class Drafting(StrEnum):
    SOLVING = "solving"
    SOLVED = "solved"
    FAILED = "failed"
    DROPPED = "dropped"
    TAKEN = "taken"


class Shifted(StrEnum):
    """What became of a session of a programme that is out."""

    PLACED = "placed"  # it has a place, which it had not
    MOVED = "moved"  # to another time, perhaps in another room
    ROOM = "room"  # to another room at the same time


class ProgrammeDraft(OfAdministration, Base):
    """One go at a programme: `question` and `answer` are those of `scheduling.programme`, and know people by number.

    `is_mending` says that the programme is out, and that as little as can be is to move. `is_enough` asks for the best
    that is found so far.
    """

    __tablename__ = "programme_draft"
    symposium_id: Mapped[int] = mapped_column(ForeignKey("symposium.id"), index=True)
    state: Mapped[Drafting] = mapped_column(default=Drafting.SOLVING)
    is_mending: Mapped[bool]
    is_enough: Mapped[bool] = mapped_column(default=False)
    question: Mapped[dict[str, Any]]
    answer: Mapped[dict[str, Any] | None]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return of_those_run_by(cls, who)

    # Transitions: False where the present state does not allow them.

    def solved(self, answer: dict[str, Any]) -> bool:
        if self.state is not Drafting.SOLVING:
            return False
        self.state, self.answer = Drafting.SOLVED, answer
        return True

    def failed(self) -> bool:
        return self._become(Drafting.FAILED, Drafting.SOLVING)

    def enough(self) -> bool:
        """The best so far will do."""
        if self.state is not Drafting.SOLVING or self.is_enough:
            return False
        self.is_enough = True
        return True

    def drop(self) -> bool:
        """Nobody wants it any more."""
        return self._become(Drafting.DROPPED, Drafting.SOLVING, Drafting.SOLVED)

    def take(self) -> bool:
        return self._become(Drafting.TAKEN, Drafting.SOLVED)

    def _become(self, state: Drafting, *before: Drafting) -> bool:
        if self.state not in before:
            return False
        self.state = state
        return True


class RoomClosed(Identified, Base):
    """When a room of a symposium cannot be had."""

    __tablename__ = "room_closed"
    room_id: Mapped[int] = mapped_column(ForeignKey("symposium_room.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class SessionShift(OfAdministration, Base):
    """A session of a programme that is out has another time or room; `sequence` is what the session had from then on.

    Everybody it touches is told with a line in the ledger, so that whoever runs it sees who has confirmed. At
    `reminded_at` whoever had not was reminded.
    """

    __tablename__ = "session_shift"
    symposium_id: Mapped[int] = mapped_column(ForeignKey("symposium.id"), index=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("symposium_session.id"), index=True)
    what: Mapped[Shifted]
    sequence: Mapped[int]
    before_at: Mapped[datetime | None]
    before_room: Mapped[str | None]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever sees the symposium: the programme tells it too."""
        return with_symposium(cls, who)
