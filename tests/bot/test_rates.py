"""Whose turn it is: answers at once, news and broadcasts in their slots, and a pause is its own bucket's alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, text, update

from bot.kit.door import Paused
from bot.rates import MISSED, Ahead, Buckets, Limits, is_missed
from bot.work import Threads
from db.buckets import Bucket
from db.machinery import Job, Outgoing, Sending
from db.session import Sessions, connect
from scheduling.clock import monotonic
from tests.bot.bell import NOON, Tower
from tests.bot.work.shop import until

SLOW = 0.5  # messages a second: what has to wait for its turn shows, however busy the machine


@pytest.fixture
async def rates(database_url: str) -> AsyncIterator[Buckets]:
    sessions = Sessions(connect(database_url))
    threads = Threads(sessions)
    yield Buckets(sessions=sessions, threads=threads, limits=Limits({"telegram": 10.0, "email": SLOW}))
    threads.close()
    sessions.engine.dispose()


def taken(rates: Buckets, *addresses: str, is_answer: bool = False, edits: bool = False) -> list[float]:
    message = {"message_id": 1} if edits else None
    with rates._sessions.writing() as session:
        return [rates.take(session, "telegram", address, message, is_answer=is_answer) for address in addresses]


async def slots(rates: Buckets, door: str, many: int) -> Sequence[float]:
    got: list[float] = []
    while len(got) < many:
        got += await rates.slots(door, many - len(got))
    return got


async def test_the_slots_of_a_broadcast_are_evenly_spaced_and_to_come(rates: Buckets) -> None:
    before = monotonic()
    got = await slots(rates, "email", 4)
    gaps = [later - first for first, later in pairwise(got)]
    assert gaps == pytest.approx([1 / (SLOW * 29 / 30)] * 3, abs=0.1)
    assert got[0] > before - 0.1


async def test_a_missed_slot_is_given_up_and_not_made_up_for(rates: Buckets) -> None:
    first, second = await slots(rates, "telegram", 2)
    await asyncio.sleep(max(0.0, second + 0.15 - monotonic()))  # and the one that is asked for ahead is over, too
    now = monotonic()
    assert is_missed(first, now) and is_missed(second, now)
    third, fourth = await slots(rates, "telegram", 2)
    assert third > now - MISSED and fourth - third > 0.08


async def test_an_answer_goes_at_once_and_the_broadcast_slows(rates: Buckets) -> None:
    await slots(rates, "telegram", 3)
    assert taken(rates, "7", is_answer=True) == [0]
    got = (await slots(rates, "telegram", 12))[3:]  # the first were reserved before
    assert (got[-1] - got[0]) / 8 == pytest.approx(1 / 8, abs=0.01), "while persons are answered a fifth is theirs"


async def test_news_waits_for_its_turn_behind_what_is_reserved(rates: Buckets) -> None:
    waits = taken(rates, *map(str, range(4)))
    assert waits[0] == 0 and waits == sorted(waits) and 0 < waits[-1] < 1
    assert taken(rates, "9", is_answer=True) == [0], "an answer waits for nobody"


async def test_answers_alone_over_the_limit_wait_a_little(rates: Buckets) -> None:
    waits = taken(rates, *map(str, range(40)), is_answer=True)
    assert waits[:9] == [0] * 9 and waits[-1] > 0


async def test_where_a_platform_counts_by_the_minute_no_answer_is_held_back(rates: Buckets) -> None:
    rates._limits = Limits({"slack": 5.0})
    with rates._sessions.writing() as session:
        waits = [rates.take(session, "slack", f"U{n}", {"ts": "1.1"}, is_answer=True) for n in range(100)]
        waits += [rates.take(session, "slack", f"U{n}", None, is_answer=True) for n in range(100)]
    assert waits == [0] * 200


async def test_what_is_too_far_away_takes_nothing(rates: Buckets) -> None:
    waits = taken(rates, *["-100"] * 6)  # a group takes sixteen a minute, five at once
    assert waits[0] == 0 and 3 < waits[-1] < 5
    for _again in range(2):
        with pytest.raises(Paused) as raised:
            taken(rates, "-100")
        assert timedelta(seconds=5) < raised.value.pause < timedelta(seconds=9)


async def test_a_pause_is_its_own_buckets_and_every_processs(rates: Buckets) -> None:
    other = Buckets(sessions=rates._sessions, threads=rates._threads, limits=rates._limits)

    def told(method: str, chat: str) -> None:
        error = Paused(timedelta(seconds=60))
        error.told = method, chat
        with rates._sessions.writing() as session:
            rates.shut(session, "telegram", error)

    told("sendMessage", "7")
    told("editMessageText", "")
    with pytest.raises(Paused):
        taken(other, "7", is_answer=True)
    assert taken(other, "8", is_answer=True) == [0]
    with pytest.raises(Paused):
        taken(other, "8", is_answer=True, edits=True)
    await other.slots("telegram", 1)
    told("sendMessage", "")
    with pytest.raises(Paused):
        taken(other, "8", is_answer=True)
    with pytest.raises(Paused):
        await slots(other, "telegram", 3)  # the last that were reserved before are still good
    await other.slots("email", 1)


async def test_a_broadcast_that_is_told_to_wait_keeps_no_answer_waiting(rates: Buckets) -> None:
    await rates.told_to_wait("telegram", timedelta(seconds=60))
    with pytest.raises(Paused) as raised:
        await rates.slots("telegram", 5)
    assert timedelta(seconds=50) < raised.value.pause <= timedelta(seconds=60)
    with pytest.raises(Paused):
        taken(rates, "8")
    assert taken(rates, "8", is_answer=True) == [0]


async def test_where_nobody_counts_nothing_is_written(rates: Buckets) -> None:
    assert len(await rates.slots("web", 20)) == 20
    await rates.told_to_wait("web", timedelta(seconds=5))
    with rates._sessions.reading() as session:
        assert session.scalar(select(Bucket)) is None


def test_the_clocks_are_told_apart_by_every_look_at_both() -> None:
    ahead = Ahead()
    ahead.note(10.0, 1010.4, 10.9)  # between 999.5 and 1000.4 ahead
    ahead.note(20.0, 1020.0, 20.1)  # between 999.9 and 1000
    assert ahead.here(1025.0) == pytest.approx(25.05, abs=0.01)
    ahead.note(30.0, 5030.0, 30.2)  # somebody set the clock
    assert ahead.here(5031.0) == pytest.approx(31.1, abs=0.01)


# What delivery makes of it


async def rung(url: str, **a_second: float) -> Tower:
    """Amina has rung, and Ruiz is still to be told."""
    tower = Tower(url)
    await tower.register("telegram", "1", "Amina")
    await tower.register("slack", "7", "Ruiz")
    tower.parley.rates._limits = Limits(a_second)
    await tower.update("telegram", "1", "ring")
    return tower


async def test_a_message_waits_for_its_turn_and_is_sent_once(database_url: str) -> None:
    tower = await rung(database_url, telegram=30, slack=2)
    running = asyncio.create_task(tower.parley.work.run(poll=0.02))
    for _again in range(2):
        await tower.update("telegram", "1", "ring")
    await until(lambda: len(tower.slack.sent) == 3)
    tower.parley.work.stop()
    await running
    assert {row.state for row in tower.news()} == {Sending.ACCEPTED}
    assert not any(sent.repeated for sent in tower.slack.sent), "it was never on its way before its turn"
    assert [row.attempts for row in tower.news()] == [1, 1, 1]
    tower.close()


async def test_while_the_platform_is_shut_the_row_and_its_limits_stay_as_they_are(database_url: str) -> None:
    tower = await rung(database_url, telegram=30, slack=30)
    error = Paused(timedelta(seconds=60))
    error.told = "chat.postMessage", ""
    with tower.sessions.writing() as session:
        tower.parley.rates.shut(session, "slack", error)
    await tower.parley.settle()
    (news,) = tower.news()
    assert (news.state, news.attempts, tower.slack.tries) == (Sending.WAITING, 0, 0)
    (job,) = tower.rows(Job)
    assert job.error == "Paused" and job.at > NOON + timedelta(seconds=30)
    assert [sent.heading for sent in tower.telegram.sent] == ["Rung"], "the other platform goes on"
    with tower.sessions.writing() as session:
        assert session.get_one(Bucket, "slack").paid == 0, "what is not sent takes nothing"
        session.execute(update(Bucket).values(closed=0))
        session.execute(update(Job).values(at=NOON))
    await tower.parley.settle()
    assert len(tower.slack.sent) == 1
    tower.close()


async def test_what_a_platform_says_of_one_chat_all_processes_know(database_url: str) -> None:
    tower = await rung(database_url, telegram=30, slack=30)
    error = Paused(timedelta(seconds=60))
    error.told = "chat.postMessage", "7"
    tower.slack.outcomes.append(error)
    await tower.parley.settle()
    with tower.sessions.reading() as session:
        shut = {row.name: row.closed > 0 for row in session.scalars(select(Bucket)) if row.name.startswith("slack")}
    assert shut == {"slack": False, "slack:7": True}
    (row,) = tower.news()
    assert row.state is Sending.WAITING and row.attempts == 0
    tower.close()


async def test_an_answer_takes_its_slot_in_the_transaction_that_claims_it(database_url: str) -> None:
    tower = await rung(database_url, telegram=30)
    await tower.parley.settle()
    kept = await tower.update("telegram", "1", "home", later=False)
    assert kept is not None
    with tower.sessions.writing() as session:
        session.execute(text("DELETE FROM bucket"))
    await tower.parley.edge.handle(kept)
    await tower.parley.settle()
    with tower.sessions.reading() as session:
        rows = {row.name: row.answers for row in session.scalars(select(Bucket))}
        answers = session.scalars(select(Outgoing.state).where(Outgoing.is_reply)).all()
    assert set(rows) == {"telegram", "telegram:1"} and all(rows.values())
    assert set(answers) == {Sending.ACCEPTED}
    tower.close()
