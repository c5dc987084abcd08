"""The steps of an action's life, each as the people in it take them."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.engine.turn import Turn
from db.actions import Side, Source
from db.people import Person
from handlers.actions import adopt
from tests.world import Sent, World

DUE = "2026-12-31"


def proposed(world: World, who: str = "lena", customs: str = "ruiz", business: str = "amina", **more: Any) -> int:
    """Somebody adds an action. Its id."""
    given = {
        "title": "Inspect reefers within four hours",
        "customs_owner": str(world.ids[customs]),
        "business_owner": str(world.ids[business]),
        "due_day": DUE,
    }
    return number(world.submit(who, "actions.propose", given | more))


def adopted(world: World, **more: Any) -> int:
    """… and both owners agree to own it."""
    action = proposed(world, **more)
    for owner in (more.get("customs", "ruiz"), more.get("business", "amina")):
        world.do(owner, "actions.own", action=action)
    return action


def adopted_at_a_meeting(world: World, count: int, who: str = "lena", *, due_day: date) -> None:
    """Many at once, in one turn, as a meeting adopts what was said there; both owners were in the room."""
    with world.parley.sessions.writing() as session:
        person = session.get_one(Person, world.ids[who])
        ctx = Turn(world.parley.engine, session, person, None, now=world.clock.now(), trace="meeting").ctx
        for place in range(count):
            action = adopt(
                ctx,
                title=f"Action {place}",
                customs_owner=world.ids["ruiz"],
                business_owner=world.ids["amina"],
                due_day=due_day,
                source=Source.MEETING,
                source_id=12,
            )
            for side in Side:
                action.agree(side, at=world.clock.now())
    world.settle()


def number(shown: Sent) -> int:
    return int(shown.text.split("Reference: A-")[1].split()[0])
