"""What it costs to serve a calendar, against a bare Starlette route that sends the same bytes whoever asks.

`python -m tests.bench.calendars parley|bare DATABASE PORT` serves one of the two until killed.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.core import Parley
from bot.http import application
from db.calendars import CalendarAddress
from db.people import Administration, Person
from db.session import Sessions, connect, upgrade
from scheduling.calendar.build import Fragments, feed
from scheduling.clock import SystemClock
from tests.calendars import hold, registry
from tests.scheduling.calendar.entries import CHANGED, ENGLISH, HEAD

from . import process
from .child import told_cpu
from .feeds import meeting
from .figure import Figure, alternating

ENTRIES, AT_ONCE, WARM, REQUESTS = 500, 32, 500, 4000
SECRET = "bench-" + "x" * 37
PATH = f"/calendar/{SECRET}.ics"
WAYS = {  # what is asked for, and the least share of the bare route's rate
    "not_modified": ({"If-None-Match": "*", "Accept-Encoding": "gzip"}, 304, 0.7),
    "gzip": ({"Accept-Encoding": "gzip"}, 200, 0.5),
    "whole": ({"Accept-Encoding": "identity"}, 200, 0.5),
}


def serving(folder: Path) -> Iterator[Figure]:
    """Requests for each second of the server's CPU, 304 and 200, on both databases' cheapest: SQLite."""
    database = _database(folder)
    for name, (headers, status, least) in WAYS.items():
        ours, bare = alternating(
            partial(_rate, "parley", database, headers, status, folder),
            partial(_rate, "bare", database, headers, status, folder),
        )
        ratio = ours / bare
        goal = f"at least {least:g} × {bare:.0f} requests"
        unit = "requests a second of CPU"
        yield Figure(f"feed_{name}", round(ours), unit, round(bare), round(ratio, 3), goal, ratio >= least)


def _rate(which: str, database: str, headers: dict[str, str], status: int, folder: Path) -> float:
    return asyncio.run(_asked(which, database, headers, status, folder))


async def _asked(which: str, database: str, headers: dict[str, str], status: int, folder: Path) -> float:
    port = process.free_port()
    command = ["-m", "tests.bench.calendars", which, database, str(port)]
    async with process.running(command, port, {}, folder / "bench.log", ready="/healthz") as server:
        await _ask(port, headers, status, WARM)
        began = await server.used()
        await _ask(port, headers, status, REQUESTS)
        return REQUESTS / ((await server.used()).cpu - began.cpu)


async def _ask(port: int, headers: dict[str, str], status: int, requests: int) -> None:
    said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Google-Calendar-Importer\r\n{said}\r\n".encode()
    wanted = f"HTTP/1.1 {status} ".encode()

    async def one_after_another() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(requests // AT_ONCE):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(wanted):
                raise RuntimeError(head.decode())
            if status != 304:
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length))
        writer.close()

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))


def _database(folder: Path) -> str:
    """One person, their address, and meetings."""
    url = f"sqlite:///{folder / 'calendars.db'}"
    upgrade(url)
    sessions = Sessions(connect(url))
    now = datetime.now(UTC)  # noqa: TID251  the server's clock is the real one
    with sessions.writing() as session:
        home = Administration(code="sk", name={"en": "S"}, country="TN", zone="Africa/Tunis", language="en")
        session.add(home)
        session.flush()
        person = Person(administration_id=home.id, language="en", zone="UTC", met_at=now, registered_at=now)
        session.add(person)
        session.flush()
        address = CalendarAddress(
            administration_id=home.id, person_id=person.id, scope="mine", about="", label="members"
        )
        address.digest, address.made_at = CalendarAddress.hashed(SECRET), now - timedelta(days=1)
        session.add(address)
    hold(sessions, [meeting(number) for number in range(ENTRIES)])
    sessions.engine.dispose()
    return url


def _bare() -> Starlette:
    """Bytes that are there already, and nothing that asks for whom."""
    data = feed(HEAD, [meeting(number) for number in range(ENTRIES)], ENGLISH, Fragments(), at=CHANGED).data
    packed = gzip.compress(data, 6, mtime=0)
    kind = "text/calendar; charset=utf-8"

    async def serve(request: Request) -> Response:
        if "if-none-match" in request.headers:
            return Response(status_code=304, headers={"ETag": '"x"'})
        if request.headers.get("accept-encoding") == "gzip":
            return Response(packed, media_type=kind, headers={"ETag": '"x"', "Content-Encoding": "gzip"})
        return Response(data, media_type=kind, headers={"ETag": '"x"'})

    async def alive(_request: Request) -> Response:
        return Response()

    return Starlette(routes=[Route("/healthz", alive), Route("/calendar/{secret}.ics", serve)])


def main() -> None:
    which, database, port = sys.argv[1:]
    told_cpu()
    if which == "bare":
        app = _bare()
    else:
        parley = Parley(database_url=database, public_url="http://127.0.0.1", clock=SystemClock(), registry=registry)
        app = application(parley)
    uvicorn.run(app, port=int(port), log_config=None, access_log=False, lifespan="off", server_header=False)


if __name__ == "__main__":
    main()
