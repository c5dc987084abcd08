"""Taking a job and recording how it ended, while the database is there and the others count on us."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from procrastinate import exceptions as failures
from procrastinate.jobs import Job as Theirs
from procrastinate.jobs import Status
from procrastinate.manager import JobManager, NotificationCallback
from psycopg import Error as DriverError
from psycopg_pool import PoolTimeout

from bot.work.port import BULK_AT_ONCE, IN_BULK, rank
from db import queues
from scheduling.clock import monotonic

log = structlog.get_logger()

SILENT = 7.0  # seconds without one after which a worker gives up what it does: nobody else has taken it yet
STALLED = 10.0  # seconds after which the others take it
AWAY_PAUSE = 1.0  # seconds between two tries to reach the database
RANK = {queues.queue(name, first): rank(name, first) for name in IN_BULK for first in (0, 1)}  # by queue


class Lost(Exception):
    """The others have given this worker up: what it was doing is theirs."""


class Manager(JobManager):
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
