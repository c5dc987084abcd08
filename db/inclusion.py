"""Of which parts of those a consultation is for nobody has taken part so far.

Pure queries. Nobody is named: whoever asks is given parts and how many there are of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union
from sqlalchemy.orm import Session

from .audiences import people_of
from .consultations import Consultation, Contribution
from .machinery import Receipt
from .participants import participants
from .people import Kind, Person, Role, Sector
from .registrations import Registration, Stakeholder
from .statements import Statement

INCLUDED = "included"  # what a receipt of an invitation is about: nobody is invited to one consultation twice
ALL_OF_IT = "country"  # a person's place where it is the whole country


class By(StrEnum):
    """What people are told apart by. `SIZE` is what a business has said of itself when it came to a symposium."""

    KIND = "kind"
    SIZE = "size"
    SECTOR = "sector"
    PORT = "port"
    LANGUAGE = "language"


@dataclass(frozen=True)
class Segment:
    """A part of those a consultation is for: `members` are registered, and none of them has taken part."""

    by: By
    value: str
    members: int


def silent_segments(session: Session, consultation: Consultation, *, at: datetime) -> Sequence[Segment]:
    """The parts of its audience of which nobody has taken part, the largest first; Customs' own people are none of it.
    A language is silent where nobody who reads in it took part and no words in it stand."""
    people = (
        select(
            Person.kind,
            Person.sector,
            Person.region,
            Person.language,
            _size().label("size"),
            Person.id.in_(_part(consultation, at)).label("took_part"),
        )
        .where(_sought(consultation, at))
        .subquery()
    )
    groups = session.execute(
        select(
            people.c.kind,
            people.c.size,
            people.c.sector,
            people.c.region,
            people.c.language,
            func.count(),
            func.count().filter(people.c.took_part),
        ).group_by(people.c.kind, people.c.size, people.c.sector, people.c.region, people.c.language)
    )
    members: Counter[tuple[By, str]] = Counter()
    heard: Counter[tuple[By, str]] = Counter()
    for kind, size, sector, region, language, count, took_part in groups:
        for key in _keys(kind, size, sector, region, language):
            members[key] += count
            heard[key] += took_part
    for language in session.scalars(_languages(consultation)):
        heard[By.LANGUAGE, language] += 1
    order = list(By)
    return [
        Segment(by, value, members[by, value])
        for by, value in sorted(members, key=lambda key: (-members[key], order.index(key[0]), key[1]))
        if not heard[by, value]
    ]


def to_invite(consultation: Consultation, by: By, value: str, *, at: datetime) -> Select[int]:
    """Ids of the people of one part who have neither taken part nor been invited."""
    invited = select(Receipt.person_id).where(Receipt.about == INCLUDED, Receipt.about_id == consultation.id)
    return select(Person.id).where(
        _sought(consultation, at),
        _is(by, value),
        Person.id.not_in(_part(consultation, at)),
        Person.id.not_in(invited),
    )


def invited(session: Session, consultation_id: int) -> tuple[int, int]:
    """How many were invited because their part was silent, and how many of them have opened it."""
    its = Receipt.about == INCLUDED, Receipt.about_id == consultation_id
    found = session.execute(select(func.count(), func.count(Receipt.opened_at)).where(*its)).one()
    return found[0], found[1]


def _sought(consultation: Consultation, at: datetime) -> ColumnElement[bool]:
    """Its audience without those who work for Customs, and without the co-owner: they ask, and need not be asked."""
    staff = select(Role.person_id).where(Role.in_force(at), Role.administration_id == consultation.administration_id)
    theirs = or_(Person.kind.is_(None), Person.kind != Kind.CUSTOMS)
    asks = Person.id == (consultation.co_owner_id or 0)
    return and_(people_of(consultation), theirs, Person.id.not_in(staff), ~asks)


def _part(consultation: Consultation, at: datetime) -> Select[int]:
    """Who has taken part; whoever was erased is of no part any longer."""
    parts = participants(select(Consultation.id).where(Consultation.id == consultation.id), at=at)
    return select(parts.c.person_id)


def _size() -> Any:
    """Small trade or not, as a business said last."""
    return (
        select(Registration.kind)
        .where(Registration.person_id == Person.id, Registration.kind.in_((Stakeholder.SMALL_TRADE, Stakeholder.TRADE)))
        .order_by(Registration.at.desc(), Registration.id.desc())
        .limit(1)
        .correlate(Person)
        .scalar_subquery()
    )


def _languages(consultation: Consultation) -> Any:
    """Those in which words stand."""
    return union(
        select(Contribution.language).where(Contribution.consultation_id == consultation.id, Contribution.counts()),
        select(Statement.language).where(
            Statement.consultation_id == consultation.id, Statement.withdrawn_at.is_(None)
        ),
    )


def _keys(
    kind: Kind | None, size: Stakeholder | None, sector: Sector | None, region: str | None, language: str
) -> Iterable[tuple[By, str]]:
    if kind is not None:
        yield By.KIND, kind.value
    if size is not None and kind is Kind.BUSINESS:
        yield By.SIZE, size.value
    if sector is not None:
        yield By.SECTOR, sector.value
    if region and region != ALL_OF_IT:
        yield By.PORT, region
    yield By.LANGUAGE, language


def _is(by: By, value: str) -> ColumnElement[bool]:
    """Of that part, as `_keys` has it."""
    match by:
        case By.KIND:
            return Person.kind == Kind(value)
        case By.SIZE:
            return and_(Person.kind == Kind.BUSINESS, _size() == Stakeholder(value))
        case By.SECTOR:
            return Person.sector == Sector(value)
        case By.PORT:
            return Person.region == value
    return Person.language == value
