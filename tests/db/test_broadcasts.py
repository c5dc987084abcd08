"""Whom a broadcast means: the statements against the same rules said plainly, of people drawn by lot."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.broadcasts import Broadcast, By, Criterion, Selection, country_of, does_without, door_of, fingerprint, persons
from db.issues import INTERNATIONAL_REGION
from db.meetings import Answer, Invitation, Meeting
from db.people import (
    MAIL,
    WEB,
    Account,
    Administration,
    Aeo,
    Kind,
    Mandate,
    Organisation,
    Person,
    RoleName,
    Scope,
    Sector,
    Standing,
    Topic,
    create_administration,
    doors_in_order,
    grant_role,
)
from db.regions import Representative, Side
from db.registrations import Registration, RegistrationState, Stakeholder
from db.session import Sessions, connect
from db.statements import Statement
from tests.handlers.registration_steps import make as make_symposium
from tests.handlers.statement_steps import consulted
from tests.world import MONDAY, YEAR

# Where the office of NMENA is, in TN, is no member of it: whoever speaks for one there belongs to it none the less.
COUNTRIES = {"TN": "ESA", "EG": "NMENA", "SN": "WCA", "GH": "WCA"}
PLACES = (None, "Port A", "country")
DOORS = ("slack", "telegram", MAIL)


@dataclass
class Drawn:
    """What the plain rules know of a person."""

    id: int
    country: str  # of their administration
    living: bool
    place: str | None
    sector: Sector | None
    kind: Kind | None
    roles: set[RoleName] = field(default_factory=set)
    aeo: set[Aeo] = field(default_factory=set)
    events: set[int] = field(default_factory=set)
    consultations: set[int] = field(default_factory=set)
    groups: set[int] = field(default_factory=set)
    speaks: str | None = None  # for which member of NMENA's office, in TN's administration

    @property
    def counts_for(self) -> str:
        return self.speaks or self.country


@dataclass
class Town:
    session: Session
    homes: dict[str, Administration]
    people: list[Drawn]
    events: list[int]
    consultations: list[int]
    groups: list[int]


def plainly(each: Drawn, by: By, values: tuple[str, ...]) -> bool:
    """The same rule, said of one person."""
    mine: dict[By, set[str]] = {
        By.REGION: {COUNTRIES[each.country], *(("NMENA",) if each.speaks else ())},
        By.COUNTRY: {each.counts_for},
        By.PLACE: {each.place or ""},
        By.SECTOR: {str(each.sector)},
        By.KIND: {str(each.kind)},
        By.ROLE: set(map(str, each.roles)),
        By.AEO: set(map(str, each.aeo)),
        By.EVENT: set(map(str, each.events)),
        By.CONSULTATION: set(map(str, each.consultations)),
        By.GROUP: set(map(str, each.groups)),
    }
    return bool(mine[by] & set(values))


def reaches(scope: Scope, scope_id: str, each: Drawn) -> bool:
    if scope is Scope.WORLD:
        return True
    if scope is Scope.REGION and scope_id != INTERNATIONAL_REGION:
        return COUNTRIES[each.country] == scope_id or (each.speaks is not None and scope_id == "NMENA")
    return each.country == "TN"


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    engine = connect(database_url)
    with Sessions(engine).writing() as session:
        yield _drawn(session, random.Random(7))
    engine.dispose()


def _drawn(session: Session, lot: random.Random) -> Town:
    homes = {
        country: create_administration(
            session,
            code=country.lower(),
            name={"en": country},
            country=country,
            zone="UTC",
            language="en",
            regions=[{"code": region, "name": {"en": region}}],
        )
        for country, region in COUNTRIES.items()
    }
    numbers = count(1)
    people = [_person(session, lot, homes, next(numbers)) for _each in range(80)]
    organiser = people[0].id
    events = [make_symposium(session, homes["TN"].id, organiser).symposium for _each in range(2)]
    consultations = [consulted(session, homes["TN"].id).id for _each in range(2)]
    groups = [_meeting(session, homes["TN"].id, organiser) for _each in range(2)]
    for each in people:
        if each.country == "TN":
            _takes_part(session, lot, each, homes["TN"].id, (events, consultations, groups))
    session.flush()
    return Town(session, homes, people, events, consultations, groups)


def _person(session: Session, lot: random.Random, homes: dict[str, Administration], number: int) -> Drawn:
    country = lot.choice(list(COUNTRIES))
    home = homes[country].id
    state = lot.choice(["living"] * 8 + ["stranger", "erased"])
    drawn = Drawn(
        0, country, state == "living", lot.choice(PLACES), lot.choice([None, *Sector][:4]), lot.choice([None, *Kind])
    )
    person = Person(
        administration_id=home,
        name=f"Person {number}",
        language="en",
        zone="UTC",
        region=drawn.place,
        sector=drawn.sector,
        kind=drawn.kind,
        by_mail=lot.random() < 0.3,
        muted=lot.choice([[], [Topic.BROADCASTS.value], [Topic.EVENTS.value, Topic.BROADCASTS.value], ["reminders"]]),
        met_at=MONDAY,
        registered_at=None if state == "stranger" else MONDAY,
        erased_at=MONDAY if state == "erased" else None,
    )
    session.add(person)
    session.flush()
    drawn.id = person.id
    for platform in lot.sample([*DOORS, WEB], lot.randint(0, 4)):
        lost = lot.random() < 0.3
        session.add(
            Account(
                person_id=person.id,
                platform=platform,
                external_id=f"{platform}{person.id}",
                address=str(person.id),
                met_at=MONDAY,
                used_at=MONDAY + timedelta(minutes=lot.randint(0, 10**6)),
                unreachable_since=MONDAY if lost else None,
                unreachable_reason="blocked" if lost else None,
            )
        )
    for name in lot.sample([RoleName.OFFICER, RoleName.COORDINATOR], lot.randint(0, 2)):
        is_over = lot.random() < 0.3
        until = MONDAY if is_over else MONDAY + YEAR
        before = MONDAY - YEAR
        grant_role(session, person, name, scope=Scope.COUNTRY, scope_id=country, at=before, until=until)
        drawn.roles |= set() if is_over else {name}
    if lot.random() < 0.5:
        _speaks_for(session, lot, person, drawn)
    return drawn


def _speaks_for(session: Session, lot: random.Random, person: Person, drawn: Drawn) -> None:
    organisation = Organisation(
        administration_id=person.administration_id,
        name=f"Organisation of {person.name}",
        kind=Kind.BUSINESS,
        standing=lot.choice([Standing.VERIFIED, Standing.VERIFIED, Standing.PROPOSED]),
        aeo=lot.choice([None, *Aeo]),
    )
    session.add(organisation)
    session.flush()
    mandate = Mandate.given(person, organisation, at=lot.choice([MONDAY, MONDAY - 2 * YEAR]))
    mandate.confirmed_by_id = lot.choice([None, person.id, person.id])
    session.add(mandate)
    in_force = mandate.ends_at > MONDAY and mandate.confirmed_by_id is not None
    if in_force and organisation.standing is Standing.VERIFIED and organisation.aeo is not None:
        drawn.aeo = {organisation.aeo}


def _meeting(session: Session, home: int, organiser: int) -> int:
    meeting = Meeting(
        administration_id=home,
        title="A group",
        language="en",
        organiser_id=organiser,
        zone="UTC",
        called_at=MONDAY,
        changed_at=MONDAY,
    )
    session.add(meeting)
    session.flush()
    return meeting.id


def _takes_part(
    session: Session, lot: random.Random, each: Drawn, home: int, things: tuple[list[int], list[int], list[int]]
) -> None:
    events, consultations, groups = things
    for event in lot.sample(events, lot.randint(0, 2)):
        state = lot.choice(list(RegistrationState))
        session.add(
            Registration(
                administration_id=home,
                symposium_id=event,
                person_id=each.id,
                kind=Stakeholder.TRADE,
                code=f"{event}-{each.id}",
                state=state,
                at=MONDAY,
            )
        )
        each.events |= {event} if state is RegistrationState.REGISTERED else set()
    for consultation in lot.sample(consultations, lot.randint(0, 2)):
        withdrawn = lot.choice([None, None, MONDAY])
        said: dict[str, Any] = {"person_id": each.id, "words": "So.", "language": "en", "at": MONDAY}
        row = {"administration_id": home, "consultation_id": consultation, "withdrawn_at": withdrawn}
        session.add(Statement(**row, **said))
        each.consultations |= {consultation} if withdrawn is None else set()
    for group in lot.sample(groups, lot.randint(0, 2)):
        answer = lot.choice([Answer.NONE, Answer.ACCEPTED, Answer.DECLINED, Answer.REMOVED])
        asked = {"meeting_id": group, "invited_by_id": each.id, "invited_at": MONDAY}
        session.add(Invitation(administration_id=home, person_id=each.id, answer=answer, **asked))
        each.groups |= {group} if answer in (Answer.NONE, Answer.ACCEPTED) else set()
    if lot.random() < 0.5:
        is_over = lot.random() < 0.3
        term = {"starts_at": MONDAY - YEAR, "ends_at": MONDAY if is_over else MONDAY + YEAR}
        member = {"region": "NMENA", "country": "LY", "side": Side.CUSTOMS, "zone": "UTC"}
        session.add(Representative(administration_id=home, person_id=each.id, **member, **term))
        each.speaks = None if is_over else "LY"


def _values(town: Town, lot: random.Random, by: By) -> tuple[str, ...]:
    known: dict[By, list[Any]] = {
        By.REGION: ["NMENA", "WCA", "EUR"],
        By.COUNTRY: [*COUNTRIES, "LY"],
        By.PLACE: ["Port A", "country"],
        By.SECTOR: list(Sector)[:3],
        By.KIND: list(Kind),
        By.ROLE: [RoleName.OFFICER, RoleName.COORDINATOR],
        By.AEO: list(Aeo),
        By.EVENT: town.events,
        By.CONSULTATION: town.consultations,
        By.GROUP: town.groups,
    }
    return tuple(str(each) for each in lot.sample(known[by], lot.randint(1, 2)))


def _broadcast(town: Town, scope: Scope, scope_id: str, selection: Selection) -> Broadcast:
    return Broadcast(
        administration_id=town.homes["TN"].id, scope=scope, scope_id=scope_id, audience=selection.to_json()
    )


SCOPES = (
    (Scope.COUNTRY, "TN"),
    (Scope.REGION, "NMENA"),
    (Scope.REGION, "WCA"),
    (Scope.REGION, INTERNATIONAL_REGION),
    (Scope.WORLD, "world"),
)


def test_who_is_meant_is_who_the_rules_say(town: Town) -> None:
    lot = random.Random(11)
    everybody = {each.id for each in town.people}
    seen: set[By] = set()
    for number in range(150):
        scope, scope_id = SCOPES[number % len(SCOPES)]

        def some(most: int) -> tuple[Criterion, ...]:
            chosen = lot.sample(list(By), lot.randint(0, most))
            return tuple(Criterion(by, _values(town, lot, by)) for by in chosen)

        selection = Selection(some(2), some(2))
        assert Selection.from_json(selection.to_json()) == selection
        broadcast = _broadcast(town, scope, scope_id, selection)
        found = list(town.session.scalars(persons(broadcast, at=MONDAY)))
        wanted = {
            each.id
            for each in town.people
            if each.living
            and reaches(scope, scope_id, each)
            and all(plainly(each, held.by, held.values) for held in selection.include)
            and not any(plainly(each, held.by, held.values) for held in selection.exclude)
        }
        assert len(found) == len(set(found)) and set(found) & everybody == wanted, (scope, scope_id, selection)
        if 0 < len(wanted) < len(everybody):
            seen |= {held.by for held in (*selection.include, *selection.exclude)}
    assert seen == set(By)


def test_what_is_counted_of_people_is_what_each_of_them_has(town: Town) -> None:
    broadcast = _broadcast(town, Scope.WORLD, "world", Selection())
    asked = persons(broadcast, at=MONDAY)
    # The member that somebody speaks for, where they are at home.
    found: dict[int, str] = dict(iter(town.session.execute(asked.add_columns(country_of(broadcast, at=MONDAY)))))
    assert found == {each.id: each.counts_for for each in town.people if each.living}
    assert {"LY", "TN"} < set(found.values())
    # Who does without broadcasts.
    without = set(town.session.scalars(select(Person.id).where(does_without())))
    muted = town.session.execute(select(Person.id, Person.muted))
    assert without == {person_id for person_id, topics in muted if Topic.BROADCASTS in topics} != set()
    # The first door is the one that news tries first.
    for doors in (DOORS, ("slack", "telegram"), (MAIL,), ()):
        first: dict[int, int | None] = dict(iter(town.session.execute(asked.add_columns(door_of(doors)))))
        for person_id, door in first.items():
            person = town.session.get_one(Person, person_id)
            reached = Account.person_id == person_id, Account.unreachable_since.is_(None), Account.platform.in_(doors)
            tried = select(Account.id).where(*reached).order_by(*doors_in_order(person)).limit(1)
            assert door == town.session.scalar(tried)
        assert len(set(first.values())) > (15 if doors else 0)


def test_the_fingerprint_changes_with_whoever_comes_and_goes_and_with_nothing_else(town: Town) -> None:
    broadcast = _broadcast(town, Scope.COUNTRY, "TN", Selection((Criterion(By.KIND, (Kind.BUSINESS,)),)))
    before = fingerprint(town.session, broadcast, at=MONDAY)
    meant = list(town.session.scalars(persons(broadcast, at=MONDAY)))
    assert before[1] == len(meant) > 0
    first = town.session.get_one(Person, meant[0])
    first.name, first.language = "Another name", "fr"
    town.session.flush()
    assert fingerprint(town.session, broadcast, at=MONDAY) == before
    first.erased_at = MONDAY
    town.session.flush()
    assert fingerprint(town.session, broadcast, at=MONDAY)[1] == before[1] - 1
    other = next(each for each in town.people if each.living and each.country == "TN" and each.kind is Kind.AGENCY)
    town.session.get_one(Person, other.id).kind = Kind.BUSINESS
    town.session.flush()
    swapped = fingerprint(town.session, broadcast, at=MONDAY)  # as many as before, and others
    assert swapped[1] == before[1] and swapped[0] != before[0]
