"""`parley all`: everything in one process, started, refused twice, stopped, and down while people write."""

from __future__ import annotations

import asyncio
import signal
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from bot.ops.alone import ONE_INSTANCE, alone
from bot.ops.trouble import Trouble
from db.machinery import Inbox, InboxState, Outgoing, Sending
from db.session import Sessions, connect
from scheduling.clock import monotonic
from tests.bot.work.shop import until
from tests.fakes import FakeTelegram
from tests.shell import CREATE, Shell, everything, free_port


@pytest.mark.slow
async def test_setting_telegram_up(shell: Shell) -> None:
    shell(*CREATE)
    async with FakeTelegram.running() as telegram:
        door = {"PARLEY_TELEGRAM_TOKEN": telegram.token, "PARLEY_TELEGRAM_API_URL": telegram.address}
        done = await asyncio.to_thread(shell, "telegram", "setup", **door)
        assert done.returncode == 0 and "every language" in done.stdout
        assert "/raise" in telegram.menu(telegram.user("Amina", language_code="fr")) and telegram.refusals == []
    away = await asyncio.to_thread(shell, "telegram", "setup", **door)
    assert away.returncode == 1 and "Telegram does not take it" in away.stderr
    assert telegram.token not in away.stderr and "Traceback" not in away.stderr


async def stopped(process: asyncio.subprocess.Process, number: int = signal.SIGTERM) -> float:
    """Tell it to stop; it must end well, and the seconds it took are returned."""
    before = monotonic()
    process.send_signal(number)
    async with asyncio.timeout(20):
        assert await process.wait() == 0
    return monotonic() - before


@pytest.mark.promise(
    "faults.37", "On SQLite and PostgreSQL the second of two refuses, the first goes on, and one killed leaves no lock."
)
async def test_everything_runs_in_one_process_and_stops_when_told(shell: Shell) -> None:
    shell(*CREATE)
    for number in (signal.SIGTERM, signal.SIGINT):
        async with everything(shell) as (process, client):
            assert (await client.get("/healthz")).json().keys() == {"status", "service", "instance"}
            assert "Parley" in (await client.get("/")).text
            again = await asyncio.to_thread(shell.fails, "all", PARLEY_PORT=str(free_port()))
            assert "another Parley runs" in again and (await client.get("/readyz")).status_code == 200
            assert await stopped(process, number) < 5
    async with everything(shell):
        pass  # killed, it leaves no lock behind
    async with everything(shell) as (process, _client):
        await stopped(process)


HOLDER = text(
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = :number"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def holder(engine: Engine) -> int | None:
    """The back end that has the instance lock."""
    with engine.begin() as connection:
        found: int | None = connection.scalar(HOLDER, {"number": ONE_INSTANCE})
    return found


def lose_it(engine: Engine) -> None:
    """End the back end that has the lock, as a restart of the server does."""
    with engine.begin() as connection:
        connection.scalar(
            text("SELECT pg_terminate_backend(:pid)"), {"pid": connection.scalar(HOLDER, {"number": ONE_INSTANCE})}
        )


@pytest.mark.promise("faults.37", "Of two instances on one database the second refuses, and one that lost it leaves.")
async def test_an_instance_that_lost_its_lock_takes_it_again_or_leaves_to_another(
    tmp_path: Path, postgresql_url: str
) -> None:
    shell = Shell(tmp_path, postgresql_url)
    shell(*CREATE)
    engine = connect(postgresql_url)
    async with everything(shell) as (process, client):
        first = holder(engine)
        lose_it(engine)
        await until(lambda: holder(engine) not in (None, first))
        again = await asyncio.to_thread(shell.fails, "all", PARLEY_PORT=str(free_port()))
        assert "another Parley runs" in again and (await client.get("/readyz")).status_code == 200
        with ExitStack() as stack:
            while process.returncode is None:
                lose_it(engine)
                with suppress(Trouble):  # it was quicker: once more
                    stack.enter_context(alone(postgresql_url))
                    async with asyncio.timeout(20):
                        assert await process.wait() == 1
    engine.dispose()


@pytest.mark.promise(
    "faults.35", "A platform that is away at the start keeps nothing else from serving, and is waited for."
)
@pytest.mark.slow
async def test_a_platform_that_is_away_at_the_start_is_waited_for(sqlite_shell: Shell) -> None:
    sqlite_shell(*CREATE)
    port = free_port()
    door = {"PARLEY_TELEGRAM_TOKEN": FakeTelegram().token, "PARLEY_TELEGRAM_API_URL": f"http://127.0.0.1:{port}"}
    async with everything(sqlite_shell, door) as (process, client):
        health = (await client.get("/healthz")).json()
        assert health["status"] == "trouble" and not health["telegram"]["ok"]
        assert health["telegram"]["trouble"] in {"ClientConnectorError", "not connected yet"}
        assert (await client.get("/")).status_code == 200
        async with FakeTelegram.running(port=port) as telegram:
            amina = telegram.user("Amina")
            await telegram.starts(amina)
            await telegram.until(lambda: [each for each in telegram.messages(amina) if each.by_bot], within=20)
            assert (await client.get("/healthz")).json()["status"] == "ok"
            await stopped(process)


@pytest.mark.promise("faults.36", "Told to stop under load it loses nothing and answers everything once.")
async def test_what_was_said_while_it_was_down_is_answered_once_and_what_it_began_goes_on(shell: Shell) -> None:
    shell(*CREATE)
    async with FakeTelegram.running() as telegram:
        door = {"PARLEY_TELEGRAM_TOKEN": telegram.token, "PARLEY_TELEGRAM_API_URL": telegram.address}
        amina = telegram.user("Amina", language_code="fr")
        await telegram.starts(amina)
        async with everything(shell, door) as (process, client):
            first = await telegram.hears(amina, "")
            assert first.shown
            assert (await client.get("/healthz")).json()["telegram"]["mode"] == "polling"
            for number in range(20):
                await telegram.says(amina, f"words {number}")
            await stopped(process)
        async with everything(shell, door) as (process, _client):
            await telegram.settled(20)
            sessions = Sessions(connect(shell.url))
            async with asyncio.timeout(30):
                while True:
                    with sessions.reading() as session:
                        states = session.scalars(select(Inbox.state)).all()
                        sent = session.scalars(select(Outgoing.state)).all()
                    if len(states) == 21 and set(states) == {InboxState.DONE} and set(sent) == {Sending.ACCEPTED}:
                        break
                    await asyncio.sleep(0.1)
            sessions.engine.dispose()
            await stopped(process)
        assert telegram.refusals == []
