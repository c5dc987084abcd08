"""An ordinary day in minutes: memory, descriptors and the write-ahead log, which must not grow."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from sqlalchemy import make_url

from . import process, town
from .figure import Figure, below, compared
from .load import WORDS
from .platform import Platform, Updates, until

MINUTES = 8.0
RATE = 20  # updates a second
PEOPLE = 2000
LOOK = 5.0  # seconds between looks
CONNECTIONS = 40  # what Telegram opens to a webhook at most, unless told otherwise


@dataclass(frozen=True)
class Look:
    """Bytes resident, open descriptors, bytes of the write-ahead log."""

    memory: int
    open: int
    log: int


def figures(folder: Path) -> Iterator[Figure]:
    """The last quarter of the time against the second: what grows, grows between them."""
    hours = os.environ.get("SOAK")  # noqa: TID251  a tool's own switch, no setting of the product
    seconds = float(hours) * 3600 if hours else MINUTES * 60
    looks = asyncio.run(_soaked(town.found(folder, people=PEOPLE), folder, seconds))
    second, last = looks[len(looks) // 4 : len(looks) // 2], looks[-len(looks) // 4 :]
    yield compared("soak_memory", *_between("memory", last, second, 2**20, "MiB resident"), most=1.1)
    yield compared("soak_descriptors", *_between("open", last, second, 1, "descriptors"), most=1.1)
    yield below("soak_wal", max(each.log for each in looks) / 2**20, "MiB of write-ahead log", 32)


def _between(
    what: str, last: Sequence[Look], second: Sequence[Look], scale: int, unit: str
) -> tuple[float, str, float]:
    late, early = (statistics.median(getattr(each, what) for each in part) / scale for part in (last, second))
    return late, unit, early


async def _stall(platform: Platform, session: aiohttp.ClientSession, bot: process.Bot, updates: Updates) -> None:
    """Bring both pools of connections to their size, in and out.

    Whoever keeps connections takes the one that has waited longest, so what a slow second has opened stays open while
    there is traffic. Begun with the worst, a later one adds nothing: what rises from here on is a leak.
    """
    platform.answers.clear()
    said = [platform.take(session, bot.address, updates.telegram(n, "/home")) for n in range(CONNECTIONS)]
    await asyncio.gather(*said)
    await until(lambda: platform.waiting == CONNECTIONS)
    platform.answers.set()
    await until(lambda: platform.waiting == 0)


async def _soaked(database: str, folder: Path, seconds: float) -> list[Look]:
    file = Path(f"{make_url(database).database}-wal")
    looks: list[Look] = []
    sending: set[asyncio.Task[int]] = set()
    async with (
        Platform.running() as platform,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session,
        process.parley(database, platform.api, log=folder / "bench.log") as bot,
    ):
        updates = Updates()
        await _stall(platform, session, bot, updates)
        began = time.perf_counter()
        number = 0
        while (passed := time.perf_counter() - began) < seconds:
            said = updates.telegram(number % PEOPLE, WORDS[number // PEOPLE % len(WORDS)])
            task = asyncio.create_task(platform.take(session, bot.address, said))
            sending.add(task)
            task.add_done_callback(sending.discard)
            number += 1
            if len(looks) < passed / LOOK:
                used = await bot.used()
                looks.append(Look(used.memory, used.open, os.stat(file).st_size))
                sys.stderr.write(f"\rsoak {passed / seconds:4.0%}")
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        await asyncio.gather(*sending)
    sys.stderr.write("\r")
    return looks
