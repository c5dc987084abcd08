"""Which consultations there are: those open to whoever asks, and those they own."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.screen import Row, Screen, Style, button
from bot.kit.text import _, ngettext
from db.consultations import IN_ORDER, Consultation, Phase
from handlers.paging import PAGE, turn_pages

from . import cards
from .room import consultations, members

UNDER_WAY = tuple(each for each in IN_ORDER if each is not Phase.OUTCOME)


@consultations.command("consultations", _("Consultations"), allow=members, menu=38)
def consultations_(ctx: Context, page: int = 0, past: bool = False) -> Screen:
    """Those under way, what closes first first; `past` what has its outcome or was given up."""
    is_ahead = Consultation.phase.in_(UNDER_WAY)
    seen = Consultation.visible_to(ctx.who), ~is_ahead if past else is_ahead
    total = ctx.session.scalar(select(func.count()).select_from(Consultation).where(*seen)) or 0
    order = Consultation.ended_at.desc() if past else Consultation.closes_at
    found = ctx.session.scalars(
        select(Consultation).where(*seen).order_by(order, Consultation.id).offset(page * PAGE).limit(PAGE)
    )
    rows = tuple(Row(cards.title(each), cards.line(each), (cards.open_it(each),)) for each in found)
    count = ngettext("{count} consultation", "{count} consultations", total)
    return Screen(
        _("Consultations"),
        (count,) if total else (_("None is open to you at present."),),
        rows=rows,
        buttons=(
            *turn_pages("consultations.consultations", page, total, past=past),
            button(_("Make a consultation"), "consultations.make", style=Style.PRIMARY),
            button(_("Propose a consultation"), "consultations.propose"),
            button(_("Proposed consultations"), "consultations.proposals"),
        ),
    )


@consultations.command("show", _("Open a consultation"), allow=members)
def show(ctx: Context, consultation: Consultation) -> Screen:
    """One consultation, as it is for whoever asks."""
    return cards.card(ctx, consultation)
