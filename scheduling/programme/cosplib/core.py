"""The variables that CoSPLib's models share: what each room of a session is for, and which session a submission is in.

For the child process only. Submissions of a track that nothing tells apart are counted, not named: a *kind*. Which of a
track's rooms a submission is in, where a track has several in one session, is not asked here but afterwards, in
`seating`: what takes several slots has its slots here, so that it can be answered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import ceil

from ortools.sat.python import cp_model

from .conference import Conference, Pair, Place

Literal = cp_model.IntVar
Linear = cp_model.LinearExprT


class Core:
    """`model` with these variables and what holds in every programme.

    `cell[track, session, room]`: the room is the track's. `held[track, session]`: it has one then. `used[track, room]`:
    it has the room at some time. `within[kind, session]`: how many of a kind. `starts[submission, session]`: a literal
    for each slot. Submissions in `named` are kinds of their own; so are those of several slots and those in
    `positioned`, and these have `starts`.
    """

    def __init__(self, conference: Conference, named: Iterable[int], positioned: Iterable[int] = ()) -> None:
        self.conference = conference
        self.model = cp_model.CpModel()
        self.tracks, self.sessions, self.rooms = (
            range(len(things)) for things in (conference.tracks, conference.sessions, conference.rooms)
        )
        long = {number for number, submission in enumerate(conference.submissions) if submission.slots > 1}
        self.kinds = kinds_of(conference, {*named, *positioned} | long)
        self.kind_of = {number: kind for kind, members in enumerate(self.kinds) for number in members}
        self.cell: dict[tuple[int, int, int], Literal] = {}
        self.held: dict[Pair, Literal] = {}
        self.used: dict[Pair, Literal] = {}
        self.within: dict[Pair, Literal] = {}
        self.starts: dict[Pair, list[Literal]] = {}
        self._rooms()
        self._kinds()
        self._submissions()
        self._slots(long | {*positioned})

    def many(self, track: int, session: int) -> cp_model.LinearExpr:
        """How many rooms a track has in a session."""
        return cp_model.LinearExpr.sum([self.cell[track, session, room] for room in self.rooms])

    def alone(self, number: int, session: int) -> Literal | None:
        """A submission that is a kind of its own, in a session; None where it does not fit."""
        return self.within.get((self.kind_of[number], session))

    def both(self, one: Literal, other: Literal, then: Literal) -> None:
        """`then` holds where both do."""
        self.model.add_bool_or(one.negated(), other.negated(), then)

    def _rooms(self) -> None:
        new = self.model.new_bool_var
        for track in self.tracks:
            for room in self.rooms:
                self.used[track, room] = new("")
            for session in self.sessions:
                held = self.held[track, session] = new("")
                for room in self.rooms:
                    cell = self.cell[track, session, room] = new("")
                    self.model.add_implication(cell, held)
                    self.model.add_implication(cell, self.used[track, room])
                self.model.add_bool_or([*(self.cell[track, session, room] for room in self.rooms), held.negated()])
        for session in self.sessions:
            self.model.add(sum(self.held[track, session] for track in self.tracks) <= len(self.rooms))
            for room in self.rooms:
                self.model.add_at_most_one(self.cell[track, session, room] for track in self.tracks)

    def _kinds(self) -> None:
        for kind, members in enumerate(self.kinds):
            one = self.conference.submissions[members[0]]
            for session in self.sessions:
                fit = self.conference.sessions[session].slots // one.slots
                held = self.held[one.track, session]
                if len(members) == 1 and fit:
                    self.within[kind, session] = self.model.new_bool_var("")
                    self.model.add_implication(self.within[kind, session], held)
                elif fit:
                    most = min(len(members), fit * len(self.rooms))
                    self.within[kind, session] = self.model.new_int_var(0, most, "")
                    self.model.add(self.within[kind, session] == 0).only_enforce_if(held.negated())
            everywhere = [self.within[kind, session] for session in self.sessions if (kind, session) in self.within]
            if len(members) == 1:
                self.model.add_exactly_one(everywhere)
            else:
                self.model.add(sum(everywhere) == len(members))

    def _submissions(self) -> None:
        of_track: dict[int, list[int]] = defaultdict(list)
        for kind, members in enumerate(self.kinds):
            of_track[self.conference.submissions[members[0]].track].append(kind)
        for track in self.tracks:
            for session in self.sessions:
                inside = [kind for kind in of_track[track] if (kind, session) in self.within]
                needed = sum(self.slots(kind) * self.within[kind, session] for kind in inside)
                many = self.many(track, session)
                self.model.add(needed <= self.conference.sessions[session].slots * many)
                self.model.add(sum(self.within[kind, session] for kind in inside) >= many)
            # Implied, and what a search for any programme at all turns on.
            there = (slots.slots * self.many(track, session) for session, slots in enumerate(self.conference.sessions))
            self.model.add(sum(there) >= sum(self.slots(kind) * len(self.kinds[kind]) for kind in of_track[track]))

    def slots(self, kind: int) -> int:
        return self.conference.submissions[self.kinds[kind][0]].slots

    def _slots(self, positioned: set[int]) -> None:
        """Never more of a track in a slot than it has rooms then: so each can have one room for all its slots."""
        at: dict[tuple[int, int, int], list[Literal]] = {}
        for number in sorted(positioned):
            submission = self.conference.submissions[number]
            for session in self.sessions:
                if (within := self.alone(number, session)) is None:
                    continue
                last = self.conference.sessions[session].slots - submission.slots
                starts = [self.model.new_bool_var("") for _ in range(last + 1)]
                self.model.add(sum(starts) == within)
                self.starts[number, session] = starts
                for slot, start in enumerate(starts):
                    for covered in range(slot, slot + submission.slots):
                        at.setdefault((submission.track, session, covered), []).append(start)
        for (track, session, _), literals in at.items():
            self.model.add(sum(literals) <= self.many(track, session))

    def covering(self, number: int, session: int, slot: int) -> list[Literal]:
        """The starts of a submission by which it has a slot: at most one of them is so."""
        slots = self.conference.submissions[number].slots
        return self.starts.get((number, session), [])[max(0, slot - slots + 1) : slot + 1]

    def narrow(self, model: cp_model.CpModel) -> None:
        """Demand of `model`, a copy of this one, that no track has more rooms at a time than it cannot do without."""
        there = sum(session.slots for session in self.conference.sessions)
        for track, members in enumerate(self.conference.of_track):
            most = ceil(sum(self.conference.submissions[number].slots for number in members) / there)
            for session in self.sessions:
                model.add(self.many(track, session) <= most)
                if most == 1:
                    model.add(self.many(track, session) == self.held[track, session])

    def cells_cost(self) -> list[Linear]:
        costs = ((self.conference.cell_cost(*where), cell) for where, cell in self.cell.items())
        return [cost * cell for cost, cell in costs if cost]

    def hint(self, model: cp_model.CpModel, places: Sequence[Place]) -> None:
        """Tell `model`, a copy of this one, of a programme."""
        submissions = self.conference.submissions
        cells = {(one.track, at.session, at.room) for one, at in zip(submissions, places, strict=True)}
        for cell, literal in self.cell.items():
            model.add_hint(literal, cell in cells)
        for (track, session), literal in self.held.items():
            model.add_hint(literal, any((track, session, room) in cells for room in self.rooms))
        for (track, room), literal in self.used.items():
            model.add_hint(literal, any((track, session, room) in cells for session in self.sessions))
        for (kind, session), literal in self.within.items():
            model.add_hint(literal, sum(places[number].session == session for number in self.kinds[kind]))
        for (number, session), starts in self.starts.items():
            for slot, start in enumerate(starts):
                model.add_hint(start, places[number][::2] == (session, slot))

    def sessions_of(self, values: Sequence[int]) -> list[int]:
        """The session of each submission in a solution: a value for each variable."""
        found = [0] * len(self.conference.submissions)
        left = [list(members) for members in self.kinds]
        for (kind, session), within in self.within.items():
            for _ in range(values[within.index]):
                found[left[kind].pop()] = session
        return found

    def rooms_of(self, values: Sequence[int]) -> dict[Pair, list[int]]:
        """The rooms of each (track, session) in a solution."""
        found: dict[Pair, list[int]] = defaultdict(list)
        for (track, session, room), cell in self.cell.items():
            if values[cell.index]:
                found[track, session].append(room)
        return found


def kinds_of(conference: Conference, named: set[int]) -> list[tuple[int, ...]]:
    """Submissions that nothing tells apart, those in `named` alone."""
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, submission in enumerate(conference.submissions):
        costs = (
            *(conference.session_cost(number, session) for session in range(len(conference.sessions))),
            *(conference.room_cost(number, room) for room in range(len(conference.rooms))),
        )
        alike[submission.track, submission.slots, number if number in named else -1, costs].append(number)
    return [tuple(members) for members in alike.values()]
