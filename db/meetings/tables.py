"""A meeting, and who is invited and how they answered."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    and_,
    column,
    false,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from db.audiences import Audience, within
from db.base import Base, OfAdministration, Referenced
from db.people import Scope, Sector, Who
from db.regions import OFFICE_ROLES

from .kinds import (
    AHEAD,
    INVITED,
    Answer,
    Attendance,
    Confidentiality,
    MeetingKind,
    MeetingState,
)

ONE_SECOND = timedelta(seconds=1)
_POLLED: Select[int] = select(column("meeting_id")).select_from(table("meeting_poll"))  # .polls builds on this file


def new_uid() -> str:
    """What calendars know a meeting by: made of nothing that changes."""
    return str(uuid.uuid4())


class Meeting(Referenced, Base):
    """One meeting. `title` is in the words of whoever called it; without one it is named by its sector.

    `starts_at` and `ends_at` are None until a date is confirmed; `zone` is the one they are meant in. `minutes` is how
    long it lasts. What calendars need is kept here: `uid` never changes; `revision` rises with every change whatever;
    `sequence` when the time, the place or whether it takes place changes, once it had a date (RFC 5546, 2.1.4);
    `changed_at` is the last change a calendar shows, in whole seconds, each at least a second after the one before.
    Transitions return False where the present state does not allow them, and change nothing then.
    """

    __tablename__ = "meeting"
    LETTERS = "R"
    uid: Mapped[str] = mapped_column(unique=True, default=new_uid)
    kind: Mapped[MeetingKind] = mapped_column(default=MeetingKind.ROUNDTABLE)
    title: Mapped[str | None]
    language: Mapped[str]
    sector: Mapped[Sector | None]
    region: Mapped[str | None]  # of a regional meeting: the region's office runs it too
    organiser_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    centre_id: Mapped[int | None] = mapped_column(ForeignKey("centre.id"))  # its desk runs it too
    state: Mapped[MeetingState] = mapped_column(default=MeetingState.CALLED)
    audience: Mapped[Audience] = mapped_column(default=Audience.INVITED)
    confidentiality: Mapped[Confidentiality] = mapped_column(default=Confidentiality.OPEN)
    capacity: Mapped[int | None]
    zone: Mapped[str]
    minutes: Mapped[int] = mapped_column(default=60)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    room: Mapped[str | None]
    link: Mapped[str | None]
    called_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # when it was cancelled, or its minutes went out
    corrections_until: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012  SQLAlchemy's own idiom

    @property
    def is_ahead(self) -> bool:
        return self.state in AHEAD

    @property
    def is_open(self) -> bool:
        """Whether others than those invited may find it."""
        return self.audience is not Audience.INVITED and self.confidentiality is Confidentiality.OPEN

    # Who may see it

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever runs it, whoever is invited once people have been asked or told when, and while it is open its
        audience."""
        invited = and_(cls.id.in_(invited_to(who.id)), or_(cls.starts_at.is_not(None), cls.id.in_(_POLLED)))
        return or_(and_(cls._home(who), invited), cls.run_by(who), cls.open_to(who))

    @classmethod
    def run_by(cls, who: Who) -> ColumnElement[bool]:
        """Its organiser; and of one that is not confidential the staff of its desk, the office of its region and
        all staff with a role over the country. Whoever is no longer staff runs nothing."""
        if not who.is_staff:
            return false()
        others: list[ColumnElement[bool]] = []
        if who.centre_ids:
            others.append(cls.centre_id.in_(who.centre_ids))
        for grant in who.grants:
            if grant.scope is Scope.COUNTRY:
                others.append(true())
            elif grant.scope is Scope.REGION and grant.name in OFFICE_ROLES:
                others.append(cls.region == grant.scope_id)
        shared = and_(cls.confidentiality == Confidentiality.OPEN, or_(false(), *others))
        return and_(cls._home(who), or_(cls.organiser_id == who.id, shared))

    def is_run_by(self, who: Who) -> bool:
        """The same, of this one."""
        if not who.is_staff or self.administration_id != who.administration_id:
            return False
        if self.organiser_id == who.id:
            return True
        return self.confidentiality is Confidentiality.OPEN and any(
            grant.scope is Scope.COUNTRY
            or (grant.scope is Scope.CENTRE and grant.scope_id == str(self.centre_id))
            or (grant.scope is Scope.REGION and grant.name in OFFICE_ROLES and grant.scope_id == self.region)
            for grant in who.grants
        )

    @classmethod
    def open_to(cls, who: Who) -> ColumnElement[bool]:
        """What somebody may find without an invitation."""
        return and_(cls._home(who), cls.confidentiality == Confidentiality.OPEN, within(cls, who))

    @classmethod
    def _home(cls, who: Who) -> ColumnElement[bool]:
        return cls.administration_id == who.administration_id

    # Transitions

    def open_poll(self, *, minutes: int, zone: str) -> bool:
        if self.state is not MeetingState.CALLED:
            return False
        self.state, self.minutes, self.zone = MeetingState.POLLING, minutes, zone
        return True

    def drop_poll(self) -> bool:
        """The poll was taken back, or found no date."""
        if self.state is not MeetingState.POLLING:
            return False
        self.state = MeetingState.CALLED
        return True

    def confirm(self, starts_at: datetime, *, minutes: int, zone: str, at: datetime) -> bool:
        """Give it a date, which is still to come."""
        if self.state not in (MeetingState.CALLED, MeetingState.POLLING) or starts_at <= at:
            return False
        self.state = MeetingState.CONFIRMED
        self._dated(starts_at, minutes, zone)
        self.touch(at)
        return True

    def move(self, starts_at: datetime, *, minutes: int, zone: str, at: datetime) -> bool:
        """To another date, still to come; False where it is the same."""
        same = (starts_at, minutes, zone) == (self.starts_at, self.minutes, self.zone)
        if self.state is not MeetingState.CONFIRMED or starts_at <= at or same:
            return False
        self._dated(starts_at, minutes, zone)
        self._rise(at)
        return True

    def settle_place(self, room: str | None, link: str | None, *, at: datetime) -> bool:
        """Where it takes place, and how one joins from elsewhere; False where it is the same, or is over."""
        if not self.is_ahead or (room, link) == (self.room, self.link):
            return False
        self.room, self.link = room, link
        if self.starts_at is not None:
            self._rise(at)
        else:
            self.touch(at)
        return True

    def cancel(self, *, at: datetime) -> bool:
        if not self.is_ahead:
            return False
        self.state, self.ended_at = MeetingState.CANCELLED, at
        if self.starts_at is not None:
            self._rise(at)
        else:
            self.touch(at)
        return True

    def hold(self, *, at: datetime) -> bool:
        """It took place: not before it began."""
        if self.state is not MeetingState.CONFIRMED or self.starts_at is None or at < self.starts_at:
            return False
        self.state = MeetingState.HELD
        return True

    def open_minutes(self, until: datetime) -> bool:
        """Let whoever was there correct the minutes."""
        if self.state is not MeetingState.HELD:
            return False
        self.state, self.corrections_until = MeetingState.CORRECTING, until
        return True

    def close(self, *, at: datetime) -> bool:
        """The minutes go out: not before the window for corrections has passed."""
        if self.state is not MeetingState.CORRECTING or self.corrections_until is None or at < self.corrections_until:
            return False
        self.state, self.ended_at = MeetingState.CLOSED, at
        return True

    def touch(self, at: datetime) -> None:
        """Something a calendar shows has changed: the title, the agenda, who may see it."""
        self.changed_at = max(at.replace(microsecond=0), self.changed_at + ONE_SECOND)

    def _rise(self, at: datetime) -> None:
        self.sequence += 1
        self.touch(at)

    def _dated(self, starts_at: datetime, minutes: int, zone: str) -> None:
        self.starts_at, self.ends_at = starts_at, starts_at + timedelta(minutes=minutes)
        self.minutes, self.zone = minutes, zone


Index("ix_meeting_ahead", Meeting.administration_id, Meeting.state, Meeting.starts_at)


class Invitation(OfAdministration, Base):
    """Somebody is on the list of a meeting: before it has a date they may be asked when they can; with one, whether
    they come. `attendance` is what became of it."""

    __tablename__ = "invitation"
    __table_args__ = (UniqueConstraint("meeting_id", "person_id"),)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))  # for which they were invited
    answer: Mapped[Answer] = mapped_column(default=Answer.NONE)
    reason: Mapped[str | None]  # why they cannot come, in their words
    language: Mapped[str | None]
    invited_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    invited_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id"))  # whose substitute they are
    attendance: Mapped[Attendance | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """One's own, and all of them to whoever runs the meeting."""
        return and_(
            cls.administration_id == who.administration_id,
            or_(cls.person_id == who.id, cls.meeting_id.in_(select(Meeting.id).where(Meeting.run_by(who)))),
        )

    def accept(self, *, at: datetime) -> bool:
        """Also by whoever had declined: they can come after all."""
        if self.answer not in (Answer.NONE, Answer.DECLINED):
            return False
        self.answer, self.answered_at, self.reason, self.language = Answer.ACCEPTED, at, None, None
        return True

    def decline(self, reason: str | None, language: str, *, at: datetime) -> bool:
        if self.answer not in (Answer.NONE, Answer.ACCEPTED):
            return False
        self.answer, self.answered_at = Answer.DECLINED, at
        self.reason, self.language = reason, language if reason else None
        return True

    def hand_to_substitute(self, *, at: datetime) -> bool:
        if self.answer not in (Answer.NONE, Answer.ACCEPTED, Answer.DECLINED):
            return False
        self.answer, self.answered_at = Answer.REPLACED, at
        return True

    def fall_back(self) -> bool:
        """Nobody comes in their place any longer: they are asked again."""
        if self.answer is not Answer.REPLACED:
            return False
        self.answer, self.answered_at = Answer.NONE, None
        return True

    @classmethod
    def holds_place(cls) -> ColumnElement[bool]:
        """Whoever comes; and a substitute, from when they are proposed until they have answered."""
        return or_(cls.answer == Answer.ACCEPTED, and_(cls.answer == Answer.NONE, cls.replaces_id.is_not(None)))

    def ask_again(self) -> bool:
        """The date has changed: what was answered to the one before no longer holds."""
        if self.answer not in (Answer.ACCEPTED, Answer.DECLINED):
            return False
        self.answer, self.answered_at, self.reason, self.language = Answer.NONE, None, None, None
        return True

    def remove(self) -> bool:
        if self.answer is Answer.REMOVED:
            return False
        self.answer = Answer.REMOVED
        return True

    def put_back(self, *, at: datetime) -> bool:
        """Onto the list again, whatever was said before."""
        if self.answer not in (Answer.REMOVED, Answer.REPLACED, Answer.DECLINED):
            return False
        self.answer, self.invited_at = Answer.NONE, at
        self.answered_at = self.reason = self.language = None
        return True

    def absorb(self, other: Invitation) -> None:
        """Whoever is expected by one of the two is expected, and what was answered counts."""
        if (self.answer is Answer.NONE and other.answer is not Answer.REMOVED) or self.answer is Answer.REMOVED:
            self.answer, self.reason, self.language = other.answer, other.reason, other.language
            self.answered_at = other.answered_at
        super().absorb(other)


def invited_to(person_id: int) -> Any:
    """The ids of the meetings that somebody is, or was, expected at."""
    return select(Invitation.meeting_id).where(Invitation.person_id == person_id, Invitation.answer.in_(INVITED))
