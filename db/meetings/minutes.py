"""What is kept of a meeting: notes, decisions and actions, and what those who were there say is wrong with them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Select, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, OfAdministration
from db.people import Who

from .kinds import MINUTED, Attendance, MeetingState, MinuteKind, Reply
from .tables import Invitation, Meeting


class Minute(OfAdministration, Base):
    """One line of the minutes. `words` may be corrected; `first_words` are what stood there before."""

    __tablename__ = "minute"
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    kind: Mapped[MinuteKind]
    words: Mapped[str]
    language: Mapped[str]
    first_words: Mapped[str | None]
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever runs the meeting; those who were there while they may correct it; once it went out, also those who
        sent apologies."""
        run = select(Meeting.id).where(Meeting.run_by(who))
        there = _attended(who, Attendance.PRESENT).where(
            Meeting.state.in_((MeetingState.CORRECTING, MeetingState.CLOSED))
        )
        sent = _attended(who, *MINUTED).where(Meeting.state == MeetingState.CLOSED)
        return and_(
            cls.administration_id == who.administration_id,
            or_(cls.meeting_id.in_(run), cls.meeting_id.in_(there), cls.meeting_id.in_(sent)),
        )

    def correct(self, words: str) -> None:
        self.first_words = self.first_words or self.words
        self.words = words


class Correction(OfAdministration, Base):
    """What somebody who was there says should stand in a line's place. Not taken over, it stands beside it."""

    __tablename__ = "minute_correction"
    minute_id: Mapped[int] = mapped_column(ForeignKey("minute.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str]
    language: Mapped[str]
    at: Mapped[datetime]
    reply: Mapped[Reply] = mapped_column(default=Reply.OPEN)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever sees the line sees it."""
        seen = select(Minute.id).where(Minute.visible_to(who))
        return and_(cls.administration_id == who.administration_id, cls.minute_id.in_(seen))

    def decide(self, reply: Reply, by: int) -> bool:
        if self.reply is not Reply.OPEN or reply is Reply.OPEN:
            return False
        self.reply, self.decided_by_id = reply, by
        return True


def _attended(who: Who, *how: Attendance) -> Select[int]:
    return (
        select(Invitation.meeting_id)
        .join(Meeting, Meeting.id == Invitation.meeting_id)
        .where(Invitation.person_id == who.id, Invitation.attendance.in_(how))
    )
