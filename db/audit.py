"""The audit chain: each line's digest covers the line before it, so that no past line can be altered unnoticed.

Whoever may write to the database can cut the chain's end off, or seal the whole anew. A head that was noted elsewhere
earlier shows both: it no longer stands in the chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from .machinery import Audit

BEGINNING = "0" * 64
BATCH = 1000


@dataclass(frozen=True)
class Head:
    """The last sealed line: its position, from 1, and its digest. An empty chain's is at 0. None: not known."""

    position: int | None
    digest: str


@dataclass(frozen=True)
class Verdict:
    """What checking the chain found: `broken_at` is the first line that does not fit, by id; `head` the last digest.

    `lost` is the first of the heads noted earlier that no longer stands in the chain.
    """

    sealed: int
    unsealed: int
    head: str
    broken_at: int | None = None
    missing_after: int | None = None
    lost: Head | None = None

    @property
    def is_intact(self) -> bool:
        return self.broken_at is None and self.missing_after is None and self.lost is None


def seal(session: Session) -> int:
    """Chain the lines written since, in the order they are found, and return how many.

    Sealing apart from writing means that writers do not queue behind one another. One sealer runs at a time: two would
    give out the same position, which is unique.
    """
    last = head(session)
    position, digest = last.position or 0, last.digest
    lines = session.scalars(select(Audit).where(Audit.position.is_(None)).order_by(Audit.id).limit(BATCH)).all()
    for line in lines:
        position += 1
        digest = line.seal(digest, position)
    return len(lines)


def head(session: Session) -> Head:
    """The last sealed line, to be noted somewhere else."""
    last = select(Audit.position, Audit.digest).where(Audit.position.is_not(None)).order_by(Audit.position.desc())
    found = session.execute(last.limit(1)).first()
    return Head(found.position, str(found.digest)) if found else Head(0, BEGINNING)


def verify(session: Session, noted: Sequence[Head] = ()) -> Verdict:
    """Walk the chain from its beginning and stop at the first line that does not fit.

    Each of `noted`, heads of earlier days, must be the digest at its position; without a position, of any line.
    """
    digest, expected = BEGINNING, 1
    wanted = {each.digest for each in noted}
    stands = {BEGINNING: 0} if BEGINNING in wanted else {}
    chain = select(Audit).where(Audit.position.is_not(None)).order_by(Audit.position)
    with closing(session.scalars(chain.execution_options(yield_per=BATCH))) as lines:
        for line in lines:
            if line.position != expected:
                return Verdict(expected - 1, 0, digest, missing_after=expected - 1)
            if line.digest != line.digest_after(digest):
                return Verdict(expected - 1, 0, digest, broken_at=line.id)
            digest = str(line.digest)
            if digest in wanted:
                stands[digest] = expected
            expected += 1
    unsealed = session.scalar(select(func.count()).select_from(Audit).where(Audit.position.is_(None))) or 0
    lost = next((each for each in noted if not _stands(each, stands)), None)
    return Verdict(expected - 1, unsealed, digest, lost=lost)


def _stands(noted: Head, stands: Mapping[str, int]) -> bool:
    found = stands.get(noted.digest)
    return found is not None and noted.position in (None, found)
