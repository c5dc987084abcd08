"""An answer as Slack shows it: a message, the Home tab, a modal. Pure: the same answer is always the same payload."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from bot.kit.clean import shorten, utf16_len
from bot.kit.door import CHECK, circumstances
from bot.kit.events import Answer
from bot.kit.forms import FieldKind, FieldView, FormView
from bot.kit.screen import Fact, Progress, Quote, Screen, twin
from bot.kit.text import Phrase, Raw, Writer, _, listed

from . import fields
from .rich import Json, plain_text
from .sheet import ANSWER, Sheet, Surface

FORM = "form"  # the callback id of a modal that is a form; any other only shows something
TITLE, ALERT, SUMMARY = 24, 200, 3000

HOME = _("Home")
SEVERAL_WRONG = _("Please look at these answers again:")


def message(answer: Answer, writer: Writer, page: str, *, repeated: bool = False) -> Json:
    """`text` and `blocks` of a message. A form is its next question, with a button that opens all of it."""
    sheet = _sheet(answer, writer, page, "message", repeated=repeated)
    return {"text": _summary(circumstances(answer, repeated=repeated), answer, writer), "blocks": sheet.blocks()}


def sketch(message: Json) -> str:
    """What a message shows, as text: a block a paragraph, the buttons in brackets."""
    return "\n\n".join(filter(None, (_shown(each).strip() for each in message["blocks"])))


def _shown(value: Any) -> str:
    """The words of a block or an element of one, of whatever depth."""
    if isinstance(value, list):
        return "".join(map(_shown, value))
    match value.get("type"):
        case "button":
            return f" [{value['text']['text']}]"
        case "date":
            return str(value["fallback"])
        case "link":
            return str(value.get("text") or value["url"])
        case "rich_text":
            return "\n".join(map(_shown, value["elements"]))
        case "table":
            return "\n".join(" | ".join(map(_shown, row)) for row in value["rows"])
    parts = (value[name] for name in ("text", "elements", "accessory") if name in value)
    return "".join(each if isinstance(each, str) else _shown(each) for each in parts)


def home(answer: Answer, writer: Writer, page: str, *, is_inside: bool = False) -> Json:
    """The view of the Home tab; `is_inside` when it is about to show something else than home, with a way back."""
    sheet = _sheet(answer, writer, page, "home", spare=1 if is_inside else 0)
    labels = [button.label for button in answer.screen.buttons] if answer.screen is not None else []
    if is_inside and HOME not in labels:
        sheet.controls([sheet.homeward(HOME)])
    return {"type": "home", "blocks": sheet.blocks()}


def modal(form: FormView, writer: Writer, page: str, *, notice: Phrase | None = None, about: Json) -> Json:
    """A whole form. `about` is what the modal is to know of itself, besides the draft and the files kept before it."""
    sheet = Sheet(writer, "modal", page)
    sheet.foot(*(fields.drawn(field, writer) for field in form.fields))
    if form.refusal is not None or _errors(form):
        said = plain_text(writer.plain(form.refusal or SEVERAL_WRONG), ALERT)
        sheet.add({"type": "alert", "level": "error", "text": said})
        sheet.facts(Fact(field.label, field.error) for field in form.fields if field.error is not None)
    title = writer.plain(form.title)
    if utf16_len(title) > TITLE:
        sheet.heading(form.title)
    if notice is not None:
        sheet.line(notice, italic=True)
    for part in form.intro:
        sheet.body(part)
    kept = {field.name: field.value for field in form.fields if field.kind is FieldKind.FILES and field.value}
    known = {"files": kept, "token": form.token} | about
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": json.dumps(known, separators=(",", ":")),
        "title": plain_text(title, TITLE),
        "submit": plain_text(writer.plain(form.sends), TITLE),
        "close": plain_text(writer.plain(_("Close")), TITLE),
        "notify_on_close": True,
        "blocks": sheet.blocks(),
    }


def about(view: Mapping[str, Any]) -> Json:
    """What an open modal knows of itself: the same stays true when it is drawn anew."""
    known: Json = json.loads(view["private_metadata"])
    return known


def closing(answer: Answer, writer: Writer, page: str) -> Json:
    """A modal that only says something: its buttons stand elsewhere."""
    screen = answer.screen or Screen(_("Parley"))
    bare = replace(answer, screen=replace(screen, buttons=(), rows=tuple(replace(r, buttons=()) for r in screen.rows)))
    return {
        "type": "modal",
        "callback_id": "said",
        "title": plain_text("Parley", TITLE),
        "close": plain_text(writer.plain(_("Close")), TITLE),
        "blocks": _sheet(bare, writer, page, "modal").blocks(),
    }


def errors(form: FormView, view: Mapping[str, Any], writer: Writer) -> dict[str, str] | None:
    """What is wrong with which input of `view`, if that says it all; None when the modal must be drawn anew."""
    shown = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    wrong = _errors(form)
    is_said = form.refusal is None or form.refusal in wrong.values()
    if not wrong or not is_said or shown != [field.name for field in form.fields]:
        return None
    return {name: writer.plain(phrase) for name, phrase in wrong.items()}


def _errors(form: FormView) -> dict[str, Phrase]:
    return {field.name: field.error for field in form.fields if field.error is not None}


def _sheet(
    answer: Answer, writer: Writer, page: str, surface: Surface, *, repeated: bool = False, spare: int = 0
) -> Sheet:
    sheet = Sheet(writer, surface, page, spare=spare)
    for each in circumstances(answer, repeated=repeated):
        sheet.line(each, italic=True)
    if answer.notice is not None:
        sheet.line(answer.notice, italic=True)
    if answer.form is not None:
        _dialogue(answer.form, sheet)
    elif answer.screen is not None:
        sheet.screen(answer.screen)
    return sheet


def _dialogue(form: FormView, sheet: Sheet) -> None:
    """A form in a conversation: the question that an answer typed here would answer, or all answers before sending."""
    sheet.heading(form.title)
    if form.refusal is not None:
        sheet.line(form.refusal, strong=True)
    if form.asking is None:
        sheet.line(CHECK)
        sheet.facts(Fact(field.label, field.shown) for field in form.fields)
        sheet.facts(Fact(field.label, field.error) for field in form.fields if field.error is not None)
    else:
        _question(form, form.field(form.asking), sheet)
    first = [sheet.button(form.send, ANSWER)] if form.send is not None else []
    others = [sheet.button(each, ANSWER) for each in (form.back, form.skip, form.cancel) if each is not None]
    sheet.controls([*first, sheet.opener(form.token), *others])


def _question(form: FormView, field: FieldView, sheet: Sheet) -> None:
    for part in form.intro:
        sheet.body(part)
    if form.total > 1:
        sheet.line(_("{step} of {total}", step=form.step, total=form.total), italic=True)
    sheet.line(field.label, strong=field.kind is not FieldKind.CONSENT)
    if field.hint is not None:
        sheet.line(field.hint)
    if field.kind is FieldKind.PICK and form.choices:
        sheet.line(_("Type a few letters to search, or choose:"))
    sheet.buttons(form.choices, does=ANSWER)


def _summary(said: list[Phrase], answer: Answer, writer: Writer) -> str:
    """The whole in plain text: what a notification shows and a screen reader reads."""
    parts: list[Any] = [*said, *([answer.notice] if answer.notice is not None else [])]
    if answer.form is not None:
        form = answer.form
        asked = [form.field(form.asking).label] if form.asking else [CHECK]
        parts += [form.title, *([form.refusal] if form.refusal is not None else []), *asked]
    elif answer.screen is not None:
        parts += _said(answer.screen)
    lines = [" ".join(writer.plain(each) for each in (part if isinstance(part, tuple) else (part,))) for part in parts]
    text = shorten("\n".join(line for line in lines if line), SUMMARY, unit="utf16") or "Parley"
    # Slack reads this one text as markup, whatever else it is told.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _said(screen: Screen) -> Iterable[Any]:
    yield screen.heading
    for part in screen.body:
        match part:
            case Quote():
                yield from (each for each in (part.label, part.words, part.by) if each is not None)
            case Progress():
                yield from ([part.label] if part.label is not None else [])
                yield _("{done} of {total}", done=part.done, total=part.total)
            case _:
                yield part
    for picture in screen.pictures:
        yield picture.caption
        yield from twin(picture)
    for fact in screen.facts:
        yield _("{label}:", label=fact.label), fact.value
    for row in screen.rows:
        yield (row.title, row.detail) if row.detail is not None else row.title
    if screen.table is not None:
        yield screen.table.caption
        yield from screen.table.rows
    if screen.files:
        yield _("Attached: {files}", files=listed([Raw(each.name) for each in screen.files]))
