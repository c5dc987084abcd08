"""What stands in the database, and whether a Parley works on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.ops.alone import INTAKE, alone, among, is_running
from bot.ops.doctor import state
from db import search
from db import session as sessions_room
from db.machinery import OUTBOX_HOLD, Audit, Due, Inbox, InboxState, Job, Outgoing, Sending, Setting
from db.people import Administration
from db.session import Sessions, connect
from scheduling.clock import SystemClock
from tests.ops.doctor.conftest import CANARY, Patient, sick
from tests.shell import NOON, meet

pytestmark = pytest.mark.promise("doctor.fails", "Each FAIL and each WARN of `parley doctor` is produced on purpose.")

Write = Callable[[Callable[[Any], None]], None]


@pytest.fixture
def patient(database_url: str) -> Patient:
    return Patient(database_url)


@pytest.fixture
def write(patient: Patient) -> Iterator[Write]:
    made = Sessions(connect(patient.database_url))

    def change(work: Callable[[Any], None]) -> None:
        with made.writing() as session:
            work(session)

    yield change
    made.engine.dispose()


def test_an_empty_database_has_no_administration_and_one_with_it_is_well(patient: Patient, write: Write) -> None:
    sick((patient.examined())["administration"], "FAIL", "there is none yet", "parley admin create")
    write(meet)
    found = patient.examined()
    quiet = ("database", "administration", "inbox", "outbox", "due", "audit", "outbox on hold", "outbox in doubt")
    assert {found[check].verdict for check in (*quiet, "quarantine", "failed jobs")} == {"OK"}


def update(state: InboxState, late: timedelta) -> Inbox:
    common = {"platform": "slack", "account": "x", "trace": "t"}
    return Inbox(key=state, payload="{", state=state, received_at=SystemClock().now() - late, **common)


def message(state: Sending, late: timedelta) -> Outgoing:
    at = SystemClock().now() - late
    named = {"administration_id": 1, "person_id": 1, "once": state.value, "state": state, "trace": "t"}
    return Outgoing(screen={}, created_at=at, not_before=at, expires_at=at, **named)


@pytest.mark.parametrize(
    ("late", "verdict", "words"),
    [
        (timedelta(seconds=30), "OK", "nothing is late"),
        (timedelta(minutes=10), "WARN", "late by 0:1"),
        (timedelta(hours=3), "FAIL", "too late, by 3:0"),
    ],
)
def test_what_waits_too_long(patient: Patient, write: Write, late: timedelta, verdict: str, words: str) -> None:
    write(meet)

    at = SystemClock().now() - late

    def neglect(session: Any) -> None:
        session.add_all([update(InboxState.WAITING, late), message(Sending.WAITING, late)])
        session.add(Due(job="x", args={}, key="k", at=at))
        session.add(Audit(at=at, door="x", what="x", ids={}, trace="t"))

    write(neglect)
    found = patient.examined()
    for check in ("inbox", "outbox", "due", "audit"):
        assert found[check].verdict == verdict and words in found[check].why


def test_what_was_done_too_late(patient: Patient, write: Write) -> None:
    write(meet)
    now = SystemClock().now()

    def neglect(session: Any) -> None:
        for hours, late in ((1, 3), (2, 1), (30, 9)):  # the last was not today
            done = now - timedelta(hours=hours)
            session.add(
                Due(job="x", args={}, key=f"{hours}", at=done - timedelta(hours=late), fired_at=done, done_at=done)
            )

    write(neglect)
    assert patient.examined()["due"].verdict == "OK"
    assert patient.examined()["due"].why == "nothing is late; in the last day something was done 3:00:00 late"


def test_what_needs_a_person(patient: Patient, write: Write) -> None:
    write(meet)

    def neglect(session: Any) -> None:
        session.add_all([update(InboxState.QUARANTINED, timedelta()), message(Sending.IN_DOUBT, timedelta())])
        session.add(Setting(name=OUTBOX_HOLD, value={"since": "2026-11-20T08:00:00+00:00"}))
        session.add(Job(name="turn", args={}, at=NOON, failed_at=NOON))

    write(neglect)
    found = patient.examined()
    sick(found["outbox on hold"], "WARN", "a backup was restored on 2026-11-20", "0 messages wait", "outbox release")
    sick(found["outbox in doubt"], "WARN", "1 messages that may have arrived or not")
    sick(found["quarantine"], "WARN", "1 updates that could not be read")
    sick(found["failed jobs"], "WARN", "1 jobs given up")
    assert found["search"].verdict == "OK"
    write(lambda session: search.keep(session, "issue", 1, 1, "a container"))  # by a version that left no mark
    sick(patient.examined()["search"], "WARN", "what was indexed by another version is not found", "db reindex")
    write(lambda session: session.add(message(Sending.HELD, timedelta())))
    sick((patient.examined())["outbox on hold"], "WARN", "1 messages wait")


def test_a_power_cut_that_would_lose_what_was_confirmed(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL has it turned off in our tests; SQLite only by a Parley that forgets to ask for it."""
    if "sqlite" in patient.database_url:
        assert (patient.examined())["durability"].verdict == "OK"

        def careless(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA synchronous=NORMAL")

        monkeypatch.setattr(sessions_room, "_prepare_sqlite", careless)
    sick((patient.examined())["durability"], "FAIL", "a power cut loses what was confirmed")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DROP TABLE alembic_version", "no tables yet"),
        ("UPDATE alembic_version SET version_num = '0000'", "is at revision 0000"),
        ("ALTER TABLE setting RENAME TO setting_", "the database refuses"),
    ],
)
def test_a_database_of_another_version(patient: Patient, write: Write, change: str, words: str) -> None:
    write(lambda session: session.execute(text(change)))
    sick((patient.examined())["database"], "FAIL", words, "mend it first")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///{folder}/none.db", "there is no database"),
        (f"mysql://me:{CANARY}@127.0.0.1/parley", "is not an address"),
        (f"postgresql+psycopg://me:{CANARY}@127.0.0.1:1/parley", "the database refuses"),
        (f"postgresql+psycopg://me:{CANARY}/x@127.0.0.1:1/parley", "the database refuses"),
    ],
)
def test_a_database_that_is_away(tmp_path: Path, url: str, words: str) -> None:
    found = Patient(url.format(folder=tmp_path)).examined()
    sick(found["database"], "FAIL", words)
    assert not list(tmp_path.iterdir()), "looking makes nothing"


def test_whether_a_parley_is_running_on_it(patient: Patient, write: Write) -> None:
    write(lambda session: session.add(Administration(code="a", name={}, country="TN", zone="UTC", language="en")))
    sick((patient.examined())["process"], "WARN", "no Parley is running")
    with alone(patient.database_url):
        assert (patient.examined())["process"].verdict == "OK"
        assert is_running(patient.database_url)
    assert not is_running(patient.database_url)
    with alone(patient.database_url):
        pass  # having looked holds nobody up


def test_the_processes_of_one_that_is_many(postgresql_url: str) -> None:
    patient = Patient(postgresql_url, {"engine": "scaled"})
    with among(postgresql_url, ["web"]), among(postgresql_url, ["worker"]):
        found = patient.examined()
        sick(found["process"], "FAIL", "1 web, 1 worker, 0 clock: nothing comes due")
        sick(found["intake"], "WARN", "nobody polls, holds the socket")
        with among(postgresql_url, ["clock"]):
            assert patient.examined()["process"].verdict == "OK"
    with among(postgresql_url, ["web", "worker", "clock"]), connect(postgresql_url).connect() as holder:
        holder.execute(text(f"SELECT pg_advisory_lock({INTAKE})"))
        assert patient.examined()["intake"].verdict == "OK"
        holder.invalidate()


def test_more_connections_than_there_are_is_said(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = Patient(postgresql_url)
    with alone(postgresql_url):
        assert "1 of our processes need up to" in patient.examined()["connections"].why
        monkeypatch.setattr(state, "MOST_CONNECTIONS", 1000)
        sick(patient.examined()["connections"], "WARN", "1 of our processes", "max_connections to 1010")
