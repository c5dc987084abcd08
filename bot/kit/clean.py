"""What people typed, made safe once at the edge; then measured and cut as people and platforms count.

A person counts graphemes (UAX #29), Slack and Telegram count UTF-16 units, handles and files count bytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Literal

import regex

Unit = Literal["graphemes", "utf16", "bytes"]

MARKS_PER_BASE = 4
NAME = 200  # graphemes of a file's name
# The limit of Stream-Safe text (UAX #15). Sorting longer runs would take the normaliser quadratic time.
MARKS_BEFORE_NORMALISING = 30


def _surplus_marks(most: int) -> regex.Pattern[str]:
    """Finds runs of more combining marks than `most`, invisible characters between them or not."""
    mark = r"\p{M}[\xAD\u061C\u180E\u200B-\u200F\u2060-\u2064]*+"
    return regex.compile(rf"((?:{mark}){{{most}}})(?:{mark})+")


_LINE_END = regex.compile(r"\r\n?|[\u2028\u2029]")
_UNWANTED = regex.compile(
    r"[\p{Cc}--[\n\t]]"  # control characters
    r"|[\u202A-\u202E\u2066-\u2069]"  # direction forced on what follows; LRM, RLM and joiners stay: languages need them
    r"|[\u206A-\u206F\uFEFF\uFFF9-\uFFFB]",  # invisible, and deprecated or meant for programs only
    flags=regex.V1,
)
# Tag characters hide text from readers. They belong in a flag only: a black flag, a region such as gbsct, the end.
_TAGS = regex.compile(
    r"(\U0001F3F4[\U000E0030-\U000E0039\U000E0061-\U000E007A]{3,6}\U000E007F)|[\U000E0000-\U000E007F]"
)
_NONCHARACTER = regex.compile(r"\p{Noncharacter_Code_Point}")  # XML, and so a spreadsheet, cannot hold them all
_SURPLUS_BEFORE = _surplus_marks(MARKS_BEFORE_NORMALISING)
_SURPLUS = _surplus_marks(MARKS_PER_BASE)

_UNNAMEABLE = regex.compile(r'[<>:"/\\|?*]')
_DEVICE = regex.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", flags=regex.IGNORECASE)

_FOLDED = regex.compile(r"\s{2,}|[\n\t]")
_BLANK = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Cc}\u2800]*")  # U+2800 is empty Braille
# `\X` alone takes quadratic time over a row of flags: to pair two letters it counts back to the first of the row.
_GRAPHEME = regex.compile(r"\p{Regional_Indicator}{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*|\X")
# One script at a time: digits of two scripts in one number are a slip or a trick.
_NUMBER = regex.compile(r"([+＋−－-]?)([0-9]{1,18}|[٠-٩]{1,18}|[۰-۹]{1,18}|[０-９]{1,18})")


def clean(text: str) -> str:
    """Text that every database, feed and platform can hold, in NFC, with line feeds only.

    Cleaning it again changes nothing. What is lost: control characters, characters that reorder or hide text, and
    combining marks beyond four on a base. Half a surrogate pair and a noncharacter become U+FFFD.
    """
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _LINE_END.sub("\n", text)
    text = _UNWANTED.sub("", text)
    text = _TAGS.sub(r"\1", text)
    text = _NONCHARACTER.sub("\ufffd", text)
    text = _SURPLUS_BEFORE.sub(r"\1", text)
    return _SURPLUS.sub(r"\1", unicodedata.normalize("NFC", text))


def has_surplus_marks(text: str) -> bool:
    """Whether `clean` takes combining marks away: the one loss that shows."""
    return _SURPLUS.search(unicodedata.normalize("NFC", _SURPLUS_BEFORE.sub(r"\1", text))) is not None


def clean_line(text: str) -> str:
    """Clean text on one line: line feeds and tabs are spaces, runs of white space are one, none at the ends."""
    return _FOLDED.sub(" ", clean(text)).strip()


def clean_name(text: str) -> str:
    """A file's name on one line that leads into no folder and means no device, wherever it is saved."""
    name = _UNNAMEABLE.sub("_", clean_line(text)).strip(". ")
    name = f"_{name}" if _DEVICE.fullmatch(name) else name
    name = shorten(name, NAME, mark="").rstrip(". ")  # a cut may lay bare another end that no folder takes
    return "file" if is_blank(name) else name


def is_blank(text: str) -> bool:
    """Whether a reader sees nothing: white space, zero-width characters and fillers such as U+3164 only."""
    return _BLANK.fullmatch(text) is not None


def read_number(text: str) -> int | None:
    """The whole number that stands here alone, else None.

    At most 18 digits, ASCII, Arabic-Indic, extended Arabic-Indic or full-width, and a sign before them. Unlike
    `int`, no underscores; unlike `str.isdigit`, no superscripts.
    """
    # Arabic keyboards and locales put direction marks around a sign.
    found = _NUMBER.fullmatch(text.strip(" \t\n\xa0\u061c\u200e\u200f"))
    if found is None:
        return None
    sign, digits = found.groups()
    return -int(digits) if sign in {"-", "−", "－"} else int(digits)


def graphemes(text: str) -> int:
    """Length as a person counts it: a family emoji is one."""
    if text.isascii():
        return len(text) - text.count("\r\n")  # the one cluster in ASCII; most labels are counted without the tables
    return sum(1 for _ in _GRAPHEME.finditer(text))


def utf16_len(text: str) -> int:
    """Length as Slack and Telegram count it, in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _utf8_len(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


_LENGTH: dict[Unit, Callable[[str], int]] = {"graphemes": graphemes, "utf16": utf16_len, "bytes": _utf8_len}


def shorten(text: str, limit: int, *, unit: Unit = "graphemes", mark: str = "…") -> str:
    """The text if it fits into `limit`, else as much of its beginning as fits with `mark` behind it.

    No grapheme is split. Where the mark alone is too long it is left out. Raises ValueError for a negative limit.
    """
    if limit < 0:
        raise ValueError("a length is not negative")
    length = _LENGTH[unit]
    if length(text) <= limit:
        return text
    if length(mark) > limit:
        mark = ""
    room = limit - length(mark)
    end = 0
    for found in _GRAPHEME.finditer(text):
        room -= length(found.group())
        if room < 0:
            break
        end = found.end()
    return text[:end].rstrip() + mark


def split(text: str, limit_utf16: int) -> list[str]:
    """Clean text in pieces of at most `limit_utf16` units, none of them blank.

    A piece ends at a paragraph or a line if there is one in its second half, else at a space, else between two
    graphemes; only a grapheme longer than the limit is split. White space is lost at the cuts and the end, nothing
    else. Raises ValueError for a limit under two units, which some characters take.
    """
    if limit_utf16 < 2:
        raise ValueError("a character may take two units")
    if utf16_len(text) <= limit_utf16:
        return [whole] if (whole := text.rstrip()) else []
    atoms: list[str] = []
    for grapheme in _GRAPHEME.findall(text):
        atoms.extend([grapheme] if utf16_len(grapheme) <= limit_utf16 else grapheme)
    pieces = []
    start = 0
    while start < len(atoms):
        end = _end_of_piece(atoms, start, limit_utf16)
        pieces.append("".join(atoms[start:end]).rstrip())
        start = end
        while start < len(atoms) and atoms[start] == atoms[end] and atoms[end] in {" ", "\n"}:
            start += 1
    return [piece for piece in pieces if piece]


def _end_of_piece(atoms: list[str], start: int, limit_utf16: int) -> int:
    end = start
    room = limit_utf16
    while end < len(atoms) and (room := room - utf16_len(atoms[end])) >= 0:
        end += 1
    if end == len(atoms):
        return end
    half = (start + end) // 2
    for separator, after in (("\n\n", half), ("\n", half), (" ", start)):
        for at in range(end, after, -1):
            if "".join(atoms[at : at + len(separator)]) == separator:
                return at
    return end
