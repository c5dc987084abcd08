"""What waits for somebody among the broadcasts: for home."""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from bot.kit.context import Context
from bot.kit.screen import Row
from bot.kit.text import Phrase, _
from db.broadcasts import Broadcast, Standing

from . import asking, cards
from .room import senders

MOST = 3
WHAT: dict[Standing, Phrase] = {
    Standing.DRAFT: _("It was sent back to you"),
    Standing.SUBMITTED: _("It waits for you to approve it"),
    Standing.PAUSED: _("It is paused"),
}


def waiting(ctx: Context) -> tuple[Row, ...]:
    """What to approve, what came back, and what somebody has paused: one question, and only where one may send."""
    if not senders(ctx.who):
        return ()
    mine = Broadcast.author_id == ctx.who.id
    asked = or_(
        and_(Broadcast.standing == Standing.SUBMITTED, ~mine, Broadcast.submitted_at > ctx.now - asking.WAITS),
        and_(Broadcast.standing == Standing.DRAFT, mine, Broadcast.returned_at.is_not(None)),
        and_(Broadcast.standing == Standing.PAUSED, mine),
    )
    oldest = select(Broadcast).where(Broadcast.run_by(ctx.who), asked).order_by(Broadcast.id).limit(MOST)
    found = ctx.session.scalars(oldest).all()
    titles = cards.titles(ctx.session, found, ctx.who.language) if found else {}
    return tuple(
        Row(
            titles[each.id],
            WHAT[each.standing],
            (asking.look(each) if each.standing is Standing.SUBMITTED else cards.open_it(each),),
        )
        for each in found
    )
