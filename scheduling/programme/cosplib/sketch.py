"""A start: which tracks are in which sessions, before anybody asks for a room.

For the child process only. Where a conference is nearly full, finding any programme is the hard part, and it turns on
this: every track needs slots enough, and no session has rooms for more tracks than so many. Rooms then cost what the
cheapest of the session do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations, pairwise
from math import ceil

from ortools.sat.python import cp_model

from .conference import Conference, Pair
from .core import Linear, Literal, kinds_of
from .full import clashes


class Sketch:
    """`many[track, session]`: how many rooms, and at most those that a track cannot do without."""

    def __init__(self, conference: Conference) -> None:
        self.conference = conference
        self.model = cp_model.CpModel()
        self.tracks, self.sessions = range(len(conference.tracks)), range(len(conference.sessions))
        self.clashes = clashes(conference)
        self.kinds = kinds_of(conference, {number for pair in self.clashes for number in pair})
        self.costs: list[Linear] = []
        self.many: dict[Pair, Literal] = {}
        self.held: dict[Pair, Literal] = {}
        self.within: dict[Pair, Literal] = {}
        self._tracks()
        self._submissions()
        self._rooms()
        self._side_by_side()
        self._meet()
        self.model.minimize(sum(self.costs))

    def _tracks(self) -> None:
        slots = [session.slots for session in self.conference.sessions]
        for track in self.tracks:
            needed = self._needed(track)
            most = ceil(needed / sum(slots))
            for session in self.sessions:
                held = self.held[track, session] = self.model.new_bool_var("")
                self.many[track, session] = held if most == 1 else self.model.new_int_var(0, most, "")
                self._room(track, session)
            self.model.add(sum(slots[session] * self.many[track, session] for session in self.sessions) >= needed)
            if self.conference.weights.consecutive_tracks:
                self._consecutive(track)

    def _room(self, track: int, session: int) -> None:
        weights, rooms = self.conference.weights, self.conference.sessions[session].rooms
        held, many = self.held[track, session], self.many[track, session]
        costs = (self.conference.cell_cost(track, session, room) for room in range(len(rooms)))
        self.costs.append(min(cost - weights.sessions_rooms * rooms[room] for room, cost in enumerate(costs)) * many)
        if held is not many:
            self.model.add(many >= 1).only_enforce_if(held)
            self.model.add(many == 0).only_enforce_if(held.negated())
            self.costs.append(weights.parallel_tracks * (many - held))

    def _needed(self, track: int) -> int:
        return sum(self.conference.submissions[number].slots for number in self.conference.of_track[track])

    def _consecutive(self, track: int) -> None:
        torn = self.model.new_bool_var("")
        begins: list[Literal] = [self.held[track, 0]]
        for session in self.sessions[1:]:
            begins.append(self.model.new_bool_var(""))
            now, before = self.held[track, session], self.held[track, session - 1]
            self.model.add_bool_or(now.negated(), before, begins[-1])
        self.model.add(sum(begins) <= 1 + len(self.sessions) * torn)
        self.costs.append(self.conference.weights.consecutive_tracks * torn)

    def _submissions(self) -> None:
        inside: dict[Pair, list[tuple[int, Literal]]] = defaultdict(list)
        for kind, members in enumerate(self.kinds):
            one = self.conference.submissions[members[0]]
            for session in self.sessions:
                if self.conference.sessions[session].slots >= one.slots:
                    within = self.within[kind, session] = self.model.new_int_var(0, len(members), "")
                    inside[one.track, session].append((one.slots, within))
                    self.costs.append(self.conference.session_cost(members[0], session) * within)
            everywhere = [self.within[kind, session] for session in self.sessions if (kind, session) in self.within]
            self.model.add(sum(everywhere) == len(members))
        for (track, session), many in self.many.items():
            mine, slots = inside[track, session], self.conference.sessions[session].slots
            self.model.add(sum(long * within for long, within in mine) <= slots * many)
            self.model.add(sum(within for _, within in mine) >= many)
            for long in {long for long, _ in mine if long > 1}:  # so many of the long ones fit a room, and no more
                fit = slots // long
                self.model.add(sum(within for each, within in mine if each >= long) <= fit * many)

    def _rooms(self) -> None:
        """Of the rooms of a session the cheapest are taken first."""
        for session in self.sessions:
            weight = self.conference.weights.sessions_rooms
            prices = sorted(weight * penalty for penalty in self.conference.sessions[session].rooms)
            taken = [self.model.new_bool_var("") for _ in prices]
            self.model.add(sum(self.many[track, session] for track in self.tracks) == sum(taken))
            for cheaper, dearer in pairwise(taken):
                self.model.add_implication(dearer, cheaper)
            self.costs += [price * each for price, each in zip(prices, taken, strict=True) if price]

    def _side_by_side(self) -> None:
        for one, other in combinations(self.tracks, 2):
            if cost := self.conference.side_by_side(one, other):
                for session in self.sessions:
                    beside = self.model.new_int_var(0, len(self.conference.rooms), "")
                    held = self.held[one, session], self.held[other, session]
                    many = self.many[one, session] + self.many[other, session]
                    self.model.add(beside >= many - 1).only_enforce_if(held)
                    self.costs.append(cost * beside)

    def _meet(self) -> None:
        kind_of = {number: kind for kind, members in enumerate(self.kinds) for number in members}
        for (one, other), weight in sorted(self.clashes.items()):
            meet = self.model.new_bool_var("")
            self.costs.append(weight * meet)
            for session in self.sessions:
                if (kind_of[one], session) in self.within and (kind_of[other], session) in self.within:
                    both = self.within[kind_of[one], session] + self.within[kind_of[other], session]
                    self.model.add(both <= 1 + meet)

    def many_in(self, values: Sequence[int]) -> dict[Pair, int]:
        """How many rooms a track has in a session, in a solution."""
        return {where: values[many.index] for where, many in self.many.items()}
