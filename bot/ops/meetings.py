"""A year of a region's meetings on the command line: no database, the members as they are known to everybody."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot.ops.trouble import Trouble
from scheduling import regions, solving
from scheduling.deadlines import WEEKDAYS, WorkingWeek
from scheduling.meetings import Attendee, Burden, Plan, Why, Year, carried, fixed, monthly, score

WIDTH = 120
BRUSSELS = "Europe/Brussels"
AFTERNOON = time(14)  # in Brussels: when meetings of the organization's committees begin that suit its seat
WEEKEND = (5, 6)
DAYS_OFF = (Why.WEEKEND, Why.HOLIDAY, Why.CLOSURE)
DOING = {
    "scoring": "reading clocks and calendars",
    "most": "least for whoever bears most",
    "total": "least in all",
    "nights": "fewest nights",
    "done": "done",
}


def plan(
    region: Sequence[str],
    year: int,
    *,
    slots: int,
    every: int,
    week: int,
    days: Sequence[str],
    minutes: int,
    clock: str,
    also: Sequence[str],
    ledger: Path | None,
    seconds: float,
    as_json: bool,
) -> str:
    """The choices as tables, or as one JSON document for programs. Raises Trouble for what cannot be planned."""
    try:
        chosen = regions.members() if "ALL" in region else regions.of(region)
        attendees = (*regions.attendees(chosen), *map(_guest, also))
        question = Year(
            attendees,
            monthly(year, week, [_weekday(day) for day in days], range(1, 13, every)),
            minutes=minutes,
            slots=slots,
            clock=clock,
            carried=_carried(ledger, year, attendees),
            seconds=seconds,
        )
        answer = _solved(question)
    except solving.SolvingFailed as error:
        raise Trouble(str(error)) from error
    except ValueError as error:
        raise Trouble(f"cannot be planned: {error}") from error
    answer["brussels"] = fixed(question, AFTERNOON, BRUSSELS).to_json()
    answer["without_holidays"] = regions.without_holidays(chosen, year)
    if as_json:
        return json.dumps({"regions": list(region), "year": year, **answer}, ensure_ascii=False, indent=2)
    return _shown(question, answer)


def _weekday(name: str) -> int:
    if name not in WEEKDAYS:
        raise ValueError(f"{name} is no day; they are {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(name)


def _guest(zone: str) -> Attendee:
    """Who attends beside the members: from Monday to Friday, with holidays nobody told us."""
    week = tuple(() if day in WEEKEND else regions.OFFICE for day in range(len(WEEKDAYS)))
    return Attendee(zone, WorkingWeek(zone, week))


def _carried(ledger: Path | None, year: int, attendees: Iterable[Attendee]) -> dict[str, int]:
    if ledger is None:
        return {}
    try:
        history = {
            int(past): {str(key): int(points) for key, points in borne.items()}
            for past, borne in json.loads(ledger.read_text(encoding="utf-8")).items()
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f'{ledger} is not a ledger, such as {{"2026": {{"NZ": 12}}}}: {error}') from error
    return carried(history, year, [each.key for each in attendees])


def _solved(question: Year) -> Any:
    """The answer of the child process, with a bar on a terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(DOING["scoring"], total=1.0)

        def progress(done: float, doing: str) -> None:
            bar.update(task, completed=done, description=DOING.get(doing, doing))

        return solving.solve("meetings", question.to_json(), progress=progress)


def _shown(question: Year, answer: dict[str, Any]) -> str:
    choices = [Plan.from_json(each) for each in answer["choices"]]
    suggested = choices[answer["knee"]]
    console = Console(width=WIDTH)
    with console.capture() as capture:
        console.print(_choices(answer, choices))
        if not all(each["is_proven"] for each in answer["choices"]):
            console.print("* the best found in the time given; not proved to be the best there is (--seconds)")
        console.print(_dates(question, suggested, answer["knee"] + 1))
        console.print(_members(choices))
        if answer["without_holidays"]:
            console.print(f"No public holidays of this year are known for {', '.join(answer['without_holidays'])}.")
    return capture.get()


def _choices(answer: dict[str, Any], choices: Sequence[Plan]) -> Table:
    clock = choices[0].clock
    table = Table("", "nobody above", "total", "nights", "without a point", "Gini", f"times ({clock})", title="Choices")
    for number, (each, choice) in enumerate(zip(choices, answer["choices"], strict=True), 1):
        name = f"{number}{'' if choice['is_proven'] else '*'}{'  suggested' if number == answer['knee'] + 1 else ''}"
        table.add_row(name, *_figures(each))
    table.add_section()
    table.add_row("one time for all", *_figures(Plan.from_json(answer["fixed"])))
    table.add_row("14:00 in Brussels", *_figures(Plan.from_json(answer["brussels"]))[:-1], "")
    return table


def _figures(each: Plan) -> list[str]:
    counts = (each.most, each.total, each.night_seats, each.unburdened)
    return [*map(str, counts), f"{each.gini:.2f}", ", ".join(f"{at:%H:%M}" for at in each.times)]


def _dates(question: Year, suggested: Plan, number: int) -> Table:
    table = Table("date", question.clock, "a day off for", title=f"Choice {number}")
    for start in suggested.starts:
        local = start.astimezone(ZoneInfo(question.clock))
        burdens = score(start, question.minutes, question.attendees).burdens
        off = (f"{key} ({why})" for key, each in burdens.items() if (why := _day_off(each)))
        table.add_row(f"{local:%a %d %b %Y}", f"{local:%H:%M}", ", ".join(off))
    return table


def _day_off(each: Burden) -> str:
    return next((reason.name or reason.why for reason in each.reasons if reason.why in DAYS_OFF), "")


def _members(choices: Sequence[Plan]) -> Table:
    """Everybody's points under each choice, and their nights in brackets; who bears most comes first."""
    numbers = [f"choice {number}" for number in range(1, len(choices) + 1)]
    table = Table("", "carried", *numbers, title="Points (nights)")
    first = choices[0]
    for key in sorted(first.points, key=lambda key: (-max(each.points[key] for each in choices), key)):
        table.add_row(_name(key), str(first.carried[key]), *(_borne(each, key) for each in choices))
    return table


def _borne(each: Plan, key: str) -> str:
    nights = each.nights[key]
    return f"{each.points[key]} ({nights})" if nights else str(each.points[key])


def _name(key: str) -> str:
    name = regions.name_of(key, "en")
    return key if name == key else f"{key} {name}"
