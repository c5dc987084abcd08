"""What is proved of a conference: that nothing better exists, or that nothing will do.

For the child process only. The solver begins with a programme, and is told the value of every variable in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from math import ceil
from typing import NamedTuple

from ortools.sat.python import cp_model

from scheduling.clock import monotonic
from scheduling.programme.timefold.model import Inexact, Model, Programme
from scheduling.programme.timefold.problem import Conference, Place, Weight
from scheduling.programme.timefold.score import score

__all__ = ["Answer", "Inexact", "improve"]

_ROOMS = 0.2  # of the time, at most, for what the rooms alone cost


class Answer(NamedTuple):
    """What the solver came to. `places` is None where it found nothing better than the beginning.

    `bound` is the score that no programme exceeds, where one is known. `is_proven` where there was time to the end:
    nothing is better than `places`, or than the beginning; or no programme meets every hard constraint.
    """

    places: list[Place] | None
    bound: Weight | None
    is_proven: bool


def improve(
    conference: Conference,
    start: Programme,
    *,
    seconds: float,
    workers: int = 1,
    seed: int = 1,
    stop: threading.Event | None = None,
    report: Callable[[Weight], None] = lambda bound: None,
) -> Answer:
    """The best programme there is, given one that meets every hard constraint; given another, any that does.

    `report` is told of each better bound. Raises Inexact where there is no model.
    """
    over, ends = stop or threading.Event(), monotonic() + seconds
    aims = score(conference, start).total.hard == 0
    model = Model(conference, aims=aims, is_over=lambda: over.is_set() or monotonic() > ends)
    model.hint(start)
    run = partial(_run, model.model, workers=workers, seed=seed, stop=over)
    if aims:
        # What the rooms cost at least is soon proved, and with that the rest is proved a good deal sooner.
        rooms = model.cost(of_rooms=True)
        model.model.minimize(rooms)
        status, solver = run((ends - monotonic()) * _ROOMS)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            model.model.add(rooms >= _least(solver.best_objective_bound))
        model.model.minimize(model.cost())
    told = (lambda bound: report(model.score_of(_least(bound)))) if aims else None
    status, solver = run(ends - monotonic(), told=told)
    is_found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return Answer(
        places=model.programme(solver) if is_found else None,
        bound=model.score_of(_least(solver.best_objective_bound)) if is_found and aims else None,
        is_proven=status == cp_model.INFEASIBLE or (status == cp_model.OPTIMAL and aims),
    )


def _run(
    model: cp_model.CpModel,
    seconds: float,
    *,
    workers: int,
    seed: int,
    stop: threading.Event,
    told: Callable[[float], None] | None = None,
) -> tuple[cp_model.CpSolverStatus, cp_model.CpSolver]:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    solver.parameters.max_time_in_seconds = max(seconds, 0.0)
    if told is not None:
        solver.best_bound_callback = told
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(solver, stop, over), daemon=True)
    watch.start()
    try:
        return solver.solve(model), solver
    finally:
        over.set()
        watch.join()


def _watch(solver: cp_model.CpSolver, stop: threading.Event, over: threading.Event) -> None:
    """Stop the solver when `stop` is set; again and again, for it heeds nothing before it has begun."""
    while not over.wait(0.1):
        if stop.is_set():
            solver.stop_search()


def _least(bound: float) -> int:
    return ceil(bound - 1e-6)
