"""A conference as Timefold's spreadsheets describe it: timeslots, rooms, speakers, talks, and what each demand weighs.

Everything refers by number: a talk to its speakers and to its timeslots, by their order in the sheets. Instants are
minutes since midnight of the first day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

LEVELS = ("hard", "medium", "soft")


class Weight(NamedTuple):
    """Points on each level. No sum on a lower level outweighs one point on a higher."""

    hard: int = 0
    medium: int = 0
    soft: int = 0


class Place(NamedTuple):
    """Where a talk is held: the numbers of its timeslot and of its room."""

    slot: int
    room: int


class Interval(NamedTuple):
    """A timeslot's day, counted from the first, and its bounds in minutes since midnight of the first day."""

    day: int
    start: int
    end: int

    @property
    def minutes(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Slot:
    """A timeslot. `name` is as a person reads it; talks of other `types` are never put there."""

    name: str
    time: Interval
    types: frozenset[str]
    tags: frozenset[str]


@dataclass(frozen=True)
class Wishes:
    """Tags of a timeslot or a room: what must or should be there, what must or should not."""

    required: frozenset[str] = frozenset()
    preferred: frozenset[str] = frozenset()
    prohibited: frozenset[str] = frozenset()
    undesired: frozenset[str] = frozenset()

    def counts(self, tags: frozenset[str]) -> tuple[int, int, int, int]:
        """How many tags are required and missing, preferred and missing, prohibited and there, undesired and there."""
        return (
            len(self.required - tags),
            len(self.preferred - tags),
            len(self.prohibited & tags),
            len(self.undesired & tags),
        )


@dataclass(frozen=True)
class Room:
    """A room. `closed` are the numbers of the timeslots at which it cannot be had."""

    name: str
    capacity: int
    types: frozenset[str]
    tags: frozenset[str]
    closed: frozenset[int]


@dataclass(frozen=True)
class Speaker:
    """A speaker. `away` are the numbers of the timeslots at which they cannot speak."""

    name: str
    slots: Wishes
    rooms: Wishes
    away: frozenset[int]


@dataclass(frozen=True)
class Talk:
    """A talk. `pinned` stays where it is; `published` is where it was announced, whole or in part."""

    code: str
    title: str
    type: str
    speakers: tuple[int, ...]
    themes: frozenset[str]
    sectors: frozenset[str]
    audiences: frozenset[str]
    level: int
    contents: frozenset[str]
    language: str
    slots: Wishes
    rooms: Wishes
    exclusive: frozenset[str]
    after: frozenset[str]  # the codes of talks that must be over before it starts
    favourites: int
    crowd_risk: int
    pinned: Place | None
    published_slot: int | None
    published_room: int | None


@dataclass(frozen=True)
class Conference:
    """A whole spreadsheet. `pause`: the least minutes between two talks of one speaker; `weights`: by constraint."""

    name: str
    pause: int
    weights: Mapping[str, Weight]
    slots: tuple[Slot, ...]
    rooms: tuple[Room, ...]
    speakers: tuple[Speaker, ...]
    talks: tuple[Talk, ...]

    def places(self, talk: Talk) -> list[Place]:
        """Where a talk may be put: the timeslots and the rooms that take its type; a pinned talk, where it is."""
        if talk.pinned is not None:
            return [talk.pinned]
        return [
            Place(slot, room)
            for slot, at in enumerate(self.slots)
            if talk.type in at.types
            for room, where in enumerate(self.rooms)
            if talk.type in where.types
        ]

    def to_json(self) -> dict[str, Any]:
        """What JSON can say, and `from_json` reads."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Conference:
        return cls(
            name=data["name"],
            pause=data["pause"],
            weights={name: Weight(*weight) for name, weight in data["weights"].items()},
            slots=tuple(_filled(Slot, each, time=Interval(*each["time"])) for each in data["slots"]),
            rooms=tuple(_filled(Room, each) for each in data["rooms"]),
            speakers=tuple(_filled(Speaker, each) for each in data["speakers"]),
            talks=tuple(
                _filled(
                    Talk,
                    each,
                    speakers=tuple(each["speakers"]),
                    pinned=None if each["pinned"] is None else Place(*each["pinned"]),
                )
                for each in data["talks"]
            ),
        )


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case frozenset():
            return sorted(value)
        case tuple() | list():
            return [_plain(each) for each in value]
    return value


def _filled(kind: type[Any], data: Mapping[str, Any], **given: Any) -> Any:
    """One of these dataclasses from what `_plain` made of it."""
    values = dict(given)
    for each in fields(kind):
        if each.name in given:
            continue
        value = data[each.name]
        if isinstance(value, dict):
            value = _filled(Wishes, value)
        elif isinstance(value, list):
            value = frozenset(value)
        values[each.name] = value
    return kind(**values)
