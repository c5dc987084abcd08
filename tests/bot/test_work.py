"""The job port's contract, on both databases: whatever engine stands behind it must keep these promises."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.work import ANSWER, LONGEST_PAUSE, MOST_ATTEMPTS, WAITED_FOR, Embedded, Planned, Retry, Threads, embedded
from bot.work.threads import Call
from db.machinery import Job, Setting
from db.session import Sessions, connect
from scheduling.clock import ManualClock, SystemClock, monotonic

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Shop:
    """A job engine on its own database, with bodies that note what they did."""

    def __init__(self, url: str, clock: Any) -> None:
        self.sessions = Sessions(connect(url))
        self.clock = clock
        self.threads = Threads(self.sessions)
        self.work = Embedded(self.sessions, clock, self.threads)
        self.done: list[int] = []
        self.at_once: dict[int, int] = {}
        self.most_at_once = 0
        self.raises: dict[int, list[Exception]] = {}
        self.work.add({"note": self.note, "slow": self.slow})

    async def note(self, number: int) -> None:
        if self.raises.get(number):
            raise self.raises[number].pop(0)
        self.done.append(number)

    async def slow(self, number: int) -> None:
        lock = number % 5
        self.at_once[lock] = self.at_once.get(lock, 0) + 1
        self.most_at_once = max(self.most_at_once, self.at_once[lock])
        await asyncio.sleep(random.random() / 200)
        self.at_once[lock] -= 1
        self.done.append(number)

    def defer(self, *numbers: int, name: str = "note", lock: str | None = None, at: datetime | None = None) -> None:
        with self.sessions.writing() as session:
            for number in numbers:
                self.work.defer(session, name, lock=lock, at=at, number=number)

    def jobs(self) -> list[Job]:
        with self.sessions.reading() as session:
            return list(session.scalars(select(Job).order_by(Job.id)))

    def close(self) -> None:
        self.threads.close()
        self.sessions.engine.dispose()


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    made = Shop(database_url, ManualClock(NOON))
    yield made
    made.close()


@pytest.fixture
def busy_shop(database_url: str) -> Iterator[Shop]:
    """On the machine's own clock, for what `run` does by itself."""
    made = Shop(database_url, SystemClock())
    yield made
    made.close()


async def until(condition: Any, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  it waits for what another process or thread wrote
            await asyncio.sleep(0.005)


async def test_jobs_of_one_lock_run_one_at_a_time_and_in_order(busy_shop: Shop) -> None:
    numbers = list(range(200))
    for number in numbers:
        busy_shop.defer(number, name="slow", lock=f"lock {number % 5}")
    running = asyncio.create_task(busy_shop.work.run())
    await until(lambda: len(busy_shop.done) == 200, 60)
    busy_shop.work.stop()
    await running
    assert busy_shop.most_at_once == 1
    for lock in range(5):
        mine = [number for number in busy_shop.done if number % 5 == lock]
        assert mine == sorted(mine) and len(mine) == 40
    assert busy_shop.jobs() == []


async def test_different_locks_do_not_wait_for_one_another(shop: Shop) -> None:
    held = asyncio.Event()

    async def hold() -> None:
        await held.wait()

    shop.work.add({"hold": hold})
    with shop.sessions.writing() as session:
        shop.work.defer(session, "hold", lock="a")
    shop.defer(*range(300), lock="a")  # more than any look at the table takes
    shop.defer(1000, lock="b")
    shop.defer(1001)
    draining = asyncio.create_task(shop.work.drain())
    await until(lambda: len(shop.done) == 2)
    assert sorted(shop.done) == [1000, 1001]
    held.set()
    await draining
    assert shop.done[2:] == list(range(300))


async def test_what_is_rolled_back_leaves_no_ghost(shop: Shop) -> None:
    with suppress(ZeroDivisionError), shop.sessions.writing() as session:
        shop.work.defer(session, "note", number=1)
        1 / 0  # noqa: B018  any failure of the caller's
    assert await shop.work.drain() == 0
    assert shop.done == [] and shop.jobs() == []


async def test_a_job_nobody_knows_is_refused_when_it_is_deferred(shop: Shop) -> None:
    with pytest.raises(LookupError, match="no job is called nothing"), shop.sessions.writing() as session:
        shop.work.defer(session, "nothing", number=1)


async def test_a_job_may_ask_for_a_pause_as_often_as_it_likes(shop: Shop) -> None:
    shop.raises[1] = [Retry(timedelta(seconds=30)) for _again in range(3 * MOST_ATTEMPTS)]
    shop.defer(1)
    await shop.work.drain()
    shop.clock.advance(timedelta(seconds=29))
    assert await shop.work.drain() == 0
    for _again in range(3 * MOST_ATTEMPTS):
        shop.clock.advance(timedelta(seconds=30))
        await shop.work.drain()
    assert shop.done == [1] and shop.jobs() == []


async def test_a_failing_job_backs_off_and_at_last_is_failed_where_one_can_see_it(shop: Shop) -> None:
    shop.raises[1] = [ValueError("no") for _again in range(MOST_ATTEMPTS)]
    shop.defer(1)
    pauses = []
    for attempt in range(MOST_ATTEMPTS):
        assert await shop.work.drain() == 1, attempt
        (job,) = shop.jobs()
        pauses.append(job.at - shop.clock.now())
        shop.clock.advance(pauses[-1])
    assert pauses == sorted(pauses) and pauses[0] == timedelta(seconds=1) and pauses[-1] <= LONGEST_PAUSE
    assert job.failed_at is not None and job.error == "ValueError" and job.attempts == MOST_ATTEMPTS
    shop.clock.advance(timedelta(days=9))
    assert await shop.work.drain() == 0 and shop.done == []


async def test_those_behind_a_failing_job_wait_for_it_and_then_run(shop: Shop) -> None:
    shop.raises[1] = [ValueError("not yet")]
    shop.raises[5] = [ValueError("never")] * MOST_ATTEMPTS
    shop.defer(1, 2, 3, lock="a")
    shop.defer(5, 6, lock="b")
    await shop.work.drain()
    assert shop.done == []
    shop.clock.advance(timedelta(seconds=1))
    await shop.work.drain()
    assert shop.done == [1, 2, 3]
    for _attempt in range(MOST_ATTEMPTS):
        shop.clock.advance(LONGEST_PAUSE)
        await shop.work.drain()
    assert shop.done == [1, 2, 3, 6]


async def test_one_that_waits_for_tomorrow_holds_nobody_up(shop: Shop) -> None:
    shop.defer(1, lock="a", at=NOON + timedelta(days=1))
    shop.defer(2, lock="a")
    await shop.work.drain()
    assert shop.done == [2]
    shop.clock.advance(timedelta(hours=23, minutes=59))
    assert await shop.work.drain() == 0
    shop.clock.advance(timedelta(minutes=1))
    await shop.work.drain()
    assert shop.done == [2, 1]


async def test_a_wake_is_prompt(busy_shop: Shop) -> None:
    running = asyncio.create_task(busy_shop.work.run(poll=60))
    await asyncio.sleep(0.2)
    before = monotonic()
    await busy_shop.threads.run(busy_shop.defer, 1)  # from another thread, as a turn does
    await until(lambda: busy_shop.done == [1])
    assert monotonic() - before < 5
    busy_shop.work.stop()
    await running


async def test_stopping_lets_what_is_under_way_finish(busy_shop: Shop) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.sleep(0.3)
        busy_shop.done.append(7)

    busy_shop.work.add({"work": work})
    running = asyncio.create_task(busy_shop.work.run())
    await asyncio.sleep(0)
    with busy_shop.sessions.writing() as session:
        busy_shop.work.defer(session, "work")
    await begun.wait()
    busy_shop.work.stop()
    await running
    assert busy_shop.done == [7] and busy_shop.jobs() == []


DIES = """
import asyncio, sys
from bot.work import Embedded, Threads
from db.session import Sessions, connect
from scheduling.clock import SystemClock

async def main():
    sessions = Sessions(connect(sys.argv[1]))
    work = Embedded(sessions, SystemClock(), Threads(sessions))
    async def note(number):
        print("begun", number, flush=True)
        await asyncio.sleep(600)
    work.add({"note": note})
    with sessions.writing() as session:
        work.defer(session, "note", lock="a", number=1)
        work.defer(session, "note", lock="a", number=2)
    await work.run()

asyncio.run(main())
"""


async def test_what_a_killed_process_had_begun_runs_after_the_restart(database_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DIES, database_url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None and await process.stdout.readline() == b"begun 1\n"
    process.kill()
    await process.communicate()
    shop = Shop(database_url, SystemClock())
    assert await shop.work.drain() == 2
    assert shop.done == [1, 2] and shop.jobs() == []
    shop.close()


async def test_the_loop_outlives_a_database_that_is_away(postgresql_url: str) -> None:
    """PostgreSQL goes away for its restart; the jobs run when it is back."""
    shop = Shop(postgresql_url, SystemClock())
    look, away = shop.work._from_table, [True]

    def sometimes(done: list[int]) -> tuple[list[Planned], list[Planned]]:
        if away[0]:
            with shop.sessions.engine.connect() as connection:
                connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return look(done)

    shop.work._from_table = sometimes  # type: ignore[method-assign]
    running = asyncio.create_task(shop.work.run(poll=0.05))
    shop.defer(1)
    await asyncio.sleep(0.3)
    assert shop.done == [] and not running.done()
    away[0] = False
    await until(lambda: shop.done == [1])
    shop.work.stop()
    await running
    shop.close()


async def test_what_a_savepoint_takes_back_is_not_handed_on(busy_shop: Shop) -> None:
    """SQLite gives its number to the next job, which would then be taken for it."""
    running = asyncio.create_task(busy_shop.work.run())
    busy_shop.defer(0)
    await until(lambda: busy_shop.done == [0])
    with busy_shop.sessions.writing() as session:
        with suppress(ZeroDivisionError), session.begin_nested():
            busy_shop.work.defer(session, "note", number=1)
            1 / 0  # noqa: B018  any failure of the caller's
        busy_shop.work.defer(session, "note", number=2)
    await until(lambda: len(busy_shop.done) == 2)
    busy_shop.work.stop()
    await running
    assert busy_shop.done == [0, 2] and busy_shop.jobs() == []


async def test_what_is_begun_is_ended_before_anything_else_begins(busy_shop: Shop) -> None:
    """However many wait to be heard, whoever has been heard is answered."""
    order: list[str] = []

    async def hear(number: int) -> None:
        order.append("heard")
        with busy_shop.sessions.writing() as session:
            busy_shop.work.defer(session, "answer", first=ANSWER, number=number)

    async def answer(number: int) -> None:
        order.append("answered")

    busy_shop.work.add({"hear": hear, "answer": answer})
    with busy_shop.sessions.writing() as session:
        for number in range(300):
            busy_shop.work.defer(session, "hear", first=WAITED_FOR, number=number)
    running = asyncio.create_task(busy_shop.work.run())
    await until(lambda: order.count("answered") == 300, 60)
    busy_shop.work.stop()
    await running
    assert order[:200].count("answered") > 100 - 64, "no more than were under way at once are behind"


async def test_many_that_wait_to_be_tried_again_keep_nobody_out(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "MOST_KNOWN", 3)
    monkeypatch.setattr(embedded, "DUE", embedded.DUE.limit(4))
    for number in range(5):
        shop.raises[number] = [RuntimeError("broken")]
        shop.defer(number, lock=f"lock {number}")
    await shop.work.drain()
    assert shop.done == []
    shop.defer(10)
    shop.defer(11, lock="lock 1")
    await shop.work.drain()
    assert shop.done == [10], "the other waits for the one before it"
    shop.clock.advance(timedelta(minutes=1))
    await shop.work.drain()
    assert sorted(shop.done) == [*range(5), 10, 11] and shop.done.index(1) < shop.done.index(11)


async def test_those_that_somebody_waits_for_keep_no_place_from_the_others(shop: Shop) -> None:
    held = asyncio.Event()

    async def hold() -> None:
        await held.wait()

    shop.work.add({"hold": hold})
    with shop.sessions.writing() as session:
        for _each in range(16):
            shop.work.defer(session, "hold", first=True)
    shop.defer(1)
    draining = asyncio.create_task(shop.work.drain())
    await until(lambda: shop.done == [1])
    held.set()
    await draining


def test_a_batch_that_the_database_took_back_is_nobody_s_success(sqlite_url: str) -> None:
    """A full disk may undo a transaction by itself: what seemed done is done again, each alone."""
    sessions = Sessions(connect(sqlite_url))
    tries: list[str] = []

    def kept(name: str) -> Call:
        def write() -> str:
            tries.append(name)
            with sessions.writing() as session:
                session.add(Setting(name=name, value={}))
                session.flush()
                if name == "full" and tries.count(name) == 1:
                    session.connection().exec_driver_sql("ROLLBACK")  # as SQLite does it
            return name

        return Call(1, len(tries), write)

    threads = Threads(sessions)
    threads.close()
    calls = [kept(name) for name in ("before", "full", "after")]
    for call in calls[1:]:
        threads._calls.put(call)
    assert calls[0].result.set_running_or_notify_cancel()
    threads._do_together(calls[0])
    assert [call.result.result() for call in calls] == ["before", "full", "after"]
    with sessions.reading() as session:
        assert set(session.scalars(select(Setting.name))) == {"before", "full", "after"}
    sessions.engine.dispose()
