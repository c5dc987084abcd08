"""A command line for every test of what an operator does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db.session import Sessions, connect
from tests.shell import Shell


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    """Every command is a process of its own: on PostgreSQL where slow tests run."""
    return Shell(tmp_path, str(request.getfixturevalue(f"{request.param}_url")))


@pytest.fixture
def bare(tmp_path: Path) -> Shell:
    """With a SQLite address where there is no file yet."""
    return Shell(tmp_path, f"sqlite:///{tmp_path}/none.db")


@pytest.fixture
def sqlite_shell(tmp_path: Path, sqlite_url: str) -> Shell:
    return Shell(tmp_path, sqlite_url)


@pytest.fixture
def writing(shell: Shell) -> Iterator[Callable[[Callable[[Any], None]], None]]:
    """Runs something in a writing session of the shell's database."""
    sessions = Sessions(connect(shell.url))

    def write(change: Callable[[Any], None]) -> None:
        with sessions.writing() as session:
            change(session)

    yield write
    sessions.engine.dispose()
