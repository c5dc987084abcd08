"""A consultation that lies open, an organisation with two voices, an association and a member: for the tests."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from db.consultations import Consultation, Contribution, ContributionKind, Phase
from db.people import Kind, Mandate, Organisation, Person, Standing
from db.positions import Position, PositionState
from tests.world import MONDAY, ZONE, Sent, World

WEEK = timedelta(days=7)
OURS = "We need four hours, not two."
THEIRS = "Small traders need a month to prepare."


def consultation(world: World, *, phase: Phase = Phase.COMMENTS) -> int:
    """One of the perishables desk's, open for a week. Emil is made a deputy of Amina's."""
    with world.parley.sessions.writing() as session:
        made = Consultation(
            administration_id=world.home,
            title="Two hours for reefers",
            summary="Reefers leave within two hours.",
            language="en",
            phase=phase,
            zone=ZONE,
            owner_id=world.ids["ruiz"],
            centre_id=world.centres["perishables"],
            comments_at=MONDAY,
            closes_at=MONDAY + WEEK,
            draft_number=1,
            created_at=MONDAY,
        )
        session.add(made)
        deputy = Mandate.person_id == world.ids["emil"]
        session.scalars(select(Mandate).where(deputy)).one().is_deputy = True
        session.flush()
        return made.id


def association(world: World) -> tuple[int, int]:
    """Dina and Chloe speak for an association, Badr for its member: the ids of both."""
    found = []
    with world.parley.sessions.writing() as session:
        for name, kind, voices in (
            ("Traders’ Association", Kind.ASSOCIATION, ("dina", "chloe")),
            ("Kela Foods", Kind.BUSINESS, ("badr",)),
        ):
            made = Organisation(administration_id=world.home, name=name, kind=kind, standing=Standing.VERIFIED)
            session.add(made)
            session.flush()
            found.append(made.id)
            for who in voices:
                mandate = Mandate.given(session.get_one(Person, world.ids[who]), made, at=MONDAY - timedelta(days=1))
                mandate.confirmed_by_id = world.ids["adam"]
                session.add(mandate)
    return found[0], found[1]


def close(world: World, number: int) -> None:
    """The deadline is over."""
    world.pass_time(days=8)
    with world.parley.sessions.writing() as session:
        session.get_one(Consultation, number).move_to(Phase.DECISION, at=world.clock.now())


def drafted(world: World, number: int, who: str = "amina", words: str = OURS, stance: str = "conditions") -> int:
    world.submit(who, "positions.draft", {"stance": stance, "words": words}, consultation=number)
    return latest(world)


def filed(world: World, number: int, who: str = "amina", by: str = "emil", words: str = OURS) -> int:
    """Written by one, seen and filed by another."""
    made = drafted(world, number, who, words)
    world.do(by, "positions.seen", position=made)
    world.do(by, "positions.file", position=made, confirmed=True)
    return made


def for_member(world: World, number: int, member: int, *, rests_on: str | None = None) -> Sent:
    consent = {"consent": "recorded", "rests_on": rests_on} if rests_on else {"consent": "ask"}
    told = {"member": str(member), "stance": "against", "words": THEIRS}
    return world.submit("dina", "positions.for_member", told | consent, consultation=number)


def latest(world: World) -> int:
    with world.parley.sessions.reading() as session:
        return session.scalars(select(Position.id).order_by(Position.id.desc())).first() or 0


def counted(world: World) -> list[str]:
    """The words of every position that counts, in the order they came."""
    with world.parley.sessions.reading() as session:
        its = Contribution.kind == ContributionKind.POSITION, Contribution.counts()
        return list(session.scalars(select(Contribution.words).where(*its).order_by(Contribution.id)))


def contribution(world: World) -> Contribution:
    """The one position that counts."""
    with world.parley.sessions.reading() as session:
        return session.scalars(select(Contribution).where(Contribution.counts())).one()


def state(world: World, number: int) -> PositionState:
    with world.parley.sessions.reading() as session:
        return session.get_one(Position, number).state
