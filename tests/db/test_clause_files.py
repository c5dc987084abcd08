"""Files read into text: what Word and Markdown number by themselves, what is pending, and what is no document."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import docx
import pytest
from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from db.consultations.clauses import Fault, Unreadable, read
from db.consultations.clauses.files import LARGEST_PACKAGE, LARGEST_PART, text_of

LEVELS = (("decimal", "%1."), ("decimal", "%1.%2."), ("lowerLetter", "(%3)"))


def saved(document: Document) -> bytes:
    kept = io.BytesIO()
    document.save(kept)
    return kept.getvalue()


def with_numbers(document: Document) -> Callable[[str, int], None]:
    """Give the document a legal numbering, 1., 1.1., (a); returns how to add a paragraph at a level of it."""
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for level, (kind, text) in enumerate(LEVELS)
    )
    numbering = document.part.numbering_part.element
    numbering.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{levels}</w:abstractNum>'))
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))

    def add(words: str, level: int) -> None:
        properties = document.add_paragraph(words)._p.get_or_add_pPr()
        numbered = f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="77"/></w:numPr>'
        properties.append(parse_xml(numbered))

    return add


def told(name: str, data: bytes) -> list[tuple[str, str | None, str]]:
    return [(each.number, each.heading, each.words) for each in read(text_of(name, data))]


def test_what_word_numbers_by_itself_bears_its_number():
    document = docx.Document()
    document.add_heading("Order on parcels", 0)
    add = with_numbers(document)
    add("This order applies to all parcels.", 0)
    add("Letters are exempt:", 1)
    add("all of them;", 2)
    add("also heavy ones.", 2)
    add("Postcards too.", 1)
    add("No fee is due.", 0)
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Weight", "Fee"
    assert told("order.docx", saved(document)) == [
        ("1", "Order on parcels", "This order applies to all parcels."),
        ("1.1", None, "Letters are exempt:\n\n(a) all of them;\n\n(b) also heavy ones."),
        ("1.2", None, "Postcards too."),
        ("2", None, "No fee is due.\n\nWeight | Fee"),
    ]


def test_headings_of_word_number_a_text_that_has_no_numbers():
    document = docx.Document()
    document.add_heading("Order", 0)
    document.add_heading("Scope", 1)
    document.add_paragraph("All parcels.")
    document.add_paragraph("Letters, too", style="List Number")
    document.add_heading("Sea", 2)
    document.add_paragraph("Ships.")
    document.add_heading("Fees", 1)
    document.add_paragraph("None.")
    assert told("order.docx", saved(document)) == [
        ("0", None, "Order"),
        ("1", "Scope", "All parcels.\n\n1. Letters, too"),
        ("1.1", "Sea", "Ships."),
        ("2", "Fees", "None."),
    ]


def test_a_pending_change_reads_as_if_it_were_made():
    document = docx.Document()
    paragraph = document.add_paragraph("A fee of ")._p
    for tag, words in (("del", "<w:delText>five</w:delText>"), ("ins", "<w:t>six</w:t>")):
        run = f'<w:{tag} {nsdecls("w")} w:id="1" w:author="a"><w:r>{words}</w:r></w:{tag}>'
        paragraph.append(parse_xml(run))
    document.element.body[0].append(parse_xml(f'<w:r {nsdecls("w")}><w:t xml:space="preserve"> euros.</w:t></w:r>'))
    assert told("order.docx", saved(document)) == [("1", None, "A fee of six euros.")]


def test_markdown_is_read_as_it_is_shown():
    text = """# Order

Some *intro* with a [link](https://customs.example/a).

## 1. Scope

1. First item
2. Second item
   - nested

## 2. Fees

| Weight | Fee |
|--------|-----|
| 1 kg   | 2   |
"""
    assert told("order.md", text.encode()) == [
        ("0", None, "Order\n\nSome intro with a link (https://customs.example/a)."),
        ("1", "Scope", "1. First item\n2. Second item\n- nested"),
        ("2", "Fees", "Weight | Fee\n1 kg | 2"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_plain_text_is_read_in_any_usual_encoding(encoding):
    assert told("a.txt", "1. Régime\n2. Délai".encode(encoding)) == [("1", None, "Régime"), ("2", None, "Délai")]


def package(**parts: bytes) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as written:
        for name, data in parts.items():
            written.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return kept.getvalue()


def with_document(xml: bytes) -> bytes:
    """A Word file whose text is replaced."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(docx.Document()))) as old, zipfile.ZipFile(made, "w") as new:
        for each in old.infolist():
            new.writestr(each, xml if each.filename == "word/document.xml" else old.read(each))
    return made.getvalue()


BODY = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>%s</w:body></w:document>'
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (at, b"&l%d;" % (at - 1) * 10) for at in range(1, 10))
BOMBS = {
    "one part unpacks to too much": package(word__document_xml=b" " * (LARGEST_PART + 1)),
    "all parts unpack to too much": package(
        word__document_xml=b"", **{f"word__media{at}": bytes(LARGEST_PACKAGE // 8) for at in range(9)}
    ),
    "too many parts": package(**{f"word__p{at}": b"" for at in range(1001)}),
    "too long a text": with_document(BODY % (b"<w:p><w:r><w:t>%s</w:t></w:r></w:p>" % (b"words " * 100_000))),
}
NO_DOCUMENTS = {
    "a picture": b"\x89PNG\r\n\x1a\n\x00\x00",
    "a PDF": b"%PDF-1.7 words",
    "another package": package(xl__workbook_xml=b"<a/>"),
    "a package cut off": saved(docx.Document())[:-200],
    "no XML": with_document(b"<w:document"),
    "entities that grow": with_document(b'<!DOCTYPE d [<!ENTITY l0 "ha">' + LAUGHS + b"]>" + BODY % b"<w:p>&l9;</w:p>"),
    "a text of no words": with_document(BODY % b""),
}


@pytest.mark.promise("consultations.files", "A file that would unpack to more than memory holds is refused unread.")
@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS.keys())
def test_what_unpacks_to_too_much_is_refused(data):
    with pytest.raises(Unreadable) as refused:
        read(text_of("a.docx", data))
    assert refused.value.fault is Fault.TOO_LONG


@pytest.mark.parametrize("data", NO_DOCUMENTS.values(), ids=NO_DOCUMENTS.keys())
def test_what_is_no_document_says_so(data):
    with pytest.raises(Unreadable) as refused:
        read(text_of("a.docx", data))
    assert refused.value.fault in (Fault.NO_DOCUMENT, Fault.EMPTY)
