"""`parley programme`: tables for people and JSON for programs, without a database; what is wrong is one line."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.main import app
from bot.ops import programme
from bot.ops.trouble import Trouble
from scheduling import solving
from scheduling.programme import Demand, Kind, Problem, schema
from tests.scheduling.programme.symposia import symposium
from tests.shell import PARLEY, Shell

DAY: dict[str, Any] = {
    "zone": "Africa/Tunis",
    "blocks": [
        {"key": "9", "start": "2027-05-12T09:00", "minutes": 60},
        {"key": "11", "start": "2027-05-12T11:00", "minutes": 60, "name": "before lunch"},
    ],
    "rooms": [{"key": "hall", "capacity": 100, "name": "Great hall"}, {"key": "den", "capacity": 20}],
    "people": [{"key": "ama", "name": "Ama Mensah"}],
    "sessions": [
        {"key": "origin", "title": "Rules of origin", "minutes": 60, "people": [{"person": "ama"}], "expected": 50},
        {"key": "risk", "title": "Risk [bold]", "minutes": 45, "people": [{"person": "ama", "role": "chair"}]},
        {"key": "aeo", "title": "Trusted traders", "minutes": 60, "after": ["origin"]},
    ],
}
ASKED: dict[str, Any] = {
    **{"seconds": 20.0, "seed": 0, "workers": 1, "published": None, "out": None, "as_json": False},
}


def written(folder: Path, data: Any, name: str = "question.json") -> Path:
    file = folder / name
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


def test_a_programme_is_solved_and_written(bare: Shell) -> None:
    written(bare.folder, DAY)
    ran = bare("programme", "solve", "question.json", "--out", "solution.json", "--workers", "1")
    assert ran.returncode == 0 and ran.stderr == "", ran
    assert "Wed 12 May 2027" in ran.stdout and "09:00–10:00" in ran.stdout and "Great hall" in ran.stdout
    assert "Risk [bold]" in ran.stdout and "Proved: no programme has fewer." in ran.stdout
    assert re.search(r"seats left empty +\d+\n", ran.stdout)
    text, well = programme.check(bare.folder / "question.json", bare.folder / "solution.json", as_json=False)
    assert well and text.startswith("Every demand is kept.")
    solution = json.loads((bare.folder / "solution.json").read_text(encoding="utf-8"))
    assert solution["optimal"] and solution["bound"] == solution["total"] == sum(solution["score"].values())


def test_a_programme_made_by_hand_is_checked(tmp_path: Path) -> None:
    by_hand = {
        **{"origin": {"block": "9", "room": "hall"}, "risk": {"block": "9", "room": "hall"}},
        "aeo": {"block": "11", "room": "den"},
    }
    files = [str(written(tmp_path, DAY)), str(written(tmp_path, by_hand, "by-hand.json"))]
    shell = CliRunner()
    checked = shell.invoke(app, ["programme", "check", *files, "--json"])
    told = {(each["kind"], *each["ids"]) for each in json.loads(checked.stdout)["broken"]}
    assert checked.exit_code == 1 and told == {("person", "ama"), ("room", "hall")}
    said = shell.invoke(app, ["programme", "check", *files]).stdout
    assert "- Ama Mensah is in one place at a time: not so with “Rules of origin”, “Risk [bold]”" in said
    refused = shell.invoke(app, ["programme", "solve", files[1]])
    assert refused.exit_code == 2 and "by-hand.json: origin: there is no such field" in refused.stderr
    refused = shell.invoke(app, ["programme", "check", files[0], files[0]])
    assert refused.exit_code == 2 and "question.json: the place of 'zone'" in refused.stderr


def test_ctrl_c_takes_the_best_so_far(bare: Shell) -> None:
    written(bare.folder, symposium(sessions=14, days=1))
    ours, theirs = pty.openpty()
    command = [*PARLEY, "programme", "solve", "question.json", "--seconds", "3600", "--workers", "1", "--json"]
    environment = bare.environment | {"TERM": "xterm"}
    with subprocess.Popen(
        command, cwd=bare.folder, env=environment, stdout=subprocess.PIPE, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        seen = b""
        while b"time for each" not in seen:
            seen += os.read(ours, 65536)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.stdout is not None
        answer = json.loads(process.stdout.read())
        assert process.wait(timeout=60) == bool(answer["broken"]), seen
    os.close(ours)
    assert len(answer["places"]) == 14 and not answer["optimal"]


def test_the_schema_is_printed(bare: Shell) -> None:
    assert bare("programme", "schema").stdout == schema()


def test_what_cannot_be_is_said_in_words(tmp_path: Path) -> None:
    data = DAY | {"people": [{"key": "ama", "name": "Ama Mensah", "available": [_hour("09:00", "10:00")]}]}
    text, well = programme.solve(written(tmp_path, data), **ASKED)
    assert not well
    conflict = text.partition("These are the fewest that cannot hold together:\n")[2].splitlines()
    assert conflict == [
        "- Ama Mensah comes only when available",
        "- Ama Mensah is in one place at a time",
        "- “Rules of origin” is given a place",
        "- “Risk [bold]” is given a place",
    ]
    assert "This programme breaks:\n- Ama Mensah " in text


def _hour(start: str, end: str) -> dict[str, str]:
    return {"start": f"2027-05-12T{start}", "end": f"2027-05-12T{end}"}


def test_after_publication_it_says_what_moved_and_whom_it_touches(tmp_path: Path) -> None:
    rooms = [*DAY["rooms"], {"key": "attic", "capacity": 60}]
    before = {
        **{"origin": {"block": "9", "room": "hall"}, "risk": {"block": "11", "room": "den"}},
        "aeo": {"block": "11", "room": "hall"},
    }
    file = written(tmp_path, DAY | {"rooms": rooms[1:]})
    published = written(tmp_path, before, "published.json")
    text, well = programme.solve(file, **ASKED | {"published": published})
    assert well and "Changed, and less would not do:" in text
    moves = [line for line in text.splitlines() if "→" in line]
    assert moves[0] == ("- “Rules of origin”: Wed 12 May 09:00, hall → Wed 12 May 09:00, attic; touches Ama Mensah")
    assert len(moves) == 2 and "“Trusted traders”" in moves[1] and moves[1].endswith("touches nobody it needs")
    text, _ = programme.solve(written(tmp_path, DAY), **ASKED | {"published": published})
    assert "Nothing changes." in text and "Proved: no programme so near has fewer." in text


def test_every_kind_of_demand_has_words() -> None:
    data = DAY | {
        "breaks": [{"key": "noon", "start": "2027-05-12T12:00", "minutes": 30, "name": "Prayer"}],
        "sessions": [DAY["sessions"][0] | {"locked": {"block": "9"}, "rooms": ["hall"]}, *DAY["sessions"][1:]],
    }
    problem = Problem.from_json(data)
    ids = {
        **dict.fromkeys((Kind.CLOSED, Kind.ROOM), ("hall",)),
        **dict.fromkeys((Kind.AVAILABLE, Kind.PERSON, Kind.WALK, Kind.PER_DAY), ("ama",)),
        **{Kind.BREAK: ("noon",), Kind.AFTER: ("aeo", "origin"), Kind.SECTOR: ("food",), Kind.DOCUMENT: ("law",)},
    }
    said = {kind: programme.said(problem, Demand(kind, ids.get(kind, ("origin",)))) for kind in Kind}
    assert len(set(said.values())) == len(Kind)
    assert said[Kind.LOCKED] == "“Rules of origin” stays at Wed 12 May 09:00"
    assert said[Kind.ONLY] == "“Rules of origin” is in one of: Great hall"
    assert said[Kind.AFTER] == "“Trusted traders” begins after “Rules of origin” is over"
    assert said[Kind.BREAK] == "the break “Prayer” is kept" and said[Kind.CLOSED].startswith("nothing is in Great hall")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "question.json: not JSON"),
        ("[]", "question.json: not an object: []"),
        (json.dumps(DAY | {"zone": "Nowhere"}), "question.json: no such time zone: 'Nowhere'"),
        (None, "question.json: No such file"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "question.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(Trouble, match=re.escape(said)):
        programme.solve(file, **ASKED)


def test_without_the_solver_it_says_how_to_get_it(monkeypatch, tmp_path: Path) -> None:
    def missing(*_args, **_more):
        raise solving.Unavailable("the solver is not installed")

    monkeypatch.setattr(solving, "solve", missing)
    with pytest.raises(Trouble, match="the solver is not installed"):
        programme.solve(written(tmp_path, DAY), **ASKED)
