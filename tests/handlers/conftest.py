"""The small world the tests of people and home are played in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .people_world import World


@pytest.fixture
def people_world(database_url: str) -> Iterator[World]:
    """A World on an empty database of each kind."""
    made = World(database_url)
    yield made
    made.close()
