"""One conversation from its beginning to its end, with the process dying on the way as often as it is planned to."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from typing import Any, Protocol, Self

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from db.session import Sessions, connect
from tests.fakes import FakeSlack, FakeTelegram
from tests.shell import free_port

from . import facts, office
from .conversation import ACTS, WITHIN, Act, Actors
from .facts import Facts
from .invariants import Violated, check
from .meter import Point
from .office import People
from .process import Nursery

LOOK = 0.02  # seconds between looks at the database, which cannot call
START = "start"
Plan = Mapping[str, Point]


class Trap(Protocol):
    """What kills the process at a point, or counts its points: the meter within it, or strace from without."""

    holds: bool  # whether a process waits for the trap before it begins

    def set(self, at: Point | None) -> None: ...
    async def attach(self, pid: int) -> None: ...
    async def off(self) -> dict[str, int]: ...


class Journey:
    """The platforms, the people, the database and the process of one conversation."""

    def __init__(
        self,
        nursery: Nursery,
        url: str,
        them: People,
        *,
        trap: Trap | None = None,
        served: str | None = None,
        **more: Any,
    ) -> None:
        self.them = them
        self.url = url
        self.nursery = nursery
        self.deaths = 0
        self.actors = Actors(them, self.settled)
        self._trap: Trap = trap or nursery.meter
        self._more = more
        self._sessions = Sessions(connect(url))
        self._keeper: asyncio.Task[None] | None = None
        self._died = asyncio.Event()
        self._settings = {
            "database_url": served or url,
            "public_url": office.PAGE,
            "port": free_port(),
            "telegram_token": them.telegram.token,
            "telegram_api_url": them.telegram.address,
            "slack_bot_token": them.slack.bot_token,
            "slack_app_token": them.slack.app_token,
            "slack_api_url": them.slack.url,
        }

    @classmethod
    @asynccontextmanager
    async def begun(cls, nursery: Nursery, url: str, **more: Any) -> AsyncIterator[Self]:
        """On platforms of its own; `url` is a prepared database, `more` is for `tests.crash.child`."""
        async with FakeSlack.running(timing=office.QUICK) as slack, FakeTelegram.running() as telegram:
            journey = cls(nursery, url, office.people(telegram, slack), **more)
            try:
                yield journey
            finally:
                await journey._end()

    async def play(self, plan: Plan, calm: Mapping[str, Facts] | None = None) -> dict[str, Facts]:
        """Every act, dying where the plan says; after each it must be as in the `calm` run. What was seen, by act."""
        seen: dict[str, Facts] = {}
        for name, act in {START: self._start, **ACTS}.items():
            before = self.deaths
            self._trap.set(plan.get(name))
            if self.nursery.pid is not None:
                await self._trap.attach(self.nursery.pid)
            try:
                await self._live(act, f"in “{name}”, killed at {plan.get(name)}")
            except Violated:
                raise
            except AssertionError as error:
                found = [str(error), self._seen()]
                raise Violated("nobody_waits_in_vain", f"in “{name}”, killed at {plan.get(name)}", found) from None
            counts = await self._trap.off()
            await self.settled()  # a point may be reached when all seems done
            with self.looking() as session:
                seen[name] = facts.gathered(session, self.them)
            seen[name].counts = counts
            died = f", killed at {plan[name]}" if self.deaths > before else ""
            if calm is not None:
                check(seen[name], calm[name], self.actors.again, f"after “{name}”{died}")
        return seen

    async def settled(self) -> None:
        """Wait until the process is up, connected, and has nothing under way."""
        try:
            async with asyncio.timeout(WITHIN):
                while not (self.nursery.is_up and self._is_idle()):  # noqa: ASYNC110  a database has no event
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            with self.looking() as session:
                left = list(facts.unfinished(session))
            raise AssertionError(f"not settled within {WITHIN} s: {left}; {self._log()}") from None

    def looking(self) -> AbstractContextManager[Session]:
        return facts.looking(self._sessions)

    def _is_idle(self) -> bool:
        if not self.them.slack.doors.sockets or self.them.telegram.updates.waiting:
            return False
        try:
            with self.looking() as session:
                return next(facts.unfinished(session), None) is None
        except OperationalError:  # a server may be away as well as the process
            return False

    async def _start(self, _actors: Actors) -> None:
        self._keeper = asyncio.create_task(self._keep_up())
        await self.them.slack.connected(WITHIN)
        await self.them.telegram.until(lambda: self.them.telegram.calls("getMe"), WITHIN)

    async def _keep_up(self) -> None:
        """Start it, and start it again whenever it was killed, as whoever runs it would."""
        while True:
            is_held = self._trap.holds and self.deaths == 0
            await self.nursery.start(self._settings, held=is_held, **self._more)
            if is_held and self.nursery.pid is not None:
                await self._trap.attach(self.nursery.pid)
                os.kill(self.nursery.pid, signal.SIGCONT)
            code = await self.nursery.ended()
            if code != -signal.SIGKILL:
                raise AssertionError(f"it ended with {code}: {self._log()}")
            self.deaths += 1
            self.nursery.meter.set(None)  # whoever counts within it begins anew: this one is to live
            self._died.set()

    async def _look_after_death(self, where: str) -> None:
        """Once it is up again, what was confirmed must be kept: nobody needs to wait for it in vain."""
        self._died.clear()
        await self._died.wait()
        await self.settled()
        with self.looking() as session:
            if lost := facts.unconfirmed(session, self.them):
                raise Violated("nothing_confirmed_is_lost", where, lost)

    async def _live(self, act: Act, where: str) -> None:
        """One act and what it causes, to the end; or as far as it goes with a process that ended by itself."""

        async def through() -> None:
            await act(self.actors)
            await self.settled()

        doing = asyncio.create_task(through())
        beside = {asyncio.create_task(self._look_after_death(where))}
        try:
            while not doing.done():
                watched = beside | ({self._keeper} if self._keeper is not None else set())
                ended, _ = await asyncio.wait({doing, *watched}, return_when=asyncio.FIRST_COMPLETED)
                for each in ended:
                    await each
                beside -= ended
        finally:
            for each in (doing, *beside):
                each.cancel()
            await asyncio.gather(doing, *beside, return_exceptions=True)

    def _seen(self) -> str:
        """The newest that each person sees, for whoever has to find out."""
        them = self.them
        newest = [each.shown for person in (them.amina, them.badr) for each in them.telegram.messages(person)[-2:]]
        newest += [each.shown for person in (them.olga, them.lena) for each in them.slack.messages(person)[-2:]]
        return "\n--\n".join([*newest, *(str(view.shown) for view in them.slack.modals(them.olga))])

    def _log(self) -> str:
        return self.nursery.log.read_text(encoding="utf-8")[-3000:]

    async def _end(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError, AssertionError):
                await self._keeper
            await self.nursery.kill()
