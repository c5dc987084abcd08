"""Claiming a row of the outbox: everything that is looked at again before its message leaves.

A message is written long before some are sent: its reader may have left, its news may be of no use, its door may be
shut, others may wait before it. All of that is decided here, in the transaction that makes the row `sending`.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import bindparam, select, tuple_, update
from sqlalchemy.orm import Session

from bot.kit.door import LATE
from bot.kit.events import Answer
from bot.kit.news import without
from bot.kit.screen import from_json
from bot.kit.text import Reader
from bot.rates import Buckets, Early
from db.machinery import OPEN, Audit, Outgoing, Sending
from db.people import MAIL, Account, Person
from db.session import Sessions
from scheduling.clock import Clock

from .doors import WayThere
from .settling import carried, settle

log = structlog.get_logger()

WITHHELD = "withheld"  # why a row failed whose reader may no longer be shown it
IN_ONE_BREATH = timedelta(minutes=1)
EXPECTED = 1000  # answers held in memory until their jobs send them
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


class Claims:
    """Claims rows, each in a short transaction of its own."""

    def __init__(
        self, *, sessions: Sessions, clock: Clock, rates: Buckets, way: WayThere, is_still_theirs: StillTheirs
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._rates = rates
        self._way = way
        self._is_still_theirs = is_still_theirs
        self._answers: OrderedDict[int, tuple[Claimed, datetime]] = OrderedDict()  # of turns that have just been run

    def expect(self, answer: Claimed) -> None:
        """A turn has just been run: with its answer in hand, its row need not be read again to be sent."""
        self._answers[answer.outgoing_id] = answer, self._clock.now()
        if len(self._answers) > EXPECTED:
            self._answers.popitem(last=False)

    def claim(
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
                settle(session, row, Sending.EXPIRED, now, "expired")
                return None
            if row.state is Sending.SENDING:
                if row.may_repeat:
                    settle(session, row, Sending.IN_DOUBT, now, "unknown_outcome")
                    return None
                row.may_repeat = True
            person = session.get_one(Person, row.person_id)
            if row.address is not None:
                return self._to_be_confirmed(session, row, person, now, is_seen=is_seen)
            account = self._way.account(session, row)
            if account is None:
                settle(session, row, Sending.FAILED, now, row.reason or self._way.why_none(session, row))
                return None
            try:
                account, lost = self._lost(session, row, account, now)
                answer = _shown(session, row, lost)
            except (LookupError, TypeError, ValueError):  # written by another version of Parley
                settle(session, row, Sending.FAILED, now, "unreadable")
                return None
            if account.id != row.account_id:
                row.account_id, row.edits = account.id, None
                if _is_behind(session, row):
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
                    settle(session, each, Sending.EXPIRED, now, "expired")
                else:
                    _withhold(session, each, now)
            if answer is None:
                state = Sending.EXPIRED if is_useless else Sending.FAILED
                settle(session, row, state, now, "expired" if is_useless else WITHHELD)
                return None
            if now - row.not_before > LATE:
                answer = replace(answer, written=answer.written or row.created_at)
            row.state, row.attempts, row.was_revised = Sending.SENDING, row.attempts + 1, False
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
        if not self._way.has(MAIL) or row.address is None:
            settle(session, row, Sending.FAILED, now, "no_door")
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

    def _lost(
        self, session: Session, row: Outgoing, account: Account, now: datetime
    ) -> tuple[Account, Sequence[Outgoing]]:
        """What of a row is of no use or may not be shown to its reader any longer, and the door that this holds for.

        A role is not in force through a guest's account, so another of theirs may be shown more. The answer to a person
        goes out in the breath it was given in; it is checked where it had to wait.
        """
        if row.is_reply and not row.attempts and now - row.created_at < IN_ONE_BREATH:
            return account, ()
        parts = carried(session, row) if row.carries_others else (row,)
        lost = [
            each
            for each in parts
            if each.expires_at <= now or not self._is_still_theirs(session, each, account, at=now)
        ]
        if lost and account.is_guest and not row.is_reply:
            other = self._way.account(session, row, guests=False)
            if other is not None:
                return self._lost(session, row, other, now)
        return account, lost


def _is_behind(session: Session, row: Outgoing) -> bool:
    """Whether something that was to be sent before is still to be sent at the same door."""
    before = tuple_(Outgoing.not_before, Outgoing.id) < (row.not_before, row.id)
    here = select(Outgoing.id).where(Outgoing.account_id == row.account_id, OPEN, before)
    return session.scalar(here.limit(1)) is not None


def _shown(session: Session, row: Outgoing, lost: Sequence[Outgoing]) -> Answer | None:
    """What a row shows without what was `lost`, None where nothing is left; a digest of one is that one news."""
    if row in lost:
        return None
    left = [each for each in carried(session, row) if each not in lost] if row.carries_others else []
    if lost and not left:
        return None
    answer: Answer = from_json(left[0].screen if len(left) == 1 else row.screen)
    if lost and len(left) > 1 and answer.screen is not None:
        return replace(answer, screen=without(answer.screen, {each.id for each in lost}))
    return answer


def _withhold(session: Session, row: Outgoing, now: datetime) -> None:
    log.warning("withheld", outgoing=row.id, trace=row.trace)
    settle(session, row, Sending.FAILED, now, WITHHELD)
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


def _thread(row: Outgoing) -> str:
    """The reference of what a message is about, such as P-000123; nothing where it is about several."""
    found = REFERENCE.match(row.once) if not row.carries_others else None
    return found[0] if found else ""
