"""Conferences in CoSPLib's format: what a minute of two workers comes to, scored by the tests' own checker.

The goals are the issue's. `against` is what is published for the exact model, and for the whole objective the better of
the published programme, scored again under it, and of the library's own search in a minute on the same kind of machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scheduling import solving
from scheduling.programme import cosplib
from tests.scheduling.programme.cosplib_checker import Checker

from .figure import Figure

FILES = Path("../shared/data/cosplib/instances")
SECONDS, WORKERS = 60, 2
# The goal, and what it is held against.
EXACT = {"N2OR": (0, 0), "GECCO20": (6_110, 6_110), "GECCO21": (11_130, 11_130), "OR60F": (415, 415)}
FULL = {"GECCO20": (5_800, 6_298), "GECCO21": (10_940, 10_957), "ISF22": (1_000, 717_172)}
PEERS = {"N2OR": 1, "OR60F": 433}  # for those without a goal


def figures() -> Iterator[Figure]:
    """`programme.cosplib.NAME.MODEL.MEASURE` for each file there is; six minutes for the five that are known."""
    files = sorted(FILES.glob("*.xlsx"))
    if not files:
        yield Figure("programme.cosplib", 0, "", None, None, f"to be measured: no files at {FILES}", met=False)
    for path in files:
        if path.stem in EXACT:
            yield from _exactly(path, *EXACT[path.stem])
        yield from _whole(path, *FULL.get(path.stem, (None, PEERS.get(path.stem))))


def _exactly(path: Path, goal: int, published: int) -> Iterator[Figure]:
    name, checker = f"programme.cosplib.{path.stem}.exact", Checker(path)
    answer, took = _ask(path, "exact")
    if not answer["places"]:
        yield Figure(name, 0, "points", published, None, "to be found", met=False)
        return
    wrong = checker.wrong_exactly(answer["places"])
    points = checker.exact(answer["places"])
    ratio = round(points / published, 4) if published else None
    met = not wrong and points == goal and answer["optimal"]
    yield Figure(f"{name}.points", points, "points", published, ratio, f"{goal}, proved the least", met)
    yield _seconds(name, took)


def _whole(path: Path, goal: int | None, peer: int | None) -> Iterator[Figure]:
    name, checker = f"programme.cosplib.{path.stem}.full", Checker(path)
    answer, took = _ask(path, "full")
    if not answer["places"]:
        yield Figure(name, 0, "points", peer, None, "to be found", met=False)
        return
    points, wrong = checker.total(answer["places"]), checker.wrong(answer["places"])
    ratio = round(points / peer, 4) if peer else None
    least = f"{'none known' if goal is None else f'at most {goal}'}; the bound is {answer['bound']}"
    yield Figure(f"{name}.points", points, "points", peer, ratio, least, not wrong and (goal is None or points <= goal))
    yield _seconds(name, took)


def _ask(path: Path, model: str) -> tuple[dict[str, Any], float]:
    problem = cosplib.read(path).to_json()
    began = time.perf_counter()
    question = {"problem": problem, "model": model, "seconds": SECONDS, "seed": 1, "workers": WORKERS}
    answer = solving.solve("cosplib", question)
    return answer, round(time.perf_counter() - began, 1)


def _seconds(name: str, took: float) -> Figure:
    limit = SECONDS + 5
    return Figure(f"{name}.seconds", took, "s", float(limit), round(took / limit, 3), f"at most {limit}", took <= limit)
