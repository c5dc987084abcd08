"""A standstill: the Parley that runs on a SQLite file lets go of it for as long as somebody moves what it holds.

Two files beside the database carry two locks, which end with their processes, however those end. Whoever holds that of
`….moving` asks for the database. The Parley that runs sees it, takes nothing more in, ends what is under way and lets
go of `….lock`, which the mover then holds. When the first is gone, Parley takes its own again and goes on.
"""

from __future__ import annotations

import asyncio
import fcntl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import IO

import structlog
from sqlalchemy import make_url

from bot.http import Gate
from bot.ops.alone import Lock, lock_file, moving_file
from bot.ops.trouble import Trouble
from scheduling.clock import monotonic

log = structlog.get_logger()
LOOK = 1.0  # seconds between two looks at whether the database is wanted, or ours again
MOVER_LOOK = 0.05
PATIENCE = 60.0  # seconds that a Parley has to end what is under way
INSIDE = 5.0  # seconds that requests have to end


@contextmanager
def standing_still(database_url: str) -> Iterator[None]:
    """The SQLite file to ourselves until this ends. Raises Trouble where another moves it, or nobody lets go of it."""
    url = make_url(database_url)
    wish = moving_file(url)
    with wish.open("w") as asked, lock_file(url).open("w") as held:
        if not _taken(asked, within=LOOK):  # not at once: whoever looks at it holds it for a moment
            raise Trouble(f"{url.database} is being moved already")
        try:
            if not _taken(held, within=PATIENCE):
                raise Trouble("the Parley that runs does not let go of its database: stop it first")
            yield
        finally:
            wish.unlink(missing_ok=True)


def _taken(file: IO[str], *, within: float) -> bool:
    until = monotonic() + within
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() > until:
                return False
            time.sleep(MOVER_LOOK)
        else:
            return True


@asynccontextmanager
async def unless_wanted(
    under_way: Callable[[], AbstractAsyncContextManager[None]],
    *,
    lock: Lock,
    gate: Gate,
    elsewhere: Callable[[], str | None],
    leave: Callable[[], None],
) -> AsyncIterator[None]:
    """Have everything `under_way` until this ends, but for the times when the database is wanted.

    Afterwards it goes on; or, where `elsewhere` says that the rows live in another database now, it leaves.
    """
    started = asyncio.Event()
    keeping = asyncio.create_task(_keep(under_way, lock, gate, elsewhere, started))
    starting = asyncio.create_task(started.wait())
    await asyncio.wait([keeping, starting], return_when=asyncio.FIRST_COMPLETED)
    starting.cancel()
    if keeping.done():
        keeping.result()
    keeping.add_done_callback(lambda _task: leave())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def _keep(
    under_way: Callable[[], AbstractAsyncContextManager[None]],
    lock: Lock,
    gate: Gate,
    elsewhere: Callable[[], str | None],
    started: asyncio.Event,
) -> None:
    try:
        while True:
            async with under_way():
                gate.open()
                started.set()
                await _until(lock.is_wanted)
                log.warning("standing still: the database is being moved")
                await gate.close(within=INSIDE)
            lock.lend()
            await _until(lock.take_back)
            if (why := await asyncio.to_thread(elsewhere)) is not None:
                log.error("leaving", why=why)
                return
            log.warning("going on: the database was not moved")
    except Exception:
        log.exception("cannot go on")
        raise


async def _until(is_so: Callable[[], bool]) -> None:
    while not await asyncio.to_thread(is_so):  # noqa: ASYNC110  a lock tells nobody that it is free
        await asyncio.sleep(LOOK)
