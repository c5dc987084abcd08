"""Full-text search in every language at once, with the database's own index: FTS5 on SQLite, tsvector on PostgreSQL.

What is indexed is not the text but its terms: words without accents, vowel signs, articles and endings, so that plural
and singular meet; and a mark for every term of trade (`trade_terms.json`), the same in every language, so that "reefer"
meets "frigorifique" and "مبردة". A query is cut the same way. When the way of cutting changes, documents are kept anew.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, column, delete, func, literal_column, select, table, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from .base import Base, Identified
from .machinery import Setting

TERMS = Path(__file__).parent / "trade_terms.json"
MOST_TERMS = 64  # of a query: a long story is found by its beginning
MARKER = "search_terms"  # the setting that says by which terms everything is indexed
_SHORTEST = 3  # letters that stay when an ending or an article goes

_WORD = re.compile(r"\w+")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_LETTERS = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ـ": None})
_ARTICLES = ("وال", "بال", "كال", "فال", "لل", "ال", "و", "ب", "ل")
_ARABIC_ENDINGS = ("ات", "ين", "ون", "ها", "يه", "ه", "ي")
_LATIN_ENDINGS = ("ement", "ation", "ition", "ing", "ion", "ee", "ed", "er", "ez", "e")
_SAID_EVERYWHERE = """
    a after all an and are as at be been before by does for from had has have how i if in is it its like my not of on or
    our since than that the their them there they this to us was we while why with without
    ai au aux avec ce ces dans de des du elle en est et il ils je la le les leur lui mon nos notre nous on ou par pas
    pour pourquoi que qui sa sans se ses son sont sous sur un une vous
    أن أين إلى التي الذي بعد على عن عند في قبل كل كيف لا لم لماذا ما مع من منذ هذا هذه هل هو هي
"""

_index: Any = table("document_fts", column("rowid"))


class Document(Identified, Base):
    """What can be found: the terms of one item of some kind. Who may find it is the searcher's to say (`among`)."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("kind", "item_id"),)
    administration_id: Mapped[int] = mapped_column(ForeignKey("administration.id"), index=True)
    kind: Mapped[str]
    item_id: Mapped[int]
    terms: Mapped[str]


def keep(session: Session, kind: str, item_id: int, administration_id: int, words: str) -> None:
    """Make an item findable by `words`, instead of what it was found by before."""
    session.execute(delete(Document).where(Document.kind == kind, Document.item_id == item_id))
    found = Document(administration_id=administration_id, kind=kind, item_id=item_id, terms=" ".join(terms(words)))
    session.add(found)
    session.flush()


def find(session: Session, kind: str, words: str, *, among: Any, limit: int) -> Sequence[int]:
    """The ids of the items of `kind` most like `words`, best first; `among` selects the ids that may be found."""
    wanted = list(dict.fromkeys(terms(words)))[:MOST_TERMS]
    if not wanted:
        return []
    found = select(Document.item_id).where(Document.kind == kind, Document.item_id.in_(among)).limit(limit)
    if session.get_bind().dialect.name == "sqlite":
        matches = text("document_fts MATCH :wanted").bindparams(wanted=" OR ".join(f'"{each}"' for each in wanted))
        found = found.join(_index, _index.c.rowid == Document.id).where(matches)
        return session.scalars(found.order_by(literal_column("bm25(document_fts)"), Document.id.desc())).all()
    vector = func.to_tsvector(literal_column("'simple'"), Document.terms)
    query = func.to_tsquery(literal_column("'simple'"), " | ".join(f"'{each}'" for each in wanted))
    rank = func.ts_rank_cd(vector, query, 1)
    return session.scalars(found.where(vector.op("@@")(query)).order_by(rank.desc(), Document.id.desc())).all()


def is_current(session: Session) -> bool:
    """Whether everything is indexed by the present way of cutting words, or nothing is indexed yet."""
    noted = session.get(Setting, MARKER)
    if noted is None:
        return session.scalar(select(Document.id).limit(1)) is None
    return bool(noted.value == {"terms": _fingerprint()})


def note_current(session: Session) -> None:
    """Everything has been kept anew."""
    session.merge(Setting(name=MARKER, value={"terms": _fingerprint()}))


def _fingerprint() -> str:
    """Of all that decides how words are cut: this file and the terms of trade."""
    return hashlib.sha256(Path(__file__).read_bytes() + TERMS.read_bytes()).hexdigest()


def likeness(words: str, line: str) -> float:
    """How much of `line` occurs in `words`: the part of its distinct terms, from 0 to 1."""
    wanted = set(terms(line))
    return len(wanted & set(terms(words))) / len(wanted) if wanted else 0.0


def terms(words: str) -> Iterator[str]:
    """The stems of `words` in order, each term of trade among them after its mark."""
    stems = [_stem(each) for each in _meaningful(words)]
    known = _trade_terms()
    place = 0
    while place < len(stems):
        longest = 1
        for sequence, mark in known.get(stems[place], ()):
            if tuple(stems[place : place + len(sequence)]) == sequence and len(sequence) >= longest:
                longest = len(sequence)
                yield mark
        yield from stems[place : place + longest]
        place += longest


def _meaningful(words: str) -> Iterator[str]:
    for word in _WORD.findall(_fold(words)):
        if word not in _said_everywhere() and (len(word) > 1 or word.isdigit()):
            yield word


def _fold(words: str) -> str:
    """Lower case, without accents or vowel signs, one letter for each that is written in several ways."""
    apart = unicodedata.normalize("NFKD", words.translate(_LETTERS).casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).translate(_LETTERS)


def _stem(word: str) -> str:
    """A folded word without its article, its plural and its ending: enough for like words to meet."""
    if _ARABIC.match(word):
        return _without(_without(word, _ARTICLES, str.removeprefix), _ARABIC_ENDINGS, str.removesuffix)
    singular = word if word.endswith("ss") else _without(word, ("s", "x"), str.removesuffix)
    return _without(singular, _LATIN_ENDINGS, str.removesuffix)


def _without(word: str, affixes: Sequence[str], remove: Callable[[str, str], str]) -> str:
    """`word` without the first of `affixes` it has, unless too little would be left."""
    shorter = next((rest for each in affixes if (rest := remove(word, each)) != word), word)
    return shorter if len(shorter) >= _SHORTEST else word


@lru_cache(maxsize=1)
def _said_everywhere() -> frozenset[str]:
    return frozenset(_fold(_SAID_EVERYWHERE).split())


@lru_cache(maxsize=1)
def _trade_terms() -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """By first stem: the stems of each term in order, longest first, with the mark of what it means."""
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for number, meaning in enumerate(json.loads(TERMS.read_text(encoding="utf-8"))):
        for term in {term for language in meaning.values() for term in language}:
            stems = tuple(_stem(each) for each in _meaningful(term))
            if stems:
                found.setdefault(stems[0], []).append((stems, f"term{number}"))
    for entries in found.values():
        entries.sort(key=lambda entry: (-len(entry[0]), entry[1]))
    return found
