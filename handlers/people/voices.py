"""Who can be asked for an organisation: the people whose mandate for it is in force."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.kit.context import Context
from db.people import Mandate, Organisation, Person


def voices(ctx: Context, organisation_id: int) -> Sequence[int]:
    """Everybody who speaks for a verified organisation of the administration now, by id; for it, and not for another
    that they have moved to since."""
    held = (
        select(Mandate.person_id)
        .join(Organisation, Organisation.id == Mandate.organisation_id)
        .where(Mandate.organisation_id == organisation_id, Mandate.in_force(ctx.now))
        .where(Organisation.administration_id == ctx.who.administration_id)
    )
    known = Person.id.in_(held), Person.registered_at.is_not(None)
    people = ctx.session.scalars(select(Person).where(*known).order_by(Person.id)).all()
    return [each.id for each in people if ctx.who_is(each).organisation_id == organisation_id]
