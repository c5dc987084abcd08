"""A year of meetings, planned exactly, against what people do: one time of day for all, Brussels' afternoon, rotation.

An hour on the second Wednesday of each month of 2027, holidays and Ramadan counted, the same days for every plan: only
the time of day differs. Two slots within a region, three around the world.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import time as at
from datetime import timedelta
from typing import Any

from scheduling import regions, solving
from scheduling.meetings import Year, best_fixed, fixed, monthly, rotation
from scheduling.meetings.exact import Planner
from tests.scheduling.groups import ASIA_PACIFIC, WEDNESDAY, WORLD, wednesdays

from .figure import Figure

SECONDS = 120.0
ROTATIONS = {"rotation_8h": timedelta(hours=8), "rotation_4h": timedelta(hours=4)}


def figures() -> Iterator[Figure]:
    """`meetings.GROUP.MEASURE.AGAINST` by name; two to four minutes, most of it for the whole organization."""
    yield from _known("asia_pacific_30", wednesdays(ASIA_PACIFIC, 2), most=16, total=78)
    yield from _known("world_30", wednesdays(WORLD, 3), most=40, total=None)
    yield _how_long()
    for region in regions.REGIONS:
        yield from _against(region, _year([region], slots=2))
    yield from _against("WCO", _year(regions.REGIONS, slots=3))


def _year(chosen: Any, slots: int) -> Year:
    members = regions.attendees(regions.of(chosen))
    return Year(members, monthly(2027, 2, [WEDNESDAY]), slots=slots, seconds=SECONDS)


def _known(group: str, year: Year, most: int, total: int | None) -> Iterator[Figure]:
    """Groups whose optimum is known, by clocks and weeks alone as it was published."""
    plan = Planner(year).fairest().plan
    yield _entry(f"meetings.{group}.most", plan.most, "points", most, f"at most {most}", plan.most <= most)
    if total is not None:
        yield _entry(f"meetings.{group}.total", plan.total, "points", total, f"at most {total}", plan.total <= total)


def _how_long() -> Figure:
    """The choices of the thirty, by a child process from its start to its answer."""
    began = time.perf_counter()
    solving.solve("meetings", wednesdays(ASIA_PACIFIC, 2).to_json())
    took = round(time.perf_counter() - began, 2)
    return _entry("meetings.asia_pacific_30.seconds", took, "s", 30.0, "at most 30", took <= 30)


def _against(group: str, year: Year) -> Iterator[Figure]:
    """The least most there is against another plan's; and the least total with nobody above that plan's most."""
    planner = Planner(year)
    best = planner.fairest()
    plain = {
        "one_time": best_fixed(year),
        "brussels_14h": fixed(year, at(14), "Europe/Brussels"),
        **{name: rotation(year, at(12), step) for name, step in ROTATIONS.items()},
    }
    for other, plan in plain.items():
        as_even = planner.cheapest(plan.most)
        for measure, found in {"most": best, "total": as_even}.items():
            value, against = getattr(found.plan, measure), getattr(plan, measure)
            goal = f"not above; {'proved least' if found.is_proven else 'the best in the time given'}"
            yield _entry(f"meetings.{group}.{measure}.{other}", value, "points", against, goal, value <= against)


def _entry(name: str, value: float, unit: str, against: float, goal: str, met: bool) -> Figure:
    return Figure(name, value, unit, against, round(value / against, 3) if against else None, goal, met)
