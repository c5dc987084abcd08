"""The best programme, the one that changes least, or why there is none: the entry of the child process.

The way there, each step with its share of the time and none after a proof: first when (rooms only counted), then where,
so that the solver of the whole begins with a programme and a hint on every variable; the whole; and from the best of it
a search. Where there are many sessions the compiled search goes on beside the solver from the first moment: what it has
found after half of the time is what the solver goes on from, if it is better than the solver's own. The better one is
kept.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from ortools.sat.python import cp_model

from scheduling.clock import monotonic
from scheduling.programme.changes import Change, changes, published_from_json
from scheduling.programme.conflicts import Conflict, conflict, fewest_broken
from scheduling.programme.exact import Exact
from scheduling.programme.exchange import Exchange
from scheduling.programme.objective import minimise_score
from scheduling.programme.problem import Places, Problem, places_from_json, places_to_json
from scheduling.programme.score import broken, score
from scheduling.programme.search import anyhow, improve, rank
from scheduling.watching import watched

SECONDS, WORKERS = 60.0, 2
GRACE = 3.0  # seconds after the end for putting every session somewhere, where nothing better was found
WHEN, WHERE, WHOLE = 0.15, 0.1, 0.9  # of the time that is left, what each step may take
A_START = 15.0  # seconds at most for each of the first two
WHY = 0.7  # of the time that is left, what the smallest conflict may take where there is no programme
MANY = 24  # sessions: with fewer the solver is done, or nearly, before the compiled search is loaded
BESIDE = 0.5  # of the time, what that search has before the solver goes on from what it found
COOL = 0.3  # how hot it is when it goes on from the solver's best
TOGETHER = 0.7  # of the time that is left then, what the solver has with all workers
LEAST_CHANGE = 0.6  # of the time, what finding the least change may take
THEN = 1.5  # seconds at most for the best score at that change: whoever makes a change waits for it

Report = Callable[[float, str], None]
_FOUND = (cp_model.OPTIMAL, cp_model.FEASIBLE)


@dataclass(frozen=True)
class Answer:
    """A place for each session, the best found; `bound` is what no programme without a broken demand can be below.

    `optimal`: none is better. `is_possible`: false where it is proved that every programme breaks something, and
    `conflict` then says why, if there was time to find out. `changes`, where a published programme was given: what
    changed, and `least`, whether it is proved that less would not do.
    """

    problem: Problem
    places: Places
    bound: int | None = None
    optimal: bool = False
    is_possible: bool = True
    conflict: Conflict | None = None
    changes: list[Change] | None = None
    least: bool = False

    def to_json(self) -> dict[str, Any]:
        parts, wrong = score(self.problem, self.places), broken(self.problem, self.places)
        return {
            "places": places_to_json(self.places),
            "score": parts.parts,
            "total": parts.total,
            "bound": self.bound,
            "optimal": self.optimal,
            "possible": self.is_possible,
            "broken": [each.to_json() for each in wrong],
            "conflict": None if self.conflict is None else self.conflict.to_json(),
            "changes": None
            if self.changes is None
            else {
                "cost": sum(each.cost for each in self.changes),
                "least": self.least,
                "sessions": [each.to_json() for each in self.changes],
            },
        }


def solve(question: dict[str, Any], report: Report, stop: threading.Event | None = None) -> dict[str, Any]:
    """The child's entry: JSON in, JSON out.

    `question`: `problem`, and if wanted `seconds`, `seed`, `workers`, `start` (places to begin from) and `published`
    (places that as few sessions as can be are to leave). `stop`, once set, gives the best so far. Raises ValueError for
    a question that makes no sense.
    """
    try:
        problem = Problem.from_json(question["problem"])
        start = places_from_json(problem, question.get("start") or {})
        published = published_from_json(question.get("published") or {})
        run = _Run(
            report,
            stop or threading.Event(),
            seconds=float(question.get("seconds", SECONDS)),
            seed=int(question.get("seed", 0)),
            workers=int(question.get("workers", WORKERS)),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a programme to solve: {error}") from error
    if run.seconds <= 0 or run.workers < 1:
        raise ValueError("a programme needs a moment and a worker to be made")
    answer = _least_changed(problem, published, run) if published else _best(problem, start, run)
    report(1.0, "done")
    return answer.to_json()


def _best(problem: Problem, start: Places, run: _Run) -> Answer:
    known = [start] if len(start) == len(problem.sessions) else []
    exchange = None
    if len(problem.sessions) > MANY and not run.is_over():
        exchange = Exchange(problem, seed=run.seed, is_over=run.is_over)
    going, alone, first = None, run, known[0] if known else None
    if exchange is not None and run.workers > 1:
        going, alone = exchange.begin(BESIDE * run.left(), 1, first), replace(run, workers=run.workers - 1)
    if not any(not broken(problem, each) for each in known):
        is_possible, found = _first(problem, alone)
        known += found
        if not is_possible:
            return _without(problem, known, run)
    exact = Exact(problem)
    minimise_score(exact)
    bounds: list[int] = []
    if exchange is not None:
        if going is None:
            going = exchange.begin(BESIDE * run.left(), 1, first)
        elif (proved := _whole(exact, known, alone, 1.0, bounds, going.is_ended)) is not None:
            return proved
        with run.watching("search"):
            known += filter(None, [going.found()])
    if (proved := _whole(exact, known, run, WHOLE if exchange is None else TOGETHER, bounds)) is not None:
        return proved
    best = _best_of(problem, known, run)
    if exchange is not None and run.left():
        with run.watching("search"):
            again = exchange.begin(WHOLE * run.left(), run.workers, best, COOL).found()
        best = _best_of(problem, [best, *filter(None, [again])], run)
    best, bound = _searched(problem, best, run), max(bounds, default=None)
    is_best = bound is not None and not broken(problem, best) and score(problem, best).total <= bound
    return Answer(problem, best, bound, is_best)


def _whole(
    exact: Exact,
    known: list[Places],
    run: _Run,
    share: float,
    bounds: list[int],
    enough: Callable[[], bool] = lambda: False,
) -> Answer | None:
    """Solve the whole from the best `known`; add what is found, and a bound. An answer where no more is to be done."""
    problem = exact.problem
    best = min(
        (each for each in known if not broken(problem, each)), key=lambda each: rank(problem, each), default=None
    )
    if best is not None:
        exact.hint(best)
    status, solver = run.solve(exact.model, share, "whole", enough=enough)
    if status == cp_model.INFEASIBLE:
        return _without(problem, known, run)
    if status in _FOUND:
        known.append(exact.places(solver.value))
        bounds.append(_bound(solver))
    if status != cp_model.OPTIMAL:
        return None
    best = _best_of(problem, known, run)
    return Answer(problem, best, score(problem, best).total, optimal=True)


def _best_of(problem: Problem, known: Sequence[Places], run: _Run) -> Places:
    """The best of these, or, where nothing is known, whatever can be had at once."""
    return min(known or [anyhow(problem, run.soon())], key=lambda each: rank(problem, each))


def _bound(solver: cp_model.CpSolver) -> int:
    return math.ceil(solver.best_objective_bound - 1e-6)


def _first(problem: Problem, run: _Run) -> tuple[bool, list[Places]]:
    """False where there can be no programme; and one that breaks nothing, where two steps come to one."""
    times = Exact(problem, rooms=False)
    minimise_score(times)
    status, solver = run.solve(times.model, WHEN, "when", most=A_START)
    if status not in _FOUND:
        return status != cp_model.INFEASIBLE, []
    whole = Exact(problem)
    whole.keep_blocks(times.blocks(solver.value))
    minimise_score(whole)
    status, solver = run.solve(whole.model, WHERE, "where", most=A_START)
    return True, [whole.places(solver.value)] if status in _FOUND else []


def _without(problem: Problem, known: Sequence[Places], run: _Run, published: Places | None = None) -> Answer:
    """There is no programme: why; and of those that break least the best, or, after publication, the nearest."""
    why = conflict(problem, _Part(run.part(WHY), "conflict", quick=True))
    best = _best_of(problem, known, run)
    least = fewest_broken(problem, best, _Part(run, "fewest"))
    best = _best_of(problem, [best, least] if least else [best], run)
    exact = Exact(problem, spare={each.demand for each in broken(problem, best)})
    if published:
        exact.model.minimize(exact.changes(published))
    else:
        minimise_score(exact)
    exact.hint(best)
    status, solver = run.solve(exact.model, 1.0, "whole")
    if status in _FOUND:  # it may break what it need not keep more often than it must
        best = min(best, exact.places(solver.value), key=lambda each: _rank(problem, each, published))
    return Answer(problem, best, is_possible=False, conflict=why)


def _rank(problem: Problem, places: Places, published: Places | None) -> tuple[int, ...]:
    demands, often, total = rank(problem, places)
    changed = sum(each.cost for each in changes(problem, published or {}, places))
    return demands, often, changed, total


def _searched(problem: Problem, best: Places, run: _Run) -> Places:
    with run.watching("search"):
        return improve(problem, best, enough=run.is_over, seed=run.seed)


def _least_changed(problem: Problem, published: Places, run: _Run) -> Answer:
    """Of the programmes that change least the best: both as far as the time goes."""
    exact = Exact(problem)
    cost = exact.changes(published)
    exact.model.minimize(cost)
    exact.hint({key: place for key, place in published.items() if exact.could_be(key, place)})
    status, solver = run.solve(exact.model, LEAST_CHANGE, "changes", quick=True)
    if status == cp_model.INFEASIBLE:
        return _told(_without(problem, [_as_published(problem, published, run)], run, published), published)
    if status not in _FOUND:
        return _told(Answer(problem, _as_published(problem, published, run)), published)
    places, is_least = exact.places(solver.value), status == cp_model.OPTIMAL
    most = round(solver.objective_value)
    exact.model.add(cost <= most)
    minimise_score(exact)
    exact.hint(places)
    status, solver = run.solve(exact.model, 1.0, "whole", most=THEN)
    bound = None
    if status in _FOUND:
        places = min(places, exact.places(solver.value), key=lambda each: rank(problem, each))
        bound = _bound(solver) if is_least else None
    is_best = is_least and status == cp_model.OPTIMAL
    return _told(Answer(problem, places, bound, is_best, least=is_least), published)


def _as_published(problem: Problem, published: Places, run: _Run) -> Places:
    """What was published, as far as there is still such a place, and the rest anyhow."""
    there = {
        key: place
        for key, place in published.items()
        if key in problem.session and place.block in problem.block and place.room in problem.room
    }
    return {**anyhow(problem, run.soon()), **there}


def _told(answer: Answer, published: Places) -> Answer:
    return replace(answer, changes=changes(answer.problem, published, answer.places))


@dataclass
class _Run:
    """The time there is, and who may end it."""

    report: Report
    stop: threading.Event
    seconds: float
    seed: int
    workers: int
    _began: float = field(default_factory=monotonic)

    def part(self, share: float) -> _Run:
        """A run of its own, with this share of the time that is left."""
        return _Run(self.report, self.stop, max(share * self.left(), 0.1), self.seed, self.workers)

    def left(self) -> float:
        return max(0.0, self.seconds - (monotonic() - self._began))

    def soon(self) -> Callable[[], bool]:
        """Whether what has to be done even after the end has taken long enough."""
        last = max(monotonic() + GRACE, self._began + self.seconds)
        return lambda: monotonic() > last

    def is_over(self) -> bool:
        return self.stop.is_set() or not self.left()

    def solve(
        self,
        model: cp_model.CpModel,
        share: float,
        doing: str,
        *,
        most: float = math.inf,
        quick: bool = False,
        workers: int | None = None,
        enough: Callable[[], bool] = lambda: False,
    ) -> tuple[Any, cp_model.CpSolver]:
        """Run the solver for at most this share of the time that is left, so many seconds, and until there is `enough`.

        `quick` is for what takes the solver less time than to prepare itself thoroughly.
        """
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = workers or self.workers
        solver.parameters.random_seed = self.seed
        solver.parameters.catch_sigint_signal = False
        solver.parameters.max_time_in_seconds = 0.0 if self.is_over() else min(share * self.left(), most)
        if quick:
            solver.parameters.cp_model_probing_level = 0
            solver.parameters.symmetry_level = 0
            solver.parameters.linearization_level = 2  # it sees at once that there are more sessions than places

        def meanwhile() -> None:
            self.tell(doing)
            if enough():
                solver.stop_search()

        with watched(self.stop, solver.stop_search, meanwhile):
            return solver.solve(model), solver

    def watching(self, doing: str) -> AbstractContextManager[None]:
        """Tell how far it is while something else than the solver is at work."""
        return watched(self.stop, lambda: None, lambda: self.tell(doing))

    def tell(self, doing: str) -> None:
        """Report how much of the time has gone."""
        self.report(min(1.0, 1 - self.left() / self.seconds), doing)


@dataclass(frozen=True)
class _Part:
    """A run for whoever has many models to solve, each for a moment."""

    run: _Run
    doing: str
    quick: bool = False

    def __call__(self, model: cp_model.CpModel) -> tuple[Any, cp_model.CpSolver]:
        workers = 1 if self.quick else None  # of several, none can say what the contradiction needed
        return self.run.solve(model, 0.3 if self.quick else 1.0, self.doing, quick=self.quick, workers=workers)

    def is_over(self) -> bool:
        return self.run.is_over()
