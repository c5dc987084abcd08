"""The composition root and the command line.

Every command imports what it needs when it runs, so that `parley --help` answers at once: no chat SDK, no SQLAlchemy
and no solver is imported for it (a test looks).
"""

# ruff: noqa: PLC0415  lazy imports are the point of this file

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from bot.settings import Settings

app = typer.Typer(
    help="Parley: where Customs, business and other government agencies talk, meet and keep their word.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
database = typer.Typer(help="The database's tables.", no_args_is_help=True)
admin = typer.Typer(help="The administration and its first people.", no_args_is_help=True)
audit = typer.Typer(help="Who did what, when, from where: the audit chain.", invoke_without_command=True)
outbox = typer.Typer(help="Messages that wait, failed or are in doubt.", invoke_without_command=True)
calendar = typer.Typer(help="Calendar feeds.", no_args_is_help=True)
slack = typer.Typer(help="Setting Slack up.", no_args_is_help=True)
telegram = typer.Typer(help="Setting Telegram up.", no_args_is_help=True)
meetings = typer.Typer(help="Meetings across time zones.", no_args_is_help=True)
programme = typer.Typer(help="Programmes of symposia.", no_args_is_help=True)
mail = typer.Typer(help="E-mail that comes in.", no_args_is_help=True)
for name, group in {
    "db": database,
    "admin": admin,
    "audit": audit,
    "outbox": outbox,
    "calendar": calendar,
    "slack": slack,
    "telegram": telegram,
    "meetings": meetings,
    "programme": programme,
    "mail": mail,
}.items():
    app.add_typer(group, name=name)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="The port to listen on, instead of PARLEY_PORT.")]
ProbePort = Annotated[
    int | None, typer.Option(min=1, max=65535, help="Where to answer probes; left out, it listens nowhere.")
]


def _settings() -> Settings:
    from bot.ops.logs import configure
    from bot.settings import Settings

    settings = Settings()
    configure(settings.log_format, settings.secrets())
    return settings


@app.command()
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


@app.command()
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


@app.command(name="all")
def run_all() -> None:
    """Run everything in one process: the doors, the page, the outbox, the clock."""
    _serve({"web", "worker", "clock"})


@app.command()
def web(port: Port = None) -> None:
    """Run one of the processes that answer HTTP; one of them takes in what comes otherwise (PARLEY_ENGINE=scaled)."""
    _serve({"web"}, port)


@app.command()
def worker(port: ProbePort = None) -> None:
    """Run one of the processes that do jobs and send (PARLEY_ENGINE=scaled)."""
    _serve({"worker"}, port)


@app.command()
def clock(port: ProbePort = None) -> None:
    """Run one of the processes that look at what is due (PARLEY_ENGINE=scaled)."""
    _serve({"clock"}, port)


def _serve(does: set[str], port: int | None = None) -> None:
    from bot.ops.leaving import leave_when_told

    leave_when_told()  # before all that takes its time to be loaded
    from bot.ops.serve import serve

    serve(_settings(), does=frozenset(does), port=port)


@database.command("upgrade")
def upgrade() -> None:
    """Bring the database to this version, and what search finds with it."""
    from bot.ops.search import upgrade as migrate

    migrate(_settings().database_url)


@database.command("reindex")
def reindex() -> None:
    """Index everything that search finds anew."""
    from bot.ops.search import rebuild

    typer.echo(f"{rebuild(_settings().database_url)} rows indexed")


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
        _settings().database_url,
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

    settings = _settings()
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

    until = give(_settings().database_url, account=account, role=role, days=days, code=administration, over=over)
    typer.echo(f"{account} is {role} until {until:%Y-%m-%d}")


@app.command()
def signin(
    account: Annotated[str, typer.Argument(help="telegram:ID or slack:TEAM:USER.")],
) -> None:
    """Print a one-time link to Parley's page for a person."""
    from bot.ops.people import sign_in

    settings = _settings()
    typer.echo(sign_in(settings.database_url, settings.public_url, account=account))


@app.command()
def ledger(
    issue: Annotated[str | None, typer.Argument(help="A reference, P-000123 or C-3; everything without.")] = None,
    as_json: AsJson = False,
) -> None:
    """Who has received, opened and acknowledged each outcome, and whom it could not reach."""
    _show("ledger", as_json, issue=issue)


@app.command()
def debt(as_json: AsJson = False) -> None:
    """Issues and consultations that ended unheard or have no outcome in time, and their age, for each office."""
    _show("debt", as_json)


@outbox.callback()
def show_outbox(context: typer.Context, as_json: AsJson = False) -> None:
    """What waits, what failed and why, what is in doubt."""
    if context.invoked_subcommand is None:
        _show("outbox", as_json)


@outbox.command("release")
def outbox_release() -> None:
    """Let a restored system send again what its outbox holds."""
    from bot.ops.backup import release

    typer.echo(f"{release(_settings().database_url)} messages released")


@app.command()
def due(as_json: AsJson = False) -> None:
    """What will happen when."""
    _show("due", as_json)


@audit.callback()
def show_audit(context: typer.Context, as_json: AsJson = False) -> None:
    """Who did what, when, from where."""
    if context.invoked_subcommand is None:
        _show("audit", as_json)


@audit.command("head")
def audit_head(as_json: AsJson = False) -> None:
    """Print the last sealed line's position and digest: add it to a file on another machine, every day."""
    from bot.ops.audit import head

    typer.echo(head(_settings().database_url, as_json=as_json))


@audit.command("verify")
def audit_verify(
    heads: Annotated[
        list[str] | None,
        typer.Option("--head", help="An earlier head, or a file of what `parley audit head` printed: still there?"),
    ] = None,
) -> None:
    """Check the chain; exit 1 at the first altered line, or when an earlier head no longer stands in it."""
    from bot.ops.audit import noted, verify

    verdict, intact = verify(_settings().database_url, noted(heads or []))
    typer.echo(verdict)
    raise typer.Exit(0 if intact else 1)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write.")],
    recipient: Annotated[str | None, typer.Option(help="An age recipient, age1…: the file is encrypted to it.")] = None,
) -> None:
    """Write everything, attachments included, into one file, while Parley goes on."""
    from bot.ops.backup import back_up

    _report(back_up(_settings().database_url, file, recipient), "written to", file)


@app.command()
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
    _report(read_back(_settings().database_url, file, identity, erased, withdrawn), "restored from", file)
    if erasures is None:
        typer.echo(
            "Who was erased since it was written is back, and calendars' addresses that were stopped or replaced since"
            " work again: if you have what `parley erasures --json` printed, restore anew with --erasures."
        )
    typer.echo("Its outbox is on hold: look at it with `parley outbox`, then run `parley outbox release`.")


@app.command("migrate-to")
def migrate_to(
    target: Annotated[str, typer.Argument(help="An empty PostgreSQL database, postgresql://USER:PASSWORD@HOST/NAME.")],
) -> None:
    """Move everything from the SQLite file to PostgreSQL; Parley may run, and stands still meanwhile."""
    from bot.ops.moving import move
    from bot.ops.moving.bar import Bar

    settings, bar = _settings(), Bar()
    try:
        moved = move(settings.database_url, target, bar.show)
    finally:
        bar.end()
    typer.echo(moved.told())


@app.command()
def erasures(as_json: AsJson = False) -> None:
    """Who was erased, which calendars' addresses were withdrawn, and when, by number: keep it beside your backups for
    `parley restore --erasures`."""
    _show("erasures", as_json)


@app.command()
def doctor(as_json: AsJson = False, offline: Annotated[bool, typer.Option(help="Ask no platform.")] = False) -> None:
    """Check the set-up: one line each, OK, WARN or FAIL, with what to do."""
    from bot.ops.doctor import examine, unreadable
    from bot.settings import env_file_with_secrets, unknown

    try:
        settings = _settings()
    except (ValueError, OSError) as error:
        findings, well = unreadable(error, as_json=as_json)
    else:
        findings, well = examine(
            settings, offline=offline, as_json=as_json, unknown=unknown(), env_file=env_file_with_secrets()
        )
    typer.echo(findings)
    raise typer.Exit(0 if well else 1)


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


@slack.command("manifest")
def slack_manifest(
    socket: Annotated[
        bool | None,
        typer.Option("--socket/--http", help="How Slack reaches Parley; left out, as the settings say."),
    ] = None,
) -> None:
    """Print the app's manifest, and the link that installs it."""
    from bot.platforms.slack.manifest import install_link, manifest

    settings = _settings()
    by_events = settings.slack_signing_secret is not None and settings.slack_app_token is None
    text = manifest(settings.public_url, socket_mode=not by_events if socket is None else socket)
    typer.echo(text)
    typer.echo(install_link(text))


@telegram.command("setup")
def telegram_setup() -> None:
    """Set the bot's commands, name and descriptions in every language."""
    from bot.ops.serve import set_telegram_up

    set_telegram_up(_settings())
    typer.echo("Telegram shows Parley's commands, name and descriptions in every language.")


@mail.command("receive")
def mail_receive(
    to: Annotated[
        list[str] | None, typer.Option("--to", help="The address it was sent to, where the mail server knows it.")
    ] = None,
) -> None:
    """Take in one mail from standard input: for a mail server's pipe, or fetchmail. Exit 75 is "come again later"."""
    import sys

    from bot.ops.mail import ONE_MORE, receive

    raise typer.Exit(receive(_settings(), sys.stdin.buffer.read(ONE_MORE), to or ()))


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


@app.command("env")
def env() -> None:
    """Print `.env.example`."""
    from bot.settings import example

    typer.echo(example(), nl=False)


def _show(what: str, as_json: bool, **more: str | None) -> None:
    from bot.ops.show import show

    typer.echo(show(_settings().database_url, what, as_json=as_json, **more))


def _report(rows: dict[str, int], what: str, file: Path) -> None:
    typer.echo(f"{sum(rows.values())} rows of {len(rows)} tables {what} {file}")


def run() -> None:
    """The command line. What an operator can put right is one line and exit code 1; a fault of ours is a traceback."""
    try:
        app()
    except Exception as error:
        from bot.ops.trouble import in_one_line

        line = in_one_line(error)
        if line is None:
            raise
        typer.echo(f"parley: {line}", err=True)
        raise SystemExit(1) from None
