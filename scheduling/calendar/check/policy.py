"""Gate B: what every calendar and entry must hold, each on its own. Series and zones have files of their own."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from scheduling.calendar.check import grammar
from scheduling.calendar.check.finding import Findings, Gate
from scheduling.calendar.check.lines import Component, Line
from scheduling.calendar.check.values import LISTS, WRONG, duration, instant

B = Gate.POLICY
ENTRIES = ("VEVENT", "VTODO", "VJOURNAL")
_COLOUR = re.compile(r"[A-Za-z]+")


def look(calendar: Component, findings: Findings) -> None:
    """Every component and property, one by one."""
    _calendar(calendar, findings)
    for component in calendar.everything():
        _component(component, findings)
    for component in calendar.inner:
        if component.name == "VEVENT":
            _event(component, findings)
        elif component.name == "VTODO":
            _span(component, "DUE", findings)


# The calendar itself


def _calendar(calendar: Component, findings: Findings) -> None:
    if method := calendar.first("METHOD"):
        findings.fail(
            B,
            method.number,
            f"METHOD:{method.value} makes this a message, not a feed",
            "leave METHOD out: with PUBLISH some clients miss an ORGANIZER, with any other only those invited see it",
        )
    if uid := calendar.first("UID"):
        findings.fail(
            B,
            uid.number,
            "the calendar itself has a UID",
            "leave it out: some clients then take the whole feed for one single entry",
        )
    if not calendar.all("NAME"):
        findings.warn(B, None, "the calendar has no NAME", "add NAME and X-WR-CALNAME, or it is listed by its address")
    languages = [line.parameter("LANGUAGE") for line in calendar.all("NAME")]
    if len(set(languages)) < len(languages):
        findings.fail(B, calendar.all("NAME")[1].number, "NAME stands twice", "one NAME for each LANGUAGE")
    if not calendar.within(*ENTRIES, "VFREEBUSY"):
        findings.warn(B, None, "the calendar holds no entry", "some clients refuse an empty calendar")
    for name in ("REFRESH-INTERVAL", "X-PUBLISHED-TTL"):
        line = calendar.first(name)
        if line is not None and ((wait := duration(line.value)) is None or wait <= timedelta()):
            findings.fail(B, line.number, f"{name} is no time to wait", "write a duration such as PT1H (not P1H)")


# Any component


def _component(component: Component, findings: Findings) -> None:
    name = component.name
    for required in grammar.REQUIRED.get(name, ()):
        if component.first(required) is None:
            findings.fail(B, component.number, f"{name} without {required}", f"add {required}: RFC 5545 requires it")
    seen: set[str] = set()
    for line in component.lines:
        if line.name in grammar.ONCE.get(name, ()) and line.name in seen:
            findings.fail(B, line.number, f"{line.name} stands twice in one {name}", "keep one")
        if line.name in grammar.NEVER.get(name, ()):
            findings.fail(
                B, line.number, f"{line.name} does not belong into {name}", "take it out: some parsers refuse it"
            )
        seen.add(line.name)
        _property(component, line, findings)
    allowed = grammar.INNER.get(name, frozenset())
    for each in component.inner:
        if each.name not in allowed and not each.name.startswith("X-"):
            findings.fail(
                B, each.number, f"{each.name} within {name}", "components stand side by side: is an END missing?"
            )
    if name == "VALARM":
        _alarm(component, findings)


def _property(component: Component, line: Line, findings: Findings) -> None:
    types = grammar.TYPES.get(line.name)
    if types is None:
        if not line.name.startswith("X-") and line.name not in _LATER:
            findings.warn(
                B,
                line.number,
                f"there is no property {line.name}",
                'is it text after a line break? that is written "\\n"',
            )
        return
    given = line.parameter("VALUE")
    kind = given.upper() if given is not None else types[0]
    if not kind:
        findings.fail(B, line.number, f"{line.name} without VALUE={types[1]}", f"write {line.name};VALUE={types[1]}:…")
        kind = types[1]
    elif given is not None and kind not in types and not ("TEXTS" in types and kind == "TEXT"):
        findings.fail(
            B, line.number, f"{line.name} may not be VALUE={kind}", f"it is {' or '.join(filter(None, types))}"
        )
        return
    if "TEXTS" in types:
        kind = "TEXTS"
    values = line.value.split(",") if line.name in grammar.SEVERAL and kind in LISTS else [line.value]
    for value in values:
        if why := WRONG[kind](value):
            findings.fail(
                B, line.number, f"{line.name} {why}", "correct the value" if len(value) > 40 else f"it is {value!r}"
            )
    if line.name in grammar.IN_UTC and not line.value.endswith("Z"):
        findings.fail(B, line.number, f"{line.name} is not in UTC", "write it in UTC, with a Z at the end")
    _choice(component, line, findings)
    _parameters(line, findings)
    _particular(component, line, findings)


def _choice(component: Component, line: Line, findings: Findings) -> None:
    key, value = (component.name, line.name), line.value.upper()
    allowed, usual = grammar.CHOICES.get(key), grammar.OPEN_CHOICES.get(key)
    if allowed is not None and value not in allowed:
        findings.fail(
            B, line.number, f"{line.name}:{line.value[:30]} is unknown", f"write {' or '.join(sorted(allowed))}"
        )
    if usual is not None and value not in usual and not value.startswith("X-"):
        findings.warn(B, line.number, f"{line.name}:{line.value[:30]} is unknown", f"usual: {', '.join(sorted(usual))}")


def _parameters(line: Line, findings: Findings) -> None:
    for name, values in line.parameters.items():
        allowed = grammar.PARAMETER_CHOICES.get(name)
        for value in values:
            if allowed is None or value.upper() in allowed or value.upper().startswith("X-"):
                continue
            say = findings.fail if name in grammar.CLOSED_PARAMETERS else findings.warn
            say(B, line.number, f"{name}={value[:30]} is unknown", f"write one of {', '.join(sorted(allowed))}")
    if "TZID" in line.parameters and line.value.endswith("Z"):
        findings.fail(B, line.number, f"{line.name} has a TZID and is in UTC", "write one of the two")


def _particular(component: Component, line: Line, findings: Findings) -> None:
    """What single properties need beyond their type."""
    if line.name == "UID" and not line.value.strip():
        findings.fail(B, line.number, "UID is empty", "give every entry a UID that never changes")
    elif line.name == "SEQUENCE" and line.value.startswith("-"):
        findings.fail(B, line.number, "SEQUENCE is below zero", "count from 0 up")
    elif line.name == "COLOR" and not _COLOUR.fullmatch(line.value):
        findings.fail(B, line.number, "COLOR is no CSS3 colour name", "write a name such as steelblue, not a code")
    elif line.name == "PRIORITY" and line.value.isdigit() and int(line.value) > 9:
        findings.fail(B, line.number, "PRIORITY is not 0 to 9", "1 is highest, 9 lowest, 0 undefined")
    elif line.name == "PERCENT-COMPLETE" and line.value.isdigit() and int(line.value) > 100:
        findings.fail(B, line.number, "PERCENT-COMPLETE is above 100", "write 0 to 100")
    elif line.name == "GEO" and not _is_place(line.value):
        findings.fail(B, line.number, "GEO is no latitude;longitude", "write for example 50.845;4.357")
    elif line.name == "ATTACH" and "BINARY" in line.parameters.get("VALUE", []):
        if line.parameter("ENCODING") != "BASE64":
            findings.fail(B, line.number, "ATTACH holds data without ENCODING=BASE64", "add the parameter")
    elif line.name == "EXRULE":
        findings.warn(B, line.number, "EXRULE is no longer part of iCalendar", "write the dates as EXDATE")
    elif line.name == "ATTENDEE" and component.name != "VALARM":
        findings.warn(
            B, line.number, "a feed that names people", "leave ATTENDEE to invitations: a feed may be passed on"
        )


def _is_place(text: str) -> bool:
    try:
        latitude, longitude = map(float, text.split(";"))
    except ValueError:
        return False
    return abs(latitude) <= 90 and abs(longitude) <= 180


def _alarm(alarm: Component, findings: Findings) -> None:
    action = alarm.value("ACTION").upper()
    needs = {"DISPLAY": ("DESCRIPTION",), "EMAIL": ("DESCRIPTION", "SUMMARY", "ATTENDEE")}.get(action, ())
    for name in needs:
        if alarm.first(name) is None:
            findings.fail(B, alarm.number, f"VALARM ACTION:{action} without {name}", f"add {name}")
    if (alarm.first("REPEAT") is None) != (alarm.first("DURATION") is None):
        findings.fail(B, alarm.number, "VALARM with one of REPEAT and DURATION", "write both, or neither")
    trigger = alarm.first("TRIGGER")
    if trigger is not None and trigger.parameter("VALUE") == "DATE-TIME" and not trigger.value.endswith("Z"):
        findings.fail(B, trigger.number, "TRIGGER is not in UTC", "write it in UTC, with a Z at the end")


# Entries


def _event(event: Component, findings: Findings) -> None:
    _span(event, "DTEND", findings)
    for name in ("SEQUENCE", "LAST-MODIFIED", "STATUS"):
        if event.first(name) is None:
            findings.warn(B, event.number, f"VEVENT without {name}", "add it: some clients miss changes without")
    if event.first("SUMMARY") is None:
        findings.warn(B, event.number, "VEVENT without SUMMARY", "give it a title")
    if event.value("STATUS").upper() == "CANCELLED" and event.value("TRANSP").upper() != "TRANSPARENT":
        findings.warn(B, event.number, "a cancelled entry that still takes time", "add TRANSP:TRANSPARENT")


def _span(component: Component, end_name: str, findings: Findings) -> None:
    start, end, lasts = (component.first(name) for name in ("DTSTART", end_name, "DURATION"))
    if end is not None and lasts is not None:
        findings.fail(B, lasts.number, f"{end_name} and DURATION in one {component.name}", "keep one of the two")
    begins = instant(start.value) if start is not None else None
    if lasts is not None:
        size = duration(lasts.value)
        if size is not None and size < timedelta():
            findings.fail(B, lasts.number, "DURATION is below zero", "an entry ends after it begins")
        if size is not None and is_day(begins) and size % timedelta(days=1):
            findings.fail(B, lasts.number, "whole days with a DURATION of hours", "write days or weeks, such as P1D")
    if start is None or end is None:
        return
    ends = instant(end.value)
    if begins is None or ends is None:
        return
    if is_day(begins) != is_day(ends):
        findings.fail(
            B, end.number, f"DTSTART and {end_name} are not of one kind", "both days (VALUE=DATE), or both times"
        )
        return
    if (ends.tzinfo if isinstance(ends, datetime) else None) != (
        begins.tzinfo if isinstance(begins, datetime) else None
    ):
        return  # one in UTC, one local: the clocks decide, in series.py
    if start.parameter("TZID") == end.parameter("TZID") and ends <= begins:
        findings.fail(
            B,
            end.number,
            f"{end_name} is not after DTSTART",
            "the end of whole days is the day after the last" if is_day(ends) else "an entry ends after it begins",
        )


def is_day(when: datetime | date | None) -> bool:
    return when is not None and not isinstance(when, datetime)


# Properties of later RFCs (7953, 9073, 9074, 9253) that are let pass unexamined.
_LATER = frozenset(
    {
        *("BUSYTYPE", "PARTICIPANT-TYPE", "CALENDAR-ADDRESS", "STYLED-DESCRIPTION", "STRUCTURED-DATA", "LOCATION-TYPE"),
        *("RESOURCE-TYPE", "PROXIMITY", "CONCEPT", "LINK", "REFID", "TZID-ALIAS-OF", "TZUNTIL"),
    }
)
