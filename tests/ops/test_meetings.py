"""`parley meetings plan`: choices for people and for programs, without a database, and one line for what cannot be."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.ops.meetings import plan
from bot.ops.trouble import Trouble
from scheduling import solving
from tests.shell import PARLEY, Shell

WEST: dict[str, Any] = {
    **{"region": ["WCA"], "year": 2027, "slots": 2, "every": 3, "week": 2, "days": ("tue", "wed", "thu")},
    **{"minutes": 60, "clock": "UTC", "also": (), "ledger": None, "seconds": 60.0, "as_json": False},
}


def test_a_plan_is_tables_for_people_who_see_how_far_it_is(bare: Shell) -> None:
    ours, theirs = pty.openpty()
    command = [
        *PARLEY,
        "meetings",
        "plan",
        "--region",
        "WCA",
        "--year",
        "2027",
        "--months",
        "3",
        "--also",
        "Asia/Tokyo",
    ]
    environment = bare.environment | {"TERM": "xterm"}
    with subprocess.Popen(
        command, cwd=bare.folder, env=environment, stdout=subprocess.PIPE, stderr=theirs, text=True
    ) as process:
        os.close(theirs)
        seen = b""
        while more := _read(ours):
            seen += more
        assert process.stdout is not None
        shown = process.stdout.read()
        assert process.wait(timeout=60) == 0, seen
    os.close(ours)
    assert b"reading clocks and calendars" in seen and b"%" in seen
    assert re.search(r"1 .*│ 6 +│ 36 +│ 0 +│ 10 +│", shown), shown
    assert "one time for all" in shown and "14:00 in Brussels" in shown
    assert re.search(r"Tue 12 Jan 2027 │ \d\d:\d0 ", shown)
    assert re.search(r"Asia/Tokyo +│ 0 +│ 6", shown) and re.search(r"SN Senegal +│ 0 +│ 2", shown)
    assert list(bare.folder.iterdir()) == []


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def test_a_plan_is_one_document_for_programs_and_a_ledger_for_the_next(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.json"
    ledger.write_text('{"2026": {"NG": 14, "GH": 2}}', encoding="utf-8")
    asked = WEST | {"as_json": True, "ledger": ledger, "slots": 1, "clock": "Africa/Lagos", "days": ("wed",)}
    document = json.loads(plan(**asked))
    first = document["choices"][0]
    assert (document["regions"], document["year"], first["clock"]) == (["WCA"], 2027, "Africa/Lagos")
    assert first["carried"]["NG"] == 7 and first["carried"]["GH"] == 1 and first["carried"]["SN"] == 4
    assert len(first["starts"]) == 4 and len(first["times"]) == 1 and first["is_proven"]
    assert first["most"] == max(points + first["carried"][key] for key, points in first["points"].items())
    assert document["fixed"]["most"] >= first["most"] and document["without_holidays"] == []
    ledger.write_text(json.dumps({"2027": first["points"]}), encoding="utf-8")
    later = json.loads(plan(**asked | {"year": 2028}))["choices"][0]
    assert later["carried"] == {key: points // 2 for key, points in first["points"].items()}


def test_members_without_known_holidays_are_named() -> None:
    shown = plan(**WEST | {"region": ["EUR"], "every": 12, "days": ("wed",)})
    assert "No public holidays of this year are known for EU, UA." in shown


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"region": ["MARS"]}, "not a WCO region: MARS; they are AMS, AP, ESA, EUR, NMENA, WCA"),
        ({"clock": "Nowhere"}, "no such time zone: 'Nowhere'"),
        ({"also": ["../hosts"]}, "no such time zone: '../hosts'"),
        ({"also": ["Asia/Tokyo", "Asia/Tokyo"]}, "each with a key of their own"),
        ({"days": ["never"]}, "never is no day"),
        ({"ledger": Path(__file__)}, "is not a ledger"),
    ],
)
def test_what_cannot_be_planned_is_one_line(fault, said: str) -> None:
    with pytest.raises(Trouble, match=re.escape(said)):
        plan(**WEST | fault)


def test_without_the_solver_it_says_how_to_get_it(monkeypatch) -> None:
    def missing(*_args, **_more):
        raise solving.Unavailable("the solver is not installed")

    monkeypatch.setattr(solving, "solve", missing)
    with pytest.raises(Trouble, match="the solver is not installed"):
        plan(**WEST)
