"""What went out of somebody's words and what came in, on every door: to the letter, marked by more than a colour."""

from __future__ import annotations

import pytest

from bot.kit.events import Answer
from bot.kit.screen import Fact, Quote, Row, Screen, from_json, to_json
from bot.kit.text import CATALOGUES, Catalogues, Difference, Reader, Writer, _, without_isolates
from bot.platforms.email.draw import Ways
from bot.platforms.email.draw import draw as mail
from bot.platforms.slack import draw as slack
from bot.platforms.telegram.draw import draw as telegram
from bot.platforms.telegram.html import WORD_JOINER
from bot.platforms.web.draw import Drawer
from tests.fakes.slack.check import check_message, walk
from tests.fakes.telegram.check import check_parameters, formatted

WORDS = Catalogues(CATALOGUES)
WRITER = Writer(WORDS, Reader("en", "Africa/Tunis"))
CHANGE = Difference("A fee of <b>five</b> euros.", "A fee of six *new* euros & more.", "fr")
SCREEN = Screen(_("Help"), (Quote(CHANGE, label=_("Home")),), (Fact(_("Home"), CHANGE),), (Row(CHANGE),))
ANSWER = Answer(screen=from_json(to_json(SCREEN)))


def test_where_there_is_no_markup_signs_say_it() -> None:
    assert without_isolates(WRITER.plain(Difference("five euros", "six euros"))) == "[-five-] {+six+} euros"
    assert without_isolates(WRITER.plain(Difference("the same", "the same"))) == "the same"


def test_telegram_strikes_through_and_underlines() -> None:
    [(method, parameters)] = telegram(ANSWER, WRITER)
    check_parameters(method, {"chat_id": 1} | parameters)
    text, entities = formatted(method, parameters, "text")
    units = text.encode("utf-16-le")

    def marked(kind: str) -> list[str]:
        found = (each for each in entities if each.type == kind)
        return [
            units[2 * each.offset : 2 * (each.offset + each.length)].decode("utf-16-le").replace(WORD_JOINER, "")
            for each in found
        ]

    assert marked("strikethrough") == ["<b>five</b>"] * 3 and marked("underline")[:2] == ["six *new*", " & more"]
    assert "Written in French" in without_isolates(text)


def test_slack_strikes_through_and_writes_bold_whatever_the_length() -> None:
    long = Difference("A clause that stays. " * 400 + "It went.", "A clause that stays. " * 400 + "It came.")
    for screen in (ANSWER.screen, Screen(_("Help"), (Quote(long),))):
        message = slack.message(Answer(screen=screen), WRITER, "https://parley.example")
        check_message(message)
        texts = [each for each, _where in walk(message["blocks"]) if each.get("type") == "text"]
        gone = {each["text"] for each in texts if each.get("style", {}).get("strike")}
        come = {each["text"] for each in texts if each.get("style") == {"bold": True}}
        assert gone in ({"<b>five</b>"}, {"went"}) and come & {"six *new*", "came"}


def test_a_page_and_a_mail_mark_it_as_html_does() -> None:
    page = Drawer(WORDS).answer(ANSWER, WRITER.reader, csrf="c", menu=[], file_url=str, typed={})
    letter = mail(ANSWER, WRITER, Ways(lambda button: None))
    for html in (page, letter.html):
        assert "<del>&lt;b&gt;five&lt;/b&gt;</del> <ins>six *new*</ins>" in html and "<ins> &amp; more</ins>" in html
    assert '<blockquote dir="auto" lang="fr">' in page
    assert "> \u2068A fee of [-<b>five</b>-] {+six *new*+} euros{+ & more+}." in letter.plain


@pytest.mark.parametrize("field", ["heading", "body"])
def test_a_difference_is_stored_and_read_again(field: str) -> None:
    screen = Screen(CHANGE) if field == "heading" else Screen(_("Help"), (CHANGE,))
    assert from_json(to_json(screen)) == screen
