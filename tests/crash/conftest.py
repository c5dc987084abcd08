"""Prepared databases, made once and copied for every run; the calm run; the process that all others are forked from."""

from __future__ import annotations

import fcntl
import json
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import make_url

from tests.conftest import administer

from . import office
from .facts import Facts
from .journey import Journey
from .process import Nursery

Fresh = Callable[[], str]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def nursery(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Nursery]:
    async with Nursery.opened(tmp_path_factory.mktemp("nursery")) as opened:
        yield opened


@pytest.fixture(scope="session")
def prepared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The office in a SQLite file, to copy."""
    path = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("office") / "prepared.db"))
    office.settle(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_copies(prepared: Path, tmp_path: Path) -> Fresh:
    return lambda: f"sqlite:///{shutil.copy(prepared, tmp_path / f'{uuid.uuid4().hex}.db')}"


@pytest.fixture
def postgresql_copies(postgresql_url: str) -> Iterator[Fresh]:
    """Clones of the office; dropped at the end, whoever is still connected."""
    office.settle(postgresql_url)
    url, made = make_url(postgresql_url), []

    def fresh() -> str:
        name = f"parley_{uuid.uuid4().hex}"
        administer(postgresql_url, f"CREATE DATABASE {name} TEMPLATE {url.database} STRATEGY FILE_COPY")
        made.append(name)
        return url.set(database=name).render_as_string(hide_password=False)

    yield fresh
    for name in made:
        administer(postgresql_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def copies(request: pytest.FixtureRequest) -> Fresh:
    """By parameter: what gives the address of another copy of the office, in SQLite or in PostgreSQL."""
    given: Fresh = request.getfixturevalue(f"{request.param}_copies")
    return given


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def calm(
    nursery: Nursery, prepared: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Facts]:
    """What is seen after each act when nothing happens on the way; played once, by whichever worker is first."""
    kept = shared / "calm.json"
    with _alone(shared / "calm.lock"):
        if not kept.exists():
            url = f"sqlite:///{shutil.copy(prepared, tmp_path_factory.mktemp('calm') / 'calm.db')}"
            async with Journey.begun(nursery, url) as journey:
                seen = await journey.play({})
            kept.write_text(json.dumps({name: facts.as_json() for name, facts in seen.items()}), encoding="utf-8")
    return {name: Facts.from_json(held) for name, held in json.loads(kept.read_text(encoding="utf-8")).items()}


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
