"""Who attends a region's meetings, and the ledger of what each has borne: noted once a meeting has been held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.text import Text, _
from db.people import Person
from db.regions import Borne, Office, Representative, Side, Term
from scheduling import meetings
from scheduling import regions as world
from scheduling.meetings import Attendee

from .room import country

BUSINESS = "business:"
FROM = "Europe/Brussels"  # on whose calendar a year begins and ends: the organization's seat


def in_force(session: Session, administration_id: int, region: str, *, at: datetime) -> Sequence[Representative]:
    """Everybody who speaks for a member of the region, or for its business, at `at`; the longest known first."""
    theirs = Representative.administration_id == administration_id, Representative.region == region
    living = Representative.person_id.in_(select(Person.id).where(Person.erased_at.is_(None)))
    found = select(Representative).where(*theirs, living, Representative.in_force(at)).order_by(Representative.id)
    return session.scalars(found).all()


def chair(session: Session, administration_id: int, region: str) -> int | None:
    """The Vice-Chair: who leads the office that sits. Expected at every meeting of the region, whoever calls it."""
    ours = Office.administration_id == administration_id, Office.region == region, Office.term == Term.SITTING
    living = Office.head_id.in_(select(Person.id).where(Person.erased_at.is_(None)))
    return session.scalar(select(Office.head_id).where(*ours, living))


def attendees(
    session: Session, administration_id: int, region: str, *, jointly: bool, at: datetime
) -> tuple[Attendee, ...]:
    """Every member of the region once, on the clock of whoever speaks for it or else of its capital; jointly, also each
    representative of its business, with their country's week and holidays."""
    speaking = in_force(session, administration_id, region, at=at)
    zones = {each.country: each.zone for each in reversed(speaking) if each.side is Side.CUSTOMS}
    members = {each.code: each for each in world.of((region,))}
    found = [
        Attendee(code, replace(member.week, zone=zones.get(code, member.zone)), member.keeps_ramadan)
        for code, member in members.items()
    ]
    if jointly:
        found += [
            Attendee(
                f"{BUSINESS}{each.id}",
                replace(members[each.country].week, zone=each.zone),
                members[each.country].keeps_ramadan,
            )
            for each in speaking
            if each.side is Side.BUSINESS and each.country in members
        ]
    return tuple(found)


def called(session: Session, keys: Sequence[str]) -> dict[str, Text]:
    """What attendees are called where everybody reads it: countries, no people."""
    ids = [int(key.removeprefix(BUSINESS)) for key in keys if key.startswith(BUSINESS)]
    rows = session.execute(select(Representative.id, Representative.country).where(Representative.id.in_(ids)))
    countries = {f"{BUSINESS}{row.id}": row.country for row in rows}
    return {
        key: _("Business, {country}", country=country(countries[key])) if key in countries else country(key)
        for key in keys
    }


def history(session: Session, administration_id: int, region: str) -> dict[int, dict[str, int]]:
    """Each year's points by attendee."""
    ours = Borne.administration_id == administration_id, Borne.region == region
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for line in session.scalars(select(Borne).where(*ours).order_by(Borne.year, Borne.attendee)):
        found[line.year][line.attendee] = line.points
    return dict(found)


def carried(
    session: Session, administration_id: int, region: str, year: int, those: Sequence[Attendee]
) -> dict[str, int]:
    """What each brings into `year` from the years before it."""
    return meetings.carried(history(session, administration_id, region), year, [each.key for each in those])


def so_far(
    session: Session, administration_id: int, region: str, year: int, those: Sequence[Attendee]
) -> dict[str, int]:
    """What each brings into a meeting of `year`: what they carry, and what they have borne this year already."""
    brought = carried(session, administration_id, region, year, those)
    this_year = history(session, administration_id, region).get(year, {})
    return {key: points + this_year.get(key, 0) for key, points in brought.items()}


def note_held(
    session: Session, administration_id: int, region: str, start: datetime, minutes: int, those: Sequence[Attendee]
) -> None:
    """Write down what a meeting that was held has cost each attendee. The caller sees to it that it is written once.

    Whoever bore nothing has a line too, of nothing: without one they would count as new.
    """
    year = year_of(start)
    keys = [each.key for each in those]
    ours = Borne.administration_id == administration_id, Borne.region == region, Borne.year == year
    known = {line.attendee: line for line in session.scalars(select(Borne).where(*ours, Borne.attendee.in_(keys)))}
    for each in those:
        cost = meetings.burden(each, start, minutes)
        line = known.get(each.key)
        if line is None:
            line = Borne(
                administration_id=administration_id,
                region=region,
                year=year,
                attendee=each.key,
                points=0,
                nights=0,
                meetings=0,
            )
            session.add(line)
        line.points += cost.points
        line.nights += cost.is_night
        line.meetings += 1
    session.flush()


def year_of(at: datetime) -> int:
    return at.astimezone(ZoneInfo(FROM)).year
