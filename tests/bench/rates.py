"""How much of a platform's limit is used, by how many processes; what an answer notices of a broadcast; and the peer.

python-telegram-bot's own rate limiter counts in one process's memory. It is shown for one process, where it is right
too, and for two, where nothing tells the one of the other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from db.session import upgrade
from tests.rates.processes import Seen, seen, sending

from . import process, town
from .child import TELEGRAM_TOKEN
from .figure import Figure, alternating, at_least, below, beside, compared
from .platform import Platform, Updates, until

THIRTY, THOUSAND = 30, 1000
SECONDS = 20.0
PEOPLE, ASKED = 200, 5.0  # people, and questions a second: well within the share of answers
PEER = "tests.rates.peer"


def figures(folder: Path) -> Iterator[Figure]:
    database = f"sqlite:///{folder / 'rates.db'}"
    upgrade(database)
    ours = _sent(1, database, THIRTY)
    yield from _used("rates_30_sqlite_1", ours, THIRTY)
    peer = _sent(1, database, THIRTY, module=PEER)
    yield from _peers("rates_30_aioratelimiter_1", peer)
    yield from _peers("rates_30_aioratelimiter_2", _sent(2, database, THIRTY, module=PEER))
    with town.postgresql(people=PEOPLE) as fresh:
        for processes in (1, 2, 4):
            yield from _used(f"rates_30_{processes}", _sent(processes, fresh(), THIRTY), THIRTY)
    yield compared("rates_cpu", 1000 * ours.cpu, "ms of CPU a message", 1000 * peer.cpu, most=1)


def thousand(_folder: Path) -> Iterator[Figure]:
    """A thousand a second by 1, 2 and 4 processes. Where it is missed, what they cost says whether there was CPU for
    it: the receiver takes about a quarter of a core beside them."""
    with town.postgresql(people=PEOPLE) as fresh:
        for processes in (1, 2, 4):
            what = _sent(processes, fresh(), THOUSAND)
            name = f"rates_1000_{processes}"
            yield from _used(name, what, THOUSAND)
            yield below(f"{name}_missed", 100 * what.missed / (what.sent + what.missed), "% of the slots missed", 2)
            yield below(f"{name}_cpu", 1000 * what.cpu, "ms of CPU a message", 1)


def answers(folder: Path) -> Iterator[Figure]:
    """Answers to people while another process broadcasts as fast as the limit allows, against those without."""
    with town.postgresql(people=PEOPLE) as fresh:
        alone, beside = alternating(
            lambda: asyncio.run(_late(fresh(), folder, broadcasts=False)),
            lambda: asyncio.run(_late(fresh(), folder, broadcasts=True)),
        )
    yield compared("rates_answer", beside, "ms to the answer, p99", alone, most=1.5)


def _used(name: str, what: Seen, limit: int) -> Iterator[Figure]:
    yield at_least(f"{name}_used", 100 * what.rate / limit, "% of the limit", 95)
    yield below(f"{name}_fullest", what.fullest, "messages in the fullest second", limit + 1)


def _peers(name: str, what: Seen) -> Iterator[Figure]:
    yield beside(f"{name}_used", 100 * what.rate / THIRTY, "% of the limit")
    yield beside(f"{name}_fullest", what.fullest, "messages in the fullest second")


def _sent(processes: int, database: str, rate: float, *, module: str = "tests.rates.child") -> Seen:
    async def run() -> Seen:
        arrivals: list[float] = []
        async with Platform.running() as platform:
            platform.on_post = lambda _address: arrivals.append(time.perf_counter())
            told = await sending(
                processes,
                database=database,
                api=platform.api,
                token=TELEGRAM_TOKEN,
                rate=rate,
                seconds=SECONDS,
                module=module,
            )
        return seen(arrivals, told)

    return asyncio.run(run())


async def _late(database: str, folder: Path, *, broadcasts: bool) -> float:
    """Milliseconds that ninety-nine in a hundred wait for their answer at most."""
    answered: list[float] = []
    asked: dict[str, float] = {}
    updates = Updates()

    def note(address: str) -> None:
        if (at := asked.pop(address, None)) is not None:
            answered.append(time.perf_counter() - at)

    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(Platform.running())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        serving = process.parley(database, platform.api, log=folder / "bench.log", telegram_rate=THIRTY)
        bot = await stack.enter_async_context(serving)
        platform.on_post = note
        broadcast = asyncio.create_task(_broadcast(database, platform.api)) if broadcasts else None
        if broadcast is not None:
            await until(lambda: platform.posted > 0)
        else:
            await asyncio.sleep(1)
        began = time.perf_counter()
        count = int(ASKED * SECONDS)
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / ASKED - time.perf_counter()))
            who = number % PEOPLE
            asked[town.address("telegram", who)] = time.perf_counter()
            await platform.take(session, bot.address, updates.telegram(who, "/home"))
        await until(lambda: len(answered) >= count)
        if broadcast is not None:
            await broadcast
    settled: Sequence[float] = sorted(answered[count // 10 :])  # the first of a new process take longer
    return 1000 * settled[int(len(settled) * 0.99)]


async def _broadcast(database: str, api: str) -> None:
    await sending(1, database=database, api=api, token=TELEGRAM_TOKEN, rate=THIRTY, seconds=SECONDS + 5)
