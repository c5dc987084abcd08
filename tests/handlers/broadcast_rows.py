"""Broadcasts as their tables hold them, for tests of what comes after the writing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.broadcasts import Broadcast, BroadcastCopy, BroadcastEdition, BroadcastText, EditionKind
from db.machinery import Sending
from db.people import Person, RoleName, Scope, grant_role
from tests.world import YEAR, World

ALERT = {"en": ("Rules of origin", "New rules apply from Monday."), "fr": ("Règles d’origine", "Dès lundi.")}


def a_second_coordinator(world: World, who: str = "lena") -> None:
    """Somebody else who may send where Cora may."""
    with world.parley.sessions.writing() as session:
        person = session.get_one(Person, world.ids[who])
        now = world.clock.now()
        grant_role(
            session, person, RoleName.COORDINATOR, scope=Scope.REGION, scope_id="north", at=now, until=now + YEAR
        )


def draft(world: World, who: str = "cora", **more: Any) -> int:
    """A draft for whoever works for a business."""
    with world.parley.sessions.writing() as session:
        return put(session, world.home, world.ids[who], at=world.clock.now(), **more).id


def put(session: Session, home: int, author: int, *, at: datetime, **more: Any) -> Broadcast:
    told: dict[str, Any] = {"scope": Scope.REGION, "scope_id": "north", "language": "en"}
    told |= {"audience": {"include": [["kind", "business"]], "exclude": []}}
    made = Broadcast(administration_id=home, author_id=author, created_at=at, **(told | more))
    session.add(made)
    session.flush()
    for language, (title, words) in ALERT.items():
        text = BroadcastText(broadcast_id=made.id, edition=1, language=language, title=title, words=words)
        session.add(text)
    first = BroadcastEdition(broadcast_id=made.id, number=1, kind=EditionKind.FIRST, author_id=author, created_at=at)
    session.add(first)
    session.flush()
    return made


def copy(broadcast: Broadcast, person: Person, state: Sending, **more: Any) -> BroadcastCopy:
    at = broadcast.began_at or broadcast.created_at
    gone = {"accepted_at": at, "settled_at": at} if state is Sending.ACCEPTED else {}
    return BroadcastCopy(
        administration_id=person.administration_id,
        broadcast_id=broadcast.id,
        person_id=person.id,
        portion=0,
        country="TN",
        language="en",
        state=state,
        **(gone | more),
    )
