"""Both platforms reduced to a socket: every call is taken at once, and an update is only bytes with a signature.

The fakes of `tests/fakes` check what they are told, which costs more than what is measured here.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp
from aiohttp import web

from scheduling.clock import SystemClock

from .child import SECRET
from .town import TEAM, slack_id, telegram_id

WEBHOOK_SECRET = "s" * 40
POSTS = frozenset({"chat.postMessage", "chat.update", "sendMessage", "editMessageText"})

Update = tuple[str, bytes, dict[str, str]]  # path, body, headers


class Platform:
    """`api` is its address; `posted` counts messages taken, `on_post` hears of each with the address it was for.

    While `answers` is not set, messages wait for their answer; `waiting` counts them.
    """

    def __init__(self) -> None:
        self.api = ""
        self.posted = self.waiting = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.on_post: Callable[[str], None] = lambda _: None
        self._stamps = itertools.count(1)

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[Self]:
        platform = cls()
        app = web.Application()
        app.router.add_post("/api/{method}", platform._slack)
        app.router.add_post("/bot{token}/{method}", platform._telegram)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        platform.api = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield platform
        finally:
            await runner.cleanup()

    async def _slack(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if method == "auth.test":
            ours = {"ok": True, "team_id": TEAM, "bot_id": "B1", "user_id": "UBOT", "team": "t", "user": "parley"}
            return web.json_response(ours)
        if method == "users.info":
            user = (await request.post())["user"]
            known = {
                "id": user,
                "team_id": TEAM,
                "locale": "en-GB",
                "tz": "Africa/Tunis",
                "profile": {"real_name": user},
            }
            return web.json_response({"ok": True, "user": known})
        if method in POSTS:
            said = await request.json() if request.content_type == "application/json" else await request.post()
            await self._note(str(said["channel"]).removeprefix("D"))  # a person, or the channel with them
        return web.json_response({"ok": True, "channel": "D1", "ts": f"1.{next(self._stamps):06d}"})

    async def _telegram(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        given: Any = await request.json() if request.content_type == "application/json" else dict(await request.post())
        result: Any = True
        if method == "getMe":
            result = {"id": 123456789, "is_bot": True, "first_name": "Parley", "username": "parley_bot"}
        elif method in POSTS:
            await self._note(str(given["chat_id"]))
            chat = {"id": int(given["chat_id"]), "type": "private", "first_name": "P"}
            result = {"message_id": next(self._stamps), "date": _now(), "chat": chat, "text": "x"}
        return web.json_response({"ok": True, "result": result})

    async def take(self, session: aiohttp.ClientSession, bot: str, update: Update) -> int:
        """Send a bot what somebody did; the status it answers with."""
        path, body, headers = update
        async with session.post(bot + path, data=body, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def _note(self, address: str) -> None:
        self.waiting += 1
        await self.answers.wait()
        self.waiting -= 1
        self.posted += 1
        self.on_post(address)


class Updates:
    """What people say, as requests to a bot."""

    def __init__(self, *, first: int = 1) -> None:
        self._numbers = itertools.count(first)

    def slack(self, person: int, words: str) -> Update:
        number, user = next(self._numbers), slack_id(person)
        said = {"type": "message", "channel": f"D{user}", "channel_type": "im", "user": user, "text": words}
        inner = said | {"ts": f"1764000000.{number:06d}", "event_ts": f"1764000000.{number:06d}", "team": TEAM}
        wrapped = {"type": "event_callback", "team_id": TEAM, "api_app_id": "A1", "event": inner}
        body = json.dumps(wrapped | {"event_id": f"Ev{number}", "event_time": _now()}).encode()
        at = str(_now())
        digest = hmac.new(SECRET.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
        signed = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={digest}"}
        return "/slack/events", body, signed | {"Content-Type": "application/json"}

    def telegram(self, person: int, words: str) -> Update:
        number, who = next(self._numbers), telegram_id(person)
        sender = {"id": who, "is_bot": False, "first_name": "P", "language_code": "en"}
        chat = {"id": who, "type": "private", "first_name": "P"}
        message = {"message_id": number, "date": _now(), "chat": chat, "from": sender, "text": words}
        if words.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(words)}]
        body = json.dumps({"update_id": number, "message": message}).encode()
        secret = {"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET}
        return "/telegram", body, secret | {"Content-Type": "application/json"}


async def until(look: Callable[[], bool], within: float = 30.0) -> None:
    """Wait for something, and look often: nothing here is what is measured."""
    async with asyncio.timeout(within):
        while not look():  # noqa: ASYNC110  it waits for another process
            await asyncio.sleep(0.002)


def _now() -> int:
    return int(SystemClock().now().timestamp())
