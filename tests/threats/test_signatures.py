"""Forged requests to Slack's edge: whatever stands in the two headers, the answer is a refusal and nothing is read."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from bot.platforms.slack.wire import SlackWire
from db.machinery import Inbox
from tests.world import World

SECRET = "a-signing-secret"
BODY = b'{"type": "event_callback", "event": {"text": "canary"}}'


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    made = World(sqlite_url)
    yield made
    made.close()


def signature(at: str, body: bytes = BODY) -> str:
    return "v0=" + hmac.new(SECRET.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()


async def status(world: World, body: bytes, at: str, signed: str) -> int:
    """What a wire that is not connected answers: 503 once the signature holds, for it asks to come again."""
    wire = SlackWire(world.parley, bot_token="xoxb-1", signing_secret=SECRET, api_url="http://127.0.0.1:9/")
    headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": signed}
    return (await wire.handle_http(body, headers))[0]


def nothing_kept(world: World) -> bool:
    with world.parley.sessions.reading() as session:
        return not session.scalar(select(func.count()).select_from(Inbox))


@pytest.mark.promise("threat.1", "Any one byte changed in the time, the signature or the body is a refusal.")
async def test_each_byte_counts(world: World) -> None:
    at = str(int(world.clock.now().timestamp()))
    signed = signature(at)
    assert await status(world, BODY, at, signed) == 503
    for place in range(len(BODY)):
        changed = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        assert await status(world, changed, at, signed) == 401, place
    for place in range(len(at)):
        changed_at = at[:place] + str((int(at[place]) + 1) % 10) + at[place + 1 :]
        assert await status(world, BODY, changed_at, signed) == 401, place
    for place in range(len(signed)):
        other = "1" if signed[place] == "0" else "0"
        assert await status(world, BODY, at, signed[:place] + other + signed[place + 1 :]) == 401, place
    assert nothing_kept(world)


@pytest.mark.promise("threat.2", "Headers of any shape are a refusal, and nothing of the body is logged.")
async def test_headers_that_are_none(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    now = str(int(world.clock.now().timestamp()))
    times = ("", "-", "+1", "1e9", "nan", "inf", "0x1", "1_0", "١٢", "9" * 5000, f" {now}", f"{now}.0", f"{now}\n", now)
    right = signature(now)
    signatures = ("", "v0", "v0=", "v1=" + right[3:], right.upper(), right + "0", right[:-1], "v0=" + "é" * 64, right)
    pairs = [pair for pair in itertools.product(times, signatures) if pair != (now, right)]
    assert len(pairs) >= 40
    for at, signed in pairs:
        assert await status(world, BODY, at, signed) == 401, (at, signed)
        if at.isascii() and len(at) < 100:  # the malformed time, rightly signed
            assert await status(world, BODY, at, signature(at)) == (503 if at == now else 401), at
    assert nothing_kept(world) and "canary" not in caplog.text
