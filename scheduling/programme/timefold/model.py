"""The programme of a conference as a model for CP-SAT. `exact` solves it. For the child process only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ortools.sat.python import cp_model

from scheduling.programme.timefold.problem import Conference, Place, Weight
from scheduling.programme.timefold.score import (
    BETWEEN,
    CROWD,
    CROWDED,
    DAY,
    MAKESPAN,
    REWARDS,
    When,
    Where,
    alone,
    common,
    points,
    talks_by_speaker,
    when,
)

Literal = cp_model.IntVar
Programme = Sequence[Place]
Fact = Callable[[Programme], bool]  # whether something holds in a programme


class Inexact(ValueError):
    """There is no model: the weights ask for something that it cannot say, or there was no time to make it."""


@dataclass(frozen=True)
class _Cost:
    """A literal, and what it costs on each level where it holds. `of_rooms`: by the rooms more than by the time."""

    literal: Literal
    price: Weight
    of_rooms: bool


class Model:
    """The model: of each talk its timeslot and its room; all else follows from these."""

    def __init__(self, conference: Conference, *, aims: bool, is_over: Callable[[], bool] = lambda: False) -> None:
        """With `aims` what costs least is asked for; without, only that every hard constraint is met."""
        if any(conference.weights[name].hard for name in REWARDS):
            raise Inexact("a reward on the hard level")
        self.aims, self.model = aims, cp_model.CpModel()
        self._conference = conference
        self._facts: list[tuple[Literal, Fact]] = []
        self._fact_of: dict[int, Fact] = {}
        self._costs: list[_Cost] = []
        self._constant = Weight()
        self._products: dict[Hashable, Literal] = {}
        self._shared: defaultdict[int, list[Literal]] = defaultdict(list)  # by talk: one of those at its timeslot
        talks = range(len(conference.talks))
        self._places = [conference.places(talk) for talk in conference.talks]
        self._slot = [self._one_of("slot", talk, {place.slot for place in self._places[talk]}) for talk in talks]
        self._room = [self._one_of("room", talk, {place.room for place in self._places[talk]}) for talk in talks]
        self._put()
        for one, other in combinations(talks, 2):
            if other == one + 1 and is_over():
                raise Inexact("there was no time to make the model")
            self._between(one, other)
        self._crowds()
        self._waits()
        self._together()
        # One point on the medium level is worth more than all there is on the soft.
        self._medium = 2 * sum(abs(each.price.soft) for each in self._costs) + 1

    # Literals

    def _literal(self, fact: Fact) -> Literal:
        literal = self.model.new_bool_var("")
        self._facts.append((literal, fact))
        self._fact_of[literal.index] = fact
        return literal

    def _once(self, key: Hashable, make: Callable[[], Literal]) -> Literal:
        if key not in self._products:
            self._products[key] = make()
        return self._products[key]

    def _one_of(self, what: str, talk: int, numbers: Iterable[int]) -> dict[int, Literal]:
        def is_at(number: int) -> Fact:
            return lambda places: getattr(places[talk], what) == number

        literals = {number: self._literal(is_at(number)) for number in sorted(numbers)}
        self.model.add_exactly_one(literals.values())
        return literals

    # One talk

    def _put(self) -> None:
        """Each talk at a place; a room holds one talk at a time, and no talk where it must not be."""
        conference, model = self._conference, self.model
        at: defaultdict[Place, list[Literal]] = defaultdict(list)
        for number, talk in enumerate(conference.talks):
            by_slot: defaultdict[int, list[Literal]] = defaultdict(list)
            by_room: defaultdict[int, list[Literal]] = defaultdict(list)
            for place in self._places[number]:
                literal = self._literal(lambda places, number=number, place=place: places[number] == place)  # type: ignore[misc]
                counts = alone(conference, talk, place)
                self._pay(literal, self._price((name, count) for name, count in counts.items()), of_rooms=True)
                at[place].append(literal)
                by_slot[place.slot].append(literal)
                by_room[place.room].append(literal)
            for slot, literals in by_slot.items():
                model.add(sum(literals) == self._slot[number][slot])
            for room, literals in by_room.items():
                model.add(sum(literals) == self._room[number][room])
        if not conference.weights["Room conflict"].hard:
            raise Inexact("a room's conflict is not hard")
        is_full = len(at) == len(conference.talks)
        for place, literals in at.items():
            if is_full:
                model.add_exactly_one(literals)
            for other, others in at.items():
                if place < other and place.room == other.room and self._when(place.slot, other.slot).overlap:
                    model.add_at_most_one([*literals, *others])
            model.add_at_most_one(literals)

    def _when(self, here: int, there: int) -> When:
        return when(self._conference, here, there)

    # Two talks

    def _between(self, one: int, other: int) -> None:
        conference = self._conference
        two = common(conference.talks[one], conference.talks[other])
        slots = [(here, there) for here in self._slot[one] for there in self._slot[other]]
        by_time: defaultdict[tuple[int, int], Weight] = defaultdict(Weight)
        by_both: defaultdict[tuple[str, tuple[tuple[tuple[int, int], int], ...]], Weight] = defaultdict(Weight)
        for each in BETWEEN:
            if each.name == "Room conflict" or not (factor := each.common(two)):
                continue
            price = self._price([(each.name, factor)])
            if not any(price):
                continue
            minutes = {pair: int(each.when(self._when(*pair))) for pair in slots}
            kind = self._kind(each.where)
            if kind is None:
                for pair, amount in minutes.items():
                    if amount:
                        by_time[pair] = _add(by_time[pair], _times(price, amount))
            else:
                key = (kind, tuple(sorted((pair, amount) for pair, amount in minutes.items() if amount)))
                by_both[key] = _add(by_both[key], price)
        self._cost_of_times(one, other, slots, by_time)
        for (kind, amounts), price in by_both.items():
            rooms = self._rooms(kind, one, other)
            of_amount: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
            for pair, amount in amounts:
                of_amount[amount].add(pair)
            for amount, pairs in of_amount.items():
                cost = _times(price, amount)
                if len(pairs) == len(slots):
                    self._pay(rooms, cost, of_rooms=True)
                else:
                    both = self._both(self._times(one, other, frozenset(pairs)), rooms)
                    self._pay(both, cost, of_rooms=True)

    def _cost_of_times(
        self,
        one: int,
        other: int,
        slots: Sequence[tuple[int, int]],
        costs: Mapping[tuple[int, int], Weight],
    ) -> None:
        """What two talks cost by their timeslots: most pairs of these cost the same, the others more or less."""
        by_cost: defaultdict[Weight, set[tuple[int, int]]] = defaultdict(set)
        for pair in slots:
            by_cost[costs.get(pair, Weight())].add(pair)
        for cost in [each for each in by_cost if each.hard]:
            for here, there in by_cost.pop(cost):
                self.model.add_bool_or(~self._slot[one][here], ~self._slot[other][there])
        usual = max(by_cost, key=lambda each: (len(by_cost[each]), each), default=Weight())
        self._constant = _add(self._constant, usual)
        for cost, pairs in by_cost.items():
            change = _add(cost, _times(usual, -1))
            if change == Weight():
                continue
            if change > Weight():
                self._pay(self._times(one, other, frozenset(pairs)), change)
            else:
                literal = self._times(one, other, frozenset(pairs), is_reward=True)
                self._pay(literal, change)
                if all(here == there for here, there in pairs):
                    self._shared[one].append(literal)
                    self._shared[other].append(literal)

    def _times(self, one: int, other: int, pairs: frozenset[tuple[int, int]], is_reward: bool = False) -> Literal:
        """Whether the timeslots of two talks are one of these pairs; forced to hold, or where it pays not to."""

        def make() -> Literal:
            literal = self._literal(lambda places: (places[one].slot, places[other].slot) in pairs)
            for mine, theirs, turned in (
                (self._slot[one], self._slot[other], False),
                (self._slot[other], self._slot[one], True),
            ):
                for here in mine:
                    those = [theirs[there] for there in theirs if ((there, here) if turned else (here, there)) in pairs]
                    if is_reward:
                        self.model.add(literal <= 1 - mine[here] + sum(those))
                    elif those:
                        self.model.add(literal >= mine[here] + sum(those) - 1)
            return literal

        return self._once(("times", one, other, pairs, is_reward), make)

    def _kind(self, of: Callable[[Where], int]) -> str | None:
        """What a constraint asks of two rooms; None where it asks nothing."""
        asked = [of(each) for each in (Where(True, False, False), Where(False, True, False), Where(False, False, True))]
        kinds = {(1, 1, 1): None, (0, 1, 1): "other", (0, 1, 0): "larger", (0, 0, 1): "smaller"}
        return kinds[asked[0] * 1, asked[1] * 1, asked[2] * 1]

    def _rooms(self, kind: str, one: int, other: int) -> Literal:
        if kind == "smaller":
            return self._rooms("larger", other, one)
        mine, theirs = self._room[one], self._room[other]
        rooms = self._conference.rooms

        def other_room() -> Literal:
            literal = self._literal(lambda places: places[one].room != places[other].room)
            for room in {*mine, *theirs}:
                self.model.add(literal >= mine.get(room, 0) - theirs.get(room, 0))
                self.model.add(literal >= theirs.get(room, 0) - mine.get(room, 0))
            return literal

        def larger() -> Literal:
            literal = self._literal(
                lambda places: rooms[places[one].room].capacity > rooms[places[other].room].capacity
            )
            for least in sorted({rooms[room].capacity for room in mine}):
                self.model.add(
                    literal
                    >= sum(mine[room] for room in mine if rooms[room].capacity >= least)
                    - sum(theirs[room] for room in theirs if rooms[room].capacity >= least)
                )
            return literal

        return self._once((kind, one, other), other_room if kind == "other" else larger)

    def _both(self, one: Literal, other: Literal) -> Literal:
        def make() -> Literal:
            first, second = self._fact_of[one.index], self._fact_of[other.index]
            literal = self._literal(lambda places: first(places) and second(places))
            self.model.add(literal >= one + other - 1)
            return literal

        return self._once(("both", one.index, other.index), make)

    # Groups

    def _crowds(self) -> None:
        conference = self._conference
        drawing = [number for number, talk in enumerate(conference.talks) if talk.crowd_risk > 0]
        for slot, at in enumerate(conference.slots):
            those = [self._slot[number][slot] for number in drawing if slot in self._slot[number]]
            price = self._price([(CROWD, at.time.minutes)])
            if len(those) < CROWDED or not any(price):
                continue
            if price.hard:
                self.model.add(sum(those) < CROWDED)
                continue

            def is_crowded(places: Programme, slot: int = slot) -> bool:
                return sum(places[number].slot == slot for number in drawing) >= CROWDED

            crowded = self._literal(is_crowded)
            self.model.add(sum(those) <= CROWDED - 1 + (len(those) - CROWDED + 1) * crowded)
            for literal in those:
                self._pay(self._both(literal, crowded), price)

    def _waits(self) -> None:
        conference = self._conference
        price = self._price([(MAKESPAN, DAY)])
        if not any(price):
            return
        day = [slot.time.day for slot in conference.slots]
        for those in talks_by_speaker(conference):
            for apart in range(2, max(day) - min(day) + 1):

                def are_apart(places: Programme, those: Sequence[int] = those, apart: int = apart) -> bool:
                    days = [day[places[number].slot] for number in those]
                    return max(days) - min(days) >= apart

                literal = self._literal(are_apart)
                for one in those:
                    for other in those:
                        for first in set(day):
                            early = [each for slot, each in self._slot[one].items() if day[slot] == first]
                            late = [each for slot, each in self._slot[other].items() if day[slot] >= first + apart]
                            if one != other and early and late:
                                self.model.add(literal >= sum(early) + sum(late) - 1)
                self._pay(literal, price)

    # The aim

    def _price(self, counts: Iterable[tuple[str, int]]) -> Weight:
        """What so many matches cost: above zero what is against a programme."""
        cost = Weight()
        for name, count in counts:
            cost = _add(cost, _times(points(self._conference, name, count), -1))
        return cost if self.aims else Weight(cost.hard)

    def _pay(self, literal: Literal, price: Weight, *, of_rooms: bool = False) -> None:
        if price.hard:
            self.model.add(literal == 0)
        elif any(price):
            self._costs.append(_Cost(literal, price, of_rooms))

    def _together(self) -> None:
        """No more talks share a timeslot than there are rooms: what the solver cannot see from pairs alone."""
        rooms: defaultdict[int, set[int]] = defaultdict(set)
        for places in self._places:
            for place in places:
                rooms[place.slot].add(place.room)
        for talk, literals in self._shared.items():
            most = max(len(rooms[slot]) for slot in self._slot[talk])
            self.model.add(sum(literals) < most)

    def cost(self, *, of_rooms: bool = False) -> cp_model.LinearExprT:
        """What a programme costs, to be made least; `of_rooms`, only what hangs on its rooms more than on its times."""
        return sum(
            (each.price.medium * self._medium + each.price.soft) * each.literal
            for each in self._costs
            if each.of_rooms or not of_rooms
        )

    def hint(self, programme: Programme) -> None:
        """Tell the solver what holds in a programme: every variable, or it forgets the rest."""
        for literal, fact in self._facts:
            self.model.add_hint(literal, fact(programme))

    def programme(self, solver: cp_model.CpSolver) -> list[Place]:
        def chosen(literals: Mapping[int, Literal]) -> int:
            return next(number for number, literal in literals.items() if solver.boolean_value(literal))

        return [Place(chosen(slots), chosen(rooms)) for slots, rooms in zip(self._slot, self._room, strict=True)]

    def score_of(self, cost: int) -> Weight:
        """The score that goes with a cost."""
        medium = (cost + self._medium // 2) // self._medium
        return _times(_add(self._constant, Weight(0, medium, cost - medium * self._medium)), -1)


def _add(one: Weight, other: Weight) -> Weight:
    return Weight(one.hard + other.hard, one.medium + other.medium, one.soft + other.soft)


def _times(weight: Weight, factor: int) -> Weight:
    return Weight(*(each * factor for each in weight))
