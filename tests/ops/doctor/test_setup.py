"""What the settings say by themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.ops.doctor import setup, unreadable
from bot.settings import Settings, env_file_with_secrets
from tests.ops.doctor.conftest import CANARY, Patient, sick
from tests.shell import Shell

pytestmark = pytest.mark.promise("doctor.fails", "Each FAIL and each WARN of `parley doctor` is produced on purpose.")


@pytest.mark.parametrize(
    ("given", "check", "verdict", "words"),
    [
        ({}, "doors", "WARN", "only the page is open"),
        ({"engine": "scaled"}, "engine", "FAIL", "scaled needs PostgreSQL"),
        ({"slack_app_token": f"xapp-{CANARY}"}, "Slack", "FAIL", "there is no bot token"),
        ({"slack_bot_token": f"xoxb-{CANARY}"}, "Slack", "FAIL", "nothing brings its events in"),
        (
            {"slack_bot_token": f"xoxp-{CANARY}", "slack_signing_secret": CANARY},
            "Slack bot token",
            "FAIL",
            "it is a user's token, not one that begins with xoxb-",
        ),
        (
            {"slack_bot_token": f"xoxb-{CANARY}", "slack_app_token": CANARY},
            "Slack app token",
            "FAIL",
            "it is no Slack token, not one that begins with xapp-",
        ),
        ({"telegram_webhook_secret": CANARY}, "Telegram", "FAIL", "there is no bot's token"),
        ({"telegram_token": CANARY}, "Telegram", "FAIL", "its token is not digits, a colon and letters"),
        (
            {"telegram_token": f"1:{CANARY}", "telegram_webhook_secret": "canary, short"},
            "Telegram",
            "FAIL",
            "the webhook secret needs 32 to 256",
        ),
        ({"public_url": "http://parley.example"}, "address", "FAIL", "is not https"),
        (
            {"telegram_token": f"1:{CANARY}", "telegram_webhook_secret": CANARY},
            "address",
            "FAIL",
            "what people write can be read on its way",
        ),
        ({}, "address", "WARN", "can be opened on this machine only"),
    ],
)
def test_settings_that_cannot_work(
    patient: Patient, given: dict[str, Any], check: str, verdict: str, words: str
) -> None:
    sick((patient.examined(**given))[check], verdict, words)


def test_settings_that_work(patient: Patient) -> None:
    https: dict[str, Any] = {"public_url": "https://parley.example"}
    socket: dict[str, Any] = {"slack_bot_token": f"xoxb-{CANARY}", "slack_app_token": f"xapp-{CANARY}"}
    found = patient.examined(telegram_token=f"1:{CANARY}", **https, **socket)
    called: dict[str, Any] = {
        "slack_bot_token": f"xoxb-{CANARY}",
        "slack_signing_secret": CANARY,
        "telegram_webhook_secret": CANARY,
    }
    posted = patient.examined(telegram_token=f"1:{CANARY}", **https, **called)
    for each in (found, posted):
        assert {each[check].verdict for check in ("settings", "Slack", "Telegram", "address")} == {"OK"}
    assert "Socket Mode" in found["Slack"].why and "/slack/events" in posted["Slack"].why


@pytest.mark.parametrize(
    ("mode", "verdict", "words"),
    [
        (0o600, "OK", "mode 600"),
        (0o644, "WARN", "others on this machine can read it"),
        (0o620, "FAIL", "others can put another secret there"),
    ],
)
def test_who_else_reads_a_secret_file(patient: Patient, secret_file: Path, mode: int, verdict: str, words: str) -> None:
    secret_file.chmod(mode)
    found = patient.examined(telegram_token_file=secret_file)
    assert found["secret file"].verdict == verdict and words in found["secret file"].why


@pytest.mark.parametrize(
    ("words", "is_secret"),
    [
        ("PARLEY_HOST=127.0.0.1\n# PARLEY_SLACK_BOT_TOKEN=xoxb-example", False),
        ("PARLEY_SLACK_BOT_TOKEN=\nPARLEY_HOST=x", False),
        ("PARLEY_DATABASE_URL=postgresql+psycopg://me@host/parley", False),
        (f"PARLEY_TELEGRAM_TOKEN=1:{CANARY}", True),
        (f"export PARLEY_SLACK_SIGNING_SECRET='{CANARY}'", True),
        (f"PARLEY_DATABASE_URL=postgresql+psycopg://me:{CANARY}@host/parley", True),
    ],
)
def test_an_env_file_is_a_secret_file_where_it_holds_one(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, is_secret: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(words)
    (tmp_path / ".env").chmod(0o644)
    assert ("secret file" in patient.examined(env_file=env_file_with_secrets())) == is_secret


def test_a_misspelt_setting_is_named(patient: Patient) -> None:
    found = patient.examined(unknown=["PARLEY_SLACK_TOKEN"])
    sick(found["settings"], "WARN", "nothing is called PARLEY_SLACK_TOKEN")


def test_what_is_misspelt_is_found_in_the_environment_and_in_the_env_file(sqlite_shell: Shell) -> None:
    (sqlite_shell.folder / ".env").write_text(f"PARLEY_TELEGRAM_TOKENS=1:{CANARY}\nPARLEY_PORT=8765\nOTHER=1\n")
    ran = sqlite_shell("doctor", "--offline", PARLEY_SLAK="x", PARLEY_TELEGRAM_TOKEN_FILE="")
    assert "nothing is called PARLEY_SLAK, PARLEY_TELEGRAM_TOKENS" in ran.stdout and CANARY not in ran.stdout


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"port": CANARY}, "PARLEY_PORT: Input should be a valid integer"),
        ({"public_url": "http://[nonsense"}, "PARLEY_PUBLIC_URL: Value error, Invalid IPv6 URL"),
        ({"public_url": f"https://{CANARY}@parley.example"}, "without a user or password"),
        ({"public_url": "parley.example"}, "needs an address such as https://parley.example"),
        ({"telegram_token_file": "/nowhere/token"}, "/nowhere/token: No such file or directory"),
    ],
)
def test_settings_that_cannot_be_read_are_one_line(more: dict[str, Any], words: str) -> None:
    with pytest.raises((ValueError, OSError)) as caught:
        Settings(_env_file=None, **more)  # type: ignore[call-arg]
    said, well = unreadable(caught.value, as_json=False)
    assert not well and said.startswith("FAIL  settings: ") and words in said and CANARY not in said
    assert "correct it: `parley env`" in said


@pytest.mark.parametrize("kind", ["postgres", "postgresql", "postgresql+psycopg"], ids=["short", "plain", "ours"])
def test_the_database_is_named_as_its_hosts_name_it(kind: str) -> None:
    given: Any = {"database_url": f"{kind}://me:{CANARY}@host/parley"}
    settings = Settings(_env_file=None, **given)  # type: ignore[call-arg]
    assert settings.database_url == f"postgresql+psycopg://me:{CANARY}@host/parley"


def test_a_fault_of_ours_is_no_finding() -> None:
    with pytest.raises(RuntimeError):
        unreadable(RuntimeError("ours"), as_json=False)


def test_the_command_line_says_what_is_wrong_with_settings_and_fails(bare: Shell) -> None:
    ran = bare("doctor", "--json", PARLEY_PORT=CANARY)
    (line,) = json.loads(ran.stdout)
    assert ran.returncode == 1 and (line["check"], line["verdict"]) == ("settings", "FAIL")
    assert CANARY not in ran.stdout + ran.stderr


def test_every_setting_that_is_a_secret_is_known_for_one() -> None:
    """What holds a token or a secret is typed as one, and hidden from whatever is said."""
    named = {name for name in Settings.model_fields if name.endswith(("token", "secret"))}
    given: Any = dict.fromkeys(named, CANARY)
    held = Settings(_env_file=None, **given).secrets()  # type: ignore[call-arg]
    assert len(named) == len(held) == 5


def test_many_processes_need_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "find_spec", lambda _name: None)
    patient = Patient("postgresql+psycopg://nobody@127.0.0.1:1/none", {"engine": "scaled"})
    (found,) = setup.engine(patient.settings())
    sick(found, "FAIL", "scaled needs packages that are not installed", "requirements/scale.txt")
