"""The Vice-Chair's office: set up, its roster with terms, and who speaks for the members and their business."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Fact, Refusal, Row, Screen, button
from bot.kit.text import Raw, Text, _, ngettext, phrase_of
from db.people import Administration, Person, Role, RoleName, Scope, grant_role, is_only_guest
from db.regions import OFFICE_ROLES, Office, Representative, Side, Takes, Term
from handlers.paging import PAGE, turn_pages
from handlers.people import called, zones
from handlers.people.roles import likely_ends, person_choices
from handlers.people.zones import last_day
from scheduling import regions as world

from . import attending, bearing, looking
from .room import country, home_regions, leaders, member_options, office_staff, region_name, regions, sitting

LONGEST = timedelta(days=5 * 366)
ENDING = timedelta(days=60)  # so long before its end an office is told to prepare handing over


def region_choices(ctx: Context, query: str) -> Sequence[Option]:
    """The region one belongs to first, then the others."""
    codes = dict.fromkeys([*home_regions(ctx), *world.REGIONS])
    return [Option(code, region_name(code)) for code in codes]


def country_choices(ctx: Context, query: str) -> Sequence[Option]:
    """Members of one's own regions; of any, where one belongs to none."""
    mine = home_regions(ctx) or world.REGIONS
    found = [each for code in mine for each in member_options(code, query, ctx.who.language)]
    return list({each.value: each for each in found}.values())


def zone_choices(ctx: Context, query: str) -> Sequence[Option]:
    """Any zone of the world, by a city."""
    found = zones.search(query, ctx.who.language) if query.strip() else []
    return [Option(zone, Raw(city, ctx.who.language)) for zone, city in found]


def post_choices(ctx: Context, query: str) -> Sequence[Option]:
    return [Option(each.value, phrase_of(each)) for each in OFFICE_ROLES]


@regions.form("set_up", _("Set up the Vice-Chair's office"), allow=allow.administrators)
class SetUp(Form):
    """The first office of a region in this installation; every other one takes over from the one before."""

    region: str = ask.choice(_("Of which region?"), options=region_choices)
    country: str = ask.pick(_("Which member has it?"), hint=_("Type the country."), options=country_choices)
    head: str = ask.pick(_("Who is its Vice-Chair?"), hint=_("Type the name."), options=person_choices)
    last_day: date = ask.date(_("Until which day?"), options=likely_ends)

    def submit(self, ctx: Context) -> Screen:
        must_be_member(self.region, self.country)
        if sitting(ctx, self.region) is not None:
            raise Refusal(_("This region has an office here already."))
        until = end_of(ctx, self.last_day)
        head = somebody(ctx, self.head, field="head")
        office = Office(
            administration_id=ctx.who.administration_id,
            region=self.region,
            country=self.country,
            head_id=head.id,
            term=Term.SITTING,
            takes=Takes.REGION,
            named_by_id=ctx.who.id,
            named_at=ctx.now,
            since=ctx.now,
            until=until,
        )
        ctx.session.add(office)
        ctx.session.flush()
        give_post(ctx, head, RoleName.VICE_CHAIR, self.region, until)
        remind_of_the_end(ctx, office)
        return looking.card(ctx, self.region)


@regions.form("appoint", _("Appoint somebody"), allow=leaders)
class Appoint(Form):
    """A post in the office, or a longer term in one."""

    office: Office = ask.about()
    person: str = ask.pick(_("Whom?"), hint=_("Type the name."), options=person_choices)
    post: RoleName = ask.choice(_("As what?"), options=post_choices)
    last_day: date = ask.date(_("Until which day?"), options=likely_ends)

    def submit(self, ctx: Context) -> Screen:
        must_sit(self.office)
        if self.post not in OFFICE_ROLES:
            raise Refusal(_("Please choose one of the answers offered."), field="post")
        until = end_of(ctx, self.last_day)
        give_post(ctx, somebody(ctx, self.person, field="person"), self.post, self.office.region, until)
        return looking.card(ctx, self.office.region)


@regions.command("end_term", _("End the term"), allow=leaders, confirm=_("End this term now?"))
def end_term(ctx: Context, office: Office, role: int) -> Screen:
    """From this instant the post is held no longer. The last Vice-Chair hands over instead."""
    held = next((each for each in looking.roster(ctx, office.region) if each.id == role), None)
    if held is None:
        raise Refusal(_("This term has ended already."))
    chairs = [each for each in looking.roster(ctx, office.region) if each.name is RoleName.VICE_CHAIR]
    if held.name is RoleName.VICE_CHAIR and len(chairs) == 1:
        raise Refusal(_("This is the only Vice-Chair. Appoint another first, or hand over to the next office."))
    held.end(ctx.now)
    ctx.session.flush()
    told = Screen(_("You no longer have this role: {role}.", role=held.name))
    ctx.notify(held.person_id, told, once=f"role:{held.id}:ended")
    if held.person_id == ctx.who.id:
        return told
    return looking.card(ctx, office.region)


@regions.command("seats", _("Who speaks for members"), allow=office_staff, reads=office_staff)
def seats(ctx: Context, office: Office, page: int = 0) -> Screen:
    """Everybody who speaks for a member of the region or for its business, and who has nobody."""
    return seat_list(ctx, office, page)


def seat_list(ctx: Context, office: Office, page: int = 0) -> Screen:
    """Who speaks for whom, a page at a time."""
    speaking = bearing.in_force(ctx.session, office.administration_id, office.region, at=ctx.now)
    seated = {each.country for each in speaking if each.side is Side.CUSTOMS}
    missing = [each for each in world.of((office.region,)) if each.code not in seated]
    names = called(ctx.session, {each.person_id for each in speaking})
    rows = tuple(
        Row(
            names[each.person_id],
            _(
                "{side}, {country} · until {when}",
                side=each.side,
                country=country(each.country),
                when=last_day(ctx, each.ends_at),
            ),
            (button(_("They no longer speak for it"), "regions.unseat", representative=each.id),),
        )
        for each in speaking[page * PAGE : (page + 1) * PAGE]
    )
    lacking = ngettext("{count} member has nobody here.", "{count} members have nobody here.", len(missing))
    return Screen(
        _("Who speaks for the members of {region}", region=region_name(office.region)),
        (lacking,) if missing else (),
        rows=rows,
        buttons=(
            button(_("Name who speaks for it"), "regions.seat", office=office.id),
            *turn_pages("regions.seats", page, len(speaking), office=office.id),
            button(_("Back"), "regions.region", code=office.region),
        ),
    )


@regions.form("seat", _("Name who speaks for it"), allow=office_staff)
class Seat(Form):
    """Somebody speaks for a member, or for its business, until a day: they attend, and their hours are counted."""

    office: Office = ask.about()
    country: str = ask.pick(_("For which member?"), hint=_("Type the country."), options=country_choices)
    side: Side = ask.choice(_("For its Customs, or for its business?"))
    person: str = ask.pick(_("Whom?"), hint=_("Type the name."), options=person_choices)
    zone: str | None = ask.pick(
        _("In which city's time zone are they?"),
        hint=_("Type the name of a large city. Left out: the capital's."),
        options=zone_choices,
        optional=True,
    )
    last_day: date = ask.date(_("Until which day?"), options=likely_ends)

    def submit(self, ctx: Context) -> Screen:
        must_sit(self.office)
        found = must_be_member(self.office.region, self.country)
        person, until = somebody(ctx, self.person, field="person"), end_of(ctx, self.last_day)
        mine = (
            Representative.administration_id == self.office.administration_id,
            Representative.region == self.office.region,
            Representative.country == self.country,
            Representative.side == self.side,
            Representative.person_id == person.id,
            Representative.in_force(ctx.now),
        )
        row = ctx.session.scalar(select(Representative).where(*mine))
        if row is None:
            row = Representative(
                administration_id=self.office.administration_id,
                region=self.office.region,
                country=self.country,
                side=self.side,
                person_id=person.id,
                starts_at=ctx.now,
            )
            ctx.session.add(row)
        row.zone, row.ends_at, row.named_by_id = self.zone or found.zone, until, ctx.who.id
        ctx.session.flush()
        told = Screen(
            _("You speak for a member of {region} now.", region=region_name(self.office.region)),
            facts=(
                Fact(_("Member"), country(self.country)),
                Fact(_("Side"), self.side),
                Fact(_("Until"), last_day(ctx, until)),
            ),
            buttons=(button(_("My region"), "regions.region", code=self.office.region),),
        )
        ctx.notify(person, told, once=f"seat:{row.id}:{until:%Y-%m-%d}")
        attending.came(ctx, row)
        ctx.later(until, "regions.seat_ended", key=f"seat:{row.id}:ends", representative=row.id)
        return seat_list(ctx, self.office)


@regions.command(
    "unseat", _("They no longer speak for it"), allow=office_staff, confirm=_("End this now? They are told.")
)
def unseat(ctx: Context, representative: Representative) -> Screen:
    """They attend no longer."""
    if representative.end(ctx.now):
        told = Screen(
            _("You no longer speak for {country}.", country=country(representative.country)),
            buttons=(button(_("My region"), "regions.region", code=representative.region),),
        )
        ctx.notify(representative.person_id, told, once=f"seat:{representative.id}:ended")
        ctx.session.flush()
        attending.left(ctx, representative)
    ctx.session.flush()
    office = sitting(ctx, representative.region)
    return seat_list(ctx, office) if office is not None else looking.card(ctx, representative.region)


@regions.job("seat_ended")
def seat_ended(ctx: Context, representative: Representative) -> None:
    """Their time has come to its end by itself."""
    if representative.ends_at <= ctx.now:
        attending.left(ctx, representative)


def remind_of_the_end(ctx: Context, office: Office) -> None:
    at = max(office.until - ENDING, ctx.now)
    ctx.later(at, "regions.ending", key=f"office:{office.id}:ending", office=office.id)


@regions.job("ending")
def ending(ctx: Context, office: Office) -> None:
    """The term ends in two months: whoever leads the office prepares handing over, once."""
    if office.term is not Term.SITTING:
        return
    ends = last_day(ctx, office.until)
    told = Screen(
        _("The term of your office ends on {when}.", when=ends),
        (_("Name the next office in good time: nothing it needs may be left behind."),),
        buttons=(button(_("Hand over to the next office"), "regions.hand_over", office=office.id),),
    )
    held = Role.scope == Scope.REGION, Role.scope_id == office.region, Role.name == RoleName.VICE_CHAIR
    ours = Role.administration_id == office.administration_id, Role.in_force(ctx.now)
    for person_id in ctx.session.scalars(select(Role.person_id).where(*held, *ours).order_by(Role.id)):
        ctx.notify(person_id, told, once=f"office:{office.id}:ending")


# What several forms need


def must_be_member(region: str, code: str) -> world.Member:
    found = next((each for each in world.of((region,)) if each.code == code), None)
    if found is None:
        raise Refusal(_("That country is no member of this region."), field="country")
    return found


def must_sit(office: Office) -> None:
    if office.term is not Term.SITTING:
        raise Refusal(_("This office has handed over already."))


def somebody(ctx: Context, person_id: str, *, field: str) -> Person:
    """Somebody who may hold a post: of this administration, and no guest."""
    person = ctx.session.get_one(Person, int(person_id))
    if is_only_guest(ctx.session, person.id):
        raise Refusal(_("This person comes from another workspace. A guest holds no role."), field=field)
    return person


def end_of(ctx: Context, last_day: date) -> datetime:
    """The midnight after the last day, as the administration counts days."""
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    midnight = datetime.combine(last_day + timedelta(days=1), time(), ZoneInfo(home.zone)).astimezone(UTC)
    if not ctx.now < midnight <= ctx.now + LONGEST:
        raise Refusal(_("Please give a day from today to five years from now."), field="last_day")
    return midnight


def give_post(ctx: Context, person: Person, post: RoleName, region: str, until: datetime) -> Role:
    """A role over the region, and news of it to whoever has it now."""
    role = grant_role(
        ctx.session,
        person,
        post,
        scope=Scope.REGION,
        scope_id=region,
        at=ctx.now,
        until=until,
        by=ctx.who.id or None,
        administration_id=ctx.who.administration_id,
    )
    if person.id != ctx.who.id:
        where: Text = region_name(region)
        told = Screen(
            _("You have a role now: {role}.", role=post),
            facts=(
                Fact(_("Where"), where),
                Fact(_("Until"), last_day(ctx, until)),
            ),
            buttons=(button(_("My region"), "regions.region", code=region),),
        )
        ctx.notify(person, told, once=f"role:{role.id}:{until:%Y-%m-%d}")
    return role
