"""The demo's page: two people side by side, what just happened, and a clock that can be put forward.

Serves loopback only. Everything it draws it draws from the payloads the platforms would get.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import ipaddress
import json
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import uvicorn
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot import http
from bot.kit.text import SOURCE_LANGUAGE, Reader, Writer
from bot.platforms.telegram import menu
from db.files import LIMIT
from scheduling.clock import ShiftedClock

from . import guide
from .personas import PERSONAS, ZONE, Persona
from .stage import Stage, persona, state

FOLDER = Path(__file__).parent
STATE = Path("build/demo")
PORTS_TRIED = 50
A_MOMENT, LONGEST = timedelta(seconds=1), timedelta(days=31)
PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}
PING = 25  # seconds between signs of life on the stream of changes
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


Deed = Callable[[], Awaitable[Any]]


class NotLoopback(OSError):
    """The demo has personas without passwords and a clock for everybody: it never listens beyond this machine."""

    def __init__(self, host: str) -> None:
        super().__init__(errno.EADDRNOTAVAIL, "the demo listens on this machine only, not there", host)


def serve(*, host: str, port: int, fresh: bool) -> None:
    """Serve until told to stop; the last line printed before that is the address.

    Raises NotLoopback, and BlockingIOError while another process plays this checkout's demo.
    """
    if not _is_loopback(host):
        raise NotLoopback(host)
    with state(STATE, fresh=fresh) as url, _listen(host, port) as listening:
        print("Setting the scene: a country, its people and their past …", flush=True)  # noqa: T201  a command's output
        address = f"http://{host}:{listening.getsockname()[1]}"
        stage = Stage(database_url=url, clock=ShiftedClock(), public_url=address)
        # Another site's page that has its own name point here is no visitor of ours.
        app = TrustedHostMiddleware(application(stage), allowed_hosts=[host, "localhost"])
        config = uvicorn.Config(app, log_level="warning", log_config=None, timeout_graceful_shutdown=2)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _leave)  # uvicorn hands the signal back when it is done: that is no failure
        try:
            _Announcing(config, address).run(sockets=[listening])
        finally:
            stage.close()


def _leave(_number: int, _frame: Any) -> NoReturn:
    raise SystemExit(0)


class _Announcing(uvicorn.Server):
    """Prints the address once requests are taken."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        gc.freeze()  # what is there by now stays until the end
        gc.enable()
        print("Parley’s demo is ready; Ctrl-C ends it. Open", flush=True)  # noqa: T201  a command's output
        print(f"{self._address}/demo/", flush=True)  # noqa: T201  a command's output


def application(stage: Stage) -> Starlette:
    """The demo beside Parley's own page, so that the links in messages lead somewhere."""
    page = DemoPage(stage)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await stage.open()
        catching_up = asyncio.create_task(stage.catch_up())  # the page is there before a map of votes is drawn up
        yield
        page.stopping = True
        stage.tell()
        catching_up.cancel()
        with suppress(asyncio.CancelledError):
            await catching_up

    return http.application(stage.parley, more=page.routes(), secure=False, lifespan=lifespan)


class DemoPage:
    """The routes under /demo/."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.stopping = False

    def routes(self) -> list[Route | Mount]:
        return [
            Route("/demo", lambda _request: RedirectResponse("/demo/")),
            Route("/demo/", self.index),
            Route("/demo/state", self.state),
            Route("/demo/changes", self.changes),
            Route("/demo/clock", self.clock, methods=["POST"]),
            Route("/demo/file/{name}", self.file),
            Route("/demo/pane/{key}", self.pane),
            Route("/demo/pane/{key}/{what}", self.act, methods=["POST"]),
            Mount("/demo/static", StaticFiles(directory=FOLDER / "static")),
        ]

    async def index(self, _request: Request) -> Response:
        return FileResponse(FOLDER / "templates" / "demo.html", headers=HEADERS)

    async def state(self, _request: Request) -> Response:
        """The clock, the people, each chapter's next step, what just happened and what will happen by itself."""
        return JSONResponse(await self.stage.parley.threads.run(self._state), headers=HEADERS)

    def _state(self) -> dict[str, Any]:
        stage = self.stage
        began = stage.began()
        with stage.parley.sessions.reading() as session:
            reached = {each.key: each.at_step(session, began) for each in guide.CHAPTERS}
        told = {
            "now": stage.clock.now(),
            "zone": ZONE,
            "people": [{"key": each.key, "name": each.name, "what": each.what, "door": each.door} for each in PERSONAS],
            "guide": [
                {
                    "key": each.key,
                    "title": each.title,
                    "step": reached[each.key],
                    "steps": [{"persona": step.persona, "text": step.text} for step in each.steps],
                    "afterwards": each.afterwards,
                }
                for each in guide.CHAPTERS
            ],
            "chapters": [asdict(each) for each in stage.story.chapters()],
            "waiting": [asdict(each) for each in stage.story.waiting()],
        }
        plain: dict[str, Any] = json.loads(json.dumps(told, default=datetime.isoformat))
        return plain

    async def changes(self, _request: Request) -> Response:
        return EventSourceResponse(self._changes(), ping=PING)

    async def _changes(self) -> AsyncIterator[dict[str, str]]:
        while not self.stopping:
            await self.stage.changed.wait()
            yield {"event": "changed", "data": "now"}

    async def clock(self, request: Request) -> Response:
        """Put the clock forward: by so many seconds, or to what happens next by itself."""
        wanted = await request.json()
        if wanted.get("next"):
            waiting = await self.stage.parley.threads.run(self.stage.story.waiting)
            by = waiting[0].at - self.stage.clock.now() + A_MOMENT if waiting else timedelta(hours=1)
        else:
            by = timedelta(seconds=float(wanted["seconds"]))
        await self.stage.advance(min(max(by, A_MOMENT), LONGEST))
        return JSONResponse({"ok": True})

    async def file(self, request: Request) -> Response:
        """A picture of a conversation."""
        name = request.path_params["name"]
        data = self.stage.chats.files.get(name) or self.stage.workspace.files.get(name) or b""
        kind = next((kind for start, kind in PICTURES.items() if data.startswith(start)), None)
        return Response(data, media_type=kind, headers=HEADERS) if kind else Response(status_code=404)

    async def pane(self, request: Request) -> Response:
        who = _persona(request)
        if who is None:
            return JSONResponse({"error": "nobody by that name"}, status_code=404)
        language = await self.stage.parley.threads.run(self.stage.language_of, who)
        about = {"name": who.name, "door": who.door, "language": language, "rtl": Reader(language, ZONE).is_rtl}
        if who.door == "slack":
            return JSONResponse(about | self.stage.workspace.pane(who), headers=HEADERS)
        return JSONResponse(about | self.stage.chats.pane(who) | self._bot(who), headers=HEADERS)

    def _bot(self, who: Persona) -> dict[str, Any]:
        """How the bot presents itself to this person's client: its menu of commands and its description."""
        parley = self.stage.parley
        wanted = "" if who.language == SOURCE_LANGUAGE else who.language
        listed = menu.menus(parley.engine.registry, parley.catalogues)
        commands = next(each.json for each in listed if each.language == wanted)
        words = {what: phrase for what, _method, phrase in menu.WORDS}
        writer = Writer(parley.catalogues, Reader(who.language, ZONE))
        return {"commands": commands, "about": writer.plain(words["description"])}

    async def act(self, request: Request) -> Response:
        """One thing a person does."""
        who, what = _persona(request), request.path_params["what"]
        if who is None:
            return JSONResponse({"error": "nobody by that name"}, status_code=404)
        if what in ("attach", "upload"):
            return JSONResponse(await self._file(who, what, request))
        body = await request.json()
        deed = (self._in_slack if who.door == "slack" else self._in_telegram)(who, body).get(what)
        if deed is None:
            return JSONResponse({"error": f"nobody can {what} there"}, status_code=404)
        done = await deed()
        return JSONResponse({"ok": True} if done is None else done)

    def _in_telegram(self, who: Persona, body: dict[str, Any]) -> dict[str, Deed]:
        stage = self.stage
        return {
            "say": lambda: stage.says(who, str(body["text"])),
            "tap": lambda: stage.taps(who, int(body["message"]), str(body["data"])),
            "block": lambda: stage.blocks(who, blocks=bool(body["blocks"])),
        }

    def _in_slack(self, who: Persona, body: dict[str, Any]) -> dict[str, Deed]:
        stage, slack = self.stage, self.stage.workspace

        async def tap() -> None:
            await stage.acts(who, slack.deed(who, body), lambda: slack.taps(who, body))

        return {
            "say": lambda: stage.says(who, str(body["text"])),
            "tap": tap,
            "submit": lambda: stage.acts(who, "sent a form", lambda: slack.submits(who, body["values"])),
            "close": lambda: stage.acts(who, "closed a form", lambda: slack.closes(who)),
            "home": lambda: stage.acts(who, "opened the Home tab", lambda: slack.opens_home(who)),
            "shortcut": lambda: stage.acts(who, "took a shortcut", lambda: slack.takes_shortcut(who, body["name"])),
            "options": lambda: slack.options(who, body["block_id"], body["action_id"], str(body["query"])),
        }

    async def _file(self, who: Persona, what: str, request: Request) -> Any:
        async with request.form(max_files=1, max_part_size=LIMIT) as form:
            file, text = form["file"], str(form.get("text", ""))
            if not isinstance(file, UploadFile):
                return {"error": "no file"}
            data = await file.read()
        name, kind = file.filename or "file", file.content_type or "application/octet-stream"
        if what == "upload":
            return self.stage.workspace.upload(who, name, kind, data)
        await self.stage.attaches(who, name, kind, data, text)
        return {"ok": True}


def _persona(request: Request) -> Persona | None:
    try:
        return persona(request.path_params["key"])
    except KeyError:
        return None


def _listen(host: str, port: int) -> socket.socket:
    """A socket on `port`, or on the next free one."""
    for candidate in range(port, port + PORTS_TRIED):
        listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, candidate))
        except OSError:
            listening.close()
        else:
            return listening
    raise OSError(f"no free port from {port} to {port + PORTS_TRIED - 1}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
