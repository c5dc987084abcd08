"""What the engine keeps: drafts, inbox, outbox, steps in rooms, the ledger, what is due, jobs, handles, the audit."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Identified


class InboxState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    QUARANTINED = "quarantined"


class Inbox(Identified, Base):
    """An update as its platform sent it, committed before the platform is told that we have it."""

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("platform", "key"),)
    platform: Mapped[str]
    key: Mapped[str]
    account: Mapped[str]  # whose updates keep their order
    payload: Mapped[str | None] = mapped_column(Text)  # raw JSON; removed after its retention
    received_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[InboxState] = mapped_column(default=InboxState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    trace: Mapped[str]


Index(
    "ix_inbox_waiting",
    Inbox.id,
    postgresql_where=text("state = 'waiting'"),
    sqlite_where=text("state = 'waiting'"),
)


class Draft(Identified, Base):
    """The answers so far to a form: the only conversation state there is. The step is derived from it."""

    __tablename__ = "draft"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    administration_id: Mapped[int | None] = mapped_column(ForeignKey("administration.id"))  # None: their home
    form: Mapped[str]
    bound: Mapped[dict[str, Any]] = mapped_column(default=dict)  # entity fields, given by the button that opened it
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_current: Mapped[bool] = mapped_column(default=True)  # free text goes to this one
    asking: Mapped[str | None]  # set by Back and Change; otherwise the first unanswered field is asked
    started_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom


class Sending(StrEnum):
    """The named states of an outgoing message. Only `waiting`, `sending` and `held` are not final."""

    WAITING = "waiting"
    HELD = "held"  # a restored system sends nothing old until a person releases it
    SENDING = "sending"  # handed to the platform, answer not recorded yet
    ACCEPTED = "accepted"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    EXPIRED = "expired"


DIGEST = "digest:"  # how `once` begins for a message that carries several news


class Outgoing(Identified, Base):
    """One message to one person: commits with the change that caused it, sent afterwards.

    `screen` is the kit's screen as JSON, rendered in the recipient's language when it is sent. Whoever wants their news
    together has a row for each, for the ledger and to be read again, and one more that carries them all.
    """

    __tablename__ = "outgoing"
    __table_args__ = (UniqueConstraint("person_id", "once"),)
    administration_id: Mapped[int] = mapped_column(ForeignKey("administration.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    once: Mapped[str]
    screen: Mapped[dict[str, Any] | None]
    is_reply: Mapped[bool] = mapped_column(default=False)  # an answer to its own recipient: no quiet hours
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))  # the door it goes or went through
    # where it goes instead of an account: an address that has to be confirmed before it is one
    address: Mapped[str | None]
    edits: Mapped[dict[str, Any] | None]  # the message to replace in place
    message: Mapped[dict[str, Any] | None]  # what the platform calls it once accepted
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("receipt.id"))
    carried_by_id: Mapped[int | None] = mapped_column(index=True)  # the row it goes with, which ends as that one does
    state: Mapped[Sending] = mapped_column(default=Sending.WAITING)
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    may_repeat: Mapped[bool] = mapped_column(default=False)  # sent again after an unknown outcome: says so itself
    was_revised: Mapped[bool] = mapped_column(default=False)  # on its way: what arrives is replaced at once
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    trace: Mapped[str]

    @property
    def carries_others(self) -> bool:
        return self.once.startswith(DIGEST)

    @property
    def lock(self) -> str:
        """Its job's: what goes to one door keeps its order there. News find theirs when they are sent."""
        return self.lock_of(self.account_id, self.person_id)

    @staticmethod
    def lock_of(account_id: int | None, person_id: int) -> str:
        return f"door:{account_id}" if account_id is not None else f"to:{person_id}"

    def goes_again(self, now: datetime, *, until: datetime) -> None:
        """It has arrived, and its `screen` takes the place of what was shown there."""
        self.edits, self.attempts, self.may_repeat, self.was_revised = dict(self.message or {}), 0, False, False
        self.state, self.settled_at = Sending.WAITING, None
        self.not_before, self.expires_at = now, until


# In so many words, or neither database sees that its index of them serves.
OPEN = text("outgoing.state IN ('waiting', 'sending')")
Index(
    "ix_outgoing_open",
    Outgoing.not_before,
    postgresql_where=text("state IN ('waiting', 'sending')"),
    sqlite_where=text("state IN ('waiting', 'sending')"),
)
Index(
    "ix_outgoing_door",
    Outgoing.account_id,
    postgresql_where=text("state IN ('waiting', 'sending')"),
    sqlite_where=text("state IN ('waiting', 'sending')"),
)


class Deed(StrEnum):
    """What can be done in a room."""

    OPEN = "open"
    SHOW = "show"  # what is pinned there, and what it is called, as they are wanted now
    BRING = "bring"  # who is in it, as it is wanted now
    SAY = "say"
    CLOSE = "close"


STEP_USEFUL_FOR = timedelta(days=3)


class ChatRoomStep(Identified, Base):
    """One thing to do in a room. Its states are those of an outgoing message: nothing is done twice in silence."""

    __tablename__ = "chat_room_step"
    __table_args__ = (UniqueConstraint("room_id", "once"),)
    room_id: Mapped[int] = mapped_column(ForeignKey("chat_room.id"))
    deed: Mapped[Deed]
    once: Mapped[str | None]
    screen: Mapped[dict[str, Any] | None]  # what is said
    state: Mapped[Sending] = mapped_column(default=Sending.WAITING)
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    may_repeat: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    trace: Mapped[str]

    @property
    def expires_at(self) -> datetime:
        return self.created_at + STEP_USEFUL_FOR


Index(
    "ix_chat_room_step_open",
    ChatRoomStep.room_id,
    postgresql_where=text("state IN ('waiting', 'sending', 'held')"),
    sqlite_where=text("state IN ('waiting', 'sending', 'held')"),
)


class Receipt(Identified, Base):
    """One line of the ledger: what became of telling one person one thing.

    Never "read": no bot is told that. `opened` means this person used a button or a link of that message.
    """

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("about", "about_id", "person_id"),)
    administration_id: Mapped[int] = mapped_column(ForeignKey("administration.id"), index=True)
    about: Mapped[str]
    about_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    next_step: Mapped[str | None]
    useful: Mapped[bool | None]

    def absorb(self, other: Receipt) -> None:
        """Whichever door was reached first counts; a door that failed beside it does not."""
        super().absorb(other)
        for name in ("accepted_at", "opened_at", "acknowledged_at"):
            setattr(self, name, min((at for each in (self, other) if (at := getattr(each, name))), default=None))
        if self.accepted_at is not None:
            self.failed_at = self.reason = self.next_step = None


class Handle(Identified, Base):
    """What a button carries: a random name for a command and its arguments, bound to one person, an administration and
    an expiry."""

    __tablename__ = "handle"
    __table_args__ = (UniqueConstraint("person_id", "digest"),)
    token: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    administration_id: Mapped[int | None] = mapped_column(ForeignKey("administration.id"))  # None: their home
    digest: Mapped[str]
    command: Mapped[str]
    args: Mapped[dict[str, Any]]
    outgoing_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing.id"))
    copy_id: Mapped[int | None] = mapped_column(ForeignKey("broadcast_copy.id"))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Due(Identified, Base):
    """Something to do at an instant, once: `key` makes it once.

    `fired_at` is when a clock handed it to a worker, `done_at` when its effect committed; the distance from `at` is
    its lateness.
    """

    __tablename__ = "due"
    administration_id: Mapped[int | None]
    job: Mapped[str]
    args: Mapped[dict[str, Any]]
    key: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime]
    fired_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


Index(
    "ix_due_open",
    Due.at,
    postgresql_where=text("fired_at IS NULL AND cancelled_at IS NULL"),
    sqlite_where=text("fired_at IS NULL AND cancelled_at IS NULL"),
)


class Job(Identified, Base):
    """Embedded engine only: work deferred in the transaction that caused it. Carries ids, never content."""

    __tablename__ = "job"
    name: Mapped[str]
    lock: Mapped[str | None]
    args: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    failed_at: Mapped[datetime | None]
    first: Mapped[bool] = mapped_column(default=False)  # somebody waits for it


class Audit(Identified, Base):
    """Who did what, when, from where. Ids only, no personal text. Sealed into a chain a moment after it is written."""

    __tablename__ = "audit"
    administration_id: Mapped[int | None] = mapped_column(index=True)
    at: Mapped[datetime]
    who: Mapped[int | None]
    door: Mapped[str]
    what: Mapped[str]
    about: Mapped[str | None]
    ids: Mapped[dict[str, Any]]
    trace: Mapped[str]
    position: Mapped[int | None] = mapped_column(unique=True)  # its place in the chain; None while unsealed
    digest: Mapped[str | None]

    def seal(self, previous: str, position: int) -> str:
        """Chain this line to the one before it and return its digest."""
        self.position = position
        self.digest = self.digest_after(previous)
        return self.digest

    def digest_after(self, previous: str) -> str:
        """SHA-256 over the previous digest and every recorded field, in canonical JSON."""
        fields = [
            previous,
            self.position,
            self.id,
            self.administration_id,
            self.at.isoformat(timespec="microseconds"),
            self.who,
            self.door,
            self.what,
            self.about,
            self.ids,
            self.trace,
        ]
        return hashlib.sha256(json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


# Settings whose presence matters.
OUTBOX_HOLD = "outbox_hold"  # keeps a restored system from sending
INSTALLATION = "installation"  # whose rows these are, wherever they are moved
BEING_MOVED_HERE = "being_moved_here"  # a move into this database has not ended: nobody may use it yet
MOVED_AWAY = "moved_away"  # these rows live in another database now


class Setting(Base):
    """A value the system keeps for itself: the demo's clock, Telegram's offset, the outbox hold."""

    __tablename__ = "setting"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
