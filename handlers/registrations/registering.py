"""Registering in a few taps: the class where only the person knows it, then the break-outs, time by time."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from bot.kit.context import Context
from bot.kit.screen import Button, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, When, _
from db.registrations import (
    TAKEN,
    Delegation,
    Registration,
    RegistrationState,
    Seat,
    SeatState,
    Stakeholder,
    Wish,
    class_of,
    new_code,
)
from db.symposia import Symposium, SymposiumSession, SymposiumState
from handlers.paging import PAGE, turn_pages
from handlers.people.room import WHEN_LEAVING
from handlers.programmes.room import ON_PROGRAMME
from handlers.symposia.room import ON_SYMPOSIUM

from . import cards, choosing, finding, keeping, offers, seating
from .room import WHEN_REGISTERED, members, registrations


@registrations.command("seats", _("My symposia"), allow=members, menu=36)
def seats(ctx: Context, page: int = 0) -> Screen:
    """Those one is registered for, and those one may register for."""
    shown = Symposium.state.in_((SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED))
    its = select(Symposium).where(Symposium.visible_to(ctx.who), shown).order_by(Symposium.first_day, Symposium.id)
    found = ctx.session.scalars(its).all()
    rows = tuple(_row(ctx, each) for each in found[page * PAGE : (page + 1) * PAGE])
    return Screen(
        _("My symposia"),
        () if found else (_("None is ahead that you are invited to."),),
        rows=rows,
        buttons=(*turn_pages("registrations.seats", page, len(found)), button(_("Home"), "home.show")),
    )


def _row(ctx: Context, symposium: Symposium) -> Row:
    registration = finding.registration_of(ctx.session, symposium.id, ctx.who.id)
    ref = Code(symposium.ref)
    led = select(Delegation.id).where(Delegation.symposium_id == symposium.id, Delegation.focal_id == ctx.who.id)
    delegations = tuple(
        button(_("My delegation"), "registrations.delegation", delegation=each) for each in ctx.session.scalars(led)
    )
    if registration is not None and registration.is_on:
        said = _("{ref} · {state}", ref=ref, state=registration.state)
        own = button(_("My programme"), "registrations.programme", style=Style.PRIMARY, symposium=symposium.id)
        return Row(finding.name(symposium), said, (own, *delegations))
    if symposium.takes_registrations(ctx.now):
        said = _("{ref} · registration is open", ref=ref)
        register_ = button(_("Register"), "registrations.register", style=Style.PRIMARY, symposium=symposium.id)
        return Row(finding.name(symposium), said, (register_, *delegations))
    return Row(finding.name(symposium), _("{ref} · registration is not open", ref=ref), delegations)


def on_programme(ctx: Context, symposium: Symposium) -> tuple[Button, ...]:
    """How one stands there oneself, or how one comes to stand there."""
    if symposium.state not in (SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED):
        return ()
    own = finding.registration_of(ctx.session, symposium.id, ctx.who.id)
    if own is not None and own.is_on:
        return (button(_("My programme"), "registrations.programme", symposium=symposium.id),)
    if symposium.takes_registrations(ctx.now) and _is_for(ctx, symposium):
        return (button(_("Register"), "registrations.register", style=Style.PRIMARY, symposium=symposium.id),)
    return ()


def on_symposium(ctx: Context, symposium: Symposium) -> tuple[Button, ...]:
    """The same, and how all stand for whoever runs it."""
    if symposium.state not in (SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED):
        return ()
    all_ = button(_("Registration"), "registrations.desk", symposium=symposium.id)
    return (*on_programme(ctx, symposium), *((all_,) if symposium.is_run_by(ctx.who) else ()))


ON_PROGRAMME.append(on_programme)
ON_SYMPOSIUM.append(on_symposium)


def _is_for(ctx: Context, symposium: Symposium) -> bool:
    """Whether whoever asks is of its audience."""
    theirs = Symposium.id == symposium.id, Symposium.open_to(ctx.who)
    return ctx.session.scalar(select(Symposium.id).where(*theirs)) is not None


@registrations.command("register", _("Register"), allow=members)
def register(ctx: Context, symposium: Symposium, small: bool | None = None) -> Screen:
    """For all of it. A business says whether it is small trade; for everybody else the class follows from what they
    are."""
    known = finding.registration_of(ctx.session, symposium.id, ctx.who.id)
    if known is not None and known.is_on:
        return cards.programme(ctx, symposium, known, _("You are registered already."))
    must_be_open(ctx, symposium)
    kind = class_of(ctx.who.kind, is_staff=ctx.who.is_staff)
    if kind is None and small is None:
        return _which(symposium)
    kind = kind or (Stakeholder.SMALL_TRADE if small else Stakeholder.TRADE)
    seating.hold(ctx.session, symposium.id)
    made = enter(ctx, symposium, ctx.who.id, kind, ctx.who.organisation_id)
    if made.state is RegistrationState.WAITING:
        return cards.programme(ctx, symposium, made, _("The symposium is full. You are on its waiting list."))
    lead = _("You are registered. Your code at the door is {code}.", code=Code(made.code))
    if cards.unanswered(ctx, symposium, made) or not finding.breakouts(ctx.session, symposium.id):
        return cards.programme(ctx, symposium, made, lead)
    return choosing.next_time(ctx, symposium, made, lead)


def _which(symposium: Symposium) -> Screen:
    def is_(label: Phrase, small: bool) -> Button:
        return button(label, "registrations.register", style=Style.PRIMARY, symposium=symposium.id, small=small)

    return Screen(
        _("Do you come for a small business?"),
        (finding.name(symposium), _("Seats may be kept for small trade. Say what is so: an officer may put it right.")),
        buttons=(is_(_("Yes, small trade"), True), is_(_("No"), False)),
    )


def must_be_open(ctx: Context, symposium: Symposium) -> None:
    """Raise `Refusal` where registration is not open, or not for them."""
    if not _is_for(ctx, symposium):
        raise Refusal(_("This symposium is for others."))
    if symposium.takes_registrations(ctx.now):
        return
    opens = symposium.registration_opens_at
    if opens is not None and opens > ctx.now:
        raise Refusal(_("Registration opens on {when}.", when=When(opens)))
    raise Refusal(_("Registration is not open."))


def enter(
    ctx: Context,
    symposium: Symposium,
    person_id: int,
    kind: Stakeholder,
    organisation_id: int | None,
    *,
    delegation_id: int | None = None,
) -> Registration:
    """A registration, anew or after a cancellation, with a place or in line for one. Held before."""
    offers.refill(ctx, symposium, [None])
    found = add(ctx, symposium, person_id, kind, organisation_id, delegation_id=delegation_id)
    if seating.take(ctx.session, symposium, found, None, at=ctx.now).state is SeatState.WAITING:
        keeping.watch(ctx, symposium)
    return found


def add(
    ctx: Context,
    symposium: Symposium,
    person_id: int,
    kind: Stakeholder,
    organisation_id: int | None,
    *,
    delegation_id: int | None = None,
) -> Registration:
    """The same without a place at the symposium: whoever adds it says why they come all the same."""
    found, code = finding.registration_of(ctx.session, symposium.id, person_id), unused_code(ctx)
    if found is None:
        found = Registration(
            administration_id=symposium.administration_id,
            symposium_id=symposium.id,
            person_id=person_id,
            answers={},
        )
        ctx.session.add(found)
    found.kind, found.organisation_id, found.delegation_id = kind, organisation_id, delegation_id
    found.code, found.state = code, RegistrationState.REGISTERED
    found.at, found.cancelled_at = ctx.now, None
    ctx.session.flush()
    for note in WHEN_REGISTERED:
        note(ctx, symposium)
    return found


def unused_code(ctx: Context) -> str:
    """A code that nobody has, at any symposium."""
    while True:
        code = new_code()
        if ctx.session.scalar(select(Registration.id).where(Registration.code == code)) is None:
            return code


@registrations.command("programme", _("My programme"), allow=members)
def programme(ctx: Context, symposium: Symposium) -> Screen:
    """What one is registered for."""
    return cards.programme(ctx, symposium, finding.own(ctx, symposium.id))


@registrations.command(
    "cancel",
    _("Cancel my registration"),
    allow=members,
    confirm=_("Cancel your registration? All of your seats and places in line go to others."),
)
def cancel(ctx: Context, symposium: Symposium) -> Screen:
    """All of it: what becomes free is offered to the next at once."""
    registration = finding.own(ctx, symposium.id)
    _must_not_be_needed(ctx, symposium, ctx.who.id)
    drop(ctx, symposium, registration)
    again = button(_("Register"), "registrations.register", symposium=symposium.id)
    return Screen(_("Your registration is cancelled."), (finding.name(symposium),), buttons=(again,))


def _must_not_be_needed(ctx: Context, symposium: Symposium, person_id: int) -> None:
    part = finding.part_of(ctx.session, symposium.id, person_id)
    if part is not None:
        raise Refusal(
            _("You are needed in a session of it. Say there first that you cannot come."),
            buttons=(button(_("What I am asked"), "symposia.part", style=Style.PRIMARY, part=part.id),),
        )


def drop(ctx: Context, symposium: Symposium, registration: Registration) -> None:
    """A registration that is over, whoever ends it."""
    seating.hold(ctx.session, symposium.id)
    targets: list[SymposiumSession | None] = []
    for seat in _open_seats(ctx, registration):
        if seat.session_id is None:
            targets.append(None)
        else:
            targets.append(ctx.session.get_one(SymposiumSession, seat.session_id))
        seating.leave(ctx.session, seat, SeatState.GIVEN_UP, at=ctx.now)
    ctx.session.execute(delete(Wish).where(Wish.registration_id == registration.id))
    registration.state, registration.cancelled_at = RegistrationState.CANCELLED, ctx.now
    ctx.session.flush()
    offers.refill(ctx, symposium, targets)


def _leaving(ctx: Context, person_id: int, administration_id: int) -> None:
    """Whoever leaves comes to none of its symposia that are still to end. Raises `Refusal` while they are needed."""
    theirs = Registration.person_id == person_id, Registration.administration_id == administration_id
    ahead = Symposium.state.in_((SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED))
    on = *theirs, Registration.state != RegistrationState.CANCELLED, ahead
    registered = select(Registration, Symposium).join(Symposium, Symposium.id == Registration.symposium_id)
    for registration, symposium in ctx.session.execute(registered.where(*on).order_by(Registration.id)).all():
        _must_not_be_needed(ctx, symposium, person_id)
        drop(ctx, symposium, registration)


WHEN_LEAVING.append(_leaving)


def _open_seats(ctx: Context, registration: Registration) -> Sequence[Seat]:
    mine = Seat.registration_id == registration.id, Seat.state.in_((*TAKEN, SeatState.WAITING))
    return ctx.session.scalars(select(Seat).where(*mine).order_by(Seat.id)).all()
