"""The ladder's instants, for any zone and any day: own morning, a working day, in order, none twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scheduling import ladder
from scheduling.deadlines import WorkingWeek
from scheduling.ladder import MORNING, NOON, OWNERS, Rung

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
COUNTRIES = ("TN", "FR", "SA", "JP", "NP", "XX")
days = st.dates(date(2026, 1, 1), date(2032, 12, 31))
instants = st.integers(0, 2000 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def local(week: WorkingWeek, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(week.zone))


def is_own_working_morning(week: WorkingWeek, at: datetime) -> bool:
    here = local(week, at)
    return MORNING <= here.time() < NOON and week.day_off(here.date()) is None


@pytest.mark.promise(
    "actions.ladder", "Every reminder comes in its reader's own morning, on a working day, in order, never twice."
)
@settings(max_examples=80)
@given(st.sampled_from(ZONES), st.sampled_from(COUNTRIES), days)
@example("Pacific/Apia", "WS", date(2011, 12, 30))  # a day that clocks left out
@example("Africa/Cairo", "EG", date(2026, 4, 24))  # midnight left out
@example("America/Santiago", "CL", date(2026, 9, 6))
@example("Australia/Lord_Howe", "AU", date(2026, 10, 4))  # half an hour
@example("Asia/Shanghai", "CN", date(2026, 2, 24))  # behind a week of holidays
@example("Asia/Riyadh", "SA", date(2026, 3, 23))
def test_every_instant_is_a_working_morning_in_order_and_once(zone: str, country: str, due: date) -> None:
    week = ladder.mornings_of(zone, country)
    rungs = ladder.owner_rungs(week, due)
    offices = [ladder.office_rung(week, due, rung) for rung in (Rung.COORDINATOR, Rung.VICE_CHAIR)]
    instants = [*rungs.values(), *offices]
    assert all(is_own_working_morning(week, at) for at in instants)
    assert all(before < after for before, after in pairwise(instants)), "in order, and none twice"
    assert [*rungs] == [each for each in OWNERS if each in rungs] and Rung.TODAY in rungs
    for rung, at in rungs.items():
        if due.year > 2011:
            assert local(week, at).date() <= due + timedelta(days=rung.days), "not later than its day"
    for rung, at in zip((Rung.COORDINATOR, Rung.VICE_CHAIR), offices, strict=True):
        assert local(week, at).date() >= due + timedelta(days=rung.days), "not before its day"
        assert ladder.begins(due, rung) <= at


@settings(max_examples=40)
@given(st.sampled_from(ZONES), st.sampled_from(COUNTRIES), instants)
def test_the_next_morning_is_a_later_working_morning(zone: str, country: str, now: datetime) -> None:
    week = ladder.mornings_of(zone, country)
    mornings = [ladder.next_morning(week, now, count) for count in (1, 2, 3)]
    assert all(is_own_working_morning(week, each) for each in mornings)
    assert now < mornings[0] < mornings[1] < mornings[2]
    end = ladder.ends(zone, now.date())
    assert local(week, end - timedelta(seconds=1)).date() <= now.date() < local(week, end).date()


def test_each_has_the_week_of_their_own_country() -> None:
    tunis, riyadh, unknown = (
        ladder.mornings_of(zone, "TN") for zone in ("Africa/Tunis", "Asia/Riyadh", "Antarctica/Troll")
    )
    friday, sunday = date(2026, 11, 27), date(2026, 11, 29)
    assert tunis.day_off(friday) is None and tunis.day_off(sunday) is not None
    assert riyadh.day_off(friday) is not None and riyadh.day_off(sunday) is None
    assert unknown.day_off(sunday) is not None
    assert tunis.day_off(date(2026, 3, 20)) is not None, "the day of independence"


def test_the_ladder_of_an_ordinary_action() -> None:
    week = ladder.mornings_of("Africa/Tunis", "TN")
    rungs = ladder.owner_rungs(week, date(2027, 3, 31))  # a Wednesday; three days before is a Sunday
    shown = {rung: local(week, at).strftime("%a %d %H:%M") for rung, at in rungs.items()}
    assert shown == {Rung.AHEAD: "Wed 17 07:30", Rung.SOON: "Fri 26 07:30", Rung.TODAY: "Wed 31 07:30"}
