"""Slack: whose the tokens are, whether the app may do what Parley does, and whether events come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bot.ops.doctor.asking import CLOCK, Asking, Said, Unanswered, unanswered
from bot.ops.doctor.lines import Line, fail, ok, warn
from bot.ops.doctor.setup import is_kind
from bot.platforms.slack.manifest import SCOPES

if TYPE_CHECKING:
    from bot.settings import Settings

WHOSE = "Slack"
ANEW = "take it anew from Slack's page of the app, api.slack.com/apps"
AGAIN = "give the app the scopes of `parley slack manifest`, then install it again"
STOLEN = "stolen"
REVOKE = (
    "revoke the token (api.slack.com/apps, OAuth & Permissions), install the app again, set the new one and start"
    " every process anew; the log names the posts"
)
TO_DO = {
    "missing_scope": "give the app-level token the scope connections:write, or make another that has it",
}


async def ask(asking: Asking, settings: Settings, health: Mapping[str, Any] | None) -> list[Line]:
    """Nothing where no Slack is set up; `health` is what the running Parley says of its connection."""
    bot, app = settings.slack_bot_token, settings.slack_app_token
    lines: list[Line] = []
    if bot is None:
        return lines
    address = settings.slack_api_url.rstrip("/")
    if is_kind(bot, "xoxb"):
        check = "Slack bot token"
        try:
            said = await asking.ask("POST", f"{address}/auth.test", token=bot.get_secret_value(), whose=WHOSE)
        except Unanswered as error:
            lines.append(unanswered(check, address, error))
        else:
            lines += _bot(check, said)
    if app is not None and is_kind(app, "xapp"):
        check = "Slack app token"
        try:
            said = await asking.ask(
                "POST", f"{address}/apps.connections.open", token=app.get_secret_value(), whose=WHOSE
            )
        except Unanswered as error:
            lines.append(unanswered(check, address, error))
        else:
            lines.append(_refused(check, said) or ok(check, "opens a connection"))
    if health is not None and health.get("trouble") == STOLEN:
        why = "somebody else has the bot token: people were sent messages that are not Parley's"
        lines.append(fail("Slack posts", why, REVOKE))
    elif health is not None and not health.get("ok") and health.get("trouble") != CLOCK:
        why = f"the running Parley is not connected ({health.get('trouble')})"
        lines.append(fail("Slack connection", why, "its log says why; with Socket Mode, look at the app token"))
    return lines


def _bot(check: str, said: Said) -> Iterator[Line]:
    refused = _refused(check, said)
    if refused is not None:
        yield refused
        return
    yield ok(check, f"known as {said.body.get('user')} in {said.body.get('team')}")
    granted = {scope.strip() for scope in said.headers.get("x-oauth-scopes", "").split(",") if scope.strip()}
    missing, more = sorted(set(SCOPES) - granted), sorted(granted - set(SCOPES))
    if not granted:
        yield warn("Slack scopes", "Slack does not say which the app has", AGAIN)
    elif missing:
        yield fail("Slack scopes", f"the app lacks {', '.join(missing)}", AGAIN)
    elif more:
        yield warn("Slack scopes", f"the app may do more than Parley needs: {', '.join(more)}", AGAIN)
    else:
        yield ok("Slack scopes", "those of the manifest")


def _refused(check: str, said: Said) -> Line | None:
    if said.body.get("ok"):
        return None
    why = str(said.body.get("error") or f"status {said.status}")
    if said.status == 429 or why == "ratelimited":
        return warn(check, "Slack has been asked too often", f"ask again in {said.headers.get('retry-after', '60')} s")
    if said.status >= 500:
        return fail(check, f"Slack is in trouble: {why}", "ask again later: slack-status.com")
    return fail(check, f"refused: {why}", TO_DO.get(why, ANEW))
