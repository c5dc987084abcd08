"""One of many takes in: the lock is a lease of the database's, given up in time by whoever cannot renew it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import create_engine, text

from bot.ops.alone import HELD, INTAKE, alone, among, present
from bot.ops.intake import Intake
from bot.ops.trouble import Trouble
from tests.bot.work.shop import until

HOLDER = text(f"SELECT pid{HELD} AND objid = {INTAKE}")
END = text(f"SELECT pg_terminate_backend(pid){HELD} AND objid = {INTAKE}")


class Takers:
    """Several that could take in, and those that do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.at_it: list[str] = []
        self.most = 0
        self.running: dict[str, asyncio.Task[None]] = {}
        self.engine = create_engine(url)

    def begin(self, name: str, *, lease: float = 8.0, ours: float = 6.0) -> Intake:
        async def take_in() -> None:
            self.at_it.append(name)
            self.most = max(self.most, len(self.at_it))
            await asyncio.Event().wait()

        async def let_go() -> None:
            if name in self.at_it:
                self.at_it.remove(name)

        intake = Intake(self.url, take_in, let_go, name=name, lease=lease, ours=ours)
        self.running[name] = asyncio.create_task(intake.run())
        return intake

    async def end(self, name: str) -> None:
        self.running[name].cancel()
        await asyncio.gather(self.running.pop(name), return_exceptions=True)

    def ask(self, what: object) -> object:
        with self.engine.begin() as connection:
            return connection.scalar(what)  # type: ignore[call-overload]


@asynccontextmanager
async def takers(url: str) -> AsyncIterator[Takers]:
    those = Takers(url)
    try:
        yield those
    finally:
        for name in list(those.running):
            await those.end(name)
        those.engine.dispose()


@pytest.mark.promise("scale.intake", "Of many processes one takes in; another does within 15 s, and never two at once.")
async def test_one_takes_in_and_the_next_when_it_ends_or_is_cut_off(postgresql_url: str) -> None:
    async with takers(postgresql_url) as those:
        first = those.begin("first")
        await until(lambda: those.at_it == ["first"])
        second = those.begin("second")
        await until(lambda: second.is_somewhere)
        assert first.is_here and not second.is_here
        await those.end("first")  # as a process that is told to stop
        await until(lambda: those.at_it == ["second"])
        third = those.begin("third")
        await until(lambda: third.is_somewhere)
        before = those.ask(HOLDER)
        those.ask(END)  # the server ends its session, as at a restart
        await until(lambda: those.ask(HOLDER) not in (None, before) and len(those.at_it) == 1)
        assert those.most == 1


async def test_one_that_does_not_hear_from_the_server_gives_up_before_the_server_does(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with takers(postgresql_url) as those:
        first = those.begin("first", lease=3.0, ours=1.5)
        await until(lambda: those.at_it == ["first"])
        held = those.ask(HOLDER)

        async def unheard(*_given: object) -> tuple[object, ...]:
            await asyncio.Event().wait()
            return ()

        monkeypatch.setattr("bot.ops.intake._answer", unheard)  # the line is dead, and looks alive
        await until(lambda: those.at_it == [])
        assert not first.is_here
        monkeypatch.undo()
        await until(lambda: those.ask(HOLDER) not in (None, held) and those.at_it == ["first"])
        assert those.most == 1


async def test_the_server_ends_the_session_of_one_that_says_nothing(postgresql_url: str) -> None:
    """A process that was stopped keeps its connection; the database gives its lock to another."""
    stopped = Intake(postgresql_url, asyncio.Event().wait, asyncio.Event().wait, lease=0.5)  # type: ignore[arg-type]
    async with takers(postgresql_url) as those, stopped._session() as session:
        await stopped._stand_by(session)
        assert those.ask(HOLDER) == session.info.backend_pid
        those.begin("second")
        await until(lambda: those.at_it == ["second"])


def test_those_that_share_an_engine_stand_beside_each_other_and_not_beside_one_that_does_not(
    postgresql_url: str,
) -> None:
    with among(postgresql_url, ["web"]), among(postgresql_url, ["worker"]), among(postgresql_url, ["worker"]) as lock:
        assert lock.is_held()
        assert present(postgresql_url) == {"web": 1, "worker": 2, "clock": 0, "intake": 0}
        with pytest.raises(Trouble, match="another Parley runs"), alone(postgresql_url):
            pass
    with alone(postgresql_url):
        assert present(postgresql_url) == {}
        with pytest.raises(Trouble, match="embedded engine"), among(postgresql_url, ["web"]):
            pass
