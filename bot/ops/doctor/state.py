"""What is in the database: its tables and durability, what waits, what failed, and whether a Parley works on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, make_url, select
from sqlalchemy.orm import Session

from bot.ops.alone import how_many, is_running, present
from bot.ops.database import opened
from bot.ops.doctor.lines import LATE, Line, fail, lateness, ok, said, warn
from bot.ops.trouble import in_one_line
from db import search
from db.machinery import OUTBOX_HOLD, Audit, Inbox, InboxState, Job, Outgoing, Sending, Setting
from db.people import Administration
from db.session import MOST_CONNECTIONS, Sessions
from scheduling import due
from scheduling.clock import SystemClock

SQLITE: dict[str, object] = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
POSTGRESQL: dict[str, object] = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
A_DAY = timedelta(days=1)
RUNS = "is `parley all` running, or a worker and a clock?"
PARTS = ("web", "worker", "clock")
MISSED = {"web": "nothing answers", "worker": "nothing is done or sent", "clock": "nothing comes due"}


def database(url: str) -> Iterator[Line]:
    """Whether it opens at this version's revision; then what stands in it."""
    try:
        with opened(url) as sessions, sessions.reading() as session:
            yield ok("database", f"{'SQLite' if sessions.is_sqlite else 'PostgreSQL'}, tables of this version")
            yield _durability(sessions, session)
            if not sessions.is_sqlite:
                yield _connections(session)
            yield from _state(session, SystemClock().now())
    except Exception as error:
        why = in_one_line(error)
        if why is None:
            raise
        yield fail("database", why, "mend it first: the other checks need it")


def runs(url: str) -> bool | None:
    """Whether a Parley works on this database; None where that cannot be known."""
    try:
        return is_running(url)
    except Exception as error:
        if in_one_line(error) is None:
            raise
        return None


def process(running: bool | None, beside: Mapping[str, int], *, shares: bool = False) -> Iterator[Line]:
    """Whether a Parley works on it; where it is many processes (`beside`: how many of each), whether one is missing.

    `shares` says whether many are meant to be."""
    if not running:
        to_do = f"start {' and '.join(f'`parley {part}`' for part in PARTS)}" if shares else "start `parley all`"
        yield warn("process", "no Parley is running on this database", to_do)
        return
    if not beside:
        yield ok("process", "Parley is running")
        return
    counted = ", ".join(f"{beside[part]} {part}" for part in PARTS)
    missing = [part for part in PARTS if not beside[part]]
    if missing:
        to_do = " and ".join(f"`parley {part}`" for part in missing)
        yield fail("process", f"{counted}: {', '.join(MISSED[part] for part in missing)}", f"start {to_do}")
    else:
        yield ok("process", counted)
    if beside["web"] and not beside["intake"]:
        why = "nobody polls, holds the socket or listens for mail, as one of the web processes should"
        yield warn("intake", why, "look again in 15 s; then their logs say why: does PostgreSQL end their sessions?")
    elif beside["web"]:
        yield ok("intake", "one of the web processes takes in")


def beside(url: str) -> Mapping[str, int]:
    """How many processes do each part; nothing where one does all, or that cannot be known."""
    try:
        return present(url) if make_url(url).get_backend_name() == "postgresql" else {}
    except Exception as error:
        if in_one_line(error) is None:
            raise
        return {}


def _durability(sessions: Sessions, session: Session) -> Line:
    connection, ask, wanted = session.connection(), "PRAGMA", SQLITE
    if not sessions.is_sqlite:
        ask, wanted = "SHOW", POSTGRESQL
    found = {name: connection.exec_driver_sql(f"{ask} {name}").scalar() for name in wanted}
    wrong = [f"{name} is {found[name]}" for name in wanted if found[name] != wanted[name]]
    if wrong:
        why = f"{', '.join(wrong)}: a power cut loses what was confirmed"
        return fail("durability", why, f"set it back: {', '.join(f'{name}={wanted[name]}' for name in wanted)}")
    return ok("durability", ", ".join(f"{name} {value}" for name, value in found.items()))


def _connections(session: Session) -> Line:
    """Whether all processes together may open as many connections as they need."""
    asked = "SELECT sum(CASE name WHEN 'max_connections' THEN setting::int ELSE -setting::int END) FROM pg_settings"
    asked += " WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')"
    connection = session.connection()
    there = int(connection.exec_driver_sql(asked).scalar() or 0)
    processes = max(1, how_many(connection))
    needed = processes * MOST_CONNECTIONS
    why = f"{processes} of our processes need up to {needed} of the {there} that PostgreSQL gives out"
    if needed > there:
        to_do = f"set max_connections to {needed + 10} or more, or put a pooler between that pools by session"
        return warn("connections", why, to_do)
    return ok("connections", why)


def _due(session: Session, now: datetime) -> Line:
    line = lateness("due", due.latest(session, now), f"look at it with `parley due`; {RUNS}")
    worst = due.worst(session, now - A_DAY)
    if worst <= LATE:
        return line
    return replace(line, why=f"{line.why}; in the last day something was done {said(worst)} late")


def _state(session: Session, now: datetime) -> Iterator[Line]:
    if session.scalar(select(Administration.id).limit(1)) is None:
        yield fail("administration", "there is none yet", "run `parley admin create`")
    else:
        yield ok("administration", "present")
    arrived = select(func.min(Inbox.received_at)).where(Inbox.state == InboxState.WAITING)
    yield lateness("inbox", _age(session, arrived, now), f"updates are kept and not handled: {RUNS}")
    unsent = select(func.min(Outgoing.not_before)).where(Outgoing.state.in_([Sending.WAITING, Sending.SENDING]))
    yield lateness("outbox", _age(session, unsent, now), f"look at it with `parley outbox`; {RUNS}")
    yield _due(session, now)
    unsealed = select(func.min(Audit.at)).where(Audit.position.is_(None))
    yield lateness("audit", _age(session, unsealed, now), f"its newest lines are not sealed yet: {RUNS}")
    yield _hold(session)
    if search.is_current(session):
        yield ok("search", "indexed the way it is searched")
    else:
        why = "what was indexed by another version is not found, as precedent or by people"
        yield warn("search", why, "run `parley db reindex`")
    yield _none_of(
        session,
        "outbox in doubt",
        select(func.count()).where(Outgoing.state == Sending.IN_DOUBT),
        "messages that may have arrived or not",
        "ask the addressees: `parley outbox` lists them",
    )
    yield _none_of(
        session,
        "quarantine",
        select(func.count()).where(Inbox.state == InboxState.QUARANTINED, Inbox.payload.is_not(None)),
        "updates that could not be read or handled",
        "the log says why, at the time they came: report them",
    )
    yield _none_of(
        session,
        "failed jobs",
        select(func.count()).where(Job.failed_at.is_not(None)),
        "jobs given up",
        "the log says why, at the time they failed",
    )


def _age(session: Session, oldest: Select[Any], now: datetime) -> timedelta:
    """How long ago `oldest` was; nothing waits before its time."""
    return max(now - (session.scalar(oldest) or now), timedelta())


def _hold(session: Session) -> Line:
    hold = session.get(Setting, OUTBOX_HOLD)
    if hold is None:
        return ok("outbox on hold", "no")
    held = session.scalar(select(func.count()).where(Outgoing.state == Sending.HELD)) or 0
    why = f"nothing is sent since a backup was restored on {hold.value.get('since', 'some day')}; {held} messages wait"
    return warn("outbox on hold", why, "look with `parley outbox`, then `parley outbox release`")


def _none_of(session: Session, check: str, counted: Select[Any], what: str, to_do: str) -> Line:
    count = session.scalar(counted) or 0
    return warn(check, f"{count} {what}", to_do) if count else ok(check, "none")
