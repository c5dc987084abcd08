"""Why there is no programme: the smallest set of demands that cannot hold together.

For the child process only. First some demands that contradict each other: those that the solver says it needed, or all
of them. Then whatever can be spared is taken out, and what is left is a conflict: without any one of them the others
could hold. There may be smaller ones. Whatever places sessions are given, some demand of every conflict is among those
broken; so the fewest demands that meet all that was ever broken are a bound, and where they are a conflict themselves,
it is the smallest.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ortools.sat.python import cp_model

from scheduling.programme.demands import Demand, Kind
from scheduling.programme.exact import Exact
from scheduling.programme.problem import Place, Places, Problem
from scheduling.programme.score import broken

_FOUND = (cp_model.OPTIMAL, cp_model.FEASIBLE)


class Solver(Protocol):
    """Runs the solver on a model, for a moment at most."""

    def __call__(self, model: cp_model.CpModel) -> tuple[Any, cp_model.CpSolver]:
        """Its status, and the solver that has the solution."""

    def is_over(self) -> bool:
        """Whether there is no more time."""


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


def conflict(problem: Problem, solve: Solver) -> Conflict | None:
    """Of a problem without a programme. None where the time was too short to find any, or there is a programme."""
    guarded = Exact(problem, guarded=True)
    named = _named(guarded, solve)
    if named is None:
        named = _whole_kinds(problem, sorted(guarded.guards), solve)
    least = _spared(problem, named, solve)
    if _status(problem, least, solve)[0] != cp_model.INFEASIBLE:
        return None
    smallest, is_smallest = _smallest(problem, guarded, least, solve)
    return Conflict(tuple(sorted(smallest)), is_smallest)


def fewest_broken(problem: Problem, known: Places, solve: Solver) -> dict[str, Place] | None:
    """A place for every session so that few demands are broken, the fewest if there is time; None if there is none.

    `known` is where to begin.
    """
    guarded = Exact(problem, guarded=True)
    guarded.hint(known)
    wrong = {each.demand for each in broken(problem, known)}
    for demand, literal in guarded.guards.items():
        guarded.model.add_hint(literal, demand not in wrong)
    return _keeping(guarded, [demand for demand in guarded.guards if demand.kind is Kind.PLACED], solve)


def _named(guarded: Exact, solve: Solver) -> list[Demand] | None:
    """Demands that the solver needed for its contradiction."""
    guarded.model.add_assumptions(list(guarded.guards.values()))
    status, solver = solve(guarded.model)
    guarded.model.clear_assumptions()
    if status != cp_model.INFEASIBLE:
        return None
    by_index = {literal.index: demand for demand, literal in guarded.guards.items()}
    return [by_index[index] for index in solver.sufficient_assumptions_for_infeasibility()]


def _whole_kinds(problem: Problem, demands: list[Demand], solve: Solver) -> list[Demand]:
    """These without all of each kind that the contradiction does not need."""
    for kind in Kind:
        without = [each for each in demands if each.kind is not kind]
        if len(without) < len(demands) and _status(problem, without, solve)[0] == cp_model.INFEASIBLE:
            demands = without
    return demands


def _spared(problem: Problem, demands: list[Demand], solve: Solver) -> list[Demand]:
    """These without any that the contradiction does not need: tried by the half, the quarter, … and one by one."""
    size = len(demands)
    while size > 0:
        for start in range(len(demands) - len(demands) % size, -1, -size):
            without = demands[:start] + demands[start + size :]
            if len(without) < len(demands) and _status(problem, without, solve)[0] == cp_model.INFEASIBLE:
                demands = without
        size = min(size, len(demands)) // 2
    return demands


def _status(problem: Problem, demands: Collection[Demand], solve: Solver) -> tuple[Any, dict[str, Place]]:
    """Whether these demands can hold together, and places where they do."""
    if solve.is_over():
        return cp_model.UNKNOWN, {}
    exact = Exact(problem, keep=frozenset(demands))
    status, solver = solve(exact.model)
    return status, exact.places(solver.value) if status in _FOUND else {}


def _smallest(problem: Problem, guarded: Exact, known: list[Demand], solve: Solver) -> tuple[list[Demand], bool]:
    """A smallest conflict, or the one known where the time is too short to be sure."""
    met: list[frozenset[Demand]] = []  # what was broken in each programme seen: every conflict has some of it
    for demand in known:
        status, places = _status(problem, guarded.guards.keys() - {demand}, solve)
        if status in _FOUND:
            met.append(frozenset(each.demand for each in broken(problem, places)))
    while True:
        least = _hitting(met, solve)
        if least is None:
            return known, False
        if len(least) >= len(known):
            return known, True
        status, _ = _status(problem, least, solve)
        if status == cp_model.INFEASIBLE:
            return least, True
        more = _keeping(guarded, least, solve) if status in _FOUND else None
        if more is None:
            return known, False
        met.append(frozenset(each.demand for each in broken(problem, more)))


def _hitting(sets: Sequence[frozenset[Demand]], solve: Solver) -> list[Demand] | None:
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


def _keeping(guarded: Exact, demands: Collection[Demand], solve: Solver) -> dict[str, Place] | None:
    """A programme in which these demands hold and as many others as can; None where the time is too short."""
    model = guarded.model.clone()
    for demand in demands:
        model.add(model.get_bool_var_from_proto_index(guarded.guards[demand].index) == 1)
    model.maximize(sum(model.get_bool_var_from_proto_index(each.index) for each in guarded.guards.values()))
    status, solver = solve(model)
    return guarded.places(solver.value) if status in _FOUND else None
