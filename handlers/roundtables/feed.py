"""Meetings in calendars: one's own programme, what is open, a single one; and what an invitation says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, or_, select, union_all
from sqlalchemy.orm import Session

from bot.kit.feeds import MINE, Choice, Subscriber
from bot.kit.text import Code, Text, _
from db.audiences import Audience
from db.meetings import DATED, EXPECTED, Confidentiality, Invitation, Meeting, MeetingFollower, MeetingState
from db.people import Person, Who
from handlers.invitations import prefers_mail
from scheduling.calendar.entry import Entry, Label, Status

from . import cards
from .room import roundtables

OPEN, ONE = "roundtables", "roundtable"
CANCELLED_FOR = timedelta(days=30)  # so long what was cancelled is shown as such, then it goes
PAST_FOR = timedelta(days=365)


@roundtables.calendar(OPEN, _("Open roundtables"))
def those_that_are_open(_subscriber: Subscriber) -> Iterable[Choice]:
    """For everybody: a public one holds what is open to all members, somebody's own also what is open to theirs."""
    yield Choice("", _("Open roundtables"))


@roundtables.calendar(ONE, _("A single roundtable"))
def those_that_can_be_had_alone(subscriber: Subscriber) -> Iterable[Choice]:
    """Each of one's own that has a date: for a calendar that several people share."""
    if subscriber.who is not None:
        for meeting in meetings_for(subscriber.session, subscriber.who, subscriber.now):
            yield Choice(str(meeting.id), cards.title(meeting))


@roundtables.feed(MINE)
def own_programme(subscriber: Subscriber) -> Iterable[Entry]:
    """Those one organises, is expected at or follows; but not what comes to them as an invitation by e-mail."""
    who = subscriber.who
    if who is None:
        return
    own = meetings_for(subscriber.session, who, subscriber.now)
    if prefers_mail(subscriber.session.get_one(Person, who.id)):
        invited = set(subscriber.session.scalars(_invited(who)))
        own = [each for each in own if each.id not in invited]
    yield from entries(subscriber, own)


@roundtables.feed(ONE)
def that_one(subscriber: Subscriber) -> Iterable[Entry]:
    if subscriber.who is not None:
        own = meetings_for(subscriber.session, subscriber.who, subscriber.now)
        yield from entries(subscriber, [each for each in own if str(each.id) == subscriber.about])


@roundtables.feed(OPEN)
def open_ones(subscriber: Subscriber) -> Iterable[Entry]:
    """When and what; where, and the link to join, come with an invitation. Strangers read no agenda either."""
    yield from entries_for_anybody(subscriber, open_meetings(subscriber))


def entries_for_anybody(subscriber: Subscriber, meetings: Iterable[Meeting]) -> Iterable[Entry]:
    """Meetings as they read to who is not expected there; strangers read when and what, and no more."""
    for meeting in meetings:
        entry = entry_of(subscriber.session, meeting, subscriber.say, page=subscriber.page(""), is_expected=False)
        yield entry if subscriber.who is not None else replace(entry, description="", view="public")


def entries(subscriber: Subscriber, meetings: Iterable[Meeting]) -> Iterable[Entry]:
    """Meetings that have, or had, a date, as this person may read of each."""
    expected: Set[int] = _expected_at(subscriber.session, subscriber.who) if subscriber.who is not None else set()
    for meeting in meetings:
        is_expected = meeting.id in expected
        page = subscriber.page("")
        yield entry_of(subscriber.session, meeting, subscriber.say, page=page, is_expected=is_expected)


def entry_of(
    session: Session, meeting: Meeting, say: Callable[[Text], str], *, page: str = "", is_expected: bool = True
) -> Entry:
    """One meeting that has, or had, a date. Raises ValueError for one that never had.

    `say` words it for one reader, `page` is where one reads more. Nobody is named. Only whoever `is_expected` there
    reads where it takes place. What a confidential one is about is for calendars that may hold even this.
    """
    if meeting.starts_at is None or meeting.ends_at is None:
        raise ValueError(f"{meeting.ref} has no date")
    zone = ZoneInfo(meeting.zone)
    lines = [
        say(_("{number}. {what}", number=number, what=cards.item(session, each)))
        for number, each in enumerate(cards.agenda_of(session, meeting), 1)
    ]
    return Entry(
        uid=meeting.uid,
        revision=meeting.revision,
        sequence=meeting.sequence,
        changed_at=meeting.changed_at,
        created_at=meeting.called_at.replace(microsecond=0),
        starts=meeting.starts_at.astimezone(zone),
        ends=meeting.ends_at.astimezone(zone),
        title=say(cards.title(meeting)),
        description="\n".join([say(_("Agenda:")), *lines]) if lines else "",
        location=(meeting.room or "") if is_expected else "",
        link=(meeting.link or "") if is_expected else "",
        page=page,
        status=Status.CANCELLED if meeting.state is MeetingState.CANCELLED else Status.CONFIRMED,
        busy=is_expected and meeting.state is not MeetingState.CANCELLED,
        label=_label(meeting),
        cover=say(_("Meeting {ref}", ref=Code(meeting.ref))),
        view="expected" if is_expected else "",
    )


def _label(meeting: Meeting) -> Label:
    if meeting.confidentiality is not Confidentiality.OPEN:
        return Label.CLOSED
    return Label.PUBLIC if meeting.audience is Audience.MEMBERS else Label.MEMBERS


def meetings_for(session: Session, who: Who, at: datetime) -> list[Meeting]:
    """The meetings of a person's own programme that have a date: those they organise, are expected at or follow; what
    is long over left out, and what was cancelled more than thirty days ago. The earliest first."""
    follows = select(MeetingFollower.meeting_id).where(MeetingFollower.person_id == who.id)
    theirs = session.scalars(union_all(*_expected(who), follows)).all()  # first: they are few, and indexes find them
    return dated(session, at, Meeting.visible_to(who), Meeting.id.in_(theirs))


def open_meetings(subscriber: Subscriber, *which: ColumnElement[bool]) -> list[Meeting]:
    """The meetings with a date, of those that `which` says, that may be found without an invitation, by this person or
    by everybody."""
    if subscriber.who is not None:
        return dated(subscriber.session, subscriber.now, Meeting.open_to(subscriber.who), *which)
    home = Meeting.administration_id == subscriber.administration.id
    public = Meeting.audience == Audience.MEMBERS, Meeting.confidentiality == Confidentiality.OPEN
    return dated(subscriber.session, subscriber.now, home, *public, *which)


def _expected_at(session: Session, who: Who) -> Set[int]:
    """The ids of the meetings they organise or are to come to."""
    return set(session.scalars(union_all(*_expected(who))))


def _expected(who: Who) -> tuple[Select[int], ...]:
    """The same, as questions that indexes answer: put together by OR they would be a walk through all meetings."""
    return select(Meeting.id).where(Meeting.organiser_id == who.id), _invited(who)


def _invited(who: Who) -> Select[int]:
    return select(Invitation.meeting_id).where(Invitation.person_id == who.id, Invitation.answer.in_(EXPECTED))


def dated(session: Session, at: datetime, *which: Any) -> list[Meeting]:
    """Those that stand or were held within the year, or were cancelled within thirty days; the earliest first."""
    stands = Meeting.state.in_(DATED) & (Meeting.ends_at >= at - PAST_FOR)
    gone = (Meeting.state == MeetingState.CANCELLED) & (Meeting.ended_at >= at - CANCELLED_FOR)
    found = select(Meeting).where(*which, Meeting.starts_at.is_not(None), or_(stands, gone))
    return list(session.scalars(found.order_by(Meeting.starts_at, Meeting.id)))
