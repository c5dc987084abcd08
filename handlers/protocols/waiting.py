"""What waits for a lead: promises of the protocol that were not kept. For home."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.screen import Row, button
from bot.kit.text import _, ngettext
from db.protocols import Duty

from .room import leads


def waiting(ctx: Context) -> tuple[Row, ...]:
    """One row, however many there are. Nobody else is asked anything."""
    if not leads(ctx.who):
        return ()
    mine = Duty.visible_to(ctx.who), Duty.waits()
    count = ctx.session.scalar(select(func.count()).select_from(Duty).where(*mine)) or 0
    if not count:
        return ()
    title = ngettext("{count} promise of the protocol not kept", "{count} promises of the protocol not kept", count)
    return (Row(title, None, (button(_("Look"), "protocols.breaches"),)),)
