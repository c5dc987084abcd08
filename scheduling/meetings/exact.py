"""The year's plan, exactly, and the choices between the least that anybody must bear and the least in all.

For the child process only: this is the one module of meetings that imports the solver.

An option is a meeting at one of its slots; its cost is a vector of points, one for each attendee. Before solving,
everything that cannot matter is left out: of a slot's candidate days those that are worse for somebody and better for
nobody, slots that another slot beats in every meeting, attendees whose points are always another's. Meetings whose
options cost the same are one variable with a count: within a season twelve months are alike, and there is nothing to
choose between their orders.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ortools.sat.python import cp_model

from scheduling.meetings.burden import burden
from scheduling.meetings.slots import STARTS
from scheduling.meetings.year import Plan, Year, best_fixed, cost
from scheduling.watching import watched

CHOICES = 5
_ABOUT = 3  # what each choice is solved for, in turn: two of most and total, then nights
_FIRST = 0.7  # of a choice's share of the work, what each of these may take of what the ones before it left

Report = Callable[[float, str], None]  # how much is done, of 1, and what is being done


class Cost(NamedTuple):
    """Points of each attendee, in order, and how many of them sit through the night."""

    points: tuple[int, ...]
    nights: int


_Class = tuple[tuple[int, Cost], ...]  # slot and cost of each option of meetings that are alike
_Solution = tuple[int, ...]


@dataclass(frozen=True)
class Option:
    """A meeting at a slot: `slot` counts in STARTS."""

    slot: int
    start: datetime
    cost: Cost


@dataclass(frozen=True)
class Choice:
    """A plan that no other beats in both most and total. `is_proven` is False where time ran out before the proof."""

    plan: Plan
    is_proven: bool

    def to_json(self) -> dict[str, Any]:
        return {**self.plan.to_json(), "is_proven": self.is_proven}


def solve(data: dict[str, Any], report: Report, stop: threading.Event | None = None) -> dict[str, Any]:
    """The child's entry: a `Year` as JSON in, JSON out. `stop`, once set, gives the plans found so far.

    `choices`, the least most first; which of them is the `knee`; and, to hold them against, `fixed`: the best plan with
    one time of day for all.
    """
    year = Year.from_json(data)
    found = choices(year, report, stop)
    return {
        "choices": [each.to_json() for each in found],
        "knee": knee([each.plan.rank for each in found]),
        "fixed": best_fixed(year).to_json(),
    }


def choices(year: Year, report: Report = lambda done, doing: None, stop: threading.Event | None = None) -> list[Choice]:
    """Up to five plans: from the least most that anybody must bear to the least total, with caps evenly between.

    Each has the least total of all plans in which nobody bears more than it says, and nobody could bear less at that
    total. Where time runs out before that is proved, a choice says so; there is always one.
    """
    report(0.0, "scoring")
    planner = Planner(year, report, stop)
    fairest, thriftiest = planner.fairest(), planner.cheapest()
    low, high = fairest.plan.most, thriftiest.plan.most
    caps = {low + (high - low) * number // (CHOICES - 1) for number in range(1, CHOICES - 1)}
    between = [planner.cheapest(cap) for cap in sorted(caps) if low < cap < high]
    report(1.0, "done")
    return _frontier([fairest, *between, thriftiest])


def knee(ranks: Sequence[tuple[int, int, int]]) -> int:
    """Which choice to suggest: the one furthest below the straight line from the first to the last, both axes alike."""
    (low, dear, _), (high, cheap, _) = ranks[0], ranks[-1]
    if low == high or dear == cheap:
        return 0
    gains = [(dear - total) / (dear - cheap) - (most - low) / (high - low) for most, total, _ in ranks]
    return gains.index(max(gains))


def _frontier(found: Sequence[Choice]) -> list[Choice]:
    """Those that no other beats, by most; where a proof is missing, one may be beaten by another."""
    best: list[Choice] = []
    for each in sorted(found, key=lambda choice: (choice.plan.rank, not choice.is_proven)):
        if not best or each.plan.total < best[-1].plan.total:
            best.append(each)
    return best


def options(year: Year) -> list[list[Option]]:
    """For each meeting, its slots with the candidate day that is best for it; of two equal days the preferred one.

    Days that cannot be compared, each better for somebody, all stay. Slots that another beats everywhere are left out.
    """
    every = [[option for slot in range(len(STARTS)) for option in _days(year, days, slot)] for days in year.meetings]
    kept = _useful_slots(every)
    return [[option for option in meeting if option.slot in kept] for meeting in every]


def _days(year: Year, days: Sequence[Any], slot: int) -> list[Option]:
    kept: list[Option] = []
    for day in days:
        start = year.start(day, STARTS[slot])
        burdens = [burden(each, start, year.minutes) for each in year.attendees]
        points = Cost(tuple(each.points for each in burdens), sum(each.is_night for each in burdens))
        if not any(_is_as_good(other.cost, points) for other in kept):
            kept = [other for other in kept if not _is_as_good(points, other.cost)]
            kept.append(Option(slot, start, points))
    return kept


def _useful_slots(meetings: Sequence[Sequence[Option]]) -> set[int]:
    """The slots, without those in whose place another would be as good for everybody in every meeting."""
    by_slot: dict[int, list[list[Cost]]] = defaultdict(lambda: [[] for _ in meetings])
    for number, meeting in enumerate(meetings):
        for option in meeting:
            by_slot[option.slot][number].append(option.cost)

    def beats(one: int, other: int) -> bool:
        return all(
            any(_is_as_good(mine, theirs) for mine in ours)
            for ours, costs in zip(by_slot[one], by_slot[other], strict=True)
            for theirs in costs
        )

    kept: list[int] = []
    for slot in by_slot:
        if not any(beats(other, slot) for other in kept):
            kept = [other for other in kept if not beats(slot, other)]
            kept.append(slot)
    return set(kept)


def _is_as_good(one: Cost, other: Cost) -> bool:
    return one.nights <= other.nights and all(map(int.__le__, one.points, other.points))


class Planner:
    """The solver's model of a year, to be solved for several orders of its three measures.

    A solution is a count for each class of meetings that are alike and each of their options. There is always one:
    everything at one time of day. So each search begins with a plan and can only better it, however short of time.
    """

    def __init__(
        self, year: Year, report: Report = lambda done, doing: None, stop: threading.Event | None = None
    ) -> None:
        self._year, self._report, self._stop = year, report, stop or threading.Event()
        self._steps, self._done, self._left = CHOICES * _ABOUT, 0, year.seconds
        self._to_come = CHOICES
        self._alike: dict[_Class, list[int]] = defaultdict(list)  # the meetings of each class, by number
        self._meetings = options(year)
        for number, meeting in enumerate(self._meetings):
            self._alike[tuple((option.slot, option.cost) for option in meeting)].append(number)
        self._costs = [price for alike in self._alike for _, price in alike]
        self._carried = [year.carried.get(each.key, 0) for each in year.attendees]
        self._model = cp_model.CpModel()
        self._used: dict[int, cp_model.IntVar] = {}
        self._counts = [count for alike, those in self._alike.items() for count in self._spread(alike, len(those))]
        self._model.add(sum(self._used.values()) <= year.slots)
        self._measures = self._measured()
        self._known = [self._at_one_time(slot) for slot in self._used]

    def fairest(self) -> Choice:
        """The plan in which the most that anybody bears is least."""
        return self._solve(("most", "total", "nights"), None)

    def cheapest(self, most: int | None = None) -> Choice:
        """The plan with the least total; given `most`, of those in which nobody bears more than that.

        Raises ValueError where no plan so even is known: ask for the fairest first.
        """
        return self._solve(("total", "most", "nights"), most)

    def _solve(self, order: Sequence[str], cap: int | None) -> Choice:
        """The best plan by these measures, the first before the second, with nobody above `cap`."""
        model = self._model.clone()
        within = self._known
        if cap is not None:
            model.add(_of(model, self._measures["most"]) <= cap)
            within = [each for each in self._known if self._measure(each)["most"] <= cap]
        if not within:
            raise ValueError(f"somebody bears more than {cap} in every plan known")
        best = min(within, key=lambda each: self._rank(each, order))
        is_proven, share = True, self._share()
        for name in order:
            solver, status, work = self._run(model, name, best, share)
            share = max(share - work, self._year.seconds / 1000)
            is_proven = is_proven and status == cp_model.OPTIMAL
            if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
                found = tuple(solver.value(_of(model, count)) for count in self._counts)
                best = min(best, found, key=lambda each: self._rank(each, order))
            model.add(_of(model, self._measures[name]) <= self._measure(best)[name])
        self._known.append(best)
        return Choice(cost(self._year, self._starts(best)), is_proven)

    def _spread(self, alike: _Class, meetings: int) -> list[cp_model.IntVar]:
        """How many of some meetings that are alike take each of their options."""
        counts = [self._model.new_int_var(0, meetings, "") for _ in alike]
        self._model.add(sum(counts) == meetings)
        by_slot: dict[int, list[cp_model.IntVar]] = defaultdict(list)
        for count, (slot, _) in zip(counts, alike, strict=True):
            by_slot[slot].append(count)
        for slot, those in by_slot.items():
            if slot not in self._used:
                self._used[slot] = self._model.new_bool_var("")
            self._model.add(sum(those) <= meetings * self._used[slot])
        return counts

    def _measured(self) -> dict[str, cp_model.IntVar]:
        meetings, everybody = len(self._meetings), len(self._carried)
        ceiling = max(max(price.points) for price in self._costs) * meetings
        most = self._model.new_int_var(0, max(self._carried) + ceiling, "")
        heaviest: dict[tuple[int, ...], int] = {}  # of attendees with the same points only who carries most can matter
        for column, carried in zip(
            zip(*(price.points for price in self._costs), strict=True), self._carried, strict=True
        ):
            heaviest[column] = max(carried, heaviest.get(column, carried))
        for column, carried in heaviest.items():
            self._model.add(cp_model.LinearExpr.weighted_sum(self._counts, column) + carried <= most)
        total = self._model.new_int_var(0, ceiling * everybody, "")
        totals = [sum(price.points) for price in self._costs]
        self._model.add(cp_model.LinearExpr.weighted_sum(self._counts, totals) == total)
        nights = self._model.new_int_var(0, meetings * everybody, "")
        awake = [price.nights for price in self._costs]
        self._model.add(cp_model.LinearExpr.weighted_sum(self._counts, awake) == nights)
        return {"most": most, "total": total, "nights": nights}

    def _at_one_time(self, at: int) -> _Solution:
        """Every meeting at this slot, on the first of its days."""
        solution = []
        for alike, those in self._alike.items():
            first = [slot for slot, _ in alike].index(at)
            solution += [len(those) if number == first else 0 for number in range(len(alike))]
        return tuple(solution)

    def _measure(self, solution: _Solution) -> dict[str, int]:
        chosen = [(count, price) for count, price in zip(solution, self._costs, strict=True) if count]
        points = [0] * len(self._carried)
        for count, price in chosen:
            points = [so_far + count * more for so_far, more in zip(points, price.points, strict=True)]
        return {
            "most": max(map(int.__add__, points, self._carried)),
            "total": sum(points),
            "nights": sum(count * price.nights for count, price in chosen),
        }

    def _rank(self, solution: _Solution, order: Sequence[str]) -> tuple[int, ...]:
        measured = self._measure(solution)
        return tuple(measured[name] for name in order)

    def _share(self) -> float:
        """Of the work that is left, the first plan may take half, and each of the others its part of the rest."""
        part = 2 if self._to_come == CHOICES else max(self._to_come, 1)
        self._to_come -= 1
        return self._left / part

    def _run(
        self, model: cp_model.CpModel, name: str, start: _Solution, share: float
    ) -> tuple[cp_model.CpSolver, Any, float]:
        self._report(min(self._done / self._steps, 1.0), name)
        self._done += 1
        model.minimize(_of(model, self._measures[name]))
        self._hint(model, start)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        # The solver's own count of its work, so that a slow machine gives the same plan; the clock is only a backstop.
        solver.parameters.max_deterministic_time = share * _FIRST
        solver.parameters.max_time_in_seconds = 0.0 if self._stop.is_set() else 4 * share
        with watched(self._stop, solver.stop_search):
            status = solver.solve(model)
        work = solver.response_proto.deterministic_time
        self._left = max(self._left - work, self._year.seconds / 100)
        return solver, status, work

    def _hint(self, model: cp_model.CpModel, solution: _Solution) -> None:
        """Tell the solver a whole plan: every variable, or it forgets the rest."""
        model.clear_hints()  # type: ignore[no-untyped-call]
        for count, value in zip(self._counts, solution, strict=True):
            model.add_hint(_of(model, count), value)
        slots = [slot for alike in self._alike for slot, _ in alike]
        taken = {slot for slot, value in zip(slots, solution, strict=True) if value}
        for slot, used in self._used.items():
            model.add_hint(_of(model, used), slot in taken)
        for name, value in self._measure(solution).items():
            model.add_hint(_of(model, self._measures[name]), value)

    def _starts(self, solution: _Solution) -> list[datetime]:
        """Each meeting's start. Of meetings that are alike the earlier ones take the earlier slots."""
        starts: dict[int, datetime] = {}
        counts = iter(solution)
        for alike, those in self._alike.items():
            chosen = [number for number in range(len(alike)) for _ in range(next(counts))]
            starts |= {which: self._meetings[which][option].start for which, option in zip(those, chosen, strict=True)}
        return [starts[number] for number in range(len(self._meetings))]


def _of(model: cp_model.CpModel, variable: cp_model.IntVar) -> cp_model.IntVar:
    """The same variable in a copy of the model."""
    return model.get_int_var_from_proto_index(variable.index)
