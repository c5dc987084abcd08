"""The rows of the limits against a plain model, on a clock that stands in a row of the same table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from db.buckets import LONGEST, RECENT, Rows
from db.session import connect

AT = "(SELECT clock.paid FROM bucket AS clock WHERE clock.name = 'clock')"
NOON = 1_795_000_000.0
CLOSE = 1e-5  # seconds: what a number of this size holds


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    engine = connect(database_url)
    with engine.connect() as made:
        yield made
        made.rollback()
    engine.dispose()


def it_is(connection: Connection, at: float) -> None:
    new = text(
        "INSERT INTO bucket VALUES ('clock', 0, :at, 0, 0, 0) ON CONFLICT (name) DO UPDATE SET paid = excluded.paid"
    )
    connection.execute(new, {"at": at})


@dataclass
class Plain:
    """One limit in memory, as its documentation says."""

    paid: float = 0
    answers: float = 0
    held: float = 0
    closed: float = 0
    given: list[float] = field(default_factory=list)

    def take(self, at: float, cost: float, *, is_answer: bool) -> tuple[float, float]:
        first, answer = max(self.paid, at), max(self.answers, at)
        self.paid = first + cost
        if is_answer:
            self.answers = answer + cost
        return answer - at, first - at

    def reserve(self, at: float, many: int, fast: float, slow: float) -> list[float]:
        if max(self.held, self.closed) > at:
            return []
        step = slow if self.answers > at - RECENT else fast
        first = max(self.paid, at)
        self.paid = first + many * step
        return [first + number * step for number in range(many)]


DEED = st.one_of(
    st.tuples(st.just("answer"), st.none()),
    st.tuples(st.just("news"), st.none()),
    st.tuples(st.just("broadcast"), st.integers(1, 50)),
    st.tuples(st.sampled_from(["held", "closed"]), st.floats(0.1, 60)),
)
TIMES = st.one_of(st.just(0.0), st.floats(0, 0.2), st.floats(0, 20))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rate=st.sampled_from([1.0, 30.0, 1000.0]), story=st.lists(st.tuples(TIMES, DEED), max_size=25))
def test_whatever_takes_is_given_what_the_model_gives(
    connection: Connection, rate: float, story: list[tuple[float, tuple[str, float | None]]]
) -> None:
    connection.execute(text("DELETE FROM bucket"))
    rows, plain, at, cost = Rows(connection.dialect.name, now=AT), Plain(), NOON, 1 / rate
    for pause, (deed, much) in story:
        at += pause
        it_is(connection, at)
        if deed == "broadcast":
            many, slow = int(much or 1), cost * 1.2
            got = rows.reserve(connection, "one", many=many, cost=cost, fast=cost, slow=slow)
            slots = plain.reserve(at, many, cost, slow)
            given = [got.first + number * got.step for number in range(many)] if not got.closed else []
            assert got.now == at and given == pytest.approx(slots, abs=CLOSE, rel=0)
        elif deed in ("held", "closed"):
            rows.shut(connection, "one", much or 0, for_answers=deed == "closed")
            setattr(plain, deed, max(getattr(plain, deed), at + (much or 0)))
        else:
            is_answer = deed == "answer"
            (taken,) = rows.take(connection, {"one": cost}, is_answer=is_answer)
            answers, others = plain.take(at, cost, is_answer=is_answer)
            assert taken.others == pytest.approx(others, abs=CLOSE)
            assert not is_answer or taken.answers == pytest.approx(answers, abs=CLOSE)
            assert max(0, taken.closed) == pytest.approx(max(0, plain.closed - at), abs=CLOSE)
            assert max(0, taken.held) == pytest.approx(max(0, plain.held - at), abs=CLOSE)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pauses=st.lists(st.floats(0, 0.5), min_size=5, max_size=60), many=st.integers(1, 5))
def test_no_second_holds_more_slots_than_the_limit_says(connection: Connection, pauses: list[float], many: int) -> None:
    connection.execute(text("DELETE FROM bucket"))
    rows, at, cost, slots = Rows(connection.dialect.name, now=AT), NOON, 1 / 29, list[float]()
    for pause in pauses:
        at += pause
        it_is(connection, at)
        got = rows.reserve(connection, "one", many=many, cost=cost, fast=cost, slow=cost)
        slots += [got.first + number * got.step for number in range(many)]
    assert slots == sorted(slots) and slots[0] >= NOON
    assert all(later - first >= 1.0 for first, later in zip(slots, slots[30:], strict=False))


def test_several_limits_are_taken_from_at_once_and_a_rollback_gives_them_back(connection: Connection) -> None:
    rows = Rows(connection.dialect.name, now=AT)
    it_is(connection, NOON)
    costs = {"telegram": 0.1, "telegram:1": 1.0}
    connection.commit()
    for _again in range(2):
        first = {each.name: each for each in rows.take(connection, costs, is_answer=True)}
        second = {each.name: each for each in rows.take(connection, costs, is_answer=False)}
        assert (first["telegram"].others, first["telegram:1"].others) == (0, 0)
        assert second["telegram"].others == pytest.approx(0.1, abs=CLOSE)
        assert second["telegram:1"].others == pytest.approx(1.0, abs=CLOSE)
        connection.rollback()
    connection.execute(text("DELETE FROM bucket"))
    connection.commit()


def test_a_clock_that_is_turned_back_stops_nobody(connection: Connection) -> None:
    rows = Rows(connection.dialect.name, now=AT)
    it_is(connection, NOON)
    rows.take(connection, {"one": 1.0}, is_answer=True)
    rows.shut(connection, "one", 60, for_answers=True)
    it_is(connection, NOON - 2 * LONGEST)
    got = rows.reserve(connection, "one", many=1, cost=1, fast=1, slow=1)
    assert (got.first, got.closed) == (NOON - 2 * LONGEST, 0)
    rows.shut(connection, "one", 5, for_answers=True)
    assert rows.reserve(connection, "one", many=1, cost=1, fast=1, slow=1).closed == NOON - 2 * LONGEST + 5


def test_what_says_nothing_any_more_is_forgotten(connection: Connection) -> None:
    rows = Rows(connection.dialect.name, now=AT)
    it_is(connection, NOON)
    rows.take(connection, {"a": 1.0, "a:old": 1.0}, is_answer=True)
    it_is(connection, NOON + 3700)
    rows.take(connection, {"a:new": 1.0}, is_answer=True)
    rows.shut(connection, "a:shut", 60, for_answers=False)
    rows.forget(connection)
    names = set(connection.scalars(text("SELECT name FROM bucket")))
    assert names == {"clock", "a", "a:new", "a:shut"}


def test_the_databases_own_clock_goes(connection: Connection) -> None:
    rows = Rows(connection.dialect.name)
    first = rows.reserve(connection, "one", many=1, cost=1e-6, fast=1e-6, slow=1e-6)
    second = rows.reserve(connection, "one", many=1, cost=1e-6, fast=1e-6, slow=1e-6)
    assert NOON / 2 < first.now <= second.now
