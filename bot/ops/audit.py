"""The audit chain from the command line: its own lines, its head to be noted elsewhere, whether everything stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from bot.ops.database import opened
from bot.ops.trouble import Trouble
from db import audit
from db.audit import Head
from db.machinery import Audit

DIGEST = re.compile(r"[0-9a-f]{64}")
NOTED = re.compile(r"(?:(?P<position>[0-9]{1,18})\s+)?(?P<digest>[0-9a-f]{64})")


def note(
    session: Session, what: str, ids: Mapping[str, int], at: datetime, administration_id: int | None = None
) -> None:
    """An audit line: whoever may run commands here is nobody that Parley knows."""
    session.add(
        Audit(
            administration_id=administration_id,
            at=at,
            who=None,
            door="console",
            what=what,
            about=next((f"{name}:{value}" for name, value in ids.items()), None),
            ids=dict(ids),
            trace=f"console-{at:%Y%m%dT%H%M%S%f}",
        )
    )


def head(url: str, *, as_json: bool) -> str:
    """The position and digest of the last sealed line, as `noted` reads them."""
    with opened(url) as sessions, sessions.reading() as session:
        found = audit.head(session)
    if as_json:
        return json.dumps({"position": found.position, "digest": found.digest})
    return f"{found.position} {found.digest}"


def noted(given: Sequence[str]) -> list[Head]:
    """Heads from digests, or from files to which `parley audit head` wrote, a line each. Raises Trouble for others."""
    return [head for each in given for head in _heads(each)]


def _heads(given: str) -> Iterator[Head]:
    if DIGEST.fullmatch(given):
        yield Head(None, given)
        return
    lines = [line.strip() for line in Path(given).read_text(encoding="utf-8", errors="replace").splitlines()]
    found = [_read(line) for line in lines if line]
    if not found or None in found:
        raise Trouble(f"{given} is not what `parley audit head` prints")
    yield from (each for each in found if each is not None)


def _read(line: str) -> Head | None:
    if line.startswith("{"):
        try:
            said = json.loads(line)
            line = f"{said['position']} {said['digest']}"
        except (ValueError, KeyError, TypeError):
            return None
    match = NOTED.fullmatch(line)
    return Head(int(match["position"]) if match["position"] else None, match["digest"]) if match else None


def verify(url: str, heads: Sequence[Head]) -> tuple[str, bool]:
    """What `parley audit verify` says, and whether the chain is intact and every one of `heads` stands in it."""
    with opened(url) as sessions, sessions.reading() as session:
        found = audit.verify(session, heads)
    if found.broken_at is not None:
        said = f"BROKEN: line {found.broken_at} was altered; the {found.sealed} lines before it are intact."
    elif found.missing_after is not None:
        said = f"BROKEN: a line is missing after position {found.missing_after}."
    elif found.lost is not None:
        said = f"BROKEN: {_lost(found.lost, found.sealed)}"
    else:
        known = f", {len(heads)} earlier heads stand" if heads else ""
        said = f"OK: {found.sealed} lines{known}, {found.unsealed} not sealed yet, head {found.head}."
    return said, found.is_intact


def _lost(head: Head, sealed: int) -> str:
    if head.position is None:
        return f"the head {head.digest} is nowhere in the chain: its end was cut off, or it was sealed anew."
    if head.position > sealed:
        return f"the head noted at position {head.position} is gone: the chain ends at {sealed}, its end was cut off."
    return f"another line stands at position {head.position} than was noted: the chain was sealed anew."
