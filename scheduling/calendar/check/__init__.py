"""The gates that tell whether calendars will understand a feed: anybody's, and Parley's own before it is served.

Each gate is a file or more: `lines` A; `policy`, `times` and `series` B; `parsers` C; `meaning` D; `clocks` E; and for
two states of a feed `changes` G. Gate F (HTTP) asks an address, and so it lives in bot/ops/calendar.
"""

from __future__ import annotations

from scheduling.calendar.check import clocks, lines, meaning, parsers, policy, series, times
from scheduling.calendar.check.finding import Finding, Findings, Gate, Verdict
from scheduling.calendar.check.lines import Component

__all__ = ["Finding", "Findings", "Gate", "Verdict", "examine", "quick"]


def examine(data: bytes, *, engines: bool = True) -> Findings:
    """What gates A to E find in a calendar's bytes; without `engines` only Parley's own, which need no other parser."""
    findings = Findings()
    calendar = quick(data, findings)
    if engines and calendar is not None:
        parsers.ask(data, findings)
        if findings.failed(Gate.BYTES, Gate.POLICY):
            findings.not_run(Gate.MEANING, "what takes place is not compared", "put right what is wrong above first")
        else:
            meaning.compare(data, calendar, clocks.Clocks.of(calendar, times.years(calendar)), findings)
    return findings


def quick(data: bytes, findings: Findings) -> Component | None:
    """Gates A, B and E, and the calendar as far as there is one."""
    calendar = lines.read(data, findings)
    if not findings.failed(Gate.BYTES):
        findings.ok(Gate.BYTES, f"{len(data)} octets, every line in order")
    if calendar is None:
        return None
    known = clocks.Clocks.of(calendar, times.years(calendar))
    policy.look(calendar, findings)
    times.look(calendar, known, findings)
    series.look(calendar, known, findings)
    if not findings.failed(Gate.POLICY):
        findings.ok(Gate.POLICY, f"{len(calendar.within(*policy.ENTRIES))} entries, every one in order")
    clocks.compare(calendar, known, *times.years(calendar), findings)
    return calendar
