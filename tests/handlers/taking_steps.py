"""A consultation that lies open, as its owners have made it: what people say in it is what is tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.audiences import Audience
from db.centres import Centre
from db.consultations import (
    Change,
    Clause,
    ClauseLink,
    ClauseTranslation,
    Consultation,
    ConsultationTranslation,
    Phase,
    Question,
    TextDraft,
)
from db.people import Person
from tests.world import ZONE, World

CLAUSES = (
    ("1", "Scope", "These rules are for goods under temperature control."),
    ("2", "Delays", "Goods are inspected within two days of their arrival."),
    ("2.1", None, "Where this is not possible the trader is told why."),
    ("3", "Fees", "An inspection costs what it costs Customs."),
    ("3.1", "Nights", "At night it costs twice as much."),
    ("3.2", "Waiting", "Whoever waits for more than three days pays no fee."),
    ("4", "Entry into force", "These rules hold from 1 July 2027."),
)
FRENCH = {"3.2": ("Attente", "Quiconque attend plus de trois jours ne paie aucune redevance.")}


def opened(world: World, *, days: int = 21, co_owner: str | None = None, **more: Any) -> int:
    """A consultation whose first draft lies open for so many days, with two questions. Its id."""
    with world.parley.sessions.writing() as session:
        owner = session.get_one(Person, world.ids["ruiz"])
        second = world.ids[co_owner] if co_owner else None
        return make(session, owner, world.clock.now(), days=days, co_owner_id=second, **more)


def make(session: Session, owner: Person, now: datetime, *, days: int = 21, **more: Any) -> int:
    """The same, in any database: `owner` is of its desk."""
    made = Consultation(
        administration_id=owner.administration_id,
        title="Inspecting reefers at night",
        summary="How long cold goods wait, and who pays for it.",
        language="en",
        zone=ZONE,
        owner_id=owner.id,
        centre_id=session.scalars(select(Centre.id).order_by(Centre.id)).first(),
        created_at=now,
        comments_at=now,
        closes_at=now + timedelta(days=days),
        outcome_due=now + timedelta(days=days + 30),
        draft_number=1,
        **({"phase": Phase.COMMENTS, "audience": Audience.MEMBERS} | more),
    )
    session.add(made)
    session.flush()
    session.add(
        ConsultationTranslation(
            consultation_id=made.id,
            language="fr",
            title="Contrôler les conteneurs frigorifiques la nuit",
            summary="Combien de temps attendent les denrées, et qui paie.",
            by_id=owner.id,
            at=now,
        )
    )
    draft = TextDraft(
        administration_id=made.administration_id,
        consultation_id=made.id,
        number=1,
        language="en",
        by_id=owner.id,
        made_at=now,
        published_at=now,
    )
    session.add(draft)
    session.flush()
    for position, (number, heading, words) in enumerate(CLAUSES):
        clause = Clause(
            administration_id=made.administration_id,
            consultation_id=made.id,
            draft_id=draft.id,
            position=position,
            number=number,
            heading=heading,
            words=words,
        )
        session.add(clause)
        session.flush()
        if number in FRENCH:
            told, said = FRENCH[number]
            session.add(
                ClauseTranslation(clause_id=clause.id, language="fr", heading=told, words=said, by_id=owner.id, at=now)
            )
    session.add_all(_questions(made, ("Is two days enough?", ("Yes", "No")), ("What would you need at night?", ())))
    return made.id


def _questions(made: Consultation, *asked: tuple[str, Sequence[str]]) -> list[Question]:
    return [
        Question(
            administration_id=made.administration_id,
            consultation_id=made.id,
            position=position,
            words=words,
            language="en",
            options=list(options),
            translations={"fr": {"words": "Deux jours suffisent-ils ?", "options": ["Oui", "Non"]}} if options else {},
        )
        for position, (words, options) in enumerate(asked)
    ]


def clause(world: World, consultation: int, number: str, draft: int = 1) -> int:
    """A clause's id."""
    with world.parley.sessions.reading() as session:
        its = Clause.consultation_id == consultation, Clause.number == number, TextDraft.number == draft
        found = select(Clause.id).join(TextDraft, TextDraft.id == Clause.draft_id).where(*its)
        return session.scalars(found).one()


def redrafted(world: World, consultation: int, follow: Mapping[str, str | None]) -> None:
    """A second draft lies open, with these clauses of the first under these numbers; None: dropped."""
    now = world.clock.now()
    with world.parley.sessions.writing() as session:
        made = session.get_one(Consultation, consultation)
        first = session.scalars(select(TextDraft).where(TextDraft.consultation_id == consultation)).one()
        second = TextDraft(
            administration_id=made.administration_id,
            consultation_id=made.id,
            number=2,
            language="en",
            by_id=first.by_id,
            made_at=now,
            published_at=now,
        )
        session.add(second)
        session.flush()
        for position, (old, new) in enumerate(follow.items()):
            earlier = session.scalars(select(Clause).where(Clause.draft_id == first.id, Clause.number == old)).one()
            later = None
            if new is not None:
                later = Clause(
                    administration_id=made.administration_id,
                    consultation_id=made.id,
                    draft_id=second.id,
                    position=position,
                    number=new,
                    heading=earlier.heading,
                    words=earlier.words,
                )
                session.add(later)
                session.flush()
            session.add(
                ClauseLink(
                    consultation_id=made.id,
                    draft_id=second.id,
                    earlier_id=earlier.id,
                    later_id=later.id if later else None,
                    change=Change.MOVED if later else Change.DROPPED,
                )
            )
        made.draft_number = 2
