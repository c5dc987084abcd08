"""What a programme costs under CoSPLib's own objective, kind by kind, and what makes it none at all. Plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import combinations

from .conference import Conference, Pair, Place, Weights

# What the library's exact model counts; it demands no clash of presenters, and one room for each track.
EXACT = ("tracks_sessions", "tracks_rooms", "sessions_rooms", "timezones", "submissions_sessions", "submissions_rooms")


def score(conference: Conference, places: Sequence[Place]) -> dict[str, int]:
    """Weighted points by kind, those of the conference's weights; their sum is the objective."""
    weights = conference.weights
    return {kind: getattr(weights, kind) * points for kind, points in count(conference, places).items()}


def exact_score(conference: Conference, places: Sequence[Place]) -> dict[str, int]:
    """Weighted points of the exact model by kind: a submission counts once there, however many slots it takes."""
    short = replace(conference, submissions=tuple(replace(each, slots=1) for each in conference.submissions))
    points = score(short, places)
    return {kind: points[kind] for kind in EXACT}


def count(conference: Conference, places: Sequence[Place]) -> dict[str, int]:
    """Points by kind, not weighted; 0 for kinds of no weight, which are not counted."""
    counts = dict.fromkeys((kind.name for kind in fields(Weights)), 0)
    wanted = {kind for kind in counts if getattr(conference.weights, kind)}
    counted = {**_of_cells(conference, places), **_of_submissions(conference, places)}
    if "order" in wanted:
        counted["order"] = _out_of_order(conference, places)
    for kind, clashes in (("presenters", "presenter_clashes"), ("attendees", "attendee_clashes")):
        if kind in wanted:
            counted[kind] = _in_one_session(getattr(conference, clashes), places)
        if f"{kind}_by_slot" in wanted:
            counted[f"{kind}_by_slot"] = _in_one_slot(conference, getattr(conference, clashes), places)
    return {kind: counted[kind] if kind in wanted else 0 for kind in counts}


def faults(conference: Conference, places: Sequence[Place]) -> list[str]:
    """What may be in no programme: beyond a session's end, two in one slot, two tracks in a room of a session."""
    found: list[str] = []
    slots: dict[tuple[int, int, int], int] = {}
    tracks: dict[Pair, int] = {}
    for number, (submission, place) in enumerate(zip(conference.submissions, places, strict=True)):
        where = f"{conference.rooms[place.room]} in {conference.sessions[place.session].name}"
        if place.slot < 0 or place.slot + submission.slots > conference.sessions[place.session].slots:
            found.append(f"{submission.reference} goes beyond the end of {where}")
        if tracks.setdefault((place.session, place.room), submission.track) != submission.track:
            found.append(f"{submission.reference} is of another track than what is before it in {where}")
        for slot in range(place.slot, place.slot + submission.slots):
            other = slots.setdefault((place.session, place.room, slot), number)
            if other != number:
                found.append(f"{submission.reference} and {conference.submissions[other].reference} meet in {where}")
    return found


def _of_cells(conference: Conference, places: Sequence[Place]) -> dict[str, int]:
    cells: dict[tuple[int, int], int] = {}
    for submission, place in zip(conference.submissions, places, strict=True):
        cells[place.session, place.room] = submission.track
    rooms: dict[int, set[int]] = defaultdict(set)
    sessions: dict[int, list[int]] = defaultdict(list)
    by_session: dict[int, list[int]] = defaultdict(list)
    counts = dict.fromkeys(("tracks_sessions", "tracks_rooms", "sessions_rooms"), 0)
    for (session, room), track in sorted(cells.items()):
        rooms[track].add(room)
        sessions[track].append(session)
        by_session[session].append(track)
        counts["tracks_sessions"] += conference.tracks[track].sessions[session]
        counts["tracks_rooms"] += conference.tracks[track].rooms[room]
        counts["sessions_rooms"] += conference.sessions[session].rooms[room]
    beside = [pair for held in by_session.values() for pair in combinations(sorted(held), 2)]
    return counts | {
        "similar_tracks": sum(conference.similar.get(pair, 0) for pair in beside),
        "chairs": sum(pair in conference.chair_clashes for pair in beside),
        "rooms_per_track": sum(len(used) - 1 for used in rooms.values()),
        "parallel_tracks": sum(len(held) - len(set(held)) for held in by_session.values()),
        "consecutive_tracks": sum(max(held) - min(held) >= len(set(held)) for held in sessions.values()),
    }


def _of_submissions(conference: Conference, places: Sequence[Place]) -> dict[str, int]:
    each = list(zip(conference.submissions, places, strict=True))
    late = (conference.out_of_hours(number, at.session) * one.slots for number, (one, at) in enumerate(each))
    return {
        "timezones": sum(late) if conference.weights.timezones else 0,
        "submissions_sessions": sum(one.sessions[at.session] * one.slots for one, at in each),
        "submissions_rooms": sum(one.rooms[at.room] * one.slots for one, at in each),
    }


def _out_of_order(conference: Conference, places: Sequence[Place]) -> int:
    """Submissions whose turn in their track it is not, and slots that two of a track with turns share."""
    points = 0
    for members in conference.of_track:
        held = sorted(members, key=lambda number: places[number])
        for nth, number in enumerate(held, 1):
            points += conference.submissions[number].order not in (0, nth)
        ordered = [number for number in members if conference.submissions[number].order]
        points += sum(_overlap(conference, places, pair) for pair in combinations(ordered, 2))
    return points


def _in_one_session(clashes: frozenset[Pair], places: Sequence[Place]) -> int:
    return sum(
        places[one].session == places[other].session and places[one].room != places[other].room
        for one, other in clashes
    )


def _in_one_slot(conference: Conference, clashes: frozenset[Pair], places: Sequence[Place]) -> int:
    return sum(_overlap(conference, places, pair) for pair in clashes)


def _overlap(conference: Conference, places: Sequence[Place], pair: Pair) -> int:
    """How many slots two submissions share."""
    one, other = pair
    if places[one].session != places[other].session:
        return 0
    ends = (places[number].slot + conference.submissions[number].slots for number in pair)
    return max(0, min(ends) - max(places[one].slot, places[other].slot))
