"""The composition root and the command line: one room for each of an operator's errands, put together here.

Every command imports what it needs when it runs, so that `parley --help` answers at once: no chat SDK, no SQLAlchemy
and no solver is imported for it (a test looks).
"""

from __future__ import annotations

import typer

from . import keeping, looking, people, planning, running, setting_up

__all__ = ["app", "run"]

app = typer.Typer(
    help="Parley: where Customs, business and other government agencies talk, meet and keep their word.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
for room in (running, people, looking, keeping, setting_up):
    app.add_typer(room.commands)
for name, group in {
    "db": keeping.database,
    "admin": people.admin,
    "audit": looking.audit,
    "outbox": looking.outbox,
    "calendar": planning.calendar,
    "slack": setting_up.slack,
    "telegram": setting_up.telegram,
    "meetings": planning.meetings,
    "programme": planning.programme,
    "mail": running.mail,
}.items():
    app.add_typer(group, name=name)


def run() -> None:
    """The command line. What an operator can put right is one line and exit code 1; a fault of ours is a traceback."""
    try:
        app()
    except Exception as error:
        from bot.ops.trouble import in_one_line  # noqa: PLC0415  not needed where all went well

        line = in_one_line(error)
        if line is None:
            raise
        typer.echo(f"parley: {line}", err=True)
        raise SystemExit(1) from None
