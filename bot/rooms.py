"""What turns want done in rooms: claim a step, do it with no session open, record what became of it.

The promises are those of `bot.delivery`: the row is there before the call; what was refused for good says why, to
whoever opened the room; an outcome nobody knows is tried once more and then left in doubt. Only opening a room and
saying something are not harmless when they are repeated; each is a step of its own, or recorded before the next call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.door import Door, Paused, Permanent, Transient, Unknown
from bot.kit.events import Answer
from bot.kit.rooms import GONE, NO_ACCOUNT, OUT_OF_REACH, OUTSIDE, Guest, Opened, Rooms, Wanted
from bot.kit.screen import from_json
from bot.kit.text import Catalogues, Reader, Writer
from bot.rates import Buckets, Early
from bot.work import Retry, Threads
from db.machinery import OUTBOX_HOLD, Audit, ChatRoomStep, Deed, Due, Sending, Setting
from db.meetings import Meeting
from db.people import Account, Person
from db.rooms import ChatGroup, ChatRoom, ChatRoomMember, RoomState
from db.session import Sessions
from scheduling.clock import Clock

log = structlog.get_logger()

NEWS = "roundtables.room_news"  # the job that tells whoever opened the room what became of it
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=5)
NOT_OPENED = "not_opened"  # there is no room to do it in
DOUBT, EXPIRED = "unknown_outcome", "expired"


@dataclass(frozen=True)
class Step:
    """Everything a step needs, read out of the database before it."""

    id: int
    room_id: int
    deed: Deed
    platform: str
    lock: str
    wanted: Wanted
    key: str
    answer: Answer | None
    pinned: Mapping[str, Any] | None
    is_pinned: bool
    titled: str | None
    reader: Reader
    repeated: bool
    attempts: int
    come: Mapping[int, Guest]
    go: Mapping[int, Guest]
    trace: str


class RoomKeeper:
    """Does what is to be done in rooms."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        threads: Threads,
        clock: Clock,
        catalogues: Catalogues,
        doors: Mapping[str, Door],
        rates: Buckets,
    ) -> None:
        self._rates = rates
        self.rooms: dict[str, Rooms] = {}  # by platform
        self._sessions = sessions
        self._threads = threads
        self._clock = clock
        self._catalogues = catalogues
        self._doors = doors

    async def keep(self, step: int) -> None:
        """Job body: do one step. Runs again harmlessly; raises `Retry` when it should be tried later."""
        try:
            claimed = await self._threads.run(self._claim, step)
            if isinstance(claimed, Early):
                await asyncio.sleep(claimed.wait)
                claimed = await self._threads.run(self._claim, step, has_turn=True)
        except Paused as error:
            raise Retry(error.pause, error.until, why=type(error).__name__) from None
        if not isinstance(claimed, Step):
            return
        try:
            await self._do(claimed)
        except Permanent as error:
            await self._threads.run(self._failed, claimed, error.reason, str(error).removeprefix(error.reason).strip())
        except Paused as error:
            await self._threads.run(self._again, claimed, claimed.attempts, error)
            raise Retry(error.pause, error.until, lock=claimed.lock, why=type(error).__name__) from None
        except Transient as error:
            await self._threads.run(self._again, claimed, claimed.attempts + 1)
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(claimed.attempts, 9))
            raise Retry(pause, lock=claimed.lock, why=type(error).__name__) from None
        except Exception as error:  # Unknown; or something of ours is broken, and nobody knows how far it came
            if not isinstance(error, Unknown):
                log.error("the room failed", step=step, door=claimed.platform, exc_info=error)
            if await self._threads.run(self._unknown, claimed):
                raise Retry(FIRST_PAUSE, lock=claimed.lock, why=type(error).__name__) from None

    async def _do(self, step: Step) -> None:
        rooms = self.rooms[step.platform]
        match step.deed:
            case Deed.OPEN:
                opened = await rooms.open(step.wanted, repeated=step.repeated)
                await self._threads.run(self._opened, step, opened)
                return
            case Deed.BRING:
                await rooms.guard(step.key, step.wanted)
                await rooms.take_out(step.key, step.go)
                found = await rooms.bring(step.key, step.come) if step.come else {}
                await self._threads.run(self._brought, step, found)
                return
            case Deed.SHOW:
                await rooms.guard(step.key, step.wanted)
                if step.titled != step.wanted.title:
                    await rooms.rename(step.key, step.wanted)
                message = await self._say(step, edits=step.pinned)
                if message != step.pinned:
                    await self._threads.run(self._shown, step, message)
                if message != step.pinned or not step.is_pinned:
                    await rooms.pin(step.key, message)
            case Deed.SAY:
                await rooms.guard(step.key, step.wanted)
                await self._say(step)
            case Deed.CLOSE:
                await rooms.close(step.key)
        await self._threads.run(self._done, step)

    async def _say(self, step: Step, *, edits: Mapping[str, Any] | None = None) -> dict[str, Any]:
        if step.answer is None:
            raise Permanent("unreadable")
        writer = Writer(self._catalogues, step.reader)
        door = self._doors[step.platform]
        return dict(await door.send(step.key, step.answer, writer, edits=edits, repeated=step.repeated))

    # Each of these is one short transaction

    def _claim(self, step_id: int, *, has_turn: bool = False) -> Step | Early | None:
        """Raises `Paused` where the platform's limits let it go later only: nothing has changed then."""
        now = self._clock.now()
        with self._sessions.writing() as session:
            row = session.get(ChatRoomStep, step_id)
            if row is None:
                return None
            room = self._locked(session, row)
            if row.state not in (Sending.WAITING, Sending.SENDING):
                return None
            if session.get(Setting, OUTBOX_HOLD) is not None and row.state is Sending.WAITING:
                hold = session.get_one(Setting, OUTBOX_HOLD).value.get("since")
                if hold is None or row.created_at < datetime.fromisoformat(hold):
                    row.state = Sending.HELD
                    return None
            if row.expires_at <= now or room.platform not in self.rooms:
                self._settle(session, room, row, Sending.EXPIRED, now, EXPIRED)
                if room.is_there and room.failed(row.deed, EXPIRED, "", is_gone=row.deed is Deed.OPEN):
                    self._tell(session, room, row.id, f"{room.lock}:{row.id}", now)
                return None
            if row.deed is Deed.OPEN:
                if room.state is not RoomState.OPENING:
                    self._settle(session, room, row, Sending.EXPIRED, now, EXPIRED)
                    return None
            elif room.state is not RoomState.OPEN or room.key is None:
                self._settle(session, room, row, Sending.EXPIRED, now, NOT_OPENED)
                return None
            is_new = row.deed in (Deed.OPEN, Deed.SAY) or (row.deed is Deed.SHOW and room.pinned is None)
            if row.state is Sending.SENDING and is_new:
                # Interrupted between the platform's answer and our record.
                if row.may_repeat:
                    self._doubt(session, room, row, now)
                    return None
                row.may_repeat = True
            try:
                step = self._read(session, room, row)
            except (LookupError, TypeError, ValueError):  # written by another version of Parley
                self._settle(session, room, row, Sending.FAILED, now, "unreadable")
                return None
            if row.deed in (Deed.SAY, Deed.SHOW) and room.key is not None and not has_turn:
                edits = room.pinned if row.deed is Deed.SHOW else None
                wait = self._rates.take(session, room.platform, room.key, edits, is_answer=False)
                if wait:
                    row.state = Sending.WAITING
                    return Early(wait)
            row.state, row.attempts = Sending.SENDING, row.attempts + 1
            return step

    def _locked(self, session: Session, row: ChatRoomStep) -> ChatRoom:
        """The room of a step, held until the transaction ends, and the step as it is then."""
        room = session.get_one(ChatRoom, row.room_id, with_for_update=True)
        session.refresh(row)
        return room

    def _read(self, session: Session, room: ChatRoom, row: ChatRoomStep) -> Step:
        meeting = session.get_one(Meeting, room.meeting_id)
        group = session.get(ChatGroup, room.group_id) if room.group_id is not None else None
        said = {Deed.SHOW: room.shown, Deed.SAY: row.screen}.get(row.deed)
        come, go = self._people(session, room) if row.deed is Deed.BRING else ({}, {})
        return Step(
            id=row.id,
            room_id=room.id,
            deed=row.deed,
            platform=room.platform,
            lock=room.lock,
            wanted=Wanted(meeting.ref, room.title, room.is_confidential, group.key if group is not None else None),
            key=room.key or "",
            answer=from_json(said) if said is not None else None,
            pinned=room.pinned,
            is_pinned=room.is_pinned,
            titled=room.titled,
            reader=Reader(room.language, room.zone),
            repeated=row.may_repeat,
            attempts=row.attempts,
            come=come,
            go=go,
            trace=row.trace,
        )

    def _people(self, session: Session, room: ChatRoom) -> tuple[dict[int, Guest], dict[int, Guest]]:
        """Who is to be let in, and who to be taken out; of those who cannot be, the row says why at once."""
        come: dict[int, Guest] = {}
        go: dict[int, Guest] = {}
        accounts = self._accounts(session, room)
        rows = select(ChatRoomMember, Person.erased_at).join(Person, Person.id == ChatRoomMember.person_id)
        for each, erased_at in session.execute(rows.where(ChatRoomMember.room_id == room.id)):
            account = accounts.get(each.person_id)
            each.is_wanted = each.is_wanted and erased_at is None
            if account is None:
                each.reason, each.is_in = (NO_ACCOUNT if each.is_wanted else None), False
                continue
            guest = Guest(account.external_id, account.address)
            if each.is_wanted and room.is_confidential and account.is_guest:
                each.reason = OUTSIDE
                if each.is_in:
                    go[each.person_id] = guest
            elif each.is_wanted:
                come[each.person_id] = guest
            elif each.is_in:
                go[each.person_id] = guest
        return come, go

    def _accounts(self, session: Session, room: ChatRoom) -> dict[int, Account]:
        """By person, the account on the room's platform that they used last; who was erased has theirs for a while."""
        among = select(ChatRoomMember.person_id).where(ChatRoomMember.room_id == room.id)
        theirs = (
            select(Account)
            .where(Account.platform == room.platform, Account.person_id.in_(among))
            .order_by(Account.used_at)
        )
        return {each.person_id: each for each in session.scalars(theirs)}

    def _opened(self, step: Step, opened: Opened) -> None:
        now = self._clock.now()
        with self._sessions.writing() as session:
            row = session.get_one(ChatRoomStep, step.id)
            room = self._locked(session, row)
            room.opened(opened.key, opened.link, step.wanted.title if opened.is_titled else None)
            self._settle(session, room, row, Sending.ACCEPTED, now, None)

    def _shown(self, step: Step, message: Mapping[str, Any]) -> None:
        with self._sessions.writing() as session:
            row = session.get_one(ChatRoomStep, step.id)
            room = self._locked(session, row)
            room.pinned, room.is_pinned, row.may_repeat = dict(message), False, False
            session.add(self._line(room, row, "room.posted", self._clock.now()))

    def _brought(self, step: Step, found: Mapping[int, str | None]) -> None:
        now = self._clock.now()
        with self._sessions.writing() as session:
            row = session.get_one(ChatRoomStep, step.id)
            room = self._locked(session, row)
            members = session.scalars(select(ChatRoomMember).where(ChatRoomMember.room_id == room.id))
            is_news = False  # somebody is not let in, and whoever opened it does not know yet
            for each in members:
                if each.person_id in found:
                    is_news |= found[each.person_id] not in (None, each.reason)
                    each.reason = found[each.person_id]
                    each.is_in = each.reason is None
                elif each.person_id in step.go:
                    each.is_in = False
            is_first = self._is_first(session, room, row)
            self._works(room, Deed.BRING)
            self._settle(session, room, row, Sending.ACCEPTED, now, None)
            self._tell(session, room, step.id, f"{room.lock}:{step.id}", now, tell=is_first or is_news)

    def _is_first(self, session: Session, room: ChatRoom, row: ChatRoomStep) -> bool:
        """Whether nobody has been let into this room before, since it was opened."""
        before = (
            ChatRoomStep.room_id == room.id,
            ChatRoomStep.deed == Deed.BRING,
            ChatRoomStep.id != row.id,
            ChatRoomStep.state == Sending.ACCEPTED,
            ChatRoomStep.created_at >= room.opened_at,
        )
        return session.scalar(select(ChatRoomStep.id).where(*before).limit(1)) is None

    def _done(self, step: Step) -> None:
        now = self._clock.now()
        with self._sessions.writing() as session:
            row = session.get_one(ChatRoomStep, step.id)
            room = self._locked(session, row)
            if step.deed is Deed.CLOSE:
                room.close(now)
            if step.deed is Deed.SHOW:
                room.is_pinned, room.titled = True, step.wanted.title
            self._works(room, step.deed)
            self._settle(session, room, row, Sending.ACCEPTED, now, None)

    def _again(self, step: Step, attempts: int, paused: Paused | None = None) -> None:
        """Back to waiting: the platform did not do it. Where it has said when to come again, all processes know."""
        with self._sessions.writing() as session:
            row = session.get_one(ChatRoomStep, step.id)
            row.state, row.attempts = Sending.WAITING, attempts
            if paused is not None:
                self._rates.shut(session, step.platform, paused)

    def _unknown(self, step: Step) -> bool:
        """True when it may be done once more."""
        now = self._clock.now()
        with self._sessions.writing() as session:
            row = session.get_one(ChatRoomStep, step.id)
            room = self._locked(session, row)
            if row.may_repeat:
                self._doubt(session, room, row, now)
                return False
            row.may_repeat, row.state = True, Sending.WAITING
            return True

    def _doubt(self, session: Session, room: ChatRoom, row: ChatRoomStep, now: datetime) -> None:
        room.failed(row.deed, DOUBT, "", is_gone=row.deed is Deed.OPEN)
        self._settle(session, room, row, Sending.IN_DOUBT, now, DOUBT)
        self._tell(session, room, row.id, f"{room.lock}:{row.id}", now)

    def _failed(self, step: Step, reason: str, detail: str) -> None:
        """Refused for good: whoever opened the room hears of it, unless they know."""
        now = self._clock.now()
        log.warning("refused in a room", step=step.id, deed=step.deed, door=step.platform, reason=reason, detail=detail)
        with self._sessions.writing() as session:
            row = session.get_one(ChatRoomStep, step.id)
            room = self._locked(session, row)
            self._settle(session, room, row, Sending.FAILED, now, reason)
            if step.deed is Deed.CLOSE and reason in GONE | OUT_OF_REACH:
                room.close(now)  # there is nothing left to close, as far as we can reach
            elif room.failed(step.deed, reason, detail, is_gone=step.deed is Deed.OPEN or reason in GONE):
                self._tell(session, room, step.id, f"{room.lock}:{step.id}", now)

    def _works(self, room: ChatRoom, deed: Deed) -> None:
        if room.failing is deed:
            room.mended()

    def _settle(
        self, session: Session, room: ChatRoom, row: ChatRoomStep, state: Sending, now: datetime, reason: str | None
    ) -> None:
        row.state, row.settled_at, row.reason = state, now, reason
        session.add(self._line(room, row, f"room.{row.deed}", now))

    def _tell(
        self, session: Session, room: ChatRoom, step_id: int, key: str, now: datetime, *, tell: bool = True
    ) -> None:
        """Let the capability's job tell people, once per `key`; whoever opened it too, if `tell`."""
        if session.scalar(select(Due.id).where(Due.key == key)) is not None:
            return
        # Why, as it was then: by the time it is told something else may have gone wrong.
        args = {"room": room.id, "step": step_id, "tell": tell, "reason": room.reason, "detail": room.detail}
        session.add(Due(administration_id=room.administration_id, job=NEWS, args=args, key=key, at=now))

    def _line(self, room: ChatRoom, row: ChatRoomStep, what: str, now: datetime) -> Audit:
        return Audit(
            administration_id=room.administration_id,
            at=now,
            who=None,
            door=room.platform,
            what=what,
            about=f"chat_room:{room.id}",
            ids={"chat_room": room.id, "chat_room_step": row.id, "meeting": room.meeting_id, "ok": not row.reason},
            trace=row.trace,
        )
