"""The steps of a consultation's life, each as the people in it take them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from db.consultations import Clause, Consultation, Contribution, ContributionKind, TextDraft
from tests.world import Sent, World

TEXT = ("A declaration may be lodged up to 30 days before arrival.", "It is accepted when it is registered.")


def made(world: World, who: str = "ruiz", **more: Any) -> int:
    """Made on Monday 23 November 2026, open for comments from 1 to 31 December. The consultation's id."""
    given = {
        "title": "Declarations before arrival",
        "summary": "Declarations could be lodged earlier, so that goods leave the port sooner.",
        "subject": "procedure",
        "audience": "members",
        "from_day": "2026-12-01",
        "until_day": "2026-12-31",
    }
    return number(world.submit(who, "consultations.make", given | more))


def proposed(world: World, who: str = "amina", **more: Any) -> Sent:
    """What whoever proposes it reads."""
    given = {
        "kind": "procedure",
        "title": "Let us declare before arrival",
        "summary": "Trucks wait three days for a declaration that could have been lodged before.",
    }
    return world.submit(who, "consultations.propose", given | more)


def with_text(world: World, consultation: int, *clauses: str) -> None:
    """A first draft lies open, as publishing one does it."""
    with world.parley.sessions.writing() as session:
        its = session.get_one(Consultation, consultation)
        now = world.clock.now()
        number_ = its.draft_number + 1
        draft = TextDraft(
            administration_id=its.administration_id,
            consultation_id=its.id,
            number=number_,
            language="en",
            by_id=world.ids["ruiz"],
            made_at=now,
            published_at=now,
        )
        session.add(draft)
        session.flush()
        for position, words in enumerate(clauses or TEXT):
            session.add(
                Clause(
                    administration_id=its.administration_id,
                    consultation_id=its.id,
                    draft_id=draft.id,
                    position=position,
                    number=str(position + 1),
                    words=words,
                )
            )
        its.draft_number = number_


def commented(world: World, consultation: int, who: str, words: str = "Thirty days are too few.") -> int:
    """Somebody has commented on the first clause. The contribution's id."""
    with world.parley.sessions.writing() as session:
        clause = session.scalars(select(Clause.id).where(Clause.consultation_id == consultation).limit(1)).first()
        made_ = Contribution(
            administration_id=world.home,
            consultation_id=consultation,
            kind=ContributionKind.COMMENT,
            person_id=world.ids[who],
            clause_id=clause,
            stands_id=clause,
            words=words,
            language="en",
            at=world.clock.now(),
        )
        session.add(made_)
        session.flush()
        return made_.id


def number(shown: Sent) -> int:
    """The id in the reference a screen shows."""
    return int(shown.text.split("Reference: C-")[1].split()[0])
