"""From what was approved to a copy for everybody: in one transaction, each when it suits its reader."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from bot.kit.context import Context
from db.broadcasts import Broadcast, BroadcastText
from db.broadcasts.copies import Habit, habits, lay_portions, write

from .hours import suits
from .room import WHEN_BEGUN

USEFUL_FOR = timedelta(days=3)  # after the last of them may go


def begin(ctx: Context, broadcast: Broadcast) -> bool:
    """Write its copies and let them go. False where it is not held to go; nothing is written then.

    Everybody it means gets one: whoever does without broadcasts or has no door that is open, one that says so.
    """
    found = habits(ctx.session, broadcast, at=ctx.now)
    instants = {each: when(broadcast, each, at=ctx.now) for each, _count in found}
    starts = sorted({*instants.values()}) or [begins_at(broadcast, ctx.now)]
    if not broadcast.begin(at=ctx.now, expires_at=starts[-1] + USEFUL_FOR):
        return False
    numbers = {start: number for number, start in enumerate(starts)}
    languages = ctx.session.scalars(
        select(BroadcastText.language).where(
            BroadcastText.broadcast_id == broadcast.id, BroadcastText.edition == broadcast.edition
        )
    )
    write(
        ctx.session,
        broadcast,
        languages=languages.all(),
        waves={each: numbers[start] for each, start in instants.items()},
        late=len(starts) - 1,
        at=ctx.now,
    )
    for portion in lay_portions(ctx.session, broadcast, starts):
        ctx.send_out(portion)
    ctx.session.flush()
    for each in WHEN_BEGUN:
        each(ctx, broadcast)
    return True


def begins_at(broadcast: Broadcast, now: datetime) -> datetime:
    """From when on it may go, whatever suits anybody."""
    return max(now, broadcast.send_at or now)


def when(broadcast: Broadcast, habit: Habit, *, at: datetime) -> datetime:
    """When somebody with that habit is sent their copy, if it begins at `at`."""
    start = begins_at(broadcast, at)
    if broadcast.is_urgent:
        return start
    return suits(start, habit)
