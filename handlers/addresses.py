"""Web addresses that people type: where a meeting or a symposium can be joined from elsewhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.kit.screen import Refusal
from bot.kit.text import _


def address(words: str | None) -> str | None:
    """A web address as it was typed. Raises Refusal for what is none, or leads to a password."""
    if words is None:
        return None
    try:
        parts = urlsplit(words)
        good = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:  # a port that is no number, brackets that do not close
        good = False
    if not good or any(sign.isspace() or sign in '<>"|\\' for sign in words) or not words.isascii():
        raise Refusal(_("Please send a web address that begins with https://"), field="link")
    return words
