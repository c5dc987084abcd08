"""A bot as a process of its own, so that its CPU and memory are its own too."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from .child import SECRET, SLACK_TOKEN, TELEGRAM_TOKEN
from .platform import WEBHOOK_SECRET

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Used:
    """CPU seconds since the process began, bytes resident, open descriptors."""

    cpu: float
    memory: int
    open: int


@dataclass
class Bot:
    """One that is up, at `address`."""

    address: str
    process: asyncio.subprocess.Process

    async def used(self) -> Used:
        if self.process.stdout is None:
            raise RuntimeError("nothing to read from")
        self.process.send_signal(signal.SIGUSR1)
        return Used(**json.loads(await self.process.stdout.readline()))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@asynccontextmanager
async def parley(
    database: str, api: str, *, log: Path, record: Path | None = None, telegram_rate: float = 0
) -> AsyncIterator[Bot]:
    """`parley all`, with Slack over HTTP and Telegram by webhook; on a platform that takes everything, or so much."""
    port = free_port()
    settings = {
        "DATABASE_URL": database,
        "PORT": port,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SLACK_BOT_TOKEN": SLACK_TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"{api}/api/",
        "TELEGRAM_TOKEN": TELEGRAM_TOKEN,
        "TELEGRAM_API_URL": api,
        "TELEGRAM_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "TELEGRAM_RATE": telegram_rate,
        "SLACK_RATE": 0,
    }
    environment = {f"PARLEY_{name}": str(value) for name, value in settings.items()}
    if record is not None:
        environment["RECORD"] = str(record)
    async with running(["-m", "tests.bench.child"], port, environment, log, ready="/readyz") as bot:
        yield bot


@asynccontextmanager
async def bare(door: str, api: str, *, log: Path) -> AsyncIterator[Bot]:
    """The bare bot of `tests.bench.floor`."""
    port = free_port()
    api_url = f"{api}/api/" if door == "slack" else api
    async with running(["-m", "tests.bench.floor", door, api_url, str(port)], port, {}, log, ready="/") as bot:
        yield bot


@asynccontextmanager
async def running(
    command: list[str],
    port: int,
    environment: Mapping[str, str],
    log: Path,
    *,
    ready: str,
    within: float = 30,
) -> AsyncIterator[Bot]:
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT)} | dict(environment)
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=log.parent, env=environment, stdout=asyncio.subprocess.PIPE, stderr=errors
        )
    address = f"http://127.0.0.1:{port}"
    try:
        await _serving(process, address + ready, within)
        yield Bot(address, process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _serving(process: asyncio.subprocess.Process, url: str, within: float) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(within):
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"ended with {process.returncode} before it served")
            try:
                async with session.get(url) as answer:
                    if answer.status != 503:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.02)
