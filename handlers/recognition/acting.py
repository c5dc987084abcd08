"""The joint plan's side of a gap: the action it becomes, how that stands, and who owns it."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Button, Screen, button
from bot.kit.text import Code, Raw, _
from db.actions import Action
from handlers.actions import adopting, cards

SOONEST = timedelta(days=30)  # of the end of a quarter, to be the day an action is due


def due(ctx: Context) -> date:
    """The end of the first quarter that is a month away at least."""
    day = ctx.now.astimezone(ZoneInfo(ctx.who.zone)).date() + SOONEST
    month = 3 * ((day.month - 1) // 3 + 1)
    year, before = divmod(month, 12)
    return date(day.year + year, before + 1, 1) - timedelta(days=1)


def adopt(ctx: Context, words: Raw, owner: int) -> tuple[int, Screen]:
    """Put it into the plan in the name of whoever asks, with `owner` on the other side: its id, and the action."""
    action = adopting.adopt(
        ctx,
        title=words.words,
        language=words.language,
        customs_owner=ctx.who.id,
        business_owner=owner,
        due_day=due(ctx),
    )
    return action.id, cards.card(ctx, action, adopting.added(action))


def seen(ctx: Context, action_id: int) -> tuple[Code, object, Button] | None:
    """What it is called, its state, and what opens it; None where it is not theirs to see."""
    theirs = Action.id == action_id, Action.visible_to(ctx.who)
    action = ctx.session.scalar(select(Action).where(*theirs))
    if action is None:
        return None
    ref = Code(action.ref)
    return ref, action.state, button(_("Open {ref}", ref=ref), "actions.show", action=action.id)


def owners(ctx: Context, action_id: int) -> set[int]:
    """Both, while it is under way."""
    action = ctx.session.get(Action, action_id)
    return {action.customs_owner_id, action.business_owner_id} if action is not None and action.is_under_way else set()
