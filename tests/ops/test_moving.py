"""From SQLite to PostgreSQL: everything arrives, once, whatever comes in between; and nobody goes on where it was."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError

from bot.http import Gate
from bot.ops import standstill
from bot.ops.alone import alone
from bot.ops.database import opened
from bot.ops.moving import move
from bot.ops.standstill import standing_still, unless_wanted
from bot.ops.trouble import Trouble
from db import audit, search
from db.machinery import (
    BEING_MOVED_HERE,
    INSTALLATION,
    MOVED_AWAY,
    Audit,
    Inbox,
    InboxState,
    Job,
    Outgoing,
    Sending,
    Setting,
)
from db.people import Administration, Person
from db.session import Sessions, connect
from tests.bot.bell import NOON
from tests.bot.work.shop import until
from tests.fakes import FakeTelegram
from tests.hostile.life import a_day
from tests.hostile.town import Town
from tests.ops.rows import ENOUGH, fill_at_random
from tests.ops.test_backup import contents, fill
from tests.shell import CREATE, Shell, everything

OURS = {INSTALLATION, MOVED_AWAY, BEING_MOVED_HERE}


def kept(url: str) -> dict[str, list[object]]:
    """All rows, but the marks that a move leaves."""
    rows = contents(url)
    rows["setting"] = [row for row in rows["setting"] if row[0] not in OURS]
    return rows


def arrived(source: str, target: str) -> None:
    before, after = kept(source), kept(target)
    for name, rows in before.items():
        assert after[name] == rows, name


def test_everything_is_there_and_goes_on_there(sqlite_url: str, postgresql_url: str) -> None:
    fill(sqlite_url)
    before = kept(sqlite_url)
    moved = move(sqlite_url, postgresql_url.replace("postgresql+psycopg", "postgresql"))
    assert sum(moved.rows.values()) > 20 and "PARLEY_DATABASE_URL" in moved.told()
    arrived(sqlite_url, postgresql_url)
    after = kept(postgresql_url)
    for sealed_now in ("audit", "setting"):
        before.pop(sealed_now), after.pop(sealed_now)
    assert after == before, "nothing but the audit chain was touched"

    with opened(postgresql_url) as sessions, sessions.writing() as session:
        states = session.scalars(select(Outgoing.state).order_by(Outgoing.id)).all()
        assert states == [Sending.ACCEPTED, Sending.WAITING, Sending.SENDING], "nothing is held, nothing is sent again"
        assert session.scalars(select(Job.name).order_by(Job.id)).all() == [*["deliver"] * 3, "turn"]
        verdict = audit.verify(session, [moved.head])
        assert verdict.is_intact and (verdict.sealed, verdict.unsealed) == (6, 0)
        assert session.scalars(select(Audit.what).order_by(Audit.id.desc())).first() == "database.move"
        assert list(
            search.find(session, "issue", "containers at Sodal", among=select(search.Document.item_id), limit=5)
        )
        session.add(Person(administration_id=1, language="en", zone="UTC", met_at=NOON))
        session.flush()  # the next number is free
        assert session.scalar(text("SELECT count(*) FROM outgoing WHERE message IS NULL")) == 3


@pytest.mark.slow
def test_nobody_goes_on_where_it_was(sqlite_url: str, postgresql_url: str) -> None:
    fill(sqlite_url)
    before = connect(sqlite_url)
    with Sessions(before).reading() as session:
        session.scalar(select(Administration.id))
    first = move(sqlite_url, postgresql_url)
    with (
        pytest.raises(Trouble, match=r"was moved to postgresql\+psycopg://.*set PARLEY_DATABASE_URL"),
        opened(sqlite_url),
    ):
        pass
    for deed in ("INSERT INTO setting VALUES ('x', '{}')", "UPDATE person SET name = 'x'", "DELETE FROM job"):
        with pytest.raises(IntegrityError, match="was moved to"), before.begin() as connection:
            connection.exec_driver_sql(deed)
    before.dispose()
    again = move(sqlite_url, postgresql_url)
    assert not again.rows and again.head == first.head and "already" in again.told()
    arrived(sqlite_url, postgresql_url)


def test_what_cannot_be_moved_is_refused_and_nothing_changes(
    sqlite_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    def refuses(why: str, source: str = sqlite_url, target: str = postgresql_url) -> None:
        with pytest.raises(Trouble, match=why):
            move(source, target)

    fill(sqlite_url)
    before = contents(sqlite_url)
    refuses("name the PostgreSQL database", target="sqlite:///x.db")
    refuses("name the PostgreSQL database", target="mysql://x/y")
    refuses("is PostgreSQL already", source=postgresql_url)
    with alone(postgresql_url), pytest.raises(Trouble, match="another Parley runs"):
        move(sqlite_url, postgresql_url)
    fill(postgresql_url)
    theirs = contents(postgresql_url)
    refuses("another installation")
    assert contents(sqlite_url) == before and contents(postgresql_url) == theirs
    engine = connect(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE administration CASCADE"))
        connection.execute(text("TRUNCATE chunk, audit, inbox, job, setting"))
    with engine.begin() as connection, closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as source:
        assert not connection.scalar(select(func.count()).select_from(Job))
        source.execute("UPDATE organisation SET name = 'a' || char(0) || 'b'")
        source.commit()
    engine.dispose()
    with pytest.raises(Trouble, match="organisation 1 cannot be held by PostgreSQL"):
        move(sqlite_url, postgresql_url)
    with opened(sqlite_url) as sessions, sessions.writing() as session:
        session.execute(text("UPDATE organisation SET name = 'ab'"))
    move(sqlite_url, postgresql_url)
    arrived(sqlite_url, postgresql_url)


@pytest.mark.parametrize("seed", [1, *(pytest.param(each, marks=pytest.mark.slow) for each in range(2, 12))])
def test_rows_of_every_table_arrive_as_they_are(sqlite_url: str, postgresql_url: str, seed: int) -> None:
    made = fill_at_random(sqlite_url, seed)
    assert min(made.values()) and sum(made.values()) > 0.9 * ENOUGH * len(made), made
    before = contents(sqlite_url)
    move(sqlite_url, postgresql_url)
    arrived(sqlite_url, postgresql_url)
    after = contents(postgresql_url)
    assert {name for name, rows in before.items() if after[name] != rows} <= {"audit", "setting"}


LAST = "letting it be used"
STEPS = (
    LAST,
    *(pytest.param(each, marks=pytest.mark.slow) for each in ("committing", "marking the file as moved", 1, 2, 40)),
)


def ended(source: str, target: str, meanwhile: Callable[[str, int], None]) -> int:
    """Move in a process of its own, and how that ended. `meanwhile` is told each step, and its number."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            reports = itertools.count(1)
            move(source, target, lambda what, _done, _all: meanwhile(what, next(reports)))
            os._exit(0)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(step: int | str, source: str, target: str) -> None:
    """At a step, or after so many reports."""

    def meanwhile(what: str, number: int) -> None:
        if step in (what, number):
            os.kill(os.getpid(), signal.SIGKILL)

    assert ended(source, target, meanwhile) == -signal.SIGKILL, step


def ended_after(reports: int, seconds: float, source: str, target: str) -> int:
    """Killed so long after so many reports, wherever it may be then."""

    def meanwhile(_what: str, number: int) -> None:
        if number == reports:
            signal.setitimer(signal.ITIMER_REAL, seconds)  # nobody handles it: the process is gone at once

    return ended(source, target, meanwhile)


@pytest.mark.parametrize("step", STEPS)
def test_a_move_that_was_killed_is_gone_on_with_and_leaves_one_of_both_to_be_used(
    sqlite_url: str, postgresql_url: str, step: int | str
) -> None:
    fill(sqlite_url)
    killed_at(step, sqlite_url, postgresql_url)
    with suppress(Trouble), opened(postgresql_url) as sessions, sessions.reading() as session:
        assert session.scalar(select(Administration.id)) is None, "nobody begins on half a database"
    goes_on = step != LAST
    if goes_on:
        with opened(sqlite_url) as sessions, sessions.writing() as session:  # Parley does, meanwhile
            session.execute(delete(Job).where(Job.name == "turn"))
            session.add(Job(name="turn", args={"inbox": 7}, at=NOON))
    else:
        with pytest.raises(Trouble, match="was moved"), opened(sqlite_url):
            pass
    move(sqlite_url, postgresql_url)
    arrived(sqlite_url, postgresql_url)
    with opened(postgresql_url) as sessions, sessions.reading() as session:
        assert audit.verify(session).is_intact
        turn = session.scalars(select(Job.args).where(Job.name == "turn")).all()
        assert turn == [{"inbox": 7 if goes_on else 1}]
        assert session.get(Setting, BEING_MOVED_HERE) is None


class Going:
    """What goes on beside the requests, as far as a standstill knows it."""

    def __init__(self) -> None:
        self.goes_on = False
        self.began = 0

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        self.goes_on, self.began = True, self.began + 1
        yield
        self.goes_on = False


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standstill, "LOOK", 0.02)


@pytest.mark.usefixtures("impatient")
async def test_whoever_runs_stands_still_and_goes_on_when_the_mover_is_gone(sqlite_url: str) -> None:
    going, gate, left, gone = Going(), Gate(), asyncio.Event(), list[str]()
    with alone(sqlite_url) as lock:
        attended = unless_wanted(
            going.under_way, lock=lock, gate=gate, elsewhere=lambda: gone[0] if gone else None, leave=left.set
        )
        async with attended:
            assert going.goes_on and gate.is_open
            for turn in (1, 2):
                mover = standing_still(sqlite_url)
                await asyncio.to_thread(mover.__enter__)
                assert not going.goes_on and not gate.is_open
                with pytest.raises(Trouble, match="is being moved"), alone(sqlite_url):
                    pass
                with pytest.raises(Trouble, match="is being moved already"), standing_still(sqlite_url):
                    pass
                mover.__exit__(None, None, None)
                await until(lambda: going.goes_on and gate.is_open)
                assert going.began == turn + 1 and not left.is_set()
            with pytest.raises(Trouble, match="another Parley runs"), alone(sqlite_url):
                pass
            with gate.inside():
                entering = asyncio.create_task(asyncio.to_thread(standing_still(sqlite_url).__enter__))
                await until(lambda: not gate.is_open)
                assert going.goes_on, "who is inside may end"
            gone.append("moved")
            await entering
            assert not going.goes_on


@pytest.mark.promise(
    "moving.running", "A running Parley stands still while it is moved, and goes on there or, if not, here."
)
@pytest.mark.slow
async def test_a_running_parley_stands_still_is_moved_and_goes_on_in_the_other(
    sqlite_shell: Shell, postgresql_url: str, tmp_path: Path
) -> None:
    shell, there = sqlite_shell, Shell(tmp_path, postgresql_url)
    shell(*CREATE)
    async with FakeTelegram.running() as telegram:
        door = {"PARLEY_TELEGRAM_TOKEN": telegram.token, "PARLEY_TELEGRAM_API_URL": telegram.address}
        amina = telegram.user("Amina", language_code="fr")
        await telegram.starts(amina)
        log: list[str] = []
        async with everything(shell, door, log=log) as (process, client):
            await telegram.hears(amina, "")
            mover = standing_still(shell.url)
            await asyncio.to_thread(mover.__enter__)
            for path in ("/", "/telegram", "/readyz", "/register"):
                shut = await client.get(path)
                assert shut.status_code == 503 and int(shut.headers["Retry-After"]) > 0, path
            assert (await client.get("/healthz")).json()["database"] == {"ok": False, "trouble": "being moved"}
            await telegram.says(amina, "words while it stands still")
            shown = len(telegram.messages(amina))
            mover.__exit__(None, None, None)
            await telegram.until(lambda: len(telegram.messages(amina)) > shown, within=20)
            assert (await client.get("/")).status_code == 200, "the mover is gone: it goes on"

            await telegram.says(amina, "words just before")
            moved = await asyncio.to_thread(shell, "migrate-to", postgresql_url)
            assert moved.returncode == 0 and "rows of" in moved.stdout, moved.stderr
            await telegram.says(amina, "words just after")
            async with asyncio.timeout(20):
                assert await process.wait() == 1
        assert "was moved to" in log[-1] and "set PARLEY_DATABASE_URL" in log[-1]
        assert "was moved to" in await asyncio.to_thread(shell.fails, "all")
        assert "was moved to" in await asyncio.to_thread(shell.fails, "outbox")
        async with everything(there, door):
            await telegram.settled(20)
            sessions = Sessions(connect(there.url))
            async with asyncio.timeout(30):
                while True:
                    with sessions.reading() as session:
                        states = session.scalars(select(Inbox.state)).all()
                        sent = session.scalars(select(Outgoing.state)).all()
                    if len(states) == 4 and set(states) == {InboxState.DONE} and set(sent) == {Sending.ACCEPTED}:
                        break
                    await asyncio.sleep(0.1)
            sessions.engine.dispose()
        assert telegram.refusals == []
        said = [each.text for each in telegram.messages(amina) if each.by_bot]
        assert len(said) == len(set(said)) or len(said) == 4, said


@pytest.mark.promise("moving.kills", "A move from SQLite to PostgreSQL that is killed at any moment loses nothing.")
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_moves_killed_at_any_moment_lose_nothing(sqlite_url: str, postgresql_url: str, seed: int) -> None:
    """Again and again, each time a little after one of its reports; at last one gets through."""
    fill(sqlite_url)
    chance = random.Random(seed)
    reports = [*(chance.randrange(1, 100) for _early in range(5)), *(chance.randrange(100, 132) for _late in range(5))]
    endings = [ended_after(each, chance.random() * 0.02, sqlite_url, postgresql_url) for each in reports]
    assert set(endings[:5]) == {-signal.SIGALRM} and set(endings) <= {-signal.SIGALRM, 0}
    move(sqlite_url, postgresql_url)
    arrived(sqlite_url, postgresql_url)
    with opened(postgresql_url) as sessions, sessions.reading() as session:
        assert audit.verify(session).is_intact


@pytest.mark.slow
def test_a_town_with_all_its_life_is_the_same_town_there(sqlite_url: str, postgresql_url: str) -> None:
    town = Town(sqlite_url)
    a_day(town)
    town.close()
    move(sqlite_url, postgresql_url)
    arrived(sqlite_url, postgresql_url)
