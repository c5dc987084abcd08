"""What Telegram sends a bot: updates, by long poll or by webhook, each until it is confirmed."""

import asyncio
import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

from ..platform import Clock, Platform
from .check import Json, Refused, bad

# Kinds that are sent only to a bot that has asked for them by name.
ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass
class Webhook:
    """Where updates are posted, and how that goes."""

    url: str = ""
    secret: str | None = None
    most: int = 40
    last_error: str | None = None
    last_error_at: int | None = None


@dataclass
class Updates:
    """The updates that wait, and those that the bot has confirmed.

    ``retry_seconds`` is the pause before a webhook is tried again.
    """

    platform: Platform
    clock: Clock
    retry_seconds: float = 1.0
    first_number: int = 100_000_001
    waiting: list[Json] = field(default_factory=list)
    confirmed: list[Json] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    webhook: Webhook = field(default_factory=Webhook)
    made: int = 0
    _poll: int = 0
    _posting: asyncio.Task[None] | None = None

    def add(self, kind: str, content: Json) -> int:
        """A new update, sent on its way; gives its number."""
        number = self.first_number + self.made
        self.made += 1
        if kind in self.allowed or (not self.allowed and kind not in ON_REQUEST):
            self.waiting.append({"update_id": number, kind: content})
            self.platform.stir()
        return number

    # Long poll

    async def poll(self, parameters: Json) -> list[Json]:
        """The updates from ``offset`` on, as soon as there are any; those before are confirmed and gone."""
        if self._is_posting():
            words = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            raise Refused(409, f"Conflict: {words}")
        if "allowed_updates" in parameters:
            self.allowed = parameters["allowed_updates"]
        self._poll += 1
        mine = self._poll
        self.platform.stir()
        self._confirm(parameters.get("offset", 0))

        def ready() -> bool:
            return bool(self.waiting) or self._poll != mine or self._is_posting()

        try:
            await self.platform.until(ready, float(parameters.get("timeout", 0)))
        except AssertionError:
            return []
        if self._is_posting():
            raise Refused(409, "Conflict: terminated by setWebhook request")
        if self._poll != mine:
            words = "terminated by other getUpdates request; make sure that only one bot instance is running"
            raise Refused(409, f"Conflict: {words}")
        return self.waiting[: parameters.get("limit", 100)]

    def _is_posting(self) -> bool:
        return bool(self.webhook.url)

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self.waiting = self.waiting[offset:]
        elif offset:
            self.confirmed += [update for update in self.waiting if update["update_id"] < offset]
            self.waiting = [update for update in self.waiting if update["update_id"] >= offset]
        self.platform.stir()

    # Webhook

    def set_webhook(self, parameters: Json) -> str:
        """Post updates from now on; gives what the server says to it."""
        url = parameters["url"]
        if not url:
            return self.delete_webhook(parameters)
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        self.webhook = Webhook(url, parameters.get("secret_token"), parameters.get("max_connections", 40))
        if "allowed_updates" in parameters:
            self.allowed = parameters["allowed_updates"]
        if parameters.get("drop_pending_updates"):
            self.waiting.clear()
        self.platform.stir()
        if self._posting is None or self._posting.done():
            self._posting = self.platform.start(self._post())
        return "Webhook was set"

    def delete_webhook(self, parameters: Json) -> str:
        """Stop posting: the bot will ask for updates itself."""
        had = bool(self.webhook.url)
        self.webhook = Webhook()
        if parameters.get("drop_pending_updates"):
            self.waiting.clear()
        self.platform.stir()
        return "Webhook was deleted" if had else "Webhook is already deleted"

    def webhook_info(self) -> Json:
        """How posting goes, as the Bot API gives it."""
        hook = self.webhook
        info: Json = {
            "url": hook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.waiting),
            "max_connections": hook.most,
        }
        if self.allowed:
            info["allowed_updates"] = self.allowed
        if hook.last_error:
            info |= {"last_error_message": hook.last_error, "last_error_date": hook.last_error_at}
        return info

    async def _post(self) -> None:
        """Post one update after another, each until the bot has taken it."""
        while self.webhook.url:
            if not self.waiting:
                await self.platform.until(lambda: self.waiting or not self.webhook.url, within=86_400)
                continue
            update = self.waiting[0]
            error = await self._refused_by_bot(update)
            if error is None:
                self.confirmed.append(update)
                self.waiting = [each for each in self.waiting if each is not update]
                self.platform.stir()
            else:
                self.webhook.last_error, self.webhook.last_error_at = error, int(self.clock().timestamp())
                self.platform.stir()
                await asyncio.sleep(self.retry_seconds)

    async def _refused_by_bot(self, update: Json) -> str | None:
        headers = {"Content-Type": "application/json"}
        if self.webhook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.webhook.secret
        limit = aiohttp.ClientTimeout(total=60)
        body = json.dumps(update)
        session = self.platform.session
        try:
            async with session.post(self.webhook.url, data=body, headers=headers, timeout=limit) as answer:
                if 200 <= answer.status < 300:
                    return None
                return f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError) as reason:
            return f"Connection failed: {type(reason).__name__}"
