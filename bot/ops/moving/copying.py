"""The rows themselves: out of SQLite as its driver gives them, into PostgreSQL by COPY, a table at a time.

Nothing is read into Python's terms on the way. SQLite keeps an instant as UTC without saying so, a truth as 0 or 1, an
enumeration and JSON as text; PostgreSQL reads each of these in COPY's text format as what its column is, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Cursor, sql
from psycopg.errors import DataError
from sqlalchemy import Connection, Engine, Table, func, inspect, select, text

import db.tables  # noqa: F401  imported for its effect: every table is known to the metadata
from bot.ops.backup import follow_sequences, stored_columns
from bot.ops.trouble import Trouble
from db.base import Base
from db.machinery import BEING_MOVED_HERE, INSTALLATION, Setting

OFTEN = 1000  # rows from one report to the next
OTHERS = "the target holds rows of another installation: move into a database of its own"
Report = Callable[[str, int, int], None]


def refuse_others(target: Engine, installation: str | None) -> None:
    """Raises Trouble where the target holds rows that no move of this installation brought."""
    with target.connect().execution_options(reading=True) as connection:
        if installation is not None and installation_of(connection) == installation:
            return
        known = set(inspect(connection).get_table_names())
        tables = [Base.metadata.tables[name] for name in sorted(known & Base.metadata.tables.keys())]
        if any(connection.execute(select(1).select_from(table).limit(1)).first() for table in tables):
            raise Trouble(OTHERS)


def empty(target: Connection, installation: str) -> None:
    """Take out what an interrupted move of this installation left. Raises Trouble where something else is there."""
    is_ours = installation_of(target) == installation and target.scalar(_named(BEING_MOVED_HERE)) is not None
    tables = Base.metadata.sorted_tables
    if is_ours:
        target.execute(text(f"TRUNCATE {', '.join(table.name for table in tables)} RESTART IDENTITY"))
    elif any(counts(target).values()):
        raise Trouble(OTHERS)


def copy(source: Connection, target: Connection, report: Report) -> dict[str, int]:
    """Every row of every table, those that others refer to first; how many of each."""
    tables = Base.metadata.sorted_tables
    everything = sum(counts(source).values())
    done = 0
    rows = {}
    target.execute(text("SET LOCAL TIME ZONE 'UTC'"))
    for table in tables:
        before = done
        with _into(target, table) as take:
            for row in _rows(source, table):
                take(row)
                done += 1
                if done % OFTEN == 0:
                    report(table.name, done, everything)
        rows[table.name] = done - before
        report(table.name, done, everything)
    follow_sequences(target)
    return rows


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    tables = Base.metadata.sorted_tables
    counted = [select(func.count()).select_from(table).scalar_subquery() for table in tables]
    return dict(zip((table.name for table in tables), connection.execute(select(*counted)).one(), strict=True))


def installation_of(connection: Connection) -> str | None:
    """What it is called that these rows belong to; None where nobody has had to call it anything."""
    if not inspect(connection).has_table(Setting.__tablename__):
        return None
    found = connection.scalar(_named(INSTALLATION))
    return str(found["id"]) if found is not None else None


def close_for_good(source: Connection, where: str) -> None:
    """From the commit on, nothing is written to the file: not by whoever had opened it before, either."""
    words = f"this database was moved to {where}".replace("'", "''")
    for table in Base.metadata.sorted_tables:
        for deed in ("INSERT", "UPDATE", "DELETE"):
            source.exec_driver_sql(
                f"CREATE TRIGGER moved_{deed.lower()}_{table.name} BEFORE {deed} ON {table.name}"
                f" BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )


def _named(name: str) -> Any:
    return select(Setting.value).where(Setting.name == name)


def _rows(source: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """As SQLite's own driver gives them, one at a time: an attachment's chunk has half a megabyte."""
    names = ", ".join(f'"{column.name}"' for column in stored_columns(table))
    cursor = source.connection.driver_connection.cursor()  # type: ignore[union-attr]
    try:
        yield from cursor.execute(f'SELECT {names} FROM "{table.name}"')  # noqa: S608  our own tables
    finally:
        cursor.close()


@contextmanager
def _into(target: Connection, table: Table) -> Iterator[Callable[[tuple[Any, ...]], None]]:
    """Takes rows of `table`. Raises Trouble for what PostgreSQL cannot hold."""
    columns = [sql.Identifier(column.name) for column in stored_columns(table)]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), sql.SQL(", ").join(columns))
    cursor: Cursor[Any] = target.connection.driver_connection.cursor()  # type: ignore[union-attr]
    last: tuple[Any, ...] = ("",)

    def take(row: tuple[Any, ...]) -> None:
        nonlocal last
        last = row
        copying.write_row(row)

    try:
        with cursor, cursor.copy(statement) as copying:
            yield take
    except DataError as error:
        why = str(error).strip().splitlines()[0]
        raise Trouble(f"{table.name} {last[0]} cannot be held by PostgreSQL ({why}): nothing was moved") from None
