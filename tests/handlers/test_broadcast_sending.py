"""A broadcast on its way: a copy for everybody, each once, in their language and in their hours; what failed says why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from db.broadcasts import Standing
from db.machinery import Sending
from db.people import Person
from tests.handlers.broadcast_steps import WORDS, begin, broadcast, change, copies, standing
from tests.world import CAST, World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield made
    made.close()


def got(world: World, name: str) -> list[str]:
    return [each.text for each in world.received(name) if any(each.text.startswith(words) for words in WORDS.values())]


def test_everybody_has_one_copy_in_their_language_and_it_is_over(world: World) -> None:
    change(world, Person, "badr", language="fr")
    change(world, Person, "dina", language="ar")
    number = broadcast(world)
    assert begin(world, number) and not begin(world, number), "a second beginning writes nothing"
    assert standing(world, number) is Standing.SENDING
    world.settle()
    found = copies(world, number)
    assert set(found) == set(CAST) and {each.state for each in found.values()} == {Sending.ACCEPTED}
    assert all(
        each.message and each.accepted_at == world.clock.now() and each.country == "TN" for each in found.values()
    )
    assert (found["badr"].language, found["dina"].language, found["amina"].language) == ("fr", "en", "en")
    assert [len(got(world, name)) for name in CAST] == [1] * len(CAST)
    assert got(world, "badr")[0].startswith(WORDS["fr"]) and got(world, "dina")[0].startswith(WORDS["en"])
    world.settle()
    assert standing(world, number) is Standing.SENT
    assert world.unaudited.found == []
