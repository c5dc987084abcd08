"""Stopping, the archive, and what whoever got a broadcast finds of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.kit.screen import Progress
from db import personal
from db.broadcasts import Asks, Broadcast, BroadcastCopy, BroadcastEdition, BroadcastText, EditionKind, Reply, Standing
from db.machinery import Sending
from db.people import Account, Person, Scope
from tests.world import World

from . import broadcast_rows as rows

GOT = {"amina": Sending.ACCEPTED, "badr": Sending.ACCEPTED, "chloe": Sending.WAITING, "dina": Sending.FAILED}


def sending(world: World, who: str = "cora", standing: Standing = Standing.SENDING, **more: Any) -> int:
    """Under way: two have it, one waits, one could not be reached, and of one it is not known."""
    with world.parley.sessions.writing() as session:
        at = world.clock.now()
        made = rows.put(session, world.home, world.ids[who], at=at, **more)
        made.standing, made.began_at, made.approved_by_id = standing, at, world.ids["lena"]
        made.frozen, made.frozen_count, made.expires_at = "0", len(GOT) + 1, at + timedelta(days=3)
        for name, state in (GOT | {"emil": Sending.IN_DOUBT}).items():
            person = session.get_one(Person, world.ids[name])
            copy = rows.copy(made, person, state)
            if state is Sending.ACCEPTED:
                copy.account_id = session.query(Account.id).filter_by(person_id=person.id).scalar()
            if name == "amina":
                copy.opened_at = copy.acknowledged_at = at
                copy.reply, copy.reply_words = Reply.OTHER, "Amina will be late."
            session.add(copy)
        return made.id


def stands(world: World, broadcast: int) -> Standing:
    with world.parley.sessions.reading() as session:
        return session.get_one(Broadcast, broadcast).standing


# Stopping


def test_one_word_stops_all_that_is_theirs_at_once(world: World) -> None:
    rows.a_second_coordinator(world)
    ours = [sending(world), sending(world, standing=Standing.PAUSED), sending(world, standing=Standing.HELD)]
    over = sending(world, standing=Standing.SENT)
    others = sending(world, who="adam", scope=Scope.COUNTRY, scope_id="TN")
    world.say("lena", "/help")
    assert "Stop every broadcast?" in world.press("lena", "Stop every broadcast"), "a button is touched by mistake, too"
    assert [stands(world, each) for each in ours] == [Standing.SENDING, Standing.PAUSED, Standing.HELD]
    said = world.say("lena", "/stop")
    assert "3 broadcasts are stopped." in said
    assert "2 people have it; of 1 it is not known; 1 person does not get it." in said
    assert [stands(world, each) for each in ours] == [Standing.STOPPED] * 3
    assert [stands(world, each) for each in (over, others)] == [Standing.SENT, Standing.SENDING]
    assert "Lena has stopped this broadcast." in world.last("cora")
    assert "2 people have it" in world.last("cora")
    seen = world.do("cora", "broadcasts.progress", broadcast=ours[0])
    assert "Waits" not in seen and "Not sent: " in seen
    assert seen.answer.screen is not None
    assert not any(isinstance(each, Progress) for each in seen.answer.screen.body), "it does not move any more"
    assert "Nothing is being sent that you could stop." in world.say("lena", "/stop")


@pytest.mark.slow
def test_one_is_stopped_by_its_button_and_says_why_afterwards(sqlite_world: World) -> None:
    world = sqlite_world
    rows.a_second_coordinator(world)
    made, other = sending(world), sending(world)
    world.do("lena", "broadcasts.show", broadcast=made)
    world.press("lena", "Stop it")
    world.press("lena", "Stop it")
    assert (stands(world, made), stands(world, other)) == (Standing.STOPPED, Standing.SENDING)
    world.press("lena", "Say why")
    world.say("lena", "The date is wrong.")
    assert "The date is wrong." in world.last("cora")
    assert "Why: The date is wrong." in world.do("cora", "broadcasts.show", broadcast=made)


def test_whoever_only_receives_and_writes_stop_may_choose_what_they_do_without(sqlite_world: World) -> None:
    assert "What you hear" in sqlite_world.say("amina", "/stop").buttons
    assert "Do without" in sqlite_world.press("amina", "What you hear").buttons


def test_nobody_stops_nor_looks_up_what_is_not_theirs(sqlite_world: World) -> None:
    made = sending(sqlite_world)
    for who in ("amina", "ruiz", "inga"):
        sqlite_world.say(who, "/stop")
        sqlite_world.do(who, "broadcasts.halt", broadcast=made, confirmed=True)
        for command in ("broadcasts.record", "broadcasts.sheet"):
            assert "Lena" not in sqlite_world.do(who, command, broadcast=made)
    assert "Rules of origin" not in sqlite_world.do("inga", "broadcasts.archive")
    assert stands(sqlite_world, made) is Standing.SENDING


# The archive


def test_the_archive_says_what_went_to_how_many_and_who_said_yes(world: World) -> None:
    made = sending(world)
    with world.parley.sessions.writing() as session:
        again = {"kind": EditionKind.CORRECTION, "author_id": world.ids["cora"], "created_at": world.clock.now()}
        again |= {"why": "The date was wrong.", "published_at": world.clock.now()}
        session.add(BroadcastEdition(broadcast_id=made, number=2, **again))
        text = {"title": "Rules of origin", "words": "New rules apply from Tuesday."}
        session.add(BroadcastText(broadcast_id=made, edition=2, language="en", **text))
        session.get_one(Broadcast, made).edition = 2
    world.say("cora", "/archive")
    said = world.press("cora", "What was sent")
    for words in ("from Monday.", "from Tuesday.", "The date was wrong.", "Approved by: Lena", "Written by: Cora"):
        assert words in said
    assert "For: Business, association, agency, Customs: Business" in said
    assert "Tunisia | 5 | 2 | 1 | 1 | 1 | 1 | 1" in said
    said = world.press("cora", "By door")
    assert "Telegram | 2 | 2 | 1 | 1 | 0 | 0 | 0" in said
    assert "no door | 3 | 0 | 0 | 0 | 1 | 1 | 1" in said
    world.press("cora", "As a spreadsheet")
    file = world.last("cora").answer.screen.files[0]  # type: ignore[union-attr]
    sheet = world.runner.run(world.parley.stored(file.file_id)).decode()  # type: ignore[union-attr]
    assert "TN,telegram,en,2,2,1,1,0,0,0" in sheet
    assert "from Tuesday." in sheet
    assert "Amina" not in sheet


def test_where_a_consultation_chose_people_no_small_figure_and_no_name_is_told(sqlite_world: World) -> None:
    world = sqlite_world
    made = sending(world, audience={"include": [["consultation", "1"]], "exclude": []})
    said = world.do("cora", "broadcasts.record", broadcast=made, per="door")
    assert "Others together | 5 | 2" in said
    assert "Telegram | 2" not in said
    assert "Nobody is named" in world.do("cora", "broadcasts.silent_names", broadcast=made)
    assert "Emil" not in world.do("cora", "broadcasts.doubtful", broadcast=made)


# Those who got it


def test_whoever_got_it_finds_what_holds_of_it_now(world: World) -> None:
    rows.a_second_coordinator(world)
    made = rows.draft(world, asks=Asks.ANSWER)
    world.blocks("chloe")
    world.do("cora", "broadcasts.submit", broadcast=made, confirmed=True)
    assert "Rules of origin" not in world.say("amina", "/broadcasts")  # it has not come yet
    world.submit("lena", "broadcasts.approve", {"count": "5"}, broadcast=made)
    world.pass_time(minutes=30)
    assert "from Monday." in world.last("amina")
    assert "Rules of origin" in world.say("amina", "/broadcasts")
    world.press("amina", "Open")
    world.press("amina", "In other words")
    world.say("amina", "Amina will be late.")
    world.say("amina", "/broadcasts")
    said = world.press("amina", "Open")
    for words in ("from Monday.", "Amina will be late."):
        assert words in said
    assert "Cora" not in said
    world.doors["telegram"].broken.clear()
    assert "Rules of origin" not in world.say("chloe", "/broadcasts")  # it could not come
    assert "from Monday." not in world.do("chloe", "broadcasts.show", broadcast=made)
    with world.parley.sessions.writing() as session:
        corrected = {"kind": EditionKind.CORRECTION, "author_id": world.ids["cora"]}
        at = world.clock.now()
        session.add(BroadcastEdition(broadcast_id=made, number=2, created_at=at, published_at=at, **corrected))
        text = {"title": "Rules of origin, again", "words": "It is Tuesday."}
        session.add(BroadcastText(broadcast_id=made, edition=2, language="en", **text))
        session.get_one(Broadcast, made).edition = 2
    assert "Corrected" in world.say("amina", "/broadcasts")
    # By words of its text, in any of its languages, and by its number; nobody finds what has not come to them.
    assert "Rules of origin" in world.say("amina", "/broadcasts monday")
    assert "Nothing was found" in world.say("amina", "/broadcasts tariffs")
    assert "Nothing was found" in world.say("chloe", "/broadcasts monday")
    assert "Rules of origin" in world.say("amina", f"/broadcasts B-{made}")
    assert f"Open B-{made}" in world.say("amina", f"B-{made}").buttons
    assert f"Open B-{made}" not in world.say("chloe", f"B-{made}").buttons
    said = world.press("amina", "Open")
    assert "It is Tuesday." in said
    assert "from Monday." not in said


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_its_number_opens_it_however_it_is_typed(sqlite_world: World, language: str) -> None:
    made = sending(sqlite_world)
    with sqlite_world.parley.sessions.writing() as session:
        session.get_one(Person, sqlite_world.ids["amina"]).language = language
    opens = {"en": "Open B-{}", "fr": "Ouvrir B-{}", "ar": "فتح B-{}"}[language].format(made)
    for words in ("b-{}", "/b-{}", "B{}", "B\N{NON-BREAKING HYPHEN}{}", "b \N{EN DASH} {}", "\u2068B-{}\u2069"):
        assert opens in sqlite_world.say("amina", words.format(made)).buttons, words
    assert opens in sqlite_world.say("amina", "B-" + chr(0x0660 + made)).buttons
    for words in ("{}", "-{}", "B--{}", "B-{}-", "A-{}"):
        assert opens not in sqlite_world.say("amina", words.format(made)).buttons, words
    assert "from Monday." in sqlite_world.press("amina", opens)


def test_whoever_opens_it_from_their_list_has_opened_it(sqlite_world: World) -> None:
    world = sqlite_world
    made = sending(world)
    world.say("badr", "/broadcasts")
    assert "from Monday." in world.press("badr", "Open")
    with world.parley.sessions.reading() as session:
        of = {each.person_id: each.opened_at for each in session.query(BroadcastCopy).filter_by(broadcast_id=made)}
    assert of[world.ids["badr"]] == world.clock.now()
    assert of[world.ids["chloe"]] is None


def test_who_leaves_takes_their_words_along_and_is_counted_still(world: World) -> None:
    made = sending(world)
    with world.parley.sessions.writing() as session:
        for name in ("amina", "chloe"):
            person = session.get_one(Person, world.ids[name])
            personal.erase(session, person, at=world.clock.now())
            personal.forget_addresses(session, person, at=world.clock.now())
    with world.parley.sessions.reading() as session:
        left = {each.person_id: each for each in session.query(BroadcastCopy).filter_by(broadcast_id=made)}
    amina, chloe = left[world.ids["amina"]], left[world.ids["chloe"]]
    assert (amina.state, amina.reply_words, amina.message, amina.account_id) == (Sending.ACCEPTED, None, None, None)
    assert (chloe.state, chloe.reason) == (Sending.EXPIRED, "erased")


@pytest.mark.slow
def test_what_somebody_wrote_and_nobody_approved_goes_with_them(sqlite_world: World) -> None:
    world = sqlite_world
    draft, sent = rows.draft(world), sending(world)
    with world.parley.sessions.writing() as session:
        personal.erase(session, session.get_one(Person, world.ids["cora"]), at=world.clock.now())
    with world.parley.sessions.reading() as session:
        words = {each.broadcast_id: each.words for each in session.query(BroadcastText).filter_by(language="en")}
    assert words == {draft: "", sent: "New rules apply from Monday."}
    assert stands(world, draft) is Standing.STOPPED


def test_two_accounts_of_one_person_have_one_copy(sqlite_world: World) -> None:
    world = sqlite_world
    made = sending(world)
    with world.parley.sessions.writing() as session:
        older, newer = (session.get_one(Person, world.ids[each]) for each in ("chloe", "badr"))
        personal.join(session, newer, older, at=world.clock.now())
    with world.parley.sessions.reading() as session:
        left = session.query(BroadcastCopy).filter_by(broadcast_id=made, person_id=world.ids["chloe"]).one()
    assert left.state is Sending.ACCEPTED  # what has gone does not go again
    assert left.accepted_at is not None
