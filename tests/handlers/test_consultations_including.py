"""Whose voice is missing while a consultation is open: the owners are told, and invite them with one tap."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from db.audiences import Audience
from db.consultations import Consultation, ConsultationMeeting, Phase
from db.inclusion import By, silent_segments
from db.meetings import Attendance, Invitation, Meeting
from db.people import Kind, Person, Sector, Topic
from db.registrations import Registration, Stakeholder
from db.statements import Statement, StatementVote, Vote
from db.symposia import Symposium
from tests.world import World

from .concluded_steps import REGISTRY, consultation, said


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url, registry=REGISTRY)
    _settle(made)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def light_world(request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(str(request.getfixturevalue(f"{request.param}_url")), registry=REGISTRY)
    _settle(made)
    yield made
    made.close()


def _settle(world: World) -> None:
    """Amina and Badr work at Port B in textiles, Chloe all over the country; Dina reads Arabic, at Port Sodal; Emil is
    of an agency."""
    about: dict[str, dict[str, Any]] = {
        "amina": {"sector": Sector.TEXTILES, "region": "Port B"},
        "badr": {"sector": Sector.TEXTILES, "region": "Port B"},
        "chloe": {"sector": Sector.ENERGY, "region": "country"},
        "dina": {"sector": Sector.TEXTILES, "region": "Port Sodal", "language": "ar"},
        "emil": {"kind": Kind.AGENCY},
    }
    with world.parley.sessions.writing() as session:
        for who, more in about.items():
            session.execute(update(Person).where(Person.id == world.ids[who]).values(**more))


def silent(world: World, made: int) -> list[tuple[By, str, int]]:
    with world.parley.sessions.reading() as session:
        row = session.get_one(Consultation, made)
        found = silent_segments(session, row, at=world.clock.now())
        return [(each.by, each.value, each.members) for each in found]


def test_the_owners_hear_five_days_before_the_close_and_invite_with_one_tap(world: World) -> None:
    made = consultation(world, Phase.COMMENTS, co_owner_id=world.ids["chloe"])
    said(world, made, "amina", "chloe")
    world.do("ruiz", "steps.moved", consultation=made)
    before = world.seen()
    world.pass_time(days=14, hours=23)
    assert world.told(before) == set()
    world.pass_time(hours=2)
    assert world.told(before) == {"ruiz"}, "chloe is told of parts of five people and more: there is none"
    assert world.last("ruiz").text.splitlines() == [
        "Whose voice is missing",
        "Reefer inspections",
        "Nobody has been heard yet of 3 parts of those it is for.",
        "5 days are left.",
        "Whoever is invited reads:",
        "When and where refrigerated goods are inspected",
        "This concerns you, and few like you have been heard so far: what you say counts.",
        "You can say what you think until Sunday 13 December 2026 09:00 (Tunis).",
        f"Reference: C-{made}",
        "Comments until: Sunday 13 December 2026 09:00 (Tunis)",
        "- Other government agency (1 person is registered, and has not taken part.)",
        "- Port Sodal (1 person is registered, and has not taken part.)",
        "- Readers of العربية (1 person is registered, and has not taken part.)",
    ]
    before = world.seen()
    alert = world.last("ruiz")
    assert "1 person is being invited, at an hour that suits them." in world.press_in_row("ruiz", alert, 2)
    assert world.told(before) == {"ruiz", "dina"}
    # Never twice, whichever parts somebody belongs to; and not whoever has spoken since.
    before = world.seen()
    assert "All of them have been invited already." in world.press_in_row("ruiz", alert, 3)
    said(world, made, "emil")
    assert "Somebody of them has been heard meanwhile." in world.press_in_row("ruiz", alert, 1)
    world.press("dina", next(iter(world.last("dina").buttons)))  # to take part, in Arabic
    shown = world.do("ruiz", "consultations.silent", consultation=made)
    assert "Invited: 1" in shown and "Have opened it: 1" in shown and "2 parts" in shown
    assert "All of them have been invited already." in world.press("ruiz", "Invite them all")
    assert world.told(before) == {"ruiz", "dina"}, "dina has the answer to her tap"
    # What is open to whom.
    assert "Somebody has been heard of every part" in world.do("chloe", "consultations.silent", consultation=made)
    for who in ("badr", "gus"):
        assert "Port Sodal" not in world.do(who, "consultations.silent", consultation=made)
        world.do(who, "consultations.include", consultation=made, by="all")
    assert world.told(before) == {"ruiz", "dina", "chloe", "badr", "gus"}
    assert "There is nothing here" in world.do("ruiz", "consultations.include", consultation=made, by="x", value="y")
    world.pass_time(days=5)
    assert "It is closed" in world.do("ruiz", "consultations.include", consultation=made, by="all")


def test_a_close_that_is_put_off_is_told_anew_and_a_short_one_half_way(light_world: World) -> None:
    world = light_world
    made = consultation(world, Phase.COMMENTS, closes_at=world.clock.now() + timedelta(days=4))
    world.do("ruiz", "steps.moved", consultation=made)
    before = world.seen()
    world.pass_time(days=1, hours=23)
    assert world.told(before) == set()
    world.pass_time(hours=2)
    assert world.told(before) == {"ruiz"}
    put_off(world, made, days=20)
    before = world.seen()
    world.pass_time(days=14, hours=22)
    assert world.told(before) == set()
    world.pass_time(hours=2)
    assert world.told(before) == {"ruiz"}
    # Put off before anybody was told: told when it draws near, not before.
    other = consultation(world, Phase.COMMENTS)
    world.do("ruiz", "steps.moved", consultation=other)
    put_off(world, other, days=30)
    before = world.seen()
    world.pass_time(days=24)
    assert "C-2" not in world.last("ruiz")
    world.pass_time(days=2)
    assert "Reference: C-2" in world.last("ruiz")
    # What closes at midnight is told in the morning: at night it would wait, and five days be four.
    midnight = (world.clock.now() + timedelta(days=20)).replace(hour=22, minute=59)
    late = consultation(world, Phase.COMMENTS, closes_at=midnight)
    world.do("ruiz", "steps.moved", consultation=late)
    world.pass_time(days=14, hours=20)
    assert "C-3" not in world.last("ruiz")
    world.pass_time(hours=4)
    assert "Reference: C-3" in world.last("ruiz") and "5 days are left." in world.last("ruiz")
    # Nothing is told of what is closed.
    third = consultation(world, Phase.DECISION)
    world.do("ruiz", "steps.moved", consultation=third)
    before = world.seen()
    world.pass_time(days=30)
    assert world.told(before) == set()


def put_off(world: World, made: int, **by: float) -> None:
    with world.parley.sessions.writing() as session:
        row = session.get_one(Consultation, made)
        row.closes_at = world.clock.now() + timedelta(**by)


def test_an_invitation_waits_for_the_morning_and_spares_who_does_without_announcements(light_world: World) -> None:
    world = light_world
    made = consultation(world, Phase.SHAPING, draft_number=0)
    said(world, made, "chloe")
    with world.parley.sessions.writing() as session:
        muted = Person.id == world.ids["badr"]
        session.execute(update(Person).where(muted).values(muted=[Topic.EVENTS.value]))
    world.pass_time(hours=14)  # eleven at night
    before = world.seen()
    assert "4 people are being invited" in world.do("ruiz", "consultations.include", consultation=made, by="all")
    assert world.told(before) == {"ruiz"}
    world.pass_time(hours=9)
    assert world.told(before) == {"ruiz", "amina", "dina", "emil"}


def test_taking_part_is_words_votes_and_meetings_and_a_language_is_heard_in_words(light_world: World) -> None:
    world = light_world
    made = consultation(world, Phase.COMMENTS)
    everything = [
        (By.KIND, "business", 4),
        (By.LANGUAGE, "en", 4),
        (By.SECTOR, "textiles", 3),
        (By.PORT, "Port B", 2),
        (By.KIND, "agency", 1),
        (By.SECTOR, "energy", 1),
        (By.PORT, "Port Sodal", 1),
        (By.LANGUAGE, "ar", 1),
    ]
    assert silent(world, made) == everything
    now = world.clock.now()
    ours = {"administration_id": world.home}
    with world.parley.sessions.writing() as session:
        put = Statement(**ours, consultation_id=made, person_id=world.ids["amina"], words="…", language="en", at=now)
        session.add(put)
        session.flush()
        vote = StatementVote(**ours, statement_id=put.id, person_id=world.ids["emil"], vote=Vote.PASS, at=now)
        session.add(vote)
    assert silent(world, made) == [(By.SECTOR, "energy", 1), (By.PORT, "Port Sodal", 1), (By.LANGUAGE, "ar", 1)]
    said(world, made, "amina", language="ar")
    assert silent(world, made) == [(By.SECTOR, "energy", 1), (By.PORT, "Port Sodal", 1)]
    # Dina, a small trader as she has said, comes to a meeting held for it: whoever stayed away took no part.
    with world.parley.sessions.writing() as session:
        symposium = Symposium(
            **ours,
            title="Day of trade",
            language="en",
            organiser_id=world.ids["ruiz"],
            zone="Africa/Tunis",
            first_day=now.date(),
            last_day=now.date(),
            created_at=now,
        )
        meeting = Meeting(
            **ours, language="en", organiser_id=world.ids["ruiz"], zone="Africa/Tunis", called_at=now, changed_at=now
        )
        session.add_all([symposium, meeting])
        session.flush()
        for who, kind in (("dina", Stakeholder.SMALL_TRADE), ("chloe", Stakeholder.TRADE)):
            session.add(
                Registration(**ours, symposium_id=symposium.id, person_id=world.ids[who], kind=kind, code=who, at=now)
            )
        session.add(ConsultationMeeting(consultation_id=made, meeting_id=meeting.id))
        there = {"meeting_id": meeting.id, "invited_by_id": world.ids["ruiz"], "invited_at": now}
        came = Invitation(**ours, person_id=world.ids["dina"], attendance=Attendance.PRESENT, **there)
        session.add_all([came, Invitation(**ours, person_id=world.ids["chloe"], **there)])
    assert silent(world, made) == [(By.SIZE, "trade", 1), (By.SECTOR, "energy", 1)]
    # Chloe proposed it: whoever is owed its outcome is not asked to take part.
    with world.parley.sessions.writing() as session:
        session.execute(update(Consultation).values(proposer_id=world.ids["chloe"]))
    assert silent(world, made) == []
    with world.parley.sessions.writing() as session:  # nor whoever owns it with Customs
        session.execute(update(Consultation).values(co_owner_id=world.ids["chloe"]))
    assert silent(world, made) == []
    trade = consultation(world, Phase.COMMENTS, audience=Audience.SECTOR, sector=Sector.TEXTILES)
    assert {(By.KIND, "business", 3), (By.SIZE, "small_trade", 1), (By.SECTOR, "textiles", 3)} <= {
        *silent(world, trade)
    }
    assert (By.KIND, "agency", 1) not in silent(world, trade)
    assert silent(world, consultation(world, Phase.COMMENTS, audience=Audience.INVITED)) == []
