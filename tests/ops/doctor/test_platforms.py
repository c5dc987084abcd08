"""What the platforms answer, asked over real sockets."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.ops.doctor import asking
from bot.ops.doctor import slack as slack_checks
from bot.ops.doctor import telegram as telegram_checks
from bot.ops.doctor.asking import Asking
from bot.ops.doctor.lines import Line
from tests.fakes import FakeSlack, FakeTelegram
from tests.fakes.platform import machine_clock
from tests.ops.doctor.conftest import CANARY, Patient, served, sick

pytestmark = pytest.mark.promise("doctor.fails", "Each FAIL and each WARN of `parley doctor` is produced on purpose.")

SECRET = "a-webhook-secret-of-forty-letters-0123456"


async def test_two_platforms_that_are_well(patient: Patient, slack: FakeSlack, telegram: FakeTelegram) -> None:
    found = await patient.asked()
    checks = ("Slack bot token", "Slack app token", "Slack scopes", "Telegram token", "Telegram bot", "clock")
    assert {found[check].verdict for check in (*checks, "Telegram updates")} == {"OK"}
    assert found["Slack bot token"].why == "known as parley in Fake" and "nobody else" in found["Telegram updates"].why
    assert slack.refusals == telegram.refusals == []


# Clocks


@pytest.mark.promise("threat.50", "A clock that is wrong is said before Slack refuses everything.")
@pytest.mark.parametrize(
    ("seconds", "verdict", "words"),
    [
        (-30, "OK", "s from Slack's"),
        (-90, "WARN", "s ahead of Slack's: reminders and deadlines are off by as much"),
        (90, "WARN", "s behind Slack's"),
        (280, "FAIL", "over 300 s Slack's requests are refused as too old"),
        (-900, "FAIL", "s ahead of Slack's"),
    ],
)
async def test_a_clock_that_is_wrong(patient: Patient, seconds: int, verdict: str, words: str) -> None:
    async with FakeSlack.running(clock=lambda: machine_clock() + timedelta(seconds=seconds)) as slack:
        found = await patient.asked(slack_api_url=slack.url, slack_bot_token=slack.bot_token)
    assert found["clock"].verdict == verdict and words in found["clock"].why
    assert not found["clock"].to_do or "NTP" in found["clock"].to_do


async def test_the_platform_furthest_away_counts(patient: Patient, slack: FakeSlack) -> None:
    async with FakeTelegram.running(clock=lambda: machine_clock() + timedelta(seconds=100)) as telegram:
        found = await patient.asked(telegram_api_url=telegram.address, telegram_token=telegram.token)
    sick(found["clock"], "WARN", "behind Telegram's")


# Platforms that are away, or in trouble

TROUBLES: list[tuple[dict[str, Any], str, str]] = [
    ({"kind": "reset-before"}, "FAIL", "no answer ("),
    ({"kind": "hang"}, "FAIL", "no answer (TimeoutError)"),
    ({"kind": "html"}, "FAIL", "no answer ("),
    ({"kind": "garbage"}, "FAIL", "no answer ("),
    ({"kind": "500"}, "FAIL", "is in trouble"),
    ({"kind": "429", "retry_after": 7}, "WARN", "has been asked too often"),
]


@pytest.mark.parametrize(("fault", "verdict", "words"), TROUBLES)
async def test_a_platform_in_trouble(
    patient: Patient,
    slack: FakeSlack,
    telegram: FakeTelegram,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    verdict: str,
    words: str,
) -> None:
    if fault["kind"] == "hang":
        monkeypatch.setattr(asking, "SECONDS", 0.5)
    slack.fails("auth.test", **fault)
    slack.fails("apps.connections.open", **fault)
    telegram.fails("getMe", times=2, **fault)  # the HTTP library asks once more after a reset
    found = await patient.asked()
    for check in ("Slack bot token", "Slack app token", "Telegram token"):
        sick(found[check], verdict, words)
    if fault["kind"] == "429":
        assert "7 s" in found["Slack bot token"].to_do and "7 s" in found["Telegram token"].to_do


async def test_platforms_that_are_nowhere(patient: Patient) -> None:
    away = "http://127.0.0.1:1"
    tokens = {"slack_bot_token": f"xoxb-{CANARY}", "slack_app_token": f"xapp-{CANARY}", "telegram_token": f"1:{CANARY}"}
    found = await patient.asked(slack_api_url=f"{away}/api/", telegram_api_url=away, **tokens)
    for check in ("Slack bot token", "Slack app token", "Telegram token"):
        sick(found[check], "FAIL", "no answer (ClientConnectorError)", "can this machine reach 127.0.0.1?")
    assert "clock" not in found


@pytest.mark.parametrize("address", ["http://[nonsense", "nowhere", "ftp://127.0.0.1", f"http://{CANARY}@127.0.0.1:1"])
async def test_an_address_that_is_none(patient: Patient, address: str) -> None:
    found = await patient.asked(telegram_api_url=address, telegram_token=f"1:{CANARY}")
    sick(found["Telegram token"], "FAIL", "no answer")


@pytest.mark.parametrize(
    "said", [[], "x", {"ok": True, "result": []}, {"ok": True}, {"ok": True, "result": {"url": 5}}]
)
async def test_answers_that_make_no_sense(patient: Patient, said: Any) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(said)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with served(app) as address:
        tokens = {"slack_bot_token": f"xoxb-{CANARY}", "telegram_token": f"1:{CANARY}"}
        found = await patient.asked(slack_api_url=address, telegram_api_url=address, **tokens)
    assert "Slack bot token" in found and "Telegram token" in found


async def test_what_others_say_is_searched_for_secrets(patient: Patient) -> None:
    """A proxy may repeat the address it was asked at, and with it the bot's token."""

    async def repeat(request: web.Request) -> web.Response:
        words = f"denied: {request.path} for {request.headers.get('Authorization')}"
        return web.json_response({"ok": False, "error": words, "description": words}, status=403)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", repeat)
    async with served(app) as address:
        tokens = {"slack_bot_token": f"xoxb-{CANARY}", "telegram_token": f"1:{CANARY}"}
        found = await patient.asked(slack_api_url=address, telegram_api_url=address, **tokens)
    sick(found["Slack bot token"], "FAIL", "refused: denied", "[secret]")
    sick(found["Telegram token"], "FAIL", "refused: denied: /bot[secret]/getMe")


# Slack


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive", "invalid_auth"])
async def test_slack_tokens_that_are_refused(patient: Patient, slack: FakeSlack, error: str) -> None:
    for token in (slack.bot_token, slack.app_token):
        slack.revokes(token, error)
    found = await patient.asked()
    sick(found["Slack bot token"], "FAIL", f"refused: {error}", "take it anew")
    sick(found["Slack app token"], "FAIL", f"refused: {error}", "take it anew")
    assert "Slack scopes" not in found


async def test_an_app_token_that_may_not_open_connections(patient: Patient, slack: FakeSlack) -> None:
    slack.app_scopes = {"authorizations:read"}
    sick((await patient.asked())["Slack app token"], "FAIL", "refused: missing_scope", "connections:write")


async def test_scopes_against_the_manifest(patient: Patient, slack: FakeSlack) -> None:
    slack.scopes |= {"channels:history", "im:read"}
    more = "the app may do more than Parley needs: channels:history, im:read"
    sick((await patient.asked())["Slack scopes"], "WARN", more, "parley slack manifest")
    slack.scopes -= {"files:write", "im:write"}
    sick((await patient.asked())["Slack scopes"], "FAIL", "the app lacks files:write, im:write")
    slack.scopes.clear()
    sick((await patient.asked())["Slack scopes"], "WARN", "Slack does not say which the app has")


async def test_tokens_of_the_wrong_kind_are_not_sent_anywhere(patient: Patient, slack: FakeSlack) -> None:
    exchanged = {"slack_bot_token": slack.app_token, "slack_app_token": slack.bot_token}
    found = await patient.asked(**exchanged)
    sick(found["Slack bot token"], "FAIL", "it is an app-level token")
    sick(found["Slack app token"], "FAIL", "it is a bot's token")
    assert slack.recorded == []


# Telegram


async def test_a_telegram_token_that_is_refused(patient: Patient, telegram: FakeTelegram) -> None:
    telegram.revokes()
    sick((await patient.asked())["Telegram token"], "FAIL", "refused: Unauthorized", "@BotFather, /token")


@pytest.mark.parametrize(
    ("flag", "check", "words", "to_do"),
    [
        ("can_read_all_group_messages", "Telegram privacy", "everything that is said in its groups", "/setprivacy"),
        ("supports_inline_queries", "Telegram inline", "Parley never answers there", "/setinline"),
    ],
)
async def test_a_bot_that_is_set_to_more_than_parley_does(
    patient: Patient, telegram: FakeTelegram, flag: str, check: str, words: str, to_do: str
) -> None:
    telegram.flags[flag] = True
    found = await patient.asked()
    sick(found[check], "WARN", words, f"@BotFather, {to_do}, @")
    assert "Telegram bot" not in found


async def test_groups_are_as_its_owner_likes(patient: Patient, telegram: FakeTelegram) -> None:
    telegram.flags["can_join_groups"] = False
    assert (await patient.asked())["Telegram bot"].verdict == "OK"


async def test_a_webhook_left_behind(patient: Patient, telegram: FakeTelegram) -> None:
    """Its address often has a secret in it: only its host is shown."""
    telegram.updates.set_webhook({"url": f"https://old.example/{CANARY}"})
    sick((await patient.asked())["Telegram updates"], "FAIL", "posted to old.example instead of being polled")


async def test_a_webhook_that_is_not_set(patient: Patient, telegram: FakeTelegram) -> None:
    posted = {"telegram_webhook_secret": SECRET, "public_url": "https://127.0.0.1:1/"}
    found = await patient.asked(**posted)
    sick(found["Telegram updates"], "FAIL", "no webhook is set, and nobody polls", "start `parley all`, which sets it")
    found = await patient.asked(**posted, engine="scaled")
    sick(found["Telegram updates"], "FAIL", "no webhook is set, and nobody polls", "start `parley web`, which sets it")
    telegram.updates.set_webhook({"url": f"https://old.example/{CANARY}"})
    sick((await patient.asked(**posted))["Telegram updates"], "FAIL", "posted to another address, at old.example")
    telegram.updates.set_webhook({"url": "https://127.0.0.1:1/telegram", "secret_token": SECRET})
    assert (await patient.asked(**posted))["Telegram updates"].verdict == "OK"


async def test_a_webhook_that_goes_badly(patient: Patient, telegram: FakeTelegram) -> None:
    """Telegram posts an update to where nobody listens, says so, and tries again."""
    url = "http://127.0.0.1:1"
    telegram.updates.retry_seconds = 3600.0
    telegram.updates.set_webhook({"url": f"{url}/telegram"})
    await telegram.says(telegram.user("Amina"), "hello")
    await telegram.until(lambda: telegram.updates.webhook.last_error)
    posted = {"telegram_webhook_secret": SECRET, "public_url": url}
    found = (await patient.asked(**posted))["Telegram updates"]
    sick(found, "FAIL", "1 wait, and posting the last failed at", "Connection failed", "on port 1")
    telegram.updates.waiting.clear()
    sick((await patient.asked(**posted))["Telegram updates"], "WARN", "posting one failed at", "look again later")
    telegram.updates.webhook.last_error_at = 1
    assert (await patient.asked(**posted))["Telegram updates"].verdict == "OK"
    telegram.updates.waiting += [{"update_id": number} for number in range(100)]
    sick((await patient.asked(**posted))["Telegram updates"], "WARN", "100 wait to be posted")


@pytest.mark.promise("threat.7", "Another program that fetches the bot's updates is noticed.")
async def test_a_second_poller(patient: Patient, telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Parley runs here, yet somebody polls: coming back, it ends the doctor's own look."""
    monkeypatch.setattr(telegram_checks, "LISTEN", 5.0)

    async def poll() -> None:
        async with aiohttp.ClientSession() as client:
            while True:
                async with client.get(f"{telegram.address}/bot{telegram.token}/getUpdates?timeout=30") as answer:
                    await answer.read()

    other = asyncio.create_task(poll())
    await telegram.until(lambda: telegram.updates._poll)
    try:
        found = await patient.asked()
    finally:
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
    sick(found["Telegram updates"], "FAIL", "somebody else polls this bot, though no Parley runs", "/revoke")


async def test_looking_confirms_no_update(patient: Patient, telegram: FakeTelegram) -> None:
    await telegram.says(telegram.user("Amina"), "hello")
    for _again in range(2):
        assert (await patient.asked())["Telegram updates"].verdict == "OK"
    assert len(telegram.updates.waiting) == 1


async def test_polling_that_is_refused_otherwise(patient: Patient, telegram: FakeTelegram) -> None:
    telegram.fails("getUpdates", "error", error="Bad Request: no", status=400)
    sick((await patient.asked())["Telegram updates"], "FAIL", "refused: Bad Request: no")


async def test_what_the_running_parley_says_of_slack(patient: Patient, slack: FakeSlack) -> None:
    settings = patient.settings()
    async with aiohttp.ClientSession() as client:

        async def newest(health: dict[str, Any]) -> Line:
            return (await slack_checks.ask(Asking(client), settings, health))[-1]

        stolen = await newest({"ok": False, "trouble": "stolen"})
        sick(stolen, "FAIL", "somebody else has the bot token", "revoke the token")
        assert stolen.check == "Slack posts"
        sick(await newest({"ok": False, "trouble": "silent"}), "FAIL", "the running Parley is not connected (silent)")
        assert (await newest({"ok": False, "trouble": "clock"})).check == "Slack app token"
    assert slack.refusals == []


async def test_what_the_running_parley_says_of_its_doors(patient: Patient, telegram: FakeTelegram) -> None:
    settings = patient.settings()
    async with aiohttp.ClientSession() as client:

        async def updates(health: dict[str, Any] | None) -> Any:
            return (await telegram_checks.ask(Asking(client), settings, health, runs=True))[-1]

        sick(await updates({"ok": False, "trouble": "Conflicting"}), "FAIL", "another program polls this bot too")
        sick(
            await updates({"ok": False, "trouble": "WrongToken"}), "FAIL", "the running Parley cannot poll (WrongToken)"
        )
        assert (await updates({"ok": False, "trouble": "clock"})).verdict == "OK", "the clock has a line of its own"
        assert (await updates({"ok": True, "trouble": None})).verdict == "OK"
        assert (await updates(None)).verdict == "OK"
    assert telegram.calls("getUpdates") == [], "a running Parley is not disturbed"
