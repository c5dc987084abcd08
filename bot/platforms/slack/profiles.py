"""Who acted, as Slack's directory knows them: looked up once a day, remembered in memory."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from bot.kit.door import SendError
from scheduling.clock import Clock

log = structlog.get_logger()

FRESH = timedelta(days=1)
# Seconds. Slack waits for three, of which the edge may take two to keep what somebody did: that has to begin in time.
PATIENCE = 0.8
REMEMBERED = 10_000
GUESTS = ("is_restricted", "is_ultra_restricted", "is_stranger")

Json = dict[str, Any]


@dataclass(frozen=True)
class _Known:
    user: Mapping[str, Any]
    at: datetime


class Profiles:
    """Answers with the `caller` of a stored payload. `perform` makes a Web API call."""

    def __init__(self, perform: Callable[[str, Json], Awaitable[Json]], clock: Clock) -> None:
        self._perform = perform
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asked: dict[str, asyncio.Task[None]] = {}

    async def caller(self, team: str, user: str, *, home: str) -> Json:
        """What is known of `user`, whom a payload places in `team` or nowhere; `home` is the team we are installed in.

        A member of another workspace and a guest of ours are guests. So is whoever cannot be looked up: nobody gains a
        right because Slack is slow.
        """
        known = await self._profile(user)
        own = str(known.get("team_id") or team or home)
        is_ours = bool(known) and own == home and team in ("", home)
        described = known.get("profile") or {}
        return {
            "team": own,
            "user": user,
            "name": described.get("real_name") or described.get("display_name") or known.get("name") or "",
            "language": _language(known.get("locale")),
            "zone": _zone(known.get("tz")),
            "is_guest": not is_ours or any(known.get(flag) for flag in GUESTS),
        }

    async def _profile(self, user: str) -> Mapping[str, Any]:
        """The person's own entry, an old one if there is no newer; empty if there is none.

        An answer that comes too late for one thing they did is there for the next.
        """
        known = self._known.get(user)
        if known is not None and self._clock.now() - known.at < FRESH:
            return known.user
        if user not in self._asked:
            self._asked[user] = asyncio.create_task(self._ask(user))
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.shield(self._asked[user])
        except TimeoutError:
            log.warning("person not looked up", user=user, old=known is not None, error="no answer yet")
        known = self._known.get(user)
        return known.user if known is not None else {}

    async def _ask(self, user: str) -> None:
        try:
            found = (await self._perform("users.info", {"user": user, "include_locale": True}))["user"]
        except SendError as error:
            log.warning("person not looked up", user=user, old=user in self._known, error=str(error))
        else:
            self._known[user] = _Known(found, self._clock.now())
            self._known.move_to_end(user)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        finally:
            del self._asked[user]


def _language(locale: Any) -> str | None:
    return locale.split("-")[0] if isinstance(locale, str) else None


def _zone(name: Any) -> str | None:
    """The zone, if this machine's time zone data has it."""
    try:
        return ZoneInfo(name).key if isinstance(name, str) else None
    except (ValueError, OSError, LookupError):
        return None
