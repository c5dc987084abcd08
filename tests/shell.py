"""The command line, as an operator meets it: each command is a process of its own, in a folder of its own."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from db.people import Account, Administration, Person

ROOT = Path(__file__).parent.parent
PARLEY = [sys.executable, "-c", "from bot.main import run; run()"]
CREATE = (
    *("admin", "create", "--code", "sk", "--name", "Sodalie"),
    *("--country", "TN", "--zone", "Africa/Tunis", "--language", "fr"),
)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Shell:
    """A folder without settings of anybody's, and a database."""

    folder: Path
    url: str
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        path = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
        return path | {"PARLEY_DATABASE_URL": self.url, "COLUMNS": "160"} | self.more

    def __call__(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PARLEY, *arguments],
            cwd=self.folder,
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def fails(self, *arguments: str, **more: str) -> str:
        """The one line that a command which fails says."""
        ran = self(*arguments, **more)
        lines = ran.stderr.splitlines()
        assert ran.returncode == 1 and ran.stdout == "", ran
        assert len(lines) == 1 and lines[0].startswith("parley: "), ran.stderr
        return lines[0]


def meet(session: Any) -> None:
    """Somebody who has written from Telegram."""
    home = session.scalar(select(Administration))
    if home is None:
        home = Administration(code="sk", name={"fr": "S"}, country="TN", zone="Africa/Tunis", language="fr")
        session.add(home)
        session.flush()
    person = Person(administration_id=home.id, name="Ruiz", language="en", zone="UTC", met_at=NOON, registered_at=NOON)
    session.add(person)
    session.flush()
    session.add(
        Account(person_id=person.id, platform="telegram", external_id="1001", address="1001", met_at=NOON, used_at=NOON)
    )


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def everything(
    shell: Shell,
    more: Mapping[str, str] | None = None,
    *,
    log: list[str] | None = None,
    port: int | None = None,
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    """`parley all`, ready; and a client for its page. Whatever it logged must be JSON, and is added to `log`."""
    port = port or free_port()
    async with _running(shell, ["all"], port, {"PARLEY_PORT": str(port)} | dict(more or {}), log) as running:
        yield running


@asynccontextmanager
async def part(
    shell: Shell, name: str, more: Mapping[str, str] | None = None, *, log: list[str] | None = None
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    """`parley web`, `worker` or `clock`, ready; and a client for its probes."""
    port = free_port()
    async with _running(shell, [name, "--port", str(port)], port, dict(more or {}), log) as running:
        yield running


@asynccontextmanager
async def _running(
    shell: Shell, arguments: list[str], port: int, more: Mapping[str, str], log: list[str] | None
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    process = await asyncio.create_subprocess_exec(
        *PARLEY,
        *arguments,
        cwd=shell.folder,
        env=shell.environment | dict(more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        try:
            async with asyncio.timeout(30):
                while not await is_ready(client):
                    assert process.returncode is None, (await process.communicate())[1].decode()
                    await asyncio.sleep(0.05)
            yield process, client
        finally:
            if process.returncode is None:
                process.kill()
            logged = (await process.communicate())[1].decode()
            lines = [line for line in logged.splitlines() if not line.startswith("parley: ")]  # why it left
            assert all(isinstance(json.loads(line), dict) for line in lines), logged
            if log is not None:
                log += logged.splitlines()


async def is_ready(client: httpx.AsyncClient, address: str = "/readyz") -> bool:
    """Whether a process answers there that it is."""
    try:
        return (await client.get(address)).status_code == 200
    except httpx.TransportError:
        return False
