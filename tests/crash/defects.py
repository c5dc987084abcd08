"""Three defects, seeded by a test into the child: each must be caught, or the instruments see nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.edge import Edge
from bot.engine import Engine as Turns
from bot.engine.outbox import Outbox
from db import session

BATCHED = 0.3  # seconds by which the commit is late


def confirm_before_commit() -> None:
    """Updates that wait for a worker are kept a moment later, in the background, and confirmed at once."""
    kept = Edge.keep
    late: set[asyncio.Task[Any]] = set()

    async def keep(self: Edge, *given: Any, later: bool = True, **more: Any) -> int | None:
        if not later:
            return await kept(self, *given, later=later, **more)

        async def soon() -> None:
            await asyncio.sleep(BATCHED)
            await kept(self, *given, later=later, **more)

        task = asyncio.create_task(soon())
        late.add(task)
        task.add_done_callback(late.discard)
        return 0

    Edge.keep = keep  # type: ignore[method-assign]


def two_transactions() -> None:
    """A turn commits its change first, and what it tells others in a transaction of its own."""
    turn, tell = Turns.turn, Outbox.tell
    waiting: list[tuple[Outbox, tuple[Any, ...]]] = []

    def told(self: Outbox, *given: Any) -> None:
        waiting.append((self, given))

    def turned(self: Turns, *given: Any, **more: Any) -> Any:
        outcome = turn(self, *given, **more)
        with self.sessions.writing() as its:
            while waiting:
                outbox, news = waiting.pop(0)
                tell(replace(outbox, session=its, may=lambda _who, _button: True), *news)
        return outcome

    Outbox.tell = told  # type: ignore[method-assign, assignment]
    Turns.turn = turned  # type: ignore[method-assign]


def synchronous_normal() -> None:
    """SQLite is not told to wait for the disk at every commit."""

    prepare = session._prepare_sqlite

    def relaxed(connection: Any, _record: Any) -> None:
        prepare(connection, _record)
        connection.execute("PRAGMA synchronous=NORMAL")

    session._prepare_sqlite = relaxed


ALL: Mapping[str, Callable[[], None]] = {
    each.__name__: each for each in (confirm_before_commit, two_transactions, synchronous_normal)
}
