"""The README tells an administrator nothing that is not there: commands, targets, settings, files, addresses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from bot.main import app
from bot.settings import Settings
from db.session import upgrade

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SPANS = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", README, flags=re.DOTALL))
LINES = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines() if line]
SAID = sorted({each.strip() for each in SPANS + LINES})
OURS = [each for each in SAID if re.match(r"(\.venv/bin/)?parley ", each)]
LOOKS = re.findall(r"^\| `parley ([a-z ]+?)(?: \[\w+\])?`", README, re.MULTILINE)  # the table of what can be looked at
TARGETS = [each for each in SAID if each.startswith("make ")]


def test_something_is_said() -> None:
    assert len(OURS) > 10 and len(TARGETS) > 3


@pytest.mark.parametrize("said", OURS)
def test_every_command_is_there_with_its_options(said: str) -> None:
    command, words = get_command(app), said.split()[1:]
    while words and hasattr(command, "commands") and words[0].rstrip(",") in command.commands:
        command = command.commands[words.pop(0).rstrip(",")]
    if hasattr(command, "commands") and not getattr(command, "invoke_without_command", False):
        assert not words or words[0].startswith("--"), f"there is no `{said}`"
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    assert {word for word in words if word.startswith("--")} <= known


def test_everything_that_can_be_looked_at_is_shown(tmp_path: Path) -> None:
    """On a database in which nothing has happened yet, as a table and as JSON; in one process of its own."""
    url = f"sqlite:///{tmp_path / 'parley.db'}"
    upgrade(url)
    program = (
        "import sys\nfrom bot.main import app\n"
        "for said in sys.argv[1:]:\n app(said.split(), standalone_mode=False); print('~', said, flush=True)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program, *LOOKS, *(f"{each} --json" for each in LOOKS), "audit verify"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PARLEY_DATABASE_URL": url, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert {"ledger", "debt", "outbox", "due", "audit"} <= set(LOOKS)
    texts = re.split(r"^~ .*\n", shown.stdout, flags=re.MULTILINE)
    for text in texts[len(LOOKS) : 2 * len(LOOKS)]:
        json.loads(text)


@pytest.mark.parametrize("said", TARGETS)
def test_every_target_is_there(said: str) -> None:
    target = said.split()[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_setting_is_there() -> None:
    known = {f"PARLEY_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"PARLEY_[A-Z_]+[A-Z]", README)) <= known


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!build/)([^)#:]+)\)", README))))  # built ones come later
def test_every_file_it_links_to_is_there(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize(
    "room", sorted(set(re.findall(r"`((?:bot|handlers|db|scheduling|tests|deploy)/[\w./-]*)`", README)))
)
def test_every_room_it_names_is_there(room: str) -> None:
    assert (ROOT / room).exists()
