"""A broadcast goes only when a second person has said yes, and until its hold is over it can be taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from db.broadcasts import ATTACHED, Broadcast, BroadcastCopy, BroadcastEdition, BroadcastText, Standing
from db.files import File
from db.machinery import Audit
from db.people import Kind, Person
from tests.world import World

from . import broadcast_rows as rows


def stands(world: World, broadcast: int) -> Broadcast:
    with world.parley.sessions.reading() as session:
        return session.get_one(Broadcast, broadcast)


def submitted(world: World) -> int:
    """A draft of Cora's that waits for Lena."""
    rows.a_second_coordinator(world)
    made = rows.draft(world)
    world.do("cora", "broadcasts.submit", broadcast=made, confirmed=True)
    assert stands(world, made).standing is Standing.SUBMITTED
    return made


def approve(world: World, broadcast: int, count: int | None = None, who: str = "lena") -> str:
    number = stands(world, broadcast).frozen_count if count is None else count
    return world.submit(who, "broadcasts.approve", {"count": str(number)}, broadcast=broadcast).text


def test_a_second_person_sees_all_of_it_and_types_the_number(world: World) -> None:
    made = submitted(world)
    asked = world.last("lena")
    assert "A broadcast waits for you to approve it." in asked
    assert "It is for 5 people." in asked
    world.press("lena", "Look at it and approve")
    assert "New rules apply from Monday." in world.last("lena")
    assert "Dès lundi." in world.last("lena")
    world.press("lena", "Approve it")
    assert "That is not the number" in world.say("lena", "6")
    assert stands(world, made).standing is Standing.SUBMITTED
    assert "Approved." in world.say("lena", "5")
    held = stands(world, made)
    assert (held.standing, held.approved_by_id) == (Standing.HELD, world.ids["lena"])
    assert held.hold_until == world.clock.now() + timedelta(minutes=2)
    assert "Lena has approved your broadcast." in world.last("cora")
    with world.parley.sessions.reading() as session:
        assert session.scalars(select(BroadcastEdition.approved_by_id)).one() == world.ids["lena"]


def test_whoever_approves_it_can_open_what_is_attached(sqlite_world: World) -> None:
    made = submitted(sqlite_world)
    with sqlite_world.parley.sessions.writing() as session:
        its = {"owner": ATTACHED, "owner_id": made, "person_id": sqlite_world.ids["cora"]}
        session.add(
            File(administration_id=sqlite_world.home, name="rules.pdf", added_at=sqlite_world.clock.now(), **its)
        )
    screen = sqlite_world.press("lena", "Look at it and approve").answer.screen
    assert screen is not None and [each.name for each in screen.files] == ["rules.pdf"]


def test_nobody_else_approves(sqlite_world: World) -> None:
    """Not its author, nor whoever sends in another scope, nor anybody else; not by a button, not by the form."""
    made = submitted(sqlite_world)
    for who in ("cora", "inga", "adam", "amina", "ruiz"):
        for command in ("broadcasts.examine", "broadcasts.approve", "broadcasts.send_back"):
            said = sqlite_world.do(who, command, broadcast=made)
            assert "Rules of origin" not in said
            assert said.answer.form is None
    assert stands(sqlite_world, made).standing is Standing.SUBMITTED


def test_where_whom_it_is_for_has_changed_it_is_asked_again(sqlite_world: World) -> None:
    world = sqlite_world
    made = submitted(world)
    with world.parley.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == world.ids["emil"]).values(erased_at=world.clock.now()))
    said = approve(world, made)
    assert "Nothing was approved." in said
    assert "It is for 1 person fewer." in said
    assert "It is for 4 people." in said
    assert stands(world, made).standing is Standing.SUBMITTED
    assert "That is not the number" in approve(world, made, 5)
    world.say("lena", "4")
    assert stands(world, made).standing is Standing.HELD


def test_both_can_take_it_back_while_it_is_held(sqlite_world: World) -> None:
    world = sqlite_world
    made = submitted(world)
    for who, other in (("cora", "lena"), ("lena", "cora")):
        approve(world, made)
        assert "Nothing of it has gone" in world.press(who, "Take it back")
        assert f"{who.title()} has taken this broadcast back." in world.last(other)
        back = stands(world, made)
        assert (back.standing, back.approved_by_id, back.frozen) == (Standing.DRAFT, None, None)
        world.pass_time(minutes=5)
        assert stands(world, made).standing is Standing.DRAFT
        world.do("cora", "broadcasts.submit", broadcast=made, confirmed=True)


def test_it_is_sent_back_with_what_to_change(sqlite_world: World) -> None:
    world = sqlite_world
    made = submitted(world)
    world.submit("lena", "broadcasts.send_back", {"words": "Say which Monday."}, broadcast=made)
    assert "Say which Monday." in world.last("cora")
    assert stands(world, made).standing is Standing.DRAFT
    assert "It was sent back to you" in world.say("cora", "/home")
    assert "Say which Monday." in world.do("cora", "broadcasts.show", broadcast=made)
    world.do("cora", "broadcasts.submit", broadcast=made, confirmed=True)
    assert stands(world, made).returned_words is None
    assert "It waits for you to approve it" in world.say("lena", "/home")


def test_what_goes_on_a_later_day_is_not_said_to_go_when_the_hold_is_over(sqlite_world: World) -> None:
    world = sqlite_world
    made = submitted(world)
    with world.parley.sessions.writing() as session:
        session.get_one(Broadcast, made).send_at = world.clock.now() + timedelta(days=3)
    said = approve(world, made)
    assert "it goes from" in said and "then it goes" not in said
    world.pass_time(minutes=3)
    assert "The hold is over: this broadcast goes from" in world.last("lena")


def test_nobody_waits_longer_than_three_days(sqlite_world: World) -> None:
    world = sqlite_world
    made = submitted(world)
    world.pass_time(days=3, hours=1)
    assert stands(world, made).standing is Standing.DRAFT
    for who in ("cora", "lena"):
        assert "within three days" in world.last(who)
    assert "does not wait for anybody any longer" in world.do("lena", "broadcasts.approve", broadcast=made)


@pytest.mark.slow
def test_what_is_submitted_anew_waits_anew(sqlite_world: World) -> None:
    world = sqlite_world
    made = submitted(world)
    world.pass_time(days=2)
    world.do("cora", "broadcasts.take_back", broadcast=made)
    world.do("cora", "broadcasts.submit", broadcast=made, confirmed=True)
    world.pass_time(days=2)
    assert stands(world, made).standing is Standing.SUBMITTED
    world.pass_time(days=1, hours=1)
    assert stands(world, made).standing is Standing.DRAFT


@pytest.mark.slow
def test_whoever_may_no_longer_send_there_does_not(sqlite_world: World) -> None:
    """Its author's right ends while it waits, or while it is held."""
    world = sqlite_world
    made = submitted(world)
    other = rows.draft(world)
    world.do("cora", "broadcasts.submit", broadcast=other, confirmed=True)
    approve(world, other)
    world.revoke("cora")
    assert "may no longer send there" in approve(world, made)
    world.pass_time(minutes=3)
    assert stands(world, other).standing is Standing.DRAFT
    assert "It was not sent." in world.last("lena")


@pytest.mark.slow
def test_an_approval_ends_with_the_right_of_whoever_gave_it(sqlite_world: World) -> None:
    world = sqlite_world
    made = submitted(world)
    approve(world, made)
    world.revoke("lena")
    world.pass_time(minutes=3)
    assert stands(world, made).standing is Standing.SUBMITTED
    assert "It waits for approval again." in world.last("cora")


def test_in_an_emergency_one_person_sends_and_everybody_hears(sqlite_world: World) -> None:
    world = sqlite_world
    rows.a_second_coordinator(world)
    made = rows.draft(world)
    before = world.seen()
    told = {"reason": "The port closes in an hour.", "count": "5"}
    assert "without a second person" in world.submit("cora", "broadcasts.emergency", told, broadcast=made)
    assert world.told(before) == {"cora", "lena", "adam"}
    for who in ("lena", "adam"):
        assert "The port closes in an hour." in world.last(who)
    assert "Stop it" in world.last("lena").buttons
    assert "The port closes in an hour." in world.press("adam", "Sent alone, in an emergency")
    held = stands(world, made)
    assert (held.standing, held.approved_by_id, held.frozen_count) == (Standing.HELD, None, 5)
    with world.parley.sessions.reading() as session:
        line = session.scalars(select(Audit).where(Audit.what == "broadcasts.emergency")).one()
        assert (line.who, line.ids.get("broadcast")) == (world.ids["cora"], made)


@pytest.mark.slow
def test_an_emergency_is_its_authors_and_needs_the_number(sqlite_world: World) -> None:
    world = sqlite_world
    rows.a_second_coordinator(world)
    made = rows.draft(world)
    told = {"reason": "Now.", "count": "50"}
    assert "That is not the number" in world.submit("cora", "broadcasts.emergency", told, broadcast=made)
    assert world.do("lena", "broadcasts.emergency", broadcast=made).answer.form is None
    assert stands(world, made).standing is Standing.DRAFT


def test_when_its_hold_is_over_everybody_it_means_has_a_copy(world: World) -> None:
    made = submitted(world)
    approve(world, made)
    world.pass_time(minutes=1)
    assert stands(world, made).standing is Standing.HELD
    world.pass_time(minutes=2)
    begun = stands(world, made)
    assert begun.began_at == begun.hold_until
    with world.parley.sessions.reading() as session:
        assert len(session.scalars(select(BroadcastCopy.id).where(BroadcastCopy.broadcast_id == made)).all()) == 5
        text = session.scalars(select(BroadcastText.screen).where(BroadcastText.language == "fr")).one()
        assert text is not None
    assert "It can be stopped." in world.do("cora", "broadcasts.take_back", broadcast=made)


def test_what_would_go_to_others_than_approved_waits_again(sqlite_world: World) -> None:
    world = sqlite_world
    made = submitted(world)
    approve(world, made)
    with world.parley.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == world.ids["ruiz"]).values(kind=Kind.BUSINESS))
    world.pass_time(minutes=3)
    again = stands(world, made)
    assert (again.standing, again.frozen_count, again.approved_by_id) == (Standing.SUBMITTED, 6, None)
    assert "It waits for approval again." in world.last("cora")
    approve(world, made)
    world.pass_time(minutes=3)
    assert stands(world, made).began_at is not None
