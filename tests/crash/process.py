"""`parley all` as a child process that can be started as often as it dies."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Self

from tests.shell import ROOT

from .meter import Meter

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}


class Nursery:
    """Starts processes by forking them from one that has imported Parley: a tenth of the time of starting anew.

    One process at a time. `meter` is shared with each; `log` is what they wrote.
    """

    def __init__(self, folder: Path, worker: asyncio.subprocess.Process) -> None:
        self.folder = folder
        self.log = folder / "parley.log"
        self.meter = Meter(folder / "meter")
        self.pid: int | None = None  # of the process that is up
        self._worker = worker
        self._started: asyncio.Future[int] | None = None
        self._ended: asyncio.Future[int] | None = None

    @classmethod
    @asynccontextmanager
    async def opened(cls, folder: Path) -> AsyncIterator[Self]:
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.crash.child"),
            cwd=folder,
            env=ENVIRONMENT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        nursery = cls(folder, worker)
        listening = asyncio.create_task(nursery._listen())
        try:
            yield nursery
        finally:
            if worker.stdin is not None:
                worker.stdin.close()  # it takes its child with it
            await worker.wait()
            await listening

    async def start(self, settings: dict[str, Any], **more: Any) -> None:
        """Start one; its settings are those of `bot.settings`, `more` is for `tests.crash.child`."""
        if self._worker.stdin is None:
            raise RuntimeError("nowhere to write orders to")
        loop = asyncio.get_running_loop()
        self._started, self._ended = loop.create_future(), loop.create_future()
        order = {"settings": settings, "meter": self.meter.path, "log": self.log} | more
        self._worker.stdin.write(json.dumps(order, default=str).encode() + b"\n")
        await asyncio.shield(self._started)

    async def ended(self) -> int:
        """Wait for its end: the exit code, or minus the signal's number."""
        if self._ended is None:
            raise RuntimeError("none was started")
        return await asyncio.shield(self._ended)

    @property
    def is_up(self) -> bool:
        return self.pid is not None

    async def kill(self) -> None:
        """End it, if there is one."""
        if self._started is not None:
            pid = await asyncio.shield(self._started)
            if self.is_up:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await self.ended()

    async def _listen(self) -> None:
        if self._worker.stdout is None:
            raise RuntimeError("nothing to read")
        async for line in self._worker.stdout:
            said = json.loads(line)
            if "started" in said and self._started is not None:
                self.pid = said["started"]
                self._started.set_result(said["started"])
            elif self._ended is not None:
                self.pid = None
                self._ended.set_result(said["ended"])
