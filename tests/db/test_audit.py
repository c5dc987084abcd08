"""The audit chain: sealed in order, and nothing about the past can be changed unnoticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, update

from db import audit
from db.machinery import Audit
from db.session import Sessions, connect

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def sessions(database_url: str) -> Iterator[Sessions]:
    made = Sessions(connect(database_url))
    yield made
    made.engine.dispose()


def write(sessions: Sessions, count: int) -> None:
    with sessions.writing() as session:
        for number in range(count):
            session.add(
                Audit(
                    administration_id=1,
                    at=NOON + timedelta(microseconds=number),
                    who=number,
                    door="slack",
                    what="issues.take",
                    about=f"issue:{number}",
                    ids={"issue": number, "urgent": True},
                    trace=f"t{number}",
                )
            )


def seal(sessions: Sessions) -> int:
    with sessions.writing() as session:
        return audit.seal(session)


def verify(sessions: Sessions) -> audit.Verdict:
    with sessions.reading() as session:
        return audit.verify(session)


def test_an_empty_chain_is_whole(sessions: Sessions) -> None:
    assert verify(sessions) == audit.Verdict(0, 0, audit.BEGINNING)


def test_lines_are_sealed_in_order_and_the_tail_is_told(sessions: Sessions) -> None:
    write(sessions, 3)
    assert verify(sessions) == audit.Verdict(0, 3, audit.BEGINNING)
    assert seal(sessions) == 3 and seal(sessions) == 0
    head = verify(sessions).head
    write(sessions, 2)
    assert verify(sessions) == audit.Verdict(3, 2, head)
    assert seal(sessions) == 2
    assert verify(sessions).sealed == 5 and verify(sessions).head != head


def test_more_than_one_batch_is_sealed_batch_by_batch(sessions: Sessions) -> None:
    write(sessions, audit.BATCH + 7)
    assert [seal(sessions), seal(sessions), seal(sessions)] == [audit.BATCH, 7, 0]
    assert verify(sessions).sealed == audit.BATCH + 7 and verify(sessions).broken_at is None


@pytest.mark.parametrize(
    "change",
    [
        {"who": 99},
        {"what": "issues.close"},
        {"ids": {"issue": 99}},
        {"at": NOON + timedelta(days=1)},
        {"door": "web"},
        {"about": None},
        {"trace": "other"},
        {"administration_id": 2},
        {"digest": "0" * 64},
    ],
)
def test_an_altered_line_is_named(sessions: Sessions, change: dict[str, object]) -> None:
    write(sessions, 5)
    seal(sessions)
    with sessions.writing() as session:
        session.execute(update(Audit).where(Audit.id == 3).values(**change))
    verdict = verify(sessions)
    assert (verdict.broken_at, verdict.sealed, verdict.missing_after) == (3, 2, None)


@pytest.mark.parametrize(
    ("remove", "after"), [(lambda: Audit.id == 3, 2), (lambda: Audit.id == 1, 0), (lambda: Audit.id.in_([2, 3]), 1)]
)
def test_a_line_that_is_gone_is_missed(sessions: Sessions, remove: Callable[[], object], after: int) -> None:
    write(sessions, 5)
    seal(sessions)
    with sessions.writing() as session:
        session.execute(delete(Audit).where(remove()))  # type: ignore[arg-type]
    assert verify(sessions).missing_after == after


def test_a_line_slipped_in_between_breaks_the_chain(sessions: Sessions) -> None:
    write(sessions, 4)
    seal(sessions)
    with sessions.writing() as session:
        session.execute(update(Audit).where(Audit.position >= 3).values(position=Audit.position + 100))
        session.execute(update(Audit).where(Audit.position >= 103).values(position=Audit.position - 99))
        forged = {"at": NOON, "door": "x", "what": "x", "ids": {}, "trace": "x", "position": 3, "digest": "f" * 64}
        session.execute(insert(Audit).values(**forged))
    assert verify(sessions).broken_at == 5


def test_the_last_line_cut_off_shows_in_the_head_only(sessions: Sessions) -> None:
    """A shorter chain is a valid chain: whoever wants to notice keeps the head that `verify` printed."""
    write(sessions, 4)
    seal(sessions)
    head = verify(sessions).head
    with sessions.writing() as session:
        session.execute(delete(Audit).where(Audit.id == 4))
    verdict = verify(sessions)
    assert verdict.broken_at is None and verdict.missing_after is None and verdict.head != head
