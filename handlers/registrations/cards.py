"""One's own programme of a symposium, as it stands: the confirmation of every step, too."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, Text, When, _, ngettext
from db.registrations import (
    Asked,
    Registration,
    RegistrationQuestion,
    RegistrationState,
    Seat,
    Seating,
    SeatState,
    Wish,
)
from db.symposia import Symposium, SymposiumSession

from . import finding, seating


def programme(ctx: Context, symposium: Symposium, registration: Registration, lead: Phrase | None = None) -> Screen:
    """Plenaries and one's own seats by time, the places in line, what is offered, what is still to be answered."""
    if registration.state is RegistrationState.WAITING:
        return _outside(ctx, symposium, registration, lead)
    if not registration.is_on:
        again = button(_("Register"), "registrations.register", symposium=symposium.id)
        return Screen(lead or _("You are not registered there yet."), (finding.name(symposium),), buttons=(again,))
    mine = finding.seats_of(ctx.session, registration, SeatState.HELD)
    common = [(None, each) for each in finding.plenaries(ctx.session, symposium.id)]
    order = sorted([*common, *mine], key=lambda each: finding.by_start(each[1]))
    rows = [_row(ctx, symposium, seat, each) for seat, each in order]
    rows += [
        _open_row(ctx, symposium, seat, each)
        for seat, each in finding.seats_of(ctx.session, registration, SeatState.OFFERED, SeatState.WAITING)
    ]
    settings = finding.seating_of(ctx.session, symposium.id)
    return Screen(
        lead or _("Your programme"),
        (
            finding.name(symposium),
            *_wishes(ctx, registration, settings),
            *_ways(ctx, [each for _seat, each in order]),
        ),
        (Fact(_("Your code at the door"), Code(registration.code)), Fact(_("You count as"), registration.kind)),
        rows=tuple(rows),
        buttons=_buttons(ctx, symposium, registration),
    )


def _outside(ctx: Context, symposium: Symposium, registration: Registration, lead: Phrase | None) -> Screen:
    """They wait for a place at the symposium itself."""
    seat = seating.seat_of(ctx.session, registration, None)
    is_offered = seat is not None and seat.state is SeatState.OFFERED
    said = (
        _("A place is offered to you.")
        if is_offered or seat is None
        else _(
            "Everything is taken. You are number {number} on the waiting list.",
            number=seating.position(ctx.session, seat),
        )
    )
    accept = (
        (button(_("Accept"), "registrations.accept", style=Style.PRIMARY, seat=seat.id),) if seat and is_offered else ()
    )
    leave = button(_("Cancel my registration"), "registrations.cancel", style=Style.DANGER, symposium=symposium.id)
    return Screen(lead or _("Your registration"), (finding.name(symposium), said), buttons=(*accept, leave))


def _row(ctx: Context, symposium: Symposium, seat: Seat | None, session: SymposiumSession) -> Row:
    place = finding.place_of(ctx.session, session)
    when = finding.time_of(symposium, session)
    detail = _("{when} · {place}", when=when, place=Raw(place)) if place else _("{when}", when=when)
    give_up = () if seat is None else (button(_("Give it up"), "registrations.give_up", seat=seat.id),)
    return Row(finding.title(session), detail, give_up)


def _open_row(ctx: Context, symposium: Symposium, seat: Seat, session: SymposiumSession) -> Row:
    said = standing(ctx, seat)
    if seat.state is SeatState.OFFERED:
        does: tuple[Button, ...] = (
            button(_("Accept"), "registrations.accept", style=Style.PRIMARY, seat=seat.id),
            button(_("Decline"), "registrations.decline", seat=seat.id),
        )
    else:
        does = (button(_("Leave the waiting list"), "registrations.give_up", seat=seat.id),)
    when = finding.time_of(symposium, session)
    return Row(finding.title(session), _("{when} · {standing}", when=when, standing=said), does)


def standing(ctx: Context, seat: Seat) -> Text:
    """How somebody stands with one session."""
    if seat.state is SeatState.WAITING:
        return _("you are number {number} on the waiting list", number=seating.position(ctx.session, seat))
    if seat.state is SeatState.OFFERED and seat.offered_until is not None:
        return _("offered to you until {when}", when=When(seat.offered_until))
    return _("your seat")


def _wishes(ctx: Context, registration: Registration, settings: Seating | None) -> tuple[Phrase, ...]:
    if settings is None or not settings.is_by_wishes:
        return ()
    count = len(ctx.session.scalars(select(Wish.id).where(Wish.registration_id == registration.id)).all())
    said = ngettext("You have named {count} wish.", "You have named {count} wishes.", count)
    if settings.wishes_close_at is None:
        return said, _("Seats are given once the organiser closes the wishes.")
    return said, _("Seats are given after {when}.", when=When(settings.wishes_close_at))


def _ways(ctx: Context, sessions: Sequence[SymposiumSession]) -> tuple[Phrase, ...]:
    """Where two have come to be at one time, and where there is hardly time to go from one room to the next."""
    clashes = tuple(
        _(
            "{one} and {other} are at the same time now. Give one of them up.",
            one=finding.title(one),
            other=finding.title(other),
        )
        for one, other in combinations(sessions, 2)
        if finding.overlap(one, other)
    )
    return clashes + tuple(
        _(
            "Mind the way: {before} and {after} are in different buildings, with hardly any time between.",
            before=finding.title(before),
            after=finding.title(after),
        )
        for before, after in finding.far_apart(ctx.session, sessions)
    )


def unanswered(ctx: Context, symposium: Symposium, registration: Registration) -> list[RegistrationQuestion]:
    """The organiser's questions that are asked of them and have no answer yet."""
    its = RegistrationQuestion.symposium_id == symposium.id, RegistrationQuestion.retired_at.is_(None)
    found = ctx.session.scalars(select(RegistrationQuestion).where(*its).order_by(RegistrationQuestion.position))
    is_in = bool(finding.seats_of(ctx.session, registration, SeatState.HELD))
    return [
        each
        for each in found
        if str(each.id) not in registration.answers and (each.asked is Asked.REGISTERING or is_in)
    ]


def _buttons(ctx: Context, symposium: Symposium, registration: Registration) -> tuple[Button, ...]:
    left = unanswered(ctx, symposium, registration)
    has_breakouts = bool(finding.breakouts(ctx.session, symposium.id))
    return (
        *(
            (button(_("Answer the organiser"), "registrations.answer", style=Style.PRIMARY, question=left[0].id),)
            if left
            else ()
        ),
        *((button(_("Break-outs"), "registrations.choose", symposium=symposium.id),) if has_breakouts else ()),
        button(_("My code"), "attendance.code", symposium=symposium.id),
        button(_("My calendar"), "calendars.calendar"),
        *(
            (button(_("Send a substitute"), "registrations.substitute", registration=registration.id),)
            if registration.organisation_id is not None
            else ()
        ),
        button(_("Cancel my registration"), "registrations.cancel", style=Style.DANGER, symposium=symposium.id),
    )
