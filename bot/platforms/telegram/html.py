"""Telegram's HTML: our words escaped, a person's words made harmless as well, long texts cut between tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from html import escape, unescape

import regex

from bot.kit.clean import split

WORD_JOINER = "\u2060"  # invisible, has no width, allows no line break, and is in nobody's pattern of a link
TEXT_LIMIT = 4096  # UTF-16 units, without tags

# What Telegram would turn into something to tap, broken after its first sign: @name and a@b.c, #word, $USD, +216 …,
# /word, scheme://, a.com, 10.0.0.1. Figures stay whole: a declaration's number is copied into other systems.
_TAPPABLE = regex.compile(
    r"[@#](?=\S)|\$(?=[A-Z1])"
    r"|\+(?=\d)"
    r"|(?<![A-Za-z0-9_])/(?=[A-Za-z0-9_])"
    r"|:(?=//)"
    r"|(?<=\S)\.(?=[\p{L}\p{M}])"
    r"|(?<![\d.])\d{1,3}\.\d{1,3}\.(?=\d{1,3}\.\d{1,3}(?!\d))"
)
_TAG = re.compile(r"<(/?)([a-z-]+)([^<>]*)>")


def harmless(text: str) -> str:
    """A person's words, unchanged to the eye, in which Telegram finds nothing to tap."""
    return str(_TAPPABLE.sub(lambda found: found.group() + WORD_JOINER, text))


class Html:
    """The dialect of a Telegram message. Without `date_time` (a Bot API before 9.5) an instant is plain text."""

    def __init__(self, *, date_time: bool = True) -> None:
        self.date_time = date_time

    def escape(self, text: str) -> str:
        return escape(text, quote=False)

    def raw(self, text: str) -> str:
        return escape(harmless(text), quote=False)

    def instant(self, at: datetime, fallback: str, day_only: bool) -> str:
        """Shown by the client in its owner's zone: weekday, date and, unless `day_only`, the time."""
        shown = escape(fallback, quote=False)
        if not self.date_time:
            return shown
        return f'<tg-time unix="{int(at.timestamp())}" format="{"wD" if day_only else "wDt"}">{shown}</tg-time>'

    def link(self, url: str, label: str) -> str:
        return f'<a href="{escape(url)}">{label}</a>'

    def strong(self, text: str) -> str:
        return f"<b>{text}</b>"

    def out(self, text: str) -> str:
        return f"<s>{text}</s>"

    def new(self, text: str) -> str:
        return f"<u>{text}</u>"


def plain(html: str) -> str:
    """What is left to read when Telegram does not take our tags."""
    return unescape(_TAG.sub("", html))


def cut(html: str, limit: int = TEXT_LIMIT) -> list[str]:
    """The same in pieces of at most `limit` units of text, between paragraphs, lines or words where there are any.

    Tags that are open at a cut are closed before it and opened again behind it.
    """
    runs = list(_runs(html))
    text = "".join(words for words, _tags in runs)
    pieces, at = [], 0
    for piece in split(text, limit):
        start = text.index(piece, at)
        at = start + len(piece)
        pieces.append(_joined(_between(runs, start, at)))
    return pieces


def _runs(html: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Stretches of plain text with the start tags that are open there, outermost first."""
    tags: list[str] = []
    at = 0
    for tag in _TAG.finditer(html):
        if tag.start() > at:
            yield unescape(html[at : tag.start()]), tuple(tags)
        if tag[1]:
            tags.pop()
        else:
            tags.append(tag[0])
        at = tag.end()
    if at < len(html):
        yield unescape(html[at:]), tuple(tags)


def _between(runs: list[tuple[str, tuple[str, ...]]], start: int, end: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    at = 0
    for words, tags in runs:
        first, last = max(start, at), min(end, at + len(words))
        if first < last:
            yield words[first - at : last - at], tags
        at += len(words)


def _joined(runs: Iterator[tuple[str, tuple[str, ...]]]) -> str:
    html = ""
    open_tags: tuple[str, ...] = ()
    for words, tags in runs:
        html += _steps(open_tags, tags) + escape(words, quote=False)
        open_tags = tags
    return html + _steps(open_tags, ())


def _steps(now: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    """The end and start tags between two stretches."""
    shared = 0
    while shared < min(len(now), len(wanted)) and now[shared] == wanted[shared]:
        shared += 1
    ends = "".join(f"</{tag[1:-1].split()[0]}>" for tag in reversed(now[shared:]))
    return ends + "".join(wanted[shared:])
