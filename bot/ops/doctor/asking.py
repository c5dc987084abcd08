"""One question over the network: what was answered, and what the other side's clock said. Errors by kind only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.ops.doctor.lines import Line, fail, ok, warn
from scheduling.clock import Clock, SystemClock

SECONDS = 10.0
CLOCK = "clock"  # what a running Parley's health calls a skewed one: that has a line of its own here
# Slack's signatures are refused when the clocks are more than 300 s apart.
SKEWED, TOO_SKEWED = timedelta(seconds=60), timedelta(seconds=240)


class Unanswered(Exception):
    """No answer, or none of ours to read: then `status` is its HTTP status.

    The message is the kind of error, never its words: they may hold the address.
    """

    def __init__(self, kind: str, status: int | None = None) -> None:
        super().__init__(kind)
        self.status = status


@dataclass(frozen=True)
class Said:
    """An answer: its status, its JSON object, its headers."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass
class Asking:
    """Asks, and notes how far ahead of its own each answering clock is."""

    client: aiohttp.ClientSession
    clock: Clock = field(default_factory=SystemClock)
    ahead: dict[str, timedelta] = field(default_factory=dict)

    async def ask(
        self, method: str, url: str, *, token: str | None = None, whose: str | None = None, seconds: float | None = None
    ) -> Said:
        """The JSON object at `url`; `whose` clock the answer's Date shows. Raises Unanswered."""
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        limit = aiohttp.ClientTimeout(total=seconds or SECONDS)
        asked, status = self.clock.now(), None
        try:
            async with self.client.request(method, url, headers=headers, timeout=limit) as response:
                answered, status = self.clock.now(), response.status
                given = {name.lower(): value for name, value in response.headers.items()}
                body = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unanswered(type(error).__name__, status) from None
        if not isinstance(body, dict):
            raise Unanswered("no JSON object", status)
        if whose is not None and (shown := _shown(given)) is not None:
            self.ahead[whose] = shown - (asked + (answered - asked) / 2)
        return Said(status, body, given)

    def skew(self) -> Line:
        """How far this machine's clock is from the platforms'."""
        whose, ahead = max(self.ahead.items(), key=lambda each: abs(each[1]))
        apart = abs(ahead)
        why = f"{round(apart.total_seconds())} s {'behind' if ahead > timedelta() else 'ahead of'} {whose}'s"
        to_do = "let this machine keep time by NTP: `timedatectl set-ntp true`"
        if apart < SKEWED:
            return ok("clock", f"{round(apart.total_seconds())} s from {whose}'s")
        if apart < TOO_SKEWED:
            return warn("clock", f"{why}: reminders and deadlines are off by as much", to_do)
        return fail("clock", f"{why}: over 300 s Slack's requests are refused as too old", to_do)


def unanswered(check: str, url: str, error: Unanswered) -> Line:
    return fail(check, f"no answer ({error})", f"can this machine reach {host(url)}?")


def host(url: str) -> str:
    """The host of an address and nothing else: the rest may hold a secret."""
    try:
        return urlsplit(url).hostname or "its address"
    except ValueError:
        return "its address"


def _shown(headers: dict[str, str]) -> datetime | None:
    """The instant of a Date header, which is cut to whole seconds."""
    try:
        shown = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return shown + timedelta(seconds=0.5) if shown.tzinfo is not None else None
