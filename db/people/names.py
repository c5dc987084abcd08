"""Finding by name in the database, whatever the case and the accents of what is typed.

The databases do not fold alike: SQLite's LOWER knows ASCII only, PostgreSQL's what the locale of its cluster knows. So
what is typed becomes a pattern with every way to write each of its letters, which both match letter by letter.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, true
from sqlalchemy.orm import InstrumentedAttribute, Session

LETTERS = range(0x20, 0x2000)  # Latin, Greek, Cyrillic, Arabic and the rest of the alphabets
MOST_WORDS, MOST_LETTERS = 8, 80  # of what is typed: nobody's name has more, and SQLite takes no endless pattern
_GLOB = str.maketrans({each: f"[{each}]" for each in "*?["})
_REGEX = str.maketrans({each: f"\\{each}" for each in string.punctuation})


def named(session: Session, words: str, column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Every word of `words` stands somewhere in `column`; all rows where there is none."""
    if session.get_bind().dialect.name == "sqlite":
        matches = [column.op("GLOB")(f"*{_pattern(word, _GLOB)}*") for word in _words(words)]
    else:
        matches = [column.op("~")(_pattern(word, _REGEX)) for word in _words(words)]
    return and_(true(), *matches)


def _words(words: str) -> Sequence[str]:
    return [each[:MOST_LETTERS] for each in _fold(words).split()[:MOST_WORDS]]


def _pattern(word: str, signs: Mapping[int, str]) -> str:
    """For a glob or a regular expression: both write a class of letters alike, but not their own signs."""
    letters = _letters()
    return "".join(f"[{letters[each]}]" if each in letters else each.translate(signs) for each in word)


def _fold(words: str) -> str:
    apart = unicodedata.normalize("NFKD", words).casefold()
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


@lru_cache(maxsize=1)
def _letters() -> dict[str, str]:
    """Every letter as it is folded, with all that are folded to it."""
    found: dict[str, str] = {}
    for each in map(chr, LETTERS):
        if each.isalpha() and len(folded := _fold(each)) == 1:
            found[folded] = found.get(folded, "") + each
    return found
