"""Updates in: kept under a unique key and committed before the platform is told, then handled in order per account."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from bot.delivery.claiming import Claimed
from bot.engine import Engine, Outcome
from bot.kit.door import Door
from bot.kit.events import Answer, Answered, Called, Changed, Event, Returned
from bot.kit.text import _
from bot.work import WAITED_FOR, Threads, Work
from db import queues
from db.machinery import Inbox, InboxState, Outgoing
from db.session import Sessions, after_commit
from scheduling.clock import Clock, monotonic
from scheduling.pace import Pace, Taken

log = structlog.get_logger()

BODY_LIMIT = 256 * 1024
MOST_ATTEMPTS = 5
MOST_TOGETHER = 200  # updates in one commit
TOO_FAST = "too fast"  # the error of an update that is answered with a word about it
SLOWER = _("You write faster than I can read. What you sent after this was not read: please wait, and send it again.")
MOST_FRESH = 1000  # updates held in memory so that their turns need not read them
ABANDONED = timedelta(seconds=30)  # longer than any process takes for a turn that it runs at once
PATIENCE = 2.0  # seconds: a platform waits for three, and brings again what it was told that we could not keep


class Busy(Exception):
    """An update could not be kept in time. The platform has to be told so, and comes again."""


KEPT = Inbox.platform, Inbox.key, Inbox.id
KEEP = {
    "sqlite": sqlite.insert(Inbox).on_conflict_do_nothing().returning(*KEPT),
    "postgresql": postgresql.insert(Inbox).on_conflict_do_nothing().returning(*KEPT),
}
WAITING = select(Inbox.platform, Inbox.payload, Inbox.trace, Inbox.error).where(
    Inbox.id == bindparam("inbox"), Inbox.state == InboxState.WAITING
)


@dataclass
class Arrived:
    """An update on its way into the inbox; `kept` will be its id there, or None where it was there before."""

    platform: str
    key: str
    account: str
    body: str
    later: bool
    is_too_much: bool = False  # its sender is told that what comes after is not read
    given_up: bool = False  # its platform has been told to come again
    kept: asyncio.Future[int | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def lock(self) -> str:
        """Whose turns come one after another."""
        return _lock(self.platform, self.account)

    @property
    def trace(self) -> str:
        return f"{self.platform}-{self.key}"[:80]


class Edge:
    """The one way in. Without a `pace` everybody may send as much as they like."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        threads: Threads,
        clock: Clock,
        engine: Engine,
        work: Work,
        expect: Callable[[Claimed], None],
        returned: Callable[[int, Returned], None],
        doors: Mapping[str, Door],
        pace: Pace | None = None,
    ) -> None:
        self._sessions = sessions
        self._threads = threads
        self._clock = clock
        self._engine = engine
        self._work = work
        self._expect = expect
        self._returned = returned
        self._doors = doors
        self._pace = pace
        self.leaves_turns = False  # other processes run them, and this one does not hear when they have
        self.trouble: str | None = None  # why the last update could not be kept
        self._arrived: list[Arrived] = []
        self._fresh: dict[int, Arrived] = {}  # what has just been kept, so that its turn need not read it
        self._accounts: dict[int, str] = {}  # whose pace counts an update that waits
        self._keeping: asyncio.Task[None] | None = None
        self._left: set[int] = set()  # kept, and without a job although nobody runs their turn any more
        self._unsure: set[tuple[str, str]] = (
            set()
        )  # by platform and key: the commit was cut off, and may have been made

    async def keep(
        self, platform: str, key: str, payload: Mapping[str, Any] | str, *, account: str, later: bool = True
    ) -> int | None:
        """Commit one update as it came; None when it was kept before (a redelivery, a replay).

        With `later` a worker handles it; otherwise the caller goes on with `handle` at once, because the answer to the
        platform's own request carries the result. None too where somebody sends so much more than can be read that they
        have been told so already. Raises `Busy` after two seconds.
        """
        taken = await self._come(platform, account) if later else Taken.YES
        if taken is Taken.NO:
            return None
        if taken is Taken.WITH_A_WORD:
            log.warning("too fast", door=platform, account=account)
        body = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=True)
        update = Arrived(platform, key, account, body, later, is_too_much=taken is Taken.WITH_A_WORD)
        kept = None
        try:
            kept = await self._kept(update)
        except Exception as error:
            self.trouble = type(error).__name__
            log.error("updates cannot be kept", door=platform, error=self.trouble)
            raise
        finally:
            if kept is None and later:
                self._answered(update.lock)
        self.trouble = None
        return kept

    async def handle(self, inbox: int, *, reply: bool | Callable[[Answer], bool] = True) -> Outcome | None:
        """Run the turn of a kept update; an answer that `reply` holds of goes out through the outbox.

        What cannot be parsed or fails five times is quarantined, and its neighbours flow. What fails is left to a
        worker.
        """
        try:
            return await self._threads.run(self._turn, inbox, reply)
        except asyncio.CancelledError:
            self._left.add(inbox)
            raise
        except Exception:
            self._left.add(inbox)
            await self._leave()
            raise

    async def job(self, inbox: int) -> None:
        """Job body: a kept update that waits for a worker. Whoever sends many a second waits for their turn."""
        account = self._accounts.get(inbox)
        if account is not None and self._pace is not None:
            await asyncio.sleep(self._pace.wait(account, monotonic()))
        await self._threads.run(self._turn, inbox, True, is_late=True)
        if account is not None:
            del self._accounts[inbox]
            self._answered(account)

    async def catch_up(self) -> None:
        """Leave to workers what they could not be left while the database was away. Called every second or so."""
        if self._unsure:
            await self._look_for_unsure()
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
        """At start: hand on what was kept and not handled. Returns how many there were.

        Where processes share the work, it is what nobody is about to handle, and any of them may ask at any time.
        """
        return await self._threads.run(self._defer, None)

    async def _come(self, platform: str, account: str) -> Taken:
        """Whether an update is taken. Where others run the turns, what waits is counted when it seems too much."""
        if self._pace is None:
            return Taken.YES
        lock = _lock(platform, account)
        taken = self._pace.come(lock, monotonic())
        if taken is Taken.YES or not self.leaves_turns:
            return taken
        self._pace.count(lock, await self._threads.run(self._waiting_of, platform, account), monotonic())
        return self._pace.come(lock, monotonic())

    async def _kept(self, update: Arrived) -> int | None:
        self._arrived.append(update)
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep_arrived())
        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.shield(update.kept)
        except (TimeoutError, asyncio.CancelledError) as error:
            update.given_up = True
            update.kept.add_done_callback(self._kept_late)
            if isinstance(error, TimeoutError):
                raise Busy from None
            raise

    async def _keep_arrived(self) -> None:
        """Commit together what came while the commit before was under way: waiting for the disk once serves all."""
        try:
            while self._arrived:
                updates, self._arrived = self._arrived[:MOST_TOGETHER], self._arrived[MOST_TOGETHER:]
                await self._keep_together([each for each in updates if not each.given_up])
        finally:
            self._keeping = None

    async def _keep_together(self, updates: Sequence[Arrived]) -> None:
        try:
            kept = await self._threads.run(self._keep, updates, first=True)
        except Exception as error:  # noqa: BLE001  whoever waits for an update is told
            self._unsure |= {(each.platform, each.key) for each in updates if not each.later}
            if len(updates) == 1:
                _tell(updates[0], error)
            else:  # one that cannot be kept fails alone
                for each in updates:
                    await self._keep_together([each])
        else:
            for each, inbox in zip(updates, kept, strict=True):
                if inbox is not None:
                    self._unsure.discard((each.platform, each.key))
                if not each.kept.done():
                    each.kept.set_result(inbox)

    async def _look_for_unsure(self) -> None:
        """Whoever did it was told that it was not taken, or, where it was tried again, that it had come before."""
        names = sorted(self._unsure)[:MOST_TOGETHER]
        try:
            self._left |= set(await self._threads.run(self._waiting, names))
        except SQLAlchemyError as error:
            log.warning("nobody knows what was kept", updates=len(names), error=type(error).__name__)
        else:
            self._unsure -= set(names)

    async def _leave(self) -> None:
        left = sorted(self._left)
        try:
            await self._threads.run(self._defer, left)
        except SQLAlchemyError as error:
            log.warning("turns wait for the database", turns=len(left), error=type(error).__name__)
        else:
            self._left -= set(left)

    def _kept_late(self, keeping: asyncio.Future[int | None]) -> None:
        """What was kept after all is nobody's: its platform has been told to come again, and that will be a repeat."""
        if keeping.cancelled():
            return
        if keeping.exception() is not None:
            log.warning("update not kept", error=type(keeping.exception()).__name__)
        elif (kept := keeping.result()) is not None:
            self._left.add(kept)

    def _answered(self, account: str) -> None:
        if self._pace is not None:
            self._pace.done(account, monotonic())

    def _keep(self, updates: Sequence[Arrived]) -> list[int | None]:
        """Two statements, however many they are: each waits for the database while turns run beside it."""
        now = self._clock.now()
        rows = [
            {
                "platform": each.platform,
                "key": each.key,
                "account": each.account,
                "payload": each.body,
                "received_at": now,
                "state": InboxState.WAITING,
                "attempts": 0,
                "trace": each.trace,
                "error": TOO_FAST if each.is_too_much else None,
            }
            for each in updates
        ]
        kept: list[int | None] = []
        with self._sessions.writing() as session:
            made = session.connection().execute(KEEP[session.get_bind().dialect.name], rows)
            ids = {(platform, key): inbox for platform, key, inbox in made}
            kept += [ids.pop((each.platform, each.key), None) for each in updates]  # one that came twice is kept once
            after_commit(session, lambda: self._remember(updates, kept))  # before their turns can have begun
            pairs = zip(updates, kept, strict=True)
            left = [(each.lock, {"inbox": inbox}) for each, inbox in pairs if each.later and inbox is not None]
            self._work.defer_all(session, "turn", left, first=WAITED_FOR)
        return kept

    def _remember(self, updates: Sequence[Arrived], kept: Sequence[int | None]) -> None:
        for each, inbox in zip(updates, kept, strict=True):
            if inbox is None or (each.later and self.leaves_turns):
                continue
            if len(self._fresh) < MOST_FRESH:
                self._fresh[inbox] = each
            if each.later and self._pace is not None:
                self._accounts[inbox] = each.lock

    def _turn(self, inbox_id: int, reply: bool | Callable[[Answer], bool], *, is_late: bool = False) -> Outcome | None:
        fresh = self._fresh.pop(inbox_id, None)
        if fresh is not None:
            platform, body, trace, is_too_much = fresh.platform, fresh.body, fresh.trace, fresh.is_too_much
        else:
            with self._sessions.reading() as session:
                row = session.connection().execute(WAITING, {"inbox": inbox_id}).first()
            if row is None or row.payload is None:
                return None
            platform, body, trace, is_too_much = row.platform, row.payload, row.trace, row.error == TOO_FAST
        try:
            event = self._doors[platform].read(json.loads(body))
        except Exception as error:  # noqa: BLE001  anything at all may be wrong with what comes from outside
            log.warning("quarantined", inbox=inbox_id, trace=trace, error=type(error).__name__)
            self._mark(inbox_id, InboxState.QUARANTINED, type(error).__name__)
            return None
        if event is not None and is_too_much and not isinstance(event, Returned):
            event = Answered(event.caller, declined=SLOWER)
        if is_late and isinstance(event, Called | Changed) and event.at_once:
            reply = False
        if event is None:
            self._mark(inbox_id, InboxState.DONE, None)
            return None
        try:
            if isinstance(event, Returned):
                self._returned(inbox_id, event)
                return None
            outcome = self._engine.turn(event, trace=trace, inbox_id=inbox_id, reply=reply)
        except Exception as error:
            final = self._count_failure(inbox_id, type(error).__name__)
            log.exception("turn failed", inbox=inbox_id, trace=trace, final=final)
            if not final:
                raise
            return None
        log.info("turn", inbox=inbox_id, door=platform, trace=trace)
        if outcome is not None and outcome.outgoing_id is not None:
            self._expect(_claimed(outcome, outcome.outgoing_id, platform, trace))
        return outcome

    def _waiting(self, names: Sequence[tuple[str, str]]) -> Sequence[int]:
        """Those of so many updates, by platform and key, that were kept and are to be handled."""
        those = tuple_(Inbox.platform, Inbox.key).in_(names), Inbox.state == InboxState.WAITING
        with self._sessions.reading() as session:
            return session.scalars(select(Inbox.id).where(*those)).all()

    def _waiting_of(self, platform: str, account: str) -> int:
        those = Inbox.state == InboxState.WAITING, Inbox.platform == platform, Inbox.account == account
        with self._sessions.reading() as session:
            return session.scalar(select(func.count()).select_from(Inbox).where(*those)) or 0

    def _mark(self, inbox_id: int, state: InboxState, error: str | None) -> None:
        with self._sessions.writing() as session:
            row = session.get_one(Inbox, inbox_id)
            row.state, row.error = state, error

    def _count_failure(self, inbox_id: int, error: str) -> bool:
        with self._sessions.writing() as session:
            row = session.get_one(Inbox, inbox_id)
            row.attempts += 1
            row.error = TOO_FAST if row.error == TOO_FAST else error  # it is still to be answered with a word about it
            if row.state is InboxState.WAITING and row.attempts >= MOST_ATTEMPTS:  # not one whose commit went unheard
                row.state = InboxState.QUARANTINED
            return row.state is InboxState.QUARANTINED

    def _defer(self, inbox: Iterable[int] | None) -> int:
        """Give those of `inbox` that still wait, or all that do, a job each; one with two jobs runs once."""
        with self._sessions.writing() as session:
            which = select(Inbox.id, Inbox.platform, Inbox.account).where(Inbox.state == InboxState.WAITING)
            if inbox is not None:
                which = which.where(Inbox.id.in_(inbox))
            elif self._work.shares:
                self._sessions.lock(session, "recover")
                which = which.where(Inbox.received_at < self._clock.now() - ABANDONED)
            waiting = session.execute(which.order_by(Inbox.id)).all()
            if inbox is None and waiting and self._work.shares:
                planned = queues.waiting(session, "turn", "inbox")
                waiting = [row for row in waiting if row.id not in planned]
            jobs = [(_lock(row.platform, row.account), {"inbox": row.id}) for row in waiting]
            self._work.defer_all(session, "turn", jobs, first=WAITED_FOR)
        return len(waiting)

    def depth(self) -> int:
        """How many updates wait."""
        with self._sessions.reading() as session:
            waiting = select(func.count()).select_from(Inbox).where(Inbox.state == InboxState.WAITING)
            return session.scalar(waiting) or 0


def _lock(platform: str, account: str) -> str:
    return f"in:{platform}:{account}"


def _tell(update: Arrived, error: Exception) -> None:
    if not update.kept.done():
        update.kept.set_exception(error)


def _claimed(outcome: Outcome, outgoing_id: int, platform: str, trace: str) -> Claimed:
    """The answer of a turn, as delivery would read it from its row."""
    return Claimed(
        outgoing_id=outgoing_id,
        platform=platform,
        address=outcome.address,
        answer=outcome.answer,
        reader=outcome.reader,
        edits=outcome.edits,
        repeated=False,
        attempts=0,
        trace=trace,
        queue=Outgoing.lock_of(outcome.account_id, outcome.person_id),
        account_id=outcome.account_id,
        is_plain=True,
    )
