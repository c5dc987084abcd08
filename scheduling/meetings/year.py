"""A year of meetings: what is asked, what a plan of it costs everybody, and the plain plans to hold one against.

The exact plan is `exact.py`'s, which runs in a child process. Everything here is quick and needs no solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from scheduling.deadlines import WorkingWeek
from scheduling.meetings.burden import Attendee, burden
from scheduling.meetings.ledger import Points, gini
from scheduling.meetings.slots import STARTS

MEETINGS = 60
SECONDS = 60.0


@dataclass(frozen=True)
class Year:
    """What is asked: meetings, each on one of its candidate days (the preferred first), at a half hour of `clock`.

    `slots` is the most distinct times of day the plan may use, told on the clock of the zone `clock`; people remember
    two or three times, not twelve. `carried` is the ledger, by key. `seconds` bounds the solver's work; what it has
    by then is marked as unproven. Raises ValueError for what no plan could be made of.
    """

    attendees: tuple[Attendee, ...]
    meetings: tuple[tuple[date, ...], ...]
    minutes: int = 60
    slots: int = 2
    clock: str = "UTC"
    carried: Points = field(default_factory=dict)
    seconds: float = SECONDS

    def __post_init__(self) -> None:
        if not self.attendees or len({each.key for each in self.attendees}) < len(self.attendees):
            raise ValueError("a plan needs attendees, each with a key of their own")
        if not 0 < len(self.meetings) <= MEETINGS or not all(self.meetings):
            raise ValueError(f"a plan is of 1 to {MEETINGS} meetings, each with a day it may be on")
        if not 0 < self.minutes <= 24 * 60 or self.slots < 1 or self.seconds <= 0:
            raise ValueError("a meeting takes up to a day, and a plan needs a slot and a moment to be made")
        try:
            ZoneInfo(self.clock)
        except (KeyError, ValueError, OSError) as error:  # zoneinfo opens a file by that name
            raise ValueError(f"no such time zone: {self.clock!r}") from error

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote. Raises ValueError for anything else."""
        try:
            return cls(
                attendees=tuple(
                    Attendee(each["key"], WorkingWeek.from_json(each["week"]), each["keeps_ramadan"])
                    for each in data["attendees"]
                ),
                meetings=tuple(tuple(map(date.fromisoformat, days)) for days in data["meetings"]),
                **{name: data[name] for name in ("minutes", "slots", "clock", "carried", "seconds")},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a year to plan: {error}") from error

    def to_json(self) -> dict[str, Any]:
        """The question as JSON values, for the child process."""
        return {
            "attendees": [
                {"key": each.key, "week": each.week.to_json(), "keeps_ramadan": each.keeps_ramadan}
                for each in self.attendees
            ],
            "meetings": [[day.isoformat() for day in days] for days in self.meetings],
            "minutes": self.minutes,
            "slots": self.slots,
            "clock": self.clock,
            "carried": dict(self.carried),
            "seconds": self.seconds,
        }

    def start(self, day: date, at: time) -> datetime:
        """That time of day on the plan's clock, in UTC."""
        return datetime.combine(day, at, ZoneInfo(self.clock)).astimezone(UTC)


@dataclass(frozen=True)
class Plan:
    """A start for each meeting, in UTC, and what it costs: this year's `points` and `nights` by key."""

    starts: tuple[datetime, ...]
    points: Points
    nights: Points
    carried: Points
    clock: str = "UTC"

    @property
    def most(self) -> int:
        """The most that anybody has borne by the end of the year, what they carried into it included."""
        return max(value + self.carried.get(key, 0) for key, value in self.points.items())

    @property
    def total(self) -> int:
        """All points of this year."""
        return sum(self.points.values())

    @property
    def night_seats(self) -> int:
        """How many attendances lie in somebody's night."""
        return sum(self.nights.values())

    @property
    def unburdened(self) -> int:
        """How many have no point at all this year."""
        return sum(not value for value in self.points.values())

    @property
    def gini(self) -> float:
        """How unequally this year's points lie: to be published, not to be pursued."""
        return gini(tuple(self.points.values()))

    @property
    def times(self) -> tuple[time, ...]:
        """The distinct times of day, on the plan's clock."""
        zone = ZoneInfo(self.clock)
        return tuple(sorted({start.astimezone(zone).time() for start in self.starts}))

    @property
    def rank(self) -> tuple[int, int, int]:
        """What makes one plan better than another: least most, then least total, then fewest nights."""
        return self.most, self.total, self.night_seats

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads what `to_json` wrote."""
        starts = tuple(map(datetime.fromisoformat, data["starts"]))
        return cls(starts, data["points"], data["nights"], data["carried"], data["clock"])

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON values; what follows from the rest is there for its readers."""
        return {
            "starts": [start.isoformat() for start in self.starts],
            "clock": self.clock,
            "times": [f"{at:%H:%M}" for at in self.times],
            "most": self.most,
            "total": self.total,
            "night_seats": self.night_seats,
            "unburdened": self.unburdened,
            "gini": round(self.gini, 3),
            "points": dict(self.points),
            "nights": dict(self.nights),
            "carried": dict(self.carried),
        }


def cost(year: Year, starts: Iterable[datetime]) -> Plan:
    """What these starts cost everybody."""
    starts = tuple(starts)
    points, nights = {}, {}
    for each in year.attendees:
        burdens = [burden(each, start, year.minutes) for start in starts]
        points[each.key] = sum(one.points for one in burdens)
        nights[each.key] = sum(one.is_night for one in burdens)
    carried = {each.key: year.carried.get(each.key, 0) for each in year.attendees}
    return Plan(starts, points, nights, carried, year.clock)


def fixed(year: Year, at: time, zone: str | None = None) -> Plan:
    """Every meeting at one time of day, on the clock of `zone` or else of the plan: what most do."""
    place = ZoneInfo(zone or year.clock)
    return cost(year, (datetime.combine(days[0], at, place).astimezone(UTC) for days in year.meetings))


def best_fixed(year: Year) -> Plan:
    """The best of the 48 fixed times: with one slot and a day for each meeting, that is the exact plan."""
    return min((fixed(year, at) for at in STARTS), key=lambda plan: (plan.rank, plan.starts))


def rotation(year: Year, first: time, step: timedelta) -> Plan:
    """Every meeting a `step` later in the day than the last: the usual remedy, which plans are measured against."""
    day = datetime.combine(date.min, first)
    return cost(year, (year.start(days[0], (day + step * number).time()) for number, days in enumerate(year.meetings)))


def monthly(
    year: int, week: int, weekdays: Sequence[int], months: Iterable[int] = range(1, 13)
) -> tuple[tuple[date, ...], ...]:
    """Candidate days for a meeting in each of these months: the `week`-th of each of these weekdays, Monday 0.

    Given Tuesday, Wednesday and Thursday, they are those of one week where they can be: a Wednesday the first and a
    Tuesday the seventh are of different weeks, and the days are counted from the first weekday named.
    """
    return tuple(_days(date(year, month, 1), week, weekdays) for month in months)


def _days(first: date, week: int, weekdays: Sequence[int]) -> tuple[date, ...]:
    lead = first + timedelta(days=(weekdays[0] - first.weekday()) % 7 + 7 * (week - 1))
    return tuple(lead + timedelta(days=(weekday - lead.weekday() + 3) % 7 - 3) for weekday in weekdays)
