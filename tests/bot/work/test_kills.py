"""Clocks and workers in processes of their own, killed at random: what falls due is done, each exactly once."""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from db.machinery import Due, Job
from db.people import Administration, Organisation
from db.session import Sessions, connect
from scheduling.clock import SystemClock

from .shop import THEIRS

CLOCKS, WORKERS = 2, 3


class Crew:
    """The processes; whoever is killed is replaced, as an orchestrator does it."""

    def __init__(self, url: str, parts: list[str]) -> None:
        self._url, self._parts = url, parts
        self._processes: list[asyncio.subprocess.Process] = []
        self.kills: Counter[str] = Counter()

    async def begin(self) -> None:
        self._processes = [await self._one(part) for part in self._parts]

    async def kill(self, number: int) -> None:
        """One of them dies at once; another begins in its place."""
        process = self._processes[number]
        assert process.returncode is None, "it died of itself"
        process.kill()
        await process.wait()
        self.kills[self._parts[number]] += 1
        self._processes[number] = await self._one(self._parts[number])

    async def end(self) -> None:
        for process in self._processes:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _one(self, part: str) -> asyncio.subprocess.Process:
        arguments = sys.executable, "-m", "tests.bot.work.staff", part, self._url
        process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None and await process.stdout.readline() == b"begun\n"
        return process


@asynccontextmanager
async def crew(url: str, clocks: int, workers: int) -> AsyncIterator[Crew]:
    its = Crew(url, ["clock"] * clocks + ["worker"] * workers)
    try:
        await its.begin()
        yield its
    finally:
        await its.end()


async def fall_due(
    url: str, *, rows: int, seconds: float, clocks: int, workers: int, apart_kills: float, least: int = 0
) -> tuple[Crew, float]:
    """Let `rows` fall due over so many seconds, and kill meanwhile; the crew, and how late the last was done."""
    sessions, clock, by = Sessions(connect(url)), SystemClock(), random.Random(7)
    with sessions.writing() as session:
        session.add(Administration(code="xx", name={"en": "X"}, country="TN", zone="Africa/Tunis", language="en"))
    async with crew(url, clocks, workers) as its:
        first = clock.now()
        with sessions.writing() as session:
            session.execute(
                insert(Due),
                [
                    {"administration_id": 1, "job": "x.y", "args": {}, "key": f"{n}", "at": first + n * apart}
                    for apart in [timedelta(seconds=seconds / rows)]
                    for n in range(rows)
                ],
            )
        number = 0
        while clock.now() < first + timedelta(seconds=seconds) or number < least:
            await asyncio.sleep(by.uniform(0.5, 1.5) * apart_kills)
            await its.kill(number % (clocks + workers) if number < clocks + workers else by.randrange(clocks + workers))
            number += 1
        await until_done(lambda: left(sessions), 90 + seconds)
    with sessions.reading() as session:
        done = Counter(session.scalars(select(Organisation.name)))
        assert done == Counter(f"{n}" for n in range(rows)), "each once"
        assert session.execute(THEIRS).all() == [] and session.scalar(select(func.count()).select_from(Job)) == 0
        late = max(
            (at - due_at).total_seconds()
            for due_at, at in session.execute(select(Due.at, Due.done_at))
            if at is not None
        )
    sessions.engine.dispose()
    return its, late


def left(sessions: Sessions) -> int:
    with sessions.reading() as session:
        open_ = session.scalar(select(func.count()).select_from(Due).where(Due.done_at.is_(None))) or 0
        return open_ + len(session.execute(THEIRS).all())


async def until_done(left: Callable[[], int], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while await asyncio.to_thread(left):  # noqa: ASYNC110  it waits for what other processes wrote
            await asyncio.sleep(0.25)


@pytest.mark.slow
@pytest.mark.promise("scaled.once", "What falls due is done once, whichever clock or worker is killed.")
async def test_a_clock_and_a_worker_are_killed(postgresql_url: str) -> None:
    its, _late = await fall_due(postgresql_url, rows=300, seconds=3, clocks=1, workers=2, apart_kills=1, least=2)
    assert its.kills["clock"] and its.kills["worker"]


@pytest.mark.slow
@pytest.mark.promise("scaled.once", "What falls due is done once, whichever clock or worker is killed.")
async def test_eight_minutes_of_kills(postgresql_url: str, record_property: Callable[[str, object], None]) -> None:
    its, late = await fall_due(postgresql_url, rows=9600, seconds=480, clocks=CLOCKS, workers=WORKERS, apart_kills=6)
    kills = f"{its.kills['clock']} clocks and {its.kills['worker']} workers killed"
    record_property("figure", f"9,600 due rows in eight minutes, {kills}: each done once, {late:.1f} s late at most")
