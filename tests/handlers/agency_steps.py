"""Agencies, and the steps they and the desk take in a case."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from db.people import Kind, Mandate, Organisation, Person, Standing
from tests.world import MONDAY, Sent, World

VOICES = {"chloe": "Food Safety Agency", "dina": "Transport Authority", "badr": "Standards Institute"}
BY = "2026-11-26"  # Thursday; MONDAY is the 23rd


def agencies(world: World) -> dict[str, int]:
    """Three of the cast speak for an agency each. The agencies' ids, by who speaks for them."""
    found = {}
    with world.parley.sessions.writing() as session:
        for who, name in VOICES.items():
            agency = session.scalar(select(Organisation).where(Organisation.name == name))
            if agency is None:
                agency = Organisation(
                    administration_id=world.home, name=name, kind=Kind.AGENCY, standing=Standing.VERIFIED
                )
                session.add(agency)
                session.flush()
            mandate = Mandate.given(session.get_one(Person, world.ids[who]), agency, at=MONDAY - timedelta(days=1))
            mandate.confirmed_by_id = world.ids["adam"]
            session.add(mandate)
            found[who] = agency.id
    return found


def asked(world: World, issue: int, agency: int, words: str, by: str = BY) -> Sent:
    """The officer asks an agency for its part."""
    asks = {"agency": str(agency), "words": words, "respond_by": by}
    return world.submit("ruiz", "agencies.ask", asks, issue=issue)


def answered(world: World, who: str, part: int, words: str) -> Sent:
    return world.submit(who, "agencies.answer", {"words": words}, part=part)
