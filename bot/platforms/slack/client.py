"""Slack's own client, making one call at a time. Never trying again by itself: only the outbox decides that.

Left alone, the library sends once more after a reset, and one call makes two posts.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.kit.door import Paused, Permanent, SendError, Transient, Unknown
from scheduling.clock import Clock, Skew
from scheduling.pauses import EVERY, Pauses

from .errors import METHOD, WORKSPACE, AppRefused, no_answer, refusal

log = structlog.get_logger()

CALL = aiohttp.ClientTimeout(total=10, connect=5)
FILE = aiohttp.ClientTimeout(total=120, connect=5)
IDLE = 5.0  # seconds a connection waits for its next call: shorter than Slack does, or a call would meet a closed one
CHUNK = 64 * 1024
PLAIN, HOST = re.compile(r"[!-\[\]-~]+"), re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")  # no \ and nothing unseen
# Older methods read forms only.
FORMS = frozenset(
    {"conversations.info", "conversations.list", "files.getUploadURLExternal", "files.info", "users.info"}
)
# The request did not leave.
NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)

Json = dict[str, Any]


class Client:
    """Calls of the Web API at `api_url`, and the files beside it, each answered or raised as a `SendError`."""

    def __init__(self, token: str, api_url: str, clock: Clock) -> None:
        self._token = token
        self._api = urlsplit(api_url)
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._is_closing = False
        self._under_way = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._pauses = Pauses()
        self.skew = Skew()
        self.refused: str | None = None  # Slack's word for what is wrong with the app itself
        self.web = AsyncWebClient(token, base_url=api_url, timeout=10, retry_handlers=[])

    async def open(self) -> None:
        self._is_closing = False
        if self._session is None:
            connector = aiohttp.TCPConnector(keepalive_timeout=IDLE)
            watch = aiohttp.TraceConfig()
            watch.on_request_end.append(self._note_date)
            self.web.session = self._session = aiohttp.ClientSession(
                connector=connector, timeout=CALL, trace_configs=[watch]
            )

    async def close(self) -> None:
        """Begin no more calls, and let those under way come to an end: cut off, their outcome would be unknown."""
        self._is_closing = True
        with suppress(TimeoutError):
            async with asyncio.timeout(CALL.total):
                await self._is_idle.wait()
        if self._session is not None:
            await self._session.close()
            self.web.session = self._session = None

    async def _note_date(self, _session: Any, _context: Any, ended: aiohttp.TraceRequestEndParams) -> None:
        self.skew.note(ended.response.headers.get("Date"), self._clock.now())

    async def perform(self, method: str, arguments: Json) -> Json:
        """One call, and its answer's body. The method `response_url` posts to the address in `url`.

        A call that Slack has told to wait is not made before its time.
        """
        # Slack counts by method, messages by channel too.
        bucket = (method, str(arguments.get("channel", EVERY)) if method == "chat.postMessage" else EVERY)
        now = self._clock.now()
        if (until := self._pauses.until(*bucket, now)) is not None:
            raise Paused(until - now, until)
        try:
            answer = await self._made(method, arguments)
        except Paused as error:
            if isinstance(error, AppRefused):
                bucket = (EVERY, EVERY)
            now = self._clock.now()
            error.until = self._pauses.pause(*bucket, now, error.pause)
            if bucket != (EVERY, EVERY):  # our own set-up is mended here, not waited for elsewhere
                error.told = self._pauses.widest(*bucket, now)
            raise
        self.refused = None
        return answer

    async def _made(self, method: str, arguments: Json) -> Json:
        if self._is_closing:
            raise Transient("the line is closing")
        self._under_way += 1
        self._is_idle.clear()
        try:
            return await self._answered(method, arguments)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._is_idle.set()

    async def _answered(self, method: str, arguments: Json) -> Json:
        session = self._opened()
        try:
            if method == "response_url":
                return await self._answer_at(session, arguments)
            sent: Json = {"data": arguments} if method in FORMS else {"json": arguments}
            answer = await self.web.api_call(method, **sent)
        except SlackApiError as error:
            raise self._refused(method, error) from None
        except NOT_SENT as error:
            raise Transient(type(error).__name__) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise no_answer(method, type(error).__name__) from None
        return dict(answer.data) if isinstance(answer.data, dict) else {}

    def _refused(self, method: str, error: SlackApiError) -> SendError:
        answer: Any = error.response
        if isinstance(answer, aiohttp.ClientResponse):  # what came was no JSON, though it said so
            if answer.status == HTTPStatus.OK:
                return no_answer(method, "unreadable answer")
            return refusal(answer.status, None, answer.headers.get("Retry-After"), self._clock.now())
        named = answer.data.get("error") if isinstance(answer.data, dict) else None
        if named in WORKSPACE:
            self.refused = named
        if named in WORKSPACE | METHOD:
            log.error("slack refuses the app", method=method, error=named)
        wait: Mapping[str, str] = {key.lower(): value for key, value in answer.headers.items()}
        needed = str(answer.data.get("needed") or "") if isinstance(answer.data, dict) else ""
        return refusal(answer.status_code, named, wait.get("retry-after"), self._clock.now(), needed=needed)

    async def _answer_at(self, session: aiohttp.ClientSession, arguments: Json) -> Json:
        url = arguments["url"]
        self._check(url)
        said = {key: value for key, value in arguments.items() if key != "url"}
        async with session.post(url, json=said, allow_redirects=False) as answer:
            if answer.status != HTTPStatus.OK:
                raise refusal(
                    answer.status, f"http_{answer.status}", answer.headers.get("Retry-After"), self._clock.now()
                )
        return {}

    # Files

    async def download(self, url: str, limit: int) -> bytes:
        """The bytes of a file, at most `limit`."""
        self._check(url)
        headers = {"Authorization": f"Bearer {self._token}"}
        data = bytearray()
        try:
            async with self._opened().get(url, headers=headers, allow_redirects=False, timeout=FILE) as answer:
                if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
                    raise Permanent("not_found")
                if answer.status != HTTPStatus.OK:
                    raise refusal(answer.status, None, answer.headers.get("Retry-After"), self._clock.now())
                if answer.content_type == "text/html" and not urlsplit(url).path.endswith((".html", ".htm")):
                    raise Permanent("refused", "the sign-in page: the scope files:read is missing")
                async for chunk in answer.content.iter_chunked(CHUNK):
                    data += chunk
                    if len(data) > limit:
                        raise Permanent("too_large")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Transient(type(error).__name__) from None
        return bytes(data)

    async def upload(self, url: str, data: bytes) -> None:
        """Take a file where Slack asked for it."""
        self._check(url)
        try:
            async with self._opened().post(url, data=data, allow_redirects=False, timeout=FILE) as answer:
                if answer.status != HTTPStatus.OK:
                    raise refusal(answer.status, f"http_{answer.status}", None, self._clock.now())
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unknown(type(error).__name__) from None

    def _check(self, url: str) -> None:
        """The token and people's words go to Slack's own machines, whatever address a payload names."""
        if not self._is_slacks(url):
            raise Permanent("refused", "not an address of Slack's")

    def _is_slacks(self, url: str) -> bool:
        """One host and perhaps a port, spelt so that nobody can read another one in it."""
        try:
            address = urlsplit(url)
            _port = address.port  # one that is none shows only when it is asked for
        except ValueError:
            return False
        host, ours = address.hostname or "", self._api.hostname or ""
        is_plain = PLAIN.fullmatch(url) is not None and HOST.fullmatch(address.netloc) is not None
        return is_plain and address.scheme == self._api.scheme and (host == ours or host.endswith(f".{ours}"))

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise Transient("not connected yet")
        return self._session
