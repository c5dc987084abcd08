"""Spreadsheets in CoSPLib's format, small ones made at random; every sheet and every weight is used."""

from __future__ import annotations

import datetime
import random
from pathlib import Path
from typing import Any

import openpyxl

LABELS = (
    "Tracks_Sessions|Penalty:",
    "Tracks_Rooms|Penalty:",
    "Sessions_Rooms|Penalty:",
    "Similar Tracks:",
    "Number of Rooms per Track:",
    "Parallel Tracks:",
    "Consecutive Tracks:",
    "Submissions_Timezones:",
    "Submissions Order:",
    "Submissions_Sessions|Penalty:",
    "Submissions_Rooms|Penalty:",
    "Presenters Conflicts:",
    "Attendees Conflicts:",
    "Chairs Conflicts:",
    "Presenters Conflicts Timeslot Level:",
    "Attendees Conflicts Timeslot Level:",
)

HEADINGS = ("Reference", "Track", "Required Timeslots", "Order", "Time Zone", "Presenters", "Attendees")

Sheets = dict[str, list[list[Any]]]


def sheets(seed: int, submissions: int = 5, tracks: int = 2, sessions: int = 2, rooms: int = 2) -> Sheets:
    """A conference as rows of cells, the same for the same seed; sessions have 2 or 3 slots."""
    dice = random.Random(seed)
    the_tracks = [f"Track {n}" for n in range(tracks)]
    the_sessions, the_rooms = [f"Mon{n}" for n in range(sessions)], [f"Room {n}" for n in range(rooms)]
    people = [f"P{n}" for n in range(max(3, submissions // 2))]

    def some(most: int) -> str | None:
        return ", ".join(dice.sample(people, dice.randint(0, most))) or None

    def penalties(many: int) -> list[int | None]:
        return [dice.choice((None, None, 0, 1, 2, 5)) for _ in range(many)]

    def table(rows: list[str], columns: list[str]) -> list[list[Any]]:
        return [[None, *columns], *([row, *penalties(len(columns))] for row in rows)]

    starts = [dice.choice(((9, 30), (7, 15), (20, 45), (23, 0))) for _ in the_sessions]
    return {
        "parameters": _parameters(dice),
        "submissions": [
            [*HEADINGS, *the_sessions, *the_rooms],
            *(
                [
                    f"sub{n}",
                    the_tracks[n % tracks],
                    dice.choice((1, 1, 1, 2)) if n < submissions // 2 else 1,
                    dice.choice((0, 0, 1, 2, 3)),
                    f"GMT{dice.randint(-12, 12):+d}",
                    some(2),
                    some(2),
                    *penalties(sessions + rooms),
                ]
                for n in range(submissions)
            ),
        ],
        "tracks": [["Tracks", "Chairs"], *([track, some(1)] for track in the_tracks)],
        "sessions": [
            ["Sessions", "Max Number of Timeslots", "Date", "Start Time", "End Time"],
            *(
                [name, dice.choice((2, 3)), datetime.date(2021, 7, 12), datetime.time(start[0], start[1]), "23:59"]
                for name, start in zip(the_sessions, starts, strict=True)
            ),
        ],
        "rooms": [["Rooms"], *([room] for room in the_rooms)],
        "tracks_sessions|penalty": table(the_tracks, the_sessions),
        "tracks_rooms|penalty": table(the_tracks, the_rooms),
        "similar tracks": table(the_tracks, the_tracks),
        "sessions_rooms|penalty": table(the_sessions, the_rooms),
    }


def _parameters(dice: random.Random) -> list[list[Any]]:
    left: list[list[Any]] = [
        ["Sessions", None],
        ["Local time zone:", f"GMT{dice.randint(-3, 3):+d}"],
        ["Suitable scheduling times", None],
        ["From:", datetime.time(9, 30)],
        ["To:", datetime.time(21, 30)],
        ["Less suitable scheduling times", None],
        ["From:", "07:00"],
        ["To:", "23:00"],
        ["Penalty:", 1],
        ["Unsuitable scheduling times", None],
        ["Penalty:", 10],
    ]
    right: list[list[Any]] = [["Weights", None]]
    right += [[label, dice.choice((0, 1, 1, 2, 7))] for label in LABELS]
    left += [[None, None]] * (len(right) - len(left))
    return [[*one, None, *other] for one, other in zip(left, right, strict=True)]


def write(path: Path, rows: Sheets) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, cells in rows.items():
        sheet = book.create_sheet(name)
        for row in cells:
            sheet.append(row)
    book.save(path)
    return path
