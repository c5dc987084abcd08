"""How fast each platform may be written to, by all processes together.

Three kinds take out of the same rows (`db.buckets`). An answer to a person leaves at once: what it takes moves back
what a broadcast is given next, and while persons are answered broadcasts leave a fifth of the rate to them. News go
in between, each in its turn. A broadcast is given slots, evenly spaced and a few at a time; one that was missed is
given up, because two messages in place of one late one are a burst.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy.orm import Session

from bot.kit.door import Paused
from bot.work import Threads
from db import buckets
from db.session import Sessions
from scheduling.clock import monotonic
from scheduling.pauses import EVERY

# What is aimed at: as many slots fit in a second as the limit says, and a thirtieth more of a second is left for what
# comes late. Of the rate while persons are being answered, a broadcast takes so much.
AIM, BESIDE_ANSWERS = 29 / 30, 0.8
MISSED = 0.02  # seconds after which a slot is given up
SLICE, MOST = 0.07, 50  # seconds that are reserved at once, and slots at most
ANY = 1_000_000  # at once: nobody is held back before the platform has said so
AHEAD = 0.15  # seconds: what a process has reserved reaches so far, unless it is one of many
LONGEST_TURN = 5.0  # seconds a job waits for its turn itself; for a later one it comes again
POSTS = frozenset({"sendMessage", "chat.postMessage"})  # a pause of all of these is the platform's own
STEADY = 50e-6  # seconds by which two clocks may drift apart in one, at most


@dataclass(frozen=True)
class Limit:
    """So many messages a second; of answers, and of others, so many at once before that holds."""

    name: str
    rate: float
    answers: int
    others: int

    @property
    def cost(self) -> float:
        """Seconds that one message takes."""
        return 1 / (self.rate * AIM)


@dataclass(frozen=True)
class Limits:
    """The limits of each platform: of all its messages, by door, a second, 0 for none; and of one chat.

    Telegram publishes none but "about 30 a second, one a second to a chat, 20 a minute to a group"; Slack counts a
    message a second to a channel, some hundreds a minute in all, and what is changed by its method. Where a platform
    counts by the minute and lets bursts pass, no answer is held back before it has said so.
    """

    a_second: Mapping[str, float] = field(default_factory=dict)

    def overall(self, door: str) -> Limit | None:
        """What broadcasts are counted by. None: as fast as one likes."""
        rate = self.a_second.get(door, 0)
        at_once = rate * 60 if door == "slack" else rate / 3
        return Limit(door, rate, answers=max(10, round(at_once)), others=1) if rate else None

    def of(self, door: str, address: str, edits: Mapping[str, Any] | None = None) -> tuple[Limit, ...]:
        """Everything that a message there is counted by, or a change of the one that `edits` names."""
        overall = self.overall(door)
        if overall is None:
            return ()
        chat = address.partition(":")[0]
        if door == "telegram":
            is_group = chat.startswith("-")
            rate, at_once = (16 / 60, 5) if is_group else (1, 20)
            edited = Limit(_method(door, "editMessageText"), overall.rate, ANY, ANY)
            its = Limit(f"{door}:{chat}", rate, at_once, at_once)
            return (overall, its, edited) if edits else (overall, its)
        if door == "slack" and edits:
            method, rate = ("views.publish", 100 / 60) if "home" in edits else ("chat.update", 50 / 60)
            return (Limit(_method(door, method), rate, answers=ANY, others=10),)
        if door == "slack":
            return overall, Limit(f"{door}:{chat}", 1, answers=20, others=20)
        return (overall,)


@dataclass(frozen=True)
class Early:
    """A message has its turn in so many seconds only. It is reserved: whoever waited for it need not ask again."""

    wait: float


class Rates(Protocol):
    """What whoever sends to many knows of the platforms' limits."""

    async def slots(self, door: str, most: int) -> Sequence[float]:
        """When the next messages of a broadcast may leave through `door`: one or more instants of the loop's clock,
        at most `most`, in order. A slot that was missed is not made up for: ask for another.

        Raises `Paused` while the platform is not to be written to."""

    async def told_to_wait(self, door: str, pause: timedelta) -> None:
        """The platform has asked for a pause: no broadcast and no news go there before it is over, of any process."""


async def turn(rates: Rates, door: str) -> None:
    """Return in the next slot of a broadcast at `door`: one that was missed is given up. Raises `Paused`."""
    loop = asyncio.get_running_loop()
    while True:
        for slot in await rates.slots(door, 1):
            await asyncio.sleep(max(0.0, slot - loop.time()))
            if not is_missed(slot, loop.time()):
                return


def is_missed(slot: float, at: float) -> bool:
    """Whether a slot must be given up at an instant of the loop's clock."""
    return at - slot > MISSED


class Buckets:
    """Implements `Rates` by rows that all processes share, and is asked by whoever sends one message."""

    def __init__(
        self, *, sessions: Sessions, threads: Threads, limits: Limits, rows: buckets.Rows | None = None
    ) -> None:
        self._rows = rows or buckets.Rows(sessions.engine.dialect.name)
        self._sessions = sessions
        self._threads = threads
        self._limits = limits
        self._ahead = Ahead()
        self._lines: dict[str, _Line] = {}

    # One message

    def take(
        self, session: Session, door: str, address: str, edits: Mapping[str, Any] | None, *, is_answer: bool
    ) -> float:
        """Take one message out of all its limits, in the caller's transaction; returns the seconds until its turn.

        An answer's turn is at once, unless answers alone are over the limit. Raises `Paused` where the platform has
        asked to wait, or where it would be too long: the transaction is to be rolled back then.
        """
        limits = {each.name: each for each in self._limits.of(door, address, edits)}
        if not limits:
            return 0.0
        costs = {name: each.cost for name, each in limits.items()}
        taken = self._rows.take(session.connection(), costs, is_answer=is_answer)
        shut = max((each.closed if is_answer else max(each.closed, each.held) for each in taken), default=0.0)
        if 0 < shut < buckets.LONGEST:
            raise Paused(timedelta(seconds=shut))
        wait = max(_wait(each, limits[each.name], is_answer=is_answer) for each in taken)
        if wait > LONGEST_TURN:
            raise Paused(timedelta(seconds=wait))
        return max(0.0, wait)

    def shut(self, session: Session, door: str, error: Paused) -> None:
        """The platform has just told a call to wait: let every process know, of that bucket alone."""
        if error.told is None or self._limits.overall(door) is None:
            return
        method, chat = error.told
        if chat != EVERY:
            name = f"{door}:{chat}"
        elif method in POSTS:
            name = door
        else:
            name = _method(door, method)
        self._rows.shut(session.connection(), name, error.pause.total_seconds(), for_answers=True)

    def forget(self, session: Session) -> None:
        """Drop the rows that say nothing any more."""
        self._rows.forget(session.connection())

    # Many

    async def slots(self, door: str, most: int) -> Sequence[float]:
        limit = self._limits.overall(door)
        if limit is None:
            return [monotonic()] * min(most, MOST)
        if door not in self._lines:
            self._lines[door] = _Line(self, limit)
        return await self._lines[door].next(most)

    async def told_to_wait(self, door: str, pause: timedelta) -> None:
        if self._limits.overall(door) is not None:
            await self._threads.run(self._hold, door, pause)

    def _hold(self, door: str, pause: timedelta) -> None:
        with self._sessions.writing() as session:
            self._rows.shut(session.connection(), door, pause.total_seconds(), for_answers=False)

    async def reserve(self, limit: Limit) -> list[float]:
        """The next few slots, by the loop's clock. Raises `Paused`."""
        return await self._threads.run(self._reserve, limit)

    def _reserve(self, limit: Limit) -> list[float]:
        many = max(1, min(MOST, int(limit.rate * SLICE)))
        slow = 1 / (limit.rate * BESIDE_ANSWERS)
        with self._sessions.writing() as session:
            connection = session.connection()
            before = monotonic()
            got = self._rows.reserve(connection, limit.name, many=many, cost=limit.cost, fast=limit.cost, slow=slow)
            after = monotonic()
        if got.closed:
            raise Paused(timedelta(seconds=got.closed - got.now))
        self._ahead.note(before, got.now, after)
        return [self._ahead.here(got.first + number * got.step) for number in range(many)]


class _Line:
    """The slots of one door that this process has reserved; the next are asked for before those are used up.

    Otherwise what it takes to ask would be lost at every slice, and with a slow disk that is more than a slot.
    """

    def __init__(self, rates: Buckets, limit: Limit) -> None:
        self._rates = rates
        self._limit = limit
        self._slots: deque[float] = deque()
        self._last = 0.0  # the latest that was reserved
        self._asking: asyncio.Task[None] | None = None
        self._turns = asyncio.Lock()

    async def next(self, most: int) -> Sequence[float]:
        async with self._turns:
            while not self._has_good():
                if self._asking is None:
                    await self._ask()
                else:
                    await asyncio.wait([self._asking])
            given = [self._slots.popleft() for _slot in range(min(most, len(self._slots)))]
            self._ask_ahead()
            return given

    def _has_good(self) -> bool:
        now = monotonic()
        while self._slots and is_missed(self._slots[0], now):
            self._slots.popleft()
        return bool(self._slots)

    def _ask_ahead(self) -> None:
        if self._asking is None and self._last < monotonic() + AHEAD:
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._asked)

    def _asked(self, asking: asyncio.Task[None]) -> None:
        self._asking = None
        if not asking.cancelled() and asking.exception() is None:  # what it raised it raises again for whoever asks
            self._ask_ahead()

    async def _ask(self) -> None:
        got = await self._rates.reserve(self._limit)
        self._slots.extend(got)
        self._last = got[-1]


@dataclass
class Ahead:
    """How far the database's clock is ahead of the loop's, bounded by every look at both; they drift a little."""

    least: float = float("-inf")
    most: float = float("inf")
    at: float = 0.0

    def note(self, before: float, theirs: float, after: float) -> None:
        """`theirs` was read between two instants of the loop's clock."""
        drift = STEADY * max(0.0, after - self.at)
        least, most = max(theirs - after, self.least - drift), min(theirs - before, self.most + drift)
        if least > most:  # somebody has set a clock
            least, most = theirs - after, theirs - before
        self.least, self.most, self.at = least, most, after

    def here(self, theirs: float) -> float:
        """An instant of the database's clock by the loop's."""
        return theirs - (self.least + self.most) / 2


def _wait(taken: buckets.Taken, limit: Limit, *, is_answer: bool) -> float:
    if is_answer:
        return taken.answers - (limit.answers - 1) * limit.cost
    return taken.others - (limit.others - 1) * limit.cost


def _method(door: str, method: str) -> str:
    return f"{door}/{method}"
