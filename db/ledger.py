"""The ledger read: what became of telling each person each outcome, and what offices still owe.

Pure queries, shared by the capability, the command line and the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypedDict

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from .centres import Centre
from .issues import Issue, State
from .machinery import Receipt
from .outcomes import TOLD, Outcome
from .people import Mandate, Organisation, Person


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
    """One person and one outcome; `completes` where it completes an earlier one. `reason` is the door's, `useful` what
    the person said of the outcome."""

    receipt: int
    issue: str
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
    """One settled issue that some have not heard of. `days` since its outcome was approved."""

    centre_id: int | None
    office: str | None
    issue_id: int
    issue: str
    settled_at: datetime
    days: int
    told: int
    not_heard: int
    failed: int


def lines(session: Session, *, issue: str | None = None) -> Sequence[Line]:
    """Every line, or those of the issue called `issue`; oldest outcome first."""
    if issue is None:
        return _lines(session)
    named = Issue.named(issue)
    return _lines(session, named) if named is not None else []


def ledger_of(session: Session, issue_id: int) -> Sequence[Line]:
    """The lines of every outcome one issue had."""
    return _lines(session, Issue.id == issue_id)


def not_heard() -> ColumnElement[bool]:
    """Told, as far as we know, without effect: neither opened nor acknowledged nor told by hand."""
    by_hand = func.coalesce(Receipt.next_step, "") == Step.DONE.value
    return and_(Receipt.opened_at.is_(None), Receipt.acknowledged_at.is_(None), ~by_hand)


def debt(session: Session, *, at: datetime, among: Any = None) -> Sequence[Debt]:
    """Settled issues that some have not heard of, the oldest first; `among` selects the issues that count."""
    last = (
        select(Outcome.issue_id, func.max(Outcome.id).label("outcome_id"))
        .where(Outcome.approved_at.is_not(None))
        .group_by(Outcome.issue_id)
        .subquery()
    )
    failed = and_(Receipt.failed_at.is_not(None), not_heard())
    owing = (
        select(
            Issue.id,
            Issue.centre_id,
            Centre.code,
            Outcome.approved_at,
            func.count().label("told"),
            func.count().filter(not_heard()).label("not_heard"),
            func.count().filter(failed).label("failed"),
        )
        .join(last, last.c.issue_id == Issue.id)
        .join(Outcome, Outcome.id == last.c.outcome_id)
        .join(Receipt, and_(Receipt.about == TOLD, Receipt.about_id == Outcome.id))
        .outerjoin(Centre, Centre.id == Issue.centre_id)
        .where(Issue.state == State.SETTLED)
        .group_by(Issue.id, Issue.centre_id, Centre.code, Outcome.approved_at)
        .having(func.count().filter(not_heard()) > 0)
        .order_by(Outcome.approved_at, Issue.id)
    )
    if among is not None:
        owing = owing.where(Issue.id.in_(among))
    return [
        Debt(
            centre_id=row.centre_id,
            office=row.code,
            issue_id=row.id,
            issue=Issue.ref_of(row.id),
            settled_at=row.approved_at,
            days=(at - row.approved_at).days,
            told=row.told,
            not_heard=row.not_heard,
            failed=row.failed,
        )
        for row in session.execute(owing)
    ]


def _lines(session: Session, *which: ColumnElement[bool]) -> Sequence[Line]:
    speaks_for = (
        select(Mandate.organisation_id)
        .where(Mandate.person_id == Person.id)
        .order_by(Mandate.starts_at.desc())
        .limit(1)
        .correlate(Person)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Receipt, Issue.id, Outcome.completes_id, Person.name, Organisation.name)
        .join(Outcome, and_(Receipt.about == TOLD, Receipt.about_id == Outcome.id))
        .join(Issue, Issue.id == Outcome.issue_id)
        .join(Person, Person.id == Receipt.person_id)
        .outerjoin(Organisation, Organisation.id == speaks_for)
        .where(*which)
        .order_by(Receipt.about_id, Receipt.id)
    )
    return [_line(*row) for row in rows]


def _line(receipt: Receipt, issue_id: int, completes_id: int | None, person: str, organisation: str | None) -> Line:
    state, at = _state(receipt)
    return Line(
        receipt=receipt.id,
        issue=Issue.ref_of(issue_id),
        outcome=receipt.about_id,
        completes=completes_id is not None,
        person_id=receipt.person_id,
        person=person,
        organisation=organisation,
        state=state,
        at=at,
        reason=receipt.reason if state is Heard.FAILED else None,
        next_step=receipt.next_step if state is Heard.FAILED else None,
        useful=receipt.useful,
    )


def _state(receipt: Receipt) -> tuple[Heard, datetime]:
    """The most that is known, and since when."""
    if receipt.acknowledged_at:
        return Heard.ACKNOWLEDGED, receipt.acknowledged_at
    if receipt.next_step == Step.DONE:
        return Heard.TOLD_BY_HAND, receipt.failed_at or receipt.created_at
    if receipt.opened_at:
        return Heard.OPENED, receipt.opened_at
    if receipt.accepted_at:
        return Heard.ACCEPTED, receipt.accepted_at
    if receipt.failed_at:
        return Heard.FAILED, receipt.failed_at
    return Heard.WAITING, receipt.created_at


def heard_by(session: Session, about: str, about_id: int) -> dict[int, tuple[Heard, datetime]]:
    """How far one thing has come with everybody it was told to, by person."""
    found = session.scalars(select(Receipt).where(Receipt.about == about, Receipt.about_id == about_id))
    return {each.person_id: _state(each) for each in found}
