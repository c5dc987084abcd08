"""One Bot API call at a time through python-telegram-bot's client. The only importer of the library.

The library's error types overlap (a BadRequest is a NetworkError, a 429 without a wait is one too), and its messages
may hold the address that was called, token included. What leaves here is a `SendError` with neither.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import structlog
from telegram import Bot, InputFile
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)
from telegram.request import BaseRequest, RequestData

from bot.kit.door import Paused, Permanent, SendError, Transient, Unknown
from scheduling.clock import Clock, Skew
from scheduling.pauses import EVERY, Pauses

from .door import CANNOT_PARSE, NOT_EDITABLE, NOT_MODIFIED, Moved, Upload

log = structlog.get_logger()
T = TypeVar("T")

CONNECT_SECONDS, ANSWER_SECONDS, FILE_SECONDS = 5.0, 10.0, 60.0
IDLE_SECONDS = (
    5.0  # a connection waits for its next call: shorter than Telegram does, or a call would meet a closed one
)
DEFAULT_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=5)
TOKEN_WAIT = timedelta(seconds=60)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Never sent, so safe to send again. Everything else that breaks a connection leaves us in doubt.
NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)

# The server's own words, the first that occur, and what they mean.
FORBIDDEN = (
    ("blocked by the user", "blocked"),
    ("user is deactivated", "deactivated"),
    ("can't initiate conversation", "never_started"),
    ("kicked", "left"),
    ("not a member", "left"),
)
REFUSED = (
    ("message is not modified", NOT_MODIFIED),
    ("message can't be edited", NOT_EDITABLE),
    ("message to edit not found", NOT_EDITABLE),
    ("no text in the message to edit", NOT_EDITABLE),
    ("message_id_invalid", NOT_EDITABLE),
    ("can't parse entities", CANNOT_PARSE),
    ("chat not found", "not_found"),
    ("peer_id_invalid", "not_found"),
    ("user not found", "not_found"),
    ("file is too big", "too_large"),
    ("query is too old", "too_late"),
    ("topic_not_modified", NOT_MODIFIED),
    ("chat_not_modified", NOT_MODIFIED),
    ("topic_closed", "topic_closed"),
    ("topic_deleted", "topic_gone"),
    ("topic_id_invalid", "topic_gone"),
    ("message thread not found", "topic_gone"),
    ("not a forum", "no_topics"),
    ("not enough rights", "no_rights"),
    ("chat_admin_required", "no_rights"),
    ("message to pin not found", "message_gone"),
    ("participant_id_invalid", "not_found"),
    ("member not found", "not_found"),
)
PASSES = ("temporarily unavailable", "internal server error")


GET_KNOWN, DOWNLOAD = "getMe", "download"


class WrongToken(Paused):
    """Telegram does not know the bot's token: somebody has to look."""

    def __init__(self) -> None:
        super().__init__(TOKEN_WAIT)


class Conflicting(Transient):
    """Somebody else fetches this bot's updates, or a webhook is set."""


class _Wait(TelegramError):
    def __init__(self, pause: timedelta) -> None:
        super().__init__("told to wait")
        self.pause = pause


class _InTrouble(TelegramError):
    pass


class _TooLarge(TelegramError):
    pass


class _NotThere(TelegramError):
    pass


class _Http(BaseRequest):
    """The library's transport over aiohttp, which tells apart by status what the library tells by prose.

    Its own, over httpx, takes ten times the CPU of a call, and more with many under way.
    """

    def __init__(self, note_date: Callable[[str | None], None]) -> None:
        self._note_date = note_date
        self._session: aiohttp.ClientSession | None = None
        self._proxies: dict[str, str | None] = {}

    @property
    def read_timeout(self) -> float:
        return ANSWER_SECONDS

    async def initialize(self) -> None:
        await self._opened()

    async def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(keepalive_timeout=IDLE_SECONDS)
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session

    def _proxy(self, url: str) -> str | None:
        """The proxy that the machine is set up with. aiohttp would look for a netrc file at every call."""
        server = urlsplit(url)
        if server.netloc not in self._proxies:
            bypassed = proxy_bypass(server.netloc)
            self._proxies[server.netloc] = None if bypassed else getproxies().get(server.scheme)
        return self._proxies[server.netloc]

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        *_given: Any,
        **_named: Any,
    ) -> tuple[int, bytes]:
        session = await self._opened()
        seconds = read_timeout if isinstance(read_timeout, int | float) else ANSWER_SECONDS
        # As long for the whole of it as for its first byte: a drip must not hold a message for ever.
        patience = aiohttp.ClientTimeout(
            total=CONNECT_SECONDS + 2 * seconds, sock_connect=CONNECT_SECONDS, sock_read=seconds
        )
        body, headers = _body(request_data) if request_data is not None else (None, None)
        async with session.request(
            method, url, data=body, headers=headers, timeout=patience, proxy=self._proxy(url), allow_redirects=False
        ) as answer:
            self._note_date(answer.headers.get("Date"))
            status, told = answer.status, await answer.read()
        if status == 429:
            raise _Wait(_wait(told))
        if status == 413:
            raise _TooLarge("too large")
        if status == 404:
            raise _NotThere("not found")
        if status >= 500:
            raise _InTrouble(f"status {status}")
        return status, told


class _Bot(Bot):
    """The library's bot, whose calls take and return plain JSON."""

    async def call(self, method: str, parameters: dict[str, Any], seconds: float) -> Any:
        return await self._post(method, parameters, read_timeout=seconds)

    async def download(self, path: str) -> bytes:
        return await self.request.retrieve(f"{self.base_file_url}/{path}", read_timeout=FILE_SECONDS)

    async def open(self) -> None:
        for request in self._request:
            await request.initialize()

    async def close_connections(self) -> None:
        for request in self._request:
            await request.shutdown()


class Client:
    """Calls to one bot. `api_url` is the server's address, without `/bot`."""

    def __init__(self, token: str, api_url: str, clock: Clock) -> None:
        logging.getLogger("telegram").setLevel(logging.CRITICAL)  # it logs bodies that it could not parse
        self._clock = clock
        self._pauses = Pauses()
        self.skew = Skew()
        server = api_url.rstrip("/")
        self._bot = _Bot(
            token,
            base_url=f"{server}/bot",
            base_file_url=f"{server}/file/bot",
            request=_Http(self._note_date),
            get_updates_request=_Http(self._note_date),
        )
        self._calls: set[asyncio.Task[Any]] = set()
        self._is_closing = False

    def _note_date(self, date: str | None) -> None:
        self.skew.note(date, self._clock.now())

    async def open(self) -> None:
        self._is_closing = False
        await self._bot.open()

    async def close(self) -> None:
        """Begin no more calls, and let those under way come to an end: cut off, their outcome would be unknown."""
        self._is_closing = True
        if self._calls:
            await asyncio.wait(self._calls, timeout=ANSWER_SECONDS)
        await self._bot.close_connections()

    async def perform(self, method: str, parameters: dict[str, Any], *, seconds: float | None = None) -> Any:
        """One call, its `result` as JSON. `seconds` is how long the answer may take. Raises a `SendError`.

        A call that Telegram has told to wait is not made before its time.
        """
        bucket = (method, str(parameters.get("chat_id", EVERY)))
        now = self._clock.now()
        if (until := self._pauses.until(*bucket, now)) is not None:
            raise Paused(until - now, until)
        has_file = any(isinstance(value, Upload) for value in parameters.values())
        given = {key: _input_file(value) if isinstance(value, Upload) else value for key, value in parameters.items()}
        patience = seconds or (FILE_SECONDS if has_file else ANSWER_SECONDS)
        try:
            return await self._made(self._bot.call(method, given, patience), method)
        except Paused as error:
            if isinstance(error, WrongToken):
                bucket = (EVERY, EVERY)
            now = self._clock.now()
            error.until = self._pauses.pause(*bucket, now, error.pause)
            if bucket != (EVERY, EVERY):  # our own set-up is mended here, not waited for elsewhere
                error.told = self._pauses.widest(*bucket, now)
            raise

    async def download(self, path: str) -> bytes:
        """The bytes of a file that `getFile` named. Raises a `SendError`."""
        return await self._made(self._bot.download(path), DOWNLOAD)

    async def _made(self, call: Coroutine[Any, Any, T], method: str) -> T:
        if self._is_closing:
            call.close()
            raise Transient("the line is closing")
        task = asyncio.create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        try:
            return await task
        except Exception as error:  # noqa: BLE001  the library raises whatever it raises; all of it has a class of ours
            failed = classified(error, method)
        raise failed  # outside the handler, so that the library's words do not travel along


def classified(error: Exception, method: str) -> SendError:
    """What became of a call that raised: told by the exact type, because the library's types overlap."""
    kind = type(error)
    if isinstance(error, _Wait):
        return Paused(error.pause)
    if isinstance(error, ChatMigrated):
        return Moved(error.new_chat_id)
    if kind is _InTrouble or kind is KeyError:  # KeyError: the library's own, for a 200 that says it is not ok
        return Transient("Telegram is in trouble")
    if kind is _TooLarge:
        return Permanent("too_large")
    if kind is _NotThere and method != GET_KNOWN:  # a token that is none is told when the bot introduces itself
        return Permanent("not_found" if method == DOWNLOAD else "refused", "the server does not know this")
    if kind is InvalidToken or kind is _NotThere:
        log.error("telegram refuses the bot's token", method=method)
        return WrongToken()
    if kind is Conflict:
        return Conflicting("somebody else fetches the updates")
    if kind is Forbidden:
        return Permanent(_meaning(str(error), FORBIDDEN, "forbidden"))
    if kind is BadRequest:
        return _refusal(str(error), method)
    if kind is NetworkError or kind is TimedOut:
        cause = error.__cause__
        if cause is None:  # an answer, but none of Telegram's: a proxy's, by its status
            return Transient("a strange answer")
        if isinstance(cause, NOT_SENT):
            return Transient(type(cause).__name__)
        return Unknown(type(cause).__name__)
    return Unknown(kind.__name__)


def _refusal(words: str, method: str) -> SendError:
    if any(each in words.lower() for each in PASSES):
        return Transient("not available now")
    reason = _meaning(words, REFUSED, "refused")
    if reason == "refused":
        log.warning("telegram refused a call", method=method, words=re.sub(r"'[^']*'", "'…'", words)[:200])
    # Words are kept only where the door has to tell which tag was not understood.
    return Permanent(reason, words[:200] if reason == CANNOT_PARSE else "")


def _meaning(words: str, meanings: tuple[tuple[str, str], ...], otherwise: str) -> str:
    return next((reason for part, reason in meanings if part in words.lower()), otherwise)


def _wait(body: bytes) -> timedelta:
    """How long a 429 asks to wait; a few seconds where it says nothing sensible."""
    try:
        seconds = json.loads(body)["parameters"]["retry_after"]
        asked = timedelta(seconds=seconds)
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        return DEFAULT_WAIT
    return min(asked, LONGEST_WAIT) if asked > timedelta() else DEFAULT_WAIT


def _input_file(upload: Upload) -> InputFile:
    # A quotation mark would arrive as %22: a form's header has no other way to hold one.
    return InputFile(upload.data, filename=upload.name.replace('"', "'"), attach=False)


def _body(data: RequestData) -> tuple[bytes | aiohttp.FormData, Mapping[str, str] | None]:
    """What is sent, and under which headers. A form without files is written here: aiohttp would begin each one as if
    it had some, which takes a third of a call."""
    if not data.contains_files:
        return urlencode(data.json_parameters).encode(), FORM
    form = aiohttp.FormData(data.json_parameters, quote_fields=False)
    for name, (filename, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return form, None
