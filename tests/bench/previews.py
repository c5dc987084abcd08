"""The preview of a broadcast to a hundred thousand: all its numbers, and the hash that freezes whom it means, against a
plain count of the same people."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import func, select

from bot.kit.context import Context
from db.broadcasts import Broadcast, BroadcastText, fingerprint, persons
from db.people import Administration, Person, Scope
from db.session import Sessions, connect
from handlers.broadcasts.previewing import numbers
from scheduling.clock import SystemClock

from . import town
from .figure import Figure, alternating, compared

PEOPLE = 100_000
MOST = 30  # times the plain count
DOORS = ("slack", "telegram", "email")


def figures(folder: Path) -> Iterator[Figure]:
    """Everybody of one administration, in one language of two."""
    sessions = Sessions(connect(town.found(folder, people=PEOPLE)))
    now = SystemClock().now()
    with sessions.writing() as session:
        home = session.scalars(select(Administration)).one()
        author = session.scalars(select(Person.id).order_by(Person.id).limit(1)).one()
        broadcast = Broadcast(
            administration_id=home.id,
            author_id=author,
            scope=Scope.COUNTRY,
            scope_id=home.country,
            audience={},
            language="en",
            created_at=now,
        )
        session.add(broadcast)
        session.flush()
        text = {"broadcast_id": broadcast.id, "edition": 1, "language": "en"}
        session.add(BroadcastText(**text, title="Rules of origin", words="From Monday."))
        session.flush()
        ctx = cast(Context, SimpleNamespace(session=session, now=now, doors=DOORS))
        count = persons(broadcast, at=now).with_only_columns(func.count())
        counting = partial(session.scalar, count)
        if numbers(ctx, broadcast).total != session.scalar(count):
            raise ValueError("the preview counts others")

        for name, ours in (
            ("preview", lambda: numbers(ctx, broadcast)),
            ("preview_frozen", lambda: fingerprint(session, broadcast, at=now)),
        ):
            measured, counted = alternating(partial(_milliseconds, ours), partial(_milliseconds, counting))
            yield compared(name, measured, "ms", counted, MOST)
    sessions.engine.dispose()


def _milliseconds(run: Callable[[], Any]) -> float:
    began = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - began)
