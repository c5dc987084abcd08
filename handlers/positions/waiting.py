"""What waits for somebody among the positions: for home."""

from __future__ import annotations

from sqlalchemy import bindparam, or_, select

from bot.kit.context import Context
from bot.kit.screen import Row, button
from bot.kit.text import Code, _
from db.consultations import OPEN, Consultation
from db.positions import Position, PositionState

MOST = 3
# Put together once: home asks it of everybody who speaks for an organisation, every time.
_OURS = (
    select(Position, Consultation)
    .join(Consultation, Consultation.id == Position.consultation_id)
    .where(Position.organisation_id == bindparam("organisation"))
    .where(Position.state.in_((PositionState.DRAFT, PositionState.ASKED)), Consultation.phase.in_(OPEN))
    .where(or_(Position.author_id != bindparam("person"), Position.seen_by_id.is_not(None)))
    .order_by(Consultation.closes_at, Position.id)
    .limit(MOST)
)


def waiting(ctx: Context) -> tuple[Row, ...]:
    """A colleague's draft to look at, one that was seen to file, and what an association asks."""
    if ctx.who.organisation_id is None:
        return ()
    ours = {"organisation": ctx.who.organisation_id, "person": ctx.who.id}
    rows = []
    for position, consultation in ctx.session.execute(_OURS, ours):
        ref = Code(consultation.ref)
        if position.state is PositionState.ASKED:
            title = _("{ref} · an association asks whether it may file for you", ref=ref)
        elif position.is_seen:
            title = _("{ref} · your position can be filed", ref=ref)
        else:
            title = _("{ref} · a colleague’s draft of your position", ref=ref)
        rows.append(Row(title, None, (button(_("Open"), "positions.show", position=position.id),)))
    return tuple(rows)
