"""What of the plan passes on with an office: the actions that somebody owns there, or is asked to own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, or_, select

from bot.kit.context import Context
from bot.kit.text import Code, _
from db.actions import Action, Deed, Side, Source
from db.meetings import Meeting
from handlers.handing import Held, Leaving, moves

from . import adopting, reminders, telling
from .owning import offer


@moves(_("Open actions"))
def open_actions(ctx: Context, leaving: Leaving) -> Sequence[Held]:
    """Those of Customs; of the region's own meetings alone, unless everything passes on. By their reference only."""
    side = or_(Action.customs_owner_id == leaving.person_id, Action.customs_next_id == leaving.person_id)
    here = Action.administration_id == ctx.who.administration_id
    theirs = select(Action).where(here, side, Action.under_way(), *_of(leaving)).order_by(Action.id)
    return [
        Held(
            key=f"action:{action.id}:{action.customs_owner_id}:{action.customs_next_id}",
            shown=Code(action.ref),
            give=partial(_give, action=action, leaving=leaving.person_id),
        )
        for action in ctx.session.scalars(theirs)
    ]


def _of(leaving: Leaving) -> tuple[ColumnElement[bool], ...]:
    if leaving.everything:
        return ()
    region = select(Meeting.id).where(Meeting.region == leaving.region)
    return (Action.source == Source.MEETING, Action.source_id.in_(region))


def _give(ctx: Context, to: int, until: datetime, *, action: Action, leaving: int) -> None:
    """What was owned is owned by the next, who has agreed to the whole list; what was only asked is asked of them.

    What climbs to a role needs no passing on: it goes to whoever holds the role on that morning.
    """
    if action.customs_owner_id == leaving:
        was_adopted = action.adopted_at is not None
        if not action.pass_on(to, at=ctx.now):
            return
        entry = telling.write(ctx, action, Deed.TOOK_OVER, side=Side.CUSTOMS)
        ctx.session.flush()
        reminders.plan(ctx, action)
        lead = _("This action has another owner in Customs now.")
        telling.tell_owner(ctx, action, Side.BUSINESS, lead, once=f"{action.ref}:entry:{entry.id}")
        adopting.tell_adopted(ctx, action, was_adopted=was_adopted)
    elif action.customs_next_id == leaving and action.customs_owner_id != to:
        offer(ctx, action, Side.CUSTOMS, to, None)
