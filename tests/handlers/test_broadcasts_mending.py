"""What was sent does not hold: a correction that a second person agrees to, a withdrawal; the silent are reminded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.kit.door import Permanent
from db.broadcasts import Broadcast, BroadcastCopy, BroadcastEdition, EditionKind, Standing
from db.machinery import Sending
from db.people import Account, Person
from tests.world import CAST, World

from . import broadcast_rows as rows
from .broadcast_steps import broadcast, change, copies, sent, standing

RIGHT = {"why": "The date was wrong.", "title": "Rules of origin change in May", "words": "From 1 May on."}


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    rows.a_second_coordinator(made)
    yield made
    made.close()


def correct(world: World, number: int, who: str = "cora") -> str:
    return world.submit(who, "broadcasts.correct", RIGHT, broadcast=number).text


def editions(world: World, number: int) -> list[BroadcastEdition]:
    with world.parley.sessions.reading() as session:
        its = select(BroadcastEdition).where(BroadcastEdition.broadcast_id == number)
        return list(session.scalars(its.order_by(BroadcastEdition.number)))


def test_a_correction_waits_at_home_until_a_second_person_approves_it(world: World) -> None:
    number = broadcast(world)
    sent(world, number)
    assert "A correction waits" not in world.say("lena", "/home")
    correct(world, number)
    for who in ("cora", "lena"):
        assert "A correction waits for a second person." in world.say(who, "/home")
        assert "The correction" in world.press(who, "The correction")
    assert "A correction waits" not in world.say("amina", "/home")
    world.press("lena", "Approve the correction")
    assert "A correction waits" not in world.say("lena", "/home")


def test_a_correction_takes_the_place_of_what_stands(world: World) -> None:
    change(world, Person, "badr", language="fr")
    change(world, Person, "dina", language="ar")
    number = broadcast(world)
    sent(world, number)
    world.press("amina", "Yes")
    assert "Nobody has got it yet" not in correct(world, number)
    assert "French" not in world.last("cora").text and "français" in world.last("cora").text.lower()
    # Whoever got it in another language than theirs is named as missing, and gets it in theirs once it is written.
    assert "العربية is missing: 1 person gets English." in world.last("cora").text
    written = {"language": "ar", "title": "تصحيح", "words": "ابتداء من الأول من مايو."}
    assert "العربية is missing" not in world.submit("cora", "broadcasts.correct_in", written, broadcast=number).text
    before = {name: len(world.received(name)) for name in CAST}
    world.press("cora", "Ask for approval")
    assert "A correction waits for a second person." in world.last("lena")
    assert "You wrote this correction yourself" in world.do("cora", "broadcasts.approve_correction", broadcast=number)
    assert {each.edition for each in copies(world, number).values()} == {1}, (
        "nothing goes before a second person agrees"
    )
    world.do("lena", "broadcasts.approve_correction", broadcast=number)
    world.settle()
    found = copies(world, number)
    assert {each.edition for each in found.values()} == {2}
    assert {each.state for each in found.values()} == {Sending.ACCEPTED}
    assert found["dina"].language == "ar" and "من مايو" in world.last("dina").text
    replaced = world.doors["telegram"].sent
    assert [each for each in world.received("chloe") if "From 1 May on." in each.text], replaced
    assert "Ceci est corrigé" in next(each.text for each in world.received("badr") if "From 1 May on." in each.text)
    opened = [each.text for each in world.received("amina") if "What you have read was corrected." in each.text]
    assert len(opened) == 1 and "The date was wrong." in opened[0]
    assert not [each for each in world.received("chloe") if "What you have read was corrected." in each.text]
    assert len(before) == len(CAST)
    first, second = editions(world, number)
    assert (first.kind, second.kind, second.approved_by_id) == (
        EditionKind.FIRST,
        EditionKind.CORRECTION,
        world.ids["lena"],
    )


def test_whoever_has_not_got_it_yet_gets_it_as_it_should_be(world: World) -> None:
    number = broadcast(world, send_at=world.clock.now() + timedelta(hours=3))
    sent(world, number)
    assert not [each for each in world.received("chloe") if "tonight" in each.text]
    correct(world, number)
    world.do("lena", "broadcasts.approve_correction", broadcast=number)
    world.pass_time(days=1)
    texts = [each.text for each in world.received("chloe")]
    assert [text for text in texts if "From 1 May on." in text] and not [text for text in texts if "tonight" in text]


def test_a_withdrawal_stops_what_waits_and_replaces_what_went(world: World) -> None:
    number = broadcast(world)
    sent(world, number)
    world.press("amina", "No")
    correct(world, number)
    said = world.submit("cora", "broadcasts.withdraw", {"why": "It was a draft."}, broadcast=number)
    assert "Withdrawn." in said
    world.settle()
    assert standing(world, number) is Standing.WITHDRAWN
    assert [each.kind for each in editions(world, number)] == [EditionKind.FIRST, EditionKind.WITHDRAWAL]
    assert "does not hold" in next(each.text for each in world.received("chloe") if "It was a draft." in each.text)
    assert [each for each in world.received("amina") if "What you have read was withdrawn." in each.text]
    assert [each for each in world.received("lena") if "has withdrawn a broadcast" in each.text]
    again = world.submit("lena", "broadcasts.withdraw", {"why": "Once more."}, broadcast=number)
    assert "It has been withdrawn already." in again
    assert "This was withdrawn" in world.do(
        "badr", "broadcasts.reply", copy=copies(world, number)["badr"].id, reply="yes"
    )


def test_who_still_has_the_old_text_is_counted_with_why_and_what_mends_it(world: World) -> None:
    number = broadcast(world)
    sent(world, number)
    assert "old text" not in world.do("cora", "broadcasts.show", broadcast=number)
    change(world, Account, "amina", unreachable_since=world.clock.now(), unreachable_reason="blocked")
    telegram: Any = world.doors["telegram"]
    original = telegram.send

    async def not_badr(address: str, *args: Any, **more: Any) -> Any:
        if address == "badr":
            raise Permanent("refused")
        return await original(address, *args, **more)

    telegram.send = not_badr
    correct(world, number)
    world.do("lena", "broadcasts.approve_correction", broadcast=number)
    world.settle()
    for place in ("broadcasts.show", "broadcasts.progress"):
        said = world.do("cora", place, broadcast=number)
        assert "2 people still have the old text." in said and "being replaced" not in said
        assert "1 person: They have blocked Parley. Ask them to unblock it" in said
        assert "1 person: The platform did not take it." in said
    assert "old text" not in world.do("chloe", "broadcasts.show", broadcast=number)


def test_whoever_approves_a_correction_sees_how_it_looks_and_whom_it_reaches(world: World) -> None:
    change(world, Person, "badr", language="fr")
    number = broadcast(world)
    sent(world, number)
    with world.parley.sessions.writing() as session:
        copy = session.scalars(select(BroadcastCopy).where(BroadcastCopy.person_id == world.ids["amina"])).one()
        copy.state, copy.accepted_at, copy.message = Sending.IN_DOUBT, None, None
    change(world, Account, "chloe", unreachable_since=world.clock.now(), unreachable_reason="blocked")
    correct(world, number)
    card = world.do("lena", "broadcasts.correction", broadcast=number)
    assert f"Replaced where it stands: {len(CAST) - 2}" in card.text
    assert "in doubt: 1" in card.text and "Cannot be reached any more: 1" in card.text
    looks = world.press("lena", "How it looks")
    assert "This is corrected" in looks.text and "From 1 May on." in looks.text and "tonight." not in looks.text
    world.press("lena", "Send me a test copy")
    world.settle()
    tried = [each for each in world.received("lena") if "This is corrected" in each.text and "Yes" in each.buttons]
    assert tried, [each.text for each in world.received("lena")[-3:]]
    assert {each.edition for each in copies(world, number).values()} == {1}, "looking at it sends it to nobody"
    world.press("lena", "The correction")
    world.press("lena", "Approve the correction")
    world.settle()
    found = copies(world, number)
    assert {found[name].edition for name in CAST if name != "chloe"} == {2}


def test_nothing_is_corrected_before_it_is_out(world: World) -> None:
    number = rows.draft(world)
    assert "Nobody has got it yet" in correct(world, number)
    assert "Nobody has got it yet" in world.submit("cora", "broadcasts.withdraw", {"why": "No."}, broadcast=number)


def test_a_correction_begins_with_what_it_says_now(sqlite_world: World) -> None:
    world = sqlite_world
    number = broadcast(world)
    sent(world, number)
    world.do("cora", "broadcasts.show", broadcast=number)
    world.press("cora", "Correct it")
    asked = world.fill("cora", "The hour was wrong.")
    assert "Rules of origin change tonight." in asked
    assert "please change what was wrong" in world.press("cora", "Send")
    assert len(editions(world, number)) == 1


def test_a_correction_can_be_given_up_and_written_again(world: World) -> None:
    number = broadcast(world)
    sent(world, number)
    correct(world, number)
    assert "A correction is being written already." in correct(world, number)
    written = {"language": "fr", "title": "Les règles changent en mai", "words": "Dès le 1er mai."}
    assert "Dès le 1er mai." in world.submit("cora", "broadcasts.correct_in", written, broadcast=number)
    world.do("cora", "broadcasts.drop_correction", broadcast=number)
    assert len(editions(world, number)) == 1
    assert "not waiting any more" in world.do("lena", "broadcasts.approve_correction", broadcast=number)
    assert "A correction is being written already." not in correct(world, number)


def reminders(world: World, name: str) -> int:
    return sum("still waits for your answer" in each.text for each in world.received(name))


def test_the_silent_are_reminded_twice_at_most_and_never_at_night(world: World) -> None:
    number = broadcast(world)
    sent(world, number)
    world.press("amina", "Yes")
    by_country = world.do("cora", "broadcasts.silent", broadcast=number)
    assert f"{len(CAST) - 1} people have not answered." in by_country and "Tunisia" in by_country
    world.pass_time(days=3)
    assert (reminders(world, "amina"), reminders(world, "badr")) == (0, 1)
    world.wait_until(world.clock.now().replace(hour=23))
    night = world.clock.now()
    assert "people are reminded" in world.do("cora", "broadcasts.remind", broadcast=number)
    world.settle()
    assert reminders(world, "badr") == 1, "it waits for the end of the night"
    world.do("chloe", "broadcasts.reply", copy=copies(world, number)["chloe"].id, reply="no")
    world.wait_until(night + timedelta(hours=10))
    assert (reminders(world, "badr"), reminders(world, "chloe")) == (2, 1)
    assert "reminded twice" in world.do("cora", "broadcasts.remind", broadcast=number)
    world.pass_time(days=14)
    assert max(reminders(world, name) for name in CAST) == 2


def test_the_silent_of_ours_have_names_and_those_of_others_are_figures(world: World) -> None:
    number = broadcast(world)
    sent(world, number)
    with world.parley.sessions.writing() as session:
        copy = session.scalars(select(BroadcastCopy).where(BroadcastCopy.person_id == world.ids["badr"])).one()
        session.get_one(Broadcast, number)
        copy.country = "DZ"
    shown = world.do("cora", "broadcasts.silent", broadcast=number)
    assert "Algeria" in shown and "Badr" not in shown
    assert "arrived" in world.do("cora", "broadcasts.silent_names", broadcast=number).text.casefold()
