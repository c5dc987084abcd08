"""The ledger read: what became of telling each person each outcome, and what offices still owe.

Pure queries, shared by the capability, the command line and the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypedDict

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from .centres import Centre
from .conclusions import CONCLUDED, Conclusion
from .consultations import OPEN, Consultation, Phase
from .issues import Issue, State
from .machinery import Receipt
from .outcomes import TOLD, Outcome
from .participants import participants
from .people import Mandate, Organisation, Person, Who


class Heard(StrEnum):
    """How far an outcome has come with one person. Nobody is told that a message was read."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    TOLD_BY_HAND = "told_by_hand"
    FAILED = "failed"


class Step(StrEnum):
    """What happens next for somebody no door reaches."""

    CONTACT = "contact"  # their organisation's contact person was asked to pass on that something waits
    HUMAN = "human"  # somebody at the desk was asked to reach them
    DONE = "done"  # somebody says that they have


class Line(TypedDict):
    """One person and one outcome, of an issue or of a consultation: the other of the two references is None.

    `outcome` is the id of the issue's outcome or of the consultation's conclusion. `completes` where it completes an
    earlier one. `reason` is the door's, `useful` what the person said of the outcome.
    """

    receipt: int
    issue: str | None
    consultation: str | None
    outcome: int
    completes: bool
    person_id: int
    person: str
    organisation: str | None
    state: Heard
    at: datetime
    reason: str | None
    next_step: str | None
    useful: bool | None


class Debt(TypedDict):
    """One settled issue, or one consultation, whose outcome some have not heard.

    A consultation without an outcome after the day it was promised for is overdue: `settled_at` is None, and nobody who
    took part has heard. `days` are counted from `since`: when the outcome was approved or published, or that day.
    """

    centre_id: int | None
    office: str | None
    issue_id: int | None
    issue: str | None
    consultation_id: int | None
    consultation: str | None
    settled_at: datetime | None
    since: datetime
    days: int
    told: int
    not_heard: int
    failed: int


_UNREACHED = and_(Receipt.failed_at.is_not(None), Receipt.accepted_at.is_(None))
# By the most that is known, and since when.
_BY_HAND = func.coalesce(Receipt.next_step, "") == Step.DONE.value
_KNOWN: tuple[tuple[ColumnElement[bool], Heard, Any], ...] = (
    (Receipt.acknowledged_at.is_not(None), Heard.ACKNOWLEDGED, Receipt.acknowledged_at),
    (_BY_HAND, Heard.TOLD_BY_HAND, func.coalesce(Receipt.failed_at, Receipt.created_at, type_=Receipt.created_at.type)),
    (Receipt.opened_at.is_not(None), Heard.OPENED, Receipt.opened_at),
    (Receipt.accepted_at.is_not(None), Heard.ACCEPTED, Receipt.accepted_at),
    (Receipt.failed_at.is_not(None), Heard.FAILED, Receipt.failed_at),
)
STATE = case(*((known, state.value) for known, state, _since in _KNOWN), else_=Heard.WAITING.value)
SINCE = case(*((known, since) for known, _state, since in _KNOWN), else_=Receipt.created_at)


def not_heard() -> ColumnElement[bool]:
    """Told, as far as we know, without effect: neither opened nor acknowledged nor told by hand."""
    return and_(Receipt.opened_at.is_(None), Receipt.acknowledged_at.is_(None), ~_BY_HAND)


# Lines


def of_issue(issue_id: int | Select[Any]) -> ColumnElement[bool]:
    """Every outcome one issue had, or those of the issues whose ids are selected."""
    among = (issue_id,) if isinstance(issue_id, int) else issue_id
    return and_(Receipt.about == TOLD, Receipt.about_id.in_(select(Outcome.id).where(Outcome.issue_id.in_(among))))


def of_consultation(consultation_id: int | Select[Any]) -> ColumnElement[bool]:
    """What became of one consultation, or of those whose ids are selected."""
    among = (consultation_id,) if isinstance(consultation_id, int) else consultation_id
    its = select(Conclusion.id).where(Conclusion.consultation_id.in_(among))
    return and_(Receipt.about == CONCLUDED, Receipt.about_id.in_(its))


def of_those_handled_by(who: Who) -> ColumnElement[bool]:
    """The outcomes of all issues and consultations that `who` answers for."""
    return or_(
        of_issue(select(Issue.id).where(Issue.handled_by(who))),
        of_consultation(select(Consultation.id).where(Consultation.run_by(who))),
    )


def lines(session: Session, *, issue: str | None = None) -> Sequence[Line]:
    """Every line, or those of the issue or consultation called `issue`; oldest outcome first."""
    if issue is None:
        return page_of(session)
    if (named := Issue.named(issue)) is not None:
        return page_of(session, of_issue(select(Issue.id).where(named)))
    if (named := Consultation.named(issue)) is not None:
        return page_of(session, of_consultation(select(Consultation.id).where(named)))
    return []


def page_of(
    session: Session, *which: ColumnElement[bool], first: int = 0, most: int | None = None, failed_first: bool = False
) -> Sequence[Line]:
    """The lines of `which`, from the `first` on (0) at most so many; the oldest outcome first, or before all others
    those whom no door reaches."""
    order: list[Any] = [Receipt.about.desc(), Receipt.about_id, Receipt.id]
    if failed_first:
        order = [case((_UNREACHED, 0), else_=1), Receipt.created_at, *order]
    # Which lines these are comes first: what else is said of one costs more than to skip it.
    kept = Receipt.about.in_((TOLD, CONCLUDED)), *which
    these = select(Receipt.id).where(*kept).order_by(*order).offset(first).limit(most)
    rows = session.execute(_lines().where(Receipt.id.in_(these)).order_by(*order))
    return [_line(row) for row in rows]


def tally(session: Session, *which: ColumnElement[bool]) -> Mapping[Heard, int]:
    """How many lines of `which` there are in each state, in the order of `Heard`."""
    kept = Receipt.about.in_((TOLD, CONCLUDED))
    counts = session.execute(select(STATE, func.count()).where(kept, *which).group_by(STATE)).all()
    found = {Heard(state): count for state, count in counts}
    return {each: found[each] for each in Heard if each in found}


def heard_by(session: Session, about: str, about_id: int) -> dict[int, tuple[Heard, datetime]]:
    """How far one thing has come with everybody it was told to, by person."""
    its = Receipt.about == about, Receipt.about_id == about_id
    found = session.execute(select(Receipt.person_id, STATE, SINCE).where(*its))
    return {person_id: (Heard(state), since) for person_id, state, since in found}


def _lines() -> Select[Any]:
    speaks_for = (
        select(Mandate.organisation_id)
        .where(Mandate.person_id == Person.id, Mandate.administration_id == Receipt.administration_id)
        .order_by(Mandate.starts_at.desc())
        .limit(1)
        .correlate(Person, Receipt)
        .scalar_subquery()
    )
    return (
        select(
            Receipt.id,
            Receipt.about_id,
            Receipt.person_id,
            Receipt.reason,
            Receipt.next_step,
            Receipt.useful,
            STATE.label("state"),
            SINCE.label("since"),
            Issue.id.label("issue_id"),
            Outcome.completes_id,
            Consultation.id.label("consultation_id"),
            Person.name,
            Organisation.name.label("organisation"),
        )
        .outerjoin(Outcome, and_(Receipt.about == TOLD, Outcome.id == Receipt.about_id))
        .outerjoin(Issue, Issue.id == Outcome.issue_id)
        .outerjoin(Conclusion, and_(Receipt.about == CONCLUDED, Conclusion.id == Receipt.about_id))
        .outerjoin(Consultation, Consultation.id == Conclusion.consultation_id)
        .join(Person, Person.id == Receipt.person_id)
        .outerjoin(Organisation, Organisation.id == speaks_for)
    )


def _line(row: Row[Any]) -> Line:
    state = Heard(row.state)
    return Line(
        receipt=row.id,
        issue=Issue.ref_of(row.issue_id) if row.issue_id is not None else None,
        consultation=Consultation.ref_of(row.consultation_id) if row.consultation_id is not None else None,
        outcome=row.about_id,
        completes=row.completes_id is not None,
        person_id=row.person_id,
        person=row.name,
        organisation=row.organisation,
        state=state,
        at=row.since,
        reason=row.reason if state is Heard.FAILED else None,
        next_step=row.next_step if state is Heard.FAILED else None,
        useful=row.useful,
    )


# Debt


def debt(
    session: Session,
    *,
    at: datetime,
    issues: Select[Any] | None = None,
    consultations: Select[Any] | None = None,
) -> Sequence[Debt]:
    """What some have not heard the end of, the oldest first; `issues` and `consultations` select the ids that count."""
    owing = [
        *(_debt(row, at) for row in session.execute(_unheard_issues(issues))),
        *(_debt(row, at) for row in session.execute(_unheard_consultations(consultations))),
        *(_debt(row, at, is_overdue=True) for row in session.execute(_overdue(at, consultations))),
    ]
    return sorted(owing, key=lambda each: (each["since"], each["consultation_id"] or 0))


def _counted() -> tuple[Any, ...]:
    failed = and_(_UNREACHED, not_heard())
    return (
        func.count().label("told"),
        func.count().filter(not_heard()).label("not_heard"),
        func.count().filter(failed).label("failed"),
    )


def _unheard_issues(among: Select[Any] | None) -> Select[Any]:
    """Settled ones, by their last outcome."""
    last = (
        select(Outcome.issue_id, func.max(Outcome.id).label("outcome_id"))
        .where(Outcome.approved_at.is_not(None))
        .group_by(Outcome.issue_id)
        .subquery()
    )
    owing = (
        select(
            Issue.id.label("issue_id"), Issue.centre_id, Centre.code, Outcome.approved_at.label("since"), *_counted()
        )
        .join(last, last.c.issue_id == Issue.id)
        .join(Outcome, Outcome.id == last.c.outcome_id)
        .join(Receipt, and_(Receipt.about == TOLD, Receipt.about_id == Outcome.id))
        .outerjoin(Centre, Centre.id == Issue.centre_id)
        .where(Issue.state == State.SETTLED)
        .group_by(Issue.id, Issue.centre_id, Centre.code, Outcome.approved_at)
        .having(func.count().filter(not_heard()) > 0)
    )
    return owing.where(Issue.id.in_(among)) if among is not None else owing


def _unheard_consultations(among: Select[Any] | None) -> Select[Any]:
    """Those whose outcome is out."""
    owing = (
        select(
            Consultation.id.label("consultation_id"),
            Consultation.centre_id,
            Centre.code,
            Conclusion.published_at.label("since"),
            *_counted(),
        )
        .join(Conclusion, Conclusion.consultation_id == Consultation.id)
        .join(Receipt, and_(Receipt.about == CONCLUDED, Receipt.about_id == Conclusion.id))
        .outerjoin(Centre, Centre.id == Consultation.centre_id)
        .where(Consultation.phase == Phase.OUTCOME, Conclusion.published_at.is_not(None))
        .group_by(Consultation.id, Consultation.centre_id, Centre.code, Conclusion.published_at)
        .having(func.count().filter(not_heard()) > 0)
    )
    return owing.where(Consultation.id.in_(among)) if among is not None else owing


def _overdue(at: datetime, among: Select[Any] | None) -> Select[Any]:
    """Those that should have had their outcome by now: everybody who took part waits."""
    late = Consultation.phase.in_(OPEN), Consultation.outcome_due < at
    waiting = participants(select(Consultation.id).where(*late), at=at)
    columns: tuple[Any, ...] = (
        Consultation.id.label("consultation_id"),
        Consultation.centre_id,
        Centre.code,
        Consultation.outcome_due.label("since"),
        func.count(Person.id).label("not_heard"),
    )
    owing = (
        select(*columns)
        .outerjoin(waiting, waiting.c.consultation_id == Consultation.id)
        .outerjoin(Person, and_(Person.id == waiting.c.person_id, Person.erased_at.is_(None)))
        .outerjoin(Centre, Centre.id == Consultation.centre_id)
        .where(*late)
        .group_by(Consultation.id, Consultation.centre_id, Centre.code, Consultation.outcome_due)
    )
    return owing.where(Consultation.id.in_(among)) if among is not None else owing


def _debt(row: Row[Any], at: datetime, *, is_overdue: bool = False) -> Debt:
    of = row._asdict()
    issue_id, consultation_id = of.get("issue_id"), of.get("consultation_id")
    return Debt(
        centre_id=row.centre_id,
        office=row.code,
        issue_id=issue_id,
        issue=Issue.ref_of(issue_id) if issue_id is not None else None,
        consultation_id=consultation_id,
        consultation=Consultation.ref_of(consultation_id) if consultation_id is not None else None,
        settled_at=None if is_overdue else row.since,
        since=row.since,
        days=(at - row.since).days,
        told=of.get("told", 0),
        not_heard=row.not_heard,
        failed=of.get("failed", 0),
    )
