"""What is owed and whether it has happened, read from the cases themselves and from the ledger. Pure queries, one for
each event, however much there is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from db.actions import Action, ActionEntry, Deed
from db.conclusions import CONCLUDED, Conclusion
from db.consultations import Consultation, Phase
from db.issues import TO_REPORTER, Entry, Issue, State, Voice
from db.ledger import Step
from db.machinery import Receipt
from db.meetings import DATED, Meeting, MeetingState
from db.outcomes import TOLD, Outcome
from db.people import Person

from .kinds import Door, Event, Hears
from .tables import Duty, ProtocolRule

Span = tuple[datetime, datetime | None]  # from, and up to but without

SPOKEN = (*TO_REPORTER, Voice.NEWS)  # words from Customs that whoever raised an issue reads
# Word of how an action stands. That a reminder was put off, or who owns it, says nothing of that.
STANDS = (
    *(Deed.PROGRESS, Deed.EVIDENCE, Deed.MILESTONE, Deed.CLAIMED, Deed.CONFIRMED, Deed.DISPUTED),
    *(Deed.WENT_ON, Deed.HELP, Deed.MOVED, Deed.DROPPED),
)
# Everybody is told in portions, each a turn of its own: by then all have their line in the ledger.
TOLD_BY_THEN = timedelta(hours=1)


class Begun(NamedTuple):
    """Something began that a rule may be about."""

    about_id: int
    began_at: datetime
    centre_id: int | None


class Stands(NamedTuple):
    """How a duty stands. `kept_at` or `released_at` is when it ended; where only that it has ended is known, and not
    when, `ended` is True and both are None."""

    duty_id: int
    centre_id: int | None
    kept_at: datetime | None = None
    released_at: datetime | None = None
    ended: bool = False


# What began

_BEGUN: Mapping[Event, Any] = {
    Event.ISSUE_RAISED: (
        select(Issue.id, Issue.raised_at, Issue.centre_id),
        *(Issue.id, Issue.raised_at, Issue.administration_id),
    ),
    Event.ISSUE_OUTCOME: (
        select(Outcome.id, Outcome.approved_at, Issue.centre_id).join(Issue, Issue.id == Outcome.issue_id),
        *(Outcome.id, Outcome.approved_at, Outcome.administration_id),
    ),
    Event.CONSULTATION_CLOSED: (
        select(Consultation.id, Consultation.closed_at, Consultation.centre_id),
        *(Consultation.id, Consultation.closed_at, Consultation.administration_id),
    ),
    Event.CONSULTATION_OUTCOME: (
        select(Conclusion.id, Conclusion.published_at, Consultation.centre_id).join(
            Consultation, Consultation.id == Conclusion.consultation_id
        ),
        *(Conclusion.id, Conclusion.published_at, Conclusion.administration_id),
    ),
    Event.MEETING_HELD: (
        select(Meeting.id, Meeting.ends_at, Meeting.centre_id).where(Meeting.state.in_(DATED)),
        *(Meeting.id, Meeting.ends_at, Meeting.administration_id),
    ),
    Event.ACTION_DUE: (
        select(Action.id, Action.due_at, literal(None)).where(
            Action.adopted_at.is_not(None), or_(Action.ended_at.is_(None), Action.ended_at >= Action.due_at)
        ),
        *(Action.id, Action.due_at, Action.administration_id),
    ),
}


def begun(
    session: Session, administration_id: int, event: Event, spans: Collection[Span], *, at: datetime, most: int
) -> Sequence[Begun]:
    """What began within one of the spans and has no duty yet, the oldest first, at most so many."""
    of, about_id, began_at, administration = _BEGUN[event]
    within = or_(
        *(and_(began_at >= since, *((began_at < until,) if until is not None else ())) for since, until in spans)
    )
    known = exists().where(Duty.event == event, Duty.about_id == about_id, Duty.began_at == began_at)
    found = of.where(administration == administration_id, within, began_at <= at, ~known)
    return [Begun(*row) for row in session.execute(found.order_by(began_at, about_id).limit(most))]


# What has happened


def standing(session: Session, administration_id: int, event: Event, *, at: datetime) -> Sequence[Stands]:
    """How every duty of an event stands that is not known to have ended."""
    which = Duty.administration_id == administration_id, Duty.event == event, Duty.is_open()
    return _STANDING[event](session, which, at)


def _issue_raised(session: Session, which: tuple[Any, ...], at: datetime) -> list[Stands]:
    """The first words from the desk, or the outcome. Who withdrew it, or said the same as another, is owed nothing."""
    said = select(func.min(Entry.at)).where(
        Entry.issue_id == Issue.id, Entry.voice.in_(SPOKEN), Entry.at >= Duty.began_at
    )
    out = select(func.min(Outcome.approved_at)).where(Outcome.issue_id == Issue.id)
    rows = session.execute(
        select(
            *(Duty.id, Issue.centre_id, said.correlate(Issue, Duty).scalar_subquery()),
            *(out.correlate(Issue).scalar_subquery(), Issue.ended_at, Issue.state),
        )
        .join(Issue, Issue.id == Duty.about_id)
        .where(*which)
    )
    found = []
    for duty_id, centre_id, first, outcome, ended_at, state in rows:
        kept = min((each for each in (first, outcome) if each is not None), default=None)
        gone = ended_at if state in (State.WITHDRAWN, State.MERGED) else None
        if kept is not None and gone is not None and gone < kept:
            kept = None
        found.append(Stands(duty_id, centre_id, kept, gone if kept is None else None))
    return found


def _told(session: Session, query: Any, about: str, about_id: Any, at: datetime) -> list[Stands]:
    """Kept by the last of those who are owed it whom it has reached. `query` gives the duty, its rule and its office;
    no line of the ledger is of somebody who was erased."""
    arrived = func.coalesce(Receipt.accepted_at, Receipt.opened_at, Receipt.acknowledged_at)
    by_hand = and_(arrived.is_(None), func.coalesce(Receipt.next_step, "") == Step.DONE.value)
    # Nobody notes when somebody was told by hand: it counts from when the doors had failed, as in the ledger.
    when = case((by_hand, func.coalesce(Receipt.failed_at, Receipt.created_at)), else_=arrived)
    living = select(Person.id).where(Person.erased_at.is_(None))
    line = and_(Receipt.about == about, Receipt.about_id == about_id, Receipt.person_id.in_(living))
    if about == TOLD:
        line = and_(line, or_(ProtocolRule.hears != Hears.REPORTER, Receipt.person_id == Issue.reporter_id))
    counted = (
        query.add_columns(
            func.count(Receipt.id).filter(arrived.is_(None), ~by_hand),
            func.count(Receipt.id).filter(by_hand),
            func.max(when, type_=Receipt.created_at.type),
        )
        .outerjoin(Receipt, line)
        .group_by(*query.selected_columns)
    )
    doors = {each.id: each.ways for each in session.scalars(select(ProtocolRule))}
    found = []
    for duty_id, centre_id, rule_id, began_at, breached_at, missing, hands, last in session.execute(counted):
        too_early = began_at > at - TOLD_BY_THEN
        if too_early or missing or (hands and Door.PERSON not in doors[rule_id]):
            found.append(Stands(duty_id, centre_id))
        elif hands and breached_at is not None:
            found.append(Stands(duty_id, centre_id, kept_at=at))  # it was done since the breach was found
        else:
            found.append(Stands(duty_id, centre_id, kept_at=max(last or began_at, began_at)))
    return found


def _issue_outcome(session: Session, which: tuple[Any, ...], at: datetime) -> list[Stands]:
    query: Any = (
        select(Duty.id, Issue.centre_id, Duty.rule_id, Duty.began_at, Duty.breached_at)
        .join(ProtocolRule, ProtocolRule.id == Duty.rule_id)
        .join(Outcome, Outcome.id == Duty.about_id)
        .join(Issue, Issue.id == Outcome.issue_id)
        .where(*which)
    )
    return _told(session, query, TOLD, Outcome.id, at)


def _consultation_outcome(session: Session, which: tuple[Any, ...], at: datetime) -> list[Stands]:
    query: Any = (
        select(Duty.id, Consultation.centre_id, Duty.rule_id, Duty.began_at, Duty.breached_at)
        .join(Conclusion, Conclusion.id == Duty.about_id)
        .join(Consultation, Consultation.id == Conclusion.consultation_id)
        .where(*which)
    )
    return _told(session, query, CONCLUDED, Conclusion.id, at)


def _consultation_closed(session: Session, which: tuple[Any, ...], at: datetime) -> list[Stands]:
    """Its outcome is out. Given up, or open once more, it owes no outcome of that close."""
    rows = session.execute(
        select(
            *(Duty.id, Consultation.centre_id, Duty.began_at),
            *(Consultation.phase, Consultation.closed_at, Consultation.ended_at),
        )
        .join(Consultation, Consultation.id == Duty.about_id)
        .where(*which)
    )
    found = []
    for duty_id, centre_id, began_at, phase, closed_at, ended_at in rows:
        if phase is Phase.OUTCOME and closed_at == began_at:
            found.append(Stands(duty_id, centre_id, kept_at=ended_at))
        elif phase is Phase.WITHDRAWN:
            found.append(Stands(duty_id, centre_id, released_at=ended_at))
        else:
            found.append(Stands(duty_id, centre_id, ended=closed_at != began_at))
    return found


def _meeting_held(session: Session, which: tuple[Any, ...], at: datetime) -> list[Stands]:
    """Its minutes are out. Cancelled, or moved to another date, it owes none."""
    rows = session.execute(
        select(Duty.id, Meeting.centre_id, Duty.began_at, Meeting.state, Meeting.ends_at, Meeting.ended_at)
        .join(Meeting, Meeting.id == Duty.about_id)
        .where(*which)
    )
    found = []
    for duty_id, centre_id, began_at, state, ends_at, ended_at in rows:
        if state is MeetingState.CLOSED:
            found.append(Stands(duty_id, centre_id, kept_at=max(ended_at or began_at, began_at)))
        elif state is MeetingState.CANCELLED:
            found.append(Stands(duty_id, centre_id, released_at=ended_at))
        else:
            found.append(Stands(duty_id, centre_id, ended=ends_at != began_at))
    return found


def _action_due(session: Session, which: tuple[Any, ...], at: datetime) -> list[Stands]:
    """The first word on it since its day, or its end."""
    said = select(func.min(ActionEntry.at)).where(
        ActionEntry.action_id == Action.id, ActionEntry.deed.in_(STANDS), ActionEntry.at >= Duty.began_at
    )
    rows = session.execute(
        select(Duty.id, Duty.began_at, said.correlate(Action, Duty).scalar_subquery(), Action.ended_at)
        .join(Action, Action.id == Duty.about_id)
        .where(*which)
    )
    found = []
    for duty_id, began_at, first, ended_at in rows:
        ends = (each for each in (first, ended_at) if each is not None and each >= began_at)
        found.append(Stands(duty_id, None, kept_at=min(ends, default=None)))
    return found


_STANDING: Mapping[Event, Callable[[Session, tuple[Any, ...], datetime], list[Stands]]] = {
    Event.ISSUE_RAISED: _issue_raised,
    Event.ISSUE_OUTCOME: _issue_outcome,
    Event.CONSULTATION_CLOSED: _consultation_closed,
    Event.CONSULTATION_OUTCOME: _consultation_outcome,
    Event.MEETING_HELD: _meeting_held,
    Event.ACTION_DUE: _action_due,
}


# What they are called


def cases(session: Session, duties: Collection[Duty]) -> dict[int, tuple[str, int]]:
    """By duty, what it is about as people know it: its reference, and the id of the issue, consultation, meeting or
    action."""
    of: dict[Event, dict[int, int]] = {}
    for event, table, column in (
        (Event.ISSUE_OUTCOME, Outcome, Outcome.issue_id),
        (Event.CONSULTATION_OUTCOME, Conclusion, Conclusion.consultation_id),
    ):
        ids = {each.about_id for each in duties if each.event is event}
        rows = session.execute(select(table.id, column).where(table.id.in_(ids))).all() if ids else ()
        of[event] = {row[0]: row[1] for row in rows}
    found = {}
    for duty in duties:
        about = of.get(duty.event, {}).get(duty.about_id, duty.about_id)
        found[duty.id] = (_PREFIX[duty.event](about), about)
    return found


_PREFIX: Mapping[Event, Callable[[int], str]] = {
    Event.ISSUE_RAISED: Issue.ref_of,
    Event.ISSUE_OUTCOME: Issue.ref_of,
    Event.CONSULTATION_CLOSED: lambda number: f"C-{number}",
    Event.CONSULTATION_OUTCOME: lambda number: f"C-{number}",
    Event.MEETING_HELD: lambda number: f"R-{number}",
    Event.ACTION_DUE: lambda number: f"A-{number}",
}
