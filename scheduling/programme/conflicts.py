"""Why there is no programme: the smallest set of demands that cannot hold together.

For the child process only. First the solver names some demands that it needed to see the contradiction; then each that
can be spared is taken out, and what is left is a conflict: without any one of them the others could hold. There may be
smaller ones. Whatever places sessions are given, some demand of every conflict is among those broken; so the least
number of demands that meets all that was ever broken is a bound, and where such a set is a conflict itself, it is the
smallest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ortools.sat.python import cp_model

from scheduling.programme.demands import Demand, Kind
from scheduling.programme.exact import Exact
from scheduling.programme.problem import Place, Problem
from scheduling.programme.score import broken

Solve = Callable[[cp_model.CpModel], tuple[Any, cp_model.CpSolver]]  # within the time there is: its status


@dataclass(frozen=True)
class Conflict:
    """Demands that cannot all hold. `is_smallest`: no fewer than these contradict each other."""

    demands: tuple[Demand, ...]
    is_smallest: bool

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Conflict:
        return cls(tuple(map(Demand.from_json, data["demands"])), data["is_smallest"])

    def to_json(self) -> dict[str, Any]:
        return {"demands": [each.to_json() for each in self.demands], "is_smallest": self.is_smallest}


def conflict(problem: Problem, solve: Solve) -> Conflict | None:
    """Of a problem without a programme. None where the time was too short to find any, or there is a programme."""
    guarded = Exact(problem, guarded=True)
    named = _named(guarded, solve)
    if named is None:
        return None
    least = _spare(problem, named, solve)
    smallest, is_smallest = _smallest(problem, guarded, least, solve)
    return Conflict(tuple(sorted(smallest)), is_smallest)


def fewest_broken(problem: Problem, solve: Solve) -> dict[str, Place] | None:
    """A place for every session so that few demands are broken, the fewest if there is time; None if there is none."""
    guarded = Exact(problem, guarded=True)
    return _keeping(guarded, [demand for demand in guarded.guards if demand.kind is Kind.PLACED], solve)


def _named(guarded: Exact, solve: Solve) -> list[Demand] | None:
    """Demands that the solver needed for its contradiction."""
    guarded.model.add_assumptions(list(guarded.guards.values()))
    status, solver = solve(guarded.model)
    guarded.model.clear_assumptions()
    if status != cp_model.INFEASIBLE:
        return None
    by_index = {literal.index: demand for demand, literal in guarded.guards.items()}
    return [by_index[index] for index in solver.sufficient_assumptions_for_infeasibility()]


def _spare(problem: Problem, demands: Sequence[Demand], solve: Solve) -> list[Demand]:
    """These without each that the contradiction does not need."""
    kept = list(demands)
    for demand in demands:
        without = [each for each in kept if each != demand]
        if demand in kept and _status(problem, without, solve)[0] == cp_model.INFEASIBLE:
            kept = without
    return kept


def _status(problem: Problem, demands: Collection[Demand], solve: Solve) -> tuple[Any, dict[str, Place]]:
    """Whether these demands can hold together, and places where they do."""
    exact = Exact(problem, keep=frozenset(demands))
    status, solver = solve(exact.model)
    return status, exact.places(solver.value) if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else {}


def _smallest(problem: Problem, guarded: Exact, known: list[Demand], solve: Solve) -> tuple[list[Demand], bool]:
    """A smallest conflict, or the one known where the time is too short to be sure."""
    met: list[frozenset[Demand]] = []  # what was broken in each programme seen: every conflict has some of it
    while True:
        least = _hitting(met, solve)
        if least is None:
            return known, False
        if len(least) >= len(known):
            return known, True
        status, _ = _status(problem, least, solve)
        if status == cp_model.INFEASIBLE:
            return least, True
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return known, False
        places = _keeping(guarded, least, solve)
        if places is None:
            return known, False
        met.append(frozenset(each.demand for each in broken(problem, places)))


def _hitting(sets: Sequence[frozenset[Demand]], solve: Solve) -> list[Demand] | None:
    """The fewest demands of which every set has one."""
    model = cp_model.CpModel()
    chosen = {demand: model.new_bool_var("") for demand in sorted(frozenset().union(*sets))}
    for each in sets:
        model.add_bool_or([chosen[demand] for demand in sorted(each)])
    model.minimize(sum(chosen.values()))
    status, solver = solve(model)
    return (
        [demand for demand, literal in chosen.items() if solver.value(literal)] if status == cp_model.OPTIMAL else None
    )


def _keeping(guarded: Exact, demands: Collection[Demand], solve: Solve) -> dict[str, Place] | None:
    """A programme in which these demands hold and as many others as can."""
    model = guarded.model.clone()
    for demand in demands:
        model.add(model.get_bool_var_from_proto_index(guarded.guards[demand].index) == 1)
    model.maximize(sum(model.get_bool_var_from_proto_index(each.index) for each in guarded.guards.values()))
    status, solver = solve(model)
    return guarded.places(solver.value) if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else None
