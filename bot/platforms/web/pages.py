"""Parley's own page: the same screens as cards, the same forms as pages, for a person signed in with a one-time link.

Reading needs no script. Every change is a POST from our own origin with the session's token. A link in a chat is
fetched by preview robots, so only a POST redeems one: everything else shows a button.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.kit.capability import Page, Registry
from bot.kit.clean import clean_name
from bot.kit.events import Answer, Attached, Called, Caller, Changed, Event, Submitted
from bot.kit.forms import FieldKind, FormView, Option
from bot.kit.screen import Button, NotFound, Progress, Refusal, Screen
from bot.kit.text import LANGUAGES, SOURCE_LANGUAGE, Catalogues, Phrase, Reader, Writer, _, without_isolates
from db.files import LIMIT, File, sniffed, store, stored
from db.people import Person, who
from db.session import Sessions
from scheduling.clock import Clock

from .draw import FOLDER, Drawer
from .mailed import Mailed
from .visits import SIGNED_IN_FOR, Visit, Visits

FILES_AT_ONCE = 5
FIELD_LIMIT = 1024 * 1024  # far beyond what any question takes: its form says what fits, and how much was sent
REQUEST_LIMIT = FILES_AT_ONCE * LIMIT + 1024 * 1024
LOOKED_AT_AGAIN = "10"  # seconds after which a page of something under way loads itself anew
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")  # of a deep link
TOO_LARGE = _("“{name}” is larger than 20 MB. Please choose a smaller file.")
A_PROGRAM = _("“{name}” is a program. Please send photos and documents only.")


class Outcome(Protocol):
    """What a turn came to, as far as a page needs it."""

    @property
    def answer(self) -> Answer: ...
    @property
    def reader(self) -> Reader: ...


class Pages:
    """The routes.

    `turn` runs an event and returns its outcome, `options` searches what can be chosen for a field of an open form,
    `invitations` are the buttons that open each chat with a payload, and `off_loop` runs database work in a turn's
    thread. `secure` says that people come by https.
    """

    def __init__(
        self,
        *,
        sessions: Sessions,
        clock: Clock,
        catalogues: Catalogues,
        registry: Registry,
        turn: Callable[..., Awaitable[Outcome]],
        options: Callable[[Caller, str, str, str], tuple[Sequence[Option], Reader]],
        off_loop: Callable[..., Awaitable[Any]],
        invitations: Callable[..., tuple[Button, ...]],
        secure: bool,
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._catalogues = catalogues
        self._registry = registry
        self._turn = turn
        self._options = options
        self._off_loop = off_loop
        self._invitations = invitations
        self._secure = secure
        self._cookie = "__Host-parley" if secure else "parley"
        self._visits = Visits(sessions, clock)
        self.drawer = Drawer(catalogues)
        self._mailed = Mailed(
            sessions=sessions,
            clock=clock,
            registry=registry,
            drawer=self.drawer,
            turn=self._run,
            off_loop=off_loop,
            door=self.door,
            headers=HEADERS,
            visit=self._visit,
            show=self._show,
        )

    def routes(self) -> list[Route | Mount]:
        return [
            Route("/", self.home),
            Route("/in/{code}", self.sign_in, methods=["GET", "POST"]),
            Route("/mail/{token}", self._mailed.follow, methods=["GET", "POST"]),
            Route("/out", self.sign_out, methods=["POST"]),
            Route("/act", self.act, methods=["POST"]),
            Route("/go", self.go, methods=["POST"]),
            Route("/form", self.form, methods=["POST"]),
            Route("/options", self.options),
            Route("/file/{file_id:int}/{key}", self.file),
            *(Route(f"/{path}/{{words}}", self.named) for path in self._registry.pages),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
        ]

    # Signing in and out

    async def sign_in(self, request: Request) -> Response:
        """Only a POST from our own page uses the link up; robots send GET and HEAD."""
        code = request.path_params["code"]
        if request.method != "POST":
            known = await self._off_loop(self._visits.is_open, code)
            return self.door(request, "offer" if known else "expired", 200 if known else 404)
        if not self._is_from_here(request):
            return self.door(request, "stale", 403)
        secret = await self._off_loop(self._visits.redeem, code)
        if secret is None:
            return self.door(request, "expired", 404)
        response: Response = RedirectResponse("/", status_code=303, headers=HEADERS)
        visit = await self._off_loop(self._visits.signed_in, secret) if "then" in request.query_params else None
        if visit is not None:  # they came from a button, which is run for them now
            then = request.query_params["then"]
            response = await self._show(visit, await self._run(Called(visit.caller, handle=then)))
        response.set_cookie(
            self._cookie,
            secret,
            max_age=int(SIGNED_IN_FOR.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self._secure,
        )
        return response

    async def sign_out(self, request: Request) -> Response:
        visit = await self._visit(request)
        async with request.form(max_part_size=FIELD_LIMIT) as form:
            if visit is not None and not self._is_meant(request, visit, form):
                return self.door(request, "stale", 403)
        if visit is not None:
            await self._off_loop(self._visits.forget, request.cookies[self._cookie])
        response = self.door(request, "out", 200)
        response.delete_cookie(self._cookie, secure=self._secure, httponly=True, samesite="lax")
        return response

    # Turns

    async def home(self, request: Request) -> Response:
        visit = await self._visit(request)
        if visit is None:
            return self.door(request, "nobody", 200)
        return await self._show(visit, await self._run(Called(visit.caller, name=self._registry.home.name)))

    async def act(self, request: Request) -> Response:
        """A button."""
        return await self._posted(request, lambda visit, form: Called(visit.caller, handle=str(form.get("handle", ""))))

    async def go(self, request: Request) -> Response:
        """A command of the menu, by its name."""
        return await self._posted(request, lambda visit, form: Called(visit.caller, name=str(form.get("command", ""))))

    async def named(self, request: Request) -> Response:
        """What stands at an address that can be written down and passed on; of some things also for strangers."""
        page = self._registry.pages[request.url.path.split("/")[1]]
        words, visit = request.path_params["words"][:100], await self._visit(request)
        if visit is not None:
            outcome = await self._run(Called(visit.caller, name=page.shows, args={"words": words}))
            shown_to_them = await self._show(visit, outcome)
            if _is_under_way(outcome.answer):
                shown_to_them.headers["Refresh"] = LOOKED_AT_AGAIN
            return shown_to_them
        try:
            screen = await self._off_loop(self._public, page, words)
        except NotFound:
            return self.door(request, "nowhere", 404)
        if screen is None:
            return self.door(request, "nobody", 401)
        if page.opens is not None and PAYLOAD.fullmatch(page.opens + words):
            screen = screen.with_buttons(*self._invitations(page.opens + words, but="web"))
        reader = Reader(preferred(request), "UTC")
        shown = await asyncio.to_thread(self.drawer.answer, Answer(screen), reader, is_public=True)
        return HTMLResponse(shown, headers=HEADERS)

    async def form(self, request: Request) -> Response:
        """All fields at once; or, when a choice decides which questions apply, the form as it now stands."""
        visit = await self._visit(request)
        if visit is None:
            return self.door(request, "nobody", 401)
        if not 0 <= int(request.headers.get("content-length", "-1")) <= REQUEST_LIMIT:
            return self.door(request, "too_large", 413)
        async with request.form(max_files=2 * FILES_AT_ONCE, max_part_size=FIELD_LIMIT) as form:
            if not self._is_meant(request, visit, form):
                return self.door(request, "stale", 403)
            token = str(form.get("token", ""))
            typed = {name: value for name, value in form.multi_items() if isinstance(value, str)}
            values: dict[str, Any] = {
                name: value for name, value in typed.items() if name not in ("csrf", "token", "do")
            }
            files, errors = await self._uploads(form)
            answered = {name: value for name, value in values.items() if value}
            event: Event = Changed(visit.caller, token, answered, files)
            if typed.get("do") != "update" and not errors:
                # A file question without a file is left out, unless files were kept for it before.
                asked = {name for name, value in form.multi_items() if isinstance(value, UploadFile)}
                kept = {name.removeprefix("kept:") for name in values if name.startswith("kept:")}
                values |= {name: [] for name in asked - kept - files.keys()}
                event = Submitted(visit.caller, token, values, files)
        outcome = await self._run(event)
        answer = outcome.answer
        if answer.form is not None:
            answer = replace(answer, form=await self._with(visit, answer.form, errors, values))
        return await self._show(visit, outcome, answer, typed=values)

    async def options(self, request: Request) -> Response:
        """What can be chosen for a field, by what was typed so far: labels, best match first."""
        visit, asked = await self._visit(request), request.query_params
        if visit is None:
            return Response(status_code=401, headers=HEADERS)
        try:
            labels = await self._off_loop(
                self._labels, visit, asked.get("token", ""), asked.get("field", ""), asked.get("q", "")[:100]
            )
        except (Refusal, LookupError, ValueError):
            return Response(status_code=404, headers=HEADERS)
        return JSONResponse(labels, headers=HEADERS)

    async def file(self, request: Request) -> Response:
        """An attachment of a screen that this session was shown: the address carries a key made from the session."""
        visit, file_id = await self._visit(request), request.path_params["file_id"]
        if visit is None or not _is_same(visit.file_key(file_id), request.path_params["key"]):
            return self.door(request, "nowhere", 404)
        found = await self._off_loop(self._stored, visit, file_id)
        if found is None:
            return self.door(request, "nowhere", 404)
        file, data = found
        safe = "".join(sign for sign in file.name if sign.isalnum() or sign in " ._-")[:80].strip() or "file"
        disposition = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(safe)}"}
        return Response(data, media_type=file.media_type or "application/octet-stream", headers=HEADERS | disposition)

    def door(self, request: Request, state: str, status: int) -> HTMLResponse:
        """A page without a person: before signing in, after signing out, and whatever has gone wrong.

        In a language that the browser asks for.
        """
        page = self.drawer.page(
            "door.html", Reader(preferred(request), "UTC"), state=state, sites=self._registry.sites.values()
        )
        return HTMLResponse(page, status_code=status, headers=HEADERS)

    async def _posted(self, request: Request, make: Callable[[Visit, FormData], Event]) -> Response:
        visit = await self._visit(request)
        if visit is None:
            return self.door(request, "nobody", 401)
        async with request.form(max_part_size=FIELD_LIMIT) as form:
            if not self._is_meant(request, visit, form):
                return self.door(request, "stale", 403)
            event = make(visit, form)
        return await self._show(visit, await self._run(event))

    async def _run(self, event: Event) -> Outcome:
        return await self._turn(event, trace=f"web-{secrets.token_hex(8)}")

    async def _show(
        self, visit: Visit, outcome: Outcome, answer: Answer | None = None, *, typed: Mapping[str, Any] | None = None
    ) -> Response:
        page = await asyncio.to_thread(  # a picture on it takes its time
            self.drawer.answer,
            answer or outcome.answer,
            outcome.reader,
            csrf=visit.csrf,
            menu=await self._off_loop(self._menu, visit.person_id),
            file_url=lambda file_id: f"/file/{file_id}/{visit.file_key(file_id)}",
            typed=typed or {},
        )
        return HTMLResponse(page, headers=HEADERS)

    async def _with(
        self, visit: Visit, form: FormView, errors: Mapping[str, Phrase], typed: Mapping[str, Any]
    ) -> FormView:
        """The form with what is wrong with its files, and with the best matches for a search that found nothing."""
        fields = []
        for field in form.fields:
            if field.name in errors:
                field = replace(field, error=errors[field.name])
            if field.kind is FieldKind.PICK and field.error and typed.get(field.name):
                found, _reader = await self._off_loop(
                    self._options, visit.caller, form.token, field.name, typed[field.name]
                )
                field = replace(field, options=tuple(found))
            fields.append(field)
        return replace(form, fields=tuple(fields))

    async def _visit(self, request: Request) -> Visit | None:
        secret = request.cookies.get(self._cookie)
        return await self._off_loop(self._visits.signed_in, secret) if secret else None

    def _is_meant(self, request: Request, visit: Visit, form: Mapping[str, Any]) -> bool:
        """A POST from our own page with this session's token."""
        return self._is_from_here(request) and _is_same(visit.csrf, str(form.get("csrf", "")))

    def _is_from_here(self, request: Request) -> bool:
        """Browsers say where a POST comes from; what says nothing is no browser, and has no cookie of ours."""
        origin = request.headers.get("origin")
        if origin is None:
            return True
        said = urlsplit(origin)
        return said.netloc == request.headers.get("host") and said.scheme == ("https" if self._secure else "http")

    async def _uploads(self, form: FormData) -> tuple[dict[str, tuple[Attached, ...]], dict[str, Phrase]]:
        """The files of each field, stored; and what is wrong with those that are not kept."""
        kept: dict[str, list[Attached]] = {}
        wrong: dict[str, Phrase] = {}
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile) or not value.filename:
                continue
            title, data = clean_name(value.filename), await value.read(LIMIT + 1)
            media_type = sniffed(data, value.content_type)
            if len(data) > LIMIT or media_type is None:
                wrong[name] = replace(TOO_LARGE if len(data) > LIMIT else A_PROGRAM, args={"name": title})
            elif data:
                digest = await self._off_loop(self._store, data)
                kept.setdefault(name, []).append(Attached(title, media_type, len(data), sha256=digest))
        return {name: tuple(files) for name, files in kept.items()}, wrong

    # Short pieces of database work

    def _public(self, page: Page, words: str) -> Screen | None:
        with self._sessions.reading() as session:
            return page.public(session, words, at=self._clock.now())

    def _menu(self, person_id: int) -> list[Any]:
        with self._sessions.reading() as session:
            person = who(session, session.get_one(Person, person_id), at=self._clock.now())
            return [command for command in self._registry.menu if command.allow(person)]

    def _labels(self, visit: Visit, token: str, field: str, query: str) -> list[str]:
        found, reader = self._options(visit.caller, token, field, query)
        writer = Writer(self._catalogues, reader)
        return [without_isolates(writer.plain(option.label)) for option in found]

    def _store(self, data: bytes) -> str:
        with self._sessions.writing() as session:
            return store(session, data)

    def _stored(self, visit: Visit, file_id: int) -> tuple[File, bytes] | None:
        """A file and its bytes; that somebody read another's is noted first."""
        with self._sessions.reading() as session:
            found = stored(session, file_id)
        if found is not None and found[0].person_id != visit.person_id:
            with self._sessions.writing() as session:
                self._visits.note(session, "web.file", visit.person_id, file=file_id)
        return found


def _is_under_way(answer: Answer) -> bool:
    """Whether it shows something that is still moving: its page loads itself anew, without a script."""
    body = answer.screen.body if answer.screen is not None else ()
    return any(isinstance(each, Progress) and each.done < each.total for each in body)


def _is_same(secret: str, given: str) -> bool:
    """Without telling by the time it takes how much of it is right; as bytes, because of letters beyond ASCII."""
    return hmac.compare_digest(secret.encode(), given.encode(errors="replace"))


def preferred(request: Request) -> str:
    """The first of the languages a browser asks for that there is."""
    for part in request.headers.get("accept-language", "").split(","):
        short = part.split(";")[0].strip().split("-")[0].lower()
        if short in LANGUAGES:
            return short
    return SOURCE_LANGUAGE
