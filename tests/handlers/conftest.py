"""The worlds the tests of capabilities play in: a whole one behind doors, and a small one of engine and database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.world import World

from .people_world import World as PeopleWorld


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield made
    made.close()


@pytest.fixture
def sqlite_world(sqlite_url: str) -> Iterator[World]:
    """A whole one on SQLite alone, for what asks nothing of the database that is new."""
    made = World(sqlite_url)
    yield made
    made.close()


@pytest.fixture
def people_world(database_url: str) -> Iterator[PeopleWorld]:
    made = PeopleWorld(database_url)
    yield made
    made.close()
