"""Parley's own calendars, as they are served, through every gate of `parley calendar check`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core import Parley
from bot.ops.calendar import check
from db.calendars import CalendarAddress
from db.people import Person
from scheduling.calendar.check import Findings, Verdict, changes, lines, quick
from scheduling.calendar.check.outside import Khal, has_ical_js, has_khal, has_libical
from scheduling.clock import SystemClock
from tests.calendars import hold, registry
from tests.ops.doctor.test_page import answering
from tests.scheduling.calendar.entries import at, entry, programme, series, takes_place
from tests.shell import free_port, meet

NOT_HERE = [name for name, is_here in {"libical": has_libical(), "ical.js": has_ical_js()}.items() if not is_here]


@pytest.fixture
def parley(sqlite_url: str) -> Iterator[Parley]:
    made = Parley(database_url=sqlite_url, public_url="http://127.0.0.1", clock=SystemClock(), registry=registry)
    with closing(made):
        yield made


def subscribed(parley: Parley) -> str:
    """The path of somebody's address."""
    with parley.sessions.writing() as session:
        meet(session)
        person = session.query(Person).one()
        address = CalendarAddress(
            administration_id=person.administration_id, person_id=person.id, scope="mine", about="", label="members"
        )
        secret = address.renew(SystemClock().now() - timedelta(hours=2))
        session.add(address)
    return f"/calendar/{secret}.ics"


@pytest.mark.promise("calendar.gates", "A calendar that Parley serves passes every gate, its changes too.")
async def test_what_is_served_passes_every_gate(parley: Parley, record_property) -> None:
    path, now = subscribed(parley), SystemClock().now().replace(microsecond=0)
    *others, cancelled = programme()
    shown = [*others, entry("break-out", sequence=4, status=cancelled.status, changed_at=now)]
    hold(parley.sessions, shown)
    async with answering(parley, free_port()) as server:
        address = f"{server}{path}"
        found = await asked(address)
        assert {each["gate"] for each in found} == set("ABCDEF")
        before = await asyncio.to_thread(fetch, address)
        later = now + timedelta(seconds=1)
        moved = entry("plenary", revision=2, sequence=1, starts=at(7, 9), ends=at(7, 10), changed_at=later)
        hold(parley.sessions, [series(), moved, entry("new", changed_at=later)])
        after = quick(await asyncio.to_thread(fetch, address), Findings())
        old = lines.read(before, Findings())
        assert old is not None and after is not None
        changes.compare(old, after, told := Findings())
        # That something left the feed without having been cancelled first is the one thing to remark on.
        assert [each for each in told if each.verdict is not Verdict.OK and "is gone" not in each.what] == []
    record_property(
        "figure", f"{len(found)} findings, none a fault; not installed here: {', '.join(NOT_HERE) or 'none'}"
    )


async def asked(address: str) -> list[dict[str, str]]:
    said, well = await asyncio.to_thread(check, address, as_json=True)
    found: list[dict[str, str]] = json.loads(said)
    assert well and [each for each in found if each["verdict"] not in {"OK", "NOT RUN"}] == []
    missing = [each["what"] for each in found if each["verdict"] == "NOT RUN"]
    assert all(any(name in what for name in NOT_HERE) for what in missing), missing
    return found


def fetch(address: str) -> bytes:
    from urllib.request import urlopen  # noqa: PLC0415

    with urlopen(address) as answer:  # noqa: S310  our own server
        return bytes(answer.read())


@pytest.mark.slow
@pytest.mark.promise("calendar.subscribed", "A subscription to what Parley serves follows every change, by vdirsyncer.")
async def test_vdirsyncer_and_khal_follow_what_is_served(parley: Parley, tmp_path: Path) -> None:
    if not has_khal():
        pytest.skip("vdirsyncer and khal are not installed")
    path = subscribed(parley)
    meeting = entry("meeting")
    moved = entry("meeting", revision=2, sequence=1, starts=at(7, 9), ends=at(7, 10))
    async with answering(parley, free_port()) as server:
        khal = Khal(tmp_path, f'type = "http"\nurl = "{server}{path}"')
        for shown in ([meeting, series()], [moved]):
            hold(parley.sessions, shown)
            await asyncio.to_thread(khal.sync)
            truth = sorted(when for each in shown for when in takes_place(each).values())
            listed = await asyncio.to_thread(khal.lists, at(1, 0), at(31, 0, month=12))
            assert sorted((starts, ends) for _, starts, ends in listed) == truth
