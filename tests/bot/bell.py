"""A capability, a door in memory and a whole Parley around them: for testing what lies under every capability."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import func, select

from bot.core import Parley
from bot.kit import allow
from bot.kit.capability import Capability, Registry
from bot.kit.context import Context, Told
from bot.kit.door import Permanent, Transient
from bot.kit.events import Answer, Answered, Attached, Called, Caller, Event
from bot.kit.forms import Form, ask
from bot.kit.screen import Screen, button
from bot.kit.text import Raw, Writer, _, without_isolates
from db.machinery import Inbox, Outgoing, Receipt
from db.people import Administration, Kind, Organisation, Person
from scheduling.clock import Clock, ManualClock
from scheduling.pace import Pace

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

bell = Capability("bell", _("Bell"))
ledger = Capability("ledger", _("Ledger"))


@bell.form("name", _("Say who you are"), allow=allow.everyone)
class Name(Form):
    name: str = ask.line(_("Your name?"), max=20)

    def submit(self, ctx: Context) -> Screen:
        person = ctx.session.get_one(Person, ctx.who.id)
        person.name, person.registered_at = self.name, ctx.now
        return Screen(_("Welcome, {name}.", name=self.name))


@bell.command("home", _("Home"), allow=allow.everyone)
def home(ctx: Context) -> Screen:
    return Screen(_("Home"), (Raw(ctx.who.name),), buttons=(button(_("Ring"), "bell.ring"),))


@bell.command("ring", _("Ring"), allow=allow.members, menu=1)
def ring(ctx: Context) -> Screen:
    """Count one stroke and tell everybody else of it."""
    stroke = Organisation(administration_id=ctx.who.administration_id, name="stroke", kind=Kind.BUSINESS)
    ctx.session.add(stroke)
    ctx.session.flush()
    for person in ctx.session.scalars(select(Person.id).where(Person.id != ctx.who.id).order_by(Person.id)):
        told = Told("stroke", stroke.id)
        ctx.notify(person, Screen(_("It rings"), buttons=(button(_("Home"), "bell.home"),)), once=f"{told}", told=told)
    return Screen(_("Rung"))


@bell.command("crack", _("Crack"), allow=allow.members, menu=2)
def crack(ctx: Context) -> Screen:
    """Fails after a change, every time."""
    ring(ctx)
    raise RuntimeError("the bell is cracked")


@bell.job("toll")
def toll(ctx: Context, number: int) -> None:
    """Tell everybody that an hour has come."""
    for person in ctx.session.scalars(select(Person.id)):
        ctx.notify(person, Screen(_("It tolls")), once=f"toll:{number}", urgent=True)


@bell.job("silent")
def silent(ctx: Context, number: int) -> None:
    """An hour of which nobody is told."""


@ledger.job("unreached")
def unreached(ctx: Context, receipt: int) -> None:
    ctx.session.get_one(Receipt, receipt).next_step = "call them"


REGISTRY = Registry([bell, ledger], home="bell.home", welcome="bell.name")


@dataclass(frozen=True)
class Sent:
    """One message that the platform accepted, or whose outcome it kept to itself."""

    address: str
    heading: str
    repeated: bool
    edits: Mapping[str, Any] | None
    written: datetime | None = None
    notice: str = ""


@dataclass
class Memory:
    """A door whose platform is a list. `outcomes` is what it will say to the next sends; nothing left is acceptance."""

    name: str
    outcomes: deque[Exception] = field(default_factory=deque)
    sent: list[Sent] = field(default_factory=list)
    tries: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    slow: float = 0
    down: bool = False
    looks: int = 0

    def read(self, payload: Mapping[str, Any]) -> Event | None:
        if payload["kind"] == "nothing":
            return None
        caller = Caller(self.name, str(payload["from"]), str(payload["from"]), str(payload.get("name", "")), "en")
        if payload["kind"] == "words":
            return Called(caller, words=str(payload["words"]))
        files = tuple(Attached(name, None, None, {"platform": self.name, "id": name}) for name in payload["files"])
        return Answered(caller, payload["text"], files)

    async def send(
        self,
        address: str,
        answer: Answer,
        writer: Writer,
        *,
        edits: Mapping[str, Any] | None = None,
        repeated: bool = False,
    ) -> Mapping[str, Any]:
        self.tries += 1
        await asyncio.sleep(self.slow)
        outcome = self.outcomes.popleft() if self.outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        said = answer.screen.heading if answer.screen else answer.form.title if answer.form else Raw("")
        heading, notice = (without_isolates(writer.plain(each)) for each in (said, answer.notice or Raw("")))
        self.sent.append(Sent(address, heading, repeated, edits, answer.written, notice))
        return {"id": len(self.sent)}

    async def look(self) -> None:
        self.looks += 1
        if self.down:
            raise Transient("down")

    async def fetch(self, origin: Mapping[str, Any], limit: int) -> bytes:
        if self.outcomes:
            raise self.outcomes.popleft()
        if origin["id"] not in self.files:
            raise Permanent("not_found")
        return self.files[origin["id"]]


class Tower:
    """Parley with the bell and two doors in memory, telegram and slack."""

    def __init__(
        self,
        url: str,
        clock: Clock | None = None,
        pace: Pace | None = None,
        engine: Literal["embedded", "scaled"] = "embedded",
    ) -> None:
        self.clock = ManualClock(NOON)
        self.parley = Parley(
            database_url=url,
            public_url="https://parley.example",
            clock=clock or self.clock,
            registry=REGISTRY,
            pace=pace,
            engine=engine,
        )
        self.telegram, self.slack = Memory("telegram"), Memory("slack")
        self.parley.add(self.telegram)
        self.parley.add(self.slack)
        self.sessions = self.parley.sessions
        with self.sessions.writing() as session:
            if session.scalar(select(Administration.id).limit(1)) is None:
                session.add(
                    Administration(code="xx", name={"en": "X"}, country="TN", zone="Africa/Tunis", language="en")
                )
        self._keys = 0

    async def update(
        self, door: str, who: str, words: str, *, key: str | None = None, later: bool = True
    ) -> int | None:
        """Keep an update of somebody's words under a fresh key, or under the one given."""
        self._keys += 1
        payload = {"kind": "words", "from": who, "words": words}
        return await self.parley.edge.keep(door, key or f"k{self._keys}", payload, account=who, later=later)

    async def register(self, door: str, who: str, name: str) -> None:
        """Bring somebody in, and clear the doors of what was said to them."""
        for text in ("hello", name):
            self._keys += 1
            payload = {"kind": "text", "from": who, "text": text, "files": []}
            await self.parley.edge.keep(door, f"k{self._keys}", payload, account=who)
            await self.parley.settle()
        self.telegram.sent.clear()
        self.slack.sent.clear()
        self.telegram.tries = self.slack.tries = 0

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with self.sessions.reading() as session:
            return list(session.scalars(select(table).where(*where).order_by(table.id)))

    def strokes(self) -> int:
        with self.sessions.reading() as session:
            strokes = select(func.count()).select_from(Organisation).where(Organisation.name == "stroke")
            return session.scalar(strokes) or 0

    def news(self) -> list[Outgoing]:
        """The rows of the outbox that tell of a stroke."""
        return self.rows(Outgoing, Outgoing.is_reply.is_(False))

    def inbox(self) -> list[Inbox]:
        return self.rows(Inbox)

    def close(self) -> None:
        self.parley.close()
