"""A programme's demands and score, counted anew from the JSON of the question and the places alone.

Written from `schema.json` and the words of `Weights`, minute by minute, and sharing no code with the product.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

Demand = tuple[str, tuple[str, ...]]  # its kind, and the keys of what it is about

DEFAULTS = {"wishes": 20, "popular": 10, "waste": 1, "tracks": 60, "hours": 30, "day": 1}
OFFICE = {**dict.fromkeys(range(6), 8), 6: 4, 7: 2, 8: 1, 17: 1, 18: 2, 19: 2, 20: 4, 21: 4, 22: 8, 23: 8}


class Checker:
    """`data` is a problem as JSON, `places` by session {"block", "room"}."""

    def __init__(self, data: dict[str, Any], places: dict[str, dict[str, str]]) -> None:
        self.data, self.places = data, places
        self.zone = ZoneInfo(data["zone"])
        self.sessions = {each["key"]: each for each in data["sessions"]}
        self.blocks = {each["key"]: each for each in data["blocks"]}
        self.rooms = {each["key"]: each for each in data["rooms"]}
        self.people = {each["key"]: each for each in data.get("people", [])}
        self.begin, self.minutes = {}, {}
        for key, place in places.items():
            start = self.at(self.blocks[place["block"]]["start"])
            self.begin[key] = start
            self.minutes[key] = {start + timedelta(minutes=number) for number in range(self.sessions[key]["minutes"])}

    def at(self, text: str) -> datetime:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=self.zone)).astimezone(ZoneInfo("UTC"))

    def inside(self, window: dict[str, str]) -> tuple[datetime, datetime]:
        return self.at(window["start"]), self.at(window["end"])

    def crew(self, key: str) -> set[str]:
        return {part["person"] for part in self.sessions[key].get("people", [])}

    def family(self, key: str) -> set[str]:
        root = self.sessions[key].get("repeat_of") or key
        return {each for each, it in self.sessions.items() if each == root or it.get("repeat_of") == root}

    def together(self, one: str, other: str) -> bool:
        return bool(self.minutes[one] & self.minutes[other])

    def broken(self) -> set[Demand]:
        """Kind and keys of each demand that is not kept."""
        found: set[Demand] = {("placed", (key,)) for key in self.sessions if key not in self.places}
        for key, place in self.places.items():
            found |= self.alone(key, self.sessions[key], self.blocks[place["block"]], self.rooms[place["room"]])
        for one, other in combinations(self.places, 2):
            found |= self.both(one, other)
        for name, person in self.people.items():
            most = person.get("per_day", self.data.get("per_day")) or 10**6
            mine = [self.begin[key].astimezone(self.zone).date() for key in self.places if name in self.crew(key)]
            if any(mine.count(day) > most for day in mine):
                found.add(("per_day", (name,)))
        return found

    def alone(self, key: str, session: Any, block: Any, room: Any) -> set[Demand]:
        found: set[Demand] = set()
        minutes = self.minutes[key]
        if session["minutes"] > block["minutes"]:
            found.add(("length", (key,)))
        if room["capacity"] < session.get("expected", 0):
            found.add(("capacity", (key,)))
        if set(session.get("needs", [])) - set(room.get("equipment", [])):
            found.add(("equipment", (key,)))
        for name, given in (("blocks", block["key"]), ("rooms", room["key"])):
            if session.get(name) and given not in session[name]:
                found.add(("only", (key,)))
        lock = session.get("locked") or {}
        if lock.get("block", block["key"]) != block["key"] or lock.get("room", room["key"]) != room["key"]:
            found.add(("locked", (key,)))
        for start, end in map(self.inside, room.get("closed", [])):
            if any(start <= minute < end for minute in minutes):
                found.add(("closed", (room["key"],)))
        for pause in self.data.get("breaks", []):
            start = self.at(pause["start"])
            end = start + timedelta(minutes=pause["minutes"])
            spares = not pause.get("people") or self.crew(key) & set(pause["people"])
            if spares and any(start <= minute < end for minute in minutes):
                found.add(("break", (pause["key"],)))
        for name in self.crew(key):
            windows = list(map(self.inside, self.people[name].get("available", [])))
            if windows and not all(any(start <= minute < end for start, end in windows) for minute in minutes):
                found.add(("available", (name,)))
        for other in session.get("after", []):
            any_of = self.family(other) if not self.sessions[other].get("repeat_of") else {other}
            ends = [max(self.minutes[each]) for each in any_of - {key} if each in self.places]
            if ends and min(ends) >= self.begin[key]:
                found.add(("after", (key, other)))
        return found

    def both(self, one: str, other: str) -> set[Demand]:
        first, second = self.sessions[one], self.sessions[other]
        rooms = self.places[one]["room"], self.places[other]["room"]
        shared = self.crew(one) & self.crew(other)
        if not self.together(one, other):
            early, late = sorted((one, other), key=lambda key: self.begin[key])
            gap = (self.begin[late] - max(self.minutes[early])) / timedelta(minutes=1) - 1
            walk = next(
                (each["minutes"] for each in self.data.get("walks", [])[::-1] if set(each["rooms"]) == set(rooms)),
                self.data.get("walk", 15),
            )
            if rooms[0] != rooms[1] and gap < walk:
                return {("walk", (name,)) for name in shared if not self.people[name].get("remote")}
            return set()
        found: set[Demand] = {("person", (name,)) for name in shared}
        if rooms[0] == rooms[1]:
            found.add(("room", rooms[:1]))
        found |= {("plenary", (key,)) for key in (one, other) if self.sessions[key].get("plenary")}
        for kind, field in (("sector", "sectors"), ("document", "documents")):
            found |= {(kind, (name,)) for name in set(first.get(field, [])) & set(second.get(field, []))}
        if other in self.family(one):
            found.add(("repeat", (first.get("repeat_of") or one,)))
        return found

    def score(self) -> dict[str, int]:
        """The weighted points by part."""
        weights = DEFAULTS | self.data.get("weights", {})
        points = dict.fromkeys(DEFAULTS, 0)
        interest = dict.fromkeys(self.sessions, 0)
        for wish in self.data.get("wishes", []):
            people = wish.get("people", 1)
            for key in wish["sessions"]:
                interest[key] += people
            for one, other in combinations(wish["sessions"], 2):
                ones, others = ([each for each in self.family(key) if each in self.places] for key in (one, other))
                if ones and others and all(self.together(a, b) for a in ones for b in others):
                    points["wishes"] += people
        for key, place in self.places.items():
            family = self.family(key)
            wanted = -(-max(interest[each] for each in family) // len(family))
            capacity = self.rooms[place["room"]]["capacity"]
            points["popular"] += max(0, wanted - capacity)
            points["waste"] += max(0, capacity - max(wanted, self.sessions[key].get("expected", 0)))
            points["hours"] += sum(self.burden(key, self.people[name].get("remote")) for name in self.crew(key))
        for track in {each.get("track") for each in self.sessions.values()} - {None}:
            mine = [key for key in self.places if self.sessions[key].get("track") == track]
            points["tracks"] += max(0, len({self.places[key]["room"] for key in mine}) - 1)
            points["tracks"] += sum(self.together(one, other) for one, other in combinations(mine, 2))
        for name in self.people:
            points["day"] += self.waits([key for key in self.places if name in self.crew(key)])
        return {part: weights[part] * points[part] for part in points}

    def burden(self, key: str, remote: Any) -> int:
        """Countries and Ramadan apart: what these are worth is tested with `scheduling.meetings`."""
        if not remote:
            return 0
        local = [minute.astimezone(ZoneInfo(remote["zone"])) for minute in self.minutes[key]]
        off = remote.get("days_off", [5, 6])
        return max(OFFICE.get(each.hour, 0) for each in local) + 8 * any(each.weekday() in off for each in local)

    def waits(self, keys: list[str]) -> int:
        days: dict[Any, list[str]] = {}
        for key in keys:
            days.setdefault(self.begin[key].astimezone(self.zone).date(), []).append(key)
        total = 0
        for those in days.values():
            span = max(max(self.minutes[key]) for key in those) - min(self.begin[key] for key in those)
            total += max(0, int(span / timedelta(minutes=1)) + 1 - sum(len(self.minutes[key]) for key in those))
        return total
