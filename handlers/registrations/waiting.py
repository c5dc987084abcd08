"""What waits for somebody among symposia: for home."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from bot.kit.context import Context
from bot.kit.screen import Row, Style, button
from bot.kit.text import When, _
from db.registrations import Registration, Seat, SeatState
from db.symposia import Symposium, SymposiumSession

from . import finding

MOST = 3
# Home asks this of everybody, every time.
OFFERED = (
    select(Seat, Symposium, SymposiumSession)
    .join(Registration, Registration.id == Seat.registration_id)
    .join(Symposium, Symposium.id == Seat.symposium_id)
    .outerjoin(SymposiumSession, SymposiumSession.id == Seat.session_id)
    .where(Registration.person_id == bindparam("person"), Seat.state == SeatState.OFFERED)
    .where(Seat.offered_until > bindparam("now", type_=Seat.offered_until.type))
    .order_by(Seat.offered_until)
    .limit(MOST)
)


def waiting(ctx: Context) -> tuple[Row, ...]:
    """Seats that are offered to them."""
    rows = ctx.session.execute(OFFERED, {"person": ctx.who.id, "now": ctx.now})
    return tuple(
        Row(
            finding.title(session) if seat.session_id is not None else finding.name(symposium),
            _("a seat is free for you until {when}", when=When(seat.offered_until or ctx.now)),
            (
                button(_("Accept"), "registrations.accept", style=Style.PRIMARY, seat=seat.id),
                button(_("Decline"), "registrations.decline", seat=seat.id),
            ),
        )
        for seat, symposium, session in rows
    )
