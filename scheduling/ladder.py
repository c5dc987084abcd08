"""When people are reminded of an action that falls due: each in their own morning, on a day they work.

Before and on the day the owners hear; a while after it those who oversee the plan. A reminder before the day that would
fall on a day off comes on the last working day before it, so that there is still time; one after it on the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.core import get_global

from . import regions
from .deadlines import ALL_DAYS, ONE_DAY, DayOff, WorkingWeek

# The digest goes out at eight: what is due in the morning is in it.
MORNING, NOON = time(7, 30), time(12, 0)
WEEKEND = (5, 6)
LOOK = 60  # days searched for a working day; no country rests so long
LATE = timedelta(hours=6)  # after its instant a reminder says that it is late


class Rung(StrEnum):
    """The steps of the ladder, in order; `days` from the due day."""

    AHEAD = "ahead"
    SOON = "soon"
    TODAY = "today"
    COORDINATOR = "coordinator"
    VICE_CHAIR = "vice_chair"

    @property
    def days(self) -> int:
        return DAYS[self]


DAYS = {Rung.AHEAD: -14, Rung.SOON: -3, Rung.TODAY: 0, Rung.COORDINATOR: 7, Rung.VICE_CHAIR: 21}
OWNERS = (Rung.AHEAD, Rung.SOON, Rung.TODAY)


@lru_cache(maxsize=256)
def mornings_of(zone: str, country: str) -> WorkingWeek:
    """The mornings of somebody's working week.

    Their country is that of their zone, else `country`; its weekend and public holidays are those of its Customs, as
    `scheduling.regions` has them, Saturday and Sunday without holidays where that knows nothing.
    """
    code = get_global("zone_territories").get(zone) or country
    member = next((each for each in regions.members() if each.code == code), None)
    off = member.days_off if member is not None else frozenset(WEEKEND)
    known = member.week.country if member is not None else None
    return WorkingWeek(zone, tuple(() if day in off else ((MORNING, NOON),) for day in ALL_DAYS), country=known)


def owner_rungs(week: WorkingWeek, due_day: date) -> Mapping[Rung, datetime]:
    """When an owner is reminded, in order. Where days off push two of them into one morning, the later one counts."""
    found: dict[Rung, datetime] = {}
    for rung in OWNERS:
        at = morning(week, last_working_day(week, due_day + timedelta(days=rung.days)))
        found = {other: instant for other, instant in found.items() if instant < at}
        found[rung] = at
    return found


def office_rung(week: WorkingWeek, due_day: date, rung: Rung) -> datetime:
    """When somebody who oversees the plan hears that it is overdue."""
    return morning(week, next_working_day(week, due_day + timedelta(days=rung.days)))


def begins(due_day: date, rung: Rung) -> datetime:
    """The instant at which that day begins anywhere: nobody's morning of it is earlier."""
    return datetime.combine(due_day + timedelta(days=rung.days), time(), UTC) - timedelta(hours=14)


def morning(week: WorkingWeek, day: date) -> datetime:
    """The first instant of that day's morning; the next working day's where clocks leave it out."""
    return week.next_open(datetime.combine(day, time(), ZoneInfo(week.zone)))


def next_morning(week: WorkingWeek, at: datetime, working_days: int = 1) -> datetime:
    """The morning so many working days after the day of `at`."""
    day = at.astimezone(ZoneInfo(week.zone)).date()
    for _number in range(working_days):
        day = next_working_day(week, day + ONE_DAY)
    return morning(week, day)


def day_off(week: WorkingWeek, at: datetime) -> DayOff | None:
    """Why that day is no working day there, else None."""
    return week.day_off(at.astimezone(ZoneInfo(week.zone)).date())


def last_working_day(week: WorkingWeek, day: date) -> date:
    """That day, or the last working day before it."""
    return next(each for each in _from(day, -ONE_DAY) if week.day_off(each) is None)


def next_working_day(week: WorkingWeek, day: date) -> date:
    """That day, or the first working day after it."""
    return next(each for each in _from(day, ONE_DAY) if week.day_off(each) is None)


def ends(zone: str, day: date) -> datetime:
    """The instant at which that day is over there."""
    whole = WorkingWeek(zone, (((time(), time()),),) * len(ALL_DAYS))
    return whole.next_open(datetime.combine(day + ONE_DAY, time(), ZoneInfo(zone)))


def _from(day: date, step: timedelta) -> Iterator[date]:
    return (day + step * number for number in range(LOOK))
