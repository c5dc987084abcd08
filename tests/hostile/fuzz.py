"""Coverage-guided fuzzing, in a process of its own: `python -m tests.hostile.fuzz TARGET SECONDS [CORPUS]`.

Needs atheris, which no part of Parley does. Exits 0 when the time is over and nothing was found; otherwise libFuzzer
prints the input and the traceback.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import atheris

with atheris.instrument_imports(
    include=["bot.kit.clean", "bot.engine.handles", "bot.platforms", "bot.kit.forms", "scheduling.calendar"]
):
    from bot.engine import handles
    from bot.kit import clean as cleaner
    from bot.kit.screen import HANDLE_BYTES, Button
    from bot.kit.text import Raw
    from bot.platforms.slack.wire import BODY_LIMIT, WINDOW, SlackWire
    from bot.platforms.telegram.wire import TelegramWire
    from scheduling.calendar.build import Fragments, Head, feed
    from scheduling.calendar.check import Findings, quick
    from scheduling.calendar.component import Wording
    from scheduling.calendar.entry import Entry

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import db.tables  # noqa: F401  imported for its effect: every table is known to the metadata
from db.base import Base
from scheduling.clock import ManualClock

from .town import NOON

SECRET = "s" * 40


class Nobody:
    """A host whose turns would be noticed: what is not verified must not reach it."""

    clock = ManualClock(NOON)
    catalogues = None

    class engine:  # noqa: N801  an attribute of the host, as the wires know it
        public_url = "https://parley.example"

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.edge = self

    def add(self, door: Any) -> None: ...

    async def stored(self, file_id: int) -> bytes | None:
        return None

    async def keep(self, platform: str, key: str, payload: Any, *, account: str, later: bool = True) -> int | None:
        self.kept.append(payload)
        return 1


def cleaner_target() -> Callable[[bytes], None]:
    def target(data: bytes) -> None:
        text = atheris.FuzzedDataProvider(data).ConsumeUnicode(sys.maxsize)
        once = cleaner.clean(text)
        assert cleaner.clean(once) == once
        assert cleaner.clean_line(once) == cleaner.clean_line(text)
        assert not cleaner.has_surplus_marks(once)
        once.encode()
        name = cleaner.clean_name(text)
        assert name and cleaner.clean_name(name) == name and "/" not in name and "\\" not in name
        assert cleaner.is_blank(once) or not cleaner.is_blank(text)
        number = cleaner.read_number(text)
        assert number is None or abs(number) < 10**18
        assert "".join("".join(cleaner.split(once, 16)).split()) == "".join(once.split())
        assert cleaner.utf16_len(cleaner.shorten(once, 9, unit="utf16")) <= 9

    return target


def handles_target() -> Callable[[bytes], None]:
    database = create_engine("sqlite://")
    Base.metadata.create_all(database)
    session = Session(database)
    known: dict[str, str] = {}

    def target(data: bytes) -> None:
        given = atheris.FuzzedDataProvider(data)
        text = given.ConsumeUnicode(80)
        assert handles.find(session, text, person_id=1, at=NOON) is None or text in known
        try:
            Button(Raw("x"), "a.b", handle=text)
        except UnicodeEncodeError:
            assert any("\ud800" <= sign <= "\udfff" for sign in text)
        except ValueError:
            assert len(text.encode(errors="surrogatepass")) > HANDLE_BYTES
        args = {text: given.ConsumeInt(8), "words": given.ConsumeUnicode(20)}
        button = Button(Raw("x"), "a.b", args)
        made: Button = handles.bind(session, button, person_id=1, at=NOON, may=lambda _button: True)
        again: Button = handles.bind(session, button, person_id=1, at=NOON, may=lambda _button: True)
        token = str(made.handle)
        assert made.handle == again.handle and len(token.encode()) <= HANDLE_BYTES
        held = handles.find(session, token, person_id=1, at=NOON)
        assert held is not None and handles.find(session, token, person_id=2, at=NOON) is None
        known[token] = ""
        if len(known) > 500:
            session.rollback()
            known.clear()

    return target


def edge_target() -> Callable[[bytes], None]:
    host = Nobody()
    slack = SlackWire(host, bot_token="xoxb-1", signing_secret=SECRET, api_url="http://127.0.0.1:9/")  # type: ignore[arg-type]
    telegram = TelegramWire(
        host,  # type: ignore[arg-type]
        token="1:x",
        api_url="http://127.0.0.1:9/",
        public_url="https://parley.example",
        webhook_secret=SECRET,
    )
    now = int(NOON.timestamp())

    def target(data: bytes) -> None:
        given = atheris.FuzzedDataProvider(data)
        at = given.PickValueInList([str(now), str(now - WINDOW), given.ConsumeUnicode(16)])
        signed = given.ConsumeBool()
        signature = given.ConsumeUnicode(80)
        secret = given.PickValueInList([SECRET[:-1], SECRET + "x", given.ConsumeUnicode(60)])
        body = given.ConsumeBytes(given.remaining_bytes())
        if signed and at.isascii():
            made = hmac.new(SECRET.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
            signature = f"v0={made}"
        headers: Mapping[str, str] = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": signature}
        is_ours = signed and at in (str(now), str(now - WINDOW))
        status = asyncio.run(slack.handle_http(body, headers))[0]
        assert status == ((413 if len(body) > BODY_LIMIT else 503) if is_ours else 401), (status, at, signature)
        assert asyncio.run(telegram.handle_http(body, {"x-telegram-bot-api-secret-token": secret}))[0] == 403
        assert host.kept == [], "nothing that was not verified goes further"
        # With the secret anything at all is kept or refused; nothing is an error of ours.
        status = asyncio.run(telegram.handle_http(body, {"x-telegram-bot-api-secret-token": SECRET}))[0]
        assert status in (200, 413), status
        host.kept.clear()

    return target


def calendar_target() -> Callable[[bytes], None]:
    def target(data: bytes) -> None:
        given = atheris.FuzzedDataProvider(data)
        title, text, place, link = (given.ConsumeUnicode(60) for _ in range(4))
        said = {"title": title, "description": text, "location": place, "link": link}
        entry = Entry(
            uid="1@parley", revision=1, sequence=0, changed_at=NOON, starts=NOON, ends=NOON + timedelta(hours=1), **said
        )
        made = feed(Head(given.ConsumeUnicode(20)), [entry], Wording(), Fragments(), at=NOON)
        assert quick(made.data, found := Findings()) is not None and not found.failed()
        assert made.data.count(b"\r\nBEGIN:VEVENT\r\n") + len(made.left_out) == 1

    return target


TARGETS = {"calendar": calendar_target, "cleaner": cleaner_target, "handles": handles_target, "edge": edge_target}


def main() -> None:
    name, seconds, *corpus = sys.argv[1:]
    options = f"-max_total_time={seconds}", "-max_len=4096", "-verbosity=1"
    atheris.Setup([sys.argv[0], *options, *corpus], TARGETS[name]())
    atheris.Fuzz()


if __name__ == "__main__":
    main()
