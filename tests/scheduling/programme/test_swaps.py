"""The swap search, against every programme there is in small cases, and compiled against plain."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scheduling.programme import swaps
from scheduling.programme.swaps import Costs, Crowd, Idle, Problem, Span, Spread, search, seats


def a_problem(seed: int, items: int = 4, places: int = 6, levels: int = 3) -> Problem:
    """Any problem: some items may be anywhere, some at one place only; groups of every kind."""
    chance = np.random.default_rng(seed)
    allowed = [[int(chance.integers(places))], *(list(range(places)) for _ in range(items - 1))]
    kinds, relations = _mirrored(chance, items, 3), _mirrored(chance, places, 4)
    half = chance.integers(-3, 12, size=(levels, 6, 8)) * (chance.random((levels, 6, 8)) < 0.5)
    pairs = half + np.roll(half, (3, 4), axis=(1, 2))  # the same for the counterparts of kind and relation
    return Problem(
        allowed=allowed,
        alone=chance.integers(0, 20, size=(levels, items, places)),
        kinds=kinds,
        relations=relations,
        pairs=pairs,
        groups=[
            Crowd((0, 1, 3), (0, 0, 1, 1, 0, 1)[:places], (5, 5, 7, 7, 5, 7)[:places], 2, (0, 1, 4)),
            Span((1, 2, 3), (0, 1, 2, 3, 0, 2)[:places], 1, (1, 0, 6)),
            Spread((0, 2, 3), (0, 1, 2, 0, 1, 2)[:places], (0, 3, 1)),
            Idle((0, 1, 2), (0, 0, 0, 1, 1, 0)[:places], (0, 4, 9, 2, 7, 1)[:places], (2, 3, 1), (1, 0, 2)),
        ],
    )


def _mirrored(chance: np.random.Generator, size: int, half: int) -> NDArray[np.int32]:
    """A square of numbers below `2 * half`, in which the mirrored entry is the number's counterpart."""
    square = np.zeros((size, size), dtype=np.int32)
    for one, other in combinations(range(size), 2):
        square[one, other] = chance.integers(half)
        square[other, one] = square[one, other] + half
    return square


def every(problem: Problem) -> Iterator[tuple[int, ...]]:
    return (places for places in product(*problem.allowed) if len(set(places)) == len(places))


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("seed", range(5))
def test_in_small_cases_nothing_is_better(seed: int) -> None:
    problem = a_problem(seed)
    assert search(problem, steps=5_000).cost == min(map(problem.cost, every(problem)))


@pytest.mark.usefixtures("plain")
@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), heat=st.sampled_from([0.1, 1.0]))
def test_what_it_says_is_so(seed: int, heat: float) -> None:
    problem = a_problem(seed, items=5)
    start = next(every(problem))
    found = search(problem, seed=seed, steps=300, start=start, heat=heat)
    assert found.cost == problem.cost(found.places) <= problem.cost(start)
    assert len(set(found.places)) == 5
    assert all(place in allowed for place, allowed in zip(found.places, problem.allowed, strict=True))


@pytest.mark.usefixtures("plain")
def test_a_seed_and_a_number_of_steps_always_give_the_same() -> None:
    problem = a_problem(5, items=6)
    once, again = (search(problem, seed=3, steps=700, workers=2) for _ in range(2))
    assert once == again and once.steps == 1_400
    ways = {tuple(search(problem, seed=seed, steps=3).places) for seed in range(8)}
    assert len(ways) > 1  # the seed is heeded


@pytest.mark.slow
@pytest.mark.promise("programme.swaps", "The swap search takes the same steps compiled and in plain Python.")
def test_compiled_and_plain_take_the_same_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    problems = [a_problem(seed, items=6) for seed in range(5)]
    compiled = [search(each, seed=1, steps=12_000) for each in problems]
    monkeypatch.setattr(swaps, "compiled", lambda: None)
    assert [search(each, seed=1, steps=12_000) for each in problems] == compiled


@pytest.mark.usefixtures("plain")
def test_a_higher_level_comes_first_however_much_the_lower_would_gain() -> None:
    alone = np.array([[[1, 0], [0, 1]], [[0, 10**6], [10**6, 0]]])
    none = np.zeros((2, 2), dtype=np.int32)
    problem = Problem([[0, 1], [0, 1]], alone, none, none, np.zeros((2, 1, 1), dtype=np.int64))
    assert search(problem, steps=2_000, start=[0, 1])[:2] == ([1, 0], (0, 2 * 10**6))


@pytest.mark.usefixtures("plain")
def test_it_stops_when_asked_and_says_how_far_it_is() -> None:
    stop, told = threading.Event(), list[tuple[float, Costs]]()

    def report(done: float, cost: Costs) -> None:
        told.append((done, cost))
        if len(told) == 3:
            stop.set()

    problem = a_problem(1)
    found = search(problem, seconds=3600, stop=stop, report=report)
    assert found.steps == 3 * swaps.BATCH and found.cost == told[-1][1]
    shares, costs = zip(*told, strict=True)
    assert list(shares) == sorted(shares) and list(costs) == sorted(costs, reverse=True)


@pytest.mark.usefixtures("plain")
def test_whoever_refuses_its_report_ends_all_workers() -> None:
    def refuse(done: float, cost: Costs) -> None:
        raise RuntimeError("nobody wants it")

    with pytest.raises(RuntimeError, match="nobody wants it"):
        search(a_problem(1), seconds=3600, workers=2, report=refuse)


@pytest.mark.usefixtures("plain")
def test_it_is_never_worse_than_where_it_began() -> None:
    problem = a_problem(2)
    best = min(every(problem), key=problem.cost)
    assert search(problem, steps=10, start=best).places == list(best)


@pytest.mark.usefixtures("plain")
def test_what_cannot_be_asked_is_refused() -> None:
    problem = a_problem(3)
    with pytest.raises(ValueError, match="either steps or seconds"):
        search(problem)
    crowded = Problem([[0], [0, 1], [1]], problem.alone, problem.kinds, problem.relations, problem.pairs)
    with pytest.raises(ValueError, match="no place of its own for item 1"):
        search(crowded, steps=10)


def test_whoever_can_have_a_seat_of_their_own_has_one() -> None:
    chance = random.Random(7)
    for _ in range(30):
        allowed = [chance.sample(range(6), chance.randint(0, 3)) for _ in range(5)]
        found = seats(allowed)
        seated = [place for place in found if place is not None]
        assert len(set(seated)) == len(seated)
        assert all(place is None or place in those for place, those in zip(found, allowed, strict=True))
        most = max(
            len(set(choice) - {-1})
            for choice in product(*([*those, -1] for those in allowed))
            if len(set(choice) - {-1}) == sum(place >= 0 for place in choice)
        )
        assert len(seated) == most
