"""Several ways to one answer in one time budget: each goes on from the best so far, and the best of all is kept.

For the child process only. A way may fail, and it may be cut short at any moment: by its time, or by a `stop` from
outside. What had been offered until then stands.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil, inf
from typing import TYPE_CHECKING, Generic, TypeVar

from ortools.sat.python import cp_model

from scheduling.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Iterator

Report = Callable[[float, str], None]  # how much is done, of 1, and what is being done
Solution = TypeVar("Solution")

_LEAST = 0.05  # seconds: less is not worth beginning anything
_SMALL = 1e-6  # what a bound is off a whole number
_TICK = 0.25  # seconds between two looks at the time, for progress


@dataclass
class Best(Generic[Solution]):
    """The best solution offered, by its value, the less the better; and the highest bound known."""

    value: int | None = None
    solution: Solution | None = None
    bound: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def offer(self, value: int, solution: Solution) -> bool:
        """Keep it if it is better; whether it was."""
        with self._lock:
            if self.value is not None and value >= self.value:
                return False
            self.value, self.solution = value, solution
            return True

    def at_least(self, bound: int) -> None:
        """Nothing is below that, says somebody who has proved it."""
        with self._lock:
            self.bound = bound if self.bound is None else max(bound, self.bound)

    @property
    def is_optimal(self) -> bool:
        return self.value is not None and self.bound is not None and self.bound >= self.value


@dataclass(frozen=True)
class Turn(Generic[Solution]):
    """What a way has to go by: until when, with how many threads, and what is known so far."""

    ends: float  # by the process's monotonic clock
    workers: int
    seed: int
    stop: threading.Event
    best: Best[Solution]

    @property
    def seconds(self) -> float:
        """What is left; 0 where it was told to stop."""
        return 0.0 if self.stop.is_set() else max(0.0, self.ends - monotonic())

    def search(self, model: cp_model.CpModel, *, subsolvers: Sequence[str] = (), soon: bool = False) -> Searched | None:
        """The best that the time gives for a model; None where there is no time. Ends at once when told to stop.

        `soon`: without what helps a proof, so that something is found sooner where that is hard.
        """
        if self.seconds < _LEAST:
            return None
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = self.workers
        solver.parameters.random_seed = self.seed
        solver.parameters.max_time_in_seconds = self.seconds
        if soon:
            solver.parameters.linearization_level = 0
            solver.parameters.symmetry_level = 0
            solver.parameters.cp_model_probing_level = 0
        if self.workers > 1:
            solver.parameters.subsolvers.extend(subsolvers)
        else:
            solver.parameters.interleave_search = True  # several ways by turns: one alone may find nothing for long
        with _stopping(solver, self.stop):
            status = solver.solve(model)
        found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
        return Searched(
            list(solver.response_proto.solution) if found else None,
            round(solver.objective_value) if found else None,
            _bound(solver, status),
            status == cp_model.INFEASIBLE,
        )


@dataclass(frozen=True)
class Searched:
    """What a search gave: the value of each variable, None if none; the least there can be, None if there is none."""

    values: Sequence[int] | None
    value: int | None
    bound: int | None
    is_infeasible: bool


@dataclass(frozen=True)
class Way(Generic[Solution]):
    """One way, and its word for what it does. It has a part of the time that is left in its turn, at `most` so long."""

    doing: str
    part: float
    go: Callable[[Turn[Solution]], None]
    most: float = inf


def run(
    ways: Sequence[Way[Solution]],
    seconds: float,
    workers: int,
    seed: int,
    report: Report,
    stop: threading.Event,
) -> Best[Solution]:
    """Give each way its turn, until one has proved the best, the time is up or `stop` is set."""
    best: Best[Solution] = Best()
    began = monotonic()
    ends = began + seconds
    for way in ways:
        now = monotonic()
        if best.is_optimal or stop.is_set() or ends - now < _LEAST:
            break
        turn = Turn(now + min((ends - now) * way.part, way.most), workers, seed, stop, best)
        with _telling(report, way.doing, began, seconds):
            way.go(turn)
    report(1.0, "done")
    return best


@contextmanager
def _stopping(solver: cp_model.CpSolver, stop: threading.Event) -> Iterator[None]:
    """Stop a solver when `stop` is set; it is deaf until it has begun, so it is told until it ends."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            if stop.wait(_TICK):
                solver.stop_search()
                ended.wait(_TICK)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


@contextmanager
def _telling(report: Report, doing: str, began: float, seconds: float) -> Iterator[None]:
    """Report progress while something else holds the thread."""
    ended = threading.Event()

    def tell() -> None:
        while not ended.is_set():
            report(min(0.99, (monotonic() - began) / seconds), doing)
            ended.wait(max(1.0, seconds / 60))

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def _bound(solver: cp_model.CpSolver, status: cp_model.CpSolverStatus) -> int | None:
    if status == cp_model.INFEASIBLE:
        return None
    return ceil(solver.best_objective_bound - _SMALL)
