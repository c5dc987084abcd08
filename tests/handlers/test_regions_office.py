"""The region for everybody, the office's roster with its terms, and who speaks for the members."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.kit.events import Called
from bot.kit.text import LANGUAGES
from db import personal
from db.people import Administration, Person, Role, RoleName, belong, create_administration
from db.regions import Borne, Office, Representative, Side, Term
from handlers.regions import bearing
from handlers.regions.room import country
from scheduling import regions

from .people_world import labels, plain, screen, text
from .region_world import ADMIN, AMINA, AP, COLE, NINA, NOEL, SEAN, VERA, RegionWorld


@pytest.fixture
def world(database_url: str) -> Iterator[RegionWorld]:
    made = RegionWorld(database_url)
    yield made
    made.close()


def test_everybody_sees_the_region_its_members_and_their_time(world: RegionWorld) -> None:
    world.clock.advance(datetime(2026, 12, 24, 6, 0, tzinfo=UTC) - world.clock.now())
    shown = world.call(AMINA, "region")
    assert "35 members" in text(shown) and "The Vice-Chair's office is with Australia until" in text(shown)
    assert "Vera | Vice-Chair · until" in text(shown)
    # A Thursday: an hour before the weekend of the Maldives, in the morning of a Friday nowhere.
    listed = world.press(AMINA, shown, "Members and their time")
    assert "Australia | 17:00 · offices closed · next holiday Friday 25 December 2026: Christmas Day" in text(listed)
    maldives = text(world.open(AMINA, "regions.member", code=AP, member="MV"))
    assert "Time there: 11:00, Thursday 24 December 2026" in maldives and "Works: Sunday to Thursday" in maldives
    assert "Shorter hours in Ramadan: yes" in maldives
    everywhere = text(world.press(AMINA, shown, "All regions"))
    assert all(str(len(regions.of((code,)))) in everywhere for code in regions.REGIONS)
    for code in ("XX", "north", ""):
        refused = text(world.open(AMINA, "regions.members", code=code))
        assert "There is no region by that name." in refused
    assert not {"Appoint somebody", "Hand over to the next office", "End the term"} & set(labels(shown))


def test_every_member_has_a_name_in_every_language() -> None:
    for member in regions.members():
        names = country(member.code).names
        assert names.keys() == LANGUAGES.keys() and member.code not in names.values()


def test_an_administrator_sets_the_first_office_up_and_it_appoints(world: RegionWorld) -> None:
    with world.sessions.writing() as session:
        session.get_one(Administration, world.home_id).home_regions = []
        session.delete(session.get_one(Office, world.office_id))
    assert "Set up the Vice-Chair's office" not in labels(world.open(VERA, "regions.region", code="ESA"))
    made = world.fill(
        ADMIN,
        "regions.set_up",
        {"country": "KE", "head": str(world.people[NINA]), "last_day": world.day(days=365)},
        region="ESA",
    )
    assert "with Kenya until" in text(made) and "Nina | Vice-Chair" in text(made)
    assert "You have a role now: Vice-Chair." in text(world.news(world.people[NINA])[-1])
    with world.sessions.reading() as session:
        office = session.scalars(select(Office).where(Office.region == "ESA")).one()
    # Of Kenya's office Nina appoints; nobody of another region does.
    given = {"person": str(world.people[NOEL]), "post": "secretary", "last_day": world.day(days=100)}
    assert "Noel | Secretary" in text(world.fill(NINA, "regions.appoint", given, office=office.id))
    assert "You may not do that." in text(world.open(VERA, "regions.appoint", office=office.id))
    # Two months before its end the Vice-Chair is told, once.
    world.clock.advance(office.until - timedelta(days=60) - world.clock.now())
    assert world.run_due().count("regions.ending") == 1
    assert "The term of your office ends on" in text(world.news(world.people[NINA])[-1])


def test_a_term_ends_by_its_day_or_by_the_vice_chair_and_never_the_last_vice_chairs(world: RegionWorld) -> None:
    with world.sessions.reading() as session:
        ids = {role.name: role.id for role in session.scalars(select(Role).where(Role.scope_id == AP))}
    assert "You may not do that." in text(
        world.open(COLE, "regions.end_term", office=world.office_id, role=ids[RoleName.SECRETARY], confirmed=True)
    )
    ended = world.open(VERA, "regions.end_term", office=world.office_id, role=ids[RoleName.SECRETARY], confirmed=True)
    assert "Sean" not in text(ended) and world.held_by(SEAN) == set()
    assert "You no longer have this role: Secretary." in text(world.news(world.people[SEAN])[-1])
    last = world.open(VERA, "regions.end_term", office=world.office_id, role=ids[RoleName.VICE_CHAIR], confirmed=True)
    assert "This is the only Vice-Chair." in text(last) and world.held_by(VERA)
    again = world.open(VERA, "regions.end_term", office=world.office_id, role=ids[RoleName.SECRETARY], confirmed=True)
    assert "This term has ended already." in text(again)
    world.clock.advance(timedelta(days=366))
    assert world.held_by(COLE) == set()


def test_the_only_vice_chair_goes_nowhere_before_somebody_else_can_act(world: RegionWorld) -> None:
    """Not out of the administration where the office sits, and not out of Parley."""
    vera, now = world.people[VERA], world.clock.now()
    with world.sessions.writing() as session:
        person = session.get_one(Person, vera)
        other = create_administration(
            session, code="nz", country="NZ", name={"en": "New Zealand"}, zone="Pacific/Auckland", language="en"
        )
        person.administration_id = other.id  # where she came first: she is of the office's beside it
        belong(session, person, world.home_id, at=now)
        person.acting_in_id = world.home_id
    for name, args in (("people.leave", {"place": world.home_id}), ("people.erase", {})):
        refused = world.open(VERA, name, confirmed=True, **args)
        assert "You are the only Vice-Chair of Far East, South" in text(refused), name
        assert {"Appoint somebody", "Hand over to the next office"} <= set(labels(refused)), name
    assert world.held_by(VERA)
    world.fill(
        VERA,
        "regions.appoint",
        {"person": str(world.people[COLE]), "post": RoleName.VICE_CHAIR.value, "last_day": world.day(days=90)},
        office=world.office_id,
    )
    assert "You act no longer in" in text(world.open(VERA, "people.leave", place=world.home_id, confirmed=True))
    assert world.held_by(VERA) == set()
    assert world.get(Office, world.office_id).head_id == world.people[COLE]
    last = world.open(COLE, "people.erase", confirmed=True)
    assert "You are the only Vice-Chair of Far East, South" in text(last)


def test_the_office_says_who_speaks_for_a_member_and_from_where(world: RegionWorld) -> None:
    given = {"side": "customs", "person": str(world.people[NOEL]), "last_day": world.day(days=200)}
    seats = world.fill(COLE, "regions.seat", given, office=world.office_id, country="FJ")
    assert "Noel | Customs, Fiji" in text(seats) and "34 members have nobody here." in text(seats)
    assert "You speak for a member of" in text(world.news(world.people[NOEL])[-1])
    elsewhere = given | {"side": "business", "zone": "America/Los_Angeles", "person": str(world.people[AMINA])}
    world.fill(COLE, "regions.seat", elsewhere, office=world.office_id, country="FJ")
    with world.sessions.reading() as session:
        alone = bearing.attendees(session, world.home_id, AP, jointly=False, at=world.clock.now())
        jointly = bearing.attendees(session, world.home_id, AP, jointly=True, at=world.clock.now())
        amina = session.scalars(select(Representative).where(Representative.side == Side.BUSINESS)).one()
        names = bearing.called(session, [jointly[-1].key, "FJ"])
    assert len(alone) == 35 and jointly[:35] == alone
    assert (jointly[-1].key, jointly[-1].week.zone) == (f"business:{amina.id}", "America/Los_Angeles")
    assert jointly[-1].week.country == "FJ"
    assert {key: plain(name) for key, name in names.items()} == {jointly[-1].key: "Business, Fiji", "FJ": "Fiji"}
    # Only the office sees names; a trader sees the member alone.
    assert "Noel" in text(world.open(COLE, "regions.member", code=AP, member="FJ"))
    assert "Noel" not in text(world.open(AMINA, "regions.member", code=AP, member="FJ"))
    # Whoever is erased speaks for nobody, and a copy of what is kept has had it.
    with Session(world.sessions.engine) as session:  # never committed
        person = session.get_one(Person, world.people[AMINA])
        assert personal.gather(session, person)["representative"][0]["zone"] == "America/Los_Angeles"
        personal.erase(session, person, at=world.clock.now())
        assert len(bearing.attendees(session, world.home_id, AP, jointly=True, at=world.clock.now())) == 35
    unseated = world.open(COLE, "regions.unseat", representative=amina.id - 1, confirmed=True)
    assert "35 members have nobody here." in text(unseated)
    assert "You no longer speak for Fiji." in text(world.news(world.people[NOEL])[-1])


def test_the_ledger_is_published_carried_over_and_counts_each_meeting(world: RegionWorld) -> None:
    held = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    empty = text(world.open(AMINA, "regions.ledger", code=AP))
    assert "No meeting of this year has been held yet." in empty
    with world.sessions.writing() as session:
        those = bearing.attendees(session, world.home_id, AP, jointly=False, at=held)
        for start in (held, held + timedelta(days=1)):
            bearing.note_held(session, world.home_id, AP, start, 60, those)
        samoa = session.scalars(select(Borne).where(Borne.attendee == "WS")).one()
        iran = session.scalars(select(Borne).where(Borne.attendee == "IR")).one()
    assert (samoa.points, samoa.meetings) == (0, 2), "three in the afternoon there"
    assert (iran.points, iran.nights) == (16, 2), "half past five in the morning"
    shown = world.open(AMINA, "regions.ledger", code=AP)
    assert "Meetings: 2" in text(shown) and "Gini: 0." in text(shown)
    table = screen(shown).table
    assert table is not None and table.rows[0][2] == max(row[2] for row in table.rows)
    with world.sessions.reading() as session:
        brought = bearing.carried(session, world.home_id, AP, 2027, those)
    assert (brought["IR"], brought["WS"]) == (8, 0), "half of it"
    assert screen(world.open(AMINA, "regions.ledger", code=AP, year=2027)).table is None


def test_a_region_has_one_office_that_sits(world: RegionWorld) -> None:
    known = world.get(Office, world.office_id)
    more = Office(
        administration_id=world.home_id, region=AP, country="NZ", head_id=known.head_id, term=Term.SITTING,
        named_at=world.clock.now(), until=known.until,
    )  # fmt: skip
    with pytest.raises(IntegrityError), world.sessions.writing() as session:
        session.add(more)


def test_a_bare_command_without_its_region_is_not_found(world: RegionWorld) -> None:
    for name in ("regions.members", "regions.member", "regions.ledger"):
        assert "There is nothing here by that name" in text(world.turn(Called(AMINA, name=name)))
