"""What an organiser types in one go: the pattern of a day, rooms, what is needed."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.kit.screen import Refusal
from bot.kit.text import CATALOGUES as LOCALES
from bot.kit.text import LANGUAGES, Catalogues, Reader, Writer
from db.symposia import BlockKind, Equipment
from handlers.symposia.patterns import RoomSaid, equipment_names, read_day, read_rooms
from handlers.symposia.times import Pattern
from handlers.symposia.venue import AddRooms

NAMED = {each.value.replace("_", "-"): each for each in Equipment} | {"interprétation": Equipment.INTERPRETATION}


def day(words: str) -> list[str]:
    return [
        f"{each.starts_at:%H:%M}-{each.ends_at:%H:%M} {each.title or each.kind.value}"
        for each in read_day(words, name="words").spans
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("9-12, 60", "09:00-10:00 sessions, 10:00-11:00 sessions, 11:00-12:00 sessions"),
        (
            "9h à 11h30; séances de 45 minutes avec 15 entre; pause 10h à 10h30",
            "09:00-09:45 sessions, 10:00-10:30 break, 10:30-11:15 sessions",
        ),
        (
            "٠٩:٠٠–١٢:٠٠، جلسات 60، صلاة 11:00–11:30",
            "09:00-10:00 sessions, 10:00-11:00 sessions, 11:00-11:30 صلاة",
        ),
        (
            "08:00-10:00\nplenary 08:00-08:45\nsessions of 30 minutes, coffee 9:15-9:30",
            "08:00-08:45 plenary, 08:45-09:15 sessions, 09:15-09:30 Coffee, 09:30-10:00 sessions",
        ),
        (
            "09:00–12:30, breaks 10:00–10:15 and 11:15–11:30, 60",
            "09:00-10:00 sessions, 10:00-10:15 break, 10:15-11:15 sessions, 11:15-11:30 break, 11:30-12:30 sessions",
        ),
    ],
)
def test_a_day_is_what_its_pattern_says(words: str, said: str) -> None:
    assert ", ".join(day(words)) == said


@pytest.mark.parametrize(
    "words",
    [
        *("", "sessions of 45", "09:00–12:00", "12-9, 45", "09:00–25:00, 45", "9-12, 45, lunch 11:00–13:00", "9-12, 5"),
        *("9-12, 45, a 10:00–11:00, b 10:30–11:30", "9-12, 45, nonsense", "9-12, 480", "9-12, 45, 30"),
    ],
)
def test_what_is_no_day_is_refused(words: str) -> None:
    with pytest.raises(Refusal):
        read_day(words, name="words")


@given(
    start=st.integers(0, 20),
    hours=st.integers(1, 4),
    minutes=st.integers(10, 90),
    gap=st.integers(0, 20),
    pause=st.tuples(st.integers(0, 200), st.integers(5, 40)),
)
@settings(max_examples=60, deadline=None)
def test_sessions_fit_between_and_no_time_is_lost_that_would_hold_one(
    start: int, hours: int, minutes: int, gap: int, pause: tuple[int, int]
) -> None:
    first, last = start * 60, min(start + hours, 23) * 60
    begins, ends = first + pause[0], first + pause[0] + pause[1]

    def clock(at: int) -> str:
        return f"{at // 60:02}:{at % 60:02}"

    words = f"{clock(first)}-{clock(last)}, {minutes} {gap}, lunch {clock(begins)}-{clock(ends)}"
    try:
        found = read_day(words, name="words")
    except Refusal:
        assert ends > last or (begins - first < minutes and last - ends < minutes)
        return
    spans = found.spans
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert all(first <= each.start < each.end <= last for each in spans)
    assert all(each.end - each.start == minutes for each in spans if each.kind is BlockKind.SESSIONS)
    edges = [first, *(edge for each in spans for edge in (each.start, each.end)), last]
    free = [edges[at + 1] - edges[at] for at in range(0, len(edges), 2)]
    assert all(each < minutes + gap for each in free) and found.left_over <= sum(free)


def test_rooms_are_read_several_at_a_time_in_the_readers_words() -> None:
    words = "Main hall 300, Hall 2 1200 hybrid and interprétation; Room B: ٤٠ step-free (Building 2)\nSalle C 25"
    assert read_rooms(words, named=NAMED, name="rooms") == [
        RoomSaid("Main hall", 300),
        RoomSaid("Hall 2", 1200, (Equipment.INTERPRETATION, Equipment.HYBRID)),
        RoomSaid("Room B", 40, (Equipment.STEP_FREE,), "Building 2"),
        RoomSaid("Salle C", 25),
    ]
    for wrong in ("", "Main hall", "300", "Main hall 300 fountain", "Main hall 0", "Main hall 300000"):
        with pytest.raises(Refusal):
            read_rooms(wrong, named=NAMED, name="rooms")
    assert set(equipment_names(lambda phrase: phrase.source).values()) == set(Equipment)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_what_is_given_as_an_example_can_be_typed(language: str) -> None:
    """In every language, as the question itself shows it."""
    say = Writer(Catalogues(LOCALES), Reader(language, "Africa/Tunis")).plain
    pattern, rooms = Pattern.asks["words"].hint, AddRooms.asks["rooms"].hint
    spans = read_day(say(pattern).partition(":")[2], name="words").spans
    assert [each.kind for each in spans].count(BlockKind.PLENARY) == 1 and sum(bool(each.title) for each in spans) == 2
    example = re.search(r": ([^()]*\([^()]*\))", say(rooms))
    assert example is not None
    (first, second) = read_rooms(example[1], named=equipment_names(say), name="rooms")
    assert (first.capacity, second.capacity, second.equipment) == (300, 40, (Equipment.INTERPRETATION,))
    assert second.building
