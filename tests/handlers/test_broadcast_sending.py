"""A broadcast on its way: a copy for each, once, in their language and in their hours; what failed says why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from sqlalchemy import select

from db.broadcasts import Asks, Broadcast, BroadcastPortion, Reply, Standing
from db.machinery import OUTBOX_HOLD, Sending, Setting
from db.people import Account, Person, Topic, belong, create_administration
from tests.handlers.broadcast_steps import WORDS, begin, broadcast, change, copies, sent, standing
from tests.world import CAST, MONDAY, ZONE, World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield made
    made.close()


def got(world: World, name: str) -> list[str]:
    """The copies somebody was sent: an author's bar has its title, and none of its words."""
    return [each.text for each in world.received(name) if any(f"\n{words}." in each.text for words in WORDS.values())]


def test_everybody_has_one_copy_in_their_language_and_it_is_over(world: World) -> None:
    change(world, Person, "badr", language="fr")
    change(world, Person, "dina", language="ar")
    number = broadcast(world)
    assert begin(world, number) and not begin(world, number), "a second beginning writes nothing"
    assert standing(world, number) is Standing.SENDING
    world.settle()
    found = copies(world, number)
    assert set(found) == set(CAST) and {each.state for each in found.values()} == {Sending.ACCEPTED}
    assert all(
        each.message and each.accepted_at == world.clock.now() and each.country == "TN" for each in found.values()
    )
    assert (found["badr"].language, found["dina"].language, found["amina"].language) == ("fr", "en", "en")
    assert [len(got(world, name)) for name in CAST] == [1] * len(CAST)
    assert got(world, "badr")[0].startswith(WORDS["fr"]) and got(world, "dina")[0].startswith(WORDS["en"])
    world.settle()
    assert standing(world, number) is Standing.SENT


def test_whoever_is_not_written_to_has_a_copy_that_says_why(world: World) -> None:
    change(world, Person, "amina", muted=[Topic.BROADCASTS.value])
    change(world, Account, "badr", unreachable_since=world.clock.now(), unreachable_reason="left")
    change(world, Account, "chloe", platform="web")
    world.blocks("dina", "blocked")
    world.blocks("emil", "refused")
    number = broadcast(world)
    sent(world, number)
    why = {name: each.reason for name, each in copies(world, number).items() if each.state is Sending.FAILED}
    assert why == {"amina": "muted", "badr": "left", "chloe": "no_door", "dina": "blocked", "emil": "refused"}
    assert standing(world, number) is Standing.SENT
    told = world.do("cora", "broadcasts.progress", broadcast=number).text
    assert "They have blocked Parley. Ask them to unblock it and to write to it once." in told
    assert "They do without broadcasts. Only an urgent one reaches them." in told
    urgent = broadcast(world, is_urgent=True)
    sent(world, urgent)
    assert copies(world, urgent)["amina"].state is Sending.ACCEPTED, "what is urgent reaches whoever does without"
    assert copies(world, urgent)["dina"].reason == "blocked" and len(got(world, "amina")) == 1


def test_blocked_at_one_door_it_goes_through_another(world: World) -> None:
    with world.parley.sessions.writing() as session:
        for name, platform in (("amina", "slack"), ("badr", "slack")):
            session.add(
                Account(
                    person_id=world.ids[name],
                    platform=platform,
                    external_id=f"T1:{name}",
                    address=f"T1:{name}",
                    met_at=world.clock.now(),
                    used_at=world.clock.now() - timedelta(days=1),
                )
            )
    world.blocks("amina", "blocked")
    world.blocks("badr", "undeliverable")
    number = broadcast(world)
    sent(world, number)
    found = copies(world, number)
    assert {found["amina"].state, found["badr"].state} == {Sending.ACCEPTED}
    slack = world.doors["slack"].sent
    assert len(slack["T1:amina"]) == len(slack["T1:badr"]) == 1
    with world.parley.sessions.reading() as session:
        theirs = select(Account.unreachable_reason).where(Account.platform == "telegram")
        reasons = {name: session.scalar(theirs.where(Account.external_id == name)) for name in ("amina", "badr")}
    assert reasons == {"amina": "blocked", "badr": None}, "only a door that is shut is marked"


def test_nobody_is_woken_and_it_ends_when_the_last_has_it(world: World) -> None:
    change(world, Person, "amina", zone="Pacific/Auckland")
    change(world, Person, "badr", quiet_from=time(8, 0), quiet_to=time(11, 0))
    number = broadcast(world)
    sent(world, number)
    found = copies(world, number)
    assert {name for name, each in found.items() if each.state is Sending.WAITING} == {"amina", "badr"}
    assert standing(world, number) is Standing.SENDING
    world.wait_until(world.clock.now().replace(hour=9, minute=59))
    assert copies(world, number)["badr"].state is Sending.WAITING
    world.wait_until(world.clock.now().replace(hour=10, minute=1))
    assert copies(world, number)["badr"].state is Sending.ACCEPTED
    world.pass_time(hours=11)
    amina = copies(world, number)["amina"]
    assert amina.accepted_at is not None and amina.accepted_at.hour == 20, "nine o'clock in Auckland"
    assert standing(world, number) is Standing.SENT


def test_what_is_urgent_waits_for_nobody(world: World) -> None:
    change(world, Person, "amina", zone="Pacific/Auckland")
    number = broadcast(world, is_urgent=True)
    sent(world, number)
    assert copies(world, number)["amina"].state is Sending.ACCEPTED


def test_paused_nothing_goes_and_then_the_rest_does(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    assert "Paused" in world.do("cora", "broadcasts.pause", broadcast=number).text
    assert {each.state for each in copies(world, number).values()} == {Sending.WAITING}
    world.pass_time(hours=1)
    assert {each.state for each in copies(world, number).values()} == {Sending.WAITING}
    world.do("cora", "broadcasts.resume", broadcast=number)
    world.settle()
    assert {each.state for each in copies(world, number).values()} == {Sending.ACCEPTED}
    assert standing(world, number) is Standing.SENT and [len(got(world, name)) for name in CAST] == [1] * len(CAST)


def test_the_bar_is_one_message_that_is_edited(world: World) -> None:
    change(world, Person, "amina", zone="Pacific/Auckland")
    before = len(world.received("cora"))
    number = broadcast(world)
    sent(world, number)
    world.pass_time(minutes=1)
    bars = [each for each in world.news("cora", before) if "of 13" in each.text]
    assert [each.text.split("\n")[1] for each in bars] == ["0 of 13", "12 of 13"]
    assert "Goes on" in bars[-1].text and "Pause" in bars[-1].buttons
    world.pass_time(hours=24)  # the last of them is evening for its author
    assert any("Your broadcast is sent.\n13 people have it." in each.text for each in world.news("cora", before))


def test_what_was_on_its_way_when_the_process_died_is_in_doubt_until_somebody_sends_it_again(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    interrupted = {"amina", "badr"}
    with world.parley.sessions.writing() as session:
        for name in interrupted:
            its = copies(world, number)[name]
            session.merge(its).state = Sending.SENDING
    world.settle()
    found = copies(world, number)
    assert {name for name, each in found.items() if each.state is Sending.IN_DOUBT} == interrupted
    assert got(world, "amina") == [] and standing(world, number) is Standing.SENT
    listed = world.do("cora", "broadcasts.doubtful", broadcast=number)
    assert "Amina" in listed.text and "Badr" in listed.text
    world.press("cora", "Send to them again")
    world.press("cora", "Send to them again")
    world.settle()
    again = copies(world, number)
    assert {each.state for each in again.values()} == {Sending.ACCEPTED}
    assert [len(got(world, name)) for name in ("amina", "badr", "chloe")] == [1, 1, 1]
    assert again["amina"].may_repeat and not again["chloe"].may_repeat
    assert standing(world, number) is Standing.SENT


def test_whoever_has_been_erased_meanwhile_gets_nothing(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    change(world, Person, "amina", erased_at=world.clock.now())
    world.settle()
    assert copies(world, number)["amina"].reason == "gone" and got(world, "amina") == []


def test_an_outage_only_delays_it(world: World) -> None:
    number = broadcast(world)
    world.doors["telegram"].away = True
    sent(world, number)
    states = {name: each.state for name, each in copies(world, number).items()}
    assert states["cora"] is Sending.ACCEPTED and states["amina"] is Sending.WAITING
    world.pass_time(minutes=10)
    world.doors["telegram"].away = False
    world.pass_time(minutes=6)
    assert {each.state for each in copies(world, number).values()} == {Sending.ACCEPTED}
    assert [len(got(world, name)) for name in CAST] == [1] * len(CAST)


def test_a_restored_parley_sends_nothing_of_it_by_itself(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    with world.parley.sessions.writing() as session:
        session.add(Setting(name=OUTBOX_HOLD, value={}))
    world.settle()
    assert standing(world, number) is Standing.PAUSED
    assert {each.state for each in copies(world, number).values()} == {Sending.WAITING}


def test_an_answer_shows_in_its_place_and_can_be_changed(world: World) -> None:
    number = broadcast(world)
    sent(world, number)
    world.press("amina", "Yes")
    assert "You have answered: Yes" in world.last("amina").text
    amina = copies(world, number)["amina"]
    assert (amina.reply, amina.opened_at, amina.acknowledged_at) == (Reply.YES, world.clock.now(), world.clock.now())
    when = world.clock.now()
    world.pass_time(minutes=5)
    world.press("amina", "No")
    amina = copies(world, number)["amina"]
    assert (amina.reply, amina.acknowledged_at) == (Reply.NO, when)
    world.press("badr", "Open")
    badr = copies(world, number)["badr"]
    assert badr.opened_at is not None and badr.acknowledged_at is None
    theirs = copies(world, number)["badr"].id
    refused = world.do("amina", "broadcasts.reply", copy=theirs, reply="yes").text
    assert "not yours" in refused and copies(world, number)["badr"].reply is None


def test_other_words_are_asked_for(world: World) -> None:
    number = broadcast(world)
    sent(world, number)
    copy = copies(world, number)["amina"]
    asked = world.do("amina", "broadcasts.reply", copy=copy.id, reply="other")
    assert "in your own words?" in asked.text
    world.say("amina", "Only from Monday on")
    amina = copies(world, number)["amina"]
    assert (amina.reply, amina.reply_words) == (Reply.OTHER, "Only from Monday on")
    # The message that was answered says so in its place, and below the question it is said that it is noted.
    edited, noted = world.received("amina")[-2:]
    assert edited.edits == copy.message and WORDS["en"] in edited.text and "Only from Monday on" in edited.text
    assert noted.edits is None and "Your answer is noted." in noted.text and "Only from Monday on" in noted.text
    world.press("badr", "Yes")
    assert sum("You have answered: Yes" in each.text for each in world.received("badr")) == 1
    # Whoever sent it reads what was answered, and nobody else does.
    said = world.do("cora", "broadcasts.answers", broadcast=number).text
    for words in ("Yes: 1", "No: 0", "In other words: 1", "No answer yet: 11", "Only from Monday on", "Amina, "):
        assert words in said
    assert "Only from Monday on" not in world.do("badr", "broadcasts.answers", broadcast=number).text


def test_an_answer_after_it_was_withdrawn_is_told_so(world: World) -> None:
    number = broadcast(world)
    sent(world, number)
    with world.parley.sessions.writing() as session:
        session.get_one(Broadcast, number).withdraw("Wrong date", by=world.ids["cora"], at=world.clock.now())
    world.press("amina", "Yes")
    assert "This was withdrawn" in world.last("amina").text and "Wrong date" in world.last("amina").text
    assert copies(world, number)["amina"].reply is None


def test_nobody_else_steers_it(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    for command in ("pause", "progress", "doubtful", "again", "resume"):
        for who in ("amina", "ruiz", "inga"):
            answer = world.do(who, f"broadcasts.{command}", broadcast=number).text
            assert "not yours" in answer or "may not" in answer
    assert standing(world, number) is Standing.SENT


def test_a_portion_of_each_two_hundred(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    with world.parley.sessions.reading() as session:
        (portion,) = session.scalars(select(BroadcastPortion)).all()
    assert (portion.number, portion.at, portion.ended_at) == (0, world.clock.now(), None)
    world.settle()
    with world.parley.sessions.reading() as session:
        (portion,) = session.scalars(select(BroadcastPortion)).all()
        assert portion.ended_at == world.clock.now()


def test_whoever_opens_theirs_has_opened_it_once(world: World) -> None:
    number = broadcast(world, asks=Asks.NOTHING)
    sent(world, number)
    world.do("amina", "broadcasts.show", broadcast=number)
    first = copies(world, number)["amina"].opened_at
    assert first is not None and copies(world, number)["badr"].opened_at is None
    world.pass_time(days=1)
    world.do("amina", "broadcasts.show", broadcast=number)
    assert copies(world, number)["amina"].opened_at == first


def test_whoever_acts_in_two_administrations_finds_it_where_they_got_it(sqlite_world: World) -> None:
    world = sqlite_world
    with world.parley.sessions.writing() as session:
        away = create_administration(
            session, code="ly", name={"en": "Customs of Libya"}, country="LY", zone=ZONE, language="en"
        )
        session.flush()
        amina = session.get_one(Person, world.ids["amina"])
        belong(session, amina, away.id, at=MONDAY)
        amina.acting_in_id = away.id
    made = broadcast(world)
    sent(world, made)
    assert "Here you act in: Customs of Sokal." in world.press("amina", "No")
    assert "Rules of origin" not in world.say("amina", "/broadcasts"), "that is Libya's"
    assert "Here you act in: Customs of Sokal." in world.say("amina", f"b-{made}")
    seen = world.press("amina", f"Open B-{made}")
    assert "You have answered: No" in seen and {"Yes", "No"} <= set(seen.buttons)
    assert "Here you act in: Customs of Sokal." in seen
