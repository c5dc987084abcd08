"""Which persons a selection means, within the scope of the right it is sent by.

Every rule is true or false of a person, never unknown, so that what excludes does not exclude whoever has nothing
there; a subquery of ids holds no NULL for the same reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from db.consultations import Consultation
from db.issues import INTERNATIONAL_REGION
from db.meetings import EXPECTED, Invitation
from db.participants import participants
from db.people import (
    MAIL,
    Account,
    Administration,
    Mandate,
    Organisation,
    Person,
    Role,
    Scope,
    Standing,
    Topic,
)
from db.regions import Representative
from db.registrations import Registration, RegistrationState

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
        .where(*living, in_scope(broadcast, at=at))
        .where(*(_holds(each, broadcast, at) for each in selection.include))
        .where(*(~_holds(each, broadcast, at) for each in selection.exclude))
    )


def in_scope(broadcast: Broadcast, *, at: datetime) -> ColumnElement[bool]:
    """Those whom the right it is sent by reaches: of a country those of the administration; of a region those of every
    administration in it, and whoever speaks for one of its members in the office's own; of the world everybody.

    A coordinator for all regions together speaks for one administration, and reaches no other.
    """
    home = Person.of(broadcast.administration_id)
    match broadcast.scope:
        case Scope.WORLD:
            return true()
        case Scope.REGION if broadcast.scope_id != INTERNATIONAL_REGION:
            speaks = _representing(broadcast.scope_id, at)
            return or_(_lies_in(broadcast.scope_id), and_(home, Person.id.in_(speaks)))
        case _:
            return home


def fingerprint(session: Session, broadcast: Broadcast, *, at: datetime) -> tuple[str, int]:
    """A hash of whom it means, and how many they are: the same as long as nobody comes and nobody goes."""
    hashed, count = hashlib.sha256(), 0
    for person_id in session.scalars(persons(broadcast, at=at).order_by(Person.id)).yield_per(10_000):
        hashed.update(b"%d," % person_id)
        count += 1
    return hashed.hexdigest(), count


def country_of(broadcast: Broadcast, *, at: datetime) -> ColumnElement[str]:
    """The country of a person: the member they speak for in the region's office, else that of their administration."""
    speaks = (
        select(Representative.country)
        .where(Representative.person_id == Person.id, Representative.in_force(at))
        .order_by(Representative.id)
        .limit(1)
        .correlate(Person)
        .scalar_subquery()
    )
    home = Person.administration_id == broadcast.administration_id
    return case((home, func.coalesce(speaks, Administration.country)), else_=Administration.country)


def door_of(doors: Collection[str]) -> ColumnElement[int | None]:
    """The id of the account, of a person's, that news goes to first, as `doors_in_order` has it for one; NULL for whom
    none of `doors` reaches."""
    chat = _last_used([each for each in doors if each != MAIL])
    mail = _last_used([each for each in doors if each == MAIL])
    return case((Person.by_mail, func.coalesce(mail, chat)), else_=func.coalesce(chat, mail))


def _last_used(doors: Collection[str]) -> ColumnElement[int | None]:
    account = aliased(Account)
    reached = account.person_id == Person.id, account.unreachable_since.is_(None), account.platform.in_(list(doors))
    # Ordered by nothing of the person: SQLite finds no outer column there.
    first = select(account.id).where(*reached).order_by(account.used_at.desc()).limit(1)
    return first.correlate(Person).scalar_subquery()


def does_without() -> ColumnElement[bool]:
    """Who does without broadcasts that are not urgent."""
    return cast(Person.muted, String).contains(f'"{Topic.BROADCASTS.value}"')


def _holds(criterion: Criterion, broadcast: Broadcast, at: datetime) -> ColumnElement[bool]:
    return RULES[criterion.by](criterion.values, broadcast, at)


def _lies_in(*codes: str) -> ColumnElement[bool]:
    """Administrations of these regions. Their codes stand in a list of JSON, which no dialect reads as another does;
    capitals between quotation marks are nothing else there."""
    return or_(*(cast(Administration.home_regions, String).contains(f'"{each}"') for each in codes))


def _representing(region: str, at: datetime) -> Select[Any]:
    return select(Representative.person_id).where(Representative.region == region, Representative.in_force(at))


def _in_region(values: tuple[str, ...], broadcast: Broadcast, at: datetime) -> ColumnElement[bool]:
    home = Person.administration_id == broadcast.administration_id
    speaks = (Person.id.in_(_representing(each, at)) for each in values)
    return or_(_lies_in(*values), and_(home, or_(*speaks)))


def _holds_role(values: tuple[str, ...], broadcast: Broadcast, at: datetime) -> ColumnElement[bool]:
    return Person.id.in_(select(Role.person_id).where(Role.name.in_(values), Role.in_force(at)))


def _speaks_for_trusted(values: tuple[str, ...], broadcast: Broadcast, at: datetime) -> ColumnElement[bool]:
    """By a mandate in force that was confirmed, for a verified organisation that has this status."""
    return Person.id.in_(
        select(Mandate.person_id)
        .join(Organisation, Organisation.id == Mandate.organisation_id)
        .where(Mandate.in_force(at), Mandate.confirmed_by_id.is_not(None))
        .where(Organisation.standing == Standing.VERIFIED, Organisation.aeo.in_(values))
    )


def _comes(values: tuple[str, ...], broadcast: Broadcast, at: datetime) -> ColumnElement[bool]:
    its = Registration.symposium_id.in_(_ids(values)), Registration.state == RegistrationState.REGISTERED
    return Person.id.in_(select(Registration.person_id).where(*its))


def _took_part(values: tuple[str, ...], broadcast: Broadcast, at: datetime) -> ColumnElement[bool]:
    among = select(Consultation.id).where(Consultation.id.in_(_ids(values)))
    part = participants(among, at=at)
    return Person.id.in_(select(part.c.person_id).where(part.c.person_id.is_not(None)))


def _attends(values: tuple[str, ...], broadcast: Broadcast, at: datetime) -> ColumnElement[bool]:
    its = Invitation.meeting_id.in_(_ids(values)), Invitation.answer.in_(EXPECTED)
    return Person.id.in_(select(Invitation.person_id).where(*its))


def _ids(values: tuple[str, ...]) -> list[int]:
    return [int(each) for each in values]


Rule = Callable[[tuple[str, ...], Broadcast, datetime], ColumnElement[bool]]
RULES: dict[By, Rule] = {
    By.REGION: _in_region,
    By.COUNTRY: lambda values, broadcast, at: country_of(broadcast, at=at).in_(values),
    By.PLACE: lambda values, broadcast, at: func.coalesce(Person.region, "").in_(values),
    By.SECTOR: lambda values, broadcast, at: and_(Person.sector.is_not(None), Person.sector.in_(values)),
    By.KIND: lambda values, broadcast, at: and_(Person.kind.is_not(None), Person.kind.in_(values)),
    By.ROLE: _holds_role,
    By.AEO: _speaks_for_trusted,
    By.EVENT: _comes,
    By.CONSULTATION: _took_part,
    By.GROUP: _attends,
}
