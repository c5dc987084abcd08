"""Outcomes: what was asked, what Customs found, what was done or why not, and who is owed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from .base import Base, Identified, OfAdministration
from .issues import How, Issue, Participation
from .machinery import Receipt
from .people import Person, Who

TOLD = "outcome"  # what the ledger calls it


class Decision(StrEnum):
    DONE = "done"
    PARTLY = "partly"
    NOT = "not"


class Reason(StrEnum):
    """Why Customs could not do all that was asked: a short list, the same for everybody, that is published."""

    LAW = "law"
    OTHER_AUTHORITY = "other_authority"
    SAFETY = "safety"
    FACTS = "facts"
    MEANS = "means"
    PLANNED = "planned"
    ALREADY_SO = "already_so"


class Outcome(OfAdministration, Base):
    """What became of an issue, as one officer proposes it and another person approves it."""

    __tablename__ = "outcome"
    __table_args__ = (CheckConstraint("decision = 'done' OR reason IS NOT NULL", name="reason_given"),)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)
    asked: Mapped[str]
    found: Mapped[str]
    decision: Mapped[Decision]
    reason: Mapped[Reason | None]
    words: Mapped[str]  # what was done, or why not
    language: Mapped[str]
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None]
    sent_back_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    sent_back_at: Mapped[datetime | None]
    sent_back_words: Mapped[str | None]
    # the answer it completes: the same, with what was missing of an agency's part
    completes_id: Mapped[int | None] = mapped_column(ForeignKey("outcome.id"))
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever was told it, and the staff who handle its issue."""
        told = select(Receipt.about_id).where(Receipt.about == TOLD, Receipt.person_id == who.id)
        rules: list[ColumnElement[bool]] = [and_(cls.approved_at.is_not(None), cls.id.in_(told))]
        if who.is_staff:
            rules.append(cls.issue_id.in_(select(Issue.id).where(Issue.handled_by(who))))
        return and_(cls.administration_id == who.administration_id, or_(*rules))

    @classmethod
    def is_precedent_for(cls, who: Who) -> ColumnElement[bool]:
        """Approved answers of the whole administration: for staff, so that like questions get like answers."""
        return and_(
            cls.administration_id == (who.administration_id if who.is_staff else 0), cls.approved_at.is_not(None)
        )

    @property
    def is_pending(self) -> bool:
        return self.approved_at is None and self.sent_back_at is None

    def approve(self, by: int, *, at: datetime) -> bool:
        """By somebody else than whoever proposed it, once."""
        if not self.is_pending or by == self.proposed_by_id:
            return False
        self.approved_by_id, self.approved_at = by, at
        return True

    def send_back(self, by: int, words: str, *, at: datetime) -> bool:
        if not self.is_pending:
            return False
        self.sent_back_by_id, self.sent_back_at, self.sent_back_words = by, at, words
        return True


class OutcomeTranslation(Identified, Base):
    """What an outcome says in another language, entered by a person: beside the original, never in its place."""

    __tablename__ = "outcome_translation"
    __table_args__ = (UniqueConstraint("outcome_id", "language"),)
    outcome_id: Mapped[int] = mapped_column(ForeignKey("outcome.id"))
    language: Mapped[str]
    asked: Mapped[str]
    found: Mapped[str]
    words: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


@dataclass(frozen=True)
class Owed:
    """Somebody who is owed an outcome, with their own words where they gave any."""

    person_id: int
    how: How
    words: str | None
    language: str | None


def owed(session: Session, issue_id: int) -> Mapping[int, Owed]:
    """Everybody who takes part in an issue or in one merged into it, by person; each once, however often they joined.

    Where one person joined in several ways, their own report counts before anything they added later.
    """
    among = or_(Issue.id == issue_id, Issue.merged_into_id == issue_id)
    rows = session.scalars(
        select(Participation)
        .join(Issue, Issue.id == Participation.issue_id)
        .join(Person, Person.id == Participation.person_id)
        .where(among, Participation.left_at.is_(None), Person.erased_at.is_(None))
        .order_by(Participation.joined_at, Participation.id)
    )
    found: dict[int, Owed] = {}
    for row in sorted(rows, key=lambda each: list(How).index(each.how)):
        found.setdefault(row.person_id, Owed(row.person_id, row.how, row.words, row.language))
    return found


def translations(session: Session, outcome_id: int) -> Mapping[str, OutcomeTranslation]:
    """What was translated, by language."""
    found = session.scalars(select(OutcomeTranslation).where(OutcomeTranslation.outcome_id == outcome_id))
    return {each.language: each for each in found}


def languages_wanted(session: Session, outcome: Outcome) -> list[str]:
    """The languages of those who are owed an outcome that it does not speak yet."""
    spoken = {outcome.language, *translations(session, outcome.id)}
    people = select(Person.language).where(Person.id.in_(owed(session, outcome.issue_id))).distinct()
    return sorted(set(session.scalars(people)) - spoken)


def pending(session: Session, issue_id: int) -> Outcome | None:
    """The outcome that waits for approval."""
    waits = Outcome.approved_at.is_(None), Outcome.sent_back_at.is_(None)
    return session.scalar(select(Outcome).where(Outcome.issue_id == issue_id, *waits).order_by(Outcome.id.desc()))


def settled(session: Session, issue_id: int) -> Outcome | None:
    """The last approved outcome."""
    approved = select(Outcome).where(Outcome.issue_id == issue_id, Outcome.approved_at.is_not(None))
    return session.scalar(approved.order_by(Outcome.id.desc()).limit(1))
