"""Bad lines to both platforms: the real client libraries on a TCP line that breaks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot.kit.door import SendError, Transient, Unknown, cause
from bot.platforms.slack import client as slack_client
from bot.platforms.slack.client import Client as SlackClient
from bot.platforms.telegram import client as telegram_client
from bot.platforms.telegram import wire as telegram_wire
from bot.platforms.telegram.client import Client as TelegramClient
from scheduling.clock import SystemClock
from tests.fakes import FakeSlack, FakeTelegram
from tests.fakes.proxy import Line, line_to
from tests.platforms.slack.running import House as SlackHouse
from tests.platforms.slack.running import running as slack_running
from tests.platforms.slack.running import settle as slack_settle
from tests.platforms.telegram.running import House as TelegramHouse
from tests.platforms.telegram.running import eventually, running, settle

from .certificates import Authority

PLATFORMS = ("slack", "telegram")


class Caller:
    """One platform's client on a bad line: `post` sends a message, `posts` counts those that the platform took."""

    def __init__(self, line: Line, post: Callable[[], Awaitable[Any]], posts: Callable[[], int]) -> None:
        self.line, self._post, self.posts = line, post, posts

    async def fails(self) -> SendError:
        with pytest.raises(SendError) as raised:
            await self._post()
        return raised.value

    async def works(self) -> None:
        await self._post()


@pytest.fixture(params=PLATFORMS)
async def caller(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Caller]:
    monkeypatch.setattr(slack_client, "CALL", aiohttp.ClientTimeout(total=0.5, connect=0.5))
    monkeypatch.setattr(telegram_client, "ANSWER_SECONDS", 0.5)
    async with AsyncExitStack() as stack:
        if request.param == "slack":
            yield await stack.enter_async_context(slack_on_a_line())
        else:
            yield await stack.enter_async_context(telegram_on_a_line())


@asynccontextmanager
async def slack_on_a_line() -> AsyncIterator[Caller]:
    async with FakeSlack.running() as slack, line_to(slack.address) as line:
        client = SlackClient(slack.bot_token, f"{line.address}/api/", SystemClock())
        await client.open()
        said = {"channel": slack.user("Olga").id, "text": "hello"}
        yield Caller(line, lambda: client.perform("chat.postMessage", said), lambda: len(slack.world.messages))
        await client.close()


@asynccontextmanager
async def telegram_on_a_line() -> AsyncIterator[Caller]:
    async with FakeTelegram.running() as telegram, line_to(telegram.address) as line:
        amina = telegram.user("Amina")
        amina.started = True
        client = TelegramClient(telegram.token, line.address, SystemClock())
        said = {"chat_id": amina.id, "text": "hello"}
        yield Caller(line, lambda: client.perform("sendMessage", said), lambda: len(telegram.messages(amina)))
        await client.close()


@pytest.mark.promise("faults.11", "A reset before or after the platform took a message is one call, never two.")
async def test_a_reset_is_one_call_that_no_library_repeats(caller: Caller) -> None:
    caller.line.refuse = True
    assert isinstance(await caller.fails(), Unknown | Transient) and caller.line.connections == 1
    assert caller.posts() == 0
    caller.line.heal()
    caller.line.cut_after, caller.line.reset = 0, True
    assert type(await caller.fails()) is Unknown
    assert (caller.posts(), caller.line.connections) == (1, 2), "taken, and not sent again"
    caller.line.heal()
    await caller.works()
    assert caller.posts() == 2


@pytest.mark.promise("faults.12", "An answer that is missing, cut short or never ends leaves the outcome unknown.")
@pytest.mark.parametrize("length", [0, 20, 200])
async def test_an_answer_that_ends_early_leaves_us_in_doubt(caller: Caller, length: int) -> None:
    caller.line.cut_after = length
    assert type(await caller.fails()) is Unknown
    assert (caller.posts(), caller.line.connections) == (1, 1)


@pytest.mark.promise("faults.13", "A platform that hangs is given up within seconds, and others go on.")
async def test_a_platform_that_hangs_frees_us(caller: Caller) -> None:
    caller.line.delay = 60
    hanging = asyncio.create_task(caller.fails())
    async with asyncio.timeout(10):
        await eventually(lambda: caller.posts() == 1)
        caller.line.delay = 0.0  # for what comes from now on; that one hangs
        await caller.works()
        assert not hanging.done()
        assert type(await hanging) is Unknown


def test_the_patience_with_a_platform_is_ten_seconds_at_most() -> None:
    assert slack_client.CALL.total == 10 and telegram_client.ANSWER_SECONDS == 10


@pytest.mark.promise("faults.14", "After a dead line that looks alive, updates come in again as soon as it heals.")
async def test_polling_goes_on_after_a_half_open_socket(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_wire, "POLL_SECONDS", 0)
    monkeypatch.setattr(telegram_wire, "LATE_SECONDS", 0.5)
    monkeypatch.setattr(telegram_wire, "FIRST_PAUSE", 0.05)
    settle(sqlite_url)
    async with FakeTelegram.running() as telegram, line_to(telegram.address) as line:
        amina = telegram.user("Amina")
        async with running(sqlite_url, telegram, api_url=line.address) as house:
            await telegram.until(lambda: telegram.calls("getUpdates"))
            line.hold()
            await telegram.starts(amina)
            await eventually(lambda: not house.wire.health()["ok"])
            line.heal()
            await telegram.settled(20)
            await eventually(lambda: house.wire.health()["ok"])


@pytest.mark.slow
@pytest.mark.promise("faults.14", "A silent Slack socket is seen within a minute, and another one is opened.")
async def test_a_silent_socket_is_replaced(sqlite_url: str) -> None:
    slack_settle(sqlite_url)
    async with FakeSlack.running() as slack, slack_running(sqlite_url, slack) as house:
        socket_client = house.wire._socket.client  # type: ignore[union-attr]
        assert isinstance(socket_client, SocketModeClient) and 4 * socket_client.ping_interval <= 60
        olga = slack.user("Olga")
        before = socket_client.current_session
        # Nothing has answered for a minute, as far as it can tell.
        socket_client.last_ping_pong_time = SystemClock().now().timestamp() - 61
        assert house.wire.health()["trouble"] == "silent" and not house.wire.health()["ok"]
        # And nothing answers from now on, on this one: the line is half open.
        slack.doors.sockets[0]._autoping = False
        socket_client.ping_interval = 0.2
        async with asyncio.timeout(20):
            while socket_client.current_session is before or not house.wire.health()["ok"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # the library looks in its own time
        assert (await slack.dm(olga, "hello")).acknowledged


@pytest.mark.promise(
    "faults.34", "A name that is not found and a proxy that refuses are trouble with a name, and pass."
)
async def test_no_name_and_no_way_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    proxy = await asyncio.start_server(refuses, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    monkeypatch.setenv("HTTPS_PROXY", address)
    monkeypatch.setenv("https_proxy", address)
    assert await _causes("https://127.0.0.1:9") == {"ClientHttpProxyError"}
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name)

    def nowhere(*_given: Any, **_named: Any) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    assert await _causes("https://chat.example") == {"ClientConnectorDNSError"}
    proxy.close()


async def _causes(address: str) -> set[str]:
    """What each client says of a call to `address`: each must be safe to make again."""
    slack, telegram = SlackClient("xoxb-1", f"{address}/api/", SystemClock()), None
    await slack.open()
    telegram = TelegramClient("1:x", address, SystemClock())
    said = set()
    for call in (slack.perform("chat.postMessage", {"channel": "D1"}), telegram.perform("sendMessage", {"chat_id": 1})):
        with pytest.raises(Transient) as raised:
            await call
        said.add(cause(raised.value))
    await slack.close()
    await telegram.close()
    return said


async def test_a_line_that_closes_lets_what_is_under_way_end() -> None:
    async with FakeSlack.running() as slack:
        client = SlackClient(slack.bot_token, slack.url, SystemClock())
        await client.open()
        said = {"channel": slack.user("Olga").id, "text": "hello"}
        slack.fails("chat.postMessage", "slow", seconds=0.2)
        posting = asyncio.create_task(client.perform("chat.postMessage", said))
        await slack.until(lambda: not list(slack.faults))
        await client.close()
        assert posting.done() and (await posting)["ok"]
        with pytest.raises(Transient, match="closing"):
            await client.perform("chat.postMessage", said)
        await client.open()
        assert (await client.perform("chat.postMessage", said))["ok"]
        await client.close()


@pytest.mark.promise("faults.34", "Behind a certificate that has expired nobody is talked to, and health names it.")
async def test_a_certificate_that_has_expired(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", authority.trusting())  # made when it is imported
    slack_settle(sqlite_url)
    expired, good = authority.shown(is_good=False), authority.shown(is_good=True)
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(FakeSlack.running())
        telegram = await stack.enter_async_context(FakeTelegram.running())
        bad = [await stack.enter_async_context(line_to(each.address, expired)) for each in (slack, telegram)]
        well = [await stack.enter_async_context(line_to(each.address, good)) for each in (slack, telegram)]
        house = SlackHouse(sqlite_url, slack, api_url=f"{bad[0].address}/api/")
        with pytest.raises(Transient):
            await house.wire.start()
        assert house.wire.health()["trouble"] == "ClientConnectorCertificateError"
        await house.wire.stop()
        house.parley.close()
        polling = TelegramHouse(sqlite_url, telegram, api_url=bad[1].address)
        await polling.start()
        await eventually(lambda: polling.wire.health()["trouble"] == "ClientConnectorCertificateError")
        assert not polling.wire.health()["ok"]
        await polling.stop()
        assert slack.recorded == telegram.recorded == [], "nothing was said to whoever that was"
        # Renewed, it is talked to: the one difference was the day on it.
        client = SlackClient(slack.bot_token, f"{well[0].address}/api/", SystemClock())
        await client.open()
        assert (await client.perform("auth.test", {}))["ok"]
        await client.close()
        async with running(sqlite_url, telegram, api_url=well[1].address) as renewed:
            await eventually(lambda: renewed.wire.health()["ok"])
