"""The line itself: what is confirmed when, what each refusal means, and that the token leaves no trace."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import func, select
from structlog.testing import capture_logs

from bot.kit.events import Answer
from bot.kit.screen import Attachment, Bars, Picture, Screen
from bot.kit.text import CATALOGUES, LANGUAGES, Catalogues, Raw, Reader, When, Writer, _
from bot.platforms.telegram import menu
from bot.platforms.telegram import wire as wire_module
from bot.platforms.telegram.client import Client
from bot.platforms.telegram.menu import TRADER
from bot.platforms.telegram.wire import BODY_LIMIT
from db import files
from db.files import File, FileState
from db.machinery import Inbox, InboxState
from db.people import Account, Grant, Person, Role, RoleName, Scope
from handlers import registry
from tests.fakes import FakeTelegram
from tests.fakes.telegram import User
from tests.fakes.telegram.samples import picture

from .running import House, eventually, running
from .test_draw import AT, button
from .updates import message

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
OVERSEER = replace(TRADER, grants=frozenset({Grant(RoleName.ADMINISTRATOR, Scope.COUNTRY, "TN")}))
SECRET = "a-secret_of_32_characters_or_more"


def rows(house: House, *where: Any) -> int:
    with house.parley.sessions.reading() as session:
        return session.scalar(select(func.count()).select_from(Inbox).where(*where)) or 0


# Long polling


async def test_nothing_is_confirmed_before_it_is_committed(
    telegram: FakeTelegram, url: str, broker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_module, "FIRST_PAUSE", 0.05)
    house = House(url, telegram)
    keep, failures = house.parley.edge.keep, iter([True, True])

    async def failing(*given: Any, **named: Any) -> int | None:
        if next(failures, False):
            raise OSError("disk full")
        return await keep(*given, **named)

    house.parley.edge.keep = failing  # type: ignore[method-assign]
    await telegram.says(broker, "/start")
    with capture_logs() as logs:
        await house.start()
        await telegram.settled()
        await house.stop()
    assert [each["event"] for each in logs].count("updates cannot be kept") == 2
    offsets = [call.arguments["offset"] for call in telegram.calls("getUpdates")]
    assert offsets[:3] == [0, 0, 0], "fetched again twice, and confirmed only after that"


async def test_once_connected_every_other_door_can_offer_this_one_by_its_address(
    telegram: FakeTelegram, url: str, broker: User
) -> None:
    async with running(url, telegram) as house:
        await eventually(lambda: house.wire.health()["ok"])
        (offered,) = house.parley.engine.invitations("link_AbC-_1", but="slack")
        assert offered.url == "https://t.me/parley_fake_bot?start=link_AbC-_1"
        assert house.parley.engine.invitations("link_AbC-_1", but="telegram") == ()
        await telegram.starts(broker, "leaflet")  # a link on a leaflet, with a payload that is not ours
        await eventually(lambda: any("langue" in each.text for each in telegram.messages(broker) if each.by_bot))


async def test_a_server_that_knows_no_more_than_messages_is_served_all_the_same(
    telegram: FakeTelegram, url: str, broker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_module, "LEAST_SECONDS", 0.01)
    for method in ("getWebhookInfo", "getMyCommands", "setMyCommands", "answerCallbackQuery"):
        telegram.fails(method, "error", times=99, status=404, error="Not Found")
    with capture_logs() as logs:
        async with running(url, telegram) as house:
            await telegram.says(broker, "/start")
            await eventually(lambda: any("langue" in each.text for each in telegram.messages(broker)))
            await telegram.taps(broker, "Français")
            await eventually(lambda: any("Acceptez" in each.text for each in telegram.messages(broker)))
            assert house.wire.health()["ok"]
    assert "telegram refuses the bot's token" not in [each["event"] for each in logs]


async def test_a_webhook_that_was_left_behind_unseen_is_taken_away_at_the_first_conflict(
    telegram: FakeTelegram, url: str, broker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_module, "FIRST_PAUSE", 0.01)
    telegram.fails("getWebhookInfo", "500")
    telegram.updates.set_webhook({"url": "https://old.example/telegram"})
    async with running(url, telegram) as house:
        await telegram.until(lambda: telegram.calls("deleteWebhook"))
        await telegram.says(broker, "/start")
        await eventually(lambda: any(each.by_bot for each in telegram.messages(broker)))
        assert house.wire.health()["ok"]


@pytest.mark.promise("faults.29", "Poison from Telegram is put aside, and its neighbours flow.")
async def test_an_update_that_cannot_be_parsed_is_quarantined_and_its_neighbours_flow(
    telegram: FakeTelegram, url: str, broker: User
) -> None:
    async with running(url, telegram) as house:
        telegram.updates.add("message", {"message_id": "x", "chat": [], "from": {"id": 1001}, "text": "\ud800\x00"})
        await telegram.says(broker, "/start")
        telegram.updates.add("callback_query", {"id": 5, "from": None})
        telegram.updates.add("my_chat_member", {})
        await telegram.settled()
        await eventually(lambda: rows(house, Inbox.state == InboxState.WAITING) == 0)
        assert rows(house, Inbox.state == InboxState.QUARANTINED) == 3
        assert rows(house, Inbox.state == InboxState.DONE) == 1
        await eventually(lambda: any(each.by_bot for each in telegram.messages(broker)))  # sent after the commit
        assert len([each for each in telegram.messages(broker) if each.by_bot]) == 1


async def test_the_line_is_up_again_after_every_kind_of_trouble(
    telegram: FakeTelegram, url: str, broker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(wire_module, "LONGEST_PAUSE", 0.02)
    telegram.fails("getMe", "500", times=2)
    for kind in ("500", "html", "garbage", "reset-before", "429"):
        telegram.fails("getUpdates", kind, retry_after=0.01)
    async with running(url, telegram) as house:
        assert house.wire.health()["ok"] is False
        await telegram.says(broker, "/start")
        await telegram.settled()
        await eventually(lambda: house.wire.health()["ok"])
    health = house.wire.health()
    assert health["mode"] == "polling" and health["trouble"] is None and health["last_ok"] is not None


@pytest.mark.promise("faults.25", "A second poller is an alarm, and nothing is lost.")
async def test_a_conflict_is_an_alarm_and_loses_nothing(
    telegram: FakeTelegram, url: str, broker: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_module, "FIRST_PAUSE", 0.05)
    with capture_logs() as logs:
        async with running(url, telegram) as house:
            await telegram.until(lambda: telegram.calls("getUpdates") or house.wire.health()["ok"])
            await client.perform("setWebhook", {"url": "https://elsewhere.example/hook"})
            await eventually(lambda: house.wire.health()["trouble"] == "Conflicting")
            await client.perform("deleteWebhook", {})
            await telegram.says(broker, "/start")
            await telegram.settled()
    assert any(each["log_level"] == "error" and "another program" in each["event"] for each in logs)


async def test_a_webhook_is_dropped_only_if_one_is_set(telegram: FakeTelegram, url: str, client: Client) -> None:
    async with running(url, telegram):
        await telegram.until(lambda: telegram.calls("getUpdates") or telegram.updates._poll)
    assert not telegram.calls("deleteWebhook")
    await client.perform("setWebhook", {"url": "https://elsewhere.example/hook"})
    async with running(url, telegram):
        await telegram.until(lambda: telegram.calls("deleteWebhook"))


async def test_a_tap_is_acknowledged_even_where_nobody_handles_it(
    telegram: FakeTelegram, url: str, broker: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_module, "TAP_WAITS", 0.05)
    keyboard = {"inline_keyboard": [[{"text": "Old", "callback_data": "x" * 22}]]}
    await client.perform("sendMessage", {"chat_id": broker.id, "text": "?", "reply_markup": keyboard})
    house = House(url, telegram)
    await house.wire.start()
    tap = await telegram.taps(broker, "Old")
    await tap.answered()
    await house.die()
    assert len(telegram.calls("answerCallbackQuery")) == 1


async def test_in_a_group_the_bot_points_to_its_private_chat_and_does_nothing_else(
    telegram: FakeTelegram, url: str, broker: User
) -> None:
    group = telegram.group("Port", broker)
    async with running(url, telegram) as house:
        await telegram.until(lambda: telegram.calls("setMyCommands"))
        await telegram.says(broker, "/raise", group)
        await telegram.says(broker, "/raise@parley_fake_bot", group)
        await telegram.until(lambda: [each for each in telegram.messages(group) if each.by_bot])
        await telegram.settled()
        assert rows(house) == 0  # what a group says is not ours to keep
        (told,) = [each for each in telegram.messages(group) if each.by_bot]
        assert told.keyboard is not None
        assert told.keyboard["inline_keyboard"][0][0]["url"] == "https://t.me/parley_fake_bot?start=group"
        with house.parley.sessions.reading() as session:
            assert session.scalars(select(Account)).all() == []


# Webhook


@pytest.fixture
async def hooked(telegram: FakeTelegram, url: str) -> AsyncIterator[House]:
    """Parley in webhook mode behind a real HTTP server."""
    app = web.Application()
    runner = web.AppRunner(app, access_log=None)
    made: list[House] = []

    async def receive(request: web.Request) -> web.Response:
        status, headers, body = await made[0].wire.handle_http(await request.read(), request.headers)
        return web.Response(status=status, headers=dict(headers), body=body)

    app.router.add_post("/telegram", receive)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    here = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with running(url, telegram, public_url=here, webhook_secret=SECRET) as house:
        made.append(house)
        yield house
    await runner.cleanup()


async def test_by_webhook_a_person_is_answered_too(telegram: FakeTelegram, hooked: House, broker: User) -> None:
    await telegram.until(lambda: telegram.calls("setWebhook"))
    await telegram.says(broker, "/start")
    await telegram.settled()
    await telegram.until(lambda: [each for each in telegram.messages(broker) if each.by_bot])
    assert hooked.wire.health()["mode"] == "webhook" and hooked.wire.health()["ok"]
    assert not telegram.calls("getUpdates")


@pytest.mark.promise("threat.4", "A webhook's call without its secret is refused unread.")
@pytest.mark.parametrize("given", [None, "", SECRET[:-1], SECRET + "x", "é" * 33])
async def test_without_the_secret_nothing_is_kept(hooked: House, given: str | None) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": given} if given is not None else {}
    status, _headers, _body = await hooked.wire.handle_http(json.dumps(message(text="/start")).encode(), headers)
    assert status == 403 and rows(hooked) == 0


@pytest.mark.parametrize(
    ("body", "status", "kept"),
    [
        (b"x" * (BODY_LIMIT + 1), 413, 0),
        (b"[" * 100_000, 200, 1),
        (b"\xff\x00{", 200, 1),
        (b"9" * 5000, 200, 1),
        (b"[]", 200, 1),
        (b'{"update_id": true}', 200, 1),
        (b'{"update_id": 1e400, "x": "\\ud800\\u0000"}', 200, 1),
    ],
)
async def test_poison_is_kept_for_us_to_see_and_never_comes_again(
    telegram: FakeTelegram, hooked: House, body: bytes, status: int, kept: int
) -> None:
    for _time in range(2):
        answer, _headers, _content = await hooked.wire.handle_http(body, {"x-telegram-bot-api-secret-token": SECRET})
        assert answer == status
    await eventually(lambda: rows(hooked, Inbox.state == InboxState.QUARANTINED) == kept)
    assert rows(hooked) == kept


async def test_what_could_not_be_kept_is_not_confirmed(hooked: House) -> None:
    async def failing(*_given: Any, **_named: Any) -> int | None:
        raise OSError("disk full")

    hooked.parley.edge.keep = failing  # type: ignore[method-assign]
    body = json.dumps(message(text="/start")).encode()
    assert (await hooked.wire.handle_http(body, {"X-Telegram-Bot-Api-Secret-Token": SECRET}))[0] == 503


@pytest.mark.promise("threat.4", "There is no webhook without a secret that cannot be guessed.")
@pytest.mark.parametrize("secret", ["", "short", "x" * 31, "x" * 257, "é" * 40, "with spaces " * 4])
async def test_no_webhook_without_a_proper_secret(telegram: FakeTelegram, url: str, secret: str) -> None:
    with pytest.raises(ValueError, match="32 to 256"):
        House(url, telegram, webhook_secret=secret)


@pytest.mark.promise("threat.4", "Where no webhook is set nothing is taken in over HTTP.")
async def test_polling_takes_nothing_in_over_http(telegram: FakeTelegram, url: str) -> None:
    house = House(url, telegram)
    body = json.dumps(message(text="/start")).encode()
    assert (await house.wire.handle_http(body, {"X-Telegram-Bot-Api-Secret-Token": ""}))[0] == 403
    await house.stop()


# Files, the menu, the token


async def test_an_instant_and_a_stored_photo_reach_the_reader(telegram: FakeTelegram, url: str, broker: User) -> None:
    async with running(url, telegram) as house:
        with house.parley.sessions.writing() as session:
            photo = File(
                administration_id=1,
                person_id=1,
                name="seal.png",
                media_type="image/png",
                sha256=files.store(session, picture(8, 8)),
                state=FileState.STORED,
                added_at=AT,
            )
            session.add(photo)
            session.flush()
            attached = (Attachment(photo.id, "seal.png", "image/png"), Attachment(404, "late.pdf", "application/pdf"))
        drawn = Picture(_("Help"), Bars((_("Send"),), ((_("Home"), (2,)),)))
        home = (button("Home"),)
        screen = Screen(_("Due {when}", when=When(AT)), (Raw("@all"),), files=attached, buttons=home, pictures=(drawn,))
        writer = Writer(house.parley.catalogues, Reader("en", "UTC"))
        await house.wire.door.send(str(broker.id), Answer(screen=screen), writer)
    text, bars, shown, late = [each for each in telegram.messages(broker) if each.by_bot]
    assert ("date_time", "Friday 4 December 2026 10:00 (UTC)") in text.marks
    assert not text.found("mention") and text.buttons == [["Home"]]
    assert bars.photo is not None and bars.photo.content.startswith(b"\x89PNG") and "Home: Send 2" in bars.text
    assert shown.photo is not None and shown.photo.content == picture(8, 8)
    assert "not here yet" in late.text
    assert not telegram.refusals


@pytest.mark.slow
async def test_the_menu_is_set_once_in_every_language_and_for_staff_their_own(
    telegram: FakeTelegram, url: str, broker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_module, "MENU_SECONDS", 0.1)
    async with running(url, telegram) as house:
        await telegram.says(broker, "/start")
        await telegram.until(lambda: len(telegram.calls("setMyCommands")) == 3)
        await eventually(lambda: rows(house, Inbox.state == InboxState.DONE))
        ordinary = telegram.menu(broker)
        with house.parley.sessions.writing() as session:
            person = session.scalars(select(Person)).one()
            person.registered_at, person.language = AT, "fr"
            session.add(
                Role(
                    administration_id=1,
                    person_id=person.id,
                    name=RoleName.ADMINISTRATOR,
                    scope=Scope.COUNTRY,
                    scope_id="TN",
                    starts_at=AT - timedelta(days=365),
                    ends_at=AT + timedelta(days=365),
                )
            )
        await telegram.until(lambda: telegram.menu(broker) != ordinary)
        assert "/cancel" in telegram.menu(broker) and len(telegram.menu(broker)) <= 8
        assert telegram.menu(telegram.user("Ben", language_code="ar")) == ordinary
        assert 1 < len(ordinary) <= 8 and "/raise" in ordinary and "/help" in ordinary
        with house.parley.sessions.writing() as session:
            session.scalars(select(Role)).one().ends_at = AT - timedelta(days=90)
        await telegram.until(lambda: telegram.menu(broker) == ordinary)
        await house.wire.set_up()
        assert {key for key, _language in telegram.world.words} == {"name", "description", "short_description"}
        settings = [call for call in telegram.recorded if call.method.startswith(("setMy", "deleteMy"))]
        await house.wire.set_up()
        assert [call for call in telegram.recorded if call.method.startswith(("setMy", "deleteMy"))] == settings
        what = [
            (call.method, repr(call.arguments.get("scope")), call.arguments.get("language_code")) for call in settings
        ]
        assert len(what) == len(set(what)), "each is set once"
    assert not telegram.refusals


def test_what_the_bot_says_of_itself_fits_in_every_language() -> None:
    limits = {"name": 64, "description": 512, "short_description": 120}
    catalogues = Catalogues(CATALOGUES)
    for language in LANGUAGES:
        for what, _ending, phrase in menu.WORDS:
            assert len(Writer(catalogues, Reader(language, "UTC")).plain(phrase)) <= limits[what]
    for shown in menu.menus(registry, catalogues, [(1, TRADER), (2, OVERSEER)]):
        for verb, title in shown.commands:
            assert COMMAND.fullmatch(verb) and 3 <= len(title) <= 256


@pytest.mark.promise("threat.6", "Telegram's token is in no log and no error.")
async def test_the_token_is_in_no_log_and_no_error(
    telegram: FakeTelegram, url: str, broker: User, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_module, "FIRST_PAUSE", 0.01)
    caplog.set_level(logging.INFO)
    with capture_logs() as logs:
        async with running(url, telegram) as house:
            for kind in ("500", "html", "garbage", "reset-before", "429", "error"):
                telegram.fails("sendMessage", kind, retry_after=0.01, error="bad things")
            for _time in range(4):
                await telegram.says(broker, "/start")
            await telegram.settled()
            await telegram.until(lambda: [each for each in telegram.messages(broker) if each.by_bot], within=30)
            telegram.revokes()
            await telegram.says(broker, "/start")
            await eventually(lambda: house.wire.health()["trouble"] == "WrongToken")
    written = caplog.text + repr(logs) + "".join(str(each.exc_info) for each in caplog.records)
    assert telegram.token not in written and telegram.token.partition(":")[2] not in written
    assert "telegram refuses the bot's token" in repr(logs)


async def test_a_stopped_wire_leaves_nothing_running(telegram: FakeTelegram, url: str) -> None:
    async with running(url, telegram):
        await telegram.until(lambda: telegram.calls("setMyCommands"))
    await asyncio.sleep(0)
    assert not [task for task in asyncio.all_tasks() if "TelegramWire" in repr(task.get_coro())]
