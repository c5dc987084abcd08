"""Which broadcasts there are: those that whoever asks runs, and those they have got."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Row, Screen, button
from bot.kit.text import Phrase, _, phrase_of
from db.broadcasts import Broadcast, Standing
from handlers.paging import PAGE, turn_pages

from . import cards, showing
from .room import broadcasts


@broadcasts.command("broadcasts", _("Broadcasts"), allow=allow.members, menu=39)
def broadcasts_(ctx: Context, page: int = 0) -> Screen:
    """The newest first."""
    seen = Broadcast.visible_to(ctx.who)
    total = ctx.session.scalar(select(func.count()).select_from(Broadcast).where(seen)) or 0
    chosen = select(Broadcast).where(seen).order_by(Broadcast.id.desc()).limit(PAGE).offset(page * PAGE)
    found = ctx.session.scalars(chosen).all()
    titles = cards.titles(ctx.session, found, ctx.who.language)
    rows = tuple(Row(titles[each.id], _stands(ctx, each), (cards.open_it(each),)) for each in found)
    body = () if rows else (_("There are no broadcasts."),)
    more = (
        button(_("Archive of broadcasts"), "broadcasts.archive"),
        button(_("Sent alone, in an emergency"), "broadcasts.emergencies"),
    )
    buttons = (*turn_pages("broadcasts.broadcasts", page, total), *more)
    return Screen(_("Broadcasts"), body, rows=rows, buttons=buttons)


@broadcasts.command("show", _("Open"), allow=allow.members)
def show(ctx: Context, broadcast: Broadcast) -> Screen:
    """One of them. Whoever has got a copy has opened it by that, whichever way they came."""
    copy = showing.copy_of(ctx, broadcast)
    if copy is not None and copy.opened_at is None:
        copy.opened_at = ctx.now
    return showing.card(ctx, broadcast)


def _stands(ctx: Context, broadcast: Broadcast) -> Phrase | None:
    """To whoever got it only whether it still holds."""
    if broadcast.is_run_by(ctx.who):
        return phrase_of(broadcast.standing)
    if broadcast.standing is Standing.WITHDRAWN:
        return phrase_of(broadcast.standing)
    return _("Corrected") if broadcast.edition > 1 else None
