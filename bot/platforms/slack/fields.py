"""A form's fields as inputs of a modal, and a modal's inputs as answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.kit.clean import clean_name, shorten, utf16_len
from bot.kit.events import Attached
from bot.kit.forms import FieldKind, FieldView, Option
from bot.kit.text import Writer, _, ngettext

from .rich import Json, plain_text

INPUT = "value"  # the one control of each input block; the block has the field's name
TYPED, QUESTION, HINT, OPTION, VALUE, PLACEHOLDER = 3000, 2000, 2000, 75, 75, 150
OPEN_CHOICES, LISTED, FILES = 5, 100, 10


def drawn(field: FieldView, writer: Writer) -> Json:
    """The input block of a field, holding the answer it has."""
    shown: Json = {
        "type": "input",
        "block_id": field.name,
        "label": plain_text(writer.plain(field.label), QUESTION),
        "element": {"action_id": INPUT, **_element(field, writer)},
        "optional": field.optional,
    }
    hint = field.hint
    if field.kind is FieldKind.FILES and field.value:
        hint = ngettext("{count} file is kept already.", "{count} files are kept already.", len(field.value))
    if hint is not None:
        shown["hint"] = plain_text(writer.plain(hint), HINT)
    return shown | ({"dispatch_action": True} if field.affects else {})


def _element(field: FieldView, writer: Writer) -> Json:
    match field.kind:
        case FieldKind.CHOICE if 0 < len(field.options) <= LISTED:
            return _choice(field, writer)
        case FieldKind.CHOICE | FieldKind.PICK:
            chosen = _option(str(field.value), field.shown, writer) if field.value is not None else None
            select = {"type": "external_select", "min_query_length": 0, "placeholder": _placeholder(writer)}
            return select | ({"initial_option": chosen} if chosen else {})
        case FieldKind.CONSENT:
            agreed = {"text": plain_text(writer.plain(_("I agree")), OPTION), "value": "yes"}
            return {"type": "checkboxes", "options": [agreed]} | ({"initial_options": [agreed]} if field.value else {})
        case FieldKind.DATE:
            return {"type": "datepicker"} | ({"initial_date": field.value} if field.value else {})
        case FieldKind.FILES:
            return {"type": "file_input", "max_files": min(field.max or FILES, FILES)}
        case _:
            return _typed(field)


def _choice(field: FieldView, writer: Writer) -> Json:
    options = [_option(each.value, each.label, writer) for each in field.options]
    chosen = next((each for each in options if each["value"] == field.value), None)
    initial = {"initial_option": chosen} if chosen else {}
    # A choice that may be left out must be possible to undo, which Slack's radio buttons are not.
    if len(options) <= OPEN_CHOICES and not field.optional:
        return {"type": "radio_buttons", "options": options} | initial
    return {"type": "static_select", "options": options, "placeholder": _placeholder(writer)} | initial


def _typed(field: FieldView) -> Json:
    """Slack counts units, people count signs: what another door took is never longer than the input."""
    text = "" if field.value is None else str(field.value)
    element: Json = {"type": "plain_text_input", "multiline": field.kind is FieldKind.PROSE}
    if field.max:
        element["max_length"] = min(TYPED, max(field.max, utf16_len(text)))
    return element | ({"initial_value": shorten(text, TYPED, unit="utf16")} if text else {})


def options_of(offered: list[Option], writer: Writer) -> list[Json]:
    """What a look-up is answered with. Slack refuses all of them for one value that is too long."""
    fitting = [each for each in offered if utf16_len(each.value) <= VALUE]
    return [_option(each.value, each.label, writer) for each in fitting[:LISTED]]


def _option(value: str, label: Any, writer: Writer) -> Json:
    return {"text": plain_text(writer.plain(label), OPTION), "value": value}


def _placeholder(writer: Writer) -> Json:
    return plain_text(writer.plain(_("Choose …")), PLACEHOLDER)


def given(state: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, tuple[Attached, ...]]]:
    """What stands in a modal's inputs: answers by field, None where it is empty, and files by field."""
    values: dict[str, Any] = {}
    files: dict[str, tuple[Attached, ...]] = {}
    for name, controls in state["values"].items():
        (control,) = controls.values()
        match control["type"]:
            case "static_select" | "external_select" | "radio_buttons":
                chosen = control.get("selected_option")
                values[name] = chosen["value"] if chosen else None
            case "checkboxes":
                values[name] = True if control.get("selected_options") else None
            case "datepicker":
                values[name] = control.get("selected_date")
            case "file_input":
                files[name] = tuple(attached(each) for each in control.get("files") or ())
            case "plain_text_input":
                values[name] = control.get("value")
            case other:
                raise ValueError(f"no form of ours has a {other}")
    return values, files


def attached(file: Mapping[str, Any]) -> Attached:
    """A file as Slack describes it; it stays there until it is fetched."""
    name = clean_name(str(file.get("name") or file["id"]))
    url = file.get("url_private_download") or file.get("url_private")
    origin = {"platform": "slack", "id": str(file["id"])} | ({"url": url} if url else {})
    return Attached(name, file.get("mimetype"), file.get("size"), origin=origin)
