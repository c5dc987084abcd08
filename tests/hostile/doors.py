"""How each door hands on what somebody types, by its own reader, and shows an answer, by its own renderer.

Whatever is shown has been found in order by the fakes' checks: within limits, of the published types, and without a
mention, a link, a format or something to tap that a person's words have become.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from typing import Any

from bot.kit.events import Answer, Caller, Event
from bot.kit.text import CATALOGUES, Catalogues, Reader, Writer, without_isolates
from bot.platforms.email.draw import Ways
from bot.platforms.email.draw import draw as mail_draw
from bot.platforms.email.message import Envelope, build
from bot.platforms.slack import draw as slack_draw
from bot.platforms.slack.read import read as slack_read
from bot.platforms.telegram.draw import draw as telegram_draw
from bot.platforms.telegram.html import WORD_JOINER
from bot.platforms.telegram.read import read as telegram_read
from bot.platforms.web.draw import Drawer
from tests.fakes.slack.check import check_message, check_view
from tests.fakes.slack.markup import marks_in, shown
from tests.fakes.telegram.check import check_parameters, formatted
from tests.platforms.slack import bodies
from tests.platforms.telegram import updates

PAGE = "https://parley.example"
TRANSLATIONS = Catalogues(CATALOGUES)
DRAWER = Drawer(TRANSLATIONS)
OURS_ON_SLACK = {"bold", "italic", "date", "strike"}
OURS_ON_TELEGRAM = {
    *("bold", "italic", "blockquote", "expandable_blockquote", "date_time", "strikethrough", "underline")
}
# A card's number is found to be copied, which does no harm and is wanted.
FOUND_ON_TELEGRAM = {"bank_card"}

# Words come in


def by_telegram(caller: Caller, text: str) -> Event:
    return _as(telegram_read(updates.message(text=text)), caller)


def by_update(caller: Caller, update: Mapping[str, Any]) -> Event:
    """Whatever else Telegram brings."""
    return _as(telegram_read(update), caller)


def by_slack(caller: Caller, text: str) -> Event:
    """A direct message: Slack's client escapes three signs of what is typed."""
    typed = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _as(slack_read(bodies.stored(bodies.message(typed))), caller)


def by_modal(caller: Caller, token: str, field: str, text: str) -> Event:
    """An input of a modal, which hands on what was typed as it is."""
    view = bodies.modal({field: bodies.typed(text)}) | {"private_metadata": f'{{"token":"{token}","files":{{}}}}'}
    return _as(slack_read(bodies.stored({"type": "view_submission", "view": view, **bodies.WHO})), caller)


def _as(event: Event | None, caller: Caller) -> Event:
    assert event is not None
    return replace(event, caller=caller)


# Answers go out


def on_telegram(answer: Answer, reader: Reader) -> str:
    lines = []
    for method, parameters in telegram_draw(answer, Writer(TRANSLATIONS, reader)):
        if method == "sendMessage":
            check_parameters(method, {"chat_id": 1} | parameters)
            text, entities = formatted(method, parameters, "text")
        else:
            text, entities = formatted(method, parameters, "caption")
        kinds = {each.type for each in entities} - FOUND_ON_TELEGRAM
        assert kinds <= OURS_ON_TELEGRAM, f"{kinds - OURS_ON_TELEGRAM} in {text!r}"
        lines.append(text.replace(WORD_JOINER, ""))
    return _squashed("\n".join(lines))


def on_slack(answer: Answer, reader: Reader) -> str:
    message = slack_draw.message(answer, Writer(TRANSLATIONS, reader), PAGE)
    check_message(message)
    assert {mark.kind for mark in marks_in(message)} - OURS_ON_SLACK <= {"link"}
    assert {mark.text for mark in marks_in(message) if mark.kind == "link"} <= {PAGE}
    assert "<" not in message["text"] and ">" not in message["text"], "the summary is read as markup"
    if answer.form is not None:
        modal = slack_draw.modal(answer.form, Writer(TRANSLATIONS, reader), PAGE, about={})
        check_view(modal, "modal")
        assert {mark.kind for mark in marks_in(modal)} <= OURS_ON_SLACK
    else:
        check_view(slack_draw.home(answer, Writer(TRANSLATIONS, reader), PAGE), "home")
    return _squashed(shown(message["blocks"]))


def on_the_page(answer: Answer, reader: Reader) -> str:
    html = DRAWER.answer(answer, reader, csrf="c", menu=(), file_url=lambda one: f"/file/{one}", typed={})
    page = _Seen(html)
    assert set(page.tags) <= OURS_ON_THE_PAGE and page.tags.count("script") == 1, page.tags
    assert not [name for name in page.attributes if name.startswith("on") or name == "style"]
    assert all(each.startswith(("/", "#")) for each in page.addresses), page.addresses
    return _squashed(page.text)


def in_plain_text(answer: Answer, reader: Reader) -> str:
    """A notification, a label, a terminal."""
    writer = Writer(TRANSLATIONS, reader)
    parts: list[Any] = []
    if answer.screen is not None:
        parts += [answer.screen.heading, *(getattr(each, "words", each) for each in answer.screen.body)]
        parts += [fact.value for fact in answer.screen.facts]
    if answer.form is not None:
        parts += [field.shown for field in answer.form.fields if field.shown is not None]
    return _squashed("\n".join(writer.plain(each) for each in parts))


def on_mail(answer: Answer, reader: Reader) -> str:
    """Both parts say the same; the HTML one loads nothing, and links to our own page alone."""
    ways = Ways(lambda button: f"{PAGE}/mail/x" if button.handle else None, f"{PAGE}/mail/o", f"{PAGE}/mail/u")
    drawn = mail_draw(answer, Writer(TRANSLATIONS, reader), ways)
    assert "\n" not in drawn.subject and "\r" not in drawn.subject
    raw = build(Envelope("parley@customs.example", "Parley", "a@shop.example", "<m@customs.example>", NOON), drawn)
    mail = message_from_bytes(raw, policy=default)
    assert list(mail.keys())[:2] == ["Subject", "Date"] and "Bcc" not in mail and len(mail.get_all("To", [])) == 1
    page = _Seen(drawn.html)
    assert set(page.tags) <= OURS_IN_MAIL, page.tags
    assert not [name for name in page.attributes if name.startswith("on") or name in ("src", "action")]
    assert all(each.startswith(PAGE) for each in page.addresses), page.addresses
    return _squashed(page.text + " " + drawn.plain.replace("\u200f", "").replace("\n> ", "\n"))


SHOWN: dict[str, Callable[[Answer, Reader], str]] = {
    "telegram": on_telegram,
    "slack": on_slack,
    "page": on_the_page,
    "plain": in_plain_text,
    "mail": on_mail,
}
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OURS_IN_MAIL = {*("html", "head", "meta", "title", "body", "h1", "p", "br", "a", "blockquote", "strong", "del", "ins")}
OURS_ON_THE_PAGE = set(
    re.findall(
        r"\w+",
        "html head meta title link script body header main footer a form input button label textarea select option"
        " datalist fieldset legend article h1 p div span dl dt dd ul li blockquote time br strong del ins"
        " table caption thead tbody tr th td",
    )
)


class _Seen(HTMLParser):
    """A page's tags and addresses, and what is read on it or stands in its inputs."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self._text: list[str] = []
        self.feed(html)
        self.close()
        self.text = "".join(self._text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in {"href", "src", "action"}:
                self.addresses.append(value or "")
            if name == "value":
                self._text.append(f" {value} ")
        if tag == "br":
            self._text.append("\n")

    def handle_data(self, data: str) -> None:
        self._text.append(data)


def _squashed(text: str) -> str:
    return squashed(without_isolates(text))


def squashed(text: str) -> str:
    """With single spaces: where lines break is each door's own."""
    return " ".join(text.split())
