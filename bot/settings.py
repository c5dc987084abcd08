"""The environment, read once into one frozen object. The only reader of it; only `bot.main` imports this."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "PARLEY_"
ENV_FILE = ".env"
SECRETS = (
    "slack_bot_token",
    "slack_app_token",
    "slack_signing_secret",
    "telegram_token",
    "telegram_webhook_secret",
    "smtp_url",
    "metrics_key",
)


class Settings(BaseSettings):
    """Every setting has the prefix `PARLEY_`. A secret may also come from a file: `PARLEY_TELEGRAM_TOKEN_FILE`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=ENV_FILE, extra="ignore", frozen=True)

    database_url: str = Field(
        default="sqlite:///build/parley.db",
        description="Where everything is kept: sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/NAME.",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8765", description="The address at which people reach Parley, without a final slash."
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8765, ge=1, le=65535, description="The port to listen on.")
    engine: Literal["embedded", "scaled"] = Field(
        default="embedded",
        description="Who does the jobs: embedded in the one process there is, or scaled over many on PostgreSQL.",
    )
    metrics_key: SecretStr | None = Field(
        default=None, description="Whoever watches asks for /metrics with it: Authorization: Bearer KEY."
    )
    log_format: Literal["json", "console"] = Field(default="json", description="json for machines, console for people.")
    broadcast_hold: int = Field(
        default=120,
        ge=0,
        le=86_400,
        description="For how many seconds a broadcast that was approved can still be taken back before it goes.",
    )

    slack_bot_token: SecretStr | None = Field(default=None, description="Slack: the bot's token, xoxb-…")
    slack_app_token: SecretStr | None = Field(
        default=None, description="Slack: the app-level token, xapp-…; with it Parley uses Socket Mode."
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None,
        description="Slack: the signing secret; with it and without an app token Slack calls /slack/events.",
    )
    slack_api_url: str = Field(default="https://slack.com/api/", description="Slack: where its Web API is.")

    telegram_token: SecretStr | None = Field(default=None, description="Telegram: the bot's token, from @BotFather.")
    telegram_api_url: str = Field(default="https://api.telegram.org", description="Telegram: where its Bot API is.")
    telegram_webhook_secret: SecretStr | None = Field(
        default=None,
        description="Telegram: 32 to 256 letters, digits, - or _; with it Telegram calls /telegram.",
    )

    telegram_rate: float = Field(
        default=30,
        ge=0,
        le=10_000,
        description="Telegram: messages a second, all together; 1000 where you pay for it, 0 for a server that does not"
        " count.",
    )
    slack_rate: float = Field(
        default=5,
        ge=0,
        le=10_000,
        description="Slack: messages a second, all together; 0 for a server that does not count.",
    )
    mail_rate: float = Field(
        default=10,
        ge=0,
        le=10_000,
        description="E-mail: messages a second that your mail server takes; 0 where it does not count.",
    )

    smtp_url: SecretStr | None = Field(
        default=None,
        description="E-mail: where it is handed over, smtps://USER:PASSWORD@HOST:465 or smtp+starttls://USER:PASSWORD@HOST:587"
        " (smtp:// without a password, for a server on this machine).",
    )
    mail_from: str | None = Field(
        default=None,
        description="E-mail: Parley's own address; what is sent to NAME+anything at it must come back here, too.",
    )
    mail_listen: str | None = Field(
        default=None,
        description="E-mail: where to take in what comes back, lmtp://127.0.0.1:8024 or smtp://127.0.0.1:8025; else"
        " let the mail server run `parley mail receive`.",
    )

    slack_bot_token_file: Path | None = None
    slack_app_token_file: Path | None = None
    slack_signing_secret_file: Path | None = None
    telegram_token_file: Path | None = None
    telegram_webhook_secret_file: Path | None = None
    smtp_url_file: Path | None = None
    metrics_key_file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: dict[str, object]) -> dict[str, object]:
        for name in SECRETS:
            path = values.get(f"{name}_file")
            if path and not values.get(name):
                values[name] = Path(str(path)).read_text(encoding="utf-8").strip()
        return values

    @field_validator("database_url")
    @classmethod
    def _with_our_driver(cls, value: str) -> str:
        """As whoever hosts PostgreSQL writes its address, and as `parley migrate-to` takes it."""
        kind, separator, rest = value.partition("://")
        return f"postgresql+psycopg://{rest}" if separator and kind in ("postgres", "postgresql") else value

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme not in ("http", "https") or not url.hostname or url.username is not None:
            raise ValueError("needs an address such as https://parley.example, without a user or password")
        return value

    def secrets(self) -> list[str]:
        """Everything that must never be written anywhere, the database's password included."""
        held: list[SecretStr | None] = [getattr(self, name) for name in SECRETS]
        urls = (self.database_url, self.smtp_url.get_secret_value() if self.smtp_url else "")
        passwords = [password for each in urls if (password := _password(each))]
        return [each.get_secret_value() for each in held if each] + [*map(unquote, passwords)]


def _password(url: str) -> str | None:
    try:
        return urlsplit(url).password
    except ValueError:  # no address at all: whoever connects says so
        return None


def unknown() -> list[str]:
    """Names in the environment and in `.env` that look like settings and are none: misspelt, nothing reads them."""
    names = {*os.environ, *dotenv_values(ENV_FILE)}
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    return sorted(name for name in names if name.upper().startswith(PREFIX) and name.upper() not in known)


def env_file_with_secrets() -> Path | None:
    """`.env`, where it holds a secret."""
    held = {name.upper(): value for name, value in dotenv_values(ENV_FILE).items() if value}
    names = {f"{PREFIX}{name.upper()}" for name in SECRETS}
    is_secret = bool(names & held.keys()) or _password(held.get(f"{PREFIX}DATABASE_URL", "")) is not None
    return Path(ENV_FILE) if is_secret else None


def example() -> str:
    """`.env.example`: every setting with what it means and its default."""
    lines = ["# Parley's settings. Copy to .env and change what you need. A secret may be put in a file instead:", ""]
    lines[0] += " PARLEY_TELEGRAM_TOKEN_FILE=/run/secrets/telegram, and so on."
    for name, field in Settings.model_fields.items():
        if name.endswith("_file"):
            continue
        default = "" if field.default is None else field.default
        lines += [f"# {field.description}", f"{'#' if default == '' else ''}PARLEY_{name.upper()}={default}", ""]
    return "\n".join(lines)
