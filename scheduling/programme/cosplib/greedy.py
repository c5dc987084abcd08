"""A first programme at once, by taking for each track the cheapest room of a session again and again.

Where a conference is nearly full it may leave somebody over, and then gives none. It is there for the large ones, of
which a solver has nothing to show for a good while.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from .conference import Conference, Place
from .full import clashes


def greedy(conference: Conference) -> list[Place] | None:
    """Places for all submissions, or None where somebody is left over. The longest and the largest come first."""
    return _Greedy(conference).places()


class _Greedy:
    def __init__(self, conference: Conference) -> None:
        self.conference = conference
        self.tracks_in: dict[int, list[int]] = defaultdict(list)  # of a session
        self.free = {(s, r) for s in range(len(conference.sessions)) for r in range(len(conference.rooms))}
        self.found: dict[int, Place] = {}
        self.foes: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for (one, other), cost in clashes(conference).items():
            self.foes[one].append((other, cost))
            self.foes[other].append((one, cost))

    def places(self) -> list[Place] | None:
        submissions = self.conference.submissions
        sizes = [sum(submissions[number].slots for number in members) for members in self.conference.of_track]
        for track in sorted(range(len(sizes)), key=lambda each: -sizes[each]):
            left = sorted(self.conference.of_track[track], key=lambda number: -submissions[number].slots)
            rooms: set[int] = set()
            while left:
                if (room := self._next(track, left, rooms)) is None:
                    return None
                rooms.add(room)
        return [self.found[number] for number in range(len(submissions))]

    def _next(self, track: int, left: list[int], rooms: set[int]) -> int | None:
        """Fill one more room of a session, the cheapest for each slot that it fills; which room it was."""
        best: tuple[float, int, int, list[int]] | None = None
        for session in sorted({session for session, _ in self.free}):
            inside, cost = self._fill(left, session)
            if not inside:
                continue
            cost += self._beside(track, session)
            filled = sum(self.conference.submissions[number].slots for number in inside)
            for room in range(len(self.conference.rooms)):
                if (session, room) in self.free:
                    whole = cost + self._room(track, session, room, inside, rooms)
                    if best is None or whole / filled < best[0]:
                        best = (whole / filled, session, room, inside)
        if best is None:
            return None
        _, session, room, inside = best
        self.free.remove((session, room))
        self.tracks_in[session].append(track)
        slot = 0
        for number in inside:
            self.found[number] = Place(session, room, slot)
            slot += self.conference.submissions[number].slots
            left.remove(number)
        return room

    def _fill(self, left: Sequence[int], session: int) -> tuple[list[int], int]:
        """Who goes in a session next, the longest first and of these the cheapest, and at what cost."""
        submissions, slots = self.conference.submissions, self.conference.sessions[session].slots
        costs = {number: self._cost(number, session) for number in left}
        inside, cost = [], 0
        for number in sorted(left, key=lambda each: (-submissions[each].slots, costs[each])):
            if submissions[number].slots <= slots:
                inside.append(number)
                slots -= submissions[number].slots
                cost += costs[number]
        return inside, cost

    def _cost(self, number: int, session: int) -> int:
        met = (cost for foe, cost in self.foes[number] if foe in self.found and self.found[foe].session == session)
        return self.conference.session_cost(number, session) + sum(met)

    def _beside(self, track: int, session: int) -> int:
        weights, others = self.conference.weights, self.tracks_in[session]
        parallel = weights.parallel_tracks * (track in others)
        return parallel + sum(self.conference.side_by_side(track, other) for other in others if other != track)

    def _room(self, track: int, session: int, room: int, inside: Sequence[int], rooms: set[int]) -> int:
        own = sum(self.conference.room_cost(number, room) for number in inside)
        another = self.conference.weights.rooms_per_track * (bool(rooms) and room not in rooms)
        return own + another + self.conference.cell_cost(track, session, room)
