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

States = dict[str, Component]  # of one UID, by RECURRENCE-ID


def compare(before: Component, after: Component, findings: Findings) -> None:
    """Every entry that both states have, and those that are gone."""
    old, new = _by_uid(before), _by_uid(after)
    for uid in sorted(old.keys() & new.keys()):
        counter = max(map(_sequence, new[uid].values()))
        for instance in sorted(old[uid].keys() & new[uid].keys()):
            _entry(old[uid][instance], new[uid][instance], counter, findings)
        _for_nothing(old[uid], new[uid], findings)
    for uid in sorted(old.keys() - new.keys()):
        if any(each.value("STATUS").upper() != "CANCELLED" for each in old[uid].values()):
            findings.warn(
                G, None, f"{uid[:60]} is gone, and was never cancelled", "show it as CANCELLED for a while first"
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
    if _rest(old) != _rest(new) and _stamp(new) <= _stamp(old):
        findings.fail(
            G, new.number, f"{uid} has changed without a later DTSTAMP", "set DTSTAMP and LAST-MODIFIED to the change"
        )


def _for_nothing(old: States, new: States, findings: Findings) -> None:
    """A series and its exceptions may move their stamps together, but not without a change in any of them."""
    is_changed = old.keys() != new.keys() or any(_rest(old[key]) != _rest(new[key]) for key in new)
    moved = [new[key] for key in old.keys() & new.keys() if _stamp(new[key]) > _stamp(old[key])]
    if moved and not is_changed:
        findings.warn(
            G,
            min(each.number for each in moved),
            "DTSTAMP moves though nothing has changed",
            "write the last change, or no fetch is ever a 304",
        )


def _by_uid(calendar: Component) -> dict[str, States]:
    found: dict[str, States] = {}
    for each in calendar.within("VEVENT"):
        found.setdefault(each.value("UID"), {})[each.value("RECURRENCE-ID")] = each
    return found


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
