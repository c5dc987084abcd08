"""Symposia with hardly a place to spare: 120 sessions in 124 places, beside the solver alone on the same question.

Generated: there is a programme that keeps every demand, the one each was made from. Scored by the tests' own checker.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from scheduling import solving
from scheduling.programme import model
from tests.scheduling.programme.checker import Checker
from tests.scheduling.programme.symposia import dense

from .figure import Figure, below

SEEDS = (1, 2)
SECONDS, WORKERS = 20.0, 2
LATE = 5.0  # seconds more for the child to begin and to tell


def figures() -> Iterator[Figure]:
    """`programme_dense.*`; a minute and a half."""
    for seed in SEEDS:
        data = dense(seed)
        asked: dict[str, Any] = {"problem": data, "seconds": SECONDS, "seed": seed, "workers": WORKERS}
        began = time.perf_counter()
        both = Checker(data, solving.solve("programme", asked)["places"])
        took = time.perf_counter() - began
        alone = Checker(data, _alone(asked)["places"])
        broken, least = len(both.broken()), len(alone.broken())
        goal = f"every demand kept; the solver alone breaks {least} demands"
        yield Figure(
            f"programme_dense.{seed}.broken", broken, "demands", least, _ratio(broken, least), goal, not broken
        )
        points, others = (sum(each.score().values()) for each in (both, alone))
        goal = "fewer than the solver alone"
        yield Figure(
            f"programme_dense.{seed}.points", points, "points", others, _ratio(points, others), goal, points < others
        )
        yield below(f"programme_dense.{seed}.seconds", took, "s", SECONDS + LATE)


def _alone(asked: dict[str, Any]) -> dict[str, Any]:
    """The answer without the compiled search: as where there are never sessions enough for it."""
    many, model.MANY = model.MANY, len(asked["problem"]["sessions"])
    try:
        return model.solve(asked, lambda done, doing: None)
    finally:
        model.MANY = many


def _ratio(value: int, against: int) -> float | None:
    return round(value / against, 3) if against else None
