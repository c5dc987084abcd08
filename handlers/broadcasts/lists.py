"""Which broadcasts there are: those that whoever asks runs, and those they have got; and how they are found."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Button, Row, Screen, Style, button
from bot.kit.text import Phrase, Raw, _, phrase_of
from db import search
from db.broadcasts import Broadcast, Standing
from handlers import opening
from handlers.paging import PAGE, turn_pages

from . import cards, showing
from .room import WHEN_BEGUN, WHEN_MENDED, broadcasts

BROADCAST = "broadcast"
MOST = 50


@broadcasts.findable(BROADCAST, Broadcast, which=Broadcast.began_at.is_not(None))
def found(session: Session, broadcast: Broadcast) -> str:
    """What the edition that holds says, in all its languages."""
    return "\n".join(f"{each.title}\n{each.words}" for each in cards.texts_of(session, broadcast))


def _keep(ctx: Context, broadcast: Broadcast) -> None:
    found.keep(ctx.session, broadcast)


WHEN_BEGUN.append(_keep)
WHEN_MENDED.append(_keep)


@broadcasts.command("broadcasts", _("Broadcasts"), allow=allow.members, menu=39)
def broadcasts_(ctx: Context, page: int = 0, words: str = "") -> Screen:
    """The newest first; by `words` those that say them."""
    seen = [Broadcast.visible_to(ctx.who)]
    if words:
        among = select(Broadcast.id).where(*seen)
        named = Broadcast.named(words)
        ids = search.find(ctx.session, BROADCAST, words, among=among, limit=MOST)
        seen.append(Broadcast.id.in_(ids) if named is None else named)
    total = ctx.session.scalar(select(func.count()).select_from(Broadcast).where(*seen)) or 0
    chosen = select(Broadcast).where(*seen).order_by(Broadcast.id.desc()).limit(PAGE).offset(page * PAGE)
    listed = ctx.session.scalars(chosen).all()
    titles = cards.titles(ctx.session, listed, ctx.who.language)
    rows = tuple(Row(titles[each.id], _stands(ctx, each), (cards.open_it(each),)) for each in listed)
    none = _("Nothing was found for “{words}”.", words=Raw(words)) if words else _("There are no broadcasts.")
    more = (
        *((button(_("Broadcasts"), "broadcasts.broadcasts"),) if words else ()),
        button(_("Write to many"), "broadcasts.broadcast", style=Style.PRIMARY),
        button(_("Archive of broadcasts"), "broadcasts.archive"),
        button(_("Sent alone, in an emergency"), "broadcasts.emergencies"),
    )
    pages = turn_pages("broadcasts.broadcasts", page, total, **({"words": words} if words else {}))
    return Screen(_("Broadcasts"), () if rows else (none,), rows=rows, buttons=(*pages, *more))


@broadcasts.command("show", _("Open"), allow=allow.members)
def show(ctx: Context, broadcast: Broadcast) -> Screen:
    """One of them. Whoever has got a copy has opened it by that, whichever way they came."""
    copy = showing.copy_of(ctx, broadcast)
    if copy is not None and copy.opened_at is None:
        copy.opened_at = ctx.now
    return showing.card(ctx, broadcast)


@broadcasts.offer
def offers(ctx: Context, words: str) -> Sequence[Button]:
    """Open what a reference names."""
    return opening.offer(ctx, words, Broadcast, "broadcasts.show")


def _stands(ctx: Context, broadcast: Broadcast) -> Phrase | None:
    """To whoever got it only whether it still holds."""
    if broadcast.is_run_by(ctx.who):
        return phrase_of(broadcast.standing)
    if broadcast.standing is Standing.WITHDRAWN:
        return phrase_of(broadcast.standing)
    return _("Corrected") if broadcast.edition > 1 else None
