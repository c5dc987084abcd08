"""The process is killed at statements, commits, sends and receives of a conversation, and started again.

A few points of every kind in `make test`; a sample in `make prove`, whose seed is printed; `--all` takes every point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from .conftest import Fresh
from .facts import Facts
from .journey import Journey, Plan
from .meter import Point
from .plans import tried
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
    record_property("figure", await tried(nursery, copies, calm, pytestconfig, SAMPLE))
