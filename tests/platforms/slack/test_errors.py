"""What becomes of a message that Slack did not take: the real client against a server that goes wrong."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest

from bot.kit.door import UNREACHABLE, Paused, Permanent, SendError, Transient, Unknown
from bot.platforms.slack import client as client_module
from bot.platforms.slack.client import Client
from bot.platforms.slack.errors import SlackRefused, pause_of, refusal
from scheduling.clock import ManualClock
from tests.fakes import FakeSlack
from tests.fakes.slack import Timing

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LIMIT = 1000


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running(timing=Timing(retries=())) as server:
        yield server


@pytest.fixture
async def client(slack: FakeSlack) -> AsyncIterator[Client]:
    made = Client(slack.bot_token, slack.url, ManualClock(NOON))
    await made.open()
    yield made
    await made.close()


async def failing(client: Client, method: str, arguments: dict[str, Any]) -> SendError:
    with pytest.raises(SendError) as caught:
        await client.perform(method, arguments)
    return caught.value


def posted(slack: FakeSlack) -> dict[str, Any]:
    return {"channel": slack.user("Olga").id, "text": "hello"}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("1", 1),
        ("30", 30),
        ("2.5", 2.5),
        (" 7 ", 7),
        ("0", 1),
        ("86400", 300),
        (None, 5),
        ("", 5),
        ("abc", 5),
        ("-3", 5),
        ("1e9", 5),
        ("9" * 400, 5),
        (format_datetime(NOON + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOON - timedelta(seconds=90), usegmt=True), 1),
        (format_datetime(NOON + timedelta(days=9), usegmt=True), 300),
        ("Mon, 99 Foo 2026 12:00:00 GMT", 5),
    ],
)
def test_every_spelling_of_a_pause_is_from_one_second_to_five_minutes(header: str | None, seconds: float) -> None:
    assert pause_of(header, NOON) == seconds


@pytest.mark.promise("faults.15", "However Slack spells its wait, it is a pause from one second to five minutes.")
@pytest.mark.parametrize("retry_after", [1, "2.5", None, "abc", "-1", "Mon, 23 Nov 2026 12:01:00 GMT"])
async def test_a_429_is_a_pause(slack: FakeSlack, client: Client, retry_after: Any) -> None:
    slack.fails("chat.postMessage", "429", retry_after=retry_after)
    error = await failing(client, "chat.postMessage", posted(slack))
    assert isinstance(error, Paused)
    assert timedelta(seconds=1) <= error.pause <= timedelta(minutes=5)
    assert len(slack.calls("chat.postMessage")) == 1


@pytest.mark.promise("faults.17", "Slack in trouble, whatever page it shows, took nothing and is asked again.")
@pytest.mark.parametrize("kind", ["500", "html"])
async def test_a_platform_in_trouble_took_nothing(slack: FakeSlack, client: Client, kind: Any) -> None:
    slack.fails("chat.postMessage", kind)
    error = await failing(client, "chat.postMessage", posted(slack))
    assert isinstance(error, Transient) and not isinstance(error, Paused)


@pytest.mark.parametrize("kind", ["reset-after", "reset-before", "garbage"])
async def test_what_was_sent_and_not_answered_is_unknown_and_never_sent_again_by_the_library(
    slack: FakeSlack, client: Client, kind: Any
) -> None:
    slack.fails("chat.postMessage", kind)
    assert isinstance(await failing(client, "chat.postMessage", posted(slack)), Unknown)
    assert len(slack.calls("chat.postMessage")) == 1


async def test_a_hanging_platform_frees_us(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "CALL", aiohttp.ClientTimeout(total=0.2))
    hasty = Client(slack.bot_token, slack.url, ManualClock(NOON))
    await hasty.open()
    slack.fails("*", "hang", times=2)
    assert isinstance(await failing(hasty, "chat.postMessage", posted(slack)), Unknown)
    assert isinstance(await failing(hasty, "views.publish", {}), Transient)
    await hasty.close()


@pytest.mark.parametrize("method", ["chat.update", "views.publish"])
async def test_a_call_that_may_be_made_twice_has_no_unknown_outcome(
    slack: FakeSlack, client: Client, method: str
) -> None:
    slack.fails(method, "reset-before")
    error = await failing(client, method, {"channel": "D1", "ts": "1", "user_id": "U1", "view": {}})
    assert isinstance(error, Transient)


async def test_a_platform_that_is_not_there_took_nothing() -> None:
    nowhere = Client("xoxb-x", "http://127.0.0.1:9/api/", ManualClock(NOON))
    assert isinstance(await failing(nowhere, "chat.postMessage", {}), Transient)  # not opened yet
    await nowhere.open()
    assert isinstance(await failing(nowhere, "chat.postMessage", {}), Transient)
    await nowhere.close()


@pytest.mark.promise("faults.19", "What Slack refuses for good has a typed reason.")
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("channel_not_found", "not_found"),
        ("user_not_found", "not_found"),
        ("user_disabled", "deactivated"),
        ("is_archived", "archived"),
        ("is_inactive", "archived"),
        ("not_in_channel", "left"),
        ("invalid_blocks", "refused"),
        ("msg_too_long", "refused"),
        ("restricted_action", "refused"),
        ("something_new", "refused"),
    ],
)
async def test_a_refusal_has_a_reason(slack: FakeSlack, client: Client, error: str, reason: str) -> None:
    slack.fails("chat.postMessage", "error", error=error)
    refused = await failing(client, "chat.postMessage", posted(slack))
    assert isinstance(refused, SlackRefused)
    assert (refused.reason, refused.error) == (reason, error)
    assert (reason in UNREACHABLE) == (reason != "refused")


@pytest.mark.promise("faults.18", "Slack's own errors pass.")
@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"])
async def test_slacks_own_troubles_pass(slack: FakeSlack, client: Client, error: str) -> None:
    slack.fails("chat.postMessage", "error", error=error)
    assert type(await failing(client, "chat.postMessage", posted(slack))) is Transient


@pytest.mark.parametrize("error", ["token_revoked", "invalid_auth", "account_inactive"])
async def test_a_refused_token_pauses_everything_and_blames_nobody(
    slack: FakeSlack, client: Client, error: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    slack.revokes(slack.bot_token, error)
    paused = await failing(client, "chat.postMessage", posted(slack))
    assert isinstance(paused, Paused) and paused.pause == timedelta(seconds=60)
    said = capsys.readouterr().out + caplog.text
    assert error in said
    assert slack.bot_token not in said


def test_a_body_that_says_no_without_a_reason_is_tried_again() -> None:
    assert type(refusal(200, None, None, NOON)) is Transient
    assert type(refusal(503, "whatever", None, NOON)) is Transient
    assert isinstance(refusal(200, "ratelimited", None, NOON), Paused)


# Files


async def test_a_file_is_brought_in_whole_and_no_larger_than_allowed(slack: FakeSlack, client: Client) -> None:
    user = slack.user("Olga")
    await slack.dm(user, "", [("a.bin", b"x" * LIMIT)])
    (file,) = slack.messages(user)[-1].files
    url = str(file.body()["url_private_download"])
    assert await client.download(url, LIMIT) == b"x" * LIMIT
    with pytest.raises(Permanent, match="too_large"):
        await client.download(url, LIMIT - 1)
    with pytest.raises(Permanent, match="not_found"):
        await client.download(f"{slack.address}/nothing", LIMIT)
    slack.scopes.discard("files:read")
    with pytest.raises(Permanent, match="files:read"):
        await client.download(url, LIMIT)


@pytest.mark.promise("threat.30", "No address in a payload takes the token anywhere else.")
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1.evil.example/x",
        "http://evil.example/127.0.0.1",
        "https://127.0.0.1/x",
        "file:///etc/passwd",
        "",
    ],
)
async def test_the_token_goes_to_no_other_machine(client: Client, url: str) -> None:
    with pytest.raises(Permanent, match="not an address of Slack's"):
        await client.download(url, LIMIT)
    with pytest.raises(Permanent, match="not an address of Slack's"):
        await client.upload(url, b"x")
    assert isinstance(await failing(client, "response_url", {"url": url, "text": "x"}), Permanent)
