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


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def light_world(request: pytest.FixtureRequest) -> Iterator[World]:
    """For what asks nothing of a database that other tests do not ask of both: on PostgreSQL where slow tests run."""
    made = World(str(request.getfixturevalue(f"{request.param}_url")))
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
