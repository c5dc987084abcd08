"""A text read into numbered clauses.

Offices number in many ways: `3.2`, `Article 5`, `§ 7`, `(4)`, `المادة ٣`. A line begins a clause where its number goes
on from the one before, so that a list inside a clause, or a number that a line of prose happens to begin with, stays
where it is. A text whose headings bear no numbers gets them by its headings, one without headings by its paragraphs. No
word is lost: what stands before the first number is clause 0. Whoever put the text in looks at what came of it before
anybody else does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

LONGEST_TEXT = 400_000  # characters: some 150 pages
LONGEST_CLAUSE = 3000  # characters; a longer one is cut where a paragraph or a sentence ends
MOST_CLAUSES = 800


class Fault(StrEnum):
    """Why a text could not be read."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"  # clauses
    NO_DOCUMENT = "no_document"  # it is not what its name says, or it is damaged


class Unreadable(Exception):
    """The text could not be read; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True)
class Passage:
    """One clause as it is read: what people call it, its heading, and its words, which are never empty."""

    number: str
    heading: str | None
    words: str


def read(text: str) -> tuple[Passage, ...]:
    """The clauses of a text in reading order, no two of one number. A line that begins with `#` is a heading.

    Raises Unreadable.
    """
    if len(text) > LONGEST_TEXT:
        raise Unreadable(Fault.TOO_LONG)
    lines = _lines(text)
    if not lines:
        raise Unreadable(Fault.EMPTY)
    headings = sum(1 for each in lines if each.level and _start(each) is None)
    numbered = _by_numbers(lines, by_heading=sum(_is_numbered_heading(each) for each in lines) > 1)
    if sum(1 for each in numbered if each.number is not None) < max(1, headings):
        numbered = _by_headings(lines) if headings else _by_paragraphs(lines)
    passages = tuple(each for clause in numbered for each in clause.passages())
    if len(passages) > MOST_CLAUSES:
        raise Unreadable(Fault.TOO_MANY)
    return passages


@dataclass(frozen=True)
class _Line:
    text: str
    level: int = 0  # of a heading, from 1; 0: none
    opens: bool = False  # a paragraph begins with it
    is_indented: bool = False


@dataclass
class _Clause:
    number: str | None = None
    headings: list[str] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)

    def passages(self) -> Iterable[Passage]:
        heading, words = " – ".join(self.headings), _flowing(self.lines)
        if not words:
            heading, words = "", heading
        for place, part in enumerate(_cut(words)):
            number = self.number or "0"
            yield Passage(
                number if place == 0 else f"{number} ({place + 1})", heading or None if place == 0 else None, part
            )


def _lines(text: str) -> list[_Line]:
    found: list[_Line] = []
    opens = True
    for each in text.expandtabs(4).splitlines():
        stripped = each.strip()
        if not stripped:
            opens = True
            continue
        heading = re.match(r"(#{1,6})\s+(.*)$", stripped)
        if heading and (title := heading[2].rstrip("# ")):
            found.append(_Line(title, len(heading[1]), opens=True))
            opens = True
        else:
            found.append(_Line(stripped, opens=opens, is_indented=each[:2] == "  "))
            opens = False
    return found


# Numbers as they are written

# These are called by their number alone; a paragraph inside is numbered under it.
_ARTICLE = r"article|art\.?|clause|section|sec\.?|rule|regulation|§|alinéa|règle|المادة|مادة|البند|بند|القاعدة"
# These keep their name, because their numbers are others'; what is numbered in an annex begins anew.
_DIVISION = r"part|chapter|title|partie|chapitre|titre|الباب|الفصل|الجزء"
_ANNEX = r"annex|annexe|schedule|appendix|appendice|الملحق|ملحق"
_ONE = r"\d{1,3}(?:\s?(?:bis|ter|quater)\b|[a-zA-Z]\b)?"
_BARE = re.compile(rf"(\()?({_ONE}(?:\.{_ONE}){{0,5}})([.)\]:]+|\s*[-–—](?=\s)|(?=\s|$))\s*(.*)$", re.DOTALL)
_LABEL = re.compile(
    rf"(?:(?P<article>{_ARTICLE})|(?P<division>{_DIVISION})|(?P<annex>{_ANNEX}))"
    rf"\s*(?P<number>{_ONE}|[IVXLC]{{1,7}}\b|[A-Z]\b)?(?P<end>\s*[.):–—-]+(?=\s|$)|(?=\s|$))\s*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
Path = tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class _Start:
    """What a line may begin: `name` for what keeps its name, else its place in the order of numbers."""

    rest: str
    path: Path = ()
    name: str | None = None
    is_article: bool = False
    is_annex: bool = False


def _start(line: _Line) -> _Start | None:
    if label := _LABEL.match(line.text):
        return _labelled(line, label)
    bare = _BARE.match(line.text)
    if bare is None or (bare[1] and not bare[3].startswith(")")):
        return None
    path = tuple(_ordinal(each) for each in bare[2].split("."))
    # `12 parcels arrived` begins no clause; `3.2 Parcels` does, and so does the heading `12 Parcels`.
    if len(path) == 1 and (line.is_indented or not (bare[3] or line.level)):
        return None
    return _Start(bare[4], path)


def _labelled(line: _Line, label: re.Match[str]) -> _Start | None:
    number, rest = label["number"], label["rest"]
    ends = bool(label["end"].strip()) or not rest
    # In prose, too, a line may begin with “Article 5 of this law”.
    if not ends and not (line.level or (line.opens and _is_title(rest) and rest[:1] == rest[:1].upper())):
        return None
    if label["article"]:
        if number is None or not number[0].isdigit():
            return None
        return _Start(rest, (_ordinal(number),), is_article=True)
    if number is None and not (label["annex"] and ends):
        return None
    name = _ascii(line.text[: label.end("number") if number else label.end("annex")]).strip()
    return _Start(rest, name=name, is_annex=label["annex"] is not None)


def _ordinal(written: str) -> tuple[int, str]:
    found = re.match(r"\d+", written)
    assert found is not None  # noqa: S101  a number begins with digits
    return int(found[0]), written[found.end() :].strip().casefold()


def _ascii(written: str) -> str:
    return "".join(str(unicodedata.digit(each)) if each.isdigit() else each for each in written)


def _dotted(path: Path) -> str:
    return ".".join(f"{number}{f' {suffix}' if len(suffix) > 1 else suffix}" for number, suffix in path)


GAP = 3  # repealed clauses leave gaps in the numbers
LABELLED_GAP = 50


def _goes_on(last: Path, path: Path, gap: int) -> bool:
    """Whether a number may come next: the first of a deeper level, or a later one of the same or a higher."""
    common = 0
    while common < min(len(last), len(path)) and last[common] == path[common]:
        common += 1
    if common == len(path):
        return False
    deeper = path[common + 1 :]
    if any(number > 1 for number, _suffix in deeper):
        return False
    if common == len(last):
        return path[common][0] <= 1
    return last[common] < path[common] and path[common][0] - last[common][0] <= gap


# Three ways to number


def _is_numbered_heading(line: _Line) -> bool:
    start = _start(line) if line.level else None
    return start is not None and len(start.path) == 1 and not start.is_article


class _ByNumbers:
    """`by_heading`: clauses have headings, so what is numbered 1, 2, 3 below one is a list."""

    def __init__(self, *, by_heading: bool) -> None:
        self.by_heading = by_heading
        self.clauses = [_Clause()]
        self.seen = {"0"}  # what stands before the first number
        self.division = ""  # the annex that numbers stand in
        self.article: Path = ()  # the last one
        self.under: Path = ()  # what paragraphs are numbered under
        self.last: Path = ()  # of the paragraphs
        self.waiting: list[str] = []  # headings without a number: they belong to what follows

    def take(self, line: _Line) -> None:
        start = _start(line)
        number = self._number(start, is_heading=line.level > 0) if start else None
        if start is not None and number is not None:
            self.seen.add(number)
            self.clauses.append(_Clause(number, self.waiting, []))
            self.waiting = []
            if start.rest:
                self._text(_Line(start.rest, line.level, opens=True))
        else:
            self._text(line)

    def _text(self, line: _Line) -> None:
        clause = self.clauses[-1]
        if line.level and (clause.lines or clause.number is None):
            self.waiting.append(line.text)
        elif line.level:
            clause.headings.append(line.text)
        else:
            if self.waiting:  # text between a heading and the first number under it
                clause.lines += [_Line(each, opens=True) for each in self.waiting]
                self.waiting = []
            clause.lines.append(line)

    def _number(self, start: _Start, *, is_heading: bool) -> str | None:
        if start.name is not None:
            if start.name in self.seen:
                return None
            if start.is_annex:
                self.division, self.article, self.under, self.last = start.name, (), (), ()
            return start.name
        if start.is_article:
            if self.article and not _goes_on(self.article, start.path, LABELLED_GAP):
                return None
            number = self._called(start.path)
            if number not in self.seen:
                self.article, self.under, self.last = start.path, start.path, ()
                return number
            return None
        path = start.path
        if self.by_heading and len(path) == 1 and not is_heading:
            return None
        if self.under and len(path) > 1 and path[:1] == self.under:
            path = path[1:]
        is_first = not (self.last or self.under or self.division)
        if not is_first and not _goes_on(self.last, path, GAP):
            return None
        number = self._called(self.under + path)
        if number in self.seen:
            return None
        self.last = path
        return number

    def _called(self, path: Path) -> str:
        return f"{self.division}.{_dotted(path)}" if self.division else _dotted(path)

    def end(self) -> list[_Clause]:
        if self.waiting:
            self.clauses[-1].lines += [_Line(each, opens=True) for each in self.waiting]
        return [_titled(each) for each in self.clauses if each.lines or each.headings or each.number]


def _by_numbers(lines: Sequence[_Line], *, by_heading: bool) -> list[_Clause]:
    reader = _ByNumbers(by_heading=by_heading)
    for each in lines:
        reader.take(each)
    return reader.end()


def _titled(clause: _Clause) -> _Clause:
    """A short first line without an end is the heading of what follows it."""
    first, second = (clause.lines[0].text, clause.lines[1].text) if len(clause.lines) > 1 else ("", "")
    if clause.number is not None and second and _is_title(first) and not second[0].islower():
        return _Clause(clause.number, [*clause.headings, clause.lines[0].text], clause.lines[1:])
    return clause


def _is_title(text: str) -> bool:
    return len(text) <= 100 and CELLS not in text and not re.search(r"[.;:,،؛。]$|[.!?؟] ", text)


def _by_headings(lines: Sequence[_Line]) -> list[_Clause]:
    levels = [each.level for each in lines if each.level]
    title = lines[0].level if lines[0].level and levels.count(lines[0].level) == 1 and len(levels) > 1 else None
    ranks = sorted({each for each in levels if each != title})
    counts: list[int] = []
    clauses = [_Clause()]
    for each in lines:
        if each.level and each.level != title:
            rank = ranks.index(each.level)
            counts = [*counts[:rank], *[1] * (rank - len(counts)), (counts[rank] if rank < len(counts) else 0) + 1]
            clauses.append(_Clause(".".join(map(str, counts)), [each.text]))
        else:
            clauses[-1].lines.append(_Line(each.text, opens=each.opens))
    return [each for each in clauses if each.lines or each.headings]


def _by_paragraphs(lines: Sequence[_Line]) -> list[_Clause]:
    clauses: list[_Clause] = []
    for each in lines:
        if each.opens or not clauses:
            clauses.append(_Clause(str(len(clauses) + 1)))
        clauses[-1].lines.append(each)
    return clauses


# Words

_ITEM = re.compile(r"[-*•–—]\s|\(?\w{1,4}[.)]\s")
CELLS = " | "  # a line of a table
WRAPPED = 45  # a line shorter than this was ended on purpose


def _flowing(lines: Sequence[_Line]) -> str:
    """The lines as paragraphs and items, without the breaks that a page put in."""
    words = ""
    before = 0
    for each in lines:
        if not words:
            words = each.text
        elif each.opens:
            words += f"\n\n{each.text}"
        else:
            is_whole = CELLS in each.text or (before < WRAPPED and not each.text[0].islower())
            words += f"\n{each.text}" if is_whole or _ITEM.match(each.text) else f" {each.text}"
        before = len(each.text)
    return words


def _cut(words: str) -> list[str]:
    parts = []
    while len(words) > LONGEST_CLAUSE:
        room = words[:LONGEST_CLAUSE]
        ends = (room.rfind("\n\n"), room.rfind("\n"), room.rfind(". ") + 1, room.rfind(" "))
        at = next((each for each in ends if each > LONGEST_CLAUSE // 3), LONGEST_CLAUSE)
        parts.append(words[:at].rstrip())
        words = words[at:].lstrip()
    return [each for each in (*parts, words) if each]
