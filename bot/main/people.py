"""The administrations, who has a role in them, and the way in for one person."""

# ruff: noqa: PLC0415  lazy imports are the point of these files: see the package

from __future__ import annotations

from typing import Annotated, Literal

import typer

from .common import read_settings

commands = typer.Typer()
admin = typer.Typer(help="The administration and its first people.", no_args_is_help=True)


@admin.command("create")
def create_administration(
    code: Annotated[str, typer.Option(help="A short name, such as sk.")],
    title: Annotated[str, typer.Option("--name", help="What it is called.")],
    country: Annotated[str, typer.Option(help="ISO 3166 code, for public holidays.")],
    zone: Annotated[str, typer.Option(help="IANA time zone.")],
    language: Annotated[str, typer.Option(help="en, fr or ar.")] = "en",
    region: Annotated[
        list[str] | None, typer.Option(help="The WCO region it belongs to: AMS, AP, ESA, EUR, NMENA or WCA.")
    ] = None,
    slack_team: Annotated[str | None, typer.Option(help="The Slack workspace that is this one's, T….")] = None,
    integrity_url: Annotated[
        str | None, typer.Option(help="Where corruption is reported, safely: shown instead of keeping such words.")
    ] = None,
) -> None:
    """Create an administration that this Parley serves: the first, or one more beside it."""
    from bot.ops.people import create

    create(
        read_settings().database_url,
        code=code,
        name=title,
        country=country,
        zone=zone,
        language=language,
        regions=region or (),
        slack_team=slack_team,
        integrity_url=integrity_url,
    )
    typer.echo(
        f"Created {title}. Next: set the tokens (see .env.example), run `parley all`, write to Parley in your chat,"
    )
    typer.echo("and make yourself administrator with `parley admin grant` and the name your own screen shows there.")


@admin.command("list")
def list_administrations() -> None:
    """The administrations this Parley serves, each with the address that leads people to it."""
    from bot.ops.people import known

    settings = read_settings()
    for line in known(settings.database_url, settings.public_url):
        typer.echo(line)


@admin.command("grant")
def grant(
    account: Annotated[
        str, typer.Argument(help="telegram:ID or slack:TEAM:USER, as the person's own screen shows it.")
    ],
    role: Annotated[
        Literal["administrator", "lead", "officer", "coordinator"], typer.Option(help="What they may do.")
    ] = "administrator",
    days: Annotated[int, typer.Option(min=1, max=3660, help="How long it holds.")] = 365,
    administration: Annotated[
        str | None, typer.Option(help="The code of the administration, where they act with several.")
    ] = None,
    over: Annotated[
        str, typer.Option(help="country; for a coordinator also world, or a region: AMS, AP, ESA, EUR, NMENA or WCA.")
    ] = "country",
) -> None:
    """Give a person who has written to Parley a role: the first administrator, or a coordinator of a region."""
    from bot.ops.people import grant as give

    until = give(read_settings().database_url, account=account, role=role, days=days, code=administration, over=over)
    typer.echo(f"{account} is {role} until {until:%Y-%m-%d}")


@commands.command()
def signin(
    account: Annotated[str, typer.Argument(help="telegram:ID or slack:TEAM:USER.")],
) -> None:
    """Print a one-time link to Parley's page for a person."""
    from bot.ops.people import sign_in

    settings = read_settings()
    typer.echo(sign_in(settings.database_url, settings.public_url, account=account))
