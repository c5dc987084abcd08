"""The job engine of many processes: Procrastinate on PostgreSQL. The only module that knows that library."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from procrastinate import App, JobContext, PsycopgConnector, RetryDecision
from procrastinate import exceptions as failures
from procrastinate.jobs import Job as Theirs
from procrastinate.jobs import Status
from procrastinate.manager import JobManager, NotificationCallback
from procrastinate.retry import BaseRetryStrategy
from procrastinate.worker import Worker
from psycopg import AsyncConnection
from psycopg import Error as DriverError
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy import insert, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from db import queues
from db.machinery import Job
from db.session import Sessions
from scheduling.clock import Clock, monotonic

from .embedded import LONGEST_PAUSE, MOST_ATTEMPTS
from .port import BULK_AT_ONCE, IN_BULK, RANKS, Retry, rank
from .threads import Threads

log = structlog.get_logger()
Body = Callable[..., Awaitable[None]]

BEAT = 2.0  # seconds between two signs of life
SILENT = 7.0  # seconds without one after which a worker gives up what it does: nobody else has taken it yet
STALLED = 10.0  # seconds after which the others take it
MOST_DEATHS = 20  # of the processes that run a job
FIRST_AT_ONCE = 64  # jobs that somebody waits for; they have workers of their own
MOST_MOVED = 1000  # jobs that become due in one transaction
CONNECTIONS = 4  # of a process, for taking and finishing jobs
GRACE = 10.0  # seconds for jobs under way when the process ends
FALLBACK = 2.0  # seconds after which a worker looks again although nobody has told it of a job
UNHEARD = 4  # looks after its start in which a worker may not yet hear of jobs
AWAY_PAUSE = 1.0  # seconds between two tries to reach the database
RANK = {queues.queue(name, first): rank(name, first) for name in IN_BULK for first in (0, 1)}  # by queue


class Lost(Exception):
    """The others have given this worker up: what it was doing is theirs."""


class _Again(Exception):
    """To Procrastinate: the job waits with its lock, until `at`; without that it may begin at once."""

    def __init__(self, at: datetime | None, lock: str | None) -> None:
        super().__init__("again")
        self.at, self.lock = at, lock


class _Retries(BaseRetryStrategy):
    """What failed has been seen to before Procrastinate hears of it; whatever else ended a job, it runs again."""

    def get_retry_decision(self, *, exception: BaseException, job: Theirs) -> RetryDecision:
        if isinstance(exception, _Again):
            return RetryDecision(
                retry_at=exception.at,
                lock=exception.lock,
                queue=None if exception.at is None else queues.PARKED,
            )
        return RetryDecision()


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
        self._app = App(connector=_connector(sessions))
        self._manager = self._app.job_manager = _Manager(self._app.connector, self._looks, self._ended, self._drop)
        self._workers: list[_Worker] = []
        self._running: set[asyncio.Task[Any]] = set()
        self._started = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()  # a job has ended, for whoever waits for all of them
        self._told_to_stop = asyncio.Event()
        self._stopping = False

    def add(self, bodies: Mapping[str, Body]) -> None:
        """Name the bodies that `defer` may name."""
        for name in bodies.keys() - self.bodies.keys():
            self._app.task(name=name, pass_context=True, retry=_Retries())(self._task(name))
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
        connection = session.connection()
        if first and lock is not None:  # somebody is there: what failed before it may go through now
            connection.execute(queues.HURRY, {"lock": lock, "first": first})
        row = {"queue": queues.queue(name, first), "name": name, "first": first, "lock": lock, "args": json.dumps(ids)}
        connection.execute(queues.DEFER, row)

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
            _Worker(self._app, [queues.queue(name, first) for name in served for first in firsts], at_once)
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
                raise _Again(None, again.lock) from None
            if again.why is not None:
                raise _Again(at, again.lock) from None
            later = partial(self._put_off, name=name, lock=again.lock or job.lock, at=at, first=job.priority, ids=ids)
            await self._threads.run(self._write, partial(later, failed=failed))
        except Exception as error:  # a job may fail in any way; it is recorded and tried again
            log.warning("job failed", job=name, id=job.id, error=type(error).__name__, exc_info=True)
            at = self._clock.now() + min(LONGEST_PAUSE, timedelta(seconds=2**failed))
            if failed + 1 < MOST_ATTEMPTS:
                await self._threads.run(self._write, partial(self._count, job=job.id, failed=failed + 1))
                raise _Again(at, None) from None
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


class _Worker(Worker):
    """One of a process's: for what somebody waits for, for what comes in bulk, and for the rest."""

    def __init__(self, app: App, queues: Iterable[str], at_once: int) -> None:
        super().__init__(
            app,
            queues=list(queues),
            concurrency=at_once,
            delete_jobs="successful",
            install_signal_handlers=False,
            shutdown_graceful_timeout=GRACE,
            update_heartbeat_interval=BEAT,
            stalled_worker_timeout=6 * STALLED,
            fetch_job_polling_interval=FALLBACK,
        )
        self.bell = self._new_job_event = _Bell()

    async def begin(self) -> None:
        """Take jobs until told to end."""
        await self.run()  # type: ignore[no-untyped-call]  # Procrastinate's own

    def end(self) -> None:
        """Take no more; `begin` returns when what is under way has ended."""
        self.stop()  # type: ignore[no-untyped-call]  # Procrastinate's own

    def look(self) -> None:
        """There may be something to do."""
        self.bell.set()


class _Bell(asyncio.Event):
    """Stays rung for whoever was looking already, who may have looked too early. Procrastinate would not hear it."""

    def __init__(self) -> None:
        super().__init__()
        self._rung = self._heard = 0

    def set(self) -> None:
        self._rung += 1
        super().set()

    def heard(self) -> None:
        """Somebody goes to look now."""
        self._heard = self._rung

    def clear(self) -> None:
        if self._heard == self._rung:
            super().clear()


class _Manager(JobManager):
    """Procrastinate's own, for a database that may be away for a while and workers that may be given up."""

    def __init__(
        self, connector: Any, looks: Callable[[int], None], ended: Callable[[], None], drop: Callable[[], None]
    ) -> None:
        super().__init__(connector)
        self._looks, self._ended, self._drop = looks, ended, drop
        self._beaten: dict[int, float] = {}  # by worker: when its last sign of life was written
        self.begin()

    def begin(self) -> None:
        """Nothing is under way here."""
        self.is_lost = False
        self._in_bulk = Counter[int]()  # by rank: how many are under way
        self.highest = 0  # the rank that was at work when last looked at, in whichever process

    async def register_worker(self) -> int:
        began = monotonic()
        worker: int = await super().register_worker()
        self._beaten[worker] = began
        return worker

    async def unregister_worker(self, worker_id: int) -> None:
        self._beaten.pop(worker_id, None)
        with contextlib.suppress(failures.ConnectorException):  # the others will miss it
            await super().unregister_worker(worker_id)

    async def update_heartbeat(self, worker_id: int) -> None:
        """Write a sign of life, as long as it takes. Raises `Lost` where none has been for too long."""
        while True:
            began = monotonic()
            try:
                async with asyncio.timeout(max(0.1, self._beaten[worker_id] + SILENT - began)):
                    lives = await self.connector.execute_query_all_async(
                        "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %(worker)s"
                        " AND last_heartbeat > now() - make_interval(secs => %(after)s) RETURNING id",
                        worker=worker_id,
                        after=STALLED,
                    )
                if not lives:
                    raise self._lose()
                self._beaten[worker_id] = began
                return
            except (failures.ConnectorException, TimeoutError, PoolTimeout):
                if monotonic() - self._beaten[worker_id] >= SILENT:
                    raise self._lose() from None
                await asyncio.sleep(AWAY_PAUSE)

    def _lose(self) -> Lost:
        log.error("this worker was given up, or would be: it begins anew")
        self.is_lost = True
        self._drop()
        return Lost()

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        while True:
            try:
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            except (failures.ConnectorException, DriverError, PoolTimeout) as error:
                log.warning("nobody tells of jobs", error=type(error).__name__)
            await asyncio.sleep(AWAY_PAUSE)

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Theirs | None:
        self._looks(worker_id)
        try:
            found: Theirs | None = None
            if not self.is_lost and (may_begin := await self._may_begin(queues or ())):
                found = await super().fetch_job(may_begin, worker_id)
            if found is None or self.is_lost:  # what was taken all the same is the others' like the rest
                return None
            if found.queue in RANK:
                self._in_bulk[RANK[found.queue]] += 1
            return found
        except failures.UniqueViolation:  # another process has just begun one with the same lock
            asyncio.get_running_loop().call_later(0.02, self._ended)
        except (failures.ConnectorException, PoolTimeout) as error:
            log.warning("no jobs to be had", error=type(error).__name__)
            await asyncio.sleep(AWAY_PAUSE)
        return None

    async def _may_begin(self, served: Iterable[str]) -> list[str]:
        """Of these queues those that a job may be taken from: of the bulk only what has the highest rank at work,
        wherever that is, while it has places here."""
        served = list(served)
        if not RANK.keys() & served:
            return served
        before_others = [name for name in RANK if RANK[name]]
        at_work = await self.connector.execute_query_all_async(queues.AT_WORK, queues=before_others)
        self.highest = max((RANK[each["name"]] for each in at_work), default=0)
        return [name for name in served if RANK[name] >= self.highest and self._in_bulk[RANK[name]] < BULK_AT_ONCE]

    async def finish_job(self, job: Theirs, status: Status, delete_job: bool) -> None:
        await self._record(job, partial(super().finish_job, job, status, delete_job))

    async def retry_job(
        self,
        job: Theirs,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        await self._record(job, partial(super().retry_job, job, retry_at, priority, queue, lock))

    async def _record(self, job: Theirs, write: Callable[[], Awaitable[None]]) -> None:
        """How a job ended, unless it is somebody else's by now. What cannot be written leaves the job to the others."""
        try:
            worker = job.worker_id
            if worker is not None and monotonic() - self._beaten.get(worker, 0.0) > SILENT and not self.is_lost:
                await self.update_heartbeat(worker)  # we were held up: do they still count on us?
            while not self.is_lost:
                try:
                    await write()
                    return
                except failures.ConnectorException as error:
                    if "Job was not found" in str(error.__cause__):
                        return  # taken from us, and ended
                    log.warning("job not recorded", job=job.task_name, id=job.id, error=type(error).__name__)
                    await asyncio.sleep(AWAY_PAUSE)
        except Lost:
            return
        finally:
            if job.queue in RANK:
                self._in_bulk[RANK[job.queue]] -= 1
            self._ended()


def _connector(sessions: Sessions) -> PsycopgConnector:
    """Connections of its own: a sign of life waits for no turn."""
    arguments, options = sessions.engine.dialect.create_connect_args(sessions.engine.url)
    conninfo = str(arguments[0]) if arguments else ""
    return PsycopgConnector(
        conninfo=conninfo,
        kwargs=options,
        configure=_commit_each,
        min_size=1,
        max_size=CONNECTIONS,
        pool_factory=_unchecked,
    )


async def _commit_each(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


def _unchecked(**options: Any) -> AsyncConnectionPool:
    """Without a question before each use: what fails for a broken connection is tried again."""
    return AsyncConnectionPool(**{**options, "check": None})
