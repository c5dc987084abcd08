"""A world with a mail server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .town import Town


@pytest.fixture
def town(sqlite_url: str) -> Iterator[Town]:
    with Town.begun(sqlite_url) as made:
        yield made


@pytest.fixture
def both(database_url: str) -> Iterator[Town]:
    """On SQLite and on PostgreSQL: for what locks, and for what a unique key decides."""
    with Town.begun(database_url) as made:
        yield made
