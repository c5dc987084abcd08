"""Badges as PDF: ten on an A4 page, each with a name, an organisation, a class, a code and its square.

Run as a process of its own, because a long list takes many seconds: `python -m bot.platforms.badges` reads one question
from its input, a line of JSON, and answers in lines of JSON, as `scheduling.solving` has it. HarfBuzz shapes the text:
Arabic joins and runs right to left, also beside Latin and Cyrillic. The fonts are the two pinned ones; letters of other
scripts are drawn as empty boxes, and the answer counts whose name has some.

Question: {"title", "badges": [{"name", "organisation", "kind", "code", "url"}, …]}. Answer: {"pdf": base64, "pages",
"unknown": how many names have letters that no font has}.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import fontpkg_noto_sans
import fontpkg_noto_sans_arabic
import segno
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import TextMode
from fpdf.fonts import TTFFont

LATIN = Path(fontpkg_noto_sans.ROOT) / "files" / "NotoSans[wdth,wght].ttf"
ARABIC = Path(fontpkg_noto_sans_arabic.ROOT) / "files" / "NotoSansArabic[wdth,wght].ttf"
COLUMNS, ROWS = 2, 5
WIDTH, HEIGHT = 90.0, 54.0  # millimetres: a name badge as shops sell its holder
LEFT, TOP = 15.0, 13.5
EDGE, SQUARE = 4.0, 24.0
QUIET = 2  # modules around a square, whose paper is white anyway
LARGEST, SMALLEST = 19, 8  # points of a name
MARK = "…"
LONGEST = 80  # letters of a line, whatever their width


def draw(
    title: str, badges: Sequence[Mapping[str, str]], report: Callable[[float], None] = lambda done: None
) -> tuple[bytes, int]:
    """The PDF, and its number of pages. `report` is told how much is done, of 1, page by page."""
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(False)
    # As they stand, in their own weight: making a bold one of a variable font takes seconds, drawing its edge none.
    pdf.add_font("latin", fname=LATIN)
    pdf.add_font("arabic", fname=ARABIC)
    pdf.set_fallback_fonts(["arabic"], exact_match=False)
    pdf.set_text_shaping(True)
    pdf.set_title(title)
    on_page = COLUMNS * ROWS
    for number, badge in enumerate(badges):
        place = number % on_page
        if place == 0:
            pdf.add_page()
            report(number / len(badges))
        row, column = divmod(place, COLUMNS)
        _badge(pdf, LEFT + column * WIDTH, TOP + row * HEIGHT, title, badge)
    drawn = bytes(pdf.output()), pdf.pages_count
    for font in pdf.fonts.values():
        if isinstance(font, TTFFont):
            font.close()  # the library leaves its files open
    return drawn


def _badge(pdf: FPDF, left: float, top: float, title: str, badge: Mapping[str, str]) -> None:
    pdf.set_draw_color(200, 206, 211)
    pdf.rect(left, top, WIDTH, HEIGHT)
    inside = WIDTH - 2 * EDGE
    pdf.set_text_color(82, 97, 110)
    _line(pdf, title, left + EDGE, top + 3.5, inside, 5, 9)
    pdf.set_text_color(20, 32, 43)
    _name(pdf, badge["name"], left + EDGE, top + 9.5, inside)
    beside = inside - SQUARE - 2
    low = top + HEIGHT - EDGE - SQUARE
    _line(pdf, badge["organisation"], left + EDGE, low + 1, beside, 6, 11)
    pdf.set_text_color(82, 97, 110)
    _line(pdf, badge["kind"], left + EDGE, low + 7.5, beside, 5, 9)
    pdf.set_text_color(20, 32, 43)
    _line(pdf, " ".join(badge["code"]), left + EDGE, low + 15, beside, 8, 15, is_bold=True)
    _square(pdf, badge["url"], left + WIDTH - EDGE - SQUARE, low)


def _name(pdf: FPDF, name: str, left: float, top: float, width: float) -> None:
    """In one line as large as it fits, else in two."""
    lines = [name]
    if not _fits(pdf, name, width, 12):
        words = name.split(" ")
        middle = min(range(len(words) + 1), key=lambda cut: abs(len(" ".join(words[:cut])) - len(name) / 2))
        lines = [each for each in (" ".join(words[:middle]), " ".join(words[middle:])) if each]
    size = LARGEST if len(lines) == 1 else 15
    while size > SMALLEST and not all(_fits(pdf, each, width, size) for each in lines):
        size -= 1
    high = 14.0 / len(lines)
    for number, each in enumerate(lines):
        _line(pdf, each, left, top + number * high, width, high, size, is_bold=True)


def _fits(pdf: FPDF, text: str, width: float, size: float) -> bool:
    pdf.set_font("latin", size=size)
    return bool(pdf.get_string_width(text) <= width - 2 * pdf.c_margin)


def _line(
    pdf: FPDF, text: str, left: float, top: float, width: float, high: float, size: float, *, is_bold: bool = False
) -> None:
    """From the side where its reading begins; what does not fit is cut."""
    pdf.set_font("latin", size=size)
    text, room = text[:LONGEST], width - 2 * pdf.c_margin
    if pdf.get_string_width(text) > room:
        while text and pdf.get_string_width(text + MARK) > room:
            text = text[:-1]
        text = text.rstrip() + MARK
    pdf.set_xy(left, top)
    ink = pdf.text_color
    with pdf.local_context(
        text_mode=TextMode.FILL_STROKE if is_bold else TextMode.FILL, line_width=0.02 * size, draw_color=ink
    ):
        pdf.cell(width, high, text, align="R" if _is_rtl(text) else "L")


def _is_rtl(text: str) -> bool:
    first = next((sign for sign in text if sign.isalpha()), "")
    return "\u0590" <= first <= "\u08ff" or "\ufb1d" <= first <= "\ufefc"


def _square(pdf: FPDF, url: str, left: float, top: float) -> None:
    rows = [bytes(row) for row in segno.make(url, error="m").matrix]
    module = SQUARE / (len(rows) + 2 * QUIET)
    pdf.set_fill_color(0, 0, 0)
    for y, row in enumerate(rows):
        for start, length in _runs(row):
            pdf.rect(left + (QUIET + start) * module, top + (QUIET + y) * module, length * module, module, style="F")


def _runs(row: bytes) -> Iterator[tuple[int, int]]:
    start = None
    for at, dark in enumerate([*row, 0]):
        if dark and start is None:
            start = at
        elif not dark and start is not None:
            yield start, at - start
            start = None


def unknown(names: Sequence[str]) -> int:
    """How many of these have letters that neither font has."""
    known: set[int] = set()
    for path in (LATIN, ARABIC):
        with TTFont(path, lazy=True) as font:
            known |= set(font.getBestCmap())
    return sum(any(ord(sign) not in known and not sign.isspace() for sign in name) for name in names)


def main() -> None:
    """One question, one answer."""
    question: dict[str, Any] = json.loads(sys.stdin.readline())
    pdf, pages = draw(question["title"], question["badges"], lambda done: _say({"done": done, "doing": "badges"}))
    names = [each["name"] for each in question["badges"]]
    _say({"result": {"pdf": base64.b64encode(pdf).decode(), "pages": pages, "unknown": unknown(names)}})


def _say(what: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
