"""A symposium's programme as a question: sessions, and the rooms, blocks and people they need. JSON there and back.

A *block* is when a session may begin, and how long it then has: a session takes one block, begins when that begins,
and takes its own `minutes`, which must fit. Blocks may overlap: where half a morning and the whole of it can both be
had, both are blocks. Whatever clashes is found by the clock, never by the names of blocks.

A session given twice is two sessions, the second a `repeat_of` the first: whoever wants it may go to either.

`schema.json` beside this file describes the JSON for others (JSON Schema 2020-12); `parley programme schema` prints
it. Keys are whatever the caller calls things: not empty, and unique among their kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from importlib.resources import files
from itertools import combinations
from typing import Any, Self
from zoneinfo import ZoneInfo

from scheduling.deadlines import ALL_DAYS, WorkingWeek
from scheduling.meetings.burden import Attendee
from scheduling.programme.faults import faults
from scheduling.programme.reading import read, written

WEEKEND = (5, 6)
OFFICE = ((time(9), time(17)),)
WALK = 15  # minutes from one room to another


class Role(StrEnum):
    """What somebody does in a session. All of them have to be there, and can be in one place at a time."""

    SPEAKER = "speaker"
    OFFICIAL = "official"
    CHAIR = "chair"
    INTERPRETER = "interpreter"


@dataclass(frozen=True)
class Window:
    """A stretch of time: instants, the end not included."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Block:
    """When a session may begin, and how many minutes it has."""

    key: str
    start: datetime
    minutes: int
    name: str = ""

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class Room:
    """Where one session at a time can be: `equipment` in the organiser's own words; not to be had while `closed`."""

    key: str
    capacity: int
    equipment: tuple[str, ...] = ()
    closed: tuple[Window, ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Remote:
    """Where somebody is who takes part from afar, for the hours of their day: weekdays off, Monday 0."""

    zone: str
    days_off: tuple[int, ...] = WEEKEND
    country: str | None = None
    keeps_ramadan: bool = False

    def attendee(self, key: str) -> Attendee:
        """Them, for `scheduling.meetings.burden`. Raises ValueError for a zone or country there is not."""
        days = tuple(() if day in self.days_off else OFFICE for day in ALL_DAYS)
        return Attendee(key, WorkingWeek(self.zone, days, self.country), self.keeps_ramadan)


@dataclass(frozen=True)
class Person:
    """Somebody whom sessions need.

    Without `available` they can come at any time, else only within these. `per_day`: in at most so many sessions a
    day; None takes the problem's. Whoever is `remote` walks nowhere, and the hours of their own day count.
    """

    key: str
    name: str = ""
    available: tuple[Window, ...] = ()
    per_day: int | None = None
    remote: Remote | None = None


@dataclass(frozen=True)
class Part:
    """What a person does in a session."""

    person: str
    role: Role = Role.SPEAKER


@dataclass(frozen=True)
class Lock:
    """Where a session stays: in this block, in this room, or both."""

    block: str | None = None
    room: str | None = None


@dataclass(frozen=True)
class Session:
    """What is to be given a place.

    `expected`: the seats it must have. `needs`: the equipment its room must have. `plenary`: nothing else meanwhile.
    Sessions with a sector or a document in common are not at the same time; those of a `track` had better be
    together. `after`: sessions that must be over before it begins (of one with repeats, any). `blocks`, `rooms`: if
    not empty, one of these.
    """

    key: str
    minutes: int
    title: str = ""
    people: tuple[Part, ...] = ()
    expected: int = 0
    needs: tuple[str, ...] = ()
    plenary: bool = False
    sectors: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    track: str | None = None
    after: tuple[str, ...] = ()
    repeat_of: str | None = None
    blocks: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    locked: Lock | None = None

    @cached_property
    def attending(self) -> tuple[str, ...]:
        """Keys of the people it needs, each once, whatever their roles."""
        return tuple(dict.fromkeys(part.person for part in self.people))


@dataclass(frozen=True)
class Break:
    """A time for lunch or prayer: no session then, or, with `people`, none that needs one of these."""

    key: str
    start: datetime
    minutes: int
    people: tuple[str, ...] = ()
    name: str = ""

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class Wish:
    """So many `people` want to attend all of these sessions; of one with repeats the first is named."""

    sessions: tuple[str, ...]
    people: int = 1


@dataclass(frozen=True)
class Walk:
    """How many minutes it is between two rooms, where it is not the problem's `walk`."""

    rooms: tuple[str, str]
    minutes: int


@dataclass(frozen=True)
class Weights:
    """What each part of the score costs, in points; zero leaves a part out.

    - `wishes`: for each person and each two sessions they want and cannot both attend;
    - `popular`: for each person who wants a session beyond its room's capacity;
    - `waste`: for each seat of a room beyond those expected or wanted;
    - `tracks`: for each room of a track beyond the first, and each two of its sessions at the same time;
    - `hours`: for each point of `scheduling.meetings.burden` (night 8, evening 2 to 4, a day off 8) of somebody remote;
    - `day`: for each minute somebody waits between their sessions of a day.
    """

    wishes: int = 20
    popular: int = 10
    waste: int = 1
    tracks: int = 60
    hours: int = 30
    day: int = 1


@dataclass(frozen=True)
class Place:
    """Where a session is."""

    block: str
    room: str

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """{"block": "mon-1", "room": "hall"}. Raises ValueError for anything else."""
        return read(cls, data, ZoneInfo("UTC"))

    def to_json(self) -> dict[str, str]:
        return {"block": self.block, "room": self.room}


Places = Mapping[str, Place]  # by session


@dataclass(frozen=True)
class Problem:
    """The whole question. Days are those of the venue's `zone`. Raises ValueError, naming everything that is wrong.

    `walk`: minutes between two rooms, for people who are there; `walks` are the exceptions. `per_day`: in how many
    sessions a day anybody may be, None for any number.
    """

    zone: str
    blocks: tuple[Block, ...]
    rooms: tuple[Room, ...]
    sessions: tuple[Session, ...]
    people: tuple[Person, ...] = ()
    breaks: tuple[Break, ...] = ()
    wishes: tuple[Wish, ...] = ()
    walk: int = WALK
    walks: tuple[Walk, ...] = ()
    per_day: int | None = None
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        if wrong := faults(self):
            raise ValueError("; ".join(wrong))

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Reads what the schema describes. A time without an offset is on the venue's clock.

        Raises ValueError: "sessions.3.minutes: not a whole number: 'x'".
        """
        return read(cls, data, _zone_of(data))

    def to_json(self) -> dict[str, Any]:
        """The question as JSON values; what is left at its default is left out."""
        data: dict[str, Any] = written(self)
        return data

    @cached_property
    def block(self) -> dict[str, Block]:
        return {each.key: each for each in self.blocks}

    @cached_property
    def room(self) -> dict[str, Room]:
        return {each.key: each for each in self.rooms}

    @cached_property
    def person(self) -> dict[str, Person]:
        return {each.key: each for each in self.people}

    @cached_property
    def session(self) -> dict[str, Session]:
        return {each.key: each for each in self.sessions}

    @cached_property
    def givings(self) -> dict[str, tuple[Session, ...]]:
        """By the key of each session that is no repeat, itself and its repeats."""
        return {
            each.key: (each, *(other for other in self.sessions if other.repeat_of == each.key))
            for each in self.sessions
            if each.repeat_of is None
        }

    @cached_property
    def needed_in(self) -> dict[str, tuple[Session, ...]]:
        """By person, the sessions that need them."""
        return {
            each.key: tuple(session for session in self.sessions if each.key in session.attending)
            for each in self.people
        }

    @cached_property
    def wanted_together(self) -> dict[tuple[str, str], int]:
        """By each two sessions that are no repeats, in the problem's order: how many people want both, if any do."""
        order = {each.key: number for number, each in enumerate(self.sessions)}
        both: Counter[tuple[str, str]] = Counter()
        for wish in self.wishes:
            for one, other in combinations(sorted(wish.sessions, key=order.__getitem__), 2):
                both[one, other] += wish.people
        return {pair: people for pair, people in both.items() if people}

    @cached_property
    def interest(self) -> dict[str, int]:
        """By session, how many people want it; of one with repeats, shared evenly and rounded up."""
        wanted: Counter[str] = Counter()
        for wish in self.wishes:
            for key in wish.sessions:
                wanted[key] += wish.people
        return {each.key: -(-wanted[key] // len(those)) for key, those in self.givings.items() for each in those}

    def window(self, session: Session, block: str) -> Window:
        """When that session would be, there."""
        start = self.block[block].start
        return Window(start, start + timedelta(minutes=session.minutes))

    def day(self, block: str) -> date:
        """The day of a block, at the venue."""
        return self.block[block].start.astimezone(ZoneInfo(self.zone)).date()

    def walking(self, one: str, other: str) -> timedelta:
        """How long it takes from one room to another; no time within one."""
        if one == other:
            return timedelta()
        return timedelta(minutes=self._walks.get(frozenset((one, other)), self.walk))

    @cached_property
    def _walks(self) -> dict[frozenset[str], int]:
        return {frozenset(each.rooms): each.minutes for each in self.walks}


def schema() -> str:
    """The JSON Schema of a problem, as it is published."""
    return files("scheduling.programme").joinpath("schema.json").read_text(encoding="utf-8")


def _zone_of(data: Any) -> ZoneInfo:
    """The venue's zone; a name that is none is said to be by `faults`, with everything else."""
    try:
        return ZoneInfo(data["zone"])
    except (KeyError, TypeError, ValueError, OSError):
        return ZoneInfo("UTC")


def places_from_json(problem: Problem, data: Any) -> dict[str, Place]:
    """Reads {session: {"block": …, "room": …}}. Raises ValueError for what this problem does not have."""
    if not isinstance(data, dict):
        raise ValueError(f"not places by session: {data!r}")
    places = {}
    for key, each in data.items():
        try:
            place = Place.from_json(each)
        except ValueError as error:
            raise ValueError(f"the place of {key!r}: {error}") from error
        for what, name, known in (
            ("session", key, problem.session),
            ("block", place.block, problem.block),
            ("room", place.room, problem.room),
        ):
            if name not in known:
                raise ValueError(f"the place of {key!r}: no such {what}, {name!r}")
        places[key] = place
    return places


def places_to_json(places: Places) -> dict[str, dict[str, str]]:
    """The places as JSON values."""
    return {key: place.to_json() for key, place in places.items()}
