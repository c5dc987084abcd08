"""What fits into one session: its seats, those kept for classes, and how many an organisation may have of a class.

A class sits on the seats kept for it first, then on those that are anybody's. Which chair somebody sits on does not
matter, only how many there are of each class: so nobody has to move when a seat is given up or kept seats are released.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Held:
    """A seat that is held, or offered: the class it counts against, and the organisation it is for."""

    kind: str
    organisation: int | None = None


@dataclass(frozen=True)
class Places:
    """`total` seats, None where there is no limit. `kept` are those kept for a class and not released yet; `most` how
    many one organisation of a class may hold until that class is released."""

    total: int | None
    kept: Mapping[str, int] = field(default_factory=dict)
    most: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        return {"total": self.total, "kept": dict(self.kept), "most": dict(self.most)}


def free_for(places: Places, held: Iterable[Held], kind: str) -> int | None:
    """How many more of a class fit; None where there is no limit. Ceilings of organisations are not looked at."""
    if places.total is None:
        return None
    count = Counter(each.kind for each in held)
    kept = sum(max(0, seats - count[whose]) for whose, seats in places.kept.items() if whose != kind)
    return max(0, places.total - count.total() - kept)


def fits(places: Places, held: Iterable[Held], one: Held) -> bool:
    """Whether one more finds a seat."""
    held = list(held)
    most = places.most.get(one.kind)
    if most is not None and one.organisation is not None and held.count(one) >= most:
        return False
    free = free_for(places, held, one.kind)
    return free is None or free > 0


class Room:
    """The same as `fits`, counted as one goes: for many who come one after another."""

    def __init__(self, places: Places, held: Iterable[Held]) -> None:
        self._places = places
        self._kinds: Counter[str] = Counter()
        self._organisations: Counter[Held] = Counter()
        self._free = places.total
        self._kept = sum(places.kept.values())  # of those nobody sits on
        for each in held:
            self._sit(each)

    def take(self, one: Held) -> bool:
        """Seat one more; False where there is no room for them."""
        most = self._places.most.get(one.kind)
        if most is not None and one.organisation is not None and self._organisations[one] >= most:
            return False
        own = max(0, self._places.kept.get(one.kind, 0) - self._kinds[one.kind])
        if self._free is not None and self._free <= self._kept - own:
            return False
        self._sit(one)
        return True

    def _sit(self, one: Held) -> None:
        if self._kinds[one.kind] < self._places.kept.get(one.kind, 0):
            self._kept -= 1
        self._kinds[one.kind] += 1
        self._organisations[one] += 1
        if self._free is not None:
            self._free -= 1
