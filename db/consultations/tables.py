"""A consultation: its dates and owners, its phases, what was asked and said in it, and how each of those words ended.

What is said decides who sees a consultation, so both stand together; its text has a room beside them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    UniqueConstraint,
    and_,
    false,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from db.audiences import Audience, is_run_by, run_by, within
from db.base import Base, Identified, OfAdministration, Referenced
from db.people import Sector, Who

from .kinds import IN_ORDER, OPEN, SHOWN, ContributionKind, Phase, Subject, Treatment

DOCUMENT = "consultation"  # what a document of one hangs on


class Consultation(Referenced, Base):
    """One consultation, in the words of whoever owns it. `zone` is the one its deadline is stated in.

    `owner_id` is Customs' side and `co_owner_id` business's, where it is co-created; while it is `PROPOSED` nobody
    owns it yet. Each phase begins at its instant: `shaping_at` (None: no shaping), `drafting_at`, `comments_at`;
    `closes_at` is the deadline for comments, and `outcome_due` the last day on which the outcome is promised.
    Transitions return False where the present phase does not allow them, and change nothing then.
    """

    __tablename__ = "consultation"
    LETTERS = "C"
    title: Mapped[str]
    summary: Mapped[str]
    language: Mapped[str]
    phase: Mapped[Phase] = mapped_column(default=Phase.PREPARED)
    subject: Mapped[Subject] = mapped_column(default=Subject.PROCEDURE)
    audience: Mapped[Audience] = mapped_column(default=Audience.MEMBERS)
    sector: Mapped[Sector | None]
    is_public: Mapped[bool] = mapped_column(default=True)  # it stands in the public register from its first phase on
    zone: Mapped[str]
    proposer_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    co_owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    asked_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # to be its co-owner, until they answer
    centre_id: Mapped[int | None] = mapped_column(ForeignKey("centre.id"))  # its desk runs it too
    issue_id: Mapped[int | None] = mapped_column(ForeignKey("issue.id"))  # it, and all merged into it, began this
    shaping_at: Mapped[datetime | None]
    drafting_at: Mapped[datetime | None]
    comments_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    outcome_due: Mapped[datetime | None]
    draft_number: Mapped[int] = mapped_column(default=0)  # of the draft that lies open; 0: none yet
    declined_words: Mapped[str | None]  # why it was declined, where its subject does not say so, or given up
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]  # since when what comes is late
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @staticmethod
    def ref_of(consultation_id: int) -> str:
        """What people call it. Ids are unique over all administrations, so a reference never means two things."""
        return f"C-{consultation_id}"

    # Who may see it

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever owns it, proposed it or is asked to own it; from its first phase on its audience, and whoever has
        said something in it."""
        said = select(Contribution.consultation_id).where(
            or_(Contribution.person_id == who.id, Contribution.filed_by_id == who.id)
        )
        # What was given up before anybody had heard of it is for nobody.
        shown = and_(cls.phase.in_(SHOWN), cls.audience != Audience.INVITED, or_(cls.open_to(who), cls.id.in_(said)))
        return and_(
            cls.administration_id == who.administration_id,
            or_(cls.owned_by(who), cls.proposer_id == who.id, cls.asked_id == who.id, shown),
        )

    @classmethod
    def open_to(cls, who: Who) -> ColumnElement[bool]:
        """Its audience: who may take part."""
        return true() if who.is_registered and who.is_staff else within(cls, who)

    @classmethod
    def run_by(cls, who: Who) -> ColumnElement[bool]:
        """Customs' side: its owner, the staff of its desk, and all staff with a role over the country."""
        return run_by(cls, cls.owner_id, who)

    def is_run_by(self, who: Who) -> bool:
        """The same, of this one."""
        return is_run_by(self, self.owner_id, who)

    @classmethod
    def owned_by(cls, who: Who) -> ColumnElement[bool]:
        """Both sides: those who run it, and the co-owner."""
        mine = cls.co_owner_id == who.id if who.is_registered else false()
        return and_(cls.administration_id == who.administration_id, or_(cls.run_by(who), mine))

    def is_owned_by(self, who: Who) -> bool:
        """The same, of this one."""
        ours = who.is_registered and self.administration_id == who.administration_id
        return self.is_run_by(who) or (ours and self.co_owner_id == who.id)

    @classmethod
    def on_the_register(cls) -> ColumnElement[bool]:
        """What everybody may read, signed in or not."""
        return and_(cls.is_public, cls.phase.in_(SHOWN))

    # What is open

    def takes_answers(self) -> bool:
        """Questions and statements can be answered; late, once it has closed."""
        return self.phase in OPEN

    def takes_comments(self) -> bool:
        """Clauses can be commented on: from when their text lies open until there is an outcome."""
        return self.phase in (Phase.COMMENTS, Phase.DECISION) and self.draft_number > 0

    def is_late(self, at: datetime) -> bool:
        """What is said at this instant is accepted, and marked late."""
        return self.phase is Phase.DECISION or (self.closes_at is not None and at >= self.closes_at)

    def begins(self, phase: Phase) -> datetime | None:
        """When a phase is planned to begin."""
        return {
            Phase.SHAPING: self.shaping_at,
            Phase.DRAFTING: self.drafting_at,
            Phase.COMMENTS: self.comments_at,
            Phase.DECISION: self.closes_at,
        }.get(phase)

    # Transitions

    def accept(self, owner_id: int) -> bool:
        """A proposal becomes a consultation that is being prepared."""
        if self.phase is not Phase.PROPOSED:
            return False
        self.phase, self.owner_id = Phase.PREPARED, owner_id
        return True

    def decline(self, words: str | None, *, at: datetime) -> bool:
        if self.phase is not Phase.PROPOSED:
            return False
        self.phase, self.declined_words, self.ended_at = Phase.DECLINED, words, at
        return True

    def move_to(self, phase: Phase, *, at: datetime) -> bool:
        """On to a later phase; `DECISION` closes it. Not to `OUTCOME`: see `conclude`. Comments need a text."""
        if self.phase not in IN_ORDER or phase not in IN_ORDER or phase is Phase.OUTCOME:
            return False
        if IN_ORDER.index(phase) <= IN_ORDER.index(self.phase):
            return False
        if phase is Phase.COMMENTS and self.draft_number == 0:
            return False
        self.phase = phase
        if phase is Phase.DECISION:
            self.closed_at = at
        return True

    def reopen(self, closes_at: datetime, *, at: datetime) -> bool:
        """A next draft lies open until then; what was said of the one before keeps its place."""
        if self.phase is not Phase.DECISION or closes_at <= at or self.draft_number == 0:
            return False
        self.phase, self.closes_at, self.closed_at = Phase.COMMENTS, closes_at, None
        return True

    def conclude(self, *, all_answered: bool, at: datetime) -> bool:
        """Its outcome goes out: never while a contribution has no answer."""
        if self.phase is not Phase.DECISION or not all_answered:
            return False
        self.phase, self.ended_at = Phase.OUTCOME, at
        return True

    def extend(self, closes_at: datetime, *, at: datetime) -> bool:
        """Its deadline is later than was said; the day on which the outcome is promised moves along."""
        is_open = self.phase in (Phase.SHAPING, Phase.DRAFTING, Phase.COMMENTS)
        if not is_open or self.closes_at is None or not at < self.closes_at < closes_at:
            return False
        if self.outcome_due is not None:
            self.outcome_due += closes_at - self.closes_at
        self.closes_at = closes_at
        return True

    def withdraw(self, words: str | None = None, *, at: datetime) -> bool:
        """It is given up; whoever took part hears why. What nobody has heard of is for nobody from then on."""
        if self.phase not in (Phase.PROPOSED, *IN_ORDER) or self.phase is Phase.OUTCOME:
            return False
        if self.phase in (Phase.PROPOSED, Phase.PREPARED):
            self.audience, self.is_public = Audience.INVITED, False
        self.phase, self.declined_words, self.ended_at, self.asked_id = Phase.WITHDRAWN, words, at, None
        return True

    # On business's side

    def ask(self, person_id: int) -> bool:
        """Somebody is asked to be its co-owner; there is one at most, and one is asked at a time."""
        if self.co_owner_id is not None or self.asked_id is not None or not self.is_under_way:
            return False
        self.asked_id = person_id
        return True

    def answer(self, person_id: int, *, agrees: bool) -> bool:
        """Whoever was asked says yes or no."""
        if self.asked_id != person_id or not self.is_under_way:
            return False
        self.asked_id = None
        if agrees:
            self.co_owner_id = person_id
        return True

    @property
    def is_under_way(self) -> bool:
        """Being prepared, open, or closed without an outcome yet."""
        return self.phase in IN_ORDER and self.phase is not Phase.OUTCOME


class OfConsultation:
    """What belongs to a consultation is seen by whoever sees it."""

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True, sort_order=-8)


class ConsultationTranslation(OfConsultation, Identified, Base):
    """Title and summary in another language, entered by a person: beside the original, never in its place."""

    __tablename__ = "consultation_translation"
    __table_args__ = (UniqueConstraint("consultation_id", "language"),)
    language: Mapped[str]
    title: Mapped[str]
    summary: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]


class ConsultationMeeting(Identified, Base):
    """A meeting held for a consultation: whoever was there took part."""

    __tablename__ = "consultation_meeting"
    __table_args__ = (UniqueConstraint("consultation_id", "meeting_id"),)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"))
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)


class Question(OfConsultation, OfAdministration, Base):
    """A question everybody who takes part may answer, in their own words or, with `options`, by one of them.

    `translations` is {language: {"words": …, "options": […]}}.
    """

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("consultation_id", "position"),)
    position: Mapped[int]
    words: Mapped[str]
    language: Mapped[str]
    options: Mapped[list[Any]] = mapped_column(default=list)
    translations: Mapped[dict[str, Any]] = mapped_column(default=dict)

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return with_consultation(cls, who)


class Contribution(OfConsultation, OfAdministration, Base):
    """What somebody said, in their own words: each of them ends with an `Answered`.

    `person_id` is whose it is; `filed_by_id` who sent it for them (an association for its member, with `consent` in the
    member's words or what records it); `organisation_id` the verified one they spoke for. `clause_id` is the clause as
    it was when they spoke; `stands_id` where that is in the draft that lies open now, None once it is an orphan.
    `suggested` are the other words of a suggestion, `choice` the option of an answer, by its place.
    """

    __tablename__ = "contribution"
    kind: Mapped[ContributionKind]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    filed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    clause_id: Mapped[int | None] = mapped_column(ForeignKey("clause.id"), index=True)
    stands_id: Mapped[int | None] = mapped_column(ForeignKey("clause.id"), index=True)
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id"))
    choice: Mapped[int | None]
    words: Mapped[str]
    suggested: Mapped[str | None]
    language: Mapped[str]
    is_late: Mapped[bool] = mapped_column(default=False)
    consent: Mapped[str | None]
    at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]  # its words are shown to its owners only
    hidden_words: Mapped[str | None]  # why, for its author
    hidden_language: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """One's own, those one filed for others, those of the organisation one speaks for, and all of them to its
        owners. What others wrote is read without their names: see `read_by`."""
        mine: list[ColumnElement[bool]] = [cls.person_id == who.id, cls.filed_by_id == who.id]
        if who.organisation_id is not None:
            mine.append(and_(cls.kind == ContributionKind.POSITION, cls.organisation_id == who.organisation_id))
        owned = select(Consultation.id).where(Consultation.owned_by(who))
        return and_(cls.administration_id == who.administration_id, or_(*mine, cls.consultation_id.in_(owned)))

    @classmethod
    def read_by(cls, who: Who) -> ColumnElement[bool]:
        """Whose words may be read, never with a name: comments and suggestions, by whoever sees the consultation."""
        seen = select(Consultation.id).where(Consultation.visible_to(who))
        return and_(
            cls.administration_id == who.administration_id,
            cls.consultation_id.in_(seen),
            cls.kind.in_((ContributionKind.COMMENT, ContributionKind.SUGGESTION)),
            cls.withdrawn_at.is_(None),
            cls.hidden_at.is_(None),
        )

    @classmethod
    def counts(cls) -> ColumnElement[bool]:
        """What has to be answered: all that was not taken back."""
        return cls.withdrawn_at.is_(None)


Index("ix_contribution_consultation", Contribution.consultation_id, Contribution.id)


class Answered(OfAdministration, Base):
    """How one contribution ended, and why. `clause_id` is the clause of the last draft that it changed, or that stays
    as it was in spite of it; None where it is about none. `translations` is {language: the reason}, by a person.
    """

    __tablename__ = "answered"
    contribution_id: Mapped[int] = mapped_column(ForeignKey("contribution.id"), unique=True)
    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultation.id"), index=True)
    treatment: Mapped[Treatment]
    clause_id: Mapped[int | None] = mapped_column(ForeignKey("clause.id"))
    reason: Mapped[str]
    language: Mapped[str]
    translations: Mapped[dict[str, Any]] = mapped_column(default=dict)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Its owners at once; whose words it answers when the outcome is out."""
        owned = select(Consultation.id).where(Consultation.owned_by(who))
        over = select(Consultation.id).where(Consultation.phase == Phase.OUTCOME)
        theirs = select(Contribution.id).where(Contribution.visible_to(who))
        told = and_(cls.consultation_id.in_(over), cls.contribution_id.in_(theirs))
        return and_(cls.administration_id == who.administration_id, or_(cls.consultation_id.in_(owned), told))


def with_consultation(table: Any, who: Who, *published: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whoever sees the consultation sees it, its owners also what is not `published`."""
    seen = table.consultation_id.in_(select(Consultation.id).where(Consultation.visible_to(who)))
    ours = table.administration_id == who.administration_id
    if not published:
        return and_(ours, seen)
    owned = table.consultation_id.in_(select(Consultation.id).where(Consultation.owned_by(who)))
    return and_(ours, seen, or_(owned, *published))
