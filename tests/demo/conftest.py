"""A demo that has begun, once a session: every test plays on a copy of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot.demo.page import application
from bot.demo.script import BEGINS
from bot.demo.stage import Stage, state
from scheduling.clock import ManualClock


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a demo at its beginning, its past issues told."""
    folder = tmp_path_factory.mktemp("begun")
    with state(folder) as url:
        stage = Stage(database_url=url, clock=ManualClock(BEGINS))
        asyncio.run(stage.begin(whole=False))
        stage.close()
    return folder / "parley.db"


@pytest.fixture
def demo_url(begun: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a copy."""
    with state(tmp_path / "demo", begun=begun) as url:
        yield url


@pytest.fixture
def page(demo_url: str) -> Iterator[TestClient]:
    stage = Stage(database_url=demo_url, clock=ManualClock(BEGINS))
    with TestClient(application(stage)) as client:
        yield client
    stage.close()
