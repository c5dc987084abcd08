"""An issue from report to outcome, as everybody in it sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.world import World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield made
    made.close()


def raise_issue(world: World, who: str = "amina", words: str = "Reefer held 3 days at Port B.", port: str = "Port B") -> str:
    """Raise one with the shortest answers; its reference."""
    world.say(who, "/raise")
    given = world.fill(who, words, "[Perishable goods]", port, "[Skip]", "[Skip]", "[Skip]", "[Send]")
    return reference(given.text)


def reference(text: str) -> str:
    return text.split("Reference: ")[1].split()[0]


def test_story(world):
    ref = raise_issue(world)
    print(world.last("amina").text, list(world.last("amina").buttons))
    print("-----")
    print(world.last("ruiz").text, list(world.last("ruiz").buttons))
    world.press("ruiz", "Take it")
    print(world.last("ruiz").text, list(world.last("ruiz").buttons))
    print(world.last("amina").text)
    world.press("ruiz", "Ask")
    world.fill("ruiz", "Which container?", "[Send]")
    print(world.last("ruiz").text, list(world.last("ruiz").buttons))
    print(world.last("amina").text, list(world.last("amina").buttons))
    world.press("amina", "Answer")
    world.fill("amina", "MSKU 123", "[Skip]", "[Send]")
    print(world.last("amina").text, list(world.last("amina").buttons))
    world.press("ruiz", "Propose an outcome")
    world.fill("ruiz", "Release", "No inspector"); print(world.last("ruiz").buttons, world.last("ruiz").answer); world.fill("ruiz", "[Done]", "Inspector now there", "[Send]")
    print(world.last("ruiz").text)
    print(world.last("lena").text)
    world.press("lena", "Approve")
    print(world.last("amina").text, list(world.last("amina").buttons))
    world.press("amina", "Acknowledge")
    print(world.last("amina").text, list(world.last("amina").buttons))
    world.press("lena", "Who has heard")
    print(world.last("lena").text, list(world.last("lena").buttons))
    assert 0
