"""Recurrence rules (RRULE): reading them strictly, writing them, and walking along the instances they make.

The walk is Parley's own because it must end on anybody's input: a rule that never happens, such as every 30th of
February, is given up after a number of periods instead of being searched for until the year 9999.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import product

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# What a BY… part may hold: the largest number, and whether it may count from the end.
_NUMBERS: Mapping[str, tuple[int, bool]] = {
    "BYSECOND": (60, False),
    "BYMINUTE": (59, False),
    "BYHOUR": (23, False),
    "BYMONTHDAY": (31, True),
    "BYYEARDAY": (366, True),
    "BYWEEKNO": (53, True),
    "BYMONTH": (12, False),
    "BYSETPOS": (366, True),
}
_FROM_ZERO = frozenset({"BYSECOND", "BYMINUTE", "BYHOUR"})
_BYDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?")


class Frequency(StrEnum):
    """FREQ, from the longest period to the shortest."""

    YEARLY = "YEARLY"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"
    HOURLY = "HOURLY"
    MINUTELY = "MINUTELY"
    SECONDLY = "SECONDLY"


_BY_TIME = frozenset({Frequency.HOURLY, Frequency.MINUTELY, Frequency.SECONDLY})


class Unfollowable(ValueError):
    """A rule that is right, and yet none whose instances this module works out."""


@dataclass(frozen=True)
class Rule:
    """An RRULE. Raises ValueError with the reason in words.

    `until` is the last instant or day, included: UTC where aware. `by` holds the BY… parts as RFC 5545 writes them,
    such as {"BYDAY": ("MO", "-1FR")}.
    """

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: datetime | date | None = None
    by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    week_starts: str = "MO"

    def __post_init__(self) -> None:
        if self.interval < 1:
            raise ValueError("INTERVAL must be 1 or more")
        if self.count is not None and self.count < 1:
            raise ValueError("COUNT must be 1 or more")
        if self.count is not None and self.until is not None:
            raise ValueError("COUNT and UNTIL may not stand together")
        if self.week_starts not in WEEKDAYS:
            raise ValueError(f"WKST names no weekday: {self.week_starts}")
        for name, values in self.by.items():
            _check_part(self.frequency, name, values)
        if "BYSETPOS" in self.by and len(self.by) == 1:
            raise ValueError("BYSETPOS needs another BY… part to choose from")

    def __hash__(self) -> int:
        return hash(self.text)

    @classmethod
    def read(cls, text: str) -> Rule:
        """The rule that an RRULE's value writes. Raises ValueError."""
        parts: dict[str, str] = {}
        for part in text.split(";"):
            name, equals, value = part.upper().partition("=")
            if not equals or not value:
                raise ValueError(f"{part or 'an empty part'!r} is not NAME=VALUE")
            if name in parts:
                raise ValueError(f"{name} stands twice")
            parts[name] = value
        try:
            frequency = Frequency(parts.pop("FREQ"))
        except KeyError:
            raise ValueError("FREQ is missing") from None
        except ValueError:
            raise ValueError("FREQ is none of " + ", ".join(Frequency)) from None
        return cls(
            frequency,
            interval=_number(parts, "INTERVAL") or 1,
            count=_number(parts, "COUNT"),
            until=_until(parts.pop("UNTIL", None)),
            week_starts=parts.pop("WKST", "MO"),
            by={name: tuple(value.split(",")) for name, value in parts.items()},
        )

    @property
    def text(self) -> str:
        """The RRULE's value, always in the same order."""
        parts = [f"FREQ={self.frequency}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={_written(self.until)}")
        parts += [f"{name}={','.join(self.by[name])}" for name in sorted(self.by)]
        if self.week_starts != "MO":
            parts.append(f"WKST={self.week_starts}")
        return ";".join(parts)

    def instances(self, starts: datetime | date) -> Iterator[datetime | date]:
        """The starts of the instances in order, endless where the rule is; naive local times, or dates, as `starts` is.

        A `starts` that the rule does not make is not among them. UNTIL is compared as it stands: local times with a
        local UNTIL. Raises Unfollowable.
        """
        if self.frequency in _BY_TIME:
            raise Unfollowable(f"FREQ={self.frequency}")
        if "BYWEEKNO" in self.by:
            raise Unfollowable("BYWEEKNO")
        for made, each in enumerate(self._walk(starts), 1):
            if self.until is not None and _comparable(each) > _comparable(self.until):
                return
            yield each
            if made == self.count:
                return

    def _walk(self, starts: datetime | date) -> Iterator[datetime | date]:
        first = starts.date() if isinstance(starts, datetime) else starts
        times = self._times(starts)
        barren = 0
        for days in _PERIODS[self.frequency](self, first):
            barren += 1
            found: list[datetime | date] = (
                [datetime.combine(day, at) for day, at in product(days, times)]
                if isinstance(starts, datetime)
                else list(days)
            )
            for each in self._chosen(found):
                if each >= starts:
                    barren = 0
                    yield each
            if barren > _BARREN[self.frequency]:
                return

    def _times(self, starts: datetime | date) -> list[time]:
        if not isinstance(starts, datetime):
            return []
        own = {"BYHOUR": starts.hour, "BYMINUTE": starts.minute, "BYSECOND": starts.second}
        hours, minutes, seconds = (
            sorted(map(int, self.by[name])) if name in self.by else [value] for name, value in own.items()
        )
        return [time(*each) for each in product(hours, minutes, [min(second, 59) for second in seconds])]

    def _chosen(self, found: list[datetime | date]) -> list[datetime | date]:
        if "BYSETPOS" not in self.by:
            return found
        size = len(found)
        places = {place - 1 if place > 0 else size + place for place in map(int, self.by["BYSETPOS"])}
        return [each for place, each in enumerate(found) if place in places]

    def _numbers(self, name: str) -> frozenset[int] | None:
        return frozenset(map(int, self.by[name])) if name in self.by else None

    def _days(self) -> list[tuple[int, int]] | None:
        """BYDAY as (ordinal or 0, weekday)."""
        if "BYDAY" not in self.by:
            return None
        return [(int(each[:-2] or 0), WEEKDAYS.index(each[-2:])) for each in self.by["BYDAY"]]


def _check_part(frequency: Frequency, name: str, values: tuple[str, ...]) -> None:
    if name == "BYDAY":
        for value in values:
            found = _BYDAY.fullmatch(value)
            if found is None or (found[1] and int(found[1]) == 0):
                raise ValueError(f"BYDAY names no weekday: {value}")
            if found[1] and frequency not in {Frequency.MONTHLY, Frequency.YEARLY}:
                raise ValueError(f"BYDAY={value} counts weekdays, which only FREQ=MONTHLY and YEARLY can")
        return
    if name not in _NUMBERS:
        raise ValueError(f"there is no part {name}")
    largest, from_the_end = _NUMBERS[name]
    least = 0 if name in _FROM_ZERO else 1
    for value in values:
        if not re.fullmatch(r"[+-]?[0-9]{1,3}" if from_the_end else r"[0-9]{1,3}", value):
            raise ValueError(f"{name}={value} is no number it can have")
        if not least <= abs(int(value)) <= largest:
            raise ValueError(f"{name}={value} is out of range")
    if name == "BYMONTHDAY" and frequency is Frequency.WEEKLY:
        raise ValueError("BYMONTHDAY may not stand with FREQ=WEEKLY")
    if name == "BYYEARDAY" and frequency in {Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY}:
        raise ValueError(f"BYYEARDAY may not stand with FREQ={frequency}")
    if name == "BYWEEKNO" and frequency is not Frequency.YEARLY:
        raise ValueError("BYWEEKNO may stand only with FREQ=YEARLY")


def _number(parts: dict[str, str], name: str) -> int | None:
    value = parts.pop(name, None)
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", value) or int(value) == 0:
        raise ValueError(f"{name} must be a whole number from 1 on")
    return int(value)


def _until(value: str | None) -> datetime | date | None:
    if value is None:
        return None
    if not _UNTIL.fullmatch(value):
        raise ValueError(f"UNTIL={value} is neither a day nor a time")
    if "T" not in value:
        return datetime.strptime(value, "%Y%m%d").date()  # noqa: DTZ007  a day has no zone
    at = datetime.strptime(value[:15], "%Y%m%dT%H%M%S")  # noqa: DTZ007  its zone, if any, is the Z
    return at.replace(tzinfo=UTC) if value.endswith("Z") else at


def _written(until: datetime | date) -> str:
    if not isinstance(until, datetime):
        return f"{until:%Y%m%d}"
    return f"{until.astimezone(UTC):%Y%m%dT%H%M%SZ}" if until.tzinfo else f"{until:%Y%m%dT%H%M%S}"


def _comparable(when: datetime | date) -> datetime:
    """A day counts as its last instant, so that UNTIL=20261214 includes that day's instance."""
    if isinstance(when, datetime):
        return when.replace(tzinfo=None)
    return datetime.combine(when, time.max)


def _yearly(rule: Rule, first: date) -> Iterator[list[date]]:
    for year in range(first.year, MAXYEAR, rule.interval):
        yield list(_in_year(rule, first, year))


def _in_year(rule: Rule, first: date, year: int) -> Iterator[date]:
    months, month_days, year_days = rule._numbers("BYMONTH"), rule._numbers("BYMONTHDAY"), rule._numbers("BYYEARDAY")
    weekdays = rule._days()
    size, before = (366 if calendar.isleap(year) else 365), date(year, 1, 1).toordinal() - 1
    if month_days is None and year_days is None and weekdays is None:
        for month in sorted(months or {first.month}):
            if first.day <= calendar.monthrange(year, month)[1]:
                yield date(year, month, first.day)
        return
    for month in sorted(months or range(1, 13)):
        last = calendar.monthrange(year, month)[1]
        for number in range(1, last + 1):
            day = date(year, month, number)
            of_year = day.toordinal() - before
            if month_days is not None and not month_days & {number, number - last - 1}:
                continue
            if year_days is not None and not year_days & {of_year, of_year - size - 1}:
                continue
            if weekdays is not None:
                place, places = (number, last) if months is not None else (of_year, size)
                if not _falls(day, weekdays, place, places):
                    continue
            yield day


def _monthly(rule: Rule, first: date) -> Iterator[list[date]]:
    months, month_days, weekdays = rule._numbers("BYMONTH"), rule._numbers("BYMONTHDAY"), rule._days()
    index = first.year * 12 + first.month - 1
    while (year := index // 12) < MAXYEAR:
        month = index % 12 + 1
        index += rule.interval
        last = calendar.monthrange(year, month)[1]
        if months is not None and month not in months:
            yield []
        elif month_days is None and weekdays is None:
            yield [date(year, month, first.day)] if first.day <= last else []
        else:
            yield [
                date(year, month, number)
                for number in range(1, last + 1)
                if (month_days is None or month_days & {number, number - last - 1})
                and (weekdays is None or _falls(date(year, month, number), weekdays, number, last))
            ]


def _weekly(rule: Rule, first: date) -> Iterator[list[date]]:
    months = rule._numbers("BYMONTH")
    begins = WEEKDAYS.index(rule.week_starts)
    wanted = {weekday for _, weekday in rule._days() or [(0, first.weekday())]}
    week = first.toordinal() - (first.weekday() - begins) % 7
    while week + 7 <= date.max.toordinal():
        days = (date.fromordinal(each) for each in range(max(week, 1), week + 7))
        yield [day for day in days if day.weekday() in wanted and (months is None or day.month in months)]
        week += 7 * rule.interval


def _daily(rule: Rule, first: date) -> Iterator[list[date]]:
    months, month_days, weekdays = rule._numbers("BYMONTH"), rule._numbers("BYMONTHDAY"), rule._days()
    day = first
    while True:
        last = calendar.monthrange(day.year, day.month)[1]
        fits = (
            (months is None or day.month in months)
            and (month_days is None or bool(month_days & {day.day, day.day - last - 1}))
            and (weekdays is None or day.weekday() in {weekday for _, weekday in weekdays})
        )
        yield [day] if fits else []
        if (date.max - day).days < rule.interval:
            return
        day += timedelta(days=rule.interval)


def _falls(day: date, weekdays: list[tuple[int, int]], place: int, places: int) -> bool:
    """Whether a day is one of `weekdays`, counted within a period in which it is day `place` of `places`."""
    weekday, nth, nth_last = day.weekday(), (place - 1) // 7 + 1, -((places - place) // 7 + 1)
    return any(weekday == wanted and ordinal in {0, nth, nth_last} for ordinal, wanted in weekdays)


# Periods in a row without an instance, after which a rule is held to make no more: the long ones are quickly looked at.
_BARREN: Mapping[Frequency, int] = {
    Frequency.YEARLY: 60,
    Frequency.MONTHLY: 60 * 12,
    Frequency.WEEKLY: 12 * 53,
    Frequency.DAILY: 12 * 366,
}
_PERIODS: Mapping[Frequency, Callable[[Rule, date], Iterator[list[date]]]] = {
    Frequency.YEARLY: _yearly,
    Frequency.MONTHLY: _monthly,
    Frequency.WEEKLY: _weekly,
    Frequency.DAILY: _daily,
}
