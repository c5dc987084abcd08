"""Several processes on one PostgreSQL: web, worker, clock; who takes in; and what becomes of it when one is killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.fakes import FakeTelegram
from tests.shell import CREATE, Shell, free_port, part


@pytest.fixture
def scaled(tmp_path: Path, postgresql_url: str) -> Shell:
    return Shell(tmp_path, postgresql_url, {"PARLEY_ENGINE": "scaled"})


async def test_a_message_is_answered_by_three_processes(scaled: Shell) -> None:
    scaled(*CREATE)
    async with FakeTelegram.running() as telegram, AsyncExitStack() as stack:
        scaled.more |= {"PARLEY_TELEGRAM_TOKEN": telegram.token, "PARLEY_TELEGRAM_API_URL": telegram.address}
        web, page = await stack.enter_async_context(part(scaled, "web"))
        await stack.enter_async_context(part(scaled, "worker"))
        await stack.enter_async_context(part(scaled, "clock"))
        amina = telegram.user("Amina", language_code="fr")
        await telegram.starts(amina)
        assert (await telegram.hears(amina, "")).shown
        assert (await page.get("/healthz")).json()["intake"] == {"ok": True, "here": True}
