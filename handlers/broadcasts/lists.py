"""Which broadcasts there are: those that whoever asks runs, and those they have got."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Row, Screen
from bot.kit.text import _, phrase_of
from db.broadcasts import Broadcast
from handlers.paging import PAGE, turn_pages

from . import cards
from .room import broadcasts


@broadcasts.command("broadcasts", _("Broadcasts"), allow=allow.members, menu=39)
def broadcasts_(ctx: Context, page: int = 0) -> Screen:
    """The newest first."""
    seen = Broadcast.visible_to(ctx.who)
    total = ctx.session.scalar(select(func.count()).select_from(Broadcast).where(seen)) or 0
    chosen = select(Broadcast).where(seen).order_by(Broadcast.id.desc()).limit(PAGE).offset(page * PAGE)
    rows = tuple(
        Row(cards.title(ctx.session, each, ctx.who.language), phrase_of(each.standing), (cards.open_it(each),))
        for each in ctx.session.scalars(chosen)
    )
    body = () if rows else (_("There are no broadcasts."),)
    return Screen(_("Broadcasts"), body, rows=rows, buttons=turn_pages("broadcasts.broadcasts", page, total))


@broadcasts.command("show", _("Open"), allow=allow.members)
def show(ctx: Context, broadcast: Broadcast) -> Screen:
    """One of them."""
    return cards.card(ctx, broadcast)
