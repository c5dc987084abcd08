"""A symposium's days in chat: the door, lists, mornings, the floor, material, feedback, proof and report."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from bot.kit.events import Called
from db.attendance import CheckIn, DoorCode, How, Proof
from db.files import stored
from db.people import Person
from db.registrations import Registration
from db.symposia import SessionPart, SymposiumSession
from handlers.attendance.lists import read_list
from handlers.attendance.mornings import morning
from tests.world import Sent, World

from .registration_steps import DAY, HOUR, Made, a_symposium, registered

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """An hour before the doors open: what happened until then is not played."""
    made = World(str(request.getfixturevalue(f"{request.param}_url")), at=DAY - HOUR)
    yield made
    made.close()


@pytest.fixture
def early(sqlite_url: str) -> Iterator[World]:
    """The day before."""
    made = World(sqlite_url, at=DAY - 21 * HOUR)
    yield made
    made.close()


def take(world: World, who: str, session: int) -> None:
    world.do(who, "registrations.take", session=session)


def code(world: World, who: str) -> str:
    with world.parley.sessions.reading() as session:
        its = select(Registration.code).where(Registration.person_id == world.ids[who])
        return str(session.scalars(its).one())


def came(world: World, session: int) -> dict[str, How]:
    names = {number: name for name, number in world.ids.items()}
    with world.parley.sessions.reading() as reading:
        rows = reading.execute(select(CheckIn.person_id, CheckIn.how).where(CheckIn.session_id == session))
        return {names[person]: how for person, how in rows}


def a_day(world: World, *names: str) -> Made:
    """Everybody is registered and has a seat in A; it is five past nine on the day."""
    made = a_symposium(world)
    registered(world, made, *names)
    for each in names:
        take(world, each, made.sessions["A"])
    world.wait_until(DAY + 5 * MINUTE)
    return made


def attached(world: World, sent: Sent) -> bytes:
    screen = sent.answer.screen
    assert screen is not None
    with world.parley.sessions.reading() as session:
        found = stored(session, screen.files[0].file_id)
        assert found is not None
        return found[1]


# The door


@pytest.mark.promise("days.door", "A code at the door checks its person in, once, however often and by whatever way.")
def test_an_officer_types_a_code_and_duplicates_are_harmless(world: World) -> None:
    made = a_day(world, "amina", "badr")
    said = world.say("lena", f"/checkin {code(world, 'amina').lower()}")
    assert "Amina is checked in." in said.text and "1 came" in said.text
    again = world.say("lena", f"/checkin {code(world, 'amina')}")
    assert "checked in already, at Thursday 10 December 2026 09:05 (Tunis). That does no harm." in again.text
    world.press("lena", "Next code")
    assert "Badr is checked in." in world.say("lena", code(world, "badr")).text
    world.press("lena", "Next code")
    assert "There is no such code at this symposium." in world.say("lena", "AAAAAA").text
    assert came(world, made.sessions["Plenary"]) == {"amina": How.OFFICER, "badr": How.OFFICER}
    assert came(world, made.sessions["A"]) == {}


def test_a_code_of_two_sessions_at_once_is_asked_about(world: World) -> None:
    """Between two sessions both doors are open: the officer says which."""
    made = a_day(world, "amina")
    world.wait_until(DAY + 50 * MINUTE)
    card = world.say("lena", f"/checkin {code(world, 'amina')}")
    assert "- Plenary" in card.text and "- A · " in card.text and "has no seat here" in card.text
    assert came(world, made.sessions["A"]) == {}
    assert card.answer.screen is not None
    row = next(number for number, each in enumerate(card.text.split("- ")[1:], 1) if each.startswith("A ·"))
    assert "Amina is checked in." in world.press_in_row("lena", card, row).text
    assert came(world, made.sessions["A"]) == {"amina": How.OFFICER}


@pytest.mark.promise("days.door", "A code at the door checks its person in, once, however often and by whatever way.")
@pytest.mark.slow
def test_whoever_has_no_seat_is_let_in_only_on_purpose(world: World) -> None:
    made = a_day(world, "amina")
    world.wait_until(DAY + HOUR + MINUTE)
    refused = world.submit("lena", "attendance.door", {"code": code(world, "amina")}, session=made.sessions["B"])
    assert "Amina has no seat in B." in refused.text and came(world, made.sessions["B"]) == {}
    assert "Amina is checked in." in world.press("lena", "Let them in all the same").text
    assert came(world, made.sessions["B"]) == {"amina": How.OFFICER}


@pytest.mark.promise("days.door", "A code at the door checks its person in, once, however often and by whatever way.")
def test_a_door_has_a_code_of_its_own(world: World) -> None:
    made = a_symposium(world)
    registered(world, made, "amina", "badr", "chloe")
    for who in ("amina", "badr"):
        take(world, who, made.sessions["A"])
    world.do("lena", "attendance.door_code", session=made.sessions["A"])
    with world.parley.sessions.reading() as session:
        door = session.scalars(select(DoorCode.code)).one()
    assert "Nobody was checked in." in world.say("dina", f"/checkin {door}").text, "she is not registered"
    assert "The door of this session is not open now." in world.say("amina", f"/checkin {door}").text
    world.wait_until(DAY + HOUR)
    assert "You are checked in." in world.say("amina", f"/checkin {door}").text
    assert "You were checked in already" in world.say("amina", f"/checkin {door}").text
    assert "You have no seat in this session." in world.say("chloe", f"/checkin {door}").text
    world.press("lena", "Make a new code")
    assert "Nobody was checked in." in world.say("badr", f"/checkin {door}").text
    assert came(world, made.sessions["A"]) == {"amina": How.DOOR}


def test_two_doors_at_once_check_one_person_in_once_and_both_say_what_is_true(database_url: str) -> None:
    """On PostgreSQL each is a turn in a thread and a transaction of its own: neither has seen the other's row when it
    writes its own."""
    world = World(database_url, at=DAY - HOUR)
    made = a_day(world, "amina")
    secret = code(world, "amina")
    doors = [Called(world.caller(who), name="attendance.checkin", args={"words": secret}) for who in ("lena", "adam")]

    async def at_once() -> list[Any]:
        return await asyncio.gather(*(world.parley.edge.direct(each, trace="tap") for each in doors))

    both = threading.Barrier(2)

    def meet(*_row: object) -> None:
        if database_url.startswith("postgresql"):
            both.wait(timeout=30)

    event.listen(CheckIn, "before_insert", meet)
    try:
        said = [each.answer.screen.heading.source for each in world.runner.run(at_once())]
    finally:
        event.remove(CheckIn, "before_insert", meet)
    assert sorted(said) == [
        "{name} is checked in.",
        "{name} was checked in already, at {when}. That does no harm.",
    ]
    assert came(world, made.sessions["Plenary"]) == {"amina": How.OFFICER}
    world.close()


def test_whoever_gives_a_session_has_a_code_comes_in_and_has_a_proof(world: World) -> None:
    """Agreeing registers them, full as it is, and takes no place; saying no ends that."""
    made = a_symposium(world, capacity=1)
    registered(world, made, "chloe", "badr")
    with world.parley.sessions.writing() as session:
        for who in ("amina", "badr", "cora"):
            its = {"administration_id": world.home, "session_id": made.sessions["A"], "asked_at": world.clock.now()}
            session.add(SessionPart(**its, person_id=world.ids[who]))
    parts = {"amina": 1, "badr": 2, "cora": 3}
    for who, part in parts.items():
        world.do(who, "symposia.come", part=part)
    assert "Your code at the door" in world.do("amina", "attendance.code", symposium=made.symposium).text
    desk = world.do("lena", "registrations.desk", symposium=made.symposium).text
    assert "Registered: 4" in desk and "for a session they give, beyond the places: 3" in desk and "waiting" not in desk
    assert (
        "Say there first that you cannot come"
        in world.do("amina", "registrations.cancel", symposium=made.symposium, confirmed=True).text
    )
    world.submit("cora", "symposia.cannot", {"reason": None}, part=parts["cora"])
    assert "not registered" in world.do("cora", "attendance.code", symposium=made.symposium).text
    world.wait_until(DAY + HOUR)
    listed = attached(world, world.do("lena", "attendance.list", symposium=made.symposium)).decode()
    assert code(world, "amina") in listed and "Cora" not in listed
    world.say("lena", f"/checkin {code(world, 'amina')}")
    assert came(world, made.sessions["A"]) == {"amina": How.OFFICER}
    world.wait_until(DAY + 26 * HOUR)
    assert "Your proof of attendance" in world.do("amina", "attendance.proof", symposium=made.symposium).text


@pytest.mark.promise("days.scan", "To open what a QR code holds checks nobody in, whoever opens it.")
def test_a_scan_checks_nobody_in_and_says_the_same_to_strangers(world: World) -> None:
    """By a deep link: the officer is asked; whoever else opens it learns nothing, and changes nothing."""
    made = a_day(world, "amina", "badr")
    secret = code(world, "amina")
    others = [
        world.say(who, f"/start at_{each}").text for who in ("badr", "dina", "cora") for each in (secret, "ZZZZZZ")
    ]
    assert len(set(others)) == 1 and "Nobody was checked in." in others[0]
    assert "Show it to the officer" in world.say("amina", f"/start at_{secret}").text
    asked = world.say("lena", f"/start at_{secret}")
    assert "Amina" in asked.text and came(world, made.sessions["Plenary"]) == {}
    assert "Amina is checked in." in world.press_in_row("lena", asked, 1).text
    assert came(world, made.sessions["Plenary"]) == {"amina": How.OFFICER}


def test_only_whoever_runs_it_is_at_its_door(world: World) -> None:
    made = a_day(world, "amina", "badr")
    for who in ("badr", "gus"):
        assert "Nobody was checked in." in world.say(who, f"/checkin {code(world, 'amina')}").text
        world.do(who, "attendance.desk", symposium=made.symposium)
        assert "Type codes" not in world.last(who).buttons
        world.submit(who, "attendance.door", {"code": code(world, "amina")}, session=made.sessions["A"])
        world.do(who, "attendance.door_code", session=made.sessions["A"])
        assert "code" not in world.last(who).text
    with world.parley.sessions.reading() as session:
        assert session.scalar(select(func.count()).select_from(CheckIn)) == 0


# Lists


@pytest.mark.promise(
    "days.list", "A list kept without a network is merged: what was there stays, what is wrong is named and given back."
)
def test_a_list_goes_out_and_comes_back_with_times(world: World) -> None:
    made = a_day(world, "amina", "badr", "chloe")
    with world.parley.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == world.ids["badr"]).values(name="=cmd|' /C calc'!A0"))
    given = attached(world, world.do("lena", "attendance.list", symposium=made.symposium)).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(given)))
    assert {(each["code"], each["title"]) for each in lines} == {
        (code(world, who), title) for who in ("amina", "badr", "chloe") for title in ("Plenary", "A")
    }
    assert "'=cmd|" in given, "a spreadsheet runs nothing of it"
    world.say("lena", f"/checkin {code(world, 'chloe')}")
    marks = {"amina": "09:07", "badr": "x", "chloe": "2026-12-10 09:09"}
    by_code = {code(world, who): mark for who, mark in marks.items()}
    back = [each | {"time": by_code[each["code"]]} for each in lines if each["title"] == "Plenary"]
    back += [back[0] | {"code": "QQQQQQ"}, back[1] | {"session": "999"}, back[0] | {"time": "soon"}, back[0]]
    written = io.StringIO()
    writer = csv.DictWriter(written, list(lines[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(back)
    world.do("lena", "attendance.merge", symposium=made.symposium)
    world.attach("lena", "door.csv", written.getvalue().encode())
    world.press("lena", "That is all")
    world.pass_time(seconds=6)
    said = world.last("lena")
    for expected in (
        "Checked in: 2",
        "Were checked in already: 2",
        "Not taken: 3",
        "Line 5, QQQQQQ: unknown code",
        "Line 6, ",
        "unknown session",
        "unreadable time",
    ):
        assert expected in said.text
    lost = attached(world, said).decode("utf-8-sig")
    assert "QQQQQQ" in lost and "999" in lost and "soon" in lost, "nothing that was written is lost"
    assert came(world, made.sessions["Plenary"]) == {"amina": How.LIST, "badr": How.LIST, "chloe": How.OFFICER}
    with world.parley.sessions.reading() as session:
        at = session.scalars(select(CheckIn.at).where(CheckIn.person_id == world.ids["badr"])).one()
    assert at == DAY, "a mark alone is its beginning"


@pytest.mark.parametrize("written", [b"", b"\x00\x01\x02", b"name,when\nAmina,9\n", "كود\n".encode("cp1256")])
def test_what_is_no_list_is_said_to_be_none(written: bytes) -> None:
    assert read_list(written) is None


# Mornings


def test_the_morning_is_ones_own() -> None:
    first = DAY  # nine in Tunis, three in the night in New York, five in the afternoon in Tokyo
    assert morning(first, "Africa/Tunis") == DAY - 2 * HOUR
    assert morning(first, "America/New_York") == DAY - 20 * HOUR
    assert morning(first, "Asia/Tokyo") == DAY - 10 * HOUR


def test_each_morning_brings_the_own_programme_once_and_a_reminder_before_each_session(early: World) -> None:
    world = early
    made = a_symposium(world)
    registered(world, made, "amina", "badr")
    take(world, "amina", made.sessions["A"])
    world.do("badr", "people.hear", topic="reminders")
    with world.parley.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == world.ids["badr"]).values(zone="America/New_York"))
    world.wait_until(DAY - 3 * HOUR)
    before = world.seen()
    badr = [each for each in world.received("badr") if "Your day" in each]
    assert len(badr) == 1, "in his own morning, which was yesterday"
    world.wait_until(DAY - HOUR)
    assert "Your day: Thursday 10 December 2026" in world.last("amina").text
    assert [line for line in world.last("amina").text.splitlines() if line.startswith("- ")] == [
        "- Plenary (Thursday 10 December 2026 09:00 (Tunis) · Hall, East)",
        "- A (Thursday 10 December 2026 10:00 (Tunis) · Hall, East)",
    ]
    assert world.told(before) == {"amina"}
    world.wait_until(DAY + 2 * HOUR)
    told = [each.text.splitlines()[1] for each in world.news("amina", before["amina"]) if "It begins at" in each]
    assert told == ["Plenary", "A"]
    assert sum("Your day" in each for each in world.received("amina")) == 1


@pytest.mark.promise(
    "days.morning", "The morning brings one's own programme once; a session that moves takes its reminder along."
)
@pytest.mark.slow
def test_a_session_that_moves_takes_its_reminder_along(world: World) -> None:
    made = a_symposium(world)
    registered(world, made, "amina")
    take(world, "amina", made.sessions["A"])
    world.wait_until(DAY + 5 * MINUTE)
    with world.parley.sessions.writing() as session:
        its = update(SymposiumSession).where(SymposiumSession.id == made.sessions["A"])
        session.execute(its.values(starts_at=DAY + 3 * HOUR, ends_at=DAY + 4 * HOUR))
    world.wait_until(DAY + 4 * HOUR)
    told = [each for each in world.received("amina") if "It begins at" in each and "\nA" in each.text]
    assert len(told) == 1 and "12:00 (Tunis)" in told[0].text


# Proof


@pytest.mark.promise("days.proof", "A proof of attendance comes to whoever came, and anybody can verify it.")
def test_a_proof_comes_on_the_morning_after_and_anybody_can_verify_it(world: World) -> None:
    made = a_day(world, "amina", "badr")
    world.say("lena", f"/checkin {code(world, 'amina')}")
    world.wait_until(DAY + 22 * HOUR + 59 * MINUTE)
    assert not any("proof" in each.text for each in world.received("amina"))
    world.wait_until(DAY + 23 * HOUR)
    card = world.last("amina")
    assert "Your proof of attendance" in card.text and "- Plenary" in card.text and "- A" not in card.text
    assert not any("proof of attendance" in each.text for each in world.received("badr")), "he did not come"
    with world.parley.sessions.reading() as session:
        proof = session.scalars(select(Proof)).one().code
    genuine = world.say("dina", f"/verify {proof.lower().replace('-', ' ')}")
    assert "This proof of attendance is genuine." in genuine.text and "Name: Amina" in genuine.text
    assert "Thursday 10 December 2026" in genuine.text and "Customs of Sokal" in genuine.text
    assert "There is no proof by this code." in world.say("dina", "/verify AAA-AAA-AAA-AAA").text
    world.pass_time(hours=2)
    assert sum("Your proof" in each for each in world.received("amina")) == 1
    assert made.symposium


# The floor


@pytest.mark.promise(
    "days.floor", "The floor votes once each; nobody is shown who asks without a name; no disclosure is kept."
)
def test_the_floor_asks_and_votes_once_and_the_most_wanted_come_first(world: World) -> None:
    made = a_day(world, "amina", "badr", "chloe")
    plenary, a = made.sessions["Plenary"], made.sessions["A"]
    world.submit("amina", "attendance.ask", {"words": "Why so slow?", "named": "nameless"}, session=plenary)
    world.submit("badr", "attendance.ask", {"words": "Who pays?", "named": "by_name"}, session=plenary)
    seen = world.do("chloe", "attendance.floor", session=plenary)
    assert "Why so slow? (somebody · 0 votes)" in seen.text and "Who pays? (Badr · 0 votes)" in seen.text
    assert "Your vote counts." in world.press_in_row("chloe", seen, 2).text
    assert "voted for it already" in world.do("chloe", "attendance.vote", question=2).text
    assert "It is your own." in world.do("badr", "attendance.vote", question=2).text
    run = world.do("lena", "attendance.floor", session=plenary)
    order = [line for line in run.text.splitlines() if line.startswith("- ")]
    assert order == ["- Who pays? (Badr · 1 vote)", "- Why so slow? (somebody · 0 votes)"]
    assert "Amina" not in run.text
    world.press_in_row("lena", run, 1)
    assert "Your question was answered in the session." in world.last("badr").text
    assert "It has been answered." in world.do("amina", "attendance.vote", question=2).text
    assert "not yours to see" in world.do("chloe", "attendance.answered", question=1).text
    assert "You have no seat in this session." in world.do("dina", "attendance.floor", session=a).text
    world.do("dina", "attendance.vote", question=1)
    assert "not yours to see" in world.last("dina").text


@pytest.mark.promise(
    "days.floor", "The floor votes once each; nobody is shown who asks without a name; no disclosure is kept."
)
@pytest.mark.slow
def test_a_disclosure_is_not_asked_before_the_floor(world: World) -> None:
    made = a_day(world, "amina")
    world.do("amina", "attendance.ask", session=made.sessions["Plenary"])
    assert "I have not kept what you wrote." in world.say("amina", "Why does the inspector take bribes?").text
    assert (
        "Nobody has asked anything yet." in world.do("lena", "attendance.floor", session=made.sessions["Plenary"]).text
    )


# Material


@pytest.mark.promise("days.material", "Material is read and told by its label.")
def test_material_is_read_by_those_its_label_names(world: World) -> None:
    made = a_day(world, "amina", "badr")
    plenary = made.sessions["Plenary"]
    world.say("lena", f"/checkin {code(world, 'amina')}")
    for number, (label, told) in enumerate(
        (("registered", {"amina", "badr"}), ("attended", {"amina"}), ("organisers", set())), 1
    ):
        before = world.seen()
        world.do("lena", "attendance.add_material", session=plenary)
        world.say("lena", f"Slides {label}")
        world.press(
            "lena",
            {"registered": "Everybody who is registered", "attended": "Those who were at the session"}.get(
                label, "The organisers"
            ),
        )
        world.attach("lena", f"{label}.pdf", b"%PDF-1.7 " + label.encode())
        world.press("lena", "That is all")
        world.press("lena", "Send")
        world.pass_time(seconds=11)
        assert world.told(before) - {"lena"} == told
        for who in ("amina", "badr", "chloe"):
            shown = world.do(who, "attendance.read_material", material=number)
            assert (f"[file {label}.pdf]" in shown.text) == (who in told), (who, label)


# Feedback and report


@pytest.mark.promise("days.report", "Who came, who did not and what they thought is counted without names.")
def test_feedback_is_asked_of_those_who_came_and_the_report_counts(world: World) -> None:
    made = a_day(world, "amina", "badr", "chloe")
    for who in ("amina", "badr"):
        world.say("lena", f"/checkin {code(world, who)}")
    world.wait_until(DAY + HOUR)
    assert "How was it?" in world.last("amina").text and "How was it?" not in world.last("chloe").text
    assert "Thank you: 2 of 5." in world.press("amina", "2").text
    assert "Thank you: 4 of 5." in world.do("amina", "attendance.rate", session=made.sessions["Plenary"], stars=4).text
    world.submit("amina", "attendance.say_why", {"words": "Too short."}, session=made.sessions["Plenary"])
    assert (
        "You were not checked in there."
        in world.do("chloe", "attendance.rate", session=made.sessions["Plenary"], stars=1).text
    )
    report = world.do("lena", "attendance.report", symposium=made.symposium)
    for expected in (
        "Registered: 3",
        "Came: 2",
        "Did not come: 1",
        "Mean of the feedback, of 5: 4",
        "Plenary: came 2 and did not come 1",
    ):
        assert expected in report.text
    said = world.press("lena", "What they said")
    assert "Too short." in said.text and "Amina" not in said.text
    figures = attached(world, world.do("lena", "attendance.figures", symposium=made.symposium)).decode("utf-8-sig")
    assert "Plenary,2026-12-10T08:00:00+00:00,,3,3,2,1,0,1,4.0" in figures
    assert "not" in world.do("gus", "attendance.report", symposium=made.symposium).text


@pytest.mark.promise("days.door", "A code at the door checks its person in, once, however often and by whatever way.")
@pytest.mark.slow
def test_any_order_of_ways_in_makes_one_row(world: World) -> None:
    """Officer, door code, list: whichever comes first stays, in every order."""
    made = a_day(world, "amina", "badr", "chloe", "dina", "emil")
    plenary = made.sessions["Plenary"]
    world.do("lena", "attendance.door_code", session=plenary)
    with world.parley.sessions.reading() as session:
        door = session.scalars(select(DoorCode.code)).one()
    ways = ("officer", "door", "list")
    for who, order in zip(("amina", "badr", "chloe", "dina", "emil"), permutations(ways), strict=False):
        for way in order:
            if way == "officer":
                world.submit("lena", "attendance.door", {"code": code(world, who)}, session=plenary)
            elif way == "door":
                world.say(who, f"/checkin {door}")
            else:
                world.do("lena", "attendance.merge", symposium=made.symposium)
                world.attach("lena", f"{who}.csv", f"code,session,time\n{code(world, who)},{plenary},x\n".encode())
                world.press("lena", "That is all")
                world.pass_time(seconds=6)
        assert came(world, plenary)[who] == How(order[0])


# Badges


def test_badges_are_drawn_beside_the_turns_and_come_as_a_pdf(early: World) -> None:
    made = a_symposium(early)
    registered(early, made, "amina", "badr")
    with early.parley.sessions.writing() as session:
        for who, name in (("amina", "أمينة بن صالح"), ("badr", "山田 太郎")):
            session.execute(update(Person).where(Person.id == early.ids[who]).values(name=name))
    assert "The badges are being drawn." in early.do("lena", "attendance.badges", symposium=made.symposium).text
    done = early.last("lena")
    assert "Here are the badges." in done.text and "1 name has letters that cannot be printed" in done.text
    assert attached(early, done).startswith(b"%PDF-")
