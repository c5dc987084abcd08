"""The job port: `defer` inside the caller's transaction, `run` beside it.

Jobs carry ids, never content: a body reads its rows, does what is still undone, and may run twice. The embedded
engine is a table and a loop in one process; a file lock (SQLite) or an advisory lock (PostgreSQL) refuses a second.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection, Integer, Select, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased

from db.machinery import Job
from db.session import Sessions
from scheduling.clock import Clock

log = structlog.get_logger()
T = TypeVar("T")
Body = Callable[..., Awaitable[None]]

MOST_ATTEMPTS = 8
LONGEST_PAUSE = timedelta(minutes=5)
UNRECORDED_PAUSE = 1.0  # seconds before a job runs again of which the database would not take how it went


class Retry(Exception):
    """A job asks to run again after `pause`, or at `at`, where it has an instant; it is not counted as a failure."""

    def __init__(self, pause: timedelta, at: datetime | None = None) -> None:
        super().__init__(f"again in {pause}")
        self.pause = pause
        self.at = at


class Work(Protocol):
    """What the engine and delivery know of the job engine."""

    def defer(
        self, connection: Connection, name: str, *, lock: str | None = None, at: Any = None, **ids: int
    ) -> None: ...

    def wake(self) -> None: ...


class Threads:
    """Where turns run: one writer thread on SQLite, which takes one writer anyway; a pool on PostgreSQL."""

    def __init__(self, sessions: Sessions) -> None:
        self._pool = ThreadPoolExecutor(1 if sessions.is_sqlite else 8, thread_name_prefix="turn")

    async def run(self, call: Callable[..., T], *args: Any, **more: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: call(*args, **more))

    def close(self) -> None:
        self._pool.shutdown(wait=True)


def _ready() -> Select[Job]:
    """At most `free` jobs that may begin at `now`, but for those `running` and those whose lock is among `locks`.

    One that failed is tried again before those behind it with the same lock, or answers would change places.
    """
    now = bindparam("now", type_=Job.at.type)
    turn = func.row_number().over(partition_by=Job.lock, order_by=(Job.error.is_(None), Job.at, Job.id))
    candidate = or_(Job.at <= now, Job.error.is_not(None))
    open_jobs = select(Job, turn.label("turn")).where(Job.failed_at.is_(None), candidate).subquery()
    first = aliased(Job, open_jobs)
    is_free = first.lock.not_in(bindparam("locks", expanding=True))
    free_lock = or_(first.lock.is_(None), (open_jobs.c.turn == 1) & is_free)
    is_idle = first.id.not_in(bindparam("running", expanding=True))
    ready = select(first).where(first.at <= now, is_idle, free_lock).order_by(first.at, first.id)
    return ready.limit(bindparam("free", type_=Integer))


READY = _ready()  # once: it is asked for after every job, and takes longer to put together than to run


class Embedded:
    """Jobs in a table of the same database, run by this process; those with the same `lock` one at a time, in order."""

    def __init__(self, sessions: Sessions, clock: Clock, threads: Threads, *, at_once: int = 16) -> None:
        self.bodies: dict[str, Body] = {}
        self._sessions = sessions
        self._clock = clock
        self._threads = threads
        self._at_once = at_once
        self._running: dict[int, asyncio.Task[None]] = {}
        self._locks: set[str] = set()
        self._wake = asyncio.Event()
        self._starting = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False

    def add(self, bodies: Mapping[str, Body]) -> None:
        """Name the bodies that `defer` may name."""
        self.bodies |= bodies

    def defer(self, connection: Connection, name: str, *, lock: str | None = None, at: Any = None, **ids: int) -> None:
        if name not in self.bodies:
            raise LookupError(f"no job is called {name}")
        connection.execute(insert(Job).values(name=name, lock=lock, args=ids, at=at or self._clock.now(), attempts=0))

    def wake(self) -> None:
        """Look for jobs now: called after a commit, from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self, *, poll: float = 0.5) -> None:
        """Run jobs until `stop`. Whatever a killed process had begun is simply still in the table."""
        self._loop = asyncio.get_running_loop()
        try:
            while not self._stopping:
                self._wake.clear()
                try:
                    await self._start_ready()
                except SQLAlchemyError as error:  # the database is away: what waits will still be there
                    log.warning("no jobs to be had", error=type(error).__name__)
                # Not `wait_for`: before Python 3.12 it loses a cancellation that comes together with the wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(poll):
                        await self._wake.wait()
            if self._running:
                await asyncio.wait(self._running.values(), timeout=10)
        finally:
            self._loop = None

    def stop(self) -> None:
        self._stopping = True
        self.wake()

    async def drain(self) -> int:
        """Run everything that is ready now, and what that causes, then return how many jobs ran."""
        ran = 0
        while started := await self._start_ready():
            ran += started
            while self._running:
                await asyncio.wait(list(self._running.values()))
        return ran

    async def _start_ready(self) -> int:
        async with self._starting:
            jobs = await self._threads.run(self._ready)
            for job in jobs:
                if job.lock:
                    self._locks.add(job.lock)
                self._running[job.id] = asyncio.create_task(self._run(job))
        return len(jobs)

    def _ready(self) -> list[Job]:
        free = self._at_once - len(self._running)
        if free <= 0:
            return []
        now, running, locks = self._clock.now(), list(self._running), list(self._locks)
        with self._sessions.reading() as session:
            return list(session.scalars(READY, {"now": now, "running": running, "locks": locks, "free": free}))

    async def _run(self, job: Job) -> None:
        try:
            await self._attempt(job)
        except Exception as error:  # noqa: BLE001  not even recorded: the job runs again when the database is back
            log.warning("job not recorded", job=job.name, id=job.id, error=type(error).__name__)
            await asyncio.sleep(UNRECORDED_PAUSE)  # a database that can only be read would have it run again at once
        finally:
            self._running.pop(job.id, None)
            if job.lock:
                self._locks.discard(job.lock)
            self._wake.set()

    async def _attempt(self, job: Job) -> None:
        try:
            await self.bodies[job.name](**job.args)
        except Retry as again:
            await self._threads.run(self._postpone, job, again.pause, None, again.at)
        except Exception as error:  # a job may fail in any way; it is recorded and tried again
            log.warning("job failed", job=job.name, id=job.id, error=type(error).__name__, exc_info=True)
            pause = min(LONGEST_PAUSE, timedelta(seconds=2**job.attempts))
            await self._threads.run(self._postpone, job, pause, type(error).__name__)
        else:
            await self._threads.run(self._done, job)

    def _done(self, job: Job) -> None:
        with self._sessions.writing() as session:
            session.execute(delete(Job).where(Job.id == job.id))

    def _postpone(self, job: Job, pause: timedelta, error: str | None, at: datetime | None = None) -> None:
        now = self._clock.now()
        attempts = job.attempts + (1 if error else 0)
        values = {"at": at or now + pause, "attempts": attempts, "error": error}
        if attempts >= MOST_ATTEMPTS:
            values["failed_at"] = now
        with self._sessions.writing() as session:
            session.execute(update(Job).where(Job.id == job.id).values(**values))
