"""Dates as people type them, seen from Thursday 26 November 2026 in Tunis: right or asked again, never a wrong one."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.kit.dates import read_date

AT = datetime(2026, 11, 26, 9, tzinfo=UTC)
TYPED: dict[str, dict[str, str | None]] = {
    "en": {
        "4 December": "2026-12-04",
        "4 December 2027": "2027-12-04",
        "Dec 12": "2026-12-12",
        "03/04/2027": "2027-04-03",
        "2026-12-01": "2026-12-01",
        "２０２６-１２-０１": "2026-12-01",
        "29/02/2028": "2028-02-29",
        "tomorrow": "2026-11-27",
        "the day after tomorrow": "2026-11-28",
        "in 3 days": "2026-11-29",
        "in two weeks": "2026-12-10",
        "Friday": "2026-11-27",
        "next Tuesday": "2026-12-01",
        "on Thursday": "2026-12-03",  # today is one: the next is meant
        "wed": "2026-12-02",
    },
    "fr": {
        "4 décembre": "2026-12-04",
        "le 4 décembre 2026": "2026-12-04",
        "1er décembre": "2026-12-01",
        "4/12/2026": "2026-12-04",
        "demain": "2026-11-27",
        "après-demain": "2026-11-28",
        "dans 3 jours": "2026-11-29",
        "dans deux semaines": "2026-12-10",
        "vendredi": "2026-11-27",
        "mardi prochain": "2026-12-01",
        "ce mardi": "2026-12-01",
        "lun.": None,  # an abbreviation with its full stop is asked again
    },
    "ar": {
        "4 ديسمبر": "2026-12-04",
        "٤ ديسمبر": "2026-12-04",
        "٤/١٢/٢٠٢٦": "2026-12-04",
        "غدا": "2026-11-27",
        "غدًا": "2026-11-27",
        "بعد غد": "2026-11-28",
        "بعد 3 أيام": "2026-11-29",
        "بعد ٣ أيام": "2026-11-29",
        "بعد أسبوعين": "2026-12-10",
        "بعد 3 أسابيع": "2026-12-17",
        "الجمعة": "2026-11-27",
        "Tuesday": "2026-12-01",  # English is understood by everybody's Parley
        "الثلاثاء القادم": "2026-12-01",
        "يوم الإثنين المقبل": "2026-11-30",
        "4 كانون الأول": "2026-12-04",
        "15 آذار 2027": "2027-03-15",
    },
}


@pytest.mark.parametrize(
    ("language", "typed", "meant"), [(lang, typed, day) for lang, each in TYPED.items() for typed, day in each.items()]
)
def test_what_is_typed_is_what_is_meant(language: str, typed: str, meant: str | None) -> None:
    expected = date.fromisoformat(meant) if meant else None
    assert read_date(typed, language=language, at=AT, zone="Africa/Tunis") == expected


@pytest.mark.parametrize(
    "typed",
    [
        *("", "1", "soon", "next", "Tuesday or Friday", "32 décembre", "x" * 5000, "\ud800", "\x00"),
        *("31 February", "30/02/2027", "29 Feb 2027", "2027-02-29", "12/31", "31/31/2027"),
        *("24:00", "23:59:60", "5 May 2027 24:00", "0001-01-01", "9999-12-31", "2569-01-01", "1 January 2569"),
        *("1764633600", "1000000000000000", "9" * 20, "9" * 5000, "-1", "0", "²", "1e5", "NaN"),
        *("in 999999999 years", "999999999999 days ago"),
    ],
)
def test_what_is_no_date_is_asked_again(typed: str) -> None:
    for language in TYPED:
        assert read_date(typed, language=language, at=AT, zone="Africa/Tunis") is None


@given(st.text(max_size=60), st.sampled_from(sorted(TYPED)))
def test_no_text_is_an_error(text: str, language: str) -> None:
    found = read_date(text, language=language, at=AT, zone="Africa/Tunis")
    assert found is None or 2000 <= found.year <= 2100
