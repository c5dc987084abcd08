"""Working time: when a desk is open, when its answer is due, and when a person may be reminded.

Pure functions of instants (aware datetimes; results are in UTC). A local time means the first instant at
which the clocks of the zone show it or a later one. So an hour that spring leaves out is empty, an hour that
autumn repeats is worked twice, and opening hours never overlap, whatever the clocks do.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

import holidays

Span = tuple[time, time]  # opens, closes; closing at 00:00 is midnight at the end of the day

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_DAYS = range(len(WEEKDAYS))
MIDNIGHT, MORNING = time(), time(8)
ONE_DAY = timedelta(days=1)
HORIZON = timedelta(days=3 * 366)  # a deadline further away is a mistake in the week or in the allowance
YEARS = range(1900, 2200)  # room on both sides for the calendar arithmetic

_JSON_KEYS = ("zone", "days", "country", "subdivision", "extra_closures")


class Closed(StrEnum):
    """Why a desk does not open on a day."""

    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    CLOSURE = "closure"


class DayOff(NamedTuple):
    """A day on which a desk does not open; `name` is that of the public holiday, else empty."""

    day: date
    why: Closed
    name: str = ""


@dataclass(frozen=True)
class WorkingWeek:
    """When a desk works.

    `days` holds the opening hours of each weekday, Monday first, in whole minutes of the `zone` (an IANA
    name); a weekday without any is weekend. Public holidays are those the `holidays` library knows for
    `country` (ISO 3166-1) and `subdivision`; a desk without a country works through them. Islamic dates are
    computed there: an announced change goes into `extra_closures`. Raises ValueError for a week in which
    nobody could work.
    """

    zone: str
    days: tuple[tuple[Span, ...], ...]
    country: str | None = None
    subdivision: str | None = None
    extra_closures: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError) as error:  # zoneinfo opens a file by that name
            raise ValueError(f"no such time zone: {self.zone!r}") from error
        if len(self.days) != len(WEEKDAYS):
            raise ValueError("a week has seven days")
        for spans in self.days:
            _check_spans(spans)
        if not any(self.days):
            raise ValueError("a week without working time")
        if self.country is not None:
            _entity(self.country, self.subdivision)
        elif self.subdivision is not None:
            raise ValueError("a subdivision needs its country")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote. Raises ValueError for anything else.

        {"zone": "Africa/Cairo", "days": {"sun": ["08:30-12:00", "13:00-24:00"]}, "country": "EG",
        "subdivision": null, "extra_closures": ["2026-12-31"]}; only the first two are required.
        """
        try:
            unknown = {*data, *data["days"]} - {*_JSON_KEYS, *WEEKDAYS}
            if unknown:
                raise ValueError(f"not part of a working week: {', '.join(sorted(unknown))}")
            return cls(
                zone=data["zone"],
                days=tuple(tuple(_read_span(span) for span in data["days"].get(day, ())) for day in WEEKDAYS),
                country=data.get("country"),
                subdivision=data.get("subdivision"),
                extra_closures=tuple(date.fromisoformat(day) for day in data.get("extra_closures", ())),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a working week: {error}") from error

    def to_json(self) -> dict[str, Any]:
        """The week as JSON values, as `from_json` shows them."""
        return {
            "zone": self.zone,
            "days": {
                name: [_write_span(span) for span in spans]
                for name, spans in zip(WEEKDAYS, self.days, strict=True)
                if spans
            },
            "country": self.country,
            "subdivision": self.subdivision,
            "extra_closures": [day.isoformat() for day in self.extra_closures],
        }

    def day_off(self, day: date, language: str = "en") -> DayOff | None:
        """Why the desk does not open on this day, or None where it does.

        A holiday is named in `language`, else in English, else as the `holidays` library has it.
        """
        if not self.days[day.weekday()]:
            return DayOff(day, Closed.WEEKEND)
        if day in self.extra_closures:
            return DayOff(day, Closed.CLOSURE)
        if self.country is not None:
            name = _public_holidays(self.country, self.subdivision, day.year, language).get(day)
            if name is not None:
                return DayOff(day, Closed.HOLIDAY, name)
        return None

    def is_open(self, at: datetime) -> bool:
        """Whether the desk works at this instant; at the instant of closing it no longer does."""
        at = _utc(at)
        return any(self._openings(at, at + timedelta.resolution))

    def next_open(self, at: datetime) -> datetime:
        """`at` itself if the desk is open then, else its next opening. Raises ValueError beyond `HORIZON`."""
        return self.add(at, timedelta())

    def add(self, at: datetime, working: timedelta) -> datetime:
        """The first instant by which this much working time has passed since `at`.

        The moment of closing counts as the end of that day, not the start of the next. No time at all leads
        to the next opening. Raises ValueError for a negative time, or beyond `HORIZON`.
        """
        if working < timedelta():
            raise ValueError("working time runs forward only")
        at = _utc(at)
        for opens, closes in self._openings(at, at + HORIZON):
            if working <= closes - opens:
                return opens + working
            working -= closes - opens
        raise ValueError(f"not enough working time within {HORIZON.days} days")

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two instants; none if the end is before the start."""
        openings = self._openings(_utc(start), _utc(end))
        return sum((closes - opens for opens, closes in openings), timedelta())

    def working_days_between(self, start: datetime, end: datetime) -> int:
        """Days of opening after that of `start`, up to and with that of `end`: Friday to Monday is one."""
        return sum(self.day_off(day) is None for day in islice(self._days(start, end), 1, None))

    def after_days(self, at: datetime, days: int) -> datetime:
        """When so many working days after that of `at` are over: the beginning of the next one, at midnight.

        What ends before that instant has taken at most `days`, as `working_days_between` counts them. Raises ValueError
        beyond `HORIZON`.
        """
        zone = ZoneInfo(self.zone)
        left = days + 1
        for day in islice(self._days(at, _utc(at) + HORIZON), 1, None):
            left -= self.day_off(day) is None
            if left == 0:
                return _first_instant(zone, day, MIDNIGHT)
        raise ValueError(f"not enough working days within {HORIZON.days} days")

    def _days(self, start: datetime, end: datetime) -> Iterator[date]:
        """The dates of the desk's calendar from one instant to the other, both included."""
        zone = ZoneInfo(self.zone)
        first, last = (_utc(at).astimezone(zone).date() for at in (start, end))
        return (first + ONE_DAY * number for number in range((last - first).days + 1))

    def _openings(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """When the desk opens and closes between two instants, in order, cut to them, none of them empty."""
        zone = ZoneInfo(self.zone)
        # One day more: where clocks go back over midnight, tomorrow begins before today was last shown.
        for day in self._days(since, until + ONE_DAY):
            if self.day_off(day) is not None:
                continue
            for opens, closes in self.days[day.weekday()]:
                first = max(since, _first_instant(zone, day, opens))
                last = min(until, _first_instant(zone, day + ONE_DAY if closes == MIDNIGHT else day, closes))
                if first < last:
                    yield first, last


class Pause(NamedTuple):
    """A stretch in which the desk waits for somebody else; `until` is None while it still does."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class AnswerClock:
    """The time a desk has to answer: `allowance` of its working time from `started`, not counting its pauses.

    Pauses may overlap, as when two questions wait for the trader at once. A case that moves to a desk with
    another week keeps its clock by starting a new one there with what `remaining` tells.
    """

    week: WorkingWeek
    started: datetime
    allowance: timedelta
    pauses: tuple[Pause, ...] = ()

    def due(self) -> datetime | None:
        """When the allowance is used up; None while the clock stands still with some of it left.

        A question asked after that instant does not move it.
        """
        left = self.allowance
        if left <= timedelta():  # a case handed over late
            return self.started
        for since, until in self._running():
            worked = left if until is None else self.week.elapsed(since, until)
            if worked >= left:
                return self.week.add(since, left)
            left -= worked
        return None

    def remaining(self, at: datetime) -> timedelta:
        """Working time left at an instant; negative by as much as the answer is late."""
        left = self.allowance
        for since, until in self._running():
            left -= self.week.elapsed(since, at if until is None else min(at, until))
        return left

    def _running(self) -> Iterator[tuple[datetime, datetime | None]]:
        """The stretches outside every pause; the last has no end unless the clock stands still."""
        since = self.started
        for pause in sorted(self.pauses, key=lambda pause: pause.since):
            if pause.since > since:
                yield since, pause.since
            if pause.until is None:
                return
            since = max(since, pause.until)
        yield since, None


def explain(week: WorkingWeek, start: datetime, due: datetime, language: str = "en") -> list[DayOff]:
    """The days from `start` to `due` on which the desk does not open, for a screen to say "Friday off"."""
    reasons = (week.day_off(day, language) for day in week._days(start, due))
    return [reason for reason in reasons if reason is not None]


def after_quiet_hours(at: datetime, zone: str, quiet: Span | None, days: Collection[int] = ALL_DAYS) -> datetime:
    """`at` itself if this person may be reminded then, else the next instant when that is so.

    `quiet` is the local time from and to which nobody disturbs them, over midnight where it ends before it
    begins; equal ends mean no quiet hours. `days` are the weekdays, Monday 0, on which a reminder may come.
    """
    hours = _waking_hours(quiet)
    return WorkingWeek(zone, tuple(hours if day in days else () for day in ALL_DAYS)).next_open(at)


def next_morning(at: datetime, zone: str) -> datetime:
    """The first eight o'clock after `at` there, when those hear who want their news together."""
    local = at.astimezone(ZoneInfo(zone))
    morning = local.replace(hour=MORNING.hour, minute=MORNING.minute, second=0, microsecond=0)
    return morning if morning > local else morning + timedelta(days=1)


def _waking_hours(quiet: Span | None) -> tuple[Span, ...]:
    if quiet is None or quiet[0] == quiet[1]:
        return ((MIDNIGHT, MIDNIGHT),)
    begins, ends = quiet
    if begins > ends:
        return ((ends, begins),)
    return ((MIDNIGHT, begins), (ends, MIDNIGHT)) if begins > MIDNIGHT else ((ends, MIDNIGHT),)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    if at.year not in YEARS:
        raise ValueError(f"not a date for a deadline: the year {at.year}")
    return at.astimezone(UTC)


def _first_instant(zone: ZoneInfo, day: date, at: time) -> datetime:
    """The first instant at which clocks in `zone` show this local time or a later one."""
    wall = datetime.combine(day, at)

    def shown(instant: datetime) -> datetime:
        return instant.astimezone(zone).replace(tzinfo=None)

    late = wall.replace(tzinfo=zone).astimezone(UTC)
    if shown(late) == wall:
        return late
    # The local time was left out. Read with the offset after the change it lies before the change, and the
    # other way round (PEP 495); clocks change on whole seconds.
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    gap = range(int((late - early).total_seconds()) + 1)
    skipped = bisect_left(gap, True, key=lambda seconds: shown(early + timedelta(seconds=seconds)) >= wall)
    return early + timedelta(seconds=skipped)


def _check_spans(spans: tuple[Span, ...]) -> None:
    for opens, closes in spans:
        if any(at.tzinfo or at.second or at.microsecond for at in (opens, closes)):
            raise ValueError("opening hours are local times in whole minutes")
        if closes != MIDNIGHT and closes <= opens:
            raise ValueError(f"opening hours end before they begin: {_write_span((opens, closes))}")
    for (_, closes), (opens, _) in pairwise(spans):
        if closes == MIDNIGHT or closes > opens:
            raise ValueError("opening hours of a day overlap or are out of order")


def _read_span(text: str) -> Span:
    opens, _, closes = text.partition("-")
    return time.fromisoformat(opens), MIDNIGHT if closes == "24:00" else time.fromisoformat(closes)


def _write_span(span: Span) -> str:
    opens, closes = span
    return f"{opens:%H:%M}-24:00" if closes == MIDNIGHT else f"{opens:%H:%M}-{closes:%H:%M}"


def _entity(country: str, subdivision: str | None) -> holidays.HolidayBase:
    """The library's entry for a country, without dates. Raises ValueError for one it does not know."""
    try:
        return holidays.country_holidays(country, subdiv=subdivision, expand=False)
    except NotImplementedError as error:
        raise ValueError(str(error)) from error


@lru_cache(maxsize=1024)
def _public_holidays(country: str, subdivision: str | None, year: int, language: str) -> Mapping[date, str]:
    """The public holidays of one year, with their names.

    A year at a time, never changed afterwards: the library's own objects fill up while they are read, which
    several threads may not share. The language is always given: left out, the library takes the machine's.
    """
    known = _entity(country, subdivision)
    wanted = [
        name
        for tongue in (language, "en_US", "en")
        for name in known.supported_languages
        if name == tongue or name.startswith(f"{tongue}_")
    ]
    return dict(
        holidays.country_holidays(
            country,
            subdiv=subdivision,
            years=year,
            expand=False,
            language=wanted[0] if wanted else known.default_language,
        )
    )
