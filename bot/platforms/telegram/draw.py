"""An answer as Bot API calls. Pure: the same answer for the same reader is always the same calls.

A call is a method and its parameters, without the chat. Where a file goes, the parameter is the kit's `Attachment` or
`Picture`; the door puts the bytes in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from bot.kit.clean import graphemes, shorten, utf16_len
from bot.kit.door import CHECK, circumstances
from bot.kit.events import Answer
from bot.kit.forms import FieldKind, FieldView, FormView
from bot.kit.screen import Attachment, Button, Picture, Progress, Quote, Row, Screen, Style, Table, twin
from bot.kit.text import Link, Named, Phrase, Raw, Text, Writer, _, listed, ngettext, without_isolates

from .html import Html, cut, plain

Call = tuple[str, dict[str, Any]]

BUTTONS = 100  # below one message, as Telegram has it
LABEL = 60  # graphemes: longer ones are cut by the client, at a place nobody chose
SHORT = 18  # graphemes: two labels as short as this stand side by side on a telephone
FOLDED = 600  # units: a longer quote is shown folded
BAR = 10
RIGHT_TO_LEFT_MARK = "\u200f"
STYLES = {Style.PRIMARY: "primary", Style.DANGER: "danger"}
PICTURES = ("image/jpeg", "image/png")
CAPTION = 1024  # UTF-16 units below a photo

LIMIT_SAID = 300  # graphemes: who may write more is told of the limit only when it is passed


def draw(
    answer: Answer,
    writer: Writer,
    *,
    date_time: bool = True,
    is_repeated: bool = False,
    with_notice: bool = True,
) -> list[Call]:
    """The messages that show `answer`, the keyboard below the last; then the pictures, and the files.

    `writer` has the reader; its dialect is not used. `date_time` says that the Bot API knows `tg-time`;
    `with_notice` is False when the notice was shown already, over the chat.
    """
    page = _Page(Writer(writer.catalogues, writer.reader, Html(date_time=date_time)))
    for each in circumstances(answer, repeated=is_repeated):
        page.add(page.line(each))
    if answer.notice is not None and with_notice:
        page.add(page.line(answer.notice))
    if answer.form is not None:
        page.form(answer.form)
    elif answer.screen is not None:
        page.screen(answer.screen)
        if answer.home is not None and not _leads(answer.screen, answer.home):
            page.buttons((answer.home,))
    shown = answer.screen if answer.form is None else None
    files, pictures = (shown.files, shown.pictures) if shown is not None else ((), ())
    below = [_picture(each, page.writer) for each in pictures] + [_file(each, page.writer) for each in files]
    return [*page.messages(), *below]


def sketch(calls: Iterable[Call]) -> tuple[str, ...]:
    """What these calls show, as text: the buttons in brackets below it, a file or a picture by its caption."""
    return tuple(
        "\n".join((plain(each["text"] if "text" in each else each["caption"]), *_labels(each.get("reply_markup", {}))))
        for _method, each in calls
    )


def _labels(markup: dict[str, Any]) -> Iterator[str]:
    for row in markup.get("inline_keyboard", ()):
        yield " ".join(f"[{key['text']}]" for key in row)


def _file(file: Attachment, writer: Writer) -> Call:
    method, parameter = ("sendPhoto", "photo") if file.media_type in PICTURES else ("sendDocument", "document")
    return method, {parameter: file, "caption": writer.write(Raw(shorten(file.name, 200))), "parse_mode": "HTML"}


def _picture(picture: Picture, writer: Writer) -> Call:
    """A picture with its words below it, as many as fit."""
    page = _Page(writer)
    page.add(page.line(picture.caption, strong=True), *(page.line(each) for each in twin(picture)))
    return "sendPhoto", {"photo": picture, "caption": page.text(CAPTION), "parse_mode": "HTML"}


@dataclass(frozen=True)
class _Key:
    """A button as it will stand: its label, and what it carries."""

    label: str
    button: Button

    @property
    def is_short(self) -> bool:
        return graphemes(self.label) <= SHORT

    @property
    def json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"text": shorten(self.label, LABEL) or "…"}
        if self.button.url is not None:
            shown["url"] = self.button.url
        else:
            shown["callback_data"] = self.button.handle
        if self.button.style in STYLES:
            shown["style"] = STYLES[self.button.style]
        return shown


class _Page:
    """A text in paragraphs, and rows of buttons."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._paragraphs: list[str] = []
        self._keys: list[list[_Key]] = []

    def text(self, limit: int) -> str:
        """The beginning of all there is, as much as fits into `limit` units."""
        return (cut("\n\n".join(self._paragraphs), limit) or [""])[0]

    def messages(self) -> list[Call]:
        pieces = cut("\n\n".join(self._paragraphs)) or ["…"]
        calls: list[Call] = [
            ("sendMessage", {"text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}})
            for text in pieces
        ]
        if self._keys:
            calls[-1][1]["reply_markup"] = {"inline_keyboard": [[key.json for key in row] for row in self._keys]}
        return calls

    # Text

    def add(self, *lines: str) -> None:
        """One paragraph."""
        if lines:
            self._paragraphs.append("\n".join(lines))

    def line(self, value: Any, *, strong: bool = False, before: str = "") -> str:
        """A line of ours. An Arabic one is told its direction, whatever it begins with."""
        written = self.writer.write(value)
        return self._directed(before + (self.writer.dialect.strong(written) if strong and written else written))

    def _directed(self, line: str) -> str:
        return RIGHT_TO_LEFT_MARK + line if self.writer.reader.is_rtl else line

    def fact(self, label: Text, value: Any) -> str:
        is_question = self.writer.plain(label).endswith(("?", "؟"))
        name = self.writer.dialect.strong(self.writer.write(label if is_question else _("{label}:", label=label)))
        written = self.writer.write(value)
        return self._directed(f"{name}\n{written}" if "\n" in written else f"{name} {written}")

    def block(self, block: Text | Quote | Progress) -> None:
        match block:
            case Quote():
                self._quote(block)
            case Progress():
                self._progress(block)
            case Raw():
                self.add(self.writer.write(block))
            case _:
                self.add(self.line(block))

    def _quote(self, quote: Quote) -> None:
        words = self.writer.write(quote.words)
        tag = "blockquote expandable" if utf16_len(plain(words)) > FOLDED else "blockquote"
        under = [self.line(quote.by)] if quote.by is not None else []
        if (foreign := self.writer.foreign(quote.words)) is not None:
            under.append(self.line(foreign))
        over = [self.line(quote.label, strong=True)] if quote.label is not None else []
        self.add(*over, f"<{tag}>{words}</blockquote>", *under)

    def _progress(self, progress: Progress) -> None:
        total = max(progress.total, 1)
        full = BAR * min(max(progress.done, 0), total) // total
        so_far = _("{done} of {total}", done=progress.done, total=progress.total)
        label = [self.line(progress.label)] if progress.label is not None else []
        self.add(*label, self.line(so_far, before=f"{'█' * full}{'░' * (BAR - full)} "))

    def _table(self, table: Table) -> None:
        self.add(self.line(table.caption, strong=True))
        for row in table.rows:
            self.add(*(self.fact(column, cell) for column, cell in zip(table.columns, row, strict=True)))

    # A screen

    def screen(self, screen: Screen) -> None:
        self.add(self.line(screen.heading, strong=True))
        for block in screen.body:
            self.block(block)
        self.add(*(self.fact(each.label, each.value) for each in screen.facts))
        for number, row in enumerate(screen.rows, 1):
            detail = [self.line(row.detail)] if row.detail is not None else []
            self.add(self.line(row.title, strong=True, before=f"{number}. "), *detail)
        if screen.table is not None:
            self._table(screen.table)
        if screen.files:
            names = listed([Raw(each.name) for each in screen.files])
            self.add(self.line(_("Attached: {files}", files=names)))
        self._row_buttons(screen.rows, room=BUTTONS - len(screen.buttons))
        self.buttons(screen.buttons)

    def _row_buttons(self, rows: Sequence[Row], room: int) -> None:
        """A row's buttons carry its number. Rows of one button share a line, those of several keep apart."""
        numbered = [self._keys_of(row.buttons, before=f"{number}. ") for number, row in enumerate(rows, 1)]
        if all(len(keys) <= 1 for keys in numbered):
            numbered = [[key for keys in numbered for key in keys]]
        for keys in numbered:
            self._place(keys[: max(room, 0)])
            room -= len(keys)

    # A form

    def form(self, form: FormView) -> None:
        if form.refusal is not None:
            self.add(self.line(form.refusal, before="⚠️ "))
        if form.asking is None:
            self._review(form)
        else:
            self._question(form, form.field(form.asking))
        steering = self._keys_of(each for each in (form.back, form.skip, form.cancel) if each is not None)
        if steering:
            self._keys.append(steering)

    def _question(self, form: FormView, field: FieldView) -> None:
        step = [self.line(_("{step} of {total}", step=form.step, total=form.total))] if form.total > 1 else []
        self.add(self.line(form.title, strong=True), *step)
        for block in form.intro:
            self.block(block)
        asked = self.line(field.label, strong=field.kind is not FieldKind.CONSENT)
        self.add(asked, *(self.line(each) for each in _how_to_answer(field, len(form.choices))))
        self.buttons(form.choices)

    def _review(self, form: FormView) -> None:
        self.add(self.line(form.title, strong=True), self.line(CHECK))
        for field in form.fields:
            wrong = [self.line(field.error, before="⚠️ ")] if field.error is not None else []
            self.add(self.fact(field.label, field.shown), *wrong)
        self.buttons((form.send,) if form.send is not None else ())
        changes = [replace(each, label=_("Change: {what}", what=each.label)) for each in form.changes]
        self._place(self._keys_of(changes)[: BUTTONS - 4])

    # Buttons

    def buttons(self, buttons: Iterable[Button]) -> None:
        """Buttons in rows; an address that Telegram puts behind no button is a line of text instead."""
        shown = tuple(buttons)
        for button in shown:
            if button.url is not None and not _is_address(button.url):
                self.add(self.line(_("{label}: {url}", label=button.label, url=Link(button.url))))
        self._place(self._keys_of(shown))

    def _keys_of(self, buttons: Iterable[Button], before: str = "") -> list[_Key]:
        usable = (each for each in buttons if each.handle is not None or (each.url and _is_address(each.url)))
        return [_Key(before + self._label(each.label), each) for each in usable]

    def _label(self, label: Text) -> str:
        """A name alone on a button needs no isolation from words around it."""
        written = self.writer.plain(label)
        return without_isolates(written) if isinstance(label, Raw | Named) else written

    def _place(self, keys: Iterable[_Key]) -> None:
        """Short ones two by two, long ones each on a line of its own."""
        rows: list[list[_Key]] = []
        for key in keys:
            if rows and len(rows[-1]) == 1 and rows[-1][0].is_short and key.is_short:
                rows[-1].append(key)
            else:
                rows.append([key])
        self._keys += rows


def _leads(screen: Screen, home: Button) -> bool:
    """Whether something on the screen leads home already."""
    buttons = (*screen.buttons, *(button for row in screen.rows for button in row.buttons))
    return any(button.command == home.command for button in buttons)


def _is_address(url: str) -> bool:
    """Telegram refuses a whole message for one button to a host without a dot, such as localhost."""
    address = urlsplit(url)
    return address.scheme in {"http", "https"} and "." in (address.hostname or "")


def _how_to_answer(field: FieldView, choices: int) -> Iterator[Phrase]:
    """What a chat has to say about a question, because it shows no input of the right kind."""
    if field.hint is not None:
        yield field.hint
    match field.kind:
        case FieldKind.LINE | FieldKind.PROSE if 0 < field.max <= LIMIT_SAID:
            yield _("At most {max} characters.", max=field.max)
        case FieldKind.PICK if choices:
            yield _("Type a few letters to search, or choose:")
        case FieldKind.PICK:
            yield _("Type a few letters to search.")
        case FieldKind.CHOICE if len(field.options) > choices:
            yield _("There are more than these: type the one you mean.")
        case FieldKind.DATE if choices:
            yield _("Choose, or type a date, such as “4 December” or “next Tuesday”.")
        case FieldKind.DATE:
            yield _("Type a date, such as “4 December” or “next Tuesday”.")
        case FieldKind.FILES:
            yield _("Send photos or documents now, at most {max}.", max=field.max)
            if isinstance(field.value, list | tuple) and field.value:
                yield ngettext("{count} file kept so far.", "{count} files kept so far.", len(field.value))
    if field.answered and field.value and field.kind not in (FieldKind.FILES, FieldKind.CONSENT):
        yield _("Your answer so far: {answer}", answer=field.shown)
