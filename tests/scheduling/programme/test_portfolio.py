"""Several ways to one answer: each goes on from the best so far, the best is kept, and a word stops them."""

from __future__ import annotations

import threading
from itertools import combinations

from ortools.sat.python import cp_model

from scheduling.programme import portfolio
from scheduling.programme.portfolio import Best, Searched, Turn, Way


def run(*ways: Way[str], stop: threading.Event | None = None, seconds: float = 3600.0) -> tuple[Best[str], list[str]]:
    told: list[str] = []

    def report(done: float, doing: str) -> None:
        assert 0 <= done <= 1
        if told[-1:] != [doing]:
            told.append(doing)

    return portfolio.run(ways, seconds, 2, 1, report, stop or threading.Event()), told


def offering(value: int, solution: str, seen: list[str | None] | None = None) -> Way[str]:
    def go(turn: Turn[str]) -> None:
        if seen is not None:
            seen.append(turn.best.solution)
        turn.best.offer(value, solution)

    return Way(solution, 0.5, go)


def test_the_better_result_is_kept_and_each_begins_from_the_best() -> None:
    seen: list[str | None] = []
    best, told = run(offering(5, "first", seen), offering(7, "second", seen), offering(4, "third", seen))
    assert (best.value, best.solution, best.is_optimal) == (4, "third", False)
    assert seen == [None, "first", "first"]
    assert told == ["first", "second", "third", "done"]


def test_nothing_comes_after_a_proof() -> None:
    def prove(turn: Turn[str]) -> None:
        turn.best.offer(3, "best")
        turn.best.at_least(2)
        assert not turn.best.is_optimal
        turn.best.at_least(3)
        turn.best.at_least(1)

    best, told = run(Way("proof", 1.0, prove), offering(1, "never"))
    assert best.is_optimal and best.bound == 3
    assert told == ["proof", "done"]


def test_time_is_shared_and_no_way_has_more_than_its_most() -> None:
    had: list[float] = []
    look = lambda turn: had.append(turn.seconds)  # noqa: E731
    run(Way("half", 0.5, look), Way("few", 0.9, look, most=7.0), Way("rest", 1.0, look), seconds=100.0)
    half, few, rest = had
    assert half <= 50 < rest <= 100
    assert few <= 7


def test_a_word_stops_a_search_that_would_go_on_for_hours() -> None:
    stop = threading.Event()
    found: list[Searched | None] = []

    def forever(turn: Turn[str]) -> None:
        threading.Timer(0.2, stop.set).start()
        found.append(turn.search(_endless()))
        assert turn.seconds == 0 and turn.search(_endless()) is None

    best, told = run(Way("endless", 1.0, forever), offering(1, "never"), stop=stop)
    assert best.solution is None
    assert told == ["endless", "done"]
    assert found[0] is not None and not found[0].is_infeasible


def test_what_a_search_found_and_proved_comes_out() -> None:
    model = cp_model.CpModel()
    number = model.new_int_var(0, 9, "")
    model.add(number * 2 >= 5)
    model.minimize(number)
    turns: list[Searched | None] = []
    run(Way("small", 1.0, lambda turn: turns.append(turn.search(model))))
    assert turns == [Searched([3], 3, 3, is_infeasible=False)]

    model.add(number <= 2)
    run(Way("none", 1.0, lambda turn: turns.append(turn.search(model))))
    assert turns[1] == Searched(None, None, None, is_infeasible=True)


def _endless() -> cp_model.CpModel:
    """Two colours for the edges between 18 points, and no four points all in one: there is none, and no short proof."""
    model = cp_model.CpModel()
    edge = {pair: model.new_bool_var("") for pair in combinations(range(18), 2)}
    for four in combinations(range(18), 4):
        edges = [edge[pair] for pair in combinations(four, 2)]
        model.add_bool_or(edges)
        model.add_bool_or(each.negated() for each in edges)
    return model
