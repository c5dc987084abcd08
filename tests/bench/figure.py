"""A figure, and how it is taken."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

RUNS = 5


@dataclass(frozen=True)
class Figure:
    """One measured value, what it is held against, `ratio` = value / against, and whether the stated goal is met."""

    name: str
    value: float
    unit: str
    against: float | None
    ratio: float | None
    goal: str
    met: bool


def below(name: str, value: float, unit: str, most: float) -> Figure:
    """A figure that is to stay under a limit."""
    return Figure(name, round(value, 3), unit, None, None, f"under {most:g} {unit}", value < most)


def at_least(name: str, value: float, unit: str, least: float) -> Figure:
    return Figure(name, round(value, 3), unit, None, None, f"at least {least:g} {unit}", value >= least)


def beside(name: str, value: float, unit: str) -> Figure:
    """A peer's figure, which is shown beside ours and held against nothing."""
    return Figure(name, round(value, 3), unit, None, None, "none, a peer's", met=True)


def compared(name: str, value: float, unit: str, against: float, most: float) -> Figure:
    """A figure that is to be at most `most` times another."""
    ratio = value / against
    goal = f"at most {most:g} × {against:.3g} {unit}"
    return Figure(name, round(value, 3), unit, round(against, 3), round(ratio, 3), goal, ratio <= most)


def alternating(*measures: Callable[[], float]) -> Sequence[float]:
    """The median of five runs of each, taken in turns, so that what the machine does meanwhile befalls all of them."""
    runs = [[measure() for measure in measures] for _again in range(RUNS)]
    return [statistics.median(values) for values in zip(*runs, strict=True)]
