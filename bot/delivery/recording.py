"""What became of a message: each of these is one short transaction after the platform has spoken.

The platform speaks twice of some: what it had accepted may come back, minutes or days later.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, select, update

from bot.kit.door import Paused
from bot.kit.events import Returned
from bot.rates import Buckets
from bot.work import Work
from db.machinery import Inbox, InboxState, Outgoing, Receipt, Sending
from db.session import Sessions
from scheduling.clock import Clock

from .claiming import Claimed
from .doors import WayThere
from .settling import settle

log = structlog.get_logger()

STILL_USEFUL = timedelta(days=1)  # what came back is worth sending on for so long at least
ACCEPTED = (
    update(Outgoing)
    .where(Outgoing.id == bindparam("outgoing"))
    .values(message=bindparam("said"), state=Sending.ACCEPTED, settled_at=bindparam("at"))
    .returning(Outgoing.was_revised)
)


class Records:
    """Writes down how each try ended, and whether there is to be another."""

    def __init__(self, *, sessions: Sessions, clock: Clock, work: Work, rates: Buckets, way: WayThere) -> None:
        self._sessions = sessions
        self._clock = clock
        self._work = work
        self._rates = rates
        self._way = way

    def accepted(self, claimed: Claimed, message: dict[str, Any]) -> None:
        now = self._clock.now()
        with self._sessions.writing() as session:
            if claimed.is_plain:
                values = {"outgoing": claimed.outgoing_id, "said": message, "at": now}
                was_revised = session.connection().execute(ACCEPTED, values).scalar()
            else:
                row = session.get_one(Outgoing, claimed.outgoing_id, with_for_update=True)
                row.message = message
                settle(session, row, Sending.ACCEPTED, now, None)
                was_revised = row.was_revised
            if was_revised and message:
                row = session.get_one(Outgoing, claimed.outgoing_id)
                row.goes_again(now, until=now + STILL_USEFUL)
                self._work.defer(session, "deliver", lock=row.lock, outgoing=row.id)
        log.info("accepted", outgoing=claimed.outgoing_id, door=claimed.platform, trace=claimed.trace)

    def paused(self, claimed: Claimed, error: Paused) -> None:
        """Back to waiting; and no other process needs to be told, too."""
        with self._sessions.writing() as session:
            row = session.get_one(Outgoing, claimed.outgoing_id)
            row.state, row.attempts = Sending.WAITING, claimed.attempts
            self._rates.shut(session, claimed.platform, error)

    def again(self, outgoing_id: int, attempts: int) -> None:
        """Back to waiting: the platform did not take it."""
        with self._sessions.writing() as session:
            row = session.get_one(Outgoing, outgoing_id)
            row.state, row.attempts = Sending.WAITING, attempts

    def unknown(self, claimed: Claimed) -> bool:
        """True when it may be sent once more."""
        now = self._clock.now()
        with self._sessions.writing() as session:
            row = session.get_one(Outgoing, claimed.outgoing_id)
            if row.may_repeat:
                settle(session, row, Sending.IN_DOUBT, now, "unknown_outcome")
                return False
            row.may_repeat, row.state = True, Sending.WAITING
            return True

    def refused(self, claimed: Claimed, reason: str) -> bool:
        """Refused for good at this door. True when another door can be tried; with none left, the ledger says why."""
        now = self._clock.now()
        log.warning("refused", outgoing=claimed.outgoing_id, door=claimed.platform, reason=reason, trace=claimed.trace)
        with self._sessions.writing() as session:
            row = session.get_one(Outgoing, claimed.outgoing_id)
            if self._way.has_other(session, row, reason, now):
                row.state, row.attempts = Sending.WAITING, 0
                return True
            settle(session, row, Sending.FAILED, now, reason)
            return False

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
            if can_be_read and self._way.has_other(session, row, back.reason, now):
                for each in parts:
                    each.state, each.settled_at, each.message = Sending.WAITING, None, None
                row.attempts, row.may_repeat = 0, False
                row.expires_at = max(row.expires_at, now + STILL_USEFUL)
                self._work.defer(session, "deliver", lock=row.lock, outgoing=row.id)
                return
            for each in parts:
                each.state = Sending.WAITING
            settle(session, row, Sending.FAILED, now, back.reason)
