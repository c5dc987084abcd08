"""The command as a whole; and that no finding was added without a test that produces it."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.ops import doctor
from db.session import Sessions, connect
from tests.fakes import FakeTelegram
from tests.ops.doctor.conftest import Patient
from tests.shell import Shell, meet

HERE = Path(__file__).parent


async def test_the_command_line_shows_a_line_each_and_never_a_token(shell: Shell) -> None:
    async with FakeTelegram.running() as telegram:
        tokens = {
            "PARLEY_TELEGRAM_TOKEN": "987654:canary_canary_canary_canary",
            "PARLEY_TELEGRAM_API_URL": telegram.address,
            "PARLEY_SLACK_BOT_TOKEN": "xoxb-canary-canary",
            "PARLEY_SLACK_API_URL": "http://127.0.0.1:1/api/",
        }
        ran = await asyncio.to_thread(shell, "doctor", **tokens)
    assert ran.returncode == 1 and "canary" not in ran.stdout + ran.stderr
    assert "FAIL  Telegram token: refused: Unauthorized\n      → @BotFather" in ran.stdout
    assert "OK    database: " in ran.stdout and "WARN  language fr: " in ran.stdout


def test_nobody_is_asked_offline(bare: Shell) -> None:
    ran = bare("doctor", "--offline", PARLEY_TELEGRAM_TOKEN=f"1:{'x' * 30}")
    assert ran.returncode == 1 and "FAIL  database: there is no database" in ran.stdout
    assert not {"page", "Telegram token", "clock"} & {line[6:].split(":")[0] for line in ran.stdout.splitlines()}


def test_without_a_fail_it_is_well(patient: Patient) -> None:
    sessions = Sessions(connect(patient.database_url))
    with sessions.writing() as session:
        meet(session)
    sessions.engine.dispose()
    assert doctor.examine(patient.settings(), offline=True, as_json=False)[1]


@pytest.mark.promise("doctor.fails", "Each FAIL and each WARN of `parley doctor` is produced on purpose in a test.")
def test_every_finding_is_produced_in_a_test(record_property: Callable[[str, object], None]) -> None:
    """The words of each `fail(…)` and `warn(…)` stand in a test of this folder, which expects them."""
    tests = (file.read_text(encoding="utf-8") for file in HERE.glob("test_*.py") if file != Path(__file__))
    expected = "\n".join(tests).translate(str.maketrans("", "", ";:,()"))
    found = list(findings(Path(doctor.__file__).parent))
    unproduced = [words for words in found if not any(part in expected for part in words)]
    assert not unproduced
    record_property("figure", f"{len(found)} findings")
    assert len(found) > 40, "they are still found"


def findings(folder: Path) -> Iterator[list[str]]:
    """For each call of `fail` or `warn`: every three words on end of what it says, in why or what to do."""
    for file in sorted(folder.glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for room in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            for call in (node for node in ast.walk(room) if isinstance(node, ast.Call)):
                named = getattr(call.func, "id", "")
                # What `_none_of` says is given to it, last of all.
                if named == "_none_of" or (named in ("fail", "warn") and room.name != "_none_of"):
                    why, to_do = (list(_parts(each, room, call.lineno)) for each in call.args[-2:])
                    yield why or to_do or [ast.unparse(call)]


def _parts(said: ast.expr, room: ast.AST, line: int) -> Iterator[str]:
    if isinstance(said, ast.Name):
        assigned = [
            (each.lineno, each.value)
            for each in ast.walk(room)
            if isinstance(each, ast.Assign) and getattr(each.targets[0], "id", "") == said.id and each.lineno <= line
        ]
        if assigned:
            yield from _parts(max(assigned, key=lambda each: each[0])[1], room, line)
        return
    for part in ast.walk(said):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and len(part.value.strip(" ;:,().")) > 4:
            words = part.value.translate(str.maketrans("", "", ";:,()")).strip().split(" ")
            for start in range(max(1, len(words) - 2)):
                yield " ".join(words[start : start + 3])
