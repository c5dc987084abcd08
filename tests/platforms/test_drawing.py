"""Pictures: whatever their words, an SVG that is well-formed and stays within its frame, and a PNG of every one."""

from __future__ import annotations

import struct
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings

from bot.kit.events import Answer
from bot.kit.screen import QR, Bars, Dot, Picture, Plot, Screen, from_json, to_json, twin
from bot.kit.text import CATALOGUES, Catalogues, Code, Raw, Reader, Writer, _
from bot.platforms import drawing
from bot.platforms.slack import draw as slack
from bot.platforms.telegram.draw import CAPTION
from bot.platforms.telegram.draw import draw as telegram
from bot.platforms.telegram.html import plain
from bot.platforms.web.draw import Drawer

from .slack import shapes

WORDS = Catalogues(CATALOGUES)
READERS = {language: Writer(WORDS, Reader(language, "Africa/Tunis")) for language in ("en", "ar")}
PLAN = Picture(
    _("Home"),
    Bars((_("Done"), _("Help")), ((Raw("Haddad & Fils <b>"), (3, 1)), (Raw("شركة ألبان الساحل", "ar"), (0, 0)))),
)
SVG = "{http://www.w3.org/2000/svg}"


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return int(width), int(height)


@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(shapes.pictures)
def test_any_picture_is_drawn_within_its_frame(picture: Picture) -> None:
    for writer in READERS.values():
        drawn = ElementTree.fromstring(drawing.svg(picture, writer))  # noqa: S314  our own
        width, height = (float(drawn.attrib[name]) for name in ("width", "height"))
        for each in drawn.iter(f"{SVG}rect"):
            x, y, across = (float(each.attrib.get(name, 0)) for name in ("x", "y", "width"))
            assert x >= 0 and x + across <= width + 0.5 and 0 <= y <= height
    assert size(drawing.png(picture, READERS["ar"])) == (width * drawing.SCALE, height * drawing.SCALE)


def test_arabic_is_drawn_from_the_right_and_with_its_letters_joined() -> None:
    bars = ElementTree.fromstring(drawing.svg(PLAN, READERS["ar"])).findall(f"{SVG}rect")  # noqa: S314
    first = next(each for each in bars if each.attrib["fill"] == drawing.COLOURS[0][0])
    assert float(first.attrib["x"]) + float(first.attrib["width"]) == drawing.WIDTH - drawing.EDGE - drawing.LABELS
    joined, apart = (
        drawing._pixels(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><text y="30" font-size="24"'
            f' font-family="{drawing.FAMILIES}">{words}</text></svg>'
        )
        for words in ("سلم", "س\u200cل\u200cم")
    )
    assert joined != apart, "a joiner that forbids joining changes the picture, so letters are joined without it"


def test_every_door_tells_a_picture_in_words_too() -> None:
    answer = Answer(screen=from_json(to_json(Screen(_("Help"), pictures=(PLAN,)))))
    writer = READERS["en"]
    told = [writer.plain(each) for each in twin(PLAN)]
    photo = telegram(answer, writer)[-1]
    assert photo[0] == "sendPhoto" and photo[1]["photo"] == PLAN
    assert all(line in plain(photo[1]["caption"]) for line in told) and len(plain(photo[1]["caption"])) <= CAPTION
    assert all(line in slack.message(answer, writer, "https://x/")["text"] for line in ("Haddad &amp; Fils", "Done 3"))
    home = str(slack.home(answer, writer, "https://x/")["blocks"])
    assert "Done 3" in home
    page = Drawer(WORDS).answer(answer, writer.reader, csrf="c", menu=[], file_url=str, typed={})
    assert "<svg " in page and "Haddad &amp; Fils &lt;b&gt;" in page and "Done 3" in page


@pytest.mark.parametrize("url", ["https://parley.example/", "https://parley.example/calendar/" + "x" * 200 + ".ics"])
def test_a_square_is_an_address_and_says_it(url: str) -> None:
    picture = Picture(_("Home"), QR(url))
    assert size(drawing.png(picture, READERS["en"]))[0] > 300
    assert url in READERS["en"].plain(twin(picture)[0])
    assert drawing.svg(picture, READERS["en"]) != drawing.svg(Picture(_("Home"), QR(url + "?")), READERS["en"])


def test_what_a_person_called_something_is_never_markup() -> None:
    evil = Picture(_("Home"), Bars((_("Done"),), ((Raw("</text><script>x</script>"), (1,)), (Code("&amp;<"), (2,)))))
    drawn = drawing.svg(evil, READERS["en"])
    assert "<script" not in drawn and ElementTree.fromstring(drawn) is not None  # noqa: S314


def test_a_name_that_fits_is_not_cut_for_what_isolates_it() -> None:
    name = "Transit Haddad & Fils."
    assert len(name) == drawing.LABEL
    bars = Bars((_("Done"),), ((Raw(name), (3,)), (Raw(f"{name}."), (1,))))
    for writer in READERS.values():
        drawn = drawing.svg(Picture(_("Home"), bars), writer)
        assert "Haddad &amp; Fils.\u2069" in drawn and "Haddad &amp; Fils…\u2069" in drawn


def test_dots_stand_where_they_are_alike_and_as_large_as_they_are_many() -> None:
    dots = (
        Dot(_("Done"), 40, -100, 0, 0),
        Dot(_("Send"), 10, 100, 100, 1),
        Dot(_("Help"), 10, 100, 60, 2),
        Dot(_("Home"), 5, -100, -100),
    )
    picture = Picture(_("Home"), Plot(dots))
    told = [READERS["en"].plain(each) for each in twin(picture)]
    assert told[1] == "Send: 10 people, nearest to Help" and told[3] == "Home: 5 people"
    for language, side in (("en", 1), ("ar", -1)):
        drawn = ElementTree.fromstring(drawing.svg(picture, READERS[language]))  # noqa: S314  our own
        circles = [{name: each.get(name) for name in ("cx", "cy", "r", "fill")} for each in drawn.iter(f"{SVG}circle")]
        first, second, _third, outline = circles
        assert side * (float(second["cx"] or 0) - float(first["cx"] or 0)) > 0 and outline["fill"] == "none"
        assert float(first["r"] or 0) == pytest.approx(2 * float(second["r"] or 0), abs=0.1)  # four times the people
        for each in circles:
            x, y, r = (float(each[name] or 0) for name in ("cx", "cy", "r"))
            assert r <= x <= drawing.WIDTH - r and r <= y <= float(drawn.attrib["height"]) - r
