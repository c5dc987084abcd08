"""One after another: everybody takes the dearest that is still free. One of the rules; what most registrations do."""

from __future__ import annotations

from collections.abc import Iterable

from .asking import Asking, Person, lot_of
from .places import Room


def by_time(asking: Asking) -> dict[int, int]:
    """Who registered earlier chooses earlier; of those at one instant, who drew the higher lot. Session by person."""
    return serial(asking, sorted(asking.people, key=lambda each: (each.order, -lot_of(asking.seed, each.id), each.id)))


def serial(asking: Asking, order: Iterable[Person]) -> dict[int, int]:
    rooms = {each.id: Room(each.places, each.held) for each in asking.sessions}
    given: dict[int, int] = {}
    for person in order:
        for wish in person.wishes:
            if rooms[wish].take(person.held):
                given[person.id] = wish
                break
    return given
