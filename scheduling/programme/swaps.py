"""Putting items in places by annealing: two exchange their places, or one moves, as long as it pays or nearly does.

A problem is any number of items, each with the places it may have, and what that costs: an item at a place, two items
by how their places lie to each other, and groups of items. Costs have levels: no gain on a lower level makes up for a
loss on a higher. Everything is a whole number, and less is better.

The inner loop is `walk`, compiled with numba where that is installed. For the child process only.
"""

from __future__ import annotations

import threading
from bisect import bisect
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from scheduling.clock import monotonic
from scheduling.programme.walk import CROWD, IDLE, SPAN, SPREAD, Draws, State, Tables, compiled, walk

Costs = tuple[int, ...]  # one for each level, the weightiest first

BATCH = 5_000  # steps between two looks at the clock and at `stop`
ROUNDS = (1, 2, 4, 8)  # how long each annealing takes, one after the other: something good soon, something better later
HOT = 0.3  # how hot an annealing begins, in what a step changes on average
COOLING = 10.0  # how many times less hot it ends
_SAMPLE = 400  # steps that tell what a step changes
STEEP = 4.0  # what the least fault on a higher level weighs, unless said otherwise


@dataclass(frozen=True)
class Crowd:
    """Where `least` or more of these items share a cell, each costs `pay` times the amount of its place.

    `cells` and `amounts` are by place.
    """

    items: tuple[int, ...]
    cells: tuple[int, ...]
    amounts: tuple[int, ...]
    least: int
    pay: Costs

    def amount(self, places: Sequence[int]) -> int:
        """What is to be paid for."""
        at = [places[item] for item in self.items]
        counts = Counter(self.cells[place] for place in at)
        return sum(self.amounts[place] for place in at if counts[self.cells[place]] >= self.least)


@dataclass(frozen=True)
class Span:
    """What the `cells` of these items, the first and the last, are apart beyond `free` costs `pay` for each one.

    `cells` is by place.
    """

    items: tuple[int, ...]
    cells: tuple[int, ...]
    free: int
    pay: Costs

    def amount(self, places: Sequence[int]) -> int:
        """What is to be paid for."""
        cells = [self.cells[places[item]] for item in self.items]
        return max(0, max(cells) - min(cells) - self.free)


@dataclass(frozen=True)
class Spread:
    """Each cell that any of these items is in, beyond the first, costs `pay`. `cells` is by place."""

    items: tuple[int, ...]
    cells: tuple[int, ...]
    pay: Costs

    def amount(self, places: Sequence[int]) -> int:
        """What is to be paid for."""
        return len({self.cells[places[item]] for item in self.items}) - 1


@dataclass(frozen=True)
class Idle:
    """What lies between these items within a cell, from the first beginning to the last end, costs `pay` for each one.

    `cells` and `begins` are by place, `lengths` by item as in `items`. Where items overlap nothing is below nothing.
    """

    items: tuple[int, ...]
    cells: tuple[int, ...]
    begins: tuple[int, ...]
    lengths: tuple[int, ...]
    pay: Costs

    def amount(self, places: Sequence[int]) -> int:
        """What is to be paid for."""
        cells: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for item, length in zip(self.items, self.lengths, strict=True):
            cells[self.cells[places[item]]].append((self.begins[places[item]], length))
        return sum(
            max(0, max(map(sum, those)) - min(those)[0] - sum(length for _, length in those))
            for those in cells.values()
        )


Group = Crowd | Span | Spread | Idle
_SORTS = {Crowd: CROWD, Span: SPAN, Spread: SPREAD, Idle: IDLE}


@dataclass(frozen=True)
class Problem:
    """Items and places, by number; a place holds one item at most.

    `allowed` are each item's places. The search goes only by ways on which every item is at one of its own, and none
    may lead to the best: what is unwanted but can be is better said as a cost on a higher level. `alone` costs by
    level, item and place. Two items cost what `pairs` says by level, by the kind of the two (`kinds`, by item and
    item) and by how their places lie (`relations`, by place and place).
    What it says for two items in one order it must say in the other: it is counted once.
    """

    allowed: Sequence[Sequence[int]]
    alone: NDArray[np.int64]
    kinds: NDArray[np.int32]
    relations: NDArray[np.int32]
    pairs: NDArray[np.int64]
    groups: Sequence[Group] = ()

    @property
    def levels(self) -> int:
        return len(self.pairs)

    def cost(self, places: Sequence[int]) -> Costs:
        """What it costs in all to have each item at its place."""
        costs = self.apart(places)
        for group in self.groups:
            costs += np.array(group.pay) * group.amount(places)
        return tuple(int(each) for each in costs)

    def apart(self, places: Sequence[int]) -> NDArray[np.int64]:
        """What it costs by level, groups apart."""
        at = np.asarray(places)
        one, other = np.triu_indices(len(at), 1)
        costs = self.alone[:, np.arange(len(at)), at].sum(axis=1)
        costs += self.pairs[:, self.kinds[one, other], self.relations[at[one], at[other]]].sum(axis=1)
        return cast("NDArray[np.int64]", costs)

    def start(self) -> list[int]:
        """A place of its own for each item. Raises ValueError where there are not places enough."""
        found = seats(self.allowed)
        if None in found:
            raise ValueError(f"no place of its own for item {found.index(None)}")
        return [place for place in found if place is not None]


def seats(allowed: Sequence[Sequence[int]]) -> list[int | None]:
    """A place of its own for as many items as can have one; None for the others."""
    holder: dict[int, int] = {}
    at: dict[int, int] = {}
    for item in sorted(range(len(allowed)), key=lambda number: (len(allowed[number]), number)):
        asked: dict[int, int] = {}  # by whom each place is asked for
        asking = deque([item])
        free = None
        while asking and free is None:
            one = asking.popleft()
            for place in allowed[one]:
                if place in asked:
                    continue
                asked[place] = one
                if place not in holder:
                    free = place
                    break
                asking.append(holder[place])
        while free is not None:
            one = asked[free]
            holder[free], at[one], free = one, free, at.get(one)
    return [at.get(item) for item in range(len(allowed))]


class Found(NamedTuple):
    """The best met: the place of each item, what that costs, and the steps that all workers took."""

    places: list[int]
    cost: Costs
    steps: int


Report = Callable[[float, Costs], None]  # how much is done, of 1, and the least cost so far


def search(
    problem: Problem,
    *,
    seed: int = 1,
    steps: int | None = None,
    seconds: float | None = None,
    workers: int = 1,
    start: Sequence[int] | None = None,
    heat: float = 1.0,
    steep: float = STEEP,
    stop: threading.Event | None = None,
    report: Report = lambda done, cost: None,
) -> Found:
    """The best that any worker meets in several annealings; each has its own random numbers.

    Given `steps`, each worker takes so many, and the result depends on nothing but the arguments; given `seconds`,
    each goes on so long. `stop` ends it within a batch: some milliseconds, or half a second in plain Python. `start`
    is a place for each item; a `heat` below 1 stays nearer to it. `steep` is what the least fault on a higher level
    weighs, in temperatures to begin with: less leaves more ways open, more leaves fewer faults on them. Raises
    ValueError where there is no `start` and there are fewer places than items.
    """
    if (steps is None) == (seconds is None):
        raise ValueError("either steps or seconds")
    began = monotonic()
    first = list(start) if start is not None else problem.start()
    walks = [_Walk(problem, first, (seed, worker), heat, steep) for worker in range(workers)]
    if not walks[0].can_move:
        return Found(first, problem.cost(first), 0)
    bounds = [sum(ROUNDS[:number]) / sum(ROUNDS) for number in range(len(ROUNDS) + 1)]
    lock, is_over = threading.Lock(), threading.Event()
    known = {walker.seed: walker.cost for walker in walks}

    def work(walker: _Walk) -> None:
        number = 0
        while not is_over.is_set() and not (stop is not None and stop.is_set()):
            done = walker.steps / (steps or 1) if seconds is None else (monotonic() - began) / max(seconds, 1e-9)
            if done >= 1:
                break
            if (current := bisect(bounds[1:-1], done)) != number:
                number = current
                walker.again()
            size, length = BATCH, bounds[number + 1] - bounds[number]
            part = then = (done - bounds[number]) / length
            if steps is not None:
                size = min(BATCH, max(1, ceil(bounds[number + 1] * steps) - walker.steps))
                then = part + size / steps / length
            walker.batch(size, part, then)
            with lock:
                known[walker.seed] = walker.cost
                report(done, min(known.values()))

    def work_or_end_all(walker: _Walk) -> None:
        try:
            work(walker)
        except BaseException:
            is_over.set()
            raise

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work_or_end_all, walks))
    best = min(walks, key=lambda walker: walker.cost)
    return Found(best.places, best.cost, sum(each.steps for each in walks))


class _Walk:
    """One worker's way: where every item is, what that costs, and the best so far."""

    def __init__(
        self, problem: Problem, places: Sequence[int], seed: tuple[int, int], heat: float, steep: float
    ) -> None:
        self.seed, self.steps = seed, 0
        self._problem = problem
        self._random = np.random.default_rng(seed)
        fast = compiled()
        self._run, self._keep = (walk, _listed) if fast is None else (fast, _flat)
        lengths = np.array([len(those) for those in problem.allowed])
        self._movable = np.flatnonzero(lengths > 1).astype(np.int32)
        self._lengths = lengths[self._movable]
        self._offsets = (np.cumsum(lengths) - lengths)[self._movable]
        self._options = np.array([place for those in problem.allowed for place in those], dtype=np.int32)
        self._state = self._at(places)
        if self.can_move:
            self._heats, weights = self._scale(places, heat, steep)
            self._hot, self._cold = self._heats[-1], self._heats[-1] / COOLING
            self._tables = self._weighed(weights)

    @property
    def can_move(self) -> bool:
        return len(self._movable) > 0

    @property
    def cost(self) -> Costs:
        return tuple(int(each) for each in self._state.best)

    @property
    def places(self) -> list[int]:
        return [int(each) for each in self._state.best_place]

    def again(self) -> None:
        """Begin another round at the best so far: so hot that the first level with faults is stirred."""
        faulty = next((level for level, cost in enumerate(self.cost[:-1]) if cost > 0), -1)
        self._hot = self._heats[faulty]
        self._state = self._at(self.places)

    def batch(self, size: int, done: float, then: float) -> None:
        """So many steps, as hot as it should be from when so much of the round is done to then."""
        movers, places = self._drawn(size)
        heat = self._hot * (self._cold / self._hot) ** np.linspace(done, then, size)
        limits = self._random.standard_exponential(size) * heat
        self._run(Draws(self._keep(movers), self._keep(places), self._keep(limits)), self._state, self._tables)
        self.steps += size

    def _drawn(self, size: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Items, and for each a place that it may have."""
        which = self._random.integers(len(self._movable), size=size)
        option = self._offsets[which] + (self._random.random(size) * self._lengths[which]).astype(np.int64)
        return self._movable[which], self._options[option]

    def _at(self, places: Sequence[int]) -> State:
        holder = np.full(self._problem.alone.shape[2], -1, dtype=np.int32)
        holder[list(places)] = np.arange(len(places))
        cost = self._problem.cost(places)
        groups = self._problem.groups
        held = np.array([group.amount(places) for group in groups], dtype=np.int64)
        arrays = (np.array(places, dtype=np.int32), holder, np.array(cost), np.array(cost))
        return State(*map(self._keep, (*arrays, np.array(places, dtype=np.int32), held, held.copy())))

    def _scale(self, places: Sequence[int], heat: float, steep: float) -> tuple[list[float], NDArray[np.int64]]:
        """How hot it must be to stir each level, and what each weighs in the search: a fault is dear, but no wall.

        What is best is decided by the levels themselves, not by this.
        """
        problem = self._problem
        apart, held = problem.apart(places), [group.amount(places) for group in problem.groups]
        changes = [self._change(places, apart, held, *step) for step in zip(*self._drawn(_SAMPLE), strict=True)]
        means = np.abs(changes).mean(axis=0)
        weights = np.ones(problem.levels, dtype=np.int64)
        heats = [0.0] * problem.levels
        for level in reversed(range(problem.levels)):
            below = max(heats[level + 1 :], default=0.0)
            faults = [problem.pairs[level].ravel(), problem.alone[level].ravel()]
            faults.append(np.array([group.pay[level] for group in problem.groups], dtype=np.int64))
            every = np.abs(np.concatenate(faults))
            weights[level] = max(1, round(steep * below / every[every > 0].min(initial=1 << 40)))
            heats[level] = max(float(means[level] * weights[level]) * HOT, below, 1e-6)
        return [each * heat for each in heats], weights

    def _change(
        self, places: Sequence[int], apart: NDArray[np.int64], held: Sequence[int], item: int, place: int
    ) -> NDArray[np.int64]:
        """What a step changes, by level; nothing where it cannot be taken. `held` is what each group counts before."""
        problem, changed = self._problem, list(places)
        other = changed.index(place) if place in places else item
        if other != item and places[item] not in problem.allowed[other]:
            return np.zeros_like(apart)
        changed[other], changed[item] = places[item], place
        change = problem.apart(changed) - apart
        for group, before in zip(problem.groups, held, strict=True):
            if item in group.items or other in group.items:
                change += np.array(group.pay) * (group.amount(changed) - before)
        return change

    def _weighed(self, weights: NDArray[np.int64]) -> Tables:
        problem = self._problem
        groups, (items, spots) = problem.groups, problem.alone.shape[1:]
        fits = np.zeros((items, spots), dtype=np.int32)
        for item, those in enumerate(problem.allowed):
            fits[item, list(those)] = 1
        members = np.zeros((len(groups), items), dtype=np.int32)
        for number, group in enumerate(groups):
            members[number, list(group.items)] = 1
        of_item = [np.flatnonzero(members[:, item]) for item in range(items)]
        pay = np.array([group.pay for group in groups], dtype=np.int64).reshape(len(groups), problem.levels)
        wheres, bounds, amounts, lengths = zip(*map(_told, groups), strict=True) if groups else ((), (), (), ())
        arrays: Sequence[Any] = (
            np.array([items, spots, problem.levels]),
            fits,
            np.tensordot(weights, problem.alone, axes=1),
            problem.alone,
            problem.kinds.astype(np.int32) * np.int32(problem.pairs.shape[2]),
            problem.relations.astype(np.int32),
            np.tensordot(weights, problem.pairs, axes=1),
            problem.pairs,
            np.array([_SORTS[type(group)] for group in groups], dtype=np.int32),
            np.array(bounds, dtype=np.int64),
            np.array(wheres, dtype=np.int64),
            np.array(amounts, dtype=np.int64),
            np.array([length for those in lengths for length in those], dtype=np.int64),
            np.cumsum([0, *(len(group.items) for group in groups)]),
            np.array([item for group in groups for item in group.items], dtype=np.int32),
            np.cumsum([0, *map(len, of_item)]),
            np.concatenate(of_item).astype(np.int32),
            members,
            pay @ weights,
            pay,
        )
        return Tables(*map(self._keep, arrays))


def _told(group: Group) -> tuple[tuple[int, ...], int, tuple[int, ...], tuple[int, ...]]:
    """The numbers of a group for `walk`: cells, bound and amounts, by place; lengths, by item. Unused ones are zero."""
    nothing = (0,) * len(group.items)
    match group:
        case Crowd():
            return group.cells, group.least, group.amounts, nothing
        case Span():
            return group.cells, group.free, (0,) * len(group.cells), nothing
        case Spread():
            return group.cells, 0, (0,) * len(group.cells), nothing
        case Idle():
            return group.cells, 0, group.begins, group.lengths


def _flat(array: NDArray[Any]) -> Any:
    return np.ascontiguousarray(array).reshape(-1)


def _listed(array: NDArray[Any]) -> Any:
    return array.reshape(-1).tolist()  # plain Python reads lists faster than arrays
