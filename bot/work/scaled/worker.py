"""What takes jobs and runs them, so many at a time; and how it hears that there are any."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from procrastinate import App
from procrastinate import worker as theirs

from .manager import STALLED

BEAT = 2.0  # seconds between two signs of life
GRACE = 10.0  # seconds for jobs under way when the process ends
FALLBACK = 2.0  # seconds after which a worker looks again although nobody has told it of a job


class Worker(theirs.Worker):
    """One of a process's: for what somebody waits for, for what comes in bulk, and for the rest."""

    def __init__(self, app: App, queues: Iterable[str], at_once: int) -> None:
        super().__init__(
            app,
            queues=list(queues),
            concurrency=at_once,
            delete_jobs="successful",
            install_signal_handlers=False,
            shutdown_graceful_timeout=GRACE,
            update_heartbeat_interval=BEAT,
            stalled_worker_timeout=6 * STALLED,
            fetch_job_polling_interval=FALLBACK,
        )
        self.bell = self._new_job_event = _Bell()

    async def begin(self) -> None:
        """Take jobs until told to end."""
        await self.run()  # type: ignore[no-untyped-call]  # Procrastinate's own

    def end(self) -> None:
        """Take no more; `begin` returns when what is under way has ended."""
        self.stop()  # type: ignore[no-untyped-call]  # Procrastinate's own

    def look(self) -> None:
        """There may be something to do."""
        self.bell.set()


class _Bell(asyncio.Event):
    """Stays rung for whoever was looking already, who may have looked too early. Procrastinate would not hear it."""

    def __init__(self) -> None:
        super().__init__()
        self._rung = self._heard = 0

    def set(self) -> None:
        self._rung += 1
        super().set()

    def heard(self) -> None:
        """Somebody goes to look now."""
        self._heard = self._rung

    def clear(self) -> None:
        if self._heard == self._rung:
            super().clear()
