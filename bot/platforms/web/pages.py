"""Parley's own page: the same screens as cards, the same forms as pages, for a person signed in with a one-time link.

Reading needs no script. Every change is a POST from our own origin with the session's token. A link in a chat is
fetched by preview robots, so a GET never redeems anything: it shows a button.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import quote

from sqlalchemy import delete, select, update
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.kit.capability import Registry
from bot.kit.clean import clean_line
from bot.kit.events import Answer, Attached, Called, Caller, Changed, Event, Submitted
from bot.kit.text import LANGUAGES, SOURCE_LANGUAGE, Catalogues, Reader
from db.files import LIMIT, File, FileState, read, store
from db.people import Account, Pass, Person, WebSession, who
from db.session import Sessions
from scheduling.clock import Clock

from .draw import FOLDER, Drawer

COOKIE = "parley"
SIGNED_IN_FOR = timedelta(hours=12)
PURPOSE = "web"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


class Outcome(Protocol):
    """What a turn came to, as far as a page needs it."""

    @property
    def answer(self) -> Answer: ...
    @property
    def reader(self) -> Reader: ...


@dataclass(frozen=True)
class Visit:
    """A request's signed-in person."""

    person_id: int
    csrf: str
    caller: Caller


class Pages:
    """The routes. `turn` runs an event and returns its outcome; `off_loop` runs database work in a turn's thread."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        clock: Clock,
        catalogues: Catalogues,
        registry: Registry,
        turn: Callable[..., Awaitable[Outcome]],
        off_loop: Callable[..., Awaitable[Any]],
        secure: bool,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._registry = registry
        self._turn = turn
        self._off_loop = off_loop
        self._secure = secure
        self._drawer = Drawer(catalogues)

    def routes(self) -> list[Route | Mount]:
        return [
            Route("/", self.home),
            Route("/in/{code}", self.sign_in, methods=["GET", "POST"]),
            Route("/out", self.sign_out, methods=["POST"]),
            Route("/act", self.act, methods=["POST"]),
            Route("/go", self.go, methods=["POST"]),
            Route("/form", self.form, methods=["POST"]),
            Route("/file/{file_id:int}/{key}", self.file),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
        ]

    # Signing in and out

    async def sign_in(self, request: Request) -> Response:
        """GET shows a button; only its POST uses the link up."""
        code = request.path_params["code"]
        if request.method == "GET":
            known = await self._off_loop(self._is_open, code)
            return self._door(request, "offer" if known else "expired", 200 if known else 404)
        secret = await self._off_loop(self._redeem, code)
        if secret is None:
            return self._door(request, "expired", 404)
        response = RedirectResponse("/", status_code=303, headers=HEADERS)
        response.set_cookie(
            COOKIE,
            secret,
            max_age=int(SIGNED_IN_FOR.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self._secure,
        )
        return response

    async def sign_out(self, request: Request) -> Response:
        form = await request.form()
        visit = await self._visit(request)
        if visit is not None and self._is_ours(request, visit, form):
            await self._off_loop(self._forget, request.cookies[COOKIE])
        response = self._door(request, "out", 200)
        response.delete_cookie(COOKIE)
        return response

    # Turns

    async def home(self, request: Request) -> Response:
        visit = await self._visit(request)
        if visit is None:
            return self._door(request, "nobody", 200)
        return await self._answer(visit, Called(visit.caller, name=self._registry.home.name))

    async def act(self, request: Request) -> Response:
        return await self._posted(request, lambda visit, form: Called(visit.caller, handle=str(form.get("handle", ""))))

    async def go(self, request: Request) -> Response:
        """A command of the menu, by its name."""
        return await self._posted(request, lambda visit, form: Called(visit.caller, name=str(form.get("command", ""))))

    async def form(self, request: Request) -> Response:
        """All fields at once; or, when a choice decides which questions apply, the form as it now stands."""
        visit = await self._visit(request)
        if visit is None:
            return self._door(request, "nobody", 401)
        form = await request.form(max_files=10, max_part_size=LIMIT)
        if not self._is_ours(request, visit, form):
            return Response("This page is too old. Go back, load it again and send once more.", 403, HEADERS)
        token = str(form.get("token", ""))
        given = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        values = {name: value for name, value in given.items() if name not in ("csrf", "token", "do")}
        event: Event
        if given.get("do") == "update":
            event = Changed(visit.caller, token, {name: value for name, value in values.items() if value})
        else:
            event = Submitted(visit.caller, token, values, await self._uploads(form))
        return await self._answer(visit, event)

    async def file(self, request: Request) -> Response:
        """An attachment of a screen that this session was shown: the address carries a key made from the session."""
        visit = await self._visit(request)
        file_id = request.path_params["file_id"]
        if visit is None or not hmac.compare_digest(_file_key(visit, file_id), request.path_params["key"]):
            return Response(status_code=404, headers=HEADERS)
        found = await self._off_loop(self._stored, file_id)
        if found is None:
            return Response(status_code=404, headers=HEADERS)
        name, media_type, data = found
        safe = "".join(sign for sign in name if sign.isalnum() or sign in " ._-")[:80].strip() or "file"
        disposition = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(safe)}"}
        return Response(data, media_type=media_type or "application/octet-stream", headers=HEADERS | disposition)

    async def _posted(self, request: Request, make: Callable[[Visit, FormData], Event]) -> Response:
        visit = await self._visit(request)
        if visit is None:
            return self._door(request, "nobody", 401)
        form = await request.form()
        if not self._is_ours(request, visit, form):
            return Response("This page is too old. Go back, load it again and send once more.", 403, HEADERS)
        return await self._answer(visit, make(visit, form))

    async def _answer(self, visit: Visit, event: Event) -> Response:
        outcome = await self._turn(event, trace=f"web-{secrets.token_hex(8)}")
        allowed = await self._off_loop(self._menu, visit.person_id)
        page = self._drawer.answer(
            outcome.answer,
            outcome.reader,
            csrf=visit.csrf,
            menu=allowed,
            file_url=lambda file_id: f"/file/{file_id}/{_file_key(visit, file_id)}",
        )
        return HTMLResponse(page, headers=HEADERS)

    def _door(self, request: Request, state: str, status: int) -> HTMLResponse:
        """The pages of a person who is not signed in, in a language their browser asks for."""
        page = self._drawer.page("door.html", Reader(_preferred(request), "UTC"), state=state)
        return HTMLResponse(page, status_code=status, headers=HEADERS)

    async def _visit(self, request: Request) -> Visit | None:
        secret = request.cookies.get(COOKIE)
        return await self._off_loop(self._signed_in, secret) if secret else None

    def _is_ours(self, request: Request, visit: Visit, form: Mapping[str, Any]) -> bool:
        """A POST from our own origin with this session's token."""
        origin = request.headers.get("origin")
        if origin not in (None, "null", f"{request.url.scheme}://{request.url.netloc}") and self._secure is False:
            return False
        if origin is not None and self._secure and origin.removeprefix("https://") != request.headers.get("host"):
            return False
        return hmac.compare_digest(visit.csrf, str(form.get("csrf", "")))

    async def _uploads(self, form: FormData) -> dict[str, tuple[Attached, ...]]:
        uploads: dict[str, list[Attached]] = {}
        for name, value in form.multi_items():
            if isinstance(value, UploadFile) and value.filename:
                data = await value.read(LIMIT + 1)
                if 0 < len(data) <= LIMIT:
                    digest = await self._off_loop(self._store, data)
                    title = clean_line(value.filename)
                    uploads.setdefault(name, []).append(Attached(title, value.content_type, len(data), sha256=digest))
        return {name: tuple(files) for name, files in uploads.items()}

    # Short pieces of database work

    def _is_open(self, code: str) -> bool:
        with self._sessions.reading() as session:
            return Pass.find(session, PURPOSE, code, at=self._clock.now()) is not None

    def _redeem(self, code: str) -> str | None:
        """Use the link up and begin a session; exactly one of several tries at once succeeds."""
        now = self._clock.now()
        with self._sessions.writing() as session:
            found = Pass.find(session, PURPOSE, code, at=now)
            if found is None:
                return None
            mine = (
                update(Pass).where(Pass.id == found.id, Pass.used_at.is_(None)).values(used_at=now).returning(Pass.id)
            )
            if session.scalar(mine) is None:
                return None
            external_id = str(found.person_id)
            account = select(Account.id).where(Account.platform == "web", Account.external_id == external_id)
            if session.scalar(account) is None:
                session.add(
                    Account(
                        person_id=found.person_id,
                        platform="web",
                        external_id=external_id,
                        address=external_id,
                        met_at=now,
                        used_at=now,
                    )
                )
            secret = secrets.token_urlsafe(32)
            session.add(
                WebSession(
                    digest=Pass.hashed(secret),
                    person_id=found.person_id,
                    csrf=secrets.token_urlsafe(16),
                    expires_at=now + SIGNED_IN_FOR,
                )
            )
            return secret

    def _signed_in(self, secret: str) -> Visit | None:
        with self._sessions.reading() as session:
            live = WebSession.digest == Pass.hashed(secret), WebSession.expires_at > self._clock.now()
            found = session.scalar(select(WebSession).where(*live))
            if found is None:
                return None
            account = session.scalars(
                select(Account).where(Account.platform == "web", Account.person_id == found.person_id)
            ).first()
            if account is None:
                return None
            return Visit(found.person_id, found.csrf, Caller("web", account.external_id, account.address))

    def _forget(self, secret: str) -> None:
        with self._sessions.writing() as session:
            session.execute(delete(WebSession).where(WebSession.digest == Pass.hashed(secret)))

    def _menu(self, person_id: int) -> list[Any]:
        with self._sessions.reading() as session:
            person = who(session, session.get_one(Person, person_id), at=self._clock.now())
            return [command for command in self._registry.menu() if command.allow(person)]

    def _store(self, data: bytes) -> str:
        with self._sessions.writing() as session:
            return store(session, data)

    def _stored(self, file_id: int) -> tuple[str, str | None, bytes] | None:
        with self._sessions.reading() as session:
            file = session.get(File, file_id)
            if file is None or file.state is not FileState.STORED or file.sha256 is None:
                return None
            return file.name, file.media_type, b"".join(read(session, file.sha256))


def _file_key(visit: Visit, file_id: int) -> str:
    return hmac.new(visit.csrf.encode(), str(file_id).encode(), hashlib.sha256).hexdigest()[:32]


def _preferred(request: Request) -> str:
    for part in request.headers.get("accept-language", "").split(","):
        short = part.split(";")[0].strip().split("-")[0].lower()
        if short in LANGUAGES:
            return short
    return SOURCE_LANGUAGE
