"""Secrets and people's words, searched for wherever they must not be: logs, the database, what is sent."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot import http
from bot.http import application
from tests.fakes import FakeSlack, FakeTelegram
from tests.fakes.faults import Kind
from tests.fakes.smtp import FakeSmtp
from tests.faults.certificates import Authority
from tests.hostile.nasty import TEXTS
from tests.platforms.telegram.running import eventually
from tests.shell import CREATE, Shell, everything, free_port
from tests.world import World

WORDS = "canary-of-a-message"
MAIL_PASSWORD = "canary-of-a-mail-password"
HOOK = "canary-of-the-secret-that-a-webhook-comes-with"
KINDS: tuple[Kind, ...] = ("500", "reset-after")


def everything_in(folder: Path) -> bytes:
    """Every byte of the database, its log included."""
    return b"".join(path.read_bytes() for path in folder.glob("parley.db*"))


@pytest.fixture
def tls() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


async def odd_requests(client: httpx.AsyncClient, slack: FakeSlack) -> str:
    """What comes with the right secret and can be read by nobody, or with half of it; all that is answered."""
    answers = []
    for body in (b"{", b"payload=%7B", b'{"type": "event_callback"}', b"\xff\x00"):
        signed = slack.doors.signed(body)
        for signature in (signed["X-Slack-Signature"], slack.signing_secret):
            answers.append(
                await client.post(
                    "/slack/events", content=body, headers={**signed, "X-Slack-Signature": signature}, timeout=30
                )
            )
        for secret in (HOOK, HOOK[:-1], f"{HOOK}x"):
            header = {"X-Telegram-Bot-Api-Secret-Token": secret}
            answers.append(await client.post("/telegram", content=body, headers=header, timeout=30))
    assert {401, 403} <= {each.status_code for each in answers}
    assert not [each for each in answers if each.status_code == 500]
    return "\n".join(f"{each.headers} {each.text}" for each in answers)


@pytest.mark.promise("threat.6", "Through a whole run with faults no token is in logs, the database or what is sent.")
@pytest.mark.parametrize("by", ["sockets", pytest.param("requests", marks=pytest.mark.slow)])
async def test_no_secret_turns_up_anywhere(sqlite_url: str, tmp_path: Path, tls: ExitStack, by: str) -> None:
    shell = Shell(tmp_path, sqlite_url)
    shell(*CREATE)
    log: list[str] = []
    shown = ""
    authority = Authority(tmp_path)
    shown_tls = authority.shown(is_good=True)
    async with FakeSlack.running() as slack, FakeTelegram.running() as telegram:
        smtp = tls.enter_context(FakeSmtp.running(user="parley", password=MAIL_PASSWORD, tls=shown_tls))
        settings = {
            "PARLEY_SMTP_URL": smtp.url,
            "PARLEY_MAIL_FROM": "parley@customs.example",
            "PARLEY_MAIL_LISTEN": f"lmtp://127.0.0.1:{free_port()}",
            "SSL_CERT_FILE": str(authority.file),
            "PARLEY_SLACK_BOT_TOKEN": slack.bot_token,
            "PARLEY_SLACK_API_URL": slack.url,
            "PARLEY_TELEGRAM_TOKEN": telegram.token,
            "PARLEY_TELEGRAM_API_URL": telegram.address,
        }
        port = free_port()
        here = f"http://127.0.0.1:{port}"
        if by == "sockets":
            settings |= {"PARLEY_SLACK_APP_TOKEN": slack.app_token}
        else:
            settings |= {"PARLEY_SLACK_SIGNING_SECRET": slack.signing_secret, "PARLEY_PUBLIC_URL": here}
            settings |= {"PARLEY_TELEGRAM_WEBHOOK_SECRET": HOOK}
            slack.posts_to(f"{here}/slack/events")
        olga, amina = slack.user("Olga"), telegram.user("Amina", language_code="fr")
        async with everything(shell, settings, log=log, port=port) as (_process, client):
            if by == "sockets":
                await slack.connected()
            else:
                await telegram.until(lambda: telegram.calls("setWebhook"))
                shown = await odd_requests(client, slack)
            for kind in KINDS:
                slack.fails("chat.postMessage", kind)
                telegram.fails("sendMessage", kind)
            telegram.fails("getUpdates", "html")
            await slack.dm(olga, WORDS)
            await slack.command(olga, f"/parley {WORDS}")
            await telegram.says(amina, WORDS)
            await telegram.until(lambda: [each for each in telegram.messages(amina) if each.by_bot], within=60)
            await slack.until(lambda: [call for call in slack.calls("chat.postMessage") if call.fault], within=20)
            await eventually(lambda: smtp.logins, within=20)
            shown += (await client.get("/healthz")).text + (await client.get("/nowhere")).text
        # Telegram is told the secret that it is to come with, and that is all it is told in.
        sent = repr([*slack.recorded, *(each for each in telegram.recorded if each.method != "setWebhook")])
    stored = everything_in(tmp_path)
    assert len(stored) > 100_000 and WORDS.encode() in stored and len(log) > 5, "there was something to search"
    for place in (*log, shown):
        assert MAIL_PASSWORD not in place and smtp.url not in place
    assert MAIL_PASSWORD.encode() not in stored
    for name, secret in settings.items():
        if name.endswith(("TOKEN", "SECRET")):
            for canary in {secret, secret.partition(":")[2] or secret}:
                assert canary.encode() not in stored, name
                for place in ("\n".join(log), sent, shown):
                    assert canary not in place, name
    assert WORDS not in "\n".join(log)


LOGGED = """
import json, logging, sys
import structlog
from bot.ops.logs import configure
configure(sys.argv[1], [])
for words in json.loads(sys.argv[2]):
    structlog.get_logger().warning("kept", trace=words, door=words)
    logging.getLogger("library").warning("odd: %s", words)
"""


@pytest.mark.promise("threat.49", "Whatever is logged is one line, and none that somebody else could have written.")
@pytest.mark.parametrize("form", ["json", "console"])
def test_no_words_break_out_of_their_line(form: str) -> None:
    forged = [
        'x\n{"event": "accepted"}',
        "x\r\n\r\nok",
        "x\x1b[2J\x1b]0;title\x07",
        "x\u2028y\u0085z",
        "x\x00\x08\x7f\x9b",
    ]
    words = forged + [each.text for each in TEXTS if len(each.text) < 1000]
    arguments = [sys.executable, "-c", LOGGED, form, json.dumps(words)]
    ran = subprocess.run(arguments, capture_output=True, check=True)
    lines = ran.stderr.decode().splitlines()  # splits at every kind of line end that a viewer might
    assert len(lines) == 2 * len(words)
    assert not [sign for sign in "\n".join(lines) if sign != "\n" and (sign < " " or "\x7f" <= sign < "\xa0")]
    if form == "json":
        assert {json.loads(line)["event"] for line in lines[::2]} == {"kept"}


@pytest.mark.promise("threat.5", "Whoever sends a body too slowly is not waited for.")
async def test_a_slow_body_is_not_waited_for(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BODY_SECONDS", 0.05)
    world = World(sqlite_url)
    taken: list[bytes] = []
    sent: list[Any] = []

    async def take(body: bytes, _headers: Any) -> Any:
        taken.append(body)
        return 200, {}, b""

    pieces = [{"type": "http.request", "body": b"x", "more_body": True}]

    async def receive() -> Any:
        return pieces.pop() if pieces else await asyncio.Event().wait()

    async def send(part: Any) -> None:
        sent.append(part)

    scope = {"type": "http", "method": "POST", "path": "/slack/events", "headers": [], "query_string": b""}
    await application(world.parley, receivers={"/slack/events": take})(scope, receive, send)
    assert sent[0]["status"] == 408 and taken == []
    world.close()
