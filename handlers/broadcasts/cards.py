"""How a broadcast looks: to whoever runs it, and to whoever has got it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, Screen, button
from bot.kit.text import Raw, _
from db.broadcasts import Broadcast, BroadcastText

from .room import ON_BROADCAST

OPEN = _("Open")


def text_of(
    session: Session, broadcast: Broadcast, language: str, *, edition: int | None = None
) -> BroadcastText | None:
    """What it says in that language; where there is nothing in it, in its own. None while nothing is written."""
    its = BroadcastText.broadcast_id == broadcast.id, BroadcastText.edition == (edition or broadcast.edition)
    found = {each.language: each for each in session.scalars(select(BroadcastText).where(*its))}
    return found.get(language) or found.get(broadcast.language)


def title(session: Session, broadcast: Broadcast, language: str) -> Raw:
    text = text_of(session, broadcast, language)
    return Raw(text.title, text.language) if text is not None else Raw(broadcast.ref, "")


def open_it(broadcast: Broadcast) -> Button:
    return button(OPEN, "broadcasts.show", broadcast=broadcast.id)


def card(ctx: Context, broadcast: Broadcast) -> Screen:
    """The whole of it."""
    text = text_of(ctx.session, broadcast, ctx.who.language)
    body = (Raw(text.words, text.language),) if text is not None else ()
    facts: tuple[Fact, ...] = (Fact(_("Standing"), broadcast.standing),)
    buttons: tuple[Button, ...] = ()
    if broadcast.is_run_by(ctx.who):
        buttons = tuple(each for add in ON_BROADCAST for each in add(ctx, broadcast))
    return Screen(title(ctx.session, broadcast, ctx.who.language), body, facts=facts, buttons=buttons)
