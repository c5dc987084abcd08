"""Ten thousand people, thirty break-outs, five wishes each, as many seats as people: the rules beside what others do.

Popularity is skewed as it is in life: the first break-outs are wished for many times more than they hold.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np

from scheduling.seats import Allocation, Asking, Held, Person, Places, Rule, Session, Waiting, chain, next_in_line
from scheduling.seats.exact import allocate, min_sum

from .figure import Figure, below

T = TypeVar("T")
PEOPLE, SESSIONS, WISHES = 10_000, 30, 5
SKEW = 0.8
RUNS = 3


def figures() -> Iterator[Figure]:
    """`seats.RULE.MEASURE`: CPU of the allocation itself, and what became of people's wishes."""
    asking = _asking()
    others = {rule: replace(asking, rule=rule) for rule in Rule}
    seconds, generous = _timed(lambda: allocate(asking))
    yield below("seats.generous.seconds", seconds, "s CPU", 0.3)
    seconds, most = _timed(lambda: allocate(others[Rule.RANK_MAXIMAL]))
    yield below("seats.rank_maximal.seconds", seconds, "s CPU", 0.3)
    first_come = allocate(others[Rule.BY_TIME])
    seconds, cheapest = _timed(lambda: min_sum(asking))
    yield below("seats.min_sum.seconds", seconds, "s CPU", 0.3)
    for name, found in {"generous": generous, "rank_maximal": most, "min_sum": cheapest}.items():
        yield from _against(name, asking, found, first_come)
    yield _wasted(asking, generous)
    yield from _promotion(asking, generous)


def _asking() -> Asking:
    random = np.random.default_rng(1)
    wanted = 1 / np.arange(1, SESSIONS + 1) ** SKEW
    wanted /= wanted.sum()
    seats = [PEOPLE // SESSIONS + (number < PEOPLE % SESSIONS) for number in range(SESSIONS)]
    sessions = tuple(Session(number + 1, Places(seats[number])) for number in range(SESSIONS))
    people = tuple(
        Person(
            number + 1,
            "trade",
            tuple(int(each) + 1 for each in random.choice(SESSIONS, WISHES, replace=False, p=wanted)),
            order=number,
        )
        for number in range(PEOPLE)
    )
    return Asking(Rule.GENEROUS, "bench", sessions, people)


def _timed(measure: Callable[[], T]) -> tuple[float, T]:
    """The median CPU of three runs, and what they found."""
    took = []
    for _run in range(RUNS):
        began = time.process_time()
        found = measure()
        took.append(time.process_time() - began)
    return sorted(took)[RUNS // 2], found


def _against(name: str, asking: Asking, found: Allocation, first_come: Allocation) -> Iterator[Figure]:
    """Beside first come, first served: who got their first choice, one of the first three, nothing."""
    mine, others = found.profile(asking.people), first_come.profile(asking.people)
    for measure, ranks in {"first_choice": slice(0, 1), "top_three": slice(0, 3), "unplaced": slice(-1, None)}.items():
        value, against = sum(mine[ranks]), sum(others[ranks])
        met = value <= against if measure == "unplaced" else value >= against
        # Whoever leaves nobody without a seat gives up first choices for it: that is the rule, not a loss.
        is_goal = measure != "first_choice" or name == "rank_maximal"
        goal = "not worse than first come" if is_goal else "shown beside first come"
        ratio = round(value / against, 3) if against else None
        yield Figure(f"seats.{name}.{measure}", value, "people", against, ratio, goal, met or not is_goal)


def _wasted(asking: Asking, found: Allocation) -> Figure:
    """Free seats that somebody wishes for more than for what they got."""
    free = {each.id: each.places.total or 0 for each in asking.sessions}
    for session in found.given.values():
        free[session] -= 1
    wanted = set()
    for each in asking.people:
        rank = found.rank(each)
        wanted |= set(each.wishes[: rank - 1 if rank else None])
    value = sum(free[session] for session in wanted)
    return Figure("seats.generous.wasted", value, "seats", None, None, "0 seats", value == 0)


def _promotion(asking: Asking, found: Allocation) -> Iterator[Figure]:
    """One seat of the most wanted break-out is given up: whom it is offered, and the whole chain if all agree."""
    held: dict[int, list[Held]] = {each.id: [] for each in asking.sessions}
    lines: dict[int, list[Waiting]] = {each.id: [] for each in asking.sessions}
    for each in asking.people:
        rank, got = found.rank(each), found.given.get(each.id)
        if got is not None:
            held[got].append(each.held)
        for place, wish in enumerate(each.wishes[: rank - 1 if rank else None], 1):
            lines[wish].append(Waiting(each.id, place * PEOPLE + each.order, each.held, (got,) if got else ()))
    places = {each.id: each.places for each in asking.sessions}
    released = max(lines, key=lambda session: len(lines[session]))
    held[released].pop()
    seconds, _next = _timed(lambda: next_in_line(places[released], held[released], lines[released]))
    yield below("seats.next_in_line", seconds * 1000, "ms CPU", 10)
    seconds, steps = _timed(lambda: chain(places, held, lines, released))
    yield below("seats.chain", seconds * 1000, "ms CPU", 100)
    yield Figure("seats.chain.moved", len(steps), "people", None, None, "at least 1", len(steps) >= 1)
