"""Calendars from outside: fetched, refused by a proxy, spoiled by one, and with entries missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiohttp import ClientSession, web

from bot.core import Parley
from tests.ops.doctor.conftest import Patient, served, sick
from tests.ops.doctor.test_page import answering, parley  # noqa: F401  a fixture
from tests.shell import meet

pytestmark = pytest.mark.promise("doctor.fails", "Each FAIL and each WARN of `parley doctor` is produced on purpose.")
Spoil = Callable[[bytes], web.Response]


def proxy(behind: str, spoil: Spoil) -> web.Application:
    """Hands on everything, but a calendar as `spoil` makes it."""

    async def hand_on(request: web.Request) -> web.Response:
        async with (
            ClientSession(auto_decompress=False) as client,
            client.get(f"{behind}{request.path}", headers={"Accept-Encoding": "identity"}) as answer,
        ):
            data = await answer.read()
            if request.path.startswith("/calendar/"):
                return spoil(data)
            return web.Response(body=data, status=answer.status, content_type=answer.content_type)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hand_on)
    return app


def bare(data: bytes) -> web.Response:
    """Without the headers that spare programs a download."""
    return web.Response(body=data, headers={"Content-Type": "text/calendar; charset=utf-8"})


def broken(data: bytes) -> web.Response:
    return web.Response(body=data.replace(b"\r\n", b"\n"), headers={"Content-Type": "text/calendar; charset=utf-8"})


async def test_what_programs_get_is_looked_at(patient: Patient, parley: Parley) -> None:  # noqa: F811
    with parley.sessions.writing() as session:
        meet(session)
    async with answering(parley, patient.given["port"]) as address:
        assert (await patient.asked())["calendars"].verdict == "OK"
        spoiled: list[tuple[Spoil, str, str]] = [
            (bare, "WARN", "programs get them, changed on their way: "),
            (broken, "FAIL", "programs get them spoiled: "),
            (lambda _data: web.Response(status=403), "FAIL", "none can be fetched: "),
        ]
        for spoil, verdict, why in spoiled:
            async with served(proxy(address, spoil)) as outside:
                sick((await patient.asked(public_url=outside))["calendars"], verdict, why)
        parley.feeds.missing["somebody’s"] = frozenset({"poisoned@sk.tn.parley"})
        found = await patient.asked()
        sick(found["calendar entries"], "FAIL", "missing from calendars: they cannot be written", "its log names them")
