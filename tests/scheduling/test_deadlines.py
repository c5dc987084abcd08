"""Working time, against examples a person can check and against a clock on the wall read minute by minute."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scheduling.deadlines import (
    WEEKDAYS,
    AnswerClock,
    Closed,
    DayOff,
    Pause,
    WorkingWeek,
    after_quiet_hours,
    explain,
)

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OFFICE = ["09:00-12:00", "13:00-17:00"]

# Days on which the clocks change, and around which everything below is tried.
CHANGES = [
    ("Europe/Brussels", date(2026, 3, 29)),
    ("Europe/Brussels", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Africa/Cairo", date(2026, 4, 24)),  # midnight is left out
    ("Africa/Cairo", date(2026, 10, 29)),  # the last hour of the day comes twice
    ("Asia/Amman", date(2021, 3, 26)),
    ("Asia/Amman", date(2021, 10, 29)),  # the first hour of the day comes twice
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/St_Johns", date(2010, 11, 7)),  # a minute past midnight, back into the day before
    ("Pacific/Apia", date(2011, 12, 30)),  # a whole day is left out
]


def desk(zone="Europe/Brussels", hours=OFFICE, weekdays="mon tue wed thu fri", **more):
    return WorkingWeek.from_json({"zone": zone, "days": dict.fromkeys(weekdays.split(), hours), **more})


BRUSSELS = desk(country="BE")
CAIRO = desk("Africa/Cairo", ["08:30-15:00"], "sun mon tue wed thu", country="EG")


def local(zone, text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def brussels(text):
    return local("Europe/Brussels", text)


# What a person can check


def test_a_desk_is_open_from_opening_until_just_before_closing():
    assert [BRUSSELS.is_open(brussels(f"2026-03-02 {at}")) for at in ("08:59", "09:00", "11:59", "12:00")] == [
        False,
        True,
        True,
        False,
    ]


def test_time_runs_on_over_lunch_night_and_weekend():
    friday = brussels("2026-03-06 11:00")
    assert BRUSSELS.add(friday, 2 * HOUR) == brussels("2026-03-06 14:00")
    assert BRUSSELS.add(friday, 5 * HOUR) == brussels("2026-03-06 17:00")
    assert BRUSSELS.add(friday, 5 * HOUR + MINUTE) == brussels("2026-03-09 09:01")
    assert BRUSSELS.elapsed(friday, brussels("2026-03-09 09:01")) == 5 * HOUR + MINUTE


def test_no_time_at_all_leads_to_the_next_opening():
    assert BRUSSELS.add(brussels("2026-03-07 11:00"), timedelta()) == brussels("2026-03-09 09:00")
    assert BRUSSELS.next_open(brussels("2026-03-09 10:30")) == brussels("2026-03-09 10:30")
    assert BRUSSELS.next_open(brussels("2026-03-09 17:00")) == brussels("2026-03-10 09:00")


def test_the_egyptian_weekend_is_friday_and_saturday():
    thursday = local("Africa/Cairo", "2026-02-05 14:30")
    assert CAIRO.add(thursday, HOUR) == local("Africa/Cairo", "2026-02-08 09:00")
    assert [off.day.isoformat() for off in explain(CAIRO, thursday, thursday + 3 * DAY)] == [
        "2026-02-06",
        "2026-02-07",
    ]


def test_the_year_ends_with_holidays_closures_and_a_weekend():
    week = desk(country="BE", extra_closures=["2026-12-31"])
    start = brussels("2026-12-30 16:00")
    due = week.add(start, 2 * HOUR)
    assert due == brussels("2027-01-04 10:00")
    assert explain(week, start, due, "fr") == [
        DayOff(date(2026, 12, 31), Closed.CLOSURE),
        DayOff(date(2027, 1, 1), Closed.HOLIDAY, "Nouvel An"),
        DayOff(date(2027, 1, 2), Closed.WEEKEND),
        DayOff(date(2027, 1, 3), Closed.WEEKEND),
    ]


@pytest.mark.parametrize(
    ("country", "day", "language", "name"),
    [
        ("BE", date(2026, 12, 25), "nl", "Kerstmis"),
        ("BE", date(2026, 12, 25), "en", "Christmas Day"),
        ("BE", date(2026, 12, 25), "ar", "Christmas Day"),  # not translated: English
        ("SN", date(2026, 1, 1), "fr", "Jour de l'an"),  # known there as fr_SN
        ("EG", date(2026, 5, 1), "ar", "عيد العمال"),
        ("ZA", date(2026, 12, 16), "fr", "Day of Reconciliation"),  # in one language only
    ],
)
def test_a_holiday_is_named_in_the_readers_language_where_the_library_can(country, day, language, name, monkeypatch):
    monkeypatch.setenv("LANGUAGE", "de")
    assert desk(country=country, weekdays="mon tue wed thu fri sat sun").day_off(day, language) == DayOff(
        day, Closed.HOLIDAY, name
    )


def test_a_holiday_observed_in_the_year_before_and_one_of_a_subdivision():
    assert desk("America/New_York", country="US").day_off(date(2021, 12, 31)) is not None
    assert desk("Europe/Berlin", country="DE").day_off(date(2026, 1, 6)) is None
    bavaria = desk("Europe/Berlin", country="DE", subdivision="BY")
    assert bavaria.day_off(date(2026, 1, 6)) == DayOff(date(2026, 1, 6), Closed.HOLIDAY, "Epiphany")


def test_working_days_leave_out_the_first_and_count_the_last():
    friday = brussels("2026-04-03 16:59")
    assert BRUSSELS.working_days_between(friday, friday + MINUTE) == 0
    assert BRUSSELS.working_days_between(friday, brussels("2026-04-06 12:00")) == 0  # Easter Monday
    assert BRUSSELS.working_days_between(friday, brussels("2026-04-07 00:00")) == 1
    assert BRUSSELS.working_days_between(friday, friday + 14 * DAY) == 9
    assert BRUSSELS.working_days_between(friday, friday - 14 * DAY) == 0


def test_a_day_is_that_of_the_desk_not_of_utc():
    auckland = desk("Pacific/Auckland")
    assert auckland.working_days_between(
        local("Pacific/Auckland", "2026-03-03 23:00"), local("Pacific/Auckland", "2026-03-04 09:00")
    )


@pytest.mark.promise("faults.33", "An hour that is left out or comes twice counts as it passes.")
@pytest.mark.parametrize(
    ("zone", "day", "hours", "worked"),
    [
        ("Europe/Brussels", "2026-03-29", "00:00-24:00", 23 * HOUR),
        ("Europe/Brussels", "2026-10-25", "00:00-24:00", 25 * HOUR),
        ("Europe/Brussels", "2026-03-29", "02:15-02:45", timedelta()),
        ("Europe/Brussels", "2026-03-29", "01:30-02:30", 30 * MINUTE),
        ("Europe/Brussels", "2026-03-29", "02:30-04:00", HOUR),
        ("Europe/Brussels", "2026-10-25", "01:00-02:30", 90 * MINUTE),
        ("Europe/Brussels", "2026-10-25", "02:30-04:00", 150 * MINUTE),
        ("Africa/Cairo", "2026-04-24", "00:00-08:00", 7 * HOUR),
        ("Africa/Cairo", "2026-10-29", "20:00-24:00", 5 * HOUR),
        ("Asia/Amman", "2021-10-29", "00:00-08:00", 9 * HOUR),
        ("Australia/Lord_Howe", "2026-10-04", "00:00-24:00", 23 * HOUR + 30 * MINUTE),
        ("Australia/Lord_Howe", "2026-04-05", "00:00-24:00", 24 * HOUR + 30 * MINUTE),
        ("Pacific/Apia", "2011-12-30", "00:00-24:00", timedelta()),
    ],
)
def test_hours_on_the_day_the_clocks_change(zone, day, hours, worked):
    noon = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
    weekday = f"{noon:%a}".lower()
    assert desk(zone, [hours], weekday).elapsed(noon - 2 * DAY, noon + 2 * DAY) == worked


def test_an_opening_at_midnight_is_not_undone_by_clocks_that_go_back_over_it():
    sunday = desk("America/St_Johns", ["00:00-24:00"], "sun")
    midnight, back = datetime(2010, 11, 7, 2, 30, tzinfo=UTC), datetime(2010, 11, 7, 3, 0, tzinfo=UTC)
    assert back.astimezone(ZoneInfo("America/St_Johns")).strftime("%a %H:%M") == "Sat 23:30"
    assert sunday.is_open(back)
    assert sunday.elapsed(midnight - DAY, back) == 30 * MINUTE


# The answer clock


def test_the_clock_stands_still_while_the_trader_is_asked():
    monday, asked, answered = (
        brussels("2026-03-02 09:00"),
        brussels("2026-03-02 11:00"),
        brussels("2026-03-05 16:00"),
    )
    running = AnswerClock(BRUSSELS, monday, 7 * HOUR)
    waiting = AnswerClock(BRUSSELS, monday, 7 * HOUR, (Pause(asked),))
    resumed = AnswerClock(BRUSSELS, monday, 7 * HOUR, (Pause(asked, answered),))
    assert running.due() == brussels("2026-03-02 17:00")
    assert waiting.due() is None
    assert waiting.remaining(asked) == waiting.remaining(answered) == 5 * HOUR
    assert resumed.due() == brussels("2026-03-06 14:00")
    assert resumed.remaining(answered) == 5 * HOUR
    assert resumed.remaining(brussels("2026-03-06 16:00")) == -2 * HOUR


def test_a_question_asked_too_late_saves_nobody():
    monday = brussels("2026-03-02 09:00")
    late = AnswerClock(BRUSSELS, monday, 2 * HOUR, (Pause(monday + 2 * HOUR),))
    assert late.due() == monday + 2 * HOUR


def test_two_questions_at_once_pause_once():
    monday = brussels("2026-03-02 09:00")
    pauses = (Pause(monday + 2 * HOUR, monday + DAY), Pause(monday + HOUR, monday + 3 * HOUR))
    clock = AnswerClock(BRUSSELS, monday, 2 * HOUR, pauses)
    assert clock.due() == brussels("2026-03-03 10:00")
    inside = (Pause(monday + HOUR, monday + DAY), Pause(monday + 2 * HOUR, monday + 3 * HOUR))
    assert AnswerClock(BRUSSELS, monday, 2 * HOUR, inside).due() == brussels("2026-03-03 10:00")


def test_a_case_handed_to_another_desk_keeps_its_clock():
    start, handed = brussels("2026-03-02 09:00"), brussels("2026-03-02 11:00")
    left = AnswerClock(BRUSSELS, start, 8 * HOUR).remaining(handed)
    assert AnswerClock(CAIRO, handed, left).due() == CAIRO.add(handed, 6 * HOUR)
    assert AnswerClock(CAIRO, handed, -HOUR).due() == handed


# What cannot be

DAYS = {"mon": OFFICE}


@pytest.mark.parametrize(
    "data",
    [
        {"zone": "Mars/Olympus", "days": DAYS},
        {"zone": "../etc/passwd", "days": DAYS},
        {"zone": "Europe", "days": DAYS},
        {"zone": None, "days": DAYS},
        {"zone": "UTC"},
        {"zone": "UTC", "days": {}},
        {"zone": "UTC", "days": None},
        {"zone": "UTC", "days": {"lundi": OFFICE}},
        {"zone": "UTC", "days": {"mon": ["17:00-09:00"]}},
        {"zone": "UTC", "days": {"mon": ["09:00-12:00", "11:00-17:00"]}},
        {"zone": "UTC", "days": {"mon": ["09:00-24:00", "10:00-11:00"]}},
        {"zone": "UTC", "days": {"mon": ["09:00:30-17:00"]}},
        {"zone": "UTC", "days": {"mon": ["09:00"]}},
        {"zone": "UTC", "days": {"mon": [9]}},
        {"zone": "UTC", "days": DAYS, "country": "XX"},
        {"zone": "UTC", "days": DAYS, "country": "DE", "subdivision": "ZZ"},
        {"zone": "UTC", "days": DAYS, "subdivision": "BY"},
        {"zone": "UTC", "days": DAYS, "extra_closures": ["30 Feb"]},
        {"zone": "UTC", "days": DAYS, "closures": ["2026-12-31"]},
    ],
)
def test_a_week_that_cannot_be_is_refused(data):
    with pytest.raises(ValueError, match=r".+"):
        WorkingWeek.from_json(data)


def test_a_week_has_seven_days():
    with pytest.raises(ValueError, match="seven"):
        WorkingWeek("UTC", (((time(9), time(17)),),))


def test_a_desk_that_is_closed_for_years_does_not_search_for_ever():
    start = date(2026, 1, 1)
    shut = desk(extra_closures=[(start + DAY * number).isoformat() for number in range(2000)])
    with pytest.raises(ValueError, match="not enough"):
        shut.next_open(brussels("2026-01-05 09:00"))
    with pytest.raises(ValueError, match="not enough"):
        BRUSSELS.add(brussels("2026-01-05 09:00"), timedelta.max)


@pytest.mark.parametrize("at", [datetime(2026, 1, 5, 9), datetime.max.replace(tzinfo=UTC)])  # noqa: DTZ001
def test_an_instant_that_cannot_be_placed_is_refused(at):
    for ask in (BRUSSELS.is_open, BRUSSELS.next_open, lambda at: BRUSSELS.add(at, HOUR)):
        with pytest.raises(ValueError, match=r"zone|year"):
            ask(at)


def test_working_time_runs_forward_only():
    with pytest.raises(ValueError, match="forward"):
        BRUSSELS.add(brussels("2026-01-05 09:00"), -MINUTE)
    assert BRUSSELS.elapsed(brussels("2026-01-06 09:00"), brussels("2026-01-05 09:00")) == timedelta()


# Any week, around any change of the clocks

minutes_of_day = st.integers(0, 24 * 12).map(lambda number: number * 5)


def clock_time(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def hours_of_a_day(draw):
    bounds = sorted(draw(st.sets(minutes_of_day, max_size=6)))
    bounds = bounds[: len(bounds) // 2 * 2]
    pairs = list(pairwise(bounds)) if draw(st.booleans()) else list(pairwise(bounds))[::2]
    return [f"{clock_time(opens)}-{clock_time(closes)}" for opens, closes in pairs]


@st.composite
def weeks(draw, changes=CHANGES):
    """A week, and a day on which the clocks of its zone change."""
    zone, change = draw(st.sampled_from(changes))
    days = {day: draw(hours_of_a_day()) for day in WEEKDAYS}
    assume(any(days.values()))
    closures = draw(st.lists(st.integers(-3, 3).map(lambda number: (change + DAY * number).isoformat()), max_size=2))
    country = draw(st.sampled_from([None, "BE", "EG", "US"]))
    week = WorkingWeek.from_json({"zone": zone, "days": days, "country": country, "extra_closures": closures})
    # Less than an hour a week would take the sums below beyond the horizon.
    begins = datetime.combine(change, time(12), UTC) + 7 * DAY
    assume(week.elapsed(begins, begins + 21 * DAY) >= 3 * HOUR)
    return week, change


@st.composite
def instants(draw, change, days=2):
    noon = datetime.combine(change, time(12), UTC)
    return noon + MINUTE * draw(st.integers(-days * 24 * 60, days * 24 * 60))


def minutes_open(week, start, end):
    """Every minute from start to end at which the desk works, read from a clock on the wall.

    What counts is the latest time that clock has shown so far, so an hour shown twice does not begin twice.
    """
    zone, latest, at = ZoneInfo(week.zone), datetime.min, start - 2 * HOUR  # noqa: DTZ901
    while at < end:
        latest = max(latest, at.astimezone(zone).replace(tzinfo=None))
        shown = latest.time()
        hours = () if week.day_off(latest.date()) else week.days[latest.weekday()]
        if at >= start and any(opens <= shown and (shown < closes or closes == time()) for opens, closes in hours):
            yield at
        at += MINUTE


@given(st.data())
def test_every_minute_agrees_with_the_clock_on_the_wall(data):
    week, change = data.draw(weeks())
    start = data.draw(instants(change))
    end = start + MINUTE * data.draw(st.integers(1, 3 * 24 * 60))
    minutes = list(minutes_open(week, start, end))
    assert week.elapsed(start, end) == MINUTE * len(minutes)
    assert week.is_open(start) == (start in minutes[:1])
    if minutes:
        assert week.next_open(start) == minutes[0]
        part = data.draw(st.integers(1, len(minutes)))
        assert week.add(start, MINUTE * part) == minutes[part - 1] + MINUTE


@given(st.data())
def test_adding_undoes_elapsing(data):
    week, change = data.draw(weeks())
    start = data.draw(instants(change, days=400))
    working = timedelta(seconds=data.draw(st.integers(0, 60 * 60 * 60)))
    due = week.add(start, working)
    assert week.elapsed(start, due) == working
    assert due >= start
    # Inside the opening hours or at their end.
    assert week.is_open(due) or (working and week.is_open(due - timedelta.resolution))
    # Nothing earlier will do.
    assert not working or week.elapsed(start, due - timedelta.resolution) < working


@given(st.data())
def test_more_time_or_a_later_start_is_never_due_earlier(data):
    week, change = data.draw(weeks())
    early, late = sorted((data.draw(instants(change)), data.draw(instants(change))))
    less, more = sorted(MINUTE * data.draw(st.integers(0, 3000)) for _ in range(2))
    assert week.add(early, less) <= week.add(early, more)
    assert week.add(early, less) <= week.add(late, less)
    if less and more:
        assert week.add(week.add(early, less), more) == week.add(early, less + more)


@given(st.data())
def test_an_instant_means_the_same_in_every_zone(data):
    week, change = data.draw(weeks())
    at = data.draw(instants(change))
    elsewhere = at.astimezone(ZoneInfo("Asia/Kathmandu"))
    due = week.add(elsewhere, HOUR)
    assert due == week.add(at, HOUR)
    assert due.tzinfo is UTC
    assert week.is_open(elsewhere) == week.is_open(at)


@given(st.data())
def test_explained_days_are_those_without_a_working_minute(data):
    week, change = data.draw(weeks([change for change in CHANGES if change[0] != "Pacific/Apia"]))
    start, end = sorted((data.draw(instants(change, days=20)), data.draw(instants(change, days=20))))
    zone = ZoneInfo(week.zone)
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    off = {reason.day for reason in explain(week, start, end)}
    working = [first + DAY * number for number in range((last - first).days + 1)]
    working = [day for day in working if day not in off]
    assert week.working_days_between(start, end) == len([day for day in working if day != first])
    for day in off:
        begins = datetime.combine(day, time(), zone)
        if day != change:  # where midnight itself is moved, "the day" has no plain beginning
            assert not any(week.is_open(begins + HOUR * number) for number in range(23))


@given(st.data())
def test_the_answer_clock_agrees_with_the_minutes_worked_outside_pauses(data):
    week, change = data.draw(weeks())
    start = data.draw(instants(change))
    allowance = MINUTE * data.draw(st.integers(1, 600))
    pauses = []
    for _ in range(data.draw(st.integers(0, 3))):
        since = start + MINUTE * data.draw(st.integers(-600, 3000))
        pauses.append(Pause(since, since + MINUTE * data.draw(st.integers(0, 3000))))
    if data.draw(st.booleans()):
        pauses.append(Pause(start + MINUTE * data.draw(st.integers(-600, 3000))))
    clock = AnswerClock(week, start, allowance, tuple(data.draw(st.permutations(pauses))))
    end = start + 2 * DAY
    worked = [
        at
        for at in minutes_open(week, start, end)
        if not any(pause.since <= at and (pause.until is None or at < pause.until) for pause in pauses)
    ]
    at = start + MINUTE * data.draw(st.integers(0, 2 * 24 * 60))
    assert clock.remaining(at) == allowance - MINUTE * len([minute for minute in worked if minute < at])
    due = clock.due()
    needed = allowance // MINUTE
    if len(worked) >= needed:
        assert due == worked[needed - 1] + MINUTE
    else:
        assert due is None or due > end
    if due is not None:
        assert clock.remaining(due) == timedelta()


@given(st.data())
def test_a_week_survives_json(data):
    week, _ = data.draw(weeks())
    assert WorkingWeek.from_json(json.loads(json.dumps(week.to_json()))) == week
    assert hash(WorkingWeek.from_json(week.to_json())) == hash(week)


# Quiet hours of a person


@pytest.mark.promise("faults.33", "A reminder at an hour that is left out comes when the clocks have gone on.")
@pytest.mark.parametrize(
    ("at", "quiet", "woken"),
    [
        ("2026-03-02 12:00", (time(20), time(7)), "2026-03-02 12:00"),
        ("2026-03-02 20:00", (time(20), time(7)), "2026-03-03 07:00"),
        ("2026-03-03 06:59", (time(20), time(7)), "2026-03-03 07:00"),
        ("2026-03-03 07:00", (time(20), time(7)), "2026-03-03 07:00"),
        ("2026-03-02 13:30", (time(13), time(15)), "2026-03-02 15:00"),
        ("2026-03-02 23:30", (time(22), time(0)), "2026-03-03 00:00"),
        ("2026-03-02 00:30", (time(0), time(7)), "2026-03-02 07:00"),
        ("2026-03-02 03:00", (time(7), time(7)), "2026-03-02 03:00"),
        ("2026-03-02 03:00", None, "2026-03-02 03:00"),
        ("2026-03-29 01:30", (time(22), time(2, 30)), "2026-03-29 03:00"),  # 02:30 is left out
    ],
)
def test_a_reminder_waits_for_the_end_of_quiet_hours(at, quiet, woken):
    assert after_quiet_hours(brussels(at), "Europe/Brussels", quiet) == brussels(woken)


def test_a_reminder_may_wait_for_a_weekday():
    saturday = brussels("2026-03-07 10:00")
    assert after_quiet_hours(saturday, "Europe/Brussels", (time(20), time(7)), range(5)) == brussels("2026-03-09 07:00")
    with pytest.raises(ValueError, match="without working time"):
        after_quiet_hours(saturday, "Europe/Brussels", None, ())


@given(st.data())
def test_a_reminder_never_comes_in_quiet_hours(data):
    zone, change = data.draw(st.sampled_from(CHANGES))
    at = data.draw(instants(change))
    begins, ends = (time.fromisoformat(clock_time(data.draw(minutes_of_day) % (24 * 60))) for _ in range(2))
    assume(begins != ends)
    reminder = after_quiet_hours(at, zone, (begins, ends))
    assert at <= reminder <= at + 2 * DAY
    latest = max(
        (reminder - MINUTE * number).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for number in range(180)
    ).time()
    if begins < ends:
        assert not begins <= latest < ends
    else:
        assert ends <= latest < begins
    # And it does not wait for longer than it must.
    assert after_quiet_hours(reminder, zone, (begins, ends)) == reminder


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_what_ends_before_so_many_working_days_are_over_has_taken_no_more(zone, day):
    week = desk(zone, country="BE")
    begins = datetime.combine(day - 4 * DAY, time(), ZoneInfo(zone)).astimezone(UTC)
    for hours in range(0, 24 * 7, 5):
        start = begins + hours * HOUR
        for days in range(4):
            over = week.after_days(start, days)
            assert week.working_days_between(start, over - timedelta.resolution) <= days
            assert week.working_days_between(start, over) == days + 1
