"""Telegram: whose the token is, what the bot is set to, and whether updates come in, here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from bot.ops.doctor import setup
from bot.ops.doctor.asking import CLOCK, Asking, Said, Unanswered, host, unanswered
from bot.ops.doctor.lines import Line, fail, ok, warn

if TYPE_CHECKING:
    from bot.settings import Settings

WHOSE = "Telegram"
LISTEN = 3.0  # seconds for which another poller, where there is one, comes back and shows itself
RECENT = timedelta(hours=1)
MANY = 100  # updates that wait, without anything having gone wrong
CONFLICT = 409
OTHER = "stop the other program; if nobody knows it, @BotFather, /revoke, and set the new token here"


class _Refused(Exception):
    def __init__(self, said: Said) -> None:
        super().__init__()
        self.said = said


async def ask(asking: Asking, settings: Settings, health: Mapping[str, Any] | None, *, runs: bool) -> list[Line]:
    """Nothing where no Telegram is set up; `health` is what the running Parley says of its connection."""
    secret = settings.telegram_token
    if secret is None or not setup.TELEGRAM_TOKEN.fullmatch(secret.get_secret_value()):
        return []
    server = settings.telegram_api_url.rstrip("/")
    bot = _Bot(asking, f"{server}/bot{quote(secret.get_secret_value(), safe=':')}")
    lines: list[Line] = []
    check = "Telegram token"
    try:
        lines += _known(check, await bot.call("getMe"))
        check = "Telegram updates"
        hook = await bot.call("getWebhookInfo")
        if settings.telegram_webhook_secret is not None:
            wanted = f"{settings.public_url.rstrip('/')}/telegram"
            lines.append(_posted(check, hook, wanted, asking.clock.now(), setup.the_web(settings)))
        elif hook.get("url"):
            why = f"they are posted to {host(str(hook['url']))} instead of being polled"
            lines.append(
                fail(check, why, f"start {setup.the_web(settings)} anew, which ends that; if it comes back, {OTHER}")
            )
        elif health is not None or runs:
            lines.append(_polled(check, health))
        else:
            lines.append(await _alone(check, bot))
    except _Refused as refused:
        lines.append(_refusal(check, refused.said))
    except Unanswered as error:
        lines.append(unanswered(check, server, error))
    return lines


class _Bot:
    def __init__(self, asking: Asking, address: str) -> None:
        self._asking = asking
        self._address = address

    async def call(self, method: str, seconds: float | None = None) -> dict[str, Any]:
        """The result, or an empty one where it is no object. Raises _Refused or Unanswered."""
        said = await self._asking.ask("GET", f"{self._address}/{method}", whose=WHOSE, seconds=seconds)
        if not said.body.get("ok"):
            raise _Refused(said)
        result = said.body.get("result")
        return result if isinstance(result, dict) else {}


def _known(check: str, me: Mapping[str, Any]) -> Iterator[Line]:
    """Parley talks in private chats only: in groups it needs to hear its own name and nothing else."""
    yield ok(check, f"known as @{me.get('username')}")
    wrong = False
    if me.get("can_read_all_group_messages"):
        wrong = True
        to_do = f"@BotFather, /setprivacy, @{me.get('username')}, Enable"
        yield warn("Telegram privacy", "the bot is given everything that is said in its groups", to_do)
    if me.get("supports_inline_queries"):
        wrong = True
        to_do = f"@BotFather, /setinline, @{me.get('username')}, /empty"
        yield warn(
            "Telegram inline", "people can ask the bot inline in any chat, and Parley never answers there", to_do
        )
    if not wrong:
        yield ok("Telegram bot", "set as Parley needs it")


def _posted(check: str, hook: Mapping[str, Any], wanted: str, now: datetime, web: str) -> Line:
    """A webhook is configured: whether it is set, ours, and goes well. `web` is what sets it when it starts."""
    if not hook.get("url"):
        return fail(check, "no webhook is set, and nobody polls", f"start {web}, which sets it")
    if hook["url"] != wanted:
        why = f"they are posted to another address, at {host(str(hook['url']))}"
        return fail(check, why, f"start {web} anew, which sets {wanted}; if it changes again, {OTHER}")
    waiting, error = int(hook.get("pending_update_count", 0)), hook.get("last_error_message")
    failed_at = datetime.fromtimestamp(int(hook.get("last_error_date", 0)), UTC)
    is_recent = bool(error) and now - failed_at < RECENT
    if is_recent and waiting:
        why = f"{waiting} wait, and posting the last failed at {failed_at:%H:%M:%S} UTC: {error}"
        return fail(
            check, why, f"can Telegram reach {host(wanted)} on port {_port(wanted)}, with a certificate it trusts?"
        )
    if is_recent:
        return warn(
            check, f"posting one failed at {failed_at:%H:%M:%S} UTC: {error}", "none waits now: look again later"
        )
    if waiting >= MANY:
        return warn(check, f"{waiting} wait to be posted", f"is {web} keeping up? `parley doctor` again in a minute")
    return ok(check, f"posted to {wanted}; {waiting} wait")


def _polled(check: str, health: Mapping[str, Any] | None) -> Line:
    """A Parley is running, and polls: what it says of it. Polling beside it would disturb it."""
    if health is None:
        return ok(check, "polled by the running Parley, which cannot be asked from here")
    if health.get("trouble") == "Conflicting":
        return fail(check, "another program polls this bot too: each takes updates from the other", OTHER)
    if not health.get("ok") and health.get("trouble") != CLOCK:
        why = f"the running Parley cannot poll ({health.get('trouble')})"
        return fail(check, why, "its log says why")
    return ok(check, "polled by the running Parley")


async def _alone(check: str, bot: _Bot) -> Line:
    """Nobody of ours polls: listen for a moment, confirming nothing. Another poller ends that when it comes back."""
    try:
        await bot.call(f"getUpdates?limit=1&timeout={round(LISTEN)}", seconds=LISTEN + 10)
    except _Refused as refused:
        if refused.said.status != CONFLICT:
            raise
        return fail(check, "somebody else polls this bot, though no Parley runs on this database", OTHER)
    return ok(check, "nobody else polls them")


def _refusal(check: str, said: Said) -> Line:
    why = str(said.body.get("description") or f"status {said.status}")
    if said.status == 429:
        wait = (said.body.get("parameters") or {}).get("retry_after", 60)
        return warn(check, "Telegram has been asked too often", f"ask again in {wait} s")
    if said.status >= 500:
        return fail(check, f"Telegram is in trouble: {why}", "ask again later")
    return fail(check, f"refused: {why}", "@BotFather, /token: take the token anew")


def _port(url: str) -> int:
    return urlsplit(url).port or 443
