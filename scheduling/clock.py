"""The only module that reads a clock. Everything else is handed an instant, an aware UTC datetime."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant."""

    def now(self) -> datetime:
        """The present, aware and in UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class ShiftedClock:
    """A running clock moved by `offset`: the demo's, which jumps ahead to show reminders falling due.

    Its owner may keep `offset` and set it again after a restart.
    """

    offset: timedelta = timedelta()
    base: Clock = field(default_factory=SystemClock)

    def now(self) -> datetime:
        return self.base.now() + self.offset

    def advance(self, by: timedelta) -> None:
        self.offset += _forward(by)


@dataclass
class ManualClock:
    """A clock that stands at `at` until somebody moves it: a test's, or a script's."""

    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("an instant needs a time zone")

    def now(self) -> datetime:
        return self.at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self.at = self.now() + _forward(by)


def monotonic() -> float:
    """Seconds that never run backwards, counted from no particular instant: for pacing and time limits."""
    return time.monotonic()


def _forward(by: timedelta) -> timedelta:
    # What fell due stays due: no row is written for a clock that was turned back.
    if by < timedelta():
        raise ValueError("a clock moves forward only")
    return by
