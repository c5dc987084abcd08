"""When somebody may be written to: in the working hours of where they are, and not in the quiet ones of their own."""

from __future__ import annotations

from datetime import datetime, time
from functools import lru_cache

from .deadlines import Span, WorkingWeek, after_quiet_hours
from .regions import OFFICE, members

MONDAY_TO_FRIDAY = range(5)
TURNS = 20  # days on which quiet hours and working hours may miss one another before the quiet ones alone count


def suits(at: datetime, *, zone: str, country: str, quiet: Span | None, not_before: time | None = None) -> datetime:
    """`at` itself, or the next instant that lies in their working hours and out of their quiet ones.

    Working days and public holidays are those of `country`, the hours an office's in their own `zone`; `not_before` is
    the local time before which they want nothing. Whoever keeps all working hours quiet is written to after those.
    """
    week = _week(country, zone, not_before)
    found = at
    for _day in range(TURNS):
        opens = week.next_open(found)
        found = after_quiet_hours(opens, zone, quiet)
        if found == opens:
            return found
    return after_quiet_hours(at, zone, quiet)


@lru_cache(maxsize=4096)
def _week(country: str, zone: str, not_before: time | None) -> WorkingWeek:
    member = next((each for each in members() if each.code == country), None)
    off = member.days_off if member is not None else frozenset(range(7)) - frozenset(MONDAY_TO_FRIDAY)
    hours = tuple((max(opens, not_before or opens), closes) for opens, closes in OFFICE)
    days = tuple(() if day in off else hours for day in range(7))
    holidays = member.week.country if member is not None else country
    try:
        return WorkingWeek(zone, days, country=holidays)
    except ValueError:  # a country whose holidays nobody knows
        return WorkingWeek(zone, days)
