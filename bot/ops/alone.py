"""One instance to a database where it runs jobs by itself; beside each other only processes that share one engine."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import structlog
from sqlalchemy import URL, Connection, Engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from bot.ops.trouble import Trouble
from db.session import connect

log = structlog.get_logger()
# The advisory locks' numbers on PostgreSQL: any constants that nothing else uses.
ONE_INSTANCE, INTAKE = 7_211_001, 7_211_002  # held by everybody, shared or not; by the one that takes in
ROLES = {"web": 7_211_011, "worker": 7_211_012, "clock": 7_211_013}  # shared by those of one kind, so that they count
LOOK = 1.0  # seconds between two looks at whether we still hold it
RUNS = "another Parley runs on this database: stop it first"
ALONE = "`parley all` with the embedded engine runs on this database: stop it first"
HELD = (
    " FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class Lock:
    """The database to ourselves."""

    def is_held(self) -> bool:
        """False once somebody else has it."""
        raise NotImplementedError

    def is_wanted(self) -> bool:
        """Whether somebody asks us to let go of it for a while."""
        return False

    def lend(self) -> None:
        """Let go of it, so that whoever wants it can work."""

    def take_back(self) -> bool:
        """Whether it is ours again: nobody wants it any more."""
        return True


class FileLock(Lock):
    """SQLite's is a file's, and ends with us. What is lent, to whoever moves the database, comes back."""

    def __init__(self, url: URL, file: IO[str]) -> None:
        self._file = file
        self._wish = moving_file(url)

    def take(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_held(self) -> bool:
        return True

    def is_wanted(self) -> bool:
        return _is_locked(self._wish)

    def lend(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def take_back(self) -> bool:
        return not self.is_wanted() and self.take()


class PostgresLock(Lock):
    """The lock is a connection's: it goes when the server restarts, and is taken again when it is back.

    With `shared` others that share it may hold those too.
    """

    def __init__(self, engine: Engine, *, shared: Sequence[int] = ()) -> None:
        self._engine = engine
        self._take = [(text("SELECT pg_try_advisory_lock_shared(:number)"), number) for number in shared] or [
            (text("SELECT pg_try_advisory_lock(:number)"), ONE_INSTANCE)
        ]
        self._connection: Connection | None = None

    def take(self) -> bool:
        """Take it; False where somebody else has it. Raises where the database is away."""
        connection = self._engine.connect()
        try:
            taken = all(connection.scalar(take, {"number": number}) for take, number in self._take)
            connection.commit()  # the lock is the connection's, and no transaction stays open beside it
        except BaseException:
            connection.invalidate()
            raise
        if taken:
            self._connection = connection
        else:
            connection.invalidate()  # with what it did get
        return taken

    def is_held(self) -> bool:
        try:
            if self._connection is not None and self._lives(self._connection):
                return True
            self._connection = None
            taken = self.take()
        except SQLAlchemyError as error:  # away: nobody can run on it now, and we look again
            log.warning("the instance lock waits for the database", error=type(error).__name__)
            return True
        if taken:
            log.warning("the instance lock was lost, and is ours again")
        return taken

    def release(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()

    def _lives(self, connection: Connection) -> bool:
        try:
            connection.execute(text("SELECT 1"))
            connection.commit()
        except SQLAlchemyError:
            connection.invalidate()
            return False
        return True


@contextmanager
def alone(database_url: str) -> Iterator[Lock]:
    """Refuse a second process on the same database with `Trouble`."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        with lock_file(url).open("w") as file:
            held = FileLock(url, file)
            if held.is_wanted():
                raise Trouble(f"{url.database} is being moved: wait until `parley migrate-to` has ended")
            if not held.take():
                raise Trouble(f"another Parley runs on {url.database}: stop it first")
            yield held
        return
    lock = PostgresLock(connect(database_url))
    try:
        if not lock.take():
            raise Trouble(RUNS)
        yield lock
    finally:
        lock.release()


@contextmanager
def among(database_url: str, roles: Sequence[str]) -> Iterator[Lock]:
    """A place among the processes that share an engine on PostgreSQL. Raises `Trouble` where one runs that does not."""
    lock = PostgresLock(connect(database_url), shared=[ONE_INSTANCE, *(ROLES[role] for role in roles)])
    try:
        if not lock.take():
            raise Trouble(ALONE)
        yield lock
    finally:
        lock.release()


def present(database_url: str) -> Mapping[str, int]:
    """How many processes do each part, and how many take in ("intake"), on PostgreSQL. Nothing for one that is alone.

    A process counts until its connection ends: at once when it is killed, in a minute when its machine is gone.
    """
    engine = connect(database_url)
    try:
        with engine.connect().execution_options(reading=True) as connection:
            found = connection.execute(text(f"SELECT objid, count(*){HELD} GROUP BY objid"))
            count = {int(number): int(how_many) for number, how_many in found}
    finally:
        engine.dispose()
    numbers = {**ROLES, "intake": INTAKE}
    return {part: count.get(number, 0) for part, number in numbers.items()} if count.keys() & ROLES.values() else {}


def is_running(database_url: str) -> bool:
    """Whether a process is `alone` on the database. Makes no file and holds nobody up."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return _is_locked(lock_file(url))
    engine = connect(database_url)
    try:
        with engine.connect().execution_options(reading=True) as connection:
            return bool(how_many(connection))
    finally:
        engine.dispose()


def how_many(connection: Connection) -> int:
    """So many processes run on this PostgreSQL database."""
    held = f"SELECT count(*){HELD} AND objid = :number"
    return connection.scalar(text(held), {"number": ONE_INSTANCE}) or 0


def lock_file(url: URL) -> Path:
    """Locked by the Parley that runs on this SQLite file."""
    return Path(f"{url.database}.lock").expanduser()


def moving_file(url: URL) -> Path:
    """Locked by whoever moves what this SQLite file holds."""
    return Path(f"{url.database}.moving").expanduser()


def _is_locked(path: Path) -> bool:
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


async def watch(lock: Lock, leave: Callable[[], None]) -> None:
    """Look after the lock, and `leave` when another instance has taken it."""
    while await asyncio.to_thread(lock.is_held):  # noqa: ASYNC110  a connection tells nobody that it has broken
        await asyncio.sleep(LOOK)
    log.error("another Parley has taken this database over: leaving it to that one")
    leave()
