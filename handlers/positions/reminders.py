"""Before the close, those who wrote a position that is not filed hear of it."""

from __future__ import annotations

from datetime import timedelta

from bot.kit.context import Context
from bot.kit.text import _
from db.consultations import Consultation
from db.positions import Position, PositionState

from . import cards, telling
from .room import positions

BEFORE = timedelta(days=2)


def plan(ctx: Context, consultation: Consultation, position: Position) -> None:
    """Look again shortly before the close."""
    if consultation.closes_at is not None and consultation.closes_at - BEFORE > ctx.now:
        at = consultation.closes_at - BEFORE
        ctx.later(at, "positions.remind", key=_key(position), position=position.id)


def forget(ctx: Context, position: Position) -> None:
    ctx.forget(_key(position))


@positions.job("remind")
def remind(ctx: Context, position: Position) -> None:
    """Unless it is filed, or given up; where the close was put off, later."""
    consultation = cards.consultation_of(ctx, position)
    if position.state not in (PositionState.DRAFT, PositionState.ASKED) or not consultation.takes_answers():
        return
    if consultation.closes_at is not None and consultation.closes_at - BEFORE > ctx.now:
        at = consultation.closes_at - BEFORE
        ctx.later(at, "positions.remind", key=f"{_key(position)}:{at:%Y-%m-%d}", position=position.id)
        return
    if position.state is PositionState.DRAFT:
        telling.remind(ctx, position, _("Your organisation’s position is not filed yet, and the consultation closes."))
    else:
        lead = _("An association asks whether it may file this for your organisation, and the consultation closes.")
        telling.remind(ctx, position, lead)


def _key(position: Position) -> str:
    return f"position:{position.id}:remind"
