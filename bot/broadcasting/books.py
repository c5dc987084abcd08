"""The rows of a broadcast that is on its way: what is to be sent, what was claimed, and what became of it.

Each method is one short transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import structlog
from sqlalchemy import bindparam, exists, or_, select, update
from sqlalchemy.orm import Session, load_only

from bot.kit.door import ELSEWHERE, UNREACHABLE, Door, Paused, Permanent, Transient
from bot.kit.events import Answer, Returned
from bot.kit.text import Reader
from bot.work import BROADCAST, MEND, URGENT, Retry, Work, lane
from db.broadcasts import Broadcast, BroadcastCopy, BroadcastPortion, Standing
from db.broadcasts.copies import MUTED, NO_DOOR, OPEN, as_message, copy_of_message, send_again
from db.machinery import OUTBOX_HOLD, Audit, Due, Inbox, InboxState, Sending, Setting
from db.people import MAIL, Account, Person, Topic
from db.session import Sessions
from scheduling.clock import Clock

from .shown import answers_of, own

log = structlog.get_logger()

OVER = "broadcasts.over"  # the job that ends a broadcast of which nothing waits any longer
DOUBT, EXPIRED, GONE = "unknown_outcome", "expired", "gone"
STILL_USEFUL = timedelta(days=1)  # what came back is worth sending on for so long at least

# A person's id, the copy's and its answer, each; gives the answers with handles that are theirs.
Bind = Callable[[Session, Sequence[tuple[int, int, Answer]], datetime], list[Answer]]
# How a portion's broadcast stands, which edition holds, and whether nothing is sent by itself.
STANDS = (
    select(Broadcast.standing, Broadcast.edition, exists().where(Setting.name == OUTBOX_HOLD))
    .join(BroadcastPortion, BroadcastPortion.broadcast_id == Broadcast.id)
    .where(BroadcastPortion.id == bindparam("portion"))
)
CLAIM = (
    update(BroadcastCopy)
    .where(BroadcastCopy.id.in_(bindparam("ids", expanding=True)), BroadcastCopy.state == Sending.WAITING)
    .values(state=Sending.SENDING, attempts=BroadcastCopy.attempts + 1, edition=bindparam("goes"))
    .returning(BroadcastCopy.id)
)
# What is asked of each reader: an entity whole takes several times as long to load.
PEOPLE = select(Person).options(
    load_only(Person.language, Person.zone, Person.muted, Person.by_mail, Person.erased_at, Person.merged_into_id)
)
ACCOUNTS = select(Account).options(load_only(Account.person_id, Account.platform, Account.address))
THROUGH = update(BroadcastCopy).where(BroadcastCopy.id == bindparam("copy")).values(account_id=bindparam("account"))
# Whatever is recorded late counts: another run of the same portion may have thought it lost.
ON_ITS_WAY = (
    BroadcastCopy.id == bindparam("copy"),
    or_(BroadcastCopy.state == Sending.SENDING, BroadcastCopy.state == Sending.IN_DOUBT),
)
ACCEPTED = (
    update(BroadcastCopy)
    .where(*ON_ITS_WAY)
    .values(
        state=Sending.ACCEPTED,
        message=bindparam("said"),
        edition=bindparam("edition_sent"),
        accepted_at=bindparam("at"),
        settled_at=bindparam("at"),
        reason=None,
    )
)


@dataclass(frozen=True)
class Copy:
    """Everything a send needs, read out of the database before it. `answer` has no handles yet."""

    id: int
    broadcast_id: int
    portion: int  # its number
    person_id: int
    account_id: int
    platform: str
    address: str
    answer: Answer
    reader: Reader
    edition: int
    goes_first: bool  # see the broadcast
    repeated: bool
    attempts: int


@dataclass(frozen=True)
class Outcome:
    """What became of one copy: the platform's name for it, or why it did not take it."""

    copy: Copy
    message: Mapping[str, Any] | None = None
    error: Exception | None = None


class Books:
    """Reads and writes them. `bind` gives each copy's buttons handles that are its reader's."""

    def __init__(self, *, sessions: Sessions, clock: Clock, doors: Mapping[str, Door], bind: Bind, work: Work) -> None:
        self._sessions = sessions
        self._clock = clock
        self._doors = doors
        self._bind = bind
        self._work = work

    def doubt(self, portion_id: int) -> None:
        """What was on its way when the process died that sent it: nobody knows whether it arrived."""
        now = self._clock.now()
        with self._sessions.writing() as session:
            portion = session.get(BroadcastPortion, portion_id)
            if portion is None:
                return
            its = (*of(portion), BroadcastCopy.state == Sending.SENDING)
            if session.scalar(select(BroadcastCopy.id).where(*its).limit(1)) is None:
                return
            holds = _holds(session, {portion.broadcast_id})  # before the copies, as whoever publishes one
            interrupted = session.scalars(
                update(BroadcastCopy)
                .where(*its)
                .values(state=Sending.IN_DOUBT, reason=DOUBT, settled_at=now)
                .returning(BroadcastCopy.edition)
            ).all()
            if any(edition < holds[portion.broadcast_id] for edition in interrupted):
                self._mend(session, portion.broadcast_id, portion.number)
        if interrupted:
            log.warning("in doubt", portion=portion_id, copies=len(interrupted))

    def ahead(self, portion_id: int) -> list[Copy]:
        """What is to be sent of a portion, with the door it goes through; what can never be is settled at once."""
        now = self._clock.now()
        with self._sessions.writing() as session:
            portion = session.get(BroadcastPortion, portion_id)
            broadcast = session.get(Broadcast, portion.broadcast_id) if portion is not None else None
            if portion is None or broadcast is None or not self._goes(session, broadcast):
                return []
            if portion.at > now:
                raise Retry(timedelta(), portion.at)
            waiting = select(BroadcastCopy).where(*of(portion), BroadcastCopy.state == Sending.WAITING)
            rows = session.scalars(waiting.order_by(BroadcastCopy.attempts, BroadcastCopy.id)).all()
            if not rows:
                return []
            answers = answers_of(session, broadcast)
            people = {each.id: each for each in session.scalars(PEOPLE.where(_among(Person.id, rows)))}
            accounts = self._accounts(session, rows)
            found: list[Copy] = []
            for row in rows:
                person, answer = people[row.person_id], answers.get(row.language, answers.get(broadcast.language))
                account = _door(row, person, accounts.get(row.person_id, ()))
                why = self._why_not(session, broadcast, row, person, account, answer, now)
                if why is not None or account is None or answer is None:
                    _fail(row, why or NO_DOOR, now)
                    continue
                found.append(
                    Copy(
                        id=row.id,
                        broadcast_id=row.broadcast_id,
                        portion=row.portion,
                        person_id=row.person_id,
                        account_id=account.id,
                        platform=account.platform,
                        address=account.address,
                        answer=replace(own(answer, row.id), outgoing=as_message(row.id)),
                        reader=Reader(person.language, person.zone),
                        edition=broadcast.edition,
                        goes_first=broadcast.goes_first,
                        repeated=row.may_repeat,
                        attempts=row.attempts,
                    )
                )
        return found

    def claim(self, portion_id: int, copies: Sequence[Copy]) -> list[Copy] | None:
        """Those of them that nobody else has, with handles; None where the broadcast does not go now, or not so."""
        with self._sessions.writing() as session:
            standing, edition, is_held = session.connection().execute(STANDS, {"portion": portion_id}).one()
            if standing is not Standing.SENDING or is_held or any(copy.edition != edition for copy in copies):
                return None
            ids = {"ids": [copy.id for copy in copies], "goes": edition}
            ours = set(session.connection().execute(CLAIM, ids).scalars())
            claimed = [copy for copy in copies if copy.id in ours]
            if not claimed:
                return []
            session.connection().execute(THROUGH, [{"copy": copy.id, "account": copy.account_id} for copy in claimed])
            bound = self._bind(session, [(copy.person_id, copy.id, copy.answer) for copy in claimed], self._clock.now())
        return [replace(copy, answer=answer) for copy, answer in zip(claimed, bound, strict=True)]

    def record(self, outcomes: Sequence[Outcome]) -> None:
        now = self._clock.now()
        with self._sessions.writing() as session:
            taken = [each for each in outcomes if each.error is None]
            gone = [each.copy for each in outcomes if not isinstance(each.error, Transient | Permanent)]
            if gone:
                self._mend_what_is_old(session, gone)
            if taken:
                session.connection().execute(
                    ACCEPTED,
                    [
                        {"copy": each.copy.id, "said": each.message, "edition_sent": each.copy.edition, "at": now}
                        for each in taken
                    ],
                )
            for each in outcomes:
                if each.error is not None:
                    self._not_taken(session, each.copy, each.error, now)

    def _mend_what_is_old(self, session: Session, gone: Sequence[Copy]) -> None:
        """They were on their way when another edition took the place of theirs, whose own job could not see them."""
        holds = _holds(session, {copy.broadcast_id for copy in gone})
        for its in sorted({(c.broadcast_id, c.portion) for c in gone if c.edition < holds[c.broadcast_id]}):
            self._mend(session, *its)

    def _mend(self, session: Session, broadcast: int, number: int) -> None:
        its = BroadcastPortion.broadcast_id == broadcast, BroadcastPortion.number == number
        haste = URGENT * session.get_one(Broadcast, broadcast).goes_first
        for old in session.scalars(select(BroadcastPortion.id).where(*its)):
            self._work.defer(session, MEND, lock=lane(MEND, broadcast, number), first=haste, portion=old)

    def _not_taken(self, session: Session, copy: Copy, error: Exception, now: datetime) -> None:
        row = session.get_one(BroadcastCopy, copy.id, with_for_update=True)
        if row.state not in (Sending.SENDING, Sending.IN_DOUBT):
            return
        if isinstance(error, Transient):
            row.state, row.settled_at = Sending.WAITING, None
            row.reason = row.reason if row.reason != DOUBT else None
            row.attempts -= isinstance(error, Paused)
        elif isinstance(error, Permanent):
            self._refused(session, row, copy, error.reason, now)
        else:
            row.state, row.reason, row.settled_at = Sending.IN_DOUBT, DOUBT, now

    def _refused(self, session: Session, row: BroadcastCopy, copy: Copy, reason: str, now: datetime) -> None:
        """Refused for good at this door: another is tried where that may help."""
        log.warning("refused", copy=copy.id, door=copy.platform, reason=reason)
        if reason in UNREACHABLE:
            account = session.get(Account, copy.account_id)
            if account is not None:
                account.unreachable_since, account.unreachable_reason = now, reason
        elif reason not in ELSEWHERE or row.reason in ELSEWHERE:  # two such doors would hand it to each other for ever
            _fail(row, reason, now)
            return
        row.state, row.reason, row.attempts = Sending.WAITING, reason, 0

    def end(self, portion_id: int) -> None:
        """Note that nothing of a portion waits; with nothing left of the whole, let the broadcast be ended."""
        now = self._clock.now()
        with self._sessions.writing() as session:
            portion = session.get(BroadcastPortion, portion_id, with_for_update=True)
            if portion is None or portion.at > now:
                return
            if session.scalar(_open(*of(portion))) is not None:
                return
            portion.ended_at = portion.ended_at or now
            session.flush()
            broadcast = session.get_one(Broadcast, portion.broadcast_id)
            if session.scalar(_open(BroadcastCopy.broadcast_id == broadcast.id)) is not None:
                return
            key = f"broadcast:{broadcast.id}:over:{portion.id}"
            if broadcast.standing is Standing.SENDING and session.scalar(select(Due.id).where(Due.key == key)) is None:
                args = {"broadcast": broadcast.id}
                session.add(Due(administration_id=broadcast.administration_id, job=OVER, args=args, key=key, at=now))

    def returned(self, inbox: int, back: Returned) -> None:
        """A copy that a platform had accepted came back: the next door is tried, and it says what became of it.

        Whatever was opened has arrived. Raises LookupError for one that is being sent: its platform was quicker than
        our record.
        """
        now = self._clock.now()
        with self._sessions.writing() as session:
            kept = session.get(Inbox, inbox, with_for_update=True)
            if kept is None or kept.state is not InboxState.WAITING:
                return
            kept.state = InboxState.DONE
            row = session.get(BroadcastCopy, copy_of_message(back.outgoing), with_for_update=True)
            if row is None:
                return
            if row.state is Sending.SENDING:
                raise LookupError("it is being sent")
            if row.state not in (Sending.ACCEPTED, Sending.IN_DOUBT) or row.opened_at is not None:
                return
            log.warning("returned", copy=row.id, reason=back.reason)
            account = session.get(Account, row.account_id) if row.account_id is not None else None
            if account is not None and back.reason in UNREACHABLE:
                account.unreachable_since, account.unreachable_reason = now, back.reason
                session.flush()
            row.accepted_at = row.message = None
            _fail(row, back.reason, now)
            broadcast = session.get_one(Broadcast, row.broadcast_id, with_for_update=True)
            person = session.get_one(Person, row.person_id)
            if back.reason not in UNREACHABLE | ELSEWHERE or not self._goes_on(broadcast):
                return
            if _door(row, person, self._accounts(session, [row]).get(row.person_id, ())) is None:
                return
            broadcast.reopen(expires_at=now + STILL_USEFUL)
            session.flush()
            for portion in send_again(session, broadcast, BroadcastCopy.id == row.id, at=now, most=1, repeated=False):
                row.reason = back.reason  # so that it is not handed to the same door again
                haste = URGENT * broadcast.goes_first
                self._work.defer(session, BROADCAST, at=now, first=haste, portion=portion.id)

    @staticmethod
    def _goes_on(broadcast: Broadcast) -> bool:
        return broadcast.standing in (Standing.SENDING, Standing.PAUSED, Standing.SENT)

    # What is read on the way

    def _goes(self, session: Session, broadcast: Broadcast) -> bool:
        """Whether it is under way. Restored, we send nothing by ourselves: it pauses until somebody goes on with it."""
        if broadcast.standing is not Standing.SENDING:
            return False
        if session.get(Setting, OUTBOX_HOLD) is not None:
            broadcast.pause()
            session.add(
                Audit(
                    administration_id=broadcast.administration_id,
                    at=self._clock.now(),
                    who=None,
                    door="outbox",
                    what="broadcasts.pause",
                    about=f"broadcast:{broadcast.id}",
                    ids={"broadcast": broadcast.id},
                    trace="broadcasting",
                )
            )
            return False
        return True

    def _accounts(self, session: Session, rows: Sequence[BroadcastCopy]) -> dict[int, list[Account]]:
        """The doors through which each of these people could be reached, the last used first."""
        theirs = ACCOUNTS.where(
            _among(Account.person_id, rows),
            Account.unreachable_since.is_(None),
            Account.platform.in_(list(self._doors)),
        ).order_by(Account.person_id, Account.used_at.desc())
        return {
            person: list(each)
            for person, each in groupby(session.scalars(theirs), key=lambda account: account.person_id)
        }

    def _why_not(
        self,
        session: Session,
        broadcast: Broadcast,
        row: BroadcastCopy,
        person: Person,
        account: Account | None,
        answer: Answer | None,
        now: datetime,
    ) -> str | None:
        if person.erased_at is not None or person.merged_into_id is not None:
            return GONE
        if broadcast.expires_at is not None and broadcast.expires_at <= now:
            return EXPIRED
        if Topic.BROADCASTS in person.muted and not broadcast.is_urgent:
            return MUTED
        if answer is None:
            return "unreadable"
        if account is None:
            return row.reason or _said_last(session, person) or NO_DOOR
        return None


def of(portion: BroadcastPortion) -> tuple[Any, Any]:
    return BroadcastCopy.broadcast_id == portion.broadcast_id, BroadcastCopy.portion == portion.number


def _holds(session: Session, broadcasts: Set[int]) -> dict[int, int]:
    """Which edition holds of each. Nobody publishes another between this look and our commit."""
    its = select(Broadcast.id, Broadcast.edition).where(Broadcast.id.in_(broadcasts)).with_for_update(read=True)
    return {number: edition for number, edition in session.execute(its)}  # noqa: C416  a row is no pair


def _open(*which: Any) -> Any:
    return select(BroadcastCopy.id).where(*which, BroadcastCopy.state.in_(OPEN)).limit(1)


def _among(column: Any, rows: Sequence[BroadcastCopy]) -> Any:
    return column.in_([row.person_id for row in rows])


def _door(row: BroadcastCopy, person: Person, accounts: Sequence[Account]) -> Account | None:
    """The one of their doors that it goes through: chat before e-mail, unless they chose that; never one that has
    refused this very message."""
    but = row.account_id if row.reason in ELSEWHERE else None
    left = (each for each in accounts if each.id != but)
    return min(left, key=lambda each: (each.platform == MAIL) != person.by_mail, default=None)


def _said_last(session: Session, person: Person) -> str | None:
    """Why the door that they used last is shut."""
    shut = Account.person_id == person.id, Account.unreachable_since.is_not(None)
    return session.scalar(select(Account.unreachable_reason).where(*shut).order_by(Account.used_at.desc()).limit(1))


def _fail(row: BroadcastCopy, reason: str, now: datetime) -> None:
    row.state = Sending.EXPIRED if reason == EXPIRED else Sending.FAILED
    row.reason, row.settled_at = reason, now
