"""What building calendar feeds costs, against icalendar alone on the same entries."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from icalendar import Calendar, Event, vUri

from scheduling.calendar.build import Fragments, feed
from scheduling.calendar.entry import Entry
from tests.scheduling.calendar.entries import CHANGED, ENGLISH, HEAD, VIDEO, entry

from .figure import Figure, alternating, below, compared


def building(_folder: Path) -> Iterator[Figure]:
    """500 entries that are kept, and 5,000 from nothing against icalendar alone."""
    warm = [meeting(each) for each in range(500)]
    kept = Fragments()
    _build(warm, kept)
    (value,) = alternating(lambda: _seconds(lambda: _build(warm, kept)))
    yield below("feed_500_kept", value * 1000, "ms of CPU", 1)
    cold = [meeting(each) for each in range(5000)]
    value, against = alternating(
        lambda: _seconds(lambda: _build(cold, Fragments())), lambda: _seconds(lambda: alone(cold))
    )
    yield compared("feed_5000_new", value, "s of CPU", against, 1)


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


def meeting(number: int) -> Entry:
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
    began = time.process_time()
    work()
    return time.process_time() - began
