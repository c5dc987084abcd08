"""Look at what Parley holds: who has heard what, what waits and goes on, what is due, who did what."""

# ruff: noqa: PLC0415  lazy imports are the point of these files: see the package

from __future__ import annotations

from typing import Annotated

import typer

from .common import AsJson, read_settings, show

commands = typer.Typer()
audit = typer.Typer(help="Who did what, when, from where: the audit chain.", invoke_without_command=True)
outbox = typer.Typer(help="Messages that wait, failed or are in doubt.", invoke_without_command=True)


@commands.command()
def ledger(
    issue: Annotated[str | None, typer.Argument(help="A reference, P-000123 or C-3; everything without.")] = None,
    as_json: AsJson = False,
) -> None:
    """Who has received, opened and acknowledged each outcome, and whom it could not reach."""
    show("ledger", as_json, issue=issue)


@commands.command()
def debt(as_json: AsJson = False) -> None:
    """Issues and consultations that ended unheard or have no outcome in time, and their age, for each office."""
    show("debt", as_json)


@outbox.callback()
def show_outbox(context: typer.Context, as_json: AsJson = False) -> None:
    """What waits, what failed and why, what is in doubt."""
    if context.invoked_subcommand is None:
        show("outbox", as_json)


@outbox.command("release")
def outbox_release() -> None:
    """Let a restored system send again what its outbox holds."""
    from bot.ops.backup import release

    typer.echo(f"{release(read_settings().database_url)} messages released")


@commands.command()
def due(as_json: AsJson = False) -> None:
    """What will happen when."""
    show("due", as_json)


@audit.callback()
def show_audit(context: typer.Context, as_json: AsJson = False) -> None:
    """Who did what, when, from where."""
    if context.invoked_subcommand is None:
        show("audit", as_json)


@audit.command("head")
def audit_head(as_json: AsJson = False) -> None:
    """Print the last sealed line's position and digest: add it to a file on another machine, every day."""
    from bot.ops.audit import head

    typer.echo(head(read_settings().database_url, as_json=as_json))


@audit.command("verify")
def audit_verify(
    heads: Annotated[
        list[str] | None,
        typer.Option("--head", help="An earlier head, or a file of what `parley audit head` printed: still there?"),
    ] = None,
) -> None:
    """Check the chain; exit 1 at the first altered line, or when an earlier head no longer stands in it."""
    from bot.ops.audit import noted, verify

    verdict, intact = verify(read_settings().database_url, noted(heads or []))
    typer.echo(verdict)
    raise typer.Exit(0 if intact else 1)
