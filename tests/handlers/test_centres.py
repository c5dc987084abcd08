"""How an administrator sets a desk up in a conversation, so that issues find it and somebody sits there."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from bot.kit.events import Caller
from db.centres import Centre
from db.people import RoleName, Sector
from handlers.centres import route
from scheduling.deadlines import WorkingWeek

from .people_world import World, asked, form, labels, plain, screen, text

ADMIN = Caller("slack", "T1:U1", "U1", "Ada", "en")
AMINA = Caller("telegram", "1001", "1001", "Amina", "fr")
ANSWERS = {"title": "Perishables", "chapters": "1-3; 27", "ports": "Port A, Port B ، port a", "hours": "8-12, 13h30–17"}


@pytest.fixture
def bare(people_world: World) -> World:
    """An administration that has an administrator, and no desk yet."""
    with people_world.sessions.writing() as session:
        session.execute(delete(Centre))
    people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    return people_world


def set_up(world: World, **more: str) -> Centre:
    """Set a desk up as in a chat, question by question; the desk as it stands."""
    given = ANSWERS | more
    world.press(ADMIN, world.call(ADMIN, "centres"), "Set up a centre")
    world.say(ADMIN, given["title"])
    world.say(ADMIN, "Perishable goods")
    world.say(ADMIN, given["chapters"])
    world.say(ADMIN, given["ports"])
    world.say(ADMIN, "Sunday to Thursday")
    world.say(ADMIN, given["hours"])
    shown = world.press(ADMIN, world.say(ADMIN, "8"), "Send")
    if shown.answer.form is not None:
        raise ValueError(plain(shown.answer.form.refusal))
    return desks(world)[-1]


def desks(world: World) -> list[Centre]:
    with world.sessions.reading() as session:
        return list(session.scalars(select(Centre).order_by(Centre.id)))


def test_home_says_that_there_is_no_desk_yet_to_whoever_can_set_one_up(bare: World) -> None:
    assert "No centre of expertise" in text(bare.call(ADMIN, "home"))
    bare.known(AMINA)
    assert "No centre of expertise" not in text(bare.call(AMINA, "home"))
    assert "Set up a centre" not in labels(bare.call(AMINA, "centres"))
    set_up(bare)
    assert "No centre of expertise" not in text(bare.call(ADMIN, "home"))


def test_a_desk_knows_what_it_was_told_and_the_first_takes_the_rest(bare: World) -> None:
    first = set_up(bare)
    assert (first.name, first.sectors, first.answer_hours) == ({"en": "Perishables"}, [Sector.PERISHABLES], 8)
    assert first.chapters == ["01", "02", "03", "27"] and sorted(first.ports) == ["Port B", "port a"]
    week = WorkingWeek.from_json(first.week)
    assert (week.zone, week.country) == ("Africa/Tunis", "TN")
    assert first.week["days"] == {day: ["08:00-12:00", "13:30-17:00"] for day in ("mon", "tue", "wed", "thu", "sun")}
    second = set_up(bare, title="Textiles")
    assert first.takes_the_rest and not second.takes_the_rest


def test_after_a_desk_is_set_up_a_role_at_it_is_one_tap_away(bare: World) -> None:
    bare.known(AMINA)
    desk = set_up(bare)
    shown = bare.open(ADMIN, "people.grant", centre=str(desk.id))
    assert asked(shown) == "person"
    assert asked(bare.press(ADMIN, bare.say(ADMIN, "Amina"), "Officer")) == "last_day", "the desk is known already"


@pytest.mark.parametrize(
    ("field", "words", "said"),
    [
        ("chapters", "98", "numbers from 1 to 97"),
        ("chapters", "12-3", "numbers from 1 to 97"),
        ("chapters", "fruit", "numbers from 1 to 97"),
        ("hours", "all day", "hours in their order"),
        ("hours", "9-8", "hours in their order"),
        ("hours", "8-12, 11-17", "hours in their order"),
        ("hours", "8-12 except on Eid", "hours in their order"),
        ("hours", "8-25", "hours in their order"),
        ("ports", ", ".join(f"P{number}" for number in range(31)), "At most 30 names"),
    ],
)
def test_what_cannot_be_understood_is_said_and_nothing_is_lost(bare: World, field: str, words: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        set_up(bare, **{field: words})
    assert desks(bare) == []
    again = form(bare.open(ADMIN, "centres.set_up"))
    assert again.field("title").value == "Perishables"


def test_sectors_are_added_and_taken_away_by_tapping(bare: World) -> None:
    desk = set_up(bare)
    shown = bare.press(ADMIN, bare.open(ADMIN, "centres.centre", centre=desk.id), "Sectors")
    shown = bare.press(ADMIN, shown, "Add: Energy and mining")
    assert desks(bare)[0].sectors == [Sector.PERISHABLES, Sector.ENERGY]
    bare.press(ADMIN, shown, "Take away: Perishable goods")
    assert desks(bare)[0].sectors == [Sector.ENERGY]


def test_one_desk_at_a_time_takes_the_rest(bare: World) -> None:
    first, second = set_up(bare), set_up(bare, title="Textiles")
    shown = bare.press(ADMIN, bare.open(ADMIN, "centres.centre", centre=second.id), "Let it take the rest")
    assert "Whatever no other desk answers for" in text(shown)
    assert [each.takes_the_rest for each in desks(bare)] == [False, True]
    with bare.sessions.reading() as session:
        found = route(session, bare.home_id, sector=Sector.VEHICLES)
    assert found is not None and found.id == second.id != first.id


def test_a_desk_is_changed_part_by_part(bare: World) -> None:
    desk = set_up(bare)
    bare.press(ADMIN, bare.open(ADMIN, "centres.centre", centre=desk.id), "Name in a language")
    bare.say(ADMIN, "Français")
    bare.press(ADMIN, bare.say(ADMIN, "Périssables"), "Send")
    bare.press(ADMIN, bare.open(ADMIN, "centres.centre", centre=desk.id), "HS chapters and ports")
    bare.press(ADMIN, bare.press(ADMIN, bare.say(ADMIN, "4"), "Skip"), "Send")
    bare.press(ADMIN, bare.open(ADMIN, "centres.centre", centre=desk.id), "Working hours")
    bare.say(ADMIN, "Every day")
    bare.say(ADMIN, "0-24")
    bare.press(ADMIN, bare.say(ADMIN, "2"), "Send")
    (now,) = desks(bare)
    assert now.name == {"en": "Perishables", "fr": "Périssables"}
    assert (now.chapters, now.ports, now.answer_hours) == (["04"], [], 2)
    assert now.week["days"]["fri"] == ["00:00-24:00"]


def test_only_an_administrator_changes_a_desk(bare: World) -> None:
    desk = set_up(bare)
    bare.known(AMINA)
    shown = bare.open(AMINA, "centres.centre", centre=desk.id)
    assert labels(shown) == ["All centres"]
    assert "You may not do that." in plain(screen(bare.open(AMINA, "centres.rest", centre=desk.id)).heading)
