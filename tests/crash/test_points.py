"""The process is killed at statements, commits, sends and receives of a conversation, and started again.

A few points of every kind in `make test`; a sample in `make prove`, whose seed is printed; `--all` takes every point.
"""

from __future__ import annotations

import faulthandler
import random
from collections.abc import Callable, Iterator, Mapping

import pytest

from .conftest import Fresh
from .facts import Facts
from .journey import Journey, Plan
from .meter import KINDS, Point
from .process import Nursery

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROMISE = (
    "Killed at any statement, commit, send or receive, Parley loses nothing it confirmed, applies nothing twice, and "
    "marks a message that it may be repeating"
)
ON_SQLITE = pytest.mark.promise("crash.sqlite", f"{PROMISE}, on SQLite.")
ON_POSTGRESQL = pytest.mark.promise("crash.postgresql", f"{PROMISE}, on PostgreSQL.")
BOTH = pytest.mark.parametrize(
    "copies",
    [pytest.param("sqlite", marks=ON_SQLITE), pytest.param("postgresql", marks=ON_POSTGRESQL)],
    indirect=True,
)
FEW: Plan = {
    "detail": Point("received", 1),
    "files": Point("commit", 2),
    "send": Point("statement", 40),
    "take": Point("committed", 2),
    "ask": Point("send", 2),
    "answered": Point("sent", 3),
    "merge": Point("committed", 4),
    "approve": Point("sent", 2),
}
SAMPLE = 10  # conversations, with a death in every act
PATIENCE = 300  # seconds for one conversation, before the test run is ended with every stack printed


@BOTH
async def test_it_survives_one_death_at_every_kind_of_boundary(
    nursery: Nursery, copies: Fresh, calm: Mapping[str, Facts], record_property: Callable[[str, object], None]
) -> None:
    async with Journey.begun(nursery, copies()) as journey:
        await journey.play(FEW, calm)
        assert journey.deaths == len(FEW)
        record_property("figure", f"{journey.deaths} deaths in one conversation")


@pytest.mark.slow
@BOTH
async def test_it_survives_a_death_at_any_boundary(
    nursery: Nursery,
    copies: Fresh,
    calm: Mapping[str, Facts],
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  whoever has to repeat a failure needs it
    async with Journey.begun(nursery, copies()) as journey:
        counts = {act: facts.counts for act, facts in (await journey.play({}, calm)).items()}
    plans = list(every(counts)) if pytestconfig.getoption("--all") else sampled(counts, random.Random(seed), SAMPLE)
    deaths = again = 0
    for plan in plans:
        faulthandler.dump_traceback_later(PATIENCE, exit=True)  # a minute is meant for one test: this is many
        async with Journey.begun(nursery, copies()) as journey:
            await journey.play(plan, calm)
            deaths, again = deaths + journey.deaths, again + journey.actors.again.total()
    points = sum(len(plan) for plan in plans)
    record_property(
        "figure", f"seed {seed}: {deaths} deaths at {points} points, 0 lost, 0 twice, {again} pressed again"
    )


def sampled(counts: Mapping[str, Mapping[str, int]], by: random.Random, number: int) -> list[Plan]:
    """Plans with one point in every act, kinds in equal parts."""
    plans: list[Plan] = []
    for _ in range(number):
        plan = {}
        for act, crossed in counts.items():
            kind = by.choice([each for each in KINDS if crossed[each]])
            plan[act] = Point(kind, by.randint(1, crossed[kind]))
        plans.append(plan)
    return plans


def every(counts: Mapping[str, Mapping[str, int]]) -> Iterator[Plan]:
    """Plans that together hold every point of every act once."""
    points = {
        act: [Point(kind, number) for kind in KINDS for number in range(1, crossed[kind] + 1)]
        for act, crossed in counts.items()
    }
    for turn in range(max(len(each) for each in points.values())):
        yield {act: each[turn] for act, each in points.items() if turn < len(each)}
