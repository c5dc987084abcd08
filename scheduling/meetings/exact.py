"""The year's plan, exactly, and the choices between the least that anybody must bear and the least in all.

For the child process only: this is the one module of meetings that imports the solver.

An option is a meeting at one of its slots; its cost is a vector of points, one for each attendee. Before solving,
everything that cannot matter is left out: of a slot's candidate days those that are worse for somebody and better for
nobody, slots that another slot beats in every meeting, attendees whose points are always another's. Meetings whose
options cost the same are one variable with a count: within a season twelve months are alike, and there is nothing to
choose between their orders.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ortools.sat.python import cp_model

from scheduling.meetings.burden import burden
from scheduling.meetings.slots import STARTS
from scheduling.meetings.year import Plan, Year, best_fixed, cost

CHOICES = 5
_ABOUT = 3  # what each choice is solved for, in turn: two of most and total, then nights

Report = Callable[[float, str], None]  # how much is done, of 1, and what is being done


class Cost(NamedTuple):
    """Points of each attendee, in order, and how many of them sit through the night."""

    points: tuple[int, ...]
    nights: int


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


def solve(data: dict[str, Any], report: Report) -> dict[str, Any]:
    """The child's entry: a `Year` as JSON in, JSON out.

    `choices`, the least most first; which of them is the `knee`; and, to hold them against, `fixed`: the best plan with
    one time of day for all.
    """
    year = Year.from_json(data)
    found = choices(year, report)
    return {
        "choices": [each.to_json() for each in found],
        "knee": knee([each.plan.rank for each in found]),
        "fixed": best_fixed(year).to_json(),
    }


def choices(year: Year, report: Report = lambda done, doing: None) -> list[Choice]:
    """Up to five plans: from the least most that anybody must bear to the least total, with caps evenly between.

    Each has the least total of all plans in which nobody bears more than it says, and nobody could bear less at that
    total.
    """
    report(0.0, "scoring")
    model = _Model(year, report)
    fairest = model.solve("most", "total", "nights")
    thriftiest = model.solve("total", "most", "nights")
    low, high = fairest.plan.most, thriftiest.plan.most
    caps = [low + (high - low) * number // (CHOICES - 1) for number in range(1, CHOICES - 1)]
    between = [model.solve("total", "most", "nights", cap=cap) for cap in sorted(set(caps)) if low <= cap < high]
    report(1.0, "done")
    return _frontier([fairest, *between, thriftiest])


def fairest(year: Year) -> Choice:
    """Only the first of the choices: the plan in which the most that anybody bears is least."""
    return _Model(year, lambda done, doing: None).solve("most", "total", "nights")


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


class _Model:
    """The solver's model of a year, solved for several orders of its three measures."""

    def __init__(self, year: Year, report: Report) -> None:
        self._year, self._report = year, report
        self._steps, self._done = CHOICES * _ABOUT, 0
        self._left = year.seconds
        alike: dict[tuple[tuple[int, Cost], ...], list[list[Option]]] = defaultdict(list)
        self._order: dict[int, tuple[tuple[int, Cost], ...]] = {}
        for number, meeting in enumerate(options(year)):
            key = tuple((option.slot, option.cost) for option in meeting)
            alike[key].append(meeting)
            self._order[number] = key
        self._model = cp_model.CpModel()
        slots = sorted({slot for key in alike for slot, _ in key})
        used = {slot: self._model.new_bool_var(f"slot {slot}") for slot in slots}
        self._model.add(sum(used.values()) <= year.slots)
        self._count: dict[tuple[tuple[int, Cost], ...], list[cp_model.IntVar]] = {}
        terms: list[tuple[cp_model.IntVar, Cost]] = []
        for key, meetings in alike.items():
            counts = [self._model.new_int_var(0, len(meetings), f"{slot}") for slot, _ in key]
            self._count[key] = counts
            self._model.add(sum(counts) == len(meetings))
            by_slot = defaultdict(list)
            for count, (slot, price) in zip(counts, key, strict=True):
                by_slot[slot].append(count)
                terms.append((count, price))
            for slot, those in by_slot.items():
                self._model.add(sum(those) <= len(meetings) * used[slot])
        self._alike = alike
        self._measures = self._measured(terms)

    def _measured(self, terms: Sequence[tuple[cp_model.IntVar, Cost]]) -> dict[str, cp_model.IntVar]:
        counts = [count for count, _ in terms]
        meetings = len(self._year.meetings)
        ceiling = max((max(price.points) for _, price in terms), default=0) * meetings
        carry = [self._year.carried.get(each.key, 0) for each in self._year.attendees]
        most = self._model.new_int_var(min(carry), max(carry) + ceiling, "most")
        heaviest: dict[tuple[int, ...], int] = {}  # of attendees with the same points only who carries most can matter
        for column, carried in zip(zip(*(price.points for _, price in terms), strict=True), carry, strict=True):
            heaviest[column] = max(carried, heaviest.get(column, carried))
        for column, carried in heaviest.items():
            self._model.add(cp_model.LinearExpr.weighted_sum(counts, column) + carried <= most)
        everybody = len(carry)
        total = self._model.new_int_var(0, ceiling * everybody, "total")
        self._model.add(cp_model.LinearExpr.weighted_sum(counts, [sum(price.points) for _, price in terms]) == total)
        nights = self._model.new_int_var(0, meetings * everybody, "nights")
        self._model.add(cp_model.LinearExpr.weighted_sum(counts, [price.nights for _, price in terms]) == nights)
        return {"most": most, "total": total, "nights": nights}

    def solve(self, *order: str, cap: int | None = None) -> Choice:
        """The best plan by these measures, the first before the second, with nobody above `cap`."""
        model = self._model.clone()
        measures = {name: model.get_int_var_from_proto_index(each.index) for name, each in self._measures.items()}
        if cap is not None:
            model.add(measures["most"] <= cap)
        is_proven, found = True, None
        for name in order:
            model.minimize(measures[name])
            solver, status = self._run(model, name)
            if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
                is_proven = False
                break
            found, is_proven = solver, is_proven and status == cp_model.OPTIMAL
            best = round(solver.objective_value)
            model.add(measures[name] <= best)
            model.clear_hints()  # type: ignore[no-untyped-call]
            for variable in range(len(model.proto.variables)):
                each = model.get_int_var_from_proto_index(variable)
                model.add_hint(each, solver.value(each))
        if found is None:
            raise TimeoutError("no plan was found in the time given")
        return Choice(cost(self._year, self._starts(model, found)), is_proven)

    def _run(self, model: cp_model.CpModel, name: str) -> tuple[cp_model.CpSolver, Any]:
        self._report(self._done / self._steps, name)
        self._done += 1
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        # The solver's own count of its work, so that a slow machine gives the same plan; the clock is only a backstop.
        # Most steps take no time, so each may use half of what is left.
        solver.parameters.max_deterministic_time = self._left / 2
        solver.parameters.max_time_in_seconds = 2 * self._left
        status = solver.solve(model)
        self._left = max(self._left - solver.response_proto.deterministic_time, self._year.seconds / 100)
        return solver, status

    def _starts(self, model: cp_model.CpModel, solver: cp_model.CpSolver) -> Iterator[datetime]:
        """Each meeting's start. Of meetings that are alike the earlier ones take the earlier slots."""
        chosen = {
            key: [
                number
                for number, count in enumerate(counts)
                for _ in range(solver.value(model.get_int_var_from_proto_index(count.index)))
            ]
            for key, counts in self._count.items()
        }
        turns = {key: iter(zip(meetings, chosen[key], strict=True)) for key, meetings in self._alike.items()}
        for number in range(len(self._year.meetings)):
            meeting, option = next(turns[self._order[number]])
            yield meeting[option].start
