"""Opinions: groups found where there are some, circles of five and more, and what is shared and what parts."""

from __future__ import annotations

import random
import threading
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.opinions import LEAST, USUAL, Figures, Known, Stand, figures, form, parted, shared
from scheduling.opinions.groups import solve

stands = st.lists(
    st.tuples(st.sampled_from(("agencies", "customs", "trade")), st.integers(0, 3), st.floats(-1, 1)), max_size=90
).map(lambda drawn: [Stand(number, *each) for number, each in enumerate(drawn)])


def grouped(votes: list[str]) -> list[int]:
    asked = {"people": list(range(len(votes))), "votes": votes}
    return list(solve(asked, lambda done, doing: None, threading.Event())["groups"])


def leaning(chance: random.Random, line: str, sure: float = 0.9) -> str:
    """Somebody who votes as `line` mostly does, and has not seen everything."""
    said = [each if chance.random() < sure else chance.choice("adp") for each in line]
    return "".join(each if chance.random() < 0.8 else "." for each in said)


def test_who_votes_alike_is_found_in_one_group() -> None:
    chance = random.Random(1)
    camps = ["aaaaddddaaaadddd", "ddddaaaaaaaadddd", "aaaaaaaaddddaaaa"]
    sizes = (30, 18, 12)
    votes = [leaning(chance, camp) for camp, size in zip(camps, sizes, strict=True) for _each in range(size)]
    found = grouped(votes)
    starts = (0, 30, 48, 60)
    assert [len(set(found[start:end])) for start, end in pairwise(starts)] == [1, 1, 1] and len(set(found)) == 3


@pytest.mark.parametrize(
    "votes",
    [
        ["aadd"] * 9,  # all say the same
        ["aadd"] * 6 + ["ddaa"] * 4,  # four are no group
        ["...."] * 7,
        [""] * 6,
        ["a"] * 3 + ["d"] * 3,
    ],
)
def test_where_there_are_no_groups_everybody_is_in_one(votes: list[str]) -> None:
    assert set(grouped(votes)) == {0}


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="one letter for each statement"):
        grouped(["a", "ad"])


@given(stands, st.booleans())
def test_circles_are_of_five_and_more_and_nobody_is_in_two(waiting: list[Stand], mixed: bool) -> None:
    made = form(waiting, mixed=mixed)
    by_person = {each.person: each for each in waiting}
    inside = [person for _side, _group, people in made for person in people]
    assert len(inside) == len(set(inside)) and set(inside) <= set(by_person)
    for side, _group, people in made:
        assert LEAST <= len(people) < 2 * USUAL or side is None
        assert side is None or {by_person[person].side for person in people} == {side}
    # Who waits is one of too few of their side; with nobody left over where all sides are mixed.
    left = Counter(each.side for each in waiting if each.person not in inside)
    assert all(count < LEAST for count in left.values())
    assert not mixed or sum(left.values()) < LEAST


def test_what_all_share_and_where_two_part() -> None:
    circles = [
        Known("trade", 4, 10, {1: [8, 1, 1], 2: [9, 1, 0], 3: [1, 9, 0], 4: [3, 3, 4]}),
        Known("trade", 4, 6, {1: [6, 0, 0], 2: [6, 0, 0], 3: [0, 6, 0]}),
        Known("agencies", 2, 9, {1: [7, 2, 0], 2: [2, 7, 0], 3: [0, 9, 0], 4: [4, 4, 1]}),
        Known(None, 2, 5, {1: [5, 0, 0]}),
    ]
    found = figures(circles)
    assert found.people == 30 and [each.people for each in found.groups] == [16, 14]
    assert found.groups_by == {4: 0, 2: 1}
    assert found.groups[0].tallies[1] == (14, 1, 1) and found.sides["agencies"].tallies[1] == (7, 2, 0)
    assert found.everybody[1] == (26, 3, 1)
    assert shared(found) == [(3, False), (1, True)]  # nobody but one agrees with 3
    assert parted(found.sides["trade"], found.sides["agencies"]) == [2]
    assert parted(found.sides["trade"], found.sides.get("customs")) == []
    assert Figures.from_json(found.to_json()) == found
    # A statement one group has not voted on is shared by nobody.
    assert shared(figures([*circles, Known("trade", 3, 5, {3: [0, 5, 0]})])) == [(3, False)]


def test_who_is_more_alike_stands_nearer() -> None:
    likeness = {0: [9, 1, 0], 1: [8, 2, 0], 2: [0, 10, 0]}
    circles = [Known("trade", group, 10, {1: cell, 2: cell[::-1], 3: [5, 5, 0]}) for group, cell in likeness.items()]
    first, second, third = figures(circles).groups
    near, far = (abs(first.x - second.x) + abs(first.y - second.y), abs(first.x - third.x) + abs(first.y - third.y))
    assert near < far and max(abs(each.x) for each in (first, second, third)) == 100
    alone = figures(circles[:1])
    assert (alone.groups[0].x, alone.groups[0].y) == (0, 0) and figures([]).groups == ()
