"""Through which door a message goes, and which is next where one does not take it.

Both who claims a row and who records a refusal ask this; they must not come to different doors.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.door import ELSEWHERE, UNREACHABLE, Door
from db.machinery import Outgoing
from db.people import Account, Person, doors_in_order


class WayThere:
    """Finds the account of a person that a message is to go to, among the doors that are open."""

    def __init__(self, doors: Mapping[str, Door]) -> None:
        self._doors = doors

    def has(self, platform: str) -> bool:
        return platform in self._doors

    def account(
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

    def why_none(self, session: Session, row: Outgoing) -> str:
        """Why nobody is reached: what the door they used last has said of them, perhaps long ago."""
        theirs = Account.person_id == row.person_id, Account.unreachable_since.is_not(None)
        said = select(Account.unreachable_reason).where(*theirs).order_by(Account.used_at.desc()).limit(1)
        return session.scalar(said) or "no_door"

    def has_other(self, session: Session, row: Outgoing, reason: str, now: datetime) -> bool:
        """Note why a door did not take it, and whether there is another for this message; then it is told so."""
        account = session.get(Account, row.account_id) if row.account_id is not None else None
        if account is None or reason not in UNREACHABLE | ELSEWHERE:
            return False
        if reason in UNREACHABLE:
            account.unreachable_since, account.unreachable_reason = now, reason
            session.flush()
        elif row.reason in ELSEWHERE:  # two such doors would hand it to each other for ever
            return False
        other = self.account(session, row, but=account.id) if not row.is_reply else None
        if other is None:
            return False
        if reason in ELSEWHERE:  # it stays reachable, so the row has to name the other
            row.account_id, row.edits = other.id, None
        row.reason = reason
        return True
