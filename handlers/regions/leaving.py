"""Who may not go yet: the only Vice-Chair of an office that sits, without whom nobody leads it nor hands it over."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, select

from bot.kit.context import Context
from bot.kit.screen import Refusal, button
from bot.kit.text import _
from db.people import Person, Role, RoleName, Scope
from db.regions import Office, Term
from handlers.people.room import BEFORE_GOING

from .room import region_name


def _stays(ctx: Context, person_id: int, administration_id: int | None) -> None:
    """Raise Refusal where somebody is the only Vice-Chair of an office, of any administration where none is named."""
    for office in _offices(ctx, administration_id):
        chairs = _chairs(ctx, office)
        if chairs == [person_id]:
            appoint = button(_("Appoint somebody"), "regions.appoint", office=office.id)
            hand_over = button(_("Hand over to the next office"), "regions.hand_over", office=office.id)
            only = _(
                "You are the only Vice-Chair of {region}. Appoint another first, or hand over to the next office.",
                region=region_name(office.region),
            )
            raise Refusal(only, buttons=(appoint, hand_over))


def followed(ctx: Context, person_id: int, administration_id: int) -> list[Office]:
    """The offices that somebody led who leaves: each is led by another Vice-Chair of it from now on."""
    changed = []
    for office in _offices(ctx, administration_id):
        others = [each for each in _chairs(ctx, office) if each != person_id]
        if office.head_id == person_id and others:
            office.head_id = others[0]
            changed.append(office)
    return changed


def _offices(ctx: Context, administration_id: int | None) -> list[Office]:
    its: ColumnElement[bool] = Office.term == Term.SITTING
    if administration_id is not None:
        its = and_(its, Office.administration_id == administration_id)
    return list(ctx.session.scalars(select(Office).where(its).order_by(Office.id)))


def _chairs(ctx: Context, office: Office) -> list[int]:
    """Who leads it now, whoever has done so longest first."""
    held = Role.scope == Scope.REGION, Role.scope_id == office.region, Role.name == RoleName.VICE_CHAIR
    ours = Role.administration_id == office.administration_id, Role.in_force(ctx.now)
    living = Role.person_id.in_(select(Person.id).where(Person.erased_at.is_(None)))
    return list(
        dict.fromkeys(ctx.session.scalars(select(Role.person_id).where(*held, *ours, living).order_by(Role.id)))
    )


BEFORE_GOING.append(_stays)
