"""The only module that reads a clock. Everything else is handed an instant, an aware UTC datetime."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

TOLERATED = 60.0  # seconds between this machine's clock and others'


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


@dataclass
class Skew:
    """How far this machine's clock is ahead of others', by the `Date` of their answers. Behind is below zero."""

    seconds: float = 0.0

    def note(self, date: str | None, at: datetime) -> None:
        """Compare an answer's `Date` with `at`, the instant it came in. One that cannot be read says nothing."""
        try:
            theirs = parsedate_to_datetime(date or "")
        except (ValueError, OverflowError):
            return
        if theirs.tzinfo is not None:
            self.seconds = (at - theirs).total_seconds()

    @property
    def is_tolerable(self) -> bool:
        """Slack's signatures are good for five minutes: one is soon enough to be told."""
        return abs(self.seconds) <= TOLERATED


def monotonic() -> float:
    """Seconds that never run backwards, counted from no particular instant: for pacing and time limits."""
    return time.monotonic()


def _forward(by: timedelta) -> timedelta:
    # What fell due stays due: no row is written for a clock that was turned back.
    if by < timedelta():
        raise ValueError("a clock moves forward only")
    return by
