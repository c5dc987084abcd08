"""Votes become figures: people are taken into circles, and each circle's cells are filled, as `scheduling.opinions` has
it. Nothing but this counts votes for others to see."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, insert, select, update
from sqlalchemy.orm import Session

from db.consultations import Consultation, Phase
from db.people import Person
from db.statements import Side, Statement, StatementCircle, StatementMap, StatementVote, StatementVoter, Vote
from scheduling.opinions import LEAST, Known, Stand, figures, form

ENOUGH = 7  # votes of somebody, or on half of all statements, before they stand in a group
LETTERS = {Vote.AGREE: "a", Vote.DISAGREE: "d", Vote.PASS: "p"}
NONE = "."  # has not voted on it


def question(session: Session, consultation: Consultation) -> dict[str, Any] | None:
    """What `scheduling.opinions.groups` is asked: everybody who has voted on enough. None: nobody could be shown."""
    standing = _standing(session, consultation)
    columns = {statement: column for column, statement in enumerate(standing)}
    said: dict[int, list[str]] = {}
    cast = select(StatementVote.person_id, StatementVote.statement_id, StatementVote.vote)
    its = StatementVote.statement_id.in_(_standing_ids(consultation))
    for person, statement, vote in session.execute(cast.where(its).order_by(StatementVote.person_id)):
        said.setdefault(person, [NONE] * len(standing))[columns[statement]] = LETTERS[vote]
    least = 1 if _is_last(consultation) else min(ENOUGH, -(-len(standing) // 2))
    known = {person: line for person, line in said.items() if len(line) - line.count(NONE) >= least}
    if len(known) < LEAST:
        return None
    return {"people": list(known), "votes": ["".join(line) for line in known.values()]}


def together(session: Session, consultation: Consultation) -> dict[str, Any]:
    """The answer that puts everybody in one group."""
    asked = question(session, consultation)
    people = asked["people"] if asked else []
    return {"people": people, "groups": [0] * len(people), "along": [0.0] * len(people), "silhouette": None}


def count(session: Session, consultation: Consultation, answer: Any, *, at: datetime) -> list[tuple[int, int]]:
    """Take in who can be, fill the cells that may change, and keep the figures. Returns the (circle, statement) of
    these cells. `answer` is that of `scheduling.opinions.groups`."""
    # One at a time: two that count the same people would put them into two circles.
    session.execute(select(Consultation.id).where(Consultation.id == consultation.id).with_for_update())
    groups = dict(zip(answer["people"], answer["groups"], strict=True))
    along = dict(zip(answer["people"], answer["along"], strict=True))
    _take_in(session, consultation, groups, along, at=at)
    circles = session.scalars(
        select(StatementCircle).where(StatementCircle.consultation_id == consultation.id).order_by(StatementCircle.id)
    ).all()
    _regroup(session, consultation, circles, groups)
    filled = _fill(session, consultation, {each.id: each for each in circles})
    _keep(session, consultation, circles, at=at)
    return filled


def _take_in(
    session: Session,
    consultation: Consultation,
    groups: Mapping[int, int],
    along: Mapping[int, float],
    *,
    at: datetime,
) -> None:
    mine = StatementVoter.consultation_id == consultation.id
    counted = set(session.scalars(select(StatementVoter.person_id).where(mine)))
    voted = select(StatementVote.person_id).where(StatementVote.statement_id.in_(_standing_ids(consultation)))
    people = session.execute(select(Person.id, Person.kind).where(Person.id.in_(voted), Person.erased_at.is_(None)))
    waiting = [
        Stand(person, Side.of(kind), groups[person], along[person])
        for person, kind in people
        if person in groups and person not in counted
    ]
    for side, group, those in form(waiting, mixed=_is_last(consultation)):
        circle = StatementCircle(
            administration_id=consultation.administration_id,
            consultation_id=consultation.id,
            side=Side(side) if side is not None else None,
            people=len(those),
            number=group,
            at=at,
        )
        session.add(circle)
        session.flush()
        shared = {
            "administration_id": consultation.administration_id,
            "consultation_id": consultation.id,
            "circle_id": circle.id,
        }
        session.execute(insert(StatementVoter), [{**shared, "person_id": person} for person in those])


def _regroup(
    session: Session, consultation: Consultation, circles: Sequence[StatementCircle], groups: Mapping[int, int]
) -> None:
    """Each circle is shown whole, with the group that most of it votes with."""
    members: Mapping[int, Counter[int]] = defaultdict(Counter)
    of = select(StatementVoter.circle_id, StatementVoter.person_id)
    for circle, person in session.execute(of.where(StatementVoter.consultation_id == consultation.id)):
        if person in groups:
            members[circle][groups[person]] += 1
    for each in circles:
        found = members[each.id]
        if found:
            each.number = min(found, key=lambda group: (-found[group], group))


def _fill(
    session: Session, consultation: Consultation, circles: Mapping[int, StatementCircle]
) -> list[tuple[int, int]]:
    """Where enough have voted who were never counted there, everybody is counted anew; elsewhere all stays."""
    of = and_(StatementVoter.person_id == StatementVote.person_id, StatementVoter.consultation_id == consultation.id)
    ways = [func.sum(case((StatementVote.vote == vote, 1), else_=0)) for vote in (Vote.AGREE, Vote.DISAGREE, Vote.PASS)]
    cells = session.execute(
        select(StatementVoter.circle_id, StatementVote.statement_id, *ways)
        .join(StatementVote, of)
        .where(StatementVote.statement_id.in_(_standing_ids(consultation)))
        .group_by(StatementVoter.circle_id, StatementVote.statement_id)
        .having(func.sum(case((StatementVote.is_counted.is_(False), 1), else_=0)) >= LEAST)
        .order_by(StatementVoter.circle_id, StatementVote.statement_id)
    ).all()
    filled: Mapping[int, dict[str, Any]] = defaultdict(dict)
    where: Mapping[int, list[int]] = defaultdict(list)
    for circle, statement, *counts in cells:
        filled[circle][str(statement)] = [int(each) for each in counts]
        where[statement].append(circle)
    for circle, new in filled.items():
        circles[circle].cells = circles[circle].cells | new
    for statement, those in where.items():
        people = select(StatementVoter.person_id).where(StatementVoter.circle_id.in_(those))
        fresh = StatementVote.statement_id == statement, StatementVote.is_counted.is_(False)
        session.execute(
            update(StatementVote)
            .where(*fresh, StatementVote.person_id.in_(people))
            .values(is_counted=True)
            .execution_options(synchronize_session=False)
        )
    session.flush()
    return [(circle, statement) for circle, statement, *_counts in cells]


def _keep(session: Session, consultation: Consultation, circles: Sequence[StatementCircle], *, at: datetime) -> None:
    known = [
        Known(each.side, each.number, each.people, {int(key): cell for key, cell in each.cells.items()})
        for each in circles
    ]
    if not known:
        return
    found = session.scalar(select(StatementMap).where(StatementMap.consultation_id == consultation.id))
    if found is None:
        found = StatementMap(administration_id=consultation.administration_id, consultation_id=consultation.id)
        session.add(found)
    found.figures, found.at = figures(known).to_json(), at
    session.flush()


def _is_last(consultation: Consultation) -> bool:
    return consultation.phase in (Phase.DECISION, Phase.OUTCOME, Phase.WITHDRAWN)


def _standing(session: Session, consultation: Consultation) -> Sequence[int]:
    return session.scalars(_standing_ids(consultation).order_by(Statement.id)).all()


def _standing_ids(consultation: Consultation) -> Any:
    return select(Statement.id).where(Statement.consultation_id == consultation.id, Statement.stands())
