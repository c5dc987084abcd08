"""Many at once: never more seats than there are, nobody skipped, no offer lost, in whatever order things happen."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.events import Called, Caller
from db.people import Kind, Person, create_administration
from db.registrations import (
    TAKEN,
    Registration,
    Seat,
    SeatClass,
    SeatState,
    Stakeholder,
)
from db.session import Sessions, connect
from db.symposia import Symposium, SymposiumSession
from handlers.registrations import seating
from scheduling.seats import Held, fits
from tests.world import MONDAY, ZONE, World

from .registration_steps import a_crowd, a_symposium, make

FORTY, TWENTY = 40, 20


@pytest.mark.promise("seats.oversold", "Forty people who tap in the same second on twenty seats take exactly twenty.")
def test_forty_taps_at_once_on_twenty_seats_give_exactly_twenty(world: World) -> None:
    """On PostgreSQL each is a turn in a thread and a transaction of its own."""
    made = a_symposium(world)
    names = a_crowd(world, FORTY)
    with world.parley.sessions.writing() as session:
        for name in names:
            _registration(session, made.symposium, world.home, world.ids[name], Stakeholder.TRADE, MONDAY)
    about = {"session": made.sessions["A"]}

    async def at_once() -> None:
        taps = [
            Called(Caller("telegram", name, name, name, "en", ZONE), name="registrations.take", args=about)
            for name in names
        ]
        await asyncio.gather(*(world.parley.edge.direct(each, trace="tap") for each in taps))

    world.runner.run(at_once())
    with world.parley.sessions.reading() as session:
        seats = session.scalars(select(Seat).where(Seat.session_id == made.sessions["A"])).all()
    count = Counter(each.state for each in seats)
    assert count == {SeatState.HELD: TWENTY, SeatState.WAITING: FORTY - TWENTY}
    places = sorted(each.place for each in seats if each.state is SeatState.WAITING)
    assert places == list(range(1, TWENTY + 1)), "every place in line is somebody's own"


def _registration(
    session: Session, symposium: int, home: int, person: int, kind: Stakeholder, at: datetime
) -> Registration:
    made = Registration(
        administration_id=home,
        symposium_id=symposium,
        person_id=person,
        kind=kind,
        code=f"{person:06d}",
        answers={},
        at=at,
    )
    session.add(made)
    session.flush()
    return made


# Any order

KINDS = (Stakeholder.SMALL_TRADE, Stakeholder.TRADE, Stakeholder.TRADE, Stakeholder.SMALL_TRADE, Stakeholder.AGENCY)
CAPACITY, KEPT = 3, 2
WHAT = ("take", "take", "take", "give_up", "accept", "decline", "wait", "release", "room", "cancel")
STEPS = st.lists(st.tuples(st.sampled_from(WHAT), st.integers(0, len(KINDS) - 1)), min_size=5, max_size=30)


class Hall:
    """One break-out of three seats, two of them kept for small trade; five people who want in. Time passes as told."""

    def __init__(self, session: Session, symposium: int, target: int, people: list[int], kept: int) -> None:
        self.session = session
        self.symposium = session.get_one(Symposium, symposium)
        self.target = session.get_one(SymposiumSession, target)
        self.people = [session.get_one(Registration, each) for each in people]
        self.kept = session.get_one(SeatClass, kept)
        self.at = MONDAY
        self.offered: Counter[int] = Counter()
        self.answered: Counter[int] = Counter()

    def seat(self, who: int) -> Seat | None:
        return seating.seat_of(self.session, self.people[who], self.target)

    def do(self, what: str, who: int) -> None:
        self.at += timedelta(minutes=1)
        seat = self.seat(who)
        match what:
            case "take":
                self.refill()
                seating.take(self.session, self.symposium, self.people[who], self.target, at=self.at)
            case "give_up" | "cancel" if seat is not None:
                was = seat.state
                if seating.leave(self.session, seat, SeatState.GIVEN_UP, at=self.at) and was is SeatState.OFFERED:
                    self.answered[seat.id] += 1
            case "accept" if seat is not None:
                self.answered[seat.id] += seating.accept(self.session, seat, at=self.at)
            case "decline" if seat is not None:
                self.answered[seat.id] += seating.leave(self.session, seat, SeatState.DECLINED, at=self.at)
            case "wait":
                self.at += timedelta(hours=2)
                self.lapse()
            case "release":
                self.kept.released_at = self.at
                self.session.flush()
            case "room":
                self.target.seats = CAPACITY + 1  # another room: a larger one
                self.session.flush()
        self.refill()

    def lapse(self) -> None:
        for seat in self._seats(SeatState.OFFERED):
            if seat.offered_until is not None and seat.offered_until <= self.at:
                self.answered[seat.id] += seating.leave(self.session, seat, SeatState.LAPSED, at=self.at)

    def refill(self) -> None:
        line = list(seating.line(self.session, self.symposium.id, self.target))
        before = seating.sitting(self.session, self.symposium.id, self.target)
        ends = self.at + timedelta(hours=2)
        made = seating.refill(
            self.session, self.symposium, self.target, at=self.at, until=lambda _registration, _target: ends
        )
        self.offered.update(each.id for each in made)
        self._nobody_skipped(line, before, {each.id for each in made})

    def _nobody_skipped(self, line: list[Seat], held: list[Held], chosen: set[int]) -> None:
        """Everybody in line got an offer, or there was no seat for them, given all that those before them got."""
        places = seating.places(self.session, self.symposium, self.target)
        for each in sorted(line, key=lambda seat: seat.place):
            theirs = Held(each.kind.value, each.organisation_id)
            assert (each.id in chosen) == fits(places, held, theirs)
            if each.id in chosen:
                held.append(theirs)

    def check(self) -> None:
        taken = Counter(each.kind for each in self._seats(*TAKEN))
        total = self.target.seats or 0
        assert taken.total() <= total, "oversold"
        if self.kept.released_at is None:
            others = taken.total() - taken[Stakeholder.SMALL_TRADE]
            assert others <= total - KEPT, "what is kept was given to others"
        open_offers = Counter(each.id for each in self._seats(SeatState.OFFERED))
        assert self.offered == self.answered + open_offers, "an offer was lost"
        line = [each.place for each in self._seats(SeatState.WAITING)]
        assert len(set(line)) == len(line)

    def _seats(self, *states: SeatState) -> list[Seat]:
        there = Seat.session_id == self.target.id, Seat.state.in_(states)
        return list(self.session.scalars(select(Seat).where(*there)))


@pytest.fixture
def hall(sqlite_url: str) -> Iterator[tuple[Sessions, Any]]:
    sessions = Sessions(connect(sqlite_url))
    with sessions.writing() as session:
        home = create_administration(session, code="sk", name={"en": "Sokal"}, country="TN", zone=ZONE, language="en")
        people = [
            Person(
                administration_id=home.id, name=str(number), kind=Kind.BUSINESS, language="en", zone=ZONE, met_at=MONDAY
            )
            for number in range(len(KINDS) + 1)
        ]
        session.add_all(people)
        session.flush()
        made = make(session, home.id, people[-1].id, seats=CAPACITY)
        registrations = [
            _registration(session, made.symposium, home.id, person.id, kind, MONDAY).id
            for person, kind in zip(people, KINDS, strict=False)
        ]
        kept = SeatClass(
            administration_id=home.id,
            symposium_id=made.symposium,
            session_id=made.sessions["A"],
            kind=Stakeholder.SMALL_TRADE,
            seats=KEPT,
        )
        session.add(kept)
        session.flush()
        ids = made.symposium, made.sessions["A"], registrations, kept.id
    yield sessions, ids
    sessions.engine.dispose()


PROMISE = pytest.mark.promise(
    "seats.any-order", "In any order of taps, offers and releases: never oversold, nobody skipped, no offer lost."
)
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@PROMISE
@given(steps=STEPS)
@settings(shared, max_examples=12)
def test_any_order_of_what_may_happen(hall: Any, steps: list[tuple[str, int]]) -> None:
    _play(hall, steps)


@PROMISE
@pytest.mark.slow
@given(steps=STEPS)
@settings(shared, max_examples=300)
def test_any_order_of_what_may_happen_at_length(hall: Any, steps: list[tuple[str, int]]) -> None:
    _play(hall, steps)


def _play(hall: Any, steps: list[tuple[str, int]]) -> None:
    sessions, ids = hall
    with sessions.writing() as session:
        there = Hall(session, *ids)
        for what, who in steps:
            there.do(what, who)
            there.check()
        session.rollback()
