"""SEQUENCE rises when RFC 5546 says so, and only then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduling.calendar.entry import Entry, Override, Person, Status
from scheduling.calendar.rule import Rule
from tests.scheduling.calendar.entries import VIDEO, at, entry, series
from tests.scheduling.calendar.sequence import next_sequence

Cases = Mapping[str, tuple[Entry, dict[str, Any]]]  # an entry, and what is changed in it

MOVED = series().overrides[0]
OTHER_TITLE = Override(instance=at(9, 14, month=11), starts=at(9, 14, month=11), ends=at(9, 15, month=11), title="Jury")

RISES: Cases = {
    "it begins later": (entry(), {"starts": at(5, 14, 30)}),
    "it ends later": (entry(), {"ends": at(5, 16)}),
    "it is a whole day": (entry(), {"starts": date(2026, 10, 5), "ends": date(2026, 10, 6)}),
    "the same instant in another zone": (entry(), {"starts": at(5, 14).astimezone(ZoneInfo("Europe/Paris"))}),
    "it is cancelled": (entry(), {"status": Status.CANCELLED}),
    "it is restored": (entry(status=Status.CANCELLED), {"status": Status.CONFIRMED}),
    "it is uncertain": (entry(), {"status": Status.TENTATIVE}),
    "it is elsewhere": (entry(location="Room 1"), {"location": "Dakar"}),
    "it is online": (entry(), {"link": VIDEO}),
    "it recurs": (entry(), {"rule": Rule.read("FREQ=WEEKLY;COUNT=3")}),
    "it recurs more often": (series(), {"rule": Rule.read("FREQ=WEEKLY;COUNT=30")}),
    "an instance is cancelled": (series(), {"exdates": series().exdates | {at(9, 14, month=11)}}),
    "an instance is restored": (series(), {"exdates": frozenset()}),
    "an instance is moved": (series(), {"overrides": (replace(MOVED, starts=at(27, 8), ends=at(27, 9)),)}),
    "an instance is moved back": (series(), {"overrides": ()}),
    "an instance is elsewhere": (series(), {"overrides": (replace(MOVED, location="Dakar"),)}),
    "an instance is uncertain": (series(), {"overrides": (replace(MOVED, status=Status.TENTATIVE),)}),
}
STAYS: Cases = {
    "nothing": (series(), {}),
    "another title": (entry(), {"title": "Other"}),
    "another text": (entry(), {"description": "Other"}),
    "another page": (entry(), {"page": "https://parley.example/other"}),
    "other categories": (entry(), {"categories": ("other",)}),
    "another colour": (entry(), {"colour": "teal"}),
    "another organiser": (entry(), {"organiser": Person("new@parley.example")}),
    "another revision": (entry(), {"revision": 9, "changed_at": at(1, 8)}),
    "it takes no time": (entry(), {"busy": False}),
    "spaces in the place": (entry(location="Room 1"), {"location": " Room  1\n"}),
    "an instance with another title": (series(), {"overrides": (MOVED, OTHER_TITLE)}),
    "a moved instance with another title": (series(), {"overrides": (replace(MOVED, title="Other"),)}),
    "the same exceptions told in UTC": (series(), {"overrides": (replace(MOVED, instance=at(26, 14)),)}),
}


@pytest.mark.parametrize("change", RISES)
def test_it_rises_when(change: str) -> None:
    before, edit = RISES[change]
    assert next_sequence(before, replace(before, **edit)) == before.sequence + 1


@pytest.mark.parametrize("change", STAYS)
def test_it_stays_with(change: str) -> None:
    before, edit = STAYS[change]
    assert next_sequence(before, replace(before, **edit)) == before.sequence


def test_it_belongs_to_one_entry() -> None:
    with pytest.raises(ValueError, match="two entries"):
        next_sequence(entry("a"), entry("b"))


def test_a_second_counts() -> None:
    before = at(5, 14).astimezone(UTC)
    after = entry(starts=before + timedelta(seconds=1))
    assert next_sequence(entry(starts=before), after) == 1
