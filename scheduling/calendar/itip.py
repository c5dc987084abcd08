"""iTIP (RFC 5546): invitations and cancellations to send, and the answers that come back.

An invitation is for whoever has no feed of the same entry: both together show it twice. METHOD stands in the calendar
and, equally, in the MIME type of the part that carries it: mail programs look at either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from icalendar import Calendar, Event, vText

from scheduling.calendar.build import ENDLESS, PRODUCT
from scheduling.calendar.component import Unwritable, Wording, address_of, events, examined, first_and_last, lines_of
from scheduling.calendar.entry import Entry, Override, Person, Status, When, in_zone, moment, zone_of
from scheduling.calendar.text import clean
from scheduling.calendar.zones import vtimezone

LARGEST = 256 * 1024  # octets of an answer: a mail program's own is below 10 kB


class Method(StrEnum):
    """METHOD of a message."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    REPLY = "REPLY"


class Answer(StrEnum):
    """PARTSTAT of somebody who was invited."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    TENTATIVE = "TENTATIVE"
    DELEGATED = "DELEGATED"


@dataclass(frozen=True)
class Message:
    """What goes into one part of an e-mail, or into a file."""

    method: Method
    data: bytes

    @property
    def content_type(self) -> str:
        """The part's Content-Type: its method is the calendar's own."""
        return f"text/calendar; method={self.method}; charset=utf-8"


def request(entry: Entry, to: Person, wording: Wording, *, instance: When | None = None) -> Message:
    """Invite one person, or tell them of a change: of the whole, or of the one `instance` of a series that has changed.

    A series goes without its overrides: some mail programs fail on both in one message, so each is one of its own.
    Raises Unwritable, and for what is cancelled ValueError.
    """
    entry = examined(entry)
    if entry.status is Status.CANCELLED:
        raise ValueError("what is cancelled is told with cancel()")
    master, *overrides = events(entry, wording)
    event = master if instance is None else overrides[_place(entry, instance)]
    _invite(event, entry, to, RSVP="TRUE", PARTSTAT=Answer.NEEDS_ACTION, ROLE="REQ-PARTICIPANT")
    return _message(Method.REQUEST, entry, event)


def cancel(entry: Entry, to: Person, wording: Wording, *, instance: When | None = None) -> Message:
    """Take an invitation back: that of the whole, or of one instance of the series.

    The entry is as it is after the change, so that its SEQUENCE is higher than what was sent before. Raises Unwritable.
    """
    entry = examined(replace(entry, status=Status.CANCELLED) if instance is None else entry)
    if instance is None:
        event = events(replace(entry, exdates=frozenset(), overrides=()), wording)[0]
    else:
        at = in_zone(instance, zone_of(entry.starts))
        if at not in entry.exdates:
            raise Unwritable("an instance that the series still has")
        length = entry.ends - entry.starts  # type: ignore[operator]  # both are datetimes, or both dates
        override = Override(instance=at, starts=at, ends=at + length, status=Status.CANCELLED)
        event = events(replace(entry, exdates=frozenset(), overrides=(override,)), wording)[1]
    _invite(event, entry, to)
    return _message(Method.CANCEL, entry, event)


def _place(entry: Entry, instance: When) -> int:
    found = [number for number, each in enumerate(entry.overrides) if moment(each.instance) == moment(instance)]
    if not found:
        raise Unwritable("an instance that is as the others are")
    return found[0]


def _invite(event: Event, entry: Entry, to: Person, **params: str) -> None:
    if entry.organiser is None:
        raise Unwritable("an invitation needs an organiser")
    event["ATTENDEE"] = address_of(to.email, to.name, **params)


def _message(method: Method, entry: Entry, event: Event) -> Message:
    calendar = Calendar()
    calendar["VERSION"], calendar["PRODID"] = vText("2.0"), vText(PRODUCT)
    calendar["CALSCALE"], calendar["METHOD"] = vText("GREGORIAN"), vText(method)
    first, last = first_and_last(entry)
    until = last.year if last is not None else first.year + ENDLESS
    zones = [vtimezone(entry.zone.key, first.year, until)] if entry.zone is not None else []
    begins, ends = lines_of(calendar).split(b"END:", 1)
    return Message(method, b"".join([begins, *zones, lines_of(event), b"END:", ends]))


# Answers


class NoReply(ValueError):
    """Not an answer that can be taken; the message says why."""


@dataclass(frozen=True)
class Reply:
    """What somebody answered, and to what."""

    who: str  # the sender's e-mail address, in small letters
    uid: str
    sequence: int  # of the invitation that was answered: it may have been overtaken
    instance: When | None  # RECURRENCE-ID: the one instance that is meant; None for the whole
    answer: Answer
    stamped_at: datetime  # DTSTAMP: when it was answered
    comment: str = ""
    substitute: str = ""  # DELEGATED-TO: the e-mail address of whom they send instead


def read_replies(data: bytes, sender: str) -> list[Reply]:
    """The answers in a REPLY, as given by the sender of the e-mail, of whom it must be known that they sent it.

    Only the sender's own PARTSTAT is taken: what a message says of others is not theirs to say. Raises NoReply.
    """
    if len(data) > LARGEST:
        raise NoReply("it is too large")
    try:
        calendar = Calendar.from_ical(data)
        if str(calendar.get("METHOD", "")).upper() != Method.REPLY:
            raise NoReply("its METHOD is not REPLY")
        found = [_reply(event, sender.strip().lower()) for event in calendar.walk("VEVENT")]
    except NoReply:
        raise
    except Exception as error:  # the library raises whatever a stranger's bytes lead it to
        raise NoReply(f"it cannot be read ({type(error).__name__})") from error
    if not found:
        raise NoReply("it answers nothing")
    return found


def _reply(event: Any, sender: str) -> Reply:
    own = next((each for each in _attendees(event) if _email(each) == sender), None)
    if own is None:
        raise NoReply("its sender is not whom it answers for")
    try:
        answer = Answer(str(own.params.get("PARTSTAT", "")).upper())
    except ValueError:
        raise NoReply("its PARTSTAT is unknown") from None
    if "UID" not in event or "DTSTAMP" not in event:
        raise NoReply("it has no UID or no DTSTAMP")
    stamped = event["DTSTAMP"].dt
    if not isinstance(stamped, datetime):
        raise NoReply("its DTSTAMP is no time")
    return Reply(
        who=sender,
        uid=str(event["UID"]),
        sequence=int(event.get("SEQUENCE", 0)),
        instance=_instance(event),
        answer=answer,
        stamped_at=stamped.replace(tzinfo=UTC) if stamped.tzinfo is None else stamped.astimezone(UTC),
        comment=clean(str(_first(event.get("COMMENT", "")))),
        substitute=_email(_first(own.params.get("DELEGATED-TO", ""))),
    )


def _instance(event: Any) -> When | None:
    found = event.get("RECURRENCE-ID")
    when = found.dt if found is not None else None
    if when is not None and not isinstance(when, date):
        raise NoReply("its RECURRENCE-ID is no time")
    return when.astimezone(UTC) if isinstance(when, datetime) and when.tzinfo is not None else when


def _attendees(event: Any) -> Iterator[Any]:
    found = event.get("ATTENDEE", [])
    yield from found if isinstance(found, list) else [found]


def _first(found: object) -> object:
    return found[0] if isinstance(found, Sequence) and not isinstance(found, str) and found else found


def _email(address: object) -> str:
    return str(address).strip().lower().removeprefix("mailto:")
