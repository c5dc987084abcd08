"""Figures for whoever watches many Parleys, in Prometheus's text format: counts and ages, and nobody's words.

They are asked for with a key, because the page's address is open to the world: `Authorization: Bearer KEY`.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.core import Parley
from db.machinery import Audit, Inbox, InboxState, Outgoing, Sending
from scheduling import due

KIND = "text/plain; version=0.0.4; charset=utf-8"
Figure = tuple[str, Mapping[str, str], float]

OPEN = Outgoing.state.in_([Sending.WAITING, Sending.SENDING])
HELP = {
    "parley_up": "1 for each part that this process does: web, worker, clock.",
    "parley_takes_in": "1 where this process polls, holds the socket and listens for mail.",
    "parley_door_ok": "Whether the line to a platform is well.",
    "parley_inbox_waiting": "Updates that are kept and not handled.",
    "parley_inbox_oldest_seconds": "How long the oldest of them has waited.",
    "parley_outbox_waiting": "Messages that wait, those for later too.",
    "parley_outbox_late_seconds": "By how much the oldest that may be sent is late.",
    "parley_outbox_in_doubt": "Messages that may have arrived or not.",
    "parley_due_late_seconds": "By how much the oldest that is due is late.",
    "parley_audit_unsealed_seconds": "How old the oldest audit line is that is not sealed.",
}


def route(parley: Parley, parts: Callable[[], Mapping[str, Any]], does: frozenset[str], key: str) -> BaseRoute:
    """`/metrics`. `parts` is the health of each line, `does` what this process is there for."""

    async def show(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(errors="replace"), f"Bearer {key}".encode()):
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        try:
            kept = await parley.threads.run(_kept, parley, parley.clock.now())
        except Exception:  # noqa: BLE001  the database is away: what this process knows by itself is still shown
            kept = []
        return Response(text([*_own(parts(), does), *kept]), media_type=KIND)

    return Route("/metrics", show)


def text(figures: list[Figure]) -> str:
    """The exposition: each figure under its help."""
    lines: list[str] = []
    told = ""
    for name, labels, value in figures:
        if name != told:
            lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge"]
            told = name
        named = ",".join(f'{label}="{said}"' for label, said in labels.items())
        lines.append(f"{name}{{{named}}} {value:g}" if named else f"{name} {value:g}")
    return "\n".join([*lines, ""])


def _own(parts: Mapping[str, Any], does: frozenset[str]) -> Iterator[Figure]:
    for part in sorted(does):
        yield "parley_up", {"part": part}, 1
    if "intake" in parts:
        yield "parley_takes_in", {}, float(parts["intake"]["here"])
    for door, part in parts.items():
        if "trouble" in part:
            yield "parley_door_ok", {"door": door}, float(part["ok"])


def _kept(parley: Parley, now: datetime) -> list[Figure]:
    with parley.sessions.reading() as session:
        return list(_of(session, now))


def _of(session: Session, now: datetime) -> Iterator[Figure]:
    waiting = Inbox.state == InboxState.WAITING
    asked = {
        "parley_inbox_waiting": select(func.count()).select_from(Inbox).where(waiting),
        "parley_inbox_oldest_seconds": select(func.min(Inbox.received_at)).where(waiting),
        "parley_outbox_waiting": select(func.count()).select_from(Outgoing).where(OPEN),
        "parley_outbox_late_seconds": select(func.min(Outgoing.not_before)).where(OPEN),
        "parley_outbox_in_doubt": select(func.count()).select_from(Outgoing).where(Outgoing.state == Sending.IN_DOUBT),
        "parley_audit_unsealed_seconds": select(func.min(Audit.at)).where(Audit.position.is_(None)),
    }
    for name, question in asked.items():
        found: Any = session.scalar(question)
        yield name, {}, max(0.0, (now - found).total_seconds()) if isinstance(found, datetime) else float(found or 0)
    yield "parley_due_late_seconds", {}, max(0.0, due.latest(session, now).total_seconds())
