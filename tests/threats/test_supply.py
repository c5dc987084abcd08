"""What is built and what is stored: no package that was not named by its hash, no code in the database."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, PickleType

from db import tables
from db.base import Base

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "handlers", "scheduling", "db", "deploy")
EXECUTES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
PIN = re.compile(r"[A-Za-z0-9._-]+(\[[a-z0-9,_-]+\])?==[^ ;]+( ;.*)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@pytest.mark.promise("threat.47", "Every package is pinned with its hash, and nothing is installed without.")
def test_every_requirement_has_its_hash() -> None:
    files = sorted((ROOT / "requirements").glob("*.txt"))
    assert files
    for file in files:
        text = re.sub(r"(?m)^ *#.*\n?", "", file.read_text(encoding="utf-8")).replace("\\\n", " ")
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        assert lines, file
        for line in lines:
            pin, _space, hashes = line.partition(" --hash=")
            assert PIN.fullmatch(pin), (file.name, line[:80])
            assert [each for each in ("--hash=" + hashes).split() if HASH.fullmatch(each)], (file.name, pin)
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    installs = [line for line in recipe if "$(PIP) " in line]
    assert installs
    for line in installs:
        assert "--require-hashes" in line or "--no-deps --no-build-isolation -e ." in line, line


@pytest.mark.promise("threat.45", "Nothing of ours reads or writes values that run code when they are loaded.")
def test_no_module_loads_code_from_data() -> None:
    seen = 0
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            seen += 1
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not {name.partition(".")[0] for name in names} & EXECUTES, file
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    assert node.func.id not in {"eval", "exec"}, file
                if isinstance(node, ast.Name):
                    assert node.id != "PickleType", file
    assert seen > 100


@pytest.mark.promise("threat.45", "Only people's files are kept as bytes; all else is text, numbers and JSON.")
def test_no_column_could_hold_a_pickle() -> None:
    assert tables.__all__
    columns = [column for table in Base.metadata.sorted_tables for column in table.columns]
    kept = {f"{each.table.name}.{each.name}" for each in columns if isinstance(each.type, LargeBinary | PickleType)}
    assert kept == {"chunk.data"}
