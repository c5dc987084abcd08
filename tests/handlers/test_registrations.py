"""Registering for a symposium in chat: seats, lines, offers, what overlaps, who comes in whose place."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

import handlers
from bot.kit.feeds import MINE, Subscriber
from db import personal
from db.audiences import Audience
from db.people import Administration, Kind, Person
from db.people import who as known
from db.registrations import Delegation, Registration, Seat, SeatState
from db.symposia import SessionState, SymposiumSession
from tests.world import Sent, World

from .registration_steps import DAY, HOUR, a_symposium, registered, speaks_for


@pytest.fixture
def world(light_world: World) -> World:
    return light_world


def take(world: World, who: str, session: int, **more: Any) -> Sent:
    return world.do(who, "registrations.take", session=session, **more)


def states(world: World, session: int) -> dict[str, SeatState]:
    names = {number: name for name, number in world.ids.items()}
    with world.parley.sessions.reading() as reading:
        rows = reading.execute(
            select(Registration.person_id, Seat.state)
            .join(Seat, Seat.registration_id == Registration.id)
            .where(Seat.session_id == session)
        )
        return {names[person]: state for person, state in rows}


def entries(world: World, who: str) -> list[tuple[str, str]]:
    """The titles and states of a person's sessions, as their own calendar has them."""
    with world.parley.sessions.reading() as session:
        person = session.get_one(Person, world.ids[who])
        subscriber = Subscriber(
            known(session, person, at=world.clock.now()),
            session.get_one(Administration, world.home),
            "",
            world.clock.now(),
            session,
            lambda text: getattr(text, "words", "") or str(getattr(text, "source", "")),
            lambda path: f"https://parley.example/{path}",
        )
        found = handlers.registry.entries(MINE, subscriber)
        return [(each.title, each.status.value) for each in found]


def test_registering_takes_a_few_taps(world: World) -> None:
    """A business says whether it is a small one; then one time after the other; the programme confirms it."""
    made = a_symposium(world)
    assert "Clearance in a day" in world.say("amina", "/seats").text
    assert "small business" in world.press("amina", "Register").text
    first = world.press("amina", "Yes, small trade")
    assert "You are registered" in first.text and "Time 1 of 2" in first.text
    assert "- A (20 seats free for you" in first.text and "C (20 seats free for you · again on" in first.text
    second = world.press("amina", "Take a seat")
    assert "You have a seat: A." in second.text and "Time 2 of 2" in second.text
    done = world.press_in_row("amina", second, 1)
    assert "You have a seat: C again." in done.text and "You count as: Small trade" in done.text
    assert [line for line in done.text.splitlines() if line.startswith("- ")][:1] == [
        "- Plenary (Thursday 10 December 2026 09:00 (Tunis) · Hall, East)"
    ]
    assert "Mind the way: A and C again are in different buildings" in done.text
    assert entries(world, "amina") == [("Plenary", "CONFIRMED"), ("A", "CONFIRMED"), ("C again", "CONFIRMED")]
    with world.parley.sessions.writing() as session:
        session.execute(
            update(SymposiumSession)
            .where(SymposiumSession.id == made.sessions["A"])
            .values(state=SessionState.CANCELLED, sequence=1, changed_at=world.clock.now())
        )
    assert entries(world, "amina")[1] == ("A", "CANCELLED")


def test_a_symposium_leads_to_its_registration(world: World) -> None:
    """For whoever comes, and for whoever runs it; where one is registered, to one's own programme."""
    made = a_symposium(world)
    show = "symposia.show"
    assert "Register" in world.do("amina", show, symposium=made.symposium).buttons
    world.do("amina", "registrations.register", symposium=made.symposium, small=True)
    shown = world.do("amina", show, symposium=made.symposium).buttons
    assert "My programme" in shown and not {"Register", "Registration"} & shown.keys()
    assert "Registration" in world.do("lena", show, symposium=made.symposium).buttons
    assert "Registered" in world.press("lena", "Registration").text


def test_nobody_else_than_a_business_is_asked_what_it_is(world: World) -> None:
    made = a_symposium(world)
    said = world.do("gus", "registrations.register", symposium=made.symposium)
    assert "You are registered" in said.text
    assert "You count as: Customs" in world.do("gus", "registrations.programme", symposium=made.symposium).text
    again = world.do("gus", "registrations.register", symposium=made.symposium)
    assert "You are registered already." in again.text


def test_registration_has_its_dates(world: World) -> None:
    made = a_symposium(world, registration_opens_at=DAY - 48 * HOUR)
    assert "Registration opens on" in world.do("amina", "registrations.register", symposium=made.symposium).text
    world.wait_until(DAY + HOUR)
    assert "Registration is not open." in world.do("amina", "registrations.register", symposium=made.symposium).text


def test_what_overlaps_is_refused_and_the_repeat_offered(world: World) -> None:
    made = a_symposium(world)
    registered(world, made, "amina", "badr")
    take(world, "amina", made.sessions["A"])
    refused = take(world, "amina", made.sessions["C"])
    assert "at the same time as your seat in A" in refused.text and "again on Thursday" in refused.text
    assert states(world, made.sessions["C"]) == {}
    assert "You have a seat: C again." in world.press("amina", "Take it then").text
    twice = take(world, "amina", made.sessions["C"], swap=False)
    assert "at the same time as your seat in A" in twice.text
    swapped = world.press("amina", "Give that up for it")
    assert "You have a seat: C." in swapped.text
    assert states(world, made.sessions["A"])["amina"] is SeatState.GIVEN_UP
    assert states(world, made.sessions["C again"])["amina"] is SeatState.GIVEN_UP, "nobody hears the same twice"
    take(world, "badr", made.sessions["B"])
    refused = take(world, "badr", made.sessions["A"])
    assert "It is not given again when you are free.\nAt other times there are seats:" in refused.text
    assert "- C again (Thursday 10 December 2026 11:00 (Tunis))" in refused.text and "- C (" not in refused.text
    assert "You have a seat: C again." in world.press("badr", "Take a seat").text


@pytest.mark.promise("seats.offers", "A seat given up is offered to the next in line, lapses on time, and goes on.")
def test_a_seat_given_up_is_offered_lapses_and_is_accepted_by_the_second(world: World) -> None:
    made = a_symposium(world, seats=2)
    a = made.sessions["A"]
    registered(world, made, "amina", "badr", "chloe", "dina", "emil")
    for each in ("amina", "badr"):
        take(world, each, a)
    assert "You are number 1 on its waiting list" in take(world, "chloe", a).text
    assert "You are number 2 on its waiting list" in take(world, "dina", a).text
    before = world.seen()
    programme = world.do("amina", "registrations.programme", symposium=made.symposium)
    assert "You have" not in programme.text
    world.press("amina", "Give it up")
    world.press("amina", "Give it up")  # asked first
    assert world.told(before) == {"amina", "chloe"}
    offer = world.last("chloe")
    assert "A seat is free for you." in offer.text and "11:00 (Tunis)" in offer.text
    assert "You are number 2 on its waiting list" in take(world, "emil", a).text, "an open offer is a seat"
    world.pass_time(hours=1, minutes=59)
    assert states(world, a)["chloe"] is SeatState.OFFERED
    world.pass_time(minutes=1)
    assert states(world, a)["chloe"] is SeatState.LAPSED
    assert "has lapsed" in world.last("chloe").text and "A seat is free for you." in world.last("dina").text
    assert "This offer is over." in world.press("chloe", "Accept").text
    assert "The seat is yours." in world.press("dina", "Accept").text
    held = [name for name, state in states(world, a).items() if state is SeatState.HELD]
    assert sorted(held) == ["badr", "dina"]
    world.pass_time(hours=3)
    assert states(world, a)["dina"] is SeatState.HELD, "what is accepted does not lapse"


def test_an_offer_in_the_night_waits_for_the_morning_and_then_two_hours(world: World) -> None:
    made = a_symposium(world, seats=1)
    a = made.sessions["A"]
    registered(world, made, "amina", "badr", "chloe")
    for each in ("amina", "badr", "chloe"):
        take(world, each, a)
    world.pass_time(hours=14)  # eleven at night in Tunis
    seen = world.seen()["badr"]
    world.do("amina", "registrations.cancel", symposium=made.symposium, confirmed=True)
    assert world.news("badr", seen) == [], "nobody is woken"
    world.pass_time(hours=9)
    assert "09:00 (Tunis)" in world.last("badr").text, "two hours from when they are awake"
    assert "Declined." in world.press("badr", "Decline").text
    assert "A seat is free for you." in world.last("chloe").text


def test_kept_seats_are_released_on_their_day_to_those_who_wait(world: World) -> None:
    made = a_symposium(world, seats=3)
    a = made.sessions["A"]
    kept = {"kind": "small_trade", "seats": "2", "most": None, "release": "2026-11-30"}
    assert "Kept." in world.submit("lena", "registrations.keep", kept, session=a).text
    too_many = world.submit("lena", "registrations.keep", kept | {"kind": "agency"}, session=a)
    assert "There are only 3 seats" in too_many.text
    registered(world, made, "amina", "badr", "chloe")
    registered(world, made, "dina", small=True)
    take(world, "amina", a)
    assert "number 1" in take(world, "badr", a).text
    assert "number 2" in take(world, "chloe", a).text
    assert "You have a seat" in take(world, "dina", a).text, "theirs is kept, though others wait"
    assert "Small trade: 2 seats · released" in world.do("badr", "registrations.rule", symposium=made.symposium).text
    world.pass_time(days=6, hours=23)  # eight in the morning of that day
    assert "A seat is free for you." in world.last("badr").text
    assert states(world, a)["chloe"] is SeatState.WAITING


def test_an_agency_has_two_at_most_until_they_are_released(world: World) -> None:
    made = a_symposium(world)
    kept = {"kind": "agency", "seats": "5", "most": "2", "release": None}
    world.submit("lena", "registrations.keep", kept, session=made.sessions["B"])
    with world.parley.sessions.writing() as session:
        three = [world.ids[each] for each in ("badr", "chloe", "dina")]
        session.execute(update(Person).where(Person.id.in_(three)).values(kind=Kind.AGENCY))
    for each in ("badr", "chloe", "dina"):
        speaks_for(world, each, world.agency)
        world.do(each, "registrations.register", symposium=made.symposium)
        take(world, each, made.sessions["B"])
    assert list(states(world, made.sessions["B"]).values()) == [SeatState.HELD, SeatState.HELD, SeatState.WAITING]


def test_a_full_symposium_has_a_line_of_its_own(world: World) -> None:
    made = a_symposium(world, capacity=1)
    registered(world, made, "amina", "badr")
    assert "You are number 1 on the waiting list" in world.last("badr").text
    assert "Break-outs come once you have a place" in take(world, "badr", made.sessions["A"]).text
    assert entries(world, "badr") == []
    world.do("amina", "registrations.cancel", symposium=made.symposium, confirmed=True)
    assert "A seat is free for you." in world.last("badr").text
    assert "The seat is yours." in world.press("badr", "Accept").text
    assert entries(world, "badr") == [("Plenary", "CONFIRMED")]


@pytest.mark.promise("seats.wishes", "Wishes are met by the published rule, and everybody is told why.")
def test_wishes_are_met_by_the_rule_and_everybody_is_told_why(world: World) -> None:
    made = a_symposium(world, seats=1)
    a, b = made.sessions["A"], made.sessions["B"]
    given = {"giving": "generous", "wishes": "2", "close": "2026-11-30", "hours": "2"}
    published = world.submit("lena", "registrations.seating", given, symposium=made.symposium)
    assert "Seed:" in published.text and "the fewest without a seat" in published.text
    registered(world, made, "amina", "badr", "chloe")
    assert "Seats are given by wishes here" in take(world, "amina", a).text
    for who, wishes in {"amina": (a, b), "badr": (a,), "chloe": (a,)}.items():
        for each in wishes:
            said = world.do(who, "registrations.wish", session=each)
    assert "Your wish number 1: A." in said.text
    assert "no longer among your wishes" in world.do("amina", "registrations.wish", session=a).text
    assert "Your wish number 2: A." in world.do("amina", "registrations.wish", session=a).text
    assert "You have 2 wishes for this time" in world.do("amina", "registrations.wish", session=made.sessions["C"]).text
    early = world.do("lena", "registrations.allocate", symposium=made.symposium, confirmed=True)
    assert "Wishes are taken until" in early.text
    world.pass_time(days=8)
    assert "The wishes for your symposium are closed." in world.last("lena").text
    world.press("lena", "Give the seats")
    world.press("lena", "Give the seats")  # asked first
    world.pass_time(minutes=1)
    now = states(world, a)
    loser = next(name for name, state in now.items() if state is SeatState.WAITING and name != "amina")
    assert states(world, b) == {"amina": SeatState.HELD}
    assert sorted(state.value for name, state in now.items()) == ["held", "waiting"]
    told = next(each for each in reversed(world.received(loser)) if "The seats are given." in each.text)
    assert "A: 3 asked for 1 seat; you are number 1 on its waiting list." in told.text
    amina = next(each for each in reversed(world.received("amina")) if "The seats are given." in each.text)
    assert "your choice number 1" in amina.text
    rule = world.do("amina", "registrations.rule", symposium=made.symposium)
    assert "[picture Which choice people were given]" in rule.text and "State: Given" in rule.text


def test_a_delegation_is_nominated_and_a_substitute_takes_everything_over(world: World) -> None:
    made = a_symposium(world)
    delegation = {"focal": str(world.ids["amina"]), "places": "1"}
    assert "Invited." in world.submit("lena", "registrations.delegate", delegation, symposium=made.symposium).text
    assert "Your organisation is invited" in world.last("amina").text
    world.press("amina", "Nominate")
    emil = str(world.ids["emil"])
    with world.parley.sessions.reading() as session:
        number = session.scalars(select(Delegation.id)).one()
    nominated = world.submit("amina", "registrations.nominate", {"whom": emil, "size": "small"}, delegation=number)
    assert "Nominated: Emil." in nominated.text
    assert "Amina has nominated you" in world.last("emil").text
    assert "My delegation" in world.say("amina", "/seats").buttons
    full = world.do("amina", "registrations.nominate", delegation=number)
    assert "All places of your delegation are taken." in full.text
    take(world, "emil", made.sessions["A"])
    assert entries(world, "emil") == [("Plenary", "CONFIRMED"), ("A", "CONFIRMED")]
    speaks_for(world, "dina", world.organisation)
    with world.parley.sessions.reading() as session:
        registration = session.scalars(select(Registration)).one()
    changed = world.submit(
        "amina", "registrations.substitute", {"whom": str(world.ids["dina"])}, registration=registration.id
    )
    assert "Dina comes instead, with all seats." in changed.text
    assert "in the place of Emil" in world.last("dina").text and "in your place" in world.last("emil").text
    assert entries(world, "emil") == []
    assert entries(world, "dina") == [("Plenary", "CONFIRMED"), ("A", "CONFIRMED")]
    with world.parley.sessions.reading() as session:
        assert session.scalars(select(Registration)).one().code != registration.code
    stranger = world.do("badr", "registrations.substitute", registration=registration.id)
    assert "not yours to see" in stranger.text


def test_a_focal_point_comes_too_also_where_others_are_the_audience(world: World) -> None:
    made = a_symposium(world, audience=Audience.AGENCIES)
    delegation = {"focal": str(world.ids["amina"]), "places": "2"}
    world.submit("lena", "registrations.delegate", delegation, symposium=made.symposium)
    world.press("amina", "Nominate")
    with world.parley.sessions.reading() as session:
        number = session.scalars(select(Delegation.id)).one()
    for who in ("amina", "emil"):
        given = {"whom": str(world.ids[who]), "size": "small"}
        world.submit("amina", "registrations.nominate", given, delegation=number)
    for who in ("amina", "emil"):
        assert "Your code at the door" in world.do(who, "registrations.programme", symposium=made.symposium).text
        take(world, who, made.sessions["A"])
    assert len(states(world, made.sessions["A"])) == 2


def test_the_organiser_asks_and_reads(world: World) -> None:
    made = a_symposium(world)
    asked = {"words": "Do you need interpretation?", "asked": "registering"}
    assert "Asked." in world.submit("lena", "registrations.ask", asked, symposium=made.symposium).text
    registered(world, made, "amina", "badr")
    assert "Answer the organiser" in world.last("amina").buttons
    world.press("amina", "Answer the organiser")
    assert "Thank you." in world.say("amina", "Into French, please").text
    take(world, "amina", made.sessions["A"])
    before = world.seen()
    follow_up = {"words": "What should A speak of?", "asked": "accepted"}
    world.submit("lena", "registrations.ask", follow_up, symposium=made.symposium)
    assert world.told(before) == {"lena", "amina"}, "only those who have a seat"
    world.do("lena", "registrations.questions", symposium=made.symposium)
    read = world.press("lena", "Read the answers")
    assert "Amina: Into French, please" in read.text


def test_whoever_runs_it_sees_who_comes_and_puts_a_class_right(world: World) -> None:
    made = a_symposium(world, seats=1)
    registered(world, made, "amina", "badr", small=True)
    registered(world, made, "chloe")
    take(world, "amina", made.sessions["A"])
    take(world, "badr", made.sessions["B"])
    take(world, "badr", made.sessions["A"], swap=True)
    take(world, "chloe", made.sessions["B"])
    desk = world.do("lena", "registrations.desk", symposium=made.symposium)
    assert "Registered: 3" in desk.text and "Small trade: registered 2" in desk.text
    assert "A: seats 1 and waiting 1" in desk.text
    assert "no sector stated: registered 3" in world.press("lena", "By sector and region").text
    line = world.do("lena", "registrations.line", session=made.sessions["A"])
    assert "1. Badr" in line.text and "Badr would get A" in line.text and "Chloe would get B" in line.text
    people = world.do("lena", "registrations.people", symposium=made.symposium)
    assert "Amina, Sodal Trading (Small trade · Registered)" in people.text
    world.press_in_row("lena", people, 1)
    world.press("lena", "Trade")
    assert "Put right" in (
        world.press("lena", "Send").text if "Send" in world.last("lena").buttons else world.last("lena").text
    )
    assert "put right as what you count" in world.last("amina").text
    with world.parley.sessions.reading() as session:
        assert set(
            session.scalars(select(Seat.kind).join(Registration).where(Registration.person_id == world.ids["amina"]))
        ) == {"trade"}


def test_what_is_another_organisers_is_not_found(world: World) -> None:
    made = a_symposium(world)
    for command, about in {
        "registrations.line": {"session": made.sessions["A"]},
        "registrations.sitting": {"session": made.sessions["A"]},
    }.items():
        assert "not yours to see" in world.do("ruiz", command, **about).text
    refused = world.do("ruiz", "registrations.people", symposium=made.symposium)
    assert "registration" not in refused.text and refused.answer.screen is not None and not refused.answer.screen.rows


def test_whoever_is_erased_leaves_a_seat_for_the_next(world: World) -> None:
    made = a_symposium(world, seats=1)
    a = made.sessions["A"]
    registered(world, made, "amina", "badr")
    for each in ("amina", "badr"):
        take(world, each, a)
    with world.parley.sessions.writing() as session:
        personal.erase(session, session.get_one(Person, world.ids["amina"]), at=world.clock.now())
    assert states(world, a) == {"amina": SeatState.GIVEN_UP, "badr": SeatState.WAITING}
    world.pass_time(days=1)
    assert "A seat is free for you." in "".join(each.text for each in world.received("badr"))


def test_what_has_come_to_be_at_one_time_is_said(world: World) -> None:
    """A programme that is changed may put two seats of one person at one time."""
    made = a_symposium(world)
    registered(world, made, "amina")
    for each in ("A", "C again"):
        take(world, "amina", made.sessions[each])
    with world.parley.sessions.writing() as session:
        moved = {"starts_at": DAY + HOUR, "ends_at": DAY + 2 * HOUR}
        session.execute(update(SymposiumSession).where(SymposiumSession.id == made.sessions["C again"]).values(moved))
    said = world.do("amina", "registrations.programme", symposium=made.symposium)
    assert "A and C again are at the same time now." in said.text


def test_who_had_a_seat_before_wishes_were_gathered_keeps_it_and_gets_no_second_one(world: World) -> None:
    made = a_symposium(world, seats=1)
    a, b = made.sessions["A"], made.sessions["B"]
    registered(world, made, "amina", "badr", "chloe")
    take(world, "amina", a)
    rule = {"giving": "rank_maximal", "wishes": "1", "close": "2026-11-24", "hours": "2"}
    world.submit("lena", "registrations.seating", rule, symposium=made.symposium)
    for each in ("amina", "badr"):
        world.do(each, "registrations.wish", session=b)
    world.do("chloe", "registrations.wish", session=a)
    world.pass_time(days=2)
    world.do("lena", "registrations.allocate", symposium=made.symposium, confirmed=True)
    assert states(world, a) == {"amina": SeatState.HELD, "chloe": SeatState.WAITING}
    assert states(world, b) == {"amina": SeatState.WAITING, "badr": SeatState.HELD}
    world.settle()
    why = "A: all of its seats were taken before; you are number 1 on its waiting list."
    assert any(why in each.text for each in world.received("chloe"))
