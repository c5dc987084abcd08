"""Telegram's HTML, read as its server reads it: a text and the entities on it, or why not."""

import re
from dataclasses import dataclass

from .entities import Entity, utf16

KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "code": "code", "pre": "pre", "a": "text_link", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji", "tg-time": "date_time",
}  # fmt: skip
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([A-Za-z]+));?")
ATTRIBUTE = re.compile(r"\s*([^\s=>]*)(\s*=\s*)?", re.DOTALL)
TOKEN = re.compile(r"[A-Za-z0-9.-]*")
TIME_FORMAT = re.compile(r"r|w?[dD]?[tT]?\Z")
LINK = re.compile(r"(?:https?://|tg://|mailto:|tel:)?[^\s]+\.[^\s]+|(?:https?|tg|mailto|tel):[^\s]+", re.IGNORECASE)
VALUELESS = {("blockquote", "expandable")}


class BadMarkup(Exception):
    """The text cannot be read; the words are the server's."""


@dataclass
class _Open:
    tag: str
    offset: int
    start: int
    attributes: dict[str, str]


def unreferenced(text: str) -> str:
    """The text with its character references read; an unknown one stays as it is."""

    def read(match: re.Match[str]) -> str:
        hexadecimal, decimal, name = match.groups()
        if name:
            return NAMED.get(name, match[0])
        code = int(hexadecimal, 16) if hexadecimal else int(decimal)
        return chr(code) if 0 < code < 0x10FFFF else match[0]

    return REFERENCE.sub(read, text)


class _Reader:
    def __init__(self, html: str) -> None:
        self.html = html
        self.at = 0
        self.text = ""
        self.length = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def place(self, at: int) -> int:
        """Where this is in bytes, as the server counts."""
        return len(self.html[:at].encode(errors="surrogatepass"))

    def read(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.html):
            next_tag = self.html.find("<", self.at)
            stretch = self.html[self.at : None if next_tag < 0 else next_tag]
            plain = unreferenced(stretch)
            self.text += plain
            self.length += utf16(plain)
            self.at += len(stretch)
            if self.html.startswith("</", self.at):
                self.end_tag()
            elif self.html.startswith("<", self.at):
                self.start_tag()
        if self.open:
            raise BadMarkup(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        return self.text, self.entities

    def start_tag(self) -> None:
        begin = self.at
        name = re.compile(r"<([^\s>]*)").match(self.html, begin)
        assert name is not None
        tag, self.at = name[1].lower(), name.end()
        if self.at >= len(self.html):
            raise BadMarkup(f"Unclosed start tag at byte offset {self.place(begin)}")
        if tag not in KINDS:
            raise BadMarkup(f'Unsupported start tag "{tag}" at byte offset {self.place(begin)}')
        attributes = self.attributes(tag, begin)
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise BadMarkup(f'Tag "span" must have class "tg-spoiler" at byte offset {self.place(begin)}')
        self.open.append(_Open(tag, self.length, len(self.text), attributes))

    def attributes(self, tag: str, begin: int) -> dict[str, str]:
        found: dict[str, str] = {}
        where = f"at byte offset {self.place(begin)}"
        while True:
            self.at += len(self.html[self.at :]) - len(self.html[self.at :].lstrip())
            if self.at >= len(self.html):
                raise BadMarkup(f"Unclosed start tag {where}")
            if self.html[self.at] == ">":
                self.at += 1
                return found
            match = ATTRIBUTE.match(self.html, self.at)
            assert match is not None
            name = match[1].lower()
            if not name:
                raise BadMarkup(f'Empty attribute name in the tag "{tag}" {where}')
            self.at = match.end()
            if match[2]:
                found[name] = self.value(where)
            elif (tag, name) in VALUELESS:
                found[name] = ""
            else:
                raise BadMarkup(f'Expected equal sign in declaration of an attribute of the tag "{tag}" {where}')

    def value(self, where: str) -> str:
        quote = self.html[self.at : self.at + 1]
        if quote and quote in "\"'":
            end = self.html.find(quote, self.at + 1)
            if end < 0:
                raise BadMarkup(f"Unclosed start tag {where}")
            value, self.at = self.html[self.at + 1 : end], end + 1
            return unreferenced(value)
        token = TOKEN.match(self.html, self.at)
        assert token is not None
        self.at = token.end()
        if self.html[self.at : self.at + 1] not in {">", " ", "\n", "\t"}:
            raise BadMarkup(f"Unexpected end of name token at byte offset {self.place(token.start())}")
        return token[0].lower()

    def end_tag(self) -> None:
        begin = self.at
        where = f"at byte offset {self.place(begin)}"
        if not self.open:
            raise BadMarkup(f"Unexpected end tag {where}")
        match = re.compile(r"</([^\s>]*)\s*(>?)").match(self.html, begin)
        assert match is not None
        if not match[2]:
            raise BadMarkup(f"Unclosed end tag {where}")
        self.at = match.end()
        opened = self.open.pop()
        if match[1] and match[1].lower() != opened.tag:
            raise BadMarkup(f'Unmatched end tag {where}, expected "</{opened.tag}>", found "</{match[1].lower()}>"')
        if self.length > opened.offset:
            self.close(opened)

    def close(self, opened: _Open) -> None:
        """The stretch between two tags as an entity, if it is one."""
        kind, given = KINDS[opened.tag], opened.attributes
        place = (opened.offset, self.length - opened.offset)
        language = given.get("class", "").removeprefix("language-") if opened.tag == "code" else ""
        last = self.entities[-1] if self.entities else None
        same_place = last is not None and (last.offset, last.length) == place
        if kind == "pre" and same_place and last is not None and last.type == "code":
            self.entities[-1] = Entity(*place, "pre", language=last.language)
        elif kind == "code" and same_place and last is not None and last.type == "pre":
            self.entities[-1] = Entity(*place, "pre", language=language or None)
        elif kind == "code":
            self.entities.append(Entity(*place, "code", language=language or None))
        elif kind == "text_link":
            url = given.get("href") or self.text[opened.start :]
            if LINK.fullmatch(url):
                self.entities.append(Entity(*place, kind, url=url))
        elif kind == "blockquote":
            self.entities.append(Entity(*place, "expandable_blockquote" if "expandable" in given else kind))
        elif kind == "custom_emoji":
            if not given.get("emoji-id", "").isdigit():
                raise BadMarkup("Invalid custom emoji identifier specified")
            self.entities.append(Entity(*place, kind, custom_emoji_id=given["emoji-id"]))
        elif kind == "date_time":
            if not re.fullmatch(r"-?\d{1,11}", given.get("unix", "")):
                raise BadMarkup("Invalid date-time Unix time specified")
            if not TIME_FORMAT.fullmatch(given.get("format", "")):
                raise BadMarkup("Invalid date-time format specified")
            form = given.get("format") or None
            self.entities.append(Entity(*place, kind, unix_time=int(given["unix"]), date_time_format=form))
        else:
            self.entities.append(Entity(*place, kind))


def parse_html(html: str) -> tuple[str, list[Entity]]:
    """The text without its tags, and the entities that the tags made, in the order of their places."""
    text, entities = _Reader(html).read()
    # A code's language matters only within a pre; alone it is dropped.
    plain = [Entity(each.offset, each.length, "code") if each.type == "code" else each for each in entities]
    closed = [each for each in plain if each.type in {"code", "pre"}]
    kept = [
        each
        for each in plain
        if each in closed or not any(outer.offset < each.end and each.offset < outer.end for outer in closed)
    ]
    return text, sorted(kept, key=lambda each: (each.offset, -each.length))


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """The text without white space around it, and without control characters, the entities moved along."""
    clean = "".join(" " if character < " " and character != "\n" else character for character in text.replace("\r", ""))
    left = utf16(clean) - utf16(clean.lstrip())
    short = clean.strip()
    end = utf16(short)
    moved = []
    for entity in entities:
        start, stop = max(entity.offset - left, 0), min(entity.end - left, end)
        if stop > start:
            moved.append(Entity(**{**vars(entity), "offset": start, "length": stop - start}))
    return short, moved
