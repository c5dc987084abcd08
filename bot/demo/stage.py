"""The stage: the real Parley with both platforms played in memory, and the people who act on it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot import http
from bot.core import Parley
from bot.platforms.telegram.door import TelegramDoor
from db.machinery import Setting
from db.people import Account, Person
from db.session import upgrade
from scheduling.clock import ManualClock, ShiftedClock

from . import past
from .happened import Story
from .mail import Mails, post
from .personas import BY_KEY, Persona
from .seed import seed
from .shown import apart
from .slack import Workspace
from .telegram import Chats

CLOCK = "demo_clock"
CHATS = "demo_chats"
BEGAN = "demo_began"
SEEDED_BEFORE = timedelta(days=60)
A_MOMENT = timedelta(seconds=1)


class Stage:
    """Acts for people and shows what came of it. Everything is done before a method returns."""

    def __init__(
        self, *, database_url: str, clock: ShiftedClock | ManualClock, public_url: str = "http://127.0.0.1:8765"
    ) -> None:
        self.clock = clock
        self._database_url, self._public_url = database_url, public_url
        self.parley = Parley(database_url=database_url, public_url=public_url, clock=clock)
        self.story = Story(self.parley)
        self.chats = Chats(record=self._record, clock=clock)
        self.parley.add(
            TelegramDoor(self.chats.perform, download=self.chats.download, stored=self.parley.stored, sleep=_no_sleep)
        )
        self.workspace = Workspace(self.parley, record=self._record, stored=self.parley.stored)
        self.parley.add(self.workspace.door)
        self.mails = Mails(self.parley, record=self._record, public_url=public_url)
        self.parley.add(self.mails.door)
        self.changed = asyncio.Event()
        self._acting = asyncio.Lock()

    async def begin(self, *, whole: bool = True) -> None:
        """Open the stage, and catch up.

        Without the `whole` of its past there are issues only: a transcript meets, promises and announces by itself.
        """
        await self.open(whole=whole)
        await self.catch_up()

    async def open(self, *, whole: bool = True) -> None:
        """Seed the country and its past, or take up where a run before this one ended."""
        now = self.clock.now()
        if await self.parley.threads.run(seed, self.parley.sessions, at=now - SEEDED_BEFORE):
            await past.play(self._database_url, at=now, public_url=self._public_url, whole=whole)
            await self.parley.threads.run(self._keep, {BEGAN: {"at": now.isoformat()}})
        await self.parley.threads.run(self._restore)
        await self.parley.edge.recover()

    async def catch_up(self) -> None:
        """Do what has fallen due by now; whoever acts meanwhile waits for it."""
        async with self._acting:
            await self._settle()
        self.tell()

    def close(self) -> None:
        self.parley.close()

    # What people do

    async def says(self, persona: Persona, text: str) -> None:
        """Type a message, a command among them."""
        await self.acts(persona, "wrote", lambda: self._say(persona, text))

    async def taps(self, persona: Persona, message: int, data: str) -> None:
        """Press a button under a Telegram message."""
        label = self.chats.label(persona, message, data)
        update = self.chats.taps(persona, message, data)
        await self.acts(persona, f"pressed “{apart(label)}”", lambda: self._update(persona, *update))

    async def attaches(self, persona: Persona, name: str, media_type: str, data: bytes, caption: str = "") -> None:
        """Send a photo or a document."""

        async def attach() -> None:
            if persona.door == "slack":
                await self.workspace.attaches(persona, name, media_type, data, caption)
            else:
                await self._update(persona, *self.chats.attaches(persona, name, media_type, data, caption))

        await self.acts(persona, "sent a file", attach)

    async def follows(self, persona: Persona, label: str) -> str:
        """Follow that link of the last mail and press the button of the page it leads to; what is said then.

        Raises LookupError where the mail has no such link.
        """
        path = self.mails.address(label)
        if path is None:
            raise LookupError(label)
        page = http.application(self.parley, secure=False)
        said: str = await self.acts(persona, f"followed “{label}” of a mail", lambda: post(page, path))
        return said

    async def blocks(self, persona: Persona, *, blocks: bool = True) -> None:
        """Block the bot in Telegram, or let it in again."""
        update = self.chats.blocks(persona, blocks=blocks)
        what = "blocked the bot" if blocks else "let the bot in"
        await self.acts(persona, what, lambda: self._update(persona, *update))

    async def acts(self, persona: Persona, what: str, how: Callable[[], Awaitable[Any]]) -> Any:
        """Anything a person does: `how` plays it on their platform."""
        async with self._acting:
            self.story.begin(f"{apart(persona.name)} {what} in {persona.door.title()}")
            done = await how()
            await self._settle()
        self.tell()
        return done

    async def advance(self, by: timedelta) -> None:
        """Put the clock forward, stopping wherever something falls due, so that it does so at its own instant."""
        async with self._acting:
            self.story.begin("The clock was put forward")
            until = self.clock.now() + by
            while (left := until - self.clock.now()) > timedelta():
                waiting = await self.parley.threads.run(self.story.waiting)
                dues = (each.at - self.clock.now() for each in waiting)
                self.clock.advance(min((due for due in dues if A_MOMENT < due < left), default=left))
                await self._settle()
        self.tell()

    async def _say(self, persona: Persona, text: str) -> None:
        if persona.door == "slack":
            await self.workspace.says(persona, text)
        else:
            await self._update(persona, *self.chats.says(persona, text))

    async def _update(self, persona: Persona, key: str, update: Mapping[str, Any]) -> None:
        await self.parley.edge.keep("telegram", key, update, account=persona.user)

    async def _settle(self) -> None:
        await self.parley.settle()
        await self.parley.threads.run(self.story.note_audit)
        await self.parley.threads.run(self._keep_state)

    def _record(self, door: str, method: str, parameters: Any) -> None:
        self.story.called(f"{door.title()}: {method}", parameters)

    def tell(self) -> None:
        """Let whoever looks on know that something has changed."""
        self.changed.set()
        self.changed = asyncio.Event()

    def language_of(self, persona: Persona) -> str:
        """The language this person has Parley speak; their platform's until they have met."""
        mine = Account.platform == persona.door, Account.external_id == persona.external_id
        chosen = select(Person.language).join(Account, Account.person_id == Person.id).where(*mine)
        with self.parley.sessions.reading() as session:
            return session.scalar(chosen) or persona.language

    def began(self) -> datetime:
        """When the demo was begun, its past being told."""
        with self.parley.sessions.reading() as session:
            return datetime.fromisoformat(session.get_one(Setting, BEGAN).value["at"])

    # What outlives a restart

    def _keep_state(self) -> None:
        kept: dict[str, Any] = {CHATS: {"telegram": self.chats.to_json(), "slack": self.workspace.to_json()}}
        if isinstance(self.clock, ShiftedClock):
            kept[CLOCK] = {"seconds": self.clock.offset.total_seconds()}
        self._keep(kept)

    def _keep(self, kept: Mapping[str, Any]) -> None:
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
        if clock is not None and isinstance(self.clock, ShiftedClock):
            self.clock.offset = timedelta(seconds=clock.value["seconds"])
        if chats is not None:
            self.chats.load(chats.value["telegram"])
            self.workspace.load(chats.value["slack"])
        self.story.start()


def persona(key: str) -> Persona:
    """Who `key` is. Raises KeyError with the keys there are."""
    try:
        return BY_KEY[key]
    except KeyError:
        raise KeyError(f"nobody here is called {key}; there are {', '.join(BY_KEY)}") from None


@contextmanager
def state(folder: Path, *, fresh: bool = False, begun: Path | None = None) -> Iterator[str]:
    """The address of the database in `folder`, at this version; begun anew if `fresh`, as a copy of `begun` if given.

    Raises BlockingIOError while another process plays there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BlockingIOError(error.errno, "another demo is being played here: end it first", str(folder)) from None
        if fresh:
            for file in folder.glob("parley.db*"):
                file.unlink()
        if begun is not None:
            shutil.copyfile(begun, folder / "parley.db")
        url = f"sqlite:///{folder / 'parley.db'}"
        upgrade(url)
        yield url


async def _no_sleep(_seconds: float) -> None:
    """Time is not waited for on a stage."""
