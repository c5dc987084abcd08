"""What a programme breaks and what it costs, in plain Python: for the solver's answers and for swaps by hand.

Everything takes any places, also of some sessions only, and any number of broken demands. Nothing here imports a
solver, so the processes that serve can ask.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple

from scheduling.meetings.burden import burden
from scheduling.programme.demands import Demand, Kind, alone, at_once, before, meets, most_per_day
from scheduling.programme.problem import Person, Place, Places, Problem, Room, Session, Weights, Window

Placed = tuple[Session, Place, Window]  # a session, where it is, and when that is

PARTS = tuple(each.name for each in fields(Weights))


@dataclass(frozen=True)
class Score:
    """The points of each part, weighted, as `Weights` says them; less is better."""

    parts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.parts.values())


class Broken(NamedTuple):
    """A demand that is not kept, and the sessions that break it."""

    demand: Demand
    sessions: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {**self.demand.to_json(), "sessions": list(self.sessions)}


class Missed(NamedTuple):
    """Two sessions that so many people want and cannot both attend."""

    sessions: tuple[str, str]
    people: int


@dataclass(frozen=True)
class Difference:
    """What becomes of a programme by a change: demands newly broken, demands mended, and each part's points more."""

    breaks: tuple[Broken, ...]
    mends: tuple[Broken, ...]
    parts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.parts.values())


def score(problem: Problem, places: Places) -> Score:
    """What these places cost, by part."""
    placed = _placed(problem, places)
    points = {
        "wishes": sum(each.people for each in missed(problem, places)),
        "popular": sum(beyond(problem, session, problem.room[places[session.key].room]) for session, _ in placed),
        "waste": sum(empty(problem, session, problem.room[places[session.key].room]) for session, _ in placed),
        "tracks": _scattered(problem, places),
        "hours": sum(hours(problem, session, places[session.key].block) for session, _ in placed),
        "day": sum(_waits(problem, places, person) for person in problem.people),
    }
    return Score({part: getattr(problem.weights, part) * points[part] for part in PARTS})


def broken(problem: Problem, places: Places) -> list[Broken]:
    """Every demand these places do not keep, with the sessions at fault: each two of them on their own."""
    return list(_broken(problem, places))


def missed(problem: Problem, places: Places) -> list[Missed]:
    """Pairs of wishes that cannot both come true, most people first: every giving of the one meets all of the other."""
    at = dict(_windows(problem, places))
    found = []
    for pair, people in problem.wanted_together.items():
        ones, others = ([at[each.key] for each in problem.givings[key] if each.key in at] for key in pair)
        if ones and others and all(meets(one, other) for one in ones for other in others):
            found.append(Missed(pair, people))
    return sorted(found, key=lambda each: (-each.people, each.sessions))


def compare(problem: Problem, old: Places, new: Places) -> Difference:
    """What the change from one to the other breaks and mends, and what it costs: for a swap by hand, at once."""
    was, is_now = broken(problem, old), broken(problem, new)
    cost, costs = score(problem, old), score(problem, new)
    return Difference(
        tuple(each for each in is_now if each not in was),
        tuple(each for each in was if each not in is_now),
        {part: costs.parts[part] - cost.parts[part] for part in PARTS},
    )


def beyond(problem: Problem, session: Session, room: Room) -> int:
    """How many people want it for whom this room has no seat."""
    return max(0, problem.interest[session.key] - room.capacity)


def empty(problem: Problem, session: Session, room: Room) -> int:
    """How many seats of this room nobody is expected in, or wants."""
    return max(0, room.capacity - max(session.expected, problem.interest[session.key]))


def hours(problem: Problem, session: Session, block: str) -> int:
    """The burden points of all its remote people, there."""
    people = (problem.person[key] for key in session.attending)
    return sum(_burden(person, problem.window(session, block)) for person in people if person.remote is not None)


def between(problem: Problem, one: Placed, other: Placed) -> Iterator[Demand]:
    """The demands that two sessions break between them, each with its place and when that is; order apart."""
    (first, here, early), (second, there, late) = one, other
    rooms = here.room, there.room
    shared = [key for key in first.attending if key in second.attending]
    if not meets(early, late):
        gap = max(late.start - early.end, early.start - late.end)
        if gap < problem.walking(*rooms):
            for key in shared:
                if problem.person[key].remote is None:
                    yield Demand(Kind.WALK, (key,))
        return
    if rooms[0] == rooms[1]:
        yield Demand(Kind.ROOM, rooms[:1])
    yield from at_once(first, second)


@lru_cache(maxsize=65536)
def _burden(person: Person, window: Window) -> int:
    if person.remote is None:
        return 0
    minutes = int((window.end - window.start) / timedelta(minutes=1))
    return burden(person.remote.attendee(person.key), window.start, minutes).points


def _placed(problem: Problem, places: Places) -> list[tuple[Session, Window]]:
    return [(each, problem.window(each, places[each.key].block)) for each in problem.sessions if each.key in places]


def _windows(problem: Problem, places: Places) -> Iterator[tuple[str, Window]]:
    return ((session.key, window) for session, window in _placed(problem, places))


def _scattered(problem: Problem, places: Places) -> int:
    """Of each track, the rooms beyond its first, and its pairs of sessions at the same time."""
    tracks: dict[str, list[tuple[str, Window]]] = defaultdict(list)
    for session, window in _placed(problem, places):
        if session.track is not None:
            tracks[session.track].append((places[session.key].room, window))
    return sum(
        len({room for room, _ in those}) - 1 + sum(meets(one, other) for (_, one), (_, other) in combinations(those, 2))
        for those in tracks.values()
    )


def _waits(problem: Problem, places: Places, person: Person) -> int:
    """The minutes they wait between their sessions, day by day."""
    days: dict[date, list[Window]] = defaultdict(list)
    for session in problem.needed_in[person.key]:
        if session.key in places:
            block = places[session.key].block
            days[problem.day(block)].append(problem.window(session, block))
    waits = timedelta()
    for those in days.values():
        span = max(each.end for each in those) - min(each.start for each in those)
        waits += max(timedelta(), span - sum((each.end - each.start for each in those), timedelta()))
    return int(waits / timedelta(minutes=1))


def _broken(problem: Problem, places: Places) -> Iterator[Broken]:
    placed = _placed(problem, places)
    for session in problem.sessions:
        if session.key not in places:
            yield Broken(Demand(Kind.PLACED, (session.key,)), (session.key,))
    for session, _ in placed:
        for demand in alone(problem, session, places[session.key]):
            yield Broken(demand, (session.key,))
    spots = [(session, places[session.key], window) for session, window in placed]
    for one, other in combinations(spots, 2):
        for demand in between(problem, one, other):
            yield Broken(demand, (one[0].key, other[0].key))
    for person in problem.people:
        yield from _too_many(problem, places, person)
    for session, window in placed:
        yield from _too_early(problem, places, session, window)


def _too_many(problem: Problem, places: Places, person: Person) -> Iterator[Broken]:
    most = most_per_day(problem, person)
    if most is None:
        return
    days: dict[date, list[str]] = defaultdict(list)
    for session in problem.needed_in[person.key]:
        if session.key in places:
            days[problem.day(places[session.key].block)].append(session.key)
    for those in days.values():
        if len(those) > most:
            yield Broken(Demand(Kind.PER_DAY, (person.key,)), tuple(those))


def _too_early(problem: Problem, places: Places, session: Session, window: Window) -> Iterator[Broken]:
    for key in dict.fromkeys(session.after):
        ends = [
            problem.window(each, places[each.key].block).end
            for each in before(problem, session, key)
            if each.key in places
        ]
        if ends and min(ends) > window.start:
            yield Broken(Demand(Kind.AFTER, (session.key, key)), (session.key, key))
