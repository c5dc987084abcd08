"""Circles: five people or more who are counted together, for good.

Every figure that is shown is a sum over whole circles. Nobody leaves a circle, no circle is split, and the figure of
one statement in one circle (a cell) changes only when `LEAST` people who were never counted in it have voted; whoever
has changed their mind meanwhile is counted anew along with them. So of whatever is shown, at one time or over time, no
sum or difference is about fewer than `LEAST` people:

Let a cell's figures over time be f1, f2, …, and Ni those who are counted for the first time in fi: five at least. In
any combination a1·f1 + a2·f2 + … let fi be the last with ai other than 0. Nobody of Ni is in an earlier figure, and no
later one has a weight: all of Ni carry ai, whoever may have changed their vote or been erased since. Cells of different
circles share no people, those of different statements no votes. (Several who tell each other their votes know more, and
a circle that is of one mind shows it: so does any figure about five people.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

LEAST = 5  # people about whom a figure has to be
USUAL = 20  # of a circle where there are many: fewer fit a group better, but then cells fill less often


@dataclass(frozen=True)
class Stand:
    """Somebody who is in no circle yet: on whose side they are, the group that votes as they do, and where in it."""

    person: int
    side: str
    group: int
    along: float


def form(standing: Sequence[Stand], *, mixed: bool = False) -> list[tuple[str | None, int, tuple[int, ...]]]:
    """New circles as (side, group, people): of one side and, where there are enough, of one group. Others wait.

    With `mixed`, for the last time, those who are left of all sides are one circle without a side, if they are enough.
    """
    cells: Mapping[tuple[str, int], list[Stand]] = defaultdict(list)
    for each in standing:
        cells[each.side, each.group].append(each)
    made: list[tuple[str | None, int, tuple[int, ...]]] = []
    left: Mapping[str, list[Stand]] = defaultdict(list)
    for (side, group), people in sorted(cells.items()):
        if len(people) < LEAST:
            left[side] += people
        else:
            made += [(side, group, part) for part in _parts(people)]
    rest: list[Stand] = []
    for side, people in sorted(left.items()):
        if len(people) < LEAST:
            rest += people
        else:
            made.append((side, _most(people), tuple(each.person for each in people)))
    if mixed and len(rest) >= LEAST:
        made.append((None, _most(rest), tuple(each.person for each in rest)))
    return made


def _parts(people: Sequence[Stand]) -> list[tuple[int, ...]]:
    """Neighbours together, about `USUAL` in each."""
    ordered = [each.person for each in sorted(people, key=lambda each: (each.along, each.person))]
    count = max(1, len(ordered) // USUAL)
    bounds = [len(ordered) * number // count for number in range(count + 1)]
    return [tuple(ordered[start:end]) for start, end in pairwise(bounds)]


def _most(people: Sequence[Stand]) -> int:
    """The group most of them are in, of several the first."""
    groups = [each.group for each in people]
    return min(set(groups), key=lambda group: (-groups.count(group), group))
