"""What one attendance costs the person who attends: points by their own clock and calendar.

Each half hour of a meeting is read on the attendee's wall clock, and the worst one counts:

    09–17 nothing · 08–09 and 17–18 one · 07–08 and 18–20 two · 06–07 and 20–22 four · 22–06 eight

Added to that, once each:

- eight points, if the meeting touches a day on which they do not work, be it their weekend, a public holiday or a
  closure of their own: it is the day off that is lost, whatever it is called;
- two points, if part of it lies between 15:00 and 21:00 on a day of Ramadan and they keep its hours: offices close
  early then, and the fast is broken within that time.

The dates of Ramadan and of most Islamic holidays are computed years ahead and may move by a day with the moon's
sighting. The library marks its estimates in a holiday's name; all of Ramadan is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scheduling.deadlines import Closed, DayOff, WorkingWeek

HALF_HOUR = timedelta(minutes=30)
DAY_OFF = 8
RAMADAN = 2
RAMADAN_HOURS = range(15, 21)
NIGHT = 8


class Why(StrEnum):
    """What makes an attendance a burden."""

    EARLY = "early"
    LATE = "late"
    NIGHT = "night"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    CLOSURE = "closure"
    RAMADAN = "ramadan"


# By the hour on the wall clock, midnight first.
_HOURS: tuple[tuple[int, Why], ...] = (
    *[(NIGHT, Why.NIGHT)] * 6,
    (4, Why.EARLY),
    (2, Why.EARLY),
    (1, Why.EARLY),
    *[(0, Why.EARLY)] * 8,
    (1, Why.LATE),
    *[(2, Why.LATE)] * 2,
    *[(4, Why.LATE)] * 2,
    *[(NIGHT, Why.NIGHT)] * 2,
)
_DAYS = {Closed.WEEKEND: Why.WEEKEND, Closed.HOLIDAY: Why.HOLIDAY, Closed.CLOSURE: Why.CLOSURE}


@dataclass(frozen=True)
class Attendee:
    """One who has to be there: a member, a business representative, a person.

    `key` is whatever the caller calls them, unique within a meeting. `week` gives the zone, the working days and the
    public holidays; its opening hours are not read, because the points above are the same for everybody.
    """

    key: str
    week: WorkingWeek
    keeps_ramadan: bool = False


class Reason(NamedTuple):
    """A part of a burden. `name` is the holiday's, else empty."""

    why: Why
    points: int
    name: str = ""


class Burden(NamedTuple):
    """What an attendance costs, and why; `begins` is its start on the attendee's own clock."""

    begins: datetime
    reasons: tuple[Reason, ...]

    @property
    def points(self) -> int:
        return sum(reason.points for reason in self.reasons)

    @property
    def is_night(self) -> bool:
        return any(reason.why is Why.NIGHT for reason in self.reasons)


class _Local(NamedTuple):
    """A meeting on the wall clocks of one zone."""

    begins: datetime
    hour: tuple[int, Why]  # the worst one
    days: tuple[date, ...]
    late_days: tuple[date, ...]  # those with a part within RAMADAN_HOURS


def burden(attendee: Attendee, start: datetime, minutes: int) -> Burden:
    """What it costs `attendee` to sit through so many minutes. Raises ValueError for an instant without a zone."""
    local = _local(attendee.week.zone, start, minutes)
    reasons = []
    points, why = local.hour
    if points:
        reasons.append(Reason(why, points))
    off = first_day_off(attendee.week, local.days)
    if off is not None:
        reasons.append(Reason(_DAYS[off.why], DAY_OFF, off.name))
    if attendee.keeps_ramadan and any(is_ramadan(day) for day in local.late_days):
        reasons.append(Reason(Why.RAMADAN, RAMADAN))
    return Burden(local.begins, tuple(reasons))


def first_day_off(week: WorkingWeek, days: tuple[date, ...]) -> DayOff | None:
    """The first of these days on which nobody of that week works."""
    return next((off for day in days if (off := week.day_off(day)) is not None), None)


@lru_cache(maxsize=16)
def ramadan(year: int) -> tuple[tuple[date, date], ...]:
    """The first and last days of each Ramadan that begins in this year, computed: in 2030 there are two."""
    # The library knows more calendars than it documents: its version is pinned, and a test knows some of these dates.
    # Imported here because few processes ask for it, and it is large.
    from holidays.calendars import _IslamicLunar  # type: ignore[attr-defined]  # noqa: PLC0415

    lunar = _IslamicLunar()
    feasts = sorted(day for each in (year, year + 1) for day, _ in lunar.eid_al_fitr_dates(each))
    first_days = sorted(day for day, _ in lunar.ramadan_beginning_dates(year) if day.year == year)
    return tuple((first, next(day for day in feasts if day > first) - timedelta(days=1)) for first in first_days)


@lru_cache(maxsize=4096)
def is_ramadan(day: date) -> bool:
    """Whether this day is one of fasting, as computed; announced dates may differ by one."""
    return any(first <= day <= last for year in (day.year - 1, day.year) for first, last in ramadan(year))


def _local(zone: str, start: datetime, minutes: int) -> _Local:
    if start.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    if minutes <= 0:
        raise ValueError("a meeting takes some time")
    seen = list(_samples(start.astimezone(UTC), timedelta(minutes=minutes), ZoneInfo(zone)))
    return _Local(
        begins=seen[0],
        hour=max((_HOURS[each.hour] for each in seen), key=lambda hour: hour[0]),
        days=tuple(dict.fromkeys(each.date() for each in seen)),
        late_days=tuple(dict.fromkeys(each.date() for each in seen if each.hour in RAMADAN_HOURS)),
    )


def _samples(start: datetime, length: timedelta, zone: ZoneInfo) -> Iterator[datetime]:
    """Wall-clock readings that miss no hour of the table: every half hour, and the last instant."""
    at = start
    while at < start + length:
        yield at.astimezone(zone)
        at += HALF_HOUR
    yield (start + length - timedelta.resolution).astimezone(zone)
