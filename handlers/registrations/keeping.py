"""What falls due about seats: kept ones are released on their date, and lines are looked after while anybody waits."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.kit.context import Context
from db.registrations import Seat, SeatClass, SeatState
from db.symposia import Symposium, SymposiumSession

from . import offers, seating
from .room import registrations

LOOK = timedelta(days=1)


@registrations.job("release")
def release(ctx: Context, kept: SeatClass) -> None:
    """What its class has not taken is anybody's: first of those who wait."""
    symposium = ctx.session.get_one(Symposium, kept.symposium_id)
    seating.hold(ctx.session, symposium.id)
    ctx.session.refresh(kept)
    if kept.released_at is None and kept.release_at is not None and kept.release_at <= ctx.now:
        let_go(ctx, symposium, kept)


def let_go(ctx: Context, symposium: Symposium, kept: SeatClass) -> None:
    kept.released_at = ctx.now
    ctx.session.flush()
    target = ctx.session.get(SymposiumSession, kept.session_id) if kept.session_id is not None else None
    offers.refill(ctx, symposium, [target])


def plan_release(ctx: Context, kept: SeatClass) -> None:
    key = release_key(kept.id)
    if kept.release_at is None:
        ctx.forget(key)
    else:
        ctx.later(kept.release_at, "registrations.release", key=key, kept=kept.id)


def release_key(kept_id: int) -> str:
    return f"seat_class:{kept_id}:release"


def watch(ctx: Context, symposium: Symposium) -> None:
    """Somebody waits: a room may become a larger one, or a person may be gone, without anybody giving up a seat."""
    at = (ctx.now + LOOK).replace(minute=0, second=0, microsecond=0)
    ctx.later(at, "registrations.look", key=f"{symposium.ref}:seats:{at:%Y%m%d%H}", symposium=symposium.id)


@registrations.job("look")
def look(ctx: Context, symposium: Symposium) -> None:
    """Offer whatever has become free, and look again while anybody waits."""
    seating.hold(ctx.session, symposium.id)
    waiting = Seat.symposium_id == symposium.id, Seat.state == SeatState.WAITING
    targets = ctx.session.scalars(select(Seat.session_id).where(*waiting).distinct()).all()
    sessions = [ctx.session.get(SymposiumSession, each) if each is not None else None for each in targets]
    still = [each for each in sessions if seating.is_open(symposium, each, ctx.now)]
    offers.refill(ctx, symposium, still)
    if still:
        watch(ctx, symposium)
