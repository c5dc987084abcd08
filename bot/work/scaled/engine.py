"""The engine itself: deferring, looking after what is due, and one job's attempt."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from procrastinate import App, JobContext
from procrastinate import exceptions as failures
from procrastinate.jobs import Job as Theirs
from psycopg import Error as DriverError
from psycopg_pool import PoolTimeout
from sqlalchemy import insert, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.work.embedded import LONGEST_PAUSE, MOST_ATTEMPTS
from bot.work.port import BULK_AT_ONCE, IN_BULK, RANKS, Retry, rank
from bot.work.threads import Threads
from db import queues
from db.machinery import Job
from db.session import Sessions
from scheduling.clock import Clock

from .connections import connector
from .manager import AWAY_PAUSE, STALLED, Manager
from .retries import Again, Retries
from .worker import Worker

log = structlog.get_logger()
Body = Callable[..., Awaitable[None]]

MOST_DEATHS = 20  # of the processes that run a job
FIRST_AT_ONCE = 64  # jobs that somebody waits for; they have workers of their own
MOST_MOVED = 1000  # jobs that become due in one transaction
UNHEARD = 4  # looks after its start in which a worker may not yet hear of jobs


class Scaled:
    """Jobs in Procrastinate's tables, run by as many processes; those with the same `lock` one at a time, in order.

    What somebody waits for has what stands before it under its lock hurry. What is deferred begins as its transaction
    commits, wherever there is room. What waits for its hour stands in the table `job`: whichever process looks next
    when it has come hands it on. A process that dies is missed after `STALLED` seconds, and its jobs run again.
    """

    shares = True

    def __init__(self, sessions: Sessions, clock: Clock, threads: Threads, *, at_once: int = 16) -> None:
        self.bodies: dict[str, Body] = {}
        self._sessions = sessions
        self._clock = clock
        self._threads = threads
        self._at_once = at_once
        self._app = App(connector=connector(sessions))
        self._manager = self._app.job_manager = Manager(self._app.connector, self._looks, self._ended, self._drop)
        self._workers: list[Worker] = []
        self._running: set[asyncio.Task[Any]] = set()
        self._started = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()  # a job has ended, for whoever waits for all of them
        self._told_to_stop = asyncio.Event()
        self._stopping = False

    def add(self, bodies: Mapping[str, Body]) -> None:
        """Name the bodies that `defer` may name."""
        for name in bodies.keys() - self.bodies.keys():
            self._app.task(name=name, pass_context=True, retry=Retries())(self._task(name))
        self.bodies |= bodies

    def defer(
        self,
        session: Session,
        name: str,
        *,
        lock: str | None = None,
        at: datetime | None = None,
        first: int = 0,
        **ids: int,
    ) -> None:
        """Let a job begin at `at`, or once the session has committed; the higher `first` before the lower."""
        if name not in self.bodies:
            raise LookupError(f"no job is called {name}")
        now = self._clock.now()
        if at is not None and at > now:
            self._put_off(session, name, lock, at, first, ids)
            return
        self.defer_all(session, name, [(lock, ids)], first=first)

    def defer_all(
        self, session: Session, name: str, jobs: Sequence[tuple[str | None, Mapping[str, int]]], *, first: int = 0
    ) -> None:
        """The same for many at once, by the lock and the ids of each: they keep their order."""
        if name not in self.bodies:
            raise LookupError(f"no job is called {name}")
        if not jobs:
            return
        connection, locks = session.connection(), [lock for lock, _ids in jobs]
        held = sorted({lock for lock in locks if lock is not None})
        if first and held:  # somebody is there: what failed before them may go through now
            connection.execute(queues.HURRY, {"locks": held, "first": first})
        row = {"queue": queues.queue(name, first), "name": name, "first": first}
        connection.execute(queues.DEFER, row | {"locks": locks, "args": [json.dumps(ids) for _lock, ids in jobs]})

    def bring_forward(self, session: Session, until: datetime) -> None:
        """The clock stood at `until` and was set back: what had come due is due, and what is tried again is tried now.

        In the caller's transaction. What was planned for later keeps its hour.
        """
        now = self._clock.now()
        session.execute(update(Job).where(Job.at > now, Job.failed_at.is_(None), Job.at <= until).values(at=now))
        session.connection().execute(queues.RELEASE_ALL, {"now": now})

    def adopt(self, session: Session) -> int:
        """Hand on what stands in the table `job` and is due, in the caller's transaction; how many those were.

        Of any number of processes one does it at a time, so that jobs keep their order; the others find nothing to do.
        """
        if not self._sessions.try_lock(session, "jobs"):
            return 0
        asked = {"now": self._clock.now(), "most": MOST_MOVED}
        moved: int = session.connection().execute(queues.MOVE, asked).scalar() or 0
        return moved

    def tend(self, session: Session) -> int:
        """Hand on what is due, let what failed be tried again, and take up what a dead process was doing.

        Returns how many jobs may begin that might not before.
        """
        moved = self.adopt(session)
        connection, now = session.connection(), self._clock.now()
        freed: int = connection.execute(queues.RELEASE_DUE, {"now": now}).scalar() or 0
        stalled = list(connection.scalars(queues.STALLED, {"after": STALLED}))
        if stalled:
            log.warning("jobs of a dead process", jobs=len(stalled))
            connection.execute(queues.RESCUE, {"ids": stalled})
            connection.execute(queues.GIVE_UP, {"most": MOST_DEATHS, "now": now})
        return moved + freed + len(stalled)

    async def run(self, *, poll: float = 0.5) -> None:
        """Run jobs until `stop`."""
        self._loop = asyncio.get_running_loop()
        try:
            while not self._stopping:
                self._told_to_stop.clear()
                try:
                    async with self._app.open_async():
                        await self._work(self._look_every(poll))
                except (failures.ConnectorException, DriverError, PoolTimeout, SQLAlchemyError) as error:
                    log.warning("no jobs to be had", error=type(error).__name__)
                if not self._stopping:
                    await asyncio.sleep(AWAY_PAUSE)
        finally:
            self._loop = None

    @property
    def is_stopping(self) -> bool:
        """Whether what is under way should come to its end: the process ends, or has been given up by the others."""
        return self._stopping or self._manager.is_lost

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told_to_stop.set)

    def gives_way(self, name: str, first: int) -> bool:
        """Whether a job in bulk should leave the rest of what it does for later: one of a higher rank is at work."""
        return rank(name, first) < self._manager.highest

    async def drain(self) -> int:
        """Run everything that is ready now, and what that causes, then return how many jobs ran."""
        began, self._stopping = self._started, False
        async with self._app.open_async():
            await self._work(self._until_idle())
        return self._started - began

    # Beside the workers

    async def _work(self, beside: Awaitable[None]) -> None:
        """Have workers take jobs until what goes on beside them ends, or one of them does."""
        self._manager.begin()
        bulk = sorted(IN_BULK & self.bodies.keys())
        others = sorted(self.bodies.keys() - IN_BULK)
        self._workers = [
            Worker(self._app, [queues.queue(name, first) for name in served for first in firsts], at_once)
            for served, firsts, at_once in (
                (others, (1,), FIRST_AT_ONCE),
                (others, (0,), self._at_once),
                (bulk, (0, 1), RANKS * BULK_AT_ONCE),
            )
            if served
        ]
        at_work = [asyncio.create_task(worker.begin()) for worker in self._workers]
        looking = asyncio.ensure_future(beside)
        try:
            await asyncio.wait([*at_work, looking], return_when=asyncio.FIRST_COMPLETED)
        finally:
            looking.cancel()
            for worker in self._workers:
                worker.end()
            ended = await asyncio.gather(*at_work, looking, return_exceptions=True)
            self._workers = []
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def _look_every(self, pause: float) -> None:
        looks = 0
        while not self._stopping:
            looks += 1
            try:
                while (more := await self._threads.run(self._tend, first=True)) >= MOST_MOVED:
                    self._ended()
                if more or looks <= UNHEARD:
                    self._ended()
            except SQLAlchemyError as error:  # the database is away: what waits will still be there
                log.warning("nobody looks after the jobs", error=type(error).__name__)
            # Not `wait_for`: before Python 3.12 it loses a cancellation that comes with the wake-up. And not at
            # every job that ends: whoever waits for that is told, and one look serves many.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._told_to_stop.wait()

    async def _until_idle(self) -> None:
        while True:
            await self._threads.run(self._tend)
            self._ended()
            self._wake.clear()
            if not self._running and await self._threads.run(self._is_idle):
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await self._wake.wait()

    def _tend(self) -> int:
        with self._sessions.writing() as session:
            return self.tend(session)

    def _is_idle(self) -> bool:
        served = [queues.queue(name, first) for name in self.bodies for first in (0, 1)]
        with self._sessions.reading() as session:
            return bool(session.connection().scalar(queues.IS_IDLE, {"queues": served}))

    def _looks(self, worker_id: int) -> None:
        for worker in self._workers:
            if worker.worker_id == worker_id:
                worker.bell.heard()

    def _ended(self) -> None:
        """A job has ended, or others may begin: that is for us to say, Procrastinate tells of new ones only."""
        for worker in self._workers:
            worker.look()
        self._wake.set()

    def _drop(self) -> None:
        """What is under way is others' by now.

        Procrastinate would not stop for it: it minds what goes on beside a worker until the first of that ends, and
        where nothing is periodic one ends at once.
        """
        for worker in self._workers:
            worker.end()
        for task in list(self._running):
            task.cancel()

    # One job

    def _task(self, name: str) -> Callable[..., Awaitable[None]]:
        async def attempt(context: JobContext, **args: int) -> None:
            task = asyncio.current_task()
            if task is not None:
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            self._started += 1
            await self._attempt(context.job, name, args)

        return attempt

    async def _attempt(self, job: Theirs, name: str, args: Mapping[str, int]) -> None:
        ids = {key: value for key, value in args.items() if key not in (queues.FAILURES, queues.DEATHS)}
        failed = args.get(queues.FAILURES, 0)
        try:
            await self.bodies[name](**ids)
        except Retry as again:
            at = again.at or self._clock.now() + again.pause
            if at <= self._clock.now():
                raise Again(None, again.lock) from None
            if again.why is not None:
                raise Again(at, again.lock) from None
            later = partial(self._put_off, name=name, lock=again.lock or job.lock, at=at, first=job.priority, ids=ids)
            await self._threads.run(self._write, partial(later, failed=failed))
        except Exception as error:  # a job may fail in any way; it is recorded and tried again
            log.warning("job failed", job=name, id=job.id, error=type(error).__name__, exc_info=True)
            at = self._clock.now() + min(LONGEST_PAUSE, timedelta(seconds=2**failed))
            if failed + 1 < MOST_ATTEMPTS:
                await self._threads.run(self._write, partial(self._count, job=job.id, failed=failed + 1))
                raise Again(at, None) from None
            later = partial(self._put_off, name=name, lock=job.lock, at=at, first=job.priority, ids=ids)
            await self._threads.run(self._write, partial(later, failed=failed + 1, error=type(error).__name__))

    def _write(self, what: Callable[[Session], None]) -> None:
        with self._sessions.writing() as session:
            what(session)

    def _put_off(
        self,
        session: Session,
        name: str,
        lock: str | None,
        at: datetime,
        first: int,
        ids: Mapping[str, int],
        *,
        failed: int = 0,
        error: str | None = None,
    ) -> None:
        """Into our own table, where it waits for its hour; with an `error` it has been given up."""
        gone = None if error is None else self._clock.now()
        row = {"name": name, "lock": lock, "args": dict(ids), "at": at, "attempts": failed, "first": bool(first)}
        session.connection().execute(insert(Job), row | {"error": error, "failed_at": gone})

    def _count(self, session: Session, job: int | None, failed: int) -> None:
        session.connection().execute(queues.COUNT, {"failed": failed, "id": job})
