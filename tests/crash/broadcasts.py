"""A broadcast to many by processes of their own, which may be killed; and whoever received it, who counts.

`Crew` starts `parley all` on SQLite, or web, workers and clocks on PostgreSQL, as an operator does.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, select, update

from bot.core import Parley
from bot.kit.events import Caller
from db.broadcasts import Broadcast, BroadcastCopy, Standing
from db.machinery import Sending
from db.people import Account, Administration, Kind, RoleName, Scope, grant_role
from scheduling.clock import SystemClock
from tests.bench import process, town
from tests.bench.broadcasting import approved, begun
from tests.bench.child import TELEGRAM_TOKEN
from tests.bench.platform import WEBHOOK_SECRET, Platform

from . import office

Engine = Literal["embedded", "scaled"]
PARTS: dict[Engine, Sequence[str]] = {
    "embedded": ("all",),
    "scaled": ("web", "worker", "worker", "clock", "clock"),
}
RUN = "from bot.main import run; run()"
COORDINATOR = "coordinator"
STARTS = 120  # seconds that one may take to start beside several that are busy


class Sent:
    """A broadcast that has begun, to so many who can be reached by Telegram; and what its rows say of it."""

    def __init__(self, url: str, engine: Engine, people: int) -> None:
        self.url, self.engine, self.people = url, engine, people
        town.fill(url, people=people, issues=0)
        self.parley = Parley(database_url=url, public_url=office.PAGE, clock=SystemClock(), engine=engine)
        with self.parley.sessions.writing() as session:
            now = SystemClock().now()
            session.execute(update(Account).where(Account.platform == "slack").values(platform="web"))
            home = session.scalars(select(Administration.id).order_by(Administration.id)).one()
            cora = office.person(session, home, "Cora", "web", COORDINATOR, COORDINATOR, now)
            cora.kind = Kind.CUSTOMS
            grant_role(
                session,
                cora,
                RoleName.COORDINATOR,
                scope=Scope.COUNTRY,
                scope_id="TN",
                at=now,
                until=now + timedelta(days=30),
            )
        self.coordinator = Caller("web", COORDINATOR, COORDINATOR, "Cora", "en", "UTC")
        self.number = approved(self.parley)
        begun(self.parley, self.number)

    def close(self) -> None:
        self.parley.close()

    def states(self) -> dict[str, Sending]:
        """By where each of the many is written to."""
        with self.parley.sessions.reading() as session:
            its = BroadcastCopy.broadcast_id == self.number, BroadcastCopy.person_id >= town.FIRST
            rows = session.execute(select(BroadcastCopy.person_id, BroadcastCopy.state).where(*its)).all()
        many = {town.address("telegram", person - town.FIRST): state for person, state in rows}
        return {address: state for address, state in many.items() if int(address) < town.FIRST + self.people}

    def left(self) -> int:
        with self.parley.sessions.reading() as session:
            open_ = BroadcastCopy.state.in_((Sending.WAITING, Sending.SENDING))
            its = select(func.count()).where(BroadcastCopy.broadcast_id == self.number, open_)
            return session.scalar(its) or 0

    def is_over(self) -> bool:
        with self.parley.sessions.reading() as session:
            return session.get_one(Broadcast, self.number).standing is Standing.SENT

    async def send_again(self) -> None:
        """A person presses `Send to them again`, and says yes to what that asks."""
        await asyncio.to_thread(
            office.does, self.parley, self.coordinator, "broadcasts.again", broadcast=self.number, confirmed=True
        )


@dataclass
class Crew:
    """The processes; whoever is killed is replaced, as an orchestrator does it."""

    url: str
    engine: Engine
    platform: Platform
    folder: Path
    rate: float
    stack: AsyncExitStack
    posts: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    _running: dict[int, process.Bot] = field(default_factory=dict)  # by their places in `PARTS`
    _killed: Counter[int] = field(default_factory=Counter)
    _starting: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    @asynccontextmanager
    async def begun(cls, sent: Sent, folder: Path, *, rate: float = 0) -> AsyncIterator[Crew]:
        async with Platform.running() as platform, AsyncExitStack() as stack:
            crew = cls(sent.url, sent.engine, platform, folder, rate, stack)
            platform.on_post = lambda address: crew.posts.update((address,))
            await asyncio.gather(*(crew._start(number) for number in range(len(PARTS[sent.engine]))))
            try:
                yield crew
            finally:
                await asyncio.gather(*crew._starting)

    async def posted(self, many: int, within: float) -> None:
        """Wait until so many have arrived in all: others go on sending while one that was killed is replaced."""
        async with asyncio.timeout(within):
            while self.platform.posted < many:  # noqa: ASYNC110  other processes send them
                await asyncio.sleep(0.01)

    async def kill(self, *parts: str) -> None:
        """One that does the first of these that any does dies at once. Another begins in its place, meanwhile."""
        while not (alive := [number for number in self._running if self._part(number) in parts]):
            await asyncio.wait(self._starting, return_when=asyncio.FIRST_COMPLETED)
        number = min(alive, key=lambda each: (parts.index(self._part(each)), self._killed[each]))
        bot = self._running.pop(number)
        assert bot.process.returncode is None, "it died of itself"
        bot.process.kill()
        await bot.process.wait()
        self._killed[number] += 1
        self.kills[self._part(number)] += 1
        starting = asyncio.create_task(self._start(number))
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)

    def _part(self, number: int) -> str:
        return PARTS[self.engine][number]

    async def _start(self, number: int) -> None:
        self._running[number] = await self._one(self._part(number))

    async def _one(self, part: str) -> process.Bot:
        port = process.free_port()
        settings: dict[str, Any] = {
            "DATABASE_URL": self.url,
            "ENGINE": self.engine,
            "PORT": port,
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "TELEGRAM_TOKEN": TELEGRAM_TOKEN,
            "TELEGRAM_API_URL": self.platform.api,
            "TELEGRAM_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "TELEGRAM_RATE": self.rate,
        }
        environment = {f"PARLEY_{name}": str(value) for name, value in settings.items()}
        command = ["-c", RUN, part] + ([] if part == "all" else ["--port", str(port)])
        log = self.folder / f"{part}.log"
        running = process.running(command, port, environment, log, ready="/readyz", within=STARTS)
        return await self.stack.enter_async_context(running)


async def until_over(sent: Sent, within: float) -> None:
    async with asyncio.timeout(within):
        while not await asyncio.to_thread(sent.is_over):  # noqa: ASYNC110  it waits for what other processes wrote
            await asyncio.sleep(0.25)
