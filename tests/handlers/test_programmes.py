"""Programmes: worked out, read, changed by hand, published, and mended while things change."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

import bot.core
from bot.kit.events import Called
from bot.kit.feeds import MINE, Subscriber
from bot.kit.text import CATALOGUES, Catalogues, Reader, Writer
from db.audiences import Audience
from db.people import Administration, Person, who
from db.programmes import Drafting, ProgrammeDraft
from db.symposia import Agreed
from handlers.programmes import feed, showing
from scheduling import solving
from scheduling.calendar.entry import Entry, Label, Status
from scheduling.programme import model
from tests.world import World

from .programme_steps import (
    OPENING,
    ORIGIN,
    REEFERS,
    SEALS,
    found,
    ids,
    needed,
    published,
    registered,
    session,
    set_up,
    sized,
    solved,
)

WORDS = Catalogues(CATALOGUES)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver itself, in this process: beginning a child takes longer than a small question does."""
    monkeypatch.setattr(solving, "solve", lambda _kind, question, *, progress, enough: model.solve(question, progress))


def test_a_programme_is_worked_out_with_a_bar_looked_at_taken_and_published(world: World) -> None:
    symposium = set_up(world)
    needed(world, REEFERS, "amina")
    needed(world, ORIGIN, "amina", "badr")
    bare = world.do("ruiz", "programmes.show", symposium=symposium)
    assert "4 sessions have no place yet." in bare and "Publish it" not in bare.buttons
    assert "not yours" in world.do("cora", "programmes.make", symposium=symposium) or "may not" in world.last("cora")
    world.press("ruiz", "Make a programme")
    said = [each.text for each in world.received("ruiz")]
    assert any("Looking for times 0 of 100" in each for each in said)
    assert any("Done 100 of 100" in each for each in said)
    assert "It is proved that none is better." in world.last("ruiz")
    draft = world.press("ruiz", "Look")
    assert "09:00–10:00: Opening (Main hall)" in draft and "10:00–10:30: Break" in draft  # a plenary for everybody
    assert "Rules of origin (Amina and Badr)" in draft and "Seats that stay empty | " in draft
    assert not any(each.is_placed for each in found(world).values()), "nothing changes before it is taken"
    taken = world.press("ruiz", "Take it")
    now = found(world)
    assert all(each.is_placed and each.starts_at is None for each in now.values())
    assert now[REEFERS].block_id != now[ORIGIN].block_id, "whom both need is in one place at a time"
    assert "Nobody sees it before it is published." in taken and "Publish it" in taken.buttons
    assert "None is out yet." in world.say("amina", "/programme")
    assert "not out yet" in world.do("amina", "programmes.show", symposium=symposium)

    before = world.seen()
    world.press("ruiz", "Publish it")
    assert "It is out. 2 people are being told." in world.press("ruiz", "Publish it")
    assert world.told(before) == {"ruiz", "amina", "badr"}
    assert "Rules of origin (Tuesday 2 March 2027, 1" in world.last("badr")
    now = found(world)
    assert all(each.starts_at and each.ends_at and each.sequence == 0 for each in now.values())
    read = world.say("dina", "/programme")
    assert "Opening (Main hall)" in read and "Make a programme" not in read.buttons
    assert "https://parley.example/calendar/" in world.press("dina", "In my calendar")
    assert "Programme" in world.do("dina", "symposia.show", symposium=symposium).buttons


@pytest.mark.usefixtures("at_once")
def test_where_there_is_no_programme_it_says_in_words_what_cannot_hold_together(light_world: World) -> None:
    world = light_world
    symposium = set_up(world)
    for title in (REEFERS, ORIGIN, SEALS):  # three sessions of one speaker, and two times
        needed(world, title, "amina")
    solved(world, symposium)
    said = world.last("ruiz")
    assert "There is no programme that keeps everything." in said
    assert "These cannot hold together, and no fewer contradict each other." in said
    assert "Amina is in one place at a time." in said
    assert "This is not kept:" in said and "Take it all the same" in said.buttons
    world.press("ruiz", "Take it all the same")
    refused = world.do("ruiz", "programmes.publish", symposium=symposium)
    refused = world.press("ruiz", "Publish it")
    assert "This is not kept: Amina is in one place at a time." in refused
    world.press("ruiz", "Publish it all the same")
    assert "It is out." in world.press("ruiz", "Publish it")

    # What no room has, and what no room holds.
    other = set_up(world, title="Another")
    sized(world, REEFERS, expected=400)
    sized(world, SEALS, needs=["hybrid"])
    solved(world, other)
    said = world.last("ruiz")
    assert "“Reefers at night” has a room for 400 people." in said or "“Electronic seals” has this: hybrid" in said


def test_it_is_stopped_with_the_best_so_far_and_left(light_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = light_world
    symposium = set_up(world)
    stop = Called(world.caller("ruiz"), name="programmes.stop", args={"draft": 1})
    answered: list[Any] = []

    def slow(kind: str, question: dict[str, Any], *, progress: Any, enough: Callable[[], bool]) -> Any:
        """Somebody presses the button while it is at work; it goes on until it hears of that."""
        pressed = asyncio.run_coroutine_threadsafe(world.parley.edge.direct(stop, trace="t"), world.runner.get_loop())
        answered.append(pressed.result())
        heard = threading.Event()
        while not enough():
            progress(0.5, "whole")
            heard.wait(0.01)
        return model.solve(question, progress)

    monkeypatch.setattr(solving, "solve", slow)
    monkeypatch.setattr(bot.core, "A_WHILE", 0.01)
    world.do("ruiz", "programmes.make", symposium=symposium)
    assert answered[0].answer.screen.heading.source == "It is being stopped. The best so far comes in a moment."
    assert "The programme is worked out." in world.last("ruiz")
    world.press("ruiz", "Look")
    assert "Left. Everything stays as it is." in world.press("ruiz", "Leave it")
    with world.parley.sessions.reading() as reading:
        assert reading.scalars(select(ProgrammeDraft)).one().state is Drafting.DROPPED


@pytest.mark.usefixtures("at_once")
def test_a_swap_shows_what_it_breaks_before_it_is_kept(light_world: World) -> None:
    world = light_world
    symposium = set_up(world)
    needed(world, REEFERS, "amina")
    needed(world, ORIGIN, "amina")
    sized(world, SEALS, expected=200)
    solved(world, symposium)
    world.press("ruiz", "Take it")
    before = found(world)
    # The only large room is needed for the seals: what stands beside it there goes to the small one.
    beside = next(each for each in (REEFERS, ORIGIN) if before[each].block_id == before[SEALS].block_id)
    values = {"session": str(before[beside].id), "other": str(before[SEALS].id)}
    tried = world.submit("ruiz", "programmes.swap", values, symposium=symposium)
    assert "Nothing is changed yet." in tried and "“Electronic seals” has a room for 200 people." in tried
    assert "Keep it so all the same" in tried.buttons and "Seats that stay empty" in tried
    assert {each.room_id for each in found(world).values()} == {each.room_id for each in before.values()}
    world.press("ruiz", "Leave it as it is")
    assert found(world)[SEALS].room_id == before[SEALS].room_id

    other = next(each for each in (REEFERS, ORIGIN) if each != beside)
    free = world.do("ruiz", "programmes.move_to", symposium=symposium, session=before[other].id)
    assert free.answer.form is not None
    options = [each.value for each in free.answer.form.fields[0].options]
    assert f"{before[SEALS].block_id}x1-r{before[SEALS].room_id}" not in options, "it is taken"
    there = next(each for each in options if not each.startswith(f"{before[SEALS].block_id}x"))
    tried = world.submit("ruiz", "programmes.move_to", {"place": there}, symposium=symposium, session=before[other].id)
    assert "It breaks nothing." in tried and "from Tuesday 2 March 2027" in tried
    kept = world.press("ruiz", "Keep it so")
    assert "Changed." in kept and f"r{found(world)[other].room_id}" == there.partition("-")[2]

    world.do("ruiz", "symposia.lock", symposium=symposium, session=before[other].id)
    solved(world, symposium)
    world.press("ruiz", "Take it")
    assert f"r{found(world)[other].room_id}" == there.partition("-")[2], "what is locked stays"


@pytest.mark.usefixtures("at_once")
def test_a_speaker_away_moves_as_little_as_can_be_and_whoever_is_touched_confirms(light_world: World) -> None:
    world = light_world
    symposium = set_up(world)
    needed(world, REEFERS, "amina")
    needed(world, ORIGIN, "badr")
    published(world, symposium)
    was = found(world)[REEFERS]
    assert was.starts_at is not None and was.ends_at is not None
    registered(world, symposium, "dina", seat=was.id)
    hours = _hours(was.starts_at, was.ends_at)
    began, before = world.clock.now(), world.seen()
    world.submit("amina", "symposia.away", {"words": f"2 March {hours}"}, symposium=symposium)
    world.settle()
    assert {"ruiz"} <= world.told(before), "whoever runs it is shown the least change"
    diff = world.press("ruiz", "Look")
    assert "It is proved that less would not do." in diff and "“Reefers at night”: from " in diff
    assert "It touches" in diff and "Among them: Amina" in diff
    assert found(world)[REEFERS].starts_at == was.starts_at, "nothing moves before somebody says so"
    before = world.seen()
    told = world.press("ruiz", "Take it")
    assert "being told" in told and {"amina", "dina"} <= world.told(before)
    assert world.clock.now() - began < timedelta(minutes=1)
    now = found(world)[REEFERS]
    assert now.starts_at != was.starts_at and now.sequence == was.sequence + 1 and now.changed_at > was.changed_at
    untouched = found(world)[OPENING]
    assert untouched.sequence == 0 and untouched.starts_at is not None
    for each in ("amina", "dina"):
        assert "was moved to another time" in world.last(each) and "It was to begin on" in world.last(each)
    heard = world.do("ruiz", "programmes.heard", symposium=symposium)
    assert "Dina (Reefers at night · It was moved to another time · not confirmed)" in heard
    assert "Whoever organises it knows" in world.press("dina", "I have seen it")
    heard = world.do("ruiz", "programmes.heard", symposium=symposium)
    assert "Dina (Reefers at night · It was moved to another time · confirmed on" in heard
    assert "not yours to see" in world.do("chloe", "programmes.seen", shift=1), "nobody else's to confirm"


def test_whoever_has_not_confirmed_a_change_is_reminded_once_and_the_organiser_sees_it(light_world: World) -> None:
    world = light_world
    symposium = set_up(world)
    needed(world, REEFERS, "amina")
    published(world, symposium)
    was = found(world)[REEFERS]
    assert was.starts_at is not None
    for each in ("badr", "dina"):
        registered(world, symposium, each, seat=was.id)
    swap = {"session": str(was.id), "other": str(found(world)[SEALS].id)}
    world.submit("ruiz", "programmes.swap", swap, symposium=symposium)
    _kept(world)
    now = found(world)[REEFERS]
    assert now.starts_at is not None
    world.press("badr", "I have seen it")
    before = world.seen()
    world.wait_until(now.starts_at - timedelta(days=1, minutes=1))
    assert "amina" not in world.told(before)
    world.pass_time(minutes=2)
    assert {"amina", "dina", "ruiz"} <= world.told(before) and "badr" not in world.told(before)
    assert "Please confirm that you have seen this change." in world.last("amina")
    assert "2 people have not confirmed a change, and are reminded." in world.last("ruiz")
    assert "not confirmed, reminded on " in world.press("ruiz", "Who has confirmed")
    assert "Whoever organises it knows" in world.press("dina", "I have seen it")
    assert "Dina (Reefers at night · It was moved to another" in world.do(
        "ruiz", "programmes.heard", symposium=symposium
    )
    # Late, at half the time left; and of a change that another has taken the place of nobody is reminded.
    before = world.seen()
    world.submit("ruiz", "programmes.swap", swap, symposium=symposium)
    _kept(world)
    world.submit("ruiz", "programmes.swap", swap, symposium=symposium)
    _kept(world)
    at = found(world)[REEFERS].starts_at
    assert at is not None
    half = world.clock.now() + (at - world.clock.now()) / 2
    world.wait_until(half - timedelta(minutes=1))
    again = "Please confirm that you have seen this change."
    assert not [each for each in world.news("amina", before["amina"]) if again in each]
    world.pass_time(minutes=2)
    assert len([each for each in world.news("amina", before["amina"]) if again in each]) == 1


def _kept(world: World) -> None:
    label = next(each for each in world.last("ruiz").buttons if each.startswith("Keep it so"))
    world.press("ruiz", label)
    world.settle()


@pytest.mark.usefixtures("at_once")
def test_a_room_is_lost_and_a_swap_after_publication_is_told(light_world: World) -> None:
    world = light_world
    symposium = set_up(world)
    needed(world, SEALS, "badr")
    published(world, symposium)
    was = found(world)[SEALS]
    assert was.starts_at is not None and was.ends_at is not None
    # By hand: the seals and another session change places; both times are told.
    other = next(each for each in (REEFERS, ORIGIN) if found(world)[each].block_id != was.block_id)
    values = {"session": str(was.id), "other": str(found(world)[other].id)}
    tried = world.submit("ruiz", "programmes.swap", values, symposium=symposium)
    assert "It touches 1 person, who will be told." in tried
    assert "Changed. 1 person is being told." in world.press("ruiz", "Keep it so")
    assert "was moved to another time" in world.last("badr") and found(world)[SEALS].sequence == 1
    assert "has changed since" in world.press("ruiz", "Keep it so"), "an old button does nothing"

    now = found(world)[SEALS]
    lost = str(now.room_id)
    closed = world.submit("ruiz", "programmes.close_room", {"room": lost, "words": None}, symposium=symposium)
    if "being looked for" in closed:
        world.settle()
        world.press("ruiz", "Look")
    said = world.last("ruiz")
    assert "There is no programme that keeps everything." in said or "moves" in said
    world.do("ruiz", "programmes.closed_rooms", symposium=symposium)
    assert "All of them can be had." in world.press("ruiz", "It can be had again")


@pytest.mark.usefixtures("at_once")
def test_calendars_have_ones_parts_and_the_programme_and_strangers_read_no_more_than_it(light_world: World) -> None:
    world = light_world
    symposium = set_up(world)
    needed(world, REEFERS, "amina")
    needed(world, ORIGIN, "badr", agreed=Agreed.ASKED)
    assert entries(world, "amina", MINE) == [], "nothing before it is out"
    published(world, symposium)
    mine = entries(world, "amina", MINE)
    expected = [(OPENING, 0, True), (REEFERS, 0, True)]  # she comes to what is for everybody, too
    assert [(each.title, each.sequence, each.busy) for each in mine] == expected
    assert [(each.title, each.status) for each in entries(world, "badr", MINE)] == [(ORIGIN, Status.TENTATIVE)]
    everybodys = entries(world, None, showing.SCOPE, str(symposium))
    assert {each.title for each in everybodys} == {OPENING, REEFERS, ORIGIN, SEALS}
    assert all(each.label is Label.PUBLIC and not each.busy and each.link == "" for each in everybodys)
    assert all("Palace of Congresses" in each.location for each in everybodys)
    before = {each.uid: each for each in everybodys}
    session_id = ids(world)[SEALS]
    world.submit("ruiz", "symposia.cancel_session", {"reason": None}, symposium=symposium, session=session_id)
    after = next(each for each in entries(world, None, showing.SCOPE, str(symposium)) if each.title == SEALS)
    assert after.status is Status.CANCELLED and after.sequence == before[after.uid].sequence + 1
    closed = set_up(world, title="For agencies", audience=Audience.AGENCIES)
    published(world, closed)
    with world.parley.sessions.reading() as reading:
        asked = subscriber(world, reading, None, "")
        assert [each.about for each in feed.those_that_are_out(asked)] == [str(symposium)]
        assert {each.about for each in feed.those_that_are_out(subscriber(world, reading, "ruiz", ""))} == {
            str(symposium),
            str(closed),
        }


@pytest.mark.usefixtures("at_once")
def test_wishes_are_asked_of_whoever_knows_them(light_world: World) -> None:
    world = light_world
    symposium = set_up(world)
    extra = session(world, symposium, "Tariffs")
    for each in ("amina", "badr", "chloe", "dina", "emil"):
        registered(world, symposium, each, wishes=(ids(world)[REEFERS], extra))
    solved(world, symposium)
    world.press("ruiz", "Take it")
    now = found(world)
    assert now[REEFERS].block_id != now["Tariffs"].block_id, "five people want both"
    assert "Wishes that cannot both come true | 0" in world.received("ruiz")[-2]


def _hours(starts_at: datetime, ends_at: datetime) -> str:
    return "–".join((each + timedelta(hours=1)).strftime("%H:%M") for each in (starts_at, ends_at))  # Tunis


def subscriber(world: World, reading: Any, name: str | None, about: str) -> Subscriber:
    home = reading.get_one(Administration, world.home)
    reader = who(reading, reading.get_one(Person, world.ids[name]), at=world.clock.now()) if name is not None else None
    say = Writer(WORDS, Reader("en", "Africa/Tunis")).plain
    return Subscriber(reader, home, about, world.clock.now(), reading, lambda text: _bare(say(text)), lambda path: path)


def _bare(text: str) -> str:
    return text.replace("\u2068", "").replace("\u2069", "")


def entries(world: World, name: str | None, scope: str, about: str = "") -> list[Entry]:
    with world.parley.sessions.reading() as reading:
        asked = subscriber(world, reading, name, about)
        return world.parley.engine.registry.entries(scope, asked)
