"""A job engine on its own database, with bodies that note what they did."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text

from bot.work import Embedded, Threads
from bot.work.scaled import Scaled
from db import queues
from db.machinery import Job
from db.session import Sessions, connect

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ENGINES: dict[str, Any] = {"embedded": Embedded, "scaled": Scaled}
# What stands in Procrastinate's table, as ours would have it; a job that may begin has no hour.
THEIRS = text(
    "SELECT task_name, lock, scheduled_at, COALESCE((args->>'_failures')::integer, 0)"
    " FROM procrastinate_jobs ORDER BY id"
)


@dataclass(frozen=True)
class Held:
    """A job that the database holds."""

    name: str
    lock: str | None
    at: datetime
    attempts: int
    error: str | None = None
    failed_at: datetime | None = None


class Shop:
    """On the engine of that name; `jobs` is what the database holds, whichever table it stands in."""

    def __init__(self, url: str, clock: Any, engine: str = "embedded") -> None:
        self.sessions = Sessions(connect(url))
        self.clock = clock
        self.threads = Threads(self.sessions)
        self.work: Any = ENGINES[engine](self.sessions, clock, self.threads)
        self.done: list[int] = []
        self.at_once: dict[int, int] = {}
        self.most_at_once = 0
        self.raises: dict[int, list[Exception]] = {}
        self.work.add({"note": self.note, "slow": self.slow})

    async def note(self, number: int) -> None:
        if self.raises.get(number):
            raise self.raises[number].pop(0)
        self.done.append(number)

    async def slow(self, number: int) -> None:
        lock = number % 5
        self.at_once[lock] = self.at_once.get(lock, 0) + 1
        self.most_at_once = max(self.most_at_once, self.at_once[lock])
        await asyncio.sleep(random.random() / 200)
        self.at_once[lock] -= 1
        self.done.append(number)

    def defer(self, *numbers: int, name: str = "note", lock: str | None = None, **how: Any) -> None:
        with self.sessions.writing() as session:
            for number in numbers:
                self.work.defer(session, name, lock=lock, number=number, **how)

    def jobs(self) -> list[Held]:
        with self.sessions.reading() as session:
            ours = [
                Held(row.name, row.lock, row.at, row.attempts, row.error, row.failed_at)
                for row in session.scalars(select(Job).order_by(Job.id))
            ]
            theirs = session.execute(THEIRS) if queues.is_there(session) else ()
            return ours + [Held(name, lock, at or self.clock.now(), failed) for name, lock, at, failed in theirs]

    def close(self) -> None:
        self.threads.close()
        self.sessions.engine.dispose()


async def until(condition: Any, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  it waits for what another process or thread wrote
            await asyncio.sleep(0.005)
