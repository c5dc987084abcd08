"""The text of a file: Word, Markdown or plain.

What comes out is plain text as `read` takes it: headings begin with `#`, and what Word or Markdown number by themselves
bears its number. Word's library is large, so this module is imported where a file is read, and nowhere before.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from markdown_it import MarkdownIt
from markdown_it.token import Token

from .reading import LONGEST_TEXT, Fault, Unreadable

# What a Word file may unpack to, as its own list says; the library reads no byte beyond what is listed.
MOST_PARTS, LARGEST_PART, LARGEST_PACKAGE = 1000, 8 * 2**20, 64 * 2**20
MOST_PARAGRAPHS = 20_000
MARKDOWN = (".md", ".markdown", ".mdown")


def text_of(name: str, data: bytes) -> str:
    """The text of a file, not cleaned yet. Raises Unreadable for a file that holds none, or too much."""
    if data.startswith(b"PK"):
        return _of_word(data)
    text = _decoded(data)
    return _of_markdown(text) if name.casefold().endswith(MARKDOWN) else text


def _decoded(data: bytes) -> str:
    if len(data) > 4 * LONGEST_TEXT:
        raise Unreadable(Fault.TOO_LONG)
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\x00" in text or data.startswith((b"%PDF", b"\xd0\xcf\x11\xe0", b"{\\rtf")):
        raise Unreadable(Fault.NO_DOCUMENT)
    return text


# Markdown


def _of_markdown(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise Unreadable(Fault.TOO_LONG)
    lines: list[str] = []
    lists: list[bool] = []  # those that are open, whether each is ordered
    mark = ""  # what the next line of an item begins with
    heading = ""
    cells: list[str] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        match token.type:
            case "ordered_list_open" | "bullet_list_open":
                lists.append(token.type == "ordered_list_open")
            case "ordered_list_close" | "bullet_list_close":
                lists.pop()
                lines.append("")
            case "list_item_open":
                mark = "  " * (len(lists) - 1) + (f"{token.info}{token.markup} " if lists[-1] else "- ")
            case "heading_open":
                heading = f"{token.markup} " if token.markup.startswith("#") else f"{'#' * int(token.tag[1:])} "
            case "paragraph_open" if not token.hidden and not mark:
                lines.append("")
            case "heading_close":
                heading = ""
                lines.append("")
            case "td_close" | "th_close":
                cells.append(lines.pop())
            case "tr_close":
                lines.append(" | ".join(cells))
                cells = []
            case "inline":
                words = _inline(token)
                lines.append((heading or mark) + (words.replace("\n", " ") if heading else words))
                mark = ""
            case "fence" | "code_block" | "html_block":
                lines += ["", token.content.strip(), ""]
    return "\n".join(lines)


def _inline(token: Token) -> str:
    written = ""
    address = ""
    for each in token.children or ():
        match each.type:
            case "softbreak" | "hardbreak":
                written += "\n"
            case "link_open":
                address = str(each.attrs.get("href", ""))
            case "link_close":
                written += f" ({address})" if address and not written.endswith(address) else ""
            case _:
                written += each.content
    return written


# Word


def _of_word(data: bytes) -> str:
    _check_package(data)
    try:
        document = docx.Document(io.BytesIO(data))
        paragraphs = list(_paragraphs(document))
    except Unreadable:
        raise
    except Exception:  # noqa: BLE001  a damaged file fails in as many ways as there are
        raise Unreadable(Fault.NO_DOCUMENT) from None
    return "\n\n".join(paragraphs)


def _check_package(data: bytes) -> None:
    """Refuse, before anything is unpacked, what would unpack to too much, and what is no Word file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Unreadable(Fault.NO_DOCUMENT) from None
    is_large = any(each.file_size > LARGEST_PART for each in parts if each.filename.endswith((".xml", ".rels")))
    if is_large or len(parts) > MOST_PARTS or sum(each.file_size for each in parts) > LARGEST_PACKAGE:
        raise Unreadable(Fault.TOO_LONG)
    if not any(each.filename.startswith("word/") for each in parts):
        raise Unreadable(Fault.NO_DOCUMENT)


def _paragraphs(document: Document) -> Iterator[str]:
    numbering = _Numbering(document)
    length = 0
    for count, block in enumerate(document.iter_inner_content()):
        if isinstance(block, Table):
            rows = ([_words(cell._tc) for cell in row.cells] for row in block.rows)
            written = "\n".join(" | ".join(dict.fromkeys(each)) for each in rows)
        else:
            written = _written(block, numbering)
        length += len(written)
        if length > LONGEST_TEXT or count > MOST_PARAGRAPHS:
            raise Unreadable(Fault.TOO_LONG)
        if written.strip():
            yield written


def _written(paragraph: Paragraph, numbering: _Numbering) -> str:
    words, label = _words(paragraph._p).strip(), numbering.label(paragraph)
    if not words:
        return ""
    level = _level(paragraph)
    return " ".join(f"{'#' * level} {label} {words}".split()) if level else f"{label}{words}"


def _words(element: Any) -> str:
    """All that is read in a paragraph or cell: also what a pending change puts in, and not what it takes out."""
    written = ""
    for each in element.iter(qn("w:t"), qn("w:tab"), qn("w:br"), qn("w:noBreakHyphen"), qn("w:p")):
        if any(parent.tag in _UNREAD for parent in each.iterancestors()):
            continue
        match each.tag:
            case tag if tag == qn("w:t"):
                written += each.text or ""
            case tag if tag == qn("w:tab"):
                written += " " if each.getparent().tag == qn("w:r") else ""
            case tag if tag == qn("w:noBreakHyphen"):
                written += "-"
            case _:
                written += "\n" if written else ""
    return written


_UNREAD = (qn("w:del"), qn("w:moveFrom"), "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback")


def _styles(paragraph: Paragraph) -> Iterator[Any]:
    """Its style, and those it is based on."""
    style, seen = paragraph.style, 0
    while style is not None and seen < 12:
        yield style
        style, seen = style.base_style, seen + 1


def _level(paragraph: Paragraph) -> int:
    """Of a heading, from 1 to 6; 0: none."""
    for style in _styles(paragraph):
        if found := re.fullmatch(r"heading (\d)", (style.name or "").casefold()):
            return min(int(found[1]) + 1, 6)  # below the title
        if (style.name or "").casefold() == "title":
            return 1
    return 0


@dataclass
class _Level:
    start: int = 1
    kind: str = "decimal"
    text: str = ""


@dataclass
class _List:
    levels: dict[int, _Level] = field(default_factory=lambda: defaultdict(_Level))
    of_style: dict[str, int] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)


class _Numbering:
    """What Word writes before paragraphs by itself; it stands nowhere in the text."""

    def __init__(self, document: Document) -> None:
        self._lists: dict[str, _List] = {}
        self._of: dict[str, str] = {}  # numbering -> list
        self._anew: dict[str, dict[int, int]] = {}  # levels at which a numbering begins anew
        try:
            root: Any = document.part.part_related_by(RELATIONSHIP_TYPE.NUMBERING).element  # type: ignore[attr-defined]
        except KeyError:
            return
        for each in root.iter(qn("w:abstractNum")):
            self._lists[each.get(qn("w:abstractNumId"))] = _list(each)
        for each in root.iter(qn("w:num")):
            number = each.get(qn("w:numId"))
            self._of[number] = _value(each, "w:abstractNumId") or ""
            self._anew[number] = {
                int(level.get(qn("w:ilvl"))): int(start)
                for level in each.iter(qn("w:lvlOverride"))
                if (start := _value(level, "w:startOverride")) is not None
            }

    def label(self, paragraph: Paragraph) -> str:
        """With a space behind it; indented where it counts within something else."""
        number, level = self._place(paragraph)
        found = self._lists.get(self._of.get(number, ""))
        if found is None or level not in found.levels:
            return ""
        start = self._anew.get(number, {}).pop(level, None)
        if start is not None:
            found.counts = {each: count for each, count in found.counts.items() if each < level}
        how = found.levels[level]
        found.counts = {each: count for each, count in found.counts.items() if each <= level}
        found.counts[level] = found.counts[level] + 1 if level in found.counts else (start or how.start)
        if how.kind in ("bullet", "none"):
            return "- " if how.kind == "bullet" else ""
        written = re.sub(r"%(\d)", lambda each: self._count(found, int(each[1]) - 1), how.text)
        return f"{'  ' if level and how.text.count('%') == 1 else ''}{written} "

    def _count(self, of: _List, level: int) -> str:
        how = of.levels[level]
        return _formatted(of.counts.get(level, how.start), how.kind)

    def _place(self, paragraph: Paragraph) -> tuple[str, int]:
        """Its numbering, and the level of that; ("", 0): it has none."""
        own = paragraph._p.pPr
        given: Sequence[tuple[Any, str | None]] = [
            (own, None),
            *((style.element.pPr, style.style_id) for style in _styles(paragraph)),
        ]
        for properties, style in given:
            numbered = properties.numPr if properties is not None else None
            if numbered is None or numbered.numId is None:
                continue
            number = str(numbered.numId.val)
            found = self._lists.get(self._of.get(number, ""))
            of_style = found.of_style.get(style, 0) if found is not None and style is not None else 0
            return number, numbered.ilvl.val if numbered.ilvl is not None else of_style
        return "", 0


def _list(element: Any) -> _List:
    made = _List(levels={})
    for each in element.iter(qn("w:lvl")):
        level = int(each.get(qn("w:ilvl")))
        start, kind, text = (_value(each, name) for name in ("w:start", "w:numFmt", "w:lvlText"))
        made.levels[level] = _Level(int(start or 1), kind or "decimal", text or "")
        if (style := _value(each, "w:pStyle")) is not None:
            made.of_style[style] = level
    return made


def _value(element: Any, name: str) -> str | None:
    found = element.find(qn(name))
    value: str | None = found.get(qn("w:val")) if found is not None else None
    return value


def _formatted(count: int, kind: str) -> str:
    if kind in ("lowerLetter", "upperLetter") and count > 0:
        letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letter if kind == "lowerLetter" else letter.upper()
    if kind in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        roman, left = "", count
        for value, sign in _ROMAN:
            roman += sign * (left // value)
            left %= value
        return roman if kind == "lowerRoman" else roman.upper()
    return str(count)


_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
