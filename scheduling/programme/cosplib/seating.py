"""Where in its session a submission is, once the session of each and the rooms of each track are known.

For the child process only. Only where it matters is it asked of the solver: where a track has several rooms at a time,
where somebody's turn comes, and where people would be in two places in one slot. All others follow one another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

from ortools.sat.python import cp_model

from .conference import Conference, Pair, Place
from .core import Linear, Literal
from .full import by_slot

_Group = Sequence[int]


def seat(
    conference: Conference, sessions: Sequence[int], rooms: Mapping[Pair, Sequence[int]], *, seconds: float
) -> list[Place] | None:
    """The best places that are found in these sessions and rooms, the latter by (track, session).

    None where there are none, which is so only if the rooms have too few slots, or if time ran out.
    """
    groups: dict[Pair, list[int]] = defaultdict(list)
    for number, submission in enumerate(conference.submissions):
        groups[submission.track, sessions[number]].append(number)
    seating = _Seating(conference, groups, rooms)
    places: dict[int, Place] = {}
    for where, members in groups.items():
        if where not in seating.asked:
            places |= _in_a_row(conference, members, where[1], rooms[where])
    found = seating.solve(seconds)
    if found is None:
        return None
    places |= found
    return [places[number] for number in range(len(conference.submissions))]


def _in_a_row(conference: Conference, members: _Group, session: int, rooms: Sequence[int]) -> dict[int, Place]:
    slot, places = 0, {}
    for number in sorted(members, key=lambda each: conference.submissions[each].order or len(conference.submissions)):
        places[number] = Place(session, rooms[0], slot)
        slot += conference.submissions[number].slots
    return places


class _Seating:
    def __init__(
        self, conference: Conference, groups: Mapping[Pair, _Group], rooms: Mapping[Pair, Sequence[int]]
    ) -> None:
        self.conference, self.groups, self.rooms = conference, groups, rooms
        self.model = cp_model.CpModel()
        self.costs: list[Linear] = []
        self.starts: dict[int, dict[Place, Literal]] = {}
        self.session_of = {number: session for (_, session), members in groups.items() for number in members}
        self.by_slot = [(pair, cost) for pair, cost in by_slot(conference).items() if self._meet(pair)]
        self.asked = [where for where in groups if self._matters(where)]
        for where in self.asked:
            self._places(where)
        for pair, cost in self.by_slot:
            self._overlap(pair, cost)
        for where in self.asked:
            self._apart(where)
            if conference.weights.order:
                self._order(where)
        self.model.minimize(sum(self.costs))

    def _meet(self, pair: Pair) -> bool:
        return self.session_of[pair[0]] == self.session_of[pair[1]]

    def _matters(self, where: Pair) -> bool:
        if len(self.rooms[where]) > 1:
            return True
        members = {*self.groups[where]}
        if any(members & {*pair} for pair, _ in self.by_slot):
            return True
        return bool(self.conference.weights.order) and any(self.conference.submissions[n].order for n in members)

    def _places(self, where: Pair) -> None:
        """Every submission begins somewhere, no two share a slot of a room."""
        _, session = where
        slots = self.conference.sessions[session].slots
        taken: dict[Pair, list[Literal]] = defaultdict(list)
        for number in self.groups[where]:
            long = self.conference.submissions[number].slots
            starts = self.starts[number] = {}
            for room in self.rooms[where]:
                for slot in range(slots - long + 1):
                    start = starts[Place(session, room, slot)] = self.model.new_bool_var("")
                    for covered in range(slot, slot + long):
                        taken[room, covered].append(start)
                    if len(self.rooms[where]) > 1 and (cost := self.conference.room_cost(number, room)):
                        self.costs.append(cost * start)
            self.model.add_exactly_one(starts.values())
        for literals in taken.values():
            self.model.add_at_most_one(literals)
        for room in self.rooms[where] if len(self.rooms[where]) > 1 else ():
            self.model.add_bool_or(*(literals for (at, _), each in taken.items() if at == room for literals in each))

    def _covering(self, number: int, slot: int) -> list[Literal]:
        long = self.conference.submissions[number].slots
        return [start for place, start in self.starts[number].items() if place.slot <= slot < place.slot + long]

    def _overlap(self, pair: Pair, cost: int) -> None:
        one, other = pair
        for slot in range(self.conference.sessions[self.session_of[one]].slots):
            share = self.model.new_bool_var("")
            self.model.add(sum(self._covering(one, slot)) + sum(self._covering(other, slot)) <= 1 + share)
            self.costs.append(cost * share)

    def _apart(self, where: Pair) -> None:
        """Those of a track who clash if they are in different rooms."""
        weights, rooms = self.conference.weights, self.rooms[where]
        if len(rooms) == 1:
            return
        for pair in combinations(sorted(self.groups[where]), 2):
            cost = weights.presenters * (pair in self.conference.presenter_clashes)
            cost += weights.attendees * (pair in self.conference.attendee_clashes)
            if cost:
                apart = self.model.new_bool_var("")
                self.costs.append(cost * apart)
                for room in rooms:
                    one, other = ([s for p, s in self.starts[n].items() if p.room == room] for n in pair)
                    self.model.add(sum(one) - sum(other) <= apart)

    def _order(self, where: Pair) -> None:
        submissions, members = self.conference.submissions, self.groups[where]
        ordered = [number for number in members if submissions[number].order]
        track, session = where
        before = sum(self.session_of[number] < session for number in self.conference.of_track[track])
        for number in ordered:
            turn = submissions[number].order - before
            if 1 <= turn <= len(members):
                self._turn(number, turn, members)
        if len(self.rooms[where]) > 1:
            for pair in combinations(sorted(ordered), 2):
                self._overlap(pair, self.conference.weights.order)

    def _turn(self, number: int, turn: int, members: _Group) -> None:
        """It costs unless `turn - 1` of the others are before it, in an earlier slot or a room further up."""
        astray = self.model.new_bool_var("")
        self.costs.append(self.conference.weights.order * astray)
        mine, before = self._at(number), []
        for other in members:
            if other != number:
                first = self.model.new_bool_var("")
                self.model.add(self._at(other) < mine).only_enforce_if(first)
                self.model.add(self._at(other) > mine).only_enforce_if(first.negated())
                before.append(first)
        self.model.add(sum(before) == turn - 1).only_enforce_if(astray.negated())

    def _at(self, number: int) -> cp_model.LinearExpr:
        """Its place in the order of rooms and slots."""
        slots = max(session.slots for session in self.conference.sessions)
        each = self.starts[number].items()
        return cp_model.LinearExpr.sum([(place.room * slots + place.slot) * start for place, start in each])

    def solve(self, seconds: float) -> dict[int, Place] | None:
        if not self.asked:
            return {}
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_time_in_seconds = seconds
        if solver.solve(self.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        return {
            number: next(place for place, start in starts.items() if solver.boolean_value(start))
            for number, starts in self.starts.items()
        }
