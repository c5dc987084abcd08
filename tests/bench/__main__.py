"""`make bench`: measure, print and write build/bench.json, a list of figures. `ONLY=name` runs one entry.

`SOAK=hours` lengthens the soak. A figure is {name, value, unit, against, ratio, goal, met}; `ratio` is value/against.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from . import (
    broadcasting,
    calendars,
    clauses,
    concluding,
    due,
    feeds,
    ledger,
    load,
    meetings,
    model,
    moving,
    opinions,
    previews,
    programme_changes,
    programme_cosplib,
    programme_dense,
    programme_timefold,
    rates,
    seats,
    size,
    small,
    soak,
    turn,
    workers,
)
from .figure import Figure

REPORT = Path("build/bench.json")
ENTRIES: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "help": lambda _folder: small.help_starts(),
    "earlier_answers": lambda _folder: small.earlier_answers(),
    "feeds": feeds.building,
    "calendars": calendars.serving,
    "turn_slack": lambda folder: turn.against_bare("slack", folder),
    "turn_telegram": lambda folder: turn.against_bare("telegram", folder),
    "turn_flat": turn.flat,
    "load": load.steady,
    "highest": load.highest,
    "flood": load.flooded,
    "size": size.figures,
    "backlog": size.backlog,
    "due": due.figures,
    "workers": workers.figures,
    "workers_celery": workers.celery,
    "ledger": ledger.figures,
    "previews": previews.figures,
    "soak": soak.figures,
    "broadcast_fan_out": broadcasting.fan_out,
    "broadcast_fan_out_postgresql": broadcasting.fan_out_postgresql,
    "broadcast_sent": broadcasting.sent,
    "broadcast_cpu": broadcasting.cpu,
    "clauses": clauses.figures,
    "meetings": lambda _folder: meetings.figures(),
    "moving": moving.figures,
    "opinions": opinions.figures,
    "seats": lambda _folder: seats.figures(),
    "concluding": concluding.figures,
    "programme_changes": lambda _folder: programme_changes.figures(),
    "programme_dense": lambda _folder: programme_dense.figures(),
    "programme_timefold": lambda _folder: programme_timefold.figures(),
    "rates": rates.figures,
    "rates_1000": rates.thousand,
    "rates_answer": rates.answers,
    "programme_cosplib": lambda _folder: programme_cosplib.figures(),
    "model": lambda _folder: model.figures(REPORT),  # last: it reads what the others have measured
}


def main() -> None:
    """Run every entry, or the one that `ONLY` names."""
    only = os.environ.get("ONLY")  # noqa: TID251  a tool's own switch, no setting of the product
    if only is not None and only not in ENTRIES:
        sys.exit(f"{only} is none of {', '.join(ENTRIES)}")
    figures: list[Figure] = []
    for name, run in ENTRIES.items():
        if only not in (None, name):
            continue
        with TemporaryDirectory(prefix="parley-bench-") as folder:
            try:
                for figure in run(Path(folder)):
                    figures.append(figure)
                    _show(figure)
            except Exception as error:  # noqa: BLE001  the others are measured none the less
                figures.append(Figure(name, 0, "", None, None, f"to be measured: {error!r}", met=False))
                _show(figures[-1])
        _write(figures)


def _write(figures: Sequence[Figure]) -> None:
    """Add them to the report, in place of those of the same name."""
    REPORT.parent.mkdir(exist_ok=True)
    before = json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else []
    names = {each.name for each in figures}
    kept = [each for each in before if each["name"] not in names]
    told = [*kept, *(asdict(each) for each in figures)]
    REPORT.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def _show(figure: Figure) -> None:
    held = "" if figure.against is None else f", against {figure.against} {figure.unit} (ratio {figure.ratio})"
    verdict = "met" if figure.met else "MISSED"
    print(f"{figure.name}: {figure.value} {figure.unit}{held}; goal {figure.goal}: {verdict}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
