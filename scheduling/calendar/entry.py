"""One calendar entry, in RFC 5545's terms: a single meeting, or a series with its exceptions.

These are values: they hold what a calendar shows and know no database, no language and no bytes. `starts` and `ends`
are both aware datetimes, or both dates: a date means the whole day, and whole days end on the day after the last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from scheduling.calendar.rule import Rule

When = datetime | date  # an instant that knows its zone, or a whole day


class Status(StrEnum):
    """STATUS of a VEVENT."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


class Label(StrEnum):
    """How far what an entry says may go, the widest circle first. A calendar program is somebody else's computer."""

    PUBLIC = "public"
    MEMBERS = "members"  # whoever takes part may have it in the calendar they use
    CLOSED = "closed"  # only where they have said that their calendar may hold even this

    def admits(self, other: Label) -> bool:
        """Whether what is labelled `other` may be told where this is the limit."""
        order = list(Label)
        return order.index(other) <= order.index(self)


@dataclass(frozen=True, slots=True)
class Person:
    """A CAL-ADDRESS: an e-mail address, and the name shown for it (CN)."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One instance of a series that is not as the others are. What is None is as in the series."""

    instance: When  # RECURRENCE-ID: when the instance starts by the rule, whatever became of it
    starts: When
    ends: When
    title: str | None = None
    description: str | None = None
    location: str | None = None
    link: str | None = None
    status: Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one entry of a feed says, in one language and for one circle of readers."""

    uid: str  # UID: never changes, and is made of nothing that does; the same in feeds and invitations
    revision: int  # rises with every change whatever, and is not written: with `view` it tells cached bytes apart
    sequence: int  # SEQUENCE: rises with what people agreed to; one counter for a series and its overrides
    changed_at: (
        datetime  # DTSTAMP and LAST-MODIFIED: the last change, never the moment of writing; in whole seconds, so
    )
    # that of two changes within one second clients may miss the later: let it be a second after the one before
    created_at: datetime | None = None  # CREATED
    starts: When  # DTSTART; its ZoneInfo is the zone the entry is shown in
    ends: When  # DTEND
    title: str  # SUMMARY
    description: str = ""  # DESCRIPTION
    location: str = ""  # LOCATION
    link: str = (
        ""  # CONFERENCE: where one joins, an http(s) address; also written out, for clients that hide CONFERENCE
    )
    page: str = ""  # URL: where one reads more
    status: Status = Status.CONFIRMED  # STATUS
    busy: bool = True  # TRANSP: whether it takes the reader's time
    categories: tuple[str, ...] = ()  # CATEGORIES
    colour: str = ""  # COLOR: a CSS3 name, such as steelblue
    organiser: Person | None = None  # ORGANIZER: in invitations; feeds have none
    rule: Rule | None = None  # RRULE: the first instance is `starts`
    exdates: frozenset[When] = frozenset()  # EXDATE: instances by the rule that do not take place
    overrides: tuple[Override, ...] = ()  # further VEVENTs with the same UID and a RECURRENCE-ID
    label: Label = Label.MEMBERS  # not written: a feed of a lower one tells `cover` and the time, and nothing else
    cover: str = ""  # what it is called there, such as "Meeting"
    view: str = ""  # whom this wording is for, where readers see different ones: bytes of two views never mix

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone the entry is written in; None for whole days and for what is written in UTC."""
        return zone_of(self.starts)


def within(entry: Entry, limit: Label, cover: str) -> Entry:
    """The entry as a feed of label `limit` may show it; `cover` is its title where it has none of its own for that."""
    if limit.admits(entry.label):
        return entry
    bare = tuple(replace(each, title=None, description=None, location=None, link=None) for each in entry.overrides)
    return replace(
        entry,
        title=entry.cover or cover,
        description="",
        location="",
        link="",
        page="",
        categories=(),
        colour="",
        organiser=None,
        overrides=bare,
        view=f"{entry.view}|{limit.value}",
    )


def zone_of(when: When) -> ZoneInfo | None:
    """The named zone of an instant; None for a whole day, for UTC and for a bare offset."""
    zone = when.tzinfo if isinstance(when, datetime) else None
    return zone if isinstance(zone, ZoneInfo) and zone.key and zone.key not in _UTC else None


def in_zone(when: When, zone: ZoneInfo | None) -> When:
    """The same second on the zone's clock, or in UTC; a time that the clocks skip becomes the one they show then."""
    return when.replace(microsecond=0).astimezone(UTC).astimezone(zone or UTC) if isinstance(when, datetime) else when


def is_repeated(when: When) -> bool:
    """Whether the clock shows this local time a second time: RFC 5545 can write only the first."""
    return isinstance(when, datetime) and when.fold == 1 and when.utcoffset() != when.replace(fold=0).utcoffset()


def moment(when: When) -> datetime:
    """The instant something begins, for comparing whole days and times: a day begins at its midnight in UTC."""
    return when.astimezone(UTC) if isinstance(when, datetime) else datetime.combine(when, _MIDNIGHT, UTC)


def length(starts: When, ends: When) -> timedelta:
    """How long it lasts, in time that passes."""
    return moment(ends) - moment(starts)


_UTC = frozenset({"UTC", "Etc/UTC", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "UCT", "Etc/UCT"})
_MIDNIGHT = datetime.min.time()
