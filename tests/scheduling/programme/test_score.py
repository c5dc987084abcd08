"""What a programme breaks and costs: against an independent count, and case by case where people meet it."""

from __future__ import annotations

import random
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.programme import Kind, Place, Problem, broken, changes, compare, missed, places_to_json, score
from tests.scheduling.programme.checker import Checker
from tests.scheduling.programme.symposia import tiny


@settings(max_examples=30)
@given(luck=st.randoms(use_true_random=False))
def test_it_counts_as_the_independent_checker_does(luck: random.Random) -> None:
    data = tiny(luck)
    problem = Problem.from_json(data)
    spots = [Place(block, room) for block, room in product(problem.block, problem.room)]
    for _ in range(5):
        places = {key: luck.choice(spots) for key in problem.session if luck.random() < 0.9}
        checker = Checker(data, places_to_json(places))
        assert {(str(each.demand.kind), each.demand.ids) for each in broken(problem, places)} == checker.broken()
        assert score(problem, places).parts == checker.score()


def problem(**more) -> Problem:
    """Two rooms with a quarter of an hour between them, a morning of three hours and its first half as one block."""
    data = {
        "zone": "Europe/Brussels",
        "blocks": [
            {"key": "9", "start": "2027-05-12T09:00", "minutes": 60},
            {"key": "10", "start": "2027-05-12T10:00", "minutes": 60},
            {"key": "11", "start": "2027-05-12T11:00", "minutes": 60},
            {"key": "9-11", "start": "2027-05-12T09:00", "minutes": 120},
        ],
        "rooms": [{"key": "hall", "capacity": 100}, {"key": "den", "capacity": 20}],
        "people": [{"key": "ama"}, {"key": "bo"}],
        "sessions": [
            {"key": "a", "minutes": 60, "people": [{"person": "ama"}, {"person": "bo", "role": "official"}]},
            {"key": "b", "minutes": 60, "people": [{"person": "ama", "role": "chair"}]},
            {"key": "c", "minutes": 60},
            {"key": "c2", "minutes": 60, "repeat_of": "c"},
        ],
        "wishes": [{"sessions": ["a", "b", "c"], "people": 30}],
    }
    return Problem.from_json(data | more)


GOOD = {"a": Place("9", "hall"), "b": Place("10", "hall"), "c": Place("9", "den"), "c2": Place("11", "hall")}


def test_a_good_programme_breaks_nothing() -> None:
    # Of 30 who want c, half go to each giving. So 85 seats are empty at one, 5 at the other, 70 at a and at b.
    assert broken(problem(), GOOD) == []
    assert score(problem(), GOOD).parts == {"wishes": 0, "popular": 0, "waste": 230, "tracks": 0, "hours": 0, "day": 0}


def test_people_in_any_roles_are_in_one_place_at_a_time() -> None:
    (wrong,) = broken(problem(), GOOD | {"b": Place("9-11", "hall"), "a": Place("9", "den"), "c": Place("10", "den")})
    assert wrong.demand == (Kind.PERSON, ("ama",)) and wrong.sessions == ("a", "b")


def test_nobody_runs_from_room_to_room_unless_from_afar() -> None:
    apart = GOOD | {"b": Place("10", "den"), "c": Place("11", "den"), "c2": Place("10", "hall")}
    (wrong,) = broken(problem(), apart)
    assert wrong.demand == (Kind.WALK, ("ama",)) and wrong.sessions == ("a", "b")
    assert broken(problem(walks=[{"rooms": ["den", "hall"], "minutes": 0}]), apart) == []
    remote = [{"key": "ama", "remote": {"zone": "Europe/Brussels"}}, {"key": "bo"}]
    assert broken(problem(people=remote), apart) == []


def test_a_wish_is_missed_only_where_the_repeat_clashes_too() -> None:
    """A plenary aside, nobody can be in a and in c at nine; but c is given again."""
    assert missed(problem(), GOOD) == []
    both = GOOD | {"c2": Place("10", "den")}
    assert missed(problem(), both) == []
    once = {key: place for key, place in GOOD.items() if key != "c2"}
    (only,) = missed(problem(), once)
    assert only == (("a", "c"), 30)
    assert score(problem(), once).parts["wishes"] == 600


def test_a_swap_by_hand_says_what_it_breaks_mends_and_costs() -> None:
    swapped = GOOD | {"b": GOOD["c"], "c": GOOD["b"]}
    found = compare(problem(), GOOD, swapped)
    assert [(each.demand.kind, each.sessions) for each in found.breaks] == [(Kind.PERSON, ("a", "b"))]
    # Thirty cannot be in a and in b at once, and ten of those who want b have no seat. c had 5 empty seats and b 70;
    # now they have 85 and none.
    assert found.mends == () and found.parts["wishes"] == 600 and found.parts["popular"] == 100
    assert found.parts["waste"] == 10 and found.total == score(problem(), swapped).total - score(problem(), GOOD).total
    back = compare(problem(), swapped, GOOD)
    assert back.breaks == () and back.mends == found.breaks and back.total == -found.total


def test_changes_say_what_moved_and_whom_it_touches() -> None:
    """A longer block with the same start is the same time; what is no more has changed, what is new has not."""
    new = GOOD | {"a": Place("9-11", "hall"), "b": Place("11", "den")}
    (moved,) = changes(problem(), {**GOOD, "gone": Place("9", "den")}, new)
    assert (moved.session, moved.old, moved.new, moved.people) == ("b", GOOD["b"], new["b"], ("ama",))
    assert moved.is_retimed and moved.is_moved and moved.cost == 13
    (only_room,) = changes(problem(), {"a": Place("9", "cellar")}, GOOD)
    assert not only_room.is_retimed and only_room.cost == 3
    (gone_block,) = changes(problem(), {"a": Place("8", "hall")}, GOOD)
    assert gone_block.is_retimed and gone_block.cost == 10


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"breaks": [{"key": "prayer", "start": "2027-05-12T09:50", "minutes": 5, "people": ["bo"]}]}, Kind.BREAK),
        ({"per_day": 1}, Kind.PER_DAY),
    ],
)
def test_what_only_some_need_is_kept_for_them(more, kind: Kind) -> None:
    (wrong,) = broken(problem(**more), GOOD)
    assert wrong.demand.kind is kind and "a" in wrong.sessions
