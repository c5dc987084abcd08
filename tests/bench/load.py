"""Many people at once: how fast updates are confirmed, and how fast the turns behind them are done."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from . import process, town
from .figure import Figure, alternating, at_least, below, compared
from .platform import Platform, Updates, until

PEOPLE = 2000
STEPS = (100, 200, 300, 400, 500, 600, 800, 1000)  # updates a second
WORDS = ("/home", "/raise", "Our containers have been waiting for five days.", "/cancel")


@dataclass(frozen=True)
class Load:
    """What came of it: seconds to each confirmation and to each answer; refusals; turns a second at the end."""

    confirmed: Sequence[float]
    answered: Sequence[float]
    refused: int
    drained: float


def steady(folder: Path) -> Iterator[Figure]:
    """Three hundred updates a second for a minute on SQLite, and the turns behind them."""
    seen = asyncio.run(under(town.found(folder, people=PEOPLE), folder, rate=300, seconds=60))
    yield below("load_p99", 1000 * _late(seen.confirmed), "ms to the confirmation", 500)
    yield below("load_worst", max(seen.confirmed), "s to the confirmation", 2.5)
    yield below("load_refused", seen.refused, "updates", 1)
    yield at_least("load_drained", seen.drained, "turns a second", 150)


def highest(folder: Path) -> Iterator[Figure]:
    """The highest rate at which every update is confirmed, ninety-nine in a hundred within half a second."""
    sqlite = _highest(lambda: town.found(folder, people=PEOPLE), folder)
    yield at_least("highest_sqlite", sqlite, "updates a second", 300)
    with town.postgresql(people=PEOPLE) as fresh:
        yield at_least("highest_postgresql", _highest(fresh, folder), "updates a second", 300)


def flooded(folder: Path) -> Iterator[Figure]:
    """What everybody else notices of one person who sends a hundred a second."""

    def others(flood: float) -> float:
        database = town.found(folder, people=PEOPLE)
        answered = asyncio.run(under(database, folder, rate=20, seconds=20, flood=flood)).answered
        return 1000 * _late(answered[len(answered) // 4 :])  # the first of a new process take longer, flood or none

    alone, beside = alternating(lambda: others(0), lambda: others(100))
    yield compared("flood_others", beside, "ms to the answer, p99", alone, most=1.25)


def _highest(fresh: Callable[[], str], folder: Path) -> float:
    held = 0.0
    for rate in STEPS:
        seen = asyncio.run(under(fresh(), folder, rate=rate, seconds=11, drain=False))
        if seen.refused or _late(seen.confirmed[rate:]) > 0.5:  # not those of a new process's first second
            break
        held = rate
    return held


def _late(seconds: Sequence[float]) -> float:
    """What ninety-nine in a hundred are within."""
    return sorted(seconds)[int(len(seconds) * 0.99)]


async def under(
    database: str, folder: Path, *, rate: float, seconds: float, flood: float = 0, drain: bool = True
) -> Load:
    """Send `rate` updates a second, each from the next person, whether or not the ones before are confirmed.

    One more person sends `flood` a second beside them. With `drain` it is waited for until everybody has been answered.
    """
    confirmed: list[float] = []
    answered: list[float] = []
    asked: dict[str, float] = {}
    refused = 0
    updates = Updates()

    def note(address: str) -> None:
        if (at := asked.pop(address, None)) is not None:
            answered.append(time.perf_counter() - at)

    async with (
        Platform.running() as platform,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as session,
        process.parley(database, platform.api, log=folder / "bench.log") as bot,
    ):
        platform.on_post = note
        await asyncio.sleep(1)

        async def one(number: int) -> None:
            nonlocal refused
            who, began = number % (PEOPLE - 1), time.perf_counter()
            asked[str(town.telegram_id(who))] = began
            said = updates.telegram(who, WORDS[number // (PEOPLE - 1) % len(WORDS)])
            if await platform.take(session, bot.address, said) == 200:
                confirmed.append(time.perf_counter() - began)
            else:
                refused += 1

        flooding = await _flooding(bot.address, flood) if flood else None
        if flooding is not None:  # it is under way, and the first of it, which anybody may send at once, is answered
            await until(lambda: platform.posted > 0, 60)
            await asyncio.sleep(3)
        began = time.perf_counter()
        people = []
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            people.append(asyncio.create_task(one(number)))
        await asyncio.gather(*people)
        if flooding is not None:
            flooding.terminate()
            await flooding.wait()
        ended, before = time.perf_counter(), platform.posted
        if drain and not flood:
            await until(lambda: platform.posted >= len(confirmed), 600)
        after = time.perf_counter() - ended
        drained = (platform.posted - before) / after if after > 1 else len(confirmed) / seconds
        return Load(confirmed, answered, refused, drained)


async def _flooding(bot: str, rate: float) -> asyncio.subprocess.Process:
    """One person who never stops, in a process of their own: what it costs to send must not count."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.load", bot, str(rate), cwd=process.ROOT
    )


async def _flood(bot: str, rate: float) -> None:
    updates, platform = Updates(first=10**6), Platform()
    async with aiohttp.ClientSession() as session:
        under_way: set[asyncio.Task[int]] = set()
        while True:
            task = asyncio.create_task(platform.take(session, bot, updates.telegram(PEOPLE - 1, "/home")))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            await asyncio.sleep(1 / rate)


if __name__ == "__main__":
    asyncio.run(_flood(sys.argv[1], float(sys.argv[2])))
