"""Roles: who may act for Customs, where, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.kit import allow
from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Fact, Refusal, Row, Screen, button
from bot.kit.text import Named, Raw, Text, _, phrase_of
from db.centres import Centre
from db.issues import INTERNATIONAL_REGION
from db.people import WCO_REGIONS, Administration, Person, Role, RoleName, Scope, grant_role, is_only_guest
from handlers.paging import PAGE, turn_pages

from .naming import called
from .room import people
from .searching import people_named
from .zones import last_day

EVERYWHERE = _("All regions together")
LONGEST = timedelta(days=2 * 366)
DESK_ROLES = (RoleName.OFFICER, RoleName.LEAD)
# The posts of a region's office are given there, with its terms.
GIVEN_HERE = (*DESK_ROLES, RoleName.COORDINATOR, RoleName.ADMINISTRATOR)


def person_choices(ctx: Context, query: str) -> Sequence[Option]:
    """The people of the administration most like `query` by name."""
    return people_named(ctx, query, Person.visible_to(ctx.who), Person.registered_at.is_not(None))


def centre_choices(ctx: Context, query: str) -> Sequence[Option]:
    centres = ctx.session.scalars(select(Centre).where(Centre.visible_to(ctx.who)).order_by(Centre.id))
    return [Option(str(each.id), Named(each.name)) for each in centres]


def region_choices(ctx: Context, query: str) -> Sequence[Option]:
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    regions = [Option(region["code"], Named(region["name"])) for region in home.home_regions]
    return [*regions, Option(INTERNATIONAL_REGION, EVERYWHERE)]


def role_choices(ctx: Context, query: str) -> Sequence[Option]:
    return [Option(each.value, phrase_of(each)) for each in GIVEN_HERE]


def likely_ends(ctx: Context, query: str) -> Sequence[Option]:
    """A quarter, half a year and a year from now, for whoever would rather tap than type."""
    today = ctx.now.astimezone(ZoneInfo(ctx.who.zone)).date()
    days = (today + timedelta(days=count) for count in (91, 182, 364))
    return [Option(day.isoformat(), _("{day}", day=day)) for day in days]


@people.command("roles", _("Roles"), allow=allow.administrators, menu=65, reads=allow.administrators)
def roles(ctx: Context, page: int = 0) -> Screen:
    """Who holds which role where, and until when, the first to end first."""
    held = select(Role).where(Role.visible_to(ctx.who), Role.in_force(ctx.now)).order_by(Role.ends_at, Role.id)
    found = ctx.session.scalars(held).all()
    shown = found[page * PAGE : (page + 1) * PAGE]
    names = called(ctx.session, {each.person_id for each in shown})
    rows = tuple(
        Row(
            names[each.person_id],
            _(
                "{role} · {where} · until {when}",
                role=each.name,
                where=where(ctx, each),
                when=last_day(ctx, each.ends_at),
            ),
            (button(_("Take the role back"), "people.revoke", role=each.id),),
        )
        for each in shown
    )
    return Screen(
        _("Roles"),
        rows=rows,
        buttons=(
            button(_("Give a role"), "people.grant"),
            *turn_pages("people.roles", page, len(found)),
            button(_("Home"), "home.show"),
        ),
    )


@people.form("grant", _("Give a role"), allow=allow.administrators)
class GrantRole(Form):
    """A role has a place and a last day."""

    person: str = ask.pick(_("To whom?"), hint=_("Type the name."), options=person_choices)
    role: RoleName = ask.choice(_("Which role?"), options=role_choices)
    centre: str | None = ask.pick(
        _("At which centre of expertise?"),
        hint=_("Left out, the role holds for the whole country."),
        options=centre_choices,
        optional=True,
        when=lambda so_far: so_far.role in DESK_ROLES,
    )
    region: str | None = ask.choice(
        _("For which region?"),
        hint=_("Left out, the role holds for the whole country."),
        options=region_choices,
        optional=True,
        when=lambda so_far: so_far.role is RoleName.COORDINATOR,
    )
    last_day: date = ask.date(_("Until which day?"), options=likely_ends)

    def submit(self, ctx: Context) -> Screen:
        person = ctx.session.get_one(Person, int(self.person))
        if is_only_guest(ctx.session, person.id):
            raise Refusal(_("This person comes from another workspace. A guest holds no role."), field="person")
        until = self._end(ctx)
        role = grant_role(
            ctx.session,
            person,
            self.role,
            scope=self._scope(),
            scope_id=self._place(ctx),
            at=ctx.now,
            until=until,
            by=ctx.who.id,
            administration_id=ctx.who.administration_id,
        )
        told = Screen(
            _("You have a role now: {role}.", role=role.name),
            facts=(Fact(_("Where"), where(ctx, role)), Fact(_("Until"), last_day(ctx, role.ends_at))),
            buttons=(button(_("Home"), "home.show"),),
        )
        ctx.notify(person, told, once=f"role:{role.id}:{until:%Y-%m-%d}")
        return Screen(
            _("{name} has the role {role}.", name=person.name, role=role.name),
            facts=(Fact(_("Where"), where(ctx, role)), Fact(_("Until"), last_day(ctx, role.ends_at))),
            buttons=(button(_("Roles"), "people.roles"),),
        )

    def _scope(self) -> Scope:
        if self.centre is not None:
            return Scope.CENTRE
        return Scope.REGION if self.region is not None else Scope.COUNTRY

    def _place(self, ctx: Context) -> str:
        home = ctx.session.get_one(Administration, ctx.who.administration_id)
        return self.centre or self.region or home.country

    def _end(self, ctx: Context) -> datetime:
        """The midnight after the last day, as the administration counts days."""
        home = ctx.session.get_one(Administration, ctx.who.administration_id)
        midnight = datetime.combine(self.last_day + timedelta(days=1), time(), ZoneInfo(home.zone)).astimezone(UTC)
        if not ctx.now < midnight <= ctx.now + LONGEST:
            raise Refusal(_("Please give a day from today to two years from now."), field="last_day")
        return midnight


@people.command("revoke", _("Take the role back"), allow=allow.administrators, confirm=_("Take this role back now?"))
def revoke(ctx: Context, role: Role) -> Screen:
    """From this instant the role is held no longer. The last administrator keeps theirs."""
    if role.name is RoleName.ADMINISTRATOR and is_last_administrator(ctx, role.person_id):
        raise Refusal(_("This is the only administrator. Give the role to somebody else first."))
    if role.end(ctx.now):
        told = Screen(_("You no longer have this role: {role}.", role=role.name))
        ctx.notify(role.person_id, told, once=f"role:{role.id}:ended")
    ctx.session.flush()
    return (
        roles(ctx)
        if role.person_id != ctx.who.id
        else Screen(_("You no longer have this role: {role}.", role=role.name))
    )


def is_last_administrator(ctx: Context, person_id: int, place: int | None = None) -> bool:
    """Whether this person is an administrator, of the administration `place` or of this one, and nobody else is."""
    held = select(Role.person_id).where(
        Role.administration_id == (place or ctx.who.administration_id),
        Role.name == RoleName.ADMINISTRATOR,
        Role.in_force(ctx.now),
    )
    return set(ctx.session.scalars(held)) == {person_id}


def where(ctx: Context, role: Role) -> Text:
    """The place a role is held for."""
    if role.scope is Scope.CENTRE and (centre := ctx.session.get(Centre, int(role.scope_id))) is not None:
        return Named(centre.name)
    if role.scope is Scope.REGION and role.scope_id == INTERNATIONAL_REGION:
        return EVERYWHERE
    if role.scope is Scope.REGION:
        home = ctx.session.get_one(Administration, role.administration_id)
        names = dict(WCO_REGIONS) | {region["code"]: region["name"] for region in home.home_regions}
        return Named(names[role.scope_id]) if role.scope_id in names else Raw(role.scope_id)
    return _("the whole country")
