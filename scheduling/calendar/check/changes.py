"""Gate G: whether a feed tells its changes in the way that clients notice: an earlier state of it against the later."""

from __future__ import annotations

from datetime import datetime

from scheduling.calendar.check.finding import Findings, Gate
from scheduling.calendar.check.lines import Component
from scheduling.calendar.check.values import instant

G = Gate.CHANGES
# RFC 5546, section 2.1.4: a change of these makes people think again. What follows it in Parley's policy, the place,
# another organiser may hold to be a detail.
DECISIVE = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "STATUS")
STAMPS = frozenset({"DTSTAMP", "LAST-MODIFIED", "SEQUENCE"})

_NEVER = datetime(1, 1, 1)  # noqa: DTZ001  compared with naive times

Key = tuple[str, str]


def compare(before: Component, after: Component, findings: Findings) -> None:
    """Every entry that both states have, and those that are gone."""
    old, new = _by_key(before), _by_key(after)
    counters = {uid: max(_sequence(new[key]) for key in new if key[0] == uid) for uid, _ in new}
    for key in sorted(old.keys() & new.keys()):
        _entry(old[key], new[key], counters[key[0]], findings)
    for key in sorted(old.keys() - new.keys()):
        if key[0] not in {uid for uid, _ in new} and old[key].value("STATUS").upper() != "CANCELLED":
            findings.warn(
                G, None, f"{key[0][:60]} is gone, and was never cancelled", "show it as CANCELLED for a while first"
            )
    if not findings.failed(G):
        findings.ok(G, f"{len(old.keys() & new.keys())} entries in both, every change told")


def _entry(old: Component, new: Component, counter: int, findings: Findings) -> None:
    uid = new.value("UID")[:60]
    if _sequence(new) < _sequence(old):
        findings.fail(G, new.number, f"SEQUENCE of {uid} has fallen", "let it only rise: clients ignore what is older")
    elif _said(old, *DECISIVE) != _said(new, *DECISIVE) and counter <= _sequence(old):
        findings.fail(
            G, new.number, f"{uid} has changed its time or status without a higher SEQUENCE", "count SEQUENCE up by one"
        )
    is_changed, is_stamped = _rest(old) != _rest(new), _stamp(new) > _stamp(old)
    if is_changed and not is_stamped:
        findings.fail(
            G, new.number, f"{uid} has changed without a later DTSTAMP", "set DTSTAMP and LAST-MODIFIED to the change"
        )
    if is_stamped and not is_changed:
        findings.warn(
            G,
            new.number,
            "DTSTAMP moves though nothing has changed",
            "write the last change, or no fetch is ever a 304",
        )


def _by_key(calendar: Component) -> dict[Key, Component]:
    return {(each.value("UID"), each.value("RECURRENCE-ID")): each for each in calendar.within("VEVENT")}


def _said(event: Component, *names: str) -> list[tuple[str, str, str]]:
    return sorted((each.name, each.parameter("TZID") or "", each.value) for each in event.lines if each.name in names)


def _rest(event: Component) -> list[tuple[str, str, str]]:
    return _said(event, *{each.name for each in event.lines} - STAMPS)


def _stamp(event: Component) -> datetime:
    found = [instant(event.value(name)) for name in ("DTSTAMP", "LAST-MODIFIED")]
    return max((each.replace(tzinfo=None) for each in found if isinstance(each, datetime)), default=_NEVER)


def _sequence(event: Component) -> int:
    text = event.value("SEQUENCE")
    return int(text) if text.isascii() and text.isdigit() else 0
