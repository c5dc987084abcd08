"""What whoever runs a symposium sees of its registration: numbers, pictures, people, and who waits where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import Bars, Button, Fact, Picture, Row, Screen, Style, button
from bot.kit.text import Phrase, Raw, Text, _, ngettext, phrase_of
from db.people import Organisation, Person, Sector
from db.registrations import OPEN, TAKEN, Registration, RegistrationState, Seat, SeatState, Stakeholder
from db.symposia import SessionPart, Symposium, SymposiumSession
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called
from scheduling.seats import Held, Waiting, chain

from . import finding, offers, seating
from .room import registrations, runs
from .setting import must_run

MOST_BARS = 12


@registrations.command("desk", _("Registration"), allow=runs)
def desk(ctx: Context, symposium: Symposium) -> Screen:
    """How many have registered, of which class, and how full the break-outs are."""
    return desk_screen(ctx, symposium, None)


def desk_screen(ctx: Context, symposium: Symposium, lead: Phrase | None) -> Screen:
    count = _count(ctx, symposium)
    settings = finding.seating_of(ctx.session, symposium.id)
    to_give: tuple[Button, ...] = ()
    if settings is not None and settings.is_by_wishes:
        to_give = (_does(symposium, _("Give the seats"), "allocate", Style.PRIMARY),)
    by_class = tuple(
        (phrase_of(kind), (count[kind, RegistrationState.REGISTERED], count[kind, RegistrationState.WAITING]))
        for kind in Stakeholder
    )
    total = sum(count[kind, RegistrationState.REGISTERED] for kind in Stakeholder)
    waits = sum(count[kind, RegistrationState.WAITING] for kind in Stakeholder)
    parts = _("registered"), _("waiting")
    without = _without_place(ctx, symposium)
    return Screen(
        lead or _("Registration"),
        (finding.name(symposium),),
        tuple(
            each
            for each in (
                Fact(_("Registered"), total),
                Fact(_("On the waiting list"), waits) if waits else None,
                Fact(_("Of them for a session they give, beyond the places"), without) if without else None,
                Fact(_("Places"), symposium.capacity) if symposium.capacity is not None else None,
            )
            if each is not None
        ),
        pictures=(
            Picture(_("Registered, by class"), Bars(parts, by_class)),
            *_sessions_picture(ctx, symposium),
        ),
        buttons=(
            *to_give,
            _does(symposium, _("Who comes"), "people"),
            _does(symposium, _("Break-outs"), "rooms"),
            _does(symposium, _("By sector and region"), "origins"),
            _does(symposium, _("How seats are given"), "seating"),
            _does(symposium, _("Seats by class"), "kinds"),
            _does(symposium, _("Delegations"), "delegations"),
            _does(symposium, _("Questions"), "questions"),
        ),
    )


def _does(symposium: Symposium, label: Phrase, verb: str, style: Style = Style.PLAIN) -> Button:
    return Button(label, f"registrations.{verb}", {"symposium": symposium.id}, style)


def _without_place(ctx: Context, symposium: Symposium) -> int:
    """Who is registered for what they give, and takes no place that others could have."""
    own = Seat.symposium_id == symposium.id, Seat.session_id.is_(None), Seat.state.in_(TAKEN)
    its = Registration.symposium_id == symposium.id, Registration.state == RegistrationState.REGISTERED
    gives = Registration.person_id.in_(select(SessionPart.person_id).where(*finding.given_by(symposium.id)))
    has_none = Registration.id.not_in(select(Seat.registration_id).where(*own))
    return ctx.session.scalar(select(func.count()).select_from(Registration).where(*its, gives, has_none)) or 0


def _count(ctx: Context, symposium: Symposium) -> Counter[tuple[Stakeholder, RegistrationState]]:
    rows = ctx.session.execute(
        select(Registration.kind, Registration.state, func.count())
        .where(Registration.symposium_id == symposium.id)
        .group_by(Registration.kind, Registration.state)
    )
    return Counter({(kind, state): count for kind, state, count in rows})


def _sessions_picture(ctx: Context, symposium: Symposium) -> tuple[Picture, ...]:
    rows = ctx.session.execute(
        select(Seat.session_id, Seat.state, func.count())
        .where(Seat.symposium_id == symposium.id, Seat.state.in_(OPEN), Seat.session_id.is_not(None))
        .group_by(Seat.session_id, Seat.state)
    )
    count = Counter({(session, state): number for session, state, number in rows})
    bars = tuple(
        (finding.title(each), tuple(count[each.id, state] for state in OPEN))
        for each in finding.breakouts(ctx.session, symposium.id)[:MOST_BARS]
        if any(count[each.id, state] for state in OPEN)
    )
    parts = _("seats"), _("offered"), _("waiting")
    return (Picture(_("Break-outs"), Bars(parts, bars)),) if bars else ()


@registrations.command("origins", _("By sector and region"), allow=runs)
def origins(ctx: Context, symposium: Symposium) -> Screen:
    """Where those who registered come from."""
    rows = ctx.session.execute(
        select(Person.sector, Person.region, Registration.state)
        .join(Registration, Registration.person_id == Person.id)
        .where(Registration.symposium_id == symposium.id, Registration.state != RegistrationState.CANCELLED)
    ).all()
    states = RegistrationState.REGISTERED, RegistrationState.WAITING
    sectors = Counter((sector, state) for sector, _region, state in rows)
    regions = Counter((region, state) for _sector, region, state in rows)
    by_sector: list[tuple[Text, tuple[int, ...]]] = [
        (phrase_of(sector), tuple(sectors[sector, state] for state in states))
        for sector in Sector
        if any(sectors[sector, state] for state in states)
    ]
    if any(sectors[None, state] for state in states):
        by_sector.append((_("no sector stated"), tuple(sectors[None, state] for state in states)))
    known = sorted({region for region, _state in regions if region is not None})
    by_region: list[tuple[Text, tuple[int, ...]]] = [
        (Raw(region), tuple(regions[region, state] for state in states)) for region in known
    ]
    if any(regions[None, state] for state in states):
        by_region.append((_("no region stated"), tuple(regions[None, state] for state in states)))
    parts = _("registered"), _("waiting")
    return Screen(
        _("By sector and region"),
        (finding.name(symposium),) if rows else (_("Nobody has registered yet."),),
        pictures=(
            Picture(_("Registered, by sector"), Bars(parts, tuple(by_sector))),
            Picture(_("Registered, by region"), Bars(parts, tuple(by_region))),
        )
        if rows
        else (),
        buttons=(_does(symposium, _("Registration"), "desk"),),
    )


@registrations.command("people", _("Who comes"), allow=runs, reads=runs)
def people(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """By name, with organisation and class; a class that is not right can be put right."""
    return people_screen(ctx, symposium, None, page=page)


def people_screen(ctx: Context, symposium: Symposium, lead: Phrase | None, *, page: int = 0) -> Screen:
    its = Registration.symposium_id == symposium.id, Registration.state != RegistrationState.CANCELLED
    total = ctx.session.scalar(select(func.count()).select_from(Registration).where(*its)) or 0
    rows = ctx.session.execute(
        select(Registration, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Registration.organisation_id)
        .where(*its)
        .order_by(Registration.id)
        .offset(page * PAGE)
        .limit(PAGE)
    ).all()
    names = called(ctx.session, {each.person_id for each, _organisation in rows})
    return Screen(
        lead or _("Who comes"),
        (ngettext("{count} registration", "{count} registrations", total),),
        rows=tuple(
            Row(
                _("{name}, {organisation}", name=names[each.person_id], organisation=organisation)
                if organisation
                else names[each.person_id],
                _("{kind} · {state}", kind=each.kind, state=each.state),
                (button(_("Put the class right"), "registrations.correct", registration=each.id),),
            )
            for each, organisation in rows
        ),
        buttons=(
            *turn_pages("registrations.people", page, total, symposium=symposium.id),
            _does(symposium, _("Registration"), "desk"),
        ),
    )


@registrations.form("correct", _("Put the class right"), allow=runs)
class Correct(Form):
    """Whoever runs the symposium says otherwise than the person did. Seats they have stay theirs."""

    registration: Registration = ask.about()
    kind: Stakeholder = ask.choice(_("As what do they count?"))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_run(ctx, ctx.session.get_one(Symposium, bound["registration"].symposium_id))

    def submit(self, ctx: Context) -> Screen:
        symposium = ctx.session.get_one(Symposium, self.registration.symposium_id)
        seating.hold(ctx.session, symposium.id)
        self.registration.kind, self.registration.corrected_by_id = self.kind, ctx.who.id
        theirs = select(Seat).where(Seat.registration_id == self.registration.id, Seat.state.in_(OPEN))
        targets: list[SymposiumSession | None] = []
        for seat in ctx.session.scalars(theirs.execution_options(populate_existing=True)):
            seat.kind = self.kind
            targets.append(ctx.session.get(SymposiumSession, seat.session_id) if seat.session_id is not None else None)
        ctx.session.flush()
        offers.refill(ctx, symposium, targets)
        told = Screen(
            _("The organiser has put right as what you count at a symposium."),
            (finding.name(symposium), phrase_of(self.kind)),
            buttons=(button(_("My programme"), "registrations.programme", symposium=symposium.id),),
        )
        once = f"registration:{self.registration.id}:class:{self.registration.version}"
        ctx.notify(self.registration.person_id, told, once=once)
        return people_screen(ctx, symposium, _("Put right, and told to them."))


@registrations.command("rooms", _("Break-outs"), allow=runs)
def rooms(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """How full each is, and how many wait."""
    found = finding.breakouts(ctx.session, symposium.id)
    rows = tuple(
        Row(
            finding.title(each),
            _fullness(ctx, symposium, each),
            (
                button(_("Who has a seat"), "registrations.sitting", session=each.id),
                button(_("Who waits"), "registrations.line", session=each.id),
            ),
        )
        for each in found[page * PAGE : (page + 1) * PAGE]
    )
    return Screen(
        _("Break-outs"),
        (finding.name(symposium),),
        rows=rows,
        buttons=(
            *turn_pages("registrations.rooms", page, len(found), symposium=symposium.id),
            _does(symposium, _("Registration"), "desk"),
        ),
    )


def _fullness(ctx: Context, symposium: Symposium, session: SymposiumSession) -> Phrase:
    total = seating.places(ctx.session, symposium, session).total
    taken = len(seating.sitting(ctx.session, symposium.id, session))
    waiting = len(seating.line(ctx.session, symposium.id, session))
    if total is None:
        return _("{taken} seats taken, no limit", taken=taken)
    return _("{taken} of {total} seats taken, {waiting} waiting", taken=taken, total=total, waiting=waiting)


@registrations.command("sitting", _("Who has a seat"), allow=runs, reads=runs)
def sitting(ctx: Context, session: SymposiumSession, page: int = 0) -> Screen:
    """Of one break-out."""
    symposium = finding.symposium_of(ctx, session)
    must_run(ctx, symposium)
    rows = ctx.session.execute(
        select(Seat, Registration.person_id)
        .join(Registration, Registration.id == Seat.registration_id)
        .where(Seat.session_id == session.id, Seat.state.in_((SeatState.HELD, SeatState.OFFERED)))
        .order_by(Seat.at, Seat.id)
    ).all()
    shown = rows[page * PAGE : (page + 1) * PAGE]
    names = called(ctx.session, {person for _seat, person in shown})
    return Screen(
        finding.title(session),
        (_fullness(ctx, symposium, session),),
        rows=tuple(
            Row(names[person], _("{kind} · {state}", kind=seat.kind, state=seat.state)) for seat, person in shown
        ),
        buttons=(
            *turn_pages("registrations.sitting", page, len(rows), session=session.id),
            _does(symposium, _("Break-outs"), "rooms"),
        ),
    )


@registrations.command("line", _("Who waits"), allow=runs, reads=runs)
def line(ctx: Context, session: SymposiumSession, page: int = 0) -> Screen:
    """In order; and what one free seat would set going, if all agree."""
    symposium = finding.symposium_of(ctx, session)
    must_run(ctx, symposium)
    waiting = seating.line(ctx.session, symposium.id, session)
    shown = waiting[page * PAGE : (page + 1) * PAGE]
    people = _people_of(ctx, [each.registration_id for each in shown])
    names = called(ctx.session, set(people.values()))
    rows = tuple(
        Row(
            _("{number}. {name}", number=page * PAGE + number, name=names[people[each.registration_id]]),
            phrase_of(each.kind),
        )
        for number, each in enumerate(shown, 1)
    )
    return Screen(
        finding.title(session),
        (
            ngettext("{count} waits", "{count} wait", len(waiting)),
            *(_chain(ctx, symposium, session) if waiting and page == 0 else ()),
        ),
        rows=rows,
        buttons=(
            *turn_pages("registrations.line", page, len(waiting), session=session.id),
            _does(symposium, _("Break-outs"), "rooms"),
        ),
    )


def _people_of(ctx: Context, registrations_: Sequence[int]) -> dict[int, int]:
    its = select(Registration.id, Registration.person_id).where(Registration.id.in_(registrations_))
    return dict(ctx.session.execute(its).all())


def _chain(ctx: Context, symposium: Symposium, released: SymposiumSession) -> tuple[Phrase, ...]:
    """Who would move where if one of its seats became free."""
    sessions = {each.id: each for each in finding.breakouts(ctx.session, symposium.id)}
    open_ = select(Seat).where(Seat.symposium_id == symposium.id, Seat.state.in_(OPEN), Seat.session_id.is_not(None))
    seats = [each for each in ctx.session.scalars(open_) if each.session_id in sessions]
    held: dict[int, list[Held]] = {each: [] for each in sessions}
    theirs: dict[int, list[int]] = {}
    for seat in seats:
        if seat.state is not SeatState.WAITING:
            held[seat.session_id or 0].append(Held(seat.kind.value, seat.organisation_id))
        if seat.state is SeatState.HELD:
            theirs.setdefault(seat.registration_id, []).append(seat.session_id or 0)
    if not held[released.id]:
        return ()
    held[released.id].pop()
    lines: dict[int, list[Waiting]] = {each: [] for each in sessions}
    for seat in seats:
        if seat.state is SeatState.WAITING:
            here = sessions[seat.session_id or 0]
            left = [
                each
                for each in theirs.get(seat.registration_id, ())
                if finding.overlap(sessions[each], here) or finding.root(sessions[each]) == finding.root(here)
            ]
            one = Waiting(seat.registration_id, seat.place, Held(seat.kind.value, seat.organisation_id), tuple(left))
            lines[here.id].append(one)
    places = {each.id: seating.places(ctx.session, symposium, each) for each in sessions.values()}
    steps = chain(places, held, lines, released.id)[:PAGE]
    people = _people_of(ctx, [each.who for each in steps])
    names = called(ctx.session, set(people.values()))
    said = [
        _("{name} would get {title}", name=names[people[each.who]], title=finding.title(sessions[each.session]))
        for each in steps
    ]
    return (_("If one seat becomes free and all agree:"), *said) if said else ()
