"""What a person sees: every screen and form within Telegram's limits, by the fake server's own rules."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.kit.clean import clean
from bot.kit.events import Answer
from bot.kit.forms import FieldKind, FieldView, FormView, Option
from bot.kit.screen import Attachment, Button, Fact, Progress, Quote, Row, Screen, Style, Table
from bot.kit.text import Catalogues, Code, Named, Phrase, Raw, Reader, When, Writer, _, listed, without_isolates
from bot.platforms.telegram.draw import Call, draw, sketch
from tests.fakes.telegram.check import check_parameters, formatted
from tests.fakes.telegram.entities import Entity

AT = datetime(2026, 12, 4, 10, 0, tzinfo=UTC)
ENGLISH, ARABIC = Reader("en", "Africa/Tunis"), Reader("ar", "Africa/Tunis")
BY_THE_SERVER = {"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"}


def writer(reader: Reader = ENGLISH) -> Writer:
    return Writer(Catalogues(Path("nowhere")), reader)


def drawn(answer: Answer | Screen | FormView, reader: Reader = ENGLISH, **how: Any) -> list[Call]:
    """The calls, after the fake server has found nothing wrong with them."""
    if isinstance(answer, Screen):
        answer = Answer(screen=answer)
    elif isinstance(answer, FormView):
        answer = Answer(form=answer)
    calls = draw(answer, writer(reader), **how)
    for method, parameters in calls:
        if method == "sendMessage":
            check_parameters(method, {"chat_id": 1} | parameters)
            formatted(method, parameters, "text")
    return calls


def seen(call: Call) -> tuple[str, list[Entity]]:
    """The text without markup and without what no eye sees, and its entities."""
    method, parameters = call
    text, entities = formatted(method, parameters, "text")
    return "".join(each for each in text if each not in "\u2060\u2066\u2067\u2068\u2069"), entities


def text_of(answer: Answer | Screen | FormView, reader: Reader = ENGLISH, **how: Any) -> str:
    return "\n----\n".join(seen(call)[0] for call in drawn(answer, reader, **how) if call[0] == "sendMessage")


def keys(call: Call) -> list[list[str]]:
    return [[key["text"] for key in row] for row in call[1].get("reply_markup", {}).get("inline_keyboard", [])]


def button(label: str, style: Style = Style.PLAIN, **more: Any) -> Button:
    return Button(_(label), "x.y", handle=more.pop("handle", f"h-{label}"[:64]), style=style, **more)


def test_a_label_stands_above_the_words_it_names() -> None:
    text, _entities = seen(drawn(Screen(_("News"), (Quote(Raw("Bonjour", "en"), label=_("You wrote")),)))[0])
    assert text.splitlines()[-2:] == ["You wrote", "Bonjour"]


def test_a_screen_reads_from_its_heading_to_its_facts() -> None:
    screen = Screen(
        heading=_("Received as {ref}.", ref=Code("P-12")),
        body=(
            _("The desk for {sector} has it.", sector=_("Perishables")),
            Quote(Raw("Trois jours @bord", "fr"), by=_("Amina wrote")),
            Progress(3, 10, _("Asked")),
        ),
        facts=(
            Fact(_("Port"), "Sodal"),
            Fact(_("Detail"), Raw("one\ntwo")),
            Fact(_("Due"), When(AT, venue="Asia/Tokyo")),
        ),
        table=Table(_("Debt"), (_("Office"), _("Waiting")), (("North", 3), ("South", 0))),
    )
    assert text_of(screen) == (
        "Received as P-12.\n\n"
        "The desk for Perishables has it.\n\n"
        "Trois jours @bord\nAmina wrote\nWritten in French\n\n"
        "Asked\n███░░░░░░░ 3 of 10\n\n"
        "Port: Sodal\nDetail:\none\ntwo\nDue: Friday 4 December 2026 11:00 (Tunis) (19:00, Tokyo)\n\n"
        "Debt\n\nOffice: North\nWaiting: 3\n\nOffice: South\nWaiting: 0"
    )
    _text, entities = seen(drawn(screen)[0])
    assert {entity.type for entity in entities} == {"bold", "blockquote", "date_time"}


def test_a_long_quote_is_folded() -> None:
    _text, entities = seen(drawn(Screen(_("News"), (Quote(Raw("word " * 200)),)))[0])
    assert {entity.type for entity in entities} == {"bold", "expandable_blockquote"}


def test_an_instant_is_plain_where_the_server_knows_no_date_time() -> None:
    screen = Screen(_("Due {when}", when=When(AT)))
    assert [entity.type for entity in seen(drawn(screen)[0])[1]] == ["bold", "date_time"]
    assert [entity.type for entity in seen(drawn(screen, date_time=False)[0])[1]] == ["bold"]
    assert text_of(screen, date_time=False) == "Due Friday 4 December 2026 11:00 (Tunis)"


def test_every_line_of_ours_says_that_it_runs_right_to_left() -> None:
    screen = Screen(
        heading=_("P-12"),
        body=(_("8471.30"), Quote(Raw("Bonjour.", "fr"))),
        facts=(Fact(_("Port"), "Sodal"),),
        rows=(Row(Code("P-12"), _("open")),),
    )
    lines = [line for line in text_of(screen, ARABIC).split("\n") if line]
    assert [line.startswith("\u200f") for line in lines] == [line != "Bonjour." for line in lines]


def test_a_reference_keeps_its_order_in_an_arabic_sentence() -> None:
    text, _entities = formatted(*drawn(Screen(_("استلمنا {ref} اليوم.", ref=Code("P-12"))), ARABIC)[0], "text")
    assert "\u2066P-12\u2069" in text


def test_short_buttons_stand_two_by_two_and_long_ones_alone() -> None:
    labels = ["Take it", "Ask", "Hand this over to another desk", "Note", "Close", "Link"]
    call = drawn(Screen(_("Issue"), buttons=tuple(map(button, labels))))[-1]
    assert keys(call) == [["Take it", "Ask"], ["Hand this over to another desk"], ["Note", "Close"], ["Link"]]


@pytest.mark.promise("threat.16", "A button carries a handle and nothing else.")
def test_a_button_carries_its_handle_its_style_or_its_address_and_a_short_label() -> None:
    screen = Screen(
        _("Issue"),
        buttons=(
            button("Send", Style.PRIMARY, handle="a" * 64),
            button("Delete", Style.DANGER, handle="b"),
            Button(_("My page"), url="https://parley.example/in/x"),
            button("x" * 300, handle="c"),
            Button(_("Leads nowhere"), "x.y"),
        ),
    )
    keyboard = drawn(screen)[0][1]["reply_markup"]["inline_keyboard"]
    assert keyboard[0] == [
        {"text": "Send", "callback_data": "a" * 64, "style": "primary"},
        {"text": "Delete", "callback_data": "b", "style": "danger"},
    ]
    assert keyboard[1] == [{"text": "My page", "url": "https://parley.example/in/x"}]
    assert keyboard[2] == [{"text": "x" * 59 + "…", "callback_data": "c"}]
    assert len(keyboard) == 3


def test_an_address_that_telegram_takes_for_none_is_shown_as_text() -> None:
    screen = Screen(_("Your page"), buttons=(Button(_("Open it"), url="http://localhost:8765/in/x"),))
    (call,) = drawn(screen)
    assert keys(call) == []
    assert seen(call)[0] == "Your page\n\nOpen it: http://localhost:8765/in/x"


def test_rows_are_numbered_and_so_are_their_buttons() -> None:
    rows = (Row(Raw("Held"), _("open"), (button("Open"),)), Row(Raw("Late"), None, (button("Open", handle="2"),)))
    (call,) = drawn(Screen(_("Issues"), rows=rows, buttons=(button("Next"),)))
    assert seen(call)[0] == "Issues\n\n1. Held\nopen\n\n2. Late"
    assert keys(call) == [["1. Open", "2. Open"], ["Next"]]
    several = tuple(replace(row, buttons=(button("Open"), button("Take"))) for row in rows)
    assert keys(drawn(Screen(_("Issues"), rows=several))[0]) == [["1. Open", "1. Take"], ["2. Open", "2. Take"]]


def test_a_hundred_buttons_and_no_more_the_screens_own_among_them() -> None:
    rows = tuple(Row(Raw(str(each)), None, (button("A"), button("B"), button("C"))) for each in range(60))
    (call,) = drawn(Screen(_("Many"), rows=rows, buttons=(button("Next"), button("Home"))))
    assert sum(map(len, keys(call))) == 100
    assert keys(call)[-1] == ["Next", "Home"]


def test_a_long_screen_is_several_messages_with_the_keyboard_below_the_last() -> None:
    screen = Screen(
        _("Long"), tuple(Raw("a paragraph " * 99 + "ends") for _each in range(9)), buttons=(button("Home"),)
    )
    calls = drawn(screen)
    assert len(calls) == 3
    assert [bool(keys(call)) for call in calls] == [False, False, True]
    assert all(seen(call)[0].endswith("ends") for call in calls)


def test_files_follow_the_text() -> None:
    files = (Attachment(1, "the @seal.jpg", "image/jpeg"), Attachment(2, "list.pdf", "application/pdf"))
    calls = drawn(Screen(_("Issue"), files=files, buttons=(button("Home"),)))
    assert [call[0] for call in calls] == ["sendMessage", "sendPhoto", "sendDocument"]
    assert seen(calls[0])[0] == "Issue\n\nAttached: the @seal.jpg and list.pdf"
    assert calls[1][1]["photo"] == files[0] and calls[2][1]["document"] == files[1]
    assert formatted("sendPhoto", calls[1][1], "caption")[0] == "\u2068the @\u2060seal.\u2060jpg\u2069"


def test_a_notice_comes_first_unless_it_was_shown_over_the_chat() -> None:
    answer = Answer(screen=Screen(_("Home")), notice=_("Cancelled."))
    assert text_of(answer) == "Cancelled.\n\nHome"
    assert text_of(answer, with_notice=False) == "Home"
    assert text_of(Answer(notice=_("Noted."))) == "Noted."


def test_a_message_that_may_be_a_repeat_says_so() -> None:
    assert text_of(Screen(_("News")), is_repeated=True) == "You may have received this before.\n\nNews"


def test_a_message_that_comes_late_says_when_it_was_written() -> None:
    late = Answer(screen=Screen(_("News")), written=AT)
    assert text_of(late) == "Delayed: written on Friday 4 December 2026 11:00 (Tunis).\n\nNews"
    assert drawn(late)[0][1]["text"].count("<tg-time") == 1


def field(kind: FieldKind, **more: Any) -> FieldView:
    return FieldView("it", kind, _("Which port?"), **more)


def form(asked: FieldView | None, *others: FieldView, **more: Any) -> FormView:
    fields = (*((asked,) if asked else ()), *others)
    steering = {
        "back": button("Back"),
        "skip": button("Skip") if asked and asked.optional else None,
        "cancel": button("Cancel"),
        "send": None if asked else button("Send", Style.PRIMARY),
        "asking": asked.name if asked else None,
    }
    return FormView("x.y", _("Raise an issue"), "1", fields, **({"step": 2, "total": 6} | steering | more))


@pytest.mark.parametrize(
    ("asked", "hints"),
    [
        (field(FieldKind.LINE, max=60), "At most 60 characters."),
        (field(FieldKind.PROSE, max=3000), ""),
        (field(FieldKind.LINE, max=60, hint=_("As on the bill.")), "As on the bill.\nAt most 60 characters."),
        (field(FieldKind.PICK), "Type a few letters to search."),
        (field(FieldKind.DATE), "Type a date, such as “4 December” or “next Tuesday”."),
        (field(FieldKind.NUMBER), ""),
        (field(FieldKind.FILES, max=5), "Send photos or documents now, at most 5."),
        (
            field(FieldKind.FILES, max=5, value=[1, 2], answered=True, shown=2),
            "Send photos or documents now, at most 5.\n2 files kept so far.",
        ),
        (field(FieldKind.NUMBER, value=3, answered=True, shown=3), "Your answer so far: 3"),
        (
            field(FieldKind.CHOICE, options=tuple(Option(str(n), Raw(str(n))) for n in range(9))),
            "There are more than these: type the one you mean.",
        ),
    ],
)
def test_a_question_says_how_to_answer_it(asked: FieldView, hints: str) -> None:
    expected = "Raise an issue\n2 of 6\n\nWhich port?" + (f"\n{hints}" if hints else "")
    assert text_of(form(asked)) == expected


def test_a_question_has_its_choices_and_a_row_to_steer_by() -> None:
    asked = field(FieldKind.CHOICE, optional=True)
    call = drawn(form(asked, choices=(button("Perishables"), button("Textiles"), button("Electronics"))))[0]
    assert keys(call) == [["Perishables", "Textiles"], ["Electronics"], ["Back", "Skip", "Cancel"]]


def test_a_refusal_comes_before_the_question() -> None:
    shown = text_of(form(field(FieldKind.NUMBER), refusal=_("Please send a number."), intro=(Quote(Raw("Where?")),)))
    assert shown == "⚠️ Please send a number.\n\nRaise an issue\n2 of 6\n\nWhere?\n\nWhich port?"


def test_consent_shows_the_whole_notice_and_two_buttons() -> None:
    asked = replace(field(FieldKind.CONSENT), label=_("Parley keeps what you tell it. Do you agree?"))
    (call,) = drawn(form(asked, choices=(button("I agree", Style.PRIMARY), button("No")), total=1))
    assert seen(call)[0] == "Raise an issue\n\nParley keeps what you tell it. Do you agree?"
    assert keys(call) == [["I agree", "No"], ["Back", "Cancel"]]


def test_the_review_shows_every_answer_and_a_way_to_change_it() -> None:
    fields = (
        FieldView("port", FieldKind.LINE, _("Port"), shown=Raw("Sodal"), answered=True),
        FieldView(
            "day", FieldKind.DATE, _("Since when?"), shown=date(2026, 12, 1), answered=True, error=_("Too early.")
        ),
    )
    changes = (button("Port"), button("Since when?"))
    (call,) = drawn(form(None, *fields, changes=changes, back=None))
    assert seen(call)[0] == (
        "Raise an issue\nPlease check what you are about to send.\n\n"
        "Port: Sodal\n\nSince when? Tuesday 1 December 2026\n⚠️ Too early."
    )
    assert keys(call) == [["Send"], ["Change: Port"], ["Change: Since when?"], ["Cancel"]]


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=300).map(clean)
raws = st.builds(Raw, words, st.sampled_from([None, "en", "fr", "ar"]))
texts = (
    raws | st.builds(lambda given: _("Port of {name}", name=given), words) | st.just(When(AT)) | st.just(Code("P-1"))
)
blocks = (
    texts
    | st.builds(Quote, raws, st.none() | st.just(_("Amina")), st.none() | st.just(_("You wrote")))
    | st.builds(Progress, st.integers(0, 9), st.integers(0, 9))
)
buttons = st.builds(lambda label: Button(Raw(label), "x.y", handle="h"), words)
screens = st.builds(
    Screen,
    heading=texts,
    body=st.lists(blocks, max_size=5).map(tuple),
    facts=st.lists(
        st.builds(Fact, st.just(_("Label")), texts | st.none() | st.integers(-(10**15), 10**15)), max_size=4
    ).map(tuple),
    rows=st.lists(st.builds(Row, texts, st.none() | raws, st.lists(buttons, max_size=3).map(tuple)), max_size=4).map(
        tuple
    ),
    buttons=st.lists(buttons, max_size=5).map(tuple),
)


@pytest.mark.promise("threat.20", "No mention of a person's reaches Telegram.")
@pytest.mark.promise("hostile.properties", "Telegram takes every screen, whatever people write in it.")
@given(screens, st.sampled_from([ENGLISH, ARABIC]), st.integers(1, 20))
def test_whatever_people_write_the_server_takes_it_and_finds_nothing_to_tap(
    screen: Screen, reader: Reader, times: int
) -> None:
    longer = replace(screen, body=screen.body * times)
    for call in drawn(longer, reader):
        _text, entities = seen(call)
        assert not {entity.type for entity in entities} & BY_THE_SERVER


@given(words, st.sampled_from([ENGLISH, ARABIC]))
def test_whatever_was_answered_the_review_can_be_shown(answered: str, reader: Reader) -> None:
    fields = tuple(
        FieldView(f"f{number}", FieldKind.PROSE, _("Label"), shown=Raw(answered * 20), answered=True)
        for number in range(3)
    )
    calls = drawn(form(None, *fields, changes=(button("Label"),)), reader)
    assert keys(calls[-1])[-1] == ["Back", "Cancel"]


def test_named_and_listed_things_are_written() -> None:
    names: Phrase = _("{centres}", centres=listed([Named({"en": "North"}), Named({"en": "South"})]))
    assert text_of(Screen(names)) == "North and South"


def test_every_screen_leads_home_once() -> None:
    home = Button(_("Home"), "home.show", handle="h")
    bare, leading = Screen(_("Help")), Screen(_("Help"), buttons=(home,))
    for screen in (bare, leading):
        (call,) = draw(Answer(screen=screen, home=home), writer())
        assert call[1]["reply_markup"] == {"inline_keyboard": [[{"text": "Home", "callback_data": "h"}]]}


def test_a_sketch_is_the_text_of_every_message_with_its_buttons() -> None:
    long = " ".join(f"word{number}" for number in range(700))
    screen = Screen(Raw("Rules <of> origin"), (Raw(long),), buttons=(button("Yes"), button("No")))
    calls = drawn(screen)
    pieces = sketch(calls)
    assert [method for method, _rest in calls] == ["sendMessage"] * 2 and len(pieces) == 2
    assert without_isolates(pieces[0].splitlines()[0]) == "Rules <of> origin"
    assert pieces[1].endswith("\n[Yes] [No]")
    for call, piece in zip(calls, pieces, strict=True):
        assert without_isolates(piece).startswith(without_isolates(seen(call)[0]))
    with_file = drawn(replace(screen, files=(Attachment(1, "origin.pdf", "application/pdf"),)))
    assert "origin" in sketch(with_file)[-1]
