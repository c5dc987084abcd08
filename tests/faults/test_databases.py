"""What Parley does when its database is full, locked, gone, read-only or of another version."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy import Engine, event, func, make_url, select, text
from structlog.testing import capture_logs

from bot import edge as edge_module
from bot.engine import Outcome
from bot.http import application
from bot.kit.events import Answered, Caller
from bot.ops.database import opened
from bot.ops.trouble import Trouble
from db.issues import Issue
from db.machinery import Draft, Inbox, InboxState, Job, Outgoing, Sending
from db.people import Account, Organisation
from db.session import connect, revisions, upgrade
from tests.bot.bell import Memory, Tower
from tests.bot.test_engine import AMINA, NOON, House, plain
from tests.bot.work.shop import until
from tests.crash.recorder import find
from tests.fakes import FakeSlack
from tests.fakes.slack import User, payloads
from tests.platforms.slack.running import House as SlackHouse
from tests.platforms.slack.running import running, settle
from tests.shell import ROOT

from .disk import ErringDisk


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    """Kept, not drawn: tracebacks with colours take seconds."""
    with capture_logs() as kept:
        yield kept


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running() as server:
        yield server


async def said(slack: FakeSlack, house: SlackHouse, user: User, words: str, key: str) -> int:
    """The status that Slack's request is answered with; the same `key` is the same event."""
    inner = {"type": "message", "channel_type": "im", "user": user.id, "text": words, "ts": "1.1", "channel": "D1"}
    body = json.dumps(payloads.event(slack, inner) | {"event_id": key}).encode()
    headers = {**slack.doors.signed(body), "Content-Type": "application/json"}
    return (await house.wire.handle_http(body, headers))[0]


async def looked_at(parley: Any) -> tuple[int, dict[str, Any]]:
    """The status of /readyz, and what /healthz says."""
    transport = httpx.ASGITransport(app=application(parley))
    async with httpx.AsyncClient(transport=transport, base_url="http://parley") as client:
        return (await client.get("/readyz")).status_code, (await client.get("/healthz")).json()


def inbox(house: SlackHouse, state: InboxState) -> int:
    with house.parley.sessions.reading() as session:
        return session.scalar(select(func.count()).select_from(Inbox).where(Inbox.state == state)) or 0


def rows(house: SlackHouse, table: type) -> int:
    with house.parley.sessions.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def seen_or_skipped() -> None:
    """Skip the test where no disk of ours can be put in front of SQLite."""
    try:
        find()
    except (OSError, AttributeError) as error:
        pytest.skip(f"Python's SQLite shows no symbols to put a disk of ours in front of: {error}")


def is_whole(url: str) -> bool:
    with sqlite3.connect(str(make_url(url).database)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))


@pytest.mark.promise(
    "faults.5", "A full disk is 503 and an alarm, and Parley goes on without a restart when there is room."
)
async def test_a_full_disk(slack: FakeSlack, sqlite_url: str) -> None:
    settle(sqlite_url)
    olga = slack.user("Olga")
    async with running(sqlite_url, slack, http=True) as house:
        most = [2**30]

        def limit(connection: Any, *_rest: Any) -> None:
            connection.execute(f"PRAGMA max_page_count={most[0]}")  # below the present size it means: not one more

        event.listen(house.parley.sessions.engine, "checkout", limit)
        assert await said(slack, house, olga, "hello", "Ev1") == 200
        await until(lambda: inbox(house, InboxState.DONE) == 1 and not house.parley.work._running)
        most[0] = 1
        assert await said(slack, house, olga, "x" * 100_000, "Ev2") == 503
        _ready, health = await looked_at(house.parley)
        assert health["status"] == "trouble" and health["database"] == {"ok": False, "trouble": "OperationalError"}
        most[0] = 2**30
        assert await said(slack, house, olga, "x" * 100_000, "Ev2") == 200
        ready, health = await looked_at(house.parley)
        assert ready == 200 and health["status"] == "ok" and "database" not in health
        await until(lambda: inbox(house, InboxState.DONE) == 2)


@pytest.mark.promise(
    "faults.5",
    "A disk that is full in the middle of a turn leaves nothing half done; the turn is run when there is room.",
)
@pytest.mark.parametrize("room", [0, 1, 5])
async def test_a_disk_that_is_full_in_the_middle_of_a_turn(
    slack: FakeSlack, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    seen_or_skipped()
    settle(sqlite_url)
    amina = slack.user("Amina")
    with ErringDisk().in_use() as disk:
        async with running(sqlite_url, slack, http=True) as house:
            house.makes_member(amina)
            turn, turns = house.parley.engine.turn, []

            def full(*given: Any, **more: Any) -> Any:
                turns.append(given)
                disk.room = room if len(turns) == 1 else disk.room
                return turn(*given, **more)

            assert (await slack.command(amina, "/parley raise")).acknowledged
            monkeypatch.setattr(house.parley.engine, "turn", full)
            sent = await slack.submits(amina, {"detail": "Our reefer is held", "sector": "perishables"})
            assert sent.error and disk.room == 0, "whoever sent it is told"
            assert (inbox(house, InboxState.WAITING), rows(house, Issue), rows(house, Outgoing)) == (1, 0, 0)
            assert rows(house, Draft) == 1
            await house.parley.edge.catch_up()
            assert inbox(house, InboxState.WAITING) == 1 and house.parley.edge._left
            disk.room = None
            await house.parley.edge.catch_up()
            await slack.hears(amina, "Reference")
            assert (inbox(house, InboxState.WAITING), rows(house, Issue), rows(house, Draft)) == (0, 1, 0)
            assert len(slack.calls("chat.postMessage")) == 1
    assert is_whole(sqlite_url)


@pytest.mark.promise(
    "faults.6", "What a disk errs about is not confirmed, and Parley goes on without a restart when it errs no more."
)
async def test_a_disk_that_errs(slack: FakeSlack, sqlite_url: str) -> None:
    seen_or_skipped()
    settle(sqlite_url)
    olga = slack.user("Olga")
    with ErringDisk().in_use() as disk:
        async with running(sqlite_url, slack, http=True) as house:
            assert await said(slack, house, olga, "hello", "Ev1") == 200
            await until(lambda: inbox(house, InboxState.DONE) == 1 and not house.parley.work._running)
            disk.errs = True
            assert await said(slack, house, olga, "hello again", "Ev2") == 503
            _ready, health = await looked_at(house.parley)
            assert health["database"] == {"ok": False, "trouble": "OperationalError"}
            disk.errs = False
            assert inbox(house, InboxState.WAITING) == 0, "what was not confirmed was not kept"
            assert await said(slack, house, olga, "hello again", "Ev2") == 200
            await until(lambda: inbox(house, InboxState.DONE) == 2)
    assert is_whole(sqlite_url)


@pytest.mark.promise("faults.7", "While another process locks the file Slack hears 503 in time, and comes again.")
async def test_a_locked_file(slack: FakeSlack, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert edge_module.PATIENCE <= 2
    monkeypatch.setattr(edge_module, "PATIENCE", 0.3)
    settle(sqlite_url)
    olga = slack.user("Olga")
    async with running(sqlite_url, slack, http=True) as house:
        other = sqlite3.connect(str(make_url(sqlite_url).database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert await said(slack, house, olga, "hello", "Ev1") == 503
        assert house.parley.edge.trouble == "Busy"
        other.execute("ROLLBACK")
        other.close()
        assert await said(slack, house, olga, "hello", "Ev1") == 200 and house.parley.edge.trouble is None
        await until(lambda: inbox(house, InboxState.DONE) == 1)
        assert len(inboxes(house)) == 1


def inboxes(house: SlackHouse) -> list[Inbox]:
    with house.parley.sessions.reading() as session:
        return list(session.scalars(select(Inbox)))


@pytest.fixture
async def tower(database_url: str) -> AsyncIterator[Tower]:
    made = Tower(database_url)
    await made.register("telegram", "1", "Amina")
    yield made
    made.close()


OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> :mine"
# A connection that is cut while it is being made, or given back, is the driver's to complain of.
cut_off = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def ended(url: str) -> None:
    """End every connection to the database, as a restart of its server does."""
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(text(OTHERS), {"mine": connection.scalar(text("SELECT pg_backend_pid()"))})
    engine.dispose()


@pytest.mark.promise("faults.8", "A commit that was cut off, whether it happened or not, has its effect once.")
@pytest.mark.parametrize("happened", [False, True])
@cut_off
async def test_a_back_end_that_is_terminated_in_a_commit(postgresql_url: str, happened: bool) -> None:
    tower = Tower(postgresql_url)
    await tower.register("telegram", "1", "Amina")
    kept = await tower.update("telegram", "1", "ring", later=False)
    assert kept is not None
    ended(postgresql_url)  # what the pool holds is dead, and it notices

    commits: list[Any] = []

    def cut(connection: Any) -> None:
        commits.append(connection)
        if len(commits) > 1:
            return
        if happened:
            connection.exec_driver_sql("COMMIT")
        ended(postgresql_url)
        if happened:  # the driver has nothing left to send, and would not notice
            raise psycopg.OperationalError("the server closed the connection unexpectedly")

    event.listen(tower.sessions.engine, "commit", cut)
    with pytest.raises(Exception, match=r"terminating connection|closed|server"):
        await tower.parley.edge.handle(kept)
    await tower.parley.settle()
    assert tower.strokes() == 1 and tower.inbox()[-1].state is InboxState.DONE
    assert [sent.heading for sent in tower.telegram.sent] == ["Rung"]
    assert tower.rows(Job) == []
    tower.close()


@pytest.mark.promise("faults.8", "What was kept although the commit was cut off is handled once, without a restart.")
@pytest.mark.parametrize("together", [1, 2])
@cut_off
async def test_a_back_end_that_is_terminated_as_updates_are_kept(postgresql_url: str, together: int) -> None:
    tower = Tower(postgresql_url)
    await tower.register("telegram", "1", "Amina")

    def cut(connection: Any) -> None:
        connection.exec_driver_sql("COMMIT")
        ended(postgresql_url)
        raise psycopg.OperationalError("the server closed the connection unexpectedly")

    event.listen(tower.sessions.engine, "commit", cut, once=True)
    came = [tower.update("telegram", "1", "ring", later=False) for _ in range(together)]
    kept = await asyncio.gather(*came, return_exceptions=True)
    assert not any(isinstance(each, int) for each in kept), "nobody goes on with their turns"
    assert [row.state for row in tower.inbox()[-together:]] == [InboxState.WAITING] * together
    await tower.parley.settle()
    assert tower.strokes() == together and tower.inbox()[-1].state is InboxState.DONE
    assert not tower.parley.edge._unsure and tower.rows(Job) == []
    tower.close()


@pytest.mark.promise("faults.8", "A change in an open form that was cut off is made once, and shows no second form.")
@cut_off
async def test_a_back_end_that_is_terminated_while_a_form_is_open(
    slack: FakeSlack, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(postgresql_url)
    amina = slack.user("Amina")
    async with running(postgresql_url, slack, http=True) as house:
        turn, turns = house.parley.engine.turn, []

        def cut(*given: Any, **more: Any) -> Any:
            turns.append(given)
            if len(turns) == 1:
                event.listen(house.parley.sessions.engine, "commit", lambda _: ended(postgresql_url), once=True)
            return turn(*given, **more)

        assert (await slack.command(amina, "/parley")).acknowledged
        monkeypatch.setattr(house.parley.engine, "turn", cut)
        (changed,) = await slack.fills(amina, {"language": "fr"})
        assert changed.error
        await until(lambda: not inbox(house, InboxState.WAITING))
        assert len(turns) == 2
        with house.parley.sessions.reading() as session:
            assert [each.answers for each in session.scalars(select(Draft))] == [{"language": "fr", "country": "given"}]
            assert session.scalar(select(func.count()).select_from(Outgoing)) == 0
        assert (await slack.fills(amina, {"language": "en"}))[0].acknowledged
        await slack.fills(amina, {"consent": ["yes"], "name": "Amina Diop", "kind": "customs"})
        assert (await slack.submits(amina)).payload == {"response_action": "clear"}
        await slack.hears(amina, "Amina Diop")
        assert len(slack.calls("chat.postMessage")) == 1 and not slack.refusals


@pytest.mark.promise(
    "faults.9", "On a database that only reads, intake is refused, nothing is half done, nothing runs hot."
)
@cut_off
async def test_a_stand_by_that_only_reads(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tower = Tower(postgresql_url)
    await tower.register("telegram", "1", "Amina")
    await tower.update("telegram", "1", "ring")
    turns: list[int] = []
    turn = tower.parley.engine.turn

    def counted(*given: Any, **more: Any) -> Any:
        turns.append(1)
        return turn(*given, **more)

    monkeypatch.setattr(tower.parley.engine, "turn", counted)
    name = make_url(postgresql_url).database

    def only_reads(answer: str) -> None:
        engine = connect(postgresql_url)
        with engine.begin() as connection:
            connection.exec_driver_sql("SET TRANSACTION READ WRITE")
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {answer}')
        engine.dispose()
        ended(postgresql_url)

    only_reads("on")
    with pytest.raises(Exception, match="read-only"):
        await tower.update("telegram", "1", "ring")
    ready, health = await looked_at(tower.parley)
    assert ready == 503 and health["database"]["trouble"] == "InternalError"
    running = asyncio.create_task(tower.parley.work.run(poll=0.01))
    await until(lambda: turns)
    await asyncio.sleep(0.5)
    assert len(turns) == 1, "not run again and again"
    only_reads("off")
    tower.parley.work.stop()
    await running
    await tower.parley.settle()
    assert tower.strokes() == 1 and (await looked_at(tower.parley))[0] == 200
    tower.close()


@pytest.mark.promise("faults.10", "No connection to the database is held while a platform is being called.")
async def test_slow_sends_hold_no_connection(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    send = Memory.send

    async def watched(self: Memory, *given: Any, **more: Any) -> Any:
        held.append(tower.sessions.engine.pool.checkedout())  # type: ignore[attr-defined]
        return await send(self, *given, **more)

    monkeypatch.setattr(Memory, "send", watched)
    await tower.update("telegram", "1", "ring")
    await tower.parley.settle()
    assert held == [0]


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    made = House(database_url)
    yield made
    made.sessions.engine.dispose()


@pytest.mark.promise("faults.28", "One person on two doors at the same instant: one sends the form, the other is told.")
def test_one_person_on_two_doors_at_once(house: House) -> None:
    house.register(AMINA)
    with house.sessions.writing() as session:
        amina = session.scalars(select(Account)).one().person_id
        session.add(
            Account(person_id=amina, platform="slack", external_id="T1:U1", address="U1", met_at=NOON, used_at=NOON)
        )
    slack = Caller("slack", "T1:U1", "U1", "Amina", "en")
    house.press(AMINA, house.call(AMINA, "order"), "Green")
    review = house.press(AMINA, house.turn(Answered(AMINA, "2")), "Skip")
    together = Barrier(2)

    def send(caller: Caller) -> Outcome | Exception:
        together.wait()
        try:
            return house.press(caller, review, "Send")
        except Exception as error:  # noqa: BLE001  a turn that met the other one's change is run again by its job
            return error

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, (AMINA, slack)))
    again = [house.press(slack, review, "Send") if isinstance(each, Exception) else each for each in answers]
    assert sum(bool(each.answer.ended) for each in again) == 1
    (other,) = [each for each in again if not each.answer.ended]
    told = other.answer.notice or (other.answer.screen.heading if other.answer.screen else None)
    assert told is not None and plain(told)
    assert house.count(Draft) == 0 and house.count(Organisation) == 1


# Versions

STOPS = """
import os, signal, sys
from sqlalchemy import Engine, event
from db.session import upgrade
left = int(sys.argv[2])

def count(*_given):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(Engine, "before_cursor_execute", count)
upgrade(sys.argv[1])
"""


@pytest.fixture
def blank(database_url: str, tmp_path: Path) -> str:
    """A database that nobody has migrated."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/blank.db"
    engine = connect(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return database_url


@pytest.mark.promise(
    "faults.38", "A migration that was killed leaves a database that is refused, and is completed by another."
)
@pytest.mark.parametrize("statement", [4, 60])
def test_a_migration_that_was_killed(blank: str, statement: int) -> None:
    script = [sys.executable, "-c", STOPS, blank, str(statement)]
    killed = subprocess.run(script, cwd=ROOT, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with pytest.raises(Trouble, match="no tables yet"), opened(blank):
        pass
    upgrade(blank)
    engine: Engine = connect(blank)
    current, newest = revisions(engine)
    assert current == newest
    engine.dispose()
    with opened(blank) as sessions, sessions.reading() as session:
        assert session.scalar(select(func.count()).select_from(Outgoing).where(Outgoing.state == Sending.HELD)) == 0
