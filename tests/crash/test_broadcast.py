"""A broadcast whose process is killed again and again: nobody is missed, and nobody is written to twice by itself."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.broadcasting import GROUPS, SLICE
from bot.engine.turn import LANES
from db.broadcasts import Broadcast, BroadcastCopy, Standing
from db.machinery import Sending
from db.session import Sessions, connect
from tests.bench import process, town
from tests.bench.broadcasting import approved, begun, reached_by_telegram
from tests.bench.platform import Platform
from tests.bot.work.shop import until

PEOPLE, KILLS, AFTER = 4000, 9, 100  # messages after which it dies once more
CLAIMED = LANES * GROUPS * SLICE  # at most, where the platform's limit leaves every slot free


@pytest.mark.slow
def test_nine_kills_miss_nobody_and_leave_in_doubt_what_was_claimed(tmp_path: Path) -> None:
    with reached_by_telegram(tmp_path, PEOPLE) as parley:
        number = approved(parley)
        begun(parley, number)
    url = f"sqlite:///{tmp_path / 'used.db'}"
    posts: Counter[str] = Counter()
    asyncio.run(_killed(url, number, posts, tmp_path / "log"))
    states = _states(url, number)
    doubt = {address for address, state in states.items() if state is Sending.IN_DOUBT}
    assert set(states.values()) <= {Sending.ACCEPTED, Sending.IN_DOUBT} and len(states) == PEOPLE
    assert all(posts[address] == 1 for address in states.keys() - doubt), "nobody is missed, and nobody has it twice"
    assert all(posts[address] <= 1 for address in doubt), "what is in doubt is not repeated by itself"
    assert len(doubt) <= KILLS * CLAIMED


async def _killed(url: str, number: int, posts: Counter[str], log: Path) -> None:
    async with Platform.running() as platform:
        platform.on_post = lambda address: posts.update((address,))
        for _kill in range(KILLS):
            before = platform.posted
            async with process.parley(url, platform.api, log=log) as bot:
                await until(lambda before=before: platform.posted >= before + AFTER, 60)
                bot.process.kill()
                await bot.process.wait()
        async with process.parley(url, platform.api, log=log):
            await until(lambda: _is_over(url, number), 60)


def _states(url: str, number: int) -> dict[str, Sending]:
    sessions = Sessions(connect(url))
    with sessions.reading() as session:
        its = BroadcastCopy.broadcast_id == number, BroadcastCopy.person_id >= town.FIRST
        rows = session.execute(select(BroadcastCopy.person_id, BroadcastCopy.state).where(*its)).all()
    sessions.engine.dispose()
    return {town.address("telegram", person - town.FIRST): state for person, state in rows}


def _is_over(url: str, number: int) -> bool:
    sessions = Sessions(connect(url))
    with sessions.reading() as session:
        standing = session.get_one(Broadcast, number).standing
    sessions.engine.dispose()
    return standing is Standing.SENT
