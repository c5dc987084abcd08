"""A server to talk to, a database to keep things in, and somebody at the other end."""

from collections.abc import AsyncIterator

import pytest

from bot.platforms.telegram.client import Client
from scheduling.clock import SystemClock
from tests.fakes import FakeTelegram
from tests.fakes.telegram import User

from .running import settle


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram.running(retry_seconds=0.05) as server:
        yield server


@pytest.fixture
def url(sqlite_url: str) -> str:
    settle(sqlite_url)
    return sqlite_url


@pytest.fixture
async def client(telegram: FakeTelegram) -> AsyncIterator[Client]:
    made = Client(telegram.token, telegram.address, SystemClock())
    yield made
    await made.close()


@pytest.fixture
def broker(telegram: FakeTelegram) -> User:
    user = telegram.user("Amina", language_code="fr")
    user.started = True
    return user
