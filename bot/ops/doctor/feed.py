"""Whether calendar programs get what they come for: a calendar of ours, fetched as they would, from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.kit.feeds import PROBE
from bot.ops.calendar import http
from bot.ops.database import opened
from bot.ops.doctor.lines import Line, fail, ok, warn
from bot.ops.trouble import Trouble, in_one_line
from db.people import Administration
from scheduling.calendar.check import Findings, Verdict, quick

if TYPE_CHECKING:
    from bot.settings import Settings

LOG = "its log names them: “an entry cannot be written into calendars”; correct their times or have them mended"


async def look(settings: Settings, health: Mapping[str, Any]) -> list[Line]:
    """Nothing where no Parley answers at the address, which has a line of its own."""
    code = _administration(settings.database_url)
    if not health or code is None:
        return []
    lines = [await _fetched(f"{settings.public_url.rstrip('/')}/calendar/{code}/{PROBE}/{PROBE}/en.ics")]
    if missing := health.get("calendars", {}).get("left_out", 0):
        lines.append(fail("calendar entries", f"{missing} missing from calendars: they cannot be written", LOG))
    return lines


async def _fetched(address: str) -> Line:
    """Gates A, B, E and F of `parley calendar check`, and its first finding where there is one."""
    findings = Findings()
    again = f"look closer: `parley calendar check {address}`"
    try:
        data = await http.fetched(address, findings)
    except Trouble as trouble:
        return fail("calendars", f"none can be fetched: {trouble}", "let the proxy lead /calendar/ to Parley, too")
    quick(data, findings)
    found = {verdict: [each for each in findings if each.verdict is verdict] for verdict in Verdict}
    if wrong := found[Verdict.FAIL]:
        return fail("calendars", f"programs get them spoiled: {wrong[0].what}", again)
    if remarks := found[Verdict.WARN]:
        return warn("calendars", f"programs get them, changed on their way: {remarks[0].what}", again)
    return ok("calendars", "fetched from outside as calendar programs do")


def _administration(url: str) -> str | None:
    try:
        with opened(url) as sessions, sessions.reading() as session:
            return session.scalar(select(Administration.code).order_by(Administration.id).limit(1))
    except Exception as error:
        if in_one_line(error) is None:
            raise
        return None
