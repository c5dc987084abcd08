"""The worlds the tests of capabilities play in: a whole one behind doors, and a small one of engine and database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World

from .people_world import World as PeopleWorld

HERE = Path(__file__).parent
RACES = ("at_once", "two_who", "race", "concurrent", "simultaneous", "same_time", "both_", "once")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On PostgreSQL each file's first test and its races are run always, what else there is where slow tests are.

    Both databases are asked everything before a release (`make prove`); what differs between them shows in the journey
    a file begins with, or where two act at once.
    """
    begun: set[str] = set()
    for item in items:
        if "postgresql" not in item.name or HERE not in item.path.parents:
            continue
        name = getattr(item, "originalname", item.name)
        is_first = str(item.path) not in begun
        begun.add(str(item.path))
        if not is_first and not any(word in name for word in RACES):
            item.add_marker(pytest.mark.slow)


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
