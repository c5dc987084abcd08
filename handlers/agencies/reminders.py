"""What falls due: an agency that is silent is reminded once, and then the desk hears who is missing."""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.text import When, _
from db.agencies import Part, name_of
from db.people import Topic
from handlers.issues.parts import key

from . import telling
from .room import agencies


def plan(ctx: Context, part: Part) -> None:
    """The reminder half-way to the day that holds, unless it has had one; and the day itself."""
    if part.nudged_at is None:
        half_way = ctx.now + (part.respond_by - ctx.now) / 2
        ctx.later(half_way, "agencies.nudge", key=key(part, "nudge"), part=part.id)
    ctx.later(part.respond_by, "agencies.missing", key=key(part, "missing"), part=part.id)


def forget(ctx: Context, part: Part) -> None:
    ctx.forget(key(part, "nudge"))
    ctx.forget(key(part, "missing"))


@agencies.job("nudge")
def nudge(ctx: Context, part: Part) -> None:
    if part.respond_by <= ctx.now or not part.nudge(at=ctx.now):
        return
    lead = _("Customs is waiting for your agency's part, until {when}.", when=When(part.respond_by))
    telling.tell_agency(ctx, part, lead, once=f"part:{part.id}:nudge:{part.run}", topic=Topic.REMINDERS)


@agencies.job("missing")
def missing(ctx: Context, part: Part) -> None:
    """The day has passed: the desk may answer without it, and the answer names who is missing."""
    if not part.miss(at=ctx.now):
        return
    name = name_of(ctx.session, part.agency_id)
    lead = _("{agency} has not answered by {when}. You can answer without it.", agency=name, when=When(part.respond_by))
    telling.tell_desk(ctx, part, lead, once=f"part:{part.id}:missing:{part.run}")
