"""The test of the test: defects seeded into the process are caught by the very checks that Parley passes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from .conftest import Fresh
from .facts import Facts
from .invariants import Violated
from .journey import Journey, Plan
from .meter import Point
from .process import Nursery

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.promise("crash.seeded", "A defect of the kind that the crash points look for does not go unseen."),
]

# Each where the defect leaves a gap: the update confirmed and not yet kept, the change made and nobody told yet.
GAPS: dict[str, Plan] = {
    "confirm_before_commit": {"detail": Point("sent", 1)},
    "two_transactions": {"send": Point("commit", 3), "ask": Point("commit", 4), "approve": Point("commit", 3)},
}


@pytest.mark.parametrize("defect", GAPS)
async def test_a_seeded_defect_is_caught(
    nursery: Nursery, sqlite_copies: Fresh, calm: Mapping[str, Facts], defect: str
) -> None:
    async with Journey.begun(nursery, sqlite_copies(), defect=defect) as journey:
        with pytest.raises(Violated) as caught:
            await journey.play(GAPS[defect], calm)
    assert caught.value.invariant == "nothing_confirmed_is_lost"


@pytest.mark.slow
@pytest.mark.parametrize("defect", GAPS)
async def test_a_seeded_defect_goes_unseen_where_nothing_crashes(
    nursery: Nursery, sqlite_copies: Fresh, calm: Mapping[str, Facts], defect: str
) -> None:
    async with Journey.begun(nursery, sqlite_copies(), defect=defect) as journey:
        await journey.play({}, calm)
