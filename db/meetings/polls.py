"""Finding a date: slots that are offered, until when people may answer, and what each can."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Identified, OfAdministration
from db.people import Who

from .kinds import EXPECTED, Can
from .tables import Invitation, Meeting


class MeetingPoll(OfAdministration, Base):
    """One round of looking for a date. It ends when everybody has answered, or at `respond_by`."""

    __tablename__ = "meeting_poll"
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    respond_by: Mapped[datetime]
    opened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    nudged_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Those who are asked, and whoever runs the meeting."""
        asked = select(Invitation.meeting_id).where(Invitation.person_id == who.id, Invitation.answer.in_(EXPECTED))
        run = select(Meeting.id).where(Meeting.run_by(who))
        return and_(
            cls.administration_id == who.administration_id, or_(cls.meeting_id.in_(asked), cls.meeting_id.in_(run))
        )

    @property
    def is_under_way(self) -> bool:
        return self.ended_at is None

    def nudge(self, *, at: datetime) -> bool:
        """Once, and not after it has ended."""
        if self.nudged_at is not None or self.ended_at is not None:
            return False
        self.nudged_at = at
        return True

    def end(self, *, at: datetime) -> bool:
        if self.ended_at is not None:
            return False
        self.ended_at = at
        return True


class MeetingSlot(OfAdministration, Base):
    """One time that is offered."""

    __tablename__ = "meeting_slot"
    __table_args__ = (UniqueConstraint("poll_id", "starts_at"),)
    poll_id: Mapped[int] = mapped_column(ForeignKey("meeting_poll.id"))
    starts_at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        seen = select(MeetingPoll.id).where(MeetingPoll.visible_to(who))
        return and_(cls.administration_id == who.administration_id, cls.poll_id.in_(seen))


class MeetingVote(Identified, Base):
    """What somebody said of a slot: the last word counts."""

    __tablename__ = "meeting_vote"
    __table_args__ = (UniqueConstraint("slot_id", "person_id"),)
    slot_id: Mapped[int] = mapped_column(ForeignKey("meeting_slot.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    can: Mapped[Can]
    at: Mapped[datetime]
