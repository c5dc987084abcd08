"""Conferences in public formats on the command line: the spreadsheets of CoSPLib and of Timefold's example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.ops.programme import WIDTH, solved, written
from bot.ops.trouble import Trouble
from scheduling import solving

MODELS = ("full", "exact")
DOING = {"done": "done", "preparing": "reading"}


def is_spreadsheet(file: Path) -> bool:
    return file.suffix.lower() == ".xlsx"


def solve(
    file: Path, *, model: str, seconds: float, seed: int, workers: int, out: Path | None, as_json: bool
) -> tuple[str, bool]:
    """The programme as a table, or the answer as JSON, and whether it keeps what must be kept.

    `model` is CoSPLib's: its whole objective, or its exact model. Raises Trouble for a file that cannot be used.
    """
    if model not in MODELS:
        raise Trouble(f"--model is one of {', '.join(MODELS)}")
    with_it = {"seconds": seconds, "seed": seed, "workers": workers}
    names = _sheets(file)
    from scheduling.programme import cosplib, timefold  # noqa: PLC0415  they read spreadsheets, which may be missing

    if cosplib.looks_like(names):
        library = _read(file, cosplib.read)
        answer = solved("cosplib", {"problem": library.to_json(), "model": model, **with_it}, DOING)
        well = bool(answer["places"])
        times = [f"{each.name} {slot}" for each in library.sessions for slot in range(1, each.slots + 1)]
        text = _shown(answer, lambda at: f"{at['session']} {at['slot']}", times, library.rooms)
    elif timefold.recognises(names):
        example = _read(file, timefold.read)
        answer = solved("timefold", {"conference": example.to_json(), **with_it}, DOING)
        well = answer["met"]
        slots, rooms = [each.name for each in example.slots], [each.name for each in example.rooms]
        text = _shown(answer, lambda at: at["slot"], slots, rooms)
    else:
        raise Trouble(f"{file}: its sheets are neither CoSPLib's nor Timefold's: {', '.join(names)}")
    document = written(answer, out)
    return document if as_json else text, well


def _sheets(file: Path) -> list[str]:
    try:
        from openpyxl import load_workbook  # noqa: PLC0415  comes with the solver: not where Parley only runs
    except ImportError as error:
        raise Trouble(str(solving.unavailable(str(error)))) from error
    try:
        book = load_workbook(file, read_only=True)
    except (BadZipFile, KeyError, OSError) as error:
        raise Trouble(f"{file}: no spreadsheet: {error}") from error
    try:
        return list(book.sheetnames)
    finally:
        book.close()


def _read(file: Path, read: Callable[[Path], Any]) -> Any:
    try:
        return read(file)
    except ValueError as error:
        raise Trouble(f"{file}: {error}") from error


def _shown(
    answer: Mapping[str, Any], when: Callable[[Mapping[str, Any]], str], times: Iterable[str], rooms: Sequence[str]
) -> str:
    """A row for each time, a column for each room; then the score by part, what is proved, and what is amiss."""
    if not answer["places"]:
        why = "there is none" if answer.get("why") == "infeasible" else "none was found in the time (--seconds)"
        return f"No programme: {why}."
    console = Console(width=WIDTH)
    with console.capture() as capture:
        console.print(_table(answer["places"], when, times, rooms))
        for line in _score(answer):
            console.print(line, highlight=False, markup=False)
    return capture.get()


def _table(
    places: Mapping[str, Mapping[str, Any]],
    when: Callable[[Mapping[str, Any]], str],
    times: Iterable[str],
    rooms: Sequence[str],
) -> Table:
    at: dict[tuple[str, str], list[str]] = {}
    for key, place in places.items():
        at.setdefault((when(place), place["room"]), []).append(escape(key))
    table = Table("", *map(escape, rooms))
    for time in times:
        table.add_row(escape(time), *(", ".join(at.get((time, room), ())) for room in rooms))
    return table


def _score(answer: Mapping[str, Any]) -> list[str]:
    rows = [f"{part:<44}{points!s:>12}" for part, points in answer["score"].items() if points]
    lines = ["Points by part", *rows, f"{'in all':<44}{answer['total']!s:>12}"]
    if answer["optimal"]:
        lines.append("Proved: there is nothing better.")
    else:
        bound = answer["bound"]
        lines.append(
            "Not proved to be the best there is." + (f" No programme passes {bound}." if bound is not None else "")
        )
    if answer.get("met") is False:
        more = ", and none can" if answer.get("impossible") else ""
        lines.append(f"It does not meet every hard constraint{more}.")
    return lines
