"""All doors of one Parley over real sockets in one process, and a clock that stands until it is moved.

Slack by Socket Mode, Telegram by long polling, mail by SMTP, pages and calendars over HTTP; what is due happens at its
own instant while time passes, as in tests/world.py. Who sits where is an arrangement: {name: door}.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import httpx
import uvicorn
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import http
from bot.core import Parley
from bot.kit.text import Reader, Writer
from bot.ops.show import show
from bot.platforms.email.wire import EmailWire
from bot.platforms.slack.wire import SlackWire
from bot.platforms.telegram.wire import TelegramWire
from db.machinery import Due, Job
from db.people import Account, Invited, Kind, Mandate, Organisation, Pass, Person, Standing
from scheduling.clock import ManualClock
from tests.fakes import FakeSlack, FakeTelegram
from tests.fakes.slack import Timing
from tests.fakes.smtp import FakeSmtp
from tests.shell import free_port

from .doors import ByMail, OnSlack, OnTelegram, Seat

OURS = "parley@customs.example"
SLACK, TELEGRAM, MAIL = "slack", "telegram", "email"
QUICK = Timing(retries=(0.0, *[0.2] * 50))


def swapped(doors: Mapping[str, str]) -> dict[str, str]:
    """The same people, each on the other chat."""
    other = {SLACK: TELEGRAM, TELEGRAM: SLACK, MAIL: MAIL}
    return {name: other[door] for name, door in doors.items()}


@dataclass(frozen=True)
class Somebody:
    """Whoever takes part, before it is said at which door."""

    name: str
    kind: Kind = Kind.CUSTOMS
    zone: str = "UTC"
    language: str = "en"
    organisation: str = ""
    second_of: str = ""  # no other person, but the second door of the one whom the cast calls so
    region: str | None = None
    home: str = ""  # the code of their administration, where it is another than that of most


class Stage:
    """One performance. `stage["vera"]` is a person at their door."""

    def __init__(self, url: str, at: datetime, slack: FakeSlack, telegram: FakeTelegram, smtp: FakeSmtp) -> None:
        self.url, self.clock = url, ManualClock(at)
        self.slack, self.telegram, self.smtp = slack, telegram, smtp
        slack.clock = telegram.clock = self.clock.now
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._make()
        self.cast: Mapping[str, Somebody] = {}
        self.seats: dict[str, Seat] = {}
        self.ids: dict[str, int] = {}

    @classmethod
    @asynccontextmanager
    async def opened(
        cls,
        url: str,
        at: datetime,
        settle: Callable[[Stage], None],
        cast: Mapping[str, Somebody],
        doors: Mapping[str, str],
    ) -> AsyncIterator[Stage]:
        """Everything up, everybody known; `settle` then says who holds which office."""
        async with AsyncExitStack() as stack:
            slack = await stack.enter_async_context(FakeSlack.running(timing=QUICK))
            telegram = await stack.enter_async_context(FakeTelegram.running(retry_seconds=0.05))
            smtp = stack.enter_context(FakeSmtp.running())
            stage = cls(url, at, slack, telegram, smtp)
            stack.push_async_callback(lambda: stage.falls())
            stage.cast = {name: cast[name] for name in doors}
            client = await stack.enter_async_context(stage._browser())  # of whoever needs none of their own
            for name, each in stage.cast.items():
                own = doors[name] == MAIL
                stage._seat(
                    name, each, doors[name], await stack.enter_async_context(stage._browser()) if own else client
                )
            settle(stage)
            await stage._rises()
            yield stage
            gone = {seat.account[1] for seat in stage.seats.values() if seat.has_left}
            refused = [each for each in slack.refusals if each.arguments.get("channel") not in gone]
            assert not refused, refused
            # One message too soon is the pace's matter, and whoever sets a limit looks at it.
            others = [each for each in telegram.refusals if each.status != 429]
            refused = [each for each in others if str(each.arguments.get("chat_id")) not in gone]
            assert not refused, refused

    def _browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.address, trust_env=False, follow_redirects=True)

    # Parley itself

    def _make(self) -> None:
        self.parley = Parley(database_url=self.url, public_url=self.address, clock=self.clock)
        self.wires: tuple[Any, ...] = (
            SlackWire(
                self.parley, bot_token=self.slack.bot_token, app_token=self.slack.app_token, api_url=self.slack.url
            ),
            TelegramWire(self.parley, token=self.telegram.token, api_url=self.telegram.address),
        )
        self.mail = EmailWire(self.parley, smtp_url=self.smtp.url, sender=OURS, public_url=self.address)
        self._up = AsyncExitStack()
        self._up.callback(self.parley.close)

    async def _rises(self) -> None:
        await self._up.enter_async_context(self._served())
        for wire in self.wires:
            self._up.push_async_callback(wire.stop)
            await wire.start()
        await self.slack.connected()

    async def falls(self) -> None:
        """End Parley; the platforms and whoever sits at them stay."""
        await self._up.aclose()

    async def rises_again(self, at: datetime) -> None:
        """Begin another one on the same database, at that time."""
        self.clock.advance(at - self.clock.now())
        self.slack.clock = self.telegram.clock = self.clock.now
        self._make()
        await self._rises()

    @asynccontextmanager
    async def _served(self) -> AsyncIterator[None]:
        app = http.application(self.parley, secure=False)
        server = uvicorn.Server(uvicorn.Config(app, port=self.port, log_config=None, lifespan="off"))
        running = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  the library tells nobody
            await asyncio.sleep(0)
        try:
            yield
        finally:
            server.should_exit = True
            await running

    def _seat(self, name: str, who: Somebody, door: str, client: httpx.AsyncClient) -> None:
        writer = Writer(self.parley.catalogues, Reader(who.language, who.zone))
        made: dict[str, Callable[[], Seat]] = {
            SLACK: lambda: OnSlack(who.name, writer, self.slack, who.zone),
            TELEGRAM: lambda: OnTelegram(who.name, writer, self.telegram),
            MAIL: lambda: ByMail(who.name, writer, self.smtp, client),
        }
        seat = self.seats[name] = made[door]()
        seat.settle, seat.begin = self.settle, self._begin

    def know(self, session: Session, home: int, homes: Mapping[str, int] = MappingProxyType({})) -> None:
        """Let all of them have registered before, each at their door; `homes` are other administrations, by code."""
        now = self.clock.now()
        for name, each in self.cast.items():
            seat = self.seats[name]
            if each.second_of:
                continue
            at_home = homes[each.home] if each.home else home
            one = Person(administration_id=at_home, name=each.name, kind=each.kind)
            one.language, one.zone = each.language, each.zone
            one.region = each.region
            one.met_at = one.language_chosen_at = one.consented_at = one.registered_at = now
            one.invited = Invited.MAIL if seat.platform == MAIL else Invited.FEED
            session.add(one)
            session.flush()
            self._account(session, one.id, seat)
            self.ids[name] = one.id
            if each.organisation:
                self.speaks(session, one, each.organisation, each.kind)
        for name, each in self.cast.items():
            if each.second_of:
                self._account(session, self.ids[each.second_of], self.seats[name])

    def _account(self, session: Session, person_id: int, seat: Seat) -> None:
        external_id, address = seat.account
        account = Account(person_id=person_id, platform=seat.platform, external_id=external_id, address=address)
        account.met_at = account.used_at = self.clock.now()
        session.add(account)

    def speaks(self, session: Session, one: Person, called: str, kind: Kind) -> None:
        """Somebody speaks for an organisation, which is verified."""
        there = Organisation.administration_id == one.administration_id, Organisation.name == called
        body = session.scalar(select(Organisation).where(*there))
        if body is None:
            body = Organisation(
                administration_id=one.administration_id, name=called, kind=kind, standing=Standing.VERIFIED
            )
            session.add(body)
            session.flush()
        mandate = Mandate.given(one, body, at=self.clock.now())
        mandate.confirmed_by_id = min(self.ids.values())
        session.add(mandate)

    def __getitem__(self, name: str) -> Any:
        return self.seats[name]

    # What everybody hears

    def _begin(self) -> None:
        for seat in self.seats.values():
            seat.before = frozenset(known for known, _read in seat.standing())

    def told(self) -> set[str]:
        """Who has anything new since somebody last did something."""
        return {name for name, seat in self.seats.items() if seat.news}

    # Time

    async def settle(self) -> None:
        """Until nothing that came in or is due now waits."""
        await self.telegram.settled()
        await self.parley.settle()

    async def passes(self, **by: float) -> None:
        """Let time pass, and what falls due happen at its own instant."""
        await self.until(self.clock.now() + timedelta(**by))

    async def until(self, at: datetime) -> None:
        self._begin()
        while (then := self._next()) is not None and then <= at:
            self.clock.advance(max(then - self.clock.now(), timedelta()))
            await self.parley.settle()
        self.clock.advance(max(at - self.clock.now(), timedelta()))
        await self.parley.settle()

    def _next(self) -> datetime | None:
        with self.parley.sessions.reading() as session:
            due = select(func.min(Due.at)).where(Due.fired_at.is_(None), Due.cancelled_at.is_(None))
            job = select(func.min(Job.at)).where(Job.failed_at.is_(None))
            return min((at for query in (due, job) if (at := session.scalar(query))), default=None)

    # What an operator, a calendar program and anybody sees

    def sign_in(self, name: str) -> str:
        """A fresh one-time link to somebody's page, as `parley signin` prints it."""
        with self.parley.sessions.writing() as session:
            return f"{self.address}/in/{Pass.issue(session, 'web', self.ids[name], at=self.clock.now())}"

    async def shows(self, what: str, **more: str) -> str:
        """`parley WHAT --json`."""
        return await asyncio.to_thread(show, self.url, what, as_json=True, **more)
