"""The inner loop of `swaps`: numbers in flat arrays, compiled with numba where that is installed.

The same lines run as plain Python with lists in place of arrays, some hundred times slower, and do the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

# Any of these is a flat array of whole numbers, or a list; two-dimensional ones lie row by row.
Flat = Any
CROWD, SPAN, SPREAD, IDLE = range(4)  # the sorts of groups


class Draws(NamedTuple):
    """What chance says for each step: an item, a place for it, and by how much the cost may rise."""

    items: Flat
    places: Flat
    limits: Flat  # not whole: the only numbers that are not


class State(NamedTuple):
    """Where everything is. `holder` is the item at each place, or -1; `now` and `best` are costs by level."""

    place: Flat
    holder: Flat
    now: Flat
    best: Flat
    best_place: Flat
    held: Flat  # what each group counts
    fresh: Flat  # what it would count after the step looked at


class Tables(NamedTuple):
    """What things cost. `alone`, `pairs` and `pay` weigh all levels into one number; the others are level by level.

    `kinds` are offsets into `pairs`. Of groups, `members` says which items are in which, `of_item` which an item is in.
    """

    sizes: Flat  # items, places, levels
    fits: Flat
    alone: Flat
    alone_by: Flat
    kinds: Flat
    relations: Flat
    pairs: Flat
    pairs_by: Flat
    sorts: Flat
    bounds: Flat
    cells: Flat
    amounts: Flat
    lengths: Flat
    group_start: Flat
    group_items: Flat
    item_start: Flat
    of_item: Flat
    members: Flat
    pay: Flat
    pay_by: Flat


Walk = Callable[[Draws, State, Tables], int]


def walk(draws: Draws, state: State, tables: Tables) -> int:
    """Take the steps drawn, and return how many of them changed anything."""
    items, spots, levels = tables.sizes[0], tables.sizes[1], tables.sizes[2]
    place, holder, now, best, held, fresh = state.place, state.holder, state.now, state.best, state.held, state.fresh
    alone, kinds, relations, pairs = tables.alone, tables.kinds, tables.relations, tables.pairs
    cells, group_start, group_items = tables.cells, tables.group_start, tables.group_items
    item_start, of_item = tables.item_start, tables.of_item
    taken = 0
    for step in range(len(draws.items)):
        one = draws.items[step]
        there = draws.places[step]
        here = place[one]
        if here == there:
            continue
        other = holder[there]
        if other >= 0 and tables.fits[other * spots + here] == 0:
            continue
        by_here, by_there = here * spots, there * spots
        ones = one * items
        others = other * items
        change = alone[one * spots + there] - alone[one * spots + here]
        if other < 0:
            for each in range(items):
                if each != one:
                    at = place[each]
                    kind = kinds[ones + each]
                    change += pairs[kind + relations[by_there + at]] - pairs[kind + relations[by_here + at]]
        else:
            change += alone[other * spots + here] - alone[other * spots + there]
            for each in range(items):
                at = place[each]
                old, new = relations[by_here + at], relations[by_there + at]
                kind, next_kind = kinds[ones + each], kinds[others + each]
                change += pairs[kind + new] - pairs[kind + old] + pairs[next_kind + old] - pairs[next_kind + new]
            # The loop is faster without asking whether `each` was one of the two: take out what it counted for them,
            # and count them at each other's places.
            for each in (one, other):
                at = place[each]
                old, new = relations[by_here + at], relations[by_there + at]
                kind, next_kind = kinds[ones + each], kinds[others + each]
                change -= pairs[kind + new] - pairs[kind + old] + pairs[next_kind + old] - pairs[next_kind + new]
            kind = kinds[ones + other]
            change += pairs[kind + relations[by_there + here]] - pairs[kind + relations[by_here + there]]
        if len(of_item) > 0:
            place[one] = there
            if other >= 0:
                place[other] = here
            for mover in (one, other):
                if mover < 0:
                    continue
                for index in range(item_start[mover], item_start[mover + 1]):
                    group = of_item[index]
                    if mover != one and tables.members[group * items + one]:
                        continue
                    amount = 0
                    base = group * spots
                    sort = tables.sorts[group]
                    if sort == SPAN:
                        low = cells[base + place[mover]]
                        high = low
                        for member in range(group_start[group], group_start[group + 1]):
                            cell = cells[base + place[group_items[member]]]
                            low, high = min(low, cell), max(high, cell)
                        amount = max(0, high - low - tables.bounds[group])
                    elif sort == CROWD:
                        for member in range(group_start[group], group_start[group + 1]):
                            at = base + place[group_items[member]]
                            count = 0
                            for fellow in range(group_start[group], group_start[group + 1]):
                                if cells[base + place[group_items[fellow]]] == cells[at]:
                                    count += 1
                            if count >= tables.bounds[group]:
                                amount += tables.amounts[at]
                    else:
                        amount = -1 if sort == SPREAD else 0
                        for member in range(group_start[group], group_start[group + 1]):
                            at = base + place[group_items[member]]
                            is_first = True
                            for fellow in range(group_start[group], member):
                                if cells[base + place[group_items[fellow]]] == cells[at]:
                                    is_first = False
                                    break
                            if not is_first:
                                continue
                            if sort == SPREAD:
                                amount += 1
                                continue
                            low = tables.amounts[at]
                            busy = tables.lengths[member]
                            high = low + busy
                            for fellow in range(member + 1, group_start[group + 1]):
                                near = base + place[group_items[fellow]]
                                if cells[near] == cells[at]:
                                    low = min(low, tables.amounts[near])
                                    high = max(high, tables.amounts[near] + tables.lengths[fellow])
                                    busy += tables.lengths[fellow]
                            amount += max(0, high - low - busy)
                    fresh[group] = amount
                    change += tables.pay[group] * (amount - held[group])
            place[one] = here
            if other >= 0:
                place[other] = there
        if change > draws.limits[step]:
            continue
        taken += 1
        for level in range(levels):
            base = level * items * spots
            table = level * len(pairs)
            change = tables.alone_by[base + one * spots + there] - tables.alone_by[base + one * spots + here]
            if other >= 0:
                change += tables.alone_by[base + other * spots + here] - tables.alone_by[base + other * spots + there]
                kind = table + kinds[ones + other]
                change += tables.pairs_by[kind + relations[by_there + here]]
                change -= tables.pairs_by[kind + relations[by_here + there]]
            for each in range(items):
                if each not in (one, other):
                    at = place[each]
                    old, new = relations[by_here + at], relations[by_there + at]
                    kind = table + kinds[ones + each]
                    change += tables.pairs_by[kind + new] - tables.pairs_by[kind + old]
                    if other >= 0:
                        kind = table + kinds[others + each]
                        change += tables.pairs_by[kind + old] - tables.pairs_by[kind + new]
            now[level] += change
        place[one], holder[there], holder[here] = there, one, other
        if other >= 0:
            place[other] = here
        for mover in (one, other):
            if mover >= 0:
                for index in range(item_start[mover], item_start[mover + 1]):
                    group = of_item[index]
                    for level in range(levels):
                        now[level] += tables.pay_by[group * levels + level] * (fresh[group] - held[group])
                    held[group] = fresh[group]
        for level in range(levels):
            if now[level] < best[level]:
                for each in range(levels):
                    best[each] = now[each]
                for each in range(items):
                    state.best_place[each] = place[each]
            if now[level] != best[level]:
                break
    return taken


@cache
def compiled() -> Walk | None:
    """`walk`, compiled on its first call; None where numba is not installed."""
    try:
        import numba  # noqa: PLC0415  an extra, and slow to load
    except ImportError:
        return None
    # Kept for the next process in a folder of the user's own, for what lies there is run.
    try:
        kept = Path.home() / ".cache" / "parley" / "compiled"
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        cast("Any", numba.config).CACHE_DIR = str(kept)
        return cast("Walk", numba.njit(walk, nogil=True, cache=True))
    except (OSError, RuntimeError):
        return cast("Walk", numba.njit(walk, nogil=True))
