"""A finding, and how late is too late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

OK, WARN, FAIL = "OK", "WARN", "FAIL"
LATE, TOO_LATE = timedelta(minutes=2), timedelta(hours=1)


@dataclass(frozen=True)
class Line:
    """One finding: what was looked at, the verdict, why, and what to do about it."""

    check: str
    verdict: str
    why: str
    to_do: str = ""


def ok(check: str, why: str) -> Line:
    return Line(check, OK, why)


def warn(check: str, why: str, to_do: str) -> Line:
    return Line(check, WARN, why, to_do)


def fail(check: str, why: str, to_do: str) -> Line:
    return Line(check, FAIL, why, to_do)


def said(late: timedelta) -> str:
    return str(late).split(".")[0]


def lateness(check: str, late: timedelta, to_do: str) -> Line:
    """OK within two minutes, FAIL from an hour on."""
    if late <= LATE:
        return ok(check, "nothing is late")
    if late < TOO_LATE:
        return warn(check, f"late by {said(late)}", to_do)
    return fail(check, f"too late, by {said(late)}", to_do)
