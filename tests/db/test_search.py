"""Search finds the same thing whatever language it was written in, and only what the searcher may find."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, select, true
from sqlalchemy.orm import Session

from db import search
from db.people import Administration
from db.search import Document
from db.session import Sessions, connect
from tests.hit_rate import fill, load, missed

MISSED = 3  # of the 30 questions, at most
ALL = select(Document.item_id).where(true())


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    sessions = Sessions(connect(database_url))
    with sessions.writing() as opened:
        opened.add(Administration(code="xx", name={"en": "X"}, country="TN", zone="Africa/Tunis", language="en"))
        opened.flush()
        yield opened
    sessions.engine.dispose()


def keep(session: Session, *texts: str, kind: str = "issue") -> None:
    for number, words in enumerate(texts, 1):
        search.keep(session, kind, number, 1, words)


def find(session: Session, words: str, kind: str = "issue") -> list[int]:
    return list(search.find(session, kind, words, among=ALL, limit=10))


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("Two containers are blocked", "container"),
        ("Des déclarations en retard", "DECLARATION"),
        ("Les conteneurs frigorifiques", "conteneur frigorifique"),
        ("احتجاز الحاوياتِ المُبرّدة", "الحاويات المبرده"),
        ("شهـــادة منشأ", "الشهادة"),
        ("HS 0303.14", "0303"),
    ],
)
def test_plural_accents_articles_and_vowel_signs_make_no_difference(session: Session, kept: str, asked: str) -> None:
    keep(session, "Opening hours of the reading room", kept)
    assert find(session, asked) == [2]


@pytest.mark.parametrize("asked", ["reefer", "camion frigorifique", "شاحنة مبردة", "refrigerated"])
def test_a_term_of_trade_is_found_in_any_language(session: Session, asked: str) -> None:
    keep(session, "Reefer held", "Signature missing", "Chaîne du froid rompue", "حاوية مبردة", "Vehicle tax")
    assert {1, 3, 4} <= set(find(session, asked)) and 2 not in find(session, asked)


def test_the_better_match_comes_first(session: Session) -> None:
    others = [f"Fees, form {number}" for number in range(20)]
    keep(session, "A seal on a letter", "A container with fish and a broken seal on deck", "Fish market", *others)
    assert find(session, "fish seal")[0] == 2


def test_what_is_kept_again_is_found_by_its_new_words_only(session: Session) -> None:
    keep(session, "pineapple")
    keep(session, "coconut")
    assert find(session, "pineapple") == [] and find(session, "coconut") == [1]
    session.execute(delete(Document))
    assert find(session, "coconut") == []


def test_only_the_kind_and_the_ids_that_may_be_found_are(session: Session) -> None:
    keep(session, "mango", "mango", "mango")
    keep(session, "mango", kind="outcome")
    some = select(Document.item_id).where(Document.item_id.in_((1, 3)))
    assert sorted(search.find(session, "issue", "mangoes", among=some, limit=10)) == [1, 3]
    assert len(search.find(session, "issue", "mango", among=ALL, limit=2)) == 2


@pytest.mark.promise("threat.44", "A search is for words and never syntax.")
@pytest.mark.parametrize(
    "hostile", ['"', "' OR 1", "NEAR(", "a:b*", ") & !", "", "  ", "the of and", "\u0000", "-" * 99]
)
def test_a_query_is_words_and_never_syntax(session: Session, hostile: str) -> None:
    keep(session, "mango")
    assert find(session, hostile) == []


def test_earlier_answers_to_like_questions_are_among_the_first_three(session: Session) -> None:
    questions = load()
    fill(session, questions)
    assert (len(questions.pairs), len(questions.others)) == (30, 60)
    assert len(missed(session, questions)) <= MISSED
