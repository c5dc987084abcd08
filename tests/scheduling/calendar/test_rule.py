"""Recurrence rules: read strictly, and walked along as another library walks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import islice, takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from scheduling.calendar.rule import WEEKDAYS, Frequency, Rule, Unfollowable

NUMBERS = {
    "BYMONTH": st.integers(1, 12),
    "BYMONTHDAY": st.sampled_from([1, 2, 15, 28, 29, 30, 31, -1, -2, -31]),
    "BYYEARDAY": st.sampled_from([1, 60, 100, 366, -1, -366]),
    "BYHOUR": st.integers(0, 23),
}
FITS = {
    Frequency.YEARLY: {"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYHOUR"},
    Frequency.MONTHLY: {"BYMONTH", "BYMONTHDAY", "BYHOUR"},
    Frequency.WEEKLY: {"BYMONTH", "BYHOUR"},
    Frequency.DAILY: {"BYMONTH", "BYMONTHDAY", "BYHOUR"},
}


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    frequency = draw(st.sampled_from(list(FITS)))
    by = {}
    for name in sorted(FITS[frequency]):
        if draw(st.booleans()):
            by[name] = tuple(map(str, draw(st.lists(NUMBERS[name], min_size=1, max_size=3, unique=True))))
    if draw(st.booleans()):
        days = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True))
        counts = st.sampled_from(["1", "2", "5", "-1"] if frequency in {"YEARLY", "MONTHLY"} else [""])
        count = draw(st.just("") | counts)  # of one kind: the other library takes a mixture for days that are both
        by["BYDAY"] = tuple(count + day for day in days)
    if by and frequency in {"YEARLY", "MONTHLY"} and draw(st.booleans()):
        by["BYSETPOS"] = (draw(st.sampled_from(["1", "2", "-1"])),)
    return Rule(frequency, interval=draw(st.integers(1, 4)), by=by, week_starts=draw(st.sampled_from(["MO", "SU"])))


@given(rules(), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001  local times
def test_the_instances_are_those_of_another_library(rule: Rule, starts: datetime) -> None:
    starts = starts.replace(microsecond=0, fold=0)
    end = starts + timedelta(days=3 * 365)
    theirs = rrulestr(f"{rule.text};UNTIL={end:%Y%m%dT%H%M%S}", dtstart=starts)
    ours = takewhile(lambda each: each <= end, rule.instances(starts))
    assert list(islice(ours, 40)) == list(islice(theirs, 40))


@given(rules())
def test_what_is_written_is_read_again(rule: Rule) -> None:
    assert Rule.read(rule.text) == rule


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not NAME=VALUE"),
        ("COUNT=3", "FREQ is missing"),
        ("FREQ=FORTNIGHTLY", "FREQ is none of"),
        ("FREQ=DAILY;FREQ=DAILY", "stands twice"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20261214T130000Z", "may not stand together"),
        ("FREQ=DAILY;COUNT=0", "COUNT must be"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be"),
        ("FREQ=DAILY;UNTIL=tomorrow", "neither a day nor a time"),
        ("FREQ=DAILY;UNTIL=20260230", "day is out of range"),
        ("FREQ=WEEKLY;BYDAY=XX", "names no weekday"),
        ("FREQ=WEEKLY;BYDAY=2MO", "only FREQ=MONTHLY"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "out of range"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "out of range"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "may not stand with FREQ=WEEKLY"),
        ("FREQ=DAILY;BYSETPOS=1", "needs another"),
        ("FREQ=DAILY;BYPLANET=MARS", "there is no part BYPLANET"),
        ("FREQ=DAILY;WKST=XX", "WKST"),
    ],
)
def test_a_wrong_rule_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Rule.read(text)


def test_a_week_begins_when_it_begins_not_with_the_first_instance() -> None:
    """Of the first week only what is left counts, and its first Monday is past: other libraries shift the week."""
    wednesday = datetime(2020, 1, 1)  # noqa: DTZ001  a local time
    first = next(Rule.read("FREQ=WEEKLY;BYDAY=MO,WE;BYSETPOS=1").instances(wednesday))
    assert first == datetime(2020, 1, 6)  # noqa: DTZ001


def test_a_rule_that_never_happens_ends() -> None:
    for text in (
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYSETPOS=9;BYDAY=1MO",
    ):
        assert list(Rule.read(text).instances(date(2026, 1, 1))) == []


def test_rules_by_the_hour_are_not_followed() -> None:
    with pytest.raises(Unfollowable):
        next(Rule.read("FREQ=HOURLY").instances(datetime(2026, 1, 1)))  # noqa: DTZ001


def test_count_and_until_include_their_last() -> None:
    day = date(2026, 10, 5)
    assert len(list(Rule.read("FREQ=WEEKLY;COUNT=3").instances(day))) == 3
    assert [*Rule.read("FREQ=WEEKLY;UNTIL=20261012").instances(day)] == [day, date(2026, 10, 12)]
