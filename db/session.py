"""Engines and transactions for SQLite and PostgreSQL, with the same promises on both."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

# Seconds, for libpq: to connect, and until a server that has fallen silent is known to be gone.
PATIENCE = {"connect_timeout": 5, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}
AFTER_COMMIT = "after_commit"  # in a session's `info`
MIGRATIONS = Path(__file__).parent / "migrations"


def connect(url: str) -> Engine:
    """An engine for `url` (`sqlite:///file` or `postgresql+psycopg://…`).

    SQLite runs in WAL with full synchronous writes (measured: NORMAL loses confirmed commits in a power cut) and
    begins every writing transaction IMMEDIATE (a read-then-write one fails at once, ignoring the busy timeout).
    An error hides the values of its statement: people's words have no place in a log.
    """
    parsed = make_url(url)
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise ArgumentError("only sqlite and postgresql+psycopg are known")
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).expanduser().parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": 10, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        parsed, hide_parameters=True, pool_pre_ping=True, pool_size=10, max_overflow=10, connect_args=PATIENCE
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Call it once the transaction of `Sessions.writing` has committed; not at all where that does not."""
    session.info.setdefault(AFTER_COMMIT, []).append(call)


class Sessions:
    """Opens transactions on one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._here = threading.local()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in one writing transaction: commits on leaving, rolls back on an exception."""
        shared = self._shared()
        how: dict[str, Any] = {"join_transaction_mode": "create_savepoint"} if shared else {}
        with Session(shared or self.engine, expire_on_commit=False, autoflush=True, **how) as session:
            with session.begin():
                yield session
            calls = session.info.pop(AFTER_COMMIT, [])
        if shared is not None:
            shared.info[AFTER_COMMIT] += calls
            return
        for call in calls:
            call()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that takes no write lock."""
        shared = self._shared()
        if shared is not None:
            with Session(shared, expire_on_commit=False, autoflush=False, join_transaction_mode="rollback_only") as its:
                yield its
            return
        with (
            self.engine.connect().execution_options(reading=True) as connection,
            Session(connection, expire_on_commit=False, autoflush=False) as session,
        ):
            yield session

    @contextmanager
    def together(self) -> Iterator[None]:
        """Every transaction that this thread begins inside is a savepoint of one, so that the disk is waited for once.

        Nobody may be told how one of them ended before the block has.
        """
        with self.engine.connect() as connection:
            calls = connection.info[AFTER_COMMIT] = []
            with connection.begin():
                self._here.connection = connection
                try:
                    yield
                finally:
                    self._here.connection = None
        for call in calls:
            call()

    def _shared(self) -> Connection | None:
        return getattr(self._here, "connection", None)

    def lock(self, session: Session, name: str) -> None:
        """Hold `name` against every process until the transaction ends. SQLite's write lock already does."""
        if not self.is_sqlite:
            key = zlib.crc32(name.encode()) - 2**31
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def upgrade(url: str) -> None:
    """Bring the database at `url` to the newest revision."""
    engine = connect(url)
    try:
        command.upgrade(_config(engine), "head")
    finally:
        engine.dispose()


def revisions(engine: Engine) -> tuple[str | None, str | None]:
    """(the database's revision, the newest revision): equal when nothing is to be migrated."""
    head = ScriptDirectory.from_config(_config(engine)).get_current_head()
    with engine.connect().execution_options(reading=True) as connection:
        return MigrationContext.configure(connection).get_current_revision(), head
