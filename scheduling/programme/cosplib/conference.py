"""A conference as CoSPLib's spreadsheets state it, and what follows from one: penalties by zone, who clashes with whom.

A *submission* takes some consecutive time slots of one session in one room; a session has so many slots in every room.
In a session a room is for one *track*. Everything is known by its place in the sheet, from 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple

DAY = 24 * 60  # minutes

Pair = tuple[int, int]  # the lesser first


class Place(NamedTuple):
    """Where a submission begins: `slot` counts the session's slots from 0."""

    session: int
    room: int
    slot: int


@dataclass(frozen=True)
class Weights:
    """What one point of each kind costs; 0 leaves the kind out. In the order of the sheet."""

    tracks_sessions: int = 0
    tracks_rooms: int = 0
    sessions_rooms: int = 0
    similar_tracks: int = 0
    rooms_per_track: int = 0
    parallel_tracks: int = 0
    consecutive_tracks: int = 0
    timezones: int = 0
    order: int = 0
    submissions_sessions: int = 0
    submissions_rooms: int = 0
    presenters: int = 0
    attendees: int = 0
    chairs: int = 0
    presenters_by_slot: int = 0
    attendees_by_slot: int = 0


@dataclass(frozen=True)
class Hours:
    """Hours that suit a presenter, in minutes of the presenter's day.

    Outside the `suitable` costs `small`, outside the `bearable` `big`.
    """

    zone: int = 0  # of the venue, hours east of Greenwich
    suitable: Pair = (0, DAY)
    bearable: Pair = (0, DAY)
    small: int = 0
    big: int = 0


@dataclass(frozen=True)
class Track:
    name: str
    chairs: tuple[str, ...] = ()
    sessions: tuple[int, ...] = ()  # the penalty of each session
    rooms: tuple[int, ...] = ()  # the penalty of each room


@dataclass(frozen=True)
class Session:
    name: str
    slots: int
    start: int = 0  # minutes of the venue's day
    end: int = 0
    rooms: tuple[int, ...] = ()  # the penalty of each room


@dataclass(frozen=True)
class Submission:
    reference: str
    track: int
    slots: int = 1
    order: int = 0  # which of its track's submissions it is to be, from 1; 0: any
    zone: int = 0  # of its presenter, hours east of Greenwich
    presenters: tuple[str, ...] = ()
    attendees: tuple[str, ...] = ()
    sessions: tuple[int, ...] = ()  # the penalty of each session
    rooms: tuple[int, ...] = ()  # the penalty of each room


@dataclass(frozen=True)
class Conference:
    """Everything of one spreadsheet. `similar`: the penalty of two tracks side by side, where there is one."""

    submissions: tuple[Submission, ...]
    tracks: tuple[Track, ...]
    sessions: tuple[Session, ...]
    rooms: tuple[str, ...]
    similar: Mapping[Pair, int]
    weights: Weights
    hours: Hours = Hours()

    @cached_property
    def of_track(self) -> tuple[tuple[int, ...], ...]:
        """The submissions of each track, in the order of the sheet."""
        members: list[list[int]] = [[] for _ in self.tracks]
        for number, submission in enumerate(self.submissions):
            members[submission.track].append(number)
        return tuple(map(tuple, members))

    def out_of_hours(self, submission: int, session: int) -> int:
        """The points that a session costs a submission because of its presenter's clock."""
        hours, held = self.hours, self.sessions[session]
        east = (self.submissions[submission].zone - hours.zone) * 60
        start, end = (held.start + east) % DAY, (held.end + east) % DAY
        (suits_from, suits_to), (bears_from, bears_to) = hours.suitable, hours.bearable
        if start < bears_from or end > bears_to or end < bears_from:
            return hours.big
        if start < suits_from or end > suits_to:
            return hours.small
        return 0

    def session_cost(self, submission: int, session: int) -> int:
        """What a submission costs in a session, whatever the room, all its slots counted."""
        weights, wanted = self.weights, self.submissions[submission]
        per_slot = weights.submissions_sessions * wanted.sessions[session]
        if weights.timezones:
            per_slot += weights.timezones * self.out_of_hours(submission, session)
        return per_slot * wanted.slots

    def room_cost(self, submission: int, room: int) -> int:
        """What a submission costs in a room, all its slots counted."""
        wanted = self.submissions[submission]
        return self.weights.submissions_rooms * wanted.rooms[room] * wanted.slots

    def cell_cost(self, track: int, session: int, room: int) -> int:
        """What a track costs in a room of a session."""
        weights = self.weights
        return (
            weights.tracks_sessions * self.tracks[track].sessions[session]
            + weights.tracks_rooms * self.tracks[track].rooms[room]
            + weights.sessions_rooms * self.sessions[session].rooms[room]
        )

    def side_by_side(self, one: int, other: int) -> int:
        """What two different tracks cost in two rooms of a session."""
        pair = (min(one, other), max(one, other))
        weights = self.weights
        return weights.similar_tracks * self.similar.get(pair, 0) + weights.chairs * (pair in self.chair_clashes)

    @cached_property
    def presenter_clashes(self) -> frozenset[Pair]:
        """Submissions with a presenter in common, and those of which a presenter of one chairs the other's track."""
        presenters = [submission.presenters for submission in self.submissions]
        return frozenset(self._meeting(presenters, presenters) | self._with_chairs(presenters))

    @cached_property
    def attendee_clashes(self) -> frozenset[Pair]:
        """Submissions that somebody wants to attend both of, or attend one and present or chair the other."""
        attendees = [submission.attendees for submission in self.submissions]
        presenters = [submission.presenters for submission in self.submissions]
        found = self._meeting(attendees, attendees) | self._meeting(attendees, presenters)
        return frozenset(found | self._with_chairs(attendees))

    @cached_property
    def chair_clashes(self) -> frozenset[Pair]:
        """Tracks with a chair in common."""
        chairs = [track.chairs for track in self.tracks]
        return frozenset(self._meeting(chairs, chairs))

    def _with_chairs(self, people: Sequence[Iterable[str]]) -> set[Pair]:
        tracks = [submission.track for submission in self.submissions]
        met = self._meeting(people, [self.tracks[track].chairs for track in tracks])
        return {(one, other) for one, other in met if tracks[one] != tracks[other]}

    @staticmethod
    def _meeting(ones: Sequence[Iterable[str]], others: Sequence[Iterable[str]]) -> set[Pair]:
        where: dict[str, list[int]] = defaultdict(list)
        for number, names in enumerate(others):
            for name in names:
                where[name].append(number)
        pairs = ((one, other) for one, names in enumerate(ones) for name in names for other in where.get(name, ()))
        return {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}

    def named(self, places: Sequence[Place]) -> dict[str, dict[str, Any]]:
        """Places as people know them, by reference: `session` and `room` by name, `slot` from 1, how many `slots`."""
        return {
            submission.reference: {
                "session": self.sessions[place.session].name,
                "room": self.rooms[place.room],
                "slot": place.slot + 1,
                "slots": submission.slots,
            }
            for submission, place in zip(self.submissions, places, strict=True)
        }

    def placed(self, named: Mapping[str, Mapping[str, Any]]) -> list[Place]:
        """The places that `named` says. Raises ValueError for a submission without one, and for unknown names."""
        sessions = {session.name: number for number, session in enumerate(self.sessions)}
        rooms = {name: number for number, name in enumerate(self.rooms)}
        try:
            found = [named[submission.reference] for submission in self.submissions]
            return [Place(sessions[at["session"]], rooms[at["room"]], at["slot"] - 1) for at in found]
        except KeyError as error:
            raise ValueError(f"nothing is known of {error.args[0]!r}") from error

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "similar": [[*pair, points] for pair, points in sorted(self.similar.items())]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Conference:
        """What `to_json` gave. Raises ValueError for anything else."""
        try:
            return cls(
                tuple(Submission(**_tuples(each)) for each in data["submissions"]),
                tuple(Track(**_tuples(each)) for each in data["tracks"]),
                tuple(Session(**_tuples(each)) for each in data["sessions"]),
                tuple(data["rooms"]),
                {(one, other): points for one, other, points in data["similar"]},
                Weights(**data["weights"]),
                Hours(**_tuples(data["hours"])),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"no conference: {error}") from error


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
