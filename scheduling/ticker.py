"""Decides when to look at what is due; a row in the database makes it happen once. The only importer of APScheduler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler


class Ticker:
    """Calls `tick` every `seconds`, in any number of processes. Keeps no jobs of its own: a restart loses nothing."""

    def __init__(self, tick: Callable[[], Awaitable[None]], *, seconds: float = 1.0) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        # A tick that is late is done once, however late: what is due does not expire by being late.
        self._scheduler.add_job(
            tick, "interval", seconds=seconds, coalesce=True, max_instances=1, misfire_grace_time=None
        )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)
