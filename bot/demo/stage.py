"""The stage: the real Parley with both platforms played in memory, and the people who act on it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.core import Parley
from bot.platforms.telegram.door import TelegramDoor
from db.files import File, FileState, read
from db.machinery import Audit, Due, Outgoing, Sending, Setting
from db.people import Person
from scheduling.clock import ManualClock, ShiftedClock

from . import past
from .personas import BY_KEY, Persona
from .seed import seed
from .slack import Workspace
from .telegram import Chats

REMEMBERED = 400
CLOCK = "demo_clock"
CHATS = "demo_chats"
SEEDED_BEFORE = timedelta(days=60)
LEAST_STEP = timedelta(seconds=1)


@dataclass(frozen=True)
class Happened:
    """One line of "what just happened"."""

    kind: str
    title: str
    detail: str = ""
    payload: Any = None
    waits: bool = False


class Stage:
    """Acts for people and shows what came of it. Everything is done before a method returns."""

    def __init__(
        self, *, database_url: str, clock: ShiftedClock | ManualClock, public_url: str = "http://127.0.0.1:8765"
    ) -> None:
        self.clock = clock
        self._database_url, self._public_url = database_url, public_url
        self.parley = Parley(database_url=database_url, public_url=public_url, clock=clock)
        self.log: deque[Happened] = deque(maxlen=REMEMBERED)
        self.chats = Chats(record=self._record)
        self.parley.add(
            TelegramDoor(self.chats.perform, download=self.chats.download, stored=self._stored, sleep=_no_sleep)
        )
        self.workspace = Workspace(self.parley, record=self._record, stored=self._stored)
        self.parley.add(self.workspace.door)
        self.changed = asyncio.Event()
        self._audited = 0
        self._acting = asyncio.Lock()

    async def begin(self) -> None:
        """Seed the country and its past, or take up where a run before this one ended."""
        now = self.clock.now()
        if await self.parley.threads.run(seed, self.parley.sessions, at=now - SEEDED_BEFORE):
            await past.play(self._database_url, at=now, public_url=self._public_url)
        await self.parley.threads.run(self._restore)
        await self.parley.edge.recover()
        await self._settle()

    def close(self) -> None:
        self.parley.close()

    # What people do

    async def says(self, persona: Persona, text: str) -> None:
        """Type a message, a command among them."""
        await self._act(persona, "wrote", lambda: self._say(persona, text))

    async def taps(self, persona: Persona, message: Any, data: str) -> None:
        """Press a button under a Telegram message."""
        await self._act(
            persona, "tapped a button", lambda: self._keep(persona, *self.chats.taps(persona, message, data))
        )

    async def attaches(self, persona: Persona, name: str, media_type: str, data: bytes, caption: str = "") -> None:
        """Send a photo or a document."""
        if persona.door == "slack":
            await self._act(
                persona, "sent a file", lambda: self.workspace.attaches(persona, name, media_type, data, caption)
            )
        else:
            update = self.chats.attaches(persona, name, media_type, data, caption)
            await self._act(persona, "sent a file", lambda: self._keep(persona, *update))

    async def blocks(self, persona: Persona, *, blocks: bool = True) -> None:
        """Block the bot in Telegram, or let it in again."""
        update = self.chats.blocks(persona, blocks=blocks)
        await self._act(
            persona, "blocked the bot" if blocks else "let the bot in", lambda: self._keep(persona, *update)
        )

    async def acts(self, persona: Persona, what: str, how: Callable[[], Awaitable[Any]]) -> Any:
        """Anything a Slack person does: `how` plays it on the workspace."""
        return await self._act(persona, what, how)

    async def advance(self, by: timedelta) -> None:
        """Put the clock forward from one thing that falls due to the next, so that each happens at its own instant."""
        async with self._acting:
            until = self.clock.now() + by
            while (now := self.clock.now()) < until:
                due = await self.next_due()
                stop = until if due is None or due > until else max(due, now + LEAST_STEP)
                self.clock.advance(min(stop, until) - now)
                await self._settle()
        self.log.append(Happened("clock", f"It is now {self.clock.now():%A %d %B %Y, %H:%M} UTC."))
        self.tell()

    async def next_due(self) -> datetime | None:
        """When something happens next by itself."""
        return await self.parley.threads.run(self._next_due)

    async def _say(self, persona: Persona, text: str) -> None:
        if persona.door == "slack":
            await self.workspace.says(persona, text)
        else:
            await self._keep(persona, *self.chats.says(persona, text))

    async def _keep(self, persona: Persona, key: str, update: Mapping[str, Any]) -> None:
        await self.parley.edge.keep("telegram", key, update, account=persona.user)

    async def _act(self, persona: Persona, what: str, how: Callable[[], Awaitable[Any]]) -> Any:
        async with self._acting:
            self.log.append(Happened("event", f"{persona.name} {what} in {persona.door.title()}."))
            done = await how()
            await self._settle()
        self.tell()
        return done

    async def _settle(self) -> None:
        await self.parley.settle()
        await self.parley.threads.run(self._note_audit)
        await self.parley.threads.run(self._keep_state)

    # What came of it

    async def happened(self) -> list[Happened]:
        """Newest first; what waits comes first of all."""
        waiting = await self.parley.threads.run(self._waiting)
        return [*waiting, *reversed(self.log)]

    def _record(self, door: str, method: str, parameters: Any) -> None:
        self.log.append(Happened("payload", f"{door} {method}", payload=parameters))

    def _note_audit(self) -> None:
        with self.parley.sessions.reading() as session:
            for line in session.scalars(select(Audit).where(Audit.id > self._audited).order_by(Audit.id)):
                self._audited = line.id
                person = session.get(Person, line.who) if line.who else None
                by = f"by {person.name or 'somebody new'}" if person else "by the clock"
                chained = f"chained at {line.position}" if line.position else "not sealed yet"
                detail = f"{line.about or 'nothing in particular'}, {by}, from {line.door}, {chained}"
                self.log.append(Happened("audit", line.what, detail))

    def _waiting(self) -> list[Happened]:
        with self.parley.sessions.reading() as session:
            dues = session.scalars(
                select(Due).where(Due.fired_at.is_(None), Due.cancelled_at.is_(None)).order_by(Due.at).limit(12)
            )
            rows = [
                Happened("due", row.job, f"falls due {row.at:%a %d %b %H:%M} UTC ({row.key})", waits=True)
                for row in dues
            ]
            held = session.scalars(
                select(Outgoing)
                .where(Outgoing.state.in_([Sending.WAITING, Sending.HELD, Sending.SENDING]))
                .order_by(Outgoing.not_before)
                .limit(12)
            )
            for row in held:
                person = session.get_one(Person, row.person_id)
                when = f"to {person.name}, not before {row.not_before:%a %d %b %H:%M} UTC ({row.state.value})"
                rows.append(Happened("outbox", row.once, when, waits=True))
            return rows

    def _next_due(self) -> datetime | None:
        with self.parley.sessions.reading() as session:
            due = session.scalar(
                select(Due.at).where(Due.fired_at.is_(None), Due.cancelled_at.is_(None)).order_by(Due.at).limit(1)
            )
            told = session.scalar(
                select(Outgoing.not_before)
                .where(Outgoing.state == Sending.WAITING)
                .order_by(Outgoing.not_before)
                .limit(1)
            )
        return min((each for each in (due, told) if each is not None), default=None)

    def tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    # What outlives a restart

    def _keep_state(self) -> None:
        kept: dict[str, Any] = {CHATS: {"telegram": self.chats.to_json(), "slack": self.workspace.to_json()}}
        if isinstance(self.clock, ShiftedClock):
            kept[CLOCK] = {"seconds": self.clock.offset.total_seconds()}
        with self.parley.sessions.writing() as session:
            for name, value in kept.items():
                row = session.get(Setting, name)
                if row is None:
                    session.add(Setting(name=name, value=value))
                elif json.dumps(row.value, sort_keys=True) != json.dumps(value, sort_keys=True):
                    row.value = value

    def _restore(self) -> None:
        with self.parley.sessions.reading() as session:
            clock, chats = session.get(Setting, CLOCK), session.get(Setting, CHATS)
            self._audited = session.scalar(select(Audit.id).order_by(Audit.id.desc()).limit(1)) or 0
        if clock is not None and isinstance(self.clock, ShiftedClock):
            self.clock.offset = timedelta(seconds=clock.value["seconds"])
        if chats is not None:
            self.chats.load(chats.value["telegram"])
            self.workspace.load(chats.value["slack"])

    async def _stored(self, file_id: int) -> bytes | None:
        return await self.parley.threads.run(self._bytes, file_id)

    def _bytes(self, file_id: int) -> bytes | None:
        with self.parley.sessions.reading() as session:
            file = session.get(File, file_id)
            if file is None or file.state is not FileState.STORED or file.sha256 is None:
                return None
            return b"".join(read(session, file.sha256))


def persona(key: str) -> Persona:
    """Who `key` is. Raises KeyError with the keys there are."""
    try:
        return BY_KEY[key]
    except KeyError:
        raise KeyError(f"nobody here is called {key}; there are {', '.join(BY_KEY)}") from None


def database(folder: Path) -> str:
    """Where the demo of `folder` keeps its state."""
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / 'parley.db'}"


async def _no_sleep(_seconds: float) -> None:
    """Time is not waited for on a stage."""
