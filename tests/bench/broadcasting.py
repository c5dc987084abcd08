"""A broadcast: writing a copy for everybody against the bare SQL, and sending them against a bare loop of the same HTTP
client that posts the same messages."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import aiohttp
from sqlalchemy import func, select, text, update

from bot.core import Parley
from bot.engine.turn import Turn
from bot.kit.events import Answer
from bot.kit.screen import Screen, button, to_json
from bot.kit.text import Raw, _
from bot.platforms.telegram.wire import TelegramWire
from db.broadcasts import Asks, Broadcast, BroadcastCopy, BroadcastText, Standing
from db.machinery import Sending
from db.people import Account, Administration, Person, Scope
from handlers.broadcasts import writing
from scheduling.clock import SystemClock

from . import town
from .figure import Figure, alternating, at_least, below, compared
from .platform import Platform

MANY, FAN_OUT = 100_000, 1_000_000
FEW = 3000  # messages of one measure of CPU
AT_ONCE = 50  # calls the bare loop has under way
TOKEN = "123456789:bench"
TITLE, WORDS = "Rules of origin", "The certificate of origin changes tonight. Please use the new form from tomorrow on."
BARE = """
INSERT INTO broadcast_copy (administration_id, broadcast_id, person_id, portion, country, language, state, edition,
                            attempts, may_repeat, nudges)
SELECT administration_id, :broadcast, id, (row_number() OVER (ORDER BY id) - 1) / 200, 'TN', language, 'waiting', 1,
       0, false, 0
FROM person WHERE registered_at IS NOT NULL AND erased_at IS NULL AND merged_into_id IS NULL
"""


def fan_out(folder: Path, *, people: int = FAN_OUT) -> Iterator[Figure]:
    """A copy for each of a million people and their portions and jobs, against one plain INSERT … SELECT."""
    yield _fanned("sqlite", lambda: town.found(folder, people=people), people)


def fan_out_postgresql(_folder: Path, *, people: int = FAN_OUT) -> Iterator[Figure]:
    with town.postgresql(people=people) as fresh:
        yield _fanned("postgresql", fresh, people)


def _fanned(kind: str, fresh: Callable[[], str], people: int) -> Figure:
    def ours() -> float:
        with reached(fresh()) as parley:
            number = approved(parley)
            began = time.perf_counter()
            begun(parley, number)
            return time.perf_counter() - began

    def bare() -> float:
        with reached(fresh()) as parley:
            number = approved(parley)
            began = time.perf_counter()
            with parley.sessions.writing() as session:
                session.execute(text(BARE), {"broadcast": number})
            return time.perf_counter() - began

    return compared(f"broadcast_fan_out_{kind}_{people}", ours(), "s", bare(), most=4)


def sent(folder: Path, *, people: int = MANY) -> Iterator[Figure]:
    """All of them through the embedded engine and the real client: nobody is missed, and nobody has two."""
    with reached_by_telegram(folder, people) as parley, _platform() as platform:
        began = time.perf_counter()
        begun(parley, approved(parley))
        asyncio.run(_drained(parley, platform.api))
        seconds = time.perf_counter() - began
        with parley.sessions.reading() as session:
            copies = select(func.count()).select_from(BroadcastCopy).where(BroadcastCopy.person_id >= town.FIRST)
            accepted = session.scalar(copies.where(BroadcastCopy.state == Sending.ACCEPTED)) or 0
    got = [platform.posts[town.address("telegram", number)] for number in range(people)]
    yield at_least(f"broadcast_sent_{people}", accepted / seconds, "messages a second", 100)
    yield below("broadcast_missed", got.count(0) + people - accepted, "people", 1)
    yield below("broadcast_twice", sum(count - 1 for count in got if count > 1), "people", 1)


def cpu(folder: Path, *, people: int = FEW) -> Iterator[Figure]:
    """CPU of one message: ours against a bare loop of the same client, the median of five, by Telegram."""

    def ours() -> float:
        with reached_by_telegram(folder, people) as parley, _platform() as platform:
            begun(parley, approved(parley))
            return platform.cpu_of(lambda: asyncio.run(_drained(parley, platform.api))) / people

    def bare() -> float:
        with _platform() as platform:
            return platform.cpu_of(lambda: asyncio.run(_posted(platform.api, people))) / people

    mine, theirs = alternating(ours, bare)
    yield compared("broadcast_cpu", 1000 * mine, "ms of CPU", 1000 * theirs, most=6)


@dataclass
class Served:
    """The platform in a thread of its own, whose CPU does not count."""

    api: str = ""
    posts: Counter[str] = field(default_factory=Counter)
    spent: float = 0.0

    def cpu_of(self, run: object) -> float:
        before, theirs = time.process_time(), self.spent
        run()  # type: ignore[operator]
        time.sleep(0.2)  # until the thread has said what it has spent
        return time.process_time() - before - (self.spent - theirs)


@contextmanager
def _platform() -> Iterator[Served]:
    served, ready, over = Served(), threading.Event(), threading.Event()

    async def serve() -> None:
        async with Platform.running() as platform:
            platform.on_post = lambda address: served.posts.update((address,))
            served.api = platform.api
            ready.set()
            while not over.is_set():
                await asyncio.sleep(0.05)
                served.spent = time.thread_time()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        yield served
    finally:
        over.set()
        thread.join()


def reached_by_telegram(folder: Path, people: int) -> AbstractContextManager[Parley]:
    return reached(town.found(folder, people=people))


@contextmanager
def reached(url: str) -> Iterator[Parley]:
    """The town of that database, in which everybody can be reached by Telegram from now on."""
    parley = Parley(database_url=url, public_url="https://parley.example", clock=SystemClock())
    with parley.sessions.writing() as session:
        session.execute(update(Account).where(Account.platform == "slack").values(platform="web"))
        at = SystemClock().now()
        session.execute(update(Person).where(Person.registered_at.is_(None)).values(registered_at=at))
    try:
        yield parley
    finally:
        parley.close()


def approved(parley: Parley) -> int:
    with parley.sessions.writing() as session:
        home = session.scalars(select(Administration.id).order_by(Administration.id)).first()
        author = session.scalars(select(Person.id).order_by(Person.id)).first()
        row = Broadcast(
            administration_id=home,
            author_id=author,
            scope=Scope.COUNTRY,
            scope_id="TN",
            audience={},
            language="en",
            asks=Asks.ACKNOWLEDGE,
            is_urgent=True,
            created_at=SystemClock().now(),
            standing=Standing.HELD,
        )
        session.add(row)
        session.flush()
        seen = button(_("Seen"), "broadcasts.reply", copy=0, reply="seen")
        screen = to_json(Answer(screen=Screen(Raw(TITLE, "en"), (Raw(WORDS, "en"),), buttons=(seen,))))
        session.add(
            BroadcastText(broadcast_id=row.id, edition=1, language="en", title=TITLE, words=WORDS, screen=screen)
        )
        return row.id


def begun(parley: Parley, number: int) -> None:
    now: datetime = SystemClock().now()
    with parley.sessions.writing() as session:
        row = session.get_one(Broadcast, number)
        turn = Turn(parley.engine, session, None, None, now=now, trace="bench", administration_id=row.administration_id)
        if not writing.begin(turn.ctx, row):
            raise RuntimeError("it did not begin")


async def _drained(parley: Parley, api: str) -> None:
    wire = TelegramWire(parley, token=TOKEN, api_url=api)
    await wire._client.open()
    while await parley.work.drain():
        pass
    await wire._client.close()


async def _posted(api: str, count: int) -> None:
    """The same messages by hand."""
    places = asyncio.Semaphore(AT_ONCE)
    keyboard = '{"inline_keyboard":[[{"text":"Seen","callback_data":"AAAAAAAAAAAAAAAAAAAAAA"}]]}'
    async with aiohttp.ClientSession() as session:

        async def post(number: int) -> None:
            said = {"chat_id": str(number), "text": f"<b>{TITLE}</b>\n\n{WORDS}", "parse_mode": "HTML"}
            async with (
                places,
                session.post(f"{api}/bot{TOKEN}/sendMessage", data=said | {"reply_markup": keyboard}) as got,
            ):
                await got.json()

        await asyncio.gather(*(post(number + 1) for number in range(count)))
