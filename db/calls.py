"""The call of a symposium: what is proposed to it, who reviews that against which criteria, and what they found."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, and_, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from db.audiences import people_of
from db.base import Base, OfAdministration, Referenced
from db.people import Sector, Who
from db.symposia import Symposium, SymposiumSession, with_symposium

LEAST_POINTS, MOST_POINTS = 1, 5


class ProposalState(StrEnum):
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Standard(StrEnum):
    """The criteria a symposium begins with, in every reader's language."""

    RELEVANCE = "relevance"
    USE = "use"
    EVIDENCE = "evidence"
    BALANCE = "balance"


class Proposal(Referenced, Base):
    """A session somebody proposes, in their own words.

    `proposer_id` has sent it; `organisation_id` is in whose name, and `is_on_behalf` that an officer sent it for them.
    `speaker_id` is who would speak. `interest` is what whoever speaks has to declare: everybody reads it where the
    session takes place. `issue_id` is the issue, and all that is merged into it, that it comes from; `consultation_id`
    the consultation.
    """

    __tablename__ = "proposal"
    LETTERS = "SP"
    symposium_id: Mapped[int] = mapped_column(ForeignKey("symposium.id"), index=True)
    state: Mapped[ProposalState] = mapped_column(default=ProposalState.SENT)
    title: Mapped[str]
    abstract: Mapped[str]
    language: Mapped[str]
    track_id: Mapped[int | None] = mapped_column(ForeignKey("track.id"))
    sector: Mapped[Sector | None]
    needs: Mapped[list[Any]] = mapped_column(default=list)  # `Equipment` values
    proposer_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    is_on_behalf: Mapped[bool] = mapped_column(default=False)
    speaker_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    interest: Mapped[str | None]
    issue_id: Mapped[int | None] = mapped_column(ForeignKey("issue.id"))
    consultation_id: Mapped[int | None] = mapped_column(ForeignKey("consultation.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("symposium_session.id"))  # what it became
    sent_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    reason_language: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever proposed it or would speak, and whoever speaks for the organisation in whose name it is; whoever runs
        the symposium, and those who review for it. Whoever declared a conflict of interest is none of these two."""
        run = select(Symposium.id).where(Symposium.run_by(who))
        reviewed = select(Reviewer.symposium_id).where(Reviewer.person_id == who.id)
        declared = select(Review.proposal_id).where(Review.person_id == who.id, Review.is_conflict)
        weighed = or_(cls.symposium_id.in_(run), and_(cls.symposium_id.in_(reviewed), ~cls.of(who)))
        return and_(
            cls.administration_id == who.administration_id, or_(cls.of(who), and_(weighed, cls.id.not_in(declared)))
        )

    @classmethod
    def of(cls, who: Who) -> ColumnElement[bool]:
        """Theirs: sent by them, spoken by them, or in the name of the organisation they speak for."""
        # Never NULL, so that it can be turned round.
        mine: list[ColumnElement[bool]] = [cls.proposer_id == who.id, func.coalesce(cls.speaker_id, 0) == who.id]
        if who.organisation_id is not None:
            mine.append(func.coalesce(cls.organisation_id, 0) == who.organisation_id)
        return or_(*mine)

    @property
    def is_open(self) -> bool:
        return self.state is ProposalState.SENT

    def is_of(self, who: Who) -> bool:
        """The same as `of`, of this one."""
        theirs = self.organisation_id is not None and self.organisation_id == who.organisation_id
        return who.id in (self.proposer_id, self.speaker_id) or theirs

    def is_weighed_by(self, who: Who) -> bool:
        """Whether nothing of their own is at stake for them; having entered it for somebody else is no stake."""
        return not self.is_of(who) or (self.is_on_behalf and self.speaker_id != who.id)

    # Transitions: False where the present state does not allow them.

    def withdraw(self, *, at: datetime) -> bool:
        if self.state is not ProposalState.SENT:
            return False
        self.state, self.decided_at = ProposalState.WITHDRAWN, at
        return True

    def accept(self, session_id: int, *, by: int, at: datetime) -> bool:
        if self.state is not ProposalState.SENT:
            return False
        self.state, self.session_id, self.decided_by_id, self.decided_at = ProposalState.ACCEPTED, session_id, by, at
        return True

    def decline(self, reason: str, language: str, *, by: int, at: datetime) -> bool:
        if self.state is not ProposalState.SENT:
            return False
        self.state, self.decided_by_id, self.decided_at = ProposalState.DECLINED, by, at
        self.reason, self.reason_language = reason, language
        return True


class CallCriterion(OfAdministration, Base):
    """What proposals are reviewed against, one to five points each: a standard one, or in the organiser's words."""

    __tablename__ = "call_criterion"
    symposium_id: Mapped[int] = mapped_column(ForeignKey("symposium.id"), index=True)
    position: Mapped[int]
    standard: Mapped[Standard | None]
    words: Mapped[str | None]
    language: Mapped[str | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Everybody who sees the symposium: whoever proposes knows by what it is judged."""
        return with_symposium(cls, who)


class Reviewer(OfAdministration, Base):
    """Somebody asked to review what is proposed. Whoever runs the symposium reviews too, without being asked."""

    __tablename__ = "reviewer"
    __table_args__ = (UniqueConstraint("symposium_id", "person_id"),)
    symposium_id: Mapped[int] = mapped_column(ForeignKey("symposium.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    asked_at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        run = select(Symposium.id).where(Symposium.run_by(who))
        mine = or_(cls.person_id == who.id, cls.symposium_id.in_(run))
        return and_(cls.administration_id == who.administration_id, mine)


class Review(OfAdministration, Base):
    """What one person made of one proposal: points by criterion, and words for whoever decides; or that they have a
    conflict of interest, and then neither."""

    __tablename__ = "review"
    __table_args__ = (UniqueConstraint("proposal_id", "person_id"),)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    points: Mapped[dict[str, Any]] = mapped_column(default=dict)  # criterion's id as text -> 1 to 5
    words: Mapped[str | None]
    language: Mapped[str | None]
    is_conflict: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """One's own; and those of a proposal one decides on, but not of what is one's own."""
        run = select(Proposal.id).join(Symposium, Symposium.id == Proposal.symposium_id).where(Symposium.run_by(who))
        stake = or_(func.coalesce(Proposal.speaker_id, 0) == who.id, and_(Proposal.of(who), ~Proposal.is_on_behalf))
        decided = cls.proposal_id.in_(run.where(Proposal.visible_to(who), ~stake))
        return and_(cls.administration_id == who.administration_id, or_(cls.person_id == who.id, decided))


class Interest(OfAdministration, Base):
    """What somebody who is needed in a session has declared: everybody who sees the session reads it."""

    __tablename__ = "interest"
    __table_args__ = (UniqueConstraint("session_id", "person_id"),)
    session_id: Mapped[int] = mapped_column(ForeignKey("symposium_session.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    words: Mapped[str]
    language: Mapped[str]
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        seen = select(SymposiumSession.id).where(SymposiumSession.visible_to(who))
        return and_(cls.administration_id == who.administration_id, cls.session_id.in_(seen))


def in_audience(symposium: Symposium) -> ColumnElement[bool]:
    """Persons for whom it is, as `Symposium.open_to` has it; staff see it in any case and are not counted here."""
    return people_of(symposium)
