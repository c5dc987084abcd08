"""Telling what happened before the demo begins: turns of the real engine, at their own hours, by the people's names.

The doors are production's own; the platforms behind them take every message and keep none, so that nobody's screen
begins full of old news.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import event, func, select

from bot.core import Parley
from bot.kit.events import Answer, Called, Caller, Submitted
from bot.platforms.telegram.door import TelegramDoor
from db.base import Identified
from db.people import Account, Person
from scheduling.clock import ManualClock

from .personas import ZONE
from .slack import Workspace
from .telegram import Chats

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


class Past:
    """`monday` is the midnight at which the week of the demo's beginning began; the clock starts `weeks` before it."""

    def __init__(self, database_url: str, at: datetime, public_url: str, *, weeks: int) -> None:
        local = at.astimezone(ZoneInfo(ZONE))
        self.monday = local.replace(hour=0, minute=0, second=0, microsecond=0) - DAY * local.weekday()
        self.begins = at
        self.clock = ManualClock(self.monday - timedelta(weeks=weeks))
        self.parley = Parley(database_url=database_url, public_url=public_url, clock=self.clock)
        self.chats = Chats(record=_unseen, clock=self.clock)
        self.parley.add(
            TelegramDoor(self.chats.perform, download=self.chats.download, stored=_no_file, sleep=_no_sleep)
        )
        self.parley.add(Workspace(self.parley, record=_unseen, stored=_no_file).door)
        self._traces = (f"past-{number}" for number in count(1))
        if self.parley.sessions.is_sqlite:  # nothing was lost if the power fails now: it is told anew
            event.listen(self.parley.sessions.engine, "connect", _hurried)
        self._people: dict[str, Caller] = {}
        self._ids: dict[str, int] = {}
        with self.parley.sessions.reading() as session:
            for account, name in session.execute(select(Account, Person.name).join(Person)):
                self._people[name] = Caller(account.platform, account.external_id, account.address, name)
                self._ids[name] = account.person_id

    def close(self) -> None:
        self.parley.close()

    def person(self, name: str) -> str:
        """Whom a form means by their name."""
        return str(self._ids[name])

    def blocks(self, name: str) -> None:
        """They have blocked Parley in Telegram."""
        self.chats.blocked.add(self._people[name].address)

    async def do(self, name: str, command: str, **args: int) -> Answer:
        """Run a command as its button would; what it causes is done before time passes."""
        event = Called(self._people[name], name=command, args=args)
        outcome = await self.parley.edge.direct(event, trace=next(self._traces))
        return outcome.answer

    async def fill(self, name: str, command: str, values: Mapping[str, Any], **about: int) -> None:
        """Open a form and send all of it. Raises LookupError where the rules say no: a past that did not happen."""
        form = (await self.do(name, command, **about)).form
        if form is None:
            raise LookupError(f"{name} is asked nothing by {command}")
        empty: dict[str, Any] = {each.name: None for each in form.fields}
        given = {key: value for key, value in values.items() if value is not None}
        event = Submitted(self._people[name], form.token, empty | given)
        outcome = await self.parley.edge.direct(event, trace=next(self._traces))
        if not outcome.answer.ended:
            raise LookupError(f"{name} cannot send {command}")

    async def at(self, at: datetime) -> None:
        """Let time pass. What was caused before, and what fell due meanwhile, is done then."""
        await self.parley.settle()
        self.clock.advance(at - self.clock.now())
        await self.parley.settle()

    def latest(self, table: type[Identified]) -> int:
        """The id of the newest row."""
        with self.parley.sessions.reading() as session:
            return session.scalars(select(func.max(table.id))).one()


def _unseen(_door: str, _method: str, _parameters: Any) -> None:
    """Nobody looks on."""


async def _no_file(_file_id: int) -> bytes | None:
    return None


async def _no_sleep(_seconds: float) -> None:
    """The past is not waited for."""


def _hurried(connection: Any, _record: Any) -> None:
    """Waits for no disk. Hundreds of small commits are told in one go."""
    connection.execute("PRAGMA synchronous=OFF")
