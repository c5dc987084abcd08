"""What waits for somebody among the positions: for home."""

from __future__ import annotations

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Row, button
from bot.kit.text import Code, _
from db.consultations import OPEN, Consultation
from db.positions import Position, PositionState

MOST = 3


def waiting(ctx: Context) -> tuple[Row, ...]:
    """A colleague's draft to look at, one that was seen to file, and what an association asks; in one question."""
    spoken = ctx.who.organisation_id
    if spoken is None:
        return ()
    its = (
        Position.visible_to(ctx.who),
        Position.organisation_id == spoken,
        Position.state.in_((PositionState.DRAFT, PositionState.ASKED)),
        (Position.author_id != ctx.who.id) | Position.seen_by_id.is_not(None),
        Consultation.phase.in_(OPEN),
    )
    found = ctx.session.execute(
        select(Position, Consultation)
        .join(Consultation, Consultation.id == Position.consultation_id)
        .where(*its)
        .order_by(Consultation.closes_at, Position.id)
        .limit(MOST)
    )
    rows = []
    for position, consultation in found:
        ref = Code(consultation.ref)
        if position.state is PositionState.ASKED:
            title = _("{ref} · an association asks whether it may file for you", ref=ref)
        elif not position.is_seen:
            title = _("{ref} · a colleague’s draft of your position", ref=ref)
        else:
            title = _("{ref} · your position can be filed", ref=ref)
        rows.append(Row(title, None, (button(_("Open"), "positions.show", position=position.id),)))
    return tuple(rows)
