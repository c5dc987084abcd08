"""Entries to build calendars from: a small programme, and strategies for any."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from scheduling.calendar.build import Feed, Fragments, Head, feed
from scheduling.calendar.component import Wording, instances
from scheduling.calendar.entry import Entry, Override, Person, Status, When, length, moment
from scheduling.calendar.rule import Frequency, Rule

CHANGED = datetime(2026, 5, 1, 8, tzinfo=UTC)
BRUSSELS = ZoneInfo("Europe/Brussels")
HEAD = Head("Customs and Business, région d’Afrique; 2026", colour="steelblue")
ENGLISH = Wording()
VIDEO = "https://video.example/j/123"
OFFICE = Person("office@parley.example", "Vice-Chair’s office")
ANNA = Person("anna@trade.example", "Anna Ruiz")


def at(day: int, hour: int, minute: int = 0, *, month: int = 10, zone: tzinfo = BRUSSELS) -> datetime:
    """A time in autumn 2026: the clocks of Brussels are turned back on 25 October."""
    return datetime(2026, month, day, hour, minute, tzinfo=zone)


def entry(name: str = "plenary", **more: Any) -> Entry:
    """A meeting on 5 October 2026, 14:00 to 15:00 in Brussels."""
    given: dict[str, Any] = {
        "uid": f"{name}@parley.example",
        "revision": 1,
        "sequence": 0,
        "changed_at": CHANGED,
        "starts": at(5, 14),
        "ends": at(5, 15),
        "title": "Plenary: recognition of trusted traders",
    }
    return Entry(**(given | more))


def series(**more: Any) -> Entry:
    """Every Monday until 14 December, without that of 2 November; that of 26 October is on the Tuesday."""
    given: dict[str, Any] = {
        "sequence": 2,
        "title": "Regional call — Asie/Pacifique 🌏",
        "rule": Rule(Frequency.WEEKLY, until=datetime(2026, 12, 14, 13, tzinfo=UTC), by={"BYDAY": ("MO",)}),
        "exdates": frozenset({at(2, 14, month=11)}),
        "overrides": (Override(instance=at(26, 14), starts=at(27, 9), ends=at(27, 10), title="Moved to Tuesday"),),
    }
    return entry("series", **(given | more))


def programme() -> list[Entry]:
    """One of every kind."""
    return [
        series(),
        entry(
            description="Ordre du jour: «Facilitation», 海关与商界伙伴关系, Таможня; semi;colon, comma\\backslash\n" * 3
            + "👩🏽‍💼 ありがとう " * 20,
            location="Room Congo, WCO HQ; Rue du Marché 30",
            link=VIDEO,
            page="https://parley.example/s/42",
            categories=("plenary", "AEO"),
            colour="Steelblue",
        ),
        entry("symposium", starts=date(2026, 10, 5), ends=date(2026, 10, 8), busy=False),
        entry("break-out", sequence=4, status=Status.CANCELLED, starts=at(6, 14), ends=at(6, 15)),
    ]


def built(*entries: Entry, wording: Wording = ENGLISH, at: datetime = CHANGED) -> Feed:
    """Their feed, with nothing kept from before."""
    return feed(HEAD, entries, wording, Fragments(), at=at)


def unfolded(data: bytes) -> list[str]:
    """The content lines."""
    return data.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def takes_place(entry: Entry) -> dict[datetime | date, tuple[When, When]]:
    """What is true of an entry: each instance's start by the rule, and when it takes place. Whole days stay days."""
    if entry.rule is None:
        return {_plain(entry.starts): (_plain(entry.starts), _plain(entry.ends))}
    found = {}
    size = length(entry.starts, entry.ends)
    for each in instances(entry, entry.rule):
        if isinstance(each, datetime) and isinstance(entry.starts, datetime) and isinstance(entry.ends, datetime):
            lasts = entry.ends.replace(tzinfo=None) - entry.starts.replace(tzinfo=None)
            found[_plain(each)] = (
                _plain(each),
                _plain((each.replace(tzinfo=None) + lasts).replace(tzinfo=each.tzinfo)),
            )
        else:
            found[_plain(each)] = (_plain(each), _plain(each + size))
    for instance in entry.exdates:
        found.pop(_plain(instance), None)
    for override in entry.overrides:
        if override.status is Status.CANCELLED:
            found.pop(_plain(override.instance), None)
        else:
            found[_plain(override.instance)] = (_plain(override.starts), _plain(override.ends))
    return found


def _plain(when: When) -> When:
    return moment(when) if isinstance(when, datetime) else when


# Any entry at all

ZONES = (
    "Europe/Brussels",
    "Asia/Tokyo",
    "America/New_York",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
)
words = st.text(max_size=200)
zones = st.sampled_from([*map(ZoneInfo, ZONES), ZoneInfo("UTC")])
lengths = st.integers(min_value=1, max_value=60 * 30).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def any_entries(draw: st.DrawFn, uid: str = "any@parley.example") -> Entry:
    """A single meeting of any text, in any zone, at any minute, those that the clocks skip or repeat included."""
    zone = draw(zones)
    if draw(st.booleans()):
        day = draw(st.dates(date(2025, 1, 1), date(2028, 1, 1)))
        starts, ends = day, day + timedelta(days=draw(st.integers(1, 5)))
    else:
        starts = draw(st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(zone)))  # noqa: DTZ001
        starts = starts.replace(microsecond=0)
        ends = (starts.astimezone(UTC) + draw(lengths)).astimezone(zone)
    return Entry(
        uid=uid,
        revision=1,
        sequence=draw(st.integers(0, 5)),
        changed_at=CHANGED,
        starts=starts,
        ends=ends,
        title=draw(words),
        description=draw(words),
        location=draw(words),
        link=draw(st.just("") | st.just(VIDEO) | words),
        categories=tuple(draw(st.lists(words, max_size=2))),
        status=draw(st.sampled_from(Status)),
        colour=draw(st.just("") | st.just("teal") | words),
    )


@st.composite
def any_series(draw: st.DrawFn, uid: str = "any@parley.example") -> Entry:
    """A weekly or monthly series at an hour that no clock skips, some of its instances cancelled, some moved."""
    zone = draw(zones)
    day = draw(st.dates(date(2026, 1, 1), date(2026, 12, 31)))
    starts = datetime(day.year, day.month, min(day.day, 28), draw(st.integers(8, 20)), tzinfo=zone)
    rule = Rule(
        draw(st.sampled_from([Frequency.WEEKLY, Frequency.MONTHLY, Frequency.DAILY])),
        interval=draw(st.integers(1, 3)),
        count=draw(st.integers(1, 12)),
    )
    whole = Entry(
        uid=uid,
        revision=1,
        sequence=0,
        changed_at=CHANGED,
        starts=starts,
        ends=starts + timedelta(minutes=draw(st.integers(15, 180))),
        title=draw(words),
        rule=rule,
    )
    made = list(instances(whole, rule))
    off = draw(st.sets(st.sampled_from(made), max_size=len(made) - 1))
    moved = draw(st.sets(st.sampled_from([each for each in made if each not in off]), max_size=3))
    overrides = []
    for each in sorted(moved, key=moment):
        later = each + timedelta(hours=draw(st.integers(-3, 3)), minutes=draw(st.sampled_from([0, 15, 30])))
        overrides.append(Override(instance=each, starts=later, ends=later + timedelta(hours=1), title=draw(words)))
    return replace(whole, exdates=frozenset(off), overrides=tuple(overrides))
