"""Several processes on one PostgreSQL: what each does, who takes in, and what becomes of it when one is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, select, text

from bot.ops.alone import HELD, INTAKE, present
from db.machinery import Inbox, InboxState, Outgoing, Sending
from tests.bot.work.shop import until
from tests.fakes import FakeTelegram
from tests.shell import CREATE, ROOT, Shell, free_port, is_ready, part

Part = tuple[asyncio.subprocess.Process, httpx.AsyncClient]


@dataclass
class Town:
    """Parts of one Parley, Telegram, and what they logged."""

    shell: Shell
    telegram: FakeTelegram
    stack: AsyncExitStack
    log: list[str] = field(default_factory=list)

    async def start(self, *names: str) -> list[Part]:
        """All at once; in the order of their names."""
        begun = [self.stack.enter_async_context(part(self.shell, name, log=self.log)) for name in names]
        return list(await asyncio.gather(*begun))

    async def who_takes_in(self, *webs: Part) -> Part:
        async with asyncio.timeout(20):
            while True:
                for web in webs:
                    if (await web[1].get("/healthz")).json()["intake"]["here"]:
                        return web
                await asyncio.sleep(0.1)

    def settled(self) -> bool:
        """Nothing is left to be handled or sent."""
        engine = create_engine(self.shell.url)
        with engine.connect() as connection:
            waits = connection.scalars(select(Inbox.id).where(Inbox.state == InboxState.WAITING)).all()
            unsent = connection.scalars(select(Outgoing.id).where(Outgoing.state != Sending.ACCEPTED)).all()
        engine.dispose()
        return not waits and not unsent


@asynccontextmanager
async def towned(shell: Shell) -> AsyncIterator[Town]:
    async with FakeTelegram.running() as telegram, AsyncExitStack() as stack:
        shell.more |= {"PARLEY_TELEGRAM_TOKEN": telegram.token, "PARLEY_TELEGRAM_API_URL": telegram.address}
        yield Town(shell, telegram, stack)


async def ended(process: asyncio.subprocess.Process, how: int = signal.SIGTERM) -> int:
    process.send_signal(how)
    async with asyncio.timeout(40):
        return await process.wait()


@pytest.fixture
def scaled(tmp_path: Path, postgresql_url: str) -> Shell:
    shell = Shell(tmp_path, postgresql_url, {"PARLEY_ENGINE": "scaled", "PARLEY_METRICS_KEY": "k"})
    assert shell(*CREATE).returncode == 0
    return shell


@pytest.mark.promise("scale.parts", "What comes in at a web process is answered by a worker; each ends well when told.")
async def test_a_message_is_answered_by_a_web_process_and_a_worker(scaled: Shell) -> None:
    async with towned(scaled) as town:
        (web, page), (worker, probes) = await town.start("web", "worker")
        amina = town.telegram.user("Amina", language_code="fr")
        await town.telegram.starts(amina)
        assert (await town.telegram.hears(amina, "", within=20)).shown
        assert (await page.get("/healthz")).json()["intake"] == {"ok": True, "here": True}
        assert (await probes.get("/")).status_code == 404, "a worker serves nobody"
        assert (await page.get("/metrics")).status_code == 401
        figures = await asyncio.gather(
            *(each.get("/metrics", headers={"Authorization": "Bearer k"}) for each in (page, probes))
        )
        assert 'parley_up{part="web"} 1' in figures[0].text and "parley_takes_in 1" in figures[0].text
        assert 'parley_up{part="worker"} 1' in figures[1].text and "parley_inbox_waiting 0" in figures[1].text
        assert list(await asyncio.gather(ended(web), ended(worker))) == [0, 0]
        assert town.telegram.refusals == []


@pytest.mark.slow
@pytest.mark.promise("scale.count", "By the Procfile, as many of each as one says, on ports of their own.")
async def test_a_procfile_runner_starts_as_many_of_each_as_it_is_told(scaled: Shell) -> None:
    async with FakeTelegram.running() as telegram:
        here, port = Path(sys.executable).parent, free_port()
        said = ["start", "web", "worker", "clock", "--concurrency", "web=2,worker=2,clock=2", "--port", str(port)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "honcho", "--procfile", str(ROOT / "Procfile"), "--env", "none", *said),
            cwd=scaled.folder,
            env=scaled.environment
            | {"PATH": f"{here}:/usr/bin:/bin", "PYTHONWARNINGS": "ignore"}
            | {"PARLEY_TELEGRAM_TOKEN": telegram.token, "PARLEY_TELEGRAM_API_URL": telegram.address},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        reading = asyncio.create_task(process.communicate())
        try:
            async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(90):
                for number in range(2):
                    while not await is_ready(client, f"http://127.0.0.1:{port + number}/readyz"):
                        assert process.returncode is None, (await reading)[0].decode()
                        await asyncio.sleep(0.2)
            amina = telegram.user("Amina", language_code="fr")
            await telegram.starts(amina)
            assert (await telegram.hears(amina, "", within=60)).shown
            await until(lambda: present(scaled.url) == {"web": 2, "worker": 2, "clock": 2, "intake": 1}, seconds=60)
        finally:
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(40):
                written = (await reading)[0].decode()
        assert written.count('"event": "stopped"') == 6, written
        assert present(scaled.url) == {}


@pytest.mark.slow
@pytest.mark.promise("scale.parts", "Killed worker, clock, holder of the lines: all that is said is answered, once.")
async def test_every_part_may_be_killed(scaled: Shell) -> None:
    async with towned(scaled) as town:
        names = ("web", "web", "worker", "worker", "clock", "clock")
        first, second, worker, _worker, clock, _clock = await town.start(*names)
        telegram, people = town.telegram, []
        for number in range(3):
            people.append(telegram.user(f"Amina {number}", language_code="fr"))
            await telegram.starts(people[-1])
            assert (await telegram.hears(people[-1], "", within=20)).shown
        holder = await town.who_takes_in(first, second)
        other = second if holder is first else first
        doomed: list[Part] = [worker, clock, holder]
        for process, _client in doomed:
            for person in people:
                await telegram.says(person, "words")
            assert await ended(process, signal.SIGKILL) == -signal.SIGKILL
            for person in people:
                await telegram.says(person, "more words")
        assert await town.who_takes_in(other) is other
        await telegram.settled(30)
        await until(town.settled, seconds=60)
        engine = create_engine(scaled.url)
        with engine.connect() as connection:
            handled = connection.scalars(select(Inbox.state)).all()
        engine.dispose()
        assert len(handled) == 3 + 2 * 3 * len(doomed) and set(handled) == {InboxState.DONE}


@pytest.mark.slow
@pytest.mark.promise("scale.intake", "Stopped in its tracks, the holder is replaced; when it wakes up it stands by.")
async def test_a_holder_that_is_frozen_is_replaced(scaled: Shell) -> None:
    async with towned(scaled) as town:
        first, second, _worker = await town.start("web", "web", "worker")
        holder = await town.who_takes_in(first, second)
        other = second if holder is first else first
        os.kill(holder[0].pid, signal.SIGSTOP)
        assert await town.who_takes_in(other) is other
        amina = town.telegram.user("Amina", language_code="fr")
        await town.telegram.starts(amina)
        assert (await town.telegram.hears(amina, "", within=30)).shown
        os.kill(holder[0].pid, signal.SIGCONT)
        async with asyncio.timeout(20):
            while (await holder[1].get("/healthz")).json()["intake"]["here"]:  # noqa: ASYNC110  it tells nobody
                await asyncio.sleep(0.1)
        assert await town.who_takes_in(first, second) is other


@pytest.mark.slow
@pytest.mark.promise("scale.intake", "A holder whose session the database ends takes in no longer, at once.")
async def test_a_holder_that_lost_its_session(scaled: Shell) -> None:
    async with towned(scaled) as town:
        webs = await town.start("web", "web")
        await town.who_takes_in(*webs)
        engine = create_engine(scaled.url)
        with engine.begin() as connection:
            connection.execute(text(f"SELECT pg_terminate_backend(pid){HELD} AND objid = {INTAKE}"))
        engine.dispose()
        await town.who_takes_in(*webs)
        said: Any = [(await client.get("/healthz")).json()["intake"]["here"] for _process, client in webs]
        assert sorted(said) == [False, True]
        for process, _client in webs:
            assert await ended(process) == 0
    assert any("takes in no longer" in line for line in town.log)


@pytest.mark.parametrize("name", ["web", "worker", "clock"])
@pytest.mark.slow
def test_a_part_needs_others_beside_it(sqlite_shell: Shell, name: str) -> None:
    sqlite_shell(*CREATE)
    assert "set PARLEY_ENGINE=scaled" in sqlite_shell.fails(name)
    assert "needs PARLEY_DATABASE_URL to be PostgreSQL" in sqlite_shell.fails(name, PARLEY_ENGINE="scaled")
