"""Our own page: answering, silent, something else's, another Parley's; and a whole Parley in trouble."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from typing import Any

import aiohttp
import pytest
import uvicorn
from aiohttp import web

from bot import http
from bot.core import Parley
from bot.ops.alone import alone
from scheduling.clock import SystemClock
from tests.fakes import FakeSlack, FakeTelegram
from tests.ops.doctor.conftest import Patient, served, sick
from tests.shell import CREATE, Shell, everything, free_port

pytestmark = pytest.mark.promise("doctor.fails", "Each FAIL and each WARN of `parley doctor` is produced on purpose.")


@pytest.fixture
def parley(patient: Patient) -> Iterator[Parley]:
    made = Parley(database_url=patient.database_url, public_url="http://127.0.0.1", clock=SystemClock())
    with closing(made):
        yield made


@asynccontextmanager
async def answering(parley: Parley, port: int) -> AsyncIterator[str]:
    """A page of Parley's on `port`."""
    config = uvicorn.Config(http.application(parley), port=port, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  the library tells nobody
        await asyncio.sleep(0)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


async def test_nothing_answers(patient: Patient) -> None:
    sick((await patient.asked())["page"], "WARN", "nothing answers at", "start `parley all`")
    with alone(patient.database_url):
        sick((await patient.asked())["page"], "FAIL", "Parley runs, yet nothing of it answers", "proxy")


async def test_whoever_is_to_start_what_is_told_of_their_own_set_up(patient: Patient) -> None:
    apart: Any = {"engine": "scaled"}
    sick(patient.examined(**apart)["process"], "WARN", "no Parley", "start `parley web` and `parley worker`")
    sick(patient.examined()["process"], "WARN", "no Parley", "start `parley all`")


async def test_it_answers(patient: Patient, parley: Parley) -> None:
    async with answering(parley, patient.given["port"]):
        assert (await patient.asked())["page"].verdict == "OK"
        with alone(patient.database_url):
            assert (await patient.asked(host="0.0.0.0"))["page"].verdict == "OK"  # noqa: S104


async def test_it_answers_and_cannot_keep_what_comes_in(patient: Patient, parley: Parley) -> None:
    parley.edge.trouble = "OperationalError"
    async with answering(parley, patient.given["port"]):
        found = await patient.asked()
    sick(found["updates kept"], "FAIL", "the running Parley cannot keep what platforms bring (OperationalError)")


@pytest.mark.parametrize("said", ['{"status": "ok"}', "<h1>Welcome to nginx!</h1>", "[]"])
async def test_something_else_answers(patient: Patient, said: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=said)

    app = web.Application()
    app.router.add_get("/healthz", answer)
    async with served(app) as address:
        found = await patient.asked(public_url=address)
    sick(found["page"], "FAIL", "something else than Parley answers there, with status 200")


async def test_another_parley_answers(patient: Patient, parley: Parley) -> None:
    with alone(patient.database_url):
        async with answering(parley, patient.given["port"]), answering(parley, free_port()) as other:
            found = await patient.asked(public_url=other)
    sick(found["page"], "FAIL", "another Parley answers there than the one on this database")


async def test_a_whole_parley_whose_doors_are_in_trouble(sqlite_shell: Shell) -> None:
    """Its Slack token was revoked and another program polls its bot: asked by its own command line."""
    sqlite_shell(*CREATE)
    async with FakeSlack.running() as slack, FakeTelegram.running() as telegram:
        slack.revokes(slack.app_token)
        doors = dict(line.split("=", 1) for line in slack.settings() + telegram.settings())
        async with everything(sqlite_shell, doors) as (process, client):
            base = str(client.base_url)
            doors |= {"PARLEY_PUBLIC_URL": base, "PARLEY_PORT": str(client.base_url.port)}
            await telegram.until(lambda: telegram.updates._poll, 20)
            async with aiohttp.ClientSession() as other:
                async with other.get(f"{telegram.address}/bot{telegram.token}/getUpdates") as taken:
                    assert taken.status == 200
                while (await client.get("/healthz")).json()["telegram"]["trouble"] != "Conflicting":  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            ran = await asyncio.to_thread(sqlite_shell, "doctor", "--json", **doors)
            process.terminate()
    found = {line["check"]: line for line in json.loads(ran.stdout)}
    assert ran.returncode == 1 and found["page"]["verdict"] == found["process"]["verdict"] == "OK"
    assert (found["Slack connection"]["verdict"], found["Slack app token"]["verdict"]) == ("FAIL", "FAIL")
    assert found["Telegram updates"]["why"].startswith("another program polls this bot too")
    for secret in (slack.bot_token, slack.app_token, slack.signing_secret, telegram.token):
        assert secret not in ran.stdout + ran.stderr
