"""The states of a proposal; whose it is; and what is left of it and of a speaker once they are erased or joined."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.audiences import Audience
from db.calls import Interest, Proposal, ProposalState, Review, Reviewer, in_audience
from db.people import Administration, Kind, Person, Sector, who
from db.personal import erase, join
from db.session import Sessions, connect
from db.symposia import Agreed, Away, SessionPart, Symposium, SymposiumSession

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    sessions = Sessions(connect(database_url))
    with sessions.writing() as made:
        home = Administration(code="sk", name={"en": "Sokal"}, country="TN", zone="UTC", language="en")
        made.add(home)
        made.flush()
        for number in range(3):
            person = {"administration_id": home.id, "language": "en", "zone": "UTC", "met_at": NOON}
            made.add(Person(name=f"Person {number}", registered_at=NOON, **person))
        made.flush()
        yield made
        made.rollback()
    sessions.engine.dispose()


def a_call(session: Session) -> tuple[Symposium, SymposiumSession]:
    organiser, home = (
        session.scalars(select(Person.id).order_by(Person.id)).first(),
        session.scalar(select(Administration.id)),
    )
    day = date(2027, 3, 2)
    symposium = Symposium(
        administration_id=home, title="Trade", language="en", organiser_id=organiser, zone="UTC",
        first_day=day, last_day=day, created_at=NOON,
    )  # fmt: skip
    session.add(symposium)
    session.flush()
    talk = SymposiumSession(
        administration_id=home, symposium_id=symposium.id, title="Seals", language="en", changed_at=NOON
    )
    session.add(talk)
    session.flush()
    return symposium, talk


def test_what_is_kept_of_whoever_is_erased_or_becomes_one_with_another(session: Session) -> None:
    symposium, talk = a_call(session)
    older, newer, organiser = session.scalars(select(Person).order_by(Person.id.desc())).all()
    common = {"administration_id": symposium.administration_id}
    proposal = Proposal(
        **common, symposium_id=symposium.id, title="Seals", abstract="More", language="en", proposer_id=newer.id,
        speaker_id=newer.id, interest="I sell seals", sent_at=NOON, changed_at=NOON,
    )  # fmt: skip
    session.add(proposal)
    session.flush()
    for each in (older, newer):  # both hold what only one person may hold once
        session.add(Reviewer(**common, symposium_id=symposium.id, person_id=each.id, asked_at=NOON))
        session.add(
            Review(**common, proposal_id=proposal.id, person_id=each.id, points={"1": 3}, words="Good", at=NOON)
        )
        session.add(
            SessionPart(**common, session_id=talk.id, person_id=each.id, reason="X", agreed=Agreed.YES, asked_at=NOON)
        )
        session.add(Interest(**common, session_id=talk.id, person_id=each.id, words="Seals", language="en", at=NOON))
        ends = NOON + timedelta(hours=1)
        session.add(Away(symposium_id=symposium.id, person_id=each.id, starts_at=NOON, ends_at=ends))
    session.flush()
    join(session, newer, older, at=NOON)
    assert session.scalars(select(Review.person_id)).all() == [older.id]
    assert session.scalars(select(SessionPart.person_id)).all() == [older.id]
    assert session.get_one(Proposal, proposal.id).proposer_id == older.id
    erase(session, older, at=NOON)
    session.expire_all()
    left = session.get_one(Proposal, proposal.id)
    assert (left.state, left.interest) == (ProposalState.WITHDRAWN, None)
    review = session.scalars(select(Review)).one()
    assert (review.points, review.words) == ({"1": 3}, None)
    part = session.scalars(select(SessionPart)).one()
    assert (part.agreed, part.reason) == (Agreed.NO, None)
    for table in (Away, Interest, Reviewer):
        assert session.scalars(select(table)).all() == []
    # What is decided stays so.
    assert not left.withdraw(at=NOON) and not left.accept(talk.id, by=organiser.id, at=NOON)
    assert not left.decline("No", "en", by=organiser.id, at=NOON)


def test_those_an_announcement_goes_to_are_those_it_is_open_to(session: Session) -> None:
    """Told twice, as a list of people and as what one person may do: it is one rule."""
    symposium, _talk = a_call(session)
    people = session.scalars(select(Person).order_by(Person.id)).all()
    for person, kind, sector in zip(
        people, (Kind.BUSINESS, Kind.ASSOCIATION, Kind.AGENCY), (Sector.TEXTILES, Sector.ENERGY, None), strict=True
    ):
        person.kind, person.sector = kind, sector
    outside = Person(name="New", language="en", zone="UTC", administration_id=symposium.administration_id, met_at=NOON)
    session.add(outside)
    for audience in Audience:
        for sector in (Sector.TEXTILES, Sector.EXPRESS):
            symposium.audience, symposium.sector = audience, sector
            session.flush()
            told = set(session.scalars(select(Person.id).where(in_audience(symposium))))
            may = {
                each.id
                for each in (*people, outside)
                if session.scalar(select(Symposium.id).where(Symposium.open_to(who(session, each, at=NOON))))
                is not None
            }
            assert told == may, (audience, sector)
