"""An answer as the words of a mail: once plain, once as simple HTML. Pure: the same answer is always the same mail.

A button is a link: `Ways` says where it leads, and whether pressing it there is enough. A mail cannot be taken back or
drawn anew, so nothing in it depends on what happens later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.kit.clean import clean_line, shorten
from bot.kit.door import CHECK, circumstances
from bot.kit.events import Answer
from bot.kit.forms import FormView
from bot.kit.screen import Button, Progress, Quote, Row, Screen, Style, Table, twin
from bot.kit.text import Difference, Link, Phrase, Plain, Raw, Text, Writer, _, listed, without_isolates

from .html import Html

SUBJECT = 150  # graphemes
RIGHT_TO_LEFT_MARK = "\u200f"
FOLLOW = _("Open my page")
NOTHING = _("News from Parley")
WHY = _("You get this because this address was confirmed in Parley.")
STOP = _("No more e-mail")
INSTEAD = _("Please do not answer by e-mail: nobody reads it. Use the links above, or write to Parley in your chat.")

STYLE = "font-family:sans-serif;font-size:16px;line-height:1.5;color:#1b1f24"
BUTTON = "display:inline-block;padding:8px 14px;margin:4px 0;border:1px solid #1f5fa8;border-radius:4px;color:#1f5fa8"


@dataclass(frozen=True)
class Ways:
    """Where the links of one mail lead: each button, one's own page, and the end of all mail.

    `stop` and `page` are empty in a mail to an address that is still to be confirmed: nothing there is anybody's yet.
    """

    button: Callable[[Button], str | None]
    page: str = ""
    stop: str = ""


@dataclass(frozen=True)
class Drawn:
    subject: str
    plain: str
    html: str


def draw(answer: Answer, writer: Writer, ways: Ways, *, repeated: bool = False) -> Drawn:
    """`writer` has the reader; its dialect is not used."""
    pages = [_Page(Writer(writer.catalogues, writer.reader, each), ways) for each in (Plain(), Html())]
    for page in pages:
        page.draw(answer, repeated=repeated)
    plain, html = pages
    return Drawn(_subject(answer, writer), plain.text(), html.document(_subject(answer, writer)))


def _subject(answer: Answer, writer: Writer) -> str:
    """One line without invisible direction marks: a list of subjects shows each by itself."""
    heading: Any = answer.screen.heading if answer.screen is not None else None
    if answer.form is not None:
        heading = answer.form.title
    said = clean_line(without_isolates(writer.plain(heading or answer.notice or NOTHING)))
    return shorten(f"{answer.thread}: {said}" if answer.thread and answer.thread not in said else said, SUBJECT)


class _Page:
    """Paragraphs in one dialect. In plain words a paragraph is its lines, in HTML a block of its own."""

    def __init__(self, writer: Writer, ways: Ways) -> None:
        self.writer = writer
        self.ways = ways
        self.is_html = isinstance(writer.dialect, Html)
        self._blocks: list[str] = []

    def text(self) -> str:
        return "\n\n".join(self._blocks) + "\n"

    def document(self, title: str) -> str:
        reader = self.writer.reader
        direction = "rtl" if reader.is_rtl else "ltr"
        body = "\n".join(self._blocks)
        return (
            f'<!doctype html>\n<html lang="{reader.language}" dir="{direction}">\n<head><meta charset="utf-8">'
            f"<title>{self.writer.dialect.escape(title)}</title></head>\n"
            f'<body dir="{direction}" style="{STYLE}">\n{body}\n</body>\n</html>\n'
        )

    def draw(self, answer: Answer, *, repeated: bool) -> None:
        for each in circumstances(answer, repeated=repeated):
            self.say(each)
        if answer.notice is not None:
            self.say(answer.notice)
        if answer.form is not None:
            self._form(answer.form)
        elif answer.screen is not None:
            self._screen(answer.screen)
        self._end()

    # Pieces

    def say(self, *values: Any, tag: str = "p", strong: bool = False) -> None:
        """One paragraph of lines."""
        written = [self.writer.write(each) for each in values if each is not None]
        if strong and self.is_html:
            written = [self.writer.dialect.strong(each) for each in written]
        self._add(written, tag, own=len(values) == 1 and isinstance(values[0], Raw | Difference | str))

    def _add(self, lines: list[str], tag: str = "p", *, own: bool = False) -> None:
        lines = [each for each in lines if each]
        if not lines:
            return
        if self.is_html:
            direction = ' dir="auto"' if own else ""
            self._blocks.append(f"<{tag}{direction}>{'<br>'.join(lines)}</{tag}>")
        else:
            self._blocks.append("\n".join(lines if own else [self._directed(each) for each in lines]))

    def _directed(self, line: str) -> str:
        return RIGHT_TO_LEFT_MARK + line if self.writer.reader.is_rtl else line

    def _screen(self, screen: Screen) -> None:
        self.say(screen.heading, tag="h1")
        for part in screen.body:
            self._part(part)
        for picture in screen.pictures:  # many programs hide pictures: the words stand for them
            self.say(picture.caption, strong=True)
            self.say(*twin(picture))
        self._facts([(fact.label, fact.value) for fact in screen.facts])
        for number, row in enumerate(screen.rows, 1):
            self._row(number, row)
        if screen.table is not None:
            self._table(screen.table)
        if screen.files:
            self.say(_("Attached: {files}", files=listed([Raw(each.name) for each in screen.files])))
        self._links(screen.buttons)

    def _form(self, form: FormView) -> None:
        """Nobody fills a form in by mail: it says what was asked, and leads to the page."""
        self.say(form.title, tag="h1")
        for part in form.intro:
            self._part(part)
        if form.refusal is not None:
            self.say(form.refusal)
        if form.asking is not None:
            asked = form.field(form.asking)
            self.say(asked.label, asked.hint)
        else:
            self.say(CHECK)
        self._facts([(field.label, field.shown) for field in form.fields if field.answered])
        wrong = [each.error for each in form.fields if each.error is not None]
        if wrong:
            self.say(*wrong)

    def _part(self, part: Text | Quote | Progress) -> None:
        match part:
            case Quote():
                self._quote(part)
            case Progress():
                total = max(part.total, 1)
                self.say(part.label, _("{done} of {total}", done=min(max(part.done, 0), total), total=total))
            case _:
                self.say(part)

    def _quote(self, quote: Quote) -> None:
        under = [each for each in (quote.by, self.writer.foreign(quote.words)) if each is not None]
        if quote.label is not None:
            self.say(quote.label, strong=True)
        words = self.writer.write(quote.words)
        if self.is_html:
            language = f' lang="{self.writer.dialect.escape(quote.words.language)}"' if quote.words.language else ""
            self._blocks.append(f'<blockquote dir="auto"{language}>{words}</blockquote>')
        else:
            self._blocks.append("\n".join(f"> {line}" for line in words.split("\n")))
        if under:
            self.say(*under)

    def _facts(self, facts: list[tuple[Text, Any]]) -> None:
        lines = []
        for label, value in facts:
            is_question = self.writer.plain(label).endswith(("?", "؟"))
            name = self.writer.dialect.strong(self.writer.write(label if is_question else _("{label}:", label=label)))
            lines.append(f"{name} {self.writer.write(value)}")
        self._add(lines)

    def _row(self, number: int, row: Row) -> None:
        title = f"{number}. {self.writer.dialect.strong(self.writer.write(row.title))}"
        self._add([title, *([self.writer.write(row.detail)] if row.detail is not None else [])])
        self._links(row.buttons)

    def _table(self, table: Table) -> None:
        self.say(table.caption, strong=True)
        for row in table.rows:
            self._facts(list(zip(table.columns, row, strict=True)))

    # Links

    def _links(self, buttons: tuple[Button, ...]) -> None:
        lines = [line for button in buttons if (line := self._link(button)) is not None]
        self._add(lines)

    def _link(self, button: Button) -> str | None:
        url = button.url or self.ways.button(button)
        if url is None:
            return None
        if not self.is_html:
            return self.writer.write(_("{label}: {url}", label=button.label, url=Link(url)))
        style = f"{BUTTON};font-weight:bold" if button.style is Style.PRIMARY else BUTTON
        label, address = self.writer.write(button.label), self.writer.dialect.escape(url)
        return f'<a href="{address}" style="{style}">{label}</a>'

    def _end(self) -> None:
        """Why it came, and how it ends."""
        links = [*self._ends(self.ways.page, FOLLOW), *self._ends(self.ways.stop, STOP)]
        if links:
            self._add([self.writer.write(WHY), self.writer.write(INSTEAD), *links])

    def _ends(self, url: str, label: Phrase) -> Iterator[str]:
        if url:
            yield self.writer.write(Link(url, label))
