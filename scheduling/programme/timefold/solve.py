"""The child's entry for a conference: the swap search first, then the exact model where it has a chance to prove.

For the child process only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scheduling.clock import monotonic
from scheduling.programme import swaps
from scheduling.programme.timefold import exact
from scheduling.programme.timefold.problem import LEVELS, Conference, Place, Weight
from scheduling.programme.timefold.score import score
from scheduling.programme.timefold.table import table

Report = Callable[[float, str], None]  # how much is done, of 1, and what is being done

SECONDS, WORKERS = 60.0, 2
FIRST = 0.1  # of the time, what the swap search has before anything else begins,
ENOUGH = 0.1  # and seconds for each talk that are enough
TELL = 0.25  # seconds between two words of progress
PROVABLE = 24  # talks; with more the exact model has no chance to prove anything in minutes


def solve(question: dict[str, Any], report: Report, stop: threading.Event | None = None) -> dict[str, Any]:
    """The best programme found in the time: JSON in, JSON out.

    `places` is a timeslot and a room for each talk, by its code; `score` the points of each constraint; `levels` the
    points on each level, and `total` those on the soft one; `met` whether every hard constraint is. `bound` is the
    total that no programme exceeds which does as well on the other levels, or None; `optimal` says that nothing better
    exists, `impossible` that no programme meets every hard constraint: False where that is not known.
    """
    conference = Conference.from_json(question["conference"])
    seconds = float(question.get("seconds", SECONDS))
    seed, workers = int(question.get("seed", 1)), int(question.get("workers", WORKERS))
    return _Work(conference, seconds, seed, workers, report, stop or threading.Event()).answer()


class _Work:
    """The best programme so far, and what is known of it."""

    def __init__(
        self, conference: Conference, seconds: float, seed: int, workers: int, report: Report, stop: threading.Event
    ) -> None:
        self._conference, self._seed, self._workers = conference, seed, workers
        self._seconds, self._began = seconds, monotonic()
        self._report, self._stop, self._told = report, stop, 0.0
        report(0.0, "preparing")
        self._table = table(conference)
        self._best = self._table.chosen(self._table.problem.start())
        self._total = self._score(self._best)
        self._bound: Weight | None = None
        self._is_proven = self._is_impossible = False

    def answer(self) -> dict[str, Any]:
        self._swap(min(FIRST * self._seconds, ENOUGH * len(self._conference.talks)))
        if self._total.hard < 0:
            self._exact(self._left / 3)
        if self._total.hard == 0 and len(self._conference.talks) <= PROVABLE:
            self._exact(self._left)
        if not self._is_proven:
            self._swap(self._left)
        self._report(1.0, "done")
        return self._in_full()

    def _score(self, places: Sequence[Place]) -> Weight:
        cost = self._table.problem.cost(self._table.numbers(places))
        return Weight(*(-each for each in cost))

    @property
    def _left(self) -> float:
        return 0.0 if self._stop.is_set() else max(0.0, self._began + self._seconds - monotonic())

    def _swap(self, seconds: float) -> None:
        if seconds <= 0:
            return
        found = swaps.search(
            self._table.problem,
            seed=self._seed,
            seconds=seconds,
            workers=self._workers,
            start=self._table.numbers(self._best),
            stop=self._stop,
            report=lambda _done, cost: self._tell("swapping", [-each for each in cost]),
        )
        self._better(self._table.chosen(found.places))

    def _exact(self, seconds: float) -> None:
        if seconds <= 0:
            return
        had_faults = self._total.hard < 0
        try:
            answer = exact.improve(
                self._conference,
                self._best,
                seconds=seconds,
                workers=self._workers,
                seed=self._seed,
                stop=self._stop,
                report=lambda bound: self._tell("proving", bound),
            )
        except exact.Inexact:
            return
        if answer.places is not None:
            self._better(answer.places)
        if had_faults:
            self._is_impossible = answer.is_proven
        else:
            self._bound, self._is_proven = answer.bound, answer.is_proven

    def _better(self, places: list[Place]) -> None:
        if self._score(places) > self._total:
            self._best, self._total = places, self._score(places)

    def _tell(self, doing: str, reached: Sequence[int]) -> None:
        """Say how far it is, a few times a second at most: `swapping 0/-1/-34245`, or `proving` and the bound."""
        past = monotonic() - self._began
        if past - self._told >= TELL:
            self._told = past
            self._report(min(1.0, past / max(self._seconds, 1e-9)), f"{doing} {'/'.join(map(str, reached))}")

    def _in_full(self) -> dict[str, Any]:
        conference = self._conference
        result = score(conference, self._best)
        bound = self._bound
        is_comparable = bound is not None and bound[:2] == result.total[:2]
        return {
            "places": {
                talk.code: {"slot": conference.slots[place.slot].name, "room": conference.rooms[place.room].name}
                for talk, place in zip(conference.talks, self._best, strict=True)
            },
            "score": _by_level(result.parts),
            "levels": dict(zip(LEVELS, result.total, strict=True)),
            "total": result.total.soft,
            "met": result.total.hard >= 0,
            "bound": bound.soft if bound is not None and is_comparable else None,
            "optimal": self._is_proven,
            "impossible": self._is_impossible,
        }


def _by_level(parts: Mapping[str, Weight]) -> dict[str, int]:
    """Points by constraint; one that weighs on several levels has an entry for each, with the level's name."""
    told: dict[str, int] = {}
    for name, weight in sorted(parts.items()):
        levels = {level: each for level, each in zip(LEVELS, weight, strict=True) if each}
        told |= {name if len(levels) == 1 else f"{name} ({level})": each for level, each in levels.items()}
    return told
