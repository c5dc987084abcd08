"""Conferences in Timefold's spreadsheet format, made up for tests: every sheet, and every column in use."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import PatternFill

GREY = PatternFill("solid", fgColor="FF555753")
TAGS = [
    f"{wish} {what} tags"
    for what in ("timeslot", "room")
    for wish in ("Required", "Preferred", "Prohibited", "Undesired")
]
SPEAKER = ["Name", *TAGS]
TALK = [
    *("Code", "Title", "Talk type", "Speakers", "Theme track tags", "Sector tags", "Audience types", "Audience level"),
    *("Content tags", "Language", *TAGS, "Mutually exclusive talks tags", "Prerequisite talks codes", "Favorite count"),
    *("Crowd control risk", "Pinned by user", "Timeslot day", "Start", "End", "Room"),
    *("Published Timeslot", "Published Start", "Published End", "Published Room"),
]
HARD = {
    **{"Room unavailable timeslot": 100_000, "Room conflict": 1_000, "Speaker unavailable timeslot": 100},
    **{"Speaker conflict": 10, "Talk prerequisite talks": 10, "Talk mutually-exclusive-talks tags": 1},
    **{"Consecutive talks pause": 1, "Crowd control": 1},
    **{
        f"{whose} {wish} {what} tags": 1
        for whose in ("Speaker", "Talk")
        for wish in ("required", "prohibited")
        for what in ("timeslot", "room")
    },
}
SOFT = {
    **{"Published room": 10, "Theme track conflict": 10, "Theme track room stability": 10, "Sector conflict": 10},
    **{"Audience type diversity": 1, "Audience type theme track conflict": 1, "Audience level diversity": 1},
    **{"Content audience level flow violation": 10, "Content conflict": 100, "Language diversity": 10},
    **{"Same day talks": 10, "Popular talks": 10},
    **{
        f"{whose} {wish} {what} tags": 20
        for whose in ("Speaker", "Talk")
        for wish in ("preferred", "undesired")
        for what in ("timeslot", "room")
    },
    "Speaker makespan": 20,
}
WEIGHTS = {
    **{name: f"{each}hard/0medium/0soft" for name, each in HARD.items()},
    "Published timeslot": "0hard/1medium/0soft",
    **{name: f"0hard/0medium/{each}soft" for name, each in SOFT.items()},
}

Row = dict[str, str | int]


@dataclass
class File:
    """What stands in a spreadsheet. A test changes what it is about, and writes it."""

    slots: list[tuple[str, str, str, str, str]]  # day, start, end, types, tags
    rooms: list[tuple[str, int, str, str]]  # name, capacity, types, tags
    talks: list[Row]
    speakers: list[Row] = field(default_factory=list)
    closed: set[tuple[str, int]] = field(default_factory=set)  # a room's or a speaker's name, and a timeslot's number
    weights: dict[str, str] = field(default_factory=lambda: dict(WEIGHTS))
    pause: int = 15

    def write(self, path: Path) -> Path:
        """Write the file, and return its path."""
        book = Workbook()
        book.remove(book.worksheets[0])
        sheet = book.create_sheet("Configuration")
        for row in (["Conference name", "Made up"], ["Minimum consecutive talks pause in minutes", self.pause], [], []):
            sheet.append(row)
        sheet["A4"], sheet["B4"], sheet["C4"] = "Constraint", "Score weight", "Description"
        for name, weight in self.weights.items():
            sheet.append([name, weight])
        sheet = book.create_sheet("Timeslots")
        sheet.append(["Day", "Start", "End", "Talk types", "Tags"])
        for slot in self.slots:
            sheet.append(list(slot))
        self._by_slot(book, "Rooms", ["Name", "Capacity", "Talk types", "Tags"], [list(room) for room in self.rooms])
        rows = [[speaker.get(heading, "") for heading in SPEAKER] for speaker in self.speakers]
        self._by_slot(book, "Speakers", SPEAKER, rows)
        sheet = book.create_sheet("Talks")
        sheet.append(TALK)
        for talk in self.talks:
            sheet.append([talk.get(heading) for heading in TALK])
        book.save(path)
        return path

    def _by_slot(self, book: Workbook, name: str, headings: Sequence[str], rows: Sequence[Sequence[str | int]]) -> None:
        sheet = book.create_sheet(name)
        days = [slot[0] for slot in self.slots]
        above = [day if number == 0 or days[number - 1] != day else "" for number, day in enumerate(days)]
        sheet.append([*("" for _ in headings), *above])
        sheet.append([*headings, *(f"{start}-{end}" for _, start, end, _, _ in self.slots)])
        for number, row in enumerate(rows, start=3):
            sheet.append(list(row))
            for slot in range(len(self.slots)):
                if (str(row[0]), slot) in self.closed:
                    sheet.cell(number, len(headings) + slot + 1).fill = GREY


def day(number: int) -> str:
    """A day as the format writes it."""
    return (date(2026, 10, 5) + timedelta(days=number)).strftime("%a %Y-%m-%d")


def talk(code: str, **more: str | int) -> Row:
    """A talk with what every talk has, and more."""
    return {
        **{"Code": code, "Title": code, "Talk type": "Breakout", "Audience level": 1, "Language": "en"},
        **{"Favorite count": 100, "Crowd control risk": 0, "Pinned by user": "=FALSE()"},
        **{key.replace("_", " "): value for key, value in more.items()},
    }


def random_file(
    seed: int, talks: int = 7, days: int = 3, spare: int = 2, density: float = 0.4, pinned: int = 0
) -> File:
    """A conference in which anything may be asked for, on several days, with labs that overlap breakouts.

    `spare` is how many places there are more than talks, about; `density` how often a cell is filled; the
    first `pinned` talks stay where they are.
    """
    chance = random.Random(seed)
    hours = [
        ("09:00", "10:30", "Lab"),
        ("09:00", "09:45", "Breakout"),
        ("09:55", "10:30", "Breakout"),
        ("11:00", "11:45", "Breakout, Lab"),
    ]
    slots = [
        (day(number), *hour, _some(chance, ["Early", "Keynote"], density)) for number in range(days) for hour in hours
    ]
    rooms = max(2, -(-(talks + spare) // (2 * days)))
    names = [f"P {number}" for number in range(max(2, talks // 2))]

    def some(*choices: str) -> str:
        return _some(chance, choices, density)

    def tags() -> Row:
        pools = {"timeslot": ["Early", "Keynote"], "room": ["Large", "Recorded"]}
        known = {"timeslot": ", ".join(slot[4] for slot in slots), "room": ", ".join(room[3] for room in halls)}
        return {
            heading: _some(
                chance,
                [tag for tag in pools[heading.split(" ")[1]] if tag in known[heading.split(" ")[1]]],
                density / 3,
            )
            for heading in TAGS
        }

    halls = [
        (f"R {number}", 50 * chance.randint(1, 4), "" if number == 0 else "Breakout", some("Large", "Recorded"))
        for number in range(rooms)
    ]
    listed = []
    for number in range(talks):
        row = talk(f"S{number:02}", **{"Audience level": chance.randint(1, 3)})
        at, room = chance.choice([slot for slot in slots if "Breakout" in slot[3]]), chance.choice(halls)
        row |= {
            **tags(),
            "Talk type": "Lab" if chance.random() < 0.15 else "Breakout",
            "Speakers": ", ".join(chance.sample(names, chance.randint(0, 2))),
            "Theme track tags": some("Cloud", "Trade", "Law"),
            "Sector tags": some("Food", "Cars"),
            "Audience types": some("Brokers", "Officers"),
            "Content tags": some("Origin", "Value", "Transit"),
            "Language": chance.choice(["en", "fr"]),
            "Mutually exclusive talks tags": some("Sponsor"),
            "Prerequisite talks codes": f"S{chance.randrange(number):02}" if number and chance.random() < 0.2 else "",
            "Favorite count": chance.randint(0, 3) * 100,
            "Crowd control risk": int(chance.random() < 0.5),
        }
        if number < pinned:
            row |= {"Talk type": "Breakout", "Pinned by user": "=TRUE()", "Room": room[0]}
            row |= {"Timeslot day": at[0], "Start": at[1], "End": at[2]}
        if chance.random() < 0.2:
            row |= {
                "Published Timeslot": at[0],
                "Published Start": at[1],
                "Published End": at[2],
                "Published Room": room[0],
            }
        listed.append(row)
    speakers: list[Row] = [{"Name": name, **tags()} for name in names]
    closed = {
        (name, slot)
        for name in [*names, *(room[0] for room in halls)]
        for slot in range(len(slots))
        if chance.random() < 0.05
    }
    return File(slots, halls, listed, speakers, closed)


def _some(chance: random.Random, choices: Sequence[str], density: float) -> str:
    return ", ".join(each for each in choices if chance.random() < density)
