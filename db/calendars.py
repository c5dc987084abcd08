"""Calendar feeds people subscribe to by a secret address. Only the secret's hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, and_, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from .base import Base, OfAdministration
from .machinery import Audit
from .people import Administration, Person, Who

SECRET_BYTES = 32
WITHDRAWING = ("calendars.renew", "calendars.stop")  # by these commands a secret opens nothing any more


class CalendarAddress(OfAdministration, Base):
    """A person's subscription to one calendar: `about` says which of its `scope`'s, such as a region's code.

    A secret that is replaced, or withdrawn with its row, opens nothing from that commit on: to the address it is then
    the same as one that never was. `label` is the most that may be told there (`scheduling.calendar.entry.Label`).
    """

    __tablename__ = "calendar_address"
    __table_args__ = (UniqueConstraint("person_id", "administration_id", "scope", "about"),)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    scope: Mapped[str]
    about: Mapped[str]
    label: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None]  # when a calendar program last came, to the hour; and which one it was
    fetched_by: Mapped[str | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """One's own, whatever one's role."""
        return and_(cls.administration_id == who.administration_id, cls.person_id == who.id)

    @staticmethod
    def hashed(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()

    def renew(self, at: datetime) -> str:
        """Give it a fresh secret and return that; the one before opens nothing any more."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        self.digest, self.made_at = self.hashed(secret), at
        self.fetched_at = self.fetched_by = None
        return secret


def opened(session: Session, secret: str) -> tuple[CalendarAddress, Person, Administration] | None:
    """What a secret leads to: its address, whose it is, and where.

    None, after the same one statement, for a secret that never was, was replaced or withdrawn, or is somebody's who was
    erased, has left or became one with another.
    """
    found = session.execute(
        select(CalendarAddress, Person, Administration)
        .join(Person, Person.id == CalendarAddress.person_id)
        .join(Administration, Administration.id == CalendarAddress.administration_id)
        .where(
            CalendarAddress.digest == CalendarAddress.hashed(secret),
            Person.registered_at.is_not(None),
            Person.erased_at.is_(None),
            Person.merged_into_id.is_(None),
        )
    ).first()
    return (found[0], found[1], found[2]) if found is not None else None


def withdrawn(session: Session) -> dict[int, datetime]:
    """When each address that was ever replaced or stopped was so last, by its id: from the audit."""
    lines = select(Audit.ids, Audit.at).where(Audit.what.in_(WITHDRAWING)).order_by(Audit.id)
    return {int(row.ids["address"]): row.at for row in session.execute(lines) if "address" in row.ids}


def withdraw_again(session: Session, withdrawals: Iterable[tuple[int, datetime]]) -> int:
    """Withdraw, in a restored backup, what was replaced or stopped since it was made: (id, when). Returns how many."""
    count = 0
    for address_id, at in withdrawals:
        # One made after that is another that has the number now.
        found = delete(CalendarAddress).where(CalendarAddress.id == address_id, CalendarAddress.made_at <= at)
        count += session.execute(found).rowcount  # type: ignore[attr-defined]  # a DELETE's result has it
    return count


def note_fetch(session: Session, address_id: int, program: str, *, at: datetime, unless_after: datetime) -> None:
    """Record that a calendar program came, unless one has since `unless_after`: most of its visits write nothing."""
    earlier = or_(CalendarAddress.fetched_at.is_(None), CalendarAddress.fetched_at <= unless_after)
    this = update(CalendarAddress).where(CalendarAddress.id == address_id, earlier)
    session.execute(this.values(fetched_at=at, fetched_by=program))


def last_fetches(session: Session, person_ids: Iterable[int], scopes: Mapping[str, str]) -> dict[int, datetime]:
    """When a program last came for a calendar of one of `scopes` ({scope: about}), for each person it ever came for."""
    either = or_(
        *(and_(CalendarAddress.scope == scope, CalendarAddress.about == about) for scope, about in scopes.items())
    )
    theirs = CalendarAddress.person_id.in_(list(person_ids)), CalendarAddress.fetched_at.is_not(None), either
    last = select(CalendarAddress.person_id, func.max(CalendarAddress.fetched_at)).where(*theirs)
    found = session.execute(last.group_by(CalendarAddress.person_id)).all()
    return {row[0]: row[1] for row in found if row[1] is not None}
