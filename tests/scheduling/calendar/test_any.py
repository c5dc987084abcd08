"""Any text, any times, any course of events: the feed passes the gates, and who reads it has the true calendar."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import recurring_ical_events
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from icalendar import Calendar

from scheduling.calendar.build import KEPT_CANCELLED, Feed, Fragments, feed
from scheduling.calendar.check import Findings, Verdict, changes, lines, quick
from scheduling.calendar.check.lines import Component
from scheduling.calendar.component import instances
from scheduling.calendar.entry import Entry, Override, Status, When, in_zone
from scheduling.calendar.rule import Frequency, Rule
from scheduling.calendar.text import OCTETS, clean, folded, in_one_line
from tests.scheduling.calendar.entries import (
    CHANGED,
    ENGLISH,
    HEAD,
    any_entries,
    any_series,
    at,
    built,
    entry,
    takes_place,
    words,
    zones,
)
from tests.scheduling.calendar.sequence import next_sequence

FIRST, LAST = datetime(2024, 12, 1, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC)


def read(data: bytes) -> dict[tuple[str, When], tuple[When, str]]:
    """What another library finds in the feed: when each thing ends, and its title."""
    found = recurring_ical_events.of(Calendar.from_ical(data)).between(FIRST, LAST)
    return {(str(each["UID"]), _plain(each.start)): (_plain(each.end), str(each["SUMMARY"])) for each in found}


def _plain(when: Any) -> When:
    return when.astimezone(UTC) if isinstance(when, datetime) else when


def passes(data: bytes) -> Component:
    """The gates that need no other program have nothing to say, not even a remark, but on an empty calendar."""
    findings = Findings()
    calendar = quick(data, findings)
    said = [each for each in findings if each.verdict is not Verdict.OK and "holds no entry" not in each.what]
    assert calendar is not None and said == []
    return calendar


@given(st.text(max_size=400))
def test_folding_cuts_no_character_and_loses_none(text: str) -> None:
    line = clean(text).replace("\n", "")
    data = folded(line)
    parts = data.removesuffix(b"\r\n").split(b"\r\n ")
    assert b"".join(parts).decode() == line
    assert all(len(part) <= OCTETS - (number > 0) for number, part in enumerate(parts))
    assert [part.decode() for part in parts] and all(parts[1:])


@pytest.mark.promise("threat.24", "Whatever an entry says, what is built is read back as the same entry.")
@given(any_entries())
def test_any_meeting_is_written_and_read_back(shown: Entry) -> None:
    found = built(shown)
    assert found.left_out == ()
    passes(found.data)
    event: Any = Calendar.from_ical(found.data).walk("VEVENT")[0]
    title = in_one_line(shown.title)
    assert str(event["SUMMARY"]) == (f"Cancelled: {title}" if shown.status is Status.CANCELLED else title)
    assert str(event.get("DESCRIPTION", "")).startswith(clean(shown.description))
    assert _plain(event.start) == _plain(shown.starts) and _plain(event.end) == _plain(shown.ends)
    assert event["DTSTAMP"].dt == shown.changed_at and event["SEQUENCE"] == shown.sequence


@given(any_series())
def test_any_series_is_written_and_read_back(shown: Entry) -> None:
    found = built(shown)
    assert found.left_out == ()
    passes(found.data)
    truth = {(shown.uid, starts): ends for starts, ends in takes_place(shown).values()}
    assert {key: ends for key, (ends, _) in read(found.data).items()} == truth


# A client that keeps what it has fetched, as mail programs and phones do


@dataclass
class Client:
    """Takes an entry's new state only where it is newer by SEQUENCE or DTSTAMP; forgets what the feed has no more."""

    kept: dict[tuple[str, str], Component] = field(default_factory=dict)
    etag: str = ""

    def fetch(self, found: Feed) -> None:
        if found.etag == self.etag:
            return  # 304
        self.etag = found.etag
        calendar = lines.read(found.data, Findings())
        assert calendar is not None
        new = {(each.value("UID"), each.value("RECURRENCE-ID")): each for each in calendar.within("VEVENT")}
        self.kept = {key: self._newer(self.kept.get(key), each) for key, each in new.items()}

    def _newer(self, old: Component | None, new: Component) -> Component:
        return new if old is None or self._age(new) > self._age(old) else old

    def _age(self, event: Component) -> tuple[int, str]:
        return int(event.value("SEQUENCE")), event.value("DTSTAMP")

    def calendar(self) -> set[tuple[tuple[str, tuple[str, ...], str], ...]]:
        return {content(each) for each in self.kept.values()}


def content(event: Component) -> tuple[tuple[str, tuple[str, ...], str], ...]:
    return tuple((line.name, tuple(sorted(line.parameters)), line.value) for line in event.lines)


hours = st.integers(0, 23)
names = st.sampled_from(["a", "b", "c"])


class Organiser(RuleBasedStateMachine):
    """Meetings are called, edited, moved, cancelled and restored in any order; a client fetches now and then."""

    @initialize()
    def begin(self) -> None:
        self.now = CHANGED
        self.entries: dict[str, Entry] = {}
        self.kept = Fragments()
        self.client = Client()
        self.last: Feed | None = None

    @rule(name=names, zone=zones, hour=hours, text=words)
    def call(self, name: str, zone: Any, hour: int, text: str) -> None:
        if name not in self.entries:
            starts = at(5, hour, zone=zone)
            self.entries[name] = entry(
                name, starts=starts, ends=starts + timedelta(hours=1), title=text, changed_at=self.now
            )

    @rule(name=names, text=words, place=words)
    def edit(self, name: str, text: str, place: str) -> None:
        self._change(name, title=text, location=place)

    @rule(name=names, day=st.integers(1, 28), hour=st.integers(3, 23), zone=zones)
    def move(self, name: str, day: int, hour: int, zone: Any) -> None:
        starts = at(day, hour, zone=zone)
        self._change(
            name, starts=starts, ends=starts + timedelta(hours=2), rule=None, exdates=frozenset(), overrides=()
        )

    @rule(name=names)
    def cancel(self, name: str) -> None:
        self._change(name, status=Status.CANCELLED)

    @rule(name=names)
    def restore(self, name: str) -> None:
        self._change(name, status=Status.CONFIRMED)

    @rule(name=names, count=st.integers(1, 8))
    def repeat(self, name: str, count: int) -> None:
        if (held := self.entries.get(name)) is not None and held.starts.hour >= 3:  # type: ignore[union-attr]
            starts, ends = (in_zone(each, held.zone) for each in (held.starts, held.ends))
            self._change(
                name,
                **{"starts": starts, "ends": ends, "exdates": frozenset(), "overrides": ()},
                rule=Rule(Frequency.WEEKLY, count=count),
            )

    @rule(name=names, number=st.integers(0, 7), hours=st.integers(-2, 2), text=words)
    def except_one(self, name: str, number: int, hours: int, text: str) -> None:
        """Move one instance of a series, or, by no hours at all, take it out."""
        held = self.entries.get(name)
        if held is None or held.rule is None:
            return
        made = [each for each in instances(held, held.rule) if each not in held.exdates]
        each = made[number % len(made)]
        others = tuple(other for other in held.overrides if other.instance != each)
        if hours:
            later = each + timedelta(hours=hours)
            moved = Override(instance=each, starts=later, ends=later + timedelta(hours=1), title=text)
            self._change(name, overrides=(*others, moved))
        elif len(made) > 1:
            self._change(name, exdates=held.exdates | {each}, overrides=others)

    @rule(days=st.integers(1, 20))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def look(self) -> None:
        """The client fetches; whatever it missed meanwhile, it ends with exactly the feed."""
        found = self._feed()
        self.client.fetch(found)
        assert self.client.calendar() == {content(each) for each in passes(found.data).within("VEVENT")}

    @invariant()
    def the_feed_is_the_truth_and_tells_its_changes(self) -> None:
        if not hasattr(self, "entries"):
            return
        found = self._feed()
        assert found.left_out == ()
        calendar = passes(found.data)
        truth = {}
        for each in self.entries.values():
            is_gone = each.status is Status.CANCELLED and self.now - each.changed_at >= KEPT_CANCELLED
            for starts, ends in () if is_gone else takes_place(each).values():
                truth[each.uid, starts] = ends
        assert {key: ends for key, (ends, _) in read(found.data).items()} == truth
        if self.last is not None:
            before = lines.read(self.last.data, Findings())
            changes.compare(before, calendar, told := Findings())  # type: ignore[arg-type]  # it was one
            assert [each.what for each in told if each.verdict is not Verdict.OK and "is gone" not in each.what] == []
        self.last = found

    def _change(self, name: str, **edit: Any) -> None:
        before = self.entries.get(name)
        if before is None:
            return
        self.now += timedelta(seconds=1)
        after = replace(before, **edit)
        if after == before:
            return
        after = replace(after, sequence=next_sequence(before, after), revision=before.revision + 1, changed_at=self.now)
        self.entries[name] = after

    def _feed(self) -> Feed:
        return feed(HEAD, self.entries.values(), ENGLISH, self.kept, at=self.now)


@pytest.mark.promise(
    "calendar.true", "Whatever happens to meetings, a calendar that fetches the feed shows exactly them."
)
def test_whatever_happens_a_client_ends_with_the_true_calendar() -> None:
    run_state_machine_as_test(
        Organiser,
        settings=settings(max_examples=60, stateful_step_count=20, suppress_health_check=list(HealthCheck)),
    )
