"""The clock: what falls due is done, once, whatever happens to those who look at it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from db.machinery import Due
from db.people import Person
from db.session import Sessions, connect
from scheduling import due

from .bell import NOON, Tower

ROWS = 300


@pytest.fixture
def tower(database_url: str) -> Iterator[Tower]:
    tower = Tower(database_url)
    with closing(tower.parley):
        yield tower


def planned(sessions: Sessions, *instants: datetime, job: str = "bell.toll") -> None:
    with sessions.writing() as session:
        for number, at in enumerate(instants):
            session.add(Due(administration_id=1, job=job, args={"number": number}, key=f"{number}", at=at))


def fired(sessions: Sessions) -> int:
    with sessions.reading() as session:
        return session.scalar(select(func.count()).where(Due.fired_at.is_not(None))) or 0


def test_two_clocks_at_once_hand_each_row_on_once(database_url: str) -> None:
    engines = [connect(database_url) for _clock in range(2)]
    clocks = [Sessions(engine) for engine in engines]
    planned(clocks[0], *(NOON + timedelta(seconds=n) for n in range(ROWS)))
    handed: list[int] = []
    ready = threading.Barrier(2)

    def tick(sessions: Sessions) -> None:
        ready.wait()
        for second in range(0, ROWS, 10):
            with sessions.writing() as session:
                due.claim(session, NOON + timedelta(seconds=second + 10), handed.append)

    ticking = [threading.Thread(target=tick, args=(sessions,)) for sessions in clocks]
    for thread in ticking:
        thread.start()
    for thread in ticking:
        thread.join()
    assert fired(clocks[0]) == ROWS and len(handed) == len(set(handed)) == ROWS
    for engine in engines:
        engine.dispose()


def test_a_clock_that_dies_before_its_commit_has_handed_nothing_on(tower: Tower) -> None:
    planned(tower.sessions, NOON)
    handed: list[int] = []

    def dies() -> None:
        with tower.sessions.writing() as session:
            due.claim(session, NOON, handed.append)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dies()
    assert fired(tower.sessions) == 0
    with tower.sessions.writing() as session:
        assert due.claim(session, NOON, handed.append) == 1
    assert len(handed) == 2


async def test_after_a_day_on_which_nothing_ran_it_is_done_late_once_and_says_so(tower: Tower) -> None:
    await tower.register("telegram", "1", "Amina")
    planned(tower.sessions, NOON + timedelta(hours=1))
    tower.clock.advance(timedelta(days=1))
    for _restart in range(2):
        await tower.parley.tick()
        await tower.parley.settle()
    (told,) = tower.telegram.sent
    assert (told.heading, told.written) == ("It tolls", NOON + timedelta(hours=1))
    with tower.sessions.reading() as session:
        assert due.worst(session, tower.clock.now() - timedelta(hours=1)) == timedelta(hours=23)
        assert due.latest(session, tower.clock.now()) == timedelta()


async def test_what_is_done_in_time_says_nothing_of_it(tower: Tower) -> None:
    await tower.register("telegram", "1", "Amina")
    planned(tower.sessions, NOON + timedelta(hours=1))
    tower.clock.advance(timedelta(hours=1, seconds=20))
    await tower.parley.tick()
    await tower.parley.settle()
    assert [(told.heading, told.written) for told in tower.telegram.sent] == [("It tolls", None)]


async def test_more_than_one_look_takes_are_done_all_the_same(tower: Tower) -> None:
    await tower.register("telegram", "1", "Amina")
    planned(tower.sessions, *(NOON + timedelta(seconds=1) for _row in range(due.BATCH + 3)), job="bell.silent")
    tower.clock.advance(timedelta(minutes=1))
    await tower.parley.settle()
    with tower.sessions.reading() as session:
        assert session.scalar(select(func.count()).where(Due.done_at.is_(None))) == 0
        assert session.scalar(select(func.count(Person.id))) == 1
