"""A consultation whose statements can be voted on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.audiences import Audience
from db.consultations import Consultation, Phase
from db.people import Person
from db.statements import Statement, StatementVote, Vote
from tests.world import MONDAY, ZONE


def consulted(session: Session, home: int, **more: Any) -> Consultation:
    """A consultation whose text lies open, for everybody."""
    given: dict[str, Any] = {
        "title": "Clearance at night",
        "summary": "When the port is open.",
        "language": "en",
        "phase": Phase.COMMENTS,
        "audience": Audience.MEMBERS,
        "zone": ZONE,
        "draft_number": 1,
        "closes_at": MONDAY + timedelta(days=21),
        "created_at": MONDAY,
    }
    made = Consultation(administration_id=home, **(given | more))
    session.add(made)
    session.flush()
    return made


def voted(session: Session, consultation: Consultation, words: str, names: Sequence[str]) -> Statement:
    """A statement with which all of these agree but the last, who wrote it and has thought again."""
    people = {name: session.scalars(select(Person.id).where(Person.name == name)).one() for name in names}
    home = {"administration_id": consultation.administration_id, "at": MONDAY}
    made = Statement(**home, consultation_id=consultation.id, person_id=people[names[-1]], words=words, language="en")
    session.add(made)
    session.flush()
    for name, person in people.items():
        vote = Vote.AGREE if name != names[-1] else Vote.DISAGREE
        session.add(StatementVote(**home, statement_id=made.id, person_id=person, vote=vote))
    session.flush()
    return made
