"""The report of `make prove`: a promise is held only where every run of its test ran to its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.promises import Report
from tests.shell import ROOT

CONFIGURED = """
import pytest

def promised(name):
    return pytest.mark.promise(name, f"It is so: {name} | always.")
"""
TESTS = """
import pytest
from configured import promised

@promised("held")
def test_held(record_property):
    record_property("figure", 42)

@promised("held.slow")
@pytest.mark.slow
def test_slow():
    pass

@promised("skipped")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_skipped_on_one(database):
    if database == "postgresql":
        pytest.skip("no server here")

@promised("skipped.whole")
@pytest.mark.skip(reason="not on this machine")
def test_skipped():
    pass

@promised("excused")
@pytest.mark.xfail
def test_excused():
    assert False, "it is known"

@promised("broken")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_broken_on_one(database):
    assert database == "sqlite", "it is not so"

@promised("broken.after")
def test_broken_after(request):
    request.addfinalizer(lambda: 1 / 0)

@promised("broken.before")
def test_broken_before(no_such_fixture):
    pass

def test_of_no_promise():
    assert False
"""
STOPS = """
import pytest
from configured import promised

@promised("broken")
def test_broken():
    assert False, "it is not so"

@promised("half")
@pytest.mark.parametrize("number", [1, 2])
def test_half(number):
    if number == 2:
        pytest.exit("enough")

@promised("never")
def test_never():
    pass
"""


def proved(folder: Path, *given: str, **files: str) -> dict[str, dict[str, Any]]:
    """What a run of these test files reports, by promise; the page has a row for each."""
    (folder / "configured.py").write_text(CONFIGURED)
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.promises", "-p", "no:cacheprovider"]
    command += ["-c", "none.ini", "--rootdir", str(folder), "--prove", *given]
    (folder / "none.ini").write_text("[pytest]\n")
    path = {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"}
    ran = subprocess.run(command, cwd=folder, env=path, capture_output=True, text=True, check=False)
    report = folder / "build" / "prove.json"
    assert report.exists(), ran.stdout + ran.stderr
    entries = json.loads(report.read_text())
    page = report.with_suffix(".md").read_text()
    assert all(each.keys() == {"name", "promise", "test", "state", "figure", "why"} for each in entries)
    assert all(f"`{each['test']}`" in page and f"**{each['state']}**" in page for each in entries)
    return {each["name"]: each for each in entries}


def test_each_state_and_why(tmp_path: Path) -> None:
    found = proved(tmp_path, test_some=TESTS)
    states = {name: each["state"] for name, each in found.items()}
    assert states == {
        "held": "held",
        "held.slow": "held",
        "skipped": "not run",
        "skipped.whole": "not run",
        "excused": "not run",
        "broken": "broken",
        "broken.after": "broken",
        "broken.before": "broken",
    }
    assert found["held"]["figure"] == "42" and not found["held"]["why"]
    assert found["skipped"]["why"] == "no server here" and found["skipped.whole"]["why"] == "not on this machine"
    assert "it is not so" in found["broken"]["why"]
    assert "It is so: held \\| always. (held)" in (tmp_path / "build/prove.md").read_text()
    some = proved(tmp_path, "--only", "held", "test_some.py")
    assert {name: each["state"] for name, each in some.items()} == {"held": "held", "held.slow": "held"}


def test_what_cannot_be_read_is_broken_and_keeps_the_others_from_being_held(tmp_path: Path) -> None:
    found = proved(tmp_path, test_some=STOPS, test_unread="import nothing_of_the_kind")
    assert {name: each["state"] for name, each in found.items()} == {"unread": "broken", "not begun": "not run"}
    assert "nothing_of_the_kind" in found["unread"]["why"]


@pytest.mark.parametrize("given", [(), ("-x",)])
def test_what_a_run_that_stops_had_still_to_do_is_not_run(tmp_path: Path, given: tuple[str, ...]) -> None:
    found = proved(tmp_path, *given, test_some=STOPS)
    states = {each["test"].rpartition("::")[2]: each["state"] for each in found.values()}
    half = "not run" if given else "broken"  # begun, and cut off in the middle
    assert states.pop("test_broken") == "broken"
    assert {state for test, state in states.items() if test == "test_half"} <= {half}
    assert "held" not in states.values() and "not run" in states.values()


def test_one_that_ends_its_process_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.promises.REPORT", tmp_path / "prove")
    report = Report()
    told: dict[str, Any] = {"nodeid": "a.py::test_a[1]", "location": ("a.py", 1, "test_a"), "keywords": {}}
    told |= {"outcome": "passed", "longrepr": None, "user_properties": [("promise", ("name", "It is so."))]}
    report.pytest_runtest_logreport(pytest.TestReport(**told, when="setup"))
    report.pytest_sessionfinish(type("Session", (), {"config": object()})())
    (entry,) = json.loads((tmp_path / "prove.json").read_text())
    assert entry["state"] == "broken" and "ended its process" in entry["why"]


TOGETHER = """
import time
import pytest
from pathlib import Path

HERE, AWAY = Path("others"), Path("alone")

@pytest.mark.slow
@pytest.mark.parametrize("number", range(8))
def test_with_others(number):
    with HERE.open("a") as others:
        others.write("+")
        others.flush()
        time.sleep(0.02)
        assert not AWAY.exists()
        others.write("-")

@pytest.mark.promise("alone", "Nothing runs beside it.")
@pytest.mark.alone
@pytest.mark.parametrize("number", range(4))
def test_alone(number):
    AWAY.touch()
    time.sleep(0.02)
    said = HERE.read_text() if HERE.exists() else ""
    assert said.count("+") == said.count("-")
    AWAY.unlink()
"""


def test_what_needs_the_whole_machine_runs_alone(tmp_path: Path) -> None:
    assert proved(tmp_path, "-n", "2", test_some=TOGETHER)["alone"]["state"] == "held"
