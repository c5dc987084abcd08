"""Whoever runs a broadcast: those who may send in its scope, and how they hear of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.screen import Button, Screen
from bot.kit.text import Text
from db.broadcasts import SENDERS, Broadcast
from db.people import Person, Role, RoleName, holders

from . import cards


def runners(session: Session, broadcast: Broadcast, *, at: datetime) -> frozenset[int]:
    """The persons who may send in its scope at `at`."""
    its = Role.scope == broadcast.scope, Role.scope_id == broadcast.scope_id, Role.name.in_(SENDERS)
    held = select(Role.person_id).where(Role.administration_id == broadcast.administration_id, *its, Role.in_force(at))
    return frozenset(session.scalars(_there(Person.id.in_(held))))


def administrators(session: Session, broadcast: Broadcast, *, at: datetime) -> frozenset[int]:
    held = holders(broadcast.administration_id, RoleName.ADMINISTRATOR, at=at)
    return frozenset(session.scalars(_there(held)))


def tell(
    ctx: Context,
    whom: Iterable[int | None],
    broadcast: Broadcast,
    lead: Text,
    *,
    once: str,
    body: tuple[Text, ...] = (),
    buttons: tuple[Button, ...] = (),
    urgent: bool = False,
) -> None:
    """Tell these persons, in their own language, but whoever acts: `once` is unique for each of them."""
    wanted = {each for each in whom if each is not None} - {ctx.who.id}
    for person in ctx.session.scalars(select(Person).where(Person.id.in_(wanted)).order_by(Person.id)):
        title = cards.title(ctx.session, broadcast, person.language)
        screen = Screen(lead, (title, *body), buttons=(*buttons, cards.open_it(broadcast)))
        ctx.notify(person, screen, once=f"{broadcast.ref}:{once}", urgent=urgent)


def lock(ctx: Context, broadcast: Broadcast) -> Broadcast:
    """As it stands now, and nobody else changes it before this turn ends."""
    return ctx.session.get_one(Broadcast, broadcast.id, populate_existing=True, with_for_update=True)


def moment(at: datetime | None) -> str:
    """An instant as part of a name that is unique."""
    return at.isoformat() if at is not None else ""


def _there(which: ColumnElement[bool]) -> Select[int]:
    return select(Person.id).where(which, Person.registered_at.is_not(None), Person.erased_at.is_(None))
