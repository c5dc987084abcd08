"""Updates in: kept before anything else, handled once, in order, and none stops another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot import edge
from bot.edge import MOST_ATTEMPTS, Busy
from bot.kit.door import Transient
from db.machinery import Audit, InboxState, Job, Outgoing, Sending
from scheduling import pace
from scheduling.pace import MOST_WAITING, Pace
from tests.bot.bell import Tower
from tests.bot.work.shop import until


@pytest.fixture
async def tower(database_url: str) -> AsyncIterator[Tower]:
    made = Tower(database_url)
    await made.register("telegram", "1", "Amina")
    await made.register("telegram", "2", "Boris")
    yield made
    made.close()


async def test_an_update_is_kept_as_it_came_before_it_is_handled(tower: Tower) -> None:
    kept = await tower.update("telegram", "1", "ring", key="900")
    row = tower.inbox()[-1]
    assert (row.id, row.key, row.state) == (kept, "900", InboxState.WAITING)
    assert row.payload == '{"kind": "words", "from": "1", "words": "ring"}' and tower.strokes() == 0
    await tower.parley.settle()
    assert tower.strokes() == 1 and tower.inbox()[-1].state is InboxState.DONE


async def test_the_same_update_again_has_no_second_effect(tower: Tower) -> None:
    assert await tower.update("telegram", "1", "ring", key="900") is not None
    assert await tower.update("telegram", "1", "ring", key="900") is None
    await tower.parley.settle()
    assert await tower.update("telegram", "1", "ring", key="900") is None
    await tower.parley.settle()
    assert tower.strokes() == 1
    assert await tower.update("slack", "1", "ring", key="900") is not None, "each platform has keys of its own"


async def test_handling_one_twice_has_one_effect(tower: Tower) -> None:
    kept = await tower.update("telegram", "1", "ring", later=False)
    assert kept is not None
    assert await tower.parley.edge.handle(kept) is not None
    assert await tower.parley.edge.handle(kept) is None
    await tower.parley.settle()
    to_them = [sent.heading for sent in tower.telegram.sent if sent.address == "1"]
    assert tower.strokes() == 1 and to_them == ["Rung"]


async def test_the_trace_runs_from_the_update_to_the_message_it_caused(tower: Tower) -> None:
    await tower.update("telegram", "1", "ring", key="900")
    await tower.parley.settle()
    assert tower.inbox()[-1].trace == "telegram-900"
    assert {row.trace for row in tower.rows(Outgoing)[-2:]} == {"telegram-900"}
    assert tower.rows(Audit)[-1].trace == "telegram-900"


@pytest.mark.parametrize("body", ['{"kind": "words"}', "not JSON", "[]", "{}", '"words"', "null", '{"kind": ["x"]}'])
async def test_what_cannot_be_parsed_is_quarantined_and_its_neighbours_flow(tower: Tower, body: str) -> None:
    await tower.update("telegram", "1", "ring")
    await tower.parley.edge.keep("telegram", "bad", body, account="1")
    await tower.update("telegram", "1", "ring")
    await tower.parley.settle()
    assert [row.state for row in tower.inbox()[-3:]] == [
        InboxState.DONE,
        InboxState.QUARANTINED,
        InboxState.DONE,
    ]
    bad = tower.inbox()[-2]
    assert bad.payload == body and bad.error and tower.strokes() == 2 and tower.rows(Job) == []


async def test_what_means_nothing_to_us_is_done(tower: Tower) -> None:
    await tower.parley.edge.keep("telegram", "n", {"kind": "nothing"}, account="1")
    await tower.parley.settle()
    assert tower.inbox()[-1].state is InboxState.DONE and tower.telegram.sent == []


async def test_what_fails_five_times_is_quarantined_without_a_trace_of_its_change(tower: Tower) -> None:
    await tower.update("telegram", "1", "crack")
    await tower.update("telegram", "1", "ring")
    await tower.update("telegram", "2", "ring")
    for attempt in range(MOST_ATTEMPTS):
        await tower.parley.settle()
        assert tower.inbox()[-3].attempts == attempt + 1
        assert tower.strokes() == (2 if attempt + 1 == MOST_ATTEMPTS else 1), "another account does not wait"
        tower.clock.advance(timedelta(minutes=5))
    poison = tower.inbox()[-3]
    assert (poison.state, poison.error) == (InboxState.QUARANTINED, "RuntimeError")
    assert tower.rows(Job) == [] and tower.rows(Outgoing, Outgoing.state != Sending.ACCEPTED) == []


async def test_a_turn_that_fails_at_once_is_left_to_a_worker(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = await tower.update("telegram", "1", "ring", later=False)
    assert kept is not None
    with monkeypatch.context() as broken:
        broken.setattr(tower.parley.engine, "turn", lambda *_given, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await tower.parley.edge.handle(kept)
    assert tower.inbox()[-1].attempts == 1 and tower.strokes() == 0
    await tower.parley.settle()
    assert tower.strokes() == 1 and {sent.address for sent in tower.telegram.sent} == {"1", "2"}
    assert tower.rows(Job) == []


async def test_what_was_kept_after_its_platform_gave_up_is_handled_though_it_never_comes_again(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge, "PATIENCE", 0.1)
    begun, released = threading.Event(), threading.Event()
    slow = tower.parley.edge._keep

    def keep(*given: Any) -> list[int | None]:
        result = slow(*given)
        begun.set()
        released.wait()
        return result

    monkeypatch.setattr(tower.parley.edge, "_keep", keep)
    with pytest.raises(Busy):
        await tower.update("telegram", "1", "ring", key="900", later=False)
    assert begun.is_set()
    released.set()
    await until(lambda: tower.parley.edge._left)
    await tower.parley.settle()
    assert await tower.update("telegram", "1", "ring", key="900") is None and tower.strokes() == 1


async def test_updates_of_one_account_keep_their_order(tower: Tower) -> None:
    for text in ("hello", "Chidi"):
        payload: dict[str, Any] = {"kind": "text", "from": "3", "text": text, "files": []}
        await tower.parley.edge.keep("telegram", f"c-{text}", payload, account="3")
    await tower.update("telegram", "3", "ring")
    await tower.parley.settle()
    assert tower.strokes() == 1, "greeted, named and then allowed to ring"


async def test_what_was_kept_and_not_handled_is_handled_after_a_restart(tower: Tower, database_url: str) -> None:
    await tower.update("telegram", "1", "ring", later=False)  # a turn at once, which the crash prevented
    await tower.update("telegram", "2", "ring")
    other = Tower(database_url)
    assert await other.parley.edge.recover() == 2
    await other.parley.settle()
    assert other.strokes() == 2 and other.parley.edge.depth() == 0
    assert sorted(sent.heading for sent in other.telegram.sent) == ["It rings", "It rings", "Rung", "Rung"]
    assert await other.parley.edge.recover() == 0
    other.close()


async def test_an_answer_that_could_not_be_sent_at_once_is_sent_later(tower: Tower) -> None:
    tower.telegram.outcomes.append(Transient("down"))
    kept = await tower.update("telegram", "1", "home", later=False)
    assert kept is not None and await tower.parley.edge.handle(kept) is not None
    await tower.parley.settle()
    assert tower.telegram.sent == []
    tower.clock.advance(timedelta(seconds=2))
    await tower.parley.settle()
    assert [sent.heading for sent in tower.telegram.sent] == ["Home"]


@pytest.mark.promise("faults.40", "Whoever floods Parley is told so, and nobody else waits for them.")
async def test_whoever_floods_us_is_told_and_nobody_else_waits(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "A_SECOND", 1e6)  # a test does not wait
    tower = Tower(database_url, pace=Pace())
    await tower.register("telegram", "1", "Amina")
    await tower.register("telegram", "2", "Boris")
    for _again in range(MOST_WAITING + 30):
        await tower.update("telegram", "1", "home")
    await tower.update("telegram", "2", "ring")
    assert len(tower.inbox()) == 4 + MOST_WAITING + 1 + 1, "what is too much is not kept"
    await tower.parley.settle()
    hers = [sent.heading for sent in tower.telegram.sent if sent.address == "1" and sent.heading != "It rings"]
    assert hers[:MOST_WAITING] == ["Home"] * MOST_WAITING
    notices = [sent.notice for sent in tower.telegram.sent if sent.notice]
    assert len(hers) == MOST_WAITING + 1 and len(notices) == 1 and "faster than I can read" in notices[0]
    assert tower.strokes() == 1, "the other was heard"
    await tower.update("telegram", "1", "ring")
    await tower.parley.settle()
    assert tower.strokes() == 2, "and so is she, once she has been answered"
    tower.close()


async def test_nobody_is_counted_as_waiting_who_has_been_answered(database_url: str) -> None:
    tower = Tower(database_url, pace=(counted := Pace()))
    await tower.register("telegram", "1", "Amina")
    running = asyncio.create_task(tower.parley.work.run())
    for _again in range(5):
        await asyncio.gather(*(tower.update("telegram", str(who), "home") for who in range(1, 11)))
        await until(lambda: all(row.state is InboxState.DONE for row in tower.inbox()))
    await until(lambda: not tower.parley.edge._accounts)
    assert not any(flow.waiting for flow in counted._flows.values())
    tower.parley.work.stop()
    await running
    tower.close()
