"""A broadcast: what it says in each language and edition, for whom, who approved it, and a copy for each recipient."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, false, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Identified, OfAdministration, Referenced
from db.machinery import Sending
from db.people import RoleName, Scope, Who

from .kinds import GOES_OUT, UNDER_WAY, Asks, EditionKind, Reply, Standing

MOST_ROUNDS = 2  # of reminders
ATTACHED = "broadcast"  # what an attachment of one hangs on
# Who may send to many, each within the scope of the role.
SENDERS = (RoleName.COORDINATOR, RoleName.VICE_CHAIR, RoleName.SECRETARY, RoleName.ADMINISTRATOR)


# How far a copy has come, the furthest first.
FURTHEST = (
    *(Sending.ACCEPTED, Sending.IN_DOUBT, Sending.SENDING, Sending.WAITING),
    *(Sending.HELD, Sending.FAILED, Sending.EXPIRED),
)


class Broadcast(Referenced, Base):
    """One message to many. `scope` and `scope_id` are those of the right it is sent by: it reaches nobody beyond.

    `audience` is a `Selection` as JSON. When it is submitted, the persons it means then are frozen by a hash (`frozen`)
    and a number; whoever approves it sees both, and where they have drifted it is asked anew. Transitions return False
    where the present standing does not allow them, and change nothing then.
    """

    __tablename__ = "broadcast"
    LETTERS = "B"
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    scope: Mapped[Scope]
    scope_id: Mapped[str]
    audience: Mapped[dict[str, Any]]
    language: Mapped[str]  # of the text that the others are translations of, and that goes where one is missing
    asks: Mapped[Asks] = mapped_column(default=Asks.NOTHING)
    symposium_id: Mapped[int | None] = mapped_column(ForeignKey("symposium.id"))  # where it asks to register
    is_urgent: Mapped[bool] = mapped_column(default=False)  # at any hour
    send_at: Mapped[datetime | None]  # None: as soon as it may
    standing: Mapped[Standing] = mapped_column(default=Standing.DRAFT)
    edition: Mapped[int] = mapped_column(default=1)  # the one that holds
    rounds: Mapped[int] = mapped_column(default=0)  # of reminders that were begun, MOST_ROUNDS at most
    frozen: Mapped[str | None]
    frozen_count: Mapped[int | None]
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    approved_at: Mapped[datetime | None]
    hold_until: Mapped[datetime | None]  # until when it can be taken back
    emergency: Mapped[str | None]  # why nobody else approved it
    returned_at: Mapped[datetime | None]  # when it was sent back to be changed, and by whom; None of both: nobody did
    returned_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    returned_words: Mapped[str | None]  # and what to change
    began_at: Mapped[datetime | None]  # when its copies were written
    expires_at: Mapped[datetime | None]  # a copy that has not gone by then does not go
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # who stopped or withdrew it
    ended_words: Mapped[str | None]  # and why
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Its author, whoever has the same right in the same scope, and whoever has got a copy: where they got it."""
        got = select(BroadcastCopy.broadcast_id).where(
            BroadcastCopy.visible_to(who), BroadcastCopy.accepted_at.is_not(None)
        )
        return or_(cls.run_by(who), cls.id.in_(got))

    @classmethod
    def run_by(cls, who: Who) -> ColumnElement[bool]:
        """Whoever may send in its scope: they see, approve, pause and stop one another's."""
        if not who.is_staff:
            return false()
        theirs: list[ColumnElement[bool]] = [
            and_(cls.scope == grant.scope, cls.scope_id == grant.scope_id)
            for grant in who.grants
            if grant.name in SENDERS
        ]
        if not theirs:
            return false()
        return and_(cls.administration_id == who.administration_id, or_(*theirs))

    def is_run_by(self, who: Who) -> bool:
        """The same, of this one."""
        return (
            who.is_staff
            and self.administration_id == who.administration_id
            and any(
                grant.name in SENDERS and (grant.scope, grant.scope_id) == (self.scope, self.scope_id)
                for grant in who.grants
            )
        )

    # From draft to sent

    def submit(self, *, frozen: str, count: int, at: datetime) -> bool:
        if self.standing is not Standing.DRAFT:
            return False
        self.standing, self.frozen, self.frozen_count, self.submitted_at = Standing.SUBMITTED, frozen, count, at
        self.returned_at = self.returned_by_id = self.returned_words = None
        return True

    def freeze_again(self, *, frozen: str, count: int) -> bool:
        """Whom it means has changed while it waited, and whoever approves it is told so."""
        if self.standing is not Standing.SUBMITTED:
            return False
        self.frozen, self.frozen_count = frozen, count
        return True

    def send_back(self, words: str, *, by: int, at: datetime) -> bool:
        """To its author, who is to change it."""
        if self.standing is not Standing.SUBMITTED or not self.back_to_draft():
            return False
        self.returned_at, self.returned_by_id, self.returned_words = at, by, words
        return True

    def back_to_draft(self) -> bool:
        """Sent back, or taken back before anything went: what was approved is not any longer."""
        if self.standing not in (Standing.SUBMITTED, Standing.HELD):
            return False
        self.standing, self.frozen, self.frozen_count = Standing.DRAFT, None, None
        self.submitted_at = self.approved_by_id = self.approved_at = self.hold_until = self.emergency = None
        return True

    def approve(self, *, by: int, at: datetime, hold_until: datetime) -> bool:
        """By somebody else than its author, always."""
        if self.standing is not Standing.SUBMITTED or by == self.author_id:
            return False
        self.standing, self.approved_by_id, self.approved_at, self.hold_until = Standing.HELD, by, at, hold_until
        return True

    @property
    def goes_first(self) -> bool:
        """Whether no other broadcast is sent on before it."""
        return self.is_urgent or self.emergency is not None

    def declare_emergency(self, reason: str, *, frozen: str, count: int, at: datetime, hold_until: datetime) -> bool:
        """Its author alone answers for it."""
        if self.standing not in (Standing.DRAFT, Standing.SUBMITTED):
            return False
        self.standing, self.emergency, self.approved_at, self.hold_until = Standing.HELD, reason, at, hold_until
        self.frozen, self.frozen_count = frozen, count
        self.returned_at = self.returned_by_id = self.returned_words = None
        return True

    def approve_anew(self, *, frozen: str, count: int, at: datetime) -> bool:
        """What was approved is no longer what would go: a second person is asked again."""
        if self.standing is not Standing.HELD or self.emergency is not None:
            return False
        self.standing, self.frozen, self.frozen_count, self.submitted_at = Standing.SUBMITTED, frozen, count, at
        self.approved_by_id = self.approved_at = self.hold_until = None
        return True

    def begin(self, *, at: datetime, expires_at: datetime) -> bool:
        """Its copies are written in the same transaction."""
        if self.standing is not Standing.HELD:
            return False
        self.standing, self.began_at, self.expires_at = Standing.SENDING, at, expires_at
        return True

    def pause(self) -> bool:
        return self._become(Standing.PAUSED, Standing.SENDING)

    def resume(self) -> bool:
        return self._become(Standing.SENDING, Standing.PAUSED)

    def finish(self, *, at: datetime) -> bool:
        """No copy waits."""
        if not self._become(Standing.SENT, Standing.SENDING):
            return False
        self.ended_at = at
        return True

    def reopen(self, *, expires_at: datetime) -> bool:
        """Some of its copies go once more."""
        if not self._become(Standing.SENDING, Standing.SENT):
            return False
        self.ended_at, self.expires_at = None, expires_at
        return True

    def stop(self, words: str | None, *, by: int, at: datetime) -> bool:
        if not self._become(Standing.STOPPED, *GOES_OUT):
            return False
        self.ended_at, self.ended_by_id, self.ended_words = at, by, words
        return True

    def drop(self, *, at: datetime) -> bool:
        """It is written no further, and nothing of it was sent."""
        if not self._become(Standing.STOPPED, Standing.DRAFT, Standing.SUBMITTED):
            return False
        self.ended_at = at
        return True

    def withdraw(self, words: str, *, by: int, at: datetime) -> bool:
        if not self._become(Standing.WITHDRAWN, *UNDER_WAY, Standing.SENT, Standing.STOPPED):
            return False
        self.ended_at, self.ended_by_id, self.ended_words = at, by, words
        return True

    def _become(self, standing: Standing, *before: Standing) -> bool:
        if self.standing not in before:
            return False
        self.standing = standing
        return True


class BroadcastEdition(Identified, Base):
    """One version of what it says: the first, a correction, or the word that takes its place when it is withdrawn."""

    __tablename__ = "broadcast_edition"
    __table_args__ = (UniqueConstraint("broadcast_id", "number"),)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"))
    number: Mapped[int]  # from 1
    kind: Mapped[EditionKind]
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    why: Mapped[str | None]  # what was wrong with the one before
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class BroadcastText(Identified, Base):
    """What an edition says in one language, and the screen made of it, with buttons that are bound for each reader."""

    __tablename__ = "broadcast_text"
    __table_args__ = (UniqueConstraint("broadcast_id", "edition", "language"),)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"))
    edition: Mapped[int]
    language: Mapped[str]
    title: Mapped[str]
    words: Mapped[str]
    screen: Mapped[dict[str, Any] | None]  # `bot.kit.events.Answer` as JSON, once it goes out


class BroadcastPortion(Identified, Base):
    """A few hundred copies that one job sends, from an instant on. A job that runs again finds the rest."""

    __tablename__ = "broadcast_portion"
    __table_args__ = (UniqueConstraint("broadcast_id", "number"),)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"))
    number: Mapped[int]  # from 0
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class BroadcastCopy(OfAdministration, Base):
    """One person's copy, and its receipt: what became of sending it, and what they did. Never "read".

    `administration_id` is the recipient's. `state` is that of an outgoing message: `IN_DOUBT` where the process died
    between the platform's answer and our record; it is listed, and sent again only when a person says so.
    """

    __tablename__ = "broadcast_copy"
    __table_args__ = (UniqueConstraint("broadcast_id", "person_id"),)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    portion: Mapped[int]  # the number of its portion
    country: Mapped[str]  # where its reader was when it was written
    language: Mapped[str]  # of the text it carries
    state: Mapped[Sending] = mapped_column(default=Sending.WAITING)
    edition: Mapped[int] = mapped_column(default=1)  # the one that stands with its reader
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))  # the door it went through
    message: Mapped[dict[str, Any] | None]  # what the platform calls it
    reason: Mapped[str | None]  # why it failed
    attempts: Mapped[int] = mapped_column(default=0)
    may_repeat: Mapped[bool] = mapped_column(default=False)  # sent again after an unknown outcome: says so itself
    settled_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    reply: Mapped[Reply | None]
    reply_words: Mapped[str | None]
    mending_to: Mapped[int | None]  # the edition that is being put in the place of theirs just now
    unmended: Mapped[str | None]  # why theirs could not be replaced
    nudges: Mapped[int] = mapped_column(default=0)
    nudged_at: Mapped[datetime | None]

    def absorb(self, other: Self) -> None:
        """Two accounts turned out to be one person: one copy is left, that which has come further."""
        super().absorb(other)
        if FURTHEST.index(other.state) < FURTHEST.index(self.state):
            for column in (
                "state",
                "portion",
                "account_id",
                "message",
                "reason",
                "settled_at",
                "accepted_at",
                "language",
            ):
                setattr(self, column, getattr(other, column))

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Their own. Whoever runs the broadcast reaches the others through it."""
        return and_(cls.administration_id == who.administration_id, cls.person_id == who.id)


Index(
    "ix_broadcast_copy_open",
    BroadcastCopy.broadcast_id,
    BroadcastCopy.portion,
    postgresql_where=text("state IN ('waiting', 'sending')"),
    sqlite_where=text("state IN ('waiting', 'sending')"),
)
