"""The audit chain: sealed in order, and nothing about the past can be changed unnoticed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from db import audit
from db.base import Base
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


@pytest.mark.promise("threat.46", "An altered line of the audit is named.")
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


@pytest.mark.promise("audit.chain", "A line taken out of the middle of the chain is missed, by its place.")
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


# A head that was noted elsewhere


def reseal(sessions: Sessions) -> None:
    """What somebody with the database's password can do: seal the whole chain anew, perfectly."""
    with sessions.writing() as session:
        session.execute(update(Audit).values(position=None, digest=None))
    while seal(sessions):
        pass


def noting(sessions: Sessions) -> audit.Head:
    with sessions.reading() as session:
        return audit.head(session)


def verify_with(sessions: Sessions, *heads: audit.Head) -> audit.Verdict:
    with sessions.reading() as session:
        return audit.verify(session, heads)


def test_a_head_noted_earlier_stands_while_the_chain_grows(sessions: Sessions) -> None:
    heads = [noting(sessions)]
    for count in (1, 3, audit.BATCH + 1):
        write(sessions, count)
        while seal(sessions):
            pass
        heads.append(noting(sessions))
    assert [each.position for each in heads] == [0, 1, 4, audit.BATCH + 5]
    assert verify_with(sessions, *heads).is_intact
    assert verify_with(sessions, *(audit.Head(None, each.digest) for each in heads)).is_intact
    moved = audit.Head(3, heads[2].digest)
    assert verify_with(sessions, *heads, moved).lost == moved, "a digest stands at its own position"


@pytest.mark.promise("audit.anchor", "A head noted elsewhere shows that the chain's end was cut off or sealed anew.")
def test_a_noted_head_shows_what_the_chain_alone_cannot(sessions: Sessions) -> None:
    write(sessions, 8)
    seal(sessions)
    head = noting(sessions)
    digest = audit.Head(None, head.digest)
    with sessions.writing() as session:
        session.execute(delete(Audit).where(Audit.position > 5))
    assert verify(sessions).is_intact, "a shorter chain is a chain"
    assert verify_with(sessions, head).lost == head and verify_with(sessions, digest).lost == digest
    write(sessions, 3)
    seal(sessions)
    assert verify(sessions).sealed == 8 and verify(sessions).is_intact, "grown again to its length"
    assert verify_with(sessions, head).lost == head

    head = noting(sessions)
    with sessions.writing() as session:
        session.execute(update(Audit).where(Audit.position == 2).values(who=99))
    reseal(sessions)
    assert verify(sessions).is_intact, "sealed anew, nothing shows"
    assert verify_with(sessions, head).lost == head
    with sessions.writing() as session:
        session.execute(delete(Audit))
    assert verify(sessions).is_intact and verify_with(sessions, head).lost == head


def test_the_last_line_taken_out_altered_and_sealed_again_shows_in_the_head(sessions: Sessions) -> None:
    write(sessions, 3)
    seal(sessions)
    head = noting(sessions)
    with sessions.writing() as session:
        session.execute(update(Audit).where(Audit.position == 3).values(what="x", position=None, digest=None))
    seal(sessions)
    assert verify(sessions).is_intact and verify_with(sessions, head).lost == head


# Any field of any line

LENGTH = 7
INSTANTS = st.integers(-(10**15), 10**15).map(lambda distance: NOON + timedelta(microseconds=distance))
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
WHOLE = st.integers(0, 2**31 - 1)
JSON = st.dictionaries(WORDS, WHOLE | st.booleans() | st.none() | WORDS, max_size=3)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "id": st.integers(LENGTH + 1, 2**31 - 1),
    "administration_id": WHOLE | st.none(),
    "at": INSTANTS,
    "who": WHOLE | st.none(),
    "door": WORDS,
    "what": WORDS,
    "about": WORDS | st.none(),
    "ids": JSON,
    "trace": WORDS,
    "position": st.integers(LENGTH + 1, 2**31 - 1) | st.integers(-9, 0),
    "digest": st.text("0123456789abcdef", min_size=64, max_size=64) | st.none(),
}


def test_every_column_is_altered() -> None:
    assert FIELDS.keys() == {column.key for column in Audit.__table__.columns}


@pytest.fixture(scope="module")
def sealed(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sessions]:
    """A sealed chain whose alterations are rolled back. What is computed from a line is the same on both databases."""
    copy = shutil.copy(sqlite_template, tmp_path_factory.mktemp("audit") / "parley.db")
    made = Sessions(connect(f"sqlite:///{copy}"))
    write(made, LENGTH)
    seal(made)
    yield made
    made.engine.dispose()


@pytest.mark.promise("audit.chain", "Any field of any sealed audit line altered is found, and the line named.")
@given(row=st.integers(1, LENGTH), data=st.data())
def test_any_field_of_any_line_altered_is_named(sealed: Sessions, row: int, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(FIELDS)))
    with Session(sealed.engine) as session:
        line = session.scalars(select(Audit).where(Audit.id == row)).one()
        value = data.draw(FIELDS[name].filter(lambda value: json.dumps(value, default=str) != _plain(line, name)))
        session.execute(update(Base.metadata.tables["audit"]).where(Audit.id == row).values({name: value}))
        session.expire_all()
        found = audit.verify(session)
        session.rollback()
    if name != "position":
        assert (found.broken_at, found.sealed) == (value if name == "id" else row, row - 1)
    elif value <= 0:  # it now comes before all others, where none may be
        assert found.missing_after == 0
    elif row < LENGTH:
        assert (found.missing_after, found.sealed) == (row - 1, row - 1)
    else:
        assert found.missing_after == LENGTH - 1


def _plain(line: Audit, name: str) -> str:
    return json.dumps(getattr(line, name), default=str)
