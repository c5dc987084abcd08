"""A symposium with rooms, times and sessions, as rows: for tests of what comes after it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from db.people import Account, Kind, Mandate, Person
from db.symposia import (
    Block,
    BlockKind,
    SessionKind,
    Symposium,
    SymposiumRoom,
    SymposiumSession,
    SymposiumState,
)
from tests.world import MONDAY, ZONE, World

DAY = datetime(2026, 12, 10, 8, 0, tzinfo=UTC)  # nine o'clock in Tunis
HOUR = timedelta(hours=1)


@dataclass
class Made:
    """The ids of what was made, sessions by their names."""

    symposium: int
    sessions: dict[str, int] = field(default_factory=dict)
    rooms: dict[str, int] = field(default_factory=dict)


def a_symposium(world: World, *, organiser: str = "lena", **more: Any) -> Made:
    """Scenario S2's: a plenary for sixty; then A (20) beside B (20) and C; at eleven C again, in another building."""
    with world.parley.sessions.writing() as session:
        return make(session, world.home, world.ids[organiser], **more)


def make(session: Session, home: int, organiser: int, *, seats: int = 20, day: datetime = DAY, **more: Any) -> Made:
    symposium = Symposium(
        **{
            "administration_id": home,
            "title": "Clearance in a day",
            "language": "en",
            "organiser_id": organiser,
            "state": SymposiumState.PUBLISHED,
            "zone": ZONE,
            "venue": "Palace of Congresses",
            "first_day": day.date(),
            "last_day": day.date(),
            "capacity": 60,
            "registration_opens_at": MONDAY - HOUR,
            "registration_closes_at": day,
            "programme": 1,
            "published_at": MONDAY - HOUR,
            "created_at": MONDAY - HOUR,
        }
        | more
    )
    session.add(symposium)
    session.flush()
    made = Made(symposium.id)
    for name, building in {"Hall": "East", "Blue": "East", "Red": "West"}.items():
        room = SymposiumRoom(
            administration_id=home, symposium_id=symposium.id, name=name, capacity=60, building=building
        )
        session.add(room)
        session.flush()
        made.rooms[name] = room.id
    for hour, kind in {0: BlockKind.PLENARY, 1: BlockKind.SESSIONS, 2: BlockKind.SESSIONS}.items():
        starts = day + hour * HOUR
        session.add(
            Block(administration_id=home, symposium_id=symposium.id, kind=kind, starts_at=starts, ends_at=starts + HOUR)
        )
    for name, hour, room_name, size in (
        ("Plenary", 0, "Hall", None),
        ("A", 1, "Hall", seats),
        ("B", 1, "Blue", seats),
        ("C", 1, "Red", seats),
        ("C again", 2, "Red", seats),
    ):
        one = SymposiumSession(
            administration_id=home,
            symposium_id=symposium.id,
            kind=SessionKind.PLENARY if name == "Plenary" else SessionKind.BREAKOUT,
            title=name,
            language="en",
            room_id=made.rooms[room_name],
            seats=size,
            starts_at=day + hour * HOUR,
            ends_at=day + (hour + 1) * HOUR,
            repeats_id=made.sessions["C"] if name == "C again" else None,
            changed_at=MONDAY - HOUR,
        )
        session.add(one)
        session.flush()
        made.sessions[name] = one.id
    return made


def a_crowd(world: World, count: int) -> list[str]:
    """So many people more, registered with Parley, each with an account on Telegram."""
    names = [f"guest{number}" for number in range(count)]
    with world.parley.sessions.writing() as session:
        for name in names:
            person = Person(
                administration_id=world.home,
                name=name.title(),
                kind=Kind.BUSINESS,
                language="en",
                zone=ZONE,
                met_at=MONDAY,
                language_chosen_at=MONDAY,
                consented_at=MONDAY,
                registered_at=MONDAY,
            )
            session.add(person)
            session.flush()
            session.add(
                Account(
                    person_id=person.id,
                    platform="telegram",
                    external_id=name,
                    address=name,
                    met_at=MONDAY,
                    used_at=MONDAY,
                )
            )
            world.ids[name] = person.id
    return names


def speaks_for(world: World, who: str, organisation: int) -> None:
    with world.parley.sessions.writing() as session:
        mandate = Mandate(
            administration_id=world.home,
            person_id=world.ids[who],
            organisation_id=organisation,
            starts_at=MONDAY,
            ends_at=MONDAY + timedelta(days=365),
            recheck_at=MONDAY + timedelta(days=335),
            confirmed_by_id=world.ids["adam"],
        )
        session.add(mandate)


def registered(world: World, made: Made, *names: str, small: bool = False) -> None:
    for each in names:
        world.do(each, "registrations.register", symposium=made.symposium, small=small)
