"""A clock or a worker in a process of its own: `python -m tests.bot.work.staff clock|worker URL`.

What falls due is done by adding an organisation called after the row, which nothing keeps from being added twice but
the promise that it is not.
"""

from __future__ import annotations

import asyncio
import sys

from bot.work import Threads
from bot.work.scaled import Scaled
from db.machinery import Due
from db.people import Kind, Organisation
from db.session import Sessions, connect
from scheduling import due
from scheduling.clock import SystemClock
from scheduling.ticker import Ticker


class Staff:
    """What clocks and workers do with due rows, as `Parley` has them do it, without all that Parley can do."""

    def __init__(self, url: str) -> None:
        self.sessions = Sessions(connect(url))
        self.threads = Threads(self.sessions)
        self.clock = SystemClock()
        self.work = Scaled(self.sessions, self.clock, self.threads)
        self.work.add({"due": self.do})

    async def do(self, due: int) -> None:
        await self.threads.run(self._do, due)

    async def tick(self) -> None:
        await self.threads.run(self._claim)

    def _do(self, number: int) -> None:
        with self.sessions.writing() as session:
            self.sessions.lock(session, f"due:{number}")
            row = session.get_one(Due, number)
            if row.done_at is None:
                row.done_at = self.clock.now()
                session.add(Organisation(administration_id=1, name=row.key, kind=Kind.BUSINESS))

    def _claim(self) -> None:
        with self.sessions.writing() as session:
            due.claim(session, self.clock.now(), lambda row: self.work.defer(session, "due", due=row))


async def main(part: str, url: str) -> None:
    staff = Staff(url)
    print("begun", flush=True)  # noqa: T201  whoever started it waits for that
    if part == "worker":
        await staff.work.run()
        return
    Ticker(staff.tick, seconds=0.25).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
