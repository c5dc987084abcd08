"""A symposium's programme on the command line: no database, the question from a file."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot.ops.trouble import Trouble
from scheduling import solving
from scheduling.programme import (
    PARTS,
    Broken,
    Demand,
    Kind,
    Place,
    Places,
    Problem,
    broken,
    places_from_json,
    score,
)

WIDTH = 120
DOING = {
    "when": "finding a time for each session",
    "where": "finding a room for each session",
    "whole": "finding better programmes",
    "search": "exchanging sessions",
    "changes": "finding the least change",
    "conflict": "finding what cannot hold together",
    "fewest": "finding what breaks least",
    "done": "done",
}
PART_NAMES = {
    "wishes": "wishes that clash",
    "popular": "people wanting in without a seat",
    "waste": "seats left empty",
    "tracks": "tracks scattered",
    "hours": "bad hours of remote people",
    "day": "waiting within a day",
}


def solve(
    file: Path,
    *,
    seconds: float,
    seed: int,
    workers: int,
    published: Path | None,
    out: Path | None,
    as_json: bool,
) -> tuple[str, bool]:
    """The programme as a table, or the answer as JSON, and whether it breaks nothing. Raises Trouble for bad files."""
    problem = _problem(file)
    question = {"problem": problem.to_json(), "seconds": seconds, "seed": seed, "workers": workers}
    if published is not None:
        question["published"] = _solution(published)
    answer = solved("programme", question, DOING)
    document = written(answer, out)
    return document if as_json else _shown(problem, answer), not answer["broken"]


def check(file: Path, solution: Path, *, as_json: bool) -> tuple[str, bool]:
    """What a programme breaks and costs, and whether it breaks nothing. Raises Trouble for bad files."""
    problem = _problem(file)
    try:
        places = places_from_json(problem, _solution(solution))
    except ValueError as error:
        raise Trouble(f"{solution}: {error}") from error
    wrong, costs = broken(problem, places), score(problem, places)
    if as_json:
        told = {"broken": [each.to_json() for each in wrong], "score": costs.parts, "total": costs.total}
        return json.dumps(told, ensure_ascii=False, indent=2), not wrong
    lines = [f"- {_fault(problem, each)}" for each in wrong] or ["Every demand is kept."]
    return "\n".join([*lines, "", *_score(costs.parts, costs.total)]), not wrong


def said(problem: Problem, demand: Demand) -> str:
    """A demand in words: “Ama Mensah is in one place at a time”."""
    first = demand.ids[0]
    match demand.kind:
        case Kind.PLACED:
            return f"{_title(problem, first)} is given a place"
        case Kind.LENGTH:
            return f"{_title(problem, first)} has its {problem.session[first].minutes} minutes"
        case Kind.ONLY:
            return f"{_title(problem, first)} is {_choices(problem, first)}"
        case Kind.LOCKED:
            return f"{_title(problem, first)} stays {_lock(problem, first)}"
        case Kind.CAPACITY:
            return f"{_title(problem, first)} has its {problem.session[first].expected} seats"
        case Kind.EQUIPMENT:
            return f"the room of {_title(problem, first)} has {', '.join(problem.session[first].needs)}"
        case Kind.CLOSED:
            return f"nothing is in {_room(problem, first)} while it is closed"
        case Kind.BREAK:
            return f"the break “{_break(problem, first)}” is kept"
        case Kind.AVAILABLE:
            return f"{_name(problem, first)} comes only when available"
        case Kind.ROOM:
            return f"{_room(problem, first)} holds one session at a time"
        case Kind.PERSON:
            return f"{_name(problem, first)} is in one place at a time"
        case Kind.WALK:
            return f"{_name(problem, first)} has time to walk from room to room"
        case Kind.PER_DAY:
            return f"{_name(problem, first)} is in no more sessions a day than allowed"
        case Kind.PLENARY:
            return f"nothing else is held during {_title(problem, first)}"
        case Kind.AFTER:
            return f"{_title(problem, first)} begins after {_title(problem, demand.ids[1])} is over"
        case Kind.SECTOR:
            return f"sessions for the sector {first} are not at the same time"
        case Kind.DOCUMENT:
            return f"sessions about the document {first} are not at the same time"
        case Kind.REPEAT:
            return f"{_title(problem, first)} and its repeats are not at the same time"


def _problem(file: Path) -> Problem:
    try:
        return Problem.from_json(_read(file))
    except ValueError as error:
        raise Trouble(f"{file}: {error}") from error


def _solution(file: Path) -> Any:
    """The places of a solution, or of a file that holds nothing else."""
    data = _read(file)
    return data["places"] if isinstance(data, dict) and "places" in data else data


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Trouble(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise Trouble(f"{file}: not JSON: {error}") from error


def solved(kind: str, question: dict[str, Any], doing: Mapping[str, str]) -> Any:
    """The answer of the child process, with a bar on a terminal; Ctrl-C asks for the best so far.

    `doing`: the child's words for what it does, in a person's. Raises Trouble where there is no answer.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with (
        Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar,
        _interrupts() as interrupts,
    ):
        task = bar.add_task("beginning", total=1.0)

        def progress(done: float, word: str) -> None:
            bar.update(task, completed=done, description=doing.get(word, word))

        try:
            return solving.solve(kind, question, progress=progress, enough=lambda: bool(interrupts))
        except solving.SolvingFailed as error:
            raise Trouble(str(error)) from error
        except ValueError as error:
            raise Trouble(f"cannot be solved: {error}") from error


def written(answer: Any, out: Path | None) -> str:
    """The answer as JSON, in a file too where one is named. Raises Trouble where it cannot be written."""
    document = json.dumps(answer, ensure_ascii=False, indent=2) + "\n"
    if out is not None:
        try:
            out.write_text(document, encoding="utf-8")
        except OSError as error:
            raise Trouble(f"{out}: {error.strerror}") from error
    return document


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """What the first Ctrl-C is added to; the second ends everything, as ever."""
    told: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        if told:
            signal.default_int_handler(number, frame)
        told.append(number)

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield told
    finally:
        signal.signal(signal.SIGINT, before)


def _shown(problem: Problem, answer: dict[str, Any]) -> str:
    places = places_from_json(problem, answer["places"])
    console = Console(width=WIDTH)
    with console.capture() as capture:
        for table in _days(problem, places):
            console.print(table)
        for line in [*_score(answer["score"], answer["total"]), _proof(answer), *_amiss(problem, answer)]:
            console.print(line, highlight=False, markup=False)
    return capture.get()


def _days(problem: Problem, places: Places) -> Iterator[Table]:
    """A table for each day: its blocks down, its rooms across."""
    zone = ZoneInfo(problem.zone)
    blocks = sorted(problem.blocks, key=lambda each: (each.start, each.minutes, each.key))
    for day in sorted({problem.day(each.key) for each in blocks}):
        today = [each for each in blocks if problem.day(each.key) == day]
        at: dict[tuple[str, str], list[str]] = {}
        for session in problem.sessions:
            place = places.get(session.key)
            if place is not None and problem.day(place.block) == day:
                at.setdefault((place.block, place.room), []).append(escape(session.title or session.key))
        rooms = [room for room in problem.room if any(room == used for _, used in at)]
        table = Table(
            f"{day:%a %d %b %Y}", *(escape(problem.room[room].name or room) for room in rooms), show_lines=True
        )
        for block in today:
            times = f"{block.start.astimezone(zone):%H:%M}–{block.end.astimezone(zone):%H:%M}"
            table.add_row(times, *(" / ".join(at.get((block.key, room), ())) for room in rooms))
        yield table


def _score(parts: dict[str, int], total: int) -> list[str]:
    rows = [f"{PART_NAMES[part]:<34}{parts[part]:>8}" for part in PARTS]
    return ["Points by part, less is better", *rows, f"{'in all':<34}{total:>8}"]


def _proof(answer: dict[str, Any]) -> str:
    if answer["optimal"]:
        return (
            "Proved: no programme has fewer."
            if answer["changes"] is None
            else "Proved: no programme so near has fewer."
        )
    if answer["bound"] is None:
        return "Not proved to be the best there is."
    return f"Not proved to be the best there is; no programme has fewer than {answer['bound']}."


def _amiss(problem: Problem, answer: dict[str, Any]) -> Iterator[str]:
    """What is changed, what is broken, and why there is nothing better."""
    if answer["changes"] is not None:
        yield from _changed(problem, answer["changes"])
    if answer["broken"]:
        yield "This programme breaks:"
        for each in answer["broken"]:
            yield f"- {_fault(problem, Broken(Demand.from_json(each), tuple(each['sessions'])))}"
    if answer["conflict"] is not None:
        fewest = "the fewest that" if answer["conflict"]["is_smallest"] else "some that"
        yield f"No programme keeps all demands. These are {fewest} cannot hold together:"
        for each in answer["conflict"]["demands"]:
            yield f"- {said(problem, Demand.from_json(each))}"
    elif not answer["possible"]:
        yield "No programme keeps all demands; there was no time to find out why (--seconds)."


def _changed(problem: Problem, told: dict[str, Any]) -> Iterator[str]:
    if not told["sessions"]:
        yield "Nothing changes."
        return
    yield "Changed, and less would not do:" if told["least"] else "Changed; perhaps less would do (--seconds):"
    for each in told["sessions"]:
        old, new = (Place.from_json(each[name]) for name in ("old", "new"))
        people = ", ".join(_name(problem, key) for key in each["people"]) or "nobody it needs"
        yield f"- {_title(problem, each['session'])}: {_place(problem, old)} → {_place(problem, new)}; touches {people}"


def _place(problem: Problem, place: Place) -> str:
    """What was published may be no more: then only its keys are known."""
    if place.block not in problem.block:
        return f"{place.block}, {_room(problem, place.room)}"
    start = problem.block[place.block].start.astimezone(ZoneInfo(problem.zone))
    return f"{start:%a %d %b %H:%M}, {_room(problem, place.room)}"


def _fault(problem: Problem, wrong: Broken) -> str:
    sessions = ", ".join(_title(problem, key) for key in wrong.sessions)
    return f"{said(problem, wrong.demand)}: not so with {sessions}"


def _title(problem: Problem, key: str) -> str:
    return f"“{problem.session[key].title or key}”"


def _name(problem: Problem, key: str) -> str:
    return problem.person[key].name or key


def _room(problem: Problem, key: str) -> str:
    room = problem.room.get(key)
    return room.name or key if room is not None else key


def _block(problem: Problem, key: str) -> str:
    block = problem.block[key]
    return block.name or f"{block.start.astimezone(ZoneInfo(problem.zone)):%a %d %b %H:%M}"


def _break(problem: Problem, key: str) -> str:
    return next(each.name or each.key for each in problem.breaks if each.key == key)


def _choices(problem: Problem, key: str) -> str:
    session = problem.session[key]
    blocks = f"at one of: {', '.join(_block(problem, each) for each in session.blocks)}" if session.blocks else ""
    rooms = f"in one of: {', '.join(_room(problem, each) for each in session.rooms)}" if session.rooms else ""
    return " and ".join(filter(None, (blocks, rooms)))


def _lock(problem: Problem, key: str) -> str:
    lock = problem.session[key].locked
    block = f"at {_block(problem, lock.block)}" if lock and lock.block else ""
    room = f"in {_room(problem, lock.room)}" if lock and lock.room else ""
    return " ".join(filter(None, (block, room)))
