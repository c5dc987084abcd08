"""Engines and transactions for SQLite and PostgreSQL, with the same promises on both."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Dialect, Engine, PoolProxiedConnection, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session, SessionTransaction

from . import queues

log = structlog.get_logger()
T = TypeVar("T")

# Seconds, for libpq: to connect, and until a server that has fallen silent is known to be gone.
PATIENCE = {"connect_timeout": 5, "keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}
# Milliseconds: keepalives say nothing while something sent is on its way.
PATIENCE |= {"tcp_user_timeout": 30_000}
# Connections to PostgreSQL: what a process keeps, for its turns and for what reads beside them; how many more it opens
# for a while; and those beside: for its place among others, for taking in, for what changes, for taking jobs.
POOL, OVERFLOW, BESIDE = 8, 8, 8
MOST_CONNECTIONS = POOL + OVERFLOW + BESIDE
# In a session's `info`: what to call, what savepoints take back, how it stood as each began and as the last to end did.
AFTER_COMMIT, UNDONE, BEGUN, ENDED = "after_commit", "undone", "begun", "ended"
SAVEPOINTS = {
    "do_savepoint": "SAVEPOINT",
    "do_rollback_to_savepoint": "ROLLBACK TO SAVEPOINT",
    "do_release_savepoint": "RELEASE SAVEPOINT",
}
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "cache_size=-16000",  # KiB for each connection; with SQLite's own two a large office reads its file over and over
)
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
    else:
        engine = create_engine(
            parsed,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=POOL,
            max_overflow=OVERFLOW,
            connect_args=PATIENCE | {"fallback_application_name": "parley"},
        )
    _send_savepoints_as_they_are(engine.dialect)
    return engine


def called(url: str, name: str) -> str:
    """The address `url` so that PostgreSQL shows whose connections they are, unless it says so already."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql" or "application_name" in parsed.query:
        return url
    return parsed.update_query_dict({"application_name": name[:63]}).render_as_string(hide_password=False)


def _send_savepoints_as_they_are(dialect: Dialect) -> None:
    """By the driver itself: SQLAlchemy compiles each anew, for its name; a turn has several, a tenth of its cost."""

    def sends(words: str) -> Callable[[Connection, str], None]:
        def send(connection: Connection, name: str) -> None:
            said = f"{words} {name}"
            try:
                cursor = connection.connection.cursor()
                cursor.execute(said)
                cursor.close()
            except dialect.loaded_dbapi.Error:  # what is wrong still is, and SQLAlchemy says so in its own words
                connection.exec_driver_sql(said).close()

        return send

    for method, words in SAVEPOINTS.items():
        setattr(dialect, method, sends(words))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


class Undone(SQLAlchemyError):
    """SQLite has rolled a transaction back by itself, as it does when the disk is full."""


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Call it once the transaction of `Sessions.writing` has committed; not where that, or its savepoint, does not."""
    calls: list[Callable[[], None]] | None = session.info.get(AFTER_COMMIT)
    if calls is None:
        calls = session.info[AFTER_COMMIT] = []
        undone_with(session, lambda: len(calls), lambda before: calls.__delitem__(slice(before, None)), empty=0)
    calls.append(call)


def undone_with(session: Session, stands: Callable[[], T], go_back: Callable[[T], None], *, empty: T) -> None:
    """Have something beside the database go back to how it stood, as `stands` said, when a savepoint is rolled back.

    `empty` is how it stood in the savepoints that were open already.
    """
    session.info.setdefault(UNDONE, []).append((stands, go_back))
    for begun in session.info.get(BEGUN, ()):
        begun.append(empty)


@event.listens_for(Session, "after_transaction_create")
def _savepoint_begins(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info.setdefault(BEGUN, []).append([stands() for stands, _go_back in session.info.get(UNDONE, ())])


@event.listens_for(Session, "after_transaction_end")
def _savepoint_ends(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info[ENDED] = session.info[BEGUN].pop()


@event.listens_for(Session, "after_soft_rollback")
def _savepoint_undone(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:  # it has ended just before, and is told of now
        for (_stands, go_back), before in zip(session.info.get(UNDONE, ()), session.info[ENDED], strict=True):
            go_back(before)


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
        _told(calls)

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

        Nobody may be told how one of them ended before the block has. Raises `Undone` where SQLite took it all back.
        """
        with self.engine.connect() as connection:
            calls = connection.info[AFTER_COMMIT] = []
            with connection.begin():
                self._here.connection = connection
                try:
                    yield
                    self._shared()
                finally:
                    self._here.connection = None
        _told(calls)

    def _shared(self) -> Connection | None:
        shared: Connection | None = getattr(self._here, "connection", None)
        if shared is not None and not getattr(shared.connection.dbapi_connection, "in_transaction", True):
            raise Undone("the transaction is gone")
        return shared

    def lock(self, session: Session, name: str) -> None:
        """Hold `name` against every process until the transaction ends. SQLite's write lock already does."""
        if not self.is_sqlite:
            key = zlib.crc32(name.encode()) - 2**31
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})

    def try_lock(self, session: Session, name: str) -> bool:
        """Hold `name` until the transaction ends, unless another process does: then False."""
        key = zlib.crc32(name.encode()) - 2**31
        return self.is_sqlite or bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}))


class Changes:
    """Tells, for a question that costs next to nothing, whether anything at all has been committed meanwhile.

    It keeps a connection of its own. Thread-safe; two of its answers can be compared, not those of two `Changes`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._asking = "PRAGMA data_version" if self._is_sqlite else "SELECT pg_current_snapshot()::text"
        self._lock = threading.Lock()
        self._connection: PoolProxiedConnection | None = None
        self._connections = 0

    def stamp(self) -> tuple[int, object]:
        """Equal to an earlier one only where no transaction has ended since, in this process or any other.

        SQLite counts the commits of others that a connection has seen; PostgreSQL's snapshot names every transaction
        that was under way. Neither needs a trigger, nor that whoever writes remembers to say so.
        """
        with self._lock:
            try:
                seen = self._ask()
            except self._engine.dialect.loaded_dbapi.Error:  # the server has been away: the next one counts anew
                self._let_go()
                seen = self._ask()
            return self._connections, seen

    def close(self) -> None:
        with self._lock:
            self._let_go()

    def _ask(self) -> object:
        """Asked of the driver itself: it is asked more often than anything else."""
        if self._connection is None:
            self._connections += 1
            self._connection = self._engine.raw_connection()
            if not self._is_sqlite:
                self._connection.driver_connection.autocommit = True  # type: ignore[union-attr]  # psycopg's own
            self._connection.detach()  # no longer the pool's
        cursor = self._connection.cursor()
        cursor.execute(self._asking)
        row = cursor.fetchone()
        cursor.close()
        return row[0] if row is not None else None

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _told(calls: Sequence[Callable[[], None]]) -> None:
    """What is committed stays so, whatever becomes of telling somebody."""
    for call in calls:
        try:
            call()
        except Exception:
            log.exception("not told of a commit")


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def upgrade(url: str) -> None:
    """Bring the database at `url` to the newest revision, and what the engine of many processes has there."""
    engine = connect(url)
    try:
        command.upgrade(_config(engine), "head")
        queues.prepare(engine)
    finally:
        engine.dispose()


def revisions(engine: Engine) -> tuple[str | None, str | None]:
    """(the database's revision, the newest revision): equal when nothing is to be migrated."""
    head = ScriptDirectory.from_config(_config(engine)).get_current_head()
    with engine.connect().execution_options(reading=True) as connection:
        return MigrationContext.configure(connection).get_current_revision(), head
