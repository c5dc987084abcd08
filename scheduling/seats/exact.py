"""The allocation by the published rule, exactly. For the child process only: the one module of seats with the solver.

A flow of people through a small network into seats. A person's wish leads to a node of its session, of their class
where seats are kept for it, and of their organisation where that has a ceiling; from there to the seats kept for the
class or to anybody's. The rules are lexicographic, and one cost for all ranks would need powers too large to compute
with. So each rank is a flow of its own: a stage finds the least, and by the prices of its nodes (distances in what the
flow left over) we know what every flow as good as this one has in common: which wishes it never meets, which ways are
never taken, which are always full. The next stage chooses among these only. The last one draws: of all allocations as
good as each other the one with the least sum of lot x rank.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from .asking import LOTS, UNPLACED, Allocation, Asking, Rule, Session, lot_of
from .serial import by_time

Ints = NDArray[np.int64]
ENOUGH = 1 << 40  # seats, where there is no limit
Report = Callable[[float, str], None]


def solve(data: dict[str, Any], report: Report, _stop: threading.Event | None = None) -> dict[str, Any]:
    """The child's entry: an `Asking` as JSON in, an `Allocation` as JSON out. Nobody stops it: it takes a second."""
    return allocate(Asking.from_json(data), report).to_json()


def allocate(asking: Asking, report: Report = lambda done, doing: None) -> Allocation:
    """By the rule asked for. No seat stays free that anybody wishes for more than what they got, and may take."""
    if asking.rule is Rule.BY_TIME:
        return Allocation.of(asking, by_time(asking))
    flow = Flow(asking)
    costs = list(_stages(asking.rule, flow))
    for number, cost in enumerate(costs):
        report(number / (len(costs) + 1), "rank")
        flow.narrow(cost)
    report(len(costs) / (len(costs) + 1), "lot")
    flow.improve(flow.by_lot())
    return Allocation.of(asking, flow.given())


def min_sum(asking: Asking) -> Allocation:
    """The least sum of ranks, being without a seat one worse than the last: what the rules are held against."""
    flow = Flow(asking)
    flow.improve(np.where(flow.rank == UNPLACED, flow.ranks + 1, flow.rank))
    return Allocation.of(asking, flow.given())


def _stages(rule: Rule, flow: Flow) -> Iterator[Ints]:
    """What each stage makes least."""
    if rule is Rule.GENEROUS:
        for rank in (UNPLACED, *range(flow.ranks, 1, -1)):
            yield (flow.rank == rank).astype(np.int64)
    else:
        for rank in range(1, flow.ranks + 1):
            yield -(flow.rank == rank).astype(np.int64)


@dataclass
class Ways:
    """The ways from node to node, with how many fit through each."""

    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    most: list[int] = field(default_factory=list)

    def add(self, start: int, end: int, most: int) -> None:
        self.start.append(start)
        self.end.append(end)
        self.most.append(most)


class Flow:
    """The network, and the best flow found so far. `rank` is each wish's, for the wishes of all people in one row."""

    def __init__(self, asking: Asking) -> None:
        # In the order of their numbers: the answer must not hang on the order in which they were read.
        by_number = attrgetter("id")
        asking = replace(
            asking,
            people=tuple(sorted(asking.people, key=by_number)),
            sessions=tuple(sorted(asking.sessions, key=by_number)),
        )
        self._asking = asking
        self._nodes = 1  # 0 is where everybody ends
        self._ways = Ways()
        self._sessions: list[int] = []  # of each node where wishes end
        network = {each.id: _Entries(self, each) for each in asking.sessions}
        nowhere = self.node(None)
        self.way(nowhere, 0, ENOUGH)
        person, node, rank = [], [], []
        for number, each in enumerate(asking.people):
            for position, wish in enumerate(each.wishes, 1):
                person.append(number)
                node.append(network[wish].entry(each.kind, each.organisation))
                rank.append(position)
            person.append(number)
            node.append(nowhere)
            rank.append(UNPLACED)
        self.person: Ints = np.array(person, np.int64)
        self.rank: Ints = np.array(rank, np.int64)
        self.ranks = int(self.rank.max(initial=0))
        self._node: Ints = np.array(node, np.int64)
        self._start, self._end, self._most = (
            np.array(each, np.int64) for each in (self._ways.start, self._ways.end, self._ways.most)
        )
        self._least: Ints = np.zeros_like(self._most)
        self._through: Ints = np.zeros_like(self._most)
        self._open: NDArray[np.bool_] = np.ones(len(self.person), bool)  # wishes that a flow as good may meet
        self._met: NDArray[np.bool_] = np.zeros(len(self.person), bool)

    def node(self, session: int | None) -> int:
        self._nodes += 1
        self._sessions.append(session or 0)
        return self._nodes - 1

    def way(self, start: int, end: int, most: int) -> None:
        self._ways.add(start, end, min(most, len(self._asking.people)))

    def narrow(self, cost: Ints) -> None:
        """Make `cost`, of each wish that is met, least in all; leave only flows that do."""
        self.improve(cost)
        distance = self._distances(cost)
        held = np.flatnonzero(self._met)
        at: Ints = np.zeros(len(self._asking.people), np.int64)
        at[self.person[held]] = distance[self._node[held]] - cost[held]  # of each person
        self._open &= (cost + at[self.person] == distance[self._node]) | self._met
        slack = distance[self._start] - distance[self._end]
        self._most = np.where(slack > 0, self._least, self._most)
        self._least = np.where(slack < 0, self._most, self._least)

    def improve(self, cost: Ints) -> None:
        """Find the flow with the least `cost` among those that are left. Who has one wish left is not asked."""
        count = np.bincount(self.person[self._open], minlength=len(self._asking.people))
        sure = self._open & (count[self.person] == 1)
        asked = np.flatnonzero(self._open & ~sure)
        numbers = np.flatnonzero(count > 1)
        place: Ints = np.zeros(len(count), np.int64)
        place[numbers] = np.arange(len(numbers)) + self._nodes
        supply: Ints = np.zeros(self._nodes + len(numbers), np.int64)
        supply[self._nodes :] = 1
        np.add.at(supply, self._node[sure], 1)
        supply[0] -= len(self._asking.people)
        # What has to go through in any case goes before anything is looked for.
        np.add.at(supply, self._start, -self._least)
        np.add.at(supply, self._end, self._least)
        flow = SimpleMinCostFlow()
        ways = flow.add_arcs_with_capacity_and_unit_cost(
            np.concatenate([self._start, place[self.person[asked]]]),
            np.concatenate([self._end, self._node[asked]]),
            np.concatenate([self._most - self._least, np.ones(len(asked), np.int64)]),
            np.concatenate([np.zeros(len(self._start), np.int64), cost[asked]]),
        )
        flow.set_nodes_supplies(np.arange(len(supply)), supply)
        if (status := flow.solve()) != flow.OPTIMAL:
            raise RuntimeError(f"no flow: {status}")
        found = flow.flows(ways)
        self._through = self._least + found[: len(self._start)]
        self._met = sure.copy()
        self._met[asked] = found[len(self._start) :] > 0

    def _distances(self, cost: Ints) -> Ints:
        """The least cost of sending one more from anywhere to each node, by what the flow leaves open."""
        held: Ints = np.zeros(len(self._asking.people), np.int64)
        met = np.flatnonzero(self._met)
        held[self.person[met]] = met
        other = np.flatnonzero(self._open & ~self._met)
        present = held[self.person[other]]
        forth, back = self._through < self._most, self._through > self._least
        start = np.concatenate([self._node[present], self._start[forth], self._end[back]])
        end = np.concatenate([self._node[other], self._end[forth], self._start[back]])
        price = np.concatenate([cost[other] - cost[present], np.zeros(forth.sum() + back.sum(), np.int64)])
        # Of many people who could go one way, the cheapest is enough.
        pair = start * self._nodes + end
        order = np.lexsort((price, pair))
        first = order[np.unique(pair[order], return_index=True)[1]]
        start, end, price = start[first], end[first], price[first]
        distance: Ints = np.zeros(self._nodes, np.int64)
        for _round in range(self._nodes):
            before = distance.copy()
            np.minimum.at(distance, end, distance[start] + price)
            if np.array_equal(before, distance):
                return distance
        raise RuntimeError("the flow before was not the best")

    def by_lot(self) -> Ints:
        """What the last stage makes least: nobody is better off by it but by their lot, or by what they missed."""
        people = self._asking.people
        weight = np.array([each.behind * LOTS + lot_of(self._asking.seed, each.id) + 1 for each in people], np.int64)
        rank = np.where(self.rank == UNPLACED, self.ranks + 1, self.rank)
        return weight[self.person] * rank

    def given(self) -> dict[int, int]:
        """The session of everybody who got one."""
        people, sessions = self._asking.people, self._sessions
        found = ((people[self.person[each]].id, sessions[self._node[each] - 1]) for each in np.flatnonzero(self._met))
        return {person: session for person, session in found if session}


class _Entries:
    """The nodes of one session."""

    def __init__(self, flow: Flow, session: Session) -> None:
        self._flow, self._session, places = flow, session, session.places
        self._own: dict[tuple[str, int | None], int] = {}
        self._anybodys = flow.node(session.id)
        kept, common = _left(session)
        flow.way(self._anybodys, 0, common)
        self._of_class: dict[str, int] = {}
        for kind, seats in kept.items():
            self._of_class[kind] = flow.node(session.id)
            flow.way(self._of_class[kind], 0, seats)
            flow.way(self._of_class[kind], self._anybodys, ENOUGH)
        self._ceilings = places.most

    def entry(self, kind: str, organisation: int | None) -> int:
        """Where a wish of such a person ends."""
        after = self._of_class.get(kind, self._anybodys)
        if kind not in self._ceilings or organisation is None:
            return after
        key = kind, organisation
        if key not in self._own:
            sits = sum(each == key for each in ((one.kind, one.organisation) for one in self._session.held))
            self._own[key] = self._flow.node(self._session.id)
            self._flow.way(self._own[key], after, max(0, self._ceilings[kind] - sits))
        return self._own[key]


def _left(session: Session) -> tuple[dict[str, int], int]:
    """The seats that are left: those kept for each class, and anybody's."""
    places = session.places
    if places.total is None:
        return {}, ENOUGH
    sits: dict[str, int] = {}
    for each in session.held:
        sits[each.kind] = sits.get(each.kind, 0) + 1
    kept = {kind: max(0, seats - sits.get(kind, 0)) for kind, seats in places.kept.items()}
    common = places.total - len(session.held) - sum(kept.values())
    for kind in kept:  # more sit on anybody's seats than there are: the room, or a class, has changed
        lacking = min(kept[kind], max(0, -common))
        kept[kind] -= lacking
        common += lacking
    return kept, max(0, common)
