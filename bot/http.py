"""The HTTP side: health, the platforms' own calls, Parley's page. Assembles routes; decides nothing."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from typing import Any

from sqlalchemy import select
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.core import Parley
from bot.edge import BODY_LIMIT
from bot.platforms.web.feeds import FeedRoutes, Shortcut
from bot.platforms.web.pages import Pages, preferred
from bot.platforms.web.site import SiteRoutes
from db.machinery import Setting
from db.people import Administration

AGAIN = "10"  # seconds after which somebody may come again while nobody is let in
BODY_SECONDS = 5.0  # a platform sends what it has at once; whoever takes longer keeps a connection for nothing

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]
# (status, headers, body) for the raw bytes and headers of one request of a platform
Receiver = Callable[[bytes, Mapping[str, str]], Awaitable[tuple[int, Mapping[str, str], bytes]]]


class Gate:
    """Open, or closed for a while; counts who is inside."""

    def __init__(self) -> None:
        self.is_open = True
        self._inside = 0
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    def open(self) -> None:
        self.is_open = True

    async def close(self, *, within: float) -> None:
        """Let nobody in any more, and wait at most so many seconds for those inside."""
        self.is_open = False
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._is_empty.wait()

    @contextmanager
    def inside(self) -> Iterator[None]:
        self._inside += 1
        self._is_empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._is_empty.set()


class Standing:
    """While the gate is closed, a request is told to come again; a person in words."""

    def __init__(self, app: ASGIApp, gate: Gate, page: Callable[[Request], Response]) -> None:
        self._app, self._gate, self._page = app, gate, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["path"] == "/healthz" and not self._gate.is_open):
            await self._app(scope, receive, send)
        elif self._gate.is_open:
            with self._gate.inside():
                await self._app(scope, receive, send)
        else:
            response = self._page(Request(scope))
            response.headers["Retry-After"] = AGAIN
            await response(scope, receive, send)


def application(
    parley: Parley,
    *,
    receivers: Mapping[str, Receiver] | None = None,
    health: Callable[[], Mapping[str, Any]] | None = None,
    more: Sequence[BaseRoute] = (),
    secure: bool = True,
    instance: str | None = None,
    gate: Gate | None = None,
    lifespan: Lifespan | None = None,
) -> Starlette:
    """The ASGI application. `receivers` maps a path to what takes that platform's requests there.

    `instance` is the same for all processes that are one Parley. Behind a closed `gate` nobody is let in but who asks
    for our health.
    """
    pages = Pages(
        sessions=parley.sessions,
        clock=parley.clock,
        catalogues=parley.catalogues,
        registry=parley.engine.registry,
        turn=parley.edge.direct,
        options=parley.engine.options,
        off_loop=parley.threads.run,
        invitations=parley.engine.invitations,
        secure=secure,
    )

    site = SiteRoutes(
        sessions=parley.sessions,
        clock=parley.clock,
        drawer=pages.drawer,
        registry=parley.engine.registry,
        stamp=parley.feeds.stamp,
        invitations=parley.engine.invitations,
        doors=lambda: parley.doors,
        home=parley.page,
        door=pages.door,
        language=preferred,
    )
    feeds = FeedRoutes(parley.feeds, parley.threads.run)

    async def no_icon(_request: Request) -> Response:
        return Response(status_code=204)

    routes: list[BaseRoute] = [*probes(parley, health=health, instance=instance), Route("/favicon.ico", no_icon)]
    routes += [Route(path, _receiving(take), methods=["POST"]) for path, take in (receivers or {}).items()]
    return Starlette(
        routes=[*feeds.routes(), *routes, *more, *site.routes(), *pages.routes()],
        middleware=[
            Middleware(Standing, gate or Gate(), lambda request: pages.door(request, "moving", 503)),
            Middleware(Shortcut, feeds),
        ],
        lifespan=lifespan,
        exception_handlers={
            HTTPException: lambda request, error: pages.door(
                request, "stale" if error.status_code == 400 else "nowhere", error.status_code
            ),
            Exception: lambda request, _error: pages.door(request, "broken", 500),
        },
    )


def probes(
    parley: Parley, *, health: Callable[[], Mapping[str, Any]] | None = None, instance: str | None = None
) -> list[BaseRoute]:
    """Whether a process lives, and whether it is ready: all that one answers that serves nobody."""
    # `parley doctor` knows us by it through any proxy
    us = {"service": "parley", "instance": instance or secrets.token_hex(8)}

    async def alive(_request: Request) -> Response:
        """Always 200, for a restart helps nobody whose platform or database is away; the status says what is wrong."""
        parts = dict(health() if health else {})
        if parley.edge.trouble is not None:
            parts["database"] = {"ok": False, "trouble": parley.edge.trouble}
        if missing := parley.feeds.left_out:  # they stop nothing; the log names them
            parts["calendars"] = {"ok": True, "left_out": missing}
        is_well = all(part.get("ok", True) for part in parts.values())
        return JSONResponse({"status": "ok" if is_well else "trouble", **us, **parts})

    async def ready(_request: Request) -> Response:
        """Whether a turn could run now: the database takes what is written and there is an administration."""
        try:
            found = await parley.threads.run(_can_write, parley)
        except Exception as error:  # noqa: BLE001  whatever is wrong, the answer is "not ready", with its kind
            return JSONResponse({"status": "not ready", "why": type(error).__name__}, status_code=503)
        if not found:
            return JSONResponse({"status": "not ready", "why": "no administration yet"}, status_code=503)
        return JSONResponse({"status": "ready"})

    return [Route("/healthz", alive), Route("/readyz", ready)]


def _receiving(take: Receiver) -> Callable[[Request], Awaitable[Response]]:
    async def receive(request: Request) -> Response:
        """Hands on the raw bytes: what a platform signed is checked before anything is parsed."""
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > BODY_LIMIT:
                        return Response(status_code=413)
        except TimeoutError:
            return Response(status_code=408, headers={"Connection": "close"})
        status, headers, content = await take(bytes(body), dict(request.headers))
        return Response(content, status, dict(headers))

    return receive


def _can_write(parley: Parley) -> bool:
    """Write, and say whether there is an administration. A full disk and a stand-by still answer questions."""
    with parley.sessions.writing() as session:
        session.merge(Setting(name="ready", value={"at": parley.clock.now().isoformat()}))
        return session.scalar(select(Administration.id).limit(1)) is not None
