"""Thirty a second, and a thousand: nearly all of it is used and no second holds more, however many processes send."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scheduling.clock import monotonic
from tests.bench.child import TELEGRAM_TOKEN
from tests.bench.platform import Platform
from tests.fakes import FakeTelegram
from tests.rates.processes import APART, FIRST_CHAT, fullest, seen, sending

SECONDS, PEOPLE = 12.0, 400
PROMISE = "no second holds more than the limit, and at least 95 % of it are used"


def test_the_fullest_second_is_found_wherever_it_begins() -> None:
    assert fullest([0.0, 0.6, 0.9, 1.0, 1.5, 1.6]) == 4
    assert fullest([0.0, 1.0, 2.0]) == 1
    assert fullest([5.0]) == 1


@pytest.mark.slow
@pytest.mark.promise("rates.thirty", f"Where a platform takes 30 messages a second, {PROMISE}: 1, 2 and 4 processes.")
@pytest.mark.parametrize(
    ("kind", "processes"), [("sqlite", 1), ("sqlite", 2), ("postgresql", 1), ("postgresql", 2), ("postgresql", 4)]
)
async def test_thirty_a_second(
    kind: str, processes: int, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    database = request.getfixturevalue(f"{kind}_url")
    async with FakeTelegram.running() as telegram:
        telegram.a_second = 30
        for process in range(processes):
            for number in range(PEOPLE):
                person = telegram.user("P", id=FIRST_CHAT + APART * process + number)
                person.started = True
        told = await sending(
            processes, database=database, api=telegram.address, token=telegram.token, rate=30, seconds=SECONDS
        )
        what = seen([call.at.timestamp() for call in telegram.calls("sendMessage")], told)
        refused = telegram.refusals
    record_property("figure", f"{kind}, {processes}: {what.rate:.2f} a second, at most {what.fullest}")
    assert refused == [] and what.fullest <= 30
    assert what.rate >= 0.95 * 30


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.promise("rates.thousand", f"Where a platform takes 1,000 a second, {PROMISE}: 1, 2 and 4 processes.")
@pytest.mark.parametrize(
    ("kind", "processes"), [("sqlite", 1), ("postgresql", 1), ("postgresql", 2), ("postgresql", 4)]
)
async def test_a_thousand_a_second(
    kind: str, processes: int, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    database = request.getfixturevalue(f"{kind}_url")
    arrivals: list[float] = []
    async with Platform.running() as platform:
        platform.on_post = lambda _address: arrivals.append(monotonic())
        told = await sending(
            processes, database=database, api=platform.api, token=TELEGRAM_TOKEN, rate=1000, seconds=SECONDS
        )
    what = seen(arrivals, told)
    record_property("figure", f"{kind}, {processes}: {what.rate:.0f} a second, at most {what.fullest}")
    assert what.fullest <= 1000
    assert what.rate >= 0.95 * 1000
