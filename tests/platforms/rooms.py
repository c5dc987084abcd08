"""A roundtable to open a room for, put straight into the database, and waiting for what is done there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from bot.core import Parley
from db.machinery import Due
from db.meetings import AgendaItem, Invitation, Meeting, MeetingState
from db.rooms import ChatRoom

T = TypeVar("T")
MINUTE = timedelta(minutes=1)


def roundtable(parley: Parley, organiser: int, *invited: int, title: str = "Reefers at Port B", **more: Any) -> int:
    """One in two days, with a point on its agenda. Its id."""
    now = parley.clock.now().replace(microsecond=0)
    begins = now + timedelta(days=2)
    fixed = {"state": MeetingState.CONFIRMED, "starts_at": begins, "ends_at": begins + 60 * MINUTE} | more
    with parley.sessions.writing() as session:
        made = Meeting(
            administration_id=1, organiser_id=organiser, title=title, language="en", zone="Africa/Tunis",
            called_at=now, changed_at=now, link="https://meet.example/reefers", **fixed,
        )  # fmt: skip
        session.add(made)
        session.flush()
        home = {"administration_id": 1, "meeting_id": made.id}
        for person in invited:
            session.add(Invitation(person_id=person, invited_by_id=organiser, invited_at=now, **home))
        session.add(
            AgendaItem(position=1, words="Two inspectors", language="en", added_by_id=organiser, added_at=now, **home)
        )
        return made.id


def begins(parley: Parley, meeting: int) -> None:
    """It is under way."""
    with parley.sessions.writing() as session:
        session.get_one(Meeting, meeting).starts_at = parley.clock.now() - MINUTE


def minutes_go_out(parley: Parley, meeting: int) -> None:
    """The time for corrections has passed."""
    now = parley.clock.now()
    with parley.sessions.writing() as session:
        found = session.get_one(Meeting, meeting)
        found.state, found.corrections_until = MeetingState.CORRECTING, now - MINUTE
        args, key = {"meeting": meeting}, f"close:{meeting}"
        session.add(Due(administration_id=1, job="roundtables.close", args=args, key=key, at=now))


def room(parley: Parley, platform: str) -> ChatRoom:
    with parley.sessions.reading() as session:
        (found,) = [each for each in session.query(ChatRoom) if each.platform == platform]
        return found


async def comes(parley: Parley, look: Callable[[], T], within: float = 15.0) -> T:
    """What `look` gives, once that is true; the clock goes on meanwhile."""
    async with asyncio.timeout(within):
        while not (found := look()):
            await parley.tick()
            await asyncio.sleep(0.02)
    return found
