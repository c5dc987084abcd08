"""Putting the edition that holds in the place of the one that a reader has: a portion of copies a job.

A chat message is edited where it stands, so doing it twice is harmless; where a platform does not let us, or has no
messages to edit, as mail, another message is sent. One that was begun when its process died says that it may have come
before.

Whoever is in doubt may have an earlier edition in a message that we know nothing of: they get the one that holds in a
message of its own, which names what it replaces, and are in doubt no longer once that has arrived.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from bot.kit.answered import answered
from bot.kit.door import UNREACHABLE, Door, Paused, Permanent, Transient
from bot.kit.events import Answer
from bot.kit.text import Catalogues, Code, Phrase, Raw, Reader, Writer, _
from bot.rates import Rates, turn
from bot.work import Retry, Threads
from db.broadcasts import Broadcast, BroadcastCopy, BroadcastEdition, BroadcastPortion, BroadcastText, Reply, Standing
from db.broadcasts.copies import as_message, may_have
from db.machinery import OUTBOX_HOLD, Sending, Setting
from db.people import Account, Person
from db.session import Sessions
from scheduling.clock import Clock

from . import pause_after, settled
from .books import DOUBT, EXPIRED, STILL_USEFUL, Bind, of
from .shown import answers_of, own

log = structlog.get_logger()

ON_HOLD = timedelta(minutes=5)
SLICE = 20  # copies read, sent and recorded together
BEGUN = (
    update(BroadcastCopy)
    .where(BroadcastCopy.id.in_(bindparam("ids", expanding=True)))
    .values(mending_to=bindparam("to"))
)
GIVEN_UP = (
    update(BroadcastCopy)
    .where(BroadcastCopy.id.in_(bindparam("ids", expanding=True)))
    .values(mending_to=None, unmended=bindparam("why"))
)


@dataclass(frozen=True)
class Stale:
    """A copy whose reader has an earlier edition."""

    id: int
    account_id: int
    platform: str
    address: str
    answer: Answer
    reader: Reader
    edits: Mapping[str, Any] | None
    repeated: bool
    edition: int
    is_doubtful: bool
    said: tuple[Reply | None, str | None]  # what they had answered


class Mending:
    """Replaces what stands with readers. The pace is that of a broadcast."""

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
    ) -> None:
        self._sessions = sessions
        self._threads = threads
        self._clock = clock
        self._catalogues = catalogues
        self._doors = doors
        self._rates = rates
        self._bind = bind
        self._tries: Counter[int] = Counter()  # by portion: how often some of it was not taken, one run after another

    async def portion(self, portion: int) -> None:
        """Job body: mend what is left of one, trying each once. Runs again harmlessly; raises `Retry` for what the
        platforms did not take."""
        last, pauses = 0, list[timedelta]()
        while stale := await self._threads.run(self._begin, portion, last):
            failed = [each for each in await settled(self._one(copy) for copy in stale) if each is not None]
            if failed:
                over = await self._threads.run(self._put_back, portion, failed)
                failed = [each for each in failed if each[0].id not in over]
            again = pause_after(self._tries[portion])
            pauses += [error.pause if isinstance(error, Paused) else again for _copy, error in failed]
            last = stale[-1].id
        if pauses:
            self._tries[portion] += 1
            raise Retry(max(pauses))
        del self._tries[portion]

    async def _one(self, copy: Stale) -> tuple[Stale, Transient] | None:
        """Send and record one; what is to be tried again is given back, with why."""
        try:
            await turn(self._rates, copy.platform)
            writer = Writer(self._catalogues, copy.reader)
            door = self._doors[copy.platform]
            message = await door.send(copy.address, copy.answer, writer, edits=copy.edits, repeated=copy.repeated)
        except Transient as error:
            if isinstance(error, Paused) and error.told is not None:
                await self._rates.told_to_wait(copy.platform, error.pause)
            return copy, error
        except Permanent as error:
            await self._threads.run(self._record, copy, None, error.reason)
            return None
        except Exception as error:  # noqa: BLE001  unknown, or a door of ours is broken: they may have it, and it is listed
            log.warning("not mended", copy=copy.id, error=type(error).__name__)
            await self._threads.run(self._record, copy, None, DOUBT)
            return None
        holds = await self._threads.run(self._record, copy, dict(message), None)
        return None if holds else (copy, Transient("they have answered meanwhile"))

    def _begin(self, portion_id: int, after: int) -> list[Stale]:
        """The next few that have an earlier edition than the one that holds, marked as begun.

        Restored, we mend nothing by ourselves.
        """
        now = self._clock.now()
        with self._sessions.writing() as session:
            if session.get(Setting, OUTBOX_HOLD) is not None:
                raise Retry(ON_HOLD)
            portion = session.get(BroadcastPortion, portion_id)
            broadcast = session.get(Broadcast, portion.broadcast_id) if portion is not None else None
            if portion is None or broadcast is None or broadcast.standing is Standing.DRAFT:
                return []
            left = (
                select(BroadcastCopy, Account, Person)
                .join(Account, Account.id == BroadcastCopy.account_id)
                .join(Person, Person.id == BroadcastCopy.person_id)
                .where(*of(portion), BroadcastCopy.id > after, may_have(broadcast))
                .where(BroadcastCopy.edition < broadcast.edition)
                .where(
                    BroadcastCopy.unmended.is_(None), Account.unreachable_since.is_(None), Person.erased_at.is_(None)
                )
                .where(Account.platform.in_(list(self._doors)))
                .order_by(BroadcastCopy.id)
                .limit(SLICE)
            )
            rows = session.execute(left).all()
            if not rows:
                return []
            found = self._read(session, broadcast, rows, now)
            session.connection().execute(BEGUN, {"ids": [each.id for each in found], "to": broadcast.edition})
        return found

    def _read(self, session: Session, broadcast: Broadcast, rows: Sequence[Any], now: datetime) -> list[Stale]:
        answers, before = answers_of(session, broadcast), _titles(session, broadcast)
        mine = [(person.id, copy.id, _of(copy, answers, before, broadcast)) for copy, _account, person in rows]
        return [
            Stale(
                id=copy.id,
                account_id=account.id,
                platform=account.platform,
                address=account.address,
                answer=answer,
                reader=Reader(person.language, person.zone),
                edits=copy.message,
                repeated=copy.mending_to == broadcast.edition,
                edition=broadcast.edition,
                is_doubtful=copy.accepted_at is None,
                said=(copy.reply, copy.reply_words),
            )
            for (copy, account, person), answer in zip(rows, self._bind(session, mine, now), strict=True)
        ]

    def _put_back(self, portion_id: int, failed: Sequence[tuple[Stale, Transient]]) -> frozenset[int]:
        """They were not taken, and are no second message when they are; but one of which that was in doubt is.

        Gives the ids of those that are tried no more. Told to wait one is not tried, and waits as long as it takes.
        """
        refused = {copy.id for copy, error in failed if not isinstance(error, Paused)}
        with self._sessions.writing() as session:
            over = refused if refused and self._is_late(session, portion_id) else set()
            for is_doubtful in (False, True):
                ids = [copy.id for copy, _error in failed if copy.repeated is is_doubtful]
                left, ended = [each for each in ids if each not in over], [each for each in ids if each in over]
                if left and not is_doubtful:
                    session.connection().execute(BEGUN, {"ids": left, "to": None})
                if ended:
                    why = DOUBT if is_doubtful else EXPIRED
                    session.connection().execute(GIVEN_UP, {"ids": ended, "why": why})
        return frozenset(over)

    def _is_late(self, session: Session, portion_id: int) -> bool:
        """Whether the edition that holds has been out for a day, and the broadcast would not be sent any more."""
        broadcast = session.get_one(Broadcast, session.get_one(BroadcastPortion, portion_id).broadcast_id)
        its = BroadcastEdition.broadcast_id == broadcast.id, BroadcastEdition.number == broadcast.edition
        published = session.scalar(select(BroadcastEdition.published_at).where(*its))
        ends = [broadcast.expires_at, published + STILL_USEFUL if published is not None else None]
        return all(each is None or each <= self._clock.now() for each in ends)

    def _record(self, copy: Stale, message: dict[str, Any] | None, why: str | None) -> bool:
        """Whether that is what they are to have: not where our edit took the place of an answer given meanwhile."""
        with self._sessions.writing() as session:
            row = session.get_one(BroadcastCopy, copy.id, with_for_update=True)
            row.mending_to = None
            if copy.is_doubtful and row.state is Sending.SENDING:
                return True  # somebody had it sent to them again, and it says so: what becomes of that one counts
            if message is not None and message == copy.edits and (row.reply, row.reply_words) != copy.said:
                return False
            row.unmended = why
            if message is not None:
                row.edition, row.message = copy.edition, message
                if copy.is_doubtful:
                    now = self._clock.now()
                    row.state, row.reason, row.account_id, row.may_repeat = (
                        Sending.ACCEPTED,
                        None,
                        copy.account_id,
                        True,
                    )
                    row.accepted_at, row.settled_at = row.accepted_at or now, now
            elif why in UNREACHABLE:
                account = session.get_one(Account, copy.account_id)
                account.unreachable_since, account.unreachable_reason = self._clock.now(), why
        return True


def _of(
    copy: BroadcastCopy, answers: Mapping[str, Answer], before: Mapping[tuple[int, str], str], broadcast: Broadcast
) -> Answer:
    """What its reader gets: the edition that holds, with what they have answered; in doubt, also which message that
    they may have it replaces."""
    answer = own(answers[copy.language] if copy.language in answers else answers[broadcast.language], copy.id)
    answer = replace(answer, outgoing=as_message(copy.id), edition=broadcast.edition)
    said = answered(copy)
    if answer.screen is None or (copy.accepted_at is not None and not said):
        return answer
    body = (*answer.screen.body, *said)
    if copy.accepted_at is None:
        body = (_replaced(copy, before, broadcast), *body)
    return replace(answer, screen=replace(answer.screen, body=body), series="")


def _replaced(copy: BroadcastCopy, before: Mapping[tuple[int, str], str], broadcast: Broadcast) -> Phrase:
    languages = (each for each in (copy.language, broadcast.language) if (copy.edition, each) in before)
    language = next(languages, None)
    title = Raw(before[copy.edition, language], language) if language is not None else Code(broadcast.ref)
    said: Phrase = _(
        "You may have received “{title}” ({ref}) before. This takes its place.", title=title, ref=broadcast.ref
    )
    return said


def _titles(session: Session, broadcast: Broadcast) -> dict[tuple[int, str], str]:
    """What it was called, by edition and language."""
    its = BroadcastText.broadcast_id == broadcast.id, BroadcastText.edition < broadcast.edition
    texts = session.execute(select(BroadcastText.edition, BroadcastText.language, BroadcastText.title).where(*its))
    return {(edition, language): title for edition, language, title in texts}
