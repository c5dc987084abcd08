"""Text as a content line can carry it: cleaned of what breaks parsers, and folded at 75 octets between characters."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

OCTETS = 75  # of a line, its line break not counted
BREAK = b"\r\n"
_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
# Control characters except newline and tab, lone surrogates, byte-order marks, and what is no character.
_NEVER = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_IN_URIS = ":/?#[]@!$&'()*+,;=%-._~"


def clean(text: str) -> str:
    """The text without what a calendar cannot hold; every kind of line break is one newline."""
    return _NEVER.sub("", _NEWLINES.sub("\n", text)).replace("\t", " ").strip()


def in_one_line(text: str) -> str:
    """Cleaned, and its lines joined by spaces: for titles, places and names."""
    return " ".join(clean(text).split())


def web_address(text: str) -> str:
    """An http(s) address with everything else than ASCII percent-encoded; empty where the text is none."""
    address = clean(text)
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in address or "\n" in address:
        return ""
    return quote(address, safe=_IN_URIS)


def folded(line: str) -> bytes:
    """The content line's bytes, its line break included: parts of at most 75 octets, none of which cuts a character."""
    data = line.encode()
    if len(data) <= OCTETS:
        return data + BREAK
    parts, start, room = [], 0, OCTETS
    while len(data) - start > room:
        end = start + room
        while data[end] & 0xC0 == 0x80:  # the middle of a character
            end -= 1
        parts.append(data[start:end])
        start, room = end, OCTETS - 1  # the space that continues a line counts
    return (BREAK + b" ").join([*parts, data[start:]]) + BREAK
