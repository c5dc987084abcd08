"""What a calendar program gets: a calendar's bytes, made anew only after something has changed.

A program comes every few minutes, for years, and nearly always nothing is new. So what was made is kept in memory under
a stamp of the whole database, and one cheap question tells whether it still holds. After any change at all it is made
again, which joins kept fragments: the same entries give the same bytes, and their reader the same answer.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.capability import Registry
from bot.kit.feeds import Choice, Subscriber, wording
from bot.kit.text import LANGUAGES, Catalogues, Reader, Text, Writer, _, without_isolates
from db import calendars
from db.calendars import CalendarAddress
from db.people import Administration, Who, is_only_guest, who
from db.session import Changes, Sessions
from scheduling.calendar.build import Feed, Fragments, Head, feed
from scheduling.calendar.entry import Label, within
from scheduling.clock import Clock

log = structlog.get_logger()
T = TypeVar("T")

HOLDS = timedelta(minutes=1)  # what only time changes, such as the end of somebody's role, is seen so late at most
FETCHES_NOTED = timedelta(hours=1)
TOGETHER = 0.001  # seconds: who comes at the same moment asks along, and a look for many costs what it does for one
ROOM = 64 * 1024 * 1024  # bytes of calendars kept in memory
COLOUR = "steelblue"
COVER = _("Busy")


@dataclass(frozen=True)
class Served:
    """One calendar, whole and packed, each with a strong validator of exactly those bytes."""

    data: bytes
    packed: bytes
    etag: str
    packed_etag: str
    is_public: bool
    stamp: Hashable = field(repr=False)
    made_at: datetime = field(repr=False)
    address_id: int | None = field(default=None, repr=False)
    noted_at: datetime | None = field(default=None, repr=False)
    left_out: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def size(self) -> int:
        return len(self.data) + len(self.packed)


class Feeds:
    """The calendars of one Parley. `note` runs, where turns do, what records that a program has come."""

    def __init__(
        self, *, sessions: Sessions, clock: Clock, catalogues: Catalogues, registry: Registry, public_url: str
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._catalogues = catalogues
        self._registry = registry
        self._public_url = public_url.rstrip("/")
        self._fragments = Fragments()
        self._changes = Changes(sessions.engine)
        # Threads of their own: who waits for a turn does not wait for calendars.
        self._threads = ThreadPoolExecutor(2, "feed")
        self._looks = _Looks(lambda: self._off_loop(self._changes.stamp))
        self._kept: OrderedDict[Hashable, Served] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[Served | None]] = {}
        self._size = 0
        self.missing: dict[Hashable, frozenset[str]] = {}  # by calendar, the UIDs of entries that cannot be written

    async def secret(self, secret: str) -> Served | None:
        """The calendar behind a secret address; None where that opens nothing, whatever the reason."""
        key = sha256(secret.encode(errors="replace")).digest()
        return await self._served(key, lambda session, now: self._of_address(session, secret, now))

    async def public(self, code: str, scope: str, about: str, language: str) -> Served | None:
        """A public calendar of the administration `code`; None where there is none by that name."""
        if language not in LANGUAGES:
            return None
        key = code, scope, about, language
        return await self._served(key, lambda session, now: self._for_everybody(session, *key, now))

    async def stamp(self) -> Hashable:
        """Equal to an earlier one only where nothing was committed since; who asks at one moment asks once."""
        return await self._looks.one()

    def note_fetch(self, served: Served, program: str) -> Callable[[], None] | None:
        """What is to be written because `program` has just been given `served`; mostly nothing: None."""
        now, address_id = self._clock.now(), served.address_id
        if address_id is None or (served.noted_at is not None and served.noted_at > now - FETCHES_NOTED):
            return None

        def write() -> None:
            with self._sessions.writing() as session:
                calendars.note_fetch(session, address_id, program, at=now, unless_after=now - FETCHES_NOTED)

        return write

    @property
    def left_out(self) -> int:
        """How many entries are missing from calendars that were asked for, because they cannot be written."""
        return len(frozenset().union(*self.missing.values()))

    def close(self) -> None:
        self._threads.shutdown()
        self._changes.close()

    # What is kept

    async def _served(self, key: Hashable, make: Callable[[Session, datetime], Served | None]) -> Served | None:
        stamp = await self._looks.one()
        now = self._clock.now()
        kept = self._kept.get(key)
        if kept is not None and kept.stamp == stamp and kept.made_at <= now < kept.made_at + HOLDS:
            self._kept.move_to_end(key)
            return kept
        making = self._making.get((key, stamp))
        if making is None:  # several programs may come for one calendar at once: it is made once
            making = asyncio.create_task(self._made(key, stamp, now, make))
            self._making[key, stamp] = making
            making.add_done_callback(lambda _done: self._making.pop((key, stamp), None))
        return await asyncio.shield(making)

    async def _made(
        self, key: Hashable, stamp: Hashable, now: datetime, make: Callable[[Session, datetime], Served | None]
    ) -> Served | None:
        def read() -> Served | None:
            with self._sessions.reading() as session:
                return make(session, now)

        made = await self._off_loop(read)
        before = self._kept.pop(key, None)
        self._size -= before.size if before is not None else 0
        missed = self.missing.pop(key, frozenset())
        if made is None:
            return None
        # The stamp was taken before anything was read: a change in between makes the next one differ.
        made = replace(made, stamp=stamp)
        if made.left_out:
            self.missing[key] = made.left_out
        for uid in made.left_out - missed:
            log.error("an entry cannot be written into calendars", uid=uid)
        self._kept[key] = made
        self._size += made.size
        while self._size > ROOM and len(self._kept) > 1:
            given_up, oldest = self._kept.popitem(last=False)
            self._size -= oldest.size
            self.missing.pop(given_up, None)
        return made

    async def _off_loop(self, what: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, what)

    # Making one

    def _of_address(self, session: Session, secret: str, now: datetime) -> Served | None:
        found = calendars.opened(session, secret)
        if found is None:
            return None
        address, person, home = found
        reader = who(session, person, at=now, is_guest=is_only_guest(session, person.id), administration_id=home.id)
        asked = self._subscriber(session, home, address.about, now, reader, Reader(person.language, person.zone))
        return self._make(address.scope, asked, Label(address.label), person.language, address)

    def _for_everybody(
        self, session: Session, code: str, scope: str, about: str, language: str, now: datetime
    ) -> Served | None:
        home = session.scalar(select(Administration).where(Administration.code == code))
        if home is None:
            return None
        asked = self._subscriber(session, home, about, now, None, Reader(language, home.zone))
        return self._make(scope, asked, Label.PUBLIC, language, None)

    def _subscriber(
        self, session: Session, home: Administration, about: str, now: datetime, reader: Who | None, language: Reader
    ) -> Subscriber:
        writer = Writer(self._catalogues, language)

        def say(text: Text) -> str:
            return without_isolates(writer.plain(text))

        return Subscriber(reader, home, about, now, session, say, self._page)

    def _page(self, path: str) -> str:
        return f"{self._public_url}/{path.lstrip('/')}"

    def _make(
        self, scope: str, asked: Subscriber, label: Label, language: str, address: CalendarAddress | None
    ) -> Served | None:
        choice = self._registry.choice(scope, asked)
        if choice is None:
            return None
        entries = self._registry.entries(scope, asked)
        if asked.who is None:
            entries = [each for each in entries if label.admits(each.label)]
        cover = asked.say(COVER)
        shown = [within(each, label, cover) for each in entries]
        made = feed(self._head(choice, asked), shown, wording(asked.say, language), self._fragments, at=asked.now)
        packed = gzip.compress(made.data, 6, mtime=0)
        return Served(
            data=made.data,
            packed=packed,
            etag=made.etag,
            packed_etag=Feed(packed).etag,
            is_public=asked.who is None,
            stamp=None,
            made_at=asked.now,
            address_id=address.id if address is not None else None,
            noted_at=address.fetched_at if address is not None else None,
            left_out=frozenset(each.key[0] for each in made.left_out),
        )

    def _head(self, choice: Choice, asked: Subscriber) -> Head:
        return Head(f"Parley: {asked.say(choice.name)}", colour=COLOUR)


class _Looks:
    """One look for all who wait for one: everybody gets the result of a look that began after they had asked."""

    def __init__(self, look: Callable[[], Awaitable[Hashable]]) -> None:
        self._look = look
        self._waiting: list[asyncio.Future[Hashable]] = []
        self._looking: asyncio.Task[None] | None = None

    async def one(self) -> Hashable:
        waiter: asyncio.Future[Hashable] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        if self._looking is None:
            self._looking = asyncio.create_task(self._go_on())
        return await waiter

    async def _go_on(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(TOGETHER)
                waiting, self._waiting = self._waiting, []
                try:
                    seen, error = await self._look(), None
                except Exception as failed:  # noqa: BLE001  whoever waits gets it
                    seen, error = None, failed
                for each in waiting:
                    if each.done():  # gave up
                        continue
                    if error is not None:
                        each.set_exception(error)
                    else:
                        each.set_result(seen)
        finally:
            self._looking = None
