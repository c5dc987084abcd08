"""Groups of people that may be counted in public: none is so small that a figure would be about somebody."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

LEAST = 5  # people


def told_apart(groups: Mapping[Key, frozenset[int]], *, least: int = LEAST) -> dict[tuple[Key, ...], frozenset[int]]:
    """The people of each group, those that are too small joined into one; nothing where all together are too few.

    What is joined has `least` people itself, with the smallest of the others where it must: otherwise it could be had
    by taking all that is shown from a total. Keys come in the order given, what was joined last.
    """
    large = {key: people for key, people in groups.items() if len(people) >= least}
    joined = [key for key, people in groups.items() if people and key not in large]
    among = frozenset[int]().union(*(groups[key] for key in joined))
    for key in sorted(large, key=lambda each: len(large[each])):
        if not joined or len(among) >= least:
            break
        joined.append(key)
        among |= large.pop(key)
    shown: dict[tuple[Key, ...], frozenset[int]] = {(key,): people for key, people in large.items()}
    if len(among) >= least:
        shown[tuple(key for key in groups if key in joined)] = among
    return shown
