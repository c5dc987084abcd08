"""A consultation that has closed, with what was said in it, put straight into the tables its own room fills.

Its owner is Ruiz at the perishables desk, whose lead is Lena; its co-owner, where there is one, is Amina.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from db.consultations import Clause, Consultation, Contribution, ContributionKind, Phase, TextDraft
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
        consultation = Consultation(
            administration_id=world.home,
            **{
                "title": "Hours of the gate",
                "summary": "When lorries may come",
                "language": "en",
                "phase": Phase.DECISION,
                "zone": "Africa/Tunis",
                "owner_id": world.ids["ruiz"],
                "co_owner_id": world.ids[co_owner] if co_owner else None,
                "centre_id": world.centres["perishables"],
                "draft_number": 1,
                "created_at": MONDAY - timedelta(days=30),
                "closes_at": MONDAY,
                "closed_at": MONDAY,
            }
            | more,
        )
        session.add(consultation)
        session.flush()
        draft = TextDraft(
            administration_id=world.home,
            consultation_id=consultation.id,
            number=1,
            language="en",
            by_id=world.ids["ruiz"],
            made_at=MONDAY - timedelta(days=30),
            published_at=MONDAY - timedelta(days=29),
        )
        session.add(draft)
        session.flush()
        for position, (number, heading) in enumerate(CLAUSES):
            session.add(clause(draft, position, number, heading))
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
    about = clause_id(session, consultation, number) if number is not None else None
    made = Contribution(
        administration_id=world.home,
        consultation_id=consultation,
        person_id=world.ids[who],
        words=words,
        **{
            "kind": ContributionKind.COMMENT,
            "clause_id": about,
            "stands_id": about,
            "language": "en",
            "at": MONDAY - timedelta(days=2),
        }
        | more,
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
