"""What waits for somebody among the broadcasts: for home."""

from __future__ import annotations

from sqlalchemy import and_, exists, or_, select

from bot.kit.context import Context
from bot.kit.screen import Row, button
from bot.kit.text import Phrase, Text, _
from db.broadcasts import Broadcast, BroadcastEdition, EditionKind, Standing

from . import asking, cards
from .room import senders

MOST = 3
WHAT: dict[Standing, Phrase] = {
    Standing.DRAFT: _("It was sent back to you"),
    Standing.SUBMITTED: _("It waits for you to approve it"),
    Standing.PAUSED: _("It is paused"),
}


def waiting(ctx: Context) -> tuple[Row, ...]:
    """What to approve, what came back, what somebody has paused, and a correction that nobody has approved yet: one
    question, and only where one may send."""
    if not senders(ctx.who):
        return ()
    mine = Broadcast.author_id == ctx.who.id
    is_corrected = exists().where(
        BroadcastEdition.broadcast_id == Broadcast.id,
        BroadcastEdition.kind == EditionKind.CORRECTION,
        BroadcastEdition.published_at.is_(None),
    )
    asked = or_(
        and_(Broadcast.standing == Standing.SUBMITTED, ~mine, Broadcast.submitted_at > ctx.now - asking.WAITS),
        and_(Broadcast.standing == Standing.DRAFT, mine, Broadcast.returned_at.is_not(None)),
        and_(Broadcast.standing == Standing.PAUSED, mine),
        is_corrected,
    )
    oldest = select(Broadcast, is_corrected).where(Broadcast.run_by(ctx.who), asked).order_by(Broadcast.id).limit(MOST)
    found = ctx.session.execute(oldest).all()
    titles = cards.titles(ctx.session, [each for each, _waits in found], ctx.who.language) if found else {}
    return tuple(_row(each, titles[each.id], waits) for each, waits in found)


def _row(broadcast: Broadcast, title: Text, waits: bool) -> Row:
    if waits:
        correction = button(_("The correction"), "broadcasts.correction", broadcast=broadcast.id)
        return Row(title, _("A correction waits for a second person."), (correction,))
    is_asked = broadcast.standing is Standing.SUBMITTED
    return Row(title, WHAT[broadcast.standing], (asking.look(broadcast) if is_asked else cards.open_it(broadcast),))
