"""The fake Telegram against python-telegram-bot: what it sends, who hears, and what can go wrong."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    KeyboardButton,
    MenuButtonCommands,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    TelegramObject,
    Update,
)
from telegram.constants import ChatAction
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from tests.fakes import FakeTelegram, Impossible
from tests.fakes.telegram import User
from tests.fakes.telegram.samples import button, keyboard, picture


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram.running(query_seconds=0.3, retry_seconds=0.05) as running:
        yield running


@pytest.fixture
async def bot(telegram: FakeTelegram) -> AsyncIterator[Bot]:
    # without TLS, as there is none on loopback: reading the certificates would take longer than the test
    calls, polls = (HTTPXRequest(httpx_kwargs={"verify": False}) for _ in range(2))
    async with Bot(telegram.token, telegram.url, telegram.file_url, calls, polls) as running:
        yield running


@pytest.fixture
async def broker(telegram: FakeTelegram) -> User:
    user = telegram.user("Aïcha", language_code="fr")
    await telegram.starts(user)
    telegram.updates.waiting.clear()
    return user


def assert_published(thing: TelegramObject | None) -> None:
    """Nothing in what the fake sent is unknown to the library, however deep."""
    assert thing is not None
    assert not thing.api_kwargs, thing
    for name in thing.__slots__:
        value = getattr(thing, name, None)
        for item in value if isinstance(value, tuple) else [value]:
            if isinstance(item, TelegramObject):
                assert_published(item)


async def refused(call: Awaitable[Any], words: str) -> None:
    with pytest.raises(BadRequest) as raised:
        await call
    assert words.lower() in str(raised.value).lower()  # the library changes capitals


async def test_polling(telegram: FakeTelegram, bot: Bot, broker: User) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=5))
    await telegram.until(lambda: telegram.calls("getMe"))
    await telegram.says(broker, "/raise it")
    [first] = await poll
    assert_published(first)
    assert first.message is not None and first.message.text == "/raise it"
    assert first.message.from_user is not None and not first.message.from_user.is_bot
    await telegram.says(broker, "second")
    assert [update.update_id for update in await bot.get_updates(timeout=1)] == [first.update_id, first.update_id + 1]
    assert len(await bot.get_updates(limit=1)) == 1
    [second] = await bot.get_updates(offset=first.update_id + 1, timeout=1)
    assert [update["update_id"] for update in telegram.updates.waiting] == [second.update_id]
    assert await bot.get_updates(offset=second.update_id + 1) == ()
    await telegram.settled()

    earlier = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.1)
    async with Bot(telegram.token, base_url=telegram.url) as twin:
        later = asyncio.create_task(twin.get_updates(timeout=1))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await earlier
        assert await later == ()
    await refused(bot.get_updates(limit=101), "limit is wrong")


async def test_every_kind_of_update_is_of_the_published_types(telegram: FakeTelegram, bot: Bot, broker: User) -> None:
    said = await telegram.says(broker, "hello @someone")
    await telegram.edits(broker, said, "hello again")
    await telegram.sends_photo(broker, picture(60, 40), "a picture")
    await telegram.sends_document(broker, b"a,b", "list.csv")
    await bot.send_message(broker.id, "Well?", reply_markup=keyboard([button()]))
    await telegram.taps(broker, "Go")
    await telegram.blocks(broker)
    await telegram.unblocks(broker)
    updates = await bot.get_updates(timeout=1)
    for update in updates:
        assert_published(update)
    kinds = [next(key for key in update.to_dict() if key != "update_id") for update in updates]
    assert kinds == ["message", "edited_message", "message", "message", "callback_query", *["my_chat_member"] * 2]
    photo, document = updates[2].message, updates[3].message
    assert photo is not None and (photo.photo[0].width, photo.caption) == (60, "a picture")
    assert document is not None and document.document is not None
    assert (document.document.file_name, document.document.mime_type) == ("list.csv", "text/csv")
    member = updates[5].my_chat_member
    assert member is not None and member.new_chat_member.status == "kicked"


@asynccontextmanager
async def served(path: str, endpoint: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """The address of a small server of our own."""
    application = web.Application()
    application.router.add_post(path, endpoint)
    runner = web.AppRunner(application, shutdown_timeout=0.05)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
    finally:
        await runner.cleanup()


async def test_a_webhook(telegram: FakeTelegram, bot: Bot, broker: User) -> None:
    seen: list[tuple[int, str | None]] = []
    statuses = [500, 200, 200]

    async def endpoint(request: web.Request) -> web.Response:
        update = Update.de_json(await request.json(), bot)
        seen.append((update.update_id, request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        return web.Response(status=statuses[len(seen) - 1])

    async with served("/telegram", endpoint) as address:
        await refused(bot.set_webhook("http://a.example/x"), "An HTTPS URL must be provided")
        await refused(bot.set_webhook(address, secret_token="not this!"), "unallowed characters")
        await bot.set_webhook(address, secret_token="s3cret", allowed_updates=["message"])
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates()
        first = await telegram.says(broker, "one")
        await telegram.says(broker, "two")
        await telegram.edits(broker, first, "not asked for")
        await telegram.settled()
        one = seen[0][0]
        assert seen == [(one, "s3cret"), (one, "s3cret"), (one + 1, "s3cret")]
        info = await bot.get_webhook_info()
        assert_published(info)
        assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
        await bot.delete_webhook()
        assert (await bot.get_webhook_info()).url == ""
        await telegram.says(broker, "three")
        assert len(await bot.get_updates(timeout=1)) == 1


async def test_who_can_be_written_to(telegram: FakeTelegram, bot: Bot, broker: User) -> None:
    stranger = telegram.user("Stranger")
    group = telegram.group("Traders", broker)
    await bot.send_message(group.id, "hello")

    async def forbidden(chat: int, words: str) -> None:
        with pytest.raises(Forbidden, match=words):
            await bot.send_message(chat, "x")

    await forbidden(stranger.id, "bot can't initiate conversation with a user")
    await telegram.blocks(broker)
    await forbidden(broker.id, "bot was blocked by the user")
    with pytest.raises(Impossible):
        await telegram.says(broker, "x")
    await telegram.unblocks(broker)
    await bot.send_message(broker.id, "welcome back")
    telegram.deactivates(broker)
    await forbidden(broker.id, "user is deactivated")
    moved = telegram.migrates(group)
    with pytest.raises(ChatMigrated) as raised:
        await bot.send_message(group.id, "x")
    assert raised.value.new_chat_id == moved.id
    await bot.send_message(moved.id, "x")
    await bot.leave_chat(moved.id)
    await forbidden(moved.id, "bot was kicked from the supergroup chat")


async def test_in_a_group_a_bot_hears_what_is_said_to_it(telegram: FakeTelegram, bot: Bot, broker: User) -> None:
    group = telegram.group("Traders", broker)
    for text in ("among us", "/raise", "@parley_fake_bot help"):
        await telegram.says(broker, text, chat=group)
    updates = await bot.get_updates(timeout=1)
    assert [update.message.text for update in updates if update.message] == ["/raise", "@parley_fake_bot help"]


async def test_files_go_both_ways(telegram: FakeTelegram, bot: Bot, broker: User) -> None:
    await telegram.sends_document(broker, b"%PDF-1.7", "scan.pdf", caption="my scan")
    await telegram.sends_document(broker, bytes(20_000_001), "film.bin")
    small, large = (update.message for update in await bot.get_updates(timeout=1))
    assert small is not None and small.document is not None and large is not None and large.document is not None
    file = await small.document.get_file()
    assert bytes(await file.download_as_bytearray()) == b"%PDF-1.7"
    await refused(large.document.get_file(), "File is too big")
    await refused(bot.get_file("nothing"), "Wrong file_id")

    sent = await bot.send_document(broker.id, b"a,b", filename="list.csv", caption="<b>List</b>", parse_mode="HTML")
    assert_published(sent)
    seen = telegram.messages(broker)[-1]
    assert seen.document is not None and (seen.document.name, seen.document.content) == ("list.csv", b"a,b")
    assert seen.marks == [("bold", "List")]
    photo = await bot.send_photo(broker.id, picture(100, 50), caption="A chart")
    assert_published(photo)
    again = await bot.send_photo(broker.id, photo.photo[0].file_id)
    assert again.photo[0].file_unique_id == photo.photo[0].file_unique_id
    await photo.edit_caption("A better chart")
    assert telegram.messages(broker)[-2].text == "A better chart"
    await refused(photo.edit_text("x"), "There is no text in the message to edit")
    await refused(bot.send_photo(broker.id, b"%PDF-1.7"), "Image_process_failed")
    await refused(bot.send_photo(broker.id, picture(2100, 100)), "Photo_invalid_dimensions")
    await refused(bot.send_photo(broker.id, picture(9000, 1001)), "Photo_invalid_dimensions")
    await refused(bot.send_photo(broker.id, picture(9, 9) + bytes(10_000_000)), "File is too big")
    await refused(bot.send_document(broker.id, b""), "File must be non-empty")
    await refused(bot.send_document(broker.id, b"x", caption="x" * 1025), "Message caption is too long")
    with pytest.raises(NetworkError, match="Request Entity Too Large"):
        await bot.send_document(broker.id, bytes(50_000_001))


async def test_menus_by_scope_and_language(telegram: FakeTelegram, bot: Bot, broker: User) -> None:
    other = telegram.user("Olga", language_code="en-GB")
    await bot.set_my_commands([BotCommand("start", "Begin")])
    await bot.set_my_commands([BotCommand("raise", "Raise")], scope=BotCommandScopeAllPrivateChats())
    await bot.set_my_commands(
        [BotCommand("raise", "Signaler"), BotCommand("mine", "Mes dossiers")],
        scope=BotCommandScopeAllPrivateChats(),
        language_code="fr",
    )
    assert telegram.menu(broker) == ["/raise", "/mine"]
    assert telegram.menu(other) == ["/raise"]
    assert telegram.menu(other, telegram.group("Traders")) == ["/start"]
    await bot.set_my_commands([BotCommand("desk", "Desk")], scope=BotCommandScopeChat(other.id))
    assert telegram.menu(other) == ["/desk"]
    await bot.delete_my_commands(scope=BotCommandScopeChat(other.id))
    assert telegram.menu(other) == ["/raise"]
    assert [each.command for each in await bot.get_my_commands()] == ["start"]

    command = BotCommand("x", "X")
    await refused(bot.set_my_commands([BotCommand("Raise", "x")]), "Bot_command_invalid")
    await refused(bot.set_my_commands([BotCommand("x" * 33, "x")]), "Bot_command_invalid")
    await refused(bot.set_my_commands([command, command]), "Bot_command_invalid")
    await refused(bot.set_my_commands([BotCommand("x", "x" * 257)]), "Bot_command_description_invalid")
    await refused(bot.set_my_commands([BotCommand(f"x{n}", "x") for n in range(101)]), "Bot_commands_too_much")
    await refused(bot.set_my_commands([command], language_code="french"), "Lang_code_invalid")
    await refused(bot.set_my_name("x" * 65), "name is wrong")
    await refused(bot.set_my_description("x" * 513), "description")
    await refused(bot.set_my_short_description("x" * 121), "short_description is wrong")
    await bot.set_my_name("Parley, le guichet", language_code="fr")
    await bot.set_my_name("Parley")
    assert (await bot.get_my_name("fr")).name == "Parley, le guichet"
    assert (await bot.get_my_name("ar")).name == "Parley"
    await bot.set_my_description("Where trade and Customs meet")
    assert (await bot.get_my_description("fr")).description == "Where trade and Customs meet"
    await bot.set_my_short_description("Trade and Customs")
    assert (await bot.get_my_short_description()).short_description == "Trade and Customs"
    await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
    assert telegram.world.menu_buttons == {None: {"type": "commands"}}


async def test_the_small_calls(telegram: FakeTelegram, bot: Bot, broker: User) -> None:
    assert_published(await bot.get_me())
    assert_published(await bot.get_chat(broker.id))
    assert_published(await bot.get_chat_member(broker.id, broker.id))
    await bot.send_chat_action(broker.id, ChatAction.TYPING)
    assert telegram.world.actions == [(broker.id, "typing")]
    await refused(bot.send_chat_action(broker.id, "dancing"), "Wrong parameter action in request")
    await bot.send_message(broker.id, "Which?", reply_markup=ReplyKeyboardMarkup([[KeyboardButton("Port")]]))
    assert telegram.keyboard(broker) == [["Port"]]
    await telegram.taps(broker, "Port")
    assert telegram.messages(broker)[-1].text == "Port"
    await bot.send_message(broker.id, "Well", reply_markup=ReplyKeyboardRemove())
    assert telegram.keyboard(broker) == []
    with pytest.raises(TelegramError, match="not found in Bot API"):
        await bot.do_api_request("sendDance", api_kwargs={})


async def test_tokens(telegram: FakeTelegram, bot: Bot) -> None:
    with pytest.raises(InvalidToken):
        async with Bot("1:wrong", base_url=telegram.url):
            pass
    telegram.revokes()
    with pytest.raises(InvalidToken):
        await bot.get_me()


@pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")  # of RetryAfter's seconds, by the library itself
async def test_faults_on_demand(telegram: FakeTelegram, bot: Bot, broker: User) -> None:
    def send() -> Awaitable[Any]:
        return bot.send_message(broker.id, "hello", read_timeout=0.2)

    telegram.fails("sendMessage", "429", retry_after=7, skip=1)
    await send()
    with pytest.raises(RetryAfter, match="in 7 seconds"):
        await send()
    assert telegram.calls("sendMessage")[-1].answer["parameters"] == {"retry_after": 7}
    for kind in ("500", "html", "garbage", "reset-before"):
        telegram.fails("sendMessage", kind)
        with pytest.raises(TelegramError):
            await send()
    assert len(telegram.messages(broker)) == 2
    telegram.fails("sendMessage", "reset-after")
    with pytest.raises(NetworkError):
        await send()
    assert len(telegram.messages(broker)) == 3
    telegram.fails("*", "hang")
    with pytest.raises(TimedOut):
        await send()
    telegram.fails("sendMessage", "error", error="Forbidden: bot was blocked by the user", status=403)
    with pytest.raises(Forbidden):
        await send()
    telegram.fails("sendMessage", "slow", seconds=0.05)
    await send()
    assert len(telegram.messages(broker)) == 4
    assert telegram.refusals == []


async def test_by_curl(telegram: FakeTelegram, bot: Bot) -> None:
    async with aiohttp.ClientSession(telegram.address) as session:
        assert f"PARLEY_TELEGRAM_API_URL={telegram.address}" in await (await session.get("/")).text()
        made = await (await session.post("/_control/act/user", data='{"name": "Aïcha"}'.encode())).json()
        await session.post("/_control/act/starts", json={"user": made["id"], "payload": "abc"})
        content = {"base64": "aGVsbG8="}
        sent = await session.post(
            "/_control/act/sends_document", json={"user": made["id"], "content": content, "filename": "a.txt"}
        )
        assert (await sent.json())["file"] == "a.txt"
        await bot.send_message(made["id"], "Well?", reply_markup=keyboard([button()]))
        tapped = await session.post("/_control/act/taps", json={"user": made["id"], "label": "Go"})
        assert (await tapped.json())["query"] == "query000001"
        seen = await (await session.get("/_control/messages", params={"user": made["id"]})).json()
        assert [message["text"] for message in seen["messages"]] == ["/start abc", "", "Well?"]
        assert seen["messages"][2]["buttons"] == [["Go"]]
        await session.post("/_control/fail", json={"kind": "429", "retry_after": 3, "times": 2})
        await session.post("/_control/clear")
        await bot.get_me()
        assert await (await session.get("/_control/refusals")).json() == []
        assert (await session.get("/_control/messages")).status == 400
        assert (await session.post("/_control/act/dances", json={})).status == 404
        assert "says" in await (await session.get("/_control/act")).json()
