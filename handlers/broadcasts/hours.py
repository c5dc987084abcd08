"""When a broadcast may reach somebody: in their own working hours, and not in their night."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from db.broadcasts.copies import Habit
from db.people import Delivery
from scheduling.deadlines import WEEKDAYS, WorkingWeek, after_quiet_hours, next_morning
from scheduling.regions import OFFICE, members

WEEKEND = frozenset({5, 6})
TRIES = 14  # a night and a holiday can push each other on for some days, not for ever


def suits(at: datetime, habit: Habit) -> datetime:
    """The first instant from `at` on within office hours of a working day of theirs, outside their quiet hours; of
    whoever wants their news together in the morning, from the next morning on."""
    week = week_of(habit.country, habit.zone)
    if habit.delivery is Delivery.DIGEST:
        at = next_morning(at, habit.zone)
    for _try in range(TRIES):
        open_at = week.next_open(at)
        at = after_quiet_hours(open_at, habit.zone, (habit.quiet_from, habit.quiet_to))
        if at == open_at:
            break
    return at


@lru_cache(maxsize=1024)
def week_of(country: str, zone: str) -> WorkingWeek:
    """Office hours of a country's working days in somebody's zone; Monday to Friday where nothing is known of it."""
    known = next((each for each in members() if each.code == country), None)
    if known is not None:
        return replace(known.week, zone=zone)
    return WorkingWeek(zone, tuple(() if day in WEEKEND else OFFICE for day in range(len(WEEKDAYS))))
