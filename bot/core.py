"""Parley without its doors: engine, outbox, jobs and clock put together once, for every process and every test."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import func, select

import handlers
from bot.broadcasting import Broadcasting
from bot.broadcasting.mending import Mending
from bot.delivery import Delivery
from bot.edge import Edge
from bot.engine import Begun, Engine, bind_copies
from bot.feeds import Feeds
from bot.fetching import Fetching
from bot.kit.capability import Registry
from bot.kit.context import HOLD
from bot.kit.door import Door
from bot.kit.events import Returned
from bot.kit.rooms import Rooms
from bot.kit.text import CATALOGUES, Catalogues
from bot.rates import Buckets, Limits, Rates
from bot.rooms import RoomKeeper
from bot.work import BROADCAST, MEND, Embedded, Retry, Task, Threads
from db import audit, files
from db.broadcasts.copies import copy_of_message
from db.machinery import Audit, Inbox
from db.session import Sessions, connect
from scheduling import due
from scheduling.clock import Clock
from scheduling.pace import Pace

if TYPE_CHECKING:
    from bot.work.scaled import Scaled

# What was written last, by this process or the one before it.
NEWEST = select(Audit.at).order_by(Audit.id.desc()).limit(1), select(func.max(Inbox.received_at))
A_WHILE = 2.0  # seconds between two reports of a labour: each edits a message
HOURLY = timedelta(hours=1)
RECOVERING = 60  # looks at the clock in which one is for what a dead process has left
SKEW = timedelta(seconds=5)  # by which the clocks of several machines may differ
A_LOOK = timedelta(seconds=5)  # longer than from one look at the clock to the next


class Parley:
    """Hands each part the parts below it. Doors are added before it runs; a test may bring capabilities of its own.

    `limits` are the messages a second that each door takes, by its name; one that is not named does not count.
    """

    def __init__(
        self,
        *,
        database_url: str,
        public_url: str,
        clock: Clock,
        registry: Registry | None = None,
        pace: Pace | None = None,
        limits: Mapping[str, float] | None = None,
        rates: Rates | None = None,
        hold: timedelta = HOLD,
        engine: Literal["embedded", "scaled"] = "embedded",
    ) -> None:
        self.clock = clock
        self._labouring = asyncio.Semaphore(1)  # what takes minutes takes a core, too
        self._swept: datetime | None = None  # when the rates of whoever is not written to any longer went
        self._ticks = 0
        self._latest: datetime | None = None  # what the clock showed when it was last looked at
        self.page = f"{public_url.rstrip('/')}/"
        self.sessions = Sessions(connect(database_url))
        self.threads = Threads(self.sessions)
        self.work = _work(engine)(self.sessions, clock, self.threads)
        self.catalogues = Catalogues(CATALOGUES)
        self.rates = Buckets(sessions=self.sessions, threads=self.threads, limits=Limits(limits or {}))
        self.doors: dict[str, Door] = {}
        self.engine = Engine(
            sessions=self.sessions,
            registry=registry or handlers.registry,
            clock=clock,
            catalogues=self.catalogues,
            work=self.work,
            doors=self.doors,
            public_url=public_url,
            hold=hold,
        )
        self.delivery = Delivery(
            sessions=self.sessions,
            threads=self.threads,
            clock=clock,
            catalogues=self.catalogues,
            doors=self.doors,
            is_still_theirs=self.engine.is_still_theirs,
            work=self.work,
            rates=self.rates,
        )
        sending: dict[str, Any] = {
            "sessions": self.sessions,
            "threads": self.threads,
            "clock": clock,
            "catalogues": self.catalogues,
            "doors": self.doors,
            "rates": rates or self.rates,
            "bind": bind_copies,
        }
        self.broadcasting = Broadcasting(
            **sending,
            work=self.work,
            is_stopping=lambda: self.work.is_stopping,
            gives_way=self.work.gives_way,
        )
        self.mending = Mending(**sending)
        self.feeds = Feeds(
            sessions=self.sessions,
            clock=clock,
            catalogues=self.catalogues,
            registry=self.engine.registry,
            public_url=public_url,
        )
        self.rooms = RoomKeeper(
            sessions=self.sessions,
            threads=self.threads,
            clock=clock,
            catalogues=self.catalogues,
            doors=self.doors,
            rates=self.rates,
        )
        self.fetching = Fetching(sessions=self.sessions, threads=self.threads, clock=clock, doors=self.doors)
        self.edge = Edge(
            sessions=self.sessions,
            threads=self.threads,
            clock=clock,
            engine=self.engine,
            work=self.work,
            expect=self.delivery.expect,
            returned=self._returned,
            doors=self.doors,
            pace=pace,
        )
        self.work.add(
            {
                "deliver": self.delivery.deliver,
                BROADCAST: self.broadcasting.portion,
                MEND: self.mending.portion,
                "room": self.rooms.keep,
                "fetch": self.fetching.fetch,
                "turn": self.edge.job,
                "due": self._due,
            }
        )

    def add(self, door: Door, rooms: Rooms | None = None) -> None:
        """A door; with the `rooms` of its platform, where they can be opened."""
        self.doors[door.name] = door
        if rooms is not None:
            self.rooms.rooms[door.name] = rooms
            self.engine.rooms.add(door.name)

    async def tick(self) -> None:
        """Hand on what is due, and seal the audit lines written since. Any number of processes may do so at once."""
        await self.edge.catch_up()
        self._ticks += 1
        if self.work.shares and self._ticks % RECOVERING == 0:  # nobody starts anew when another process has died
            await self.edge.recover()
        await self.threads.run(self._claim)

    async def settle(self) -> None:
        """Do everything due and ready now, and what that causes: for tests, the terminal, the demo's clock."""
        while True:
            await self.edge.catch_up()
            await self.threads.run(self._claim)
            if not await self.work.drain():
                return

    async def stored(self, file_id: int) -> bytes | None:
        """The bytes of one of our files, for a door to send on; None while it is not here."""
        return await self.threads.run(self._bytes_of, file_id)

    def close(self) -> None:
        self.threads.close()
        self.feeds.close()
        self.sessions.engine.dispose()

    def _returned(self, inbox: int, back: Returned) -> None:
        """What had been accepted came back: a message of the outbox, or a copy of a broadcast."""
        whose = self.broadcasting if copy_of_message(back.outgoing) else self.delivery
        whose.returned(inbox, back)

    async def _due(self, due: int) -> None:
        begun = await self.threads.run(self.engine.run_due, due)
        if begun is not None:
            async with self._labouring:
                await self._labour(begun)

    async def _labour(self, begun: Begun) -> None:
        """Do what takes minutes in a thread of its own, telling now and then how far it has come."""
        task = Task(begun.labour.work, begun.question)
        try:
            while not await task.is_over(within=A_WHILE):
                if self.work.is_stopping:
                    raise Retry(timedelta())  # it begins again when somebody is there to hear of it
                if (news := task.news()) is not None and not await self.threads.run(self.engine.report, begun, *news):
                    task.stop()
            answer, why = task.outcome()
        finally:
            task.stop()
        await self.threads.run(self.engine.finish, begun, answer, why=why)

    def _bytes_of(self, file_id: int) -> bytes | None:
        with self.sessions.reading() as session:
            found = files.stored(session, file_id)
            return found[1] if found is not None else None

    def _claim(self) -> int:
        with self.sessions.writing() as session:
            if self.sessions.try_lock(session, "sealer"):  # two at once would give out the same position
                audit.seal(session)
            now = self.clock.now()
            if self._swept is None or abs(now - self._swept) > HOURLY:
                self.rates.forget(session)
                self._swept = now
            latest = self._latest or max(filter(None, map(session.scalar, NEWEST)), default=now)
            if latest > now + (SKEW if self.work.shares else timedelta()):
                self.work.bring_forward(session, latest + A_LOOK)
            claimed = due.claim(session, now, lambda row: self.work.defer(session, "due", due=row))
        self._latest = now
        return claimed


def _work(engine: str) -> type[Embedded] | type[Scaled]:
    if engine == "embedded":
        return Embedded
    from bot.work.scaled import Scaled  # noqa: PLC0415  its library is only there where several processes are to run

    return Scaled
