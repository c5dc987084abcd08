"""Which persons a selection means, within the scope of the right it is sent by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.people import Administration, Person

from .kinds import By
from .selection import Criterion, Selection
from .tables import Broadcast


def persons(broadcast: Broadcast, *, at: datetime) -> Select[Any]:
    """`Person.id` of everybody it means at `at`, whether they can be reached or not; joined with `Administration`."""
    selection = Selection.from_json(broadcast.audience)
    living = Person.registered_at.is_not(None), Person.erased_at.is_(None), Person.merged_into_id.is_(None)
    return (
        select(Person.id)
        .join(Administration, Administration.id == Person.administration_id)
        .where(*living, in_scope(broadcast))
        .where(*(_holds(each, at) for each in selection.include), *(~_holds(each, at) for each in selection.exclude))
    )


def in_scope(broadcast: Broadcast) -> ColumnElement[bool]:
    """Those whom the right it is sent by reaches."""
    return Person.of(broadcast.administration_id)


def fingerprint(session: Session, broadcast: Broadcast, *, at: datetime) -> tuple[str, int]:
    """A hash of whom it means, and how many they are: the same as long as nobody comes and nobody goes."""
    hashed, count = hashlib.sha256(), 0
    for person_id in session.scalars(persons(broadcast, at=at).order_by(Person.id)).yield_per(10_000):
        hashed.update(b"%d," % person_id)
        count += 1
    return hashed.hexdigest(), count


def country_of() -> InstrumentedAttribute[str]:
    """The country of a person: that of their administration."""
    return Administration.country


def _holds(criterion: Criterion, at: datetime) -> ColumnElement[bool]:
    return RULES[criterion.by](criterion.values, at)


RULES: dict[By, Callable[[tuple[str, ...], datetime], ColumnElement[bool]]] = {
    By.COUNTRY: lambda values, at: country_of().in_(values),
    By.PLACE: lambda values, at: func.coalesce(Person.region, "").in_(values),
    By.SECTOR: lambda values, at: and_(Person.sector.is_not(None), Person.sector.in_(values)),
    By.KIND: lambda values, at: and_(Person.kind.is_not(None), Person.kind.in_(values)),
}
