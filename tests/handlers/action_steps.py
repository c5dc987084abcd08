"""The steps of an action's life, each as the people in it take them."""

from __future__ import annotations

from typing import Any

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


def number(shown: Sent) -> int:
    return int(shown.text.split("Reference: A-")[1].split()[0])
