"""Sending a broadcast: a portion of its copies a job, in the reader's language, at the pace the platforms allow.

A copy is claimed (`sending`) in a transaction of its own shortly before it leaves, and what became of it is recorded in
another, some at a time. One that is found `sending` when its portion begins was interrupted in between: nobody knows
whether it arrived. It is left in doubt, listed, and sent again when a person says so, never by itself; that holds for
an outcome that the platform kept to itself, too.

So a process that dies leaves in doubt what it had claimed, and no more: at most `CLAIMED`, of all the broadcasts and
portions that it sends. How many they really are follows from the pace: what leaves within `LEAD`, what is on its way,
and what is not recorded yet. At thirty a second, where the platform answers within a tenth of one, it is about eight.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.kit.door import Door, Paused, Permanent, Transient, Unknown
from bot.kit.text import Catalogues, Writer
from bot.rates import Rates, is_missed
from bot.work import BROADCAST, URGENT, Retry, Threads, Work
from db.session import Sessions
from scheduling.clock import Clock

from .books import Bind, Books, Copy, Outcome

__all__ = ["Broadcasting"]

log = structlog.get_logger()

SLICE = 16  # slots taken at once, and claimed together: others who send get theirs in between
TOGETHER = 0.05  # seconds: only what leaves within them is claimed together
LEAD = 0.05  # seconds before the first of them leaves, for the claim itself
CLAIMED = 50  # by one process at a time, whatever it sends
THROUGH_ONE = 40  # of those through one door: another that is quick does not wait for one that hangs
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)
RECORDED_AT_LAST = 5  # tries to record what the platform has taken already


@dataclass
class Ebb:
    """Why nothing more goes through a door for now."""

    pause: timedelta = timedelta()
    until: datetime | None = None
    why: str = ""
    is_over: bool = False  # the broadcast is paused, stopped, withdrawn, or says something else now

    def __bool__(self) -> bool:
        return bool(self.why) or self.is_over

    def note(self, error: Transient, pause: timedelta) -> None:
        self.pause, self.why = max(self.pause, pause), type(error).__name__
        self.until = getattr(error, "until", None) or self.until


class Places:
    """So many at a time, and so many of them through one door."""

    def __init__(self, most: int, through_one: int) -> None:
        self._most = most
        self._through_one = through_one
        self._taken: Counter[str] = Counter()
        self._freed = asyncio.Event()

    async def take(self, door: str, many: int) -> None:
        """Return when there are so many at once; `free` gives them back."""
        while self._taken.total() + many > self._most or self._taken[door] + many > self._through_one:
            self._freed.clear()
            await self._freed.wait()
        self._taken[door] += many

    def free(self, door: str, many: int) -> None:
        self._taken[door] -= many
        self._freed.set()


class Broadcasting:
    """Sends portions. `bind` gives each copy's buttons handles that are its reader's; `sleep` takes seconds.

    `places` bounds what is claimed at a time, of everything this process sends. Once `is_stopping` says so, nothing
    more is begun: the process ends. A portion of whose job (its name and its `first`) `gives_way` says so leaves what
    it has no slots for yet until later.
    """

    def __init__(
        self,
        *,
        sessions: Sessions,
        threads: Threads,
        clock: Clock,
        catalogues: Catalogues,
        doors: Mapping[str, Door],
        rates: Rates,
        bind: Bind,
        work: Work,
        is_stopping: Callable[[], bool] = lambda: False,
        gives_way: Callable[[str, int], bool] = lambda _name, _first: False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        places: Places | None = None,
    ) -> None:
        self._books = Books(sessions=sessions, clock=clock, doors=doors, bind=bind, work=work)
        self.returned = self._books.returned
        self._threads = threads
        self._catalogues = catalogues
        self._doors = doors
        self._rates = rates
        self._is_stopping = is_stopping
        self._gives_way = gives_way
        self._sleep = sleep
        self._under_way: set[int] = set()
        self._places = places or Places(CLAIMED, THROUGH_ONE)

    async def portion(self, portion: int) -> None:
        """Job body: send what is left of one. Runs again harmlessly; raises `Retry` when the rest is for later."""
        if portion in self._under_way:  # to a second run everything on its way would look interrupted
            raise Retry(FIRST_PAUSE)
        self._under_way.add(portion)
        try:
            await self._send(portion)
        finally:
            self._under_way.discard(portion)

    async def _send(self, portion: int) -> None:
        await self._threads.run(self._books.doubt, portion)
        while copies := await self._threads.run(self._books.ahead, portion):
            by_door: dict[str, list[Copy]] = {}
            for copy in copies:
                by_door.setdefault(copy.platform, []).append(copy)
            ebbs = await settled(self._through(door, its, portion) for door, its in by_door.items())
            if waits := [ebb for ebb in ebbs if ebb.why]:
                latest = max(waits, key=lambda ebb: ebb.pause)
                raise Retry(latest.pause, latest.until)
        await self._threads.run(self._books.end, portion)

    async def _through(self, door: str, copies: Iterable[Copy], portion: int) -> Ebb:
        """Send these through one door, each at its slot, until they are gone or the door ebbs.

        Returns only when what became of each is recorded: whoever reads the table afterwards sees it.
        """
        left, ebb, groups = deque(copies), Ebb(), set[asyncio.Task[None]]()
        now = asyncio.get_running_loop().time
        try:
            while left and not ebb:
                try:
                    slots = await self._rates.slots(door, min(len(left), SLICE))
                except Paused as error:
                    ebb.note(error, error.pause)
                    break
                for instants in _together(slots):
                    await self._sleep(max(0.0, instants[0] - LEAD - now()))
                    done = {each for each in groups if each.done()}
                    groups -= done
                    await settled(done)
                    its = [(left.popleft(), instant) for instant in instants if left]
                    await self._places.take(door, len(its))
                    if self._is_stopping():  # what is claimed arrives and is recorded; the rest is for whoever is there
                        ebb.why = "Stopping"
                    if ebb:
                        self._places.free(door, len(its))
                        break
                    groups.add(asyncio.create_task(self._group(door, its, portion, ebb)))
                if left and self._gives_way(BROADCAST, URGENT * left[0].goes_first):
                    break  # with the slots it had used up: none is lost
        finally:
            await settled(groups)
        if left and not ebb:
            ebb.why = "GivingWay"
        return ebb

    async def _group(self, door: str, its: Sequence[tuple[Copy, float]], portion: int, ebb: Ebb) -> None:
        """Claim a few copies, send them, record what became of them, and leave their places to others."""
        try:
            claimed = await self._threads.run(self._books.claim, portion, [copy for copy, _instant in its])
            if claimed is None:
                ebb.is_over = True
                return
            instants = {copy.id: instant for copy, instant in its}
            outcomes = await settled(self._one(door, each, instants[each.id], ebb) for each in claimed)
            await self._recorded(outcomes)
        finally:
            self._places.free(door, len(its))

    async def _one(self, door: str, copy: Copy, instant: float, ebb: Ebb) -> Outcome:
        now = asyncio.get_running_loop().time
        while (away := instant - now()) > 0 or is_missed(instant, now()):
            if away > 0:
                await self._sleep(away)
                continue
            try:
                (instant, *_more) = await self._rates.slots(door, 1)
            except Paused as error:
                ebb.note(error, error.pause)
                return Outcome(copy, error=error)
        if ebb.why:
            return Outcome(copy, error=Paused(ebb.pause))  # it has not been tried
        writer = Writer(self._catalogues, copy.reader)
        try:
            message = await self._doors[door].send(copy.address, copy.answer, writer, repeated=copy.repeated)
        except Paused as error:
            if error.told is not None:  # the platform has just said so; else it had of that chat, and was not asked
                await self._rates.told_to_wait(door, error.pause)
            ebb.note(error, error.pause)
            return Outcome(copy, error=error)
        except Transient as error:
            ebb.note(error, pause_after(copy.attempts))
            return Outcome(copy, error=error)
        except Exception as error:  # Permanent, Unknown; or a door of ours is broken, and nobody knows how far it came
            if not isinstance(error, Permanent | Unknown):
                log.error("the door failed", copy=copy.id, door=door, exc_info=error)
            return Outcome(copy, error=error)
        return Outcome(copy, dict(message))

    async def _recorded(self, outcomes: Sequence[Outcome]) -> None:
        """Record them, though the database be away for a moment: what is not recorded is in doubt."""
        for again in range(RECORDED_AT_LAST):
            try:
                return await self._threads.run(self._books.record, outcomes)
            except SQLAlchemyError as error:
                if again + 1 == RECORDED_AT_LAST:
                    raise
                log.warning("not recorded yet", copies=len(outcomes), error=type(error).__name__)
                await self._sleep(2.0**again / 4)


def _together(slots: Sequence[float]) -> list[list[float]]:
    """Instants in order, those together that lie within `TOGETHER` of the first of them."""
    found: list[list[float]] = []
    for slot in slots:
        if found and slot - found[-1][0] <= TOGETHER:
            found[-1].append(slot)
        else:
            found.append([slot])
    return found


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many tries that failed before."""
    pause: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts, 9))
    return pause


async def settled(those: Iterable[Awaitable[Any]]) -> list[Any]:
    """What each gives, when all are at their end; what one of them raised is raised then."""
    outcomes = await asyncio.gather(*those, return_exceptions=True)
    for each in outcomes:
        if isinstance(each, BaseException):
            raise each
    return outcomes
