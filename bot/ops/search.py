"""Keeping what search finds in step with the way words are cut: after an upgrade that changed it."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import func, select

import handlers
from bot.kit.capability import Findable
from bot.ops.database import opened
from db import search
from db.session import Sessions
from db.session import upgrade as migrate

BATCH = 200  # rows a transaction: whoever writes meanwhile waits for no more


def upgrade(url: str) -> None:
    """Bring the database at `url` to this version, its tables and what search finds."""
    migrate(url)
    rebuild(url, only_stale=True)


def rebuild(url: str, *, only_stale: bool = False) -> int:
    """Index everything anew, with a bar on the terminal, and return how many rows; with `only_stale` only if needed.

    May run beside a Parley that is running, and again.
    """
    with opened(url) as sessions:
        with sessions.reading() as session:
            needless = only_stale and search.is_current(session)
        done = 0 if needless else _all(sessions)
        with sessions.writing() as session:
            search.note_current(session)
        return done


def _all(sessions: Sessions) -> int:
    with Progress(console=Console(stderr=True), transient=True) as bar:
        return sum(_each(sessions, findable, bar) for findable in handlers.registry.findables)


def _each(sessions: Sessions, findable: Findable, bar: Progress) -> int:
    table = findable.table
    with sessions.reading() as session:
        total = session.scalar(select(func.count()).select_from(table).where(findable.which)) or 0
        ids = session.scalars(select(table.id).where(findable.which).order_by(table.id)).all()
    task = bar.add_task(findable.kind, total=total)
    for first in range(0, len(ids), BATCH):
        some = ids[first : first + BATCH]
        with sessions.writing() as session:
            for row in session.scalars(select(table).where(table.id.in_(some))):
                findable.keep(session, row)
        bar.advance(task, len(some))
    return len(ids)
