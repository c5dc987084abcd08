"""Told to stop at any moment, the process ends well, and what was said meanwhile is answered by the next."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from db.machinery import Inbox, Outgoing
from tests.fakes.slack.sending import Delivery
from tests.scenarios.day import Day, settle

from . import facts
from .conftest import Fresh
from .process import Nursery

pytestmark = pytest.mark.asyncio(loop_scope="session")

Figure = Callable[[str, object], None]
EARLY = (1, 3, 5, 7, 9)  # statements that the process has run when it is told


@pytest.fixture
def url(sqlite_copies: Fresh) -> str:
    address = sqlite_copies()
    settle(address)
    return address


@pytest.mark.promise("faults.36", "Told to stop while it starts it ends well, and the next one begins where it was.")
async def test_told_to_stop_while_it_starts(nursery: Nursery, url: str, record_property: Figure) -> None:
    async with Day.begun(nursery, url) as day:
        reached = []
        await day.them.telegram.says(day.them.amina, "/raise")
        for wanted in EARLY:
            nursery.meter.set(None)
            await nursery.start(day.settings, held=False, clock=day.clock)
            ended = asyncio.create_task(nursery.ended())
            async with asyncio.timeout(20):
                while nursery.meter.counts["statement"] < wanted and not ended.done():  # noqa: ASYNC110  another process counts
                    await asyncio.sleep(0.001)
                if nursery.pid is not None:
                    os.kill(nursery.pid, signal.SIGTERM)
                assert await ended == 0, day.log()
            reached.append(nursery.meter.counts["statement"])
        await day.starts()
        await day.until_quiet()
        await day.them.telegram.hears(day.them.amina, "What happened?")
        assert len([each for each in day.shown_to(day.them.amina) if "What happened?" in each]) == 1
        record_property("figure", f"told {len(EARLY)} times, after {min(reached)} to {max(reached)} statements")


TIMES, EACH, PAUSE = 2, 10, 0.02  # stops, what each of two people says between them, seconds between


@pytest.mark.promise(
    "faults.36", "Told to stop while people go on writing it loses nothing and answers everything once."
)
async def test_told_to_stop_while_people_go_on_writing(nursery: Nursery, url: str, record_property: Figure) -> None:
    async with Day.begun(nursery, url) as day:
        them, said = day.them, 0
        heard: list[asyncio.Task[Delivery]] = []
        await day.starts()
        await them.slack.connected(20)
        await day.until_quiet()
        before = {name: len(day.shown_to(getattr(them, name))) for name in ("amina", "olga")}

        async def people_write() -> None:
            nonlocal said
            for _time in range(EACH):
                said += 1
                await them.telegram.says(them.amina, f"Words {said}")
                heard.append(asyncio.create_task(them.slack.dm(them.olga, f"Words {said}")))
                await asyncio.sleep(PAUSE)

        for _time in range(TIMES):
            writing = asyncio.create_task(people_write())
            await them.telegram.until(lambda: len(heard) % EACH >= EACH // 2)
            assert await day.ends(signal.SIGTERM) == 0, day.log()
            await day.starts()
            await writing
        assert all(delivery.acknowledged for delivery in await asyncio.gather(*heard))
        await day.until_quiet()
        with day.looking() as session:
            assert facts.unconfirmed(session, them) == []
            assert session.scalar(select(func.count()).select_from(Inbox)) == 2 * said
            assert not session.scalar(select(func.count()).where(Outgoing.may_repeat)), "nothing was cut off"
        for name, number in before.items():
            assert len(day.shown_to(getattr(them, name))) - number == said, f"{name} has one answer for each"
        record_property("figure", f"stopped {TIMES} times while {2 * said} updates came in")
