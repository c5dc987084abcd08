"""Who takes in: of many web processes one fetches updates, opens the socket and listens for mail, and the others wait.

The one that does holds a lock of a PostgreSQL session. The session is a lease: the server ends it when it has heard
nothing for `LEASE` seconds, and so frees the lock of a process that was stopped, or whose network is gone; such a
process has given up by itself before, for it counts from when it last asked and was answered. One that is killed, or
whose connection is cut, frees it at once.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
import structlog
from sqlalchemy import make_url

from bot.ops.alone import HELD, INTAKE

log = structlog.get_logger()

LOOK = 1.0  # seconds between two words with the server
LEASE = 8.0  # seconds without one, and it ends our session: with what it takes to begin, within 15
OURS = 6.0  # seconds without an answer, and we have given up: sooner than that, whatever the server does
CLOSING = 5.0  # seconds for the lines to be let go
TAKE = f"SELECT pg_try_advisory_lock({INTAKE}), EXISTS (SELECT{HELD} AND objid = {INTAKE})"


class Intake:
    """Takes in for as long as it is this process's turn. `take_in` goes on until it is cancelled; then `let_go`."""

    def __init__(
        self,
        database_url: str,
        take_in: Callable[[], Awaitable[None]],
        let_go: Callable[[], Awaitable[None]],
        *,
        name: str = "parley",
        lease: float = LEASE,
        ours: float = OURS,
    ) -> None:
        self._address = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._take_in = take_in
        self._let_go = let_go
        self._name = name
        self._lease, self._ours = lease, ours
        self._asked = 0.0  # by the loop: when we last asked what was answered
        self.is_here = False
        self.is_somewhere = False  # when we last looked

    async def run(self) -> None:
        """Stand by, take in, stand by again, until cancelled."""
        while True:
            try:
                async with self._session() as session:
                    await self._stand_by(session)
                    await self._hold(session)
            except (psycopg.Error, OSError, TimeoutError) as error:  # the database is away, or was for us
                self.is_somewhere = False
                log.warning("nothing to hold the lines by", error=type(error).__name__)
            await asyncio.sleep(LOOK)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[psycopg.AsyncConnection]:
        asked = asyncio.get_running_loop().time()
        async with asyncio.timeout(self._ours):
            session = await psycopg.AsyncConnection.connect(
                self._address, autocommit=True, application_name=self._name, connect_timeout=round(self._ours)
            )
        self._asked = asked
        try:
            await self._ask(session, f"SET idle_session_timeout = '{round(self._lease * 1000)}ms'")
            yield session
        finally:
            with suppress(Exception):
                await session.close()

    async def _stand_by(self, session: psycopg.AsyncConnection) -> None:
        """Until the lock is ours."""
        while True:
            is_ours, is_held = await self._ask(session, TAKE)
            self.is_somewhere = bool(is_held)
            if is_ours:
                return
            await self._silence(session)

    async def _hold(self, session: psycopg.AsyncConnection) -> None:
        """Take in until the session ends. The lock was ours when it was last asked for anything."""
        log.info("takes in")
        self.is_here = self.is_somewhere = True
        taking = asyncio.create_task(_going_on(self._take_in))
        try:
            while True:
                await self._silence(session)
                await self._ask(session, "SELECT 1")
        finally:
            self.is_here = False
            log.info("takes in no longer")
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING):
                    await self._let_go()

    async def _ask(self, session: psycopg.AsyncConnection, what: str) -> tuple[Any, ...]:
        """One answer of the server's. Raises TimeoutError when the last one that came is too long ago to be sure of."""
        loop = asyncio.get_running_loop()
        asking = loop.time()
        answer = asyncio.create_task(_answer(session, what))
        try:
            # Not cancelled when it takes too long: the driver would first ask the server, which is away, to cancel it.
            await asyncio.wait([answer], timeout=max(0.0, self._asked + self._ours - asking))
            if not answer.done():
                raise TimeoutError
        finally:
            if not answer.done():
                answer.add_done_callback(lambda late: late.cancelled() or late.exception())  # nobody asks any more
                _cut(session)
        row = await answer
        self._asked = asking
        return row

    @staticmethod
    async def _silence(session: psycopg.AsyncConnection) -> None:
        """A little while. Raises at once where the connection ends in it."""
        async for _said in session.notifies(timeout=LOOK):
            pass


async def _answer(session: psycopg.AsyncConnection, what: str) -> tuple[Any, ...]:
    cursor = await session.execute(what.encode())
    return (await cursor.fetchone() if cursor.description is not None else None) or ()


def _cut(session: psycopg.AsyncConnection) -> None:
    """End it on our side: whoever waits for its answer hears so at once."""
    with suppress(OSError), socket.socket(fileno=os.dup(session.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


async def _going_on(what: Callable[[], Awaitable[None]]) -> None:
    try:
        await what()
    except Exception:
        log.exception("cannot take in")
