"""Many people at once: how fast updates are confirmed, and how fast the turns behind them are done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from . import process
from .platform import Platform, Updates, until

WORDS = ("/home", "/raise", "Our containers have been waiting for five days.", "/cancel")


@dataclass(frozen=True)
class Load:
    """Seconds to each confirmation, refusals (503), and what was drained: seconds after the last, turns a second."""

    confirmed: Sequence[float]
    refused: int
    after: float
    rate: float

    def percentile(self, share: float) -> float:
        return sorted(self.confirmed)[min(len(self.confirmed) - 1, int(len(self.confirmed) * share))]


async def under(database: str, folder: Path, *, rate: float, seconds: float, people: int) -> Load:
    """Send `rate` updates a second, each from the next of `people`, whether or not the ones before are confirmed."""
    confirmed: list[float] = []
    statuses: list[int] = []
    async with (
        Platform.running() as platform,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as session,
        process.parley(database, platform.api, log=folder / "bench.log") as bot,
    ):
        updates, sending = Updates(), []
        await asyncio.sleep(1)

        async def one(number: int) -> None:
            update = updates.telegram(number % people, WORDS[number // people % len(WORDS)])
            began = time.perf_counter()
            status = await updates.send(session, bot.address, update)
            confirmed.append(time.perf_counter() - began)
            statuses.append(status)

        began = time.perf_counter()
        count = int(rate * seconds)
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            sending.append(asyncio.create_task(one(number)))
        await asyncio.gather(*sending)
        ended, answered = time.perf_counter(), platform.posted
        taken = statuses.count(200)
        await until(lambda: platform.posted >= taken, 600)
        after = time.perf_counter() - ended
        return Load(
            confirmed, len(statuses) - taken, after, (taken - answered) / after if after > 1 else taken / seconds
        )
