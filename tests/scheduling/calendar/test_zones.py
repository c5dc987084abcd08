"""VTIMEZONE: for every zone there is, equal to zoneinfo at every instant, and in the form that clients read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil.tz import tzical

from scheduling.calendar.check import clocks, lines
from scheduling.calendar.check.finding import Findings
from scheduling.calendar.check.lines import Component
from scheduling.calendar.zones import changes, observances_of, posix_rule, vtimezone

YEAR = 2027
# Whose clocks follow no yearly rule, so that each change is written out: around Ramadan they are turned twice more.
ONE_BY_ONE = {"Africa/Casablanca", "Africa/El_Aaiun"}
PLACES = sorted(each for each in available_timezones() if each not in {"localtime", "Factory"})


def block(zone: str, first: int, last: int) -> Component:
    data = b"BEGIN:VCALENDAR\r\n" + vtimezone(zone, first, last) + b"END:VCALENDAR\r\n"
    calendar = lines.read(data, found := Findings())
    assert calendar is not None and not found.failed()
    return calendar.inner[0]


@pytest.mark.promise("calendar.zones", "Every zone in a feed equals the zone's own clock at every instant.")
def test_every_zone_is_right_at_every_instant_of_the_year_and_its_neighbours(record_property) -> None:
    written_out = set()
    for zone in PLACES:
        clock, found = ZoneInfo(zone), block(zone, YEAR, YEAR)
        turns = clocks.Clock(zone, found, clock, (YEAR - 1, YEAR + 1)).turns
        real = list(changes(clock, YEAR - 1, YEAR + 1))
        told = [each.at for each in turns if abs(each.at.year - YEAR) <= 1]
        for instant in [datetime(YEAR - 1, 1, 1, 0, 0, 1, tzinfo=UTC), *(each.at for each in real), *told]:
            for each in (instant - timedelta(seconds=1), instant):
                assert clocks.offset_at(turns, each) == each.astimezone(clock).utcoffset(), (zone, each)
        if any(each.value("DTSTART") > "2000" for each in found.inner):
            written_out.add(zone)
        assert not any(each.first("RDATE") or each.first("COMMENT") for each in found.everything())
        assert (found.value("TZID"), found.value("X-LIC-LOCATION")) == (zone, zone)
    assert written_out >= ONE_BY_ONE and len(written_out) < len(PLACES) / 10, "nearly all are told by yearly rules"
    record_property("figure", f"{len(PLACES)} zones, {YEAR - 1} to {YEAR + 1}, {len(written_out)} change by change")


@pytest.mark.parametrize(
    "zone",
    [
        *("Europe/Brussels", "Europe/Dublin", "Africa/Cairo", "Africa/Casablanca", "Asia/Jerusalem", "America/Nuuk"),
        *("America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Asia/Gaza"),
    ],
)
def test_another_library_reads_the_same_clock(zone: str) -> None:
    """Hour by hour around every change, where the clock shows each time once."""
    clock, text = ZoneInfo(zone), vtimezone(zone, 2026, 2026).decode().replace(f"X-LIC-LOCATION:{zone}\r\n", "")
    theirs = tzical(StringIO(text)).get(zone)
    turned = [each.at for each in changes(clock, 2025, 2027)] + [
        datetime(2026, month, 15, tzinfo=UTC) for month in (1, 7)
    ]
    for at in turned:
        for hour in range(-30, 30):
            local = (at + timedelta(hours=hour)).astimezone(clock)
            if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
                assert local.replace(tzinfo=theirs).utcoffset() == local.utcoffset(), local


def test_a_zone_that_changed_its_mind_is_told_change_by_change() -> None:
    assert all(each.rule == "" for each in observances_of("America/Mexico_City", 2022, 2026))
    assert [each.rule for each in observances_of("America/Mexico_City", 2026, 2026)] == [""]
    assert len(observances_of("America/Mexico_City", 2022, 2026)) > 1


def test_a_day_that_falls_into_either_of_two_months_has_a_rule_for_each() -> None:
    """Cairo's clocks go back at 24:00 on the last Thursday of October: on a Friday that may be 1 November."""
    rules = [each.rule for each in observances_of("Africa/Cairo", 2026, 2026)]
    assert rules == [
        "FREQ=YEARLY;BYMONTH=4;BYDAY=-1FR",
        "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=26,27,28,29,30,31;BYDAY=FR",
        "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=1;BYDAY=FR",
    ]


def test_daylight_is_what_is_ahead() -> None:
    """Ireland's law has it the other way round; clients that look at the name would be an hour off."""
    text = vtimezone("Europe/Dublin", 2026, 2026).decode()
    assert "TZOFFSETTO:+0100\r\nTZNAME:IST\r\nEND:DAYLIGHT" in text


def test_the_bytes_are_the_same_each_time() -> None:
    once = vtimezone("Europe/Brussels", 2026, 2026)
    vtimezone.cache_clear()
    posix_rule.cache_clear()
    assert vtimezone("Europe/Brussels", 2026, 2026) == once


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../../etc/passwd", ""])
def test_no_other_file_is_read(zone: str) -> None:
    with pytest.raises((KeyError, ValueError, OSError)):
        vtimezone(zone, 2026, 2026)
