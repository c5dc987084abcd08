"""The command line, as an operator meets it: each command is a process of its own, in a folder of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from bot.ops.show import show
from bot.settings import Settings, example
from db import audit
from db.machinery import Audit, Due, Inbox, InboxState, Outgoing, Sending
from db.people import Account, Administration, Person, Role, RoleName
from db.session import Sessions, connect
from scheduling.clock import monotonic
from tests.fakes import FakeTelegram

ROOT = Path(__file__).parent.parent
PARLEY = [sys.executable, "-c", "from bot.main import run; run()"]
CREATE = (
    *("admin", "create", "--code", "sk", "--name", "Sodalie"),
    *("--country", "TN", "--zone", "Africa/Tunis", "--language", "fr"),
)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Shell:
    """A folder without settings of anybody's, and a database."""

    folder: Path
    url: str
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        path = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
        return path | {"PARLEY_DATABASE_URL": self.url, "COLUMNS": "160"} | self.more

    def __call__(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PARLEY, *arguments],
            cwd=self.folder,
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def fails(self, *arguments: str, **more: str) -> str:
        """The one line that a command which fails says."""
        ran = self(*arguments, **more)
        lines = ran.stderr.splitlines()
        assert ran.returncode == 1 and ran.stdout == "", ran
        assert len(lines) == 1 and lines[0].startswith("parley: "), ran.stderr
        return lines[0]


@pytest.fixture
def shell(tmp_path: Path, database_url: str) -> Shell:
    return Shell(tmp_path, database_url)


@pytest.fixture
def bare(tmp_path: Path) -> Shell:
    """With a SQLite address where there is no file yet."""
    return Shell(tmp_path, f"sqlite:///{tmp_path}/none.db")


@pytest.fixture
def sqlite_shell(tmp_path: Path, sqlite_url: str) -> Shell:
    return Shell(tmp_path, sqlite_url)


@pytest.fixture
def writing(shell: Shell) -> Iterator[Callable[[Callable[[Any], None]], None]]:
    """Runs something in a writing session of the shell's database."""
    sessions = Sessions(connect(shell.url))

    def write(change: Callable[[Any], None]) -> None:
        with sessions.writing() as session:
            change(session)

    yield write
    sessions.engine.dispose()


def meet(session: Any) -> None:
    """Somebody who has written from Telegram."""
    home = session.scalar(select(Administration))
    if home is None:
        home = Administration(code="sk", name={"fr": "S"}, country="TN", zone="Africa/Tunis", language="fr")
        session.add(home)
        session.flush()
    person = Person(administration_id=home.id, name="Ruiz", language="en", zone="UTC", met_at=NOON, registered_at=NOON)
    session.add(person)
    session.flush()
    session.add(
        Account(person_id=person.id, platform="telegram", external_id="1001", address="1001", met_at=NOON, used_at=NOON)
    )


# Help and settings


LOOKS = """
import sys
sys.argv = ["parley", *sys.argv[1:]]
from bot.main import run
try:
    run()
except SystemExit:
    pass
print("LOADED", *{name.partition(".")[0] for name in sys.modules})
"""
HEAVY = {
    *("sqlalchemy", "telegram", "slack_bolt", "slack_sdk", "aiohttp", "httpx", "starlette", "uvicorn", "alembic"),
    *("ortools", "numba", "numpy", "babel", "psycopg", "apscheduler", "pydantic_settings", "handlers", "db"),
}


@pytest.mark.parametrize("arguments", [["--help"], ["all", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str], bare: Shell) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOOKS, *arguments], env=bare.environment, capture_output=True, text=True, check=True
    )
    shown, _loaded, loaded = ran.stdout.partition("LOADED ")
    assert "Usage" in shown and HEAVY & set(loaded.split()) == set()


def test_the_example_of_settings_has_not_drifted(bare: Shell) -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == example() == bare("env").stdout


def test_the_example_of_settings_is_taken_as_it_stands(bare: Shell) -> None:
    (bare.folder / ".env").write_text(example(), encoding="utf-8")
    assert "there is no database at build/parley.db" in Shell(bare.folder, "").fails(
        "due", PARLEY_DATABASE_URL="sqlite:///build/parley.db"
    )
    named = {line.split("=")[0].lstrip("#") for line in example().splitlines() if "PARLEY_" in line and "=" in line}
    fields = {f"PARLEY_{name.upper()}" for name in Settings.model_fields if not name.endswith("_file")}
    assert fields <= named


def test_a_secret_can_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("123:abc\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARLEY_TELEGRAM_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("PARLEY_DATABASE_URL", "postgresql+psycopg://u:p%40ss-word@h/n")
    settings = Settings()
    assert settings.telegram_token is not None and settings.telegram_token.get_secret_value() == "123:abc"
    assert settings.secrets() == ["123:abc", "p@ss-word"]
    assert "123:abc" not in repr(settings)


# What goes wrong is one line


@pytest.mark.parametrize(
    ("arguments", "more", "says"),
    [
        (["outbox"], {}, "there is no database"),
        (["all"], {}, "there is no database"),
        (["backup", "b"], {}, "there is no database"),
        (["signin", "telegram:1"], {}, "there is no database"),
        (["restore", "nowhere"], {}, "No such file"),
        (["due"], {"PARLEY_PORT": "x"}, "PARLEY_PORT: "),
        (["due"], {"PARLEY_LOG_FORMAT": "x"}, "PARLEY_LOG_FORMAT: "),
        (["due"], {"PARLEY_DATABASE_URL": "nonsense"}, "PARLEY_DATABASE_URL is not an address"),
        (["due"], {"PARLEY_DATABASE_URL": "oracle://x"}, "PARLEY_DATABASE_URL is not an address"),
        (["due"], {"PARLEY_TELEGRAM_TOKEN_FILE": "/nowhere"}, "/nowhere: No such file"),
        (["due"], {"PARLEY_DATABASE_URL": "postgresql+psycopg://u:hunter22@127.0.0.1:1/x"}, "Connection refused"),
        ([*CREATE[:-5], "XX", *CREATE[-4:]], {}, "no country"),
        ([*CREATE[:-3], "Africa/Nowhere", *CREATE[-2:]], {}, "no time zone"),
        ([*CREATE[:-1], "xx"], {}, "Parley's languages"),
    ],
)
def test_what_an_operator_can_put_right_is_said_in_one_line(
    bare: Shell, arguments: list[str], more: Mapping[str, str], says: str
) -> None:
    line = bare.fails(*arguments, **more)
    assert says in line and "hunter22" not in line
    assert list(bare.folder.glob("*.db")) == [], "looking makes no database"


def test_a_database_of_another_version_is_named(shell: Shell, writing: Any) -> None:
    writing(lambda session: session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0000'"))
    ran = shell("due")
    assert ran.returncode == 1 and "parley db upgrade" in ran.stderr and "Traceback" not in ran.stderr


def test_nobody_is_known_who_has_not_written(shell: Shell) -> None:
    assert "has not written to Parley yet" in shell.fails("signin", "telegram:1001")
    assert "has not written to Parley yet" in shell.fails("admin", "grant", "telegram:1001")


def test_a_platform_set_up_by_half_is_named(shell: Shell) -> None:
    shell(*CREATE)
    assert "PARLEY_SLACK_APP_TOKEN" in shell.fails("all", PARLEY_SLACK_BOT_TOKEN="xoxb-1")
    secret = {"PARLEY_TELEGRAM_TOKEN": "1:a", "PARLEY_TELEGRAM_WEBHOOK_SECRET": "short"}
    assert "32 to 256 letters" in shell.fails("all", **secret)
    assert "PARLEY_TELEGRAM_TOKEN" in shell.fails("telegram", "setup")


# The first steps


def test_the_first_steps(bare: Shell) -> None:
    assert bare("db", "upgrade").returncode == 0
    assert "no administration yet" in bare.fails("all")
    created = bare(*CREATE)
    assert created.returncode == 0 and "Next:" in created.stdout
    assert "already" in bare.fails(*CREATE)
    sessions = Sessions(connect(bare.url))
    with sessions.writing() as session:
        meet(session)
    assert "administrator until" in bare("admin", "grant", "telegram:1001", "--days", "30").stdout
    assert bare("admin", "grant", "telegram:1001", "--role", "king").returncode == 2
    link = bare("signin", "telegram:1001", PARLEY_PUBLIC_URL="https://parley.example/").stdout.strip()
    assert link.startswith("https://parley.example/in/") and len(link.rpartition("/")[2]) == 22
    with sessions.reading() as session:
        role = session.scalars(select(Role)).one()
        assert role.name is RoleName.ADMINISTRATOR and role.ends_at - role.starts_at == timedelta(days=30)
        lines = session.scalars(select(Audit).order_by(Audit.id)).all()
        assert [(line.what, line.door) for line in lines] == [
            ("admin.create", "console"),
            ("admin.grant", "console"),
            ("admin.signin", "console"),
        ]
        home = session.scalars(select(Administration)).one()
        assert (home.code, home.name, home.country, home.language) == ("sk", {"fr": "Sodalie"}, "TN", "fr")
    sessions.engine.dispose()


# Each state


def test_each_state_is_shown_without_opening_the_database(shell: Shell, writing: Any) -> None:
    for what in ("outbox", "due", "audit", "ledger", "debt", "erasures"):
        assert json.loads(show(shell.url, what, as_json=True)) == []
        assert show(shell.url, what, as_json=False) == f"{what}: nothing"
    writing(meet)
    writing(
        lambda session: session.add_all(
            [
                Outgoing(
                    administration_id=1,
                    person_id=1,
                    once="issue:1:outcome",
                    screen={"~": "Answer"},
                    state=Sending.FAILED,
                    reason="blocked",
                    created_at=NOON,
                    not_before=NOON,
                    expires_at=NOON,
                    trace="t-1",
                ),
                Due(administration_id=1, job="issues.chase", args={"issue": 1}, key="k", at=NOON),
                Audit(administration_id=1, at=NOON, who=1, door="slack", what="issues.take", ids={"a": 1}, trace="t"),
            ]
        )
    )
    (message,) = json.loads(shell("outbox", "--json").stdout)
    assert (message["state"], message["reason"], message["trace"]) == ("failed", "blocked", "t-1")
    (due,) = json.loads(show(shell.url, "due", as_json=True))
    assert (due["job"], due["args"], due["at"]) == ("issues.chase", {"issue": 1}, "2026-11-23 12:00:00+00:00")
    (line,) = json.loads(show(shell.url, "audit", as_json=True))
    assert (line["what"], line["door"]) == ("issues.take", "slack")
    assert "issues.take" in shell("audit").stdout
    assert "2026-11-23 12:00:00Z" in show(shell.url, "due", as_json=False)


def test_verifying_the_audit_says_ok_or_where_it_breaks(shell: Shell, writing: Any) -> None:
    def write(session: Any) -> None:
        lines = [Audit(at=NOON, who=1, door="slack", what="x", ids={}, trace="t") for _number in range(3)]
        session.add_all(lines)
        session.flush()
        audit.seal(session)
        session.add(Audit(at=NOON, who=1, door="slack", what="x", ids={}, trace="t"))

    writing(write)
    fine = shell("audit", "verify")
    assert fine.returncode == 0 and fine.stdout.startswith("OK: 3 lines, 1 not sealed yet, head ")
    writing(lambda session: session.execute(update(Audit).where(Audit.id == 2).values(who=9)))
    broken = shell("audit", "verify")
    assert (broken.returncode, broken.stdout) == (
        1,
        "BROKEN: line 2 was altered; the 1 lines before it are intact.\n",
    )


def test_backup_and_restore_from_the_command_line(shell: Shell, writing: Any, tmp_path: Path) -> None:
    writing(meet)
    assert "written to b" in shell("backup", "b").stdout
    assert "overwrites" in shell.fails("backup", "b")
    other = f"sqlite:///{tmp_path}/other.db"
    restored = shell("restore", "b", PARLEY_DATABASE_URL=other)
    assert "restored from b" in restored.stdout and "on hold" in restored.stdout
    assert "not empty" in shell.fails("restore", "b", PARLEY_DATABASE_URL=other)
    assert shell("outbox", "release", PARLEY_DATABASE_URL=other).stdout == "0 messages released\n"


# The doctor


async def test_the_doctor_looks_at_everything_and_never_prints_a_token(shell: Shell, writing: Any) -> None:
    sick = await asyncio.to_thread(shell, "doctor", "--offline", "--json")
    found = {line["check"]: line for line in json.loads(sick.stdout)}
    assert sick.returncode == 1 and found["administration"]["verdict"] == "FAIL"
    assert found["durability"]["verdict"] == ("OK" if "sqlite" in shell.url else "FAIL"), "tests turn fsync off there"
    writing(meet)

    def neglect(session: Any) -> None:
        common: dict[str, Any] = {"screen": {}, "created_at": NOON, "expires_at": NOON, "trace": "t"}
        ages = {Sending.WAITING: 3, Sending.HELD: 0, Sending.IN_DOUBT: 0}
        session.add_all(
            Outgoing(
                administration_id=1, person_id=1, once=state, state=state, not_before=NOON.replace(year=2020), **common
            )
            for state in ages
        )
        session.add(Due(job="x", args={}, key="k", at=NOON.replace(year=2020)))
        bad = {"platform": "slack", "account": "x", "received_at": NOON, "trace": "t"}
        session.add(Inbox(key="1", payload="{", state=InboxState.QUARANTINED, **bad))

    writing(neglect)
    async with FakeTelegram.running() as telegram:
        tokens = {
            "PARLEY_TELEGRAM_TOKEN": telegram.token,
            "PARLEY_TELEGRAM_API_URL": telegram.address,
            "PARLEY_SLACK_BOT_TOKEN": "xoxb-canary-canary",
            "PARLEY_SLACK_API_URL": "http://127.0.0.1:1/api/",
            "PARLEY_PUBLIC_URL": "http://parley.example",
        }
        asked = await asyncio.to_thread(shell, "doctor", "--json", **tokens)
        wrong = await asyncio.to_thread(
            shell, "doctor", **tokens | {"PARLEY_TELEGRAM_TOKEN": "987654:canary_canary_canary_canary"}
        )
    found = {line["check"]: line["verdict"] for line in json.loads(asked.stdout)}
    assert (
        found
        | {
            "administration": "OK",
            "outbox": "FAIL",
            "due": "FAIL",
            "outbox on hold": "WARN",
            "outbox in doubt": "WARN",
            "quarantine": "WARN",
            "address": "FAIL",
            "Slack": "FAIL",
            "Slack bot token": "FAIL",
            "Telegram token": "OK",
            "language fr": "WARN",
            "language ar": "WARN",
        }
        == found
    )
    assert "FAIL  Telegram token: refused" in wrong.stdout and "→" in wrong.stdout and wrong.returncode == 1
    for said in (asked.stdout, asked.stderr, wrong.stdout, wrong.stderr):
        assert "canary" not in said and telegram.token not in said
    assert "nobody yet" in wrong.stdout


async def test_the_doctor_finds_nothing_at_a_database_that_is_away(bare: Shell) -> None:
    ran = bare("doctor", "--offline")
    assert ran.returncode == 1 and "FAIL  database: there is no database" in ran.stdout


# The whole thing


async def test_setting_telegram_up(shell: Shell) -> None:
    shell(*CREATE)
    async with FakeTelegram.running() as telegram:
        door = {"PARLEY_TELEGRAM_TOKEN": telegram.token, "PARLEY_TELEGRAM_API_URL": telegram.address}
        done = await asyncio.to_thread(shell, "telegram", "setup", **door)
        assert done.returncode == 0 and "every language" in done.stdout
        assert "/raise" in telegram.menu(telegram.user("Amina", language_code="fr")) and telegram.refusals == []
    away = await asyncio.to_thread(shell, "telegram", "setup", **door)
    assert away.returncode == 1 and "Telegram does not take it" in away.stderr
    assert telegram.token not in away.stderr and "Traceback" not in away.stderr


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def everything(shell: Shell, **more: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    """`parley all`, ready; and a client for its page. Whatever it logged must be JSON."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *PARLEY,
        "all",
        cwd=shell.folder,
        env=shell.environment | {"PARLEY_PORT": str(port)} | more,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        try:
            async with asyncio.timeout(30):
                while not await _is_ready(client):
                    assert process.returncode is None, (await process.communicate())[1].decode()
                    await asyncio.sleep(0.05)
            yield process, client
        finally:
            if process.returncode is None:
                process.kill()
            logged = (await process.communicate())[1].decode()
            assert all(isinstance(json.loads(line), dict) for line in logged.splitlines()), logged


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def stopped(process: asyncio.subprocess.Process, number: int = signal.SIGTERM) -> float:
    """Tell it to stop; it must end well, and the seconds it took are returned."""
    before = monotonic()
    process.send_signal(number)
    async with asyncio.timeout(20):
        assert await process.wait() == 0
    return monotonic() - before


async def test_everything_runs_in_one_process_and_stops_when_told(shell: Shell) -> None:
    shell(*CREATE)
    for number in (signal.SIGTERM, signal.SIGINT):
        async with everything(shell) as (process, client):
            assert (await client.get("/healthz")).json() == {"status": "ok"}
            assert "Parley" in (await client.get("/")).text
            again = await asyncio.to_thread(shell.fails, "all", PARLEY_PORT=str(free_port()))
            assert "another Parley runs" in again
            assert await stopped(process, number) < 5
    async with everything(shell):
        pass  # killed, it leaves no lock behind
    async with everything(shell) as (process, _client):
        await stopped(process)


async def test_what_was_said_while_it_was_down_is_answered_once_and_what_it_began_goes_on(shell: Shell) -> None:
    shell(*CREATE)
    async with FakeTelegram.running() as telegram:
        door = {"PARLEY_TELEGRAM_TOKEN": telegram.token, "PARLEY_TELEGRAM_API_URL": telegram.address}
        amina = telegram.user("Amina", language_code="fr")
        await telegram.starts(amina)
        async with everything(shell, **door) as (process, client):
            first = await telegram.hears(amina, "")
            assert first.shown
            assert (await client.get("/healthz")).json()["telegram"]["mode"] == "polling"
            for number in range(20):
                await telegram.says(amina, f"words {number}")
            await stopped(process)
        async with everything(shell, **door) as (process, _client):
            await telegram.settled(20)
            sessions = Sessions(connect(shell.url))
            async with asyncio.timeout(30):
                while True:
                    with sessions.reading() as session:
                        states = session.scalars(select(Inbox.state)).all()
                        sent = session.scalars(select(Outgoing.state)).all()
                    if len(states) == 21 and set(states) == {InboxState.DONE} and set(sent) == {Sending.ACCEPTED}:
                        break
                    await asyncio.sleep(0.1)
            sessions.engine.dispose()
            await stopped(process)
        assert telegram.refusals == []
