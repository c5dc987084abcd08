"""For whom something is, and who runs it: one rule each, for meetings, symposia and consultations."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from .people import Kind, Person, Scope, Who


class Audience(StrEnum):
    """Who may find it, follow it and take part in it, without having been invited."""

    INVITED = "invited"  # nobody else
    SECTOR = "sector"  # businesses and associations of its sector
    BUSINESS = "business"  # all businesses and associations
    AGENCIES = "agencies"
    MEMBERS = "members"  # everybody registered with the administration


def within(table: Any, who: Who) -> ColumnElement[bool]:
    """Those rows, by their `audience` and `sector`, that are for `who`, member of a business or of an agency."""
    return within_for(table, who.kind, who.id) if who.is_registered else false()


def within_for(table: Any, kind: Kind | None, person_id: Any) -> ColumnElement[bool]:
    """The same for anybody registered of that kind: for a question that is put together once and asked of many."""
    rules: list[ColumnElement[bool]] = [table.audience == Audience.MEMBERS]
    if kind in (Kind.BUSINESS, Kind.ASSOCIATION):
        own = select(Person.sector).where(Person.id == person_id, Person.sector.is_not(None))
        rules += [
            table.audience == Audience.BUSINESS,
            and_(table.audience == Audience.SECTOR, table.sector.in_(own)),
        ]
    if kind is Kind.AGENCY:
        rules.append(table.audience == Audience.AGENCIES)
    return or_(*rules)


def people_of(row: Any) -> ColumnElement[bool]:
    """The persons whom `within` would let in: for whom this one is. Staff see it in any case."""
    here = and_(
        Person.of(row.administration_id),
        Person.registered_at.is_not(None),
        Person.erased_at.is_(None),
        Person.merged_into_id.is_(None),
    )
    trade = Person.kind.in_((Kind.BUSINESS, Kind.ASSOCIATION))
    rules: dict[Audience, ColumnElement[bool]] = {
        Audience.MEMBERS: here,
        Audience.BUSINESS: and_(here, trade),
        Audience.SECTOR: and_(here, trade, Person.sector == row.sector),
        Audience.AGENCIES: and_(here, Person.kind == Kind.AGENCY),
    }
    return rules.get(row.audience, false())


def run_by(table: Any, leader: Any, who: Who) -> ColumnElement[bool]:
    """Those whose `leader` they are, the staff of their desk, and all staff with a role over the country. Whoever is no
    longer staff runs nothing."""
    if not who.is_staff:
        return false()
    rules: list[ColumnElement[bool]] = [leader == who.id]
    if who.centre_ids:
        rules.append(table.centre_id.in_(who.centre_ids))
    if any(grant.scope is Scope.COUNTRY for grant in who.grants):
        rules.append(true())
    return and_(table.administration_id == who.administration_id, or_(*rules))


def is_run_by(row: Any, leader_id: int | None, who: Who) -> bool:
    """The same, of this one."""
    if not who.is_staff or row.administration_id != who.administration_id:
        return False
    over_it = any(
        grant.scope is Scope.COUNTRY or (grant.scope is Scope.CENTRE and grant.scope_id == str(row.centre_id))
        for grant in who.grants
    )
    return leader_id == who.id or over_it
