"""`parley programme solve` of spreadsheets: CoSPLib's and Timefold's, and those that are neither."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from openpyxl import Workbook
from typer.testing import CliRunner

from bot.main import app
from scheduling.programme import cosplib, timefold
from tests.scheduling.programme.cosplib_checker import Checker
from tests.scheduling.programme.cosplib_files import sheets, write
from tests.scheduling.programme.timefold_checker import check
from tests.scheduling.programme.timefold_files import File, day, talk
from tests.shell import Shell

SOLVE = ("programme", "solve", "--seconds", "20", "--workers", "1")
WITHOUT = """
import sys
sys.modules["openpyxl"] = None
from bot.main import run
run()
"""


def rows_of(text: str) -> list[list[str]]:
    """The cells of the table's rows, its heading first."""
    lines = [line for line in text.splitlines() if re.match("[┃│]", line)]
    return [[cell.strip() for cell in re.split("[┃│]", line)[1:-1]] for line in lines]


def test_a_conference_of_cosplibs_is_solved_and_written(tmp_path: Path) -> None:
    file, out = write(tmp_path / "Small.XLSX", sheets(1, submissions=4)), tmp_path / "solution.json"
    ran = CliRunner().invoke(app, [*SOLVE, str(file), "--model", "exact", "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    answer, checker, conference = json.loads(out.read_text(encoding="utf-8")), Checker(file), cosplib.read(file)
    total = checker.exact(answer["places"])
    assert len(answer["places"]) == 4 and answer["total"] == total and answer["optimal"]
    heading, *rows = rows_of(ran.stdout)
    assert heading == ["", *conference.rooms]
    assert [row[0] for row in rows] == [
        f"{each.name} {slot}" for each in conference.sessions for slot in range(1, each.slots + 1)
    ]
    for key, at in answer["places"].items():
        (row,) = (row for row in rows if row[0] == f"{at['session']} {at['slot']}")
        assert key in row[heading.index(at["room"])].split(", ")
    assert re.search(rf"in all +{total}\n", ran.stdout) and "Proved: there is nothing better." in ran.stdout


def test_a_conference_of_timefolds_is_solved_in_the_order_of_its_file(tmp_path: Path) -> None:
    slots = [(day(number), at, f"{at[:3]}45", "Breakout", "") for number, at in ((1, "09:00"), (0, "11:00"))]
    talks = [talk("B [late]", Speakers="Ama"), talk("A", Speakers="Ama"), talk("C")]
    file = File(slots, [("Z", 50, "Breakout", ""), ("A", 20, "Breakout", "")], talks, [{"Name": "Ama"}])
    path = file.write(tmp_path / "talks.xlsx")
    ran = CliRunner().invoke(app, [*SOLVE, str(path), "--json"])
    assert ran.exit_code == 0, ran.output
    answer = json.loads(ran.stdout)
    assert check(path, answer["places"])[1] == tuple(answer["levels"].values()) and answer["met"]
    from bot.ops import conferences  # noqa: PLC0415

    names = [each.name for each in timefold.read(path).slots]
    text = conferences._shown(answer, lambda at: at["slot"], names, ["Z", "A"])
    heading, *rows = rows_of(text)
    assert heading == ["", "Z", "A"] and [row[0] for row in rows] == names
    assert "B [late]" in {cell for row in rows for cell in row}
    unmet = conferences._shown(
        answer | {"met": False, "impossible": True, "optimal": False, "bound": 7},
        lambda at: at["slot"],
        names,
        ["Z", "A"],
    )
    assert "It does not meet every hard constraint, and none can." in unmet and "No programme passes 7." in unmet


def test_what_cannot_be_read_is_one_line_and_exit_2(tmp_path: Path) -> None:
    book = Workbook()
    book.create_sheet("Budget")
    book.save(tmp_path / "budget.xlsx")
    (tmp_path / "letter.xlsx").write_text("Dear colleagues", encoding="utf-8")
    with ZipFile(tmp_path / "pictures.xlsx", "w") as archive:
        archive.writestr("one.txt", "no workbook")
    rows = sheets(1)
    rows["rooms"] = [["Rooms"], ["Room 0"], ["Room 0"]]
    write(tmp_path / "twice.xlsx", rows)
    for name, said in {
        "budget.xlsx": "its sheets are neither CoSPLib's nor Timefold's: Sheet, Budget",
        "letter.xlsx": "no spreadsheet",
        "pictures.xlsx": "no spreadsheet",
        "none.xlsx": "no spreadsheet",
        "twice.xlsx": "rooms",
    }.items():
        ran = CliRunner().invoke(app, [*SOLVE, str(tmp_path / name)])
        assert ran.exit_code == 2 and "Traceback" not in ran.output, ran.output
        assert f"{name}: " in ran.stderr and said in ran.stderr
    ran = CliRunner().invoke(app, [*SOLVE, str(tmp_path / "twice.xlsx"), "--model", "best"])
    assert ran.exit_code == 2 and "--model is one of full, exact" in ran.stderr


def test_without_the_solvers_extra_it_says_how_to_get_it(bare: Shell) -> None:
    write(bare.folder / "small.xlsx", sheets(1))
    command = [sys.executable, "-c", WITHOUT, *SOLVE, "small.xlsx"]
    ran = subprocess.run(command, cwd=bare.folder, env=bare.environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 2 and "requirements/solve.txt" in ran.stderr and "Traceback" not in ran.stderr, ran
