"""Run Parley, or play it: the demo, the terminal, the processes, and what hands a mail to them."""

# ruff: noqa: PLC0415  lazy imports are the point of these files: see the package

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import read_settings

commands = typer.Typer()
mail = typer.Typer(help="E-mail that comes in.", no_args_is_help=True)

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="The port to listen on, instead of PARLEY_PORT.")]
ProbePort = Annotated[
    int | None, typer.Option(min=1, max=65535, help="Where to answer probes; left out, it listens nowhere.")
]


@commands.command()
def demo(
    port: Annotated[int, typer.Option(help="The port, or the next free one.")] = 8765,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew.")] = False,
    host: Annotated[str, typer.Option(help="Only a loopback address is taken.")] = "127.0.0.1",
) -> None:
    """Play the whole of Parley on a local page: no account, no token, no outgoing connection."""
    import gc
    import logging

    gc.disable()  # until it is ready: what is made before stays, and looking through it takes a tenth of the time
    from bot.demo.page import serve
    from bot.ops.logs import configure

    configure("console", least=logging.ERROR)
    serve(host=host, port=port, fresh=fresh)


@commands.command()
def chat(
    persona: Annotated[
        str, typer.Option("--as", help="A persona of the demo: broker, officer, lead, importer …")
    ] = "broker",
    script: Annotated[Path | None, typer.Option(help="Play a transcript; exit 1 where an answer differs.")] = None,
) -> None:
    """The demo in a terminal, or a transcript of it."""
    import logging

    from bot.ops.logs import configure

    configure("console", least=logging.ERROR)
    if script is not None:
        from bot.demo.script import play

        raise typer.Exit(play(script))
    from bot.demo.chat import chat as talk

    talk(persona)


@commands.command(name="all")
def run_all() -> None:
    """Run everything in one process: the doors, the page, the outbox, the clock."""
    _serve({"web", "worker", "clock"})


@commands.command()
def web(port: Port = None) -> None:
    """Run one of the processes that answer HTTP; one of them takes in what comes otherwise (PARLEY_ENGINE=scaled)."""
    _serve({"web"}, port)


@commands.command()
def worker(port: ProbePort = None) -> None:
    """Run one of the processes that do jobs and send (PARLEY_ENGINE=scaled)."""
    _serve({"worker"}, port)


@commands.command()
def clock(port: ProbePort = None) -> None:
    """Run one of the processes that look at what is due (PARLEY_ENGINE=scaled)."""
    _serve({"clock"}, port)


@mail.command("receive")
def mail_receive(
    to: Annotated[
        list[str] | None, typer.Option("--to", help="The address it was sent to, where the mail server knows it.")
    ] = None,
) -> None:
    """Take in one mail from standard input: for a mail server's pipe, or fetchmail. Exit 75 is "come again later"."""
    import sys

    from bot.ops.mail import ONE_MORE, receive

    raise typer.Exit(receive(read_settings(), sys.stdin.buffer.read(ONE_MORE), to or ()))


def _serve(does: set[str], port: int | None = None) -> None:
    from bot.ops.leaving import leave_when_told

    leave_when_told()  # before all that takes its time to be loaded
    from bot.ops.serve import serve

    serve(read_settings(), does=frozenset(does), port=port)
