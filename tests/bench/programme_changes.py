"""After publication one speaker of a 53-session symposium loses a block: what moves, beside solving anew.

Generated: two days, eight rooms, officials wanted in several sessions, sectors kept apart. Eight cases; in each a
speaker or official can no longer come at the time of one of their sessions.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from scheduling import solving
from scheduling.programme import Places, Problem, changes, places_from_json
from tests.scheduling.programme.symposia import symposium

from .figure import Figure, below

SESSIONS, CASES = 53, 8
PUBLISHED, ANEW = 30.0, 10.0  # seconds for the programme to be published, and for each one anew
MOST, SECONDS = 2, 3.0
PEERS = "34 to 47"  # re-timed by solving anew to the optimum, measured elsewhere on symposia of this size


def figures() -> Iterator[Figure]:
    """`programme_changes.*`; about three minutes."""
    data = symposium(sessions=SESSIONS, days=2)
    problem = Problem.from_json(data)
    published = _solved(problem, {}, PUBLISHED)["places"]
    retimed, anew, took, proven = [], [], [], 0
    for without in _cases(data, problem, published):
        began = time.perf_counter()
        answer = _solved(without, {"published": published}, ANEW)
        took.append(time.perf_counter() - began)
        proven += answer["changes"]["least"] and not answer["broken"]
        retimed.append(sum(each["retimed"] for each in answer["changes"]["sessions"]))
        again = _solved(without, {"seed": 1}, ANEW)["places"]
        anew.append(_retimed(without, published, again))
    most, least_anew = max(retimed), min(anew)
    goal = f"at most {MOST} of {SESSIONS}; solving anew re-times {least_anew} to {max(anew)} here, {PEERS} elsewhere"
    yield Figure(
        "programme_changes.retimed", most, "sessions", least_anew, round(most / least_anew, 3), goal, most <= MOST
    )
    yield Figure("programme_changes.proven", proven, "cases", CASES, proven / CASES, f"all {CASES}", proven == CASES)
    yield below("programme_changes.seconds", max(took), "s", SECONDS)


def _solved(problem: Problem, more: dict[str, Any], seconds: float) -> Any:
    return solving.solve("programme", {"problem": problem.to_json(), "seconds": seconds, "workers": 2, **more})


def _cases(data: dict[str, Any], problem: Problem, published: Any) -> Iterator[Problem]:
    """The symposium, each time without one person at the time of one of their sessions."""
    places = places_from_json(problem, published)
    for session in problem.sessions[10 :: (SESSIONS - 10) // CASES][:CASES]:
        block = problem.block[places[session.key].block]
        lost = session.attending[len(session.key) % 2]
        day = {"start": "2027-05-12T00:00+02:00", "end": "2027-05-14T00:00+02:00"}
        windows = [day | {"end": block.start.isoformat()}, day | {"start": block.end.isoformat()}]
        people = [each | {"available": windows} if each["key"] == lost else each for each in data["people"]]
        yield Problem.from_json(data | {"people": people})


def _retimed(problem: Problem, published: Any, places: Any) -> int:
    old, new = (_read(problem, each) for each in (published, places))
    return sum(each.is_retimed for each in changes(problem, old, new))


def _read(problem: Problem, places: Any) -> Places:
    return places_from_json(problem, places)
