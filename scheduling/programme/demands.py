"""What a programme must keep, each demand as data: a kind, and the keys of what it is about.

A demand is what an organiser could give up: one person's windows, one room's size, one lock. They are what a conflict
names and what a swap by hand breaks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from scheduling.programme.problem import Person, Place, Problem, Session, Window


class Kind(StrEnum):
    """The kinds, each with the keys its demands carry."""

    PLACED = "placed"  # session: it is given a place
    LENGTH = "length"  # session: its block is long enough
    ONLY = "only"  # session: it is in one of its `blocks` and `rooms`
    LOCKED = "locked"  # session: it stays where it is locked
    CAPACITY = "capacity"  # session: its room has the seats it expects
    EQUIPMENT = "equipment"  # session: its room has what it needs
    CLOSED = "closed"  # room: nothing is there while it is closed
    BREAK = "break"  # break: nothing that it spares is then
    AVAILABLE = "available"  # person: within their windows
    ROOM = "room"  # room: one session at a time
    PERSON = "person"  # person: in one place at a time
    WALK = "walk"  # person: time to walk from room to room
    PER_DAY = "per_day"  # person: not in more sessions a day than they may
    PLENARY = "plenary"  # session: nothing else meanwhile
    AFTER = "after"  # session, the one before it: in this order
    SECTOR = "sector"  # sector: its sessions one after the other
    DOCUMENT = "document"  # document: the sessions about it one after the other
    REPEAT = "repeat"  # session: its repeats at other times


class Demand(NamedTuple):
    """One of them: `ids` are keys of the problem, as its kind says."""

    kind: Kind
    ids: tuple[str, ...]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Demand:
        return cls(Kind(data["kind"]), tuple(data["ids"]))

    def to_json(self) -> dict[str, Any]:
        return {"kind": str(self.kind), "ids": list(self.ids)}


def alone(problem: Problem, session: Session, place: Place) -> list[Demand]:
    """The demands that this session breaks in this place, whatever else there is, each once."""
    found = [
        *of_time(problem, session, place.block),
        *of_room(problem, session, place.room),
        *of_both(problem, session, place),
    ]
    return list(dict.fromkeys(found))


def of_time(problem: Problem, session: Session, block: str) -> Iterator[Demand]:
    """The demands that it breaks in this block, in any room."""
    if session.minutes > problem.block[block].minutes:
        yield Demand(Kind.LENGTH, (session.key,))
    window = problem.window(session, block)
    for pause in problem.breaks:
        spares = not pause.people or set(pause.people) & set(session.attending)
        if spares and meets(window, Window(pause.start, pause.end)):
            yield Demand(Kind.BREAK, (pause.key,))
    for key in session.attending:
        if not is_available(problem.person[key], window):
            yield Demand(Kind.AVAILABLE, (key,))
    if session.blocks and block not in session.blocks:
        yield Demand(Kind.ONLY, (session.key,))
    if session.locked is not None and session.locked.block not in (None, block):
        yield Demand(Kind.LOCKED, (session.key,))


def of_room(problem: Problem, session: Session, room: str) -> Iterator[Demand]:
    """The demands that it breaks in this room, at any time."""
    there = problem.room[room]
    if there.capacity < session.expected:
        yield Demand(Kind.CAPACITY, (session.key,))
    if not set(session.needs) <= set(there.equipment):
        yield Demand(Kind.EQUIPMENT, (session.key,))
    if session.rooms and room not in session.rooms:
        yield Demand(Kind.ONLY, (session.key,))
    if session.locked is not None and session.locked.room not in (None, room):
        yield Demand(Kind.LOCKED, (session.key,))


def of_both(problem: Problem, session: Session, place: Place) -> Iterator[Demand]:
    """The demands that it breaks in this room at this time."""
    closed = problem.room[place.room].closed
    if closed:
        window = problem.window(session, place.block)
        if any(meets(window, each) for each in closed):
            yield Demand(Kind.CLOSED, (place.room,))


def at_once(one: Session, other: Session) -> Iterator[Demand]:
    """The demands that two sessions break by being at the same time, wherever they are."""
    for key in one.attending:
        if key in other.attending:
            yield Demand(Kind.PERSON, (key,))
    for session in (one, other):
        if session.plenary:
            yield Demand(Kind.PLENARY, (session.key,))
    for kind, ones, others in (
        (Kind.SECTOR, one.sectors, other.sectors),
        (Kind.DOCUMENT, one.documents, other.documents),
    ):
        for key in dict.fromkeys(ones):
            if key in others:
                yield Demand(kind, (key,))
    origin = one.repeat_of or one.key
    if origin == (other.repeat_of or other.key):
        yield Demand(Kind.REPEAT, (origin,))


def meets(one: Window, other: Window) -> bool:
    """Whether two stretches of time have an instant in common."""
    return one.start < other.end and other.start < one.end


def is_available(person: Person, window: Window) -> bool:
    """Whether they can be there all the time; windows that touch are one."""
    return not person.available or any(
        start <= window.start and window.end <= end for start, end in _joined(person.available)
    )


def most_per_day(problem: Problem, person: Person) -> int | None:
    """In how many sessions a day they may be."""
    return problem.per_day if person.per_day is None else person.per_day


def before(problem: Problem, session: Session, key: str) -> tuple[Session, ...]:
    """What a session waits for by this key: any of these will do, itself not among them."""
    return tuple(each for each in problem.givings.get(key, (problem.session[key],)) if each is not session)


@lru_cache(maxsize=4096)
def _joined(windows: tuple[Window, ...]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for start, end in sorted((each.start, each.end) for each in windows):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
