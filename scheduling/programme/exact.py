"""The programme as the solver sees it: one boolean for each session, block and room that could be, and what follows.

For the child process only: of the programme's own modules this one, `objective`, `conflicts` and `model` import the
solver.

Two sessions clash at the first instant they share, and that is always the start of a block. So "one at a time" is "at
most one at each start of a block", whatever lengths the sessions have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import permutations

from ortools.sat.python import cp_model

from scheduling.programme.changes import MOVED, RETIMED, starts_alike
from scheduling.programme.demands import (
    Demand,
    Kind,
    before,
    meets,
    most_per_day,
    of_both,
    of_room,
    of_time,
)
from scheduling.programme.problem import Place, Places, Problem, Session

Literal = cp_model.IntVar
_MINUTE = timedelta(minutes=1)


class Exact:
    """The solver's model of a problem.

    Every demand holds but those in `spare`; or, where `keep` is given, those in it, and sessions that need not be
    placed seldom are; or, when `guarded`, each where its guard is true. With `rooms=False` it only says when: of rooms
    it knows that there must be enough of each kind.

    `literals` by session and (block, room), `when` by session and block, `where` by session and room; `meanwhile` are a
    session's blocks in which it covers a moment, which is a start of some block, in minutes from the first.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        keep: Collection[Demand] | None = None,
        spare: Collection[Demand] = (),
        guarded: bool = False,
        rooms: bool = True,
    ) -> None:
        self.problem = problem
        self.model = cp_model.CpModel()
        self.guards: dict[Demand, Literal] = {}
        self.days: dict[str, date] = {each.key: problem.day(each.key) for each in problem.blocks}
        self.literals: dict[str, dict[tuple[str, str], Literal]] = {}
        self.when: dict[str, dict[str, Literal]] = {}
        self.where: dict[str, dict[str, Literal]] = {}
        self.meanwhile: dict[str, dict[int, list[Literal]]] = {}
        self._keep, self._spare, self._guarded = keep, spare, guarded
        first = min(each.start for each in problem.blocks)
        self._starts = {each.key: (each.start - first) // _MINUTE for each in problem.blocks}
        self._moments = sorted(set(self._starts.values()))
        self._fits: dict[str, dict[str, frozenset[str]]] = {}  # by session and block: the rooms it could be in
        self._derived: list[tuple[Literal, Callable[[Places], int]]] = []  # and what each is, of places
        for session in problem.sessions:
            self._place(session, rooms)
        self._one_at_a_time()
        self._plenaries()
        self._orders()
        self._per_day()
        if rooms:
            self._one_in_a_room()
            self._walks()
        else:
            self._enough_rooms()

    # Reading and hinting

    def places(self, value: Callable[[Literal], int]) -> dict[str, Place]:
        """The places of a solution: `value` tells a literal's."""
        return {
            key: Place(*place)
            for key, those in self.literals.items()
            for place, literal in those.items()
            if value(literal)
        }

    def blocks(self, value: Callable[[Literal], int]) -> dict[str, str]:
        """The blocks of a solution."""
        return {key: block for key, those in self.when.items() for block, literal in those.items() if value(literal)}

    def could_be(self, session: str, place: Place) -> bool:
        """Whether nothing by itself keeps this session from that place."""
        return (place.block, place.room) in self.literals.get(session, ())

    def hint(self, places: Places) -> None:
        """Tell the solver a whole programme, or before there is an objective a part: every variable, or it forgets."""
        values: dict[int, tuple[Literal, int]] = {}
        for key, place in places.items():
            for at, literal in self.literals[key].items():
                values[literal.index] = literal, at == (place.block, place.room)
            for block, literal in self.when[key].items():
                values[literal.index] = literal, block == place.block
            for room, literal in self.where[key].items():
                values[literal.index] = literal, room == place.room
        for variable, value in self._derived:
            values[variable.index] = variable, value(places)
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for literal, told in values.values():
            self.model.add_hint(literal, told)

    def keep_blocks(self, blocks: Mapping[str, str]) -> None:
        """From here on each session is in this block."""
        for key, block in blocks.items():
            for other, literal in self.when[key].items():
                self.model.add(literal == (other == block))

    # What a change costs

    def changes(self, published: Places) -> cp_model.LinearExprT:
        """The cost of what changes against a published programme."""
        terms: list[cp_model.LinearExprT] = [0]
        for key, place in published.items():
            if key in self.problem.session:
                same = [
                    literal
                    for block, literal in self.when[key].items()
                    if starts_alike(self.problem, place.block, block)
                ]
                terms.append(RETIMED * (1 - sum(same)))
                terms.append(MOVED * (1 - self.where[key].get(place.room, 0)))
        return sum(terms)

    # Demands

    def holds(self, demand: Demand) -> bool:
        """Whether the model keeps it, guarded or not."""
        return demand not in self._spare and (self._keep is None or demand in self._keep)

    def _guard(self, demand: Demand) -> Literal:
        if demand not in self.guards:
            self.guards[demand] = self.model.new_bool_var("")
        return self.guards[demand]

    def _require(self, demand: Demand, constraint: cp_model.BoundedLinearExpression | bool) -> None:
        if self.holds(demand):
            added = self.model.add(constraint)
            if self._guarded:
                added.only_enforce_if(self._guard(demand))

    def _at_most_one(self, demand: Demand, literals: Sequence[Literal]) -> None:
        if len(literals) < 2:
            return
        if self._guarded:
            self._require(demand, sum(literals) <= 1)
        elif self.holds(demand):
            self.model.add_at_most_one(literals)

    def _place(self, session: Session, rooms: bool) -> None:
        """Its literals. A place that breaks a demand is not there at all, or, guarded, shut by it."""
        key, is_placed = session.key, _placed(session)
        self.literals[key], self.when[key], self.where[key], self.meanwhile[key] = {}, {}, {}, {}
        is_needed = self.holds(is_placed)
        if not is_needed and not self._may_help(session):
            return
        if rooms:
            for block, those in self._places_of(session).items():
                self.literals[key] |= {(block, room): self.model.new_bool_var("") for room in those}
            self.when[key] = self._sums(self.literals[key], 0)
            self.where[key] = self._sums(self.literals[key], 1)
        else:
            self._fits[key] = {block: frozenset(those) for block, those in self._places_of(session).items()}
            self.when[key] = {block: self.model.new_bool_var("") for block, those in self._fits[key].items() if those}
        if self._guarded:
            self._shut(session)
            self.model.add_at_most_one(self.literals[key].values())
            self._require(is_placed, sum(self.literals[key].values()) >= 1)
        elif is_needed:
            self.model.add_exactly_one(self.when[key].values())
        else:
            self.model.add_at_most_one(self.when[key].values())
        for moment in self._moments:
            covering = [literal for block, literal in self.when[key].items() if self._covers(session, block, moment)]
            if covering:
                self.meanwhile[key][moment] = covering

    def _may_help(self, session: Session) -> bool:
        """Whether to have it makes it easier for another that waits for any of its givings."""
        return any(
            session in before(self.problem, other, key)
            for other in self.problem.sessions
            for key in other.after
            if self.holds(Demand(Kind.AFTER, (other.key, key))) and len(before(self.problem, other, key)) > 1
        )

    def _places_of(self, session: Session) -> dict[str, list[str]]:
        """By block, the rooms it could be in: all of them, where guards say what may be."""
        problem = self.problem
        if self._guarded:
            return {block: list(problem.room) for block in problem.block}
        rooms = [room for room in problem.room if not any(map(self.holds, of_room(problem, session, room)))]
        return {
            block: [room for room in rooms if not any(map(self.holds, of_both(problem, session, Place(block, room))))]
            for block in problem.block
            if not any(map(self.holds, of_time(problem, session, block)))
        }

    def _shut(self, session: Session) -> None:
        problem, key = self.problem, session.key
        shut: list[tuple[Iterable[Demand], Literal]] = [
            *((of_time(problem, session, block), literal) for block, literal in self.when[key].items()),
            *((of_room(problem, session, room), literal) for room, literal in self.where[key].items()),
            *((of_both(problem, session, Place(*at)), literal) for at, literal in self.literals[key].items()),
        ]
        for demands, literal in shut:
            for demand in demands:
                self.model.add_implication(self._guard(demand), ~literal)

    def _sums(self, ins: dict[tuple[str, str], Literal], axis: int) -> dict[str, Literal]:
        """A literal for each block, or room, of some places: true where one of its places is."""
        by: dict[str, list[Literal]] = defaultdict(list)
        for place, literal in ins.items():
            by[place[axis]].append(literal)
        literals = {}
        for name, those in by.items():
            literals[name] = those[0] if len(those) == 1 else self.model.new_bool_var("")
            if len(those) > 1:
                self.model.add(sum(those) == literals[name])
        return literals

    def _one_at_a_time(self) -> None:
        problem = self.problem
        groups: dict[Demand, list[str]] = defaultdict(list)
        for session in problem.sessions:
            for key in session.attending:
                groups[Demand(Kind.PERSON, (key,))].append(session.key)
            for key in dict.fromkeys(session.sectors):
                groups[Demand(Kind.SECTOR, (key,))].append(session.key)
            for key in dict.fromkeys(session.documents):
                groups[Demand(Kind.DOCUMENT, (key,))].append(session.key)
        for key, those in problem.givings.items():
            groups[Demand(Kind.REPEAT, (key,))] = [each.key for each in those]
        seen: set[frozenset[str]] = set()  # who always appear together need it said once
        for demand, keys in groups.items():
            if not self.holds(demand) or (frozenset(keys) in seen and not self._guarded):
                continue
            seen.add(frozenset(keys))
            for moment in self._moments:
                self._at_most_one(demand, [each for key in keys for each in self.meanwhile[key].get(moment, ())])

    def _one_in_a_room(self) -> None:
        """One of those in the room or, because that is more to go by, of the plenaries, wherever they are."""
        alone = [] if self._guarded else [each for each in self.problem.sessions if self._is_alone(each)]
        then: dict[tuple[str, int], list[Literal]] = defaultdict(list)
        for session in self.problem.sessions:
            if session not in alone:
                for (block, room), literal in self.literals[session.key].items():
                    for moment in self._moments:
                        if self._covers(session, block, moment):
                            then[room, moment].append(literal)
        for room in self.problem.room:
            for moment in self._moments:
                plenary = [literal for each in alone for literal in self.meanwhile[each.key].get(moment, ())]
                self._at_most_one(Demand(Kind.ROOM, (room,)), [*then[room, moment], *plenary])

    def _is_alone(self, session: Session) -> bool:
        return session.plenary and self.holds(Demand(Kind.PLENARY, (session.key,)))

    def _enough_rooms(self) -> None:
        """At each moment: of sessions that could only be in some of the rooms, no more than there are of these."""
        then: dict[int, list[tuple[frozenset[str], Literal]]] = defaultdict(list)
        for session in self.problem.sessions:
            for block, literal in self.when[session.key].items():
                for moment in self._moments:
                    if self._covers(session, block, moment):
                        then[moment].append((self._fits[session.key][block], literal))
        for those in then.values():
            for rooms in dict.fromkeys(each for each, _ in those):
                within = [literal for each, literal in those if each <= rooms]
                if len(within) > len(rooms):
                    self.model.add(sum(within) <= len(rooms))

    def _plenaries(self) -> None:
        for plenary in self.problem.sessions:
            if not plenary.plenary:
                continue
            for other in self.problem.sessions:
                if other is not plenary:
                    for moment, literals in self.meanwhile[plenary.key].items():
                        both = [*literals, *self.meanwhile[other.key].get(moment, ())]
                        self._at_most_one(Demand(Kind.PLENARY, (plenary.key,)), both)
        if self._keep is None and not self._spare and not self._guarded:
            self._full_at_plenaries()

    def _full_at_plenaries(self) -> None:
        """It follows from the rest, and the solver counts better with it: a plenary takes all rooms of its time."""
        rooms = len(self.problem.rooms)
        for moment in self._moments:
            there = [
                (rooms if session.plenary else 1, literal)
                for session in self.problem.sessions
                for literal in self.meanwhile[session.key].get(moment, ())
            ]
            if sum(taken for taken, _ in there) > rooms:
                self.model.add(sum(taken * literal for taken, literal in there) <= rooms)

    def _walks(self) -> None:
        """Whoever has two sessions with less than a walk between them has them in rooms as near as that."""
        problem = self.problem
        longest = max([problem.walk, *(walk.minutes for walk in problem.walks)])
        seen: set[tuple[str, str]] = set()
        for person in problem.people:
            demand = Demand(Kind.WALK, (person.key,))
            if person.remote is not None or not self.holds(demand):
                continue
            for one, other in permutations(problem.needed_in[person.key], 2):
                if (one.key, other.key) in seen and not self._guarded:
                    continue
                seen.add((one.key, other.key))
                for early in self.when[one.key]:
                    for late in self.when[other.key]:
                        gap = self.start(late) - self.start(early) - one.minutes
                        if 0 <= gap < longest:
                            self._walk(demand, (one.key, early), (other.key, late), gap)

    def _walk(self, demand: Demand, one: tuple[str, str], other: tuple[str, str], gap: int) -> None:
        ones, others = self._rooms_of(*one), self._rooms_of(*other)
        for room, literal in ones.items():
            far = [there for each, there in others.items() if self.problem.walking(room, each) > gap * _MINUTE]
            self._at_most_one(demand, [literal, *far])

    def _rooms_of(self, session: str, block: str) -> dict[str, Literal]:
        return {room: literal for (when, room), literal in self.literals[session].items() if when == block}

    def _orders(self) -> None:
        for session in self.problem.sessions:
            for key in dict.fromkeys(session.after):
                any_of = [each for each in before(self.problem, session, key) if self.when[each.key]]
                if any_of:
                    self._order(Demand(Kind.AFTER, (session.key, key)), session, any_of)

    def _order(self, demand: Demand, session: Session, any_of: Sequence[Session]) -> None:
        """At each start of a block: it may only have begun if one of those it waits for has ended."""
        is_free = self._guarded or not all(self.holds(_placed(each)) for each in any_of)
        none = [self._none_of(any_of)] if is_free else []
        for moment in self._moments:
            begun = [literal for block, literal in self.when[session.key].items() if self.start(block) <= moment]
            ended = [
                literal
                for each in any_of
                for block, literal in self.when[each.key].items()
                if self.start(block) + each.minutes <= moment
            ]
            if begun:
                self._require(demand, sum(begun) <= sum([*ended, *none]))

    def _none_of(self, sessions: Iterable[Session]) -> Literal:
        """A literal that can only be true where none of these has a place."""
        none = self.model.new_bool_var("")
        for session in sessions:
            for literal in self.when[session.key].values():
                self.model.add_implication(none, ~literal)
        return none

    def _per_day(self) -> None:
        for person in self.problem.people:
            most = most_per_day(self.problem, person)
            those = self.problem.needed_in[person.key]
            if most is None or len(those) <= most:
                continue
            for day in sorted(set(self.days.values())):
                literals = [
                    literal
                    for each in those
                    for block, literal in self.when[each.key].items()
                    if self.days[block] == day
                ]
                if len(literals) > most:
                    self._require(Demand(Kind.PER_DAY, (person.key,)), sum(literals) <= most)

    # For objectives

    def derive(self, variable: Literal, value: Callable[[Places], int]) -> None:
        """Take note of what a variable is in any programme: for hints."""
        self._derived.append((variable, value))

    def start(self, block: str) -> int:
        """In minutes from the first block's."""
        return self._starts[block]

    def meet(self, places: Places, one: str, other: str) -> bool:
        """Whether two sessions are at the same time, there."""
        return meets(*(self.problem.window(self.problem.session[key], places[key].block) for key in (one, other)))

    def _covers(self, session: Session, block: str, moment: int) -> bool:
        return self.start(block) <= moment < self.start(block) + session.minutes


def _placed(session: Session) -> Demand:
    return Demand(Kind.PLACED, (session.key,))
