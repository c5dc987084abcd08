"""The audit chain: each line's digest covers the line before it, so that no past line can be altered unnoticed."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .machinery import Audit

BEGINNING = "0" * 64
BATCH = 1000


@dataclass(frozen=True)
class Verdict:
    """What checking the chain found: `broken_at` is the first line that does not fit, by id; `head` the last digest."""

    sealed: int
    unsealed: int
    head: str
    broken_at: int | None = None
    missing_after: int | None = None


def seal(session: Session) -> int:
    """Chain the lines written since, in the order they are found, and return how many.

    Sealing apart from writing means that writers do not queue behind one another. One sealer runs at a time: two would
    give out the same position, which is unique.
    """
    last = session.execute(
        select(Audit.position, Audit.digest).where(Audit.position.is_not(None)).order_by(Audit.position.desc()).limit(1)
    ).first()
    position, digest = (int(last.position or 0), str(last.digest)) if last else (0, BEGINNING)
    lines = session.scalars(select(Audit).where(Audit.position.is_(None)).order_by(Audit.id).limit(BATCH)).all()
    for line in lines:
        position += 1
        digest = line.seal(digest, position)
    return len(lines)


def verify(session: Session) -> Verdict:
    """Walk the chain from its beginning and stop at the first line that does not fit."""
    digest, expected = BEGINNING, 1
    chain = select(Audit).where(Audit.position.is_not(None)).order_by(Audit.position)
    with closing(session.scalars(chain.execution_options(yield_per=BATCH))) as lines:
        for line in lines:
            if line.position != expected:
                return Verdict(expected - 1, 0, digest, missing_after=expected - 1)
            if line.digest != line.digest_after(digest):
                return Verdict(expected - 1, 0, digest, broken_at=line.id)
            digest, expected = str(line.digest), expected + 1
    unsealed = session.scalar(select(func.count()).select_from(Audit).where(Audit.position.is_(None))) or 0
    return Verdict(expected - 1, unsealed, digest)
