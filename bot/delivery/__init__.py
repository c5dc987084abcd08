"""What the outbox promised: claim a row, render, send with no session open, classify the answer, record.

One person's messages keep their order at a door: those that come to one where another still waits queue behind it.

A row that is `sending` when it is claimed was interrupted between the platform's answer and our record: its outcome is
unknown. It is sent once more, marked as a possible repeat, as soon as the platform answers at all, or an outage would
use the second try up; after a second unknown outcome it is left in doubt.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.kit.door import Door, Paused, Permanent, SendError, Transient, Unknown
from bot.kit.events import Returned
from bot.kit.text import Catalogues, Writer
from bot.rates import Buckets, Early
from bot.work import Retry, Threads, Work
from db.session import Sessions
from scheduling.clock import Clock

from .claiming import Behind, Claimed, Claims, Repeat, StillTheirs
from .doors import WayThere
from .recording import Records

__all__ = ["Delivery"]

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)


def spread() -> float:
    """A factor for pauses, so that a thousand messages that failed together do not come again together."""
    return random.uniform(0.5, 1.0)  # noqa: S311  keeps no secret


class Delivery:
    """Sends what is in the outbox."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        threads: Threads,
        clock: Clock,
        catalogues: Catalogues,
        doors: Mapping[str, Door],
        is_still_theirs: StillTheirs,
        work: Work,
        rates: Buckets,
    ) -> None:
        self._threads = threads
        self._catalogues = catalogues
        self._doors = doors
        self._under_way: dict[int, asyncio.Event] = {}  # set when it has ended
        way = WayThere(doors)
        self._claims = Claims(sessions=sessions, clock=clock, rates=rates, way=way, is_still_theirs=is_still_theirs)
        self._records = Records(sessions=sessions, clock=clock, work=work, rates=rates, way=way)

    def expect(self, answer: Claimed) -> None:
        """A turn has just been run: with its answer in hand, its row need not be read again to be sent."""
        self._claims.expect(answer)

    def returned(self, inbox: int, back: Returned) -> None:
        """What a platform had accepted came back. Raises LookupError for a row that is being sent."""
        self._records.returned(inbox, back)

    async def deliver(self, outgoing: int) -> None:
        """Job body: send one row. Runs again harmlessly; raises `Retry` when it should be tried later."""
        while (before := self._under_way.get(outgoing)) is not None:  # to a second claim it would look interrupted
            await before.wait()
        ended = self._under_way[outgoing] = asyncio.Event()
        try:
            await self._send(outgoing)
        finally:
            del self._under_way[outgoing]
            ended.set()

    async def _send(self, outgoing: int) -> None:
        claimed = await self._claimed(outgoing)
        if claimed is None:
            return
        if isinstance(claimed, Behind):
            raise Retry(timedelta(), claimed.at, lock=claimed.queue)
        if isinstance(claimed, Repeat):
            await self._see(outgoing, claimed)
            claimed = await self._claimed(outgoing, is_seen=True)
            if not isinstance(claimed, Claimed):
                raise Retry(timedelta())
        door = self._doors[claimed.platform]
        writer = Writer(self._catalogues, claimed.reader)
        is_to_confirm = claimed.account_id is None
        answer = replace(claimed.answer, outgoing=outgoing, thread=claimed.thread, is_to_confirm=is_to_confirm)
        try:
            message = await door.send(claimed.address, answer, writer, edits=claimed.edits, repeated=claimed.repeated)
        except Permanent as error:
            if await self._threads.run(self._records.refused, claimed, error.reason):
                raise Retry(timedelta()) from None
        except Paused as error:
            await self._threads.run(self._records.paused, claimed, error)
            raise Retry(error.pause, error.until, lock=claimed.queue, why=type(error).__name__) from None
        except Transient as error:
            await self._threads.run(self._records.again, outgoing, claimed.attempts + 1)
            raise Retry(_pause(claimed.attempts), lock=claimed.queue, why=type(error).__name__) from None
        except Exception as error:  # Unknown; or a door of ours is broken, and nobody knows how far it came
            if not isinstance(error, Unknown):
                log.error("the door failed", outgoing=outgoing, door=claimed.platform, exc_info=error)
            if await self._threads.run(self._records.unknown, claimed):
                raise Retry(FIRST_PAUSE, lock=claimed.queue, why=type(error).__name__) from None
        else:
            await self._threads.run(self._records.accepted, claimed, dict(message))

    async def _claimed(self, outgoing: int, *, is_seen: bool = False) -> Claimed | Repeat | Behind | None:
        """Claim it, once it is its turn. Raises `Retry` where that is not soon."""
        try:
            claimed = await self._threads.run(self._claims.claim, outgoing, is_seen=is_seen)
            if isinstance(claimed, Early):
                await asyncio.sleep(claimed.wait)
                claimed = await self._threads.run(self._claims.claim, outgoing, is_seen=is_seen, has_turn=True)
        except Paused as error:
            raise Retry(error.pause, error.until, why=type(error).__name__) from None
        if isinstance(claimed, Early):
            raise LookupError("its turn had come")
        return claimed

    async def _see(self, outgoing: int, repeat: Repeat) -> None:
        """Return if the platform is there; raise `Retry` where it is not."""
        try:
            await self._doors[repeat.platform].look()
        except Paused as error:
            raise Retry(error.pause, error.until, lock=repeat.queue, why=type(error).__name__) from None
        except SendError as error:
            await self._threads.run(self._records.again, outgoing, repeat.attempts + 1)
            raise Retry(_pause(repeat.attempts), lock=repeat.queue, why=type(error).__name__) from None


def _pause(attempts: int) -> timedelta:
    """How long to wait after so many tries that failed before."""
    doublings = min(attempts, 9)  # an outage of hours must not overflow the sum
    pause: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * 2**doublings)
    return pause * spread()
