"""Which points of a conversation are tried: every one, or a sample by a seed; and the trying of them."""

from __future__ import annotations

import asyncio
import faulthandler
import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager

import pytest

from .facts import Facts
from .journey import Journey, Plan, Trap
from .meter import Point
from .process import Nursery

PATIENCE = 240  # seconds
Counts = Mapping[str, Mapping[str, int]]  # act -> kind -> how many points


@asynccontextmanager
async def patience() -> AsyncIterator[None]:
    """So long for one conversation: two minutes are meant for a test, and one that plays many takes longer."""
    faulthandler.dump_traceback_later(2 * PATIENCE, exit=True)  # the loop itself may hang
    async with asyncio.timeout(PATIENCE):
        yield


async def tried(
    nursery: Nursery,
    fresh: Callable[[], str],
    calm: Mapping[str, Facts],
    config: pytest.Config,
    number: int,
    trap: Trap | None = None,
) -> str:
    """Count the points of one conversation, then die at them in others: what came of it, in a line."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  whoever has to repeat a failure needs it
    async with patience(), Journey.begun(nursery, fresh(), trap=trap) as journey:
        counts = {act: facts.counts for act, facts in (await journey.play({}, calm)).items()}
    plans = planned(counts, config, seed, number)
    deaths = again = 0
    for plan in plans:
        async with patience(), Journey.begun(nursery, fresh(), trap=trap) as journey:
            await journey.play(plan, calm)
            deaths, again = deaths + journey.deaths, again + journey.actors.again.total()
    points = sum(len(plan) for plan in plans)
    assert deaths >= points / 2, f"only {deaths} deaths at {points} points: this shows little"
    return f"seed {seed}: {deaths} deaths at {points} points, 0 lost, 0 twice, {again} times pressed again"


def planned(counts: Counts, config: pytest.Config, seed: int, number: int) -> list[Plan]:
    """Every point with `--all`, else a sample."""
    return list(every(counts)) if config.getoption("--all") else sampled(counts, random.Random(seed), number)


def sampled(counts: Counts, by: random.Random, number: int) -> list[Plan]:
    """Plans with one point in every act, the kinds in equal parts."""
    plans: list[Plan] = []
    for _ in range(number):
        plan = {}
        for act, crossed in counts.items():
            kind = by.choice([each for each in crossed if crossed[each]])
            plan[act] = Point(kind, by.randint(1, crossed[kind]))
        plans.append(plan)
    return plans


def every(counts: Counts) -> Iterator[Plan]:
    """Plans that together hold every point of every act once."""
    points = {
        act: [Point(kind, number) for kind in crossed for number in range(1, crossed[kind] + 1)]
        for act, crossed in counts.items()
    }
    for turn in range(max(len(each) for each in points.values())):
        yield {act: each[turn] for act, each in points.items() if turn < len(each)}
