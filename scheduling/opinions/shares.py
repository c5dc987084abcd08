"""What is shown of votes: sums over circles by group and by side, what all groups share, and where two sides part.

All of it follows from the circles' cells alone, the places on the map as well: looking at it longer tells no more than
the sums do.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

SHARED = 0.6  # of those who voted in each group say the same: then all groups share it
PARTED = 0.3  # between two sides' shares: then they part
FAR = 100  # the coordinates of a map
ROUNDS = 200


class Tally(NamedTuple):
    """How many agree, disagree and pass."""

    agree: int = 0
    disagree: int = 0
    passed: int = 0

    @property
    def voters(self) -> int:
        return sum(self)

    @property
    def share(self) -> float:
        """Who agrees, of all who voted."""
        return self.agree / self.voters

    @property
    def against(self) -> float:
        return self.disagree / self.voters

    def plus(self, other: Iterable[int]) -> Tally:
        return Tally(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Known:
    """A circle as it is counted: its cells by statement."""

    side: str | None
    group: int
    people: int
    cells: Mapping[int, Sequence[int]]


@dataclass(frozen=True)
class Heap:
    """Some circles together, and where they stand on the map."""

    people: int
    tallies: Mapping[int, Tally]
    x: int = 0
    y: int = 0


@dataclass(frozen=True)
class Figures:
    """All that is shown: the groups, the largest first, and the sides; `groups_by` is the place of each group's number
    among them."""

    people: int = 0
    groups: tuple[Heap, ...] = ()
    sides: Mapping[str, Heap] = field(default_factory=dict)
    everybody: Mapping[int, Tally] = field(default_factory=dict)
    groups_by: Mapping[int, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "people": self.people,
            "groups": [_heap_json(each) for each in self.groups],
            "sides": {side: _heap_json(each) for side, each in self.sides.items()},
            "everybody": _tallies_json(self.everybody),
            "groups_by": {str(number): place for number, place in self.groups_by.items()},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            stored["people"],
            tuple(_heap(each) for each in stored["groups"]),
            {side: _heap(each) for side, each in stored["sides"].items()},
            _tallies(stored["everybody"]),
            {int(number): place for number, place in stored["groups_by"].items()},
        )


def figures(circles: Sequence[Known]) -> Figures:
    """Everything that may be shown of these circles."""
    by_group: Mapping[int, list[Known]] = defaultdict(list)
    by_side: Mapping[str, list[Known]] = defaultdict(list)
    for each in circles:
        by_group[each.group].append(each)
        if each.side is not None:
            by_side[each.side].append(each)
    numbers = sorted(by_group, key=lambda number: (-sum(each.people for each in by_group[number]), number))
    heaps = [_together(by_group[number]) for number in numbers]
    sides = sorted(by_side)
    heaps += [_together(by_side[side]) for side in sides]
    placed = [
        Heap(each.people, each.tallies, x, y)
        for each, (x, y) in zip(heaps, _places([each.tallies for each in heaps]), strict=True)
    ]
    return Figures(
        sum(each.people for each in circles),
        tuple(placed[: len(numbers)]),
        dict(zip(sides, placed[len(numbers) :], strict=True)),
        _together(circles).tallies,
        {number: place for place, number in enumerate(numbers)},
    )


def shared(found: Figures) -> list[tuple[int, bool]]:
    """Statements on which all groups say the same, and whether they agree with it; the most certain first.

    Ordered by the product over the groups of (agree + 1) / (voters + 2): "group-informed consensus" of Small et al.,
    Polis: Scaling Deliberation by Mapping High Dimensional Opinion Spaces, Recerca 26 (2), 2021.
    """
    said: list[tuple[float, int, bool]] = []
    for statement in found.everybody:
        tallies = [each.tallies.get(statement) for each in found.groups]
        voted = [each for each in tallies if each is not None]
        if not voted or len(voted) < len(tallies):
            continue
        if all(each.share >= SHARED for each in voted):
            said.append((math.prod((each.agree + 1) / (each.voters + 2) for each in voted), statement, True))
        elif all(each.against >= SHARED for each in voted):
            said.append((math.prod((each.disagree + 1) / (each.voters + 2) for each in voted), statement, False))
    return [(statement, agrees) for _sure, statement, agrees in sorted(said, key=lambda each: (-each[0], each[1]))]


def parted(one: Heap | None, other: Heap | None) -> list[int]:
    """Statements with which one agrees far more than the other does; where they are furthest apart first."""
    if one is None or other is None:
        return []
    gaps = {
        statement: abs(tally.share - other.tallies[statement].share)
        for statement, tally in one.tallies.items()
        if statement in other.tallies
    }
    # Rounded, so that what a person reads as 30 % is not left out for the sixteenth digit.
    wide = [statement for statement, gap in gaps.items() if round(gap, 9) >= PARTED]
    return sorted(wide, key=lambda statement: (-gaps[statement], statement))


def _together(circles: Iterable[Known]) -> Heap:
    people, tallies = 0, dict[int, Tally]()
    for each in circles:
        people += each.people
        for statement, cell in each.cells.items():
            tallies[statement] = tallies.get(statement, Tally()).plus(cell)
    return Heap(people, tallies)


def _places(profiles: Sequence[Mapping[int, Tally]]) -> list[tuple[int, int]]:
    """Where they stand along their two principal components, the larger one across, up to `FAR` from the middle.

    Each is a point with a coordinate a statement: how far more agree than disagree. What nobody of it voted on is put
    where the others are on average. A handful of points has as small a matrix of products, whose first two
    eigenvectors repeated multiplication finds: nothing that serves people needs a library for it.
    """
    statements = sorted({each for profile in profiles for each in profile})
    points = [[0.0] * len(statements) for _each in profiles]
    for column, statement in enumerate(statements):
        known = {
            row: (profile[statement].agree - profile[statement].disagree) / profile[statement].voters
            for row, profile in enumerate(profiles)
            if statement in profile
        }
        mean = sum(known.values()) / len(known)
        for row, value in known.items():
            points[row][column] = value - mean
    products = [[sum(map(_times, one, other)) for other in points] for one in points]
    across, up = _component(products), _component(products)
    most = max((abs(each) for each in (*across, *up)), default=0.0)
    if most < 1e-9:
        return [(0, 0)] * len(profiles)
    return [(round(FAR * x / most), round(FAR * y / most)) for x, y in zip(across, up, strict=True)]


def _component(products: list[list[float]]) -> list[float]:
    """Coordinates along the largest component, which is then taken out of `products`. The first is never negative."""
    size = len(products)
    vector = [1.0 + row for row in range(size)]
    for _round in range(ROUNDS):
        moved = [sum(map(_times, line, vector)) for line in products]
        length = math.hypot(*moved) if moved else 0.0
        if length < 1e-9:
            return [0.0] * size
        vector = [each / length for each in moved]
    value = sum(_times(each, sum(map(_times, line, vector))) for each, line in zip(vector, products, strict=True))
    for row in range(size):
        for column in range(size):
            products[row][column] -= value * vector[row] * vector[column]
    sign = next((math.copysign(1.0, each) for each in vector if abs(each) > 1e-9), 1.0)
    return [sign * each * math.sqrt(max(value, 0.0)) for each in vector]


def _times(one: float, other: float) -> float:
    return one * other


def _heap_json(heap: Heap) -> dict[str, Any]:
    return {"people": heap.people, "tallies": _tallies_json(heap.tallies), "x": heap.x, "y": heap.y}


def _heap(stored: Mapping[str, Any]) -> Heap:
    return Heap(stored["people"], _tallies(stored["tallies"]), stored["x"], stored["y"])


def _tallies_json(tallies: Mapping[int, Tally]) -> dict[str, list[int]]:
    return {str(statement): list(tally) for statement, tally in tallies.items()}


def _tallies(stored: Mapping[str, Sequence[int]]) -> dict[int, Tally]:
    return {int(statement): Tally(*counts) for statement, counts in stored.items()}
