"""The compiled search for a programme, in a thread of its own: one that breaks nothing first, then better ones.

It finds programmes where the solver finds none, and proves nothing. For the child process only. Loading it takes a
moment, and compiling it, once on a machine, some seconds: whoever has no time for that is not kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property

from scheduling.clock import monotonic
from scheduling.programme import swaps
from scheduling.programme.problem import Place, Places, Problem
from scheduling.programme.score import broken
from scheduling.programme.tables import Table, table

LOOK = 0.1  # seconds between two looks at whether it is over
GRACE = 1.0  # seconds after the end for it to come to one
HEAT = 0.4  # for a programme that breaks nothing: of what the search would take for itself
STEEP = 64.0  # in the search for better ones a broken demand is nearly a wall: there is seldom a way back


class Exchange:
    """The search on one problem. It ends soon once `is_over` says so."""

    def __init__(self, problem: Problem, *, seed: int, is_over: Callable[[], bool]) -> None:
        self._problem, self._seed, self.is_over = problem, seed, is_over

    def begin(self, seconds: float, workers: int, start: Places | None = None, heat: float = 1.0) -> Going:
        """Search for so long beside whatever else is done, from `start` if that breaks nothing."""
        return Going(lambda: self._search(seconds, workers, start, heat), self.is_over)

    @cached_property
    def _table(self) -> Table | None:
        return table(self._problem)

    def _search(self, seconds: float, workers: int, start: Places | None, heat: float) -> dict[str, Place] | None:
        ends, those = monotonic() + seconds, self._table
        if those is None:
            return None
        at = None if start is None or broken(self._problem, start) else those.numbers(start)
        if at is None:
            at = self._run(those.demands, ends, workers, those.start(), HEAT, is_enough=lambda cost: not any(cost))
        if not any(those.demands.cost(at)):
            at = self._run(those.swaps, ends, workers, at, heat)
        return those.chosen(at)

    def _run(
        self,
        problem: swaps.Problem,
        ends: float,
        workers: int,
        start: list[int],
        heat: float,
        is_enough: Callable[[swaps.Costs], bool] = lambda cost: False,
    ) -> list[int]:
        halt = threading.Event()

        def look(_done: float, cost: swaps.Costs) -> None:
            if self.is_over() or is_enough(cost):
                halt.set()

        left = max(0.0, ends - monotonic())
        return swaps.search(
            problem,
            seed=self._seed,
            seconds=left,
            workers=workers,
            start=start,
            heat=heat,
            steep=STEEP,
            stop=halt,
            report=look,
        ).places


class Going:
    """A search under way."""

    def __init__(self, search: Callable[[], dict[str, Place] | None], is_over: Callable[[], bool]) -> None:
        self._search, self._is_over = search, is_over
        self._ended = threading.Event()
        self._found: dict[str, Place] | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._go, daemon=True).start()

    def is_ended(self) -> bool:
        return self._ended.is_set()

    def found(self) -> dict[str, Place] | None:
        """What it came to: waits for its end. None where it cannot search, or where it is over before it began."""
        while not self._ended.wait(LOOK):
            if self._is_over():
                self._ended.wait(GRACE)
                break
        if self._error is not None:
            raise self._error
        return self._found

    def _go(self) -> None:
        try:
            self._found = self._search()
        except BaseException as error:  # noqa: BLE001  told to whoever asks for what it found
            self._error = error
        finally:
            self._ended.set()
