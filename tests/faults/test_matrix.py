"""Every row of the matrix has a place that shows it."""

import re
from pathlib import Path

TESTS = Path(__file__).parent.parent
NAMED = re.compile(r'promise\(\s*"faults\.([0-9]+)"')
ELSEWHERE = {1, 2, 4}  # crash points and the power cut: the promises that begin with "crash."


def test_every_row_is_shown_somewhere() -> None:
    shown = {int(row) for file in TESTS.rglob("test_*.py") for row in NAMED.findall(file.read_text(encoding="utf-8"))}
    assert shown == set(range(1, 41)) - ELSEWHERE
