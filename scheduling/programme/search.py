"""A programme without a solver: somewhere for every session from the first moment on, then better by small steps.

It can break demands, fewest first; so there is something to show where there is no programme that breaks none, or none
was found. Whoever has a better search takes the place of `improve`, with the same arguments.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import product

from scheduling.programme.demands import alone
from scheduling.programme.problem import Place, Places, Problem, Session
from scheduling.programme.score import between, beyond, broken, empty, hours, score

BROKEN = 1_000_000  # points a broken demand weighs beside the score's, so that no score makes up for one

Rank = tuple[int, int, int]  # demands broken, how often, and the score's total: less is better


def rank(problem: Problem, places: Places) -> Rank:
    """What makes one programme better than another."""
    wrong = broken(problem, places)
    return len({each.demand for each in wrong}), len(wrong), score(problem, places).total


def anyhow(problem: Problem, enough: Callable[[], bool] = lambda: False) -> dict[str, Place]:
    """A place for every session, one after the other, the largest first: the smallest room and first time that will do.

    Where none will, the place that breaks least. Once there is `enough`, the rest go to the first place there is.
    """
    local = _Local(problem)
    rooms = sorted(problem.rooms, key=lambda each: each.capacity)
    spots = [Place(block, room.key) for room in rooms for block in problem.block]
    order = sorted(problem.sessions, key=lambda each: (not each.plenary, -each.expected, -len(each.attending)))
    places: dict[str, Place] = {}
    for session in order:
        least, best = math.inf, spots[-1]
        for place in spots:
            if least < BROKEN or enough():
                break
            if (cost := local.cost(session, place, places)) < least:
                least, best = cost, place
        places[session.key] = best
    return places


def improve(
    problem: Problem, start: Places, *, enough: Callable[[], bool], seed: int = 0, steps: int | None = None
) -> dict[str, Place]:
    """The best programme met from here, by moving a session or exchanging two; never a worse one.

    Goes on until there is `enough`, or for so many steps.
    """
    local, luck = _Local(problem), random.Random(seed)  # noqa: S311  no secret: the same seed, the same search
    spots = [Place(block, room) for block, room in product(problem.block, problem.room)]
    best, least = dict(start), rank(problem, start)
    taken = 0
    while not enough() and (steps is None or taken < steps) and least != (0, 0, 0):
        taken += 1
        after = _step(problem, local, best, spots, luck)
        if after is not None and (found := rank(problem, after)) <= least:
            best, least = after, found
    return best


def _step(
    problem: Problem, local: _Local, places: Mapping[str, Place], spots: list[Place], luck: random.Random
) -> dict[str, Place] | None:
    """A programme next to this one that, as far as each two sessions tell, is no worse; None where the try is none."""
    session = luck.choice(problem.sessions)
    if luck.random() < 0.5 and len(problem.sessions) > 1:
        other = luck.choice(problem.sessions)
        after = {**places, session.key: places[other.key], other.key: places[session.key]}
        moved = [session, other]
    else:
        after = {**places, session.key: luck.choice(spots)}
        moved = [session]
    was, now = (sum(local.cost(each, those[each.key], those) for each in moved) for those in (places, after))
    return after if now <= was and after != places else None


class _Local:
    """What a session costs in a place, beside all others where they are: alone and with each of them."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._alone: dict[tuple[str, Place], int] = {}
        self._wanted: dict[str, dict[str, int]] = defaultdict(dict)
        for (one, other), people in problem.wanted_together.items():
            self._wanted[one][other] = self._wanted[other][one] = people * problem.weights.wishes

    def cost(self, session: Session, place: Place, places: Mapping[str, Place]) -> int:
        problem = self._problem
        cost = self._by_itself(session, place)
        window = problem.window(session, place.block)
        for key, there in places.items():
            if key != session.key:
                other = problem.session[key]
                theirs = problem.window(other, there.block)
                cost += BROKEN * sum(1 for _ in between(problem, (session, place, window), (other, there, theirs)))
                if key in self._wanted[session.key] and window.start < theirs.end and theirs.start < window.end:
                    cost += self._wanted[session.key][key]
        return cost

    def _by_itself(self, session: Session, place: Place) -> int:
        at = session.key, place
        if at not in self._alone:
            problem, weights, room = self._problem, self._problem.weights, self._problem.room[place.room]
            self._alone[at] = (
                BROKEN * len(alone(problem, session, place))
                + weights.popular * beyond(problem, session, room)
                + weights.waste * empty(problem, session, room)
                + weights.hours * hours(problem, session, place.block)
            )
        return self._alone[at]
