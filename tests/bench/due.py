"""The clock: how late what falls due is done, with many rows waiting; and after a day on which nothing ran."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select, update

from db.issues import Issue, State
from db.machinery import Due
from db.session import Sessions, connect
from scheduling.clock import SystemClock
from scheduling.due import worst

from . import process, town
from .figure import Figure, below
from .platform import Platform

PEOPLE, ISSUES = 2000, 10_000
WAITING = 100_000
RATE, SECONDS = 50, 60  # what falls due a second, and for how long
AHEAD = timedelta(seconds=5)
A_DAY = timedelta(days=1)


def figures(folder: Path) -> Iterator[Figure]:
    """Three thousand reminders, fifty a second among a hundred thousand rows that wait; then a day's, all at once."""
    count = RATE * SECONDS
    database = _planned(folder)
    first = SystemClock().now() + AHEAD
    late = asyncio.run(_fallen(database, folder, [first + timedelta(seconds=n / RATE) for n in range(count)]))
    yield below("due_late", late.total_seconds(), "s late at most", 60)
    database = _planned(folder)
    missed = SystemClock().now() - A_DAY
    began = time.perf_counter()
    asyncio.run(_fallen(database, folder, [missed + timedelta(seconds=n) for n in range(count)]))
    yield below("due_after_a_day", time.perf_counter() - began, "s until all are done", 60)


def _planned(folder: Path) -> str:
    """A town where many issues wait for whoever raised them, and a hundred thousand rows for the years to come."""
    database = town.found(folder, people=PEOPLE, issues=ISSUES)
    sessions = Sessions(connect(database))
    with sessions.writing() as session:
        session.execute(update(Issue).where(Issue.id >= town.FIRST).values(state=State.ASKED, ended_at=None))
        later = SystemClock().now() + A_DAY
        session.execute(insert(Due), [_row(n, later + timedelta(minutes=n), "later") for n in range(WAITING)])
    sessions.engine.dispose()
    return database


def _row(number: int, at: datetime, why: str) -> dict[str, object]:
    issue = town.FIRST + number % ISSUES
    key = f"{why}:{number}"
    return {"administration_id": 1, "job": "issues.nudge", "args": {"issue": issue}, "key": key, "at": at}


async def _fallen(database: str, folder: Path, instants: list[datetime]) -> timedelta:
    """Let reminders fall due at `instants`; how late the latest was, once all are done."""
    sessions = Sessions(connect(database))
    with sessions.writing() as session:
        session.execute(insert(Due), [_row(n, at, "now") for n, at in enumerate(instants)])
    began = SystemClock().now()
    async with Platform.running() as platform, process.parley(database, platform.api, log=folder / "bench.log"):
        async with asyncio.timeout(600):
            done = 0
            while done < len(instants):
                await asyncio.sleep(0.2)
                with sessions.reading() as session:
                    done = session.scalar(select(func.count()).where(Due.done_at.is_not(None))) or 0
                sys.stderr.write(f"\rdue {done / len(instants):4.0%}")
    sys.stderr.write("\r")
    with sessions.reading() as session:
        late = worst(session, began)
    sessions.engine.dispose()
    return late
