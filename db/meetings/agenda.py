"""What hangs on a meeting: its issues, agenda and papers, who follows it or asks for something, and what became of its
date."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    UniqueConstraint,
    and_,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Identified, OfAdministration
from db.people import Who

from .kinds import (
    Changed,
    Reply,
    Wish,
)
from .tables import Meeting

PAPERS = "meeting"  # what a paper hangs on


class MeetingIssue(Identified, Base):
    """An issue that a meeting was called about; several of a cluster."""

    __tablename__ = "meeting_issue"
    __table_args__ = (UniqueConstraint("meeting_id", "issue_id"),)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)


class AgendaItem(OfAdministration, Base):
    """One point of an agenda, in the words of whoever put it there."""

    __tablename__ = "agenda_item"
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    position: Mapped[int]
    words: Mapped[str | None]  # without any it is what the issue is about
    language: Mapped[str]
    issue_id: Mapped[int | None] = mapped_column(ForeignKey("issue.id"))
    added_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return _with_meeting(cls.administration_id, cls.meeting_id, who)


class MeetingFollower(OfAdministration, Base):
    """Somebody hears of a meeting without being expected there."""

    __tablename__ = "meeting_follower"
    __table_args__ = (UniqueConstraint("meeting_id", "person_id"),)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    since: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return and_(cls.administration_id == who.administration_id, cls.person_id == who.id)


class MeetingRequest(OfAdministration, Base):
    """Somebody asks to join, or for an item on the agenda; and hears yes or no, with a reason."""

    __tablename__ = "meeting_request"
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    wish: Mapped[Wish]
    words: Mapped[str | None]
    language: Mapped[str]
    asked_at: Mapped[datetime]
    reply: Mapped[Reply] = mapped_column(default=Reply.OPEN)
    reason: Mapped[str | None]
    reason_language: Mapped[str | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """One's own, and all of them to whoever runs the meeting."""
        return and_(
            cls.administration_id == who.administration_id,
            or_(cls.person_id == who.id, cls.meeting_id.in_(select(Meeting.id).where(Meeting.run_by(who)))),
        )

    def decide(self, reply: Reply, by: int, *, at: datetime, reason: str | None, language: str) -> bool:
        """Once. A no has a reason."""
        if self.reply is not Reply.OPEN or reply is Reply.OPEN or (reply is Reply.NO and not reason):
            return False
        self.reply, self.decided_by_id, self.decided_at = reply, by, at
        self.reason, self.reason_language = reason, language if reason else None
        return True


class MeetingChange(OfAdministration, Base):
    """What happened to the date or the place. Whoever is expected is told at once; the ledger keeps who has seen it."""

    __tablename__ = "meeting_change"
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    what: Mapped[Changed]
    sequence: Mapped[int]  # the meeting's, after it
    before: Mapped[datetime | None]  # when it was to begin until then
    reason: Mapped[str | None]
    language: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return _with_meeting(cls.administration_id, cls.meeting_id, who)


CHANGE = "meeting_change"  # what the ledger calls it
MINUTES = "minutes"


def _with_meeting(home: Any, meeting_id: Any, who: Who) -> ColumnElement[bool]:
    """Whoever sees the meeting sees it."""
    seen = select(Meeting.id).where(Meeting.visible_to(who))
    return and_(home == who.administration_id, meeting_id.in_(seen))
