"""VTIMEZONE: what a zone's clock does, told to calendars that do not know the zone by name.

A zone's file ends with a POSIX TZ rule for all years to come. Written as two yearly RRULEs from 1970 on, that is the
form which every client reads. Where the rule is not the whole truth of the years a feed is about (Morocco moves its
clocks around Ramadan; a country changed its mind last year), every single change of the clock is written out instead,
each as an observance of its own: exact as well, and without the RDATE lists that some clients refuse.
"""

from __future__ import annotations

import re
import zoneinfo
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scheduling.calendar.rule import WEEKDAYS

ONE_DAY = timedelta(days=1)
EPOCH = 1970  # where the rules begin; clients accept no year that is much earlier
_POSIX = re.compile(
    r"(?P<std><[^>]+>|[A-Za-z]+)(?P<std_offset>[-+:0-9]+)"
    r"(?:(?P<dst><[^>]+>|[A-Za-z]+)(?P<dst_offset>[-+:0-9]+)?,(?P<begins>[^,]+),(?P<ends>[^,]+))?"
)
_MONTHLY = re.compile(r"M(?P<month>\d+)\.(?P<week>[1-5])\.(?P<day>[0-6])(?:/(?P<time>[-+:0-9]+))?")


class Change(NamedTuple):
    """The clock is turned: the instant in UTC, and the offsets from UTC before and after."""

    at: datetime
    before: timedelta
    after: timedelta


@dataclass(frozen=True)
class Observance:
    """One STANDARD or DAYLIGHT block. `begins` is the local time shown when the clock is turned."""

    begins: datetime
    before: timedelta
    after: timedelta
    name: str
    rule: str = ""

    def lines(self) -> list[str]:
        kind = "DAYLIGHT" if self.after > self.before else "STANDARD"
        return [
            f"BEGIN:{kind}",
            f"DTSTART:{self.begins:%Y%m%dT%H%M%S}",
            *([f"RRULE:{self.rule}"] if self.rule else []),
            f"TZOFFSETFROM:{offset_text(self.before)}",
            f"TZOFFSETTO:{offset_text(self.after)}",
            f"TZNAME:{self.name}",
            f"END:{kind}",
        ]


@lru_cache(maxsize=1024)
def vtimezone(zone: str, first: int, last: int) -> bytes:
    """The VTIMEZONE of an IANA zone, right at every instant of the years `first` to `last` and of their neighbours."""
    observances = observances_of(zone, first, last)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}", f"X-LIC-LOCATION:{zone}"]
    lines += [line for each in observances for line in each.lines()]
    return "".join(f"{line}\r\n" for line in [*lines, "END:VTIMEZONE"]).encode()


def observances_of(zone: str, first: int, last: int) -> list[Observance]:
    """By rule where that is the whole truth from the year before `first` to the year after `last`, else one by one."""
    first, last = max(first, EPOCH + 1), min(last, 9990)
    rule = posix_rule(zone)
    if rule is not None and _holds(rule, zone, first - 1, last + 1):
        return _by_rule(rule)
    return _one_by_one(zone, first - 1, last + 1)


def changes(zone: ZoneInfo, first: int, last: int) -> Iterator[Change]:
    """Every change of the zone's clock from the beginning of `first` to the end of `last`, years in UTC."""
    at, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    before = at.astimezone(zone).utcoffset() or timedelta()
    while at < end:
        after_a_day = (at + ONE_DAY).astimezone(zone).utcoffset() or timedelta()
        if after_a_day != before:
            turned = _first_instant(zone, at, at + ONE_DAY, before)
            yield Change(turned, before, after_a_day)
            before = after_a_day
        at += ONE_DAY


def _first_instant(zone: ZoneInfo, low: datetime, high: datetime, before: timedelta) -> datetime:
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


# The POSIX rule at the end of the zone's file


@dataclass(frozen=True)
class Yearly:
    """What POSIX writes as M3.5.0/2: month, week (5 is the last), weekday (0 is Sunday), and the seconds after that
    day's midnight, which may lie on another day.
    """

    month: int
    week: int
    day: int
    seconds: int

    @property
    def shift(self) -> int:
        """Days between the weekday named and the day on which the clock is turned."""
        return self.seconds // 86_400

    def local(self, year: int) -> datetime:
        """When the clock is turned, on the clock before it is."""
        first = date(year, self.month, 1)
        ahead = (self.day - (first.weekday() + 1)) % 7 + 7 * (self.week - 1)
        if ahead >= monthrange(year, self.month)[1]:
            ahead -= 7
        return datetime(year, self.month, 1) + timedelta(days=ahead, seconds=self.seconds)  # noqa: DTZ001  a local time


@dataclass(frozen=True)
class Posix:
    """The rule for the years to come: standard time alone, or both and when each begins."""

    standard: timedelta
    standard_name: str
    daylight: timedelta | None = None
    daylight_name: str = ""
    begins: Yearly | None = None
    ends: Yearly | None = None


@lru_cache(maxsize=1024)
def posix_rule(zone: str) -> Posix | None:
    """The rule at the end of the zone's file; None where there is none, or none that yearly rules can write."""
    footer = _file(zone).rsplit(b"\n", 2)[-2].decode("ascii")
    found = _POSIX.fullmatch(footer)
    if found is None:
        return None
    standard = -_seconds(found["std_offset"])
    if found["dst"] is None:
        return Posix(timedelta(seconds=standard), found["std"].strip("<>"))
    daylight = -_seconds(found["dst_offset"]) if found["dst_offset"] else standard + 3600
    begins, ends = _MONTHLY.fullmatch(found["begins"]), _MONTHLY.fullmatch(found["ends"])
    if begins is None or ends is None:
        return None
    return Posix(
        timedelta(seconds=standard),
        found["std"].strip("<>"),
        timedelta(seconds=daylight),
        found["dst"].strip("<>"),
        _yearly(begins),
        _yearly(ends),
    )


def _file(zone: str) -> bytes:
    """The file that zoneinfo reads for the zone."""
    ZoneInfo(zone)  # raises for a name that is none, a path out of the folder included
    for folder in zoneinfo.TZPATH:
        path = Path(folder, zone)
        if path.is_file():
            return path.read_bytes()
    return resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()


def _yearly(found: re.Match[str]) -> Yearly:
    month, week, day = (int(found[name]) for name in ("month", "week", "day"))
    return Yearly(month, week, day, _seconds(found["time"] or "2"))


def _seconds(text: str) -> int:
    hours, minutes, seconds = ([abs(int(part)) for part in text.split(":")] + [0, 0])[:3]
    return (hours * 3600 + minutes * 60 + seconds) * (-1 if text.startswith("-") else 1)


def _holds(rule: Posix, zone: str, first: int, last: int) -> bool:
    return list(changes(ZoneInfo(zone), first, last)) == _changes_by(rule, first, last) and (
        datetime(first, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset() == _offset_at_start(rule, first)
    )


def _changes_by(rule: Posix, first: int, last: int) -> list[Change]:
    if rule.daylight is None or rule.begins is None or rule.ends is None:
        return []
    found = []
    for year in range(first - 1, last + 2):
        found += [
            Change((rule.begins.local(year) - rule.standard).replace(tzinfo=UTC), rule.standard, rule.daylight),
            Change((rule.ends.local(year) - rule.daylight).replace(tzinfo=UTC), rule.daylight, rule.standard),
        ]
    return sorted(each for each in found if first <= each.at.year <= last)


def _offset_at_start(rule: Posix, year: int) -> timedelta:
    later = _changes_by(rule, year, year)
    return later[0].before if later else rule.standard


# Writing


def _by_rule(rule: Posix) -> list[Observance]:
    if rule.daylight is None or rule.begins is None or rule.ends is None:
        start = datetime(EPOCH, 1, 1)  # noqa: DTZ001  a local time
        return [Observance(start, rule.standard, rule.standard, rule.standard_name)]
    return [
        *_observances(rule.begins, rule.standard, rule.daylight, rule.daylight_name),
        *_observances(rule.ends, rule.daylight, rule.standard, rule.standard_name),
    ]


def _observances(yearly: Yearly, before: timedelta, after: timedelta, name: str) -> Iterator[Observance]:
    for rule, months in _rules(yearly):
        turned = (yearly.local(year) for year in range(EPOCH, EPOCH + 30))
        yield Observance(next(each for each in turned if each.month in months), before, after, name, rule)


def _rules(yearly: Yearly) -> Iterator[tuple[str, frozenset[int]]]:
    """The RRULEs that make the day, and the months each is for: two where the day may fall in either of two months."""
    weekday = WEEKDAYS[(yearly.day - 1 + yearly.shift) % 7]
    if yearly.shift == 0:
        week = "-1" if yearly.week == 5 else str(yearly.week)
        yield f"FREQ=YEARLY;BYMONTH={yearly.month};BYDAY={week}{weekday}", frozenset({yearly.month})
        return
    size = monthrange(EPOCH, yearly.month)[1]
    first = size - 6 if yearly.week == 5 else 7 * (yearly.week - 1) + 1
    days = [date(EPOCH, yearly.month, 1) + timedelta(days=first - 1 + each + yearly.shift) for each in range(7)]
    for month in sorted({day.month for day in days}):
        numbers = ",".join(str(day.day) for day in days if day.month == month)
        yield f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={numbers};BYDAY={weekday}", frozenset({month})


def _one_by_one(zone: str, first: int, last: int) -> list[Observance]:
    clock = ZoneInfo(zone)
    start = datetime(first, 1, 1, tzinfo=UTC)
    before = start.astimezone(clock)
    offset = before.utcoffset() or timedelta()
    begins = datetime(EPOCH, 1, 1)  # noqa: DTZ001  a local time
    found = [Observance(begins, offset, offset, before.tzname() or zone)]
    for change in changes(clock, first, last):
        name = change.at.astimezone(clock).tzname() or zone
        local = (change.at + change.before).replace(tzinfo=None)
        found.append(Observance(local, change.before, change.after, name))
    return found


def offset_text(offset: timedelta) -> str:
    """UTC-OFFSET: +hhmm, and seconds only where there are any."""
    seconds = round(offset.total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}{minutes:02}" + (f"{left:02}" if left else "")
