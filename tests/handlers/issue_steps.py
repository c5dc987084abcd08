"""The steps of an issue's life, each as the people in it take them."""

from __future__ import annotations

from typing import Any

from tests.world import Sent, World

REEFER = "Our reefer has been held for three days at Port B."


def raised(world: World, who: str = "amina", detail: str = REEFER, **more: Any) -> int:
    """Somebody raises an issue. Its id."""
    answer = world.submit(who, "issues.raise", {"detail": detail, "sector": "perishables"} | more)
    return number(answer)


def number(shown: Sent) -> int:
    """The id in the reference a screen shows."""
    return int(shown.text.split("Reference: P-")[1].split()[0])


def published(world: World, issue: int, line: str = "Refrigerated goods are held up at Port B") -> int:
    """An officer makes a problem of it. The problem's id."""
    world.submit("ruiz", "issues.publish", {"line": line}, issue=issue)
    world.problems += 1
    return world.problems


def same_here(world: World, who: str, problem: int, words: str | None = None) -> Sent:
    return world.submit(who, "issues.same", {"words": words}, problem=problem)


def proposed(world: World, issue: int, who: str = "ruiz", **more: Any) -> Sent:
    """An officer proposes an outcome."""
    told = {
        "asked": "Release of refrigerated goods without delay",
        "found": "No inspector was on duty at the weekend",
        "decision": "done",
        "words": "An inspector is on duty every day from now on",
    }
    return world.submit(who, "issues.propose", told | more, issue=issue)


def settled(world: World, issue: int, **more: Any) -> Sent:
    """Proposed by one and approved by another: the lead's answer."""
    proposed(world, issue, **more)
    return world.do("lena", "issues.approve", issue=issue)
