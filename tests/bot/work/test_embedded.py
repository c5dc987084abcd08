"""The engine within the process, where it has to mind more than its contract."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.work import BROADCAST, URGENT, Planned, Threads, embedded
from bot.work.threads import Call
from db.machinery import Setting
from db.session import Sessions, connect
from scheduling.clock import ManualClock, SystemClock

from .shop import NOON, Shop, until


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    made = Shop(database_url, ManualClock(NOON))
    yield made
    made.close()


async def test_the_loop_outlives_a_database_that_is_away(postgresql_url: str) -> None:
    """PostgreSQL goes away for its restart; the jobs run when it is back."""
    shop = Shop(postgresql_url, SystemClock())
    look, away = shop.work._from_table, [True]

    def sometimes(done: list[int]) -> tuple[list[Planned], list[Planned]]:
        if away[0]:
            with shop.sessions.engine.connect() as connection:
                connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        found: tuple[list[Planned], list[Planned]] = look(done)
        return found

    shop.work._from_table = sometimes
    running = asyncio.create_task(shop.work.run(poll=0.05))
    shop.defer(1)
    await asyncio.sleep(0.3)
    assert shop.done == [] and not running.done()
    away[0] = False
    await until(lambda: shop.done == [1])
    shop.work.stop()
    await running
    shop.close()


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


async def test_what_is_urgent_is_known_though_memory_is_full_of_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "MOST_KNOWN", 3)
    monkeypatch.setattr(embedded, "DUE", embedded.DUE.limit(4))
    order: list[int] = []

    async def portion(portion: int) -> None:
        order.append(portion)

    shop.work.add({BROADCAST: portion})
    with shop.sessions.writing() as session:
        for number in range(8):
            shop.work.defer(session, BROADCAST, portion=number)
        shop.work.defer(session, BROADCAST, first=URGENT, portion=100)
    await shop.work.drain()
    assert order == [100, *range(8)]


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
