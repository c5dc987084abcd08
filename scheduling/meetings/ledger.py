"""Who has borne bad hours so far: the points of past years, carried into the next, and told apart from equality.

A year's points count half in the following year, a quarter in the one after, and so on. Whoever has no points noted
for a year in which others have (a new member, or one that joined during it) is given the mean of that year: neither a
debt to the others, nor a claim on them. The result is rounded down to whole points.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction

DECAY = Fraction(1, 2)
Points = Mapping[str, int]  # by an attendee's key


def carried(history: Mapping[int, Points], year: int, keys: Collection[str]) -> dict[str, int]:
    """What each of `keys` brings into `year` from the years before it. `history` holds each year's points by key."""
    carry = dict.fromkeys(keys, Fraction())
    for past, points in history.items():
        if past >= year or not points:
            continue
        weight = DECAY ** (year - past)
        mean = Fraction(sum(points.values()), len(points))
        for key in keys:
            carry[key] += weight * points.get(key, mean)
    return {key: int(value) for key, value in carry.items()}


def gini(points: Collection[int]) -> float:
    """How unequally points lie: 0 where all bear the same, towards 1 where one bears all.

    To be reported, never to be made small: it is best where everybody suffers alike.
    """
    total, count = sum(points), len(points)
    if not total:
        return 0.0
    return sum((2 * rank - count + 1) * value for rank, value in enumerate(sorted(points))) / (count * total)
