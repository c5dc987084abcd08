"""Gate C: what other calendar programs say of the bytes, those of them that are installed here.

icalendar always is. `ical` (Home Assistant) is a Python package; libical (Evolution, GNOME) is a shared library and
ical.js (Thunderbird, Nextcloud) a node package: those two are asked in a process of their own, which a file may crash.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from importlib.util import find_spec

from icalendar import Calendar
from icalendar.cal.component import Component

from scheduling.calendar.check import outside
from scheduling.calendar.check.finding import Findings, Gate

C = Gate.PARSERS
SHOWN = 5  # complaints of one program: the rest mostly follow from the first


def ask(data: bytes, findings: Findings) -> None:
    """Every installed program's complaints, each a finding."""
    for name, is_installed, complaints in PROGRAMS:
        if not is_installed():
            findings.not_run(C, f"{name} is not installed")
            continue
        found = list(dict.fromkeys(complaints(data)))
        for each in found[:SHOWN]:
            findings.fail(C, None, f"{name}: {each}", "that program may show the entry wrongly, or refuse the calendar")
        if not found:
            findings.ok(C, f"{name} has nothing to complain about")


def _icalendar(data: bytes) -> Iterator[str]:
    try:
        calendar = Calendar.from_ical(data)
    except Exception as error:  # noqa: BLE001  whatever it raises is its opinion of the file
        yield _said(error)
        return
    for component in calendar.walk():
        yield from (f"{component.name}: {name} {why}" for name, why in component.errors)
        yield from _incomplete(component)


def _incomplete(component: Component) -> Iterator[str]:
    name = component.name or "a component"
    required: tuple[str, ...] = component.required
    singletons: tuple[str, ...] = component.singletons
    yield from (f"{name} lacks {each}" for each in required if each not in component)
    yield from (f"{name} has several {each}" for each in singletons if isinstance(component.get(each), list))


def _ical(data: bytes) -> Iterator[str]:
    stream = importlib.import_module("ical.calendar_stream")
    try:
        stream.IcsCalendarStream.calendar_from_ics(data.decode())
    except Exception as error:  # noqa: BLE001  as above
        yield _said(error)


def _said(error: Exception) -> str:
    """The first line of what a program says, and no more of the file's own text than that."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:160]


PROGRAMS: tuple[tuple[str, Callable[[], bool], Callable[[bytes], Iterator[str]]], ...] = (
    ("icalendar", lambda: True, _icalendar),
    ("ical", lambda: find_spec("ical") is not None, _ical),
    ("libical", outside.has_libical, outside.libical),
    ("ical.js", outside.has_ical_js, outside.ical_js),
)
