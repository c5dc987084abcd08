"""Parley with its Telegram wire over real sockets, to be started and stopped within a test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from bot.core import Parley
from bot.platforms.telegram.wire import TelegramWire
from db.people import Account, Administration, Kind, Person
from scheduling.clock import Clock, SystemClock
from tests.fakes import FakeTelegram
from tests.fakes.telegram import User


def settle(url: str) -> None:
    """Give a new database its administration."""
    parley = Parley(database_url=url, public_url="https://parley.example", clock=SystemClock())
    with parley.sessions.writing() as session:
        home = {"en": "Customs of Sakan", "fr": "Douanes de Sakan"}
        session.add(Administration(code="sk", name=home, country="TN", zone="Africa/Tunis", language="en"))
    parley.close()


async def eventually(look: Callable[[], object], within: float = 10.0) -> None:
    """Wait until something of ours is so; the server does not notice when our database changes."""
    async with asyncio.timeout(within):
        while not look():  # noqa: ASYNC110  a database has no event to wait for
            await asyncio.sleep(0.02)


def know(url: str, user: User) -> None:
    """Let a person have registered before, in French."""
    at = SystemClock().now()
    parley = Parley(database_url=url, public_url="https://parley.example", clock=SystemClock())
    with parley.sessions.writing() as session:
        person = Person(
            administration_id=1, name="Amina Diop", kind=Kind.BUSINESS, language="fr", zone="UTC", met_at=at
        )
        person.language_chosen_at = person.consented_at = person.registered_at = at
        session.add(person)
        session.flush()
        account = Account(person_id=person.id, platform="telegram", external_id=str(user.id), address=str(user.id))
        account.met_at = account.used_at = at
        session.add(account)
    parley.close()


class House:
    """One process: `parley` and its `wire`."""

    def __init__(self, url: str, telegram: FakeTelegram, *, clock: Clock | None = None, **more: Any) -> None:
        self.parley = Parley(database_url=url, public_url="https://parley.example", clock=clock or SystemClock())
        self.wire = TelegramWire(self.parley, **{"token": telegram.token, "api_url": telegram.address} | more)
        self._jobs: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.parley.edge.recover()
        self._jobs = asyncio.create_task(self.parley.work.run(poll=0.05))
        await self.wire.start()

    async def stop(self) -> None:
        await self.wire.stop()
        self.parley.work.stop()
        if self._jobs is not None:
            await self._jobs
        self.parley.close()

    async def die(self) -> None:
        """End as abruptly as one can within one process: nothing under way is finished."""
        if self._jobs is not None:
            self._jobs.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._jobs
        await self.wire.stop()
        self.parley.close()


@contextlib.asynccontextmanager
async def running(url: str, telegram: FakeTelegram, **more: Any) -> AsyncIterator[House]:
    house = House(url, telegram, **more)
    await house.start()
    try:
        yield house
    finally:
        await house.stop()
