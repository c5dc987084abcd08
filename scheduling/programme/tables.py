"""A programme as tables for the compiled search: what a session costs at each place, and two by how these lie.

What cannot be said so is said by groups: rooms of a track, waits, sessions of a day. With repeats the search is
stricter or blinder than the score: it takes the first giving for the one that others wait for, and does not see the
wishes for sessions that are repeated. So whoever keeps the better of two asks `search.rank`. For the child process
only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from scheduling.programme.demands import at_once, before, most_per_day, of_both, of_room, of_time
from scheduling.programme.problem import Place, Places, Problem, Room, Session
from scheduling.programme.score import beyond, empty, hours
from scheduling.programme.swaps import Crowd, Group, Idle, Spread, seats
from scheduling.programme.swaps import Problem as Swaps

LEVELS = 2  # demands broken, and points
PLACES = 3_000  # beyond, the table of how they lie to each other takes too much memory
_MINUTE = timedelta(minutes=1)
Entry = TypeVar("Entry", bound=Hashable)


@dataclass(frozen=True)
class Table:
    """The problem for the search, and the place that each of its numbers stands for."""

    swaps: Swaps
    sessions: tuple[str, ...]
    places: tuple[Place, ...]

    def chosen(self, numbers: Sequence[int]) -> dict[str, Place]:
        return {key: self.places[number] for key, number in zip(self.sessions, numbers, strict=True)}

    def numbers(self, places: Places) -> list[int] | None:
        """The numbers of these places; None where two sessions share one, which the search does not know."""
        number = {place: each for each, place in enumerate(self.places)}
        found = [number[places[key]] for key in self.sessions]
        return found if len(set(found)) == len(found) else None

    @cached_property
    def demands(self) -> Swaps:
        """The problem without the points: it is soonest kept, and goes the fastest."""
        whole = self.swaps
        groups = [replace(group, pay=group.pay[:1]) for group in whole.groups if group.pay[0]]
        return replace(whole, alone=whole.alone[:1], pairs=whole.pairs[:1], groups=groups)

    def start(self) -> list[int]:
        """A place for each session: for as many as can be one of their own where they break nothing by themselves."""
        found = seats(self.swaps.allowed)
        free = iter(sorted(set(range(len(self.places))) - set(found)))
        return [next(free) if place is None else place for place in found]


def table(problem: Problem) -> Table | None:
    """The tables of a programme; None where there are fewer places than sessions, or too many for a table."""
    places = tuple(Place(block, room) for block in problem.block for room in problem.room)
    if not len(problem.sessions) <= len(places) <= PLACES:
        return None
    kinds, of_pairs = _distinct([[_common(problem, *pair) for pair in row] for row in _square(problem.sessions)])
    lies, of_places = _lies(problem)
    pairs = np.array([[_cost(problem, kind, lie) for lie in lies] for kind in kinds], dtype=np.int64)
    costs = _alone(problem)
    fitting = [np.flatnonzero(row == 0).tolist() for row in costs[0]]
    # By ways on which nothing breaks a demand by itself it is found much sooner; the best is at the end of such ways.
    swaps = Swaps(
        [those or range(len(places)) for those in fitting],
        costs,
        of_pairs,
        of_places,
        np.ascontiguousarray(np.moveaxis(pairs, 2, 0)),
        [*_days(problem, places), *_tracks(problem, places), *_waits(problem, places)],
    )
    return Table(swaps, tuple(problem.session), places)


def _alone(problem: Problem) -> NDArray[np.int64]:
    """By level, session and place: what it breaks and costs there, whatever else there is."""
    costs = np.zeros((LEVELS, len(problem.sessions), len(problem.blocks) * len(problem.rooms)), dtype=np.int64)
    for number, session in enumerate(problem.sessions):
        rooms = [
            (set(of_room(problem, session, each.key)), _room_points(problem, session, each)) for each in problem.rooms
        ]
        at = 0
        for block in problem.block:
            then = set(of_time(problem, session, block))
            points = problem.weights.hours and problem.weights.hours * hours(problem, session, block)
            for room, (there, fit) in zip(problem.room, rooms, strict=True):
                both = of_both(problem, session, Place(block, room))
                costs[:, number, at] = len(then | there | set(both)), points + fit
                at += 1
    return costs


def _room_points(problem: Problem, session: Session, room: Room) -> int:
    weights = problem.weights
    return weights.popular * beyond(problem, session, room) + weights.waste * empty(problem, session, room)


class _Common(NamedTuple):
    """What two sessions have to do with each other: all that matters of them, wherever they are."""

    minutes: int
    others: int  # minutes of the other
    demands: int  # that they break by being at the same time
    walkers: int  # people who have to walk from the one to the other
    points: int  # for being at the same time
    waits: int  # for how many reasons the one must begin after the other,
    awaited: int  # and the other after the one


def _common(problem: Problem, one: Session, other: Session) -> _Common | None:
    if one is other:
        return None
    walkers = sum(key in other.attending and problem.person[key].remote is None for key in one.attending)
    points = problem.weights.tracks if one.track is not None and one.track == other.track else 0
    if all(len(problem.givings.get(each.key, ())) == 1 for each in (one, other)):
        wanted = problem.wanted_together
        people = wanted.get((one.key, other.key), 0) + wanted.get((other.key, one.key), 0)
        points += problem.weights.wishes * people
    return _Common(
        one.minutes,
        other.minutes,
        sum(1 for _ in at_once(one, other)),
        walkers,
        points,
        _awaits(problem, one, other),
        _awaits(problem, other, one),
    )


def _awaits(problem: Problem, session: Session, other: Session) -> int:
    return sum(before(problem, session, key)[:1] == (other,) for key in dict.fromkeys(session.after))


class _Lie(NamedTuple):
    """How two places lie to each other."""

    later: float  # minutes that the other begins later
    is_same_room: bool
    walk: float  # minutes


def _lies(problem: Problem) -> tuple[list[_Lie], NDArray[np.int32]]:
    """The distinct ones, and their numbers by place and place. So far apart that it no longer matters is one."""
    walks = [[problem.walking(here, there) / _MINUTE for there in problem.room] for here in problem.room]
    far = max(each.minutes for each in problem.sessions) + max(map(max, walks))
    starts: list[datetime] = [each.start for each in problem.blocks]
    laters, of_blocks = _distinct(
        [[max(-far, min(far, (there - here) / _MINUTE)) for there in starts] for here in starts]
    )
    nears, of_rooms = _distinct(
        [[(here == there, walk) for there, walk in enumerate(row)] for here, row in enumerate(walks)]
    )
    rooms, blocks = len(walks), len(starts)
    relations = np.repeat(np.repeat(of_blocks, rooms, axis=0), rooms, axis=1) * len(nears)
    relations += np.tile(of_rooms, (blocks, blocks))
    return [_Lie(later, *near) for later in laters for near in nears], relations.astype(np.int32)


def _cost(problem: Problem, kind: _Common | None, lie: _Lie) -> tuple[int, int]:
    """Demands that two sessions break between them, and points."""
    if kind is None:
        return 0, 0
    gap_after, gap_before = lie.later - kind.minutes, -lie.later - kind.others  # from the one to the other, and back
    broken = kind.waits * (gap_before < 0) + kind.awaited * (gap_after < 0)
    if gap_after < 0 and gap_before < 0:
        return broken + kind.demands + lie.is_same_room, kind.points
    return broken + kind.walkers * (max(gap_after, gap_before) < lie.walk), 0


def _days(problem: Problem, places: Sequence[Place]) -> Iterator[Group]:
    """In how many sessions a day somebody may be."""
    days = _numbered([problem.day(place.block) for place in places])
    for key, items in _items_by_person(problem).items():
        most = most_per_day(problem, problem.person[key])
        if most is not None and len(items) > most:
            yield Crowd(items, days, (1,) * len(places), most + 1, (1, 0))


def _tracks(problem: Problem, places: Sequence[Place]) -> Iterator[Group]:
    """The rooms of a track."""
    rooms = _numbered([place.room for place in places])
    tracks: dict[str, list[int]] = defaultdict(list)
    for number, session in enumerate(problem.sessions):
        if session.track is not None:
            tracks[session.track].append(number)
    for items in tracks.values():
        if len(items) > 1 and problem.weights.tracks:
            yield Spread(tuple(items), rooms, (0, problem.weights.tracks))


def _waits(problem: Problem, places: Sequence[Place]) -> Iterator[Group]:
    """How long people wait within a day; those who are always together are one group."""
    days = _numbered([problem.day(place.block) for place in places])
    first = min(each.start for each in problem.blocks)
    begins = tuple(int((problem.block[place.block].start - first) / _MINUTE) for place in places)
    together: dict[tuple[int, ...], int] = defaultdict(int)
    for items in _items_by_person(problem).values():
        together[items] += 1
    for items, people in together.items():
        if len(items) > 1 and problem.weights.day:
            lengths = tuple(problem.sessions[item].minutes for item in items)
            yield Idle(items, days, begins, lengths, (0, people * problem.weights.day))


def _items_by_person(problem: Problem) -> dict[str, tuple[int, ...]]:
    number = {key: each for each, key in enumerate(problem.session)}
    return {key: tuple(number[each.key] for each in those) for key, those in problem.needed_in.items()}


def _square(those: Sequence[Entry]) -> list[list[tuple[Entry, Entry]]]:
    return [[(one, other) for other in those] for one in those]


def _numbered(those: Sequence[Hashable]) -> tuple[int, ...]:
    numbers: dict[Hashable, int] = {}
    return tuple(numbers.setdefault(each, len(numbers)) for each in those)


def _distinct(rows: Sequence[Sequence[Entry]]) -> tuple[list[Entry], NDArray[np.int32]]:
    """The distinct entries of a square, and the square with their numbers."""
    numbers: dict[Entry, int] = {}
    square = np.array([[numbers.setdefault(each, len(numbers)) for each in row] for row in rows], dtype=np.int32)
    return list(numbers), square
