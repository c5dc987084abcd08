"""Statements of a consultation: short sentences others agree with, disagree with or pass, without anybody's name."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, and_, false, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, OfAdministration
from .consultations import Consultation, with_consultation
from .people import Kind, Who


class Vote(StrEnum):
    AGREE = "agree"
    DISAGREE = "disagree"
    PASS = "pass"  # noqa: S105  no password


class Side(StrEnum):
    """On whose side somebody speaks."""

    TRADE = "trade"
    AGENCIES = "agencies"
    CUSTOMS = "customs"

    @classmethod
    def of(cls, kind: Kind | None) -> Side:
        return {Kind.AGENCY: cls.AGENCIES, Kind.CUSTOMS: cls.CUSTOMS}.get(kind or Kind.BUSINESS, cls.TRADE)


class Statement(OfAdministration, Base):
    """One sentence somebody put to everybody. Who said it is never shown, but to themselves.

    `translations` is {language: words}, entered by a person.
    """

    __tablename__ = "statement"
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    words: Mapped[str]
    language: Mapped[str]
    translations: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
    hidden_at: Mapped[datetime | None]  # whoever owns the consultation took it out, and said why
    hidden_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    hidden_words: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """What stands, whoever sees the consultation; what was taken out, its author and the owners."""
        owned = select(Consultation.id).where(Consultation.owned_by(who))
        stands = with_consultation(cls, who, cls.stands())
        theirs = or_(cls.person_id == who.id, cls.consultation_id.in_(owned))
        return or_(stands, and_(cls.administration_id == who.administration_id, theirs))

    @classmethod
    def stands(cls) -> ColumnElement[bool]:
        return and_(cls.hidden_at.is_(None), cls.withdrawn_at.is_(None))


class StatementVote(OfAdministration, Base):
    """What one person thinks of one statement. Only they see it; others see sums over circles.

    `is_counted`: they have been counted in their circle's figure for it, and stay in every later one.
    """

    __tablename__ = "statement_vote"
    __table_args__ = (UniqueConstraint("statement_id", "person_id"),)
    statement_id: Mapped[int] = mapped_column(ForeignKey("statement.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    vote: Mapped[Vote]
    at: Mapped[datetime]
    is_counted: Mapped[bool] = mapped_column(default=False)

    def absorb(self, other: Self) -> None:
        """Two persons turned out to be one: counted once, they are nobody new in any figure."""
        super().absorb(other)
        self.is_counted = self.is_counted or other.is_counted

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return and_(cls.administration_id == who.administration_id, cls.person_id == who.id)


class StatementCircle(OfAdministration, Base):
    """Five people or more who are counted together, for good: nobody comes or goes. See `scheduling.opinions.circles`.

    `cells` is {statement: [agree, disagree, pass]}, `side` None where several are mixed, and `number` the group that
    most of them vote with. Nobody is shown one: only sums over all of a side or of a group.
    """

    __tablename__ = "statement_circle"
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    side: Mapped[Side | None]
    people: Mapped[int]
    number: Mapped[int] = mapped_column(default=0)
    cells: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return false()


class StatementVoter(OfAdministration, Base):
    """In which circle somebody is counted. They are told in which group that is; nobody else is told anything."""

    __tablename__ = "statement_voter"
    __table_args__ = (UniqueConstraint("consultation_id", "person_id"),)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    circle_id: Mapped[int] = mapped_column(ForeignKey("statement_circle.id"), index=True)

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return and_(cls.administration_id == who.administration_id, cls.person_id == who.id)


class StatementMap(OfAdministration, Base):
    """Who agrees with whom in one consultation, as it was last worked out: `scheduling.opinions.Figures` as JSON."""

    __tablename__ = "statement_map"
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), unique=True)
    figures: Mapped[dict[str, Any]]
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return with_consultation(cls, who)
