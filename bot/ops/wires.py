"""The platforms that are set up, each with its line: the settings' tokens and addresses handed to it."""

# ruff: noqa: PLC0415  a platform's SDK is loaded only where that platform is set up: half the memory, half the start

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from bot import http
from bot.core import Parley
from bot.ops.trouble import Trouble

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.settings import Settings


class Wire(Protocol):
    """One platform's line: it performs what a door draws, and brings updates in.

    What it raises while it connects or takes in is tried again.
    """

    async def connect(self) -> None:
        """Be able to send, and to answer what the platform asks by HTTP."""

    async def take_in(self) -> None:
        """Bring in what comes otherwise than by HTTP: only one process may."""

    async def let_go(self) -> None:
        """Bring it in no longer; may be begun again."""

    async def stop(self) -> None:
        """Let go, and send nothing more."""

    async def handle_http(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]: ...

    def health(self) -> Mapping[str, Any]: ...


def those_set_up(settings: Settings, parley: Parley) -> tuple[dict[str, Wire], dict[str, http.Receiver]]:
    """By the door's name, and by the path that the platform calls. Raises Trouble for settings that do not do."""
    wires: dict[str, Wire] = {}
    receivers: dict[str, http.Receiver] = {}
    if (line := slack(settings, parley)) is not None:
        wires["slack"], receivers["/slack/events"] = line, line.handle_http
    if (line := telegram(settings, parley)) is not None:
        wires["telegram"], receivers["/telegram"] = line, line.handle_http
    if (line := email(settings, parley)) is not None:
        wires["email"] = line
    return wires, receivers


def email(settings: Settings, parley: Parley) -> Any:
    """The e-mail door, where it is set up. Raises Trouble for settings that cannot be read."""
    if settings.smtp_url is None:
        return None
    if settings.mail_from is None:
        raise Trouble("e-mail needs PARLEY_MAIL_FROM, Parley's own address")
    from bot.platforms.email.wire import EmailWire

    try:
        return EmailWire(
            parley,
            smtp_url=settings.smtp_url.get_secret_value(),
            sender=settings.mail_from,
            public_url=settings.public_url,
            listen=settings.mail_listen,
        )
    except ValueError as error:
        raise Trouble(f"e-mail: {error}") from None


def slack(settings: Settings, parley: Parley) -> Any:
    """The Slack door, where it is set up. Raises Trouble without the one of its secrets that brings events in."""
    if settings.slack_bot_token is None:
        return None
    if settings.slack_app_token is None and settings.slack_signing_secret is None:
        raise Trouble("Slack needs PARLEY_SLACK_APP_TOKEN (Socket Mode) or PARLEY_SLACK_SIGNING_SECRET (HTTP events)")
    from bot.platforms.slack.wire import SlackWire

    return SlackWire(
        parley,
        bot_token=settings.slack_bot_token.get_secret_value(),
        app_token=_open(settings.slack_app_token),
        signing_secret=_open(settings.slack_signing_secret),
        api_url=settings.slack_api_url,
        shares=settings.engine == "scaled",
    )


def telegram(settings: Settings, parley: Parley) -> Any:
    """The Telegram door, where it is set up. Raises Trouble for settings that cannot be read."""
    if settings.telegram_token is None:
        return None
    from bot.platforms.telegram.wire import TelegramWire

    try:
        return TelegramWire(
            parley,
            token=settings.telegram_token.get_secret_value(),
            api_url=settings.telegram_api_url,
            public_url=settings.public_url,
            webhook_secret=_open(settings.telegram_webhook_secret),
        )
    except ValueError as error:
        raise Trouble(f"Telegram: {error}") from None


def _open(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
