"""A last look at a programme: one submission elsewhere, two changed about, two rooms changed about, while it helps.

Models leave turns, and who shares which of a track's rooms, to the end; here everything counts as it is scored.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from .conference import Conference, Place
from .score import faults, score


def polish(
    conference: Conference, places: Sequence[Place], seed: int, is_over: Callable[[], bool]
) -> tuple[int, list[Place]]:
    """Places that no single change makes better, or the best until it `is_over`; and what they cost."""
    best, least = list(places), _total(conference, places)
    dice = random.Random(seed)  # noqa: S311  no secret
    improved = True
    while improved:
        improved = False
        for change in _changes(conference, best, dice):
            if is_over():
                return least, best
            tried = _changed(best, change)
            if faults(conference, tried) or (total := _total(conference, tried)) >= least:
                continue
            best, least, improved = tried, total, True
    return least, best


_Change = tuple[tuple[int, Place], ...]


def _total(conference: Conference, places: Sequence[Place]) -> int:
    return sum(score(conference, places).values())


def _changed(places: Sequence[Place], change: _Change) -> list[Place]:
    changed = list(places)
    for number, place in change:
        changed[number] = place
    return changed


def _changes(conference: Conference, places: Sequence[Place], dice: random.Random) -> Iterator[_Change]:
    """Every change, in no order; many of them are none that a programme allows."""
    submissions = conference.submissions
    cells: dict[tuple[int, int], list[int]] = {}
    for number, place in enumerate(places):
        cells.setdefault((place.session, place.room), []).append(number)
    of = {cell: submissions[members[0]].track for cell, members in cells.items()}
    for number in dice.sample(range(len(submissions)), len(submissions)):
        submission = submissions[number]
        for s, session in enumerate(conference.sessions):
            for room in range(len(conference.rooms)):
                if of.get((s, room), submission.track) == submission.track:
                    for slot in range(session.slots - submission.slots + 1):
                        yield ((number, Place(s, room, slot)),)
    for members in dice.sample(conference.of_track, len(conference.of_track)):
        for one, other in combinations(members, 2):
            yield ((one, places[other]), (other, places[one]))
    for here in cells:
        for there in ((s, room) for s in range(len(conference.sessions)) for room in range(len(conference.rooms))):
            if there != here and (there not in cells or here < there):
                gone = [(number, Place(*there, places[number].slot)) for number in cells[here]]
                come = [(number, Place(*here, places[number].slot)) for number in cells.get(there, ())]
                yield (*gone, *come)
