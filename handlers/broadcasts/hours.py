"""When a broadcast may reach somebody: in their own working hours, and not in their night."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from db.people import Delivery
from scheduling.deadlines import WEEKDAYS, WorkingWeek, after_quiet_hours
from scheduling.regions import OFFICE, members

DIGEST_AT = time(8, 0)
WEEKEND = frozenset({5, 6})
TRIES = 14  # a night and a holiday can push each other on for some days, not for ever


@dataclass(frozen=True)
class Rhythm:
    """What decides when somebody may be told: shared by many."""

    zone: str
    quiet_from: time | None
    quiet_to: time | None
    delivery: Delivery
    country: str


def suits(at: datetime, rhythm: Rhythm) -> datetime:
    """The first instant from `at` on within office hours of a working day of theirs, outside their quiet hours; of
    whoever wants their news together in the morning, from the next morning on."""
    week = week_of(rhythm.country, rhythm.zone)
    if rhythm.delivery is Delivery.DIGEST:
        local = at.astimezone(ZoneInfo(rhythm.zone))
        morning = local.replace(hour=DIGEST_AT.hour, minute=DIGEST_AT.minute, second=0, microsecond=0)
        at = morning if morning > local else morning + timedelta(days=1)
    quiet = (rhythm.quiet_from, rhythm.quiet_to) if rhythm.quiet_from and rhythm.quiet_to else None
    for _try in range(TRIES):
        open_at = week.next_open(at)
        at = after_quiet_hours(open_at, rhythm.zone, quiet)
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
