"""What takes place, and when: Parley's own reading of a calendar's entries, series and exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import NamedTuple

from scheduling.calendar.check.clocks import Clock, Clocks
from scheduling.calendar.check.lines import Component, Line
from scheduling.calendar.check.values import duration, instant
from scheduling.calendar.rule import Rule

WALKED = 5_000  # instances of one series
MOST = 2_000  # series that are walked along: a file may hold a hundred thousand to keep us busy
AHEAD = timedelta(days=2 * 366)  # of an endless series
_ONE_DAY = timedelta(days=1)

When = datetime | date


class Occurrence(NamedTuple):
    """One thing that takes place: instants in UTC, or days of which the last is not included."""

    uid: str
    starts: When
    ends: When


@dataclass
class Series:
    """All VEVENTs of one UID."""

    uid: str
    masters: list[Component] = field(default_factory=list)
    overrides: list[Component] = field(default_factory=list)


def grouped(calendar: Component) -> list[Series]:
    found: dict[str, Series] = {}
    for event in calendar.within("VEVENT"):
        uid = event.value("UID") or f"(line {event.number})"
        series = found.setdefault(uid, Series(uid))
        (series.overrides if event.first("RECURRENCE-ID") else series.masters).append(event)
    return list(found.values())


def instances(master: Component, start: Line, clocks: Clocks) -> Iterator[When]:
    """The instances by RRULE and RDATE in UTC or as days, exceptions not counted. Raises ValueError, Unfollowable."""
    begins = instant(start.value)
    if begins is None:
        return
    name = start.parameter("TZID")
    clock = clocks.clock(name) if name is not None and isinstance(begins, datetime) else None
    for line in master.all("RRULE"):
        rule = Rule.read(line.value)
        naive = begins.replace(tzinfo=None) if isinstance(begins, datetime) else begins
        for each in _local(rule, begins, clock).instances(naive):
            yield _moment(each, begins, clock)
    if not master.all("RRULE"):
        yield _moment(begins, begins, clock)
    for line in master.all("RDATE"):
        for value in line.value.split(","):
            at = clocks.moment(line, value.partition("/")[0])
            if at is not None:
                yield at


def _local(rule: Rule, begins: When, clock: Clock | None) -> Rule:
    if not isinstance(rule.until, datetime) or rule.until.tzinfo is None:
        return rule
    if not isinstance(begins, datetime):
        return replace(rule, until=rule.until.date())
    until = clock.local(rule.until) if clock is not None else None
    return replace(rule, until=until or rule.until.replace(tzinfo=None))


def _moment(each: When, begins: When, clock: Clock | None) -> When:
    if not isinstance(each, datetime) or not isinstance(begins, datetime):
        return each
    if clock is not None:
        return clock.utc(each.replace(tzinfo=None)) or each
    return each.replace(tzinfo=begins.tzinfo)


def occurrences(calendar: Component, clocks: Clocks) -> tuple[set[Occurrence], datetime]:
    """Everything that takes place, and until when endless series were followed. Raises ValueError, Unfollowable."""
    if sum(event.first("RRULE") is not None for event in calendar.within("VEVENT")) > MOST:
        raise ValueError(f"there are more than {MOST}")
    found: set[Occurrence] = set()
    starts = [
        as_instant(at) for event in calendar.within("VEVENT") if (at := _of(event, "DTSTART", clocks)) is not None
    ]
    horizon = max(starts, default=datetime(2000, 1, 1, tzinfo=UTC)) + AHEAD
    for series in grouped(calendar):
        gone: set[When] = set()
        for each in series.overrides:
            if (at := _of(each, "RECURRENCE-ID", clocks)) is not None:
                gone.add(at)
            found |= set(_single(series.uid, each, clocks))
        for master in series.masters:
            for line in master.all("EXDATE"):
                gone |= {at for value in line.value.split(",") if (at := clocks.moment(line, value)) is not None}
            found |= set(_takes_place(series.uid, master, clocks, gone, horizon))
    return {each for each in found if as_instant(each.starts) < horizon}, horizon


def _takes_place(
    uid: str, master: Component, clocks: Clocks, gone: set[When], horizon: datetime
) -> Iterator[Occurrence]:
    start = master.first("DTSTART")
    if start is None:
        return
    own = next(iter(_single(uid, master, clocks)), None)
    if own is None:
        return
    for at in islice(instances(master, start, clocks), WALKED):
        if as_instant(at) >= horizon:
            return
        if at not in gone:
            yield Occurrence(uid, at, _end(master, at, own, clocks))


def _end(master: Component, at: When, own: Occurrence, clocks: Clocks) -> When:
    """As long as the first instance by the clock, which a night when it is turned makes longer or shorter."""
    end, start = master.first("DTEND"), master.first("DTSTART")
    name = start.parameter("TZID") if start is not None else None
    if end is None or start is None or name is None or end.parameter("TZID") != name or not isinstance(at, datetime):
        return at + (own.ends - own.starts)
    begins, ends = instant(start.value), instant(end.value)
    clock = clocks.clock(name)
    local = clock.local(at)
    if local is None or not isinstance(begins, datetime) or not isinstance(ends, datetime):
        return at + (own.ends - own.starts)
    return clock.utc(local + (ends - begins)) or at


def _single(uid: str, event: Component, clocks: Clocks) -> Iterator[Occurrence]:
    starts, ends = _of(event, "DTSTART", clocks), _of(event, "DTEND", clocks)
    if starts is None:
        return
    if ends is None:
        size = duration(event.value("DURATION"))
        ends = starts + (size if size is not None else timedelta() if isinstance(starts, datetime) else _ONE_DAY)
    if _kind(starts) != _kind(ends):  # gate B has refused it; here it must do no harm
        ends = starts
    yield Occurrence(uid, starts, ends)


def _kind(when: When) -> tuple[bool, bool]:
    return isinstance(when, datetime), isinstance(when, datetime) and when.tzinfo is not None


def _of(event: Component, name: str, clocks: Clocks) -> When | None:
    line = event.first(name)
    return clocks.moment(line) if line is not None else None


def as_instant(when: When) -> datetime:
    """For comparing: a day begins at midnight UTC, and so does a time on no clock."""
    if isinstance(when, datetime):
        return when if when.tzinfo else when.replace(tzinfo=UTC)
    return datetime.combine(when, time(), UTC)
