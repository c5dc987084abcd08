"""Home shows what waits and what one may do; help says the same to everybody."""

from __future__ import annotations

import pytest
from sqlalchemy import select

import handlers
from bot.kit.events import Answered, Caller
from bot.kit.text import Link
from db.machinery import Audit, Inbox
from db.people import Administration, Person, RoleName, Who, who
from tests.world import World as WholeWorld

from .issue_steps import proposed, raised
from .people_world import World, asked, buttons, labels, plain, screen, text

AMINA = Caller("telegram", "1001", "1001", "Amina", "fr")
RUIZ = Caller("slack", "T1:U7", "U7", "Ruiz", "en")
ADMIN = Caller("slack", "T1:U1", "U1", "Ada", "en")


def seen(world: World, caller: Caller) -> Who:
    with world.sessions.reading() as session:
        return who(session, session.get_one(Person, world.person(caller).id), at=world.clock.now())


def test_a_stranger_is_asked_for_a_language_at_once(people_world: World) -> None:
    for words in ("/start", "home", ""):
        assert asked(people_world.call(AMINA, words)) == "language"


def test_a_stranger_who_only_looks_may_begin(people_world: World) -> None:
    shown = people_world.open(RUIZ, "home.show")
    assert labels(shown) == ["Begin", "Help"]
    assert asked(people_world.press(RUIZ, shown, "Begin")) == "language"


def test_home_greets_by_name_and_says_when_nothing_waits(people_world: World) -> None:
    people_world.known(AMINA)
    shown = screen(people_world.call(AMINA, "home"))
    assert plain(shown.heading) == "Hello, Amina." and plain(shown.body[0]) == "Nothing waits for you."


def test_what_was_begun_waits_at_home_with_its_own_words(people_world: World) -> None:
    people_world.known(AMINA)
    opened = people_world.open(AMINA, "issues.raise", detail="My container has been held for three days")
    first = asked(opened)
    shown = people_world.call(AMINA, "home")
    assert "Begun and not sent | My container has been held for three days" in text(shown)
    assert asked(people_world.press(AMINA, shown, "Go on")) == first


def test_what_waits_for_officers_waits_at_home(people_world: World) -> None:
    people_world.known(RUIZ, RoleName.OFFICER)
    people_world.known(AMINA)
    people_world.open(AMINA, "people.move")
    people_world.press(AMINA, people_world.say(AMINA, "Sahara Dates"), "Propose “Sahara Dates”")
    shown = people_world.call(RUIZ, "home")
    assert "1 organisation to verify" in text(shown)
    assert "Sahara Dates" in text(people_world.press(RUIZ, shown, "Look"))
    assert "to verify" not in text(people_world.call(AMINA, "home"))


def test_each_step_of_an_issue_waits_at_the_home_of_whoever_is_to_take_it(world: WholeWorld) -> None:
    def home(who: str) -> str:
        return world.do(who, "home.show").text

    assert "Nothing waits for you." in home("amina")
    issue = raised(world)
    assert "1 issue nobody has taken" in home("ruiz") and "nobody has taken" not in home("amina")
    assert "nobody has taken" not in home("gus"), "another desk's"
    world.do("ruiz", "issues.take", issue=issue)
    assert "1 issue you have taken" in home("ruiz") and "you have taken" not in home("olga")
    world.submit("ruiz", "issues.ask", {"words": "Which container?"}, issue=issue)
    assert "Customs has asked you something" in home("amina")
    assert world.press("amina", "Answer").answer.form is not None
    world.submit("amina", "issues.answer", {"words": "MSKU 1234567"}, issue=issue)
    assert "asked you something" not in home("amina")
    proposed(world, issue)
    assert "waits for your approval" in home("lena") and "waits for your approval" not in home("ruiz")
    world.do("lena", "issues.approve", issue=issue)
    assert "waits for your approval" not in home("lena") and "you have taken" not in home("ruiz")
    assert "1 outcome you have not acknowledged" in home("amina")
    world.press("amina", "Acknowledge")
    assert "not acknowledged" not in home("amina")


@pytest.mark.parametrize(
    ("caller", "role", "sees", "sees_not"),
    [
        (
            AMINA,
            None,
            {"Raise an issue", "My issues", "Broadcasts", "My organisation"},
            {"Roles", "Issues at my desk", "Organisations to verify", "Write to many"},
        ),
        (RUIZ, RoleName.OFFICER, {"Issues at my desk", "Organisations to verify"}, {"Roles"}),
        (RUIZ, RoleName.LEAD, {"Issues at my desk", "Feedback debt", "Organisations to verify"}, {"Roles"}),
        (RUIZ, RoleName.COORDINATOR, {"Issues at my desk"}, {"Roles", "Organisations to verify"}),
        (ADMIN, RoleName.ADMINISTRATOR, {"Roles", "Organisations to verify"}, set()),
    ],
)
def test_everybody_sees_their_own_tiles(
    people_world: World, caller: Caller, role: RoleName | None, sees: set[str], sees_not: set[str]
) -> None:
    people_world.known(caller, *([role] if role else []))
    shown = set(labels(people_world.call(caller, "home")))
    assert sees <= shown and not sees_not & shown


def test_help_names_the_safe_address_in_the_same_words_for_everybody(people_world: World) -> None:
    people_world.known(AMINA)
    people_world.known(ADMIN, RoleName.ADMINISTRATOR)
    stranger = Caller("telegram", "7", "7", "Nobody", "en")
    bodies = [screen(people_world.call(caller, "help")).body for caller in (AMINA, ADMIN)]
    bodies.append(screen(people_world.open(stranger, "home.help")).body)
    assert bodies[0] == bodies[1] == bodies[2]
    assert Link("https://safe.example/tell") in bodies[0]


def test_without_an_address_help_says_so(people_world: World) -> None:
    people_world.known(AMINA)
    with people_world.sessions.writing() as session:
        session.get_one(Administration, people_world.home_id).integrity_url = None
    shown = screen(people_world.call(AMINA, "help"))
    assert "has not published a safe address yet" in text(shown)
    assert not any(isinstance(each, Link) for each in shown.body)


def test_help_leads_to_every_command_of_the_menu_one_may_use(people_world: World) -> None:
    people_world.known(ADMIN, RoleName.ADMINISTRATOR, RoleName.LEAD)
    person = seen(people_world, ADMIN)
    wanted = {each.name for each in handlers.registry.menu if each.allow(person)} - {"home.help"}
    shown = {each.command for each in buttons(people_world.call(ADMIN, "help"))}
    assert wanted <= shown


@pytest.mark.parametrize("begun", [False, True])
def test_a_disclosure_is_kept_nowhere_and_answered_with_the_safe_address(people_world: World, begun: bool) -> None:
    people_world.known(AMINA)
    if begun:
        people_world.open(AMINA, "issues.raise")
    words = "The inspector wanted a bribe of 300 dinars"
    with people_world.sessions.writing() as session:
        update = Inbox(
            platform="telegram",
            key="u1",
            account="1001",
            payload=words,
            received_at=people_world.clock.now(),
            trace="t",
        )
        session.add(update)
        session.flush()
        inbox_id = update.id
    shown = people_world.turn(Answered(AMINA, words), inbox_id=inbox_id)
    assert plain(screen(shown).heading) == "I have not kept what you wrote."
    assert Link("https://safe.example/tell") in screen(shown).body
    with people_world.sessions.reading() as session:
        for table in Administration.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                assert "bribe" not in str(dict(row))


def test_being_shown_the_safe_address_leaves_no_trace_of_who(people_world: World) -> None:
    people_world.known(AMINA)
    before = people_world.count(Audit)
    from_menu = labels(people_world.call(AMINA, "home")) + labels(people_world.call(AMINA, "help"))
    shown = people_world.open(AMINA, "home.safely")
    assert plain(screen(shown).heading) == "I have not kept what you wrote."
    assert "Tell about corruption safely" not in from_menu
    assert people_world.count(Audit) == before


def test_a_command_typed_as_its_button_calls_it_is_run(world: WholeWorld) -> None:
    assert "Shared problems" in world.say("amina", "shared problems")
    assert "You wrote" not in world.last("amina")


def test_a_sentence_is_offered_what_it_is_for_and_no_command_it_merely_sounds_like(world: WholeWorld) -> None:
    offered = world.say("amina", "My organisation has waited for three days at Port B")
    assert "You wrote: “My organisation has waited for three days at Port B”" in offered
    assert list(offered.buttons) == ["Raise it as an issue"]
    assert "My organisation" in world.say("amina", "my organisaton").buttons
