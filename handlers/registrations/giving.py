"""Whoever gives a session comes to the symposium: agreeing registers them, with a code for the door like anybody.

They take no place at the symposium that somebody else could have, and wait for none. Who cannot come after all is no
longer registered, unless they have a place of their own.
"""

from __future__ import annotations

from sqlalchemy import select

from bot.kit.context import Context
from db.people import Person
from db.registrations import TAKEN, Registration, RegistrationState, Seat, SeatState, Stakeholder, class_of
from db.symposia import SessionPart, Symposium, SymposiumState
from handlers.programmes import WHEN_PUBLISHED
from handlers.symposia.room import WHEN_ANSWERED

from . import finding, offers, registering, seating

AHEAD = (SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED)


def answered(ctx: Context, symposium: Symposium, person_id: int) -> None:
    """They come, or cannot."""
    if symposium.state not in AHEAD:
        return
    if finding.part_of(ctx.session, symposium.id, person_id) is not None:
        enter(ctx, symposium, person_id)
        return
    registration = finding.registration_of(ctx.session, symposium.id, person_id)
    if registration is not None and _is_by_part(ctx, registration):
        registering.drop(ctx, symposium, registration)


def all_of(ctx: Context, symposium: Symposium) -> None:
    """Everybody who has agreed, whenever that was."""
    theirs = select(SessionPart.person_id).where(*finding.given_by(symposium.id)).distinct()
    for person_id in sorted(ctx.session.scalars(theirs)):
        enter(ctx, symposium, person_id)


def enter(ctx: Context, symposium: Symposium, person_id: int) -> None:
    """Registered, whether or not registration is open and places are left; whoever waited for one waits no longer."""
    known = finding.registration_of(ctx.session, symposium.id, person_id)
    if known is not None and known.state is RegistrationState.REGISTERED:
        return
    person = ctx.session.get_one(Person, person_id)
    if person.erased_at is not None:
        return
    seating.hold(ctx.session, symposium.id)
    if known is not None and known.state is RegistrationState.WAITING:
        _wait_no_longer(ctx, symposium, known)
        return
    asked = ctx.who_is(person)
    kind = class_of(asked.kind, is_staff=asked.is_staff) or Stakeholder.TRADE
    registering.add(ctx, symposium, person_id, kind, asked.organisation_id)


def _wait_no_longer(ctx: Context, symposium: Symposium, registration: Registration) -> None:
    seat = seating.seat_of(ctx.session, registration, None)
    if seat is not None:
        ctx.forget(offers.key(seat))
        ctx.withdraw([registration.person_id], begin=[offers.key(seat)])
        seating.leave(ctx.session, seat, SeatState.GIVEN_UP, at=ctx.now)
    registration.state = RegistrationState.REGISTERED
    ctx.session.flush()
    offers.refill(ctx, symposium, [None])


def _is_by_part(ctx: Context, registration: Registration) -> bool:
    """Whether they are registered for the session they give, and have no place of their own."""
    if registration.state is not RegistrationState.REGISTERED:
        return False
    own = Seat.registration_id == registration.id, Seat.session_id.is_(None), Seat.state.in_(TAKEN)
    return ctx.session.scalar(select(Seat.id).where(*own)) is None


WHEN_ANSWERED.append(answered)
WHEN_PUBLISHED.append(all_of)
