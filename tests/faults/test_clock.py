"""A clock that is set back: what had come due is done at once, not when the same hour comes again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import time, timedelta

import pytest
from sqlalchemy import update

from bot.kit.door import Transient
from db.machinery import InboxState, Job, Outgoing, Sending
from db.people import Person
from tests.bot.bell import NOON, Tower

BACK = timedelta(hours=3)


@pytest.fixture
async def tower(database_url: str) -> AsyncIterator[Tower]:
    """Amina rings, Boris hears it."""
    made = Tower(database_url)
    await made.register("telegram", "1", "Amina")
    await made.register("slack", "2", "Boris")
    yield made
    made.close()


def again(tower: Tower, url: str) -> Tower:
    """The process after this one, on the same database and clock."""
    made = Tower(url)
    made.clock.at, made._keys = tower.clock.at, tower._keys
    return made


@pytest.mark.promise("faults.32", "After the clock was set back nothing that was due waits for the hour to come again.")
@pytest.mark.parametrize("restarts", [False, True])
async def test_what_was_due_before_the_clock_was_set_back_is_due(
    tower: Tower, database_url: str, restarts: bool
) -> None:
    tower.slack.outcomes.extend([Transient("down")] * 9)
    await tower.update("telegram", "1", "ring")
    for _again in range(9):
        tower.clock.advance(timedelta(minutes=4))
        await tower.parley.settle()
    tower.clock.advance(timedelta(seconds=1))
    await tower.update("telegram", "1", "home")  # kept, and its turn not run
    tower.clock.at -= BACK
    if restarts:
        tower.close()
        tower = again(tower, database_url)
    await tower.update("telegram", "1", "ring")
    await tower.parley.settle()
    assert {row.state for row in tower.inbox()} == {InboxState.DONE}
    assert [sent.heading for sent in tower.telegram.sent][-2:] == ["Home", "Rung"], "in the order they came"
    assert [row.state for row in tower.news()] == [Sending.ACCEPTED] * 2 and tower.rows(Job) == []
    if restarts:
        tower.close()


async def test_what_is_planned_keeps_its_hour(tower: Tower) -> None:
    boris = tower.rows(Person)[-1].id
    with tower.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == boris).values(quiet_from=time(10), quiet_to=time(14)))
    await tower.update("telegram", "1", "ring")
    await tower.parley.settle()
    tower.clock.at -= timedelta(minutes=30)
    await tower.parley.settle()
    (row,) = tower.rows(Outgoing, Outgoing.state == Sending.WAITING)
    assert row.not_before == NOON + timedelta(hours=1) and tower.slack.sent == []
    tower.clock.at = row.not_before
    await tower.parley.settle()
    assert tower.rows(Outgoing, Outgoing.state == Sending.WAITING) == []
