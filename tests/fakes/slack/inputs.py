"""What a person can put into an input, and what Slack's own client keeps them from doing."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from ..platform import Impossible, read
from . import markup
from .check import Json, options_of
from .world import HELD, MANY, File, User, View, elements, label

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
ADDRESS = re.compile(r"https?://\S+\Z")


def input_named(blocks: list[Json], name: str) -> tuple[Json, Json]:
    """The block and element that a person means by a label, a placeholder, or (for tests) an id."""
    found = []
    for block in blocks:
        for element in elements(block):
            if element["type"] not in HELD:
                continue
            names = {block["block_id"], element["action_id"]}
            names |= {read(text["text"]) for text in (block.get("label"), element.get("placeholder")) if text}
            if read(name) in names:
                found.append((block, element))
    if len(found) != 1:
        raise Impossible(f"{len(found)} inputs are named {name!r}; what is seen:\n{markup.shown(blocks)}")
    return found[0]


def held(element: Json, value: Any, options: list[Json], new_file: Callable[[str, bytes], File]) -> Json:
    """What the input holds once a person has given it text, labels, a date, people or files; None empties it."""
    key = HELD[element["type"]][0]
    kind = element["type"]
    if value is None:
        given: Any = [] if key in MANY else None
    elif key == "value":
        given = _text(element, value)
    elif key in {"selected_option", "selected_options"}:
        chosen = [_option(options, one) for one in (value if key in MANY else [value])]
        given = chosen if key in MANY else chosen[0]
    elif kind == "rich_text_input":
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": str(value)}]}
        given = {"type": "rich_text", "elements": [section]}
    elif kind == "file_input":
        if len(value) > element.get("max_files", 10):
            raise Impossible(f"at most {element.get('max_files', 10)} files")
        allowed = element.get("filetypes")
        for name, _ in value:
            if allowed and name.rpartition(".")[2].lower() not in allowed:
                raise Impossible(f"{name!r} is none of {allowed}")
        given = [new_file(name, content).body() for name, content in value]
    elif key in MANY:
        given = [_id(one) for one in value]
    elif isinstance(value, datetime):
        given = int(value.timestamp())
    elif isinstance(value, date):
        given = value.isoformat()
    elif isinstance(value, time):
        given = f"{value:%H:%M}"
    else:
        given = _id(value)
    most = element.get("max_selected_items")
    if most and len(given) > most:
        raise Impossible(f"at most {most} can be chosen")
    return {"type": kind, key: given}


def _id(value: Any) -> Any:
    return value.id if isinstance(value, User) else value


def _text(element: Json, value: Any) -> str:
    text, kind = str(value), element["type"]
    if kind == "plain_text_input" and "\n" in text and not element.get("multiline"):
        raise Impossible("a new line in an input of one line")
    if len(text) > element.get("max_length", 3000):
        raise Impossible(f"{len(text)} characters where {element.get('max_length', 3000)} fit")
    if kind == "email_text_input" and not EMAIL.match(text):
        raise Impossible(f"{text!r} is no e-mail address")
    if kind == "url_text_input" and not ADDRESS.match(text):
        raise Impossible(f"{text!r} is no web address")
    if kind == "number_input":
        number = float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None
        if number is None or (not element["is_decimal_allowed"] and not number.is_integer()):
            raise Impossible(f"{text!r} is no such number")
        if not float(element.get("min_value", number)) <= number <= float(element.get("max_value", number)):
            raise Impossible(f"{text} is out of range")
    return text


def _option(options: list[Json], wanted: Any) -> Json:
    for option in options:
        if wanted == option.get("value") or read(str(wanted)) == read(label(option)):
            return option
    raise Impossible(f"{wanted!r} is none of {[label(option) for option in options]}")


def missing(view: View) -> dict[str, str]:
    """What Slack's client complains of before it sends a modal, by block."""
    found = {}
    for block, element in view.inputs():
        value = view.values[block["block_id"]][element["action_id"]][HELD[element["type"]][0]]
        if not block.get("optional") and value in (None, "", []):
            found[block["block_id"]] = "Please complete this required field."
        elif isinstance(value, str) and value and len(value) < element.get("min_length", 0):
            found[block["block_id"]] = f"Please use at least {element['min_length']} characters."
    return found


def _names(button: Json) -> set[str]:
    return {read(text) for text in (label(button), button.get("accessibility_label")) if text}


def control(blocks: list[Json], wanted: str) -> list[tuple[Json, Json, Json]]:
    """Each block, element and action that a person could mean by tapping on ``wanted``."""
    found = []
    for block in blocks:
        for element in elements(block):
            action = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"]}
            if element["type"] == "button" and read(wanted) in _names(element):
                kept = {key: element[key] for key in ("text", "value", "style", "url") if key in element}
                found.append((block, element, action | kept))
            elif element["type"] in {"overflow", "radio_buttons", "static_select"} and block["type"] != "input":
                chosen = [option for option in options_of(element) if read(label(option)) == read(wanted)]
                found += [(block, element, action | {"selected_option": option}) for option in chosen]
    return found
