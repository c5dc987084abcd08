"""Set Parley up and have it checked: what each platform needs, and whether it is there."""

# ruff: noqa: PLC0415  lazy imports are the point of these files: see the package

from __future__ import annotations

from typing import Annotated

import typer

from .common import AsJson, read_settings

commands = typer.Typer()
slack = typer.Typer(help="Setting Slack up.", no_args_is_help=True)
telegram = typer.Typer(help="Setting Telegram up.", no_args_is_help=True)


@commands.command()
def doctor(as_json: AsJson = False, offline: Annotated[bool, typer.Option(help="Ask no platform.")] = False) -> None:
    """Check the set-up: one line each, OK, WARN or FAIL, with what to do."""
    from bot.ops.doctor import examine, unreadable
    from bot.settings import env_file_with_secrets, unknown

    try:
        settings = read_settings()
    except (ValueError, OSError) as error:
        findings, well = unreadable(error, as_json=as_json)
    else:
        findings, well = examine(
            settings, offline=offline, as_json=as_json, unknown=unknown(), env_file=env_file_with_secrets()
        )
    typer.echo(findings)
    raise typer.Exit(0 if well else 1)


@commands.command("env")
def env() -> None:
    """Print `.env.example`."""
    from bot.settings import example

    typer.echo(example(), nl=False)


@slack.command("manifest")
def slack_manifest(
    socket: Annotated[
        bool | None,
        typer.Option("--socket/--http", help="How Slack reaches Parley; left out, as the settings say."),
    ] = None,
) -> None:
    """Print the app's manifest, and the link that installs it."""
    from bot.platforms.slack.manifest import install_link, manifest

    settings = read_settings()
    by_events = settings.slack_signing_secret is not None and settings.slack_app_token is None
    text = manifest(settings.public_url, socket_mode=not by_events if socket is None else socket)
    typer.echo(text)
    typer.echo(install_link(text))


@telegram.command("setup")
def telegram_setup() -> None:
    """Set the bot's commands, name and descriptions in every language."""
    from bot.ops.serve import set_telegram_up

    set_telegram_up(read_settings())
    typer.echo("Telegram shows Parley's commands, name and descriptions in every language.")
