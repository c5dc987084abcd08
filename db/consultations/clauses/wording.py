"""What differs between two wordings, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import regex
from rapidfuzz.distance import Indel, Prefix

# Where words are not kept apart, every letter is one; a mark stays with its letter.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = rf"[{_UNSPACED}]\p{{M}}*|[[\p{{L}}\p{{N}}\p{{M}}_]--[{_UNSPACED}]]+"
WORDS = regex.compile(_WORD, flags=regex.V1)
_PARTS = regex.compile(rf"{_WORD}|\s+|[^\s]", flags=regex.V1)


class Wording(StrEnum):
    KEPT = "kept"
    OUT = "out"  # in the earlier words only
    IN = "in"  # in the later ones only


@dataclass(frozen=True)
class Piece:
    """Some of the words, and what became of them."""

    what: Wording
    words: str


def difference(earlier: str, later: str) -> tuple[Piece, ...]:
    """The pieces in reading order, what went out before what came in.

    All but `IN` put together are the earlier words to the letter, all but `OUT` the later ones. No piece is empty, and
    no two that follow one another are of one kind.
    """
    olds, news = _PARTS.findall(earlier), _PARTS.findall(later)
    runs = [
        (code.tag == "equal", olds[code.src_start : code.src_end], news[code.dest_start : code.dest_end])
        for code in Indel.opcodes(olds, news)
    ]
    pieces: list[Piece] = []
    gone: list[str] = []
    come: list[str] = []
    for place, (is_kept, out, new) in enumerate(runs):
        if is_kept and not _is_gap(out, inside=0 < place < len(runs) - 1):
            _change(pieces, "".join(gone), "".join(come))
            _add(pieces, Wording.KEPT, "".join(out))
            gone, come = [], []
        else:
            gone += out
            come += new
    _change(pieces, "".join(gone), "".join(come))
    return tuple(pieces)


def _is_gap(kept: Sequence[str], *, inside: bool) -> bool:
    """Only white space or marks stay between two changes: nobody can read what changes at every word."""
    return inside and not any(WORDS.match(each) for each in kept)


def _change(pieces: list[Piece], gone: str, come: str) -> None:
    """White space that both begin or end with has not changed."""
    if gone == come:
        _add(pieces, Wording.KEPT, gone)
        return
    before = _blank(gone, come)
    gone, come = gone[len(before) :], come[len(before) :]
    after = _blank(gone[::-1], come[::-1])
    _add(pieces, Wording.KEPT, before)
    _add(pieces, Wording.OUT, gone[: len(gone) - len(after)])
    _add(pieces, Wording.IN, come[: len(come) - len(after)])
    _add(pieces, Wording.KEPT, after[::-1])


def _blank(gone: str, come: str) -> str:
    """The white space that both begin with."""
    same = gone[: Prefix.similarity(gone, come)]
    return same[: len(same) - len(same.lstrip())]


def _add(pieces: list[Piece], what: Wording, words: str) -> None:
    if words and pieces and pieces[-1].what is what:
        words = pieces.pop().words + words
    if words:
        pieces.append(Piece(what, words))
