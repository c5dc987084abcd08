"""What a meeting costs whom, the ledger, one meeting's best slots: by hand, and against a clock read by the minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.deadlines import WEEKDAYS, WorkingWeek
from scheduling.meetings import (
    Attendee,
    Plan,
    Reason,
    Why,
    Year,
    best_fixed,
    burden,
    carried,
    cost,
    fixed,
    gini,
    monthly,
    propose,
    rotation,
    score,
)
from scheduling.meetings.burden import ramadan

MINUTE = timedelta(minutes=1)
OFFICE = ((time(9), time(17)),)
# Zones with unusual offsets, and days on which their clocks change.
CHANGES = [
    ("Europe/Brussels", date(2027, 3, 28)),
    ("Europe/Brussels", date(2027, 10, 31)),
    ("America/New_York", date(2027, 3, 14)),
    ("Africa/Cairo", date(2027, 4, 30)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Pacific/Auckland", date(2027, 9, 26)),
    ("Asia/Kathmandu", date(2027, 5, 5)),
    ("Pacific/Kiritimati", date(2027, 5, 5)),
    ("America/St_Johns", date(2027, 11, 7)),
]


def attendee(zone: str, key: str | None = None, off: str = "sat sun", **more) -> Attendee:
    days = {day: ["09:00-17:00"] for day in WEEKDAYS if day not in off.split()}
    ramadan_hours = more.pop("keeps_ramadan", False)
    return Attendee(key or zone, WorkingWeek.from_json({"zone": zone, "days": days, **more}), ramadan_hours)


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


# One attendance


@pytest.mark.parametrize(
    ("at", "points", "why"),
    [
        ("00:00", 8, Why.NIGHT), ("05:00", 8, Why.NIGHT), ("05:30", 8, Why.NIGHT), ("06:00", 4, Why.EARLY),
        ("06:30", 4, Why.EARLY), ("07:00", 2, Why.EARLY), ("08:00", 1, Why.EARLY), ("08:30", 1, Why.EARLY),
        ("09:00", 0, None), ("12:00", 0, None), ("16:00", 0, None), ("16:30", 1, Why.LATE), ("17:00", 1, Why.LATE),
        ("17:30", 2, Why.LATE), ("19:00", 2, Why.LATE), ("19:30", 4, Why.LATE), ("21:00", 4, Why.LATE),
        ("21:30", 8, Why.NIGHT), ("23:30", 8, Why.NIGHT),
    ],
)  # fmt: skip
def test_the_worst_half_hour_counts(at: str, points: int, why: Why | None) -> None:
    got = burden(attendee("Europe/Brussels"), local("Europe/Brussels", f"2027-03-10T{at}"), 60)
    assert got.points == points and [reason.why for reason in got.reasons] == ([why] if why else [])
    assert got.is_night is (why is Why.NIGHT) and f"{got.begins:%H:%M}" == at


def test_fourteen_hours_in_brussels_is_fourteen_all_year_and_later_where_clocks_stand() -> None:
    brussels, tunis, sydney = map(attendee, ("Europe/Brussels", "Africa/Tunis", "Australia/Sydney"))
    winter, summer = (local("Europe/Brussels", f"2027-{day}T14:00") for day in ("01-13", "07-14"))
    assert [
        f"{burden(each, at, 60).begins:%H:%M}" for at in (winter, summer) for each in (brussels, tunis, sydney)
    ] == [
        *("14:00", "14:00", "00:00"),
        *("14:00", "13:00", "22:00"),
    ]


def test_a_day_off_counts_once_whatever_it_is_called() -> None:
    egypt = attendee("Africa/Cairo", off="fri sat", country="EG")
    assert burden(egypt, local("Africa/Cairo", "2027-03-14T10:00"), 60).points == 0  # a Sunday
    assert burden(egypt, local("Africa/Cairo", "2027-03-12T10:00"), 60).reasons == (Reason(Why.WEEKEND, 8),)  # Eid too
    feast = burden(egypt, local("Africa/Cairo", "2027-03-10T10:00"), 60).reasons
    assert feast == (Reason(Why.HOLIDAY, 8, "Eid al-Fitr (estimated)"),)
    closed = replace(egypt, week=replace(egypt.week, extra_closures=(date(2027, 3, 17),)))
    assert burden(closed, local("Africa/Cairo", "2027-03-17T06:30"), 60).reasons == (
        Reason(Why.EARLY, 4),
        Reason(Why.CLOSURE, 8),
    )


def test_a_meeting_that_runs_into_the_weekend_takes_some_of_it() -> None:
    got = burden(attendee("Asia/Tokyo"), local("Asia/Tokyo", "2027-03-12T23:30"), 60)
    assert got.reasons == (Reason(Why.NIGHT, 8), Reason(Why.WEEKEND, 8))
    assert burden(attendee("Asia/Tokyo"), local("Asia/Tokyo", "2027-03-12T23:00"), 60).points == 8


def test_ramadan_as_it_is_computed() -> None:
    """Those of 2025 and 2026 are known; an announcement may differ from the later ones by a day."""
    assert ramadan(2025) == ((date(2025, 3, 1), date(2025, 3, 29)),)
    assert ramadan(2026) == ((date(2026, 2, 18), date(2026, 3, 19)),)
    assert [first for first, _ in ramadan(2030)] == [date(2030, 1, 5), date(2030, 12, 26)]
    assert all(28 <= (last - first).days <= 29 for year in range(2020, 2060) for first, last in ramadan(year))


@pytest.mark.parametrize(("at", "points"), [("13:30", 0), ("14:30", 2), ("18:00", 4), ("21:00", 4), ("10:00", 0)])
def test_afternoons_of_ramadan_cost_those_who_keep_it(at: str, points: int) -> None:
    keeps, does_not = attendee("Africa/Tunis", keeps_ramadan=True), attendee("Africa/Tunis")
    start = local("Africa/Tunis", f"2027-02-10T{at}")
    assert burden(keeps, start, 60).points == points
    assert burden(keeps, start + timedelta(days=35), 60).points == burden(does_not, start, 60).points


@given(change=st.sampled_from(CHANGES), minute=st.integers(-2880, 2880), minutes=st.integers(1, 300))
def test_it_is_what_a_clock_on_the_wall_shows_minute_by_minute(change, minute: int, minutes: int) -> None:
    zone, day = change
    start = datetime.combine(day, time(), UTC) + minute * MINUTE
    wall = [(start + number * MINUTE).astimezone(ZoneInfo(zone)) for number in range(minutes)]
    hours = max(_by_the_table(each.hour) for each in wall)
    off = 8 * any(each.weekday() in (5, 6) for each in wall)
    assert burden(attendee(zone), start, minutes).points == hours + off


def _by_the_table(hour: int) -> int:
    if 9 <= hour < 17:
        return 0
    return {8: 1, 17: 1, 7: 2, 18: 2, 19: 2, 6: 4, 20: 4, 21: 4}.get(hour, 8)


@given(
    change=st.sampled_from(CHANGES),
    quarter=st.integers(-200, 200),
    minutes=st.integers(1, 240),
    earlier=st.integers(0, 120),
    later=st.integers(0, 120),
)
def test_a_longer_meeting_never_costs_less(change, quarter: int, minutes: int, earlier: int, later: int) -> None:
    zone, day = change
    start = datetime.combine(day, time(), UTC) + 15 * quarter * MINUTE
    one = attendee(zone, country="EG", keeps_ramadan=True)
    longer = burden(one, start - earlier * MINUTE, earlier + minutes + later)
    assert longer.points >= burden(one, start, minutes).points


def test_an_instant_has_a_zone_and_a_meeting_takes_time() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        burden(attendee("UTC"), datetime(2027, 3, 10, 12), 60)  # noqa: DTZ001  that is the fault
    with pytest.raises(ValueError, match="takes some time"):
        burden(attendee("UTC"), datetime(2027, 3, 10, 12, tzinfo=UTC), 0)


# The ledger


def test_points_count_half_after_a_year_and_a_newcomer_is_given_the_mean() -> None:
    history = {2025: {"NZ": 40, "IR": 8}, 2026: {"NZ": 10, "IR": 20, "VU": 6}}
    assert carried(history, 2027, ["NZ", "IR", "VU", "PW"]) == {
        "NZ": 10 // 2 + 40 // 4,
        "IR": 20 // 2 + 8 // 4,
        "VU": 6 // 2 + 24 // 4,  # 24: the mean of 2025, when it was not there yet
        "PW": 12 // 2 + 24 // 4,
    }
    assert carried(history, 2026, ["NZ"]) == {"NZ": 20}  # what is yet to come is not carried
    assert carried({}, 2027, ["NZ"]) == {"NZ": 0}


POINTS = st.dictionaries(st.sampled_from("ABCDEF"), st.integers(0, 200), min_size=1)


@given(history=st.dictionaries(st.integers(2015, 2026), POINTS, max_size=6), wait=st.integers(1, 9))
def test_what_is_carried_fades_and_nobody_new_is_above_or_below_the_others(history, wait: int) -> None:
    now, later = carried(history, 2027, "ABCDEFX"), carried(history, 2027 + wait, "ABCDEFX")
    assert all(later[key] <= now[key] * Fraction(1, 2**wait) + 1 for key in now)
    everybody = {key for points in history.values() for key in points}
    always = [now[key] for key in everybody if all(key in points for points in history.values())]
    if len(always) == len(everybody) > 0:
        assert min(always) <= now["X"] <= max(always)


def test_gini_tells_equal_from_unequal() -> None:
    assert gini([]) == gini([0, 0]) == gini([7, 7, 7]) == 0.0
    assert gini([0, 0, 0, 12]) == 0.75 and gini([12, 0, 0, 0]) == 0.75
    assert 0 < gini([1, 2, 3]) < gini([0, 1, 5])


# One meeting

DAYS = [date(2027, 3, day) for day in (9, 10, 11)]


def test_nobody_is_burdened_where_a_time_suits_all() -> None:
    best = propose(DAYS, 60, [attendee("Europe/Brussels"), attendee("Africa/Nairobi")])
    assert [each.start.date() for each in best] == DAYS
    assert all(each.total == each.fairness == each.worst == 0 and not each.nights for each in best)


def test_the_ledger_decides_whose_turn_it_is() -> None:
    lima, tokyo = attendee("America/Lima"), attendee("Asia/Tokyo")
    even = propose(DAYS, 60, [lima, tokyo])[0]
    assert even.worst == 2  # 23:00 UTC: 18:00 in Lima, 08:00 in Tokyo
    owed = propose(DAYS, 60, [lima, tokyo], {"America/Lima": 20, "Asia/Tokyo": 4})
    assert all(each.burdens["America/Lima"].points == 0 and each.burdens["Asia/Tokyo"].points for each in owed)
    assert owed[0].spared == ("America/Lima",) and even.spared == ()
    turned = propose(DAYS, 60, [lima, tokyo], {"America/Lima": 4, "Asia/Tokyo": 20})
    assert all(each.burdens["Asia/Tokyo"].points == 0 for each in turned)


def test_business_attends_like_anybody_else() -> None:
    members = [attendee("Asia/Tokyo"), attendee("Asia/Seoul")]
    alone = propose(DAYS, 60, members)[0]
    jointly = propose(DAYS, 60, [*members, attendee("Europe/London", "the traders' association")])[0]
    assert alone.total == 0 < jointly.total
    assert (
        jointly.burdens["the traders' association"].points < burden(attendee("Europe/London"), alone.start, 60).points
    )


def test_nobody_is_given_a_holiday_where_another_day_is_free() -> None:
    egypt = attendee("Africa/Cairo", off="fri sat", country="EG")
    best = propose([date(2027, 3, day) for day in (9, 10, 12, 16)], 60, [egypt], most=1)
    assert best[0].start.date() == date(2027, 3, 16)
    refused = score(local("Africa/Cairo", "2027-03-10T11:00"), 60, [egypt])
    assert refused.burdens[egypt.key].reasons[0].name.startswith("Eid")


@given(order=st.permutations(range(4)))
def test_the_order_of_attendees_changes_nothing(order) -> None:
    zones = ["America/Lima", "Asia/Tokyo", "Europe/Brussels", "Pacific/Auckland"]
    found = propose(DAYS, 60, [attendee(zones[number]) for number in order])
    assert [each.start for each in found] == [each.start for each in propose(DAYS, 60, list(map(attendee, zones)))]


# A year


def test_the_days_of_a_month_are_those_of_one_week() -> None:
    assert monthly(2027, 2, [1], [1, 2]) == ((date(2027, 1, 12),), (date(2027, 2, 9),))
    september, december = monthly(2027, 1, [2, 1, 3], [9, 12])
    assert september == (date(2027, 9, 1), date(2027, 8, 31), date(2027, 9, 2))
    assert december == (date(2027, 12, 1), date(2027, 11, 30), date(2027, 12, 2))


def test_plain_plans_are_what_they_say() -> None:
    year = Year((attendee("Asia/Tokyo"), attendee("Europe/Brussels")), monthly(2027, 2, [2]))
    afternoons = fixed(year, time(14), "Europe/Brussels")
    assert {f"{start.astimezone(ZoneInfo('Europe/Brussels')):%H:%M}" for start in afternoons.starts} == {"14:00"}
    assert afternoons.points == {"Asia/Tokyo": 5 * 8 + 7 * 4, "Europe/Brussels": 0}
    assert afternoons.nights == {"Asia/Tokyo": 5, "Europe/Brussels": 0} and afternoons.unburdened == 1
    turns = rotation(year, time(12), timedelta(hours=8))
    assert [f"{at:%H}" for at in turns.times] == ["04", "12", "20"]
    assert best_fixed(year).rank <= min(fixed(year, time(hour)).rank for hour in range(24))


def test_a_year_and_a_plan_survive_json() -> None:
    people = (attendee("Africa/Cairo", off="fri sat", country="EG", keeps_ramadan=True), attendee("Asia/Tokyo"))
    year = Year(people, monthly(2027, 2, [1, 2]), 90, 3, "Africa/Cairo", {"Asia/Tokyo": 7}, 5.0)
    assert Year.from_json(year.to_json()) == year
    plan = cost(year, [year.start(days[0], time(11)) for days in year.meetings])
    assert Plan.from_json(plan.to_json()) == plan
    assert plan.most == max(plan.points["Asia/Tokyo"] + 7, plan.points["Africa/Cairo"])


@pytest.mark.parametrize(
    "fault",
    [
        {"attendees": ()},
        {"attendees": (attendee("UTC"), attendee("UTC"))},
        {"meetings": ()},
        {"meetings": ((),)},
        {"minutes": 0},
        {"slots": 0},
        {"seconds": 0.0},
        {"clock": "../etc/passwd"},
    ],
)
def test_what_no_plan_could_be_made_of_is_refused(fault) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  each says something else
        replace(Year((attendee("UTC"),), monthly(2027, 2, [2])), **fault)
