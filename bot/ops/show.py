"""Each state without opening the database: the ledger, the debt, the outbox, what is due, the audit lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.ops.audit import note
from bot.ops.database import opened
from db import calendars, ledger
from db.machinery import Audit, ChatRoomStep, Due, Outgoing, Sending
from db.people import Erasure
from scheduling.clock import SystemClock

MOST = 500
NAMING = frozenset({"ledger"})  # what names people: seeing it is noted
Record = Mapping[str, Any]


def show(url: str, what: str, *, as_json: bool, **more: str | None) -> str:
    """One state as a table for people, or as a JSON list of objects for programs."""
    with opened(url) as sessions:
        if what in NAMING:
            with sessions.writing() as session:
                note(session, f"console.{what}", {}, SystemClock().now())
        with sessions.reading() as session:
            records = list(_STATES[what](session, **{key: value for key, value in more.items() if value is not None}))
    if as_json:
        return json.dumps(records, default=str, ensure_ascii=False, indent=2)
    return _table(what, records)


def _outbox(session: Session) -> Iterable[Record]:
    """What has not arrived, or was not done in a room, and what may have been so twice."""
    shown = or_(Outgoing.state != Sending.ACCEPTED, Outgoing.may_repeat)
    for row in session.scalars(select(Outgoing).where(shown).order_by(Outgoing.id.desc()).limit(MOST)):
        yield {
            "id": row.id,
            "person": row.person_id,
            "news": row.once,
            "state": row.state.value,
            "reason": row.reason,
            "attempts": row.attempts,
            "may_repeat": row.may_repeat,
            "not_before": row.not_before,
            "expires_at": row.expires_at,
            "trace": row.trace,
        }

    undone = or_(ChatRoomStep.state != Sending.ACCEPTED, ChatRoomStep.may_repeat)
    for step in session.scalars(select(ChatRoomStep).where(undone).order_by(ChatRoomStep.id.desc()).limit(MOST)):
        yield {
            "id": step.id,
            "person": None,
            "news": f"room:{step.room_id}:{step.deed}",
            "state": step.state.value,
            "reason": step.reason,
            "attempts": step.attempts,
            "may_repeat": step.may_repeat,
            "not_before": step.created_at,
            "expires_at": step.expires_at,
            "trace": step.trace,
        }


def _due(session: Session) -> Iterable[Record]:
    rows = select(Due).where(Due.done_at.is_(None), Due.cancelled_at.is_(None)).order_by(Due.at).limit(MOST)
    for row in session.scalars(rows):
        yield {"id": row.id, "at": row.at, "job": row.job, "args": row.args, "key": row.key, "fired_at": row.fired_at}


def _audit(session: Session) -> Iterable[Record]:
    for row in session.scalars(select(Audit).order_by(Audit.id.desc()).limit(MOST)):
        yield {
            "id": row.id,
            "at": row.at,
            "who": row.who,
            "door": row.door,
            "what": row.what,
            "about": row.about,
            "ids": row.ids,
            "trace": row.trace,
            "digest": row.digest,
        }


def _ledger(session: Session, issue: str | None = None) -> Iterable[Record]:
    return ledger.lines(session, issue=issue)


def _debt(session: Session) -> Iterable[Record]:
    return ledger.debt(session, at=SystemClock().now())


def _erasures(session: Session) -> Iterable[Record]:
    for row in session.scalars(select(Erasure).order_by(Erasure.id)):
        yield {"person": row.person_id, "calendar": None, "at": row.at.isoformat()}
    for address_id, at in calendars.withdrawn(session).items():
        yield {"person": None, "calendar": address_id, "at": at.isoformat()}


_STATES: dict[str, Callable[..., Iterable[Record]]] = {
    "outbox": _outbox,
    "due": _due,
    "audit": _audit,
    "ledger": _ledger,
    "debt": _debt,
    "erasures": _erasures,
}


def _table(what: str, records: list[Record]) -> str:
    console = Console(width=160)
    if not records:
        return f"{what}: nothing"
    table = Table(*records[0].keys(), title=what)
    for record in records:
        table.add_row(*map(_cell, record.values()))
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    return "" if value is None else str(value)
