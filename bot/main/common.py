"""What commands of several rooms share."""

# ruff: noqa: PLC0415  lazy imports are the point of these files: see the package

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]


def read_settings() -> Settings:
    from bot.ops.logs import configure
    from bot.settings import Settings

    settings = Settings()
    configure(settings.log_format, settings.secrets())
    return settings


def show(what: str, as_json: bool, **more: str | None) -> None:
    from bot.ops.show import show as told

    typer.echo(told(read_settings().database_url, what, as_json=as_json, **more))
