"""A small symposium whose programme can be made: a plenary, and break-outs of whom some need the same people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from db.audiences import Audience
from db.registrations import Registration, Seat, SeatState, Stakeholder, Wish
from db.symposia import (
    Agreed,
    Block,
    BlockKind,
    SessionKind,
    SessionPart,
    Symposium,
    SymposiumRoom,
    SymposiumSession,
    SymposiumState,
)
from tests.world import World

REEFERS, ORIGIN, SEALS, OPENING = "Reefers at night", "Rules of origin", "Electronic seals", "Opening"
BEGINS = datetime(2027, 3, 2, 8, 0, tzinfo=UTC)  # nine o'clock in Tunis
TIMES = ((60, BlockKind.PLENARY), (30, BlockKind.BREAK), (45, BlockKind.SESSIONS), (45, BlockKind.SESSIONS))


def set_up(world: World, *, title: str = "Trade and Customs 2027", audience: Audience = Audience.MEMBERS) -> int:
    """Announced: one morning of a plenary and two times for sessions, two rooms, an opening and three sessions. Its id.

    As rows: how it is made in a chat is told in the tests of symposia.
    """
    with world.parley.sessions.writing() as writing:
        home = {"administration_id": world.home}
        symposium = Symposium(
            **home,
            title=title,
            language="en",
            organiser_id=world.ids["ruiz"],
            zone="Africa/Tunis",
            venue="Palace of Congresses",
            first_day=BEGINS.date(),
            last_day=BEGINS.date(),
            audience=audience,
            state=SymposiumState.ANNOUNCED,
            created_at=world.clock.now(),
        )
        writing.add(symposium)
        writing.flush()
        its, at = home | {"symposium_id": symposium.id}, BEGINS
        for minutes, kind in TIMES:
            writing.add(Block(**its, kind=kind, starts_at=at, ends_at=at + timedelta(minutes=minutes)))
            at += timedelta(minutes=minutes)
        writing.add(SymposiumRoom(**its, name="Main hall", capacity=300, equipment=["interpretation"]))
        writing.add(SymposiumRoom(**its, name="Room B", capacity=40, equipment=["projection"]))
        for title in (OPENING, REEFERS, ORIGIN, SEALS):
            of = SessionKind.PLENARY if title == OPENING else SessionKind.BREAKOUT
            writing.add(_session(world, its, title, of))
        return int(symposium.id)


def session(world: World, symposium: int, title: str) -> int:
    """One more break-out."""
    with world.parley.sessions.writing() as writing:
        its = {"administration_id": world.home, "symposium_id": symposium}
        made = _session(world, its, title, SessionKind.BREAKOUT)
        writing.add(made)
        writing.flush()
        return int(made.id)


def _session(world: World, its: dict[str, int], title: str, kind: SessionKind) -> SymposiumSession:
    return SymposiumSession(**its, kind=kind, title=title, language="en", changed_at=world.clock.now())


def ids(world: World) -> dict[str, int]:
    """The sessions by their titles."""
    return {title: each.id for title, each in found(world).items()}


def found(world: World) -> dict[str, SymposiumSession]:
    """The sessions as they are now, by their titles; of two of one title the later."""
    with world.parley.sessions.reading() as reading:
        return {each.title: each for each in reading.scalars(select(SymposiumSession).order_by(SymposiumSession.id))}


def needed(world: World, title: str, *people: str, agreed: Agreed = Agreed.YES) -> None:
    """They speak there, and have said so unless otherwise `agreed`."""
    with world.parley.sessions.writing() as writing:
        for each in people:
            writing.add(
                SessionPart(
                    administration_id=world.home,
                    session_id=ids(world)[title],
                    person_id=world.ids[each],
                    agreed=agreed,
                    asked_at=world.clock.now(),
                )
            )


def registered(world: World, symposium: int, name: str, *, seat: int | None = None, wishes: Sequence[int] = ()) -> None:
    """They come, with a seat in a session or with wishes, most wanted first."""
    with world.parley.sessions.writing() as writing:
        home = {"administration_id": world.home}
        about: dict[str, Any] = home | {"symposium_id": symposium, "kind": Stakeholder.TRADE, "at": world.clock.now()}
        comes = Registration(**about, person_id=world.ids[name], code=f"T{world.ids[name]}")
        writing.add(comes)
        writing.flush()
        if seat is not None:
            writing.add(Seat(**about, registration_id=comes.id, session_id=seat, state=SeatState.HELD))
        for rank, each in enumerate(wishes, 1):
            writing.add(Wish(**home, registration_id=comes.id, session_id=each, rank=rank))


def sized(world: World, title: str, **size: Any) -> None:
    """`expected=200`, `needs=["hybrid"]`"""
    with world.parley.sessions.writing() as writing:
        writing.execute(update(SymposiumSession).where(SymposiumSession.id == ids(world)[title]).values(**size))


def solved(world: World, symposium: int) -> None:
    """Asked for, worked out, looked at."""
    world.do("ruiz", "programmes.make", symposium=symposium)
    world.press("ruiz", "Look")


def published(world: World, symposium: int) -> None:
    """Each pair of sessions that can be at one time is: placed by rows, in the order of their ids."""
    with world.parley.sessions.writing() as writing:
        rooms = writing.scalars(select(SymposiumRoom.id).where(SymposiumRoom.symposium_id == symposium)).all()
        blocks = writing.scalars(
            select(Block)
            .where(Block.symposium_id == symposium, Block.kind != BlockKind.BREAK)
            .order_by(Block.starts_at)
        ).all()
        its = select(SymposiumSession).where(SymposiumSession.symposium_id == symposium).order_by(SymposiumSession.id)
        places = [
            (blocks[0], rooms[0]),
            *((block, room) for block in blocks[1:] for room in sorted(rooms, reverse=True)),
        ]
        for each, (block, room) in zip(writing.scalars(its).all(), places, strict=False):
            each.block_id, each.room_id = block.id, room
    world.do("ruiz", "programmes.publish", symposium=symposium)
    world.press("ruiz", "Publish it")
