"""What the gates find: which gate, on which line, what is wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

LISTED = 50  # findings of one gate that are told apart: a file may have a hundred thousand


class Gate(StrEnum):
    """The gates a feed goes through, in this order."""

    BYTES = "A"
    POLICY = "B"
    PARSERS = "C"
    MEANING = "D"
    ZONES = "E"
    HTTP = "F"
    CHANGES = "G"


TITLES = {
    Gate.BYTES: "bytes",
    Gate.POLICY: "entries",
    Gate.PARSERS: "parsers",
    Gate.MEANING: "meaning",
    Gate.ZONES: "zones",
    Gate.HTTP: "HTTP",
    Gate.CHANGES: "changes",
}


class Verdict(StrEnum):
    """FAIL: some calendar shows it wrongly or not at all. WARN: it works, and could be better."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"
    NOT_RUN = "NOT RUN"


@dataclass(frozen=True)
class Finding:
    """One thing found. `line` counts from 1, and is None for what is on no line; `more` further lines have the same."""

    gate: Gate
    verdict: Verdict
    what: str
    to_do: str = ""
    line: int | None = None
    more: int = 0


@dataclass
class Findings:
    """What was found so far; the same words on several lines are one finding, at the first of them."""

    found: dict[tuple[Gate, Verdict, str], Finding] = field(default_factory=dict)

    def fail(self, gate: Gate, line: int | None, what: str, to_do: str) -> None:
        self.add(Finding(gate, Verdict.FAIL, what, to_do, line))

    def warn(self, gate: Gate, line: int | None, what: str, to_do: str) -> None:
        self.add(Finding(gate, Verdict.WARN, what, to_do, line))

    def ok(self, gate: Gate, what: str) -> None:
        self.add(Finding(gate, Verdict.OK, what))

    def not_run(self, gate: Gate, what: str, to_do: str = "") -> None:
        self.add(Finding(gate, Verdict.NOT_RUN, what, to_do))

    def failed(self, *gates: Gate) -> bool:
        """Whether a fault was found, in one of these gates where some are named."""
        return any(each.verdict is Verdict.FAIL and (not gates or each.gate in gates) for each in self)

    def add(self, finding: Finding) -> None:
        key = (finding.gate, finding.verdict, finding.what)
        if key not in self.found and self._of_a_kind(finding) >= LISTED:
            finding = replace(
                finding, what="further ones, which are not listed", to_do="put right what is listed first"
            )
            key = (finding.gate, finding.verdict, finding.what)
        known = self.found.get(key)
        self.found[key] = finding if known is None else replace(known, more=known.more + 1 + finding.more)

    def _of_a_kind(self, finding: Finding) -> int:
        if len(self.found) < LISTED:
            return 0
        return sum(gate == finding.gate and verdict == finding.verdict for gate, verdict, _ in self.found)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.found.values())
