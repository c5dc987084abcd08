"""One call at a time: what each refusal and each broken connection means, with the real client library."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.kit.door import Paused, Permanent, SendError, Transient, Unknown
from bot.platforms.telegram import client as client_module
from bot.platforms.telegram.client import Client, Conflicting, WrongToken
from bot.platforms.telegram.door import CANNOT_PARSE, NOT_EDITABLE, NOT_MODIFIED, Moved, Upload
from scheduling.clock import SystemClock
from tests.fakes import FakeTelegram
from tests.fakes.telegram import User
from tests.fakes.telegram.samples import picture


async def refused(client: Client, method: str = "sendMessage", **parameters: Any) -> SendError:
    with pytest.raises(SendError) as raised:
        await client.perform(method, {"chat_id": 1001, "text": "hello"} | parameters)
    error = raised.value
    assert error.__cause__ is None and error.__context__ is None, "the library's own error may hold the token"
    return error


def blocked(user: User) -> None:
    user.blocked = True


def deleted(user: User) -> None:
    user.deleted = True


def never_started(user: User) -> None:
    user.started = False


@pytest.mark.promise("faults.21", "Blocked, deactivated and never started are told apart.")
@pytest.mark.parametrize(
    ("becomes", "reason"), [(blocked, "blocked"), (deleted, "deactivated"), (never_started, "never_started")]
)
async def test_why_somebody_cannot_be_reached(
    client: Client, broker: User, becomes: Callable[[User], None], reason: str
) -> None:
    becomes(broker)
    error = await refused(client)
    assert isinstance(error, Permanent) and error.reason == reason


async def test_chats_that_are_not_there_or_were_left_or_moved(
    client: Client, telegram: FakeTelegram, broker: User
) -> None:
    assert str(await refused(client, chat_id=404)) == "not_found"
    group = telegram.group("Port", broker)
    moved = telegram.migrates(group)
    error = await refused(client, chat_id=group.id)
    assert isinstance(error, Moved) and error.to == moved.id
    moved.has_bot = False
    assert str(await refused(client, chat_id=moved.id)) == "left"


async def test_refusals_that_the_door_mends(client: Client, telegram: FakeTelegram, broker: User) -> None:
    sent = await client.perform("sendMessage", {"chat_id": broker.id, "text": "hello"})
    where = {"message_id": sent["message_id"]}
    reasons = [
        (await refused(client, text="<x>", parse_mode="HTML"), CANNOT_PARSE),
        (await refused(client, "editMessageText", **where), NOT_MODIFIED),
        (await refused(client, "editMessageText", message_id=999), NOT_EDITABLE),
        (await refused(client, text=""), "refused"),
    ]
    for error, reason in reasons:
        assert isinstance(error, Permanent) and error.reason == reason
    with pytest.raises(Permanent, match="too_late"):
        await client.perform("answerCallbackQuery", {"callback_query_id": "gone"})


@pytest.mark.promise("faults.15", "However Telegram spells its wait, it is a pause of at most five minutes.")
@pytest.mark.parametrize(
    ("asked", "wait"),
    [(1, 1), (30, 30), (None, 5), ("abc", 5), (-3, 5), (0, 5), (10**9, 300), ("Fri, 04 Dec 2026 10:00:00 GMT", 5)],
)
async def test_told_to_wait(client: Client, telegram: FakeTelegram, broker: User, asked: Any, wait: int) -> None:
    telegram.fails("sendMessage", "429", retry_after=asked)
    error = await refused(client)
    assert isinstance(error, Paused) and error.pause == timedelta(seconds=wait)


@pytest.mark.promise("faults.17", "Telegram in trouble, whatever page it shows, took nothing and is asked again.")
async def test_trouble_at_telegram_is_passing(client: Client, telegram: FakeTelegram, broker: User) -> None:
    for kind in ("500", "html"):
        telegram.fails("sendMessage", kind)
        assert type(await refused(client)) is Transient
    telegram.fails("sendMessage", "error", status=200, error="no")
    assert type(await refused(client)) is Transient, "ok: false with a good status"


@pytest.mark.parametrize("kind", ["garbage", "reset-before", "reset-after", "hang"])
async def test_no_answer_leaves_us_in_doubt(
    client: Client, telegram: FakeTelegram, broker: User, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "ANSWER_SECONDS", 0.2)
    telegram.fails("sendMessage", kind, seconds=0.5)
    assert type(await refused(client)) is Unknown


async def test_what_was_never_sent_may_be_sent_again(unused_tcp_port: int) -> None:
    nowhere = Client("1:x", f"http://127.0.0.1:{unused_tcp_port}", SystemClock())
    assert type(await refused(nowhere)) is Transient
    await nowhere.close()


async def test_a_token_that_is_refused_pauses_everything(client: Client, telegram: FakeTelegram, broker: User) -> None:
    telegram.revokes()
    with capture_logs() as logs:
        error = await refused(client)
    assert isinstance(error, WrongToken) and error.pause == timedelta(seconds=60)
    assert [each["log_level"] for each in logs] == ["error"]


async def test_a_second_poller_is_a_conflict(client: Client, telegram: FakeTelegram) -> None:
    await client.perform("setWebhook", {"url": "https://parley.example/telegram"})
    with pytest.raises(Conflicting):
        await client.perform("getUpdates", {})


async def test_a_file_goes_out_as_a_form_with_its_name(client: Client, telegram: FakeTelegram, broker: User) -> None:
    photo = Upload("seal.png", "image/png", picture(8, 8))
    sent = await client.perform("sendPhoto", {"chat_id": broker.id, "photo": photo, "caption": "the seal"})
    assert sent["caption"] == "the seal"
    found = await client.perform("getFile", {"file_id": sent["photo"][0]["file_id"]})
    assert await client.download(found["file_path"]) == photo.data
    name = "تقرير \"a\";é 'x'.pdf"
    paper = await client.perform("sendDocument", {"chat_id": broker.id, "document": Upload(name, None, b"%PDF")})
    assert paper["document"]["file_name"] == name.replace('"', "'")


async def test_closing_the_line_cuts_nothing_off(telegram: FakeTelegram, broker: User) -> None:
    client = Client(telegram.token, telegram.address, SystemClock())
    telegram.fails("sendMessage", "slow", seconds=0.3)
    under_way = asyncio.create_task(client.perform("sendMessage", {"chat_id": broker.id, "text": "hello"}))
    await asyncio.sleep(0.1)
    await client.close()
    assert (await under_way)["text"] == "hello"
    assert type(await refused(client)) is Transient, "nothing begins any more"
