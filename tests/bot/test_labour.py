"""What takes minutes: it begins in a turn, works beside them, moves a bar in one message, and ends once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

import bot.core
from bot.core import Parley
from bot.kit import allow
from bot.kit.capability import Capability, Registry
from bot.kit.context import Context, Told
from bot.kit.events import Called, Caller
from bot.kit.screen import Screen
from bot.kit.text import _
from db.machinery import Due, Outgoing
from db.people import Administration
from scheduling.clock import ManualClock

from .bell import NOON, Memory

BELLA = Caller("telegram", "1", "1", "Bella", "en")
mill = Capability("mill", _("Mill"))


class Stones:
    """What a test lets the work do: it grinds until it is let go, or is not wanted any more."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = threading.Event()
        self.fails = False
        self.wanted = True
        self.told: Told | None = None


stones = Stones()


@mill.command("home", _("Home"), allow=allow.everyone)
def home(ctx: Context) -> Screen:
    return Screen(_("Home"))


@mill.command("grind", _("Grind"), allow=allow.everyone)
def grind(ctx: Context) -> Screen:
    ctx.notify(ctx.who, Screen(_("Ground: {done}", done=0)), once="bar", told=stones.told, urgent=True)
    ctx.later(ctx.now, "mill.grinding", key="grinding", person=ctx.who.id)
    return Screen(_("It grinds"))


@mill.labour("grinding")
class Grinding:
    @staticmethod
    def begin(ctx: Context, person: int) -> Any:
        stones.begun += 1
        return {"sacks": 3} if stones.wanted else None

    @staticmethod
    def work(question: Any, report: Callable[[float, str], None], is_wanted: Callable[[], bool]) -> Any:
        report(0.5, "grinding")
        while is_wanted() and not stones.go.wait(0.01):
            pass
        if stones.fails or not is_wanted():
            raise ValueError("the stones broke")
        return question["sacks"] * 2

    @staticmethod
    def progress(ctx: Context, done: float, doing: str, person: int) -> bool:
        ctx.revise(person, Screen(_("Ground: {done}", done=round(done * 100))), once="bar")
        return stones.wanted

    @staticmethod
    def end(ctx: Context, answer: Any, person: int) -> None:
        ctx.notify(person, Screen(_("Sacks: {count}", count=answer)), once="end", urgent=True)

    @staticmethod
    def fail(ctx: Context, why: str, person: int) -> None:
        ctx.notify(person, Screen(_("Broken: {why}", why=why)), once="end", urgent=True)


REGISTRY = Registry([mill], home="mill.home", welcome="mill.home")


class Yard:
    """Parley with the mill and a door in memory."""

    def __init__(self, url: str) -> None:
        self.parley = Parley(
            database_url=url, public_url="https://parley.example", clock=ManualClock(NOON), registry=REGISTRY
        )
        self.door = Memory("telegram")
        self.parley.add(self.door)
        with self.parley.sessions.writing() as session:
            session.add(Administration(code="xx", name={"en": "X"}, country="TN", zone="Africa/Tunis", language="en"))

    def grind(self) -> None:
        self.parley.engine.turn(Called(BELLA, name="mill.grind"), trace="t")

    def is_revised(self) -> bool:
        with self.parley.sessions.reading() as session:
            return session.query(Outgoing).filter(Outgoing.once == "bar").one().was_revised

    def headings(self) -> list[str]:
        return [each.heading for each in self.door.sent]


@pytest.fixture
def yard(database_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bot.core, "A_WHILE", 0.01)
    stones.__init__()  # type: ignore[misc]
    made = Yard(database_url)
    yield made
    made.parley.close()


async def until(holds: Callable[[], bool]) -> None:
    """Look again until it does: what the loop does of its own accord sets no event of ours."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  as the docstring says
            await asyncio.sleep(0.005)


async def test_a_bar_moves_in_its_place_and_the_end_is_told_once(yard: Yard) -> None:
    yard.grind()
    await yard.parley.tick()
    running = asyncio.create_task(yard.parley.work.run(poll=0.01))
    await until(lambda: "Ground: 50" in yard.headings())
    first, second = yard.door.sent[:2]
    assert (first.heading, first.edits) == ("Ground: 0", None)
    assert (second.heading, second.edits) == ("Ground: 50", {"id": 1})
    # Turns go on meanwhile.
    assert yard.parley.engine.turn(Called(BELLA, name="mill.home"), trace="t") is not None
    stones.go.set()
    await until(lambda: "Sacks: 6" in yard.headings())
    yard.parley.work.stop()
    await running
    assert yard.headings().count("Sacks: 6") == 1
    with yard.parley.sessions.reading() as session:
        assert session.query(Due).one().done_at is not None
        assert session.query(Outgoing).filter(Outgoing.once == "bar").count() == 1


@pytest.mark.parametrize("told", [None, Told("sack", 1)], ids=["plain", "in the ledger"])
async def test_what_is_revised_on_its_way_is_put_right_when_it_arrives(
    yard: Yard, told: Told | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaves, may_arrive, send = asyncio.Event(), asyncio.Event(), yard.door.send

    async def late(*given: Any, **more: Any) -> Any:
        leaves.set()
        await may_arrive.wait()
        return await send(*given, **more)

    monkeypatch.setattr(yard.door, "send", late)
    stones.told = told
    yard.grind()
    running = asyncio.create_task(yard.parley.work.run(poll=0.01))
    await leaves.wait()
    await yard.parley.tick()
    await until(yard.is_revised)
    may_arrive.set()
    await until(lambda: "Ground: 50" in yard.headings())
    assert [(each.heading, each.edits) for each in yard.door.sent if each.heading.startswith("Ground")] == [
        ("Ground: 0", None),
        ("Ground: 50", {"id": yard.headings().index("Ground: 0") + 1}),
    ]
    yard.parley.work.stop()
    await running


async def test_what_goes_wrong_is_told_by_its_name(yard: Yard) -> None:
    yard.grind()
    stones.fails = True
    stones.go.set()
    with capture_logs() as logs:
        await yard.parley.settle()
    assert "Broken: ValueError" in yard.headings()
    assert ("a labour failed", "error") in [(each["event"], each["log_level"]) for each in logs]


async def test_what_nobody_wants_any_more_ends(yard: Yard) -> None:
    yard.grind()
    await yard.parley.tick()
    running = asyncio.create_task(yard.parley.work.run(poll=0.01))
    await until(lambda: stones.begun == 1)
    stones.wanted = False
    with capture_logs() as logs:
        await until(lambda: "Broken: ValueError" in yard.headings())
    yard.parley.work.stop()
    await running
    assert "error" not in [each["log_level"] for each in logs]  # it was stopped, and did not fail


async def test_what_a_stop_interrupts_begins_again(yard: Yard) -> None:
    yard.grind()
    await yard.parley.tick()
    running = asyncio.create_task(yard.parley.work.run(poll=0.01))
    await until(lambda: "Ground: 50" in yard.headings())
    yard.parley.work.stop()
    async with asyncio.timeout(9):  # well before the loop would give it up
        await running
    assert stones.begun == 1 and "Sacks: 6" not in yard.headings()
    stones.go.set()
    await yard.parley.settle()
    assert stones.begun == 2 and yard.headings().count("Sacks: 6") == 1
