"""What waits for staff once a consultation has closed: statements to approve, and people to get in touch with; for
home. What waits for its owners is said with the consultations."""

from __future__ import annotations

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Row, Style, button
from bot.kit.text import Code, When, _
from db.conclusions import Conclusion, FollowUp
from db.consultations import Consultation
from handlers.consultations import cards

MOST = 2  # the oldest: the others are in their lists


def waiting(ctx: Context) -> tuple[Row, ...]:
    """Nobody approves what they wrote."""
    return (*_to_approve(ctx), *_to_follow_up(ctx)) if ctx.who.is_staff else ()


def _to_approve(ctx: Context) -> tuple[Row, ...]:
    pending = Conclusion.published_at.is_(None), Conclusion.sent_back_at.is_(None), Conclusion.approved_at.is_(None)
    found = (
        select(Consultation)
        .join(Conclusion, Conclusion.consultation_id == Consultation.id)
        .where(Consultation.run_by(ctx.who), *pending, Conclusion.proposed_by_id != ctx.who.id)
        .order_by(Conclusion.id)
        .limit(MOST)
    )
    return tuple(
        Row(
            cards.title(each),
            _("{ref} · its outcome statement waits for approval", ref=Code(each.ref)),
            (button(_("Open"), "conclusions.statement", style=Style.PRIMARY, consultation=each.id),),
        )
        for each in ctx.session.scalars(found)
    )


def _to_follow_up(ctx: Context) -> tuple[Row, ...]:
    found = (
        select(FollowUp, Consultation)
        .join(Conclusion, Conclusion.id == FollowUp.conclusion_id)
        .join(Consultation, Consultation.id == Conclusion.consultation_id)
        .where(Consultation.run_by(ctx.who), FollowUp.done_at.is_(None))
        .order_by(FollowUp.asked_at, FollowUp.id)
        .limit(MOST)
    )
    return tuple(
        Row(
            cards.title(each),
            _(
                "{ref} · somebody finds its outcome of little use; waits since {when}",
                ref=Code(each.ref),
                when=When(item.asked_at, day_only=True),
            ),
            (button(_("Open"), "conclusions.follow_up", style=Style.PRIMARY, follow_up=item.id),),
        )
        for item, each in ctx.session.execute(found)
    )
