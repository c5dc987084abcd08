"""An independent score of a programme in Timefold's format: from the spreadsheet and the places alone.

Written from the format's definition, and sharing nothing with the product: it reads the file by position, not by
heading, goes through every talk and every two talks, and asks each constraint's question in so many words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import combinations, permutations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from openpyxl import load_workbook

GREY = "FF555753"
Points = tuple[int, int, int]  # hard, medium, soft


def check(path: Path, places: Mapping[str, Mapping[str, str]]) -> tuple[dict[str, Points], Points]:
    """The points of each constraint that has any, and of all: of `{code: {"slot": "Mon … 10:00-11:00", "room": name}}`.

    Raises AssertionError for what is no programme at all: a talk left out, at a timeslot or in a room that does not
    take its type, or moved though it is pinned.
    """
    conference = read(path)
    talks = conference.talks
    assert set(places) == {talk.code for talk in talks}, "not every talk, or others"
    for talk in talks:
        talk.slot = conference.slots[places[talk.code]["slot"]]
        talk.room = conference.rooms[places[talk.code]["room"]]
        assert talk.type in talk.slot.types and talk.type in talk.room.types, f"{talk.code} does not fit there"
        if talk.is_pinned:
            assert (talk.slot.name, talk.room.name) == talk.now, f"{talk.code} is pinned elsewhere"
    points: dict[str, list[int]] = {}

    def count(name: str, matches: int) -> None:
        if matches:
            weight = conference.weights.get(name, (0, 0, 0))
            so_far = points.setdefault(name, [0, 0, 0])
            for level in range(3):
                so_far[level] -= weight[level] * matches

    for talk in talks:
        _one(conference, talk, count)
    for one, other in combinations(talks, 2):
        _two(conference, one, other, count)
    for one, other in permutations(talks, 2):
        _ordered(one, other, count)
    for talk in talks:
        drawing = [each for each in talks if each is not talk and each.risk > 0 and each.slot is talk.slot]
        if talk.risk > 0 and len(drawing) > 1:
            count("Crowd control", talk.slot.minutes)
    for speaker in conference.speakers.values():
        days = [talk.slot.start.date() for talk in talks if speaker.name in talk.speakers]
        if days and (max(days) - min(days)).days > 1:
            count("Speaker makespan", ((max(days) - min(days)).days - 1) * 8 * 60)
    named = {name: (each[0], each[1], each[2]) for name, each in points.items() if any(each)}
    return named, (
        sum(each[0] for each in named.values()),
        sum(each[1] for each in named.values()),
        sum(each[2] for each in named.values()),
    )


def _one(conference: Any, talk: Any, count: Any) -> None:
    minutes = talk.slot.minutes
    speakers = [conference.speakers[name] for name in talk.speakers]
    if talk.slot.name in talk.room.closed:
        count("Room unavailable timeslot", minutes)
    for speaker in speakers:
        if talk.slot.name in speaker.away:
            count("Speaker unavailable timeslot", minutes)
    if talk.announced[0] and talk.announced[0] != talk.slot.name:
        count("Published timeslot", 1)
    if talk.announced[1] and talk.announced[1] != talk.room.name:
        count("Published room", 1)
    for what, there in (("timeslot", talk.slot.tags), ("room", talk.room.tags)):
        for whose, those in (("Talk", [talk]), ("Speaker", speakers)):
            for each in those:
                for wish in ("required", "preferred"):
                    count(f"{whose} {wish} {what} tags", minutes * len(each.wishes[wish, what] - there))
                for wish in ("prohibited", "undesired"):
                    count(f"{whose} {wish} {what} tags", minutes * len(each.wishes[wish, what] & there))


def _two(conference: Any, one: Any, other: Any, count: Any) -> None:
    overlap = int((min(one.slot.end, other.slot.end) - max(one.slot.start, other.slot.start)).total_seconds()) // 60
    overlap = max(overlap, 0)
    both = one.slot.minutes + other.slot.minutes
    same_day = one.slot.start.date() == other.slot.start.date()
    themes, contents = len(one.themes & other.themes), len(one.contents & other.contents)
    audiences = len(one.audiences & other.audiences)
    shared = set(one.speakers) & set(other.speakers)
    if overlap:
        if one.room is other.room:
            count("Room conflict", overlap)
        for _ in shared:
            count("Speaker conflict", overlap)
        count("Talk mutually-exclusive-talks tags", len(one.exclusive & other.exclusive) * overlap)
        count("Theme track conflict", themes * overlap)
        count("Sector conflict", len(one.sectors & other.sectors) * overlap)
        count("Audience type theme track conflict", themes * audiences * overlap)
        count("Content conflict", contents * overlap)
    if shared:
        first, second = sorted((one.slot, other.slot), key=lambda slot: slot.start)
        pause = (second.start - first.end).total_seconds() / 60
        if overlap or (same_day and pause < conference.pause):
            count("Consecutive talks pause", both)
    if same_day and one.room is not other.room:
        count("Theme track room stability", themes * both)
    if not same_day:
        count("Same day talks", (themes + contents) * both)
    if one.slot is other.slot:  # these are rewards
        count("Audience type diversity", -audiences * one.slot.minutes)
        if one.level != other.level:
            count("Audience level diversity", -one.slot.minutes)
        if one.language != other.language:
            count("Language diversity", -one.slot.minutes)


def _ordered(first: Any, second: Any, count: Any) -> None:
    both = first.slot.minutes + second.slot.minutes
    too_late = first.slot.end > second.slot.start
    if first.code in second.after and too_late:
        count("Talk prerequisite talks", both)
    if first.level < second.level and too_late:
        count("Content audience level flow violation", len(first.contents & second.contents) * both)
    if first.favourites < second.favourites and first.room.capacity > second.room.capacity:
        count("Popular talks", both)


# Reading, by position


def read(path: Path) -> Any:
    book = load_workbook(path)
    sheet = book["Configuration"]
    weights = {}
    for name, value in sheet.iter_rows(min_row=5, max_col=2, values_only=True):
        if name:
            by_level = {level: int(amount) for amount, level in re.findall(r"(\d+)(hard|medium|soft)", str(value))}
            weights[str(name)] = tuple(by_level.get(level, 0) for level in ("hard", "medium", "soft"))
    slots = {}
    for day, start, end, types, tags in book["Timeslots"].iter_rows(min_row=2, max_col=5, values_only=True):
        if day:
            began = datetime.fromisoformat(f"{str(day)[4:]}T{start}")
            over = datetime.fromisoformat(f"{str(day)[4:]}T{end}")
            name = f"{day} {start}-{end}"
            minutes = int((over - began).total_seconds()) // 60
            slots[name] = SimpleNamespace(
                name=name, start=began, end=over, minutes=minutes, types=_list(types), tags=_list(tags)
            )
    every = {each for slot in slots.values() for each in slot.types}
    rooms = {}
    for row in book["Rooms"].iter_rows(min_row=3):
        if row[0].value:
            rooms[row[0].value] = SimpleNamespace(
                name=row[0].value,
                capacity=row[1].value,
                types=_list(row[2].value) or every,
                tags=_list(row[3].value),
                closed=_grey(row[4:], slots),
            )
    speakers = {}
    for row in book["Speakers"].iter_rows(min_row=3):
        if row[0].value:
            speakers[row[0].value] = SimpleNamespace(
                name=row[0].value, wishes=_wishes(row[1:9]), away=_grey(row[9:], slots)
            )
    talks = [_talk(row) for row in book["Talks"].iter_rows(min_row=2) if row[0].value]
    return SimpleNamespace(
        pause=sheet["B2"].value, weights=weights, slots=slots, rooms=rooms, speakers=speakers, talks=talks
    )


def _talk(row: Any) -> Any:
    values = [cell.value for cell in row] + [None] * 31
    return SimpleNamespace(
        code=values[0],
        type=values[2],
        speakers=[each for each in str(values[3] or "").split(", ") if each],
        themes=_list(values[4]),
        sectors=_list(values[5]),
        audiences=_list(values[6]),
        level=values[7],
        contents=_list(values[8]),
        language=values[9],
        wishes=_wishes(row[10:18]),
        exclusive=_list(values[18]),
        after=_list(values[19]),
        favourites=values[20],
        risk=values[21],
        is_pinned=str(values[22]).upper() in ("TRUE", "=TRUE()"),
        now=(f"{values[23]} {values[24]}-{values[25]}" if values[23] else "", values[26]),
        announced=(f"{values[27]} {values[28]}-{values[29]}" if values[27] else "", values[30] or ""),
    )


def _list(value: Any) -> set[str]:
    return {each for each in str(value or "").split(", ") if each}


def _wishes(cells: Any) -> dict[tuple[str, str], set[str]]:
    order = [
        (wish, what) for what in ("timeslot", "room") for wish in ("required", "preferred", "prohibited", "undesired")
    ]
    return {key: _list(cell.value) for key, cell in zip(order, cells, strict=True)}


def _grey(cells: Any, slots: Any) -> set[str]:
    return {
        name
        for name, cell in zip(slots, cells, strict=False)
        if cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb == GREY
    }
