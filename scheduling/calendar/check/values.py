"""What a property's value must look like: one function a value type of RFC 5545, which says what is wrong, or None."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from scheduling.calendar.rule import Rule

_DATE_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z?")
_DATE = re.compile(r"[0-9]{8}")
_DURATION = re.compile(
    r"[+-]?P(?:(?P<weeks>[0-9]{1,6})W|(?=[0-9T])(?:(?P<days>[0-9]{1,6})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,6})H)?(?:(?P<minutes>[0-9]{1,6})M)?(?:(?P<seconds>[0-9]{1,6})S)?)?)"
)
_OFFSET = re.compile(r"([+-])([0-9]{2})([0-9]{2})([0-9]{2})?")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_WRONG_ESCAPE = re.compile(r"(?:^|[^\\])(?:\\\\)*(\\(?![\\;,nN])|\\$)")
_BARE = re.compile(r"(?:^|[^\\])(?:\\\\)*[;,]")
_BARE_SEMICOLON = re.compile(r"(?:^|[^\\])(?:\\\\)*;")


def instant(text: str) -> datetime | date | None:
    """A DATE-TIME or a DATE; naive where it has no Z, and None where it is neither."""
    try:
        if _DATE.fullmatch(text):
            return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  a day has no zone
        if _DATE_TIME.fullmatch(text):
            clock = text[:13] + "59" if text[13:15] == "60" else text[:15]  # Python knows no leap second
            at = datetime.strptime(clock, "%Y%m%dT%H%M%S")  # noqa: DTZ007  its zone, if any, is the Z
            return at.replace(tzinfo=UTC) if text.endswith("Z") else at
    except ValueError:
        pass
    return None


def duration(text: str) -> timedelta | None:
    """A DURATION, and None where it is none."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    parts = {name: int(value) for name, value in found.groupdict().items() if value is not None}
    try:
        return timedelta(**parts) * (-1 if text.startswith("-") else 1) if parts else None
    except OverflowError:
        return None


def offset(text: str) -> timedelta | None:
    """A UTC-OFFSET, and None where it is none."""
    found = _OFFSET.fullmatch(text)
    if found is None or int(found[2]) > 23 or int(found[3]) > 59 or text in {"-0000", "-000000"}:
        return None
    size = timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4] or 0))
    return -size if found[1] == "-" else size


def _date_time(text: str) -> str | None:
    found = instant(text)
    return None if isinstance(found, datetime) else "is no date and time such as 20260609T093000Z"


def _date(text: str) -> str | None:
    found = instant(text)
    return None if found is not None and not isinstance(found, datetime) else "is no date such as 20260609"


def _duration(text: str) -> str | None:
    return None if duration(text) is not None else "is no duration such as PT1H or P1D"


def _offset(text: str) -> str | None:
    return None if offset(text) is not None else "is no offset such as +0200"


def _integer(text: str) -> str | None:
    return None if re.fullmatch(r"[+-]?[0-9]{1,10}", text) else "is no whole number"


def _float(text: str) -> str | None:
    return None if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) else "is no number"


def _boolean(text: str) -> str | None:
    return None if text.upper() in {"TRUE", "FALSE"} else "is neither TRUE nor FALSE"


def _uri(text: str) -> str | None:
    return None if _URI.fullmatch(text) else "is no address with a scheme, such as https://…"


def _address(text: str) -> str | None:
    return None if re.fullmatch(r"(?i:mailto):[^\s@]+@[^\s@]+", text) else "is no mailto: address"


def _binary(text: str) -> str | None:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):  # the latter for what is not even ASCII
        return "is not Base64"
    return None


def _recur(text: str) -> str | None:
    try:
        Rule.read(text)
    except ValueError as error:
        return f"is no rule: {error}"
    return None


def _period(text: str) -> str | None:
    start, slash, end = text.partition("/")
    fits = isinstance(instant(start), datetime) and (isinstance(instant(end), datetime) or duration(end) is not None)
    return None if slash and fits else "is no period such as 20260609T093000Z/PT1H"


def _text(text: str) -> str | None:
    if _WRONG_ESCAPE.search(text):
        return 'has a backslash that escapes nothing: write "\\\\" for one'
    return 'has a bare "," or ";": write "\\," and "\\;"' if _BARE.search(text) else None


def _texts(text: str) -> str | None:
    if _WRONG_ESCAPE.search(text):
        return 'has a backslash that escapes nothing: write "\\\\" for one'
    return 'has a bare ";": write "\\;"' if _BARE_SEMICOLON.search(text) else None


def _anything(text: str) -> str | None:
    return None


WRONG: Mapping[str, Callable[[str], str | None]] = {
    "DATE-TIME": _date_time,
    "DATE": _date,
    "DURATION": _duration,
    "UTC-OFFSET": _offset,
    "INTEGER": _integer,
    "FLOAT": _float,
    "BOOLEAN": _boolean,
    "URI": _uri,
    "CAL-ADDRESS": _address,
    "BINARY": _binary,
    "RECUR": _recur,
    "PERIOD": _period,
    "TEXT": _text,
    "TEXTS": _texts,
    "TIME": _anything,
    "STRUCTURED": _anything,
}
LISTS = frozenset({"DATE-TIME", "DATE", "PERIOD"})  # of which EXDATE, RDATE and FREEBUSY hold several
