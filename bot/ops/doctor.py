"""Is this Parley set up and well? One line each: OK, WARN or FAIL, why, and what to do. Never a token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
from babel.messages.pofile import read_po
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.core import CATALOGUES
from bot.kit.text import LANGUAGES, SOURCE_LANGUAGE
from bot.ops.database import opened
from bot.ops.trouble import in_one_line
from db.machinery import Inbox, InboxState, Job, Outgoing, Sending
from db.people import Administration
from db.session import Sessions
from scheduling import due
from scheduling.clock import SystemClock

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.settings import Settings

OK, WARN, FAIL = "OK", "WARN", "FAIL"
SECONDS = aiohttp.ClientTimeout(total=10)
LATE, TOO_LATE = timedelta(minutes=2), timedelta(hours=1)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SQLITE: dict[str, object] = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
POSTGRESQL: dict[str, object] = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@dataclass(frozen=True)
class Line:
    """One finding."""

    check: str
    verdict: str
    why: str
    to_do: str = ""


def examine(settings: Settings, *, offline: bool, as_json: bool) -> tuple[str, bool]:
    """Every check's line as text or JSON, and whether none is FAIL. With `offline` no platform is asked."""
    lines = [*_doors(settings), *_address(settings), *_database(settings.database_url), *_catalogues()]
    if not offline:
        lines += asyncio.run(_platforms(settings))
    well = all(line.verdict != FAIL for line in lines)
    if as_json:
        return json.dumps([asdict(line) for line in lines], indent=2), well
    shown = [
        f"{line.verdict:4}  {line.check}: {line.why}" + (f"\n      → {line.to_do}" if line.to_do else "")
        for line in lines
    ]
    return "\n".join(shown), well


def _doors(settings: Settings) -> Iterator[Line]:
    if settings.slack_bot_token is None and settings.telegram_token is None:
        yield Line("doors", WARN, "only the page is open", "set Slack's or Telegram's tokens: see .env.example")
    if settings.slack_bot_token is not None:
        if settings.slack_app_token is not None:
            yield Line("Slack", OK, "connects by Socket Mode")
        elif settings.slack_signing_secret is not None:
            yield Line("Slack", OK, f"calls {settings.public_url}/slack/events")
        else:
            to_do = "set PARLEY_SLACK_APP_TOKEN, or PARLEY_SLACK_SIGNING_SECRET for HTTP events"
            yield Line("Slack", FAIL, "nothing brings its events in", to_do)
    if settings.telegram_token is not None:
        webhook = settings.telegram_webhook_secret is not None
        yield Line("Telegram", OK, f"calls {settings.public_url}/telegram" if webhook else "is polled")


def _address(settings: Settings) -> Iterator[Line]:
    address = urlsplit(settings.public_url)
    called = settings.telegram_webhook_secret is not None or (
        settings.slack_bot_token is not None and settings.slack_app_token is None
    )
    to_do = "set PARLEY_PUBLIC_URL to the https:// address that people use"
    if address.scheme == "https":
        yield Line("address", OK, settings.public_url)
    elif called or address.hostname not in LOOPBACK:
        yield Line(
            "address", FAIL, f"{settings.public_url} is not https: what people write can be read on its way", to_do
        )
    else:
        yield Line("address", WARN, f"{settings.public_url} can be opened on this machine only", to_do)


def _database(url: str) -> Iterator[Line]:
    try:
        with opened(url) as sessions, sessions.reading() as session:
            yield Line("database", OK, f"{'SQLite' if sessions.is_sqlite else 'PostgreSQL'}, tables of this version")
            yield from _durability(sessions, session)
            yield from _state(session, SystemClock().now())
    except Exception as error:
        why = in_one_line(error)
        if why is None:
            raise
        yield Line("database", FAIL, why, "mend it first: the other checks need it")


def _durability(sessions: Sessions, session: Session) -> Iterator[Line]:
    connection, ask, wanted = session.connection(), "PRAGMA", SQLITE
    if not sessions.is_sqlite:
        ask, wanted = "SHOW", POSTGRESQL
    found = {name: connection.exec_driver_sql(f"{ask} {name}").scalar() for name in wanted}
    wrong = [f"{name} is {found[name]}" for name in wanted if found[name] != wanted[name]]
    if wrong:
        yield Line("durability", FAIL, f"{', '.join(wrong)}: a power cut loses what was confirmed", "put it back")
    else:
        yield Line("durability", OK, ", ".join(f"{name} {value}" for name, value in found.items()))


def _state(session: Session, now: datetime) -> Iterator[Line]:
    if session.scalar(select(Administration.id).limit(1)) is None:
        yield Line("administration", FAIL, "there is none yet", "run `parley admin create`")
    else:
        yield Line("administration", OK, "present")
    oldest = select(func.min(Outgoing.not_before)).where(Outgoing.state.in_([Sending.WAITING, Sending.SENDING]))
    yield _late(
        "outbox", now - (session.scalar(oldest) or now), "look at it with `parley outbox`; is `parley all` running?"
    )
    yield _late("due", due.latest(session, now), "look at it with `parley due`; is `parley all` running?")
    counted = {
        "outbox on hold": (
            Outgoing,
            Outgoing.state == Sending.HELD,
            "look with `parley outbox`, then `parley outbox release`",
        ),
        "outbox in doubt": (
            Outgoing,
            Outgoing.state == Sending.IN_DOUBT,
            "ask the addressees: `parley outbox` lists them",
        ),
        "quarantine": (Inbox, Inbox.state == InboxState.QUARANTINED, "updates no version could read: report them"),
        "failed jobs": (Job, Job.failed_at.is_not(None), "the log says why, at the time they failed"),
    }
    for check, (table, where, to_do) in counted.items():
        count = session.scalar(select(func.count()).select_from(table).where(where)) or 0
        yield Line(check, WARN, f"{count}", to_do) if count else Line(check, OK, "none")


def _late(check: str, late: timedelta, to_do: str) -> Line:
    if late <= LATE:
        return Line(check, OK, "nothing is late")
    return Line(check, WARN if late < TOO_LATE else FAIL, f"late by {str(late).split('.')[0]}", to_do)


def _catalogues() -> Iterator[Line]:
    for language, name in LANGUAGES.items():
        if language == SOURCE_LANGUAGE:
            continue
        file = CATALOGUES / language / "LC_MESSAGES" / "parley.po"
        if not file.with_suffix(".mo").exists():
            yield Line(f"language {language}", FAIL, "its catalogue is not compiled", "run `make install`")
            continue
        with file.open("rb") as source:
            catalogue = read_po(source, locale=language)
        phrases = [message for message in catalogue if message.id]
        said = [[each.string] if isinstance(each.string, str) else each.string for each in phrases if not each.fuzzy]
        missing = len(phrases) - sum(all(forms or [""]) for forms in said)
        reviewer = dict(catalogue.mime_headers).get("X-Reviewed-By", "nobody yet")
        why = f"{name}, {len(phrases)} phrases, {missing} missing; reviewed by a native speaker: {reviewer}"
        if missing:
            yield Line(f"language {language}", WARN, why, "translate the rest: they are shown in English")
        elif reviewer == "nobody yet":
            yield Line(
                f"language {language}", WARN, why, "have it read by a native speaker, and name them in X-Reviewed-By"
            )
        else:
            yield Line(f"language {language}", OK, why)


async def _platforms(settings: Settings) -> list[Line]:
    """Ask each platform who we are. An answer names the bot, an error its kind: addresses may hold a token."""
    slack, telegram = settings.slack_api_url.rstrip("/"), settings.telegram_api_url.rstrip("/")
    asked: list[tuple[str, SecretStr | None, str, str]] = [
        ("Slack bot token", settings.slack_bot_token, f"{slack}/auth.test", "user"),
        ("Slack app token", settings.slack_app_token, f"{slack}/apps.connections.open", ""),
        ("Telegram token", settings.telegram_token, f"{telegram}/bot{{token}}/getMe", "username"),
    ]
    async with aiohttp.ClientSession(timeout=SECONDS) as client:
        return [await _ask(client, *each) for each in asked if each[1] is not None]


async def _ask(client: aiohttp.ClientSession, check: str, secret: SecretStr | None, url: str, named: str) -> Line:
    token = secret.get_secret_value() if secret else ""
    try:
        headers = {} if "{token}" in url else {"Authorization": f"Bearer {token}"}
        async with client.post(url.replace("{token}", token), headers=headers) as response:
            said = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return Line(
            check, FAIL, f"no answer ({type(error).__name__})", f"can this machine reach {urlsplit(url).netloc}?"
        )
    if not said.get("ok"):
        why = str(said.get("error") or said.get("description") or "refused")
        return Line(check, FAIL, f"refused: {why}", "take the token anew from the platform")
    result = said.get("result", said)
    return Line(check, OK, f"known as {result[named]}" if named in result else "accepted")
