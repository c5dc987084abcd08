"""Every phrase in every language: complete, with the same placeholders, and the right plural form for every number."""

from __future__ import annotations

import gettext
import re
from pathlib import Path
from string import Formatter

import polib
import pytest
from babel import Locale

from bot.kit.text import (
    LANGUAGES,
    SOURCE_LANGUAGE,
    Catalogues,
    Code,
    Phrase,
    Raw,
    Reader,
    Writer,
    _,
    languages,
    ngettext,
    without_isolates,
)
from deploy.collect_phrases import LOCALES, collected

TRANSLATED = sorted(set(LANGUAGES) - {SOURCE_LANGUAGE})
MARKS = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def phrases() -> dict[tuple[str, str], polib.POEntry]:
    return collected()


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(LOCALES / language / "LC_MESSAGES" / "parley.po"))


def forms(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_adding_a_language_is_adding_one_catalogue(tmp_path: Path) -> None:
    assert LANGUAGES == {"en": "English", "fr": "Français", "ar": "العربية"}
    for code in ("es", "fr", "he", "pt_BR"):
        (tmp_path / code / "LC_MESSAGES").mkdir(parents=True)
    known = languages(tmp_path)
    assert list(known) == ["en", "es", "fr", "pt_BR", "he"] and known["es"] == "Español"
    assert Reader("he", "UTC").is_rtl and Reader("ar", "UTC").is_rtl and not Reader("es", "UTC").is_rtl


def test_each_language_has_a_catalogue() -> None:
    assert sorted(path.parts[-3] for path in LOCALES.glob("*/LC_MESSAGES/parley.po")) == TRANSLATED


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_every_phrase_of_the_code_and_no_other(
    language: str, phrases: dict[tuple[str, str], polib.POEntry]
) -> None:
    held = {(entry.msgid, entry.msgid_plural) for entry in catalogue(language)}
    assert held == set(phrases), "run `make phrases`, then translate what is empty"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_phrase_is_translated_in_every_form(language: str) -> None:
    found = catalogue(language)
    rule = re.match(r"nplurals=(\d+)", found.metadata["Plural-Forms"])
    assert rule is not None
    wanted = {True: int(rule[1]), False: 1}
    missing = [e.msgid for e in found if len([f for f in forms(e) if f.strip()]) != wanted[bool(e.msgid_plural)]]
    assert missing == []
    assert [entry.msgid for entry in found if entry.fuzzy] == []


def names(text: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_placeholders_of_its_phrase(language: str) -> None:
    for entry in catalogue(language):
        for form in forms(entry):
            # A form for exactly one or two things may leave the number out, as people do in speech.
            allowed = [names(entry.msgid), names(entry.msgid_plural) if entry.msgid_plural else None]
            spoken = [each - {"count"} for each in allowed if each is not None] if entry.msgid_plural else []
            assert names(form) in [*allowed, *spoken], (entry.msgid, form)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_no_direction_marks_of_its_own(language: str) -> None:
    assert [entry.msgid for entry in catalogue(language) for form in forms(entry) if MARKS.search(form)] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_plural_rule_is_the_languages_own(language: str) -> None:
    """Held against CLDR for 0 to 299; a language's forms are used in CLDR's order of their names."""
    rule = catalogue(language).metadata["Plural-Forms"]
    found = re.match(r"nplurals=(\d+); plural=(.*);", rule)
    assert found is not None
    choose = gettext.c2py(found[2])  # undocumented, and what gettext itself uses
    locale = Locale.parse(language)
    order = ["zero", "one", "two", "few", "many", "other"]
    used = [name for name in order if name in {locale.plural_form(number) for number in range(300)}]
    assert int(found[1]) == len(used)
    assert [used[choose(number)] for number in range(300)] == [locale.plural_form(number) for number in range(300)]


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_says_who_reviewed_it(language: str) -> None:
    assert catalogue(language).metadata["X-Reviewed-By"].strip()


def writer(language: str, zone: str = "Africa/Tunis") -> Writer:
    return Writer(Catalogues(LOCALES), Reader(language, zone))


def test_a_phrase_has_no_words_before_it_has_a_reader() -> None:
    for early in (str, format, "{}".format):
        with pytest.raises(TypeError):
            early(_("Send"))


def test_an_argument_is_written_in_the_readers_language_when_it_is_read() -> None:
    inner: Phrase = _("Cancel")
    outer = Phrase("{what}", {"what": inner})
    assert {writer(each).plain(outer) for each in LANGUAGES} == {"Cancel", "Annuler", "إلغاء"}


def test_words_and_codes_are_isolated_in_arabic_so_that_they_read_in_order() -> None:
    arabic = writer("ar").plain(Phrase("{ref} {words}", {"ref": Code("P-000123"), "words": Raw("Port B")}))
    assert arabic == "\u2066P-000123\u2069 \u2068Port B\u2069"
    assert without_isolates(arabic) == "P-000123 Port B"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_nothing_in_a_persons_words_is_a_placeholder(language: str) -> None:
    hostile = "{0.__class__} {count} %s ${x} {{7*7}}"
    written = without_isolates(writer(language).plain(Phrase("{words}", {"words": Raw(hostile)})))
    assert written == hostile


def test_numbers_choose_their_plural_form_from_the_catalogue(tmp_path: Path) -> None:
    source = catalogue("ar")
    source.append(
        polib.POEntry(
            msgid="{count} x", msgid_plural="{count} xs", msgstr_plural={i: f"form{i} {{count}}" for i in range(6)}
        )
    )
    (tmp_path / "ar" / "LC_MESSAGES").mkdir(parents=True)
    source.save_as_mofile(str(tmp_path / "ar" / "LC_MESSAGES" / "parley.mo"))
    reads = Writer(Catalogues(tmp_path), Reader("ar", "UTC"))
    shown = [reads.plain(ngettext("{count} x", "{count} xs", number))[:5] for number in (0, 1, 2, 3, 11, 100)]
    assert shown == ["form0", "form1", "form2", "form3", "form4", "form5"]
