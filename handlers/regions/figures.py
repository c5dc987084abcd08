"""What the levels above a country see of it: how much there is and how far it has come, never a case."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, select

from bot.kit.allow import Rule
from bot.kit.context import Context
from bot.kit.screen import Screen, Table, button
from bot.kit.text import Raw, _
from db.issues import Issue, State
from db.people import WCO_REGIONS, Administration, Person, Scope, Who
from db.small_groups import LEAST
from handlers.people.membership import name_of

from .room import regions

FEW = Raw(f"< {LEAST}")


def _reaches(who: Who, about: Any) -> bool:
    return any(
        grant.scope is Scope.WORLD or (grant.scope is Scope.REGION and grant.scope_id in WCO_REGIONS)
        for grant in who.grants
    )


beyond = Rule("whoever has a role over a region or the world", _reaches)


@regions.command("figures", _("Figures by country"), allow=beyond, menu=67, reads=beyond)
def figures(ctx: Context) -> Screen:
    """A line for each administration in reach. What is about fewer than five is not counted out."""
    rows = [(name_of(each), *_counts(ctx, each.id)) for each in _in_reach(ctx)]
    return Screen(
        _("Figures by country"),
        (_("Cases stay with each country; what is about fewer than {least} is not counted out.", least=LEAST),),
        table=Table(
            _("Figures by country"),
            (_("Country"), _("People"), _("Issues under way"), _("Overdue"), _("Settled")),
            tuple(rows),
        ),
        buttons=(button(_("Home"), "home.show"),),
    )


def _in_reach(ctx: Context) -> list[Administration]:
    """Those of the regions one has a role over; all of them, with one over the world."""
    served = ctx.session.scalars(select(Administration).order_by(Administration.country, Administration.id)).all()
    if any(grant.scope is Scope.WORLD for grant in ctx.who.grants):
        return list(served)
    over = {grant.scope_id for grant in ctx.who.grants if grant.scope is Scope.REGION}
    return [home for home in served if over & {str(each["code"]) for each in home.home_regions}]


def _counts(ctx: Context, home: int) -> tuple[int | Raw, ...]:
    living = Person.registered_at.is_not(None), Person.erased_at.is_(None), Person.merged_into_id.is_(None)
    people = select(func.count()).select_from(Person).where(Person.of(home), *living)
    wanted: tuple[ColumnElement[bool], ...] = (
        Issue.under_way(),
        Issue.under_way() & Issue.overdue_at.is_not(None),
        Issue.state == State.SETTLED,
    )
    counted = [func.count().filter(each) for each in wanted]
    found = ctx.session.execute(select(*counted).where(Issue.administration_id == home)).one()
    return tuple(_shown(count) for count in (ctx.session.scalar(people) or 0, *found))


def _shown(count: int) -> int | Raw:
    return count if count == 0 or count >= LEAST else FEW
