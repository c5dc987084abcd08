"""Keep the data: its tables, its backups, its move to another database, and what must stay erased."""

# ruff: noqa: PLC0415  lazy imports are the point of these files: see the package

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import AsJson, read_settings, show

commands = typer.Typer()
database = typer.Typer(help="The database's tables.", no_args_is_help=True)


@database.command("upgrade")
def upgrade() -> None:
    """Bring the database to this version, and what search finds with it."""
    from bot.ops.search import upgrade as migrate

    migrate(read_settings().database_url)


@database.command("reindex")
def reindex() -> None:
    """Index everything that search finds anew."""
    from bot.ops.search import rebuild

    typer.echo(f"{rebuild(read_settings().database_url)} rows indexed")


@commands.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write.")],
    recipient: Annotated[str | None, typer.Option(help="An age recipient, age1…: the file is encrypted to it.")] = None,
) -> None:
    """Write everything, attachments included, into one file, while Parley goes on."""
    from bot.ops.backup import back_up

    _report(back_up(read_settings().database_url, file, recipient), "written to", file)


@commands.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file written by `parley backup`.")],
    identity: Annotated[Path | None, typer.Option(help="The age identity file, for an encrypted one.")] = None,
    erasures: Annotated[
        Path | None,
        typer.Option(help="What `parley erasures --json` printed last: what was erased or stopped stays so."),
    ] = None,
) -> None:
    """Read a backup into an empty database. Its outbox starts on hold."""
    from bot.ops.backup import read_erasures, read_withdrawals
    from bot.ops.backup import restore as read_back

    erased = read_erasures(erasures) if erasures else ()
    withdrawn = read_withdrawals(erasures) if erasures else ()
    _report(read_back(read_settings().database_url, file, identity, erased, withdrawn), "restored from", file)
    if erasures is None:
        typer.echo(
            "Who was erased since it was written is back, and calendars' addresses that were stopped or replaced since"
            " work again: if you have what `parley erasures --json` printed, restore anew with --erasures."
        )
    typer.echo("Its outbox is on hold: look at it with `parley outbox`, then run `parley outbox release`.")


@commands.command("migrate-to")
def migrate_to(
    target: Annotated[str, typer.Argument(help="An empty PostgreSQL database, postgresql://USER:PASSWORD@HOST/NAME.")],
) -> None:
    """Move everything from the SQLite file to PostgreSQL; Parley may run, and stands still meanwhile."""
    from bot.ops.moving import move
    from bot.ops.moving.bar import Bar

    settings, bar = read_settings(), Bar()
    try:
        moved = move(settings.database_url, target, bar.show)
    finally:
        bar.end()
    typer.echo(moved.told())


@commands.command()
def erasures(as_json: AsJson = False) -> None:
    """Who was erased, which calendars' addresses were withdrawn, and when, by number: keep it beside your backups for
    `parley restore --erasures`."""
    show("erasures", as_json)


def _report(rows: dict[str, int], what: str, file: Path) -> None:
    typer.echo(f"{sum(rows.values())} rows of {len(rows)} tables {what} {file}")
