"""Updates in: kept under a unique key and committed before the platform is told, then handled in order per account."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bot.delivery import Delivery
from bot.engine import Engine, Outcome
from bot.kit.door import Door
from bot.kit.events import Answer, Event
from bot.work import Threads, Work
from db.machinery import Inbox, InboxState
from db.session import Sessions
from scheduling.clock import Clock

log = structlog.get_logger()

BODY_LIMIT = 256 * 1024
MOST_ATTEMPTS = 5
PATIENCE = 2.0  # seconds: a platform waits for three, and brings again what it was told that we could not keep


class Busy(Exception):
    """An update could not be kept in time. The platform has to be told so, and comes again."""


class Edge:
    """The one way in."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        threads: Threads,
        clock: Clock,
        engine: Engine,
        delivery: Delivery,
        work: Work,
        doors: Mapping[str, Door],
    ) -> None:
        self._sessions = sessions
        self._threads = threads
        self._clock = clock
        self._engine = engine
        self._delivery = delivery
        self._work = work
        self._doors = doors
        self.trouble: str | None = None  # why the last update could not be kept
        self._left: set[int] = set()  # kept, and without a job although nobody runs their turn any more

    async def keep(
        self, platform: str, key: str, payload: Mapping[str, Any] | str, *, account: str, later: bool = True
    ) -> int | None:
        """Commit one update as it came; None when it was kept before (a redelivery, a replay).

        With `later` a worker handles it; otherwise the caller goes on with `handle` at once, because the answer to the
        platform's own request carries the result. Raises `Busy` after two seconds.
        """
        body = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=True)
        try:
            kept = await self._kept(platform, key, body, account, later=later)
        except Exception as error:
            self.trouble = type(error).__name__
            log.error("updates cannot be kept", door=platform, error=self.trouble)
            raise
        self.trouble = None
        if kept is not None and later:
            self._work.wake()
        return kept

    async def handle(
        self, inbox: int, *, reply: bool | Callable[[Answer], bool] = True, send_now: bool = True
    ) -> Outcome | None:
        """Run the turn of a kept update; an answer that `reply` holds of goes out through the outbox.

        With `send_now` it is sent before this returns; otherwise by its job, and nobody waits for the platform. What
        cannot be parsed or fails five times is quarantined, and its neighbours flow. What fails is left to a worker.
        """
        try:
            return await self._handle(inbox, reply, send_now=send_now)
        except Exception:
            self._left.add(inbox)
            await self._leave()
            raise

    async def job(self, inbox: int) -> None:
        """Job body: a kept update that waits for a worker."""
        await self._handle(inbox, True, send_now=True)

    async def catch_up(self) -> None:
        """Leave to workers what they could not be left while the database was away. Called every second or so."""
        if self._left:
            await self._leave()

    async def direct(self, event: Event, *, trace: str) -> Outcome:
        """A turn with no update to keep: a page, a terminal. The answer goes back in the same request."""
        outcome = await self._threads.run(self._engine.turn, event, trace=trace)
        if outcome is None:
            raise LookupError("a turn without an update always has an outcome")
        log.info("turn", door=event.caller.platform, trace=trace)
        return outcome

    async def recover(self) -> int:
        """At start: hand on what was kept and not handled. Returns how many there were."""
        return await self._threads.run(self._defer, None)

    async def _kept(self, platform: str, key: str, body: str, account: str, *, later: bool) -> int | None:
        given_up = threading.Event()
        keeping = asyncio.create_task(self._threads.run(self._keep, platform, key, body, account, later, given_up))
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.shield(keeping)
        except (TimeoutError, asyncio.CancelledError) as error:
            given_up.set()
            keeping.add_done_callback(self._kept_late)
            if isinstance(error, TimeoutError):
                raise Busy from None
            raise

    async def _handle(self, inbox: int, reply: bool | Callable[[Answer], bool], *, send_now: bool) -> Outcome | None:
        outcome = await self._threads.run(self._turn, inbox, reply)
        if send_now and outcome is not None and outcome.outgoing_id is not None:
            await self._deliver_now(outcome.outgoing_id)
        return outcome

    async def _leave(self) -> None:
        left = sorted(self._left)
        try:
            await self._threads.run(self._defer, left)
        except SQLAlchemyError as error:
            log.warning("turns wait for the database", turns=len(left), error=type(error).__name__)
        else:
            self._left -= set(left)

    def _kept_late(self, keeping: asyncio.Task[int | None]) -> None:
        """What was kept after all is nobody's: its platform has been told to come again, and that will be a repeat."""
        if keeping.cancelled():
            return
        if keeping.exception() is not None:
            log.warning("update not kept", error=type(keeping.exception()).__name__)
        elif (kept := keeping.result()) is not None:
            self._left.add(kept)

    async def _deliver_now(self, outgoing_id: int) -> None:
        """The asker is waiting: send at once. The deferred job finds it done, or tries again if this did not work."""
        try:
            await self._delivery.deliver(outgoing_id)
        except Exception as error:  # noqa: BLE001  whatever happened, the row is still there and its job will run
            log.info("reply will be sent later", outgoing=outgoing_id, error=type(error).__name__)

    def _keep(
        self, platform: str, key: str, body: str, account: str, later: bool, given_up: threading.Event
    ) -> int | None:
        if given_up.is_set():
            return None
        try:
            with self._sessions.writing() as session:
                kept = session.execute(
                    insert(Inbox)
                    .values(
                        platform=platform,
                        key=key,
                        account=account,
                        payload=body,
                        received_at=self._clock.now(),
                        state=InboxState.WAITING,
                        attempts=0,
                        trace=f"{platform}-{key}"[:80],
                    )
                    .returning(Inbox.id)
                ).scalar_one()
                if later:
                    self._work.defer(session.connection(), "turn", lock=f"in:{platform}:{account}", inbox=kept)
                return kept
        except IntegrityError:
            return None

    def _turn(self, inbox_id: int, reply: bool | Callable[[Answer], bool]) -> Outcome | None:
        with self._sessions.reading() as session:
            row = session.get_one(Inbox, inbox_id)
            platform, body, trace, state = row.platform, row.payload, row.trace, row.state
        if state is not InboxState.WAITING or body is None:
            return None
        try:
            event = self._doors[platform].read(json.loads(body))
        except Exception as error:  # noqa: BLE001  anything at all may be wrong with what comes from outside
            log.warning("quarantined", inbox=inbox_id, trace=trace, error=type(error).__name__)
            self._mark(inbox_id, InboxState.QUARANTINED, type(error).__name__)
            return None
        if event is None:
            self._mark(inbox_id, InboxState.DONE, None)
            return None
        try:
            outcome = self._engine.turn(event, trace=trace, inbox_id=inbox_id, reply=reply)
        except Exception as error:
            final = self._count_failure(inbox_id, type(error).__name__)
            log.exception("turn failed", inbox=inbox_id, trace=trace, final=final)
            if not final:
                raise
            return None
        log.info("turn", inbox=inbox_id, door=platform, trace=trace)
        return outcome

    def _mark(self, inbox_id: int, state: InboxState, error: str | None) -> None:
        with self._sessions.writing() as session:
            row = session.get_one(Inbox, inbox_id)
            row.state, row.error = state, error

    def _count_failure(self, inbox_id: int, error: str) -> bool:
        with self._sessions.writing() as session:
            row = session.get_one(Inbox, inbox_id)
            row.attempts, row.error = row.attempts + 1, error
            if row.state is InboxState.WAITING and row.attempts >= MOST_ATTEMPTS:  # not one whose commit went unheard
                row.state = InboxState.QUARANTINED
            return row.state is InboxState.QUARANTINED

    def _defer(self, inbox: Iterable[int] | None) -> int:
        """Give those of `inbox` that still wait, or all that do, a job each; one with two jobs runs once."""
        with self._sessions.writing() as session:
            which = select(Inbox.id, Inbox.platform, Inbox.account).where(Inbox.state == InboxState.WAITING)
            if inbox is not None:
                which = which.where(Inbox.id.in_(inbox))
            waiting = session.execute(which.order_by(Inbox.id)).all()
            for row in waiting:
                self._work.defer(session.connection(), "turn", lock=f"in:{row.platform}:{row.account}", inbox=row.id)
        self._work.wake()
        return len(waiting)

    def depth(self) -> int:
        """How many updates wait."""
        with self._sessions.reading() as session:
            waiting = select(func.count()).select_from(Inbox).where(Inbox.state == InboxState.WAITING)
            return session.scalar(waiting) or 0
