"""Claims what is due and says which jobs it names. A claim and its deferral are one transaction, so it fires once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.machinery import Due

BATCH = 500


def claim(session: Session, at: datetime, defer: Callable[[int], None]) -> int:
    """Mark every open row due by `at` as fired and hand its id to `defer`, in the caller's transaction.

    `FOR UPDATE SKIP LOCKED` lets several clocks tick at once on PostgreSQL; SQLite has one writer anyway.
    """
    rows = session.scalars(
        select(Due)
        .where(Due.at <= at, Due.fired_at.is_(None), Due.cancelled_at.is_(None))
        .order_by(Due.at, Due.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.fired_at = at
        defer(row.id)
    return len(rows)


def latest(session: Session, at: datetime) -> timedelta:
    """How late the oldest open row is at `at`; zero when nothing is overdue."""
    oldest = session.scalar(
        select(Due.at).where(Due.at <= at, Due.done_at.is_(None), Due.cancelled_at.is_(None)).order_by(Due.at).limit(1)
    )
    return at - oldest if oldest else timedelta()


def worst(session: Session, since: datetime) -> timedelta:
    """How late the latest was of what has been done after `since`; zero when nothing has."""
    done = session.execute(select(Due.at, Due.done_at).where(Due.done_at > since))
    return max((finished - at for at, finished in done if finished is not None), default=timedelta())
