"""One after another: everybody takes the dearest that is still free. One of the rules; what most registrations do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .asking import Asking, Person, lot_of
from .places import Held, Places


def by_time(asking: Asking) -> dict[int, int]:
    """Who registered earlier chooses earlier; of those at one instant, who drew the higher lot. Session by person."""
    return serial(asking, sorted(asking.people, key=lambda each: (each.order, -lot_of(asking.seed, each.id), each.id)))


def serial(asking: Asking, order: Iterable[Person]) -> dict[int, int]:
    rooms = {each.id: _Room(each.places, each.held) for each in asking.sessions}
    given: dict[int, int] = {}
    for person in order:
        for wish in person.wishes:
            if rooms[wish].take(person.held):
                given[person.id] = wish
                break
    return given


class _Room:
    """As `places.fits` has it, counted as one goes."""

    def __init__(self, places: Places, held: Iterable[Held]) -> None:
        self._places = places
        self._kinds: Counter[str] = Counter()
        self._organisations: Counter[Held] = Counter()
        self._free = places.total
        self._kept = sum(places.kept.values())  # of those nobody sits on
        for each in held:
            self._sit(each)

    def take(self, one: Held) -> bool:
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
