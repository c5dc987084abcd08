"""Reading a conference from a spreadsheet of Timefold's example.

Five sheets are read: Configuration, Timeslots, Rooms, Speakers, Talks; the others are views of these. Lists in a cell
are divided by ", ". A dark grey cell (555753) says that a room or a speaker cannot be had at its column's timeslot.
Every complaint is a ValueError that names the sheet, the cell and what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NoReturn
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from scheduling.programme.timefold.problem import (
    LEVELS,
    Conference,
    Interval,
    Place,
    Room,
    Slot,
    Speaker,
    Talk,
    Weight,
    Wishes,
)
from scheduling.programme.timefold.score import CONSTRAINTS, YOUNGEST

UNAVAILABLE = "555753"
SHEETS = ("Configuration", "Timeslots", "Rooms", "Speakers", "Talks")
PAUSE = "Minimum consecutive talks pause in minutes"

_SLOT = ("Day", "Start", "End", "Talk types", "Tags")
_ROOM = ("Name", "Capacity", "Talk types", "Tags")
_WISHES = ("Required", "Preferred", "Prohibited", "Undesired")
_TAGS = tuple(f"{wish} {what} tags" for what in ("timeslot", "room") for wish in _WISHES)
_SPEAKER = ("Name", *_TAGS)
_TALK = (
    *("Code", "Title", "Talk type", "Speakers", "Theme track tags", "Sector tags", "Audience types", "Audience level"),
    *("Content tags", "Language", *_TAGS, "Mutually exclusive talks tags", "Prerequisite talks codes"),
    *("Favorite count", "Crowd control risk", "Pinned by user", "Timeslot day", "Start", "End", "Room"),
    *("Published Timeslot", "Published Start", "Published End", "Published Room"),
)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEIGHT = re.compile(r"(-?\d+)(hard|medium|soft)")


def recognises(names: Iterable[str]) -> bool:
    """Whether a workbook with sheets of these names is one of Timefold's."""
    return {"Configuration", "Timeslots", "Talks"} <= set(names)


def read(path: Path) -> Conference:
    """The conference in a spreadsheet. Raises ValueError where the file is none or something in it is wrong."""
    try:
        book = load_workbook(path)
    except (BadZipFile, InvalidFileException, KeyError) as error:
        raise ValueError(f"{path.name}: no spreadsheet that can be read ({error})") from error
    missing = [name for name in SHEETS if name not in book.sheetnames]
    if missing:
        raise ValueError(f"{path.name}: no sheet {', '.join(missing)}")
    name, pause, weights = _configuration(book["Configuration"])
    slots = _slots(book["Timeslots"])
    types = {each for slot in slots for each in slot.types}
    rooms = _rooms(book["Rooms"], slots, types)
    speakers = _speakers(book["Speakers"], slots, rooms)
    talks = _talks(book["Talks"], slots, rooms, speakers, types)
    return Conference(name, pause, weights, slots, rooms, speakers, talks)


class _Row:
    """A row of a sheet under its headings: cells are asked for by heading, and complaints name the cell."""

    def __init__(self, sheet: str, number: int, cells: Mapping[str, Cell | MergedCell]) -> None:
        self.sheet, self.number, self.cells = sheet, number, cells

    def wrong(self, heading: str, what: str) -> NoReturn:
        raise ValueError(f"sheet {self.sheet}, cell {self.cells[heading].coordinate} ({heading}): {what}")

    def text(self, heading: str) -> str:
        value = self.cells[heading].value
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong(heading, f"{value!r} should be text")
        return value.strip()

    def name(self, heading: str) -> str:
        value = self.text(heading)
        if not value:
            self.wrong(heading, "is empty")
        return value

    def list(self, heading: str) -> list[str]:
        return [each for each in map(str.strip, self.text(heading).split(",")) if each]

    def tags(self, heading: str, known: frozenset[str] | None = None) -> frozenset[str]:
        tags = frozenset(self.list(heading))
        for each in sorted(tags - known) if known is not None else ():
            self.wrong(heading, f"no tag {each!r} there")
        return tags

    def number_of(self, heading: str, least: int) -> int:
        value = self.cells[heading].value
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value < least:
            self.wrong(heading, f"{value!r} should be a whole number, {least} or more")
        return int(value)

    def truth(self, heading: str) -> bool:
        value = self.cells[heading].value
        if isinstance(value, bool):
            return value
        # Written as a formula by some programs.
        match str(value or "").strip().upper().removeprefix("=").removesuffix("()"):
            case "TRUE":
                return True
            case "FALSE" | "":
                return False
        self.wrong(heading, f"{value!r} should be TRUE or FALSE")

    def wishes(self, what: str, known: frozenset[str]) -> Wishes:
        return Wishes(*(self.tags(f"{wish} {what} tags", known) for wish in _WISHES))

    def unavailable(self, headings: Sequence[str]) -> frozenset[int]:
        return frozenset(number for number, heading in enumerate(headings) if self._is_grey(heading))

    def _is_grey(self, heading: str) -> bool:
        cell = self.cells[heading]
        if cell.value not in (None, ""):
            self.wrong(heading, f"{cell.value!r} should be empty: talks are put in place on the sheet Talks")
        if cell.fill.fill_type is None:
            return False
        colour = cell.fill.fgColor.rgb if cell.fill.fill_type == "solid" else None
        if not isinstance(colour, str) or colour[-6:].upper() != UNAVAILABLE:
            self.wrong(heading, f"filled in a colour that means nothing: {UNAVAILABLE} is unavailable")
        return True


def _rows(sheet: Worksheet, headings: Sequence[str], at: int = 1) -> Iterator[_Row]:
    """The rows below the headings in row `at` that are not empty."""
    for column, heading in enumerate(headings, start=1):
        cell = sheet.cell(at, column)
        if str(cell.value or "").strip() != heading.split("|")[-1]:
            raise ValueError(
                f"sheet {sheet.title}, cell {cell.coordinate}: {cell.value!r} where {heading.split('|')[-1]!r} belongs"
            )
    for number in range(at + 1, sheet.max_row + 1):
        cells = {heading: sheet.cell(number, column) for column, heading in enumerate(headings, start=1)}
        if any(cell.value not in (None, "") for cell in cells.values()):
            yield _Row(sheet.title, number, cells)


def _hours(slots: Sequence[Slot]) -> list[str]:
    """A heading for each timeslot: as it stands in the sheet after the bar, unique before it."""
    return [f"{number}|{slot.name.split(' ')[-1]}" for number, slot in enumerate(slots)]


def _unique(rows: Sequence[_Row], heading: str) -> None:
    seen: set[str] = set()
    for row in rows:
        name = row.name(heading)
        if name in seen:
            row.wrong(heading, f"a second {name!r}")
        seen.add(name)


def _configuration(sheet: Worksheet) -> tuple[str, int, dict[str, Weight]]:
    found = {
        str(sheet.cell(number, 1).value or "").strip(): _Row(
            sheet.title, number, {"Constraint": sheet.cell(number, 1), "Score weight": sheet.cell(number, 2)}
        )
        for number in range(1, sheet.max_row + 1)
    }
    known = {"", "Constraint", "Conference name", PAUSE, *CONSTRAINTS}
    for name, row in found.items():
        if name not in known:
            row.wrong("Constraint", f"no constraint {name!r} is known")
    missing = [name for name in ("Conference name", PAUSE, *CONSTRAINTS) if name not in found and name not in YOUNGEST]
    if missing:
        raise ValueError(f"sheet {sheet.title}: no row for {', '.join(missing)}")
    weights = {name: _weight(found[name]) if name in found else Weight() for name in CONSTRAINTS}
    name = found["Conference name"].name("Score weight")
    return name, found[PAUSE].number_of("Score weight", 0), weights


def _weight(row: _Row) -> Weight:
    value = row.name("Score weight")
    parts = [_WEIGHT.fullmatch(part) for part in value.split("/")]
    amounts = {part[2]: int(part[1]) for part in parts if part is not None}
    if len(amounts) != len(parts) or min(amounts.values(), default=-1) < 0:
        row.wrong("Score weight", f"{value!r} should be like {'/'.join(f'0{level}' for level in LEVELS)}")
    return Weight(**amounts)


def _day(row: _Row, heading: str) -> date:
    value = row.name(heading)
    try:
        day = datetime.strptime(value[4:], "%Y-%m-%d").date()  # noqa: DTZ007  a day on the wall has no zone
    except ValueError:
        row.wrong(heading, f"{value!r} should be a day like Mon 2026-10-05")
    if value[:3] != _DAYS[day.weekday()]:
        row.wrong(heading, f"{value!r} is a {_DAYS[day.weekday()]}")
    return day


def _minutes(row: _Row, heading: str) -> int:
    value = row.name(heading)
    if not (found := re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", value)):
        row.wrong(heading, f"{value!r} should be a time like 09:30")
    return int(found[1]) * 60 + int(found[2])


def _slots(sheet: Worksheet) -> tuple[Slot, ...]:
    rows = list(_rows(sheet, _SLOT))
    if not rows:
        raise ValueError(f"sheet {sheet.title}: no timeslots")
    days = [_day(row, "Day") for row in rows]
    slots: list[Slot] = []
    for row, day in zip(rows, days, strict=True):
        start, end = _minutes(row, "Start"), _minutes(row, "End")
        if start >= end:
            row.wrong("End", "not after its start")
        number = (day - min(days)).days
        name = f"{row.text('Day')} {row.text('Start')}-{row.text('End')}"
        if any(name == slot.name for slot in slots):
            row.wrong("Start", "a second timeslot of the same time")
        types = row.tags("Talk types")
        if not types:
            row.wrong("Talk types", "is empty")
        time = Interval(number, number * 24 * 60 + start, number * 24 * 60 + end)
        slots.append(Slot(name, time, types, row.tags("Tags")))
    return tuple(slots)


def _days_above(sheet: Worksheet, slots: Sequence[Slot], after: int) -> None:
    """Check the first row: each day stands above the first of its timeslots."""
    before = None
    for column, slot in enumerate(slots, start=after + 1):
        day = slot.name.rpartition(" ")[0]
        cell = sheet.cell(1, column)
        expected = "" if day == before else day
        if str(cell.value or "").strip() != expected:
            raise ValueError(f"sheet {sheet.title}, cell {cell.coordinate}: {cell.value!r} where {expected!r} belongs")
        before = day


def _rooms(sheet: Worksheet, slots: Sequence[Slot], types: set[str]) -> tuple[Room, ...]:
    hours = _hours(slots)
    _days_above(sheet, slots, len(_ROOM))
    rows = list(_rows(sheet, (*_ROOM, *hours), at=2))
    if not rows:
        raise ValueError(f"sheet {sheet.title}: no rooms")
    _unique(rows, "Name")
    return tuple(
        Room(
            name=row.name("Name"),
            capacity=row.number_of("Capacity", 1),
            types=row.tags("Talk types", frozenset(types)) or frozenset(types),
            tags=row.tags("Tags"),
            closed=row.unavailable(hours),
        )
        for row in rows
    )


def _speakers(sheet: Worksheet, slots: Sequence[Slot], rooms: Sequence[Room]) -> tuple[Speaker, ...]:
    hours = _hours(slots)
    _days_above(sheet, slots, len(_SPEAKER))
    rows = list(_rows(sheet, (*_SPEAKER, *hours), at=2))
    _unique(rows, "Name")
    of_slots, of_rooms = _tags(slots), _tags(rooms)
    return tuple(
        Speaker(
            row.name("Name"), row.wishes("timeslot", of_slots), row.wishes("room", of_rooms), row.unavailable(hours)
        )
        for row in rows
    )


def _tags(those: Sequence[Slot | Room]) -> frozenset[str]:
    return frozenset(tag for each in those for tag in each.tags)


def _talks(
    sheet: Worksheet, slots: Sequence[Slot], rooms: Sequence[Room], speakers: Sequence[Speaker], types: set[str]
) -> tuple[Talk, ...]:
    rows = list(_rows(sheet, _TALK))
    if not rows:
        raise ValueError(f"sheet {sheet.title}: no talks")
    _unique(rows, "Code")
    codes = frozenset(row.name("Code") for row in rows)
    of_slots, of_rooms = _tags(slots), _tags(rooms)
    at = {slot.name: number for number, slot in enumerate(slots)}
    where = {room.name: number for number, room in enumerate(rooms)}
    who = {speaker.name: number for number, speaker in enumerate(speakers)}

    def talk(row: _Row) -> Talk:
        code = row.name("Code")
        if row.name("Talk type") not in types:
            row.wrong("Talk type", f"no timeslot takes a talk of type {row.text('Talk type')!r}")
        if not any(row.text("Talk type") in room.types for room in rooms):
            row.wrong("Talk type", f"no room takes a talk of type {row.text('Talk type')!r}")
        strangers = [name for name in row.list("Speakers") if name not in who]
        if strangers:
            row.wrong("Speakers", f"not on the sheet Speakers: {', '.join(strangers)}")
        after = row.tags("Prerequisite talks codes")
        for each in sorted(after - (codes - {code})):
            row.wrong("Prerequisite talks codes", f"no other talk {each!r}")
        return Talk(
            code=code,
            title=row.text("Title"),
            type=row.text("Talk type"),
            speakers=tuple(who[name] for name in row.list("Speakers")),
            themes=row.tags("Theme track tags"),
            sectors=row.tags("Sector tags"),
            audiences=row.tags("Audience types"),
            level=row.number_of("Audience level", 1),
            contents=row.tags("Content tags"),
            language=row.text("Language"),
            slots=row.wishes("timeslot", of_slots),
            rooms=row.wishes("room", of_rooms),
            exclusive=row.tags("Mutually exclusive talks tags"),
            after=after,
            favourites=row.number_of("Favorite count", 0),
            crowd_risk=row.number_of("Crowd control risk", 0),
            pinned=_pinned(row, at, where),
            published_slot=_slot(row, "Published Timeslot", "Published Start", "Published End", at),
            published_room=_room(row, "Published Room", where),
        )

    return tuple(talk(row) for row in rows)


def _pinned(row: _Row, at: Mapping[str, int], where: Mapping[str, int]) -> Place | None:
    slot, room = _slot(row, "Timeslot day", "Start", "End", at), _room(row, "Room", where)
    if not row.truth("Pinned by user"):
        return None
    if slot is None or room is None:
        row.wrong("Pinned by user", "pinned, but not put in a timeslot and a room")
    return Place(slot, room)


def _slot(row: _Row, day: str, start: str, end: str, at: Mapping[str, int]) -> int | None:
    if not (row.text(day) or row.text(start) or row.text(end)):
        return None
    name = f"{row.text(day)} {row.text(start)}-{row.text(end)}"
    if name not in at:
        row.wrong(day, f"no timeslot {name} on the sheet Timeslots")
    return at[name]


def _room(row: _Row, heading: str, where: Mapping[str, int]) -> int | None:
    name = row.text(heading)
    if name and name not in where:
        row.wrong(heading, f"no room {name!r} on the sheet Rooms")
    return where.get(name)
