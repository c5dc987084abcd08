"""The engine of many processes, where it has to mind more than its contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.orm import Session

from bot.work import BROADCAST, MOST_ATTEMPTS, URGENT, Retry
from bot.work.scaled import engine, worker
from db import queues
from db.machinery import Due, Inbox, Job
from db.session import Sessions, connect
from scheduling.clock import ManualClock, SystemClock
from tests.bot.bell import NOON, Tower

from .shop import Shop, until

EVERYBODY = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid()"
)


@pytest.fixture
def opened(postgresql_url: str) -> Iterator[Callable[..., Shop]]:
    """Makes shops on one database; `engine` is scaled unless something else is asked for."""
    shops: list[Shop] = []

    def open_one(clock: object = None, engine: str = "scaled") -> Shop:
        shops.append(Shop(postgresql_url, clock or SystemClock(), engine))
        return shops[-1]

    yield open_one
    for shop in shops:
        shop.close()


@asynccontextmanager
async def at_work(shop: Shop) -> AsyncIterator[None]:
    running = asyncio.create_task(shop.work.run())
    try:
        yield
    finally:
        shop.work.stop()
        await running


async def test_what_the_embedded_engine_left_is_adopted_once_by_several(opened: Callable[..., Shop]) -> None:
    clock = ManualClock(NOON)
    before = opened(clock, "embedded")
    before.raises[1] = [ValueError("not yet")]
    before.defer(1, 2, lock="a")
    await before.work.drain()
    before.defer(3, 4)
    before.defer(5, at=NOON + timedelta(days=1))
    one, other = opened(clock), opened(clock)
    moved = await asyncio.gather(*(shop.threads.run(shop.work._tend) for shop in (one, other)))
    assert sum(moved) == 4, "the one for tomorrow stays"
    await one.work.drain()
    assert sorted(one.done) == [3, 4], "those behind the one that failed still wait for it"
    clock.advance(timedelta(days=1))
    await other.work.drain()
    assert sorted(other.done) == [1, 2, 5] and other.done.index(1) < other.done.index(2) and one.jobs() == []


async def test_what_is_urgent_goes_first_whichever_process_sends_it(opened: Callable[..., Shop]) -> None:
    one, other = opened(), opened()
    order, over = list[str](), asyncio.Event()

    async def send(urgent: int) -> None:
        order.append("urgent" if urgent else "ordinary")
        await over.wait()
        order.append("ended")

    for shop in (one, other):
        shop.work.add({BROADCAST: send})
    async with at_work(one):
        with one.sessions.writing() as session:
            one.work.defer(session, BROADCAST, first=URGENT, urgent=1)
        await until(lambda: order == ["urgent"])
        async with at_work(other):
            with other.sessions.writing() as session:
                other.work.defer(session, BROADCAST, urgent=0)
            await until(lambda: other.work.gives_way(BROADCAST, 0))
            over.set()
            await until(lambda: len(order) == 4)
    assert order == ["urgent", "ended", "ordinary", "ended"] and one.jobs() == []


async def test_the_embedded_engine_takes_back_what_many_shared(opened: Callable[..., Shop]) -> None:
    shop, alone = opened(), opened(engine="embedded")
    shop.defer(1, 2, lock="a")
    shop.defer(3, at=shop.clock.now() + timedelta(days=1))
    async with at_work(alone):
        await until(lambda: alone.done == [1, 2])
    assert [job.name for job in alone.jobs()] == ["note"]


async def test_a_worker_that_was_given_up_ends_what_it_does_and_begins_anew(
    opened: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was held up for longer than the others wait: its job is theirs."""
    monkeypatch.setattr(worker, "BEAT", 0.2)
    shop, other = opened(), opened()
    begun, ended = asyncio.Event(), asyncio.Event()

    async def hold(number: int) -> None:
        if begun.is_set():
            await shop.note(number)
            return
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.set()
            raise

    shop.work.add({"hold": hold})
    other.work.add({"hold": other.note})
    async with at_work(shop):
        shop.defer(7, name="hold", lock="a")
        await begun.wait()
        with shop.sessions.writing() as session:
            session.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '11 seconds'"))
        async with at_work(other):
            await ended.wait()
            await until(lambda: 7 in (*shop.done, *other.done) and not shop.jobs())
            other.work.stop()
        shop.defer(8)
        await until(lambda: shop.done[-1:] == [8] and not shop.jobs())


async def test_workers_outlive_their_connections(opened: Callable[..., Shop], postgresql_url: str) -> None:
    shop = opened()
    async with at_work(shop):
        shop.defer(1)
        await until(lambda: shop.done == [1])
        outside: Engine = create_engine(postgresql_url)
        with outside.connect() as connection:
            assert connection.scalar(EVERYBODY)
        outside.dispose()
        shop.defer(2)
        await until(lambda: shop.done == [1, 2], 30)


async def test_nobody_looks_for_more_because_a_job_has_ended(opened: Callable[..., Shop]) -> None:
    """Whoever waits for a lock is told; the table is looked at in its own time, or an idle worker never rests."""
    shop = opened()
    looks = 0
    tend = shop.work.tend

    def counted(session: Session) -> int:
        nonlocal looks
        looks += 1
        return int(tend(session))

    shop.work.tend = counted
    running = asyncio.create_task(shop.work.run(poll=3600))
    shop.defer(*range(20))
    await until(lambda: len(shop.done) == 20)
    shop.work.stop()
    await running
    assert looks <= 1


async def test_a_worker_takes_only_jobs_whose_bodies_it_has(opened: Callable[..., Shop]) -> None:
    """While a new version is rolled out, the old one leaves its jobs alone."""
    old, new = opened(), opened()
    new.work.add({"newer": new.note})
    new.defer(1, name="newer")
    await old.work.drain()
    assert old.done == [] and len(old.jobs()) == 1
    await new.work.drain()
    assert new.done == [1] and old.jobs() == []


async def test_a_job_that_kills_its_processes_is_given_up(
    opened: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MOST_DEATHS", 3)
    shop = opened()
    shop.defer(1, lock="a")
    for _death in range(3):
        with shop.sessions.writing() as session:
            session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
        await shop.threads.run(shop.work._tend)
    (job,) = shop.jobs()
    assert job.failed_at is not None and job.error == "killed" and job.lock == "a"


async def test_failures_are_counted_although_the_job_was_put_off(opened: Callable[..., Shop]) -> None:
    clock = ManualClock(NOON)
    shop = opened(clock)
    shop.raises[1] = [ValueError("no"), Retry(timedelta(hours=1)), *[ValueError("no")] * (MOST_ATTEMPTS - 1)]
    shop.defer(1)
    for _attempt in range(MOST_ATTEMPTS + 1):
        await shop.work.drain()
        clock.advance(timedelta(hours=1))
    (job,) = shop.jobs()
    assert job.failed_at is not None and job.attempts == MOST_ATTEMPTS


async def test_somebody_who_waits_has_what_failed_before_them_tried_at_once(opened: Callable[..., Shop]) -> None:
    shop = opened(ManualClock(NOON))
    shop.raises[1] = [ValueError("not yet")]
    shop.defer(1, lock="a", first=1)
    await shop.work.drain()
    shop.defer(2, lock="a", first=1)
    await shop.work.drain()
    assert shop.done == [1, 2]


def test_a_backup_has_what_procrastinate_holds_as_our_own_rows(opened: Callable[..., Shop]) -> None:
    shop = opened()
    shop.defer(1, lock="a", first=2)
    now = shop.clock.now()
    with shop.sessions.reading() as session:
        rows = list(queues.standing(session.connection(), now))
    shared = {"attempts": 0, "error": None, "failed_at": None}
    assert rows == [{"name": "note", "lock": "a", "args": {"number": 1}, "at": now, "first": True} | shared]
    assert {*rows[0], "id"} == set(Job.__table__.columns.keys())


def test_the_tables_are_made_once_and_know_their_version(postgresql_url: str) -> None:
    engine = connect(postgresql_url)
    assert queues.prepare(engine)
    with Sessions(engine).reading() as session:
        assert str(session.scalar(queues.MADE_BY)).endswith(".sql")
    engine.dispose()


async def test_a_message_is_answered_and_what_a_dead_process_left_is_found(postgresql_url: str) -> None:
    """A whole Parley on this engine; another process kept an update to answer it at once, and died."""
    tower = Tower(postgresql_url, engine="scaled")
    await tower.register("telegram", "1", "Amina")
    await tower.register("slack", "2", "Bassem")
    await tower.update("telegram", "1", "ring")
    await tower.parley.settle()
    assert [sent.heading for sent in (*tower.telegram.sent, *tower.slack.sent)] == ["Rung", "It rings"]
    await tower.update("slack", "2", "ring", later=False)
    assert await tower.parley.edge.recover() == 0, "its process may be at it"
    tower.clock.advance(timedelta(minutes=1))
    assert await tower.parley.edge.recover() == 1
    assert await tower.parley.edge.recover() == 0, "it has a job by now"
    await tower.parley.settle()
    assert tower.strokes() == 2 and tower.rows(Job) == [] and len(tower.rows(Inbox)) == 6
    with tower.sessions.writing() as session:
        session.add(Due(administration_id=1, job="bell.toll", args={"number": 1}, key="1", at=tower.clock.now()))
    await tower.parley.settle()
    assert tower.telegram.sent[-1].heading == tower.slack.sent[-1].heading == "It tolls"
    with tower.sessions.reading() as session:
        assert session.scalars(select(Due.done_at)).all() != [None]
    tower.close()
