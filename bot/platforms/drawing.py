"""Pictures, drawn once as SVG: a page shows that as it stands, a chat is sent the same as PNG.

resvg turns one into the other: it shapes Arabic, runs both directions of writing, and reads no font but the two pinned
ones, so that a picture is the same on every machine. It ignores an SVG's `direction`; a right-to-left line stands
between isolating marks instead, which browsers read alike. Drawing takes some 20 ms and holds a thread, never the loop.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any, ClassVar

import fontpkg_noto_sans
import fontpkg_noto_sans_arabic
import resvg_py
import segno

from bot.kit.clean import graphemes, shorten
from bot.kit.screen import QR, Bars, Box, Dot, Grid, Picture, Plot
from bot.kit.text import FIRST_STRONG_ISOLATE, POP_ISOLATE, Writer

FONTS = (
    Path(fontpkg_noto_sans.ROOT) / "files" / "NotoSans[wdth,wght].ttf",
    Path(fontpkg_noto_sans_arabic.ROOT) / "files" / "NotoSansArabic[wdth,wght].ttf",
)
FAMILIES = "Noto Sans, Noto Sans Arabic, system-ui, sans-serif"
RIGHT_TO_LEFT_ISOLATE = "\u2067"
WIDTH, EDGE, LABELS, LINE, BAR = 760, 20, 210, 40, 26
LABEL, PART, CAPTION = 22, 34, 60  # graphemes that fit
ROWS = 20  # bars drawn at most; the twin has them all
TIMES, COLUMN, MOST_WIDE = 110, 190, 8  # of a timetable: its first column, the others at least, those drawn at most
TEXT, GAP, PAD = 18, 3, 8  # a line of a box, between two boxes, within one
TITLE_LINES = 3
FIELD, LEAST_RADIUS, MOST_RADIUS = 420, 9, 46  # of a plot: its height, and the dots by how many people they are
NAME, NAME_LINE = 22, 18  # graphemes of a dot's name, and the height of its line
MODULE = 8  # pixels of one module of a QR code
QUIET = 4  # modules around it
SCALE = 2.0  # a telephone's dots for each of ours
INK, SOFT, LINES, PAPER, GROUND = "#14202b", "#52616e", "#d5dde3", "#ffffff", "#f2f5f7"
# What no XML may hold: a name given on the command line has not come through the edge.
UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NO_LETTERS = " \ue000"  # how nothing looks, and how a letter does that no font has
# Each with the colour of the count on it. Told apart by their lightness, too; the counts and the legend name them.
COLOURS = (
    ("#2e7d4f", PAPER),
    ("#8cc6a3", INK),
    ("#0b5c7d", PAPER),
    ("#a9cfe0", INK),
    ("#a4262c", PAPER),
    ("#c9ced3", INK),
    ("#f2b84b", INK),
)


def svg(picture: Picture, writer: Writer) -> str:
    """The picture as one SVG element in the reader's language; `writer`'s dialect is not used."""
    match picture.of:
        case Bars():
            return _Chart(picture, picture.of, Writer(writer.catalogues, writer.reader)).svg()
        case Grid():
            return _Timetable(picture, picture.of, Writer(writer.catalogues, writer.reader)).svg()
        case Plot():
            return _Plot(picture, picture.of, Writer(writer.catalogues, writer.reader)).svg()
        case QR(url):
            return _qr(url)


def png(picture: Picture, writer: Writer) -> bytes:
    """The same as PNG."""
    return _pixels(svg(picture, writer))


async def drawn(picture: Picture, writer: Writer) -> bytes:
    """The same from a thread."""
    return await asyncio.to_thread(png, picture, writer)


def can_draw(letters: str) -> bool:
    """Whether there is a font for each of these letters: where there is none, all of them look the same."""
    frame = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text y="30" font-size="24"'
    one = f'{frame} font-family="{FAMILIES}">%s</text></svg>'
    looks = {_pixels_anew(one % letter) for letter in letters + NO_LETTERS}
    return len(looks) == len(letters) + len(NO_LETTERS)


@lru_cache(maxsize=64)
def _pixels(source: str) -> bytes:
    """Many are often sent one picture."""
    return _pixels_anew(source)


def _pixels_anew(source: str) -> bytes:
    fonts = [str(path) for path in FONTS]
    made = resvg_py.svg_to_bytes(svg_string=source, font_files=fonts, skip_system_fonts=True, zoom=SCALE)
    return bytes(made)


class _Sheet:
    """Something drawn on a sheet of a width. Everything runs from the side where reading begins."""

    named: ClassVar[str]  # what a page's style knows it by

    def __init__(self, picture: Picture, writer: Writer, width: int) -> None:
        self._picture = picture
        self._writer = writer
        self._is_rtl = writer.reader.is_rtl
        self._width = width

    def _framed(self, height: int, inside: Iterator[str]) -> str:
        """All of it, below its caption."""
        shown = [
            f'<rect width="{self._width}" height="{height}" fill="{PAPER}"/>',
            self._text(EDGE, EDGE + 20, self._picture.caption, CAPTION, size=20, weight=700),
            *inside,
        ]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{self.named}" viewBox="0 0 {self._width} {height}"'
            f' width="{self._width}" height="{height}" direction="ltr" font-family="{FAMILIES}">{"".join(shown)}</svg>'
        )

    def _rect(self, x: float, y: float, width: float, fill: str, *, height: float = BAR, drop: int = 0) -> str:
        left = self._width - x - width if self._is_rtl else x
        return f'<rect x="{left}" y="{y + drop}" width="{width}" height="{height}" fill="{fill}"/>'

    def _words(self, value: Any) -> str:
        return " ".join(UNSPEAKABLE.sub("\ufffd", self._writer.plain(value)).split())

    def _text(
        self,
        x: float,
        y: float,
        value: Any,
        most: int,
        *,
        size: int,
        fill: str = INK,
        weight: int = 400,
        anchor: str = "",
    ) -> str:
        words = self._words(value) if not isinstance(value, _Line) else value
        # A person's words come isolated; what isolates them takes no room, and stays where they are cut.
        seen = words.strip(FIRST_STRONG_ISOLATE + POP_ISOLATE)
        words = words.replace(seen, shorten(seen, most)) if seen else words
        if self._is_rtl:
            words, x = f"{RIGHT_TO_LEFT_ISOLATE}{words}{POP_ISOLATE}", self._width - x
        anchor = anchor or ("end" if self._is_rtl else "start")
        return (
            f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{fill}" text-anchor="{anchor}">'
            f"{escape(words, quote=False)}</text>"
        )


class _Line(str):
    """A piece of words that are written already."""


class _Chart(_Sheet):
    """Stacked bars with their counts, a legend below."""

    named = "bars"

    def __init__(self, picture: Picture, bars: Bars, writer: Writer) -> None:
        super().__init__(picture, writer, WIDTH)
        self._bars = bars

    def svg(self) -> str:
        rows = self._bars.rows[:ROWS]
        legend = len(self._bars.parts)
        height = EDGE + LINE + len(rows) * LINE + 12 + -(-legend // 2) * 28 + EDGE
        return self._framed(height, self._inside(rows))

    def _inside(self, rows: Sequence[tuple[Any, tuple[int, ...]]]) -> Iterator[str]:
        yield from self._rows(rows, EDGE + LINE)
        yield from self._legend(EDGE + LINE + len(rows) * LINE + 12)

    def _rows(self, rows: Sequence[tuple[Any, tuple[int, ...]]], top: int) -> Iterator[str]:
        most = max((sum(counts) for _label, counts in rows), default=0) or 1
        room = WIDTH - 2 * EDGE - LABELS
        for number, (label, counts) in enumerate(rows):
            y = top + number * LINE
            yield self._text(EDGE, y + 19, label, LABEL, size=16)
            yield self._rect(EDGE + LABELS, y, room, LINES, height=1, drop=BAR + 5)
            so_far = 0
            for part, count in enumerate(counts):
                if count <= 0:
                    continue
                x, end = (round(EDGE + LABELS + room * each / most) for each in (so_far, so_far + count))
                colour, on = COLOURS[part % len(COLOURS)]
                yield self._rect(x, y, max(end - x - 1, 1), colour)
                if end - x >= 18:
                    middle = (x + end - 1) / 2
                    yield self._text(middle, y + 19, count, 6, size=15, fill=on, anchor="middle")
                so_far += count

    def _legend(self, top: int) -> Iterator[str]:
        half = (WIDTH - 2 * EDGE) // 2
        for number, part in enumerate(self._bars.parts):
            x, y = EDGE + (number % 2) * half, top + (number // 2) * 28
            yield self._rect(x, y + 2, 16, COLOURS[number % len(COLOURS)][0], height=16)
            yield self._text(x + 24, y + 15, part, PART, size=14, fill=SOFT)


class _Timetable(_Sheet):
    """A column a room, a row a time; a box is as high as its rows, and a row as high as the fullest box in it needs."""

    named = "timetable"

    def __init__(self, picture: Picture, grid: Grid, writer: Writer) -> None:
        self._columns = grid.columns[:MOST_WIDE]
        self._column = max(COLUMN, (WIDTH - 2 * EDGE - TIMES) // max(len(self._columns), 1))
        super().__init__(picture, writer, 2 * EDGE + TIMES + self._column * max(len(self._columns), 1))
        self._grid = grid
        self._boxes = [
            (each, self._lines(each)) for each in grid.boxes if each.column is None or each.column < MOST_WIDE
        ]

    def svg(self) -> str:
        tops = [EDGE + 2 * LINE]
        for number in range(len(self._grid.rows)):
            tops.append(tops[-1] + self._height(number))
        return self._framed(tops[-1] + EDGE, self._inside(tops))

    def _inside(self, tops: Sequence[int]) -> Iterator[str]:
        most = self._column // 9
        yield self._text(EDGE, tops[0] - 12, self._grid.corner, 12, size=14, fill=SOFT)
        for number, column in enumerate(self._columns):
            yield self._text(self._left(number) + PAD, tops[0] - 12, column, most, size=15, weight=700)
        for number, row in enumerate(self._grid.rows):
            yield self._rect(EDGE, tops[number], self._width - 2 * EDGE, LINES, height=1)
            yield self._text(EDGE, tops[number] + 22, row, 13, size=14, fill=SOFT)
        for box, lines in self._boxes:
            yield from self._box(box, lines, tops)

    def _box(self, box: Box, lines: Sequence[_Line], tops: Sequence[int]) -> Iterator[str]:
        top, end = tops[box.row], tops[min(box.row + box.rows, len(tops) - 1)]
        fill, ink = COLOURS[box.colour % len(COLOURS)] if box.colour is not None else (GROUND, SOFT)
        left = self._left(box.column or 0)
        width = self._column if box.column is not None else self._column * max(len(self._columns), 1)
        yield self._rect(left, top + GAP, width - GAP, fill, height=end - top - GAP)
        titles = len(lines) - len(box.lines)
        for number, line in enumerate(lines):
            weight = 700 if number < titles and box.colour is not None else 400
            y = top + PAD + 16 + number * TEXT
            yield self._text(left + PAD, y, line, 200, size=14, fill=ink, weight=weight)

    def _left(self, column: int) -> int:
        return EDGE + TIMES + column * self._column

    def _height(self, row: int) -> int:
        """As much as every box in it needs, by its share of rows."""
        needs = [
            -(-(len(lines) * TEXT + 2 * PAD + GAP) // box.rows)
            for box, lines in self._boxes
            if box.row <= row < box.row + box.rows
        ]
        return max([LINE, *needs])

    def _lines(self, box: Box) -> list[_Line]:
        """Its title in a few lines, then what else it says, a line each."""
        wide = self._column if box.column is not None else self._column * max(len(self._columns), 1)
        most = (wide - 2 * PAD) // 8
        title = _wrapped(self._words(box.title), most, TITLE_LINES)
        return [_Line(each) for each in (*title, *(shorten(self._words(line), most) for line in box.lines))]


class _Plot(_Sheet):
    """Dots as large as they are many people, the larger ones behind; outlines above them; then the names."""

    named = "plot"

    def __init__(self, picture: Picture, plot: Plot, writer: Writer) -> None:
        super().__init__(picture, writer, WIDTH)
        self._dots = plot.dots
        self._most = max((each.count for each in plot.dots), default=1) or 1

    def svg(self) -> str:
        return self._framed(EDGE + LINE + FIELD + EDGE, self._inside())

    def _inside(self) -> Iterator[str]:
        top = EDGE + LINE
        yield self._rect(EDGE, top, WIDTH - 2 * EDGE, GROUND, height=FIELD)
        yield self._rect(EDGE, top + FIELD / 2, WIDTH - 2 * EDGE, LINES, height=1)
        yield self._rect(WIDTH / 2, top, 1, LINES, height=FIELD)
        ordered = sorted(self._dots, key=lambda each: (each.colour is None, -each.count))
        for dot in ordered:
            yield self._dot(dot)
        yield from self._names(ordered)

    def _dot(self, dot: Dot) -> str:
        x, y = self._at(dot)
        x = WIDTH - x if self._is_rtl else x
        look = f'fill="none" stroke="{INK}" stroke-dasharray="5 3"'
        if dot.colour is not None:
            look = f'fill="{COLOURS[dot.colour % len(COLOURS)][0]}" stroke="{PAPER}"'
        return f'<circle cx="{x}" cy="{y}" r="{self._radius(dot)}" stroke-width="2" {look}/>'

    def _names(self, ordered: Sequence[Dot]) -> Iterator[str]:
        """Below each dot its name, further down where another's stands already."""
        foot = EDGE + LINE + FIELD - 6
        taken: list[tuple[float, float]] = []
        for dot in ordered:
            x, y = self._at(dot)
            at = y + self._radius(dot) + 16
            for _try in self._dots:
                if not any(abs(x - left) < 150 and abs(at - line) < NAME_LINE for left, line in taken):
                    break
                at += NAME_LINE
            at = min(at, foot)
            taken.append((x, at))
            name = _Line(f"{shorten(self._words(dot.title), NAME)} · {self._words(dot.count)}")
            weight = 400 if dot.colour is None else 700
            drawn = self._text(x, at, name, 200, size=15, weight=weight, anchor="middle")
            # Its letters stand out from whatever line runs behind them.
            yield drawn.replace("<text ", f'<text paint-order="stroke" stroke="{GROUND}" stroke-width="4" ', 1)

    def _radius(self, dot: Dot) -> float:
        """Twice as many people are twice the area."""
        return round(max(LEAST_RADIUS, MOST_RADIUS * math.sqrt(max(dot.count, 0) / self._most)), 1)

    def _at(self, dot: Dot) -> tuple[float, float]:
        """The middle of a dot, so that all of it stands on the field, with room for a name."""
        x, y = (min(max(each, -100), 100) / 100 for each in (dot.x, dot.y))
        wide, high = (WIDTH - 2 * EDGE) / 2 - 90, FIELD / 2 - MOST_RADIUS - 24
        return round(WIDTH / 2 + x * wide, 1), round(EDGE + LINE + FIELD / 2 - y * high, 1)


def _wrapped(words: str, most: int, lines: int) -> list[str]:
    """In lines of `most` graphemes; what does not fit into the last is cut."""
    made = [""]
    for word in words.split():
        longer = f"{made[-1]} {word}".strip()
        if graphemes(longer) <= most or not made[-1] or len(made) == lines:
            made[-1] = longer
        else:
            made.append(word)
    return [shorten(each, most) for each in made]


def _qr(url: str) -> str:
    """Dark modules as one path, a run of a row after the other."""
    rows = [bytes(row) for row in segno.make(url, error="m", micro=False).matrix]
    side = (len(rows) + 2 * QUIET) * MODULE
    path = "".join(
        f"M{(start + QUIET) * MODULE} {(y + QUIET) * MODULE}h{length * MODULE}v{MODULE}h-{length * MODULE}z"
        for y, row in enumerate(rows)
        for start, length in _runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{side}" height="{side}">'
        f'<rect width="{side}" height="{side}" fill="{PAPER}"/>'
        f'<path d="{path}" fill="#000000" shape-rendering="crispEdges"/></svg>'
    )


def _runs(row: bytes) -> Iterator[tuple[int, int]]:
    """Where dark modules begin, and how many there are on end."""
    start = None
    for at, module in enumerate((*row, 0)):
        if module and start is None:
            start = at
        elif not module and start is not None:
            yield start, at - start
            start = None
