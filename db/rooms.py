"""Rooms of a meeting's own in a chat: a private channel in Slack, a topic of a group in Telegram.

What is done in one is a `ChatRoomStep` of the machinery first; `bot.rooms` does it afterwards, step after step.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, and_, select
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Identified, OfAdministration
from .machinery import Deed
from .meetings import Meeting
from .people import Who


class RoomState(StrEnum):
    OPENING = "opening"
    OPEN = "open"
    FAILED = "failed"  # it never opened, or is gone: `reason`
    CLOSED = "closed"


class ChatGroup(OfAdministration, Base):
    """A group of a platform's that an administrator has bound to the administration: topics are opened in it."""

    __tablename__ = "chat_group"
    __table_args__ = (UniqueConstraint("platform", "key"),)
    platform: Mapped[str]
    key: Mapped[str]  # what the platform calls it
    title: Mapped[str]
    bound_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    bound_at: Mapped[datetime]
    let_go_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Those that are bound, to the staff of the administration."""
        return and_(cls.administration_id == (who.administration_id if who.is_staff else 0), cls.let_go_at.is_(None))

    def bind(self, title: str, *, administration_id: int, by: int, at: datetime) -> None:
        """To this administration from now on, whichever it was bound to before."""
        self.administration_id, self.title, self.bound_by_id = administration_id, title, by
        self.bound_at, self.let_go_at = at, None

    def let_go(self, at: datetime) -> bool:
        if self.let_go_at is not None:
            return False
        self.let_go_at = at
        return True


class ChatRoom(OfAdministration, Base):
    """The room of a meeting on one platform; opened again after it was closed, it is another one there.

    `shown` is what is to be pinned in it, `pinned` what the platform calls that message. It speaks `language`, that of
    whoever opened it, for it has no single reader. Whoever changes it locks its row before.
    """

    __tablename__ = "chat_room"
    __table_args__ = (UniqueConstraint("meeting_id", "platform"), UniqueConstraint("platform", "key"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    platform: Mapped[str]
    group_id: Mapped[int | None] = mapped_column(ForeignKey("chat_group.id"))
    state: Mapped[RoomState] = mapped_column(default=RoomState.OPENING)
    failing: Mapped[Deed | None]  # what has not worked in it since, and what the platform said of it
    reason: Mapped[str | None]
    detail: Mapped[str | None]
    is_confidential: Mapped[bool] = mapped_column(default=False)
    title: Mapped[str]
    titled: Mapped[str | None]  # the title it bears there
    language: Mapped[str]
    zone: Mapped[str]
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    key: Mapped[str | None]  # what the platform calls it; None until it is open
    link: Mapped[str | None]
    shown: Mapped[dict[str, Any] | None]
    pinned: Mapped[dict[str, Any] | None]
    is_pinned: Mapped[bool] = mapped_column(default=False)

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever runs the meeting."""
        run = select(Meeting.id).where(Meeting.run_by(who))
        return and_(cls.administration_id == who.administration_id, cls.meeting_id.in_(run))

    @property
    def is_there(self) -> bool:
        """Whether it is open, or about to be."""
        return self.state in (RoomState.OPENING, RoomState.OPEN)

    @property
    def lock(self) -> str:
        """Its jobs': what is done in one room keeps its order."""
        return f"room:{self.id}"

    def begin(self, *, by: int, at: datetime) -> bool:
        """Let it be opened, the first time or anew. False while it is there."""
        if self.is_there:
            return False
        self.state, self.opened_by_id, self.opened_at, self.closed_at = RoomState.OPENING, by, at, None
        self.key = self.link = self.titled = self.shown = self.pinned = None
        self.is_pinned = False
        self.mended()
        return True

    def opened(self, key: str, link: str, titled: str | None) -> None:
        self.state, self.key, self.link, self.titled = RoomState.OPEN, key, link, titled

    def failed(self, deed: Deed, reason: str, detail: str, *, is_gone: bool) -> bool:
        """Something in it did not work; where `is_gone` nothing in it will any more. False where that is no news."""
        before = self.failing, self.reason, self.detail
        self.failing, self.reason, self.detail = deed, reason, detail or None
        if is_gone:
            self.state = RoomState.FAILED
        return before != (self.failing, self.reason, self.detail)

    def mended(self) -> None:
        self.failing = self.reason = self.detail = None

    def close(self, at: datetime) -> None:
        self.state, self.closed_at = RoomState.CLOSED, at


class ChatRoomMember(Identified, Base):
    """Somebody who is to be in a room, or was. `reason` is why they are not."""

    __tablename__ = "chat_room_member"
    __table_args__ = (UniqueConstraint("room_id", "person_id"),)
    room_id: Mapped[int] = mapped_column(ForeignKey("chat_room.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    is_wanted: Mapped[bool] = mapped_column(default=True)
    is_in: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str | None]
