"""Gate A: the bytes of a calendar, as lines and as a tree of components. Every line keeps its number in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scheduling.calendar.check.finding import Findings, Gate
from scheduling.calendar.text import OCTETS

A = Gate.BYTES
DEEPEST = 8  # components within components: no calendar needs more than three
_NAME = re.compile(r"[A-Za-z0-9-]+")
_PARAMETER = re.compile(
    r';([A-Za-z0-9-]+)=((?:"[^"\x00-\x08\x0a-\x1f\x7f]*"|[^";:,\x00-\x08\x0a-\x1f\x7f]*)(?:,(?:"[^"\x00-\x08\x0a-\x1f\x7f]*"|[^";:,\x00-\x08\x0a-\x1f\x7f]*))*)'
)
_PARAMETER_VALUE = re.compile(r'"([^"]*)"|([^,"]+)')
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PAGE = re.compile(rb"^\s*<(!doctype|html|head|body|\?xml)", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """One content line, unfolded. Names are in capitals; a parameter's values stand without their quotes."""

    number: int
    name: str
    parameters: dict[str, list[str]]
    value: str

    def parameter(self, name: str) -> str | None:
        """A parameter's first value."""
        values = self.parameters.get(name)
        return values[0] if values else None


@dataclass
class Component:
    """BEGIN to END: its own lines, and the components within."""

    name: str
    number: int
    lines: list[Line] = field(default_factory=list)
    inner: list[Component] = field(default_factory=list)

    def all(self, name: str) -> list[Line]:
        return [line for line in self.lines if line.name == name]

    def first(self, name: str) -> Line | None:
        return next((line for line in self.lines if line.name == name), None)

    def value(self, name: str) -> str:
        found = self.first(name)
        return found.value if found is not None else ""

    def within(self, *names: str) -> list[Component]:
        return [each for each in self.inner if each.name in names]

    def everything(self) -> Iterator[Component]:
        """The component and all within it, to any depth."""
        yield self
        for each in self.inner:
            yield from each.everything()


def read(data: bytes, findings: Findings) -> Component | None:
    """The calendar in these bytes, as far as there is one; None where there is nothing to look at further."""
    if not data.strip():
        findings.fail(A, None, "it is empty", "an empty calendar still has BEGIN:VCALENDAR … END:VCALENDAR")
        return None
    if _PAGE.match(data):
        findings.fail(
            A, 1, "this is a web page, not a calendar", "let the address answer with the calendar, or an error status"
        )
        return None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # its marks of byte order
        findings.fail(A, 1, "it is written in UTF-16", "write UTF-8: RFC 5545 has no other default")
        return None
    if b"BEGIN:VCALENDAR" not in data.upper():
        findings.fail(A, None, "this is not a calendar: it has no BEGIN:VCALENDAR", "is this the right address?")
        return None
    if data.startswith(b"\xef\xbb\xbf"):
        findings.fail(A, 1, "a byte order mark stands before BEGIN", "write UTF-8 without one")
        data = data[3:]
    text = _lines(data, findings)
    return _tree(text, findings)


# Bytes to content lines


def _lines(data: bytes, findings: Findings) -> list[Line]:
    found: list[tuple[int, bytearray]] = []
    for number, raw in enumerate(re.split(rb"(?<=\n)", data), 1):
        if not raw:
            continue
        body = _without_break(raw, number, findings)
        if not body:
            findings.fail(A, number, "an empty line", "leave it out: some parsers stop there")
            continue
        if len(body) > OCTETS:
            findings.fail(
                A,
                number,
                f"the line is longer than {OCTETS} octets",
                "fold it: a line break and a space every 75 octets",
            )
        if body[:1] in b" \t" and found:
            found[-1][1].extend(body[1:])
            if body[1:2] and body[1] & 0xC0 == 0x80:
                findings.fail(
                    A, number, "the fold cuts a character in two", "fold between characters, counting octets of UTF-8"
                )
        else:
            found.append((number, bytearray(body)))
    return [line for number, body in found if (line := _line(number, body, findings)) is not None]


def _without_break(raw: bytes, number: int, findings: Findings) -> bytes:
    if raw.endswith(b"\r\n"):
        body = raw[:-2]
    elif raw.endswith(b"\n"):
        findings.fail(A, number, "the line ends with LF alone", "end every line with CRLF (\\r\\n)")
        body = raw[:-1]
    else:
        findings.fail(A, number, "the last line has no line break", "end every line with CRLF: the file may be cut off")
        body = raw
    if b"\r" in body:
        findings.fail(A, number, "a CR without LF", 'end lines with CRLF; a line break within a text is written "\\n"')
        body = body.replace(b"\r", b"")
    return body


def _line(number: int, body: bytes | bytearray, findings: Findings) -> Line | None:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        findings.fail(A, number, "the line is not UTF-8", "write UTF-8; Latin-1 or Windows-1252 shows as rubbish")
        text = body.decode("latin-1")
    if control := _CONTROL.search(text):
        findings.fail(A, number, f"a control character (U+{ord(control[0]):04X})", "take it out of the text")
        text = _CONTROL.sub("", text)
    name = _NAME.match(text)
    if name is None or text[name.end() : name.end() + 1] not in {":", ";"}:
        shown = text if len(text) <= 30 else f"{text[:30]}…"
        findings.fail(
            A,
            number,
            "the line is not NAME:VALUE",
            f'it is {shown!r}: a line break within a text is written "\\n", and a continued line begins with a space',
        )
        return None
    return _with_parameters(number, name[0].upper(), text, name.end(), findings)


def _with_parameters(number: int, name: str, text: str, at: int, findings: Findings) -> Line | None:
    parameters: dict[str, list[str]] = {}
    while text[at : at + 1] == ";":
        found = _PARAMETER.match(text, at)
        if found is None:
            break
        key = found[1].upper()
        if key in parameters:
            findings.fail(
                A, number, f"{name} has the parameter {key} twice", "keep one; several values stand in a list"
            )
        parameters[key] = [quoted or bare for quoted, bare in _PARAMETER_VALUE.findall(found[2])]
        at = found.end()
    if text[at : at + 1] != ":":
        findings.fail(
            A,
            number,
            f"the parameters of {name} are not ;NAME=VALUE",
            'put a value that holds ":", ";" or "," into double quotes, and no double quote into it',
        )
        return None
    return Line(number, name, parameters, text[at + 1 :])


# Content lines to components


def _tree(lines: list[Line], findings: Findings) -> Component | None:
    top: list[Component] = []
    open_ones: list[Component] = []
    for line in lines:
        if line.name == "BEGIN":
            if len(open_ones) == DEEPEST:
                findings.fail(A, line.number, "components within components without end", "a BEGIN lacks its END")
                break
            component = Component(line.value.strip().upper(), line.number)
            (open_ones[-1].inner if open_ones else top).append(component)
            open_ones.append(component)
        elif line.name == "END":
            _close(line, open_ones, findings)
        elif open_ones:
            open_ones[-1].lines.append(line)
        else:
            where = "before BEGIN:VCALENDAR" if not top else "after END:VCALENDAR"
            findings.fail(A, line.number, f"a line {where}", "a calendar is all that the file may hold")
    for each in open_ones:
        findings.fail(
            A, each.number, f"BEGIN:{each.name} has no END:{each.name}", "is the file cut off, or an END left out?"
        )
    calendars = [each for each in top if each.name == "VCALENDAR"]
    for each in top:
        if each.name != "VCALENDAR":
            findings.fail(
                A, each.number, f"{each.name} outside of a VCALENDAR", "put it between BEGIN and END:VCALENDAR"
            )
    for each in calendars[1:]:
        findings.fail(A, each.number, "a second calendar in one file", "clients read the first: join the two")
    return calendars[0] if calendars else None


def _close(line: Line, open_ones: list[Component], findings: Findings) -> None:
    name = line.value.strip().upper()
    if open_ones and open_ones[-1].name == name:
        open_ones.pop()
    elif any(each.name == name for each in open_ones):
        while open_ones[-1].name != name:
            lost = open_ones.pop()
            findings.fail(A, lost.number, f"BEGIN:{lost.name} has no END:{lost.name}", f"close it before END:{name}")
        open_ones.pop()
    else:
        findings.fail(A, line.number, f"END:{name} without its BEGIN", "take it out, or open the component before")
