"""What people are called."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.text import Raw, Text, _
from db.people import Mandate, Membership, Organisation, Person

SOMEBODY = _("somebody who has left Parley")


def called(session: Session, person_ids: Collection[int]) -> dict[int, Text]:
    """Their names. Whoever was erased is a representative of the organisation they last spoke for, unless they acted in
    several administrations: for whom they spoke in one is nothing to the others."""
    people = session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids))).all()
    nameless = [row.id for row in people if not row.name]
    spoke = session.execute(
        select(Mandate.person_id, Organisation.name)
        .join(Organisation, Organisation.id == Mandate.organisation_id)
        .where(Mandate.person_id.in_(nameless), Mandate.confirmed_by_id.is_not(None))
        .where(Mandate.person_id.not_in(select(Membership.person_id)))
        .order_by(Mandate.starts_at, Mandate.id)
    ).all()
    found: dict[int, Text] = {row.id: Raw(row.name) if row.name else SOMEBODY for row in people}
    for row in spoke:
        found[row.person_id] = _("a representative of {organisation}", organisation=row.name)
    return found
