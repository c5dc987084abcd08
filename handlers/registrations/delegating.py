"""Delegations: so many places that an organisation fills itself; and substitutes, whose seats and calendar follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, select

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, NotFound, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _, name_members, ngettext
from db.people import Mandate, Organisation, Person, Standing
from db.registrations import (
    Delegation,
    Registration,
    RegistrationState,
    Seat,
    SeatState,
    Stakeholder,
    Wish,
    class_of,
)
from db.symposia import Symposium
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called

from . import finding, giving, offers, registering, seating
from .room import members, registrations, runs

OPTIONS, MOST_PLACES = 20, 500


class Size(StrEnum):
    SMALL = "small"
    LARGER = "larger"


name_members({Size.SMALL: _("A small one"), Size.LARGER: _("A larger one")})


def focal_points(ctx: Context, query: str) -> Sequence[Option]:
    """Whoever speaks for an organisation, with its name."""
    wanted = clean_line(query).casefold()
    rows = ctx.session.execute(
        select(Person.id, Person.name, Organisation.name)
        .join(Mandate, Mandate.person_id == Person.id)
        .join(Organisation, Organisation.id == Mandate.organisation_id)
        .where(Person.visible_to(ctx.who), Organisation.standing == Standing.VERIFIED)
        .where(Organisation.visible_to(ctx.who), Mandate.in_force(ctx.now), Mandate.confirmed_by_id.is_not(None))
        .order_by(Organisation.name, Person.name)
    )
    offered = [(str(id_), f"{name}, {organisation}") for id_, name, organisation in rows]
    return [Option(value, Raw(name)) for value, name in offered if wanted == value or wanted in name.casefold()][
        :OPTIONS
    ]


def colleagues(ctx: Context, query: str) -> Sequence[Option]:
    """Those who speak for the same organisation, others than oneself."""
    return [each for each in nominees(ctx, query) if each.value != str(ctx.who.id)]


def nominees(ctx: Context, query: str) -> Sequence[Option]:
    """All who speak for the same organisation."""
    wanted = clean_line(query).casefold()
    rows = ctx.session.execute(_colleagues(ctx).order_by(Person.name, Person.id))
    found = [(str(row.id), row.name) for row in rows]
    return [Option(value, Raw(name)) for value, name in found if wanted == value or wanted in name.casefold()][:OPTIONS]


def _colleagues(ctx: Context) -> Select[int, str]:
    return (
        select(Person.id, Person.name)
        .join(Mandate, Mandate.person_id == Person.id)
        .where(Mandate.organisation_id == (ctx.who.organisation_id or 0), Mandate.in_force(ctx.now))
        .where(Mandate.confirmed_by_id.is_not(None), Person.erased_at.is_(None), Person.registered_at.is_not(None))
        .distinct()
    )


@registrations.form("delegate", _("Invite a delegation"), allow=runs)
class Delegate(Form):
    """An organisation is given places; its focal point says who comes."""

    symposium: Symposium = ask.about()
    focal: str = ask.pick(
        _("Who is the focal point?"), options=focal_points, hint=_("Type a part of the name or of the organisation.")
    )
    places: int = ask.number(_("How many places are theirs?"), least=1, most=MOST_PLACES)

    def submit(self, ctx: Context) -> Screen:
        person = ctx.session.get(Person, int(self.focal))
        speaks = ctx.who_is(person) if person is not None else None
        if person is None or speaks is None or speaks.organisation_id is None:
            raise Refusal(_("They speak for no organisation."), field="focal")
        its = Delegation.symposium_id == self.symposium.id, Delegation.organisation_id == speaks.organisation_id
        known = ctx.session.scalar(select(Delegation).where(*its))
        if known is None:
            known = Delegation(
                administration_id=self.symposium.administration_id,
                symposium_id=self.symposium.id,
                organisation_id=speaks.organisation_id,
                at=ctx.now,
            )
            ctx.session.add(known)
        known.focal_id, known.places, known.at = person.id, self.places, ctx.now
        ctx.session.flush()
        once = f"delegation:{known.id}:{ctx.now:%Y%m%d%H%M%S}"
        ctx.notify(person, _card(ctx, known, _("Your organisation is invited to a symposium.")), once=once)
        return delegations_screen(ctx, self.symposium, _("Invited. Their focal point says who comes."))


@registrations.command("delegations", _("Delegations"), allow=runs, reads=runs)
def delegations(ctx: Context, symposium: Symposium) -> Screen:
    """Which organisations fill places themselves, and how far they are."""
    return delegations_screen(ctx, symposium, None)


def delegations_screen(ctx: Context, symposium: Symposium, lead: Phrase | None) -> Screen:
    found = ctx.session.scalars(
        select(Delegation).where(Delegation.symposium_id == symposium.id).order_by(Delegation.id)
    ).all()
    names = called(ctx.session, {each.focal_id for each in found})
    rows = tuple(
        Row(
            Raw(ctx.session.get_one(Organisation, each.organisation_id).name),
            _(
                "{name} · {taken} of {places} places taken",
                name=names[each.focal_id],
                taken=len(_members(ctx, each)),
                places=each.places,
            ),
        )
        for each in found
    )
    return Screen(
        lead or _("Delegations"),
        () if rows else (_("No organisation fills places itself."),),
        rows=rows,
        buttons=(
            button(_("Invite a delegation"), "registrations.delegate", symposium=symposium.id),
            button(_("Registration"), "registrations.desk", symposium=symposium.id),
        ),
    )


def _members(ctx: Context, delegation: Delegation) -> Sequence[Registration]:
    its = Registration.delegation_id == delegation.id, Registration.state != RegistrationState.CANCELLED
    return ctx.session.scalars(select(Registration).where(*its).order_by(Registration.id)).all()


@registrations.command("delegation", _("My delegation"), allow=members)
def delegation_(ctx: Context, delegation: Delegation, page: int = 0) -> Screen:
    """Who comes for one's organisation."""
    _must_lead(ctx, delegation)
    return _card(ctx, delegation, None, page=page)


def _must_lead(ctx: Context, delegation: Delegation) -> None:
    if delegation.focal_id != ctx.who.id or delegation.organisation_id != ctx.who.organisation_id:
        raise NotFound()


def _card(ctx: Context, delegation: Delegation, lead: Phrase | None, *, page: int = 0) -> Screen:
    symposium = ctx.session.get_one(Symposium, delegation.symposium_id)
    found = _members(ctx, delegation)
    shown = found[page * PAGE : (page + 1) * PAGE]
    names = called(ctx.session, {each.person_id for each in shown})
    rows = tuple(
        Row(
            names[each.person_id],
            _("{state}", state=each.state),
            (button(_("Send a substitute"), "registrations.substitute", registration=each.id),),
        )
        for each in shown
    )
    left = delegation.places - len(found)
    nominate: tuple[Button, ...] = (
        button(_("Nominate"), "registrations.nominate", style=Style.PRIMARY, delegation=delegation.id),
    )
    return Screen(
        lead or _("Your delegation"),
        (finding.name(symposium), ngettext("{count} place is left.", "{count} places are left.", left)),
        rows=rows,
        buttons=(
            *(nominate if left > 0 else ()),
            *turn_pages("registrations.delegation", page, len(found), delegation=delegation.id),
        ),
    )


@registrations.form("nominate", _("Nominate"), allow=members)
class Nominate(Form):
    """Somebody of one's own organisation, oneself too: registered, and told at once."""

    delegation: Delegation = ask.about()
    whom: str = ask.pick(_("Who comes?"), options=nominees, hint=_("Whoever speaks for your organisation in Parley."))
    size: Size | None = ask.choice(_("If you are a business: which?"), optional=True)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        delegation = bound["delegation"]
        _must_lead(ctx, delegation)
        if len(_members(ctx, delegation)) >= delegation.places:
            raise Refusal(_("All places of your delegation are taken."))

    def submit(self, ctx: Context) -> Screen:
        delegation = self.delegation
        symposium = ctx.session.get_one(Symposium, delegation.symposium_id)
        seating.hold(ctx.session, symposium.id)
        if len(_members(ctx, delegation)) >= delegation.places:
            raise Refusal(_("All places of your delegation are taken."))
        person = ctx.session.get_one(Person, int(self.whom))
        known = finding.registration_of(ctx.session, symposium.id, person.id)
        if known is not None and known.is_on:
            raise Refusal(_("They are registered already."), field="whom")
        kind = class_of(ctx.who.organisation_kind, is_staff=False)
        if kind is None:
            kind = Stakeholder.SMALL_TRADE if self.size is Size.SMALL else Stakeholder.TRADE
        made = registering.enter(
            ctx, symposium, person.id, kind, delegation.organisation_id, delegation_id=delegation.id
        )
        if person.id != ctx.who.id:
            _welcome(ctx, symposium, made, _("{name} has nominated you for a symposium.", name=ctx.who.name))
        return _card(ctx, delegation, _("Nominated: {name}.", name=Raw(person.name)))


def _welcome(ctx: Context, symposium: Symposium, registration: Registration, lead: Phrase) -> None:
    told = Screen(
        lead,
        (finding.name(symposium), _("Your code at the door is {code}.", code=Code(registration.code))),
        buttons=(button(_("My programme"), "registrations.programme", style=Style.PRIMARY, symposium=symposium.id),),
    )
    ctx.notify(registration.person_id, told, once=f"registration:{registration.id}:welcome:{registration.code}")


@registrations.form("substitute", _("Send a substitute"), allow=members)
class Substitute(Form):
    """A colleague takes over seats, places in line and calendar; the code is a new one."""

    registration: Registration = ask.about()
    whom: str = ask.pick(
        _("Who comes instead?"), options=colleagues, hint=_("Whoever speaks for your organisation in Parley.")
    )

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        registration = bound["registration"]
        if registration.person_id != ctx.who.id:
            led = ctx.session.get(Delegation, registration.delegation_id or 0)
            if led is None:
                raise NotFound()
            _must_lead(ctx, led)
        if not registration.is_on:
            raise Refusal(_("This registration is cancelled."))
        if ctx.who.organisation_id is None or registration.organisation_id != ctx.who.organisation_id:
            raise Refusal(_("Only for an organisation you both speak for can somebody come in another's place."))

    def submit(self, ctx: Context) -> Screen:
        registration = self.registration
        symposium = ctx.session.get_one(Symposium, registration.symposium_id)
        seating.hold(ctx.session, symposium.id)
        person = ctx.session.get_one(Person, int(self.whom))
        known = finding.registration_of(ctx.session, symposium.id, person.id)
        if known is not None and known.is_on:
            raise Refusal(_("They are registered already."), field="whom")
        if known is not None:
            _forget(ctx, known)
        before = registration.person_id
        registration.replaces_id, registration.person_id = before, person.id
        registration.code, registration.answers = registering.unused_code(ctx), {}
        ctx.session.flush()
        if offered := _offered(ctx, registration):
            ctx.withdraw([before], begin=[f"seat:{seat}:" for seat in offered])
        _welcome(
            ctx,
            symposium,
            registration,
            _("You come to a symposium in the place of {name}.", name=called(ctx.session, {before})[before]),
        )
        offers.tell_again(ctx, symposium, registration)
        giving.answered(ctx, symposium, before)  # who speaks there comes all the same
        lead = _("{name} comes instead, with all seats.", name=Raw(person.name))
        if before == ctx.who.id:
            return Screen(lead, (finding.name(symposium),), buttons=(button(_("My symposia"), "registrations.seats"),))
        told = Screen(
            _("A colleague comes to a symposium in your place."),
            (finding.name(symposium), Raw(person.name)),
            buttons=(button(_("My symposia"), "registrations.seats"),),
        )
        ctx.notify(before, told, once=f"registration:{registration.id}:replaced:{registration.code}")
        return _card(ctx, ctx.session.get_one(Delegation, registration.delegation_id), lead)


def _offered(ctx: Context, registration: Registration) -> Sequence[int]:
    theirs = Seat.registration_id == registration.id, Seat.state == SeatState.OFFERED
    return ctx.session.scalars(select(Seat.id).where(*theirs)).all()


def _forget(ctx: Context, registration: Registration) -> None:
    """A registration that was cancelled makes way: one person has one at a symposium."""
    for table in (Seat, Wish):
        ctx.session.execute(delete(table).where(table.registration_id == registration.id))
    ctx.session.delete(registration)
    ctx.session.flush()
