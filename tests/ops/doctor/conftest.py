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
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.kit.text import LANGUAGES, SOURCE_LANGUAGE
from bot.ops import doctor
from bot.ops.doctor import telegram as telegram_checks
from bot.ops.doctor.lines import Line
from bot.settings import Settings
from tests.fakes import FakeSlack, FakeTelegram
from tests.shell import free_port

CANARY = "canary_canary_canary_canary_canary"
TRANSLATED = sorted(set(LANGUAGES) - {SOURCE_LANGUAGE})
PO = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"X-Reviewed-By: {reviewer}\\n"

msgid "Home"
msgstr "{home}"

msgid "{{count}} issue"
msgid_plural "{{count}} issues"
msgstr[0] "un"
"""
FORMS = {"fr": 2, "ar": 6}


def catalogue(folder: Path, language: str, *, home: str = "x", many: str = "y", reviewer: str = "Amina") -> Path:
    """A compiled catalogue of two phrases."""
    source = folder / language / "LC_MESSAGES" / "parley.po"
    source.parent.mkdir(parents=True, exist_ok=True)
    forms = "".join(f'msgstr[{number}] "{many}"\n' for number in range(1, FORMS[language]))
    source.write_text(PO.format(home=home, reviewer=reviewer) + forms, encoding="utf-8")
    with source.open("rb") as written, source.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, read_po(written, locale=language))
    return source


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


@pytest.fixture(scope="session")
def few_phrases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every language is well."""
    folder = tmp_path_factory.mktemp("locales")
    for language in TRANSLATED:
        catalogue(folder, language)
    return folder


@pytest.fixture(autouse=True)
def speaks_briefly(monkeypatch: pytest.MonkeyPatch, few_phrases: Path) -> None:
    """Reading every phrase there is takes longer than all the rest of an examination, and has tests of its own."""
    monkeypatch.setattr(doctor, "CATALOGUES", few_phrases)


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
