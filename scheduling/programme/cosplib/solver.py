"""CoSPLib's problems for the child process of `scheduling.solving`: a conference in, places and their score out.

The whole objective is sought in turns: anything at all; a sketch of which tracks are in which sessions; rooms and
places to it; all anew from there, no track in more rooms at a time than it needs; as many as are worth it; a polish.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from ortools.sat.python import cp_model

from scheduling.clock import monotonic
from scheduling.programme import portfolio
from scheduling.programme.portfolio import Best, Report, Turn, Way

from .conference import Conference, Place
from .exact import exactly
from .full import Full
from .greedy import greedy
from .polish import polish
from .score import exact_score, score
from .seating import seat
from .sketch import Sketch

SEATING = 1.0  # seconds of the whole that are kept for the last seating

Places = list[Place]


def solve(question: Mapping[str, Any], report: Report, stop: threading.Event | None = None) -> dict[str, Any]:
    """The child's entry. `question`: `problem`, a `Conference` as JSON; `model`, "full" or "exact"; `seconds`.

    And `seed` and `workers`. The answer: `places` by reference; `score` by kind, weighted; `total`; `bound`; `optimal`;
    and, where nothing was found, `why`: "infeasible" or "time". Raises ValueError for a question that makes no sense.
    """
    began = monotonic()
    conference = Conference.from_json(question["problem"])
    model = question.get("model", "full")
    ways = {"full": _full, "exact": _exact}
    if model not in ways:
        raise ValueError(f"the model is {model!r}, neither full nor exact")
    impossible = threading.Event()
    the_ways = ways[model](conference, impossible)
    best = portfolio.run(
        the_ways,
        max(0.1, float(question["seconds"]) - SEATING - (monotonic() - began)),
        int(question.get("workers", 2)),
        int(question.get("seed", 1)),
        report,
        stop or threading.Event(),
    )
    return _answer(conference, best, exact_score if model == "exact" else score, impossible.is_set())


def _answer(
    conference: Conference,
    best: Best[Places],
    points: Callable[[Conference, Places], dict[str, int]],
    is_impossible: bool,
) -> dict[str, Any]:
    if best.solution is None:
        why = "infeasible" if is_impossible else "time"
        return {"places": {}, "score": {}, "total": None, "bound": best.bound, "optimal": False, "why": why}
    by_kind = points(conference, best.solution)
    return {
        "places": conference.named(best.solution),
        "score": by_kind,
        "total": sum(by_kind.values()),
        "bound": best.bound,
        "optimal": best.is_optimal,
    }


def _exact(conference: Conference, impossible: threading.Event) -> list[Way[Places]]:
    def go(turn: Turn[Places]) -> None:
        if not exactly(conference, turn):
            impossible.set()

    return [Way("exact", 1.0, go)]


def _full(conference: Conference, impossible: threading.Event) -> list[Way[Places]]:
    whole = _Whole(conference, impossible)
    return [
        Way("greedy", 1.0, whole.greedy),
        Way("sketch", 0.35, whole.sketch, most=60.0),
        Way("rooms", 0.2, whole.rooms, most=60.0),
        Way("narrow", 0.5, whole.narrow),
        Way("wide", 0.9, whole.wide),
        Way("polish", 1.0, whole.polish),
    ]


class _Whole:
    def __init__(self, conference: Conference, impossible: threading.Event) -> None:
        self.conference, self.impossible = conference, impossible
        self.full = Full(conference)
        self.sketched: Mapping[tuple[int, int], int] | None = None
        self.values: list[int] | None = None  # of the best programme so far

    def greedy(self, turn: Turn[Places]) -> None:
        if (places := greedy(self.conference)) is not None:
            turn.best.offer(sum(score(self.conference, places).values()), places)

    def sketch(self, turn: Turn[Places]) -> None:
        sketch = Sketch(self.conference)
        found = turn.search(sketch.model, soon=True)
        if found is not None and found.values is not None:
            self.sketched = sketch.many_in(found.values)

    def rooms(self, turn: Turn[Places]) -> None:
        if self.sketched is None:
            return
        model = self._narrow()
        for where, many in self.sketched.items():
            model.add(self.full.many(*where) == many)
        self._search(turn, model)

    def narrow(self, turn: Turn[Places]) -> None:
        self._search(turn, self._narrow())

    def wide(self, turn: Turn[Places]) -> None:
        """Only here a bound is one for every programme."""
        found = self._search(turn, self.full.model.clone())
        if found is None:
            return
        if found.is_infeasible:
            self.impossible.set()
        elif found.bound is not None:
            turn.best.at_least(max(0, found.bound))

    def polish(self, turn: Turn[Places]) -> None:
        if turn.best.solution is not None:
            turn.best.offer(*polish(self.conference, turn.best.solution, turn.seed, lambda: not turn.seconds))

    def _narrow(self) -> cp_model.CpModel:
        model = self.full.model.clone()
        self.full.narrow(model)
        return model

    def _search(self, turn: Turn[Places], model: cp_model.CpModel) -> portfolio.Searched | None:
        if self.values is not None:
            model.proto.solution_hint.vars.extend(range(len(self.values)))
            model.proto.solution_hint.values.extend(self.values)
        elif turn.best.solution is not None:
            self.full.hint(model, turn.best.solution)
        found = turn.search(model)
        if found is not None and found.values is not None:
            where = self.full.sessions_of(found.values), self.full.rooms_of(found.values)
            places = seat(self.conference, *where, seconds=max(SEATING, turn.seconds / 4))
            if places is not None and turn.best.offer(sum(score(self.conference, places).values()), places):
                self.values = list(found.values)
        return found
