"""Meetings as calendar entries: what a person's feed and an invitation by e-mail are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.kit.text import Code, _
from db.meetings import DATED, EXPECTED, Confidentiality, Invitation, Meeting, MeetingFollower, MeetingState
from db.people import Who
from scheduling.calendar.entry import Entry, Status

from . import cards

Write = Callable[
    [Any], str
]  # a phrase, or anything else the kit can write, in the reader's language and without markup

CANCELLED_FOR = timedelta(days=30)  # so long what was cancelled is shown as such, then it goes
PAST_FOR = timedelta(days=365)


def entry_of(session: Session, meeting: Meeting, write: Write, *, page: str = "") -> Entry:
    """One meeting that has, or had, a date. Raises ValueError for one that never had.

    `write` words it for one language; `page` is where one reads more. Nobody is named. What is confidential says
    neither what it is about nor where it takes place: only its reference.
    """
    if meeting.starts_at is None or meeting.ends_at is None:
        raise ValueError(f"{meeting.ref} has no date")
    zone = ZoneInfo(meeting.zone)
    is_open = meeting.confidentiality is Confidentiality.OPEN
    neutral = _("Meeting {ref}", ref=Code(meeting.ref))
    title = cards.title(meeting) if is_open else neutral
    items = cards.agenda_of(session, meeting) if is_open else ()
    lines = [
        write(_("{number}. {what}", number=number, what=cards.item(session, each)))
        for number, each in enumerate(items, 1)
    ]
    return Entry(
        uid=meeting.uid,
        revision=meeting.revision,
        sequence=meeting.sequence,
        changed_at=meeting.changed_at,
        created_at=meeting.called_at.replace(microsecond=0),
        starts=meeting.starts_at.astimezone(zone),
        ends=meeting.ends_at.astimezone(zone),
        title=write(title),
        description="\n".join([write(_("Agenda:")), *lines]) if lines else "",
        location=(meeting.room or "") if is_open else "",
        link=(meeting.link or "") if is_open else "",
        page=page,
        status=Status.CANCELLED if meeting.state is MeetingState.CANCELLED else Status.CONFIRMED,
        busy=meeting.state is not MeetingState.CANCELLED,
    )


def meetings_for(session: Session, who: Who, at: datetime) -> list[Meeting]:
    """The meetings of a person's own programme that have a date: those they organise, are expected at or follow; what
    is long over left out, and what was cancelled more than thirty days ago. The earliest first."""
    expected = select(Invitation.meeting_id).where(Invitation.person_id == who.id, Invitation.answer.in_(EXPECTED))
    follows = select(MeetingFollower.meeting_id).where(MeetingFollower.person_id == who.id)
    theirs = or_(Meeting.organiser_id == who.id, Meeting.id.in_(expected), Meeting.id.in_(follows))
    return _dated(session, at, Meeting.visible_to(who), theirs)


def entries_for(
    session: Session, who: Who, at: datetime, write: Write, *, page: Callable[[Meeting], str] = lambda meeting: ""
) -> Iterable[Entry]:
    """The same as calendar entries, each built when it is asked for: one that fails takes no other with it."""
    return (entry_of(session, each, write, page=page(each)) for each in meetings_for(session, who, at))


def open_meetings(session: Session, who: Who, at: datetime) -> list[Meeting]:
    """The meetings with a date that a person may find without an invitation: for a feed of an administration."""
    return _dated(session, at, Meeting.open_to(who))


def _dated(session: Session, at: datetime, *which: Any) -> list[Meeting]:
    stands = Meeting.state.in_(DATED) & (Meeting.ends_at >= at - PAST_FOR)
    gone = (Meeting.state == MeetingState.CANCELLED) & (Meeting.ended_at >= at - CANCELLED_FOR)
    found = select(Meeting).where(*which, Meeting.starts_at.is_not(None), or_(stands, gone))
    return list(session.scalars(found.order_by(Meeting.starts_at, Meeting.id)))
