"""The regions, for everybody: who belongs to one, what time it is there, who leads it, and who has borne bad hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.screen import Button, Fact, NotFound, Row, Screen, Style, Table, button
from bot.kit.text import Phrase, Raw, _, ngettext
from db.people import Person, Role, Scope
from db.regions import OFFICE_ROLES, Borne, Office, Term
from handlers.paging import PAGE, turn_pages
from handlers.people import called
from handlers.people.zones import last_day
from scheduling import meetings
from scheduling import regions as world
from scheduling.deadlines import Closed

from . import bearing
from .room import (
    country,
    home_regions,
    must_be_region,
    office_staff,
    region_name,
    regions,
    sitting,
    working_week,
)

HOLIDAYS, LOOK_AHEAD = 3, 200  # so many, within so many days
LINES = 12  # of the ledger on one page


@regions.command("region", _("My region"), allow=allow.members, menu=55)
def region(ctx: Context, code: str = "") -> Screen:
    """The region this administration belongs to, or another; one of none is shown them all."""
    code = code or next(iter(home_regions(ctx)), "")
    return card(ctx, must_be_region(code)) if code else _all()


def card(ctx: Context, code: str) -> Screen:
    """A region as it stands."""
    office, members = sitting(ctx, code), world.of((code,))
    return Screen(
        region_name(code),
        (ngettext("{count} member", "{count} members", len(members)), *_office(ctx, office)),
        rows=_roster(ctx, office) if office is not None else (),
        buttons=(
            button(_("Members and their time"), "regions.members", code=code),
            button(_("Ledger of hours"), "regions.ledger", code=code),
            *_for_the_office(ctx, code, office),
            *((button(_("Calendars for everybody"), "calendars.everybodys"),) if code in home_regions(ctx) else ()),
            button(_("All regions"), "regions.every"),
        ),
    )


@regions.command("every", _("All regions"), allow=allow.members)
def every(ctx: Context) -> Screen:
    """The six of them."""
    return _all()


def _all() -> Screen:
    rows = tuple(
        Row(
            region_name(code),
            ngettext("{count} member", "{count} members", len(world.of((code,)))),
            (button(_("Look"), "regions.region", code=code),),
        )
        for code in world.REGIONS
    )
    return Screen(_("The regions of the World Customs Organization"), rows=rows)


@regions.command("members", _("Members and their time"), allow=allow.members)
def members(ctx: Context, code: str, page: int = 0) -> Screen:
    """What time it is with each of them, on which days they work, and their next holiday."""
    language = ctx.who.language
    those = sorted(
        world.of((must_be_region(code),)), key=lambda each: country(each.code).names.get(language, each.code)
    )
    rows = tuple(
        Row(country(each.code), _line(ctx, each), (button(_("More"), "regions.member", code=code, member=each.code),))
        for each in those[page * PAGE : (page + 1) * PAGE]
    )
    return Screen(
        _("Members of {region}", region=region_name(code)),
        rows=rows,
        buttons=(
            *turn_pages("regions.members", page, len(those), code=code),
            button(_("Back"), "regions.region", code=code),
        ),
    )


@regions.command("member", _("A member"), allow=allow.members, reads=office_staff)
def member(ctx: Context, code: str, member: str) -> Screen:
    """One member; the region's office also sees who speaks for it."""
    found = next((each for each in world.of((must_be_region(code),)) if each.code == member), None)
    if found is None:
        raise NotFound(_("That country is no member of this region."))
    local = ctx.now.astimezone(ZoneInfo(found.zone))
    facts = [
        Fact(_("Time there"), _("{time}, {day}", time=local.time().replace(tzinfo=None), day=local.date())),
        Fact(_("Works"), working_week(found)),
        *(Fact(_("Holiday"), _("{day}: {name}", day=day, name=name)) for day, name in _holidays(ctx, found)),
    ]
    if found.keeps_ramadan:
        facts.append(Fact(_("Shorter hours in Ramadan"), True))
    rows: tuple[Row, ...] = ()
    if office_staff(ctx.who, _At(code)):
        speaking = bearing.in_force(ctx.session, ctx.who.administration_id, code, at=ctx.now)
        theirs = [each for each in speaking if each.country == member]
        names = called(ctx.session, {each.person_id for each in theirs})
        rows = tuple(
            Row(
                names[each.person_id],
                _("{side} · until {when}", side=each.side, when=last_day(ctx, each.ends_at)),
                (button(_("They no longer speak for it"), "regions.unseat", representative=each.id),),
            )
            for each in theirs
        )
    name_one = button(_("Name who speaks for it"), "regions.seat", office=_office_id(ctx, code), country=member)
    return Screen(
        country(member),
        facts=tuple(facts),
        rows=rows,
        buttons=(
            *((name_one,) if name_one.args["office"] else ()),
            button(_("Back"), "regions.members", code=code),
        ),
    )


@regions.command("ledger", _("Ledger of hours"), allow=allow.members)
def ledger(ctx: Context, code: str, year: int = 0, page: int = 0) -> Screen:
    """What each has borne in a year of meetings, published to all: who bore most comes first."""
    year = year or bearing.year_of(ctx.now)
    ours = Borne.region == must_be_region(code), Borne.visible_to(ctx.who)
    lines = ctx.session.scalars(
        select(Borne).where(*ours, Borne.year == year).order_by(Borne.points.desc(), Borne.attendee)
    ).all()
    years = set(ctx.session.scalars(select(Borne.year).where(*ours).distinct()))
    shown = lines[page * LINES : (page + 1) * LINES]
    past = bearing.history(ctx.session, ctx.who.administration_id, code)
    keys = [each.attendee for each in lines]
    brought = meetings.carried(past, year, keys)
    names = bearing.called(ctx.session, [each.attendee for each in shown])
    table = Table(
        _("Points (nights) in {year}", year=Raw(str(year))),
        (_("Who"), _("Carried over"), _("This year"), _("Nights")),
        tuple((names[each.attendee], brought[each.attendee], each.points, each.nights) for each in shown),
    )
    others = (
        button(_("The year {year}", year=Raw(str(each))), "regions.ledger", code=code, year=each)
        for each in (year - 1, year + 1)
        if each in years
    )
    return Screen(
        _("Who has borne bad hours in {region}", region=region_name(code)),
        (EXPLAINED,) if lines else (EXPLAINED, _("No meeting of this year has been held yet.")),
        facts=(
            (Fact(_("Meetings"), max(each.meetings for each in lines)), Fact(_("Gini"), _gini(lines))) if lines else ()
        ),
        table=table if lines else None,
        buttons=(
            *turn_pages("regions.ledger", page, len(lines), LINES, code=code, year=year),
            *others,
            button(_("Back"), "regions.region", code=code),
        ),
    )


EXPLAINED = _(
    "A meeting costs nothing from 9 to 17 by one's own clock, 1 to 4 points early and late, 8 at night, and 8 more on a"
    " day off. Half of a year's points are carried into the next. The Gini coefficient is shown, never aimed at: it is"
    " best where all suffer alike."
)


class _At:
    """A region, for a rule to be asked about."""

    def __init__(self, code: str) -> None:
        self.region = code


def _office(ctx: Context, office: Office | None) -> tuple[Phrase, ...]:
    if office is None:
        return (_("No Vice-Chair's office of this region is set up here."),)
    return (
        _(
            "The Vice-Chair's office is with {country} until {when}.",
            country=country(office.country),
            when=last_day(ctx, office.until),
        ),
    )


def roster(ctx: Context, code: str, *, at: datetime | None = None) -> list[Role]:
    """The roles over a region that are in force, now or at another instant, the Vice-Chair's first."""
    held = select(Role).where(
        Role.administration_id == ctx.who.administration_id,
        Role.scope == Scope.REGION,
        Role.scope_id == code,
        Role.name.in_(OFFICE_ROLES),
        Role.in_force(at or ctx.now),
        Role.person_id.in_(select(Person.id).where(Person.erased_at.is_(None))),
    )
    found = ctx.session.scalars(held.order_by(Role.id)).all()
    return sorted(found, key=lambda role: OFFICE_ROLES.index(role.name))


def _roster(ctx: Context, office: Office) -> tuple[Row, ...]:
    posts = roster(ctx, office.region)
    names = called(ctx.session, {each.person_id for each in posts})
    return tuple(
        Row(
            names[each.person_id],
            _("{role} · until {when}", role=each.name, when=last_day(ctx, each.ends_at)),
            (button(_("End the term"), "regions.end_term", office=office.id, role=each.id),),
        )
        for each in posts
    )


def _for_the_office(ctx: Context, code: str, office: Office | None) -> tuple[Button, ...]:
    """What the office does, and an administrator for it."""
    if office is None:
        return (button(_("Set up the Vice-Chair's office"), "regions.set_up", style=Style.PRIMARY, region=code),)
    coming = sitting(ctx, code, term=Term.NAMED)
    return (
        button(_("Appoint somebody"), "regions.appoint", office=office.id),
        button(_("Who speaks for members"), "regions.seats", office=office.id),
        button(_("See what is handed over"), "regions.review", office=coming.id)
        if coming is not None
        else button(_("Hand over to the next office"), "regions.hand_over", office=office.id),
    )


def _office_id(ctx: Context, code: str) -> int:
    office = sitting(ctx, code)
    return office.id if office is not None else 0


def _line(ctx: Context, each: world.Member) -> Phrase:
    clock = ctx.now.astimezone(ZoneInfo(each.zone)).time().replace(tzinfo=None)
    is_open, coming = each.week.is_open(ctx.now), _holidays(ctx, each)
    if coming:
        day, name = coming[0]
        if is_open:
            return _("{clock} · offices open · next holiday {day}: {name}", clock=clock, day=day, name=name)
        return _("{clock} · offices closed · next holiday {day}: {name}", clock=clock, day=day, name=name)
    return _("{clock} · offices open", clock=clock) if is_open else _("{clock} · offices closed", clock=clock)


def _holidays(ctx: Context, each: world.Member) -> list[tuple[date, Raw]]:
    today = ctx.now.astimezone(ZoneInfo(each.zone)).date()
    days = (each.week.day_off(today + timedelta(days=ahead), ctx.who.language) for ahead in range(LOOK_AHEAD))
    found = [(off.day, Raw(off.name)) for off in days if off is not None and off.why is Closed.HOLIDAY]
    return found[:HOLIDAYS]


def _gini(lines: Sequence[Borne]) -> float:
    return round(meetings.gini([each.points for each in lines]), 2)
