"""A large office: its memory, how soon it serves after a restart, and how soon it has caught up."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
from sqlalchemy import insert

from db.machinery import Inbox, InboxState
from db.session import Sessions, connect
from scheduling.clock import SystemClock

from . import process, town
from .figure import Figure, below
from .load import WORDS
from .platform import Platform, Updates, until

PEOPLE, ISSUES = 20_000, 100_000
BACKLOG = 10_000
RESTARTS = 3


def figures(folder: Path) -> Iterator[Figure]:
    """With 100,000 issues and 20,000 people: memory after people have been about, and a restart."""
    memory, seconds = asyncio.run(_large(town.found(folder, people=PEOPLE, issues=ISSUES), folder))
    yield below("memory", memory / 2**20, "MiB resident", 250)
    yield below("restart", seconds, "s to serving", 5)


def backlog(folder: Path) -> Iterator[Figure]:
    """Ten thousand updates that were kept and not handled, from the start of the process to the last answer."""
    database = town.found(folder, people=PEOPLE)
    _wait(database)
    yield below("backlog", asyncio.run(_caught_up(database, folder)), "s", 120)


async def _large(database: str, folder: Path) -> tuple[int, float]:
    """(bytes resident after a thousand turns, the worst seconds until it serves)."""
    seconds, memory = [], 0
    async with Platform.running() as platform, aiohttp.ClientSession() as session:
        for _restart in range(RESTARTS):
            began = time.perf_counter()
            async with process.parley(database, platform.api, log=folder / "bench.log") as bot:
                seconds.append(time.perf_counter() - began)
                updates, before = Updates(first=len(seconds) * 10_000), platform.posted
                for number in range(1000):
                    said = updates.telegram(number * 19 % PEOPLE, WORDS[number % len(WORDS)])
                    await platform.take(session, bot.address, said)
                await until(lambda: platform.posted >= before + 1000, 120)  # noqa: B023  waited for here and now
                memory = max(memory, (await bot.used()).memory)
    return memory, max(seconds)


def _wait(database: str) -> None:
    """Put updates into the inbox, as a process leaves them that was killed just after it had confirmed them."""
    updates = Updates()
    sessions = Sessions(connect(database))
    now = SystemClock().now()
    with sessions.writing() as session:
        session.execute(
            insert(Inbox),
            [
                {
                    "platform": "telegram",
                    "key": f"1:{number}",
                    "account": str(town.telegram_id(number)),
                    "payload": json.dumps(json.loads(updates.telegram(number, "/home")[1])),
                    "received_at": now,
                    "state": InboxState.WAITING,
                    "attempts": 0,
                    "trace": f"backlog-{number}",
                }
                for number in range(BACKLOG)
            ],
        )
    sessions.engine.dispose()


async def _caught_up(database: str, folder: Path) -> float:
    async with Platform.running() as platform:
        began = time.perf_counter()
        async with process.parley(database, platform.api, log=folder / "bench.log"):
            await until(lambda: platform.posted >= BACKLOG, 600)
            return time.perf_counter() - began
