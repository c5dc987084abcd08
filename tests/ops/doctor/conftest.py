"""Settings that are made sick one thing at a time, and what the doctor finds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.ops import doctor
from bot.ops.doctor import telegram as telegram_checks
from bot.ops.doctor.lines import Line
from bot.settings import Settings
from tests.fakes import FakeSlack, FakeTelegram
from tests.shell import free_port

CANARY = "canary_canary_canary_canary_canary"


@dataclass
class Patient:
    """Settings over a database; every examination also looks for secrets in what is said."""

    database_url: str
    given: dict[str, Any] = field(default_factory=dict)

    def settings(self, **more: Any) -> Settings:
        return Settings(_env_file=None, database_url=self.database_url, **self.given | more)  # type: ignore[call-arg]

    async def asked(self, **more: Any) -> dict[str, Line]:
        """Each finding by its check, the platforms asked."""
        return await asyncio.to_thread(self.examined, offline=False, **more)

    def examined(self, *, offline: bool = True, **more: Any) -> dict[str, Line]:
        """Each finding by its check."""
        known = {name: more.pop(name) for name in ("unknown", "env_file") if name in more}
        settings = self.settings(**more)
        said, well = doctor.examine(settings, offline=offline, as_json=True, **known)
        found = {each["check"]: Line(**each) for each in json.loads(said)}
        assert well == all(line.verdict != "FAIL" for line in found.values())
        assert all(line.to_do for line in found.values() if line.verdict != "OK"), "each finding says what to do"
        for secret in settings.secrets():
            assert secret not in said and "canary" not in said
        return found


@pytest.fixture
def patient(sqlite_url: str) -> Patient:
    """Nobody is configured; its page's address is one where nothing answers."""
    port = free_port()
    return Patient(sqlite_url, {"public_url": f"http://127.0.0.1:{port}", "port": port})


@pytest.fixture(autouse=True)
def listens_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a second poller where a test has none."""
    monkeypatch.setattr(telegram_checks, "LISTEN", 0.0)


@pytest.fixture
async def slack(patient: Patient) -> AsyncIterator[FakeSlack]:
    """A workspace, and a patient who is set up for it."""
    async with FakeSlack.running() as running:
        patient.given |= {
            "slack_api_url": running.url,
            "slack_bot_token": running.bot_token,
            "slack_app_token": running.app_token,
        }
        yield running


@pytest.fixture
async def telegram(patient: Patient) -> AsyncIterator[FakeTelegram]:
    """A Telegram, and a patient who is set up for polling it."""
    async with FakeTelegram.running() as running:
        patient.given |= {"telegram_api_url": running.address, "telegram_token": running.token}
        yield running


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """A file with a token in it that only its owner reads."""
    file = tmp_path / "secret"
    file.write_text(f"987654:{CANARY}\n")
    file.chmod(0o600)
    return file


def sick(line: Line, verdict: str, *words: str) -> None:
    """The line says `verdict`, and `words` in why or what to do."""
    assert line.verdict == verdict, line
    for each in words:
        assert each in f"{line.why}\n{line.to_do}", line


@asynccontextmanager
async def served(application: web.Application) -> AsyncIterator[str]:
    """The address at which `application` answers until the block ends."""
    runner = web.AppRunner(application, shutdown_timeout=0.05, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
