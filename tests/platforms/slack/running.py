"""Parley with its Slack wire over real sockets, to be started and stopped within a test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy import null

from bot.core import Parley
from bot.platforms.slack.wire import SlackWire
from db.centres import Centre
from db.people import Account, Administration, Kind, Person, Role, RoleName, Scope, Sector
from scheduling.clock import Clock, SystemClock
from tests.fakes import FakeSlack
from tests.fakes.slack import User
from tests.fakes.slack.world import TEAM

PAGE = "https://parley.example"


def settle(url: str) -> None:
    """Give a new database its administration and one desk, which takes everything."""
    parley = Parley(database_url=url, public_url=PAGE, clock=SystemClock())
    with parley.sessions.writing() as session:
        home = Administration(
            code="sk", name={"en": "Customs of Sakan"}, country="TN", zone="Africa/Tunis", language="en"
        )
        session.add(home)
        session.flush()
        days = {day: ["08:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
        week = {"zone": "Africa/Tunis", "country": "TN", "days": days}
        desk = {"en": "Perishables desk", "fr": "Bureau des périssables"}
        session.add(
            Centre(
                administration_id=home.id,
                code="perishables",
                name=desk,
                sectors=[Sector.PERISHABLES],
                ports=["Port Sodal"],
                week=week,
                takes_the_rest=True,
            )
        )
    parley.close()


class House:
    """One process: `parley` and its `wire`, by Socket Mode unless `http` is asked for."""

    def __init__(self, url: str, slack: FakeSlack, *, http: bool = False, clock: Clock | None = None, **more: Any):
        self.parley = Parley(database_url=url, public_url=PAGE, clock=clock or SystemClock())
        self._slack = slack
        self._http = http
        door: dict[str, Any] = {"signing_secret": slack.signing_secret} if http else {"app_token": slack.app_token}
        self.wire = SlackWire(self.parley, **{"bot_token": slack.bot_token, "api_url": slack.url} | door | more)
        self._jobs: asyncio.Task[None] | None = None
        self._server: web.AppRunner | None = None

    async def start(self) -> None:
        await self.parley.edge.recover()
        self._jobs = asyncio.create_task(self.parley.work.run(poll=0.05))
        await self.wire.start()
        if self._http:
            await self._serve()
        else:
            await self._slack.connected()

    async def stop(self) -> None:
        await self.wire.stop()
        if self._server is not None:
            await self._server.cleanup()
        self.parley.work.stop()
        if self._jobs is not None:
            await self._jobs
        self.parley.close()

    async def _serve(self) -> None:
        """The route that Slack calls: raw bytes in, as `bot.http` hands them on."""

        async def receive(request: web.Request) -> web.Response:
            status, headers, body = await self.wire.handle_http(await request.read(), dict(request.headers))
            return web.Response(status=status, headers=dict(headers), body=body)

        app = web.Application()
        app.router.add_post("/slack/events", receive)
        self._server = web.AppRunner(app, shutdown_timeout=0.05)
        await self._server.setup()
        await web.TCPSite(self._server, "127.0.0.1", 0).start()
        self._slack.posts_to(f"http://127.0.0.1:{self._server.addresses[0][1]}/slack/events")

    def makes_member(self, user: User, kind: Kind = Kind.BUSINESS) -> int:
        """Let somebody of Slack have registered before; gives their person's id."""
        now = self.parley.clock.now()
        with self.parley.sessions.writing() as session:
            person = Person(
                administration_id=1,
                name=user.name,
                kind=kind,
                language="en",
                zone="UTC",
                quiet_from=null(),
                quiet_to=null(),
                met_at=now,
                language_chosen_at=now,
                consented_at=now,
                registered_at=now,
            )
            session.add(person)
            session.flush()
            account = Account(person_id=person.id, platform="slack", address=user.id, met_at=now, used_at=now)
            account.external_id = f"{user.team}:{user.id}"
            account.is_guest = user.team != TEAM or bool(user.guest)
            session.add(account)
        return person.id

    def makes_officer(self, user: User) -> int:
        """Give somebody of Slack a place at the desk: registered, with a role that holds for a century."""
        now = self.parley.clock.now()
        person_id = self.makes_member(user, Kind.CUSTOMS)
        with self.parley.sessions.writing() as session:
            session.add(
                Role(
                    administration_id=1,
                    person_id=person_id,
                    name=RoleName.OFFICER,
                    scope=Scope.CENTRE,
                    scope_id="1",
                    starts_at=now,
                    ends_at=now + timedelta(days=36500),
                )
            )
        return person_id


@contextlib.asynccontextmanager
async def running(url: str, slack: FakeSlack, **more: Any) -> AsyncIterator[House]:
    house = House(url, slack, **more)
    await house.start()
    try:
        yield house
    finally:
        await house.stop()
