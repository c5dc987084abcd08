"""`parley calendar check`: is this a feed that calendars understand? Anybody's: a file, or the address of one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from bot.ops.calendar import http
from bot.ops.trouble import Trouble
from scheduling.calendar.check import Finding, Findings, Gate, Verdict, changes, examine, lines
from scheduling.calendar.check.finding import TITLES

SCHEMES = ("https://", "http://", "webcal://")


def check(source: str, *, before: Path | None = None, as_json: bool = False) -> tuple[str, bool]:
    """What the gates find in the file or behind the address `source`, as text or JSON; and whether none is a fault.

    `before` is an earlier copy of the feed: then the changes since are looked at too. Raises Trouble where there is
    nothing to look at: no such file, no answer, an error status, more than 20 MB.
    """
    findings = Findings()
    earlier = _file(before) if before is not None else None
    data = http.fetch(source, findings) if source.lower().startswith(SCHEMES) else _file(Path(source))
    for each in examine(data):
        findings.add(each)
    if earlier is not None:
        _compare(earlier, data, findings)
    found = sorted(findings, key=lambda each: (each.gate, each.line or 0))
    return (_as_json(found) if as_json else _as_text(found)), not findings.failed()


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            data = opened.read(http.LARGEST + 1)
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}") from None
    if len(data) > http.LARGEST:
        raise Trouble(f"{path}: larger than {http.LARGEST // 1_000_000} MB, which no calendar reads")
    return data


def _compare(earlier: bytes, data: bytes, findings: Findings) -> None:
    old, new = lines.read(earlier, Findings()), lines.read(data, Findings())
    if old is None or new is None:
        findings.not_run(Gate.CHANGES, "one of the two is no calendar")
    else:
        changes.compare(old, new, findings)


def _as_json(found: Iterable[Finding]) -> str:
    return json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False)


def _as_text(found: list[Finding]) -> str:
    shown = [_one(each) for each in found]
    faults = sum(each.verdict is Verdict.FAIL for each in found)
    remarks = sum(each.verdict is Verdict.WARN for each in found)
    verdict = f"refused: {_count(faults, 'fault')}" if faults else "accepted"
    return "\n".join([*shown, f"{verdict}, {_count(remarks, 'remark')}"])


def _one(each: Finding) -> str:
    where = f", line {each.line}" if each.line is not None else ""
    more = f" (and on {each.more} more)" if each.more else ""
    text = f"{each.verdict:7}  {each.gate} {TITLES[each.gate]}{where}: {each.what}{more}"
    # a stranger's words: nothing in them may move the terminal's cursor
    text = "".join(letter if letter.isprintable() else "�" for letter in text)
    return text + (f"\n         → {each.to_do}" if each.to_do else "")


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
