"""The states of an agency's part, and what becomes of a consent, of the criteria and of two persons who are one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.agencies import Disclosure, Part, PartState, disclosed
from db.issues import How, Issue, Participation
from db.people import Kind, Organisation, Person, Sector, create_administration
from db.personal import erase, gather, join
from db.recognition import SAFE, Criterion, Recognition, RecognitionChange, Stand
from db.session import Sessions, _config, connect

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(days=3)

ASKED, ANSWERED, CANNOT, CALLED_OFF = PartState
SPOKEN = (ASKED, ANSWERED, CANNOT)
# What can be done, from which states, and where it leads. From every other state it is False and nothing changes.
TRANSITIONS: dict[str, tuple[Callable[[Part], bool], dict[PartState, PartState]]] = {
    "ask again": (
        lambda one: one.ask_again(1, respond_by=LATER, at=NOON),
        dict.fromkeys((ANSWERED, CANNOT, CALLED_OFF), ASKED),
    ),
    "wait": (lambda one: one.wait_until(LATER), {ASKED: ASKED}),
    "answer": (lambda one: one.answer(at=NOON), dict.fromkeys(SPOKEN, ANSWERED)),
    "decline": (lambda one: one.decline(at=NOON), dict.fromkeys(SPOKEN, CANNOT)),
    "call off": (lambda one: one.call_off(), {ASKED: CALLED_OFF}),
    "nudge": (lambda one: one.nudge(at=NOON), {ASKED: ASKED}),
    "nudge twice": (lambda one: one.nudge(at=NOON) and one.nudge(at=NOON), {}),
    "miss": (lambda one: one.miss(at=LATER), {ASKED: ASKED}),
    "miss too early": (lambda one: one.miss(at=NOON), {}),
}


@pytest.mark.parametrize("name", TRANSITIONS)
def test_what_can_be_done_from_each_state(name: str) -> None:
    change, leads_to = TRANSITIONS[name]
    for state in PartState:
        one = Part(state=state, asked_by_id=2, asked_at=NOON, respond_by=LATER - timedelta(days=1), run=1)
        assert change(one) is (state in leads_to), state
        assert one.state is leads_to.get(state, state)


@pytest.fixture
def sessions(database_url: str) -> Iterator[Sessions]:
    made = Sessions(connect(database_url))
    yield made
    made.engine.dispose()


def _home(session: Session) -> tuple[int, int, int, int]:
    """An administration, two people and an agency."""
    home = create_administration(
        session, code="sk", name={"en": "Customs"}, country="TN", zone="Africa/Tunis", language="en"
    )
    people = [
        Person(administration_id=home.id, name=name, language="en", zone="UTC", met_at=NOON, registered_at=NOON)
        for name in ("Ana", "Ana too")
    ]
    agency = Organisation(administration_id=home.id, name="Food Agency", kind=Kind.AGENCY)
    session.add_all([*people, agency])
    session.flush()
    return home.id, people[0].id, people[1].id, agency.id


def test_a_consent_ends_with_whoever_gave_it(sessions: Sessions) -> None:
    with sessions.writing() as session:
        home, ana, other, _agency = _home(session)
        common = {"administration_id": home, "language": "en"}
        issue = Issue(**common, title="", reporter_id=ana, sector=Sector.GENERAL, raised_at=NOON, clock_started_at=NOON)
        session.add(issue)
        session.flush()
        part = Participation(**common, issue_id=issue.id, person_id=ana, how=How.REPORTER, joined_at=NOON)
        session.add_all(
            [part, Disclosure(administration_id=home, issue_id=issue.id, person_id=ana, given_at=NOON)],
        )
        session.flush()
        assert disclosed(session, issue.id) == ana
        assert gather(session, session.get_one(Person, ana))["disclosure"][0]["issue_id"] == issue.id
        join(session, session.get_one(Person, ana), session.get_one(Person, other), at=NOON)
        assert disclosed(session, issue.id) == other
        erase(session, session.get_one(Person, other), at=NOON)
        session.expire_all()
        assert disclosed(session, issue.id) is None
        assert session.scalars(select(Disclosure.withdrawn_at)).one() == NOON


def test_what_an_agency_said_stays_its_own_when_whoever_said_it_leaves(sessions: Sessions) -> None:
    with sessions.writing() as session:
        home, ana, other, agency = _home(session)
        line = session.scalars(select(Criterion.id).order_by(Criterion.position)).first()
        assert line is not None and session.scalars(select(Criterion.code)).all() == list(SAFE)
        said = {"administration_id": home, "criterion_id": line, "agency_id": agency, "language": "en"}
        said |= {"stand": Stand.NOT, "note": "Why not"}
        session.add_all(
            [Recognition(**said, said_by_id=ana, said_at=NOON), RecognitionChange(**said, by_id=ana, at=NOON)]
        )
        session.flush()
        join(session, session.get_one(Person, ana), session.get_one(Person, other), at=NOON)
        erase(session, session.get_one(Person, other), at=NOON)
        session.expire_all()
        kept = session.scalars(select(Recognition)).one()
        assert (kept.note, kept.said_by_id) == ("Why not", other)


def test_an_administration_that_was_there_before_has_the_criteria_too(tmp_path: Path) -> None:
    """The migration brings them."""
    engine = connect(f"sqlite:///{tmp_path / 'old.db'}")
    steps = ScriptDirectory.from_config(_config(engine)).walk_revisions()
    before = next(str(each.down_revision) for each in steps if each.doc == "Agencies")
    command.upgrade(_config(engine), before)
    with engine.begin() as connection:
        home = "INSERT INTO administration VALUES (1, 'sk', '{}', 'TN', 'UTC', 'en', NULL, '[]', NULL)"
        connection.exec_driver_sql(home)
    command.upgrade(_config(engine), "head")
    with Session(engine) as session:
        found = session.scalars(select(Criterion).order_by(Criterion.position)).all()
        assert [(each.code, each.name["fr"]) for each in found] == [(code, SAFE[code]["fr"]) for code in SAFE]
    engine.dispose()
