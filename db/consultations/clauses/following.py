"""Which clause of the next draft each clause goes on in, and how sure that is.

Words that stayed to the letter are the same clause, wherever they stand. The rest is compared word by word. What is
very much alike goes together first; then come clauses that were split or merged, which show by the runs of words they
share; last what is only somewhat alike. A clause that resembles another one nearly as much is never sure, because
offices write whole pages of sentences that differ in one number.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rapidfuzz.distance import Indel

from ..kinds import Change
from .wording import WORDS

SURE = 90  # a link below this is proposed only: an owner says whether it is right
FAINT = 45  # two clauses less alike than this are two clauses
RIVAL = 2  # another clause that is at most so many times as far away makes a link unsure
PART = 60  # of the words of a clause that was split off or merged, so many of a hundred stand in the other one
PIECE = 6  # so many words of its own at least make a piece of a clause
RUN = 3  # words in a row that two clauses share do not meet by chance


class Worded(Protocol):
    """A clause, as it is read or as it is kept."""

    @property
    def number(self) -> str: ...
    @property
    def heading(self) -> str | None: ...
    @property
    def words(self) -> str: ...


@dataclass(frozen=True)
class Link:
    """`earlier` and `later` are places in the two drafts, from 0; None: it is new, or it was dropped.

    `likeness`, of 0 to 100, says how sure the link is.
    """

    earlier: int | None
    later: int | None
    change: Change
    likeness: int

    @property
    def is_sure(self) -> bool:
        return self.likeness >= SURE


def follow(earlier: Sequence[Worded], later: Sequence[Worded]) -> tuple[Link, ...]:
    """What became of every clause: each of both drafts is in one link at least.

    In the order of the earlier draft, then what is new. Where a clause has several links, its first leads to where most
    of its words went.
    """
    return _Followed(earlier, later).links()


@dataclass
class _Followed:
    earlier: Sequence[Worded]
    later: Sequence[Worded]
    olds: list[_Coded] = field(init=False)
    news: list[_Coded] = field(init=False)
    to: dict[int, list[int]] = field(init=False)  # earlier -> later, by words that changed
    back: dict[int, list[int]] = field(init=False)
    known: dict[tuple[int, int], float] = field(init=False)

    def __post_init__(self) -> None:
        code = _Code()
        self.olds = [code.of(each) for each in self.earlier]
        self.news = [code.of(each) for each in self.later]
        self.to, self.back, self.known = defaultdict(list), defaultdict(list), {}

    def links(self) -> tuple[Link, ...]:
        same, doubled = _to_the_letter(self.earlier, self.later)
        kept = {*same, *doubled}
        taken = set(same.values())
        olds = [each for each in range(len(self.olds)) if each not in kept]
        news = [each for each in range(len(self.news)) if each not in taken]
        self._pair(olds, news, least=SURE)
        self._split_and_merge(olds, news)
        self._pair(olds, news, least=FAINT)
        self._split_and_merge(olds, news)
        found = [*self._unchanged(same), *self._doubled(doubled), *self._changed()]
        found += [Link(None, each, Change.NEW, 100) for each in news if each not in self.back]
        found += [Link(each, None, Change.DROPPED, self._gone(each)) for each in olds if each not in self.to]
        end = len(self.olds)
        found.sort(
            key=lambda link: (end if link.earlier is None else link.earlier, -self._given(link), link.later or 0)
        )
        return tuple(found)

    # How much alike

    def alike(self, old: int, new: int) -> float:
        """0 to 100: the words both have in the same order, of all their words."""
        if (old, new) not in self.known:
            self.known[old, new] = 100 * Indel.normalized_similarity(self.olds[old].words, self.news[new].words)
        return self.known[old, new]

    def _given(self, link: Link) -> float:
        """How much of the earlier clause went into the later one."""
        if link.earlier is None or link.later is None:
            return 0
        return self.olds[link.earlier].share_in(self.news[link.later])

    # One to one

    def _pair(self, olds: Iterable[int], news: Sequence[int], *, least: float) -> None:
        """Put together what is alike, the most alike first; among equals what has kept its number, then its place."""
        found = [
            (-alike, self.earlier[old].number != self.later[new].number, abs(old - new), old, new)
            for old in olds
            if old not in self.to
            for new in news
            if new not in self.back and (alike := self.alike(old, new)) >= least
        ]
        for *_order, old, new in sorted(found):
            if old not in self.to and new not in self.back:
                self._link(old, new)

    def _link(self, old: int, new: int) -> None:
        self.to[old].append(new)
        self.back[new].append(old)

    # Several

    def _split_and_merge(self, olds: Sequence[int], news: Sequence[int]) -> None:
        parts = [each for each in news if each not in self.back]
        for old, new in _gathered(self.olds, olds, self.to, self.news, parts):
            self._link(old, new)
        parts = [each for each in olds if each not in self.to]
        for new, old in _gathered(self.news, news, self.back, self.olds, parts):
            self._link(old, new)

    # What is told of them

    def _unchanged(self, same: dict[int, int]) -> Iterable[Link]:
        in_order = _longest_rising([same[old] for old in sorted(same)])
        for old, new in sorted(same.items()):
            yield Link(old, new, Change.SAME if new in in_order else Change.MOVED, 100)

    def _doubled(self, doubled: dict[int, int]) -> Iterable[Link]:
        for old, new in doubled.items():
            yield Link(old, new, Change.MERGED, 100)

    def _changed(self) -> Iterable[Link]:
        for old, news in self.to.items():
            for new in news:
                if len(self.back[new]) > 1:
                    yield Link(old, new, Change.MERGED, self._sure_of_part(old, new))
                elif len(news) > 1:
                    yield Link(old, new, Change.SPLIT, self._sure_of_part(old, new))
                else:
                    yield Link(old, new, Change.CHANGED, self._sure_of_pair(old, new))

    def _sure_of_pair(self, old: int, new: int) -> int:
        likeness = self.alike(old, new)
        rivals = [self.alike(old, each) for each in range(len(self.news)) if each != new]
        rivals += [self.alike(each, new) for each in range(len(self.olds)) if each != old]
        return _doubted(likeness, max(rivals, default=0))

    def _sure_of_part(self, old: int, new: int) -> int:
        """A part is as sure as its words stand in the whole, and in no other clause."""
        olds, news = self.olds, self.news
        if len(self.back[new]) > 1:
            likeness = olds[old].share_in(news[new])
            rivals = [olds[old].share_in(each) for place, each in enumerate(news) if place not in self.to[old]]
        else:
            likeness = news[new].share_in(olds[old])
            rivals = [news[new].share_in(each) for place, each in enumerate(olds) if place not in self.back[new]]
        return _doubted(likeness, max(rivals, default=0))

    def _gone(self, old: int) -> int:
        nearest = max((self.alike(old, new) for new in range(len(self.news))), default=0)
        return 100 if nearest < FAINT else round(100 - nearest)


def _doubted(likeness: float, rival: float) -> int:
    """The likeness; under `SURE` where another clause comes near."""
    near = rival >= FAINT and 100 - rival <= RIVAL * (100 - likeness)
    return min(round(likeness), SURE - 1) if near else min(int(likeness), 100)


class _Coded:
    """A clause with one character for each word, because two strings compare fast, and its runs of words."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.runs = [words[at : at + RUN] for at in range(len(words) - RUN + 1)] or [words]
        self.among = frozenset(self.runs)

    def covered_by(self, other: _Coded) -> set[int]:
        """The places that stand in a run of words that both have."""
        return {at + more for at, run in enumerate(self.runs) if run in other.among for more in range(len(run))}

    def share_in(self, whole: _Coded) -> float:
        """How much of it, 0 to 100, stands in `whole` in runs."""
        if self.among.isdisjoint(whole.among):
            return 0
        return 100 * len(self.covered_by(whole)) / len(self.words)


class _Code:
    """Gives the same word the same character."""

    def __init__(self) -> None:
        self.of_word: dict[str, str] = {}

    def of(self, clause: Worded) -> _Coded:
        whole = unicodedata.normalize("NFKC", f"{clause.heading or ''} {clause.words}").casefold()
        return _Coded("".join(self._character(each) for each in WORDS.findall(whole) or [whole]))

    def _character(self, word: str) -> str:
        # From where no surrogate is: a text has far fewer words than there are characters.
        return self.of_word.setdefault(word, chr(0xE000 + len(self.of_word)))


def _gathered(
    wholes: Sequence[_Coded],
    among: Sequence[int],
    linked: dict[int, list[int]],
    others: Sequence[_Coded],
    parts: Sequence[int],
) -> list[tuple[int, int]]:
    """(whole, part): which of `parts`, linked to nothing yet, are pieces of a whole, each of words of its own."""
    of: dict[int, list[int]] = defaultdict(list)
    for part in parts:
        share, whole = max(((others[part].share_in(wholes[each]), -each) for each in among), default=(0, 0))
        if share >= PART:
            of[-whole].append(part)
    found = []
    for whole, pieces in of.items():
        told = {place for each in linked.get(whole, ()) for place in wholes[whole].covered_by(others[each])}
        covered = {each: wholes[whole].covered_by(others[each]) for each in pieces}
        for each in sorted(pieces, key=lambda piece: (-len(covered[piece]), piece)):
            own = covered[each] - told
            if len(own) >= PIECE and 2 * len(own) >= len(covered[each]):
                found.append((whole, each))
                told |= own
    return found


def _to_the_letter(earlier: Sequence[Worded], later: Sequence[Worded]) -> tuple[dict[int, int], dict[int, int]]:
    """Clauses that stayed as they were; and doubles of one that stayed, which go on in it."""
    olds, news = _by_words(earlier), _by_words(later)
    same: dict[int, int] = {}
    doubled: dict[int, int] = {}
    for words in olds.keys() & news.keys():
        left, free = list(olds[words]), list(news[words])
        if len(left) != len(free):  # which of them stayed? those that kept their number
            for old in list(left):
                number = earlier[old].number
                if (new := next((each for each in free if later[each].number == number), None)) is not None:
                    same[old] = new
                    left.remove(old)
                    free.remove(new)
        same |= dict(zip(left, free, strict=False))
        for old in left[len(free) :]:
            doubled[old] = min(news[words], key=lambda new: abs(new - old))
    return same, doubled


def _by_words(clauses: Sequence[Worded]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for place, each in enumerate(clauses):
        found["\n".join(" ".join(part.split()) for part in (each.heading or "", each.words))].append(place)
    return found


def _longest_rising(values: Sequence[int]) -> set[int]:
    """The most of `values` that are in rising order: what was not moved."""
    ends: list[int] = []  # of the best row of each length, its last value
    before: dict[int, int | None] = {}
    for value in values:
        at = bisect_left(ends, value)
        before[value] = ends[at - 1] if at else None
        ends[at : at + 1] = [value]
    found: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        found.add(last)
        last = before[last]
    return found
