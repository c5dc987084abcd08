"""What the platforms say when they will not: the rows of the matrix that no other test shows, over the real clients."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from bot.kit.door import Paused
from bot.kit.events import Answer
from bot.kit.screen import Screen
from bot.kit.text import Catalogues, Reader, Writer, _
from bot.platforms.slack import wire
from bot.platforms.slack.client import Client as SlackClient
from bot.platforms.telegram.client import Client as TelegramClient
from bot.platforms.telegram.door import TelegramDoor
from db.machinery import Inbox, InboxState, Outgoing, Sending
from db.people import Account
from scheduling.clock import ManualClock, SystemClock
from scheduling.pauses import STORM
from tests.fakes import FakeSlack, FakeTelegram
from tests.fakes.slack import Timing, payloads
from tests.platforms.slack.running import House as SlackHouse
from tests.platforms.slack.running import running as slack_running
from tests.platforms.slack.running import settle as slack_settle
from tests.platforms.telegram.running import House, eventually, know, running, settle

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ENGLISH = Writer(Catalogues(Path("nowhere")), Reader("en", "UTC"))
HOME = Answer(screen=Screen(_("Home")))


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram.running(retry_seconds=0.05) as server:
        yield server


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running(timing=Timing(acknowledge=1.0, retries=(0.0, 0.05, 0.1))) as server:
        yield server


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
async def client(telegram: FakeTelegram, clock: ManualClock) -> AsyncIterator[TelegramClient]:
    made = TelegramClient(telegram.token, telegram.address, clock)
    yield made
    await made.close()


@pytest.fixture
def door(client: TelegramClient) -> TelegramDoor:
    async def nothing(_file: int) -> bytes | None:
        return None

    return TelegramDoor(client.perform, download=client.download, stored=nothing)


def count(house: Any, table: type, *where: Any) -> int:
    with house.parley.sessions.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def started(telegram: FakeTelegram, number: int) -> list[int]:
    people = [telegram.user(f"Person {each}") for each in range(number)]
    for person in people:
        person.started = True
    return [person.id for person in people]


# Told to wait


@pytest.mark.promise("faults.16", "A 429 pauses its own bucket only, never the others.")
async def test_a_429_pauses_its_own_chat_and_method_and_nobody_else(
    telegram: FakeTelegram, client: TelegramClient, clock: ManualClock
) -> None:
    one, other = started(telegram, 2)
    telegram.fails("sendMessage", "429", retry_after=30)
    for _time in range(3):
        with pytest.raises(Paused) as paused:
            await client.perform("sendMessage", {"chat_id": one, "text": "hello"})
        assert paused.value.until == NOON + timedelta(seconds=30)
    assert len(telegram.calls("sendMessage")) == 1, "asked once, and not again before its time"
    await client.perform("sendMessage", {"chat_id": other, "text": "hello"})
    await client.perform("sendChatAction", {"chat_id": one, "action": "typing"})
    clock.advance(timedelta(seconds=30))
    await client.perform("sendMessage", {"chat_id": one, "text": "hello"})


@pytest.mark.promise("faults.16", "A 429 pauses its own bucket only, never the others.")
async def test_a_429_of_slack_pauses_its_own_channel_or_method(slack: FakeSlack, clock: ManualClock) -> None:
    client = SlackClient(slack.bot_token, slack.url, clock)
    await client.open()
    olga, ben = slack.user("Olga"), slack.user("Ben")
    slack.fails("chat.postMessage", "429", retry_after=30)
    slack.fails("users.info", "429", retry_after=30)
    for _time in range(3):
        for method, given in (
            ("chat.postMessage", {"channel": olga.id, "text": "x"}),
            ("users.info", {"user": ben.id}),
        ):
            with pytest.raises(Paused):
                await client.perform(method, given)
    assert len(slack.calls()) == 2
    await client.perform("chat.postMessage", {"channel": ben.id, "text": "x"})
    await client.perform("auth.test", {})
    clock.advance(timedelta(seconds=30))
    await client.perform("chat.postMessage", {"channel": olga.id, "text": "x"})
    await client.perform("users.info", {"user": ben.id})
    await client.close()


async def test_whoever_is_told_to_wait_knows_of_which_calls_so_that_others_can_be_told(
    telegram: FakeTelegram, client: TelegramClient, slack: FakeSlack, clock: ManualClock
) -> None:
    async def told(chat: int) -> tuple[str, str] | None:
        with pytest.raises(Paused) as paused:
            await client.perform("sendMessage", {"chat_id": chat, "text": "hello"})
        return paused.value.told

    chats = started(telegram, STORM + 1)
    telegram.fails("sendMessage", "429", times=100, retry_after=30)
    assert await told(chats[0]) == ("sendMessage", str(chats[0]))
    assert await told(chats[0]) is None, "known before, and no news"
    assert [await told(chat) for chat in chats[1:]][-2:] == [("sendMessage", ""), None], "a storm is about all of them"
    telegram.revokes()
    clock.advance(timedelta(seconds=30))
    telegram.faults.clear()
    assert await told(chats[0]) is None, "our own token is mended here"

    line = SlackClient(slack.bot_token, slack.url, clock)
    await line.open()
    slack.fails("chat.update", "429", retry_after=30)
    with pytest.raises(Paused) as paused:
        await line.perform("chat.update", {"channel": slack.user("Olga").id, "ts": "1.1", "text": "x"})
    assert paused.value.told == ("chat.update", "")
    await line.close()


@pytest.mark.promise("faults.16", "A storm of 429s is not answered with one more request for each message that waits.")
async def test_a_storm_is_waited_out_and_loses_nothing(
    telegram: FakeTelegram, client: TelegramClient, clock: ManualClock, record_property: Any
) -> None:
    chats = started(telegram, 200)
    telegram.fails("sendMessage", "429", times=1000, retry_after=30)
    waiting = list(chats)
    asked: list[int] = []
    for round_ in range(4):
        if round_ == 3:
            telegram.faults.clear()
        before = len(telegram.calls("sendMessage"))
        for chat in list(waiting):
            try:
                await client.perform("sendMessage", {"chat_id": chat, "text": "hello"})
            except Paused:
                continue
            waiting.remove(chat)
        asked.append(len(telegram.calls("sendMessage")) - before)
        await client.perform("getMe", {})  # other methods flow
        clock.advance(timedelta(seconds=30))
    assert asked[:3] == [5, 5, 5] and asked[3] == 200 and not waiting
    assert all(len(telegram.messages(chat)) == 1 for chat in chats)
    record_property("figure", f"200 waiting messages: {asked[0]} requests a storm")


# The token


@pytest.mark.promise(
    "faults.20", "A revoked Slack app pauses its workspace, keeps what waits and goes on when it is back."
)
@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("token_revoked", {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["UBOT"]}}),
        ("account_inactive", {"type": "app_uninstalled"}),
    ],
)
async def test_what_waits_outlives_a_revoked_app(
    slack: FakeSlack, sqlite_url: str, error: str, told: dict[str, Any]
) -> None:
    slack_settle(sqlite_url)
    clock = ManualClock(SystemClock().now())
    async with slack_running(sqlite_url, slack, clock=clock) as house:
        olga, ben = slack.user("Olga"), slack.user("Ben")
        slack.revokes(slack.bot_token, error)
        with capture_logs() as logs:
            assert (await slack.event(told)).acknowledged
            for person in (olga, ben, olga):
                assert (await slack.dm(person, "hello")).acknowledged
            await eventually(lambda: count(house, Inbox, Inbox.state == InboxState.DONE) == 3)
            await eventually(lambda: count(house, Outgoing, Outgoing.state == Sending.WAITING) == 3)
        assert any(each["log_level"] == "error" and "removed the app" in each["event"] for each in logs)
        health = house.wire.health()
        assert not health["ok"] and health["trouble"] == error
        assert count(house, Account, Account.unreachable_since.is_not(None)) == 0, "nobody in particular"
        assert len([call for call in slack.calls() if call.error == error]) == 1, "one request, for all that waits"
        slack.revoked.clear()  # installed anew
        clock.advance(timedelta(seconds=61))
        await eventually(lambda: count(house, Outgoing, Outgoing.state == Sending.ACCEPTED) == 3)
        assert house.wire.health()["trouble"] in {None, "clock"}  # the clock that was moved on


@pytest.mark.promise("faults.24", "A refused Telegram token is an alarm and one request a minute, whatever waits.")
async def test_a_refused_token_is_no_storm(telegram: FakeTelegram, client: TelegramClient, clock: ManualClock) -> None:
    chats = started(telegram, 20)
    telegram.revokes()
    with capture_logs() as logs:
        for minute in range(1, 4):
            for chat in chats:
                with pytest.raises(Paused):
                    await client.perform("sendMessage", {"chat_id": chat, "text": "hello"})
            assert len(telegram.calls()) == minute
            clock.advance(timedelta(minutes=1))
    assert [each["log_level"] for each in logs] == ["error"] * 3


# Telegram's refusals


@pytest.mark.promise(
    "faults.22", "An unchanged message counts as edited, a lost one is sent anew, and words arrive bare."
)
async def test_refusals_that_end_well(telegram: FakeTelegram, client: TelegramClient, door: TelegramDoor) -> None:
    (amina,) = started(telegram, 1)
    first = await door.send(str(amina), HOME, ENGLISH)
    assert await door.send(str(amina), HOME, ENGLISH, edits=first) == first, "not modified"
    assert len(telegram.messages(amina)) == 1
    anew = await door.send(str(amina), HOME, ENGLISH, edits=dict(first) | {"message_id": 999})
    assert anew != first and len(telegram.messages(amina)) == 2
    telegram.fails("sendMessage", "error", error="Bad Request: can't parse entities: unsupported start tag")
    await door.send(str(amina), HOME, ENGLISH)
    last = telegram.calls("sendMessage")[-1]
    assert "parse_mode" not in last.arguments and "Home" in telegram.messages(amina)[-1].text


@pytest.mark.promise("faults.23", "A chat that has another number is written to once, at that number.")
async def test_a_group_that_moved_is_followed(telegram: FakeTelegram, door: TelegramDoor) -> None:
    group = telegram.group("Port", telegram.user("Amina"))
    moved = telegram.migrates(group)
    sent = await door.send(str(group.id), HOME, ENGLISH)
    assert sent["chat_id"] == moved.id and len(telegram.messages(moved)) == 1
    assert [call.arguments["chat_id"] for call in telegram.calls("sendMessage")] == [group.id, moved.id]


# What comes in


@pytest.mark.promise(
    "faults.3", "Twenty updates that were taken in and not handled are each handled once after a crash."
)
async def test_what_a_dead_process_had_taken_in_is_handled_once(telegram: FakeTelegram, sqlite_url: str) -> None:
    settle(sqlite_url)
    people = [telegram.user(f"Person {number}") for number in range(5)]
    for person in people:
        await telegram.starts(person)
        for _time in range(3):
            await telegram.says(person, "hello")
    deaf = House(sqlite_url, telegram)
    await deaf.wire.start()  # takes updates in and confirms them; nothing works on them
    await telegram.settled()
    await deaf.die()
    async with running(sqlite_url, telegram) as house:
        await eventually(lambda: count(house, Inbox, Inbox.state == InboxState.DONE) == 20, within=20)
        await eventually(lambda: count(house, Outgoing, Outgoing.state == Sending.ACCEPTED) == 20, within=20)
    assert [len([each for each in telegram.messages(person) if each.by_bot]) for person in people] == [4] * 5


@pytest.mark.promise("faults.27", "What comes in another order than it happened is refused in words or does nothing.")
async def test_a_tap_an_edit_and_a_leaving_that_come_too_early(telegram: FakeTelegram, sqlite_url: str) -> None:
    settle(sqlite_url)
    amina, ben = telegram.user("Amina"), telegram.user("Ben")
    amina.started = True
    know(sqlite_url, amina)
    there = {"chat": {"id": amina.id, "type": "private"}, "date": 1, "from": amina.body()}
    async with running(sqlite_url, telegram) as house:
        query = {"id": "9", "from": amina.body(), "chat_instance": "1", "data": "x" * 22}
        telegram.updates.add("callback_query", query | {"message": {**there, "message_id": 7000}})
        telegram.updates.add("edited_message", there | {"message_id": 7001, "text": "never sent"})
        gone = {"user": {"id": 1, "is_bot": True, "first_name": "P"}, "status": "kicked"}
        stranger = {"chat": {"id": ben.id, "type": "private"}, "date": 1, "from": ben.body()}
        telegram.updates.add("my_chat_member", stranger | {"old_chat_member": gone, "new_chat_member": gone})
        await telegram.starts(ben)
        await telegram.settled()
        await eventually(lambda: count(house, Inbox, Inbox.state == InboxState.DONE) == 4)
        assert count(house, Account, Account.unreachable_since.is_not(None)) == 0, "Ben came, after he had left"
        await telegram.until(lambda: [each for each in telegram.messages(ben) if each.by_bot])
        await telegram.until(lambda: [each for each in telegram.messages(amina) if each.by_bot])


@pytest.mark.promise("faults.30", "A socket that Slack closes is followed by another; a lost ack has no second effect.")
@pytest.mark.parametrize("reason", ["refresh_requested", "too_many_websockets"])
async def test_sockets_that_end_and_acknowledgements_that_are_lost(
    slack: FakeSlack, sqlite_url: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack_settle(sqlite_url)
    olga = slack.user("Olga")
    async with slack_running(sqlite_url, slack) as house:
        await slack.doors.refresh(reason)
        await slack.connected()
        heard, lost = slack.doors._acknowledged, list[str]()

        def lose_the_first(said: str) -> None:
            if not lost and "envelope_id" in json.loads(said):
                lost.append(said)
            else:
                heard(said)

        monkeypatch.setattr(slack.doors, "_acknowledged", lose_the_first)
        delivery = await slack.dm(olga, "hello")
        assert delivery.acknowledged and len(delivery.attempts) > 1 and lost
        await slack.until(lambda: slack.messages(olga)[-1].by_app)
        await eventually(lambda: count(house, Outgoing, Outgoing.state == Sending.ACCEPTED) == 1)
        assert count(house, Inbox) == 1 and len([each for each in slack.messages(olga) if each.by_app]) == 1


@pytest.mark.promise(
    "faults.30", "A socket on which Slack says no hello is no connection, and is given up for another."
)
async def test_a_socket_without_a_hello(slack: FakeSlack, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slack_settle(sqlite_url)
    olga = slack.user("Olga")
    house = SlackHouse(sqlite_url, slack)
    monkeypatch.setattr(wire, "CONNECTING", 0.3)
    monkeypatch.setattr(wire, "BEAT", 0.1)
    slack.doors.mute = 1
    with pytest.raises(TimeoutError):
        await house.wire.start()
    assert house.wire.health()["trouble"] == "TimeoutError"
    monkeypatch.setattr(wire, "CONNECTING", 10.0)
    await house.start()
    assert house.wire.health()["ok"]
    slack.doors.mute = 2  # the one that follows, and the first that is tried in its place
    await slack.doors.refresh()
    await eventually(lambda: house.wire.health()["trouble"] == "silent")
    await eventually(lambda: house.wire.health()["ok"])
    assert slack.doors.mute == 0
    assert (await slack.dm(olga, "hello")).acknowledged
    await slack.until(lambda: slack.messages(olga)[-1].by_app)
    assert count(house, Inbox) == 1
    await house.stop()


@pytest.mark.promise("faults.26", "The same event three times, with a retry's number and a day later, has one effect.")
async def test_a_retry_is_a_first_delivery_only_if_it_is_one(slack: FakeSlack, sqlite_url: str) -> None:
    slack_settle(sqlite_url)
    olga = slack.user("Olga")
    clock = ManualClock(SystemClock().now())
    async with slack_running(sqlite_url, slack, clock=clock) as house:
        inner = {"type": "message", "channel_type": "im", "user": olga.id, "text": "hm", "ts": "1.1", "channel": "D1"}
        body = payloads.event(slack, inner)
        for retry in (3, 0, 1, 2):  # the one that arrives first may well be a retry
            said = await slack.doors._over_socket("events_api", body, retry, "timeout")
            assert said.error is None
        await eventually(lambda: count(house, Inbox, Inbox.state == InboxState.DONE) == 1)
        clock.advance(timedelta(days=1))
        assert (await slack.doors.send_event(slack.session, body)).acknowledged
        assert count(house, Inbox) == 1 and count(house, Outgoing) == 1


# The clock


@pytest.mark.promise(
    "faults.32", "A wrong clock shows in the health; what waits is late by its jump at most, and once."
)
@pytest.mark.parametrize("jump", [timedelta(minutes=10), timedelta(minutes=-10), timedelta(days=1)])
async def test_a_clock_that_jumps(telegram: FakeTelegram, sqlite_url: str, jump: timedelta) -> None:
    settle(sqlite_url)
    clock = ManualClock(SystemClock().now())
    amina = telegram.user("Amina")
    house = House(sqlite_url, telegram, clock=clock)
    await house.start()
    await eventually(lambda: house.wire.health()["ok"])
    telegram.fails("sendMessage", "500")
    await telegram.starts(amina)
    await telegram.until(lambda: telegram.calls("sendMessage"))  # and now it backs off
    await eventually(lambda: count(house, Outgoing, Outgoing.state == Sending.WAITING) == 1)
    clock.at += jump
    await telegram.says(amina, "hello")
    await telegram.settled()
    await eventually(lambda: house.wire.health()["trouble"] == "clock")
    assert house.wire.health()["skew"] == pytest.approx(jump.total_seconds(), abs=30) and not house.wire.health()["ok"]
    if jump < timedelta():
        clock.at -= jump  # somebody puts it right
    clock.at += timedelta(seconds=5)
    await eventually(lambda: count(house, Inbox, Inbox.state == InboxState.DONE) == 2)
    await eventually(lambda: not count(house, Outgoing, Outgoing.state.in_([Sending.WAITING, Sending.SENDING])))
    late = timedelta() if jump < timedelta(hours=6) else jump  # a reply that is a day old is of no use to anybody
    assert count(house, Outgoing, Outgoing.state == Sending.EXPIRED) == bool(late)
    assert len([each for each in telegram.messages(amina) if each.by_bot]) == 2 - bool(late)
    await house.stop()
