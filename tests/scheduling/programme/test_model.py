"""The solver's programmes, against every programme there is in small cases, and what an organiser may count on."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from scheduling.programme import (
    Demand,
    Place,
    Places,
    Problem,
    broken,
    changes,
    places_from_json,
    places_to_json,
    schema,
    score,
)
from scheduling.programme.exact import Exact
from scheduling.programme.model import solve
from scheduling.programme.objective import minimise_score
from scheduling.programme.search import anyhow, improve, rank
from tests.scheduling.programme.checker import Checker
from tests.scheduling.programme.symposia import symposium, tiny

FEW = 1500  # programmes that can all be looked at


def answer_of(data: Any, **more: Any) -> dict[str, Any]:
    """The answer, whose every figure is held against the independent checker."""
    answer = solve({"problem": data, "workers": 1, "seconds": 30, **more}, lambda done, doing: None)
    checker = Checker(Problem.from_json(data).to_json(), answer["places"])
    assert answer["score"] == checker.score() and answer["total"] == sum(checker.score().values())
    assert {(each["kind"], tuple(each["ids"])) for each in answer["broken"]} == checker.broken()
    assert set(answer["places"]) == {each["key"] for each in data["sessions"]}
    return answer


def every(problem: Problem) -> Iterator[dict[str, Place]]:
    """Each way to give sessions a place, all of them or some."""
    spots = [Place(block, room) for block, room in product(problem.block, problem.room)]
    for those in product([*spots, None], repeat=len(problem.sessions)):
        yield {key: place for key, place in zip(problem.session, those, strict=True) if place is not None}


def small(luck: random.Random) -> tuple[dict[str, Any], Problem]:
    """A problem of which every programme can be looked at."""
    data = tiny(luck)
    while (len(data["blocks"]) * len(data["rooms"]) + 1) ** len(data["sessions"]) > FEW:
        data["sessions"].pop()
    kept = {each["key"] for each in data["sessions"]}
    data["wishes"] = [each for each in data["wishes"] if set(each["sessions"]) <= kept]
    return data, Problem.from_json(data)


@settings(max_examples=10)
@given(luck=st.randoms(use_true_random=False))
def test_no_programme_there_is_beats_it_and_where_there_is_none_the_smallest_conflict_says_why(luck) -> None:
    data, problem = small(luck)
    seen = [(places, frozenset(each.demand for each in broken(problem, places))) for places in every(problem)]
    answer = answer_of(data)
    totals = [score(problem, places).total for places, wrong in seen if not wrong]
    if totals:
        assert answer["optimal"] and answer["possible"] and not answer["broken"] and answer["conflict"] is None
        assert answer["total"] == answer["bound"] == min(totals)
        return
    assert not answer["possible"] and not answer["optimal"]
    assert len({(each["kind"], *each["ids"]) for each in answer["broken"]}) == min(
        len(wrong) for places, wrong in seen if len(places) == len(problem.sessions)
    )
    named = {Demand.from_json(each) for each in answer["conflict"]["demands"]}
    # A conflict is what always has something broken, whatever is given a place.
    ways = _fewest({wrong for _, wrong in seen})
    assert answer["conflict"]["is_smallest"] and all(named & wrong for wrong in ways)
    demands = sorted(frozenset().union(*ways))
    for fewer in combinations(demands, len(named) - 1):
        assert not all(wrong.intersection(fewer) for wrong in ways)


def _fewest(sets: set[frozenset[Demand]]) -> list[frozenset[Demand]]:
    """Those that hold no other of them."""
    least: list[frozenset[Demand]] = []
    for each in sorted(sets, key=len):
        if not any(other <= each for other in least):
            least.append(each)
    return least


@settings(max_examples=4)
@given(luck=st.randoms(use_true_random=False))
def test_no_programme_changes_less(luck) -> None:
    data, problem = small(luck)
    ways = list(every(problem))
    published = luck.choice([each for each in ways if each])  # of no session at all: then nothing is published
    possible = [places for places in ways if not broken(problem, places)]
    answer = answer_of(data, published={key: place.to_json() for key, place in published.items()})
    told = answer["changes"]
    found = changes(problem, published, places_from_json(problem, answer["places"]))
    assert told["sessions"] == [each.to_json() for each in found]
    assert told["cost"] == sum(each.cost for each in found)
    if not possible:
        assert not answer["possible"] and answer["broken"]
        return
    ranks = [(_cost(problem, published, places), score(problem, places).total) for places in possible]
    assert told["least"] and answer["optimal"] and (told["cost"], answer["total"]) == min(ranks)


def _cost(problem: Problem, published: Places, places: Places) -> int:
    return sum(each.cost for each in changes(problem, published, places))


@settings(max_examples=25)
@given(luck=st.randoms(use_true_random=False))
def test_a_hint_gives_every_variable_and_the_objective_is_the_score(luck) -> None:
    """A programme that the search found, told to the solver and fixed there: nothing is left for it to choose."""
    problem = Problem.from_json(tiny(luck))
    places = improve(problem, anyhow(problem), enough=lambda: False, steps=60)
    if broken(problem, places):
        return
    exact = Exact(problem)
    minimise_score(exact)
    exact.hint(places)
    proto = exact.model.proto
    assert sorted(proto.solution_hint.vars) == list(range(len(proto.variables)))
    solver = cp_model.CpSolver()
    solver.parameters.fix_variables_to_their_hinted_value = True
    assert solver.solve(exact.model) == cp_model.OPTIMAL
    assert solver.objective_value == score(problem, places).total


def test_the_search_never_makes_it_worse_and_repeats_itself() -> None:
    problem = Problem.from_json(symposium(sessions=14, days=1))
    start = anyhow(problem)
    found = [improve(problem, start, enough=lambda: False, seed=3, steps=80) for _ in range(2)]
    assert found[0] == found[1] and rank(problem, found[0]) <= rank(problem, start)
    assert set(anyhow(problem, lambda: True)) == set(problem.session)


def test_the_published_example_can_be_solved() -> None:
    (example,) = json.loads(schema())["examples"]
    answer = answer_of(example)
    assert answer["optimal"] and not answer["broken"]
    assert answer["places"]["welcome"] == {"block": "opening", "room": "hall"}
    assert answer["places"]["data"]["block"] == "half-day"


def test_more_sessions_than_a_hall_has_hours_is_said_at_once() -> None:
    """Three blocks, and four sessions for three hundred: one too many, and these alone are named."""
    starts = ("09:00", "10:30", "12:00")
    large = [{"key": f"large-{number}", "minutes": 60, "expected": 300} for number in range(4)]
    data = {
        "zone": "Europe/Brussels",
        "blocks": [{"key": at, "start": f"2027-05-12T{at}", "minutes": 60} for at in starts],
        "rooms": [{"key": "hall", "capacity": 400}, {"key": "den", "capacity": 30}],
        "sessions": [*large, *({"key": f"small-{number}", "minutes": 60, "expected": 20} for number in range(2))],
    }
    answer = answer_of(data)
    assert not answer["possible"] and len(answer["broken"]) == 1 and answer["conflict"]["is_smallest"]
    named = sorted((each["kind"], *each["ids"]) for each in answer["conflict"]["demands"])
    both = [(kind, each["key"]) for kind in ("capacity", "placed") for each in large]
    assert named == sorted([*both, ("room", "hall")])


@pytest.mark.promise("programme.stop", "Whoever stops the solver has a programme with every session in it.")
def test_stopped_at_any_moment_there_is_a_programme() -> None:
    data = symposium(sessions=20, days=1)
    at_once = threading.Event()
    at_once.set()
    first = solve({"problem": data, "workers": 1}, lambda done, doing: None, at_once)
    assert set(first["places"]) == {each["key"] for each in data["sessions"]} and not first["optimal"]
    stop = threading.Event()
    hour = {"problem": data, "workers": 1, "seconds": 3600, "start": places_to_json(_some(data))}
    later = solve(hour, lambda done, doing: stop.set() if doing == "whole" else None, stop)
    assert not later["broken"] and not later["optimal"]


def test_it_begins_from_what_it_is_given() -> None:
    """With no time for anything else, what was given is the answer."""
    data = symposium(sessions=14, days=1)
    known = places_to_json(_some(data))
    assert answer_of(data, seconds=0.001, start=known)["places"] == known


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"problem": None}, "not an object"),
        ({"seconds": 0}, "needs a moment"),
        ({"seconds": "long"}, "could not convert"),
        ({"start": {"s0": {"block": "b0", "room": "cellar"}}}, "no such room, 'cellar'"),
        ({"published": []}, None),
        ({"published": [1]}, "not places by session"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(fault, said: str | None) -> None:
    data = tiny(random.Random(5))
    if said is None:
        assert answer_of(data, **fault)["changes"] is None
        return
    with pytest.raises(ValueError, match=said):
        solve({"problem": data} | fault, lambda done, doing: None)


@pytest.mark.promise(
    "programme.changes",
    "One speaker of 53 sessions loses a block: at most two sessions get another time, proved least.",
)
def test_after_publication_as_little_as_can_be_is_moved(record_property) -> None:
    data = symposium()
    problem = Problem.from_json(data)
    published = _some(data)
    session = next(each for each in problem.sessions if each.key == "s20")
    block = problem.block[published[session.key].block]
    (speaker, *_) = session.attending
    them = next(each for each in data["people"] if each["key"] == speaker)
    day = {"start": "2027-05-12T00:00+02:00", "end": "2027-05-15T00:00+02:00"}
    them["available"] = [day | {"end": block.start.isoformat()}, day | {"start": block.end.isoformat()}]
    answer = answer_of(data, published={key: place.to_json() for key, place in published.items()})
    moved = answer["changes"]["sessions"]
    assert answer["changes"]["least"] and not answer["broken"]
    assert 1 <= sum(each["retimed"] for each in moved) <= 2 and any(speaker in each["people"] for each in moved)
    record_property("figure", f"{sum(each['retimed'] for each in moved)} of 53 another time, proved least")


def _some(data: Any) -> dict[str, Place]:
    """A programme that breaks nothing, whatever it costs."""
    exact, solver = Exact(Problem.from_json(data)), cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(exact.model) == cp_model.OPTIMAL
    return exact.places(solver.value)
