"""A feed's bytes: a header, the zones it speaks of, one fragment for each entry, a footer.

icalendar builds each entry once. What it made is kept by (UID, revision, language, view), and a feed is a join of what
is kept, so the same entries give the same bytes, whoever asks and in whatever order they come. An entry that cannot be
written is left out and named; it never takes the feed down.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from threading import Lock

from icalendar import Calendar, vText

from scheduling.calendar.component import Unwritable, Wording, events, examined, first_and_last, lines_of
from scheduling.calendar.entry import Entry, Status, zone_of
from scheduling.calendar.text import in_one_line
from scheduling.calendar.zones import vtimezone

PRODUCT = "-//Parley//Parley//EN"
KEPT_CANCELLED = timedelta(days=30)  # then it goes from the feed: whoever looks at all has seen it by then
ENDLESS = 2  # years ahead for which an endless series' zone is told
END = b"END:VCALENDAR\r\n"

Key = tuple[str, int, str, str]


@dataclass(frozen=True, slots=True)
class Head:
    """What a calendar says about itself (RFC 7986)."""

    name: str  # NAME, and X-WR-CALNAME for clients that know no NAME
    description: str = ""  # DESCRIPTION, and X-WR-CALDESC
    colour: str = ""  # COLOR: a CSS3 name
    refresh: str = "PT1H"  # REFRESH-INTERVAL, and X-PUBLISHED-TTL: how often clients are asked to look


@dataclass(frozen=True, slots=True)
class Fragment:
    """One entry's VEVENTs as bytes, and what a feed has to know of them."""

    key: Key
    data: bytes
    zones: tuple[str, ...]
    first_year: int
    last_year: int | None  # None where the series is endless
    goes_at: datetime | None  # when a cancelled entry is to be shown no longer


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An entry that could not be written, and why, for an operator: it holds no word of the entry but its UID."""

    key: Key
    why: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's bytes, and the entries that are missing from it."""

    data: bytes
    left_out: tuple[LeftOut, ...] = ()

    @property
    def etag(self) -> str:
        """A strong validator of these bytes, in quotes."""
        return f'"{sha256(self.data).hexdigest()}"'


class Fragments:
    """The fragments made so far, the least recently used given up first. Several threads may share it."""

    def __init__(self, room: int = 20_000) -> None:
        self._kept: OrderedDict[Key, Fragment | LeftOut] = OrderedDict()
        self._room = room
        self._lock = Lock()

    def of(self, entries: Iterable[Entry], wording: Wording) -> list[Fragment | LeftOut]:
        """The entries' fragments, those built that there are none of yet."""
        found, missing = [], []
        with self._lock:
            for entry in entries:
                key = (entry.uid, entry.revision, wording.language, entry.view)
                part = self._kept.get(key)
                if part is None:
                    missing.append(entry)
                else:
                    self._kept.move_to_end(key)
                    found.append(part)
        made = [fragment(entry, wording) for entry in missing]  # two threads may both make one: it is the same
        with self._lock:
            for part in made:
                self._kept[part.key] = part
                if len(self._kept) > self._room:
                    self._kept.popitem(last=False)
        return found + made


def fragment(entry: Entry, wording: Wording) -> Fragment | LeftOut:
    """One entry, built and examined alone."""
    key = (entry.uid, entry.revision, wording.language, entry.view)
    try:
        shown = examined(entry)
        data = b"".join(map(lines_of, events(shown, wording)))
        first, last = first_and_last(shown)
    except Unwritable as error:
        return LeftOut(key, str(error))
    except Exception as error:  # noqa: BLE001  whatever the library dislikes in one entry concerns that entry alone
        return LeftOut(key, f"icalendar cannot write it ({type(error).__name__})")
    whens = [shown.starts, *(each.starts for each in shown.overrides)]
    return Fragment(
        key,
        data,
        tuple(sorted({zone.key for when in whens if (zone := zone_of(when)) is not None})),
        first.year,
        last.year if last is not None else None,
        entry.changed_at + KEPT_CANCELLED if entry.status is Status.CANCELLED else None,
    )


def feed(head: Head, entries: Iterable[Entry], wording: Wording, kept: Fragments, *, at: datetime) -> Feed:
    """The feed as it is at an instant. Entries cancelled more than 30 days before are not in it."""
    return join(head, kept.of(entries, wording), at=at)


def join(head: Head, parts: Iterable[Fragment | LeftOut], *, at: datetime) -> Feed:
    """The feed of these fragments: of two of one UID only the later revision, all in the order of their keys."""
    shown: dict[str, Fragment] = {}
    left_out = []
    for part in parts:
        if isinstance(part, LeftOut):
            left_out.append(part)
        elif part.goes_at is None or part.goes_at > at:
            other = shown.get(part.key[0])
            if other is None or other.key < part.key:
                shown[part.key[0]] = part
    ordered = [shown[uid] for uid in sorted(shown)]
    data = b"".join([header(head), *_zones(ordered, at), *[part.data for part in ordered], END])
    return Feed(data, tuple(sorted(left_out, key=lambda each: each.key)))


def _zones(parts: list[Fragment], at: datetime) -> list[bytes]:
    """A VTIMEZONE for each zone that is spoken of, right for all the years in which it is."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for zones, begins, ends in {(part.zones, part.first_year, part.last_year) for part in parts}:
        until = ends or max(at.year, begins) + ENDLESS
        for zone in zones:
            first[zone] = min(first.get(zone, begins), begins)
            last[zone] = max(last.get(zone, until), until)
    return [vtimezone(zone, first[zone], last[zone]) for zone in sorted(first)]


@lru_cache(maxsize=1024)
def header(head: Head) -> bytes:
    """Everything of a calendar before its components. No METHOD: it is no message; and no UID: some clients would take
    the calendar for one single event.
    """
    calendar = Calendar()
    name, description = in_one_line(head.name), in_one_line(head.description)
    calendar["VERSION"] = vText("2.0")
    calendar["PRODID"] = vText(PRODUCT)
    calendar["CALSCALE"] = vText("GREGORIAN")
    calendar["NAME"] = calendar["X-WR-CALNAME"] = vText(name)
    if description:
        calendar["DESCRIPTION"] = calendar["X-WR-CALDESC"] = vText(description)
    if head.colour.isalpha() and head.colour.isascii():
        calendar["COLOR"] = vText(head.colour.lower())
    calendar["REFRESH-INTERVAL"] = vText(head.refresh, params={"VALUE": "DURATION"})
    calendar["X-PUBLISHED-TTL"] = vText(head.refresh)
    return lines_of(calendar).removesuffix(END)
