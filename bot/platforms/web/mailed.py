"""The links of our mails. Scanners and previews follow links by GET and HEAD, so only a POST does anything.

A link names the outbox row it came with. Pressing some buttons needs no more than the mail; the others lead to one's
own page, for which a fresh one-time link goes to the confirmed address: an old mail passed on signs nobody in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.kit.capability import Registry
from bot.kit.events import Answer, Called, Caller
from bot.kit.text import Phrase, Reader, _
from bot.platforms.links import Links, Signed, Way
from db.broadcasts.copies import reader_of
from db.machinery import Handle
from db.mail import Confirmed, MailRequest, account_of, confirm
from db.people import MAIL, Account, Person
from db.session import Sessions
from scheduling.clock import Clock

from .draw import Drawer
from .visits import Visit, Visits

STOP, SIGN_IN = "people.email_stop", "people.email_signin"
# What a link offers, and what came of it: a heading, a sentence, and the word on the button where there is one.
OFFERS: Mapping[Way, tuple[Phrase, Phrase, Phrase]] = {
    Way.PRESS: (_("Please confirm"), _("One more press, so that a mail scanner cannot do it for you."), _("Confirm")),
    Way.OPEN: (
        _("Open my page"),
        _("A link that signs you in once is sent to your e-mail address."),
        _("Send me the link"),
    ),
    Way.STOP: (
        _("No more e-mail"),
        _("Nothing more will be sent to this address. In a chat, if you use one, news goes on."),
        _("End e-mail from Parley"),
    ),
    Way.CONFIRM: (
        _("Confirm this address"),
        _(
            "News from Customs will reach you here. By confirming you agree that Parley keeps your name, your address"
            " and what you tell it; you can have it erased whenever you like."
        ),
        _("Confirm"),
    ),
}
CAME_OF_IT: Mapping[Confirmed, tuple[Phrase, Phrase]] = {
    Confirmed.DONE: (_("This address is confirmed."), _("News from Customs reaches you here from now on.")),
    Confirmed.ALREADY: (_("This address is confirmed already."), _("There is nothing more to do.")),
    Confirmed.EXPIRED: (
        _("This link is too old, or another one was sent after it."),
        _("Ask for a new one where you gave the address: “E-mail”."),
    ),
    Confirmed.TAKEN: (
        _("This address is used in Parley already."),
        _("Nothing was changed. If both are you, write “link” to Parley in your chat to make them one."),
    ),
}


@dataclass(frozen=True)
class Known:
    """Whose link it is: their caller at the e-mail door, and how they read."""

    person_id: int
    caller: Caller
    reader: Reader
    button: str | None  # the command of the link's button


class Mailed:
    """The route `/mail/{token}`."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        clock: Clock,
        registry: Registry,
        drawer: Drawer,
        turn: Callable[[Called], Awaitable[Any]],
        off_loop: Callable[..., Awaitable[Any]],
        door: Callable[[Request, str, int], Response],
        headers: Mapping[str, str],
        visit: Callable[[Request], Awaitable[Visit | None]],
        show: Callable[[Visit, Any], Awaitable[Response]],
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._registry = registry
        self._drawer = drawer
        self._turn = turn
        self._off_loop = off_loop
        self._door = door
        self._headers = headers
        self._visit = visit
        self._show = show
        self._links = Links(sessions)
        self._visits = Visits(sessions, clock)

    async def follow(self, request: Request) -> Response:
        """GET shows what the link is for and one button; POST does it."""
        signed = await self._off_loop(self._links.read, request.path_params["token"])
        if signed is None:
            return self._door(request, "nowhere", 404)
        if signed.way is Way.CONFIRM:
            return await self._confirm(request, signed)
        known = await self._off_loop(self._known, signed)
        if known is None:
            return self._door(request, "nowhere", 404)
        if request.method != "POST":
            heading, why, word = OFFERS[signed.way]
            if signed.way is Way.PRESS and known.button is not None:
                heading = word = self._registry.commands[known.button].title
            return self._page(known.reader, heading, (why,), word)
        visit = await self._visit(request) if signed.way is Way.OPEN else None
        if visit is not None and visit.person_id == known.person_id:
            home = Called(visit.caller, name=self._registry.home.name)
            pressed = Called(visit.caller, handle=signed.handle)
            return await self._show(visit, await self._turn(pressed if signed.handle else home))
        try:
            outcome = await self._turn(self._event(signed, known))
        except LookupError:  # the address was taken away meanwhile
            return self._door(request, "nowhere", 404)
        return self._answer(known.reader, outcome.answer, signed)

    def _event(self, signed: Signed, known: Known) -> Called:
        if signed.way is Way.STOP:
            return Called(known.caller, name=STOP)
        command = self._registry.commands.get(known.button or "")
        if signed.way is Way.PRESS and command is not None and command.by_link:
            return Called(known.caller, handle=signed.handle)
        return Called(known.caller, name=SIGN_IN, args={"then": signed.handle})

    async def _confirm(self, request: Request, signed: Signed) -> Response:
        reader = await self._off_loop(self._reader, signed.number)
        if reader is None:
            return self._door(request, "nowhere", 404)
        if request.method != "POST":
            heading, why, word = OFFERS[Way.CONFIRM]
            return self._page(reader, heading, (why,), word)
        heading, why = CAME_OF_IT[await self._off_loop(self._confirmed, signed.number)]
        return self._page(reader, heading, (why,))

    def _answer(self, reader: Reader, answer: Answer, signed: Signed) -> Response:
        """What came of it, without buttons: those need a person who is signed in. One leads there."""
        again = self._links.sign(Way.OPEN, signed.number) if signed.way is Way.PRESS else None
        word = OFFERS[Way.OPEN][0] if again else None
        page = self._drawer.page(
            "mailed.html",
            reader,
            answer=answer,
            screen=answer.screen,
            heading=answer.screen.heading if answer.screen else OFFERS[signed.way][0],
            words=(),
            word=word,
            to=f"/mail/{again}" if again else None,
        )
        return HTMLResponse(page, headers=dict(self._headers))

    def _page(self, reader: Reader, heading: Phrase, words: tuple[Phrase, ...], word: Phrase | None = None) -> Response:
        page = self._drawer.page(
            "mailed.html", reader, answer=Answer(), screen=None, heading=heading, words=words, word=word, to=None
        )
        return HTMLResponse(page, headers=dict(self._headers))

    # Short pieces of database work

    def _known(self, signed: Signed) -> Known | None:
        with self._sessions.reading() as session:
            person_id = reader_of(session, signed.number)
            account: Account | None = account_of(session, person_id) if person_id is not None else None
            if account is None:
                return None
            person = session.get_one(Person, account.person_id)
            caller = Caller(MAIL, account.external_id, account.address, is_known_here=True)
            theirs = Handle.token == signed.handle, Handle.person_id == person.id
            button = session.scalar(select(Handle.command).where(*theirs)) if signed.handle else None
            if button not in self._registry.commands:
                button = None
            return Known(person.id, caller, Reader(person.language, person.zone), button)

    def _reader(self, request_id: int) -> Reader | None:
        with self._sessions.reading() as session:
            request = session.get(MailRequest, request_id)
            if request is None:
                return None
            person = session.get_one(Person, request.person_id)
            return Reader(person.language, person.zone)

    def _confirmed(self, request_id: int) -> Confirmed:
        with self._sessions.writing() as session:
            came = confirm(session, request_id, at=self._clock.now())
            if came in (Confirmed.DONE, Confirmed.TAKEN):
                request = session.get_one(MailRequest, request_id)
                self._visits.note(session, f"mail.{came}", request.person_id, mail_request=request.id)
            return came
