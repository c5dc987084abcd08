"""A minute of coverage-guided fuzzing for each of what meets raw input first. Not run where atheris has no wheel."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MINUTE = 60
HAS_ATHERIS = importlib.util.find_spec("atheris") is not None


@pytest.mark.slow
@pytest.mark.skipif(not HAS_ATHERIS, reason="atheris is not installed: pip install atheris, where it has a wheel")
@pytest.mark.parametrize("target", ["edge", "cleaner", "handles", "calendar"])
@pytest.mark.promise(
    "hostile.fuzz", "A minute of fuzzing finds nothing in the edge, the cleaner, the handles and the calendar builder."
)
def test_a_minute_of_fuzzing_finds_nothing(target: str, tmp_path: Path, record_property: Any) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.hostile.fuzz", target, str(MINUTE), str(tmp_path)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=5 * MINUTE,
        check=False,
    )
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-3000:]
    done = re.search(r"Done (\d+) runs in (\d+) second", ran.stderr)
    assert done is not None and int(done[1]) > 100, ran.stderr[-1000:]
    record_property("figure", f"{target}: {done[1]} inputs in {done[2]} s")
