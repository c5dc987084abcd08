"""The names most like what somebody types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from rapidfuzz import fuzz, process, utils
from sqlalchemy import ColumnElement, or_, select

from bot.kit.clean import clean_line
from bot.kit.context import Context
from bot.kit.forms import CHOICES_SHOWN, Option
from bot.kit.text import Raw, _
from db.people import Mandate, Organisation, Person, Standing, named

CUT_OFF = 60
PEOPLE_SHOWN = 20
WORDS = 8  # so many of them are looked at
LIKELY = 500  # so many are weighed where no name has what was typed
K = TypeVar("K")


def closest(query: str, names: Mapping[K, str], *, cut_off: int = CUT_OFF, most: int = CHOICES_SHOWN) -> list[K]:
    """The keys of the names most like `query`, best first; the first few in their own order where nothing is typed."""
    if not query.strip():
        return list(names)[:most]
    found = process.extract(
        query, names, scorer=fuzz.WRatio, processor=utils.default_process, score_cutoff=cut_off, limit=most
    )
    return [key for _name, _score, key in found]


def people_named(
    ctx: Context, query: str, *which: ColumnElement[bool], prefix: str = "", most: int = PEOPLE_SHOWN
) -> Sequence[Option]:
    """Of the people of the administration that `which` says, those with every word that was typed in their name.

    They come in the order of their names; where there is none, those whose names are most like it. `prefix` begins the
    value of each option; a whole value finds whom it means.
    """
    living = Person.of(ctx.who.administration_id), Person.erased_at.is_(None)
    known = select(Person.id, Person.name).where(*living, *which).order_by(Person.name, Person.id)
    query = clean_line(query).strip()
    number = query.removeprefix(prefix)
    if query.startswith(prefix) and number.isdecimal() and len(number) < 18:
        known, most = known.where(Person.id == int(number)), 1
    else:
        known = known.where(named(ctx.session, query, Person.name))
    found = {row.id: row.name for row in ctx.session.execute(known.limit(most))}
    if not found and not number.isdecimal() and len(query) > 3:  # a number is somebody's, or nobody's
        alike = or_(*(named(ctx.session, part, Person.name) for part in (query[:3], query[-3:])))
        near = select(Person.id, Person.name).where(*living, *which, alike).order_by(Person.name, Person.id)
        names = {row.id: row.name for row in ctx.session.execute(near.limit(LIKELY))}
        found = {key: names[key] for key in closest(query, names)}
    return [Option(f"{prefix}{key}", Raw(name)) for key, name in found.items()]


def voices_named(ctx: Context, query: str, *which: ColumnElement[bool], most: int = PEOPLE_SHOWN) -> Sequence[Option]:
    """Of those who speak for a verified organisation and that `which` says, those of whom every word that was typed is
    in their own name or in its.

    They come in the order of their names; where there is none, those whose names are most like it. A person's id finds
    them.
    """
    speaking = (
        Person.of(ctx.who.administration_id),
        Mandate.administration_id == ctx.who.administration_id,
        Person.registered_at.is_not(None),
        Person.erased_at.is_(None),
        Mandate.in_force(ctx.now),
        Mandate.confirmed_by_id.is_not(None),
        Organisation.standing == Standing.VERIFIED,
        *which,
    )
    known = (
        select(Person.id, Person.name, Organisation.name.label("organisation"))
        .join(Mandate, Mandate.person_id == Person.id)
        .join(Organisation, Organisation.id == Mandate.organisation_id)
        .where(*speaking)
        .order_by(Person.name, Person.id)
    )

    def either(word: str) -> ColumnElement[bool]:
        return or_(*(named(ctx.session, word, column) for column in (Person.name, Organisation.name)))

    query = clean_line(query).strip()
    if query.isdecimal() and len(query) < 18:
        rows = ctx.session.execute(known.where(Person.id == int(query))).all()
    else:
        rows = ctx.session.execute(known.where(*map(either, query.split()[:WORDS])).limit(most)).all()
        if not rows and len(query) > 3:
            near = ctx.session.execute(known.where(or_(either(query[:3]), either(query[-3:]))).limit(LIKELY)).all()
            alike = {number: f"{row.name}, {row.organisation}" for number, row in enumerate(near)}
            rows = [near[number] for number in closest(query, alike)]
    found = {row.id: row for row in rows}  # once, whoever speaks for several
    return [
        Option(str(key), _("{name}, {organisation}", name=row.name, organisation=row.organisation))
        for key, row in found.items()
    ]
