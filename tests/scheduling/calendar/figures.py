"""What building feeds costs, against icalendar alone on the same entries: for the bench. CPU seconds, best of a few."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vUri

from scheduling.calendar.build import Fragments, feed
from scheduling.calendar.entry import Entry
from tests.scheduling.calendar.entries import CHANGED, ENGLISH, HEAD, VIDEO, entry

BEST_OF = 3


@dataclass(frozen=True)
class Cost:
    """CPU seconds for one feed: built from nothing, built again, and by icalendar alone."""

    entries: int
    cold: float
    warm: float
    library: float


def cost(number: int) -> Cost:
    """What a feed of so many entries costs."""
    entries = [_meeting(each) for each in range(number)]
    kept = Fragments(room=number)
    _build(entries, kept)
    return Cost(
        number,
        cold=_seconds(lambda: _build(entries, Fragments(room=number))),
        warm=_seconds(lambda: _build(entries, kept)),
        library=_seconds(lambda: alone(entries)),
    )


def alone(entries: list[Entry]) -> bytes:
    """The same entries as icalendar writes them by itself, with the VTIMEZONEs it makes."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Parley//Parley//EN")
    for each in entries:
        event = Event()
        event.add("uid", each.uid)
        event.add("dtstamp", each.changed_at)
        event.add("last-modified", each.changed_at)
        event.add("sequence", each.sequence)
        event.add("dtstart", each.starts)
        event.add("dtend", each.ends)
        event.add("summary", each.title)
        event.add("description", f"{each.description}\n\nJoin: {each.link}")
        event.add("location", each.location)
        event.add("status", str(each.status))
        event.add("transp", "OPAQUE")
        event.add("categories", list(each.categories))
        event.add("conference", vUri(each.link, params={"VALUE": "URI", "FEATURE": ["AUDIO", "VIDEO"]}))
        calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _meeting(number: int) -> Entry:
    starts = entry().starts
    assert isinstance(starts, datetime)
    begins = (starts.astimezone(UTC) + timedelta(hours=number % 2000)).astimezone(starts.tzinfo)
    return entry(
        f"meeting-{number}",
        starts=begins,
        ends=begins + timedelta(hours=1),
        description="Ordre du jour: «Facilitation des échanges», 海关与商界伙伴关系, Таможня; " * 3,
        location="Room Congo, WCO HQ; Rue du Marché 30",
        link=VIDEO,
        categories=("plenary", "AEO"),
    )


def _build(entries: list[Entry], kept: Fragments) -> bytes:
    return feed(HEAD, entries, ENGLISH, kept, at=CHANGED).data


def _seconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(BEST_OF):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best
