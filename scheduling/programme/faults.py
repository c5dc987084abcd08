"""What is wrong with a programme's question, before anybody tries to solve it: every fault, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from scheduling.programme.problem import Person, Problem, Session, Window

SESSIONS, BLOCKS, ROOMS = 400, 200, 100  # beyond these it is no symposium, and nothing here would end in time
PLACES = 600_000  # sessions × blocks × rooms: what the solver can hold
YEARS = range(1990, 2100)
LONGEST = 24 * 60  # minutes
MOST = 1_000_000  # people, seats, points: so that no sum of theirs overflows the solver's numbers


def faults(problem: Problem) -> list[str]:
    """All that is wrong, in the order of the question; nothing wrong is an empty list."""
    return list(_faults(problem))


def _faults(problem: Problem) -> Iterator[str]:
    try:
        ZoneInfo(problem.zone)
    except (KeyError, ValueError, OSError):  # zoneinfo opens a file by that name
        yield f"no such time zone: {problem.zone!r}"
        return
    for what, those, most in (
        ("block", problem.blocks, BLOCKS),
        ("room", problem.rooms, ROOMS),
        ("session", problem.sessions, SESSIONS),
    ):
        if not 0 < len(those) <= most:
            yield f"a programme is of 1 to {most} {what}s, not {len(those)}"
    if (size := len(problem.sessions) * len(problem.blocks) * len(problem.rooms)) > PLACES:
        yield f"too large: sessions × blocks × rooms are at most {PLACES}, not {size}"
    for what, keys in {
        "block": [each.key for each in problem.blocks],
        "room": [each.key for each in problem.rooms],
        "session": [each.key for each in problem.sessions],
        "person": [each.key for each in problem.people],
        "break": [each.key for each in problem.breaks],
    }.items():
        yield from _keys(what, keys)
    yield from _times(problem)
    yield from _numbers(problem)
    for person in problem.people:
        yield from _person(person)
    for session in problem.sessions:
        yield from _session(problem, session)
    for pause in problem.breaks:
        yield from _named(f"break {pause.key!r}", "person", pause.people, problem.person)
    for number, wish in enumerate(problem.wishes):
        yield from _named(f"wish {number}", "session that is no repeat", wish.sessions, problem.givings)
        if len(set(wish.sessions)) < len(wish.sessions):
            yield f"wish {number}: a session is named twice"
    for walk in problem.walks:
        yield from _named("walk", "room", walk.rooms, problem.room)
    yield from _circles(problem)


def _keys(what: str, keys: list[str]) -> Iterator[str]:
    if "" in keys:
        yield f"a {what} without a key"
    for key, count in Counter(keys).items():
        if count > 1:
            yield f"{what} {key!r} is there {count} times"


def _times(problem: Problem) -> Iterator[str]:
    for what, those in (("block", problem.blocks), ("break", problem.breaks)):
        for each in those:
            if each.start.tzinfo is None:
                yield f"{what} {each.key!r}: its start has no time zone"
            elif each.start.year not in YEARS:
                yield f"{what} {each.key!r}: not a year for a symposium: {each.start.year}"
            if each.start.second or each.start.microsecond:
                yield f"{what} {each.key!r}: does not start on a whole minute"
            if not 0 < each.minutes <= LONGEST:
                yield f"{what} {each.key!r}: takes 1 to {LONGEST} minutes, not {each.minutes}"
    for room in problem.rooms:
        yield from _windows(f"room {room.key!r}", room.closed)


def _windows(whose: str, windows: Iterable[Window]) -> Iterator[str]:
    for window in windows:
        if window.start.tzinfo is None or window.end.tzinfo is None:
            yield f"{whose}: a time without a time zone"
        elif window.start.year not in YEARS or window.end.year not in YEARS:
            yield f"{whose}: not a year for a symposium, {window.start.isoformat()}"
        elif window.end <= window.start:
            yield f"{whose}: a stretch that ends before it begins, {window.start.isoformat()}"


def _numbers(problem: Problem) -> Iterator[str]:
    numbers = {
        "walk": problem.walk,
        **{f"walk between {' and '.join(walk.rooms)}": walk.minutes for walk in problem.walks},
        **{f"room {room.key!r}: capacity": room.capacity for room in problem.rooms},
        **{f"session {session.key!r}: expected": session.expected for session in problem.sessions},
        **{f"weight of {each.name}": getattr(problem.weights, each.name) for each in fields(problem.weights)},
        **{f"wish {number}: people": wish.people for number, wish in enumerate(problem.wishes)},
    }
    for what, number in numbers.items():
        if not 0 <= number <= MOST:
            yield f"{what} is from 0 to {MOST}, not {number}"
    if problem.per_day is not None and problem.per_day < 1:
        yield f"per_day is at least 1, not {problem.per_day}"


def _person(person: Person) -> Iterator[str]:
    yield from _windows(f"person {person.key!r}", person.available)
    if person.per_day is not None and person.per_day < 1:
        yield f"person {person.key!r}: per_day is at least 1, not {person.per_day}"
    if person.remote is not None:
        try:
            person.remote.attendee(person.key)
        except ValueError as error:
            yield f"person {person.key!r}: {error}"


def _session(problem: Problem, session: Session) -> Iterator[str]:
    whose = f"session {session.key!r}"
    if not 0 < session.minutes <= LONGEST:
        yield f"{whose}: takes 1 to {LONGEST} minutes, not {session.minutes}"
    yield from _named(whose, "person", session.attending, problem.person)
    yield from _named(whose, "session", session.after, problem.session)
    yield from _named(whose, "block", session.blocks, problem.block)
    yield from _named(whose, "room", session.rooms, problem.room)
    if session.repeat_of is not None:
        yield from _named(whose, "session that is no repeat", [session.repeat_of], problem.givings)
    if session.locked is not None:
        yield from _named(whose, "block", [each for each in [session.locked.block] if each is not None], problem.block)
        yield from _named(whose, "room", [each for each in [session.locked.room] if each is not None], problem.room)


def _named(whose: str, what: str, keys: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    there = set(known)
    for key in keys:
        if key not in there:
            yield f"{whose}: no such {what}, {key!r}"


def _circles(problem: Problem) -> Iterator[str]:
    """Sessions that would have to be over before they begin."""
    after = {each.key: {key for key in each.after if key in problem.session} for each in problem.sessions}
    while ready := [key for key, those in after.items() if not those & set(after)]:
        for key in ready:
            del after[key]
    # What is left waits in a circle, or for one: only those in a circle are named.
    while idle := [key for key in after if not any(key in those for those in after.values())]:
        for key in idle:
            del after[key]
    if after:
        yield f"these sessions each wait for another of them: {', '.join(sorted(after))}"
