"""Badges, read back out of the PDF: letters in their order, one page for ten."""

from __future__ import annotations

import re
import zlib

from bot.platforms.badges import draw, unknown

ARABIC, CYRILLIC = "محمد العربي", "Дмитрий Йовић"


def badge(name: str, **more: str) -> dict[str, str]:
    url = "https://parley.example/at/ABCDEF"
    return {"name": name, "organisation": "Sodal", "kind": "Trade", "code": "ABCDEF", "url": url} | more


def mapped(pdf: bytes) -> set[str]:
    """Every letter that some glyph of the PDF stands for, by the tables that copying and searching use."""
    found: set[str] = set()
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            stream = zlib.decompress(packed)
        except zlib.error:
            stream = packed
        if b"beginbfchar" in stream or b"beginbfrange" in stream:
            for code in re.findall(rb"<[0-9A-Fa-f]+> <([0-9A-Fa-f]+)>", stream):
                found |= set(bytes.fromhex(code.decode()).decode("utf-16-be", "replace"))
    return found


def test_arabic_and_cyrillic_are_there_and_eleven_need_two_pages() -> None:
    seen: list[float] = []
    pdf, pages = draw(
        "Clearance", [badge(ARABIC), badge(CYRILLIC), *(badge(f"Guest {n}") for n in range(9))], seen.append
    )
    assert pages == 2 and seen == [0, 10 / 11]
    assert set(CYRILLIC.replace(" ", "")) <= mapped(pdf)
    assert set(ARABIC.replace(" ", "")) <= mapped(pdf)


def test_any_name_fits_somehow() -> None:
    names = ["", "x", "W" * 400, "ا" * 400, "a b " * 60, "\u200f\u202e", "e\u0301" * 9]
    assert draw("A", [badge(each, organisation=each) for each in names])[1] == 1


def test_what_no_font_has_is_counted() -> None:
    assert unknown([ARABIC, CYRILLIC, "Łukasz Nguyễn", "山田 太郎", ""]) == 1
