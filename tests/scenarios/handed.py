"""The stage's database and doors in the hands of `parley all`, a process of its own that can be killed.

It believes in the stage's time, which goes on while it is up; afterwards the stage goes on at that time.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from db.session import Sessions, connect
from tests.crash import facts
from tests.crash.clock import Shift
from tests.crash.process import Nursery
from tests.fakes.platform import machine_clock
from tests.fakes.proxy import Line, line_to

from .stage import OURS, Stage

LOOK = 0.02  # seconds between looks at what cannot call
WITHIN = 12.0  # seconds until what is waited for has surely come


class Handed:
    """A process at a time. `lines` are those between it and Slack, and it and Telegram."""

    def __init__(self, stage: Stage, nursery: Nursery, lines: tuple[Line, Line], **settings: Any) -> None:
        self._stage, self._nursery, self.lines = stage, nursery, lines
        self._sessions = Sessions(connect(stage.url))
        self._shift = Shift(nursery.folder / "handed")
        self._shift.by(stage.clock.now() - machine_clock() - self._shift.now)
        self._settings: dict[str, Any] = {
            "database_url": stage.url,
            "public_url": stage.address,
            "port": stage.port,
            "telegram_token": stage.telegram.token,
            "telegram_api_url": lines[1].address,
            "slack_bot_token": stage.slack.bot_token,
            "slack_app_token": stage.slack.app_token,
            "slack_api_url": f"{lines[0].address}/api/",
            "smtp_url": stage.smtp.url,
            "mail_from": OURS,
        } | settings

    def now(self) -> datetime:
        return machine_clock() + self._shift.now

    def passes(self, by: timedelta) -> None:
        self._shift.by(by)

    async def starts(self) -> None:
        telegram = self._stage.telegram
        asked = len(telegram.calls("getMe"))
        await self._nursery.start(self._settings, held=False, clock=self._shift.path)
        await telegram.until(lambda: len(telegram.calls("getMe")) > asked, WITHIN)
        await self._stage.slack.connected(WITHIN)

    async def ends(self, by: signal.Signals) -> None:
        if self._nursery.pid is None:
            raise LookupError("it is not up")
        os.kill(self._nursery.pid, by)
        await self._nursery.ended()

    async def until(self, look: Callable[[], bool], within: float = WITHIN) -> None:
        async with asyncio.timeout(within):
            while not look():  # noqa: ASYNC110  it waits for what another process did
                await asyncio.sleep(LOOK)

    def sees(self, look: Callable[[Session], Any]) -> Any:
        """What the database holds; nothing is kept open."""
        with facts.looking(self._sessions) as session:
            return look(session)


@asynccontextmanager
async def handed(stage: Stage, nursery: Nursery, **settings: Any) -> AsyncIterator[Handed]:
    await stage.falls()
    async with line_to(stage.slack.address) as slack, line_to(stage.telegram.address) as telegram:
        it = Handed(stage, nursery, (slack, telegram), **settings)
        stage.slack.clock = stage.telegram.clock = it.now
        try:
            yield it
        finally:
            await nursery.kill()
    await stage.rises_again(it.now())
