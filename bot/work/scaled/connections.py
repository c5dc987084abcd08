"""Procrastinate's own connections to the database."""

from __future__ import annotations

from typing import Any

from procrastinate import PsycopgConnector
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from db.session import Sessions

CONNECTIONS = 4  # of a process, for taking and finishing jobs


def connector(sessions: Sessions) -> PsycopgConnector:
    """Connections of its own: a sign of life waits for no turn."""
    arguments, options = sessions.engine.dialect.create_connect_args(sessions.engine.url)
    conninfo = str(arguments[0]) if arguments else ""
    return PsycopgConnector(
        conninfo=conninfo,
        kwargs=options,
        configure=_commit_each,
        min_size=1,
        max_size=CONNECTIONS,
        pool_factory=_unchecked,
    )


async def _commit_each(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


def _unchecked(**options: Any) -> AsyncConnectionPool:
    """Without a question before each use: what fails for a broken connection is tried again."""
    return AsyncConnectionPool(**{**options, "check": None})
