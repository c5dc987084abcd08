"""Channels and topics of a bot's own, on both fakes, against the platforms' own libraries."""

from collections.abc import Awaitable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from telegram import Bot
from telegram.error import BadRequest
from telegram.request import HTTPXRequest

from tests.fakes import FakeSlack, FakeTelegram
from tests.fakes.slack.world import BOT_USER
from tests.fakes.telegram.world import BOT_ID

Json = dict[str, Any]


async def refused(call: Awaitable[Any]) -> Json:
    with pytest.raises(SlackApiError) as raised:
        await call
    body: Json = raised.value.response.data
    return body


async def error(call: Awaitable[Any]) -> str:
    return str((await refused(call))["error"])


async def test_a_channel_of_the_apps_own_and_what_slack_refuses_about_it() -> None:
    async with FakeSlack.running() as slack:
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.url, retry_handlers=[])
        anna, guest, foreign = slack.user("Anna"), slack.user(guest="single"), slack.user(team="T0OTHER")
        wrong = {" ": "required", "x" * 81: "maxlength", "R 12": "specials", "R-12": "specials", "--": "punctuation"}
        for name, why in wrong.items():
            assert await error(client.conversations_create(name=name, is_private=True)) == f"invalid_name_{why}"
        made = (await client.conversations_create(name="r-12", is_private=True))["channel"]
        assert made["is_private"] and made["is_member"] and made["creator"] == BOT_USER
        assert await error(client.conversations_create(name="r-12", is_private=True)) == "name_taken"
        where = made["id"]
        await client.conversations_setTopic(channel=where, topic="x" * 250)
        assert await error(client.conversations_setTopic(channel=where, topic="x" * 251)) == "too_long"
        for user, why in (
            (BOT_USER, "cant_invite_self"),
            ("U9", "user_not_found"),
            (guest.id, "ura_max_channels"),
            (foreign.id, "no_external_invite_permission"),
        ):
            assert await error(client.conversations_invite(channel=where, users=user)) == why
        answer = await client.conversations_invite(channel=where, users=f"{anna.id},U9", force=True)
        assert [each["error"] for each in answer["errors"]] == ["user_not_found"]
        body = await refused(client.conversations_invite(channel=where, users=anna.id))
        assert body["errors"] == [{"user": anna.id, "ok": False, "error": "already_in_channel"}]
        posted = await client.chat_postMessage(channel=where, text="Agenda")
        await client.pins_add(channel=where, timestamp=posted["ts"])
        assert await error(client.pins_add(channel=where, timestamp=posted["ts"])) == "already_pinned"
        assert await error(client.pins_add(channel=where, timestamp="1.1")) == "message_not_found"
        await client.conversations_kick(channel=where, user=anna.id)
        assert await error(client.conversations_kick(channel=where, user=anna.id)) == "not_in_channel"
        listed = await client.conversations_list(types="private_channel", exclude_archived=True)
        assert [each["id"] for each in listed["channels"]] == [where]
        await client.conversations_archive(channel=where)
        assert await error(client.conversations_archive(channel=where)) == "already_archived"
        assert await error(client.chat_postMessage(channel=where, text="x")) == "is_archived"
        slack.scopes -= {"groups:write", "pins:write", "groups:read"}
        lacking = await refused(client.conversations_create(name="r-13", is_private=True))
        assert (lacking["error"], lacking["needed"]) == ("missing_scope", "groups:write")
        assert (await refused(client.pins_add(channel=where, timestamp="1.1")))["needed"] == "pins:write"
        assert (await refused(client.conversations_info(channel=where)))["needed"] == "groups:read"
        slack.scopes |= {"groups:read", "groups:write"}
        slack.removes_app(slack.world.conversations[where])
        assert await error(client.conversations_info(channel=where)) == "channel_not_found"


async def test_a_topic_of_the_bots_own_and_what_telegram_refuses_about_it() -> None:
    async with FakeTelegram.running() as telegram:
        calls, polls = (HTTPXRequest(httpx_kwargs={"verify": False}) for _ in range(2))
        async with Bot(telegram.token, telegram.url, telegram.file_url, calls, polls) as bot:
            anna = telegram.user("Anna")
            group, plain = telegram.forum("Trade", anna), telegram.group("Plain", anna)

            async def refuses(call: Awaitable[Any], words: str) -> None:
                with pytest.raises(BadRequest, match=words):
                    await call

            await refuses(bot.create_forum_topic(plain.id, "R-12"), "not a forum")
            await refuses(bot.create_forum_topic(group.id, "R-12"), "(?i)not enough rights to create a topic")
            assert (await bot.get_chat_member(group.id, BOT_ID)).status == "member"
            telegram.promotes(group, "can_manage_topics")
            topic = (await bot.create_forum_topic(group.id, "R-12")).message_thread_id
            said = await bot.send_message(group.id, "Agenda", message_thread_id=topic)
            assert said.message_thread_id == topic and said.is_topic_message
            await refuses(bot.send_message(group.id, "x", message_thread_id=9), "thread not found")
            await refuses(bot.pin_chat_message(group.id, said.message_id), "(?i)not enough rights to manage pinned")
            telegram.promotes(group, "can_manage_topics", "can_pin_messages")
            await bot.pin_chat_message(group.id, said.message_id)
            await refuses(bot.pin_chat_message(group.id, said.message_id), "(?i)CHAT_NOT_MODIFIED")
            await refuses(bot.edit_forum_topic(group.id, topic, "R-12"), "(?i)TOPIC_NOT_MODIFIED")
            await bot.close_forum_topic(group.id, topic)
            await refuses(bot.close_forum_topic(group.id, topic), "(?i)TOPIC_NOT_MODIFIED")
            await bot.send_message(group.id, "An administrator may", message_thread_id=topic)
            telegram.demotes(group)
            await refuses(bot.send_message(group.id, "x", message_thread_id=topic), "(?i)TOPIC_CLOSED")
            telegram.promotes(group, "can_manage_topics")
            # As an administrator a bot hears everything; in a topic what answers nothing answers its beginning.
            told = await telegram.says(anna, "Hello", group, topic=group.topics[topic])
            (update,) = await bot.get_updates()
            message = update.message
            assert message is not None and message.message_id == told.id and message.message_thread_id == topic
            assert message.reply_to_message is not None and message.reply_to_message.forum_topic_created is not None
            telegram.closes_topic(group, topic, deletes=True)
            await refuses(bot.close_forum_topic(group.id, topic), "(?i)TOPIC_ID_INVALID")
