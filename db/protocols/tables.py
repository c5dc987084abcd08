"""A version of the protocol, its rules, who has worked on it, and what was owed under it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, false, or_, select, true
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, OfAdministration
from db.people import RoleName, Scope, Who

from .kinds import Door, Event, Hears, Superior

KEEPERS = (RoleName.COORDINATOR, RoleName.ADMINISTRATOR)  # who may work on a draft


class Protocol(OfAdministration, Base):
    """One version. It is a draft until it is published, by somebody who has not worked on it, and does not change from
    then on; it is in force until the next is published. What began at an instant is owed under the version in force
    then. Transitions return False where the present state does not allow them, and change nothing then."""

    __tablename__ = "protocol"
    __table_args__ = (UniqueConstraint("administration_id", "number"),)
    number: Mapped[int]
    drafted_at: Mapped[datetime]
    drafted_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    superseded_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]  # up to when what began has been looked through
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """What was published to everybody registered; a draft to those who may work on one."""
        if not who.is_registered:
            return false()
        known = true() if who.holds(*KEEPERS) else cls.published_at.is_not(None)
        return and_(cls.administration_id == who.administration_id, known)

    @property
    def is_in_force(self) -> bool:
        return self.published_at is not None and self.superseded_at is None

    def publish(self, by: int, *, at: datetime) -> bool:
        if self.published_at is not None:
            return False
        self.published_at, self.published_by_id = at, by
        return True

    def supersede(self, *, at: datetime) -> bool:
        """The next version is in force from now on."""
        if not self.is_in_force:
            return False
        self.superseded_at = at
        return True


class ProtocolRule(OfAdministration, Base):
    """One promise of a version: from `event` on, those who are owed it hear within so many of the office's working
    days, by `doors` in their order (values of `Door`). What is not kept goes to `escalate_to` after `escalate_after`
    further working days; None: it goes to nobody but the office."""

    __tablename__ = "protocol_rule"
    __table_args__ = (UniqueConstraint("protocol_id", "event"),)
    protocol_id: Mapped[int] = mapped_column(ForeignKey("protocol.id"))
    event: Mapped[Event]
    hears: Mapped[Hears]
    within_days: Mapped[int]
    doors: Mapped[list[Any]]
    escalate_after: Mapped[int | None]
    escalate_to: Mapped[Superior | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever sees the version sees its rules."""
        return cls.protocol_id.in_(select(Protocol.id).where(Protocol.visible_to(who)))

    @property
    def ways(self) -> tuple[Door, ...]:
        return tuple(Door(each) for each in self.doors)

    def says(self) -> tuple[Any, ...]:
        """All that it says, to be compared with what another version says of the same event."""
        return self.hears, self.within_days, self.ways, self.escalate_after, self.escalate_to


class ProtocolEditor(OfAdministration, Base):
    """Somebody has worked on a version: somebody else has to publish it."""

    __tablename__ = "protocol_editor"
    __table_args__ = (UniqueConstraint("protocol_id", "person_id"),)
    protocol_id: Mapped[int] = mapped_column(ForeignKey("protocol.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Those who may work on one."""
        keeps = who.is_registered and who.holds(*KEEPERS)
        return cls.administration_id == who.administration_id if keeps else false()


class Duty(OfAdministration, Base):
    """One thing owed under a rule: `about_id` is the issue, outcome, consultation, conclusion, meeting or action of its
    `event`, which began at `began_at`. It is kept in time before `due_at`, the beginning of the first working day after
    those that the rule gives.

    `kept_at` is when what was owed happened, `days` how many working days that took; `released_at` when nothing was
    owed any longer. A duty that had not ended by `due_at` is a breach: `breached_at` is when that was found, once.
    `words` are the office's own on why.
    """

    __tablename__ = "protocol_duty"
    __table_args__ = (UniqueConstraint("event", "about_id", "began_at"),)
    rule_id: Mapped[int] = mapped_column(ForeignKey("protocol_rule.id"))
    event: Mapped[Event]
    about_id: Mapped[int]
    centre_id: Mapped[int | None] = mapped_column(ForeignKey("centre.id"))  # the office; None: no desk of its own
    began_at: Mapped[datetime]
    due_at: Mapped[datetime]
    kept_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    days: Mapped[int | None]
    breached_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    words: Mapped[str | None]
    language: Mapped[str | None]
    explained_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    explained_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """The staff of the office, and all staff with a role over the country. It does not say what a case is about."""
        if not who.is_staff:
            return false()
        over_all = any(grant.scope is Scope.COUNTRY for grant in who.grants)
        mine = true() if over_all else cls.centre_id.in_(who.centre_ids)
        return and_(cls.administration_id == who.administration_id, mine)

    @classmethod
    def is_open(cls) -> ColumnElement[bool]:
        """Owed still; in the words of the index below."""
        return and_(cls.kept_at.is_(None), cls.released_at.is_(None))

    @classmethod
    def is_breach(cls) -> ColumnElement[bool]:
        return cls.breached_at.is_not(None)

    @classmethod
    def waits(cls) -> ColumnElement[bool]:
        """On its office's list: a breach that is owed still, or that nobody has explained."""
        return and_(cls.is_breach(), or_(cls.is_open(), cls.explained_at.is_(None)))

    @property
    def ended_at(self) -> datetime | None:
        return self.kept_at or self.released_at

    def explain(self, by: int, words: str, language: str, *, at: datetime) -> bool:
        """The office says why; what it said before is replaced."""
        if self.breached_at is None:
            return False
        self.words, self.language, self.explained_by_id, self.explained_at = words, language, by, at
        return True


Index(
    "ix_protocol_duty_open",
    Duty.administration_id,
    Duty.event,
    sqlite_where=Duty.is_open(),
    postgresql_where=Duty.is_open(),
)
Index("ix_protocol_duty_breach", Duty.administration_id, Duty.breached_at)
