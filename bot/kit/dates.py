"""Dates a person types, in their language: never guessed silently, for the form shows them back before sending."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from zoneinfo import ZoneInfo

import dateparser

from .clean import clean_line


def read_date(text: str, *, language: str, at: datetime, zone: str) -> date | None:
    """The day meant by `text` ("4 December", "demain", "04/12/2026": day first), seen from `at` in `zone`.

    None when it is not a date, or lies outside the years 2000 to 2100.
    """
    digits = "".join(
        str(unicodedata.digit(sign)) if sign.isdigit() and sign.isdecimal() else sign for sign in clean_line(text)
    )
    try:
        return _in_range(date.fromisoformat(digits))
    except ValueError:
        pass
    local = at.astimezone(ZoneInfo(zone))
    found = dateparser.parse(
        digits[:80],
        languages=[language.split("_")[0], "en"],
        settings={
            "DATE_ORDER": "DMY",
            "PREFER_DATES_FROM": "future",
            "RELATIVE_BASE": local.replace(tzinfo=None),
            "REQUIRE_PARTS": ["day", "month"],
        },
    )
    return _in_range(found.date()) if found else None


def _in_range(day: date) -> date | None:
    return day if 2000 <= day.year <= 2100 else None
