"""Whatever is to be shown fits into Slack, says everything or says that it does not, and is never markup."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bot.kit.events import Answer
from bot.kit.forms import FieldKind, FieldView, FormView
from bot.kit.screen import Attachment, Button, Fact, Progress, Quote, Row, Screen, Table
from bot.kit.text import Code, Raw, When, Writer, _, without_isolates
from bot.platforms.slack import draw
from bot.platforms.slack.fields import options_of
from tests.fakes.slack.check import CHARACTERS_IN_MESSAGE, characters, check_message, check_options, check_view, walk
from tests.fakes.slack.markup import marks_in, shown

from . import shapes
from .shapes import CORPUS, NOON, writers

PAGE = "https://parley.example"
NAMED = writers()
ENGLISH: Writer = NAMED[0][1]
OURS = {"bold", "italic", "date", "link", "strike"}
calm = settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
everyone = pytest.mark.parametrize("writer", [writer for _name, writer in NAMED], ids=[name for name, _w in NAMED])


def read(blocks: list[dict[str, Any]]) -> str:
    return without_isolates(shown(blocks))


def said(screen: Screen, writer: Writer = ENGLISH) -> dict[str, Any]:
    message = draw.message(Answer(screen=screen), writer, PAGE)
    check_message(message)
    return message


def view(form: FormView) -> dict[str, Any]:
    drawn = draw.modal(form, ENGLISH, PAGE, about={})
    check_view(drawn, "modal")
    return drawn


@pytest.mark.promise("hostile.properties", "Slack takes every screen and form, whatever people write in it.")
@everyone
@calm
@given(screen=shapes.screens)
def test_every_screen_is_a_message_a_home_tab_and_a_modal(writer: Writer, screen: Screen) -> None:
    answer = Answer(screen=screen, notice=_("Already done."))
    message = draw.message(answer, writer, PAGE, repeated=True)
    check_message(message)
    assert message["text"] and len(message["text"]) <= 5 * draw.SUMMARY
    check_view(draw.home(answer, writer, PAGE), "home")
    check_view(draw.home(answer, writer, PAGE, is_inside=True), "home")
    check_view(draw.closing(answer, writer, PAGE), "modal")
    assert characters(message["blocks"]) <= CHARACTERS_IN_MESSAGE
    assert {mark.kind for mark in marks_in(message)} <= OURS
    assert {mark.text for mark in marks_in(message) if mark.kind == "link"} <= {
        PAGE,
        "https://parley.example/a?b=c&d=e",
    }
    buttons = [each for each in screen.buttons if each.handle or each.url][:25]
    assert len([item for item, _at in walk(message["blocks"]) if item.get("type") == "button"]) >= len(buttons)


def test_the_way_home_has_its_place_below_a_long_list() -> None:
    long = Screen(_("Long"), rows=tuple(Row(Raw(str(number))) for number in range(120)))
    drawn = draw.home(Answer(screen=long), ENGLISH, PAGE, is_inside=True)
    check_view(drawn, "home")
    assert drawn["blocks"][-1]["elements"][0]["text"]["text"] == "Home"


@everyone
@calm
@given(form=shapes.forms())
def test_every_form_is_a_modal_and_a_message(writer: Writer, form: FormView) -> None:
    modal = draw.modal(form, writer, PAGE, notice=_("You had begun this."), about={"from": "home"})
    check_view(modal, "modal")
    inputs = [block["block_id"] for block in modal["blocks"] if block["type"] == "input"]
    assert inputs == [field.name for field in form.fields]
    assert json.loads(modal["private_metadata"])["token"] == form.token
    message = draw.message(Answer(form=form), writer, PAGE)
    check_message(message)
    check_view(draw.home(Answer(form=form), writer, PAGE), "home")
    assert {mark.kind for mark in [*marks_in(message), *marks_in(modal)]} <= OURS


@calm
@given(form=shapes.forms())
def test_what_a_look_up_offers_is_taken(form: FormView) -> None:
    for field in form.fields:
        check_options({"options": options_of(list(field.options), ENGLISH)})


@pytest.mark.promise("threat.20", "No mention, link or format of a person's reaches Slack.")
@pytest.mark.parametrize("words", CORPUS)
def test_what_a_person_wrote_is_shown_as_it_stands(words: str) -> None:
    screen = Screen(
        _("News of {what}", what=words),
        (Raw(words), Quote(Raw(words)), _("Said: {words}.", words=words)),
        (Fact(_("Words"), words),),
        (Row(Raw(words), Raw(words), (Button(Raw(words), "a.b", handle="1"),)), Row(Raw(words))),
        Table(_("All of it"), (_("Words"),), ((words,),)),
        (Attachment(1, words, None),),
        (Button(Raw(words), "a.b", handle="2"),),
    )
    message = said(screen)
    assert {mark.kind for mark in marks_in(message)} <= {"bold", "italic"}
    literal = words.translate(dict.fromkeys(map(ord, "\x01\x02\x03\x0e\x0f"))).replace("\u2066", "").strip()
    for line in literal.splitlines():
        assert read(message["blocks"]).count(line) >= 5
    assert "<" not in message["text"] and ">" not in message["text"]


def test_an_instant_is_shown_by_slack_in_its_readers_zone_and_in_words_elsewhere() -> None:
    message = said(Screen(_("Due"), (_("We answer by {when}.", when=When(NOON, venue="Asia/Tokyo")),)))
    (date,) = [item for item, _at in walk(message["blocks"]) if item.get("type") == "date"]
    assert date["timestamp"] == int(NOON.timestamp())
    assert date["format"] == "{date_long_pretty} {time}"
    assert without_isolates(date["fallback"]) == "Monday 23 November 2026 13:00 (Tunis)"
    assert "13:00 (Tunis)" in message["text"] and "(21:00, Tokyo)" in message["text"]
    day = said(Screen(_("Due"), (When(NOON, day_only=True),)))
    assert [item["format"] for item, _at in walk(day["blocks"]) if item.get("type") == "date"] == ["{date_long_pretty}"]


def test_nothing_is_left_out_without_a_word() -> None:
    note = "This is shortened. All of it is on your page."
    whole = said(Screen(_("Short"), (Raw("x" * 2990),)))
    assert note not in read(whole["blocks"])
    long = said(Screen(_("Long"), tuple(Raw("y" * 2990) for _number in range(9))))
    assert note in read(long["blocks"])
    rows = tuple(Row(Raw(f"row {number}"), None, (Button(_("Open"), "a", handle="1"),) * 2) for number in range(60))
    listed = said(Screen(_("List"), rows=rows, buttons=(Button(_("Home"), "a.b", handle="9"),)))
    assert note in read(listed["blocks"]) and read(listed["blocks"]).endswith("[Home]")
    table = Table(_("Table"), (_("A"), _("B")), tuple((str(n), "z" * 280) for n in range(150)))
    assert note in read(said(Screen(_("Table"), table=table))["blocks"])


def test_long_words_of_a_person_are_kept_in_pieces() -> None:
    words = " ".join(f"word{number}" for number in range(1000))
    drawn = read(said(Screen(_("Long"), (Quote(Raw(words)),)))["blocks"])
    assert drawn.replace("\n", " ") == f"Long {words}"


def test_a_heading_is_one_line_that_breaks_only_where_its_language_lets_it() -> None:
    (header,) = said(Screen(Raw("Acceptez-vous\u00a0?\nOu\tnon ?")))["blocks"]
    assert without_isolates(header["text"]["text"]) == "Acceptez-vous\u00a0? Ou non ?"


def test_a_quote_says_its_language_when_the_reader_has_another() -> None:
    labelled = said(Screen(_("Q"), (Quote(Raw("Hello", "en"), label=_("You wrote")),)))
    assert labelled["text"] == "Q\nYou wrote\n\u2068Hello\u2069"
    assert [each["type"] for each in labelled["blocks"][1]["elements"]] == ["rich_text_section", "rich_text_quote"]
    mine = read(said(Screen(_("Q"), (Quote(Raw("Hello", "en"), _("by a trader")),)))["blocks"])
    assert mine == "Q\nHello\nby a trader"
    theirs = read(said(Screen(_("Q"), (Quote(Raw("Bonjour", "fr")),)))["blocks"])
    assert theirs == "Q\nBonjour\nWritten in French"


def test_a_row_with_one_button_has_it_beside_and_buttons_of_one_name_are_told_apart() -> None:
    rows = tuple(
        Row(_("Issue {ref}", ref=Code(ref)), Raw("late"), (Button(_("Open"), "a", handle=ref),))
        for ref in ("P-1", "P-2")
    )
    blocks = said(Screen(_("List"), rows=rows))["blocks"]
    beside = [block["accessory"] for block in blocks if "accessory" in block]
    assert [each["accessibility_label"] for each in beside] == ["Open: Issue P-1", "Open: Issue P-2"]
    assert [each["value"] for each in beside] == ["P-1", "P-2"]
    names = [item["action_id"] for item, _at in walk(blocks) if "action_id" in item]
    assert len(set(names)) == len(names)


def test_progress_is_a_bar_and_figures() -> None:
    drawn = read(said(Screen(_("Sending"), (Progress(612, 1020, _("Telling everybody")),)))["blocks"])
    assert drawn == "Sending\nTelling everybody\n██████░░░░ 612 of 1,020"


def test_buttons_nobody_may_press_are_not_shown_and_every_handle_is_whole() -> None:
    handle = "h" * 22
    blocks = said(Screen(_("X"), buttons=(Button(_("No"), "a.b"), Button(_("Yes"), "a.b", handle=handle))))["blocks"]
    (only,) = [item for item, _at in walk(blocks) if item.get("type") == "button"]
    assert (only["text"]["text"], only["value"]) == ("Yes", handle)


def test_a_message_that_may_be_a_repeat_says_so() -> None:
    message = draw.message(Answer(screen=Screen(_("News"))), ENGLISH, PAGE, repeated=True)
    assert read(message["blocks"]).startswith("You may have received this before.")
    assert message["text"].startswith("You may have received this before.")


def test_a_message_that_comes_late_says_when_it_was_written() -> None:
    message = draw.message(Answer(screen=Screen(_("News")), written=NOON), ENGLISH, PAGE)
    check_message(message)
    assert read(message["blocks"]).startswith("Delayed: written on ")
    assert message["text"].startswith("Delayed: written on ")
    assert "date" in json.dumps(message["blocks"]), "in the reader's own zone"
    in_arabic = draw.message(Answer(screen=Screen(_("News")), written=NOON), dict(NAMED)["ar"], PAGE)
    assert "كُتب" in in_arabic["text"]


def test_errors_stand_under_their_inputs_or_the_modal_is_drawn_anew() -> None:
    form = FormView("a.b", _("Form"), "7", tuple(line(name) for name in ("one", "two")), refusal=None, asking="one")
    drawn = view(form)
    wrong = replace(form, fields=(form.fields[0], replace(form.fields[1], error=_("Too long."))))
    assert draw.errors(wrong, drawn, ENGLISH) == {"two": "Too long."}
    assert draw.errors(replace(wrong, refusal=_("Too long.")), drawn, ENGLISH) == {"two": "Too long."}
    assert draw.errors(replace(wrong, refusal=_("Not today.")), drawn, ENGLISH) is None
    assert draw.errors(form, drawn, ENGLISH) is None
    fewer = replace(wrong, fields=wrong.fields[1:])
    assert draw.errors(fewer, drawn, ENGLISH) is None
    again = read(view(replace(wrong, refusal=_("Not today.")))["blocks"])
    assert again.startswith("Not today.\ntwo: Too long.")


def line(name: str) -> FieldView:
    return FieldView(name, FieldKind.LINE, _("{name}", name=Code(name)), max=20)


def test_a_sketch_says_what_the_blocks_show() -> None:
    screen = Screen(
        Raw("Rules of origin"),
        (Raw("From Monday.\nSee <annex>."), Quote(Raw("As it was."), label=_("Before"))),
        facts=(Fact(_("Reference"), Code("B-1")), Fact(_("When"), When(NOON))),
        rows=(Row(_("A row"), None, (Button(_("Open"), "x.y", handle="h1"),)),),
        table=Table(_("Figures"), (_("Door"), _("People")), (("Slack", 3),)),
        buttons=(Button(_("Yes"), "x.y", handle="h2"), Button(_("No"), "x.z", handle="h3")),
    )
    sketched = without_isolates(draw.sketch(said(screen)))
    for words in ("Rules of origin", "From Monday.\nSee <annex>.", "As it was.", "Reference: B-1", "A row [Open]"):
        assert words in sketched
    assert "Door | People\nSlack | 3" in sketched and sketched.endswith("[Yes] [No]") and "2026" in sketched
