"""CoSPLib's whole objective as a model for CP-SAT.

What it counts is never more than the score of a programme, so its bound is one. It is less where a matter is left to
`seating`: who shares a room of a track that has several at a time, and whose turn in its session is whose.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, pairwise

from .conference import Conference, Pair
from .core import Core, Linear, Literal


class Full(Core):
    """Every kind of the objective that has a weight."""

    def __init__(self, conference: Conference) -> None:
        weights = conference.weights
        self.by_slot = by_slot(conference)
        self.clashes = clashes(conference)
        named = {number for pair in self.clashes for number in pair}
        if weights.order:
            named |= {number for number, submission in enumerate(conference.submissions) if submission.order}
        super().__init__(conference, named, {number for pair in self.by_slot for number in pair})
        self.costs: list[Linear] = self.cells_cost()
        self._rooms_cost()
        self._side_by_side()
        self._places()
        if weights.consecutive_tracks:
            self._consecutive()
        self._meet()
        self._overlaps()
        if weights.order:
            self._order()
        self.model.minimize(sum(self.costs))

    def _cost(self, weight: int) -> Literal:
        """A new literal that costs so much."""
        literal = self.model.new_bool_var("")
        self.costs.append(weight * literal)
        return literal

    def _rooms_cost(self) -> None:
        weights = self.conference.weights
        if weights.rooms_per_track:
            self.costs.append(weights.rooms_per_track * (sum(self.used.values()) - len(self.tracks)))
        if weights.parallel_tracks:
            cells = sum(self.cell.values())
            self.costs.append(weights.parallel_tracks * (cells - sum(self.held.values())))

    def _side_by_side(self) -> None:
        for one, other in combinations(self.tracks, 2):
            if not (cost := self.conference.side_by_side(one, other)):
                continue
            for session in self.sessions:
                beside = self.model.new_int_var(0, len(self.rooms), "")
                self.costs.append(cost * beside)
                many = self.many(one, session) + self.many(other, session)
                self.model.add(beside >= many - 1).only_enforce_if(self.held[one, session], self.held[other, session])

    def _consecutive(self) -> None:
        """Torn apart: it begins more than once."""
        for track in self.tracks:
            torn = self._cost(self.conference.weights.consecutive_tracks)
            begins: list[Literal] = [self.held[track, 0]]
            for session in self.sessions[1:]:
                begins.append(self.model.new_bool_var(""))
                now, before = self.held[track, session], self.held[track, session - 1]
                self.model.add_bool_or(now.negated(), before, begins[-1])
            self.model.add(sum(begins) <= 1 + len(self.sessions) * torn)

    def _places(self) -> None:
        for (kind, session), within in self.within.items():
            if cost := self.conference.session_cost(self.kinds[kind][0], session):
                self.costs.append(cost * within)
        if self.conference.weights.submissions_rooms:
            for kind in range(len(self.kinds)):
                self._room(kind)

    def _room(self, kind: int) -> None:
        """What it costs at the least, given the rooms that its track has then."""
        track = self.conference.submissions[self.kinds[kind][0]].track
        costs = [self.conference.room_cost(self.kinds[kind][0], room) for room in self.rooms]
        steps = sorted({*costs})
        self.costs.append(steps[0] * len(self.kinds[kind]))
        for less, cost in pairwise(steps):
            cheaper = [room for room in self.rooms if costs[room] < cost]
            for session in self.sessions:
                if (within := self.within.get((kind, session))) is None:
                    continue
                dear = self.model.new_int_var(0, len(self.kinds[kind]), "")
                self.costs.append((cost - less) * dear)
                none = [self.cell[track, session, room].negated() for room in cheaper]
                self.model.add(dear >= within).only_enforce_if(none)

    def _meet(self) -> None:
        for (one, other), weight in sorted(self.clashes.items()):
            meet = self._cost(weight)
            for session in self.sessions:
                first, second = self.alone(one, session), self.alone(other, session)
                if first is not None and second is not None:
                    self.both(first, second, meet)

    def _overlaps(self) -> None:
        slots = max(session.slots for session in self.conference.sessions)
        for (one, other), weight in sorted(self.by_slot.items()):
            for slot in range(slots):
                share = self._cost(weight)
                for session in self.sessions:
                    ones, others = self.covering(one, session, slot), self.covering(other, session, slot)
                    if ones and others:
                        self.model.add(sum(ones) + sum(others) <= 1 + share)

    def _order(self) -> None:
        """An ordered submission is in a session that holds its turn, and no two of a track have the same."""
        for members in self.conference.of_track:
            turns: dict[int, list[Literal]] = {}
            for number in members:
                if turn := self.conference.submissions[number].order:
                    astray = self._cost(self.conference.weights.order)
                    turns.setdefault(turn, []).append(astray)
                    self._turn(number, turn, astray)
            for alike in turns.values():
                self.model.add_at_most_one(literal.negated() for literal in alike)

    def _turn(self, number: int, turn: int, astray: Literal) -> None:
        members = self.conference.of_track[self.conference.submissions[number].track]
        if turn > len(members):
            self.model.add(astray == 1)
            return
        others = {self.kind_of[other] for other in members} - {self.kind_of[number]}
        before: list[Literal] = []
        for session in self.sessions:
            now = [self.within[kind, session] for kind in others if (kind, session) in self.within]
            if (within := self.alone(number, session)) is not None:
                kept = [within, astray.negated()]
                self.model.add(sum(before) <= turn - 1).only_enforce_if(kept)
                self.model.add(sum(before) + sum(now) >= turn - 1).only_enforce_if(kept)
            before = before + now


def clashes(conference: Conference) -> dict[Pair, int]:
    """What two submissions of different tracks cost in one session."""
    weights, tracks = conference.weights, [submission.track for submission in conference.submissions]
    found = _weighed(
        (weights.presenters, conference.presenter_clashes), (weights.attendees, conference.attendee_clashes)
    )
    return {pair: weight for pair, weight in found.items() if tracks[pair[0]] != tracks[pair[1]]}


def by_slot(conference: Conference) -> dict[Pair, int]:
    """What a slot shared by two submissions costs."""
    weights = conference.weights
    return _weighed(
        (weights.presenters_by_slot, conference.presenter_clashes),
        (weights.attendees_by_slot, conference.attendee_clashes),
    )


def _weighed(*kinds: tuple[int, Iterable[Pair]]) -> dict[Pair, int]:
    found: dict[Pair, int] = {}
    for weight, clashes in kinds:
        for pair in clashes if weight else ():
            found[pair] = found.get(pair, 0) + weight
    return found
