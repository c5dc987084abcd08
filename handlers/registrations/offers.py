"""Offers of a seat to whoever is next in line: told, accepted, declined or lapsed, and then to the next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import NotFound, Refusal, Screen, Style, button
from bot.kit.text import Phrase, Text, When, _
from db.people import Person
from db.registrations import OFFER_MINUTES, Registration, Seat, SeatState
from db.symposia import Symposium, SymposiumSession
from scheduling.deadlines import after_quiet_hours

from . import cards, finding, seating
from .room import members, registrations
from .seating import Target


def refill(ctx: Context, symposium: Symposium, targets: Iterable[Target]) -> None:
    """Offer whatever is free to whoever is next, tell them, and let each offer lapse in time."""

    def until(registration: Registration, target: Target) -> datetime:
        return _ends(ctx, symposium, registration, target)

    for target in targets:
        for seat in seating.refill(ctx.session, symposium, target, at=ctx.now, until=until):
            _tell(ctx, symposium, target, seat)


def _ends(ctx: Context, symposium: Symposium, registration: Registration, target: Target) -> datetime:
    """So long after they are awake; never later than the session begins."""
    settings = finding.seating_of(ctx.session, symposium.id)
    lasts = timedelta(minutes=settings.offer_minutes if settings is not None else OFFER_MINUTES)
    ends = _awake(ctx, registration) + lasts
    return min(ends, target.starts_at) if target is not None and target.starts_at is not None else ends


def _awake(ctx: Context, registration: Registration) -> datetime:
    person = ctx.session.get_one(Person, registration.person_id)
    quiet = (person.quiet_from, person.quiet_to) if person.quiet_from and person.quiet_to else None
    return after_quiet_hours(ctx.now, person.zone, quiet)


def _tell(ctx: Context, symposium: Symposium, target: Target, seat: Seat) -> None:
    registration = ctx.session.get_one(Registration, seat.registration_id)
    once = key(seat)
    ends = seat.offered_until or ctx.now
    # Where the session begins before they are awake there is no time to lose.
    is_urgent = _awake(ctx, registration) >= ends
    ctx.notify(
        registration.person_id,
        screen(ctx, symposium, target, seat),
        once=once,
        urgent=is_urgent,
        until=seat.offered_until,
    )
    ctx.later(ends, "registrations.lapse", key=once, seat=seat.id, place=seat.place)


def tell_again(ctx: Context, symposium: Symposium, registration: Registration) -> None:
    """What is offered, to whoever comes in another's place: it ends when it did before."""
    theirs = Seat.registration_id == registration.id, Seat.state == SeatState.OFFERED
    for seat in ctx.session.scalars(select(Seat).where(*theirs)):
        target = ctx.session.get(SymposiumSession, seat.session_id) if seat.session_id is not None else None
        _tell(ctx, symposium, target, seat)


def key(seat: Seat) -> str:
    """What an offer is told and lapses under."""
    return f"seat:{seat.id}:offer:{seat.place}"


def what(symposium: Symposium, target: Target) -> Text:
    return finding.line_of(symposium, target) if target is not None else finding.name(symposium)


def screen(ctx: Context, symposium: Symposium, target: Target, seat: Seat) -> Screen:
    """What is offered, until when, and what it would replace."""
    registration = ctx.session.get_one(Registration, seat.registration_id)
    left = [finding.title(each) for each in _replaced(ctx, registration, target)]
    return Screen(
        _("A seat is free for you."),
        (
            what(symposium, target),
            _(
                "It is yours if you accept until {when}; after that it goes to the next in line.",
                when=When(seat.offered_until or ctx.now),
            ),
            *(_("You would give up your seat in {title} for it.", title=each) for each in left),
        ),
        buttons=(
            button(_("Accept"), "registrations.accept", style=Style.PRIMARY, seat=seat.id),
            button(_("Decline"), "registrations.decline", seat=seat.id),
            button(_("My programme"), "registrations.programme", symposium=symposium.id),
        ),
    )


def _replaced(ctx: Context, registration: Registration, target: Target) -> list[SymposiumSession]:
    """What they hold at the same time, or the same at another time: nobody has two."""
    if target is None:
        return []
    held = [each for _seat, each in finding.seats_of(ctx.session, registration, SeatState.HELD)]
    return [each for each in held if finding.overlap(each, target) or finding.root(each) == finding.root(target)]


@registrations.command("accept", _("Accept the seat"), allow=members)
def accept(ctx: Context, seat: Seat) -> Screen:
    """The seat is theirs; what they held instead of it goes to the next in line."""
    registration, symposium, target = mine(ctx, seat)
    seating.hold(ctx.session, symposium.id)
    if not seating.accept(ctx.session, seat, at=ctx.now):
        raise Refusal(_gone(seat))
    ctx.forget(key(seat))
    free_up(ctx, symposium, registration, _replaced(ctx, registration, target), but=target)
    return cards.programme(ctx, symposium, registration, _("The seat is yours."))


@registrations.command("decline", _("Decline the seat"), allow=members)
def decline(ctx: Context, seat: Seat) -> Screen:
    """It goes to the next in line at once."""
    registration, symposium, target = mine(ctx, seat)
    seating.hold(ctx.session, symposium.id)
    if not seating.leave(ctx.session, seat, SeatState.DECLINED, at=ctx.now):
        raise Refusal(_gone(seat))
    ctx.forget(key(seat))
    refill(ctx, symposium, [target])
    return cards.programme(ctx, symposium, registration, _("Declined. The seat goes to the next in line."))


@registrations.job("lapse")
def lapse(ctx: Context, seat: Seat, place: int) -> None:
    """Nobody answered: the next in line is asked."""
    symposium = ctx.session.get_one(Symposium, seat.symposium_id)
    seating.hold(ctx.session, symposium.id)
    ctx.session.refresh(seat)
    if seat.place != place or seat.state is not SeatState.OFFERED or (seat.offered_until or ctx.now) > ctx.now:
        return
    seating.leave(ctx.session, seat, SeatState.LAPSED, at=ctx.now)
    target = ctx.session.get(SymposiumSession, seat.session_id) if seat.session_id is not None else None
    registration = ctx.session.get_one(Registration, seat.registration_id)
    told = Screen(
        _("Your offer of a seat has lapsed."),
        (what(symposium, target), _("It goes to the next in line.")),
        buttons=(button(_("My programme"), "registrations.programme", symposium=symposium.id),),
    )
    ctx.notify(registration.person_id, told, once=f"{key(seat)}:lapsed")
    refill(ctx, symposium, [target])


def free_up(
    ctx: Context,
    symposium: Symposium,
    registration: Registration,
    sessions: Iterable[SymposiumSession],
    *,
    but: Target = None,
) -> None:
    """Seats that are given up for another: they go to the next in line."""
    left = []
    for each in sessions:
        seat = seating.seat_of(ctx.session, registration, each)
        if each is not but and seat is not None and seating.leave(ctx.session, seat, SeatState.GIVEN_UP, at=ctx.now):
            left.append(each)
    refill(ctx, symposium, left)


def mine(ctx: Context, seat: Seat) -> tuple[Registration, Symposium, Target]:
    """What a seat of one's own belongs to; somebody else's is not found, though a focal point may see it."""
    registration = ctx.session.get_one(Registration, seat.registration_id)
    if registration.person_id != ctx.who.id:
        raise NotFound()
    symposium = ctx.session.get_one(Symposium, seat.symposium_id)
    target = ctx.session.get(SymposiumSession, seat.session_id) if seat.session_id is not None else None
    return registration, symposium, target


def _gone(seat: Seat) -> Phrase:
    if seat.state is SeatState.HELD:
        return _("The seat is yours already.")
    return _("This offer is over.")
