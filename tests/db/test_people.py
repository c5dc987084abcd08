"""People are found by name alike on both databases, however the name and what is typed are written."""

from __future__ import annotations

from sqlalchemy import select

from db.people import Organisation, Person, create_administration, named
from db.people.kinds import Kind
from db.session import Sessions, connect
from tests.world import MONDAY

NAMES = (
    "Amélie Durand",
    "AMELIE d'Arc",
    "Łukasz Żak",
    "Ольга Ёлкина",
    "أحمد بن علي",
    "100% [Fish] \\ Co?",
    "A^B * C",
    "",
)
FOUND = {
    "": set(NAMES),
    "amelie": {"Amélie Durand", "AMELIE d'Arc"},
    "ÉLIE du": {"Amélie Durand"},
    "durand amélie": {"Amélie Durand"},
    "D'ARC": {"AMELIE d'Arc"},
    "zak": {"Łukasz Żak"},
    "елк": {"Ольга Ёлкина"},
    "احمد": {"أحمد بن علي"},
    "100% [fish": {"100% [Fish] \\ Co?"},
    "] \\ c": {"100% [Fish] \\ Co?"},
    "co?": {"100% [Fish] \\ Co?"},
    "a^b": {"A^B * C"},
    "*": {"A^B * C"},
    "[a-z]": set(),
    ".*": set(),
    "x?": set(),
    "e" * 50_000: set(),
}


def test_a_name_is_found_by_every_word_of_it_in_any_case_and_without_accents(database_url: str) -> None:
    engine = connect(database_url)
    with Sessions(engine).writing() as session:
        home = create_administration(
            session, code="tt", name={"en": "T"}, country="TN", zone="Africa/Tunis", language="en"
        )
        for each in NAMES:
            common = {"administration_id": home.id, "name": each}
            session.add(Person(language="en", zone="Africa/Tunis", met_at=MONDAY, **common))
            session.add(Organisation(kind=Kind.BUSINESS, **common))
        session.flush()
        for column in (Person.name, Organisation.name):
            found = {
                words: set(session.scalars(select(column).where(named(session, words, column)))) for words in FOUND
            }
            assert found == FOUND
    engine.dispose()
