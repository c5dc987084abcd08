"""Block Kit as words and things to press: what somebody sees of a message, a Home tab or a modal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]


def text_of(blocks: Sequence[Json]) -> str:
    """Everything that is read, a line a paragraph."""
    return "\n".join(line for block in blocks for line in _lines(block) if line)


def buttons_of(blocks: Sequence[Json]) -> Iterator[Json]:
    """Every button, in reading order."""
    for block in blocks:
        candidates = block.get("elements", []) if block["type"] == "actions" else [block.get("accessory")]
        yield from (each for each in candidates if each and each["type"] == "button")


def links_of(blocks: Sequence[Json]) -> list[str]:
    """Where the buttons lead that open an address."""
    return [f"{each['text']['text']}: {each['url']}" for each in buttons_of(blocks) if "url" in each]


def inputs_of(blocks: Sequence[Json]) -> Iterator[Json]:
    """The input blocks of a modal."""
    return (block for block in blocks if block["type"] == "input")


def empty_value(element: Json) -> dict[str, Any]:
    """What `view.state.values` holds for an input as it was drawn."""
    kind = element["type"]
    match kind:
        case "static_select" | "external_select" | "radio_buttons":
            return {"type": kind, "selected_option": element.get("initial_option")}
        case "checkboxes":
            return {"type": kind, "selected_options": element.get("initial_options", [])}
        case "datepicker":
            return {"type": kind, "selected_date": element.get("initial_date")}
        case "file_input":
            return {"type": kind, "files": []}
        case _:
            return {"type": kind, "value": element.get("initial_value")}


def is_filled(value: Json) -> bool:
    return any(value.get(name) for name in ("value", "selected_option", "selected_options", "selected_date", "files"))


def value_text(value: Json) -> str:
    """An input's value in words."""
    if option := value.get("selected_option"):
        return str(option["text"]["text"])
    if chosen := value.get("selected_options"):
        return ", ".join(each["text"]["text"] for each in chosen)
    if files := value.get("files"):
        return ", ".join(each["name"] for each in files)
    return str(value.get("value") or value.get("selected_date") or "")


def _lines(block: Json) -> Iterator[str]:
    match block["type"]:
        case "header" | "alert":
            yield str(block["text"]["text"])
        case "section":
            if "text" in block:
                yield str(block["text"]["text"])
            for field in block.get("fields", ()):
                yield str(field["text"])
        case "context":
            yield " ".join(str(each.get("text", "")) for each in block["elements"])
        case "rich_text":
            for element in block["elements"]:
                yield "".join(_rich(element))
        case "table":
            for row in block["rows"]:
                yield " | ".join("".join(_cell(cell)) for cell in row)


def _cell(cell: Json) -> Iterator[str]:
    if cell["type"] == "raw_text":
        yield str(cell["text"])
    else:
        yield from _rich(cell)


def _rich(element: Json) -> Iterator[str]:
    kind = element["type"]
    if kind == "text":
        yield str(element["text"])
    elif kind == "date":
        yield str(element.get("fallback", ""))
    elif kind == "link":
        yield str(element.get("text") or element["url"])
    for child in element.get("elements", ()):
        yield from _rich(child)
        if kind in ("rich_text_list", "rich_text"):
            yield "\n"
