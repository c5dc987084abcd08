"""`make bench`: figures, each against a floor or a peer in the same run, written to build/bench.json.

`ONLY=name` runs one. An entry is {name, value, unit, against, ratio, goal, met}; `ratio` is value/against, and nothing
here passes or fails a build.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.hit_rate import plain_rate, rate

RUNS = 5
REPORT = Path("build/bench.json")


@dataclass(frozen=True)
class Figure:
    """One measured value, what it is held against, and whether the stated goal is met."""

    name: str
    value: float
    unit: str
    against: float | None
    ratio: float | None
    goal: str
    met: bool


def help_starts() -> Figure:
    """`parley --help` against importing the Telegram library: nobody pays for what they do not use."""
    ours, theirs = [], []
    for _ in range(RUNS):
        ours.append(_seconds([str(Path(sys.executable).with_name("parley")), "--help"]))
        theirs.append(_seconds([sys.executable, "-c", "import telegram.ext"]))
    value, against = statistics.median(ours), statistics.median(theirs)
    return Figure("help", round(value, 3), "s", round(against, 3), _ratio(value, against), "ratio < 1", value < against)


def earlier_answers() -> Figure:
    """How often the right earlier answer is among the first three, against the database's full-text search alone."""
    value, against = round(rate(), 3), round(plain_rate(), 3)
    return Figure("earlier_answers", value, "hit rate", against, _ratio(value, against), "at least 0.9", value >= 0.9)


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def _ratio(value: float, against: float) -> float:
    return round(value / against, 3)


ENTRIES: dict[str, Callable[[], Figure]] = {"help": help_starts, "earlier_answers": earlier_answers}


def main() -> None:
    only = os.environ.get("ONLY")  # noqa: TID251  a tool's own switch, no setting of the product
    figures = [run() for name, run in ENTRIES.items() if only in (None, name)]
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
    for figure in figures:
        held = "" if figure.against is None else f", against {figure.against} {figure.unit} (ratio {figure.ratio})"
        verdict = "met" if figure.met else "MISSED"
        print(f"{figure.name}: {figure.value} {figure.unit}{held}; goal {figure.goal}: {verdict}")  # noqa: T201  its output


if __name__ == "__main__":
    main()
