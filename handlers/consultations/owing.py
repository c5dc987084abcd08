"""What waits for staff among the consultations: proposals that somebody was promised an answer to, for home."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.screen import Row, Style, button
from bot.kit.text import Code, When, _
from db.consultations import Consultation, Phase

from . import cards, dates

MOST = 2  # the oldest: the others are in their list


def owing(ctx: Context) -> tuple[Row, ...]:
    """Proposals at their desk, not of their own. Nobody else is asked anything."""
    if not ctx.who.is_staff:
        return ()
    waiting = Consultation.phase == Phase.PROPOSED, func.coalesce(Consultation.proposer_id, 0) != ctx.who.id
    found = select(Consultation).where(Consultation.run_by(ctx.who), *waiting)
    oldest = found.order_by(Consultation.created_at, Consultation.id).limit(MOST)
    return tuple(_row(ctx, each) for each in ctx.session.scalars(oldest))


def _row(ctx: Context, consultation: Consultation) -> Row:
    due = When(dates.answer_due(ctx, consultation), day_only=True)
    said = _("{ref} · proposed; an answer is promised by {when}", ref=Code(consultation.ref), when=due)
    look = button(_("Answer it"), "consultations.show", style=Style.PRIMARY, consultation=consultation.id)
    return Row(cards.title(consultation), said, (look,))
