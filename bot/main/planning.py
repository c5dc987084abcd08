"""Calendars, meetings and programmes, from a file or from nothing: most of it needs no Parley that runs."""

# ruff: noqa: PLC0415  lazy imports are the point of these files: see the package

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from .common import AsJson

calendar = typer.Typer(help="Calendar feeds.", no_args_is_help=True)
meetings = typer.Typer(help="Meetings across time zones.", no_args_is_help=True)
programme = typer.Typer(help="Programmes of symposia.", no_args_is_help=True)


@calendar.command("check")
def check_calendar(
    source: Annotated[str, typer.Argument(metavar="FILE|URL", help="A calendar file, or the address of a feed.")],
    before: Annotated[
        Path | None, typer.Option(help="An earlier copy of the feed: are its changes told so that clients notice?")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check anybody's calendar: one line each, with what to do; exit 1 on a fault, 2 when it cannot be read."""
    import logging

    from bot.ops.calendar import check
    from bot.ops.logs import configure
    from bot.ops.trouble import Trouble

    configure("console", least=logging.CRITICAL)
    try:
        findings, well = check(source, before=before, as_json=as_json)
    except Trouble as trouble:
        typer.echo(f"parley: {trouble}", err=True)
        raise typer.Exit(2) from None
    typer.echo(findings)
    raise typer.Exit(0 if well else 1)


@meetings.command("plan")
def meetings_plan(
    region: Annotated[list[str], typer.Option(help="A WCO region: AMS, AP, ESA, EUR, NMENA, WCA, or ALL.")],
    year: Annotated[int, typer.Option(min=1990, max=2099, help="The year of the meetings.")],
    slots: Annotated[int, typer.Option(min=1, max=12, help="At most so many times of day.")] = 2,
    months: Annotated[int, typer.Option(min=1, max=12, help="A meeting every so many months.")] = 1,
    week: Annotated[int, typer.Option(min=1, max=4, help="In which week of the month.")] = 2,
    day: Annotated[
        list[str] | None,
        typer.Option(help="A day it may be on, mon to sun, the preferred first; left out: tue, wed, thu."),
    ] = None,
    minutes: Annotated[int, typer.Option(min=15, max=600, help="How long a meeting takes.")] = 60,
    clock: Annotated[str, typer.Option(help="The zone on whose clock the times of day are counted.")] = "UTC",
    also: Annotated[
        list[str] | None, typer.Option("--also", help="Somebody else who attends, by zone: Europe/London.")
    ] = None,
    ledger: Annotated[
        Path | None, typer.Option(help='Past years\' points, to be carried over: {"2026": {"NZ": 12}}.')
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="How much work the solver may do, at most.")] = 120,
    as_json: AsJson = False,
) -> None:
    """Plan a region's meetings of a year so that nobody always gets the bad hours: some choices, and their price."""
    from bot.ops.meetings import plan

    typer.echo(
        plan(
            region,
            year,
            slots=slots,
            every=months,
            week=week,
            days=day or ("tue", "wed", "thu"),
            minutes=minutes,
            clock=clock,
            also=also or (),
            ledger=ledger,
            seconds=seconds,
            as_json=as_json,
        )
    )


@programme.command("solve")
def programme_solve(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON as `schema` prints it, or CoSPLib's or Timefold's spreadsheet.")
    ],
    seconds: Annotated[float, typer.Option(min=1, max=86400, help="How long to look for it, at most.")] = 60,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Another seed looks elsewhere first.")] = 0,
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many threads look.")] = 2,
    published: Annotated[
        Path | None, typer.Option(help="A solution people know already: as little of it as can be is changed.")
    ] = None,
    model: Annotated[str, typer.Option(help="Of CoSPLib's spreadsheets: full or exact.")] = "full",
    out: Annotated[Path | None, typer.Option(help="Where to write the solution, as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find the best programme; Ctrl-C takes the best so far. Exit 1 where it breaks a demand, 2 on an unusable file."""
    from bot.ops import conferences
    from bot.ops.programme import solve

    if conferences.is_spreadsheet(file):
        _end(
            lambda: conferences.solve(
                file, model=model, seconds=seconds, seed=seed, workers=workers, out=out, as_json=as_json
            )
        )
    _end(
        lambda: solve(file, seconds=seconds, seed=seed, workers=workers, published=published, out=out, as_json=as_json)
    )


@programme.command("check")
def programme_check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The sessions, rooms, blocks and people, as JSON.")],
    solution: Annotated[Path, typer.Argument(metavar="SOLUTION", help="Places, as `solve --out` writes them.")],
    as_json: AsJson = False,
) -> None:
    """Say what a programme breaks and what it costs; exit 1 where it breaks a demand, 2 on an unusable file."""
    from bot.ops.programme import check

    _end(lambda: check(file, solution, as_json=as_json))


@programme.command("schema")
def programme_schema() -> None:
    """Print the JSON Schema of the file that `solve` reads."""
    from scheduling.programme import schema

    typer.echo(schema(), nl=False)


def _end(told: Callable[[], tuple[str, bool]]) -> None:
    """Print what was found: exit 1 where something is amiss, 2 where nothing could be said."""
    from bot.ops.trouble import Trouble

    try:
        text, well = told()
    except Trouble as trouble:
        typer.echo(f"parley: {trouble}", err=True)
        raise typer.Exit(2) from None
    typer.echo(text, nl=not text.endswith("\n"))
    raise typer.Exit(0 if well else 1)
