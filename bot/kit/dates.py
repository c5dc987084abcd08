"""Dates a person types, in their language: never guessed silently, for the form shows them back before sending.

`dateparser` knows the calendar dates and most relative ones. What it misses is read here first: a weekday ("next
Tuesday", "mardi prochain", "الثلاثاء القادم"), which is the nearest one to come, and in Arabic "بعد 3 أيام" and the
month names of the Levant.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import dateparser
from babel import Locale

from .clean import clean_line

LONGEST = 80  # characters: a longer text is no date

_BESIDE_A_WEEKDAY = frozenset(
    (
        *("next", "on", "this", "coming"),
        *("le", "la", "ce", "prochain", "prochaine"),
        *("يوم", "القادم", "القادمه", "المقبل", "المقبله"),
    )
)
_LEVANT = {
    "كانون الثاني": "يناير",
    "شباط": "فبراير",
    "اذار": "مارس",
    "نيسان": "ابريل",
    "ايار": "مايو",
    "حزيران": "يونيو",
    "تموز": "يوليو",
    "اب": "اغسطس",
    "ايلول": "سبتمبر",
    "تشرين الاول": "اكتوبر",
    "تشرين الثاني": "نوفمبر",
    "كانون الاول": "ديسمبر",
}
_AFTER = re.compile(r"بعد (?:(\d{1,3}) )?(غد|يوم|يومين|ايام|اسبوع|اسبوعين|اسابيع)")
_DAYS = {"غد": 2, "يوم": 1, "يومين": 2, "ايام": 1, "اسبوع": 7, "اسبوعين": 14, "اسابيع": 7}
_ALIKE = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه"})


def read_date(text: str, *, language: str, at: datetime, zone: str) -> date | None:
    """The day meant by `text` ("4 December", "demain", "04/12/2026": day first), seen from `at` in `zone`.

    None when it is not a date, or lies outside the years 2000 to 2100.
    """
    digits = "".join(
        str(unicodedata.digit(sign)) if sign.isdigit() and sign.isdecimal() else sign for sign in clean_line(text)
    )[:LONGEST]
    try:
        return _in_range(date.fromisoformat(digits))
    except ValueError:
        pass
    local = at.astimezone(ZoneInfo(zone))
    short = language.split("_")[0]
    folded = _fold(digits)
    found = _weekday(folded, short, local.date()) or _after(folded, local.date())
    if found is not None:
        return _in_range(found)
    parsed = dateparser.parse(
        _months(digits, folded),
        languages=[short, "en"],
        settings={
            "DATE_ORDER": "DMY",
            "PREFER_DATES_FROM": "future",
            "RELATIVE_BASE": local.replace(tzinfo=None),
            "REQUIRE_PARTS": ["day", "month"],
            "PARSERS": ["relative-time", "absolute-time"],  # a declaration's number is not a count of seconds
        },
    )
    return _in_range(parsed.date()) if parsed else None


def _in_range(day: date) -> date | None:
    return day if 2000 <= day.year <= 2100 else None


def _weekday(folded: str, language: str, today: date) -> date | None:
    """The nearest such weekday after today, where nothing else is said."""
    said = [word for word in folded.split() if word not in _BESIDE_A_WEEKDAY]
    if len(said) != 1:
        return None
    number = _weekdays(language).get(said[0], _weekdays("en").get(said[0]))
    return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1) if number is not None else None


@lru_cache(maxsize=16)
def _weekdays(language: str) -> dict[str, int]:
    """Every name and abbreviation of a day of the week, folded; Monday is 0."""
    return {name: number for width in ("wide", "abbreviated") for name, number in _named(language, width)}


def _named(language: str, width: str) -> Iterator[tuple[str, int]]:
    for number, name in Locale.parse(language).days["format"][width].items():
        yield _fold(name.rstrip(".")), number


def _after(folded: str, today: date) -> date | None:
    """So many days or weeks from today, in Arabic."""
    found = _AFTER.fullmatch(folded)
    return today + timedelta(days=int(found[1] or 1) * _DAYS[found[2]]) if found else None


def _months(text: str, folded: str) -> str:
    """`text`, with the month names of the Levant as those that are known."""
    for name, known in _LEVANT.items():
        if re.search(rf"(?<!\w){name}(?!\w)", folded):
            return re.sub(rf"(?<!\w){name}(?!\w)", known, folded)
    return text


def _fold(text: str) -> str:
    """Lower case, without accents or vowel signs, one letter for each that is written in several ways."""
    apart = unicodedata.normalize("NFD", text.translate(_ALIKE).casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))
