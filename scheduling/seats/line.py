"""The waiting list of a session: one line across all classes, in the order of `place`.

A seat that becomes free is offered to the first in line who may take it; whoever may not, because it is kept for
another class, keeps their place. Nobody is moved without being asked: a chain comes about one consent after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .places import Held, Places, fits


@dataclass(frozen=True)
class Waiting:
    """Somebody in line: `place` is unique in a session's line. `gives_up` are sessions they would leave for it."""

    who: int
    place: int
    held: Held
    gives_up: tuple[int, ...] = ()


@dataclass(frozen=True)
class Step:
    """One promotion: who takes a seat of `session`, and what they leave for it."""

    who: int
    session: int
    leaves: tuple[int, ...]


def next_in_line(places: Places, held: Iterable[Held], line: Iterable[Waiting]) -> list[Waiting]:
    """Whom to offer a seat now, the first in line first. `held` has those offered already: an open offer is a seat."""
    full = list(held)
    chosen: list[Waiting] = []
    for each in sorted(line, key=lambda one: one.place):
        if places.total is not None and len(full) >= places.total:
            break
        if fits(places, full, each.held):
            full.append(each.held)
            chosen.append(each)
    return chosen


def chain(
    places: Mapping[int, Places],
    held: Mapping[int, Sequence[Held]],
    lines: Mapping[int, Sequence[Waiting]],
    released: int,
) -> list[Step]:
    """What one free seat of `released` sets going, if all agree: who moves up, what they leave, and who gets that.

    `held` counts the seat as free already. Each person moves once at most, so it ends.
    """
    full = {session: list(seats) for session, seats in held.items()}
    steps: list[Step] = []
    moved: set[int] = set()
    free = [released]
    while free:
        session = free.pop(0)
        line = [each for each in lines.get(session, ()) if each.who not in moved]
        for each in next_in_line(places[session], full.get(session, ()), line):
            full.setdefault(session, []).append(each.held)
            moved.add(each.who)
            steps.append(Step(each.who, session, each.gives_up))
            for left in each.gives_up:
                if each.held in full.get(left, ()):
                    full[left].remove(each.held)
                    free.append(left)
    return steps
