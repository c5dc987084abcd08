"""Blocks, one below the other, within what a surface of Slack takes. What does not fit is said not to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from bot.kit.clean import shorten, split, utf16_len
from bot.kit.screen import Attachment, Button, Fact, Picture, Progress, Quote, Row, Screen, Style, Table, twin
from bot.kit.text import Link, Phrase, Raw, Writer, _, listed, without_isolates

from . import rich
from .rich import Json, Rich, block, cut, elements, has_link, length, plain_text, quote, section

Surface = Literal["message", "home", "modal"]

BLOCKS: dict[Surface, int] = {"message": 50, "home": 100, "modal": 100}
CHARACTERS = 12_000  # of all blocks together; beyond about 13,200 Slack refuses a message, and nowhere says so
TEXT, LABEL, HEADER = 3000, 75, 150
ROW_OF_BUTTONS, BUTTONS = 5, 25
TABLE_ROWS, TABLE_COLUMNS, CELL = 100, 20, 300
BAR = 10
BREAKS = re.compile(r"[^\S\u00a0\u202f]+")  # but where French forbids a line to break
STYLES = {Style.PRIMARY: "primary", Style.DANGER: "danger"}

YOUR_PAGE = _("your page")

# What a button does: run its command, answer a question where it is asked, open a form as a modal, go to an address,
# or lead back to what the Home tab shows first.
RUN, ANSWER, OPEN, ADDRESS, HOMEWARD = "run", "answer", "open", "address", "home"


class Sheet:
    """Collects the blocks of one surface.

    `writer` has the reader; `page` is the address of Parley's own page, where everything can be seen. `spare` blocks
    are kept free for a foot that is known only later.
    """

    def __init__(self, writer: Writer, surface: Surface, page: str, *, spare: int = 0) -> None:
        self.writer = Writer(writer.catalogues, writer.reader, Rich())
        self._surface = surface
        self._page = page
        self._spare = spare
        self._blocks: list[Json] = []
        self._foot: list[Json] = []
        self._characters = 0
        self._actions = 0
        self._is_full = False
        self._is_short = False

    def blocks(self) -> list[Json]:
        """Everything so far; what must stand comes last, and before it, if so, that something was left out."""
        note = _("This is shortened. All of it is on {page}.", page=Link(self._page, YOUR_PAGE))
        left_out = [block(section(elements(self.writer.write(note), italic=True)))] if self._is_short else []
        return [*self._blocks, *left_out, *self._foot]

    def add(self, *blocks: Json) -> bool:
        """Blocks that belong together. False when there is no room for them: what is below is left out too."""
        size = sum(_characters(each) for each in blocks)
        room = BLOCKS[self._surface] - len(self._blocks) - len(self._foot) - self._spare - 1  # one for the note
        if self._is_full or len(blocks) > room or size > CHARACTERS - self._characters:
            self._is_full = self._is_short = True
            return False
        self._blocks += blocks
        self._characters += size
        return True

    # Text

    def heading(self, value: Any) -> None:
        title = BREAKS.sub(" ", self.writer.plain(value)).strip()
        if utf16_len(title) <= HEADER and title:
            self.add({"type": "header", "text": plain_text(title, HEADER)})
        else:
            self.line(value, strong=True)

    def line(self, value: Any, *, strong: bool = False, italic: bool = False) -> None:
        """A paragraph of ours."""
        written = self.writer.write(value)
        self._paragraph(elements(self.writer.dialect.strong(written) if strong else written, italic=italic))

    def body(self, part: Any) -> None:
        match part:
            case Quote():
                self._quote(part)
            case Progress():
                self._progress(part)
            case Raw():
                for piece in _pieces(part):
                    self._paragraph(elements(self.writer.write(piece)))
            case _:
                self.line(part)

    def facts(self, facts: Iterable[Fact]) -> None:
        """Labels and values, a line each."""
        lines: list[Json] = []
        for fact in facts:
            line = section(self._cut(self._fact(fact.label, fact.value), TEXT))
            if lines and sum(length(each["elements"]) for each in [*lines, line]) > TEXT:
                self.add(block(*lines))
                lines = []
            lines.append(line)
        if lines:
            self.add(block(*lines))

    def _fact(self, label: Phrase, value: Any) -> list[Json]:
        name = self.writer.dialect.strong(self.writer.write(_("{label}:", label=label)))
        return elements(f"{name} {self.writer.write(value)}")

    def _quote(self, said: Quote) -> None:
        under = [said.by] if said.by is not None else []
        if (foreign := self.writer.foreign(said.words)) is not None:
            under.append(foreign)
        lines = [section(elements(self.writer.write(each), italic=True)) for each in under]
        if isinstance(said.words, Raw):
            parts = [elements(self.writer.write(piece)) for piece in _pieces(said.words)]
        else:
            parts = rich.pieces(elements(self.writer.write(said.words)), TEXT)
        pieces = [quote(each) for each in parts]
        over = []
        if said.label is not None:
            strong = self.writer.dialect.strong(self.writer.write(said.label))
            over = [section(self._cut(elements(strong), LABEL))]
        for piece in pieces[:-1]:
            self.add(block(*over, piece))
            over = []
        if over or pieces or lines:
            self.add(block(*over, *pieces[-1:], *lines))

    def _progress(self, progress: Progress) -> None:
        total = max(progress.total, 1)
        full = BAR * min(max(progress.done, 0), total) // total
        so_far = self.writer.write(_("{done} of {total}", done=progress.done, total=progress.total))
        lines = [section(elements(f"{'█' * full}{'░' * (BAR - full)} {so_far}"))]
        if progress.label is not None:
            lines.insert(0, section(self._cut(elements(self.writer.write(progress.label)), TEXT)))
        self.add(block(*lines))

    def _paragraph(self, parts: list[Json]) -> None:
        if parts:
            self.add(block(section(self._cut(parts, TEXT))))

    def _cut(self, parts: list[Json], limit: int) -> list[Json]:
        kept = cut(parts, limit)
        self._is_short = self._is_short or length(kept) < length(parts)
        return kept

    # A screen

    def screen(self, screen: Screen) -> None:
        """The whole of a screen. Its own buttons always stand; lists and long texts give way to them."""
        labels = Counter(self._label(each) for each in _usable(screen.buttons))
        labels += Counter(self._label(each) for row in screen.rows for each in _usable(row.buttons))
        self.buttons(screen.buttons)
        self.heading(screen.heading)
        for part in screen.body:
            self.body(part)
        for picture in screen.pictures:
            self._picture(picture)
        self.facts(screen.facts)
        repeated = {label for label, times in labels.items() if times > 1}
        for row in screen.rows:
            if not self._is_full:
                self._row(row, repeated)
        if screen.table is not None:
            self._table(screen.table)
        if screen.files:
            self._files(screen.files)

    def _row(self, row: Row, repeated: set[str]) -> None:
        """An item of a list. A single button stands beside it, several below."""
        title = self.writer.write(row.title)
        detail = self.writer.write(row.detail) if row.detail is not None else ""
        drawn = []
        for each in _usable(row.buttons):
            more = {}
            if self._label(each) in repeated:
                label = _("{action}: {what}", action=each.label, what=row.title)
                more["accessibility_label"] = shorten(without_isolates(self.writer.plain(label)), LABEL, unit="utf16")
            drawn.append(self.button(each, RUN) | more)
        if len(drawn) == 1 and not has_link(title + detail):
            plain = "\n".join(self.writer.plain(each) for each in (row.title, row.detail) if each is not None)
            self._is_short = self._is_short or utf16_len(plain) > TEXT
            self.add({"type": "section", "text": plain_text(plain, TEXT), "accessory": drawn[0]})
            return
        rich = self.writer.dialect.strong(title) + (f"\n{detail}" if detail else "")
        self.add(block(section(self._cut(elements(rich), TEXT))), *_rows_of(drawn[:BUTTONS]))

    def _table(self, table: Table) -> None:
        """A table in a message; elsewhere, where Slack has none, each row as lines."""
        self.line(table.caption, strong=True)
        if self._surface != "message" or len(table.columns) > TABLE_COLUMNS:
            for row in table.rows:
                self.facts(Fact(column, cell) for column, cell in zip(table.columns, row, strict=True))
            return
        cells = [[self._cell(value) for value in values] for values in (table.columns, *table.rows)]
        room = CHARACTERS - self._characters
        kept: list[list[Json]] = []
        for line in cells[:TABLE_ROWS]:
            room -= _characters(line)
            if room < 0:
                break
            kept.append(line)
        if len(kept) > 1:
            self.add({"type": "table", "rows": kept})
        self._is_short = self._is_short or len(kept) < len(cells)

    def _cell(self, value: Any) -> Json:
        said = self.writer.plain(value)
        self._is_short = self._is_short or utf16_len(said) > CELL
        return {"type": "raw_text", "text": shorten(said, CELL, unit="utf16").strip() or "–"}

    def _picture(self, picture: Picture) -> None:
        """A picture comes below its message, and is only announced there; where none can come, its words stand."""
        if self._surface == "message":
            self.line(_("Below: {picture}", picture=picture.caption), italic=True)
            return
        self.line(picture.caption, strong=True)
        for each in twin(picture):
            self.line(each)

    def _files(self, files: Sequence[Attachment]) -> None:
        self.line(_("Attached: {files}", files=listed([Raw(each.name) for each in files])))

    # Controls

    def buttons(self, buttons: Iterable[Button], does: str = RUN) -> None:
        """What can be done, in rows at the foot of the surface."""
        self.controls([self.button(each, does) for each in _usable(buttons)])

    def controls(self, drawn: Sequence[Json]) -> None:
        """Controls that stand together at the foot."""
        self.foot(*_rows_of(drawn[:BUTTONS]))

    def foot(self, *blocks: Json) -> None:
        """Blocks that always stand, below everything else: what is added later has the less room."""
        self._foot += blocks
        self._characters += sum(_characters(each) for each in blocks)

    def button(self, button: Button, does: str) -> Json:
        if button.url is not None:
            return self._control(button.label, ADDRESS) | {"url": button.url}
        drawn = self._control(button.label, does) | {"value": button.handle}
        return drawn | ({"style": STYLES[button.style]} if button.style in STYLES else {})

    def opener(self, token: str) -> Json:
        """A button that opens the form in progress as a modal."""
        return self._control(_("Open the form"), OPEN) | {"value": token}

    def homeward(self, label: Phrase) -> Json:
        """A button that shows the Home tab as it is when it is opened."""
        return self._control(label, HOMEWARD)

    def _control(self, label: Any, does: str) -> Json:
        """Every control of a surface has a name of its own: what it does, and its number."""
        self._actions += 1
        text = plain_text(self.writer.plain(label), LABEL)
        return {"type": "button", "action_id": f"{does}:{self._actions}", "text": text}

    def _label(self, button: Button) -> str:
        return self.writer.plain(button.label)


def _usable(buttons: Iterable[Button]) -> Iterator[Button]:
    return (each for each in buttons if each.handle is not None or each.url is not None)


def _rows_of(drawn: Sequence[Json]) -> list[Json]:
    rows = [drawn[at : at + ROW_OF_BUTTONS] for at in range(0, len(drawn), ROW_OF_BUTTONS)]
    return [{"type": "actions", "elements": list(row)} for row in rows]


def _pieces(words: Raw) -> list[Raw]:
    """Long words in pieces that each fit into a paragraph, the two isolating marks included."""
    return [Raw(piece, words.language) for piece in split(words.words, TEXT - 2)]


def _characters(value: Any) -> int:
    """Text of a block, of whatever depth, as Slack seems to count it."""
    if isinstance(value, list):
        return sum(_characters(each) for each in value)
    if not isinstance(value, dict):
        return 0
    own = value.get("text")
    nested = sum(_characters(each) for each in value.values())
    return nested + (utf16_len(own) if isinstance(own, str) else 0)
