"""The fake Telegram against python-telegram-bot: what it refuses, and what it takes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    Message,
)
from telegram.error import (
    BadRequest,
)
from telegram.request import HTTPXRequest

from tests.fakes import FakeTelegram, Impossible
from tests.fakes.telegram import User
from tests.fakes.telegram.samples import button, keyboard


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram.running(query_seconds=0.3, retry_seconds=0.05) as running:
        yield running


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    # without TLS, as there is none on loopback: reading the certificates would take longer than the test
    calls, polls = (HTTPXRequest(httpx_kwargs={"verify": False}) for _ in range(2))
    async with Bot(telegram.token, telegram.url, telegram.file_url, calls, polls) as running:
        yield running


@pytest.fixture
async def broker(telegram: FakeTelegram) -> User:
    user = telegram.user("Aïcha", language_code="fr")
    await telegram.starts(user)
    telegram.updates.waiting.clear()
    return user


BAD_MESSAGES: dict[str, tuple[dict[str, Any], str]] = {
    "no text": ({}, "Message text is empty"),
    "empty text": ({"text": ""}, "Message text is empty"),
    "only tags": ({"text": "<b> </b>", "parse_mode": "HTML"}, "Message text is empty"),
    "4097 characters": ({"text": "x" * 4097}, "Message is too long"),
    "4098 halves": ({"text": "😀" * 2049}, "Message is too long"),
    "unknown tag": ({"text": "<br>x", "parse_mode": "HTML"}, 'unsupported start tag "br" at byte offset 0'),
    "unclosed tag": ({"text": "é<b>x", "parse_mode": "HTML"}, 'find end tag corresponding to start tag "b"'),
    "crossed tags": (
        {"text": "é<b>x<i>y</b></i>", "parse_mode": "HTML"},
        'unmatched end tag at byte offset 10, expected "</i>", found "</b>"',
    ),
    "an end alone": ({"text": "x</b>", "parse_mode": "HTML"}, "unexpected end tag at byte offset 1"),
    "a bare sign": ({"text": "1 < 2", "parse_mode": "HTML"}, "unsupported start tag"),
    "a cut tag": ({"text": "x <b", "parse_mode": "HTML"}, "unclosed start tag at byte offset 2"),
    "no such time": ({"text": '<tg-time unix="soon">x</tg-time>', "parse_mode": "HTML"}, "invalid date-time"),
    "no such format": (
        {"text": '<tg-time unix="1" format="DMY">x</tg-time>', "parse_mode": "HTML"},
        "invalid date-time format",
    ),
    "another mode": ({"text": "*x*", "parse_mode": "MarkdownV2"}, "unsupported parse_mode"),
    "unknown parameter": ({"text": "x", "txet": "x"}, "unknown among the parameters: txet"),
    "nowhere": ({"text": "x", "chat_id": 5}, "Chat not found"),
    "reply to nothing": ({"text": "x", "reply_parameters": {"message_id": 999}}, "replied not found"),
    "data of 65 bytes": ({"text": "x", "reply_markup": keyboard([button(data="x" * 65)])}, "Button_data_invalid"),
    "33 letters of 2 bytes": ({"text": "x", "reply_markup": keyboard([button(data="é" * 33)])}, "Button_data_invalid"),
    "empty data": ({"text": "x", "reply_markup": keyboard([button(data="")])}, "Button_data_invalid"),
    "9 in a row": ({"text": "x", "reply_markup": keyboard([button()] * 9)}, "Reply markup is too long"),
    "101 buttons": ({"text": "x", "reply_markup": keyboard(*[[button()]] * 101)}, "Reply markup is too long"),
    "no words on it": ({"text": "x", "reply_markup": keyboard([button("")])}, "must have a text"),
    "nothing to do": (
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x"}]]}},
        "text buttons are unallowed",
    ),
    "two things to do": (
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x", "url": "a.b"}]]}},
        "exclude each other",
    ),
    "no web address": (
        {"text": "x", "reply_markup": keyboard([InlineKeyboardButton("x", url="http://localhost/x")])},
        "wrong HTTP URL",
    ),
    "unknown in a button": (
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x", "colour": 1}]]}},
        "colour",
    ),
    "null keyboard": ({"text": "x", "reply_markup": "null"}, "Object expected as reply markup"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Please use")  # the raw call is what lets a test be wrong
@pytest.mark.parametrize("name", BAD_MESSAGES)
async def test_bad_messages_are_refused(telegram: FakeTelegram, bot: Bot, broker: User, name: str) -> None:
    sent, words = BAD_MESSAGES[name]
    with pytest.raises(BadRequest) as raised:
        await bot.do_api_request("sendMessage", api_kwargs={"chat_id": broker.id, **sent})
    assert words.lower() in str(raised.value).lower()
    assert [message.text for message in telegram.messages(broker)] == ["/start"]
    assert [call.method for call in telegram.refusals] == ["sendMessage"]


GOOD_MESSAGES: dict[str, dict[str, Any]] = {
    "4096 characters": {"text": "x" * 4096},
    "4096 without their tags": {"text": "<b>" + "x" * 4096 + "</b>", "parse_mode": "HTML"},
    "in brackets": {"text": "[draft]"},
    "data of 64 bytes": {"text": "x", "reply_markup": keyboard([button(data="é" * 32)])},
    "100 buttons": {"text": "x", "reply_markup": keyboard(*[[button()] * 8] * 12, [button()] * 4)},
    "a link": {"text": "x", "reply_markup": keyboard([InlineKeyboardButton("x", url="https://a.example/b")])},
    "styled": {"text": "x", "reply_markup": keyboard([InlineKeyboardButton("x", callback_data="x", style="danger")])},
    "quietly": {"text": "x", "disable_notification": True, "protect_content": True},
    "a reply": {"text": "x", "reply_parameters": {"message_id": 1}},
    "an amount": {"text": "1 &lt; 2 &amp; 3", "parse_mode": "HTML"},
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Please use")  # the raw call is what lets a test be wrong
@pytest.mark.parametrize("name", GOOD_MESSAGES)
async def test_good_messages_are_sent(telegram: FakeTelegram, bot: Bot, broker: User, name: str) -> None:
    await bot.do_api_request("sendMessage", api_kwargs={"chat_id": broker.id, **GOOD_MESSAGES[name]})
    assert len(telegram.messages(broker)) == 2
    assert telegram.refusals == []


@pytest.mark.parametrize(
    ("html", "text", "expected"),
    [
        ("<b>a</b><strong>b</strong>", "ab", [("bold", "a"), ("bold", "b")]),
        ("<i>a</i> <em>b</em>", "a b", [("italic", "a"), ("italic", "b")]),
        ("<u>a</u><ins>b</ins>", "ab", [("underline", "a"), ("underline", "b")]),
        ("<s>a</s><del>b</del>", "ab", [("strikethrough", "a"), ("strikethrough", "b")]),
        ("<b>é<i>😀</i></b>", "é😀", [("bold", "é😀"), ("italic", "😀")]),
        ("<tg-spoiler>a</tg-spoiler>", "a", [("spoiler", "a")]),
        ('<span class="tg-spoiler">a</span>', "a", [("spoiler", "a")]),
        ("<code>/x @abcd</code>", "/x @abcd", [("code", "/x @abcd")]),
        ('<pre><code class="language-py">x</code></pre>', "x", [("pre", "x")]),
        ('<a href="https://a.example?b=1&amp;c=2">a</a>', "a", [("text_link", "a")]),
        ('<a href="nothing">a</a>', "a", []),
        ("<blockquote>a</blockquote>", "a", [("blockquote", "a")]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", "a")]),
        ('<tg-time unix="1795437688" format="wDt">then</tg-time>', "then", [("date_time", "then")]),
        ("&lt;b&gt; &amp;amp; &#128512; &nbsp;", "<b> &amp; 😀 &nbsp;", []),
        ("  <b> a </b>  ", "a", [("bold", "a")]),
        (
            "/raise@some_bot now, /no/path a/b",
            "/raise@some_bot now, /no/path a/b",
            [("bot_command", "/raise@some_bot")],
        ),
        ("@aicha a@aicha", "@aicha a@aicha", [("mention", "@aicha")]),
        ("#port #2026 $USD", "#port #2026 $USD", [("hashtag", "#port"), ("cashtag", "$USD")]),
        ("a.b@wcoomd.org", "a.b@wcoomd.org", [("email", "a.b@wcoomd.org")]),
        ("see wcoomd.org/x, now", "see wcoomd.org/x, now", [("url", "wcoomd.org/x")]),
        ("https://a.example/b(c).", "https://a.example/b(c).", [("url", "https://a.example/b(c)")]),
        ("8471.30 10.00% e.g. end.In time", "8471.30 10.00% e.g. end.In time", []),
        ("+221 77 123 45 67", "+221 77 123 45 67", [("phone_number", "+221 77 123 45 67")]),
        ("\u2068@aicha\u2069", "\u2068@aicha\u2069", [("mention", "@aicha")]),
    ],
)
async def test_html_is_read_as_the_server_reads_it(
    telegram: FakeTelegram, bot: Bot, broker: User, html: str, text: str | None, expected: list[tuple[str, str]]
) -> None:
    sent = await bot.send_message(broker.id, html, parse_mode="HTML")
    seen = telegram.messages(broker)[-1]
    assert seen.text == (html if text is None else text)
    assert seen.marks == expected
    # the library cuts the same words out of what it was answered
    assert sorted(sent.parse_entities().values()) == sorted(words for _, words in expected)


async def refused(call: Awaitable[Any], words: str) -> None:
    with pytest.raises(BadRequest) as raised:
        await call
    assert words.lower() in str(raised.value).lower()  # the library changes capitals


async def test_edits(telegram: FakeTelegram, bot: Bot, broker: User) -> None:
    sent = await bot.send_message(broker.id, "<b>one</b>", parse_mode="HTML", reply_markup=keyboard([button()]))
    same: dict[str, Any] = {"parse_mode": "HTML", "reply_markup": keyboard([button()])}
    await refused(sent.edit_text("<b>one</b>", **same), "Message is not modified")
    await refused(sent.edit_reply_markup(keyboard([button()])), "Message is not modified")
    await refused(bot.edit_message_text("x", chat_id=broker.id, message_id=99), "Message to edit not found")
    await refused(bot.edit_message_text("x", chat_id=broker.id, message_id=1), "Message can't be edited")
    await refused(sent.edit_text(""), "Message text is empty")
    await refused(sent.edit_caption("x"), "There is no caption in the message to edit")
    edited = await sent.edit_text("two")
    assert isinstance(edited, Message)
    assert edited.edit_date is not None
    seen = telegram.messages(broker)[-1]
    assert (seen.text, seen.marks, seen.buttons) == ("two", [], [])
    await sent.edit_reply_markup(keyboard([button("Again")]))
    assert seen.shown == "two\n[Again]"
    assert await sent.delete()
    assert [message.text for message in telegram.messages(broker)] == ["/start"]
    await refused(sent.delete(), "Message to delete not found")
    await refused(sent.edit_text("three"), "Message to edit not found")


async def test_a_tap_is_answered_once_and_soon(telegram: FakeTelegram, bot: Bot, broker: User) -> None:
    await bot.send_message(
        broker.id, "Well?", reply_markup=keyboard([button("\u2068Yes\u2069", "y"), button("No", "n")])
    )
    tap = await telegram.taps(broker, "Yes")  # marks of direction are invisible
    [update] = await bot.get_updates(timeout=1)
    query = update.callback_query
    assert query is not None and query.data == "y"
    await refused(bot.answer_callback_query(query.id, "x" * 201), "Message_too_long")
    await query.answer("Thank you", show_alert=True)
    answered = await tap.answered()
    assert (answered.text, answered.is_alert) == ("Thank you", True)
    too_old = "Query is too old and response timeout expired or query id is invalid"
    await refused(query.answer(), too_old)
    await refused(bot.answer_callback_query("nothing"), too_old)
    late = await telegram.taps(broker, "No")
    assert late.query is not None
    await asyncio.sleep(0.35)
    await refused(bot.answer_callback_query(late.query.id), too_old)
    with pytest.raises(Impossible):
        await telegram.taps(broker, "Perhaps")
