"""An outcome in the language of whoever is owed it, entered by a person, beside the original."""

from __future__ import annotations

from db.people import Person
from tests.world import World

from .issue_steps import proposed, raised

FRENCH = {
    "language": "fr",
    "asked": "Mainlevée sans délai des marchandises réfrigérées",
    "found": "Aucun inspecteur le week-end",
    "words": "Un inspecteur est présent chaque jour",
}


def speaks(world: World, name: str, language: str) -> None:
    with world.parley.sessions.writing() as session:
        for person in session.query(Person).filter(Person.name == name):
            person.language = language


def test_the_desk_sees_which_languages_are_wanted(world: World) -> None:
    issue = raised(world)
    speaks(world, "Amina", "fr")
    assert "Also read in, not translated: Français" in proposed(world, issue)


def test_a_translation_stands_beside_the_original_for_those_who_read_it(world: World) -> None:
    issue = raised(world)
    speaks(world, "Amina", "fr")
    proposed(world, issue)
    shown = world.submit("ruiz", "issues.translate", FRENCH, outcome=1)
    assert "Translated into: Français" in shown
    assert "not translated" not in shown
    world.press("lena", "Approve")
    lines = world.last("amina").text
    assert lines.index(FRENCH["words"]) < lines.index("An inspector is on duty every day from now on")


def test_whoever_approves_it_reads_the_translation_first(world: World) -> None:
    issue = raised(world)
    proposed(world, issue)
    before = world.seen()
    world.submit("ruiz", "issues.translate", FRENCH, outcome=1)
    assert world.told(before) == {"ruiz", "lena"}
    assert FRENCH["words"] in world.last("lena") and "Approve" in world.last("lena").buttons
    before = world.seen()
    world.submit("lena", "issues.translate", FRENCH, outcome=1)
    assert world.told(before) == {"lena"}


def test_others_read_the_original_alone(world: World) -> None:
    proposed(world, raised(world))
    world.submit("ruiz", "issues.translate", FRENCH, outcome=1)
    world.press("lena", "Approve")
    assert FRENCH["words"] not in world.last("amina")


def test_the_same_language_again_replaces_what_was_there(world: World) -> None:
    issue = raised(world)
    speaks(world, "Amina", "fr")
    proposed(world, issue)
    world.submit("ruiz", "issues.translate", FRENCH, outcome=1)
    world.submit("lena", "issues.translate", FRENCH | {"words": "Chaque jour, dès lundi"}, outcome=1)
    world.press("lena", "Approve")
    assert "Chaque jour, dès lundi" in world.last("amina")
    assert FRENCH["words"] not in world.last("amina")


def test_an_outcome_is_not_translated_into_its_own_language_nor_once_it_is_told(world: World) -> None:
    proposed(world, raised(world))
    own = world.submit("ruiz", "issues.translate", FRENCH | {"language": "en"}, outcome=1)
    assert "written in that language already" in own
    world.press("lena", "Approve")
    late = world.submit("ruiz", "issues.translate", FRENCH, outcome=1)
    assert "does not wait for approval any more" in late
