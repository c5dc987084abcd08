"""Slack's rich text: every word stands in an element that says what it is, so that no word can become markup.

Nothing is sent as mrkdwn. What a person typed is a `text` element, which Slack shows as it stands: no mention, link,
format or emoji comes out of it. Our own instants and links are elements too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.kit.clean import shorten, split, utf16_len

Json = dict[str, Any]

# The dialect writes marks that `elements` reads. They are control characters, which `escape` and `raw` take out.
_BEGIN, _NEXT, _END, _BOLD, _THIN, _STRIKE, _WHOLE = "\x01", "\x02", "\x03", "\x0e", "\x0f", "\x10", "\x11"
_NO_MARKS = dict.fromkeys(map(ord, (_BEGIN, _NEXT, _END, _BOLD, _THIN, _STRIKE, _WHOLE)))
_MARK = re.compile("\x01(date|link)\x02([^\x01-\x03]*)\x02([^\x01-\x03]*)(?:\x02([^\x01-\x03]*))?\x03|([\x0e-\x11])")
_STYLES = {_BOLD: ("bold", True), _THIN: ("bold", False), _STRIKE: ("strike", True), _WHOLE: ("strike", False)}
_LINK = f"{_BEGIN}link{_NEXT}"

MOMENT, DAY = "{date_long_pretty} {time}", "{date_long_pretty}"


class Rich:
    """The dialect of a message, a modal or the Home tab: text for `elements`."""

    def escape(self, text: str) -> str:
        return text.translate(_NO_MARKS)

    def raw(self, text: str) -> str:
        return text.translate(_NO_MARKS)

    def instant(self, at: datetime, fallback: str, day_only: bool) -> str:
        """Shown by Slack in its reader's own zone; `fallback` where it cannot."""
        shown = DAY if day_only else MOMENT
        return f"{_BEGIN}date{_NEXT}{int(at.timestamp())}{_NEXT}{shown}{_NEXT}{self.escape(fallback)}{_END}"

    def link(self, url: str, label: str) -> str:
        return f"{_LINK}{self.escape(url)}{_NEXT}{label}{_END}"

    def strong(self, text: str) -> str:
        return f"{_BOLD}{text}{_THIN}"

    def out(self, text: str) -> str:
        return f"{_STRIKE}{text}{_WHOLE}"

    def new(self, text: str) -> str:
        return self.strong(text)


def has_link(written: str) -> bool:
    """Whether text written in this dialect holds a link."""
    return _LINK in written


def elements(written: str, *, italic: bool = False) -> list[Json]:
    """Text written in this dialect as elements of a rich text section."""
    found: list[Json] = []
    style: dict[str, bool] = {"italic": True} if italic else {}
    at = 0
    for mark in _MARK.finditer(written):
        _add(found, {"type": "text", "text": written[at : mark.start()]}, style)
        at = mark.end()
        kind, first, second, third, switch = mark.groups()
        if switch:
            name, is_on = _STYLES[switch]
            style = {**style, name: True} if is_on else {k: v for k, v in style.items() if k != name}
        elif kind == "date":
            _add(found, {"type": "date", "timestamp": int(first), "format": second, "fallback": third}, style)
        else:
            _add(found, {"type": "link", "url": first, "text": second}, style)
    _add(found, {"type": "text", "text": written[at:]}, style)
    return found


def _add(found: list[Json], element: Json, style: dict[str, bool]) -> None:
    if element.get("text") != "":
        found.append(element | ({"style": dict(style)} if style else {}))


def length(parts: Iterable[Json]) -> int:
    """UTF-16 units of text that a reader sees."""
    return sum(utf16_len(str(part.get("text") or part.get("fallback", ""))) for part in parts)


def cut(parts: list[Json], limit: int) -> list[Json]:
    """As many of the elements as fit into `limit` units, the last text among them shortened at a grapheme."""
    kept: list[Json] = []
    for part in parts:
        size = length([part])
        if size > limit:
            if part["type"] == "text" and limit > 0:
                kept.append(part | {"text": shorten(part["text"], limit, unit="utf16")})
            return kept
        kept.append(part)
        limit -= size
    return kept


def pieces(parts: list[Json], limit: int) -> list[list[Json]]:
    """All the elements, in pieces that each fit into `limit` units; a text that is longer is cut between words."""
    found: list[list[Json]] = [[]]
    for part in parts:
        texts = split(part["text"], limit) if part["type"] == "text" and length([part]) > limit else []
        for each in [part | {"text": text} for text in texts] or [part]:
            if found[-1] and length([*found[-1], each]) > limit:
                found.append([])
            found[-1].append(each)
    return [each for each in found if each]


def section(parts: list[Json]) -> Json:
    return {"type": "rich_text_section", "elements": parts}


def quote(parts: list[Json]) -> Json:
    return {"type": "rich_text_quote", "elements": parts}


def block(*parts: Json) -> Json:
    return {"type": "rich_text", "elements": list(parts)}


def plain_text(text: str, limit: int) -> Json:
    """A text object that shows its text literally, shortened at a grapheme; Slack refuses an empty one."""
    return {"type": "plain_text", "text": shorten(text, limit, unit="utf16").strip() or "…", "emoji": False}
