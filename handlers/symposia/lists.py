"""Which symposia there are: those announced to whoever asks, and those they run."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.screen import Button, Row, Screen, Style, button
from bot.kit.text import Code, _, ngettext
from db import search
from db.calls import Proposal
from db.symposia import SessionState, Symposium, SymposiumSession
from handlers.paging import PAGE, turn_pages

from . import cards
from .room import members, symposia

SYMPOSIUM = "symposium"
MOST = 50


@symposia.findable(SYMPOSIUM, Symposium)
def found(session: Session, symposium: Symposium) -> str:
    """Its title, its purpose and the titles of its sessions."""
    titles = [each.title for each in sessions_of(session, symposium)]
    return "\n".join([symposium.title, *([symposium.purpose] if symposium.purpose else []), *titles])


def sessions_of(session: Session, symposium: Symposium) -> Sequence[SymposiumSession]:
    """Its sessions, but those that were cancelled."""
    its = SymposiumSession.symposium_id == symposium.id, SymposiumSession.state == SessionState.PLANNED
    return session.scalars(select(SymposiumSession).where(*its).order_by(SymposiumSession.id)).all()


@symposia.command("symposia", _("Symposia"), allow=members, menu=36)
def symposia_(ctx: Context, page: int = 0, past: bool = False, words: str = "") -> Screen:
    """What is ahead, the next first; `past` what is over; by `words` those with them in title or sessions."""
    is_ahead = Symposium.state.in_(cards.AHEAD)
    seen = [Symposium.visible_to(ctx.who), ~is_ahead if past else is_ahead]
    if words:
        among = select(Symposium.id).where(Symposium.visible_to(ctx.who))
        named = Symposium.named(words)
        ids = search.find(ctx.session, SYMPOSIUM, words, among=among, limit=MOST)
        seen = [Symposium.visible_to(ctx.who), Symposium.id.in_(ids) if named is None else named]
    total = ctx.session.scalar(select(func.count()).select_from(Symposium).where(*seen)) or 0
    order = Symposium.first_day.desc() if past else Symposium.first_day
    listed = ctx.session.scalars(
        select(Symposium).where(*seen).order_by(order, Symposium.id).offset(page * PAGE).limit(PAGE)
    )
    rows = tuple(Row(cards.title(each), cards.line(each), (cards.open_it(each),)) for each in listed)
    count = ngettext("{count} symposium", "{count} symposia", total)
    other = (
        button(_("What is ahead"), "symposia.symposia")
        if past or words
        else button(_("What is over"), "symposia.symposia", past=True)
    )
    return Screen(
        _("Symposia"),
        (count,) if total else (_("None is announced to you at present."),),
        rows=rows,
        buttons=(
            *turn_pages("symposia.symposia", page, total, past=past, **({"words": words} if words else {})),
            button(_("Make a symposium"), "symposia.make", style=Style.PRIMARY),
            button(_("My proposals"), "symposia.mine"),
            other,
        ),
    )


@symposia.command("show", _("Open a symposium"), allow=members)
def show(ctx: Context, symposium: Symposium) -> Screen:
    """One symposium, as it is for whoever asks."""
    return cards.card(ctx, symposium)


@symposia.offer
def offers(ctx: Context, words: str) -> Sequence[Button]:
    """Open what a reference names."""
    meant = Symposium.named(words)
    if meant is not None:
        named = ctx.session.scalar(select(Symposium).where(meant, Symposium.visible_to(ctx.who)))
        if named is not None:
            label = _("Open {ref}", ref=Code(named.ref))
            return (button(label, "symposia.show", style=Style.PRIMARY, symposium=named.id),)
    meant = Proposal.named(words)
    proposed = (
        ctx.session.scalar(select(Proposal).where(meant, Proposal.visible_to(ctx.who))) if meant is not None else None
    )
    if proposed is None:
        return ()
    label = _("Open {ref}", ref=Code(proposed.ref))
    return (button(label, "symposia.proposal", style=Style.PRIMARY, proposal=proposed.id),)
