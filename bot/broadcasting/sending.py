"""Sending a broadcast: a portion of its copies a job, in the reader's language, at the pace the platforms allow.

A copy is claimed (`sending`) in a transaction of its own shortly before it leaves, and what became of it is recorded in
another, some at a time. One that is found `sending` when its portion begins was interrupted in between: nobody knows
whether it arrived. It is left in doubt, listed, and sent again when a person says so, never by itself; that holds for
an outcome that the platform kept to itself, too. So a process that dies leaves no more in doubt than it had claimed:
what was to leave within `CLAIMED_AHEAD`, and what was on its way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import structlog
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.kit.door import ELSEWHERE, UNREACHABLE, Door, Paused, Permanent, Transient, Unknown
from bot.kit.events import Answer
from bot.kit.screen import Button, from_json, map_buttons
from bot.kit.text import Catalogues, Reader, Writer
from bot.rates import Rates
from bot.work import Retry, Threads
from db.broadcasts import Broadcast, BroadcastCopy, BroadcastPortion, BroadcastText, Standing
from db.broadcasts.copies import MUTED, NO_DOOR, OPEN
from db.machinery import OUTBOX_HOLD, Audit, Due, Sending, Setting
from db.people import MAIL, Account, Person, Topic
from db.session import Sessions
from scheduling.clock import Clock

log = structlog.get_logger()

SLICE = 20  # slots taken at once: others who send get theirs in between
CLAIMED_AHEAD = 0.25  # seconds: what leaves within them is claimed together
LEAD = 0.05  # seconds before the first of them leaves, for the claim itself
SLACK = 0.1  # seconds by which a message may be late for its slot; later it asks for another
GROUPS = 4  # claimed together, and not all recorded yet
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)
RECORDED_AT_LAST = 5  # tries to record what the platform has taken already
OVER = "broadcasts.over"  # the job that ends a broadcast of which nothing waits any longer
DOUBT, EXPIRED, GONE = "unknown_outcome", "expired", "gone"
COPY = "copy"  # the argument of a button that names its copy; 0 until it is somebody's

# A person's id, the copy's and its answer, each; gives the answers with handles that are theirs.
Bind = Callable[[Session, Sequence[tuple[int, int, Answer]], datetime], list[Answer]]
CLAIM = (
    update(BroadcastCopy)
    .where(BroadcastCopy.id.in_(bindparam("ids", expanding=True)), BroadcastCopy.state == Sending.WAITING)
    .values(state=Sending.SENDING, attempts=BroadcastCopy.attempts + 1)
    .returning(BroadcastCopy.id)
)
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
    person_id: int
    account_id: int
    platform: str
    address: str
    answer: Answer
    reader: Reader
    edition: int
    repeated: bool
    attempts: int


@dataclass(frozen=True)
class Outcome:
    """What became of one copy: the platform's name for it, or why it did not take it."""

    copy: Copy
    message: Mapping[str, Any] | None = None
    error: Exception | None = None


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


class Broadcasting:
    """Sends portions. `bind` gives each copy's buttons handles that are its reader's; `sleep` takes seconds."""

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
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sessions = sessions
        self._threads = threads
        self._clock = clock
        self._catalogues = catalogues
        self._doors = doors
        self._rates = rates
        self._bind = bind
        self._sleep = sleep
        self._under_way: set[int] = set()

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
        await self._threads.run(self._doubt, portion)
        while copies := await self._threads.run(self._ahead, portion):
            by_door: dict[str, list[Copy]] = {}
            for copy in copies:
                by_door.setdefault(copy.platform, []).append(copy)
            ebbs = await settled(self._through(door, its, portion) for door, its in by_door.items())
            if waits := [ebb for ebb in ebbs if ebb.why]:
                latest = max(waits, key=lambda ebb: ebb.pause)
                raise Retry(latest.pause, latest.until)
        await self._threads.run(self._end, portion)

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
                    while len(groups) >= GROUPS:
                        _done, groups = await asyncio.wait(groups, return_when=asyncio.FIRST_COMPLETED)
                        await settled(_done)
                    if ebb:
                        break
                    its = [(left.popleft(), instant) for instant in instants if left]
                    groups.add(asyncio.create_task(self._group(door, its, portion, ebb)))
        finally:
            await settled(groups)
        return ebb

    async def _group(self, door: str, its: Sequence[tuple[Copy, float]], portion: int, ebb: Ebb) -> None:
        """Claim a few copies, send them, and record what became of them."""
        claimed = await self._threads.run(self._claim, portion, [copy for copy, _instant in its])
        if claimed is None:
            ebb.is_over = True
            return
        instants = {copy.id: instant for copy, instant in its}
        outcomes = await settled(self._one(door, each, instants[each.id], ebb) for each in claimed)
        await self._recorded(outcomes)

    async def _one(self, door: str, copy: Copy, instant: float, ebb: Ebb) -> Outcome:
        now = asyncio.get_running_loop().time
        while (away := instant - now()) > 0 or away < -SLACK:
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
                return await self._threads.run(self._record, outcomes)
            except SQLAlchemyError as error:
                if again + 1 == RECORDED_AT_LAST:
                    raise
                log.warning("not recorded yet", copies=len(outcomes), error=type(error).__name__)
                await self._sleep(2.0**again / 4)

    # Each of these is one short transaction

    def _doubt(self, portion_id: int) -> None:
        """What was on its way when the process died that sent it: nobody knows whether it arrived."""
        now = self._clock.now()
        with self._sessions.writing() as session:
            portion = session.get(BroadcastPortion, portion_id)
            if portion is None:
                return
            interrupted = session.scalars(
                update(BroadcastCopy)
                .where(*of(portion), BroadcastCopy.state == Sending.SENDING)
                .values(state=Sending.IN_DOUBT, reason=DOUBT, settled_at=now)
                .returning(BroadcastCopy.id)
            ).all()
        if interrupted:
            log.warning("in doubt", portion=portion_id, copies=len(interrupted))

    def _ahead(self, portion_id: int) -> list[Copy]:
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
            people = {each.id: each for each in session.scalars(select(Person).where(_among(Person.id, rows)))}
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
                        person_id=row.person_id,
                        account_id=account.id,
                        platform=account.platform,
                        address=account.address,
                        answer=own(answer, row.id),
                        reader=Reader(person.language, person.zone),
                        edition=broadcast.edition,
                        repeated=row.may_repeat,
                        attempts=row.attempts,
                    )
                )
        return found

    def _claim(self, portion_id: int, copies: Sequence[Copy]) -> list[Copy] | None:
        """Those of them that nobody else has, with handles; None where the broadcast does not go now, or not so."""
        with self._sessions.writing() as session:
            portion = session.get_one(BroadcastPortion, portion_id)
            broadcast = session.get_one(Broadcast, portion.broadcast_id)
            if not self._goes(session, broadcast) or any(copy.edition != broadcast.edition for copy in copies):
                return None
            ids = {"ids": [copy.id for copy in copies]}
            ours = set(session.connection().execute(CLAIM, ids).scalars())
            claimed = [copy for copy in copies if copy.id in ours]
            if not claimed:
                return []
            session.connection().execute(THROUGH, [{"copy": copy.id, "account": copy.account_id} for copy in claimed])
            bound = self._bind(session, [(copy.person_id, copy.id, copy.answer) for copy in claimed], self._clock.now())
        return [replace(copy, answer=answer) for copy, answer in zip(claimed, bound, strict=True)]

    def _record(self, outcomes: Sequence[Outcome]) -> None:
        now = self._clock.now()
        with self._sessions.writing() as session:
            taken = [each for each in outcomes if each.error is None]
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

    def _end(self, portion_id: int) -> None:
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
        theirs = (
            select(Account)
            .where(
                _among(Account.person_id, rows),
                Account.unreachable_since.is_(None),
                Account.platform.in_(list(self._doors)),
            )
            .order_by(Account.person_id, Account.used_at.desc())
        )
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


def answers_of(session: Session, broadcast: Broadcast) -> dict[str, Answer]:
    """The screen of the edition that holds, by language. What another version of Parley wrote is left out."""
    texts = select(BroadcastText).where(
        BroadcastText.broadcast_id == broadcast.id, BroadcastText.edition == broadcast.edition
    )
    found: dict[str, Answer] = {}
    for text in session.scalars(texts):
        try:
            found[text.language] = replace(from_json(text.screen), thread=broadcast.ref)
        except (LookupError, TypeError, ValueError):
            log.error("unreadable", broadcast=broadcast.id, language=text.language)
    return found


def own(answer: Answer, copy_id: int) -> Answer:
    """The same with buttons that name this copy."""

    def named(button: Button) -> Button:
        if COPY not in button.args:
            return button
        return replace(button, args={**button.args, COPY: copy_id})

    made: Answer = map_buttons(answer, named)
    return made


def _fail(row: BroadcastCopy, reason: str, now: datetime) -> None:
    row.state = Sending.EXPIRED if reason == EXPIRED else Sending.FAILED
    row.reason, row.settled_at = reason, now


def _together(slots: Sequence[float]) -> list[list[float]]:
    """Instants in order, those together that lie within `CLAIMED_AHEAD` of the first of them."""
    found: list[list[float]] = []
    for slot in slots:
        if found and slot - found[-1][0] <= CLAIMED_AHEAD:
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
