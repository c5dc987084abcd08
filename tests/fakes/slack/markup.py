"""What a person sees of Slack's markup, and which of it has an effect.

``marks`` is for tests that look for what nobody meant: a mention, a link or bold text that came out of a person's own
words. It reads mrkdwn as Slack's clients do, as far as that is documented.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from .check import Json, walk


class Mark(NamedTuple):
    """One stretch of text with an effect: user, channel, special, link, date, bold, italic, strike, code, …"""

    kind: str
    text: str


TOKEN = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
CODE = re.compile(r"```(.+?)```|`([^`\n]+)`", re.DOTALL)
STYLES = {
    "bold": re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+)(?<=\S)\*(?![\w*])"),
    "italic": re.compile(r"(?<![\w_])_(?=\S)([^_\n]+)(?<=\S)_(?![\w_])"),
    "strike": re.compile(r"(?<![\w~])~(?=\S)([^~\n]+)(?<=\S)~(?![\w~])"),
    "emoji": re.compile(r"(?<!\w):([a-z0-9_+'-]+):(?!\w)"),
    "quote": re.compile(r"^&gt;(.*)$", re.MULTILINE),
}
BARE_URL = re.compile(r"\bhttps?://[^\s<>|]+|\bwww\.[^\s<>|]+", re.IGNORECASE)
# The elements of rich text that do something, with the key that says what.
RICH_EFFECTS = {
    "user": "user_id", "usergroup": "usergroup_id", "channel": "channel_id", "broadcast": "range",
    "link": "url", "date": "timestamp", "emoji": "name",
}  # fmt: skip
NAMED = re.compile(r"(?<![\w<])(@(?:here|channel|everyone)\b|#[a-z0-9_-]+|@[a-z0-9._-]+)")


def unescaped(text: str) -> str:
    """The text with Slack's three entities read."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def seen(mrkdwn: str) -> str:
    """What a person reads of mrkdwn: tokens as names, labels and fallbacks; styles keep their signs."""
    return unescaped(TOKEN.sub(_token_seen, mrkdwn))


def _token_seen(token: re.Match[str]) -> str:
    sign, body, label = token.groups()
    if label is not None:
        return label
    return body.split("^")[0] if sign == "!" else {"@": "@", "#": "#"}.get(sign, "") + body


def marks(mrkdwn: str, *, verbatim: bool = False) -> list[Mark]:
    """Everything in mrkdwn that has an effect; without ``verbatim`` clients also link bare names and addresses."""
    found: list[Mark] = []
    rest = mrkdwn
    for code in CODE.finditer(mrkdwn):
        found.append(Mark("code", seen(code[1] or code[2])))
    rest = CODE.sub(" ", rest)
    for token in TOKEN.finditer(rest):
        sign, body, _ = token.groups()
        kind = {"@": "user", "#": "channel", "": "link"}.get(sign, "date" if body.startswith("date^") else "special")
        found.append(Mark(kind, body))
    rest = TOKEN.sub(lambda token: token[3] or " ", rest)
    for style, pattern in STYLES.items():
        found += [Mark(style, unescaped(match[1])) for match in pattern.finditer(rest)]
    if not verbatim:
        found += [Mark("link", match[0]) for match in BARE_URL.finditer(rest)]
        found += [Mark("name", match[0]) for match in NAMED.finditer(BARE_URL.sub(" ", rest))]
    return found


def marks_in(message: Json) -> list[Mark]:
    """Every mark in a message or view: in its blocks, or in its text if there are none."""
    if not message.get("blocks"):
        return marks(message.get("text", ""))
    found: list[Mark] = []
    for item, _ in walk(message["blocks"]):
        kind = item.get("type")
        if kind == "mrkdwn":
            found += marks(item["text"], verbatim=bool(item.get("verbatim")))
        elif kind in RICH_EFFECTS and RICH_EFFECTS[kind] in item:
            found.append(Mark("special" if kind == "broadcast" else kind, str(item[RICH_EFFECTS[kind]])))
        elif kind == "text":
            found += [Mark(style, item["text"]) for style, on in item.get("style", {}).items() if on]
    return found


def shown(blocks: list[Json]) -> str:
    """What a person reads on a surface, line by line; what can be used stands in [brackets]."""
    return "\n".join(line for block in blocks for line in _lines(block) if line)


def _lines(block: Json) -> Iterator[str]:
    match block["type"]:
        case "section":
            if "text" in block:
                yield _text(block["text"])
            yield from map(_text, block.get("fields", ()))
            if "accessory" in block:
                yield _control(block["accessory"])
        case "header" | "alert":
            yield _text(block["text"])
        case "markdown":
            yield block["text"]
        case "context":
            yield " ".join(
                f"[{item['alt_text']}]" if item["type"] == "image" else _text(item) for item in block["elements"]
            )
        case "actions":
            yield " ".join(map(_control, block["elements"]))
        case "input":
            yield _text(block["label"])
            if "hint" in block:
                yield _text(block["hint"])
            yield _control(block["element"])
        case "image":
            yield _text(block["title"]) if "title" in block else ""
            yield f"[{block['alt_text']}]"
        case "table" | "data_table":
            yield block.get("caption", "")
            for row in block["rows"]:
                yield " | ".join(_rich(cell) if cell["type"] == "rich_text" else cell["text"] for cell in row)
        case "rich_text":
            yield _rich(block)
        case _:
            yield from (seen(item["text"]) for item, _ in walk(block) if isinstance(item.get("text"), str))


def _text(item: Json) -> str:
    return seen(item["text"]) if item["type"] == "mrkdwn" else str(item["text"])


def _control(element: Json) -> str:
    if element["type"] == "image":
        return f"[{element['alt_text']}]"
    if "text" in element:
        return f"[{_text(element['text'])}]"
    options = element.get("options") or []
    if element["type"] in {"radio_buttons", "checkboxes", "overflow"}:
        return " ".join(f"[{_text(option['text'])}]" for option in options)
    return f"[{_text(element['placeholder'])}]" if "placeholder" in element else "[…]"


def _rich(item: Json) -> str:
    if "elements" in item:
        between = "\n" if item["type"] in {"rich_text", "rich_text_list"} else ""
        return between.join(map(_rich, item["elements"]))
    match item["type"]:
        case "date":
            return str(item.get("fallback", item.get("timestamp")))
        case "emoji":
            return f":{item['name']}:"
        case "user":
            return f"@{item['user_id']}"
        case "broadcast":
            return f"@{item['range']}"
    return str(item.get("text") or item.get("url") or "")
