"""The power is cut at every sync of a conversation on SQLite, from a record of its writes."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import make_url

from . import power
from .conftest import Fresh
from .journey import Journey
from .process import Nursery
from .recorder import find, recorded

pytestmark = pytest.mark.asyncio(loop_scope="session")

Figure = Callable[[str, object], None]
EVERY = 8  # in `make test` one moment in so many


@pytest.fixture(autouse=True)
def _sqlite_is_in_reach() -> None:
    try:
        find()
    except (OSError, AttributeError) as error:
        pytest.skip(f"Python's SQLite shows no symbols to put a recorder in front of: {error}")


async def cut(nursery: Nursery, url: str, every: int = 1, **more: Any) -> tuple[int, list[str]]:
    """Play the conversation, then cut the power at one moment in `every`: how many cuts, and what was wrong after."""
    path = Path(make_url(url).database or "")
    disk, record = power.Disk.of(path), path.with_suffix(".record")
    async with Journey.begun(nursery, url, record=record, **more) as journey:
        await journey.play({})
        them = journey.them
    confirmed = power.Confirmed(them.slack.doors.envelopes, them.telegram.updates.first_number)
    by, cuts, wrong = random.Random(path.name), 0, []
    with TemporaryDirectory() as folder:
        for number, moment in enumerate(power.moments(recorded(record), disk, confirmed)):
            if number % every:
                continue
            for survives in (power.nothing, power.some(by), power.everything):
                found = power.wrong_with(disk.cut(Path(folder), survives), confirmed)
                wrong += [f"{moment}: {each}" for each in found]
                cuts += 1
    assert confirmed.keys and confirmed.posts, "nothing was confirmed: the record is not what it should be"
    return cuts, wrong


@pytest.mark.promise("crash.power", "A power cut on SQLite loses nothing that was confirmed, and the file stays whole.")
@pytest.mark.parametrize("every", [EVERY, pytest.param(1, marks=pytest.mark.slow)])
async def test_the_power_is_cut(nursery: Nursery, sqlite_copies: Fresh, every: int, record_property: Figure) -> None:
    cuts, wrong = await cut(nursery, sqlite_copies(), every)
    assert not wrong, wrong[:5]
    record_property("figure", f"{cuts} power cuts, 0 lost")


@pytest.mark.promise("crash.seeded", "A defect of the kind that the crash points look for does not go unseen.")
async def test_a_disk_that_nobody_waits_for_is_caught(nursery: Nursery, sqlite_copies: Fresh) -> None:
    _cuts, wrong = await cut(nursery, sqlite_copies(), EVERY, defect="synchronous_normal")
    assert any("confirmed but not kept" in each for each in wrong)
