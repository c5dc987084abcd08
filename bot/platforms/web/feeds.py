"""Calendars over HTTP: what programs that come every few minutes for years need, and nothing that tells strangers more.

Answered below Starlette's requests and responses, which would take longer than the answer itself.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, Protocol

import structlog
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

log = structlog.get_logger()

Headers = list[tuple[bytes, bytes]]

WAYS, FOLDER, ENDING = ("GET", "HEAD"), "/calendar/", ".ics"
TAGS = re.compile(rb'(?:W/)?("[^"]*")')
ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex"),
]
CALENDAR = (b"content-type", b"text/calendar; charset=utf-8")
VARY = (b"vary", b"Accept-Encoding")
PRIVATE, PUBLIC = (b"cache-control", b"private, max-age=300"), (b"cache-control", b"public, max-age=300")
NOTHING = b"There is no calendar here.\n"
# The first that is found in what a program calls itself; what is not said is not kept.
PROGRAMS = {
    "google": ("google-calendar",),
    "outlook": ("microsoft", "outlook", "exchange"),
    "apple": ("dataaccessd", "calendaragent", "macos", "ios/", "mac os x/"),
    "thunderbird": ("thunderbird", "lightning"),
    "icsx5": ("icsx5", "davx5"),
    "vdirsyncer": ("vdirsyncer",),
}
# They look at links that people send one another, or at ours for us: nobody's calendar.
PASSERS_BY = ("bot", "crawler", "preview", "facebookexternalhit", "whatsapp", "parley")


class Calendar(Protocol):
    """A calendar's bytes, whole and packed, each with its validator."""

    @property
    def data(self) -> bytes: ...
    @property
    def packed(self) -> bytes: ...
    @property
    def etag(self) -> str: ...
    @property
    def packed_etag(self) -> str: ...
    @property
    def is_public(self) -> bool: ...


class Source(Protocol):
    """Where calendars come from: see `bot.feeds.Feeds`."""

    async def secret(self, secret: str) -> Any: ...
    async def public(self, code: str, scope: str, about: str, language: str) -> Any: ...
    def note_fetch(self, served: Any, program: str) -> Callable[[], None] | None: ...


class FeedRoutes:
    """`/calendar/SECRET.ics`, and the public ones by their names. `off_loop` runs a small write in a turn's thread."""

    def __init__(self, source: Source, off_loop: Callable[..., Awaitable[Any]]) -> None:
        self._source = source
        self._off_loop = off_loop

    def routes(self) -> list[Route]:
        return [
            Route("/calendar/{secret}.ics", _Endpoint(self._secret), methods=WAYS),
            Route("/calendar/{code}/{scope}/{language}.ics", _Endpoint(self._public), methods=WAYS),
            Route("/calendar/{code}/{scope}/{about}/{language}.ics", _Endpoint(self._public), methods=WAYS),
        ]

    async def of_secret(self, secret: str, scope: Scope, send: Send) -> None:
        await self._answer(await self._source.secret(secret), scope, send)

    async def _secret(self, scope: Scope, send: Send) -> None:
        await self.of_secret(scope["path_params"]["secret"], scope, send)

    async def _public(self, scope: Scope, send: Send) -> None:
        """By its scope and which of them it is; a scope that has only one, by the scope alone."""
        await self._answer(await self._source.public(**{"about": "", **scope["path_params"]}), scope, send)

    async def _answer(self, found: Calendar | None, scope: Scope, send: Send) -> None:
        if found is None:
            await _say(send, 404, [(b"content-type", b"text/plain; charset=utf-8")], NOTHING, scope)
            return
        known, accepted, program = b"", b"", b""
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                known = known + b", " + value if known else value
            elif name == b"accept-encoding":
                accepted = accepted + b", " + value if accepted else value
            elif name == b"user-agent":
                program = value
        is_packed = takes_gzip(accepted)
        etag = (found.packed_etag if is_packed else found.etag).encode()
        headers = [(b"etag", etag), PUBLIC if found.is_public else PRIVATE, VARY]
        # Both are the same calendar: a proxy may have packed or unpacked it since.
        if known and is_known(known, found.etag.encode(), found.packed_etag.encode()):
            await _say(send, 304, headers, None, scope)
        else:
            if is_packed:
                headers.append((b"content-encoding", b"gzip"))
            await _say(send, 200, [CALENDAR, *headers], found.packed if is_packed else found.data, scope)
        await self._note(found, scope, program)

    async def _note(self, found: Calendar, scope: Scope, program: bytes) -> None:
        """Record, where it is due, that a program has come: after it has had its answer."""
        name = program_of(program)
        write = self._source.note_fetch(found, name) if name is not None and scope["method"] == "GET" else None
        if write is None:
            return
        try:
            await self._off_loop(write)
        except Exception as error:  # noqa: BLE001  it has its calendar, whatever becomes of our note
            log.warning("a fetch is not noted", error=type(error).__name__)


class Shortcut:
    """Middleware: who comes with a secret is answered before anything else looks at the request.

    Programs come for calendars far more often than anybody comes for anything, and nearly always for a 304.
    """

    def __init__(self, app: ASGIApp, feeds: FeedRoutes) -> None:
        self._app = app
        self._feeds = feeds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in WAYS:
            path: str = scope["path"]
            secret = path[len(FOLDER) : -len(ENDING)]
            if path.startswith(FOLDER) and path.endswith(ENDING) and secret and "/" not in secret:
                await self._feeds.of_secret(secret, scope, send)
                return
        await self._app(scope, receive, send)


class _Endpoint:
    """An ASGI application of its own, so that Starlette builds neither request nor response."""

    def __init__(self, answer: Callable[[Scope, Send], Awaitable[None]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        await self._answer(scope, send)


async def _say(send: Send, status: int, headers: Headers, body: bytes | None, scope: Scope) -> None:
    """One response; of HEAD everything but the body. A 304 has none, and says nothing of one but its validator."""
    if body is not None:
        headers = [*headers, (b"content-length", str(len(body)).encode()), *ALWAYS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    shown = b"" if body is None or scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": shown})


def is_known(said: bytes, *etags: bytes) -> bool:
    """Whether If-None-Match names one of `etags`: alone, in a list, as a weak one, or as *."""
    if said in etags or said.strip() == b"*":
        return True
    return any(each in etags for each in TAGS.findall(said))


@lru_cache(maxsize=256)
def takes_gzip(accepted: bytes) -> bool:
    """Whether Accept-Encoding takes gzip, by its name or by *, and not at the quality 0."""
    said: dict[bytes, bool] = {}
    for part in accepted.lower().split(b","):
        name, _semicolon, more = part.partition(b";")
        quality = more.strip().removeprefix(b"q=").strip()
        said[name.strip()] = not (more.strip().startswith(b"q=") and not quality.strip(b"0."))
    return said.get(b"gzip", said.get(b"x-gzip", said.get(b"*", False)))


@lru_cache(maxsize=256)
def program_of(called: bytes) -> str | None:
    """Which program it is, coarsely; None for what looks at links and is nobody's calendar."""
    words = called.decode("latin-1").lower()
    if any(each in words for each in PASSERS_BY):
        return None
    return next((name for name, marks in PROGRAMS.items() if any(each in words for each in marks)), "other")
