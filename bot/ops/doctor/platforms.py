"""Everything that is asked over the network: the platforms, and our own page from outside."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp

from bot.ops.doctor import feed, mail, page, slack, telegram
from bot.ops.doctor.asking import Asking
from bot.ops.doctor.lines import Line

if TYPE_CHECKING:
    from bot.settings import Settings


def ask(settings: Settings, *, runs: bool) -> list[Line]:
    """`runs` says that a Parley works on this database, here or elsewhere."""
    return asyncio.run(_ask(settings, runs))


async def _ask(settings: Settings, runs: bool) -> list[Line]:
    async with aiohttp.ClientSession() as client:
        asking = Asking(client)
        lines, health = await page.look(asking, settings, runs=runs)
        lines += await feed.look(settings, health)
        lines += await slack.ask(asking, settings, health.get("slack"))
        lines += await telegram.ask(asking, settings, health.get("telegram"), runs=runs)
        lines += await mail.ask(settings, health.get("email"))
        return lines + ([asking.skew()] if asking.ahead else [])
