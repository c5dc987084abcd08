"""What the outbox promised: claim a row, render, send with no session open, classify the answer, record.

One person's messages keep their order at a door: those that come to one where another still waits queue behind it.

A row that is `sending` when it is claimed was interrupted between the platform's answer and our record: its outcome is
unknown. It is sent once more, marked as a possible repeat, as soon as the platform answers at all, or an outage would
use the second try up; after a second unknown outcome it is left in doubt.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import bindparam, select, tuple_, update
from sqlalchemy.orm import Session

from bot.kit.door import ELSEWHERE, LATE, UNREACHABLE, Door, Paused, Permanent, SendError, Transient, Unknown
from bot.kit.events import Answer, Returned
from bot.kit.news import without
from bot.kit.screen import from_json
from bot.kit.text import Catalogues, Reader, Writer
from bot.rates import Buckets, Early
from bot.work import Retry, Threads, Work
from db.machinery import OPEN, Audit, Due, Inbox, InboxState, Outgoing, Receipt, Sending
from db.people import MAIL, Account, Person, doors_in_order
from db.session import Sessions
from scheduling.clock import Clock

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)
UNREACHED = "ledger.unreached"
WITHHELD = "withheld"  # why a row failed whose reader may no longer be shown it
IN_ONE_BREATH = timedelta(minutes=1)
EXPECTED = 1000  # answers held in memory until their jobs send them
STILL_USEFUL = timedelta(days=1)  # what came back is worth sending on for so long at least
REFERENCE = re.compile(r"[A-Z]{1,3}-[0-9]+(?=:)")  # how `once` begins for news of one thing
# An answer that nothing has been done about since it was written, to a door that nothing has been heard of since.
AT_ONCE = (
    update(Outgoing)
    .where(
        Outgoing.id == bindparam("outgoing"),
        Outgoing.state == Sending.WAITING,
        Outgoing.attempts == 0,
        Outgoing.account_id.in_(
            select(Account.id).where(Account.id == bindparam("account"), Account.unreachable_since.is_(None))
        ),
    )
    .values(state=Sending.SENDING, attempts=1)
    .returning(Outgoing.id)
)
ACCEPTED = (
    update(Outgoing)
    .where(Outgoing.id == bindparam("outgoing"))
    .values(message=bindparam("said"), state=Sending.ACCEPTED, settled_at=bindparam("at"))
)


class StillTheirs(Protocol):
    """Whether what was written for somebody may be shown to them now, at that door of theirs."""

    def __call__(self, session: Session, row: Outgoing, account: Account, *, at: datetime) -> bool: ...


@dataclass(frozen=True)
class Claimed:
    """Everything a send needs, read out of the database before it."""

    outgoing_id: int
    platform: str
    address: str
    answer: Answer
    reader: Reader
    edits: Mapping[str, Any] | None
    repeated: bool
    attempts: int
    trace: str
    queue: str
    account_id: int | None  # None for an address that is still to be confirmed
    is_plain: bool  # neither has it a line in the ledger nor does it carry other rows
    thread: str = ""


@dataclass(frozen=True)
class Repeat:
    """It may have arrived before: sent once more only when the platform answers."""

    platform: str
    attempts: int
    queue: str


@dataclass(frozen=True)
class Behind:
    """Others wait at the door before this one; it takes its place in their queue, by its own time."""

    queue: str
    at: datetime


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
        self._rates = rates
        self._is_still_theirs = is_still_theirs
        self._work = work
        self._sessions = sessions
        self._threads = threads
        self._clock = clock
        self._catalogues = catalogues
        self._doors = doors
        self._under_way: set[int] = set()
        self._answers: OrderedDict[int, tuple[Claimed, datetime]] = OrderedDict()  # of turns that have just been run

    def expect(self, answer: Claimed) -> None:
        """A turn has just been run: with its answer in hand, its row need not be read again to be sent."""
        self._answers[answer.outgoing_id] = answer, self._clock.now()
        if len(self._answers) > EXPECTED:
            self._answers.popitem(last=False)

    async def deliver(self, outgoing: int) -> None:
        """Job body: send one row. Runs again harmlessly; raises `Retry` when it should be tried later."""
        if outgoing in self._under_way:  # to a second claim it would look interrupted
            raise Retry(FIRST_PAUSE)
        self._under_way.add(outgoing)
        try:
            await self._send(outgoing)
        finally:
            self._under_way.discard(outgoing)

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
            if await self._threads.run(self._refused, claimed, error.reason):
                raise Retry(timedelta()) from None
        except Paused as error:
            await self._threads.run(self._paused, claimed, error)
            raise Retry(error.pause, error.until, lock=claimed.queue, why=type(error).__name__) from None
        except Transient as error:
            await self._threads.run(self._again, outgoing, claimed.attempts + 1)
            raise Retry(_pause(claimed.attempts), lock=claimed.queue, why=type(error).__name__) from None
        except Exception as error:  # Unknown; or a door of ours is broken, and nobody knows how far it came
            if not isinstance(error, Unknown):
                log.error("the door failed", outgoing=outgoing, door=claimed.platform, exc_info=error)
            if await self._threads.run(self._unknown, claimed):
                raise Retry(FIRST_PAUSE, lock=claimed.queue, why=type(error).__name__) from None
        else:
            await self._threads.run(self._accepted, claimed, dict(message))

    async def _claimed(self, outgoing: int, *, is_seen: bool = False) -> Claimed | Repeat | Behind | None:
        """Claim it, once it is its turn. Raises `Retry` where that is not soon."""
        try:
            claimed = await self._threads.run(self._claim, outgoing, is_seen=is_seen)
            if isinstance(claimed, Early):
                await asyncio.sleep(claimed.wait)
                claimed = await self._threads.run(self._claim, outgoing, is_seen=is_seen, has_turn=True)
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
            await self._threads.run(self._again, outgoing, repeat.attempts + 1)
            raise Retry(_pause(repeat.attempts), lock=repeat.queue, why=type(error).__name__) from None

    # Each of these is one short transaction

    def _claim(
        self, outgoing_id: int, *, is_seen: bool = False, has_turn: bool = False
    ) -> Claimed | Repeat | Behind | Early | None:
        """Raises `Paused` where the platform's limits let it go later only: nothing has changed then."""
        now = self._clock.now()
        fresh, at = self._answers.get(outgoing_id, (None, now))
        with self._sessions.writing() as session:
            if fresh is not None and not has_turn:
                wait = self._rates.take(session, fresh.platform, fresh.address, fresh.edits, is_answer=True)
                if wait:
                    return Early(wait)
                has_turn = True
            self._answers.pop(outgoing_id, None)
            if fresh is not None and now - at < IN_ONE_BREATH:
                asked = {"outgoing": outgoing_id, "account": fresh.account_id}
                if session.connection().execute(AT_ONCE, asked).first() is not None:
                    return fresh
            # Locked alone: PostgreSQL finds no row where one that it is joined with has changed while it waited.
            row = session.get(Outgoing, outgoing_id, with_for_update=True)
            if row is None or row.state not in (Sending.WAITING, Sending.SENDING) or row.screen is None:
                return None
            if row.expires_at <= now:
                self._settle(session, row, Sending.EXPIRED, now, "expired")
                return None
            if row.state is Sending.SENDING:
                if row.may_repeat:
                    self._settle(session, row, Sending.IN_DOUBT, now, "unknown_outcome")
                    return None
                row.may_repeat = True
            person = session.get_one(Person, row.person_id)
            if row.address is not None:
                return self._to_be_confirmed(session, row, person, now, is_seen=is_seen)
            account = self._account(session, row)
            if account is None:
                self._settle(session, row, Sending.FAILED, now, row.reason or self._why_no_door(session, row))
                return None
            try:
                account, lost = self._lost(session, row, account, now)
                answer = self._shown(session, row, lost)
            except (LookupError, TypeError, ValueError):  # written by another version of Parley
                self._settle(session, row, Sending.FAILED, now, "unreadable")
                return None
            if account.id != row.account_id:
                row.account_id, row.edits = account.id, None
                if self._is_behind(session, row):
                    row.state = Sending.WAITING
                    return Behind(row.lock, row.not_before)
            if row.may_repeat and not is_seen:
                row.state = Sending.WAITING
                return Repeat(account.platform, row.attempts, row.lock)
            if answer is not None and not has_turn:
                where = account.platform, account.address, row.edits
                if wait := self._rates.take(session, *where, is_answer=row.is_reply):
                    row.state = Sending.WAITING
                    return Early(wait)
            is_useless = all(each.expires_at <= now for each in lost)
            for each in lost:
                if each.expires_at <= now:
                    self._settle(session, each, Sending.EXPIRED, now, "expired")
                else:
                    self._withhold(session, each, now)
            if answer is None:
                state = Sending.EXPIRED if is_useless else Sending.FAILED
                self._settle(session, row, state, now, "expired" if is_useless else WITHHELD)
                return None
            if now - row.not_before > LATE:
                answer = replace(answer, written=answer.written or row.created_at)
            row.state, row.attempts = Sending.SENDING, row.attempts + 1
            return Claimed(
                outgoing_id=row.id,
                platform=account.platform,
                address=account.address,
                answer=answer,
                reader=Reader(answer.language or person.language, person.zone),
                edits=row.edits,
                repeated=row.may_repeat,
                attempts=row.attempts - 1,
                trace=row.trace,
                queue=row.lock,
                account_id=account.id,
                is_plain=row.receipt_id is None and not row.carries_others,
                thread=_thread(row),
            )

    def _to_be_confirmed(
        self, session: Session, row: Outgoing, person: Person, now: datetime, *, is_seen: bool
    ) -> Claimed | Repeat | None:
        """What goes to an address that is nobody's door yet: by mail or not at all, and it shows nothing of anybody."""
        if MAIL not in self._doors or row.address is None:
            self._settle(session, row, Sending.FAILED, now, "no_door")
            return None
        if row.may_repeat and not is_seen:
            row.state = Sending.WAITING
            return Repeat(MAIL, row.attempts, row.lock)
        row.state, row.attempts = Sending.SENDING, row.attempts + 1
        return Claimed(
            outgoing_id=row.id,
            platform=MAIL,
            address=row.address,
            answer=from_json(row.screen),
            reader=Reader(person.language, person.zone),
            edits=None,
            repeated=row.may_repeat,
            attempts=row.attempts - 1,
            trace=row.trace,
            queue=row.lock,
            account_id=None,
            is_plain=False,
        )

    def _is_behind(self, session: Session, row: Outgoing) -> bool:
        """Whether something that was to be sent before is still to be sent at the same door."""
        before = tuple_(Outgoing.not_before, Outgoing.id) < (row.not_before, row.id)
        here = select(Outgoing.id).where(Outgoing.account_id == row.account_id, OPEN, before)
        return session.scalar(here.limit(1)) is not None

    def _lost(
        self, session: Session, row: Outgoing, account: Account, now: datetime
    ) -> tuple[Account, Sequence[Outgoing]]:
        """What of a row is of no use or may not be shown to its reader any longer, and the door that this holds for.

        A role is not in force through a guest's account, so another of theirs may be shown more. The answer to a person
        goes out in the breath it was given in; it is checked where it had to wait.
        """
        if row.is_reply and not row.attempts and now - row.created_at < IN_ONE_BREATH:
            return account, ()
        parts = _carried(session, row) if row.carries_others else (row,)
        lost = [
            each
            for each in parts
            if each.expires_at <= now or not self._is_still_theirs(session, each, account, at=now)
        ]
        if lost and account.is_guest and not row.is_reply:
            other = self._account(session, row, guests=False)
            if other is not None:
                return self._lost(session, row, other, now)
        return account, lost

    def _withhold(self, session: Session, row: Outgoing, now: datetime) -> None:
        log.warning("withheld", outgoing=row.id, trace=row.trace)
        self._settle(session, row, Sending.FAILED, now, WITHHELD)
        session.add(
            Audit(
                administration_id=row.administration_id,
                at=now,
                who=row.person_id,
                door="outbox",
                what="outgoing.withheld",
                about=f"outgoing:{row.id}",
                ids={"outgoing": row.id},
                trace=row.trace,
            )
        )

    def _shown(self, session: Session, row: Outgoing, lost: Sequence[Outgoing]) -> Answer | None:
        """What a row shows without what was `lost`, None where nothing is left; a digest of one is that one news."""
        if row in lost:
            return None
        left = [each for each in _carried(session, row) if each not in lost] if row.carries_others else []
        if lost and not left:
            return None
        answer: Answer = from_json(left[0].screen if len(left) == 1 else row.screen)
        if lost and len(left) > 1 and answer.screen is not None:
            return replace(answer, screen=without(answer.screen, {each.id for each in lost}))
        return answer

    def _account(
        self, session: Session, row: Outgoing, *, guests: bool = True, but: int | None = None
    ) -> Account | None:
        """The door of an earlier try; for a reply the one it was asked at; else the reachable one they are told at.

        `but` is the number of one that has refused this message.
        """
        if row.account_id is not None and guests and row.account_id != but:
            asked = session.get_one(Account, row.account_id)
            if asked.unreachable_since is None and asked.platform in self._doors:
                return asked
            if row.is_reply:
                return None
        reachable = (
            select(Account)
            .where(
                Account.person_id == row.person_id,
                Account.unreachable_since.is_(None),
                Account.platform.in_(list(self._doors)),
                *(() if guests else (Account.is_guest.is_(False),)),
                *(() if but is None else (Account.id != but,)),
            )
            .order_by(*doors_in_order(session.get_one(Person, row.person_id)))
            .limit(1)
        )
        return session.scalar(reachable)

    def _why_no_door(self, session: Session, row: Outgoing) -> str:
        """Why nobody is reached: what the door they used last has said of them, perhaps long ago."""
        theirs = Account.person_id == row.person_id, Account.unreachable_since.is_not(None)
        said = select(Account.unreachable_reason).where(*theirs).order_by(Account.used_at.desc()).limit(1)
        return session.scalar(said) or "no_door"

    def _accepted(self, claimed: Claimed, message: dict[str, Any]) -> None:
        now = self._clock.now()
        with self._sessions.writing() as session:
            if claimed.is_plain:
                values = {"outgoing": claimed.outgoing_id, "said": message, "at": now}
                session.connection().execute(ACCEPTED, values)
            else:
                row = session.get_one(Outgoing, claimed.outgoing_id)
                row.message = message
                self._settle(session, row, Sending.ACCEPTED, now, None)
        log.info("accepted", outgoing=claimed.outgoing_id, door=claimed.platform, trace=claimed.trace)

    def _paused(self, claimed: Claimed, error: Paused) -> None:
        """Back to waiting; and no other process needs to be told, too."""
        with self._sessions.writing() as session:
            row = session.get_one(Outgoing, claimed.outgoing_id)
            row.state, row.attempts = Sending.WAITING, claimed.attempts
            self._rates.shut(session, claimed.platform, error)

    def _again(self, outgoing_id: int, attempts: int) -> None:
        """Back to waiting: the platform did not take it."""
        with self._sessions.writing() as session:
            row = session.get_one(Outgoing, outgoing_id)
            row.state, row.attempts = Sending.WAITING, attempts

    def _unknown(self, claimed: Claimed) -> bool:
        """True when it may be sent once more."""
        now = self._clock.now()
        with self._sessions.writing() as session:
            row = session.get_one(Outgoing, claimed.outgoing_id)
            if row.may_repeat:
                self._settle(session, row, Sending.IN_DOUBT, now, "unknown_outcome")
                return False
            row.may_repeat, row.state = True, Sending.WAITING
            return True

    def _refused(self, claimed: Claimed, reason: str) -> bool:
        """Refused for good at this door. True when another door can be tried; with none left, the ledger says why."""
        now = self._clock.now()
        log.warning("refused", outgoing=claimed.outgoing_id, door=claimed.platform, reason=reason, trace=claimed.trace)
        with self._sessions.writing() as session:
            row = session.get_one(Outgoing, claimed.outgoing_id)
            if self._has_other_door(session, row, reason, now):
                row.state, row.attempts = Sending.WAITING, 0
                return True
            self._settle(session, row, Sending.FAILED, now, reason)
            return False

    def _has_other_door(self, session: Session, row: Outgoing, reason: str, now: datetime) -> bool:
        """Note why a door did not take it, and whether there is another for this message; then it is told so."""
        account = session.get(Account, row.account_id) if row.account_id is not None else None
        if account is None or reason not in UNREACHABLE | ELSEWHERE:
            return False
        if reason in UNREACHABLE:
            account.unreachable_since, account.unreachable_reason = now, reason
            session.flush()
        elif row.reason in ELSEWHERE:  # two such doors would hand it to each other for ever
            return False
        other = self._account(session, row, but=account.id) if not row.is_reply else None
        if other is None:
            return False
        if reason in ELSEWHERE:  # it stays reachable, so the row has to name the other
            row.account_id, row.edits = other.id, None
        row.reason = reason
        return True

    def returned(self, inbox: int, back: Returned) -> None:
        """What a platform had accepted came back: the next door is tried, and the ledger's line says what became of it.

        Whatever was opened has arrived; what came back is news once. Raises LookupError for a row that is being sent:
        its platform was quicker than our record.
        """
        now = self._clock.now()
        with self._sessions.writing() as session:
            update_ = session.get(Inbox, inbox, with_for_update=True)
            if update_ is None or update_.state is not InboxState.WAITING:
                return
            update_.state = InboxState.DONE
            row = session.get(Outgoing, back.outgoing, with_for_update=True)
            if row is None:
                return
            if row.state is Sending.SENDING or (row.state is Sending.WAITING and not row.may_repeat):
                raise LookupError("it is being sent")
            parts = [row, *session.scalars(select(Outgoing).where(Outgoing.carried_by_id == row.id))]
            receipts = [session.get_one(Receipt, each.receipt_id) for each in parts if each.receipt_id is not None]
            is_here = any(each.opened_at or each.acknowledged_at for each in receipts)
            if is_here or row.state not in (Sending.ACCEPTED, Sending.IN_DOUBT, Sending.WAITING):
                return
            log.warning("returned", outgoing=row.id, reason=back.reason, trace=row.trace)
            for receipt in receipts:
                receipt.accepted_at = None
            can_be_read = row.screen is not None and row.address is None
            if can_be_read and self._has_other_door(session, row, back.reason, now):
                for each in parts:
                    each.state, each.settled_at, each.message = Sending.WAITING, None, None
                row.attempts, row.may_repeat = 0, False
                row.expires_at = max(row.expires_at, now + STILL_USEFUL)
                self._work.defer(session, "deliver", lock=row.lock, outgoing=row.id)
                return
            for each in parts:
                each.state = Sending.WAITING
            self._settle(session, row, Sending.FAILED, now, back.reason)

    def _settle(self, session: Session, row: Outgoing, state: Sending, now: datetime, reason: str | None) -> None:
        """Give a row its final state, and the ledger its line."""
        row.state, row.settled_at = state, now
        row.reason = reason or row.reason
        if row.carries_others:
            for each in _carried(session, row):
                each.account_id, each.message = row.account_id, row.message
                self._settle(session, each, state, now, reason)
        if row.receipt_id is None:
            return
        receipt = session.get_one(Receipt, row.receipt_id)
        if state is Sending.ACCEPTED:
            receipt.accepted_at = receipt.accepted_at or now
            receipt.failed_at = receipt.reason = None
        elif receipt.accepted_at is None:
            receipt.failed_at, receipt.reason = now, reason
            key = f"unreached:{receipt.id}"
            if session.scalar(select(Due.id).where(Due.key == key)) is None:
                session.add(
                    Due(
                        administration_id=row.administration_id,
                        job=UNREACHED,
                        args={"receipt": receipt.id},
                        key=key,
                        at=now,
                    )
                )


def _thread(row: Outgoing) -> str:
    """The reference of what a message is about, such as P-000123; nothing where it is about several."""
    found = REFERENCE.match(row.once) if not row.carries_others else None
    return found[0] if found else ""


def _pause(attempts: int) -> timedelta:
    """How long to wait after so many tries that failed before."""
    doublings = min(attempts, 9)  # an outage of hours must not overflow the sum
    pause: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * 2**doublings)
    return pause * spread()


def _carried(session: Session, row: Outgoing) -> Sequence[Outgoing]:
    """The news that go with this row, and have not ended otherwise: whoever was erased hears none."""
    with_it = Outgoing.carried_by_id == row.id, Outgoing.state.in_((Sending.WAITING, Sending.HELD))
    return session.scalars(select(Outgoing).where(*with_it).order_by(Outgoing.id)).all()
