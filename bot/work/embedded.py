"""The job engine within the process: a table of the same database, and a loop beside the requests."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import and_, bindparam, delete, insert, not_, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from db import queues
from db.machinery import Job
from db.session import Sessions, after_commit
from scheduling.clock import Clock

from .port import BULK_AT_ONCE, IN_BULK, RANKS, Retry, rank
from .threads import Threads

log = structlog.get_logger()
Body = Callable[..., Awaitable[None]]

MOST_ATTEMPTS = 8
LONGEST_PAUSE = timedelta(minutes=5)
UNRECORDED_PAUSE = 1.0  # seconds before a job runs again of which the database would not take how it went
MOST_KNOWN = 10_000  # jobs held in memory; the others are still in the table
MANY_KNOWN = 1000  # with so many in hand there is no hurry to look for more
FIRST_AT_ONCE = 64  # jobs that somebody waits for; more than the others have, for whoever is slowed down keeps a place
MANY_DONE = 200  # jobs that are done and still in the table
SELDOM = 10  # looks at the table in which one is taken while there is no hurry


@dataclass(frozen=True)
class Planned:
    """A job as the table has it."""

    id: int
    name: str
    lock: str | None
    args: Mapping[str, int]
    at: datetime
    attempts: int = 0
    error: str | None = None
    first: int = 0  # see WAITED_FOR, ANSWER and URGENT


COLUMNS = (Job.id, Job.name, Job.lock, Job.args, Job.at, Job.attempts, Job.error, Job.first)  # as Planned has them
# One that failed is tried again before those behind it with the same lock, or answers would change places. What is
# urgent must not stay in the table because memory is full of other portions.
DUE = (
    select(*COLUMNS)
    .where(Job.failed_at.is_(None), Job.at <= bindparam("now", type_=Job.at.type))
    .order_by(Job.error.is_(None), not_(and_(Job.first, Job.name.in_(IN_BULK))), Job.at, Job.id)
    .limit(MOST_KNOWN + 1)
)
# Those that hold their lock until they may be tried again. An outage leaves many of them: they keep nobody else out.
HOLDING = select(*COLUMNS).where(
    Job.failed_at.is_(None),
    Job.at > bindparam("now", type_=Job.at.type),
    Job.error.is_not(None),
    Job.lock.is_not(None),
)
NEW = insert(Job)
NEW_ONES = NEW.returning(Job.id, sort_by_parameter_order=True)
GONE = delete(Job).where(Job.id.in_(bindparam("ids", expanding=True)))


class Embedded:
    """Jobs in a table of the same database, run by this process; those with the same `lock` one at a time, in order.

    What has just been deferred is handed on in memory as its transaction commits; the table is looked at for what falls
    due later, for what others put there, and at the start. What is done leaves it some at a time: a job that runs again
    because its process was killed in between finds nothing to do.
    """

    shares = False

    def __init__(self, sessions: Sessions, clock: Clock, threads: Threads, *, at_once: int = 16) -> None:
        self.bodies: dict[str, Body] = {}
        self._sessions = sessions
        self._clock = clock
        self._threads = threads
        self._at_once = at_once
        self._known: dict[int, Planned] = {}  # waiting in memory
        self._answers: deque[Planned] = deque()  # may begin, before those
        self._first: deque[Planned] = deque()  # that may begin before those
        self._ready: deque[Planned] = deque()  # that may begin too
        self._bulk = [deque[Planned]() for _rank in range(RANKS)]  # and those of `IN_BULK`, by rank
        self._behind: dict[str, deque[Planned]] = {}  # by lock, for each that is held: those that wait for it
        self._failed: dict[str, Planned] = {}  # by lock: the job that holds it until it may be tried again
        self._running: dict[int, asyncio.Task[None]] = {}
        self._others = 0  # of those running: how many nobody waits for
        self._in_bulk = [0] * RANKS  # and how many of `IN_BULK`, by rank
        self._done: set[int] = set()  # still in the table
        self._moved: set[int] = set()  # put off since the last look at the table began
        self._is_complete = False  # whether everything in the table that is due is in memory too
        self._missed = False  # something was deferred that memory did not take
        self._looks = 0
        self._started = 0
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False

    def add(self, bodies: Mapping[str, Body]) -> None:
        """Name the bodies that `defer` may name."""
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
        row = {"name": name, "lock": lock, "args": ids, "at": at or now, "attempts": 0, "first": bool(first)}
        made = session.connection().execute(NEW, row).inserted_primary_key
        if made is not None and (at is None or at <= now):
            after_commit(session, partial(self._hand_on, Planned(made[0], name, lock, ids, at or now, first=first)))

    def defer_all(
        self, session: Session, name: str, jobs: Sequence[tuple[str | None, Mapping[str, int]]], *, first: int = 0
    ) -> None:
        """The same for many at once, by the lock and the ids of each: they keep their order."""
        if name not in self.bodies:
            raise LookupError(f"no job is called {name}")
        if not jobs:  # an INSERT of no rows is one of a row of defaults
            return
        now = self._clock.now()
        its = {"name": name, "at": now, "attempts": 0, "first": bool(first)}
        rows = [its | {"lock": lock, "args": dict(ids)} for lock, ids in jobs]
        made = session.connection().execute(NEW_ONES, rows).scalars()
        for number, (lock, ids) in zip(made, jobs, strict=True):
            after_commit(session, partial(self._hand_on, Planned(number, name, lock, dict(ids), now, first=first)))

    def bring_forward(self, session: Session, until: datetime) -> None:
        """The clock stood at `until` and was set back: what had come due is due, and what is tried again is tried now.

        In the caller's transaction. What was planned for later keeps its hour.
        """
        now = self._clock.now()
        was_due = or_(Job.at <= until, Job.error.is_not(None))
        session.execute(update(Job).where(Job.at > now, Job.failed_at.is_(None), was_due).values(at=now))

    async def run(self, *, poll: float = 0.5) -> None:
        """Run jobs until `stop`, after which it may be called again.

        Whatever a killed process had begun is simply still in the table.
        """
        self._loop, self._stopping = asyncio.get_running_loop(), False
        has_all = False
        try:
            while not self._stopping:
                self._wake.clear()
                has_all = has_all or await self._took_back()
                await self._look_if_there()
                # Not `wait_for`: before Python 3.12 it loses a cancellation that comes together with the wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(poll):
                        await self._wake.wait()
            if self._running:
                await asyncio.wait(self._running.values(), timeout=10)
            await self._look_if_there()  # what is done leaves the table
        finally:
            self._loop, self._is_complete = None, False

    @property
    def is_stopping(self) -> bool:
        return self._stopping

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake.set)

    def gives_way(self, name: str, first: int) -> bool:
        """Whether a job in bulk should leave the rest of what it does for later: one of a higher rank is at work."""
        higher = slice(rank(name, first) + 1, None)
        return any(self._bulk[higher]) or any(self._in_bulk[higher])

    async def drain(self) -> int:
        """Run everything that is ready now, and what that causes, then return how many jobs ran."""
        began, self._stopping = self._started, False
        while True:
            await self._look(at_all_costs=True)
            if not self._running:
                return self._started - began
            while self._running:
                await asyncio.wait(list(self._running.values()))

    # What there is to do

    def _hand_on(self, job: Planned) -> None:
        """A job has been committed: called in whichever thread did that."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the table has it
                loop.call_soon_threadsafe(self._handed, job)

    def _handed(self, job: Planned) -> None:
        if not self._is_complete or len(self._known) >= MOST_KNOWN:  # it might overtake one that only the table knows
            self._is_complete, self._missed = False, True
            self._look_soon()
            return
        self._take(job)
        self._start()

    async def _look_if_there(self) -> None:
        try:
            await self._look()
        except SQLAlchemyError as error:  # the database is away: what waits will still be there
            log.warning("no jobs to be had", error=type(error).__name__)

    async def _took_back(self) -> bool:
        """Whether nothing is left that many processes shared before this one had the database to itself."""
        try:
            taken = await self._threads.run(self._take_back)
        except SQLAlchemyError:
            return False
        if taken:
            log.info("jobs of the shared engine", jobs=taken)
        return True

    def _take_back(self) -> int:
        with self._sessions.writing() as session:
            return queues.take_back(session, self._clock.now())

    async def _look(self, *, at_all_costs: bool = False) -> None:
        """Take what is due out of the table into memory, and what is done out of the table."""
        async with self._looking:
            self._looks += 1
            if len(self._known) > MANY_KNOWN and self._looks % SELDOM and not at_all_costs:
                return
            self._missed, self._moved = False, set()
            done = list(self._done)
            jobs, holding = await self._threads.run(self._from_table, done)
            has_all = len(jobs) <= MOST_KNOWN
            if has_all:
                self._forget_failed_but({job.id for job in (*jobs, *holding)})
            for job in (*holding, *jobs):
                self._take(job)
            self._is_complete = has_all and not self._missed
            if self._missed:
                self._look_soon()
            self._start()

    def _look_soon(self) -> None:
        if len(self._known) < MANY_KNOWN:
            self._wake.set()

    def _from_table(self, done: list[int]) -> tuple[list[Planned], list[Planned]]:
        """What is due, as much as memory holds, and what holds its lock until it is."""
        if done:
            with self._sessions.writing() as session:
                session.connection().execute(GONE, {"ids": done})
                # Before anything else is written: the next job may be given the number of one that is gone.
                after_commit(session, lambda: self._done.difference_update(done))
        now = {"now": self._clock.now()}
        with self._sessions.reading() as session:
            due, holding = (session.connection().execute(each, now).all() for each in (DUE, HOLDING))
        return [Planned(*row) for row in due], [Planned(*row) for row in holding]

    def _take(self, job: Planned) -> None:
        """A job of the table, unless it is in hand already or has been since the table was read."""
        if not any(job.id in those for those in (self._known, self._running, self._done, self._moved)):
            self._place(job)

    def _place(self, job: Planned) -> None:
        """Let a job be ready, wait behind others with its lock, or hold it up until it may be tried again."""
        is_due = job.at <= self._clock.now()
        if not is_due and (job.error is None or job.lock is None):
            return  # the table has it until then
        if job.lock is None or job.lock not in self._behind:
            if job.lock is not None:
                self._behind[job.lock] = deque()
                if not is_due:
                    self._failed[job.lock] = job
                    return
            self._be_ready(job)
            return
        failed = self._failed.get(job.lock)
        if is_due and failed is not None and failed.id == job.id:
            del self._failed[job.lock]
            self._be_ready(job)
        elif is_due:
            self._known[job.id] = job
            line = self._behind[job.lock]
            line.append(job)
            if len(line) > 1 and (job.at, job.id) < (line[-2].at, line[-2].id):
                self._behind[job.lock] = deque(sorted(line, key=lambda each: (each.at, each.id)))
            if failed is not None and job.first:  # somebody is there: what they wait for may go through now
                del self._failed[job.lock]
                self._be_ready(failed)

    def _be_ready(self, job: Planned) -> None:
        self._known[job.id] = job
        if job.name in IN_BULK:
            self._bulk[rank(job.name, job.first)].append(job)
        else:
            (self._ready, self._first, self._answers)[job.first].append(job)

    def _free(self, lock: str | None) -> None:
        """The next that waits for a lock may begin."""
        if lock is None:
            return
        if self._behind[lock]:
            self._be_ready(self._behind[lock].popleft())
        else:
            del self._behind[lock]

    def _forget_failed_but(self, there: set[int]) -> None:
        """A job that was to be tried again, and that somebody took away, holds nobody up."""
        for lock, job in list(self._failed.items()):
            if job.id not in there and job.id not in self._moved:
                del self._failed[lock]
                self._free(lock)

    # Doing it

    def _start(self) -> None:
        """Begin what may begin. Those that somebody waits for need not wait for a place among the others."""
        while not self._stopping:
            not_in_bulk = len(self._running) - sum(self._in_bulk)
            if (waited_for := self._answers or self._first) and not_in_bulk < FIRST_AT_ONCE:
                job = waited_for.popleft()
            elif self._ready and self._others < self._at_once:
                job = self._ready.popleft()
            elif (bulk := self._next_in_bulk()) is not None:
                job = bulk
            else:
                break
            del self._known[job.id]
            self._started += 1
            self._count(job, 1)
            self._running[job.id] = asyncio.create_task(self._run(job))

    def _next_in_bulk(self) -> Planned | None:
        """Of the highest rank at work. What waits for a lock stands behind one of its own rank."""
        for ready, under_way in zip(reversed(self._bulk), reversed(self._in_bulk), strict=True):
            if ready and under_way < BULK_AT_ONCE:
                return ready.popleft()
            if ready or under_way:
                return None
        return None

    async def _run(self, job: Planned) -> None:
        left: Planned | None = job
        try:
            left = await self._attempt(job)
        except Exception as error:  # noqa: BLE001  not even recorded: the job runs again when the database is back
            log.warning("job not recorded", job=job.name, id=job.id, error=type(error).__name__)
            await asyncio.sleep(UNRECORDED_PAUSE)  # a database that can only be read would have it run again at once
        finally:
            del self._running[job.id]
            self._count(job, -1)
            if left is not None and left.lock is not None and left.lock == job.lock and (left is job or left.error):
                self._failed[left.lock] = left
            else:
                self._free(job.lock)
                if left is not None and left is not job:
                    self._place(left)
            if len(self._done) >= MANY_DONE or not self._is_complete:
                self._look_soon()
            self._start()

    def _count(self, job: Planned, by: int) -> None:
        """One more that runs, or one less, among those that share its places."""
        if job.name in IN_BULK:
            self._in_bulk[rank(job.name, job.first)] += by
        elif not job.first:
            self._others += by

    async def _attempt(self, job: Planned) -> Planned | None:
        """Run a job once. Returns it as it is to run again, or None where it is not."""
        try:
            await self.bodies[job.name](**job.args)
        except Retry as again:
            at = again.at or self._clock.now() + again.pause
            left = replace(job, at=at, error=again.why, lock=again.lock or job.lock)
        except Exception as error:  # a job may fail in any way; it is recorded and tried again
            log.warning("job failed", job=job.name, id=job.id, error=type(error).__name__, exc_info=True)
            pause = min(LONGEST_PAUSE, timedelta(seconds=2**job.attempts))
            at = self._clock.now() + pause
            left = replace(job, at=at, error=type(error).__name__, attempts=job.attempts + 1)
        else:
            self._done.add(job.id)
            return None
        await self._threads.run(self._record, left)
        self._moved.add(job.id)
        return left if left.attempts < MOST_ATTEMPTS else None

    def _record(self, left: Planned) -> None:
        values = {"at": left.at, "attempts": left.attempts, "error": left.error, "lock": left.lock}
        if left.attempts >= MOST_ATTEMPTS:
            values["failed_at"] = self._clock.now()
        with self._sessions.writing() as session:
            session.execute(update(Job).where(Job.id == left.id).values(**values))
