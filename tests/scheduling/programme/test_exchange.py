"""The compiled search on a programme: its tables cost what the score says, and it keeps what the solver cannot."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.programme import (
    Kind,
    Place,
    Places,
    Problem,
    broken,
    exchange,
    model,
    places_from_json,
    score,
    swaps,
    tables,
)
from scheduling.programme.demands import before
from scheduling.programme.exact import Exact
from scheduling.programme.exchange import Exchange, Going
from scheduling.programme.tables import Table, table
from tests.scheduling.programme.checker import Checker
from tests.scheduling.programme.symposia import dense, symposium, tiny


def tabled(problem: Problem) -> Table:
    those = table(problem)
    assert those is not None
    return those


@settings(max_examples=40)
@given(luck=st.randoms(use_true_random=False))
def test_the_tables_cost_what_is_broken_and_what_the_score_says(luck: random.Random) -> None:
    data = tiny(luck)
    for each in data["sessions"]:
        each.pop("repeat_of", None)
    problem = Problem.from_json(data)
    if len(problem.sessions) > len(problem.blocks) * len(problem.rooms):
        assert table(problem) is None
        return
    those = tabled(problem)
    numbers = luck.sample(range(len(those.places)), len(problem.sessions))
    places = those.chosen(numbers)
    wrong, points = those.swaps.cost(numbers)
    assert points == score(problem, places).total == sum(Checker(problem.to_json(), _json(places)).score().values())
    # Of too many sessions a day each is counted, not the day.
    told = broken(problem, places)
    days = [len(each.sessions) if each.demand.kind is Kind.PER_DAY else 1 for each in told]
    assert wrong == sum(days) == those.demands.cost(numbers)[0]
    assert those.numbers(places) == numbers


@settings(max_examples=25)
@given(luck=st.randoms(use_true_random=False))
def test_with_repeats_what_it_takes_for_kept_is_kept(luck: random.Random) -> None:
    problem = Problem.from_json(tiny(luck))
    if len(problem.sessions) <= len(problem.blocks) * len(problem.rooms):
        those = tabled(problem)
        numbers = luck.sample(range(len(those.places)), len(problem.sessions))
        wrong, points = those.swaps.cost(numbers)
        places = those.chosen(numbers)
        assert not broken(problem, places) or wrong
        assert points <= score(problem, places).total
        has_choice = any(len(before(problem, each, key)) > 1 for each in problem.sessions for key in each.after)
        assert not wrong or broken(problem, places) or has_choice


def _json(places: dict[str, Place]) -> dict[str, Any]:
    return {key: place.to_json() for key, place in places.items()}


def test_it_begins_where_as_few_as_can_be_break_something_by_themselves() -> None:
    problem = Problem.from_json(dense())
    those = tabled(problem)
    at = those.start()
    assert len(set(at)) == len(at) and not those.swaps.alone[0, range(len(at)), at].any()


def test_too_many_places_are_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "PLACES", 100)
    problem = Problem.from_json(dense())
    assert table(problem) is None
    assert Exchange(problem, seed=1, is_over=lambda: False).begin(3600, 1).found() is None


@pytest.mark.usefixtures("plain")
def test_in_plain_python_it_keeps_all_demands_of_a_full_day_and_costs_less(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem.from_json(dense(days=1, rooms=3, spare=2))
    over = threading.Event()

    def once(asked: swaps.Problem, **more: Any) -> swaps.Found:
        if asked.levels == tables.LEVELS:  # demands are kept: a few steps for the points, and no more
            over.set()
        return search(asked, **more)

    search = swaps.search
    monkeypatch.setattr(swaps, "search", once)
    at_work = Exchange(problem, seed=1, is_over=over.is_set)
    first = at_work.begin(3600, 1).found()
    assert first is not None and not broken(problem, first)
    going = at_work.begin(3600, 1, first, 0.3)
    again = going.found()
    assert again is not None and not broken(problem, again) and going.is_ended()
    assert score(problem, again).total <= score(problem, first).total


def test_whoever_is_late_is_not_waited_for_and_who_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "GRACE", 0.01)
    compiled = threading.Event()
    late = Going(lambda: {} if compiled.wait() else None, lambda: True)
    assert late.found() is None and not late.is_ended()
    compiled.set()

    def fail() -> None:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        Going(fail, lambda: False).found()


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("workers", [1, 2])
def test_what_the_search_finds_beside_the_solver_is_what_it_goes_on_from(
    monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """Where the solver has no moment before it is told of a programme, there is one all the same."""
    data = dense(days=1, rooms=3, spare=2)
    monkeypatch.setattr(model, "MANY", 10)
    told: list[Places] = []
    hint, solve = Exact.hint, model._Run.solve

    def heard(exact: Exact, places: Places) -> None:
        told.append(places)
        hint(exact, places)

    def waiting(run: Any, asked: Any, share: float, *more: Any, **named: Any) -> Any:
        return solve(run, asked, share if told else 0.0, *more, **named)

    monkeypatch.setattr(Exact, "hint", heard)
    monkeypatch.setattr(model._Run, "solve", waiting)
    answer = model.solve({"problem": data, "seconds": 3, "workers": workers}, lambda done, doing: None)
    assert not answer["broken"] and told
    problem = Problem.from_json(data)
    assert answer["total"] == score(problem, places_from_json(problem, answer["places"])).total
    assert answer["bound"] is None or answer["bound"] <= answer["total"]


@pytest.mark.slow
@pytest.mark.promise("programme.dense", "120 sessions in 124 places: the search beside the solver keeps every demand.")
def test_a_symposium_with_hardly_a_place_to_spare_is_solved() -> None:
    pytest.importorskip("numba")
    data = dense()
    answer = model.solve({"problem": data, "seconds": 30, "workers": 2, "seed": 1}, lambda done, doing: None)
    assert Checker(data, answer["places"]).broken() == set() and len(answer["places"]) == 120


def test_symposia_can_be_made_of_any_size() -> None:
    assert len(dense(days=2, rooms=4)["sessions"]) == 2 * 4 * 6 - 2 - 4
    assert swaps.STEEP < exchange.STEEP and len(symposium(sessions=30)["sessions"]) > model.MANY
