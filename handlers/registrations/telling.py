"""What those who are registered hear of the whole: the programme is out, two seats have come to be at one time, a
session or all of it does not take place."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from bot.kit.context import Context
from bot.kit.screen import Refusal, Row, Screen, Style, button
from bot.kit.text import _
from db.programmes import SessionShift, Shifted
from db.registrations import OPEN, Registration, RegistrationState, Seat, SeatClass, SeatState
from db.symposia import SessionKind, Symposium, SymposiumSession
from handlers.programmes import WHEN_PUBLISHED, WHEN_SHIFTED
from handlers.programmes.telling import latest_shifts, was, where
from handlers.symposia.room import (
    COMING,
    WHEN_CANCELLED,
    WHEN_RESIZED,
    WHEN_SESSION_CANCELLED,
    WHEN_SESSION_CHANGED,
)

from . import cards, finding, keeping, offers, seating
from .room import members, registrations

AT_ONCE = 200  # persons told in one turn
LINE_LEADS = {
    Shifted.PLACED: _("A session you wait for has its place now."),
    Shifted.MOVED: _("A session you wait for was moved to another time."),
    Shifted.ROOM: _("A session you wait for was moved to another room."),
}


# The programme is out


def published(ctx: Context, symposium: Symposium) -> None:
    """Whoever is registered hears it, with their own sessions; whoever has just published it knows."""
    key = f"{symposium.ref}:registered:0"
    ctx.later(ctx.now, "registrations.published", key=key, symposium=symposium.id, by=ctx.who.id, after=0)


@registrations.job("published")
def tell_published(ctx: Context, symposium: Symposium, by: int, after: int) -> None:
    """The next of them, by their number; then the rest in a turn of its own."""
    if not seating.is_open(symposium, None, ctx.now):
        return
    comes = Registration.symposium_id == symposium.id, Registration.state == RegistrationState.REGISTERED
    its = select(Registration).where(*comes, Registration.id > after).order_by(Registration.id).limit(AT_ONCE)
    those = ctx.session.scalars(its).all()
    for each in those:
        if each.person_id != by:
            screen = cards.programme(ctx, symposium, each, _("The programme is out. These are your sessions."))
            # The name of what whoever is needed was told just now: they hear that it is out once.
            ctx.notify(each.person_id, screen, once=f"{symposium.ref}:published")
    if len(those) == AT_ONCE:
        last = those[-1].id
        key = f"{symposium.ref}:registered:{last}"
        ctx.later(ctx.now, "registrations.published", key=key, symposium=symposium.id, by=by, after=last)


# Two at one time


def shifted(ctx: Context, symposium: Symposium, its: SymposiumSession, shift: SessionShift) -> None:
    """Whose other seat is at the same time now is asked which one they keep; another room may hold more. Whoever waits
    in line hears it too."""
    _tell_line(ctx, symposium, shift, 0)
    for other in finding.breakouts(ctx.session, symposium.id):
        if other.id != its.id and finding.overlap(other, its):
            _ask(ctx, symposium, *sorted((its, other), key=finding.by_start))
    _hasten(ctx, symposium, its)
    keeping.look(ctx, symposium)


def _hasten(ctx: Context, symposium: Symposium, its: SymposiumSession) -> None:
    """An offer ends when the session now begins, at the latest; whoever has one reads where and when it now is."""
    seating.hold(ctx.session, symposium.id)
    offered = select(Seat).where(Seat.session_id == its.id, Seat.state == SeatState.OFFERED).order_by(Seat.id)
    for seat in ctx.session.scalars(offered.execution_options(populate_existing=True)).all():
        if its.starts_at is not None and seat.offered_until is not None and seat.offered_until > its.starts_at:
            seat.offered_until = its.starts_at
            ctx.later(its.starts_at, "registrations.lapse", key=offers.key(seat), seat=seat.id, place=seat.place)
        screen = offers.screen(ctx, symposium, its, seat)
        registration = ctx.session.get_one(Registration, seat.registration_id)
        once = f"{offers.key(seat)}:moved:{its.sequence}"
        ctx.withdraw([registration.person_id], begin=[offers.key(seat)])
        ctx.notify(registration.person_id, screen, once=once, urgent=True, until=seat.offered_until)
    ctx.session.flush()


def _tell_line(ctx: Context, symposium: Symposium, shift: SessionShift, after: int) -> None:
    key = f"{symposium.ref}:line:{shift.session_id}:{shift.id}:{after}"
    ctx.later(ctx.now, "registrations.line_moved", key=key, shift=shift.id, after=after)


@registrations.job("line_moved")
def line_moved(ctx: Context, shift: SessionShift, after: int) -> None:
    """The next of those who wait for a session that has moved; then the rest in a turn of its own. Whoever is not
    expected there confirms nothing."""
    symposium = ctx.session.get_one(Symposium, shift.symposium_id)
    its = ctx.session.get_one(SymposiumSession, shift.session_id)
    is_last = any(each.id == shift.id for each in latest_shifts(ctx.session, symposium))
    if not is_last or not seating.is_open(symposium, its, ctx.now):
        return
    waits = Seat.session_id == its.id, Seat.state == SeatState.WAITING, Registration.id > after
    rows = select(Seat, Registration).join(Registration, Registration.id == Seat.registration_id).where(*waits)
    found = ctx.session.execute(rows.order_by(Registration.id).limit(AT_ONCE)).all()
    name = f"{symposium.ref}:line:{its.id}:"
    ctx.withdraw([registration.person_id for _seat, registration in found], begin=[name])
    for seat, registration in found:
        if registration.person_id != shift.by_id:
            screen = _line_screen(ctx, symposium, its, shift, seat)
            ctx.notify(registration.person_id, screen, once=f"{name}{shift.id}", until=its.starts_at)
    if len(found) == AT_ONCE:
        _tell_line(ctx, symposium, shift, found[-1][1].id)


def _line_screen(ctx: Context, symposium: Symposium, its: SymposiumSession, shift: SessionShift, seat: Seat) -> Screen:
    return Screen(
        LINE_LEADS[shift.what],
        (
            finding.title(its),
            *was(ctx, symposium, its, shift),
            _("You are number {number} on its waiting list.", number=seating.position(ctx.session, seat)),
        ),
        where(ctx, symposium, its),
        buttons=(
            button(_("My programme"), "registrations.programme", style=Style.PRIMARY, symposium=symposium.id),
            button(_("Leave the waiting list"), "registrations.give_up", seat=seat.id),
        ),
    )


def _ask(ctx: Context, symposium: Symposium, one: SymposiumSession, other: SymposiumSession) -> None:
    """Everybody who has a seat in both, once for the times at which both now are."""
    first, second = aliased(Seat), aliased(Seat)
    both = (
        select(Registration.person_id, first, second)
        .join(first, first.registration_id == Registration.id)
        .join(second, second.registration_id == Registration.id)
        .where(first.session_id == one.id, second.session_id == other.id)
        .where(first.state == SeatState.HELD, second.state == SeatState.HELD)
        .order_by(Registration.id)
    )
    for person_id, *seats in ctx.session.execute(both).all():
        rows = tuple(
            Row(
                finding.title(session),
                _("{when}", when=finding.time_of(symposium, session)),
                (button(_("Keep this one"), "registrations.keep_seat", style=Style.PRIMARY, seat=seat.id),),
            )
            for session, seat in zip((one, other), seats, strict=True)
        )
        screen = Screen(
            _("Two of your sessions are at the same time now. Which one do you keep?"),
            (finding.name(symposium), _("Until you choose you have a seat in both.")),
            rows=rows,
            buttons=(button(_("Break-outs"), "registrations.choose", symposium=symposium.id),),
        )
        once = f"{symposium.ref}:clash:{one.id}.{one.sequence}:{other.id}.{other.sequence}"
        ctx.notify(person_id, screen, once=once, urgent=True)


@registrations.command("keep_seat", _("Keep this one"), allow=members)
def keep_seat(ctx: Context, seat: Seat) -> Screen:
    """The other seats at its time go to the next in line."""
    registration, symposium, target = offers.mine(ctx, seat)
    seating.hold(ctx.session, symposium.id)
    ctx.session.refresh(seat)
    if target is None or seat.state is not SeatState.HELD:
        raise Refusal(_("You have no seat there."))
    held = [each for _seat, each in finding.seats_of(ctx.session, registration, SeatState.HELD)]
    given_up = [each for each in held if each.id != target.id and finding.overlap(each, target)]
    offers.free_up(ctx, symposium, registration, given_up)
    return cards.programme(ctx, symposium, registration, _("You keep: {title}.", title=finding.title(target)))


# It does not take place


def coming(session: Session, symposium: Symposium) -> Iterable[int]:
    """Who is registered, those on the waiting list included."""
    comes = Registration.symposium_id == symposium.id, Registration.state != RegistrationState.CANCELLED
    return session.scalars(select(Registration.person_id).where(*comes))


def cancelled(ctx: Context, symposium: Symposium) -> None:
    """Nothing is offered or released any more."""
    _end_offers(ctx, symposium, Seat.symposium_id == symposium.id)
    for kept in ctx.session.scalars(select(SeatClass.id).where(SeatClass.symposium_id == symposium.id)):
        ctx.forget(keeping.release_key(kept))


def session_cancelled(ctx: Context, symposium: Symposium, its: SymposiumSession) -> None:
    """Whoever has a seat, an offer or a place in line hears it; of a plenary everybody who comes."""
    comes = Registration.symposium_id == symposium.id, Registration.state != RegistrationState.CANCELLED
    people = select(Registration.person_id).where(*comes)
    if its.kind is SessionKind.BREAKOUT:
        sits = Seat.session_id == its.id, Seat.state.in_(OPEN)
        people = people.where(Registration.id.in_(select(Seat.registration_id).where(*sits)))
    those = set(ctx.session.scalars(people)) - {ctx.who.id}
    _end_offers(ctx, symposium, Seat.session_id == its.id)
    choose = button(_("Break-outs"), "registrations.choose", style=Style.PRIMARY, symposium=symposium.id)
    screen = Screen(
        _("A session of yours does not take place."),
        (finding.line_of(symposium, its), finding.name(symposium)),
        buttons=(
            *((choose,) if its.kind is SessionKind.BREAKOUT else ()),
            button(_("My programme"), "registrations.programme", symposium=symposium.id),
        ),
    )
    for person_id in sorted(those):
        ctx.notify(person_id, screen, once=f"{symposium.ref}:session-off:{its.id}", urgent=True)


def _end_offers(ctx: Context, symposium: Symposium, these: ColumnElement[bool]) -> None:
    """What is offered there is over: nobody is asked, and nothing lapses."""
    seating.hold(ctx.session, symposium.id)
    offered = select(Seat).where(these, Seat.state == SeatState.OFFERED).order_by(Seat.id)
    for seat in ctx.session.scalars(offered).all():
        registration = ctx.session.get_one(Registration, seat.registration_id)
        ctx.forget(offers.key(seat))
        ctx.withdraw([registration.person_id], begin=[offers.key(seat)])
        seating.leave(ctx.session, seat, SeatState.LAPSED, at=ctx.now)


WHEN_PUBLISHED.append(published)
WHEN_SHIFTED.append(shifted)
COMING.append(coming)
WHEN_CANCELLED.append(cancelled)
WHEN_SESSION_CANCELLED.append(session_cancelled)

# Room for more

WHEN_SESSION_CHANGED.append(lambda ctx, symposium, _its: keeping.look(ctx, symposium))
WHEN_RESIZED.append(keeping.look)
