"""CoSPLib's exact model: one room for a track, no presenter in two rooms at a time, the fewest points for preferences.

For the child process only.
"""

from __future__ import annotations

from scheduling.programme.portfolio import Turn

from .conference import Conference, Place
from .core import Core, Linear
from .score import exact_score
from .seating import seat

# Both prove well together: the one by linear relaxation, the other by search.
SUBSOLVERS = ("max_lp", "default_lp")


class Exact(Core):
    """A track has one room, and no more sessions than it would fill of the shortest."""

    def __init__(self, conference: Conference) -> None:
        tracks = [submission.track for submission in conference.submissions]
        self.clashes = sorted(pair for pair in conference.presenter_clashes if tracks[pair[0]] != tracks[pair[1]])
        super().__init__(conference, {number for pair in self.clashes for number in pair})
        for track in self.tracks:
            self._one_room(track)
        for one, other in self.clashes:
            for session in self.sessions:
                first, second = self.alone(one, session), self.alone(other, session)
                if first is not None and second is not None:
                    self.model.add_at_most_one(first, second)
        costs: list[Linear] = self.cells_cost()
        for kind, members in enumerate(self.kinds):
            costs += self._points(kind, members[0], len(members))
        self.model.minimize(sum(costs))

    def _one_room(self, track: int) -> None:
        most, filled = 0, 0
        needed = sum(self.conference.submissions[number].slots for number in self.conference.of_track[track])
        for slots in sorted(session.slots for session in self.conference.sessions):
            if filled < needed:
                most, filled = most + 1, filled + slots
        self.model.add(sum(self.held[track, session] for session in self.sessions) <= most)
        self.model.add_exactly_one(self.used[track, room] for room in self.rooms)
        for session in self.sessions:
            self.model.add(self.many(track, session) == self.held[track, session])
        for room in self.rooms:
            cells = (self.cell[track, session, room] for session in self.sessions)
            self.model.add(sum(cells) <= most * self.used[track, room])

    def _points(self, kind: int, number: int, members: int) -> list[Linear]:
        slots, track = self.slots(kind), self.conference.submissions[number].track
        sessions = ((self.conference.session_cost(number, session) // slots, session) for session in self.sessions)
        rooms = ((self.conference.room_cost(number, room) // slots * members, room) for room in self.rooms)
        return [
            *(cost * self.within[kind, s] for cost, s in sessions if cost and (kind, s) in self.within),
            *(cost * self.used[track, room] for cost, room in rooms if cost),
        ]


def exactly(conference: Conference, turn: Turn[list[Place]]) -> bool:
    """The exact model's best, offered with its own value. False where there is proved to be none."""
    model = Exact(conference)
    found = turn.search(model.model, subsolvers=SUBSOLVERS)
    if found is None:
        return True
    if found.values is not None:
        places = seat(conference, model.sessions_of(found.values), model.rooms_of(found.values), seconds=10.0)
        if places is not None:
            turn.best.offer(sum(exact_score(conference, places).values()), places)
    if found.bound is not None:
        turn.best.at_least(max(0, found.bound))
    return not found.is_infeasible
