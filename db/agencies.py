"""What other agencies contribute to a case: the part each is asked for, its own thread, and what an outcome told of it.

Each agency sees its own part and nothing else of the case: not what others were asked or said, nor who raised it unless
that person let it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, Index, and_, false, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from .base import Base, OfAdministration
from .issues import How, Issue, Participation
from .outcomes import Outcome
from .people import Organisation, Who

PART_ENTRY = "part_entry"  # what a file hangs on


class PartState(StrEnum):
    ASKED = "asked"
    ANSWERED = "answered"
    CANNOT = "cannot"  # it says that it cannot answer, and why
    CALLED_OFF = "called_off"  # its part is not needed any longer


HAS_SPOKEN = (PartState.ANSWERED, PartState.CANNOT)


class PartVoice(StrEnum):
    """What an entry of a part's thread is. Only answers, and reasons why there is none, are told to anybody else."""

    QUESTION = "question"
    ANSWER = "answer"
    CANNOT = "cannot"
    QUERY = "query"  # the agency asks back
    REPLY = "reply"  # Customs answers that
    LATER = "later"  # the agency says why it needs more time


class Part(OfAdministration, Base):
    """What one agency is asked for in one case.

    `respond_by` is the day that holds: the desk's, or a later one that it or the agency has named since; `run` counts
    them, so that each has a reminder of its own. Transitions return False where the present state does not allow them,
    and change nothing then.
    """

    __tablename__ = "part"
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    state: Mapped[PartState] = mapped_column(default=PartState.ASKED)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    respond_by: Mapped[datetime]
    run: Mapped[int] = mapped_column(default=1)
    nudged_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]  # when the desk was told that the day had passed
    spoken_at: Mapped[datetime | None]  # when it answered, or said that it cannot
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  SQLAlchemy's own idiom

    @property
    def is_awaited(self) -> bool:
        return self.state is PartState.ASKED

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever speaks for the agency that was asked, and whoever handles the case."""
        return and_(cls.administration_id == who.administration_id, or_(cls.asked_of(who), cls.handled_by(who)))

    @classmethod
    def asked_of(cls, who: Who) -> ColumnElement[bool]:
        """Those of the agency somebody speaks for."""
        if who.agency_id is None:
            return false()
        return and_(cls.administration_id == who.administration_id, cls.agency_id == who.agency_id)

    @classmethod
    def handled_by(cls, who: Who) -> ColumnElement[bool]:
        """Those of the cases somebody handles: never of one they raised themselves."""
        return cls.issue_id.in_(select(Issue.id).where(Issue.handled_by(who))) if who.is_staff else false()

    # Transitions

    def ask_again(self, by: int, *, respond_by: datetime, at: datetime) -> bool:
        """Something else, or what was called off."""
        if self.state is PartState.ASKED:
            return False
        self.state, self.asked_by_id, self.asked_at = PartState.ASKED, by, at
        self.spoken_at = self.nudged_at = None
        return self.wait_until(respond_by)

    def wait_until(self, respond_by: datetime) -> bool:
        """Another day holds from now on."""
        if self.state is not PartState.ASKED:
            return False
        self.respond_by, self.missed_at = respond_by, None
        self.run = (self.run or 0) + 1
        return True

    def answer(self, *, at: datetime) -> bool:
        """Its answer, or a better one: the last counts."""
        return self._speak(PartState.ANSWERED, at)

    def decline(self, *, at: datetime) -> bool:
        return self._speak(PartState.CANNOT, at)

    def call_off(self) -> bool:
        if self.state is not PartState.ASKED:
            return False
        self.state = PartState.CALLED_OFF
        return True

    def nudge(self, *, at: datetime) -> bool:
        """Once for each question, and only while it is silent."""
        if self.state is not PartState.ASKED or self.nudged_at is not None:
            return False
        self.nudged_at = at
        return True

    def miss(self, *, at: datetime) -> bool:
        """The day has passed without an answer."""
        if self.state is not PartState.ASKED or self.missed_at is not None or self.respond_by > at:
            return False
        self.missed_at = at
        return True

    def _speak(self, state: PartState, at: datetime) -> bool:
        if self.state is PartState.CALLED_OFF:
            return False
        self.state, self.spoken_at = state, at
        return True


Index("ix_part_agency", Part.agency_id, Part.state)


class PartEntry(OfAdministration, Base):
    """One line of a part's thread, in the words and the language it was written in."""

    __tablename__ = "part_entry"
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), index=True)
    voice: Mapped[PartVoice]
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    words: Mapped[str]
    language: Mapped[str]
    at: Mapped[datetime]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever sees the part."""
        return cls.part_id.in_(select(Part.id).where(Part.visible_to(who)))


class Disclosure(OfAdministration, Base):
    """Whoever raised a case lets the agencies that are asked know who they are and what they wrote; or no longer."""

    __tablename__ = "disclosure"
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        return and_(cls.administration_id == who.administration_id, cls.person_id == who.id)


class OutcomePart(OfAdministration, Base):
    """What an outcome tells of one agency's part, as it stood: its words, or that it is missing (no words) and until
    when it was expected. `is_new` where the answer before this one did not have it."""

    __tablename__ = "outcome_part"
    outcome_id: Mapped[int] = mapped_column(ForeignKey("outcome.id"), index=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), index=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    state: Mapped[PartState]
    words: Mapped[str | None]
    language: Mapped[str | None]
    respond_by: Mapped[datetime]
    is_new: Mapped[bool] = mapped_column(default=False)

    @classmethod
    def visible_to(cls, who: Who) -> ColumnElement[bool]:
        """Whoever sees the outcome: those it was told, and whoever handles the case. Agencies are not told it."""
        return cls.outcome_id.in_(select(Outcome.id).where(Outcome.visible_to(who)))


def parts_of(session: Session, issue_id: int) -> Sequence[Part]:
    """What agencies are asked for in a case, in the order they were asked; without what was called off."""
    asked = Part.issue_id == issue_id, Part.state != PartState.CALLED_OFF
    return session.scalars(select(Part).where(*asked).order_by(Part.id)).all()


def said(session: Session, part: Part) -> PartEntry | None:
    """What an agency has answered, or why it cannot; None while it has said neither to the present question."""
    if part.state not in HAS_SPOKEN:
        return None
    voice = PartVoice.ANSWER if part.state is PartState.ANSWERED else PartVoice.CANNOT
    its = select(PartEntry).where(PartEntry.part_id == part.id, PartEntry.voice == voice)
    return session.scalars(its.order_by(PartEntry.id.desc()).limit(1)).first()


def told_of(session: Session, outcome_id: int) -> Sequence[OutcomePart]:
    """What an outcome tells of each agency's part: what is new first, what is missing last."""
    rows = session.scalars(select(OutcomePart).where(OutcomePart.outcome_id == outcome_id).order_by(OutcomePart.id))
    return sorted(rows, key=lambda each: (each.words is None, not each.is_new))


def disclosed(session: Session, issue_id: int) -> int | None:
    """The person who raised a case and lets agencies know it; None where nobody does."""
    stays = and_(
        Participation.issue_id == Disclosure.issue_id,
        Participation.person_id == Disclosure.person_id,
        Participation.how == How.REPORTER,
        Participation.left_at.is_(None),
    )
    letting = select(Disclosure.person_id).join(Participation, stays)
    return session.scalar(letting.where(Disclosure.issue_id == issue_id, Disclosure.withdrawn_at.is_(None)))


def name_of(session: Session, agency_id: int) -> str:
    """What an agency is called."""
    return session.scalars(select(Organisation.name).where(Organisation.id == agency_id)).one()
