"""The command line, as an operator meets it: help, settings, the first steps, each state, and one line for trouble."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from bot.ops.audit import head, noted, verify
from bot.ops.show import show
from bot.ops.trouble import Trouble
from bot.settings import Settings, example
from db import audit
from db.machinery import Audit, Due, Outgoing, Sending
from db.people import Administration, Person, Role, RoleName, belong
from db.session import Sessions, connect
from tests.shell import CREATE, NOON, ROOT, Shell, meet

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
        pytest.param(["all"], {}, "there is no database", marks=pytest.mark.slow),
        pytest.param(["backup", "b"], {}, "there is no database", marks=pytest.mark.slow),
        pytest.param(["signin", "telegram:1"], {}, "there is no database", marks=pytest.mark.slow),
        (["restore", "nowhere"], {}, "No such file"),
        (["due"], {"PARLEY_PORT": "x"}, "PARLEY_PORT: "),
        pytest.param(["due"], {"PARLEY_LOG_FORMAT": "x"}, "PARLEY_LOG_FORMAT: ", marks=pytest.mark.slow),
        (["due"], {"PARLEY_DATABASE_URL": "nonsense"}, "PARLEY_DATABASE_URL is not an address"),
        (["due"], {"PARLEY_DATABASE_URL": "oracle://x"}, "PARLEY_DATABASE_URL is not an address"),
        (["due"], {"PARLEY_TELEGRAM_TOKEN_FILE": "/nowhere"}, "/nowhere: No such file"),
        (["due"], {"PARLEY_DATABASE_URL": "postgresql+psycopg://u:hunter22@127.0.0.1:1/x"}, "Connection refused"),
        ([*CREATE[:-5], "XX", *CREATE[-4:]], {}, "no country"),
        pytest.param([*CREATE[:-3], "Africa/Nowhere", *CREATE[-2:]], {}, "no time zone", marks=pytest.mark.slow),
        pytest.param([*CREATE[:-1], "xx"], {}, "Parley's languages", marks=pytest.mark.slow),
        pytest.param([*CREATE, "--region", "XX"], {}, "no region of the WCO", marks=pytest.mark.slow),
    ],
)
def test_what_an_operator_can_put_right_is_said_in_one_line(
    bare: Shell, arguments: list[str], more: Mapping[str, str], says: str
) -> None:
    line = bare.fails(*arguments, **more)
    assert says in line and "hunter22" not in line
    assert list(bare.folder.glob("*.db")) == [], "looking makes no database"


@pytest.mark.promise("faults.38", "Code and schema of two versions never work together.")
def test_a_database_of_another_version_is_named(shell: Shell, writing: Any) -> None:
    writing(lambda session: session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0000'"))
    ran = shell("due")
    assert ran.returncode == 1 and "parley db upgrade" in ran.stderr and "Traceback" not in ran.stderr


def test_nobody_is_known_who_has_not_written(shell: Shell) -> None:
    assert "has not written to Parley yet" in shell.fails("signin", "telegram:1001")
    assert "has not written to Parley yet" in shell.fails("admin", "grant", "telegram:1001")


@pytest.mark.slow
@pytest.mark.promise("threat.4", "With a weak secret Parley does not start, and says why.")
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
    created = bare(*CREATE, "--region", "NMENA")
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


@pytest.mark.slow
def test_a_second_administration(bare: Shell) -> None:
    assert bare(*CREATE, "--slack-team", "T1").returncode == 0
    second = [*CREATE]
    second[second.index("sk")] = "sud"
    assert "that of sk already" in bare.fails(*second, "--slack-team", "T1")
    assert bare(*second).returncode == 0
    sessions = Sessions(connect(bare.url))
    with sessions.writing() as session:
        meet(session)
    grant = "admin", "grant", "telegram:1001"
    assert "no administration called x" in bare.fails(*grant, "--administration", "x")
    assert "/country" in bare.fails(*grant, "--administration", "sud")
    with sessions.writing() as session:
        person = session.scalars(select(Person)).one()
        person.registered_at = person.met_at
        there = session.scalars(select(Administration.id).where(Administration.code == "sud")).one()
        belong(session, person, there, at=person.met_at)
    assert bare(*grant, "--administration", "sud").returncode == 0
    assert bare(*grant, "--role", "coordinator", "--over", "world").returncode == 0
    assert "only the role of a coordinator" in bare.fails(*grant, "--over", "ESA")
    assert "not 'here'" in bare.fails(*grant, "--role", "coordinator", "--over", "here")
    with sessions.reading() as session:
        held = session.scalars(select(Role).order_by(Role.id)).all()
        assert [(each.administration_id, each.scope.value) for each in held] == [(there, "country"), (1, "world")]
    listed = bare("admin", "list", PARLEY_PUBLIC_URL="https://parley.example/").stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["sk", "sud"]
    assert listed[1].endswith("1 people  https://parley.example/from/sud")
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
    line, *seen = json.loads(show(shell.url, "audit", as_json=True))
    assert [(each["what"], each["door"]) for each in seen] == [("console.ledger", "console")] * 2, "it names people"
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


def test_a_head_of_the_audit_is_kept_elsewhere_and_missed_when_it_is_gone(shell: Shell, writing: Any) -> None:
    def grow(session: Any) -> None:
        session.add_all([Audit(at=NOON, who=1, door="slack", what="x", ids={}, trace="t") for _number in range(3)])
        session.flush()
        audit.seal(session)

    lines = []
    for as_json in (False, True):
        writing(grow)
        lines.append(head(shell.url, as_json=as_json))
    digest = json.loads(lines[1])["digest"]
    assert shell("audit", "head").stdout.split() == ["6", digest]
    (shell.folder / "heads").write_text("\n".join([*lines, ""]))
    heads = noted([str(shell.folder / "heads")])
    said, intact = verify(shell.url, [*heads, *noted([digest])])
    assert intact and said.startswith("OK: 6 lines, 3 earlier heads stand, 0 not sealed yet")

    writing(lambda session: session.execute(delete(Audit).where(Audit.position > 4)))
    cut = shell("audit", "verify", "--head", "heads")
    assert (cut.returncode, cut.stdout) == (
        1,
        "BROKEN: the head noted at position 6 is gone: the chain ends at 4, its end was cut off.\n",
    )
    assert "nowhere in the chain" in verify(shell.url, noted(["f" * 64]))[0]
    writing(lambda session: session.execute(update(Audit).values(who=9, position=None, digest=None)))
    writing(audit.seal)
    said, intact = verify(shell.url, heads)
    assert not intact and "another line stands at position 3 than was noted: the chain was sealed anew" in said
    assert verify(shell.url, [])[1], "the chain alone does not show it"


@pytest.mark.parametrize("words", ["", "\n", "{", "{}", "[1]", "x y", "1 2 3", f"-1 {'a' * 64}", '{"position": 1}'])
def test_what_is_no_head_is_refused(tmp_path: Path, words: str) -> None:
    (tmp_path / "heads").write_text(words)
    with pytest.raises(Trouble, match="is not what"):
        noted([str(tmp_path / "heads")])


def test_backup_and_restore_from_the_command_line(shell: Shell, writing: Any, tmp_path: Path) -> None:
    writing(meet)
    assert "written to b" in shell("backup", "b").stdout
    assert "overwrites" in shell.fails("backup", "b")
    other = f"sqlite:///{tmp_path}/other.db"
    restored = shell("restore", "b", PARLEY_DATABASE_URL=other)
    assert "restored from b" in restored.stdout and "on hold" in restored.stdout
    assert "not empty" in shell.fails("restore", "b", PARLEY_DATABASE_URL=other)
    assert shell("outbox", "release", PARLEY_DATABASE_URL=other).stdout == "0 messages released\n"


def test_the_manifest_is_for_the_way_the_settings_say_or_for_the_one_that_is_asked(bare: Shell) -> None:
    by_socket, by_events = "socket_mode_enabled: true", "request_url: http://127.0.0.1:8765/slack/events"
    assert by_socket in bare("slack", "manifest").stdout
    signed = {"PARLEY_SLACK_SIGNING_SECRET": "s"}
    printed = bare("slack", "manifest", **signed).stdout
    assert by_events in printed and by_socket not in printed
    assert by_socket in bare("slack", "manifest", **signed, PARLEY_SLACK_APP_TOKEN="xapp-1").stdout
    assert by_socket in bare("slack", "manifest", "--socket", **signed).stdout
    assert by_events in bare("slack", "manifest", "--http").stdout
