"""A claim to work for Customs, put before those who give roles."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.screen import Fact, Screen, button
from bot.kit.text import Code, _
from db.people import Person, RoleName, holders


def tell_of_claim(ctx: Context, person: Person, administration_id: int, accounts: Sequence[str]) -> None:
    """A claim to work for Customs gives no right; an administrator of that administration decides."""
    card = Screen(
        _("{name} says they work for Customs.", name=person.name),
        (_("This gives them no right. If it is true, give them a role; otherwise there is nothing to do."),),
        facts=tuple(Fact(_("Account"), Code(each)) for each in accounts),
        buttons=(button(_("Give a role"), "people.grant", person=str(person.id)),),
    )
    told = holders(administration_id, RoleName.ADMINISTRATOR, at=ctx.now)
    for administrator in ctx.session.scalars(select(Person.id).where(told, Person.erased_at.is_(None))):
        ctx.notify(administrator, card, once=f"customs:{person.id}:{administration_id}")
