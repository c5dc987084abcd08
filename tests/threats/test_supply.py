"""What is built and what is stored: no package that was not named by its hash, no code in the database."""

from __future__ import annotations

import ast
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
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
    assert recipes()
    for line in recipes():
        is_hashed = "--require-hashes" in line and "--only-binary :all:" in line
        assert is_hashed or "--no-deps --no-build-isolation -e ." in line, line


def recipes() -> list[str]:
    """The lines of the Makefile that install something of Parley's."""
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if "$(PIP) " in line]


WHEEL = {
    "canary.py": "",
    "canary-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: canary\nVersion: 1.0\n",
    "canary-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "canary-1.0.dist-info/RECORD": "",
}


def installed(folder: Path, requirement: str) -> subprocess.CompletedProcess[str]:
    """What comes of `make install`'s own command with one requirement, whose package lies in `folder`."""
    wanted, there = folder / "wanted.txt", folder / "there"
    wanted.write_text(requirement, encoding="utf-8")
    (recipe,) = [line for line in recipes() if "requirements/run.txt" in line]
    flags = recipe.replace("$(PIP)", "").replace("requirements/run.txt", str(wanted)).split()
    pip = [sys.executable, "-m", "pip", "--isolated", "install", "--no-index", "--find-links", str(folder)]
    alone = ["--target", str(there), "--no-compile"]
    return subprocess.run([*pip, *alone, *flags], capture_output=True, text=True, check=False, cwd=folder)


@pytest.mark.promise("threat.47", "A package that was tampered with is refused, and so is one that runs code to build.")
@pytest.mark.slow
def test_a_package_that_was_tampered_with_is_not_installed(tmp_path: Path) -> None:
    wheel = tmp_path / "canary-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in WHEEL.items():
            archive.writestr(name, content)
    good = hashlib.sha256(wheel.read_bytes()).hexdigest()
    unpinned = installed(tmp_path, "canary==1.0\n")
    assert unpinned.returncode and "hash" in unpinned.stderr and not (tmp_path / "there").exists()
    assert installed(tmp_path, f"canary==1.0 --hash=sha256:{good}\n").returncode == 0
    assert (tmp_path / "there/canary.py").exists()
    shutil.rmtree(tmp_path / "there")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("evil.py", "")
    tampered = installed(tmp_path, f"canary==1.0 --hash=sha256:{good}\n")
    assert tampered.returncode and "DO NOT MATCH" in tampered.stderr and not (tmp_path / "there").exists()
    wheel.unlink()
    source = tmp_path / "canary-1.0.tar.gz"
    with tarfile.open(source, "w:gz") as packed:
        packed.addfile(tarfile.TarInfo("canary-1.0/setup.py"))
    hashed = hashlib.sha256(source.read_bytes()).hexdigest()
    built = installed(tmp_path, f"canary==1.0 --hash=sha256:{hashed}\n")
    assert built.returncode and "No matching distribution" in built.stderr and not (tmp_path / "there").exists()


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
