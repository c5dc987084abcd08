"""Gate B, times: every one is on a clock that the file tells of, and exists there."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice

from scheduling.calendar.check.clocks import Clocks, is_iana, needs_no_rdate
from scheduling.calendar.check.finding import Findings, Gate
from scheduling.calendar.check.lines import Component, Line
from scheduling.calendar.check.occurring import MOST, WALKED
from scheduling.calendar.check.policy import ENTRIES, is_day
from scheduling.calendar.check.values import instant
from scheduling.calendar.rule import Rule

B = Gate.POLICY
TIMES = ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "EXDATE", "RDATE")


def look(calendar: Component, clocks: Clocks, findings: Findings) -> None:
    """Every time in the file, and every VTIMEZONE that is there for them."""
    told = {block.value("TZID") for block in calendar.within("VTIMEZONE")}
    used: set[str] = set()
    for entry in calendar.within(*ENTRIES, "VFREEBUSY"):
        for component in entry.everything():
            for line in component.lines:
                name = line.parameter("TZID")
                if name is not None:
                    used.add(name)
                    if name not in told:
                        _without_block(line, name, findings)
                if line.name in TIMES:
                    _time(line, clocks, findings)
    _blocks(calendar, used, findings)


def _without_block(line: Line, name: str, findings: Findings) -> None:
    shown = name[:60]
    if is_iana(name):
        to_do = "add it: without one Outlook and others show the time hours off"
    else:
        to_do = "add it, and use an IANA name such as Europe/Brussels: many clients do not know this one"
    findings.fail(B, line.number, f"TZID={shown} has no VTIMEZONE in the file", to_do)


def _time(line: Line, clocks: Clocks, findings: Findings) -> None:
    name = line.parameter("TZID")
    for value in line.value.split(","):
        at = instant(value)
        if is_day(at) and name is not None:
            findings.fail(
                B, line.number, f"{line.name} is a day and has a TZID", "leave the TZID out: a day has no zone"
            )
        if not isinstance(at, datetime) or at.tzinfo is not None:
            continue
        if name is None:
            findings.fail(
                B,
                line.number,
                f"{line.name} has no zone",
                "add a TZID, or write it in UTC: as it is, it means another instant to each reader",
            )
        elif clocks.clock(name).skips(at):
            findings.fail(
                B,
                line.number,
                f"{line.name} {at:%Y-%m-%d %H:%M} does not exist in {name[:60]}: the clocks are put forward across it",
                "write a time that exists: calendars disagree on what this one means",
            )


def _blocks(calendar: Component, used: set[str], findings: Findings) -> None:
    seen: set[str] = set()
    first, last = years(calendar)
    for block in calendar.within("VTIMEZONE"):
        name = block.value("TZID")
        if name in seen:
            findings.fail(B, block.number, f"a second VTIMEZONE for {name[:60]}", "keep one")
        elif name and name not in used:
            findings.warn(B, block.number, f"no time uses the VTIMEZONE of {name[:60]}", "leave it out")
        seen.add(name)
        if not block.within("STANDARD", "DAYLIGHT"):
            findings.fail(B, block.number, "VTIMEZONE without STANDARD or DAYLIGHT", "add at least STANDARD")
        for each in block.within("STANDARD", "DAYLIGHT"):
            start = each.first("DTSTART")
            if start is not None and (start.value.endswith("Z") or "TZID" in start.parameters):
                findings.fail(
                    B, start.number, f"DTSTART of {each.name} is not local", "write local time, without Z or TZID"
                )
            dates = each.first("RDATE")
            if dates is not None and (not is_iana(name) or needs_no_rdate(name, first, last)):
                findings.fail(
                    B, dates.number, "VTIMEZONE with RDATE", "write a yearly RRULE: Outlook and others ignore the dates"
                )


def years(calendar: Component) -> tuple[int, int]:
    """The years in which something of the calendar takes place; an endless series is followed for two years."""
    found = []
    rest = MOST
    for entry in calendar.within(*ENTRIES):
        for name in ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID"):
            at = instant(entry.value(name))
            if at is not None and 1900 < at.year < 2500:
                found.append(at.year)
        start = instant(entry.value("DTSTART"))
        if rest and start is not None and 1900 < start.year < 2500 and entry.first("RRULE") is not None:
            rest -= 1
            found.append(_last_year(entry.value("RRULE"), start))
    return (min(found), max(found)) if found else (2000, 2000)


def _last_year(text: str, start: datetime | date) -> int:
    naive = start.replace(tzinfo=None) if isinstance(start, datetime) else start
    try:
        rule = Rule.read(text)
        if rule.until is not None:
            return min(rule.until.year, start.year + 20)
        made = islice(rule.instances(naive), rule.count and min(rule.count, WALKED))
        return max((each.year for each in made), default=start.year) if rule.count else start.year + 2
    except ValueError:  # gate B says so where it looks at values
        return start.year
