"""How a message ends: its final state, and what the ledger says of it.

One room for all its ends, because the row of a digest ends for every news that goes with it, and whoever looks after an
outcome hears of one that did not arrive, whichever step found that out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.machinery import Due, Outgoing, Receipt, Sending

UNREACHED = "ledger.unreached"


def settle(session: Session, row: Outgoing, state: Sending, now: datetime, reason: str | None) -> None:
    """Give a row its final state, and the ledger its line."""
    row.state, row.settled_at = state, now
    row.reason = reason or row.reason
    if row.carries_others:
        for each in carried(session, row):
            each.account_id, each.message = row.account_id, row.message
            settle(session, each, state, now, reason)
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


def carried(session: Session, row: Outgoing) -> Sequence[Outgoing]:
    """The news that go with this row, and have not ended otherwise: whoever was erased hears none."""
    with_it = Outgoing.carried_by_id == row.id, Outgoing.state.in_((Sending.WAITING, Sending.HELD))
    return session.scalars(select(Outgoing).where(*with_it).order_by(Outgoing.id)).all()
