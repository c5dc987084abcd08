"""What the settings say, before anything is opened or asked."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.ops.doctor.lines import Line, fail, ok, warn

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.settings import Settings

LOOPBACK = ("localhost", "127.0.0.1", "::1")
KINDS = {"xoxb": "a bot's", "xoxp": "a user's", "xapp": "an app-level", "xoxe": "a configuration"}
TELEGRAM_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{32,256}")


def settings(unknown: Sequence[str]) -> Iterator[Line]:
    """A misspelt name is read by nobody, and nobody says so."""
    if unknown:
        yield warn("settings", f"nothing is called {', '.join(unknown)}", "`parley env` prints every name: correct it")
    else:
        yield ok("settings", "read")


def engine(settings: Settings) -> Iterator[Line]:
    """Whether many processes can share the work, where they are to."""
    if settings.engine == "embedded":
        return
    if not settings.database_url.startswith("postgresql"):
        yield fail("engine", "scaled needs PostgreSQL: SQLite is for one process", "set PARLEY_DATABASE_URL to it")
    elif find_spec("procrastinate") is None:
        to_do = "pip install --require-hashes -r requirements/scale.txt"
        yield fail("engine", "scaled needs packages that are not installed", to_do)
    else:
        yield ok("engine", "scaled: web, worker and clock processes share the work")


def the_web(settings: Settings) -> str:
    """What the operator starts to have updates come in, as they know it."""
    return "`parley web`" if settings.engine == "scaled" else "`parley all`"


def doors(settings: Settings) -> Iterator[Line]:
    """How each platform's updates come in, and whether the tokens can be what they are set as."""
    if settings.slack_bot_token is None and settings.telegram_token is None and settings.smtp_url is None:
        yield warn("doors", "only the page is open", "set Slack's or Telegram's tokens: see .env.example")
    if settings.slack_bot_token is not None:
        yield _slack(settings)
        yield from _kind(
            "Slack bot token", settings.slack_bot_token, "xoxb", "OAuth & Permissions, Bot User OAuth Token"
        )
        yield from _kind("Slack app token", settings.slack_app_token, "xapp", "Basic Information, App-Level Tokens")
    elif settings.slack_app_token is not None or settings.slack_signing_secret is not None:
        yield fail("Slack", "there is no bot token, so its door stays shut", "set PARLEY_SLACK_BOT_TOKEN")
    if settings.telegram_token is not None:
        yield _telegram(settings)
    elif settings.telegram_webhook_secret is not None:
        yield fail("Telegram", "there is no bot's token, so its door stays shut", "set PARLEY_TELEGRAM_TOKEN")


def _slack(settings: Settings) -> Line:
    if settings.slack_app_token is not None:
        return ok("Slack", "connects by Socket Mode")
    if settings.slack_signing_secret is not None:
        return ok("Slack", f"calls {settings.public_url}/slack/events")
    to_do = "set PARLEY_SLACK_APP_TOKEN, or PARLEY_SLACK_SIGNING_SECRET for HTTP events"
    return fail("Slack", "nothing brings its events in", to_do)


def _kind(check: str, secret: SecretStr | None, wanted: str, where: str) -> Iterator[Line]:
    """The first letters of a Slack token say whose it is."""
    if secret is None or is_kind(secret, wanted):
        return
    kind = KINDS.get(secret.get_secret_value()[:4], "no Slack")
    yield fail(check, f"it is {kind} token, not one that begins with {wanted}-", f"take it from Slack's page: {where}")


def is_kind(secret: SecretStr, wanted: str) -> bool:
    return secret.get_secret_value().startswith(f"{wanted}-")


def _telegram(settings: Settings) -> Line:
    token, secret = settings.telegram_token, settings.telegram_webhook_secret
    if token is not None and not TELEGRAM_TOKEN.fullmatch(token.get_secret_value()):
        return fail("Telegram", "its token is not digits, a colon and letters", "@BotFather, /token: copy the whole")
    if secret is None:
        return ok("Telegram", "is polled")
    if not WEBHOOK_SECRET.fullmatch(secret.get_secret_value()):
        to_do = "make one: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        return fail("Telegram", "the webhook secret needs 32 to 256 letters, digits, - or _", to_do)
    return ok("Telegram", f"calls {settings.public_url}/telegram")


def address(settings: Settings) -> Iterator[Line]:
    """Where people and platforms are told to come."""
    url = urlsplit(settings.public_url)
    called = settings.telegram_webhook_secret is not None or (
        settings.slack_bot_token is not None and settings.slack_app_token is None
    )
    to_do = "set PARLEY_PUBLIC_URL to the https:// address that people use"
    if url.scheme == "https":
        yield ok("address", settings.public_url)
    elif called or url.hostname not in LOOPBACK:
        why = f"{settings.public_url} is not https: what people write can be read on its way"
        yield fail("address", why, to_do)
    else:
        yield warn("address", f"{settings.public_url} can be opened on this machine only", to_do)


def secret_files(settings: Settings, env_file: Path | None) -> Iterator[Line]:
    """Who else on this machine can read the secrets, or exchange them."""
    files = [
        path for name in type(settings).model_fields if name.endswith("_file") and (path := getattr(settings, name))
    ]
    if env_file is not None:
        files.append(env_file)
    for path in files:
        mode = path.stat().st_mode
        shown = f"{path}, mode {stat.S_IMODE(mode):03o}"
        if mode & (stat.S_IWGRP | stat.S_IWOTH):
            yield fail("secret file", f"{shown}: others can put another secret there", f"chmod 600 {path}")
        elif mode & (stat.S_IRGRP | stat.S_IROTH):
            yield warn("secret file", f"{shown}: others on this machine can read it", f"chmod 600 {path}")
        else:
            yield ok("secret file", shown)
