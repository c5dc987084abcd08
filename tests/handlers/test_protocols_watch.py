"""The watch over the protocol against a plain account of it: whatever happens between looks, whenever these are, each
breach is found once, none is missed, and nothing that was kept in time is one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db.centres import Centre
from db.issues import Entry, Issue, Voice
from db.people import Kind, Person, Sector, create_administration
from db.protocols import Duty, Event, Hears, Protocol, ProtocolRule
from db.session import connect
from handlers.protocols import monitor
from handlers.protocols.offices import Offices
from scheduling.deadlines import WEEKDAYS, WorkingWeek
from tests.world import MONDAY

# Around a change of the clocks and a public holiday: (zone, country, first day, days worked)
PLACES = [
    ("Europe/Brussels", "BE", date(2026, 3, 27), WEEKDAYS[:5]),  # the clocks change, then Easter
    ("Africa/Cairo", "EG", date(2026, 4, 22), ("sun", *WEEKDAYS[:4])),  # a midnight is left out, two holidays
    ("America/Havana", "CU", date(2026, 10, 30), WEEKDAYS[:5]),  # an hour after midnight comes twice
]
HOUR = timedelta(hours=1)


@pytest.fixture
def watched(sqlite_url: str) -> Iterator[tuple[Engine, int]]:
    """A database with an administration and one person; each case is undone."""
    engine = connect(sqlite_url)
    with Session(engine) as session:
        home = create_administration(
            session,
            code="w",
            name={"en": "W"},
            country="TN",
            zone="Africa/Tunis",
            language="en",
            regions=[],
            integrity_url=None,
        )
        session.flush()
        person = Person(administration_id=home.id, kind=Kind.BUSINESS, language="en", zone="UTC", met_at=MONDAY)
        session.add(person)
        number = home.id
        session.commit()
    yield engine, number
    engine.dispose()


def taken(week: WorkingWeek, start: datetime, end: datetime) -> int:
    """Working days from one instant to another, counted on the wall: the days after the first on which it opens."""
    zone = ZoneInfo(week.zone)
    day, last, count = start.astimezone(zone).date(), end.astimezone(zone).date(), 0
    while day < last:
        day += timedelta(days=1)
        count += week.day_off(day) is None
    return count


hours = st.integers(0, 24 * 20)
cases = st.tuples(
    hours,  # raised
    st.one_of(st.none(), hours),  # answered so many hours later
    st.one_of(st.none(), hours),  # withdrawn so many hours later
    st.booleans(),  # at the desk, or at none
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.sampled_from(PLACES),
    within=st.integers(1, 4),
    later=st.integers(1, 4),
    republished=st.one_of(st.none(), hours),
    told=st.lists(cases, min_size=1, max_size=6),
    looks=st.lists(hours, min_size=1, max_size=8),
    most=st.sampled_from([1, 2, 100]),
)
def test_each_breach_is_found_once_none_is_missed_and_none_was_kept_in_time(
    watched: Any,
    place: Any,
    within: int,
    later: int,
    republished: int | None,
    told: list[Any],
    looks: list[int],
    most: int,
) -> None:
    engine, home = watched
    zone, country, first, days = place
    week = WorkingWeek.from_json({"zone": zone, "country": country, "days": {day: ["08:00-16:00"] for day in days}})
    began = datetime.combine(first, datetime.min.time(), UTC)
    with Session(engine) as session:
        person = _person(session, home)
        desk = Centre(administration_id=home, code="d", name={"en": "D"}, week=week.to_json())
        session.add(desk)
        session.flush()
        versions = [_version(session, home, person, 1, within, began)]
        again = began + republished * HOUR if republished is not None else None
        expected: dict[int, tuple[datetime, datetime | None, datetime | None, WorkingWeek | None, int]] = {}
        events: list[tuple[datetime, int, Any]] = []
        for number, (raised, answered, withdrawn, at_desk) in enumerate(told, 1):
            at = began + raised * HOUR
            centre = desk.id if at_desk else None
            kept = at + answered * HOUR if answered is not None else None
            gone = at + withdrawn * HOUR if withdrawn is not None else None
            if kept is not None and gone is not None and gone < kept:
                kept = None  # nobody answers what was taken back
            promised = within if again is None or at < again else later
            expected[number] = (at, kept, gone, week if at_desk else None, promised)
            if kept is not None:
                events.append((kept, 0, ("answer", number)))
            if gone is not None:
                events.append((gone, 0, ("withdraw", number)))
            events.append((at, -1, ("raise", number, centre)))
        if again is not None:
            events.append((again, -2, ("publish",)))
        events += [(began + look * HOUR, 1, ("look",)) for look in looks]
        found: dict[int, datetime] = {}
        offices = Offices(session, home)
        seen_at: list[datetime] = []
        for at, _order, what in sorted(events, key=lambda each: each[:2]):
            match what:
                case ("raise", number, centre):
                    session.add(_issue(home, person, at, centre, number))
                case ("answer", number):
                    said = {"words": "x", "language": "en", "author_id": person, "at": at}
                    session.add(Entry(administration_id=home, issue_id=number, voice=Voice.REPLY, **said))
                case ("withdraw", number):
                    session.get_one(Issue, number).withdraw(at=at)
                case ("publish",):
                    versions[-1].supersede(at=at)
                    looked_at = versions[-1].looked_at
                    versions.append(_version(session, home, person, 2, later, at))
                    versions[-1].looked_at = looked_at
                case ("look",):
                    for _portion in range(20):
                        seen = monitor.look(session, versions[-1], offices, at=at, most=most)
                        for duty in seen.breached:
                            assert duty.about_id not in found, "found twice"
                            found[duty.about_id] = at
                        if seen.is_all:
                            break
                    assert seen.is_all
                    seen_at.append(at)
            session.flush()
        for number, (at, kept, gone, its_week, promised) in expected.items():
            its = its_week or offices.week(None)

            def is_late(then: datetime, its: WorkingWeek = its, at: datetime = at, promised: int = promised) -> bool:
                return taken(its, at, then) > promised

            ended = kept or gone
            too_late = [look for look in seen_at if is_late(look) and (ended is None or is_late(ended))]
            assert found.get(number) == min(too_late, default=None)
            owed = session.scalar(select(Duty).where(Duty.about_id == number))
            if kept is not None and any(look >= kept for look in seen_at):
                assert owed is not None
                assert (owed.kept_at, owed.days) == (kept, taken(its, at, kept))
        session.rollback()


def _person(session: Session, home: int) -> int:
    person = session.scalars(select(Person).where(Person.administration_id == home)).first()
    assert person is not None
    return person.id


def _version(session: Session, home: int, person: int, number: int, days: int, at: datetime) -> Protocol:
    made = Protocol(
        administration_id=home,
        number=number,
        drafted_at=at,
        drafted_by_id=person,
        published_at=at,
        published_by_id=person,
        looked_at=at,
    )
    session.add(made)
    session.flush()
    rule = ProtocolRule(
        administration_id=home,
        protocol_id=made.id,
        event=Event.ISSUE_RAISED,
        hears=Hears.REPORTER,
        within_days=days,
        doors=["chat"],
    )
    session.add(rule)
    session.flush()
    return made


def _issue(home: int, person: int, at: datetime, centre: int | None, number: int) -> Issue:
    return Issue(
        id=number,
        administration_id=home,
        title="x",
        language="en",
        reporter_id=person,
        sector=Sector.GENERAL,
        centre_id=centre,
        raised_at=at,
        clock_started_at=at,
    )
