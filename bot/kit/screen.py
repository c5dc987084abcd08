"""What a person is shown: meaning without markup, the same for every platform, as JSON there and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime, time
from enum import Enum, StrEnum
from functools import cache
from types import NoneType
from typing import Any, TypeVar

from .text import Code, Difference, Link, Listed, Named, Phrase, Raw, Text, When, _, ngettext, phrase_of

T = TypeVar("T")
Scalar = str | int | bool | None
HANDLE_BYTES = 64


class Style(StrEnum):
    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True)
class Button:
    """A command and its arguments. `handle` is filled in by the engine, for one person; until then it leads nowhere.

    A `url` button opens an address of ours instead.
    """

    label: Phrase | Raw | Named | Code
    command: str = ""
    args: Mapping[str, Scalar] = field(default_factory=dict)
    style: Style = Style.PLAIN
    handle: str | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        if self.handle is not None and len(self.handle.encode()) > HANDLE_BYTES:
            raise ValueError(f"a handle has at most {HANDLE_BYTES} bytes")


def button(label: Phrase | Raw | Named, command: str, /, *, style: Style = Style.PLAIN, **args: Scalar) -> Button:
    """`button(_("Take it"), "issues.take", issue=issue.id)`"""
    return Button(label, command, args, style)


@dataclass(frozen=True)
class Fact:
    """A label and its value: "Port: Sodal"."""

    label: Phrase
    value: Any


@dataclass(frozen=True)
class Quote:
    """Somebody's words, set apart, or how they changed. `label` stands above them: what they are; `by` below: who said
    them, and when."""

    words: Raw | Difference
    by: Phrase | None = None
    label: Phrase | None = None

    @property
    def said(self) -> str:
        """The words themselves; of a change what they became."""
        return self.words.later if isinstance(self.words, Difference) else self.words.words


@dataclass(frozen=True)
class Row:
    """One item of a list, with what can be done about it."""

    title: Text
    detail: Phrase | Raw | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far something long has come."""

    done: int
    total: int
    label: Phrase | None = None


@dataclass(frozen=True)
class Table:
    """Rows and columns. On narrow doors each row becomes lines of "column: value"."""

    caption: Phrase
    columns: tuple[Phrase, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Attachment:
    """A stored file to show or send on."""

    file_id: int
    name: str
    media_type: str | None


@dataclass(frozen=True)
class Bars:
    """How many of each of `parts` there are in each row, to be drawn as stacked bars."""

    parts: tuple[Phrase, ...]
    rows: tuple[tuple[Text, tuple[int, ...]], ...]


@dataclass(frozen=True)
class QR:
    """An address of ours as a square that a telephone reads."""

    url: str


@dataclass(frozen=True)
class Box:
    """What stands in a grid: in one of its columns or, without one, across all; from one row on, over so many.

    `when` says in words which rows these are. Boxes of one `colour` (from 0) belong together; one without is a pause.
    """

    title: Text
    when: Text
    lines: tuple[Text, ...] = ()
    column: int | None = None
    row: int = 0
    rows: int = 1
    colour: int | None = None


@dataclass(frozen=True)
class Grid:
    """A timetable of one day: a column a room, a row a time. `corner` is what the rows are."""

    corner: Phrase
    columns: tuple[Text, ...]
    rows: tuple[Text, ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Dot:
    """Some people who stand at one place: `x` from where reading begins and `y` upwards, of -100 to 100.

    One without a `colour` (from 0) is drawn as an outline: it shows the same people once more, in another way.
    """

    title: Text
    count: int
    x: int
    y: int
    colour: int | None = None


@dataclass(frozen=True)
class Plot:
    """Who stands near whom: the nearer two dots are, the more alike."""

    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Picture:
    """Data that each door draws its own way, and tells in words too (`twin`): nobody needs to see it."""

    caption: Phrase
    of: Bars | QR | Grid | Plot


def twin(picture: Picture) -> tuple[Text, ...]:
    """A picture in words, a line each, without its caption."""
    match picture.of:
        case QR(url):
            return (Link(url),)
        case Bars(parts, rows):
            return tuple(
                _(
                    "{row}: {counts}",
                    row=row,
                    counts=Listed(
                        tuple(
                            _("{what} {count}", what=part, count=count)
                            for part, count in zip(parts, counts, strict=True)
                            if count
                        )
                        or (0,)
                    ),
                )
                for row, counts in rows
            )
        case Grid(_corner, columns, _rows, boxes):
            return tuple(_told(each, columns) for each in sorted(boxes, key=lambda box: (box.row, box.column or 0)))
        case Plot(dots):
            return tuple(_stands(each, dots) for each in dots)


def _stands(dot: Dot, dots: tuple[Dot, ...]) -> Text:
    """Who is nearest to it, of those drawn in its own way; where there is nobody else, how many it is."""
    people = ngettext("{count} person", "{count} people", dot.count)
    others = [each for each in dots if each is not dot and (each.colour is None) == (dot.colour is None)]
    if len(others) < 2:
        return _("{what}: {people}", what=dot.title, people=people)
    near = min(others, key=lambda each: (each.x - dot.x) ** 2 + (each.y - dot.y) ** 2)
    return _("{what}: {people}, nearest to {other}", what=dot.title, people=people, other=near.title)


def _told(box: Box, columns: tuple[Text, ...]) -> Text:
    what = _("{what} ({more})", what=box.title, more=Listed(box.lines)) if box.lines else box.title
    if box.column is None:
        return _("{when}: {what}", when=box.when, what=what)
    return _("{when}, {where}: {what}", when=box.when, where=columns[box.column], what=what)


@dataclass(frozen=True)
class Screen:
    """A heading, then paragraphs and quotes, pictures, facts, a list, a table, and what can be done next.

    A screen with `instead` is shown once and never stored: wherever it would be, that one is. It is for secrets.
    """

    heading: Text
    body: tuple[Text | Quote | Progress, ...] = ()
    facts: tuple[Fact, ...] = ()
    rows: tuple[Row, ...] = ()
    table: Table | None = None
    files: tuple[Attachment, ...] = ()
    buttons: tuple[Button, ...] = ()
    pictures: tuple[Picture, ...] = ()
    instead: Screen | None = None

    def with_buttons(self, *more: Button) -> Screen:
        return replace(self, buttons=self.buttons + more)


def map_buttons(value: Any, change: Callable[[Button], Button | None]) -> Any:
    """`value` (a screen, a form as it stands, …) with every button replaced by `change(button)`, or dropped."""
    if isinstance(value, Button):
        return change(value)
    if isinstance(value, tuple):
        changed = [map_buttons(each, change) for each in value]
        if all(new is old for old, new in zip(value, changed, strict=True)):
            return value
        return tuple(new for old, new in zip(value, changed, strict=True) if new is not None or old is None)
    new = {}
    for name in _holding(type(value)):
        held = getattr(value, name)
        if isinstance(held, tuple) or _holding(type(held)):
            mapped = map_buttons(held, change)
            if mapped is not held:
                new[name] = mapped
    return replace(value, **new) if new else value


def _holding(kind: type) -> tuple[str, ...]:
    """The fields of one of the kit's dataclasses; nothing else holds buttons, and words do not."""
    known = _FIELDS.get(kind)
    if known is None:
        is_ours = is_dataclass(kind) and kind.__module__.startswith("bot.kit") and kind.__module__ != "bot.kit.text"
        known = _FIELDS[kind] = tuple(each.name for each in fields(kind)) if is_ours else ()
    return known


_FIELDS: dict[type, tuple[str, ...]] = {}  # asked of every part of every screen


class Refusal(Exception):
    """The rules say no. The turn's changes are undone; what the person typed is kept, so that they can correct it.

    `buttons` lead to what can be done instead.
    """

    def __init__(self, phrase: Phrase, *, field: str | None = None, buttons: tuple[Button, ...] = ()) -> None:
        super().__init__(phrase.source)
        self.phrase = phrase
        self.field = field
        self.buttons = buttons


NOT_FOUND = _("There is nothing here by that name, or it is not yours to see.")


class NotFound(Refusal):
    """It does not exist, or it is not yours: the same words, so that nobody learns which."""

    def __init__(self, phrase: Phrase = NOT_FOUND, *, buttons: tuple[Button, ...] = ()) -> None:
        super().__init__(phrase, buttons=buttons)


# JSON there and back

_TYPES: dict[str, type] = {}


def storable(kind: type[T]) -> type[T]:
    """Let a frozen dataclass of the kit be stored as JSON."""
    _TYPES[kind.__name__] = kind
    return kind


def to_json(value: Any) -> Any:
    """A JSON value for anything made of the kit's dataclasses, scalars, instants, enumerations, lists and mappings."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if is_dataclass(kind) and kind.__name__ in _TYPES:
        if isinstance(value, Screen) and value.instead is not None:
            return to_json(value.instead)
        # What is empty by default is left out: stored screens stay small and survive a new field.
        stored = [(name, getattr(value, name), default) for name, default in _stored(kind)]
        return {"~": kind.__name__} | {
            name: to_json(held) for name, held, default in stored if held not in _EMPTY or held != default
        }
    # By the type itself: an enumeration of `db/` may be called as something of the kit is.
    if isinstance(value, StrEnum) and _TYPES.get(kind.__name__) is not kind:
        return to_json(phrase_of(value))
    if isinstance(value, Enum):
        return {"~": kind.__name__, "value": value.value}
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return {"~": "datetime", "at": value.isoformat()}
    if isinstance(value, date):
        return {"~": "date", "day": value.isoformat()}
    if isinstance(value, time):
        return {"~": "time", "at": value.isoformat()}
    if isinstance(value, tuple | list):
        return [to_json(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): to_json(each) for key, each in value.items()}
    raise TypeError(f"{kind.__name__} cannot be stored in a screen")


_PLAIN = frozenset((NoneType, str, int, float, bool))
_EMPTY: tuple[Any, ...] = (None, (), {})


@cache
def _stored(kind: type) -> tuple[tuple[str, Any], ...]:
    """The fields of a dataclass, each with what it is when it is left out; MISSING for one that has to be given."""
    return tuple(
        (each.name, each.default if each.default_factory is MISSING else each.default_factory())
        for each in fields(kind)
    )


def from_json(value: Any) -> Any:
    """The inverse of `to_json`. Raises LookupError for a type this version does not know."""
    if isinstance(value, list):
        return tuple(from_json(each) for each in value)
    if not isinstance(value, dict):
        return value
    kind = value.get("~")
    if kind is None:
        return {key: from_json(each) for key, each in value.items()}
    if kind == "datetime":
        return datetime.fromisoformat(value["at"])
    if kind == "date":
        return date.fromisoformat(value["day"])
    if kind == "time":
        return time.fromisoformat(value["at"])
    made = _TYPES[kind]
    if issubclass(made, Enum):
        return made(value["value"])
    return made(**{key: from_json(each) for key, each in value.items() if key != "~"})


for _kind in (
    *(Phrase, Raw, Code, Named, When, Link, Listed, Difference),
    *(Style, Button, Fact, Quote, Row, Progress, Table, Attachment, Bars, QR, Box, Grid, Dot, Plot, Picture, Screen),
):
    storable(_kind)
