"""Conclusions: the outcome statement of a consultation, who has approved and signed it, and who is owed it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    UniqueConstraint,
    and_,
    func,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from .base import Base, Identified, OfAdministration
from .consultations import (
    Answered,
    Consultation,
    Contribution,
    with_consultation,
)
from .machinery import Receipt
from .participants import participants_of
from .people import Person, Who

CONCLUDED = "conclusion"  # what the ledger calls it


class Conclusion(OfAdministration, Base):
    """What was asked, said, done, and not done and why: written by one person, approved by another, and signed, or
    refused in words that are published, by the co-owner where there is one. Transitions return False where the present
    state does not allow them, and change nothing then."""

    __tablename__ = "conclusion"
    __table_args__ = (CheckConstraint("signed_at IS NULL OR refused_at IS NULL", name="signed_or_refused"),)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    asked: Mapped[str]
    said: Mapped[str]
    done: Mapped[str]
    not_done: Mapped[str | None]  # and why; None: everything was done
    language: Mapped[str]
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None]
    sent_back_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    sent_back_at: Mapped[datetime | None]
    sent_back_words: Mapped[str | None]
    co_owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # whose signature is asked for
    signed_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    refused_words: Mapped[str | None]
    refused_language: Mapped[str | None]
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Published, whoever sees the consultation and whoever was told it; before that its owners."""
        told = select(Receipt.about_id).where(Receipt.about == CONCLUDED, Receipt.person_id == who.id)
        heard = and_(cls.administration_id == who.administration_id, cls.published_at.is_not(None), cls.id.in_(told))
        return or_(heard, with_consultation(cls, who, cls.published_at.is_not(None)))

    @classmethod
    def on_the_register(cls) -> ColumnElement[bool]:
        """What everybody may read, signed in or not."""
        public = select(Consultation.id).where(Consultation.on_the_register())
        return and_(cls.published_at.is_not(None), cls.consultation_id.in_(public))

    @property
    def is_pending(self) -> bool:
        return self.published_at is None and self.sent_back_at is None

    @property
    def is_agreed(self) -> bool:
        """It can go out: approved, and signed or refused where a co-owner was asked."""
        heard = self.co_owner_id is None or self.signed_at is not None or self.refused_at is not None
        return self.approved_at is not None and heard

    def approve(self, by: int, *, at: datetime) -> bool:
        """By somebody else than whoever wrote it, once."""
        if not self.is_pending or self.approved_at is not None or by == self.proposed_by_id:
            return False
        self.approved_by_id, self.approved_at = by, at
        return True

    def sign(self, by: int, *, at: datetime) -> bool:
        if not self._waits_for(by):
            return False
        self.signed_at = at
        return True

    def refuse(self, by: int, words: str, language: str, *, at: datetime) -> bool:
        """The co-owner does not sign: their words are published with it."""
        if not self._waits_for(by):
            return False
        self.refused_at, self.refused_words, self.refused_language = at, words, language
        return True

    def send_back(self, by: int, words: str, *, at: datetime) -> bool:
        if not self.is_pending:
            return False
        self.sent_back_by_id, self.sent_back_at, self.sent_back_words = by, at, words
        return True

    def publish(self, *, at: datetime) -> bool:
        if not self.is_pending or not self.is_agreed:
            return False
        self.published_at = at
        return True

    def _waits_for(self, by: int) -> bool:
        return self.is_pending and by == self.co_owner_id and self.signed_at is None and self.refused_at is None


class ConclusionTranslation(Identified, Base):
    """What a conclusion says in another language, entered by a person: beside the original, never in its place."""

    __tablename__ = "conclusion_translation"
    __table_args__ = (UniqueConstraint("conclusion_id", "language"),)
    conclusion_id: Mapped[int] = mapped_column(ForeignKey("conclusion.id"))
    language: Mapped[str]
    asked: Mapped[str]
    said: Mapped[str]
    done: Mapped[str]
    not_done: Mapped[str | None]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class FollowUp(OfAdministration, Base):
    """Somebody says that an outcome is of little use to them: a person of the administration gets in touch. `words` are
    what they miss in it, where they say so."""

    __tablename__ = "follow_up"
    __table_args__ = (UniqueConstraint("conclusion_id", "person_id"),)
    conclusion_id: Mapped[int] = mapped_column(ForeignKey("conclusion.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    words: Mapped[str | None]
    language: Mapped[str | None]
    asked_at: Mapped[datetime]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    done_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """One's own, and all of them to whoever runs the consultation."""
        run = select(Conclusion.id).join(Consultation, Consultation.id == Conclusion.consultation_id)
        run = run.where(Consultation.run_by(who))
        mine = or_(cls.person_id == who.id, cls.conclusion_id.in_(run))
        return and_(cls.administration_id == who.administration_id, mine)

    def done(self, by: int, *, at: datetime) -> bool:
        if self.done_at is not None:
            return False
        self.done_by_id, self.done_at = by, at
        return True


def unanswered(consultation_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Contributions that count and have no answer, or were changed by their authors since they had one."""
    said_at = func.coalesce(Contribution.changed_at, Contribution.at)
    answer = select(Answered.id).where(Answered.contribution_id == Contribution.id, Answered.at >= said_at)
    return and_(Contribution.consultation_id == consultation_id, Contribution.counts(), ~answer.exists())


def count_unanswered(session: Session, consultation_id: int) -> int:
    count = select(func.count()).select_from(Contribution).where(unanswered(consultation_id))
    return session.scalar(count) or 0


def waiting(session: Session, consultation_id: int) -> Conclusion | None:
    """The conclusion that is to be approved and signed."""
    waits = Conclusion.published_at.is_(None), Conclusion.sent_back_at.is_(None)
    its = select(Conclusion).where(Conclusion.consultation_id == consultation_id)
    return session.scalars(its.where(*waits).order_by(Conclusion.id.desc()).limit(1)).first()


def published(session: Session, consultation_id: int) -> Conclusion | None:
    """The conclusion that is out."""
    its = Conclusion.consultation_id == consultation_id, Conclusion.published_at.is_not(None)
    return session.scalars(select(Conclusion).where(*its).limit(1)).first()


def sent_back(session: Session, consultation_id: int) -> Conclusion | None:
    """The last one that was sent back."""
    its = Conclusion.consultation_id == consultation_id, Conclusion.sent_back_at.is_not(None)
    return session.scalars(select(Conclusion).where(*its).order_by(Conclusion.id.desc()).limit(1)).first()


def translations(session: Session, conclusion_id: int) -> Mapping[str, ConclusionTranslation]:
    """What was translated, by language."""
    its = select(ConclusionTranslation).where(ConclusionTranslation.conclusion_id == conclusion_id)
    return {each.language: each for each in session.scalars(its)}


def languages_wanted(session: Session, conclusion: Conclusion, *, at: datetime) -> list[str]:
    """The languages of those who are owed it that it does not speak yet."""
    spoken = {conclusion.language, *translations(session, conclusion.id)}
    owed = participants_of(conclusion.consultation_id, at=at)
    return sorted(set(session.scalars(select(Person.language).where(Person.id.in_(owed)).distinct())) - spoken)
