"""A next draft of 300 clauses under 20,000 contributions: finding out what became of each, and carrying all along."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from db.consultations import Consultation, Contribution, ContributionKind, Phase, TextDraft, carrying
from db.consultations.clauses import Passage, difference, follow
from db.people import Kind, Person, create_administration
from db.session import Sessions, connect, upgrade
from tests.db.test_clauses import Said, draft, edited

from .figure import Figure, alternating, below, compared

CLAUSES, CONTRIBUTIONS = 300, 20_000
EDITS = {"a few": 30, "a hundred": 100, "all": 3000}  # so many random edits from one draft to the next
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def figures(folder: Path) -> Iterator[Figure]:
    """The follower by itself; then the database beside the plainest statement that touches the same rows."""
    chance = random.Random(1)
    first = draft(chance, CLAUSES)
    for much, edits in EDITS.items():
        later = edited(chance, first, edits)
        began = time.process_time()
        links = follow(first, later)
        took = time.process_time() - began
        yield below(f"clauses.follow.{much.replace(' ', '_')}_edited", took, "s CPU", 10 if much == "all" else 1)
        asked = sum(not each.is_sure for each in links)
        if much != "all":  # whoever rewrites everything has to say what became of it
            yield below(f"clauses.asked.{much.replace(' ', '_')}_edited", asked, "clauses to confirm", CLAUSES / 4)
    began = time.process_time()
    for one, other in zip(first, edited(chance, first, EDITS["all"]), strict=False):
        difference(one.words, other.words)
    yield below("clauses.difference", time.process_time() - began, "s CPU for all clauses", 2)
    yield from _carried(folder, first, edited(chance, first, EDITS["a hundred"]))


def _carried(folder: Path, first: list[Said], second: list[Said]) -> Iterator[Figure]:
    url = f"sqlite:///{folder / 'clauses.db'}"
    upgrade(url)
    sessions = Sessions(connect(url))
    with sessions.writing() as session:
        drafts = _filled(session, first, second)
    its = Contribution.consultation_id == drafts[0].consultation_id, Contribution.stands_id.is_not(None)
    plainly = update(Contribution).where(*its).values(stands_id=Contribution.clause_id)

    def carry() -> float:
        with sessions.writing() as session:
            began = time.perf_counter()
            carrying.carry_forward(session, session.get_one(TextDraft, drafts[1].id))
            took = time.perf_counter() - began
            session.rollback()
        return took

    def plain() -> float:
        with sessions.writing() as session:
            began = time.perf_counter()
            session.execute(plainly, execution_options={"synchronize_session": False})
            took = time.perf_counter() - began
            session.rollback()
        return took

    carried, floor = alternating(carry, plain)
    sessions.engine.dispose()
    yield compared("clauses.carried", 1000 * carried, "ms for 20,000 contributions", 1000 * floor, 5)


def _filled(session: Session, first: list[Said], second: list[Said]) -> list[TextDraft]:
    """Two drafts, the second prepared; everything was said of the first."""
    home = create_administration(
        session,
        code="sk",
        name={"en": "Customs"},
        country="TN",
        zone="Africa/Tunis",
        language="en",
        regions=[],
        integrity_url=None,
    )
    session.flush()
    person = Person(
        administration_id=home.id, name="A", kind=Kind.BUSINESS, language="en", zone="Africa/Tunis", met_at=NOON
    )
    its = Consultation(
        administration_id=home.id,
        title="Order",
        summary="",
        language="en",
        phase=Phase.COMMENTS,
        zone="Africa/Tunis",
        created_at=NOON,
        draft_number=1,
    )
    session.add_all([person, its])
    session.flush()
    drafts = []
    for number, clauses in enumerate((first, second), 1):
        made = TextDraft(
            administration_id=home.id,
            consultation_id=its.id,
            number=number,
            language="en",
            by_id=person.id,
            made_at=NOON,
            published_at=NOON if number == 1 else None,
        )
        session.add(made)
        session.flush()
        carrying.put_in(session, made, [Passage(each.number, each.heading, each.words) for each in clauses])
        drafts.append(made)
    places = [each.id for each in carrying.clauses_of(session, drafts[0])]
    session.execute(
        insert(Contribution),
        [
            {
                "administration_id": home.id,
                "consultation_id": its.id,
                "kind": ContributionKind.COMMENT,
                "person_id": person.id,
                "clause_id": places[number % len(places)],
                "stands_id": places[number % len(places)],
                "words": f"Thought {number} of somebody.",
                "language": "en",
                "is_late": False,
                "at": NOON + timedelta(seconds=number),
                "version": 1,
            }
            for number in range(CONTRIBUTIONS)
        ],
    )
    session.expunge_all()
    return drafts
