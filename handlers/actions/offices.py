"""Whom the ladder climbs to, and whose mornings count. Until regions have offices of their own, these are roles."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.kit.context import Context
from db.actions import Action
from db.issues import INTERNATIONAL_REGION
from db.people import Administration, Person, Role, RoleName, Scope
from handlers import centres
from scheduling import ladder
from scheduling.deadlines import WorkingWeek
from scheduling.ladder import Rung


def coordinators(ctx: Context, administration_id: int) -> Sequence[int]:
    """The persons who coordinate the administration's plan; who oversees its desks where nobody does."""
    return _holders(ctx, administration_id, RoleName.COORDINATOR)


def vice_chairs(ctx: Context, administration_id: int) -> Sequence[int]:
    """The persons who speak for the Vice-Chair of its region; who oversees its desks where nobody does."""
    return _holders(ctx, administration_id, RoleName.VICE_CHAIR)


def told_of(ctx: Context, action: Action, rung: Rung) -> Sequence[int]:
    """Whom a rung after the due day is for. An owner of the action is told as an owner already; where everybody whom it
    is for owns it, whoever oversees the desks is told instead."""
    found = vice_chairs if rung is Rung.VICE_CHAIR else coordinators
    own = (action.customs_owner_id, action.business_owner_id)
    others = [each for each in found(ctx, action.administration_id) if each not in own]
    overseers = centres.overseers(ctx.session, action.administration_id, at=ctx.now)
    return others or [each for each in overseers if each not in own]


def mornings(ctx: Context, person: Person) -> WorkingWeek:
    """The mornings on which somebody works."""
    home = ctx.session.get_one(Administration, ctx.who.administration_id)
    return ladder.mornings_of(person.zone, home.country)


def _holders(ctx: Context, administration_id: int, name: RoleName) -> Sequence[int]:
    held = select(Role.person_id).where(
        Role.administration_id == administration_id,
        Role.name == name,
        Role.in_force(ctx.now),
        ~((Role.scope == Scope.REGION) & (Role.scope_id == INTERNATIONAL_REGION)),
    )
    living = Person.id.in_(held), Person.erased_at.is_(None)
    found = ctx.session.scalars(select(Person.id).where(*living).order_by(Person.id)).all()
    return found or centres.overseers(ctx.session, administration_id, at=ctx.now)
