"""What a conference's programme scores, constraint by constraint: points against it are below zero.

A constraint looks at one talk at its place, at two talks at theirs, or at all talks of a group. What it counts for two
talks is a product: of what the two have in common, whatever their places; of how their timeslots lie to each other; and
of how their rooms do. A search can thus prepare a table of each.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from scheduling.programme.timefold.problem import Conference, Place, Slot, Talk, Weight

CROWD, MAKESPAN = "Crowd control", "Speaker makespan"
CROWDED = 3  # talks that draw crowds may be alone or two at a time; from three on, each counts
DAY = 480  # minutes a day that a speaker waits between their first and their last counts for
REWARDS = frozenset({"Audience type diversity", "Audience level diversity", "Language diversity"})
YOUNGEST = frozenset({MAKESPAN})  # files from before it have no row for it


class Common(NamedTuple):
    """What two talks, one and other, have in common, whatever their places. The order of the two matters."""

    themes: int
    sectors: int
    audiences: int
    contents: int
    speakers: int
    exclusive: int
    is_other_language: bool
    is_other_level: bool
    is_first: bool  # the other must not start before this one is over
    is_second: bool
    is_easier: bool
    is_harder: bool
    is_less_wanted: bool
    is_more_wanted: bool


class When(NamedTuple):
    """How two timeslots lie to each other, the order of the two counting."""

    overlap: int  # minutes
    together: int  # minutes of the timeslot, where it is the same
    minutes: int  # of both
    is_same_day: bool
    has_pause: bool
    is_before: bool  # over when the other starts
    is_after: bool


class Where(NamedTuple):
    """How two rooms lie to each other, the order of the two counting."""

    is_same: bool
    is_larger: bool
    is_smaller: bool


class Between(NamedTuple):
    """A constraint on two talks: it counts the product of the three."""

    name: str
    common: Callable[[Common], int]
    when: Callable[[When], int]
    where: Callable[[Where], int]


def _anywhere(_: Where) -> int:
    return 1


BETWEEN = (
    Between("Room conflict", lambda _: 1, lambda when: when.overlap, lambda where: where.is_same),
    Between("Speaker conflict", lambda two: two.speakers, lambda when: when.overlap, _anywhere),
    Between(
        "Talk prerequisite talks", lambda two: two.is_first, lambda when: when.minutes * (not when.is_before), _anywhere
    ),
    Between(
        "Talk prerequisite talks", lambda two: two.is_second, lambda when: when.minutes * (not when.is_after), _anywhere
    ),
    Between("Talk mutually-exclusive-talks tags", lambda two: two.exclusive, lambda when: when.overlap, _anywhere),
    Between(
        "Consecutive talks pause",
        lambda two: two.speakers > 0,
        lambda when: when.minutes * (not when.has_pause),
        _anywhere,
    ),
    Between("Theme track conflict", lambda two: two.themes, lambda when: when.overlap, _anywhere),
    Between(
        "Theme track room stability",
        lambda two: two.themes,
        lambda when: when.minutes * when.is_same_day,
        lambda where: not where.is_same,
    ),
    Between("Sector conflict", lambda two: two.sectors, lambda when: when.overlap, _anywhere),
    Between("Audience type diversity", lambda two: two.audiences, lambda when: when.together, _anywhere),
    Between(
        "Audience type theme track conflict",
        lambda two: two.themes * two.audiences,
        lambda when: when.overlap,
        _anywhere,
    ),
    Between("Audience level diversity", lambda two: two.is_other_level, lambda when: when.together, _anywhere),
    Between(
        "Content audience level flow violation",
        lambda two: two.contents * two.is_easier,
        lambda when: when.minutes * (not when.is_before),
        _anywhere,
    ),
    Between(
        "Content audience level flow violation",
        lambda two: two.contents * two.is_harder,
        lambda when: when.minutes * (not when.is_after),
        _anywhere,
    ),
    Between("Content conflict", lambda two: two.contents, lambda when: when.overlap, _anywhere),
    Between("Language diversity", lambda two: two.is_other_language, lambda when: when.together, _anywhere),
    Between(
        "Same day talks",
        lambda two: two.themes + two.contents,
        lambda when: when.minutes * (not when.is_same_day),
        _anywhere,
    ),
    Between("Popular talks", lambda two: two.is_less_wanted, lambda when: when.minutes, lambda where: where.is_larger),
    Between("Popular talks", lambda two: two.is_more_wanted, lambda when: when.minutes, lambda where: where.is_smaller),
)

_TAGS = tuple(
    tuple(f"{whose} {wish} {what} tags" for wish in ("required", "preferred", "prohibited", "undesired"))
    for whose in ("Speaker", "Talk")
    for what in ("timeslot", "room")
)
_ALONE = ("Room unavailable timeslot", "Speaker unavailable timeslot", "Published timeslot", "Published room")

CONSTRAINTS = tuple(
    dict.fromkeys(
        [*_ALONE, *(each.name for each in BETWEEN), *(name for kind in _TAGS for name in kind), CROWD, MAKESPAN]
    )
)


@dataclass(frozen=True)
class Score:
    """What a programme scores: by constraint, and in all. A constraint without points is not among the parts."""

    parts: Mapping[str, Weight]
    total: Weight


def score(conference: Conference, places: Sequence[Place]) -> Score:
    """The score of a programme: a place for each talk, in order."""
    counts: Counter[str] = Counter()
    for talk, place in zip(conference.talks, places, strict=True):
        counts.update(alone(conference, talk, place))
    for (one, here), (other, there) in combinations(zip(conference.talks, places, strict=True), 2):
        two, at = common(one, other), when(conference, here.slot, there.slot)
        rooms = where(conference, here.room, there.room)
        for each in BETWEEN:
            counts[each.name] += each.common(two) * each.when(at) * each.where(rooms)
    slots = [conference.slots[place.slot] for place in places]
    counts[CROWD] += _crowds(conference, [place.slot for place in places])
    counts[MAKESPAN] += sum(_waiting([slots[number] for number in those]) for those in talks_by_speaker(conference))
    parts = {name: points(conference, name, count) for name, count in counts.items() if count}
    parts = {name: each for name, each in parts.items() if any(each)}
    return Score(parts, Weight(*(sum(each[level] for each in parts.values()) for level in range(3))))


def points(conference: Conference, constraint: str, count: int) -> Weight:
    """Points of a constraint that counts so many matches: below zero, but for rewards."""
    sign = 1 if constraint in REWARDS else -1
    return Weight(*(sign * each * count for each in conference.weights[constraint]))


def alone(conference: Conference, talk: Talk, place: Place) -> Counter[str]:
    """What each constraint on one talk alone counts."""
    slot, room = conference.slots[place.slot], conference.rooms[place.room]
    speakers = [conference.speakers[number] for number in talk.speakers]
    minutes = slot.time.minutes
    counts = Counter(
        {
            "Room unavailable timeslot": minutes * (place.slot in room.closed),
            "Speaker unavailable timeslot": minutes * sum(place.slot in speaker.away for speaker in set(speakers)),
            "Published timeslot": int(talk.published_slot not in (None, place.slot)),
            "Published room": int(talk.published_room not in (None, place.room)),
        }
    )
    of_speakers_slot, of_speakers_room, of_slot, of_room = _TAGS
    for names, wishes, tags in (
        (of_speakers_slot, [speaker.slots for speaker in speakers], slot.tags),
        (of_speakers_room, [speaker.rooms for speaker in speakers], room.tags),
        (of_slot, [talk.slots], slot.tags),
        (of_room, [talk.rooms], room.tags),
    ):
        for each in wishes:
            for name, count in zip(names, each.counts(tags), strict=True):
                counts[name] += count * minutes
    return +counts  # without those that count nothing


def common(one: Talk, other: Talk) -> Common:
    """What two talks have in common."""
    return Common(
        themes=len(one.themes & other.themes),
        sectors=len(one.sectors & other.sectors),
        audiences=len(one.audiences & other.audiences),
        contents=len(one.contents & other.contents),
        speakers=len(set(one.speakers) & set(other.speakers)),
        exclusive=len(one.exclusive & other.exclusive),
        is_other_language=one.language != other.language,
        is_other_level=one.level != other.level,
        is_first=one.code in other.after,
        is_second=other.code in one.after,
        is_easier=one.level < other.level,
        is_harder=one.level > other.level,
        is_less_wanted=one.favourites < other.favourites,
        is_more_wanted=one.favourites > other.favourites,
    )


def when(conference: Conference, here: int, there: int) -> When:
    """How two timeslots lie to each other."""
    one, other = conference.slots[here].time, conference.slots[there].time
    overlap = max(0, min(one.end, other.end) - max(one.start, other.start))
    is_same_day = one.day == other.day
    gap = max(one.start, other.start) - min(one.end, other.end)
    return When(
        overlap=overlap,
        together=one.minutes if here == there else 0,
        minutes=one.minutes + other.minutes,
        is_same_day=is_same_day,
        has_pause=not overlap and (not is_same_day or gap >= conference.pause),
        is_before=one.end <= other.start,
        is_after=other.end <= one.start,
    )


def where(conference: Conference, here: int, there: int) -> Where:
    """How two rooms lie to each other."""
    one, other = conference.rooms[here].capacity, conference.rooms[there].capacity
    return Where(is_same=here == there, is_larger=one > other, is_smaller=one < other)


def talks_by_speaker(conference: Conference) -> list[list[int]]:
    """The numbers of the talks of each speaker who has two or more."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for number, talk in enumerate(conference.talks):
        for speaker in dict.fromkeys(talk.speakers):
            found[speaker].append(number)
    return [those for _, those in sorted(found.items()) if len(those) > 1]


def _crowds(conference: Conference, slots: Sequence[int]) -> int:
    drawing = Counter(slot for slot, talk in zip(slots, conference.talks, strict=True) if talk.crowd_risk > 0)
    return sum(number * conference.slots[slot].time.minutes for slot, number in drawing.items() if number >= CROWDED)


def _waiting(slots: Sequence[Slot]) -> int:
    days = [slot.time.day for slot in slots]
    return DAY * max(0, max(days) - min(days) - 1)
