"""The job port's contract: whatever engine stands behind it must keep these promises."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text

from bot.work import ANSWER, BROADCAST, LONGEST_PAUSE, MEND, MOST_ATTEMPTS, URGENT, WAITED_FOR, Retry, lane
from bot.work.port import BULK_AT_ONCE, LANES
from db import queues
from scheduling.clock import ManualClock, SystemClock, monotonic

from .shop import NOON, Shop, until


@pytest.fixture(
    params=["embedded-sqlite", pytest.param("embedded-postgresql", marks=pytest.mark.slow), "scaled-postgresql"]
)
def engine(request: pytest.FixtureRequest) -> tuple[str, str]:
    """An engine and the URL of a database for it."""
    name, database = str(request.param).split("-")
    return name, str(request.getfixturevalue(f"{database}_url"))


@pytest.fixture
def shop(engine: tuple[str, str]) -> Iterator[Shop]:
    made = Shop(engine[1], ManualClock(NOON), engine[0])
    yield made
    made.close()


@pytest.fixture
def busy_shop(engine: tuple[str, str]) -> Iterator[Shop]:
    """On the machine's own clock, for what `run` does by itself."""
    made = Shop(engine[1], SystemClock(), engine[0])
    yield made
    made.close()


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


async def test_many_deferred_at_once_are_as_if_one_by_one(shop: Shop) -> None:
    with suppress(RuntimeError), shop.sessions.writing() as session:
        shop.work.defer_all(session, "note", [("a", {"number": 99})])
        raise RuntimeError("what is not committed was never deferred")
    with shop.sessions.writing() as session:
        shop.work.defer_all(session, "note", [(f"lock {number % 3}", {"number": number}) for number in range(30)])
    shop.defer(*range(30, 33), lock="lock 0")
    await shop.work.drain()
    assert sorted(shop.done) == list(range(33)) and shop.jobs() == []
    for lock in range(3):
        mine = [number for number in shop.done if number < 30 and number % 3 == lock]
        assert mine == sorted(mine)
    assert [number for number in shop.done if number % 3 == 0 or number >= 30][-3:] == [30, 31, 32]
    with shop.sessions.writing() as session:
        shop.work.defer_all(session, "note", [])
    assert shop.jobs() == []
    with pytest.raises(LookupError), shop.sessions.writing() as session:
        shop.work.defer_all(session, "nothing", [("a", {})])


async def test_what_somebody_waits_for_overtakes_nothing_under_its_lock(shop: Shop) -> None:
    """News that wait at a door come before the answer there, and as soon as that: a full engine keeps neither."""
    held, full = asyncio.Event(), 16

    async def hold() -> None:
        await held.wait()

    shop.work.add({"hold": hold})
    with shop.sessions.writing() as session:
        for _each in range(full):
            shop.work.defer(session, "hold")
    shop.defer(0, 1, lock="door")
    shop.defer(2, lock="door", first=ANSWER)
    shop.defer(3, lock="door")
    shop.defer(4)
    draining = asyncio.create_task(shop.work.drain())
    await until(lambda: 2 in shop.done) if shop.work.shares else None
    assert shop.done == ([0, 1, 2] if shop.work.shares else []), "embedded, they wait for a place, in their order"
    held.set()
    await draining
    assert [number for number in shop.done if number != 4] == [0, 1, 2, 3] and shop.jobs() == []


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


async def test_many_large_broadcasts_keep_no_place_from_the_others(shop: Shop) -> None:
    over, begun = asyncio.Event(), list[int]()

    async def portion(portion: int) -> None:
        begun.append(portion)
        await over.wait()

    shop.work.add({BROADCAST: portion})
    with shop.sessions.writing() as session:
        for number in range(40):
            shop.work.defer(session, BROADCAST, lock=f"broadcast:{number}", portion=number)
    shop.defer(*range(20))
    draining = asyncio.create_task(shop.work.drain())
    await until(lambda: len(shop.done) == 20 and len(begun) == BULK_AT_ONCE)
    assert len(begun) == BULK_AT_ONCE
    over.set()
    await draining
    assert sorted(begun) == list(range(40))


class Post:
    """Portions that last until they are let go. `begun` has each one's job, broadcast and portion, in order."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.begun: list[tuple[str, int, int]] = []
        self.over = asyncio.Event()
        self.raises: dict[int, list[Exception]] = {}  # by broadcast
        shop.work.add({name: partial(self.send, name) for name in (BROADCAST, MEND)})

    async def send(self, name: str, broadcast: int, portion: int) -> None:
        self.begun.append((name, broadcast, portion))
        await self.over.wait()
        if self.raises.get(broadcast):
            raise self.raises[broadcast].pop(0)

    def hand_on(self, broadcast: int, portions: int, name: str = BROADCAST, first: int = 0) -> None:
        with self.shop.sessions.writing() as session:
            for number in range(portions):
                ids = {"broadcast": broadcast, "portion": number}
                self.shop.work.defer(session, name, lock=lane(name, broadcast, number), first=first, **ids)

    def of(self, *broadcasts: int) -> list[int]:
        """Where portions of these stand among all that have begun."""
        return [place for place, (_name, broadcast, _portion) in enumerate(self.begun) if broadcast in broadcasts]


async def test_an_urgent_broadcast_does_not_wait_behind_large_ones(busy_shop: Shop) -> None:
    """They fill all the places there are; it begins beside them, and none of theirs begins before the last of its."""
    post, ordinary, urgent = Post(busy_shop), range(BULK_AT_ONCE // LANES), 100
    for broadcast in ordinary:
        post.hand_on(broadcast, 4 * LANES)
    running = asyncio.create_task(busy_shop.work.run())
    await until(lambda: len(post.begun) == BULK_AT_ONCE)
    post.hand_on(urgent, 3 * LANES, first=URGENT)
    await until(lambda: len(post.of(urgent)) == LANES)
    assert len(post.begun) == BULK_AT_ONCE + LANES
    post.over.set()
    await until(lambda: len(post.begun) == BULK_AT_ONCE * 4 + LANES * 3, 30)
    busy_shop.work.stop()
    await running
    assert post.of(urgent) == list(range(BULK_AT_ONCE, BULK_AT_ONCE + 3 * LANES))
    assert len(set(post.begun)) == len(post.begun) and busy_shop.jobs() == []


async def test_corrections_go_before_what_is_still_to_be_sent_and_what_is_urgent_before_them(busy_shop: Shop) -> None:
    post, ordinary, corrected, urgent = Post(busy_shop), 0, range(1, 6), 100
    post.hand_on(ordinary, 3 * LANES)
    running = asyncio.create_task(busy_shop.work.run())
    await until(lambda: len(post.begun) == LANES)
    for broadcast in corrected:  # they fill all their places, too
        post.hand_on(broadcast, 2 * LANES, MEND)
    await until(lambda: len(post.of(*corrected)) == BULK_AT_ONCE)
    post.hand_on(urgent, 2 * LANES, first=URGENT)
    await until(lambda: len(post.of(urgent)) == LANES)
    post.over.set()
    every = (3 + 2 * len(corrected) + 2) * LANES
    await until(lambda: len(post.begun) == every, 30)
    busy_shop.work.stop()
    await running
    assert post.of(urgent)[-1] < post.of(*corrected)[BULK_AT_ONCE] and busy_shop.jobs() == []
    assert post.of(ordinary) == [*range(LANES), *range(every - 2 * LANES, every)]


async def test_a_portion_under_way_gives_way_and_is_taken_up_again(busy_shop: Shop) -> None:
    work, order, over = busy_shop.work, list[str](), asyncio.Event()

    async def send(broadcast: int) -> None:
        order.append("began" if not broadcast else "urgent")
        if broadcast:
            await over.wait()
            order.append("ended")
            return
        while "ended" not in order:
            if work.gives_way(BROADCAST, 0):
                order.append("gave way")
                raise Retry(timedelta())
            await asyncio.sleep(0.01)

    work.add({BROADCAST: send})
    running = asyncio.create_task(work.run())
    with busy_shop.sessions.writing() as session:
        work.defer(session, BROADCAST, lock=lane(BROADCAST, 0, 0), broadcast=0)
    await until(lambda: order == ["began"])
    with busy_shop.sessions.writing() as session:
        work.defer(session, BROADCAST, lock=lane(BROADCAST, 1, 0), first=URGENT, broadcast=1)
    await until(lambda: len(order) == 3)
    assert not work.gives_way(BROADCAST, URGENT)
    over.set()
    await until(lambda: len(order) == 5)
    work.stop()
    await running
    assert order[0] == "began" and set(order[1:3]) == {"urgent", "gave way"} and order[3:] == ["ended", "began"]
    assert busy_shop.jobs() == []


async def test_an_urgent_broadcast_that_has_to_wait_keeps_nobody_else_waiting(shop: Shop) -> None:
    """The platform asks for a pause, or a portion fails and others stand behind it in its lane."""
    post, ordinary, paused, failing = Post(shop), 0, 100, 101
    post.over.set()
    post.raises = {paused: [Retry(timedelta(seconds=30))], failing: [ValueError("no") for _lane in range(LANES)]}
    post.hand_on(ordinary, LANES)
    post.hand_on(paused, 1, first=URGENT)
    post.hand_on(failing, 2 * LANES, first=URGENT)
    await shop.work.drain()
    assert len(post.of(paused)) == 1 and len(post.of(failing)) == LANES and len(post.of(ordinary)) == LANES
    post.hand_on(ordinary, LANES)
    shop.clock.advance(timedelta(seconds=30))
    await shop.work.drain()
    assert len(post.of(paused)) == 2 and len(post.of(failing)) == 3 * LANES
    assert post.of(ordinary)[LANES:] == list(range(len(post.begun) - LANES, len(post.begun)))
    assert shop.jobs() == []


async def test_however_much_is_urgent_whoever_waits_is_answered(busy_shop: Shop) -> None:
    post, ranks = Post(busy_shop), (range(10), range(10, 20), range(20, 30))
    running = asyncio.create_task(busy_shop.work.run())
    for broadcasts, name, first in zip(ranks, (BROADCAST, MEND, BROADCAST), (0, 0, URGENT), strict=True):
        for broadcast in broadcasts:
            post.hand_on(broadcast, LANES, name, first)
        await until(lambda its=broadcasts: len(post.of(*its)) == BULK_AT_ONCE)
    busy_shop.defer(*range(100), first=ANSWER)
    busy_shop.defer(*range(100, 120))
    await until(lambda: len(busy_shop.done) == 120)
    assert len(post.begun) == len(ranks) * BULK_AT_ONCE
    post.over.set()
    await until(lambda: len(post.begun) == 30 * LANES, 30)
    busy_shop.work.stop()
    await running
    assert busy_shop.jobs() == []


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


DIES = """
import asyncio, sys
from bot.work import Threads
from tests.bot.work.shop import ENGINES
from db.session import Sessions, connect
from scheduling.clock import SystemClock

async def main():
    sessions = Sessions(connect(sys.argv[1]))
    work = ENGINES[sys.argv[2]](sessions, SystemClock(), Threads(sessions))
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


def missed(shop: Shop) -> None:
    """As long as it takes for the others to miss a process has gone by."""
    with shop.sessions.writing() as session:
        if queues.is_there(session):
            session.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '11 seconds'"))


async def test_what_a_killed_process_had_begun_runs_after_the_restart(engine: tuple[str, str]) -> None:
    name, url = engine
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DIES, url, name, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None and await process.stdout.readline() == b"begun 1\n"
    process.kill()
    await process.communicate()
    shop = Shop(url, SystemClock(), name)
    missed(shop)
    assert await shop.work.drain() == 2
    assert shop.done == [1, 2] and shop.jobs() == []
    shop.close()
