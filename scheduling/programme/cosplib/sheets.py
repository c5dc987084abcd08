"""CoSPLib's spreadsheet: nine sheets, read by the names in them. What is odd is refused with its sheet and its row."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from os import PathLike
from typing import Any, NoReturn
from zipfile import BadZipFile

import openpyxl

from .conference import Conference, Hours, Pair, Session, Submission, Track, Weights

SHEETS = (
    "parameters",
    "submissions",
    "tracks",
    "sessions",
    "rooms",
    "tracks_sessions|penalty",
    "tracks_rooms|penalty",
    "similar tracks",
    "sessions_rooms|penalty",
)
_FIRST_PENALTY = 7  # the column of submissions after its own: sessions, then rooms
_ZONE = re.compile(r"GMT([+-]\d{1,2})")
_ZONES = 12  # hours from Greenwich, either way


class Odd(ValueError):
    """What is wrong with a file; the message names the sheet and the row, as a spreadsheet counts them."""


def looks_like(names: Sequence[str]) -> bool:
    """Whether a workbook with sheets of these names is meant as one of CoSPLib's."""
    return {"parameters", "submissions", "tracks_rooms|penalty"} <= set(names)


def read(path: str | PathLike[str]) -> Conference:
    """The conference in a file. Raises Odd, a ValueError, for what is not as the format has it."""
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, OSError) as error:
        raise Odd(f"no spreadsheet: {error}") from error
    try:
        if missing := [name for name in SHEETS if name not in book.sheetnames]:
            raise Odd(f"sheet “{missing[0]}” is missing")
        return _conference({name: _Sheet.of(name, book[name]) for name in SHEETS})
    finally:
        book.close()


@dataclass(frozen=True)
class _Sheet:
    name: str
    rows: Mapping[int, Sequence[Any]]  # by the row's number; without empty rows, and without empty cells at a row's end

    @classmethod
    def of(cls, name: str, sheet: Any) -> _Sheet:
        rows: dict[int, Sequence[Any]] = {}
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            filled = list(cells)
            while filled and filled[-1] in (None, ""):
                filled.pop()
            if filled:
                rows[number] = filled
        if 1 not in rows:
            raise Odd(f"sheet “{name}”, row 1: there are no headings")
        return cls(name, rows)

    @property
    def headings(self) -> list[str]:
        return ["" if cell is None else str(cell) for cell in self.rows[1]]

    def body(self) -> Iterator[int]:
        return (number for number in self.rows if number > 1)

    def cell(self, row: int, column: int) -> Any:
        cells = self.rows.get(row, ())
        return cells[column] if column < len(cells) else None

    def odd(self, row: int, what: str) -> NoReturn:
        raise Odd(f"sheet “{self.name}”, row {row}: {what}")

    def text(self, row: int, column: int, what: str) -> str:
        if (value := self.cell(row, column)) in (None, ""):
            self.odd(row, f"{what} is missing")
        return str(value)

    def people(self, row: int, column: int) -> tuple[str, ...]:
        value = self.cell(row, column)
        return () if value is None else tuple(name for name in str(value).split(", ") if name)

    def whole(self, row: int, column: int, what: str, least: int = 0) -> int:
        """A whole number from `least`; an empty cell is 0."""
        value = self.cell(row, column)
        value = 0 if value in (None, "") else value
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                self.odd(row, f"{what} is {value!r}, not a whole number")
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            self.odd(row, f"{what} is {value!r}, not a whole number")
        if value < least:
            self.odd(row, f"{what} is {value:g}, less than {least}")
        return int(value)

    def minutes(self, row: int, column: int, what: str) -> int:
        """A time of day: a time, or a text such as 09:30."""
        value = self.cell(row, column)
        if isinstance(value, datetime.time | datetime.datetime):
            return value.hour * 60 + value.minute
        if isinstance(value, str) and (found := re.fullmatch(r"(\d{1,2}):(\d{2})(:\d{2})?", value.strip())):
            hour, minute = int(found[1]), int(found[2])
            if hour < 24 and minute < 60:
                return hour * 60 + minute
        self.odd(row, f"{what} is {value!r}, not a time such as 09:30")

    def zone(self, row: int, column: int) -> int:
        value = self.text(row, column, "the time zone")
        found = _ZONE.fullmatch(value)
        if found is None or abs(int(found[1])) > _ZONES:
            self.odd(row, f"the time zone is {value!r}, not one from GMT-12 to GMT+12")
        return int(found[1])

    def names(self, what: str) -> dict[str, int]:
        """The row of each name in the first column."""
        found: dict[str, int] = {}
        for row in self.body():
            name = self.text(row, 0, f"the name of a {what}")
            if name in found:
                self.odd(row, f"{what} {name!r} is in row {found[name]} already")
            found[name] = row
        if not found:
            raise Odd(f"sheet “{self.name}” has no {what}")
        return found

    def columns(self, names: Sequence[str], what: str, first: int = 1) -> list[int]:
        """Which column each name heads, from column `first` on."""
        where: dict[str, int] = {}
        for column, heading in enumerate(self.headings[first:], first):
            if heading and heading in where:
                self.odd(1, f"{heading!r} heads two columns")
            where[heading] = column
        for name in names:
            if name not in where:
                self.odd(1, f"no column is headed by the {what} {name!r}")
        return [where[name] for name in names]

    def table(self, rows: Sequence[str], columns: Sequence[str], row_is: str, column_is: str) -> list[tuple[int, ...]]:
        """The penalty of every row with every column, both in the order given."""
        known, wanted = self.names(row_is), self.columns(columns, column_is)
        for name, row in known.items():
            if name not in rows:
                self.odd(row, f"there is no {row_is} {name!r}")
        for heading in self.headings[1:]:
            if heading and heading not in columns:
                self.odd(1, f"there is no {column_is} {heading!r}")
        for name in rows:
            if name not in known:
                raise Odd(f"sheet “{self.name}” has no row for the {row_is} {name!r}")
        return [tuple(self.whole(known[name], column, "the penalty") for column in wanted) for name in rows]


def _conference(sheets: Mapping[str, _Sheet]) -> Conference:
    tracks, sessions, rooms = ([*sheets[f"{what}s"].names(what)] for what in ("track", "session", "room"))
    weights, hours = _parameters(sheets["parameters"])
    by_session = sheets["tracks_sessions|penalty"].table(tracks, sessions, "track", "session")
    by_room = sheets["tracks_rooms|penalty"].table(tracks, rooms, "track", "room")
    availability = sheets["sessions_rooms|penalty"].table(sessions, rooms, "session", "room")
    submissions = _submissions(sheets["submissions"], tracks, sessions, rooms)
    _check(sheets, submissions)
    held, chairs = sheets["sessions"], sheets["tracks"]
    return Conference(
        submissions,
        tuple(
            Track(name, chairs.people(row, 1), by_session[number], by_room[number])
            for number, (name, row) in enumerate(chairs.names("track").items())
        ),
        tuple(
            Session(
                name,
                held.whole(row, 1, "the number of slots", 1),
                held.minutes(row, 3, "the start"),
                held.minutes(row, 4, "the end"),
                availability[number],
            )
            for number, (name, row) in enumerate(held.names("session").items())
        ),
        tuple(rooms),
        _similar(sheets["similar tracks"], tracks),
        weights,
        hours,
    )


def _parameters(sheet: _Sheet) -> tuple[Weights, Hours]:
    kinds = [kind.name for kind in fields(Weights)]
    weights = {}
    for row, kind in enumerate(kinds, 2):
        label = sheet.text(row, 3, "the name of a weight")
        if sheet.cell(row, 4) in (None, ""):
            sheet.odd(row, f"the weight {label!r} is missing")
        weights[kind] = sheet.whole(row, 4, f"the weight {label!r}")
    suitable = (sheet.minutes(4, 1, "suitable from"), sheet.minutes(5, 1, "suitable to"))
    bearable = (sheet.minutes(7, 1, "less suitable from"), sheet.minutes(8, 1, "less suitable to"))
    small, big = sheet.whole(9, 1, "the penalty"), sheet.whole(11, 1, "the penalty")
    return Weights(**weights), Hours(sheet.zone(2, 1), suitable, bearable, small, big)


def _submissions(
    sheet: _Sheet, tracks: Sequence[str], sessions: Sequence[str], rooms: Sequence[str]
) -> tuple[Submission, ...]:
    numbers = {name: number for number, name in enumerate(tracks)}
    # A session and a room may have the same name: the sessions' columns come first.
    middle = _FIRST_PENALTY + len(sessions)
    if len(sheet.headings) > middle + len(rooms):
        sheet.odd(1, f"{sheet.headings[middle + len(rooms)]!r} heads a column after the last room's")
    upto = _Sheet(sheet.name, {row: cells[:middle] for row, cells in sheet.rows.items()})
    in_sessions, in_rooms = upto.columns(sessions, "session", _FIRST_PENALTY), sheet.columns(rooms, "room", middle)
    found = []
    for reference, row in sheet.names("submission").items():
        track = sheet.text(row, 1, "the track")
        if track not in numbers:
            sheet.odd(row, f"there is no track {track!r}")
        found.append(
            Submission(
                reference,
                numbers[track],
                sheet.whole(row, 2, "the number of slots", 1),
                sheet.whole(row, 3, "the order"),
                sheet.zone(row, 4),
                sheet.people(row, 5),
                sheet.people(row, 6),
                tuple(sheet.whole(row, column, "the penalty") for column in in_sessions),
                tuple(sheet.whole(row, column, "the penalty") for column in in_rooms),
            )
        )
    return tuple(found)


def _similar(sheet: _Sheet, tracks: Sequence[str]) -> dict[Pair, int]:
    """Of the two cells that a pair of tracks has, the one in the row of the upper counts: so it is in CoSPLib."""
    rows = sheet.names("track")
    table = sheet.table(tracks, tracks, "track", "track")
    found: dict[Pair, int] = {}
    for one in range(len(tracks)):
        for other in range(one + 1, len(tracks)):
            upper, lower = (one, other) if rows[tracks[one]] < rows[tracks[other]] else (other, one)
            if points := table[upper][lower]:
                found[one, other] = points
    return found


def _check(sheets: Mapping[str, _Sheet], submissions: Sequence[Submission]) -> None:
    """That every submission fits a session, every track has one, and there are slots enough."""
    held = sheets["sessions"]
    slots = [held.whole(row, 1, "the number of slots", 1) for row in held.body()]
    for submission, row in zip(submissions, sheets["submissions"].body(), strict=True):
        if submission.slots > max(slots):
            sheets["submissions"].odd(row, f"{submission.slots} slots are more than any session has")
    empty = {*range(len(sheets["tracks"].names("track")))} - {submission.track for submission in submissions}
    for number, row in enumerate(sheets["tracks"].body()):
        if number in empty:
            sheets["tracks"].odd(row, "the track has no submissions")
    there, needed = sum(slots) * len(sheets["rooms"].names("room")), sum(each.slots for each in submissions)
    if needed > there:
        raise Odd(f"sheet “submissions” asks for {needed} slots; all sessions in all rooms have {there}")
