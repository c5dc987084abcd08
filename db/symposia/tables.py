"""A symposium: where and when, its tracks, rooms and times, its sessions, and who is needed in them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Select, UniqueConstraint, and_, or_, select, true
from sqlalchemy.orm import Mapped, mapped_column

from db.audiences import Audience, is_run_by, run_by, within
from db.base import Base, Identified, OfAdministration, Referenced
from db.people import Sector, Who

from .kinds import SHOWN, Agreed, BlockKind, Part, SessionKind, SessionState, SymposiumState

ONE_SECOND = timedelta(seconds=1)
WALK = timedelta(minutes=15)  # from one building to another; rooms of one building are next to each other


# What others know of: for a person the ids of symposia they see although it was announced to others.
ALSO_SEEN_BY: list[Callable[[Who], Select[int]]] = []


def new_uid() -> str:
    """What calendars know a session by: made of nothing that changes."""
    return str(uuid.uuid4())


class Symposium(Referenced, Base):
    """One symposium, in the words of whoever organises it. `zone` is the venue's; its days are dates there.

    Sessions are proposed between `call_opens_at` and `call_closes_at`, people register between `registration_opens_at`
    and `registration_closes_at`; None is "not yet decided", and nothing opens then. `programme` counts the programmes
    that were published. Transitions return False where the present state does not allow them, and change nothing then.
    """

    __tablename__ = "symposium"
    LETTERS = "S"
    title: Mapped[str]
    purpose: Mapped[str | None]
    language: Mapped[str]
    organiser_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    centre_id: Mapped[int | None] = mapped_column(ForeignKey("centre.id"))  # its desk runs it too
    state: Mapped[SymposiumState] = mapped_column(default=SymposiumState.DRAFT)
    audience: Mapped[Audience] = mapped_column(default=Audience.MEMBERS)
    sector: Mapped[Sector | None]  # of an audience that is one
    zone: Mapped[str]
    venue: Mapped[str | None]
    link: Mapped[str | None]
    first_day: Mapped[date]
    last_day: Mapped[date]
    capacity: Mapped[int | None]  # of all of it; of the plenary where one room holds it
    call_opens_at: Mapped[datetime | None]
    call_closes_at: Mapped[datetime | None]
    registration_opens_at: Mapped[datetime | None]
    registration_closes_at: Mapped[datetime | None]
    programme: Mapped[int] = mapped_column(default=0)
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever runs it; its audience once it is announced; and whoever has a part in one of its sessions, or has
        to do with it as `ALSO_SEEN_BY` says."""
        needed = (
            select(SymposiumSession.symposium_id)
            .join(SessionPart, SessionPart.session_id == SymposiumSession.id)
            .where(SessionPart.person_id == who.id)
        )
        theirs = (cls.id.in_(each(who)) for each in ALSO_SEEN_BY)
        shown = and_(cls.state.in_(SHOWN), or_(cls.open_to(who), cls.id.in_(needed), *theirs))
        return and_(cls.administration_id == who.administration_id, or_(cls.run_by(who), shown))

    @classmethod
    def open_to(cls, who: Who) -> ColumnElement[bool]:
        """Its audience: who may register and propose."""
        return true() if who.is_registered and who.is_staff else within(cls, who)

    @classmethod
    def run_by(cls, who: Who) -> ColumnElement[bool]:
        """Its organiser, the staff of its desk, and all staff with a role over the country."""
        return run_by(cls, cls.organiser_id, who)

    def is_run_by(self, who: Who) -> bool:
        """The same, of this one."""
        return is_run_by(self, self.organiser_id, who)

    def takes_proposals(self, at: datetime) -> bool:
        return self._is_open(self.call_opens_at, self.call_closes_at, at)

    def takes_registrations(self, at: datetime) -> bool:
        return self._is_open(self.registration_opens_at, self.registration_closes_at, at)

    def _is_open(self, opens: datetime | None, closes: datetime | None, at: datetime) -> bool:
        shown = self.state in (SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED)
        return shown and opens is not None and opens <= at and (closes is None or at < closes)

    # Transitions

    def announce(self) -> bool:
        if self.state is not SymposiumState.DRAFT:
            return False
        self.state = SymposiumState.ANNOUNCED
        return True

    def publish(self, *, at: datetime) -> bool:
        """Its programme goes out, the first time or as it is now."""
        if self.state not in (SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED):
            return False
        self.state, self.published_at = SymposiumState.PUBLISHED, at
        self.programme += 1
        return True

    def cancel(self, *, at: datetime) -> bool:
        if self.state in (SymposiumState.CLOSED, SymposiumState.CANCELLED):
            return False
        self.state, self.ended_at = SymposiumState.CANCELLED, at
        return True

    def close(self, *, at: datetime) -> bool:
        """It took place."""
        if self.state is not SymposiumState.PUBLISHED:
            return False
        self.state, self.ended_at = SymposiumState.CLOSED, at
        return True


class _Of:
    """What belongs to a symposium is seen by whoever sees it."""

    symposium_id: Mapped[int] = mapped_column(ForeignKey("symposium.id"), index=True, sort_order=-8)


class Track(_Of, OfAdministration, Base):
    """A strand of the programme: of a sector, of one of the guidance's twelve methods, or by its name alone."""

    __tablename__ = "track"
    title: Mapped[str]
    sector: Mapped[Sector | None]
    method: Mapped[int | None]  # 1 to 12, of the Advanced Pillar

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return with_symposium(cls, who)


class SymposiumRoom(_Of, OfAdministration, Base):
    """A room at the venue. `building` is where it is: from one to another it takes `WALK`."""

    __tablename__ = "symposium_room"
    __table_args__ = (UniqueConstraint("symposium_id", "name"),)
    name: Mapped[str]
    capacity: Mapped[int]
    equipment: Mapped[list[Any]] = mapped_column(default=list)  # `Equipment` values
    building: Mapped[str | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return with_symposium(cls, who)


class Block(_Of, OfAdministration, Base):
    """A time of the programme: sessions are placed in one, or in several that follow each other."""

    __tablename__ = "block"
    __table_args__ = (UniqueConstraint("symposium_id", "starts_at"),)
    kind: Mapped[BlockKind] = mapped_column(default=BlockKind.SESSIONS)
    title: Mapped[str | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return with_symposium(cls, who)


class SymposiumSession(_Of, OfAdministration, Base):
    """A session, in the words of whoever gives it. It has a place once it has a block and a room.

    `blocks` is how many blocks in a row it takes. `repeats_id` is the session it is given again as; who has been at one
    needs not go to the other. `after_id` is what must come before it. `seats` is how many it takes where that is less
    than its room holds. What calendars need is kept as a `Meeting` keeps it: `uid`, `sequence`, `changed_at`,
    `revision`.
    A session is in people's calendars once the programme was published; `sequence` rises from then on.
    """

    __tablename__ = "symposium_session"
    uid: Mapped[str] = mapped_column(unique=True, default=new_uid)
    kind: Mapped[SessionKind] = mapped_column(default=SessionKind.BREAKOUT)
    state: Mapped[SessionState] = mapped_column(default=SessionState.PLANNED)
    title: Mapped[str]
    abstract: Mapped[str | None]
    language: Mapped[str]
    track_id: Mapped[int | None] = mapped_column(ForeignKey("track.id"))
    sector: Mapped[Sector | None]
    document: Mapped[str | None]  # sessions on the same one do not overlap
    needs: Mapped[list[Any]] = mapped_column(default=list)  # `Equipment` values
    expected: Mapped[int] = mapped_column(default=0)  # how many are expected, before anybody has registered
    seats: Mapped[int | None]
    blocks: Mapped[int] = mapped_column(default=1)
    repeats_id: Mapped[int | None] = mapped_column(ForeignKey("symposium_session.id"))
    after_id: Mapped[int | None] = mapped_column(ForeignKey("symposium_session.id"))
    block_id: Mapped[int | None] = mapped_column(ForeignKey("block.id"))  # the first one
    room_id: Mapped[int | None] = mapped_column(ForeignKey("symposium_room.id"))
    is_locked: Mapped[bool] = mapped_column(default=False)  # it stays where it is
    starts_at: Mapped[datetime | None]  # as published: what calendars show
    ends_at: Mapped[datetime | None]
    link: Mapped[str | None]
    sequence: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012  SQLAlchemy's own idiom

    @property
    def is_placed(self) -> bool:
        return self.block_id is not None and self.room_id is not None

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return with_symposium(cls, who)

    def touch(self, at: datetime) -> None:
        """Something a calendar shows has changed."""
        self.changed_at = max(at.replace(microsecond=0), self.changed_at + ONE_SECOND)

    def rise(self, at: datetime) -> None:
        """The time, the place or whether it takes place has changed, of what people have in their calendars."""
        self.sequence += 1
        self.touch(at)


class SessionPart(OfAdministration, Base):
    """Somebody is needed in a session; whether they come, and in which zone they are if not at the venue."""

    __tablename__ = "session_part"
    __table_args__ = (UniqueConstraint("session_id", "person_id", "part"),)
    session_id: Mapped[int] = mapped_column(ForeignKey("symposium_session.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    part: Mapped[Part] = mapped_column(default=Part.SPEAKER)
    agreed: Mapped[Agreed] = mapped_column(default=Agreed.ASKED)
    remote_zone: Mapped[str | None]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    language: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """One's own, and all of them to whoever runs the symposium. Others read the names of those who agreed on the
        programme."""
        run = (
            select(SymposiumSession.id)
            .join(Symposium, Symposium.id == SymposiumSession.symposium_id)
            .where(Symposium.run_by(who))
        )
        return and_(
            cls.administration_id == who.administration_id, or_(cls.person_id == who.id, cls.session_id.in_(run))
        )

    def answer(self, agreed: Agreed, reason: str | None, language: str, *, at: datetime) -> bool:
        """Also another way than before; False where it is the same."""
        if agreed is Agreed.ASKED or agreed is self.agreed:
            return False
        self.agreed, self.answered_at = agreed, at
        self.reason, self.language = reason, language if reason else None
        return True


class Away(_Of, Identified, Base):
    """When somebody who is needed cannot be at the symposium."""

    __tablename__ = "away"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


def with_symposium(table: Any, who: Who) -> ColumnElement[bool]:
    """Whoever sees the symposium sees it."""
    seen = select(Symposium.id).where(Symposium.visible_to(who))
    return and_(table.administration_id == who.administration_id, table.symposium_id.in_(seen))


def of_those_run_by(table: Any, who: Who) -> ColumnElement[bool]:
    """Only whoever runs the symposium sees it."""
    run = select(Symposium.id).where(Symposium.run_by(who))
    return and_(table.administration_id == who.administration_id, table.symposium_id.in_(run))
