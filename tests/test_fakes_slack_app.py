"""The fake Slack against a real Bolt app, over Socket Mode and over signed requests."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.fakes import FakeSlack, Impossible
from tests.fakes.slack import Timing
from tests.fakes.slack.samples import actions, button, entry, home, modal, option, plain, section

Json = dict[str, Any]
QUICK = Timing(acknowledge=0.4, trigger=0.3, retries=(0.0, 0.05, 0.1))


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running(timing=QUICK) as running:
        yield running


def app_for(slack: FakeSlack) -> AsyncApp:
    """A small real app: a command that opens a modal, its submission, a button, a look-up, a Home tab."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.url, retry_handlers=[])
    app = AsyncApp(client=client, signing_secret=slack.signing_secret)

    async def command(ack: Any, body: Json, client: AsyncWebClient) -> None:
        if body["text"] == "slow":
            await asyncio.sleep(QUICK.acknowledge + 0.2)
        if body["text"] == "wrong":
            await ack(text="x", blocks=[section("x" * 3001)])
            return
        await ack(f"You asked for {body['text']}")
        if body["text"] == "raise":
            search = {"type": "external_select", "action_id": "chapter", "min_query_length": 2}
            await client.views_open(
                trigger_id=body["trigger_id"],
                view=modal(entry(), entry(search, block_id="hs", label=plain("Chapter"), optional=True)),
            )

    async def chapters(ack: Any, payload: Json) -> None:
        known = [option("04 Dairy produce", "04"), option("87 Vehicles", "87")]
        await ack(options=[each for each in known if payload["value"] in each["text"]["text"]])

    async def submitted(ack: Any, body: Json, client: AsyncWebClient) -> None:
        values = body["view"]["state"]["values"]
        title = values["title"]["line"]["value"]
        if title == "no":
            await ack(response_action="errors", errors={"title": "Say more."})
            return
        if title == "nonsense":
            await ack(response_action="errors", errors={"elsewhere": "?"})
            return
        await ack(response_action="update", view=modal(section("Thank you")))
        chosen = values["hs"]["chapter"]["selected_option"]
        go = actions(button("Withdraw", action_id="withdraw", value="7"))
        words = f"Received {title} ({chosen['value'] if chosen else '-'})"
        await client.chat_postMessage(
            channel=body["user"]["id"], text=words, blocks=[{"type": "section", "text": plain(words)}, go]
        )

    async def withdrawn(ack: Any, body: Json, respond: Any) -> None:
        await ack()
        if respond.response_url:
            await respond(f"Withdrawn {body['actions'][0]['value']}", replace_original=True)

    async def looked(event: Json, client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view=home(actions(button("Hide", action_id="withdraw"))))

    async def written(event: Json, say: Any) -> None:
        await say(f"You wrote: {event['text']}")

    app.command("/parley")(command)
    app.options("chapter")(chapters)
    app.view("raise")(submitted)
    app.action("withdraw")(withdrawn)
    app.event("app_home_opened")(looked)
    app.event("message")(written)
    return app


@asynccontextmanager
async def over_socket(slack: FakeSlack) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(app_for(slack), slack.app_token)
    assert handler.client is not None
    handler.client.web_client.base_url = slack.url
    await handler.connect_async()
    await slack.connected()
    try:
        yield
    finally:
        await handler.close_async()


@asynccontextmanager
async def over_http(slack: FakeSlack) -> AsyncIterator[None]:
    async with served(app_for(slack).web_app("/slack/events")) as address:
        slack.posts_to(f"{address}/slack/events")
        yield


@asynccontextmanager
async def served(application: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(application, shutdown_timeout=0.05)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("door", [over_socket, over_http])
async def test_a_round_trip(slack: FakeSlack, door: Callable[[FakeSlack], Any]) -> None:
    user = slack.user("Olga")
    async with door(slack):
        reply = await slack.command(user, "/parley raise")
        assert reply.acknowledged
        await slack.hears(user, "You asked for raise")
        await slack.until(lambda: slack.modal(user))

        empty = await slack.submits(user)
        assert (empty.error, empty.errors) == ("client", {"title": "Please complete this required field."})
        refused = await slack.submits(user, {"Title": "no"})
        assert refused.errors == {"title": "Say more."}
        assert slack.modal(user) is not None
        taken = await slack.submits(user, {"Title": "Held & <late>", "Chapter": "04 Dairy produce"})
        assert taken.acknowledged and not taken.errors
        shown = slack.modal(user)
        assert shown is not None and shown.shown.endswith("Thank you")
        await slack.closes(user)
        assert slack.modal(user) is None

        message = await slack.hears(user, "Received Held & <late> (04)")
        assert message.buttons == ["Withdraw"]
        assert (await slack.taps(user, "Withdraw")).acknowledged
        await slack.hears(user, "Withdrawn 7")
        assert message.buttons == []
        with pytest.raises(Impossible):
            await slack.taps(user, "Withdraw")

        assert (await slack.opens_home(user)).acknowledged
        await slack.until(lambda: slack.home(user))
        assert (await slack.taps(user, "Hide", on="home")).acknowledged

        assert (await slack.dm(user, "1 < 2")).acknowledged
        await slack.hears(user, "You wrote: 1 < 2")
        assert [message.shown for message in slack.messages(user)][-2:] == ["1 < 2", "You wrote: 1 < 2"]
    assert slack.refusals == []


async def test_what_an_app_answers_is_checked_too(slack: FakeSlack) -> None:
    user = slack.user()
    async with over_socket(slack):
        assert (await slack.command(user, "/parley wrong")).error == "invalid_blocks"
        assert (await slack.command(user, "/parley slow")).error == "operation_timeout"
        with pytest.raises(Impossible):
            await slack.command(user, "/other")
        await slack.command(user, "/parley raise")
        await slack.until(lambda: slack.modal(user))
        assert (await slack.submits(user, {"Title": "nonsense"})).error == "invalid_arguments"
        assert slack.modal(user) is not None
    assert [call.method for call in slack.refusals] == ["answer to a command", "answer to a submission"]
    assert (await slack.command(user, "/parley raise")).error == "dispatch_failed"


async def test_sockets_are_refreshed_and_envelopes_sent_again(slack: FakeSlack) -> None:
    user = slack.user()
    async with over_socket(slack):
        await slack.doors.refresh()
        await slack.until(lambda: len(slack.calls("apps.connections.open")) == 2)
        await slack.connected()
        assert (await slack.dm(user, "still there?")).acknowledged
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=slack.app_token, base_url=slack.url, retry_handlers=[])
        address = (await client.apps_connections_open(app_token=slack.app_token))["url"]
        async with session.ws_connect(address) as deaf:
            assert (await deaf.receive_json())["type"] == "hello"
            delivery = await slack.dm(user, "anyone?")
            heard: list[Any] = []
            while len(heard) < 4:
                told = await deaf.receive_json()
                if "bot_id" not in told["payload"]["event"]:  # what the app said itself was not acknowledged either
                    heard.append(told)
        assert [each["retry_attempt"] for each in heard] == [0, 1, 2, 3]
        assert {each["payload"]["event_id"] for each in heard} == {delivery.event_id}
        assert len({each["envelope_id"] for each in heard}) == 4
        assert not delivery.acknowledged
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(address)  # a ticket opens one socket


async def test_requests_are_signed_and_events_sent_again(slack: FakeSlack) -> None:
    seen: list[tuple[str, str]] = []
    statuses = [500, 500, 200]

    async def endpoint(request: web.Request) -> web.Response:
        body = await request.read()
        stamp = request.headers["X-Slack-Request-Timestamp"]
        expected = hmac.new(slack.signing_secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
        assert request.headers["X-Slack-Signature"] == f"v0={expected.hexdigest()}"
        if request.content_type == "application/json" and json.loads(body)["type"] == "url_verification":
            return web.json_response({"challenge": json.loads(body)["challenge"]})
        retried = request.headers.get("X-Slack-Retry-Num", "0")
        seen.append((retried, request.headers.get("X-Slack-Retry-Reason", "")))
        return web.Response(status=statuses[len(seen) - 1])

    application = web.Application()
    application.router.add_post("/", endpoint)
    user = slack.user()
    async with served(application) as address:
        slack.posts_to(f"{address}/")
        assert await slack.verifies_url()
        assert (await slack.dm(user, "hello")).acknowledged
    assert seen == [("0", ""), ("1", "http_error"), ("2", "http_error")]
    lost = await slack.dm(user, "hello?")
    assert [attempt.error for attempt in lost.attempts] == ["connection_failed"] * 4


async def test_a_person_can_only_do_what_the_client_lets_them(slack: FakeSlack) -> None:
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.url, retry_handlers=[])
    user = slack.user()
    radio = {"type": "radio_buttons", "action_id": "r", "options": [option("Yes"), option("No")]}
    view = modal(
        entry({"type": "plain_text_input", "action_id": "line", "max_length": 5, "min_length": 3}),
        entry({"type": "datepicker", "action_id": "d"}, block_id="day", label=plain("Day"), optional=True),
        entry(radio, block_id="sure", label=plain("Sure?"), optional=True),
        entry({"type": "file_input", "action_id": "f", "filetypes": ["pdf"]}, block_id="file", label=plain("File"),
              optional=True),
    )  # fmt: skip
    await client.views_open(trigger_id=slack.new_trigger(user.id), view=view)
    for values in ({"Title": "too long"}, {"Title": "a\nb"}, {"Sure?": "Perhaps"}, {"Subject": "x"},
                   {"File": [("a.exe", b"")]}):  # fmt: skip
        with pytest.raises(Impossible):
            await slack.fills(user, values)
    await slack.fills(user, {"Title": "ab", "Day": date(2026, 11, 23), "Sure?": "No", "File": [("a.pdf", b"x")]})
    assert (await slack.submits(user)).errors == {"title": "Please use at least 3 characters."}
    shown = slack.modal(user)
    assert shown is not None
    assert shown.values["day"]["d"]["selected_date"] == "2026-11-23"
    assert shown.values["sure"]["r"]["selected_option"]["value"] == "No"
    assert shown.values["file"]["f"]["files"][0]["name"] == "a.pdf"


async def test_by_curl(slack: FakeSlack) -> None:
    async with aiohttp.ClientSession(slack.address) as session, over_socket(slack):
        assert "PARLEY_SLACK_APP_TOKEN=" in await (await session.get("/")).text()
        made = await (await session.post("/_control/act/user", data='{"name": "Olga"}')).json()
        acted = await session.post("/_control/act/command", json={"user": made["id"], "line": "/parley raise"})
        assert (await acted.json())["error"] is None
        await slack.until(lambda: slack.modal(made["id"]))
        seen = await (await session.get("/_control/messages", params={"user": made["id"]})).json()
        assert seen["messages"][0]["shown"] == "You asked for raise"
        assert seen["modals"][0]["shown"].startswith("Raise an issue")
        failed = await session.post("/_control/fail", json={"method": "auth.test", "kind": "error", "error": "x"})
        assert (await failed.json())["waiting"][0]["method"] == "auth.test"
        calls = await (await session.get("/_control/calls", params={"method": "views.open"})).json()
        assert calls[0]["answer"]["ok"]
        assert (await session.post("/_control/act/taps", json={"user": made["id"], "label": "?"})).status == 409
        assert (await session.post("/_control/act/taps", json={"user": made["id"]})).status == 400
        assert (await session.post("/_control/fail", json={"kind": "flood"})).status == 400
