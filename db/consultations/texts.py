"""The text of a consultation: drafts, their numbered clauses, and how each clause goes on from draft to draft."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Identified, OfAdministration
from db.people import Who

from .kinds import Change
from .tables import OfConsultation, with_consultation


class TextDraft(OfConsultation, OfAdministration, Base):
    """One draft of the text: the first is 1. It lies open once it is published, and does not change from then on."""

    __tablename__ = "text_draft"
    __table_args__ = (UniqueConstraint("consultation_id", "number"),)
    number: Mapped[int]
    language: Mapped[str]
    note: Mapped[str | None]  # what is new in it, in the owners' words
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Published, whoever sees the consultation; before that its owners."""
        return with_consultation(cls, who, cls.published_at.is_not(None))


class Clause(OfConsultation, OfAdministration, Base):
    """One clause of one draft. `number` is what people call it (`3.2`), `position` its place, from 0."""

    __tablename__ = "clause"
    __table_args__ = (UniqueConstraint("draft_id", "position"),)
    draft_id: Mapped[int] = mapped_column(ForeignKey("text_draft.id"))
    position: Mapped[int]
    number: Mapped[str]
    heading: Mapped[str | None]
    words: Mapped[str]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """As its draft."""
        published = select(TextDraft.id).where(TextDraft.published_at.is_not(None))
        return with_consultation(cls, who, cls.draft_id.in_(published))


class ClauseTranslation(Identified, Base):
    """A clause in another language, entered by a person."""

    __tablename__ = "clause_translation"
    __table_args__ = (UniqueConstraint("clause_id", "language"),)
    clause_id: Mapped[int] = mapped_column(ForeignKey("clause.id"))
    language: Mapped[str]
    heading: Mapped[str | None]
    words: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class ClauseLink(OfConsultation, Identified, Base):
    """A clause goes on in one of the next draft: several where it was split or merged. `later_id` None: dropped;
    `earlier_id` None: new. `likeness`, of 0 to 100, says how sure that is; `confirmed_by_id` that a person said so."""

    __tablename__ = "clause_link"
    __table_args__ = (
        UniqueConstraint("earlier_id", "later_id"),
        CheckConstraint("earlier_id IS NOT NULL OR later_id IS NOT NULL", name="links_something"),
    )
    draft_id: Mapped[int] = mapped_column(ForeignKey("text_draft.id"), index=True)  # the later one
    earlier_id: Mapped[int | None] = mapped_column(ForeignKey("clause.id"))
    later_id: Mapped[int | None] = mapped_column(ForeignKey("clause.id"), index=True)
    change: Mapped[Change]
    likeness: Mapped[int] = mapped_column(default=100)
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
