"""What those who are registered hear of a symposium's making: it opens, its programme is out, shifts, is called off."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select, update

from db.registrations import Registration, Seat, SeatState
from db.symposia import SymposiumRoom
from handlers.registrations import telling
from tests.world import World

from . import programme_steps, symposium_steps
from .registration_steps import HOUR, a_symposium, registered
from .test_registrations import states, take


@pytest.fixture
def world(light_world: World) -> World:
    return light_world


def test_the_audience_hears_once_that_registration_is_open(world: World) -> None:
    """Not whoever has muted such news; and dates that are put off move the news along."""
    symposium = symposium_steps.set_up(world)
    world.settle()
    world.do("badr", "people.hear", topic="events", told=False)
    before = world.seen()
    dates = {"call_closes": "2026-11-30", "opens_on": "2026-11-24", "closes_on": "2027-02-20"}
    world.submit("ruiz", "symposia.dates", dates, symposium=symposium)
    world.submit("ruiz", "symposia.dates", dates | {"opens_on": "2026-11-25"}, symposium=symposium)
    world.pass_time(days=1)
    assert "Registration for a symposium is open." not in "".join(each.text for each in world.received("amina"))
    world.pass_time(days=1)
    news = world.news("amina", before["amina"])
    opened = [each for each in news if "Registration for a symposium is open." in each.text]
    assert len(opened) == 1 and "You can register until" in opened[0].text
    assert not any("is open." in each.text for each in world.news("badr", before["badr"])), "muted"
    assert "small business" in world.press("amina", "Register").text
    world.submit("ruiz", "symposia.dates", dates | {"opens_on": "2026-11-26"}, symposium=symposium)
    world.pass_time(days=1)
    again = [each for each in world.received("chloe") if "Registration for a symposium is open." in each.text]
    assert len(again) == 1, "once, whatever becomes of its dates"


def test_whoever_is_registered_hears_with_their_own_sessions_that_the_programme_is_out(world: World) -> None:
    symposium = programme_steps.set_up(world)
    seals = programme_steps.ids(world)[programme_steps.SEALS]
    programme_steps.registered(world, symposium, "amina", seat=seals)
    programme_steps.registered(world, symposium, "badr")
    before = world.seen()
    programme_steps.published(world, symposium)
    world.settle()
    (amina,) = world.news("amina", before["amina"])
    assert "The programme is out. These are your sessions." in amina.text
    assert "- Opening (" in amina.text and "- Electronic seals (" in amina.text and "Reefers" not in amina.text
    (badr,) = world.news("badr", before["badr"])
    assert "- Opening (" in badr.text and "Electronic seals" not in badr.text
    assert world.told(before) == {"amina", "badr", "ruiz"}


def test_whose_seats_come_to_be_at_one_time_chooses(world: World) -> None:
    symposium = programme_steps.set_up(world)
    programme_steps.published(world, symposium)
    seals, origin, reefers = (
        programme_steps.ids(world)[each]
        for each in (programme_steps.SEALS, programme_steps.ORIGIN, programme_steps.REEFERS)
    )
    for who, other in {"amina": origin, "badr": reefers}.items():
        programme_steps.registered(world, symposium, who, seat=seals)
        sits(world, symposium, who, other)
    before = world.seen()
    world.submit("ruiz", "programmes.swap", {"session": str(seals), "other": str(reefers)}, symposium=symposium)
    assert "Changed." in world.press("ruiz", "Keep it so")
    told = [each for each in world.news("amina", before["amina"]) if "at the same time now" in each.text]
    assert len(told) == 1 and "- Electronic seals (" in told[0].text and "- Rules of origin (" in told[0].text
    assert not any("at the same time now" in each.text for each in world.news("badr", before["badr"])), "both moved"
    assert states(world, seals)["amina"] is states(world, origin)["amina"] is SeatState.HELD
    row = next(at for at, line in enumerate(told[0].text.split("- ")[1:], 1) if line.startswith("Rules of origin"))
    kept = world.press_in_row("amina", told[0], row)
    assert "You keep: Rules of origin." in kept.text and "Electronic seals" not in kept.text
    assert states(world, seals)["amina"] is SeatState.GIVEN_UP and states(world, origin)["amina"] is SeatState.HELD


def test_an_offer_ends_when_its_session_now_begins(world: World) -> None:
    """Moved from a later time to an earlier one, two hours before which it was offered."""
    symposium = programme_steps.set_up(world)
    programme_steps.published(world, symposium)
    its = programme_steps.found(world)
    seals, reefers = its[programme_steps.SEALS], its[programme_steps.REEFERS]
    assert seals.starts_at is not None and reefers.starts_at is not None and reefers.starts_at < seals.starts_at
    programme_steps.registered(world, symposium, "amina")
    world.wait_until(reefers.starts_at - HOUR)
    sits(world, symposium, "amina", seals.id, offered_until=seals.starts_at)
    before = world.seen()
    about = {"session": str(seals.id), "other": str(reefers.id)}
    world.submit("ruiz", "programmes.swap", about, symposium=symposium)
    world.press("ruiz", "Keep it so")
    (news,) = world.news("amina", before["amina"])
    assert "A seat is free for you." in news.text and "Electronic seals" in news.text
    world.wait_until(reefers.starts_at)
    assert states(world, seals.id)["amina"] is SeatState.LAPSED


def test_whoever_waits_in_line_hears_when_the_session_moves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "AT_ONCE", 1)
    symposium = programme_steps.set_up(world)
    programme_steps.published(world, symposium)
    seals, reefers = (programme_steps.ids(world)[each] for each in (programme_steps.SEALS, programme_steps.REEFERS))
    programme_steps.registered(world, symposium, "amina", seat=seals)
    for place, who in enumerate(("badr", "chloe"), 1):
        programme_steps.registered(world, symposium, who)
        sits(world, symposium, who, seals, place=place)
    programme_steps.sized(world, programme_steps.SEALS, seats=1)
    before = world.seen()
    world.submit("ruiz", "programmes.swap", {"session": str(seals), "other": str(reefers)}, symposium=symposium)
    world.press("ruiz", "Keep it so")
    assert "A session you are expected at was moved" in world.last("amina").text
    for who, place in {"badr": 1, "chloe": 2}.items():
        (news,) = world.news(who, before[who])
        assert "A session you wait for was moved to another time." in news.text and "It was to begin on" in news.text
        assert f"You are number {place} on its waiting list." in news.text and "I have seen it" not in news.buttons
    heard = world.do("ruiz", "programmes.heard", symposium=symposium).text
    assert "Amina" in heard and "Chloe" not in heard, "she is not expected there"


def test_a_symposium_that_does_not_take_place_is_told_once_and_nothing_lapses_any_more(world: World) -> None:
    made = a_symposium(world, seats=1)
    a = made.sessions["A"]
    registered(world, made, "amina", "badr", "chloe")
    for each in ("amina", "badr", "chloe"):
        take(world, each, a)
    world.do("amina", "registrations.cancel", symposium=made.symposium, confirmed=True)
    assert states(world, a)["badr"] is SeatState.OFFERED
    before = world.seen()
    world.submit("lena", "symposia.cancel", {"reason": "A strike"}, symposium=made.symposium)
    assert "2 people are being told." in world.last("lena").text
    world.pass_time(days=3)
    assert world.told(before) == {"badr", "chloe", "lena"}
    for each in ("badr", "chloe"):
        (news,) = world.news(each, before[each])
        assert "A symposium does not take place." in news.text and "A strike" in news.text
    assert states(world, a)["badr"] is SeatState.LAPSED
    assert "a seat is free for you" not in world.say("badr", "/home").text


def test_a_session_that_does_not_take_place_is_told_to_whoever_sits_or_waits_there(world: World) -> None:
    made = a_symposium(world, seats=1)
    registered(world, made, "amina", "badr", "chloe")
    for each, name in {"amina": "A", "badr": "A", "chloe": "B"}.items():
        take(world, each, made.sessions[name])
    before = world.seen()
    about = {"symposium": made.symposium, "session": made.sessions["A"]}
    world.submit("lena", "symposia.cancel_session", {"reason": None}, **about)
    world.pass_time(days=3)
    assert world.told(before) == {"amina", "badr", "lena"}
    (news,) = world.news("amina", before["amina"])
    assert "A session of yours does not take place." in news.text and "A · Thursday" in news.text
    chosen = world.press("amina", "Break-outs")
    assert "- B (full" in chosen.text and "- A" not in chosen.text


def test_more_room_is_offered_at_once_to_whoever_waits(world: World) -> None:
    """A session that takes more, a larger room, more places at the symposium."""
    made = a_symposium(world, seats=1, capacity=3)
    registered(world, made, "amina", "badr", "chloe", "dina")
    for each in ("amina", "badr", "chloe"):
        take(world, each, made.sessions["A"])
    before = world.seen()
    about = {"symposium": made.symposium, "session": made.sessions["A"]}
    world.submit("lena", "symposia.size", {"expected": "0", "seats": "2", "blocks": "1"}, **about)
    assert world.told(before) == {"badr", "lena"} and "A seat is free for you." in world.last("badr").text
    world.submit("lena", "symposia.size", {"expected": "0", "seats": None, "blocks": "1"}, **about)
    assert "A seat is free for you." in world.last("chloe").text
    world.submit("lena", "symposia.places", {"capacity": "4"}, symposium=made.symposium)
    assert "A seat is free for you." in world.last("dina").text and "Clearance in a day" in world.last("dina").text
    assert "The seat is yours." in world.press("dina", "Accept").text


def test_a_larger_room_is_offered_at_once_to_whoever_waits(world: World) -> None:
    made = a_symposium(world, seats=60)
    one_seat(world, made.rooms["Hall"])
    registered(world, made, "amina", "badr")
    for each in ("amina", "badr"):
        take(world, each, made.sessions["A"])
    world.submit("lena", "symposia.add_rooms", {"rooms": "Hall 30"}, symposium=made.symposium)
    assert "A seat is free for you." in world.last("badr").text


def sits(
    world: World, symposium: int, who: str, session: int, *, offered_until: datetime | None = None, place: int = 0
) -> None:
    """One seat more, or an offer of one, or with a `place` the wait for one, whatever else they have."""
    with world.parley.sessions.writing() as writing:
        theirs = Registration.symposium_id == symposium, Registration.person_id == world.ids[who]
        mine = writing.scalars(select(Registration).where(*theirs)).one()
        its = {"administration_id": world.home, "symposium_id": symposium, "kind": mine.kind, "at": world.clock.now()}
        state = SeatState.OFFERED if offered_until else SeatState.WAITING if place else SeatState.HELD
        its |= {"registration_id": mine.id, "session_id": session, "state": state, "offered_until": offered_until}
        writing.add(Seat(**its, place=place))


def one_seat(world: World, room: int) -> None:
    with world.parley.sessions.writing() as writing:
        writing.execute(update(SymposiumRoom).where(SymposiumRoom.id == room).values(capacity=1))
