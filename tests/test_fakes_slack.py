"""The fake Slack against Slack's own Python libraries: what it refuses, and what it takes."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes import FakeSlack
from tests.fakes.slack import Timing, inputs
from tests.fakes.slack.markup import marks
from tests.fakes.slack.samples import actions, button, entry, home, modal, mrkdwn, option, plain, section, select

Json = dict[str, Any]
QUICK = Timing(acknowledge=0.4, trigger=0.3, retries=(0.0, 0.05, 0.1))


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running(timing=QUICK) as running:
        yield running


@pytest.fixture
def client(slack: FakeSlack) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.url, retry_handlers=[])


async def refusal(call: Awaitable[Any]) -> Json:
    """The body of the error that a call ended in."""
    with pytest.raises(SlackApiError) as raised:
        await call
    body: Json = raised.value.response.data
    return body


BAD_BLOCKS: dict[str, tuple[Any, str]] = {
    "51 blocks": ([section()] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    "section text of 3001": ([section("x" * 3001)], "less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    "section without text": ([{"type": "section"}], "missing required field: text"),
    "empty text": ([section("")], "must be more than 0 characters"),
    "11 fields": ([{"type": "section", "fields": [mrkdwn("x")] * 11}], "no more than 10 items"),
    "field of 2001": ([{"type": "section", "fields": [mrkdwn("x" * 2001)]}], "must be less than 2001"),
    "header of 151": ([{"type": "header", "text": plain("x" * 151)}], "must be less than 151"),
    "header in mrkdwn": ([{"type": "header", "text": mrkdwn("x")}], "unsupported type: mrkdwn"),
    "26 actions": ([actions(*[button()] * 26)], "no more than 25 items"),
    "no actions": ([actions()], "no fewer than 1 items"),
    "11 in a context": ([{"type": "context", "elements": [mrkdwn("x")] * 11}], "no more than 10 items"),
    "button text of 76": ([actions(button("x" * 76))], "must be less than 76"),
    "button value of 2001": ([actions(button(value="x" * 2001))], "must be less than 2001"),
    "button url of 3001": ([actions(button(url="https://a.b/" + "x" * 3000))], "must be less than 3001"),
    "button url that is none": ([actions(button(url="javascript:1"))], "must be a valid URL"),
    "unknown style": ([actions(button(style="blue"))], "must be one of: primary, danger"),
    "action_id of 256": ([actions(button(action_id="x" * 256))], "must be less than 256"),
    "block_id of 256": ([section(block_id="x" * 256)], "must be less than 256"),
    "block_id twice": ([section(block_id="a"), section(block_id="a")], "block_id a already exists"),
    "action_id twice": ([actions(button(action_id="a"), button(action_id="a"))], "action_id a already exists"),
    "101 options": ([section(accessory=select(*map(option, map(str, range(101)))))], "no more than 100 items"),
    "option text of 76": ([section(accessory=select(option("x" * 76, "v")))], "must be less than 76"),
    "option value of 76": ([section(accessory=select(option("a", "x" * 76)))], "must be less than 76"),
    "options of one value": ([section(accessory=select(option("a", "v"), option("b", "v")))], "the same value"),
    "initial option of none": (
        [section(accessory=select(option("a"), initial_option=option("b")))],
        "failed to match initial option",
    ),
    "select without options": ([section(accessory={"type": "static_select"})], "either options or option_groups"),
    "6 in an overflow": (
        [section(accessory={"type": "overflow", "options": [option(str(n)) for n in range(6)]})],
        "no more than 5 items",
    ),
    "11 radio buttons": (
        [actions({"type": "radio_buttons", "options": [option(str(n)) for n in range(11)]})],
        "no more than 10 items",
    ),
    "placeholder of 151": ([section(accessory=select(option("a"), placeholder=plain("x" * 151)))], "less than 151"),
    "confirm title of 101": (
        [actions(button(confirm=dict.fromkeys(("text", "confirm", "deny"), plain("a")) | {"title": plain("x" * 101)}))],
        "must be less than 101",
    ),
    "image without alt_text": ([{"type": "image", "image_url": "https://a.b/c.png"}], "missing required field: alt"),
    "unknown block": ([{"type": "paragraph", "text": mrkdwn("x")}], "unsupported type: paragraph"),
    "unknown property": ([section(colour="red")], "invalid additional property"),
    "unknown element": ([actions({"type": "slider"})], "unsupported type: slider"),
    "block of a modal": ([{"type": "alert", "text": plain("x")}], "not supported in a message"),
    "input of files": ([entry({"type": "file_input", "action_id": "f"})], "file_input is supported in a modal only"),
    "no date in a date": ([section("<!date^soon^{date}|soon>")], "date token"),
    "no list": ({"type": "section"}, "must provide array"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_BLOCKS)
async def test_bad_blocks_are_refused(slack: FakeSlack, client: AsyncWebClient, name: str) -> None:
    blocks, words = BAD_BLOCKS[name]
    user = slack.user()
    body = await refusal(client.chat_postMessage(channel=user.id, text="hello", blocks=blocks))
    assert body["error"] == "invalid_blocks"
    assert any(words in line for line in body["response_metadata"]["messages"]), body
    assert slack.messages(user) == []
    assert [call.error for call in slack.refusals] == ["invalid_blocks"]


BAD_VIEWS: dict[str, tuple[Json, str]] = {
    "title of 25": (modal(title=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
    "no title": ({key: value for key, value in modal().items() if key != "title"}, "missing required field: title"),
    "submit of 25": (modal(submit=plain("x" * 25)), "must be less than 25"),
    "close of 25": (modal(close=plain("x" * 25)), "must be less than 25"),
    "private_metadata of 3001": (modal(private_metadata="x" * 3001), "must be less than 3001"),
    "callback_id of 256": (modal(callback_id="x" * 256), "must be less than 256"),
    "external_id of 256": (modal(external_id="x" * 256), "must be less than 256"),
    "101 blocks": (modal(*[section()] * 101), "no more than 100 items"),
    "input and no submit": ({key: value for key, value in modal(entry()).items() if key != "submit"}, "submit"),
    "label of 2001": (modal(entry(label=plain("x" * 2001))), "must be less than 2001"),
    "line longer than 3000": (modal(entry({"type": "plain_text_input", "max_length": 3001})), "maximum 3000"),
    "two focused": (
        modal(
            entry({"type": "plain_text_input", "focus_on_load": True}),
            entry({"type": "plain_text_input", "focus_on_load": True}, block_id="b"),
        ),
        "only one element",
    ),
    "no such date": (modal(entry({"type": "datepicker", "initial_date": "4 May"})), "YYYY-MM-DD"),
    "block of a message": (modal({"type": "markdown", "text": "x"}), "not supported in a modal"),
    "unknown block": (modal({"type": "paragraph"}), "unsupported type: paragraph"),
    "a Home tab": (home(section()), "unsupported type: home"),
    "unknown property": (modal(colour="red"), "invalid additional property"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_VIEWS)
async def test_bad_views_are_refused(slack: FakeSlack, client: AsyncWebClient, name: str) -> None:
    view, words = BAD_VIEWS[name]
    user = slack.user()
    body = await refusal(client.views_open(trigger_id=slack.new_trigger(user.id), view=view))
    assert body["error"] == "invalid_arguments"
    assert any(words in line for line in body["response_metadata"]["messages"]), body
    assert slack.modals(user) == []


def cell(text: str) -> Json:
    return {"type": "raw_text", "text": text}


GOOD_BLOCKS: dict[str, list[Json]] = {
    "at the limits": [
        section("x" * 3000, block_id="b" * 255),
        {"type": "section", "fields": [mrkdwn("x" * 500)] * 10},
        {"type": "header", "text": plain("x" * 150)},
        actions(*[button("x" * 75, action_id=f"{n:0255}", value="x" * 2000, style="danger") for n in range(25)]),
        {"type": "context", "elements": [mrkdwn("x")] * 10},
    ],
    "50 blocks": [section(str(n)) for n in range(50)],
    "selects": [
        section(accessory=select(*[option("x" * 72 + f"{n:03}") for n in range(100)])),
        actions(
            {"type": "external_select", "min_query_length": 0, "placeholder": plain("HS chapter")},
            {"type": "multi_static_select", "option_groups": [{"label": plain("g"), "options": [option("a")]}]},
            {"type": "overflow", "options": [option(str(n)) for n in range(5)]},
            {"type": "datepicker", "initial_date": "2026-11-23"},
            {"type": "timepicker", "initial_time": "09:30"},
            {"type": "datetimepicker", "initial_date_time": 1795437688},
            {"type": "checkboxes", "options": [option("a"), {"text": mrkdwn("*b*"), "value": "b"}]},
            {"type": "radio_buttons", "options": [option("a")], "initial_option": option("a")},
            {"type": "users_select"},
        ),
    ],
    "rich text and tables": [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "bold", "style": {"bold": True}},
                        {"type": "date", "timestamp": 1795437688, "format": "{date_long}", "fallback": "today"},
                        {"type": "link", "url": "https://a.b/c", "text": "c"},
                    ],
                },
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}],
                },
            ],
        },
        {"type": "table", "rows": [[cell("a"), cell("b")], [cell("1"), cell("2")]]},
        {"type": "image", "image_url": "https://a.b/c.png", "alt_text": "a chart", "title": plain("Chart")},
        {"type": "divider"},
        section("<!date^1795437688^{date_short_pretty} {time}|23 Nov> *bold* <https://a.b|there>"),
    ],
    "an input": [entry(dispatch_action=True)],
}


@pytest.mark.parametrize("name", GOOD_BLOCKS)
async def test_good_blocks_are_posted(slack: FakeSlack, client: AsyncWebClient, name: str) -> None:
    user = slack.user()
    posted = await client.chat_postMessage(channel=user.id, text="in short", blocks=GOOD_BLOCKS[name])
    [message] = slack.messages(user)
    assert message.ts == posted["ts"]
    assert all(block["block_id"] for block in message.blocks)
    assert slack.refusals == []


async def test_good_views_are_shown(slack: FakeSlack, client: AsyncWebClient) -> None:
    user = slack.user()
    blocks = [entry(block_id=str(n)) for n in range(99)]
    full = modal(*blocks, {"type": "alert", "text": plain("!"), "level": "info"}, private_metadata="x" * 3000)
    await client.views_open(trigger_id=slack.new_trigger(user.id), view=full)
    await client.views_publish(user_id=user.id, view=home(section(), actions(button())))
    shown, tab = slack.modal(user), slack.home(user)
    assert shown is not None and shown.title == "Raise an issue"
    assert tab is not None and tab.buttons == ["Go"]
    assert slack.refusals == []


async def test_a_message_needs_words_that_say_the_same(slack: FakeSlack, client: AsyncWebClient) -> None:
    user = slack.user()
    for sent in ({"blocks": [section()]}, {"text": ""}, {}):
        body = await refusal(client.api_call("chat.postMessage", json={"channel": user.id, **sent}))
        assert body["error"] == "no_text"
    blocks = [section("x" * 2700) for _ in range(5)]
    body = await refusal(client.chat_postMessage(channel=user.id, text="x", blocks=blocks))
    assert body["error"] == "msg_blocks_too_long"
    await client.chat_postMessage(channel=user.id, text="x" * 50_000)
    assert len(slack.messages(user)[0].text) == 40_000


async def test_calls_that_make_no_sense_are_refused(slack: FakeSlack, client: AsyncWebClient) -> None:
    user = slack.user()
    channel = slack.channel("trade", user, with_app=False)
    archived = slack.channel("old", user)
    archived.archived = True
    await slack.dm(user, "hello")
    [theirs] = slack.messages(user)
    ours = await client.chat_postMessage(channel=user.id, text="hello")
    here: str = ours["channel"]
    expected = {
        "channel_not_found": client.chat_postMessage(channel="C9", text="x"),
        "not_in_channel": client.chat_postMessage(channel=channel.id, text="x"),
        "is_archived": client.chat_postMessage(channel=archived.id, text="x"),
        "thread_not_found": client.chat_postMessage(channel=here, text="x", thread_ts="1.0"),
        "message_not_found": client.chat_update(channel=here, ts="1.0", text="x"),
        "cant_update_message": client.chat_update(channel=here, ts=theirs.ts, text="x"),
        "cant_delete_message": client.chat_delete(channel=here, ts=theirs.ts),
        "user_not_found": client.users_info(user="U9"),
        "users_list_not_supplied": client.conversations_open(users=[]),
        "user_not_in_channel": client.chat_postEphemeral(channel=here, user="U9", text="x"),
        "invalid_arguments": client.api_call("chat.postMessage", json={"channel": here, "text": "x", "txet": "x"}),
        "unknown_method": client.api_call("chat.shout"),
        "not_found": client.views_update(view_id="V9", view=modal(section())),
        "file_not_found": client.files_info(file="F9"),
        "a_reason": client.api_test(error="a_reason"),
    }
    for error, call in expected.items():
        assert (await refusal(call))["error"] == error


async def test_tokens_and_scopes(slack: FakeSlack, client: AsyncWebClient) -> None:
    def using(token: str | None) -> AsyncWebClient:
        return AsyncWebClient(token=token, base_url=slack.url, retry_handlers=[])

    async def error(call: Awaitable[Any]) -> str:
        return str((await refusal(call))["error"])

    assert await error(using(None).auth_test()) == "not_authed"
    assert await error(using("xoxb-wrong").auth_test()) == "invalid_auth"
    assert await error(using(slack.app_token).users_info(user="U1")) == "not_allowed_token_type"
    assert await error(client.apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"
    slack.scopes.remove("chat:write")
    body = await refusal(client.chat_postMessage(channel="C1", text="x"))
    assert (body["error"], body["needed"]) == ("missing_scope", "chat:write")
    answer = await client.auth_test()
    assert "users:read" in answer.headers["X-OAuth-Scopes"]
    assert answer.headers["Date"]
    slack.revokes(slack.bot_token, "account_inactive")
    assert await error(client.auth_test()) == "account_inactive"


async def test_arguments_in_query_form_and_json(slack: FakeSlack) -> None:
    user = slack.user()
    address = f"{slack.url}chat.postMessage"
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    sent = {"channel": user.id, "text": "hello"}
    blocks = {"blocks": json.dumps([section("in blocks")])}
    async with aiohttp.ClientSession(headers=headers) as session:
        for answer in (
            await session.get(address, params=sent | blocks),
            await session.post(address, data=sent | blocks),
            await session.post(address, json=sent | blocks),
            await session.post(address, json=sent | {"blocks": [section("in blocks")]}),
        ):
            assert (await answer.json())["ok"]
    async with aiohttp.ClientSession() as session:
        answer = await session.post(address, data=sent | {"token": slack.bot_token})
        assert (await answer.json())["ok"]
    assert [message.shown for message in slack.messages(user)] == ["in blocks"] * 4 + ["hello"]


async def test_people_and_places(slack: FakeSlack, client: AsyncWebClient) -> None:
    user = slack.user("Aïcha", locale="fr-FR", tz="Africa/Dakar", team="T9", email="a@b.example")
    known: Json = (await client.users_info(user=user.id))["user"]
    assert "locale" not in known
    known = (await client.users_info(user=user.id, include_locale=True))["user"]
    assert (known["locale"], known["tz"], known["tz_offset"], known["team_id"]) == ("fr-FR", "Africa/Dakar", 0, "T9")
    opened = await client.conversations_open(users=[user.id])
    posted = await client.chat_postMessage(channel=opened["channel"]["id"], text="hello", metadata=None)
    assert posted["channel"] == opened["channel"]["id"]
    marked = {"event_type": "sent", "event_payload": {"id": "7"}}
    await client.chat_postMessage(channel=user.id, text="marked", metadata=marked)
    history = await client.conversations_history(channel=posted["channel"], include_all_metadata=True)
    assert [each["text"] for each in history["messages"]] == ["marked", "hello"]
    assert history["messages"][0]["metadata"] == marked
    slack.deactivates(user)
    assert (await refusal(client.chat_postMessage(channel=posted["channel"], text="x")))["error"] == "channel_not_found"
    assert (await refusal(client.conversations_open(users=[user.id])))["error"] == "user_disabled"


async def test_triggers_work_once_and_not_for_long(slack: FakeSlack, client: AsyncWebClient) -> None:
    user = slack.user()
    trigger = slack.new_trigger(user.id)
    first = (await client.views_open(trigger_id=trigger, view=modal(section(), external_id="one")))["view"]
    assert (await refusal(client.views_open(trigger_id=trigger, view=modal())))["error"] == "exchanged_trigger_id"
    assert (await refusal(client.views_open(trigger_id="9.9", view=modal())))["error"] == "invalid_trigger_id"
    late = slack.new_trigger(user.id)
    await asyncio.sleep(QUICK.trigger + 0.05)
    assert (await refusal(client.views_open(trigger_id=late, view=modal())))["error"] == "expired_trigger_id"
    for _ in range(2):
        await client.views_push(trigger_id=slack.new_trigger(user.id), view=modal(section()))
    error = (await refusal(client.views_push(trigger_id=slack.new_trigger(user.id), view=modal())))["error"]
    assert error == "push_limit_reached"
    error = (await refusal(client.views_update(view_id=first["id"], hash="old", view=modal())))["error"]
    assert error == "hash_conflict"
    changed = modal(section("changed"), external_id="one")
    await client.views_update(external_id="one", view=changed)
    assert slack.modals(user)[0].shown == "Raise an issue\nchanged"


async def test_files_go_both_ways(slack: FakeSlack, client: AsyncWebClient) -> None:
    user = slack.user()
    await slack.dm(user, "see this", files=[("scan.pdf", b"%PDF-1.7")])
    sent = slack.messages(user)[0].files[0]
    known = (await client.files_info(file=sent.id))["file"]
    assert (known["name"], known["mimetype"], known["size"]) == ("scan.pdf", "application/pdf", 8)
    async with aiohttp.ClientSession() as session:
        without = await session.get(known["url_private"])
        assert "Sign in" in await without.text()
        headers = {"Authorization": f"Bearer {slack.bot_token}"}
        assert await (await session.get(known["url_private_download"], headers=headers)).read() == b"%PDF-1.7"
    channel = (await client.conversations_open(users=[user.id]))["channel"]["id"]
    await client.files_upload_v2(channel=channel, filename="list.csv", content="a,b", initial_comment="The list")
    shared = slack.messages(user)[-1]
    assert (shared.text, shared.files[0].name, shared.files[0].content) == ("The list", "list.csv", b"a,b")


async def test_faults_on_demand(slack: FakeSlack, client: AsyncWebClient) -> None:
    user = slack.user()

    def post() -> Awaitable[Any]:
        return client.chat_postMessage(channel=user.id, text="hello")

    slack.fails("chat.postMessage", "429", retry_after=7, skip=1)
    slack.fails("chat.postMessage", "429", retry_after=None)
    slack.fails("chat.postMessage", "500")
    slack.fails("chat.postMessage", "html")
    slack.fails("chat.postMessage", "garbage")
    slack.fails("chat.postMessage", "error", error="is_inactive")
    await post()
    with pytest.raises(SlackApiError) as raised:
        await post()
    assert (raised.value.response.status_code, raised.value.response.headers["Retry-After"]) == (429, "7")
    with pytest.raises(SlackApiError) as raised:
        await post()
    assert "Retry-After" not in raised.value.response.headers
    for status in (500, 502, 200, 200):
        with pytest.raises(SlackApiError) as raised:
            await post()
        response: Any = raised.value.response  # the library's own, or aiohttp's where the body was no JSON
        assert status == (response.status if isinstance(response, aiohttp.ClientResponse) else response.status_code)
    assert len(slack.messages(user)) == 1
    slack.fails("*", "reset-before")
    with pytest.raises(aiohttp.ClientError):
        await post()
    assert len(slack.messages(user)) == 1
    slack.fails("chat.postMessage", "reset-after")
    with pytest.raises(aiohttp.ClientError):
        await post()
    assert len(slack.messages(user)) == 2
    slack.fails("chat.postMessage", "hang", seconds=30)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await post()
    await post()
    assert len(slack.messages(user)) == 3
    faults = [call.fault for call in slack.calls("chat.postMessage")]
    assert faults == [None, "429", "429", "500", "html", "garbage", "error", "reset-before", "reset-after", None]
    assert slack.refusals == []
    assert [call.number for call in slack.calls() if call.is_ok] == [1, 10]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing here: 2*3*4, a_b_c, case 7", []),
        ("*bold* _italic_ ~gone~ `code`", ["code", "bold", "italic", "strike"]),
        ("<@U1> <!channel> <#C1|trade> <https://a.b|there>", ["user", "special", "channel", "link"]),
        ("&lt;@U1&gt; &lt;!here&gt;", []),
        ("<!date^1^{date}|then>", ["date"]),
        ("see https://a.b or @here", ["link", "name"]),
        (":fire: yes", ["emoji"]),
        ("&gt; quoted", ["quote"]),
    ],
)
def test_marks_are_found_in_mrkdwn(text: str, expected: list[str]) -> None:
    assert [mark.kind for mark in marks(text)] == expected


def test_a_person_names_what_they_see_and_marks_of_direction_are_invisible() -> None:
    arabic = option("\u2068العربية\u2069", "ar")
    row = actions(button("\u2068Open\u2069 it", action_id="open"), select(arabic, action_id="pick"), block_id="row")
    assert [element["action_id"] for _block, element, _act in inputs.control([row], "Open it")] == ["open"]
    assert [act["selected_option"] for _block, _element, act in inputs.control([row], "العربية")] == [arabic]
    block = entry(label=plain("Which \u2068port\u2069?"))
    assert inputs.input_named([block], "Which port?") == (block, block["element"])
