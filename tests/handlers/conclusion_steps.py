"""A consultation that has closed, with what was said in it, put straight into the tables its own room fills.

Its owner is Ruiz at the perishables desk, whose lead is Lena; its co-owner, where there is one, is Amina.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.centres import Centre
from db.consultations import Clause, Consultation, Contribution, ContributionKind, Phase, TextDraft
from db.people import Person
from tests.world import MONDAY, Sent, World

CLAUSES = (("1", "Opening hours"), ("2", "Appointments"), ("2.1", "Cancelling"))
STATEMENT = {
    "asked": "When the gate should open",
    "said": "Most want it open at five",
    "done": "It opens at five from May",
    "not_done": "Not on Sundays: there is no staff",
}


def closed(world: World, *, co_owner: str | None = None, **more: Any) -> int:
    """Its text has three clauses. The consultation's id."""
    with world.parley.sessions.writing() as session:
        given = {"co_owner_id": world.ids[co_owner] if co_owner else None, "centre_id": world.centres["perishables"]}
        return make(session, session.get_one(Person, world.ids["ruiz"]), MONDAY, **given | more)


def make(session: Session, owner: Person, at: datetime, **more: Any) -> int:
    """The same, in any database, closed at that instant."""
    given = {
        "title": "Hours of the gate",
        "summary": "When lorries may come",
        "language": "en",
        "phase": Phase.DECISION,
        "zone": "Africa/Tunis",
        "owner_id": owner.id,
        "centre_id": session.scalars(select(Centre.id).order_by(Centre.id)).first(),
        "draft_number": 1,
        "created_at": at - timedelta(days=30),
        "closes_at": at,
        "closed_at": at,
    }
    consultation = Consultation(administration_id=owner.administration_id, **given | more)
    session.add(consultation)
    session.flush()
    draft = TextDraft(
        administration_id=owner.administration_id,
        consultation_id=consultation.id,
        number=1,
        language="en",
        by_id=owner.id,
        made_at=at - timedelta(days=30),
        published_at=at - timedelta(days=29),
    )
    session.add(draft)
    session.flush()
    for position, (number, heading) in enumerate(CLAUSES):
        session.add(clause(draft, position, number, heading))
    session.flush()
    return consultation.id


def clause(draft: TextDraft, position: int, number: str, heading: str, words: str | None = None) -> Clause:
    return Clause(
        administration_id=draft.administration_id,
        consultation_id=draft.consultation_id,
        draft_id=draft.id,
        position=position,
        number=number,
        heading=heading,
        words=words or f"{heading} are as they were.",
    )


def said(world: World, consultation: int, who: str, words: str, number: str | None = None, **more: Any) -> int:
    """A comment of theirs, on the clause of that number. The contribution's id."""
    with world.parley.sessions.writing() as session:
        return say(session, world, consultation, who, words, number, **more)


def say(
    session: Session, world: World, consultation: int, who: str, words: str, number: str | None = None, **more: Any
) -> int:
    return put(session, consultation, session.get_one(Person, world.ids[who]), words, number, MONDAY, **more)


def put(
    session: Session,
    consultation: int,
    person: Person,
    words: str,
    number: str | None,
    closed_at: datetime,
    **more: Any,
) -> int:
    """The same, in any database."""
    about = clause_id(session, consultation, number) if number is not None else None
    given = {
        "kind": ContributionKind.COMMENT,
        "clause_id": about,
        "stands_id": about,
        "language": person.language,
        "at": closed_at - timedelta(days=2),
    }
    made = Contribution(
        administration_id=person.administration_id,
        consultation_id=consultation,
        person_id=person.id,
        words=words,
        **given | more,
    )
    session.add(made)
    session.flush()
    return made.id


def clause_id(session: Session, consultation: int, number: str) -> int:
    its = session.query(Clause.id).filter(Clause.consultation_id == consultation, Clause.number == number)
    found: int = its.order_by(Clause.id).limit(1).scalar()
    return found


def answered(world: World, consultation: int, contribution: int, treatment: str = "adopted", **more: Any) -> Sent:
    given = {"treatment": treatment, "reason": "It is right"}
    return world.submit(
        "ruiz", "conclusions.answer", given | more, consultation=consultation, contribution=contribution
    )


def all_answered(world: World, consultation: int, treatment: str = "partly", **more: Any) -> Sent:
    given = {"group": "all", "treatment": treatment, "reason": "There is staff for half of it"}
    return world.submit("ruiz", "conclusions.answer_many", given | more, consultation=consultation)


def written(world: World, consultation: int, who: str = "ruiz", **more: Any) -> Sent:
    return world.submit(who, "conclusions.write", STATEMENT | more, consultation=consultation)


def concluded(world: World, consultation: int) -> None:
    """Written by its owner, approved by the lead, and out."""
    written(world, consultation)
    world.do("lena", "conclusions.approve", consultation=consultation)
    world.settle()
