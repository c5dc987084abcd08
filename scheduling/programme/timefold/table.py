"""A conference as tables for the search: what each talk costs at each place, and two talks by how their places lie."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from scheduling.programme.swaps import Crowd, Problem, Span, seats
from scheduling.programme.timefold.problem import LEVELS, Conference, Place, Speaker, Wishes
from scheduling.programme.timefold.score import (
    BETWEEN,
    CROWD,
    CROWDED,
    DAY,
    MAKESPAN,
    alone,
    common,
    points,
    talks_by_speaker,
    when,
    where,
)

Entry = TypeVar("Entry", bound=Hashable)


@dataclass(frozen=True)
class Table:
    """The problem for the search, and the place that each of its numbers stands for.

    Where talks outnumber the places they may have, places stand there more than once, and cost what a room costs that
    two talks share.
    """

    problem: Problem
    places: tuple[Place, ...]

    def chosen(self, numbers: Sequence[int]) -> list[Place]:
        return [self.places[number] for number in numbers]

    def numbers(self, places: Sequence[Place]) -> list[int]:
        """The numbers of these places; of a place that stands there more than once, a free one."""
        free = {place: [number for number, each in enumerate(self.places) if each == place] for place in set(places)}
        return [free[place].pop(0) for place in places]


def table(conference: Conference) -> Table:
    """The tables of a conference."""
    talks = conference.talks
    wanted = [conference.places(talk) for talk in talks]
    places = _places(wanted)
    of = {place: [number for number, each in enumerate(places) if each == place] for place in set(places)}
    kinds, which = _distinct([[common(one, other) for other in talks] for one in talks])
    slots, rooms = range(len(conference.slots)), range(len(conference.rooms))
    whens, of_slots = _distinct([[when(conference, here, there) for there in slots] for here in slots])
    wheres, of_rooms = _distinct([[where(conference, here, there) for there in rooms] for here in rooms])
    slot, room = np.array(places, dtype=np.int32).T
    relations = of_slots[np.ix_(slot, slot)] * len(wheres) + of_rooms[np.ix_(room, room)]
    by_common = np.array([[each.common(two) for each in BETWEEN] for two in kinds], dtype=np.int64)
    by_lie = np.array(
        [[each.when(at) * each.where(by) for each in BETWEEN] for at in whens for by in wheres], dtype=np.int64
    )
    prices = np.array([points(conference, each.name, 1) for each in BETWEEN], dtype=np.int64)
    # What is against a programme costs: the score's sign turned round.
    pairs = -np.einsum("kc,rc,cl->lkr", by_common, by_lie, prices)
    costs = np.zeros((len(LEVELS), len(talks), len(places)), dtype=np.int64)
    for alike in _alike(conference):
        for place in {place for number in alike for place in wanted[number]}:
            counts = alone(conference, talks[alike[0]], place)
            cost = [-sum(each) for each in zip(*(points(conference, *each) for each in counts.items()), strict=True)]
            if counts:
                costs[np.ix_(range(len(LEVELS)), alike, of[place])] = np.array(cost)[:, None, None]
    allowed = [sorted(number for place in set(those) for number in of[place]) for those in wanted]
    return Table(Problem(allowed, costs, which, relations, pairs, _groups(conference, places)), places)


def _alike(conference: Conference) -> list[list[int]]:
    """The talks by number, together those that alone cost the same wherever they are put."""
    found: defaultdict[Hashable, list[int]] = defaultdict(list)
    for number, talk in enumerate(conference.talks):
        speakers = [replace(conference.speakers[each], name="") for each in talk.speakers]
        wishes = Counter(each for each in speakers if each != Speaker("", Wishes(), Wishes(), frozenset()))
        found[talk.slots, talk.rooms, talk.published_slot, talk.published_room, frozenset(wishes.items())].append(
            number
        )
    return list(found.values())


def _distinct(rows: Sequence[Sequence[Entry]]) -> tuple[list[Entry], NDArray[np.int32]]:
    """The distinct entries of a square, and the square with their numbers."""
    numbers: dict[Entry, int] = {}
    square = np.array([[numbers.setdefault(each, len(numbers)) for each in row] for row in rows], dtype=np.int32)
    return list(numbers), square


def _places(wanted: Sequence[Sequence[Place]]) -> tuple[Place, ...]:
    """Every place that any talk may have, as often as it takes to give each talk one."""
    numbers = {place: number for number, place in enumerate(sorted({place for those in wanted for place in those}))}
    places = list(numbers)
    found = seats([[numbers[place] for place in those] for those in wanted])
    unseated = [those for those, number in zip(wanted, found, strict=True) if number is None]
    # In turn, so that no place is shared by many while others are not shared at all.
    return (*places, *(those[number % len(those)] for number, those in enumerate(unseated)))


def _groups(conference: Conference, places: Sequence[Place]) -> list[Crowd | Span]:
    """The constraints that look at more than two talks at once; none where they cannot tell programmes apart."""
    slots = [conference.slots[place.slot].time for place in places]
    groups: list[Crowd | Span] = []
    drawing = tuple(number for number, talk in enumerate(conference.talks) if talk.crowd_risk > 0)
    if len(drawing) >= CROWDED and any(conference.weights[CROWD]):
        minutes = tuple(slot.minutes for slot in slots)
        pay = conference.weights[CROWD]
        groups.append(Crowd(drawing, tuple(place.slot for place in places), minutes, CROWDED, pay))
    days = tuple(slot.day for slot in slots)
    if max(days) - min(days) > 1 and any(conference.weights[MAKESPAN]):
        a_day = tuple(each * DAY for each in conference.weights[MAKESPAN])
        groups += [Span(tuple(those), days, 1, a_day) for those in talks_by_speaker(conference)]
    return groups
