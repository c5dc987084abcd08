"""E-mail addresses on their way to be a door: asked for, and confirmed by whoever reads what is sent there."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from .base import Base, Identified
from .machinery import Outgoing, Sending
from .people import MAIL, Account, Person

INVITATION = "invitation"  # what the file of one hangs on
LASTS = timedelta(days=7)
A_DAY = timedelta(days=1)
MOST_A_DAY = 5  # confirmations one person asks for, and that one address gets, in a day
MOST_BY_AN_OFFICER = 50
LONGEST, LONGEST_LOCAL = 254, 64  # octets, as RFC 5321 has them
# What every mail server takes: neither quoted words nor letters beyond ASCII before the @.
LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.IGNORECASE)
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


def address_of(words: str) -> str | None:
    """The address somebody typed, its domain as the network writes it; None for what no mail can be sent to."""
    local, at, domain = words.strip().removeprefix("mailto:").rpartition("@")
    try:
        domain = domain.encode("idna").decode().lower()
    except UnicodeError:
        return None
    labels = domain.split(".")
    is_host = len(labels) > 1 and all(map(LABEL.fullmatch, labels)) and not labels[-1].isdigit()
    if not at or not is_host or not LOCAL.fullmatch(local) or len(local) > LONGEST_LOCAL:
        return None
    return f"{local}@{domain}" if len(local) + 1 + len(domain) <= LONGEST else None


def key_of(address: str) -> str:
    """What is the same for every way to write an address: in capitals or not, it is one mailbox."""
    return address.lower()


class Confirmed(StrEnum):
    """What came of following a link that confirms an address."""

    DONE = "done"
    ALREADY = "already"
    EXPIRED = "expired"
    TAKEN = "taken"  # it is somebody else's


class MailRequest(Identified, Base):
    """An address somebody gave for themselves, or an officer for them: nothing but a link to confirm it goes there.

    `by_id` and `consent` are the officer's who entered it: who, and how the person agreed.
    """

    __tablename__ = "mail_request"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    address: Mapped[str]
    key: Mapped[str] = mapped_column(index=True)
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    consent: Mapped[str | None]

    @property
    def once(self) -> str:
        """What the message with its link is known by."""
        return f"mail:{self.id}:confirm"

    def is_open(self, at: datetime) -> bool:
        return self.settled_at is None and self.expires_at > at


def ask(
    session: Session,
    person_id: int,
    address: str,
    *,
    at: datetime,
    by: int | None = None,
    consent: str | None = None,
) -> MailRequest | None:
    """A new request, in place of the person's earlier ones; None where too many were made today."""
    by_them = MailRequest.by_id == by if by is not None else MailRequest.person_id == person_id
    most = MOST_BY_AN_OFFICER if by is not None else MOST_A_DAY
    for same, limit in ((by_them, most), (MailRequest.key == key_of(address), MOST_A_DAY)):
        asked = select(func.count()).select_from(MailRequest).where(same, MailRequest.asked_at > at - A_DAY)
        if (session.scalar(asked) or 0) >= limit:
            return None
    withdraw(session, person_id, at=at)
    made = MailRequest(
        person_id=person_id,
        address=address,
        key=key_of(address),
        asked_at=at,
        expires_at=at + LASTS,
        by_id=by,
        consent=consent,
    )
    session.add(made)
    session.flush()
    return made


def withdraw(session: Session, person_id: int, *, at: datetime) -> bool:
    """Let no link that waits confirm anything for this person. True where one did."""
    waiting = pending(session, person_id, at=at)
    if waiting is not None:
        waiting.settled_at = at
    return waiting is not None


def pending(session: Session, person_id: int, *, at: datetime) -> MailRequest | None:
    """The request that waits to be confirmed."""
    open_ = MailRequest.person_id == person_id, MailRequest.settled_at.is_(None), MailRequest.expires_at > at
    return session.scalars(select(MailRequest).where(*open_).order_by(MailRequest.id.desc())).first()


def account_of(session: Session, person_id: int) -> Account | None:
    """A person's confirmed address, whether mail reaches it or not; the last used where two persons became one."""
    mine = Account.person_id == person_id, Account.platform == MAIL
    return session.scalars(select(Account).where(*mine).order_by(Account.used_at.desc(), Account.id.desc())).first()


def owner(session: Session, address: str) -> int | None:
    """Whose confirmed address it is."""
    known = Account.platform == MAIL, Account.external_id == key_of(address)
    return session.scalar(select(Account.person_id).where(*known))


def why_undelivered(session: Session, request: MailRequest) -> str | None:
    """Why the link did not arrive, where that is known."""
    sent = Outgoing.person_id == request.person_id, Outgoing.once == request.once
    return session.scalar(select(Outgoing.reason).where(*sent, Outgoing.state == Sending.FAILED))


def confirm(session: Session, request_id: int, *, at: datetime) -> Confirmed:
    """Make the address a door of its person's, in place of the one before. Locks both, so that it happens once.

    Whoever was entered by an officer agrees by it, and is known from now on.
    """
    request = session.get(MailRequest, request_id, with_for_update=True)
    if request is None:
        return Confirmed.EXPIRED
    taken = session.scalar(
        select(Account).where(Account.platform == MAIL, Account.external_id == request.key).with_for_update()
    )
    person = session.get_one(Person, request.person_id)
    if taken is not None and taken.person_id == person.id and request.settled_at is not None:
        return Confirmed.ALREADY
    if not request.is_open(at) or person.erased_at is not None or person.merged_into_id is not None:
        return Confirmed.EXPIRED
    request.settled_at = at
    if taken is not None and taken.person_id != person.id:
        return Confirmed.TAKEN
    for former in session.scalars(select(Account).where(Account.person_id == person.id, Account.platform == MAIL)):
        if former is not taken:
            forget(session, former)
    if taken is None:
        known = {"platform": MAIL, "external_id": request.key}
        taken = Account(person_id=person.id, address=request.address, met_at=at, used_at=at, **known)
        session.add(taken)
    taken.address, taken.unreachable_since, taken.unreachable_reason = request.address, None, None
    if person.registered_at is None:
        person.registered_at = at
        person.consented_at = person.consented_at or at
    session.flush()
    return Confirmed.DONE


def forget(session: Session, account: Account) -> None:
    """Take a confirmed address away, with where it went: what waits goes by another door."""
    session.execute(update(Outgoing).where(Outgoing.account_id == account.id).values(account_id=None))
    session.execute(delete(Account).where(Account.id == account.id))
