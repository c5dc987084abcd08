"""An independent checker of programmes in CoSPLib's format: from the spreadsheet and the places alone.

Written from the format's definition and the library's own evaluation, on a grid of slots as there; it shares no code
with the product. Places are by reference: {"session": name, "room": name, "slot": from 1}.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl

# Rows of the parameters' weights, in order, and what they weigh.
KINDS = (
    "tracks_sessions",
    "tracks_rooms",
    "sessions_rooms",
    "similar_tracks",
    "rooms_per_track",
    "parallel_tracks",
    "consecutive_tracks",
    "timezones",
    "order",
    "submissions_sessions",
    "submissions_rooms",
    "presenters",
    "attendees",
    "chairs",
    "presenters_by_slot",
    "attendees_by_slot",
)
EXACT = {"tracks_sessions", "tracks_rooms", "sessions_rooms", "timezones", "submissions_sessions", "submissions_rooms"}

Places = Mapping[str, Mapping[str, Any]]


class Checker:
    """One spreadsheet: `points` kind by kind, `exact` under the exact model, `wrong`: what no programme may have."""

    def __init__(self, path: Path) -> None:
        book = openpyxl.load_workbook(path, data_only=True)
        rows: dict[str, list[Any]] = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
        self.sessions = {row[0]: row for row in rows["sessions"][1:] if row[0] is not None}
        self.rooms = [row[0] for row in rows["rooms"][1:] if row[0] is not None]
        self.chairs = {
            row[0]: _names(row[1] if len(row) > 1 else None) for row in rows["tracks"][1:] if row[0] is not None
        }
        self.submissions = {row[0]: row for row in rows["submissions"][1:] if row[0] is not None}
        self.headings = rows["submissions"][0]
        self.weights = {kind: int(rows["parameters"][1 + nth][4]) for nth, kind in enumerate(KINDS)}
        self.hours: list[Any] = [row[1] if len(row) > 1 else None for row in rows["parameters"]]
        self.penalty = {name: _table(rows[name]) for name in rows if "|" in name or name == "similar tracks"}
        self.upper = [row[0] for row in rows["similar tracks"][1:] if row[0] is not None]

    # What may be in no programme

    def wrong(self, places: Places) -> list[str]:
        found = [f"{name} is nowhere" for name in self.submissions if name not in places]
        grid: dict[tuple[str, str, int], str] = {}
        tracks: dict[tuple[str, str], str] = {}
        for name, at in places.items():
            track, slots = self.submissions[name][1], self.submissions[name][2]
            if at["slot"] < 1 or at["slot"] - 1 + slots > self.sessions[at["session"]][1]:
                found.append(f"{name} does not fit")
            if at["room"] not in self.rooms:
                found.append(f"{name} is in no room")
            if tracks.setdefault((at["session"], at["room"]), track) != track:
                found.append(f"{name} is among another track")
            for slot in range(slots):
                if grid.setdefault((at["session"], at["room"], at["slot"] + slot), name) != name:
                    found.append(f"{name} is where another is")
        return found

    def wrong_exactly(self, places: Places) -> list[str]:
        """What the exact model may not have besides."""
        found = self.wrong(places)
        rooms: dict[str, set[str]] = {}
        for name, at in places.items():
            rooms.setdefault(self.submissions[name][1], set()).add(at["room"])
        found += [f"{track} has {len(used)} rooms" for track, used in rooms.items() if len(used) > 1]
        for one, other in itertools.combinations(places, 2):
            if self._apart(one, other, places) and self._clash(one, other, 5):
                found.append(f"{one} and {other} share a presenter")
        return found

    # Points

    def total(self, places: Places) -> int:
        return sum(self.points(places).values())

    def points(self, places: Places) -> dict[str, int]:
        counted: dict[str, Any] = {
            **dict.fromkeys(("presenters", "attendees", "presenters_by_slot", "attendees_by_slot"), 0),
            **self._tracks(places),
            **self._preferences(places, slots=True),
            "order": self._order(places),
        }
        for one, other in itertools.combinations(places, 2):
            for column, kind in ((5, "presenters"), (6, "attendees")):
                if self._clash(one, other, column):
                    counted[kind] += self._apart(one, other, places)
                    counted[f"{kind}_by_slot"] += len(self._slots(one, places) & self._slots(other, places))
        return {kind: self.weights[kind] * counted[kind] for kind in KINDS}

    def exact(self, places: Places) -> int:
        """The exact model's points: it counts a submission once, whatever its slots."""
        counted = {**self._tracks(places), **self._preferences(places, slots=False)}
        return sum(self.weights[kind] * counted[kind] for kind in EXACT)

    def _tracks(self, places: Places) -> dict[str, int]:
        cells = {(at["session"], at["room"]): self.submissions[name][1] for name, at in places.items()}
        points = dict.fromkeys(KINDS[:7], 0) | {"chairs": 0}
        for (session, room), track in cells.items():
            points["tracks_sessions"] += self.penalty["tracks_sessions|penalty"][track, session]
            points["tracks_rooms"] += self.penalty["tracks_rooms|penalty"][track, room]
            points["sessions_rooms"] += self.penalty["sessions_rooms|penalty"][session, room]
        for (one, track), (other, beside) in itertools.combinations(cells.items(), 2):
            if one[0] == other[0] and track != beside:
                upper, lower = sorted((track, beside), key=self.upper.index)
                points["similar_tracks"] += self.penalty["similar tracks"][upper, lower]
                points["chairs"] += bool(self.chairs[track] & self.chairs[beside])
        for track in self.chairs:
            mine = [cell for cell, of in cells.items() if of == track]
            if not mine:
                continue
            points["rooms_per_track"] += len({room for _, room in mine}) - 1
            when = sorted({list(self.sessions).index(session) for session, _ in mine})
            points["parallel_tracks"] += len(mine) - len(when)
            points["consecutive_tracks"] += when != list(range(when[0], when[-1] + 1))
        return points

    def _preferences(self, places: Places, *, slots: bool) -> dict[str, int]:
        points = {"timezones": 0, "submissions_sessions": 0, "submissions_rooms": 0}
        first_room = 7 + len(self.sessions)
        for name, at in places.items():
            row = self.submissions[name]
            many = row[2] if slots else 1
            points["timezones"] += many * self._late(row[4], at["session"])
            points["submissions_sessions"] += many * _number(row, self.headings.index(at["session"], 7))
            points["submissions_rooms"] += many * _number(row, self.headings.index(at["room"], first_room))
        return points

    def _late(self, zone: str, session: str) -> int:
        """Row 2 the venue's zone, 4–5 suitable hours, 7–8 less suitable, 9 and 11 the penalties."""
        row = self.sessions[session]
        shift = datetime.timedelta(hours=int(zone.removeprefix("GMT")) - int(self.hours[1].removeprefix("GMT")))
        start, end = (
            (datetime.datetime.combine(datetime.date(2021, 7, 21), _time(cell)) + shift).time() for cell in row[3:5]
        )
        good_from, good_to, bad_from, bad_to = (_time(self.hours[nth]) for nth in (3, 4, 6, 7))
        if start < bad_from or end > bad_to or end < bad_from:
            return int(self.hours[10])
        if start < good_from or end > good_to:
            return int(self.hours[8])
        return 0

    def _order(self, places: Places) -> int:
        points = 0
        sessions = list(self.sessions)
        for track in self.chairs:
            mine = [name for name in places if self.submissions[name][1] == track]
            mine.sort(
                key=lambda n: (
                    sessions.index(places[n]["session"]),
                    self.rooms.index(places[n]["room"]),
                    places[n]["slot"],
                )
            )
            for nth, name in enumerate(mine, 1):
                if self.submissions[name][3] and self.submissions[name][3] != nth:
                    points += 1
            for one, other in itertools.combinations(mine, 2):
                if self.submissions[one][3] and self.submissions[other][3]:
                    points += len(self._slots(one, places) & self._slots(other, places))
        return points

    def _slots(self, name: str, places: Places) -> set[tuple[str, int]]:
        at = places[name]
        return {(at["session"], at["slot"] + nth) for nth in range(self.submissions[name][2])}

    def _apart(self, one: str, other: str, places: Places) -> bool:
        here, there = places[one], places[other]
        return bool(here["session"] == there["session"]) and bool(here["room"] != there["room"])

    def _clash(self, one: str, other: str, column: int) -> bool:
        """By presenters, column 5; by attendees, column 6, who may also present. Either may chair the other's track."""
        rows = [self.submissions[name] for name in (one, other)]
        people, presenters = [_names(row[column]) for row in rows], [_names(row[5]) for row in rows]
        chairs = [self.chairs[row[1]] for row in rows]
        if people[0] & people[1] or people[0] & presenters[1] or people[1] & presenters[0]:
            return True
        if rows[0][1] == rows[1][1]:
            return False
        return bool(people[0] & chairs[1] or people[1] & chairs[0])


def _names(cell: Any) -> set[str]:
    return set(re.split(r", ", str(cell))) - {""} if cell is not None else set()


def _number(row: Any, column: int) -> int:
    return int(row[column] or 0) if column < len(row) else 0


def _time(cell: Any) -> datetime.time:
    if isinstance(cell, datetime.time):
        return cell
    hour, minute = str(cell).split(":")[:2]
    return datetime.time(int(hour), int(minute))


def _table(rows: list[Any]) -> dict[tuple[str, str], int]:
    heads = rows[0]
    return {
        (row[0], head): _number(row, column)
        for row in rows[1:]
        if row[0] is not None
        for column, head in enumerate(heads)
        if column and head is not None
    }
