"""What the command line costs, and how well search finds."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.hit_rate import plain_rate, rate

from .figure import Figure, alternating


def help_starts() -> Iterator[Figure]:
    """`parley --help` against importing the Telegram library: nobody pays for what they do not use."""
    ours = [str(Path(sys.executable).with_name("parley")), "--help"]
    theirs = [sys.executable, "-c", "import telegram.ext"]
    value, against = alternating(lambda: _seconds(ours), lambda: _seconds(theirs))
    ratio = round(value / against, 3)
    yield Figure("help", round(value, 3), "s", round(against, 3), ratio, "ratio < 1", value < against)


def earlier_answers() -> Iterator[Figure]:
    """How often the right earlier answer is among the first three, against the database's full-text search alone."""
    value, against = round(rate(), 3), round(plain_rate(), 3)
    ratio = round(value / against, 3)
    yield Figure("earlier_answers", value, "hit rate", against, ratio, "at least 0.9", value >= 0.9)


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began
