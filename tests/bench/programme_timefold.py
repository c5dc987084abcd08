"""Conferences in Timefold's format: what a minute of two workers comes to, scored by the tests' own checker.

The goals are the issue's. `against` is what Timefold's own solver (1.24, Java, tabu search) came to in a minute on the
same kind of machine, scored by its own constraints; where that is not known, the goal.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from scheduling import solving
from scheduling.programme import timefold
from tests.scheduling.programme.timefold_checker import check

from .figure import Figure

FILES = Path("../shared/data/timefold-conference")
SECONDS, WORKERS = 60, 2
GOALS = {  # the goal, and what Timefold's own solver comes to
    "18talks-6timeslots-5rooms": (-34_245, -34_245),
    "36talks-12timeslots-5rooms": (-213_500, -215_955),
    "72talks-12timeslots-10rooms": (-770_000, -780_345),
}


def figures() -> Iterator[Figure]:
    """`programme.timefold.NAME.MEASURE` for each file there is; three minutes for the three that are known."""
    files = sorted(FILES.glob("*.xlsx"))
    if not files:
        yield Figure("programme.timefold", 0, "", None, None, f"to be measured: no files at {FILES}", met=False)
    for path in files:
        yield from _solved(path)


def _solved(path: Path) -> Iterator[Figure]:
    name = f"programme.timefold.{path.stem.split('-')[0]}"
    conference = timefold.read(path).to_json()
    began = time.perf_counter()
    answer = solving.solve("timefold", {"conference": conference, "seconds": SECONDS, "seed": 1, "workers": WORKERS})
    took = round(time.perf_counter() - began, 1)
    hard, medium, soft = check(path, answer["places"])[1]
    goal, peer = GOALS.get(path.stem, (None, None))
    yield Figure(f"{name}.hard", hard, "points", None, None, "no hard constraint broken", hard == 0)
    yield Figure(f"{name}.medium", medium, "points", None, None, "nothing published moved", medium == 0)
    yield Figure(
        f"{name}.soft",
        soft,
        "points",
        peer,
        round(soft / peer, 4) if peer else None,
        "none known" if goal is None else f"{goal} or more{', proved the best' if answer['optimal'] else ''}",
        goal is None or soft >= goal,
    )
    limit = SECONDS + 5
    yield Figure(f"{name}.seconds", took, "s", float(limit), round(took / limit, 3), f"at most {limit}", took <= limit)
