"""Every translation uses the glossary's word for a term: the WCO's terms and Parley's own read alike everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import polib
import pytest

from bot.kit.text import LANGUAGES, SOURCE_LANGUAGE
from deploy.collect_phrases import LOCALES

TRANSLATED = sorted(set(LANGUAGES) - {SOURCE_LANGUAGE})
ARABIC_BEFORE_A_WORD = "(?:[وفبكل]|ال|لل)*"
PLACEHOLDER = re.compile(r"\{\w*\}")
VOWEL_SIGNS = re.compile(r"[\u064b-\u0652]")


class Term(NamedTuple):
    """One meaning: in each language its word, then the variants that are accepted for it."""

    key: str
    words: dict[str, list[str]]


def glossary() -> list[Term]:
    found = json.loads((LOCALES / "glossary.json").read_text(encoding="utf-8"))
    return [Term(each["key"], {language: each[language] for language in LANGUAGES}) for each in found]


def phrases(language: str) -> Iterator[tuple[str, str]]:
    """Each English phrase with all forms of its translation, without their placeholders' names."""
    for entry in polib.pofile(str(LOCALES / language / "LC_MESSAGES" / "parley.po")):
        forms = entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]
        yield PLACEHOLDER.sub("", f"{entry.msgid} {entry.msgid_plural}"), PLACEHOLDER.sub("", " ".join(forms))


def stands_in(word: str, text: str, language: str) -> bool:
    """Whether `text` has the word, in any number, case or possession; short forms such as HS letter by letter."""
    if word.isupper() and word.isascii():
        return re.search(rf"\b{word}\b", text) is not None
    if language == SOURCE_LANGUAGE:
        return re.search(rf"\b{re.escape(word)}s?\b", text, re.IGNORECASE) is not None
    before = ARABIC_BEFORE_A_WORD if language == "ar" else ""
    each = (re.escape(part.removeprefix("ال").removesuffix("ة")) for part in VOWEL_SIGNS.sub("", word).split())
    pattern = r"\s+".join(rf"(?<!\w){before}{part}\w*" for part in each)
    return re.search(pattern, VOWEL_SIGNS.sub("", text), re.IGNORECASE) is not None


def test_the_glossary_has_every_term_once_in_every_language() -> None:
    terms = glossary()
    assert len(terms) >= 60
    keys = [term.key for term in terms]
    assert keys == sorted(set(keys))
    for term in terms:
        for language in LANGUAGES:
            words = term.words[language]
            assert words and all(word == word.strip() != "" for word in words), (term.key, language)
            assert len(set(words)) == len(words), (term.key, language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_uses_the_glossarys_word(language: str) -> None:
    terms, checked, other = glossary(), 0, []
    for english, translated in phrases(language):
        for term in terms:
            if any(stands_in(word, english, SOURCE_LANGUAGE) for word in term.words[SOURCE_LANGUAGE]):
                checked += 1
                if not any(stands_in(word, translated, language) for word in term.words[language]):
                    other.append((term.key, english, translated))
    assert other == []
    assert checked > 100, "terms of the glossary are hardly met any more: is it still about this program?"


@pytest.mark.parametrize(
    ("word", "text", "language", "found"),
    [
        ("desk", "Two desks answer", "en", True),
        ("desk", "the desktop", "en", False),
        ("HS", "the HS code", "en", True),
        ("HS", "this and ths", "en", False),
        ("autre administration", "d’autres administrations publiques", "fr", True),
        ("bureau", "le guichet", "fr", False),
        ("مسألة", "مسألتكم", "ar", True),
        ("النافذة الواحدة", "وللنافذة الواحدة", "ar", True),
        ("المشغل الاقتصادي المعتمد", "مشغل اقتصادي معتمد", "ar", True),
        ("الجهة", "الواجهة", "ar", False),
    ],
)
def test_a_word_is_met_in_every_form_and_in_no_other_word(word: str, text: str, language: str, found: bool) -> None:
    assert stands_in(word, text, language) is found
