"""Gate D: whether every calendar program that is installed here finds the same things at the same instants.

Parley's own reading of RFC 5545 is one of them; the others are recurring-ical-events, `ical` (Home Assistant), ical.js
(Thunderbird, Nextcloud), and khal after vdirsyncer.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from typing import Any

from icalendar import Calendar

from scheduling.calendar.check import outside
from scheduling.calendar.check.clocks import Clocks
from scheduling.calendar.check.finding import Findings, Gate
from scheduling.calendar.check.lines import Component
from scheduling.calendar.check.occurring import as_instant, occurrences
from scheduling.calendar.check.outside import Found, Silent, When
from scheduling.calendar.rule import Unfollowable

D = Gate.MEANING


def compare(data: bytes, calendar: Component, known: Clocks, findings: Findings) -> None:
    """What takes place by each program, against Parley's own reading."""
    try:
        ours, last = occurrences(calendar, known)
    except (Unfollowable, ValueError, OverflowError) as error:
        findings.not_run(D, f"the series cannot be followed here: {error}")
        return
    if not ours:
        findings.ok(D, "nothing takes place")
        return
    first = min(as_instant(each.starts) for each in ours) - timedelta(days=1)
    truth = {(each.uid, each.starts, each.ends) for each in ours}
    findings.ok(D, f"{len(truth)} things take place by Parley's own reading")
    for name, is_installed, expand in PROGRAMS:
        if not is_installed():
            findings.not_run(D, f"{name} is not installed")
            continue
        try:
            found = {each for each in expand(data, first, last) if as_instant(each[1]) < last}
        except Silent as error:
            findings.fail(D, None, f"{name} cannot follow it: {error}", "people who use it miss entries")
            continue
        _difference(name, truth, found, findings)


def _difference(name: str, truth: Found, found: Found, findings: Findings) -> None:
    if missing := truth - found:
        what = f"{name} does not find {_shown(min(missing, key=_order))}"
        findings.fail(D, None, _and_more(what, len(missing)), "people who use it miss what takes place")
    if extra := found - truth:
        what = f"{name} finds {_shown(min(extra, key=_order))}, which does not take place"
        findings.fail(D, None, _and_more(what, len(extra)), "people who use it come in vain")
    if truth == found:
        findings.ok(D, f"{name} finds the same")


def _order(each: tuple[str, When, When]) -> tuple[datetime, str]:
    return as_instant(each[1]), each[0]


def _shown(each: tuple[str, When, When]) -> str:
    at = each[1]
    when = f"{at:%Y-%m-%d %H:%M} UTC" if isinstance(at, datetime) else at.isoformat()
    return f"{each[0][:60]} at {when}"


def _and_more(what: str, count: int) -> str:
    return f"{what} (and {count - 1} more)" if count > 1 else what


def _recurring_ical_events(data: bytes, first: datetime, last: datetime) -> Found:
    library = importlib.import_module("recurring_ical_events")
    try:
        found = library.of(Calendar.from_ical(data)).between(first, last)
        return {(str(each["UID"]), *_span(each.start, each.end)) for each in found}
    except Exception as error:  # noqa: BLE001  whatever it raises is its opinion of the file
        raise Silent(type(error).__name__) from None


def _ical(data: bytes, first: datetime, last: datetime) -> Found:
    stream = importlib.import_module("ical.calendar_stream")
    try:
        calendar = stream.IcsCalendarStream.calendar_from_ics(data.decode())
        found = calendar.timeline_tz(UTC).overlapping(first, last)
        return {(str(each.uid), *_span(each.dtstart, each.end)) for each in found}
    except Exception as error:  # noqa: BLE001  as above
        raise Silent(type(error).__name__) from None


def _span(starts: Any, ends: Any) -> tuple[When, When]:
    return _utc(starts), _utc(ends)


def _utc(when: datetime | date) -> When:
    return when.astimezone(UTC) if isinstance(when, datetime) else when


PROGRAMS: tuple[tuple[str, Callable[[], bool], Callable[[bytes, datetime, datetime], Found]], ...] = (
    ("recurring-ical-events", lambda: find_spec("recurring_ical_events") is not None, _recurring_ical_events),
    ("ical", lambda: find_spec("ical") is not None, _ical),
    ("ical.js", outside.has_ical_js, outside.ical_js_expands),
    ("khal by vdirsyncer", outside.has_khal, outside.khal_lists),
)
