"""One file that holds everything, attachments included, and reads back into either kind of database.

A backup is gzipped JSON lines: what it is, then every row of every table as `["table", {column: value}]`, then how many
there were, so that a file cut short is known for one. It is read in one snapshot while writing goes on, and streams: no
more than a batch of rows is in memory. With an age recipient it is encrypted on the way; nothing plain touches a disk.
A restored system starts with its outbox on hold.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any

import pyrage
from sqlalchemy import Connection, Engine, LargeBinary, Table, delete, func, insert, inspect, select, text, update
from sqlalchemy.exc import StatementError
from sqlalchemy.types import TypeDecorator

import db.tables  # noqa: F401  imported for its effect: every table is known to the metadata
from bot.ops.audit import note
from bot.ops.database import opened
from bot.ops.trouble import Trouble
from db import queues
from db.base import Base
from db.calendars import withdraw_again
from db.machinery import OUTBOX_HOLD, ChatRoomStep, Job, Outgoing, Sending, Setting
from db.personal import replay
from db.rooms import ChatRoom
from db.session import Sessions, connect, revisions, upgrade
from scheduling.clock import SystemClock

VERSION = 1
BATCH = 64  # rows; a chunk of an attachment has half a megabyte
AGE = b"age-encryption.org/"
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, ValueError, KeyError, TypeError, StatementError)


def back_up(url: str, file: Path, recipient: str | None) -> dict[str, int]:
    """Write the backup to `file`, never over an existing one; the rows of each table."""
    seal_for = _recipient(recipient) if recipient is not None else None
    with opened(url) as sessions:
        try:
            target = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise Trouble(f"{file} exists, and a backup never overwrites one: name another file") from None
        try:
            with sessions.writing() as session:
                note(session, "backup.write", {}, SystemClock().now())
            with os.fdopen(target, "wb") as raw:
                with _sealed(raw, seal_for) as plain, gzip.GzipFile(fileobj=plain, mode="wb", mtime=0) as packed:
                    counts = _write(sessions.engine, packed)
                raw.flush()
                os.fsync(raw.fileno())
        except BaseException:
            file.unlink()
            raise
    return counts


def restore(
    url: str,
    file: Path,
    identity: Path | None,
    erasures: Iterable[tuple[int, datetime]] = (),
    withdrawals: Iterable[tuple[int, datetime]] = (),
) -> dict[str, int]:
    """Read `file` into the empty database at `url` and put its outbox on hold; the rows of each table.

    `erasures` are the (person id, instant) of people erased since the backup was made, `withdrawals` the (address id,
    instant) of calendars whose secret was replaced or stopped since: they stay so. A file that is damaged, or another
    version's, leaves the database without rows.
    """
    key = _identity(identity) if identity is not None else None
    with file.open("rb") as raw:
        engine = connect(url)
        try:
            _refuse_rows(engine)
            with _unsealed(raw, key) as plain, gzip.GzipFile(fileobj=plain, mode="rb") as packed:
                return _read(engine, url, packed, erasures, withdrawals)
        except DAMAGED as error:
            raise Trouble(f"{file} is no backup, or damaged ({type(error).__name__}): nothing was restored") from error
        finally:
            engine.dispose()


def release(url: str) -> int:
    """End the hold: what is still useful is sent, what has expired says so. Returns how many rows were held."""
    now = SystemClock().now()
    with opened(url) as sessions, sessions.writing() as session:
        session.execute(delete(Setting).where(Setting.name == OUTBOX_HOLD))
        held = session.scalars(select(Outgoing).where(Outgoing.state == Sending.HELD).order_by(Outgoing.id)).all()
        note(session, "outbox.release", {"messages": len(held)}, now)
        for row in held:
            row.state = Sending.WAITING
            if row.carried_by_id is not None:
                continue
            at = max(now, row.not_before)
            args = {"outgoing": row.id}
            session.add(Job(name="deliver", lock=row.lock, args=args, at=at, attempts=0))
        waiting = select(ChatRoomStep).where(ChatRoomStep.state == Sending.HELD).order_by(ChatRoomStep.id)
        for step in session.scalars(waiting).all():
            step.state, lock = Sending.WAITING, session.get_one(ChatRoom, step.room_id).lock
            session.add(Job(name="room", lock=lock, args={"step": step.id}, at=now, attempts=0))
        return len(held)


def read_erasures(file: Path) -> list[tuple[int, datetime]]:
    """Of what `parley erasures --json` printed, who was erased."""
    return _read_list(file, lambda each: each["person"])


def read_withdrawals(file: Path) -> list[tuple[int, datetime]]:
    """Of the same, the addresses of calendars that were replaced or stopped."""
    return _read_list(file, lambda each: each.get("calendar"))


def _read_list(file: Path, of: Callable[[Any], Any]) -> list[tuple[int, datetime]]:
    try:
        known = [(of(each), each["at"]) for each in json.loads(file.read_text())]
        return [(int(number), datetime.fromisoformat(at)) for number, at in known if number is not None]
    except (AttributeError, ValueError, KeyError, TypeError):
        raise Trouble(f"{file} is not what `parley erasures --json` prints") from None


# Writing


def _write(engine: Engine, target: gzip.GzipFile) -> dict[str, int]:
    def line(value: Any) -> None:
        target.write(json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n")

    line({"parley": VERSION, "revision": revisions(engine)[0], "written_at": SystemClock().now().isoformat()})
    counts = {}
    with _snapshot(engine) as connection:
        for table in Base.metadata.sorted_tables:
            counts[table.name] = 0
            streaming = connection.execution_options(yield_per=BATCH)
            for row in streaming.execute(select(*stored_columns(table))).mappings():
                line([table.name, {name: _stored(value) for name, value in row.items()}])
                counts[table.name] += 1
        # What the engine of many processes holds comes back as any engine takes it.
        last = connection.scalar(select(func.max(Job.id))) or 0
        for number, job in enumerate(queues.standing(connection, SystemClock().now()), last + 1):
            line([Job.__tablename__, {"id": number} | {name: _stored(value) for name, value in job.items()}])
            counts[Job.__tablename__] += 1
    line({"rows": counts})
    return counts


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one instant, and keeps nobody from writing."""
    options: dict[str, Any] = {"reading": True}
    if engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    with engine.connect().execution_options(**options) as connection:
        yield connection


def stored_columns(table: Table) -> list[Any]:
    """All but what the database computes itself."""
    return [column for column in table.columns if column.computed is None]


def _stored(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return getattr(value, "value", value)


# Reading back


def _refuse_rows(engine: Engine) -> None:
    with engine.connect().execution_options(reading=True) as connection:
        known = set(inspect(connection).get_table_names()) & Base.metadata.tables.keys()
        if any(connection.scalar(select(func.count()).select_from(Base.metadata.tables[name])) for name in known):
            raise Trouble("the database is not empty: a backup is restored into a new one")


def _read(
    engine: Engine,
    url: str,
    source: gzip.GzipFile,
    erasures: Iterable[tuple[int, datetime]],
    withdrawals: Iterable[tuple[int, datetime]],
) -> dict[str, int]:
    head = json.loads(source.readline())
    newest = revisions(engine)[1]
    if head["parley"] != VERSION or head["revision"] != newest:
        raise Trouble(
            f"written by another version of Parley (database revision {head['revision']}, this one has {newest}):"
            " restore it with that version, then run `parley db upgrade`"
        )
    upgrade(url)
    with Sessions(engine).writing() as session:
        connection = session.connection()
        loading = _Loading(connection)
        for line in source:
            record = json.loads(line)
            if isinstance(record, dict):
                loading.finish(expected=record["rows"])
                break
            loading.add(Base.metadata.tables[record[0]], record[1])
        else:
            raise EOFError("cut short")
        _hold(connection)
        _rebuild_search(connection)
        follow_sequences(connection)
        undone = {"erased": replay(session, erasures), "withdrawn": withdraw_again(session, withdrawals)}
        note(session, "backup.restore", undone, SystemClock().now())
    return loading.counts


class _Loading:
    """Rows on their way in, a batch at a time. A reference to a row that is not there yet is set at the end."""

    def __init__(self, connection: Connection) -> None:
        self.counts = {table.name: 0 for table in Base.metadata.sorted_tables}
        self._connection = connection
        self._table: Table | None = None
        self._batch: list[dict[str, Any]] = []
        self._references: list[tuple[Table, Any, dict[str, Any]]] = []
        self._forward: list[str] = []
        self._loads: dict[str, Callable[[Any], Any]] = {}

    def add(self, table: Table, record: dict[str, Any]) -> None:
        if table is not self._table:
            self._insert()
            self._table, self._loads = table, {column.name: _loader(column.type) for column in table.columns}
            order = list(self.counts)
            before = order[: order.index(table.name)]
            self._forward = [key.parent.name for key in table.foreign_keys if key.column.table.name not in before]
        row = {name: None if value is None else self._loads[name](value) for name, value in record.items()}
        later = {name: row[name] for name in self._forward if row[name] is not None}
        if later:
            self._references.append((table, row["id"], later))
            row |= dict.fromkeys(later)
        self._batch.append(row)
        if len(self._batch) == BATCH:
            self._insert()

    def finish(self, *, expected: dict[str, int]) -> None:
        self._insert()
        for table, row_id, values in self._references:
            self._connection.execute(update(table).where(table.c.id == row_id).values(**values))
        if self.counts != expected:
            raise EOFError("rows are missing")

    def _insert(self) -> None:
        if self._table is not None and self._batch:
            self._connection.execute(insert(self._table), self._batch)
            self.counts[self._table.name] += len(self._batch)
        self._batch = []


def _loader(column_type: Any) -> Callable[[Any], Any]:
    """From the JSON value to the one the column takes."""
    if isinstance(column_type, LargeBinary):
        return base64.b64decode
    enumeration = getattr(column_type, "enum_class", None)
    if enumeration is not None:
        return enumeration  # type: ignore[no-any-return]
    kind = (column_type.impl_instance if isinstance(column_type, TypeDecorator) else column_type).python_type
    return kind.fromisoformat if kind in (datetime, date, time) else lambda value: value


def _hold(connection: Connection) -> None:
    """Nothing old is sent until a person says so. It may have been sent since the backup was made: it will say that."""
    connection.execute(delete(Setting).where(Setting.name == OUTBOX_HOLD))
    connection.execute(insert(Setting).values(name=OUTBOX_HOLD, value={"since": SystemClock().now().isoformat()}))
    waiting = Outgoing.state.in_([Sending.WAITING, Sending.SENDING])
    connection.execute(update(Outgoing).where(waiting).values(state=Sending.HELD, may_repeat=True))
    undone = ChatRoomStep.state.in_([Sending.WAITING, Sending.SENDING])
    connection.execute(update(ChatRoomStep).where(undone).values(state=Sending.HELD, may_repeat=True))
    connection.execute(delete(Job).where(Job.name.in_(["deliver", "room"])))


def _rebuild_search(connection: Connection) -> None:
    """SQLite's full-text tables are made anew from the rows; PostgreSQL keeps its own with them."""
    if connection.dialect.name != "sqlite":
        return
    made = text("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%fts5%'")
    for name in connection.scalars(made).all():
        connection.execute(text(f'INSERT INTO "{name}" ("{name}") VALUES (\'rebuild\')'))  # noqa: S608  our own tables


def follow_sequences(connection: Connection) -> None:
    """PostgreSQL's sequences do not see the ids that were inserted with their rows."""
    if connection.dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        last = connection.scalar(select(func.max(table.c.id))) if "id" in table.c else None
        if last:
            sequence = func.pg_get_serial_sequence(f'"{table.name}"', "id")
            connection.execute(select(func.setval(sequence, last)))


# Encryption: age's library pulls from one stream and pushes into another, so a pipe and a thread stand between


@contextmanager
def _sealed(target: IO[bytes], recipient: Any | None) -> Iterator[IO[bytes]]:
    """A stream whose content arrives in `target` encrypted."""
    if recipient is None:
        yield target
        return
    source, plain = _pipe()
    with ThreadPoolExecutor(1) as pool:
        sealing = pool.submit(_then_close, source, lambda: pyrage.encrypt_io(source, target, [recipient]))
        with suppress(BrokenPipeError), plain:  # the thread gave up: its own error says why
            yield plain
        sealing.result()


@contextmanager
def _unsealed(source: IO[bytes], key: Any | None) -> Iterator[IO[bytes]]:
    """A stream with the content of `source` in the clear."""
    start = source.read(len(AGE))
    source.seek(0)
    if start != AGE:
        yield source
        return
    if key is None:
        raise Trouble("this backup is encrypted: name your age identity file with --identity")
    plain, target = _pipe()
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(_then_close, target, lambda: pyrage.decrypt_io(source, target, [key]))
        try:
            with plain:
                yield plain
        finally:
            failed = opening.exception()
            if isinstance(failed, pyrage.DecryptError | OSError):
                raise Trouble(f"the backup cannot be decrypted: {failed}. Is it the right identity?") from None


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb"), os.fdopen(writing, "wb")


def _then_close(stream: IO[bytes], work: Callable[[], None]) -> None:
    """Do `work`, and close our end of the pipe whatever comes of it: the other end must not wait for ever."""
    with suppress(BrokenPipeError), stream:
        work()


def _recipient(text: str) -> Any:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise Trouble("that is no age recipient: it begins with age1, and `age-keygen` prints it") from None


def _identity(file: Path) -> Any:
    for line in file.read_text().splitlines():
        if line.startswith("AGE-SECRET-KEY-"):
            with suppress(pyrage.IdentityError):
                return pyrage.x25519.Identity.from_str(line.strip())
    raise Trouble(f"{file} holds no age identity: a line that begins with AGE-SECRET-KEY-")
