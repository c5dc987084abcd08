"""What an entry tells a feed whose label is below its own: when, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduling.calendar.build import Fragments, feed
from scheduling.calendar.entry import Label, Person, within

from .entries import CHANGED, ENGLISH, HEAD, VIDEO, entry

SECRETS = ("Tariff fraud", "Customs House", "Bring the file", VIDEO, "enforcement", "crimson")


@pytest.mark.parametrize(
    ("label", "limit", "told"),
    [
        (Label.PUBLIC, Label.PUBLIC, True),
        (Label.MEMBERS, Label.PUBLIC, False),
        (Label.MEMBERS, Label.MEMBERS, True),
        (Label.CLOSED, Label.MEMBERS, False),
        (Label.CLOSED, Label.CLOSED, True),
        (Label.PUBLIC, Label.CLOSED, True),
    ],
)
def test_a_feed_tells_nothing_above_its_label(label: Label, limit: Label, told: bool) -> None:
    held = replace(
        entry(
            "one",
            title="Tariff fraud",
            location="Customs House",
            description="Bring the file",
            link=VIDEO,
            page="https://parley.example/enforcement",
            categories=("enforcement",),
            colour="crimson",
            organiser=Person("chair@example.org", "The chair"),
        ),
        label=label,
    )
    shown = within(held, limit, "Appointment")
    data = feed(HEAD, [shown], ENGLISH, Fragments(), at=CHANGED).data.decode().replace("\r\n ", "")
    found = [each for each in SECRETS if each in data]
    assert found == (list(SECRETS) if told else [])
    assert ("SUMMARY:Appointment" in data) is not told
    assert (shown.uid, shown.starts, shown.ends, shown.sequence) == (held.uid, held.starts, held.ends, held.sequence)


def test_bytes_of_two_labels_never_mix() -> None:
    """The covered entry has a cache key of its own, and a cover of its own where it names one."""
    held = replace(entry("one", title="Tariff fraud"), label=Label.CLOSED, cover="Meeting")
    kept = Fragments()
    for limit, title in ((Label.CLOSED, "Tariff fraud"), (Label.MEMBERS, "Meeting"), (Label.CLOSED, "Tariff fraud")):
        data = feed(HEAD, [within(held, limit, "Appointment")], ENGLISH, kept, at=CHANGED).data.decode()
        assert f"SUMMARY:{title}" in data
