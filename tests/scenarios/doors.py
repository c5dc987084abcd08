"""One person at one door, the same verbs at each: Slack, Telegram, or e-mail with the page behind its links.

A test says what somebody does (`writes`, `presses`, `fills`) and what they then read (`hears`); where they sit is the
arrangement's. Labels and questions are given in English and read in the person's own language.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any, ClassVar

import httpx
import pytest

import handlers
from bot.kit.capability import Command
from bot.kit.door import CHECK
from bot.kit.forms import FieldKind
from bot.kit.text import Writer, without_isolates
from tests.fakes import FakeSlack, FakeTelegram
from tests.fakes.platform import Impossible
from tests.fakes.slack import Message as SlackMessage
from tests.fakes.slack import User as SlackUser
from tests.fakes.slack import View, inputs
from tests.fakes.smtp import FakeSmtp
from tests.fakes.telegram import Message as TelegramMessage
from tests.fakes.telegram import User as TelegramUser
from tests.platforms.web.browser import HtmlForm, Page

Print = tuple[Any, ...]
Answers = Mapping[str, object]


class Seat(ABC):
    """Somebody at their door. `before` is all that stood there when anybody last did something."""

    platform: ClassVar[str]

    def __init__(self, name: str, writer: Writer) -> None:
        self.name = name
        self.before: frozenset[Print] = frozenset()
        self.has_left = False
        self._writer = writer
        self.settle: Callable[[], Any]
        self.begin: Callable[[], None]  # something is done: what stands anywhere now is no news any longer

    @property
    @abstractmethod
    def account(self) -> tuple[str, str]:
        """How the door calls them, and where it delivers to."""

    @abstractmethod
    def standing(self) -> Iterator[tuple[Print, Callable[[], str]]]:
        """All that stands at their door, oldest first: what tells it from anything else, and how to read it."""

    @abstractmethod
    async def _write(self, words: str) -> None: ...

    @abstractmethod
    async def _press(self, label: str, of: str) -> None: ...

    @abstractmethod
    async def _fill(self, form: Command, answers: Answers, opened: frozenset[Print]) -> None:
        """`opened` is what stood at the door before the form did."""

    # What they do

    async def writes(self, words: str) -> str:
        """Type something; a command begins with "/". Returns what is new to them then."""
        self.begin()
        await self._write(words)
        return await self.reads()

    async def presses(self, label: str, of: str = "") -> str:
        """Press a button: the first of the newest message that has it, or that of the line of a list that says `of`."""
        self.begin()
        await self._press(self.says(label), of)
        return await self.reads()

    async def taps(self, label: str, of: str = "") -> None:
        """The same, and nobody waits for what comes of it: for many who do it at once."""
        await self._press(self.says(label), of)

    async def fills(self, form: str, **answers: object) -> str:
        """Answer what a form that stands open asks, and send it. An option is given by what it is called."""
        opened = self.before
        self.begin()
        await self._fill(handlers.registry.commands[form], answers, opened)
        return await self.reads()

    async def leaves(self) -> None:
        """Close the door for good: what is sent here from now on is not taken."""
        raise NotImplementedError

    # What they read

    async def reads(self) -> str:
        """What is new to them since somebody last did something."""
        await self.settle()
        return "\n".join(self.news)

    @property
    def news(self) -> list[str]:
        return [without_isolates(read()) for known, read in self.standing() if known not in self.before]

    @property
    def all(self) -> list[str]:
        return [without_isolates(read()) for _known, read in self.standing()]

    def hears(self, *words: str) -> str:
        """The one new message that says all of these."""
        told = [each for each in self.news if all(self.says(some) in each for some in words)]
        assert len(told) == 1, f"{self.name} has {len(told)} that say {words}; what is new: {self.news}"
        return told[0]

    def says(self, source: str) -> str:
        """A phrase in the person's language; words that are no phrase of ours stay as they are."""
        return without_isolates(self._writer.catalogues.of(self._writer.reader.language).gettext(source))


class OnSlack(Seat):
    """In the direct messages with the app: slash commands, buttons, modals."""

    platform = "slack"

    def __init__(self, name: str, writer: Writer, slack: FakeSlack, zone: str) -> None:
        super().__init__(name, writer)
        self.slack = slack
        self.user: SlackUser = slack.user(name, tz=zone)

    @property
    def account(self) -> tuple[str, str]:
        return f"{self.user.team}:{self.user.id}", self.user.id

    def standing(self) -> Iterator[tuple[Print, Callable[[], str]]]:
        places: list[SlackMessage | View] = [each for each in self.slack.messages(self.user) if each.by_app]
        places += self.slack.modals(self.user)
        for each in places:
            sort = each.ts if isinstance(each, SlackMessage) else each.hash
            yield (sort, id(each.blocks)), partial(getattr, each, "shown")

    async def _write(self, words: str) -> None:
        if words.startswith("/"):
            reply = await self.slack.command(self.user, f"/parley {words[1:]}")
            assert reply.acknowledged, reply
        else:
            assert (await self.slack.dm(self.user, words)).acknowledged

    async def leaves(self) -> None:
        self.has_left = True
        self.slack.deactivates(self.user)

    async def makes(self, words: str, command: str) -> str:
        """Somebody writes something in a channel; the person uses a shortcut on it."""
        self.begin()
        channel = self.slack.channel_named("meeting") or self.slack.channel("meeting", self.user, with_app=False)
        said = self.slack.writes(self.user, channel, words)
        assert (await self.slack.message_shortcut(self.user, said, command)).acknowledged
        return await self.reads()

    async def _press(self, label: str, of: str) -> None:
        place, name = self._button(label, of)
        reply = await self.slack.taps(self.user, name, on=place)
        assert reply.acknowledged, reply

    def _button(self, label: str, of: str) -> tuple[SlackMessage, str]:
        seen = [each for each in reversed(self.slack.messages(self.user)) if each.by_app]
        for each in seen:
            found = inputs.control(each.blocks, label)
            if not found or of not in without_isolates(each.shown):
                continue
            if len(found) == 1:
                return each, label
            named = [str(element.get("accessibility_label", "")) for _block, element, _action in found]
            fitting = [name for name in named if of in without_isolates(name)]
            assert fitting and (len(fitting) == 1 or not of), f"of {label!r} there are {named}: which says {of!r}?"
            return each, fitting[0]
        raise AssertionError(f"{self.name} has no {label!r} {of}: {[each.shown for each in seen[:3]]}")

    async def _fill(self, form: Command, answers: Answers, opened: frozenset[Print]) -> None:
        await self.slack.until(lambda: self.slack.modal(self.user))
        for name, value in answers.items():
            await self.slack.fills(self.user, {name: value if isinstance(value, date) else str(value)})
        reply = await self.slack.submits(self.user)
        assert reply.error is None, (reply, self.slack.modal(self.user))

    async def must_answer(self, form: str, field: str, **others: object) -> None:
        """The form that stands open is not sent without `field`."""
        await self.slack.until(lambda: self.slack.modal(self.user))
        for name, value in others.items():
            await self.slack.fills(self.user, {name: str(value)})
        assert (await self.slack.submits(self.user)).errors.keys() == {field}
        await self.slack.closes(self.user)
        await self.settle()


class OnTelegram(Seat):
    """In the private chat with the bot: commands, one question after the other, buttons below messages."""

    platform = "telegram"

    def __init__(self, name: str, writer: Writer, telegram: FakeTelegram) -> None:
        super().__init__(name, writer)
        self.telegram = telegram
        self.user: TelegramUser = telegram.user(name, language_code=writer.reader.language)
        self.user.started = True

    @property
    def account(self) -> tuple[str, str]:
        return str(self.user.id), str(self.user.id)

    def standing(self) -> Iterator[tuple[Print, Callable[[], str]]]:
        for each in self.telegram.messages(self.user):
            if each.by_bot:
                yield self._print(each), partial(getattr, each, "shown")

    @staticmethod
    def _print(message: TelegramMessage) -> Print:
        return message.id, message.text, id(message.keyboard)

    async def _write(self, words: str) -> None:
        await self.telegram.says(self.user, words)

    async def leaves(self) -> None:
        self.has_left = True
        await self.telegram.blocks(self.user)

    async def makes(self, words: str, command: str) -> str:
        """The person passes a message on to the bot, and writes the command in answer to it."""
        said = await self.telegram.says(self.user, words)
        await self.settle()
        self.begin()
        await self.telegram.says(self.user, f"/{command.removeprefix('roundtables.to_')}", answers=said)
        return await self.reads()

    async def _press(self, label: str, of: str) -> None:
        message, name = self._button(label, of)
        await self.telegram.taps(self.user, name, message)

    def _button(self, label: str, of: str) -> tuple[TelegramMessage, str]:
        seen = [each for each in reversed(self.telegram.messages(self.user)) if each.by_bot]
        for each in seen:
            text, labels = without_isolates(each.text), [without_isolates(one) for row in each.buttons for one in row]
            line = re.search(rf"^\u200f?(\d+)\. [^\n]*{re.escape(of)}", text, re.MULTILINE) if of else None
            if line is not None and f"{line[1]}. {label}" in labels:
                return each, f"{line[1]}. {label}"
            if of in text:
                numbered = [one for one in labels if one == label or re.fullmatch(rf"\d+\. {re.escape(label)}", one)]
                if numbered:
                    return each, numbered[0]
        raise AssertionError(f"{self.name} has no {label!r} {of}: {[each.shown for each in seen[:3]]}")

    async def _fill(self, form: Command, answers: Answers, opened: frozenset[Print]) -> None:
        assert form.form is not None
        known = opened
        for _time in range(3 * len(form.form.asks) + 3):
            await self.settle()
            new = [each for each in self.telegram.messages(self.user) if each.by_bot and self._print(each) not in known]
            known = frozenset(known_now for known_now, _read in self.standing())
            asking = [each for each in new if self.says("Cancel") in (one for row in each.buttons for one in row)]
            if not asking:
                return
            message, text = asking[-1], without_isolates(asking[-1].text)
            if self.says(CHECK.source) in text:
                await self.telegram.taps(self.user, self.says("Send"), message)
                continue
            name = [name for name, ask in form.form.asks.items() if self.says(ask.label.source) in text][-1]
            if name not in answers:
                await self.telegram.taps(self.user, self.says("Skip"), message)
                continue
            value = answers[name]
            given = value.isoformat() if isinstance(value, date) else str(value)
            labels = {without_isolates(one): one for row in message.buttons for one in row}
            if given in labels:
                await self.telegram.taps(self.user, labels[given], message)
            else:
                await self.telegram.says(self.user, given)
        raise AssertionError(f"{self.name} does not come to an end with {form.name}: {self.news[-1]}")

    async def must_answer(self, form: str, field: str, **others: object) -> None:
        """The form that stands open is not sent without `field`."""
        command = handlers.registry.commands[form]
        with pytest.raises(Impossible, match=self.says("Skip")):
            await self._fill(command, others, self.before)
        assert command.form is not None
        assert self.says(command.form.asks[field].label.source) in self.all[-1]
        await self.writes("/cancel")


class ByMail(Seat):
    """Without any chat: mails, and the page that their links lead to. `page` is what is open in the browser."""

    platform = "email"

    def __init__(self, name: str, writer: Writer, smtp: FakeSmtp, client: httpx.AsyncClient) -> None:
        super().__init__(name, writer)
        self.address = f"{name.lower()}@mail.example"
        self.smtp, self.client = smtp, client
        self.page = Page("")

    @property
    def account(self) -> tuple[str, str]:
        return self.address, self.address

    def standing(self) -> Iterator[tuple[Print, Callable[[], str]]]:
        for number, each in enumerate(self.smtp.to(self.address)):
            yield (number,), partial("{0.subject}\n{0.plain}".format, each)
        yield ("page", id(self.page)), lambda: self.page.text

    async def _follow(self, label: str, of: str) -> bool:
        """Open a link of the newest mail that has it and press the one button there, and in the mail that then comes
        where one has to sign in first; False where no mail has it."""
        for mail in reversed(self.smtp.to(self.address)):
            plain = re.sub("[\u2066-\u2069\u200f]", "", mail.plain)
            if of in plain and (found := re.search(rf"{re.escape(label)}: (http\S+/mail/\S+)", plain)):
                count = len(self.smtp.to(self.address))
                self._shown(await self.client.get(found[1]))
                self._shown(await self.client.post(found[1]))
                await self.settle()
                for fresh in self.smtp.to(self.address)[count:]:
                    if sign_in := re.search(r"http\S+/in/\S+", fresh.plain):
                        await self.opens_page(sign_in[0])
                return True
        return False

    async def opens_page(self, link: str) -> None:
        """Follow a one-time link, and press the button that signs one in."""
        self._shown(await self.client.get(link))
        self._shown(await self.client.post(link, headers={"origin": self.origin}))

    @property
    def origin(self) -> str:
        return str(self.client.base_url).rstrip("/")

    async def _write(self, words: str) -> None:
        name = f"{words[1:].partition(' ')[0]}"
        command = next(each for each in handlers.registry.commands.values() if each.name.endswith(f".{name}"))
        form = next(each for each in self.page.forms if ("command", command.name) in [b[1:] for b in each.buttons])
        await self._post(form, {"command": command.name})

    async def _press(self, label: str, of: str) -> None:
        rows = [each for each in re.split(r"(?=<li>)", self.page.html) if of in without_isolates(Fragment(each).text)]
        for html in (*rows[1:], *rows[:1]) if of else (self.page.html,):
            for form in Fragment(html).forms:
                for said, name, value in form.buttons:
                    if said == label:
                        await self._post(form, {name: value} if name else {})
                        return
        assert await self._follow(label, of), f"{self.name} has no {label!r} {of}: {self.page.text}"

    async def _fill(self, form: Command, answers: Answers, opened: frozenset[Print]) -> None:
        asked = next(each for each in self.page.forms if "token" in each.values)
        given: dict[str, str] = {"do": "send"}
        assert form.form is not None
        for name, value in answers.items():
            said = value.isoformat() if isinstance(value, date) else str(value)
            if form.form.asks[name].kind is FieldKind.CHOICE:
                said = self._value_of(name, said)
            given[name] = said
        await self._post(asked, given)

    def _value_of(self, name: str, label: str) -> str:
        options = re.findall(
            rf'<input type="radio" name="{name}" value="([^"]*)"[^>]*> ([^<]*)</label>', self.page.html
        )
        block = re.search(rf'<select[^>]* name="{name}".*?</select>', self.page.html, re.DOTALL)
        options += re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)</option>', block[0]) if block else []
        return str(next(value for value, shown in options if without_isolates(shown) == label))

    async def _post(self, form: HtmlForm, more: Mapping[str, str]) -> None:
        is_multipart = bool(form.file_inputs) or form.action == "/form"
        data = form.values | dict(more)
        how: dict[str, Any] = {"files": {k: (None, v) for k, v in data.items()}} if is_multipart else {"data": data}
        self._shown(await self.client.post(form.action, headers={"origin": self.origin}, **how))

    def _shown(self, response: httpx.Response) -> None:
        assert response.status_code < 400, response.text
        self.page = Page(response.text)


class Fragment(Page):
    """A piece of a page, cut out of the middle."""

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            super().handle_endtag(tag)


def line_of(table: str, who: str) -> list[str]:
    """The cells after the first of one line of a table: in a row on Slack, one below the other elsewhere."""
    if found := re.search(rf"^{re.escape(who)} \| (.*)$", table, re.MULTILINE):
        return found[1].split(" | ")
    found = re.search(rf"^[^\n:]+: {re.escape(who)}\n((?:\n?[^\n]+: [^\n]*\n?)+)", table, re.MULTILINE)
    assert found is not None, f"no line of {who!r} in {table}"
    first = re.search(r"^([^\n:]+): ", found[0])
    own: list[str] = []
    for line in filter(None, found[1].splitlines()):
        label, _colon, value = line.partition(": ")
        if first is not None and label == first[1]:
            break
        own.append(value)
    return own
