"""Moving everything from a SQLite file to PostgreSQL, without losing a row or a job.

Everything is copied in one transaction of the target, so that an interrupted move leaves nothing there, while one
transaction of the source keeps everybody from writing. Then, in this order:

1. the target commits, with a mark that the move has not ended: no command works on it;
2. the source commits that it has moved, and refuses from then on whatever anybody writes;
3. the target's mark goes.

Whoever is killed between two of these finds by the marks how far it had come, and the same command goes on from there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import URL, Engine, delete, insert
from sqlalchemy.orm import Session

from bot.ops.alone import alone
from bot.ops.audit import note
from bot.ops.database import opened
from bot.ops.standstill import standing_still
from bot.ops.trouble import Trouble
from db import audit
from db.machinery import BEING_MOVED_HERE, INSTALLATION, MOVED_AWAY, Setting
from db.session import Sessions, connect, upgrade
from scheduling.clock import SystemClock

from . import copying
from .address import postgresql, shown

Report = Callable[[str, int, int], None]  # what is being done; rows copied; rows in all


@dataclass(frozen=True)
class Moved:
    """What a move has brought to `target`; `rows` by table, and none where an earlier one had brought them."""

    target: URL
    rows: dict[str, int]
    head: audit.Head

    def told(self) -> str:
        """What an operator needs to know, and to do next."""
        where = shown(self.target)
        brought = f"{sum(self.rows.values())} rows of {len(self.rows)} tables are in {where}"
        return (
            f"{brought if self.rows else f'Everything was moved to {where} already'}; the audit chain ends there at"
            f" {self.head.position} {self.head.digest}.\n"
            "Next: set PARLEY_DATABASE_URL to that address and start Parley. It starts on the SQLite file no more: keep"
            " the file until the first backup of the new database is made."
        )


def move(url: str, target: str, report: Report = lambda _what, _done, _all: None) -> Moved:
    """Move what the SQLite file at `url` holds to the PostgreSQL database at `target`, and mark the file as moved.

    Raises Trouble where it may not or cannot be, and leaves both as they were. After any interruption it can simply be
    called again.
    """
    to = postgresql(target)
    with ExitStack() as stack:
        source = stack.enter_context(opened(url, even_moved=True))
        if not source.is_sqlite:
            raise Trouble("this moves from SQLite to PostgreSQL, and PARLEY_DATABASE_URL is PostgreSQL already")
        address = to.render_as_string(hide_password=False)
        engine = connect(address)
        stack.callback(engine.dispose)
        if (where := _has_moved(source)) is not None:
            return _finish(source, engine, to, where, report)
        copying.refuse_others(engine, _installation(source))
        report("preparing the target", 0, 0)
        upgrade(address)
        report("waiting for Parley to stand still", 0, 0)
        stack.enter_context(standing_still(url))
        stack.enter_context(alone(address))
        if (where := _has_moved(source)) is not None:
            return _finish(source, engine, to, where, report)
        rows = _move(source, engine, report, shown(to))
        return _finish(source, engine, to, shown(to), report, rows)


def _move(source: Sessions, target: Engine, report: Report, where: str) -> dict[str, int]:
    now = SystemClock().now()
    installation = _installation(source) or _name_it(source, now)
    with source.writing() as session:
        while audit.seal(session):
            pass
        with target.begin() as connection:
            copying.empty(connection, installation)
            rows = copying.copy(session.connection(), connection, report)
            _compare(session, Session(connection), rows)
            mark = {"installation": installation, "since": now.isoformat()}
            connection.execute(insert(Setting).values(name=BEING_MOVED_HERE, value=mark))
            report("committing", sum(rows.values()), sum(rows.values()))
        report("marking the file as moved", sum(rows.values()), sum(rows.values()))
        session.add(Setting(name=MOVED_AWAY, value={"to": where, "at": now.isoformat()}))
        session.flush()
        copying.close_for_good(session.connection(), where)
    return rows


def _finish(
    source: Sessions, target: Engine, to: URL, where: str, report: Report, rows: dict[str, int] | None = None
) -> Moved:
    """The file has moved: let the target be used. Raises Trouble where it was another one."""
    report("letting it be used", 0, 0)
    with target.begin() as connection:
        if copying.installation_of(connection) != _installation(source):
            raise Trouble(f"this database was moved to {where} already, and {shown(to)} is another one")
        connection.execute(delete(Setting).where(Setting.name == BEING_MOVED_HERE))
    with Sessions(target).reading() as session:
        return Moved(to, rows or {}, audit.head(session))


def _compare(source: Session, target: Session, rows: dict[str, int]) -> None:
    """Raises Trouble, and with it takes everything back, where the two do not hold the same."""
    ours, theirs = copying.counts(source.connection()), copying.counts(target.connection())
    for name, count in rows.items():
        if not count == ours[name] == theirs[name]:
            raise Trouble(f"{name}: {ours[name]} rows here, {count} copied, {theirs[name]} there: nothing was moved")
    head = audit.head(source)
    found = audit.verify(target, [head])
    if found.is_intact and found.unsealed == 0 and audit.head(target) == head:
        return
    if found != audit.verify(source, [head]):
        raise Trouble("the audit chain did not arrive as it is here: nothing was moved")


def _has_moved(source: Sessions) -> str | None:
    """Where to, without a password."""
    with source.reading() as session:
        found = session.get(Setting, MOVED_AWAY)
        return str(found.value["to"]) if found is not None else None


def _installation(source: Sessions) -> str | None:
    with source.reading() as session:
        return copying.installation_of(session.connection())


def _name_it(source: Sessions, now: datetime) -> str:
    """By this name a move that was interrupted finds its own rows again."""
    name = secrets.token_hex(16)
    with source.writing() as session:
        session.add(Setting(name=INSTALLATION, value={"id": name}))
        note(session, "database.move", {}, now)
    return name
