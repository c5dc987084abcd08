"""Feeds: what a calendar reads in them, the same bytes every time, and no entry that takes the others down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from scheduling.calendar import build
from scheduling.calendar.build import Fragment, Fragments, Head, LeftOut, feed
from scheduling.calendar.component import Wording
from scheduling.calendar.entry import Entry, Override, Status
from scheduling.calendar.rule import Rule
from tests.scheduling.calendar.entries import (
    BRUSSELS,
    CHANGED,
    ENGLISH,
    HEAD,
    VIDEO,
    at,
    built,
    entry,
    programme,
    series,
    unfolded,
)

FRENCH = Wording("fr", "Annulé : {title}", "Rejoindre : {link}")


def test_the_header_says_what_clients_look_for_and_nothing_that_harms() -> None:
    lines = unfolded(built().data)
    name = "Customs and Business\\, région d’Afrique\\; 2026"
    assert lines == [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Parley//Parley//EN", "CALSCALE:GREGORIAN"),
        *(f"NAME:{name}", f"X-WR-CALNAME:{name}", "COLOR:steelblue"),
        *("REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H", "END:VCALENDAR"),
    ]
    assert "DESCRIPTION:Why" in unfolded(feed(Head("x", "Why"), [], ENGLISH, Fragments(), at=CHANGED).data)


def test_an_entry_says_everything_once() -> None:
    shown = entry(
        created_at=datetime(2026, 4, 1, tzinfo=UTC),
        description="One, two;\nthree",
        location="Room Congo",
        link=f"{VIDEO}?name=é",
        page="https://parley.example/s/42",
        categories=("plenary", "a, b"),
        colour="Teal",
    )
    lines = unfolded(built(shown).data)
    event = lines[lines.index("BEGIN:VEVENT") :]
    assert sorted(event[1:-2]) == [
        "CATEGORIES:plenary,a\\, b",
        "COLOR:teal",
        f"CONFERENCE;FEATURE=AUDIO,VIDEO;VALUE=URI:{VIDEO}?name=%C3%A9",
        "CREATED:20260401T000000Z",
        f"DESCRIPTION:One\\, two\\;\\nthree\\n\\nJoin: {VIDEO}?name=é",
        "DTEND;TZID=Europe/Brussels:20261005T150000",
        "DTSTAMP:20260501T080000Z",
        "DTSTART;TZID=Europe/Brussels:20261005T140000",
        "LAST-MODIFIED:20260501T080000Z",
        "LOCATION:Room Congo",
        "SEQUENCE:0",
        "STATUS:CONFIRMED",
        "SUMMARY:Plenary: recognition of trusted traders",
        "TRANSP:OPAQUE",
        "UID:plenary@parley.example",
        "URL:https://parley.example/s/42",
    ]


def test_a_link_is_the_place_where_there_is_no_other() -> None:
    assert f"LOCATION:{VIDEO}" in unfolded(built(entry(link=VIDEO)).data)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "call me", "https://", "http://[", "ftp://video.example"])
def test_only_a_web_address_is_a_conference(link: str) -> None:
    assert not any(line.startswith("CONFERENCE") for line in unfolded(built(entry(link=link)).data))


def test_whole_days_end_on_the_day_after() -> None:
    lines = unfolded(built(entry(starts=date(2026, 10, 5), ends=date(2026, 10, 8))).data)
    assert {"DTSTART;VALUE=DATE:20261005", "DTEND;VALUE=DATE:20261008"} <= set(lines)
    assert "BEGIN:VTIMEZONE" not in lines


def test_a_series_has_its_exceptions_in_its_own_zone_and_form() -> None:
    lines = unfolded(built(series(overrides=(replace(series().overrides[0], link=VIDEO),))).data)
    assert "RRULE:FREQ=WEEKLY;UNTIL=20261214T130000Z;BYDAY=MO" in lines
    assert "EXDATE;TZID=Europe/Brussels:20261102T140000" in lines
    assert "RECURRENCE-ID;TZID=Europe/Brussels:20261026T140000" in lines
    assert lines.count("SEQUENCE:2") == 2, "one counter"
    assert lines.count("UID:series@parley.example") == 2


def test_exceptions_told_in_another_zone_are_the_same() -> None:
    (moved,) = series().overrides
    told = series(
        exdates=frozenset({at(2, 14, month=11).astimezone(UTC)}),
        overrides=(replace(moved, instance=at(26, 14).astimezone(UTC)),),
    )
    assert built(told).data == built(series()).data


def test_a_cancelled_instance_is_taken_out() -> None:
    """STATUS:CANCELLED on an instance is missed by some clients."""
    instance = at(2, 14, month=11)
    off = Override(instance=instance, starts=instance, ends=at(2, 15, month=11), status=Status.CANCELLED)
    told = series(exdates=frozenset(), overrides=(*series().overrides, off))
    assert built(told).data == built(series()).data


def test_until_is_written_in_utc_beside_a_time_and_as_a_day_beside_a_day() -> None:
    rule = Rule.read("FREQ=WEEKLY;UNTIL=20261214")
    assert "RRULE:FREQ=WEEKLY;UNTIL=20261214T225959Z" in unfolded(built(entry(rule=rule)).data)
    day = entry(starts=date(2026, 10, 5), ends=date(2026, 10, 6), rule=Rule.read("FREQ=WEEKLY;UNTIL=20261214T130000Z"))
    assert "RRULE:FREQ=WEEKLY;UNTIL=20261214" in unfolded(built(day).data)


# Clocks that are turned


def test_an_hour_that_the_clocks_repeat_is_written_in_utc_the_second_time() -> None:
    first = entry(starts=at(25, 2, 30), ends=at(25, 4))
    second = replace(first, starts=at(25, 2, 30).replace(fold=1))
    assert "DTSTART;TZID=Europe/Brussels:20261025T023000" in unfolded(built(first).data)
    assert {"DTSTART:20261025T013000Z", "DTEND:20261025T030000Z"} <= set(unfolded(built(second).data))


def test_a_time_that_the_clocks_skip_becomes_the_one_they_show() -> None:
    skipped = entry(starts=at(29, 2, 30, month=3), ends=at(29, 4, month=3))
    assert "DTSTART;TZID=Europe/Brussels:20260329T033000" in unfolded(built(skipped).data)


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Etc/UTC"), timezone(timedelta(hours=2))])
def test_what_is_in_no_named_zone_is_written_in_utc(zone) -> None:
    lines = unfolded(built(entry(starts=at(5, 14, zone=zone), ends=at(5, 15, zone=zone))).data)
    assert any(line.startswith("DTSTART:2026") and line.endswith("Z") for line in lines)
    assert "BEGIN:VTIMEZONE" not in lines


@pytest.mark.parametrize(
    "zone", ["Africa/Casablanca", "America/Argentina/Buenos_Aires", "Asia/Kathmandu", "US/Eastern"]
)
def test_each_zone_is_told_by_the_name_that_the_times_have(zone: str) -> None:
    shown = entry(starts=at(5, 14, zone=ZoneInfo(zone)), ends=at(5, 15, zone=ZoneInfo(zone)))
    lines = unfolded(built(shown, entry("other")).data)
    assert f"DTSTART;TZID={zone}:20261005T140000" in lines and f"TZID:{zone}" in lines
    assert lines.count("BEGIN:VTIMEZONE") == 2


# Cancelled


def test_a_cancelled_entry_says_so_in_every_way_there_is() -> None:
    lines = unfolded(built(entry(status=Status.CANCELLED, title="Réunion"), wording=FRENCH).data)
    assert {"SUMMARY:Annulé : Réunion", "STATUS:CANCELLED", "TRANSP:TRANSPARENT"} <= set(lines)


def test_of_a_cancelled_series_nothing_takes_place() -> None:
    (moved,) = series().overrides
    off = series(status=Status.CANCELLED, overrides=(replace(moved, status=Status.TENTATIVE),))
    lines = unfolded(built(off).data)
    assert lines.count("STATUS:CANCELLED") == 2 and "STATUS:TENTATIVE" not in lines


def test_parts_of_a_second_are_dropped() -> None:
    precise = entry(starts=at(5, 14).replace(microsecond=7), rule=Rule.read("FREQ=DAILY;COUNT=2"))
    assert built(precise).data == built(entry(rule=Rule.read("FREQ=DAILY;COUNT=2"))).data


def test_it_is_shown_for_thirty_days_and_then_gone() -> None:
    off, on = entry("off", status=Status.CANCELLED), entry("on")
    kept = Fragments()
    for days, is_shown in ((0, True), (29, True), (30, False), (400, False)):
        data = feed(HEAD, [off, on], ENGLISH, kept, at=CHANGED + timedelta(days=days)).data
        assert (b"UID:off@" in data) is is_shown and b"UID:on@" in data


# The same bytes


@pytest.mark.promise("calendar.same", "The same entries give the same bytes, in whatever order and whenever they come.")
def test_two_builds_are_equal_byte_for_byte() -> None:
    once = built(*programme())
    again = built(*reversed(programme()), at=CHANGED + timedelta(days=3))
    assert once.data == again.data and once.etag == again.etag and not once.left_out
    assert built(*programme(), entry("new")).etag != once.etag


def test_an_entry_is_built_once_for_each_revision_language_and_view(monkeypatch: pytest.MonkeyPatch) -> None:
    made, real = [], build.fragment

    def counted(entry: Entry, wording: Wording) -> Fragment | LeftOut:
        made.append(entry.uid)
        return real(entry, wording)

    monkeypatch.setattr(build, "fragment", counted)
    kept, shown = Fragments(), entry()
    for each in (
        shown,
        shown,
        replace(shown, revision=2, title="New"),
        replace(shown, view="public", title="A meeting"),
    ):
        kept.of([each], ENGLISH)
    kept.of([shown], FRENCH)
    assert len(made) == 4
    feed(HEAD, [shown], ENGLISH, kept, at=CHANGED)
    assert len(made) == 4, "nothing is built again"


def test_a_redacted_view_never_shows_the_other_one() -> None:
    kept = Fragments()
    whole, redacted = entry(title="Confidential"), entry(title="A meeting", view="public")
    feed(HEAD, [whole], ENGLISH, kept, at=CHANGED)
    assert b"Confidential" not in feed(HEAD, [redacted], ENGLISH, kept, at=CHANGED).data


def test_no_more_is_kept_than_there_is_room_for() -> None:
    kept = Fragments(room=2)
    for name in ("a", "b", "a", "c", "d"):
        kept.of([entry(name)], ENGLISH)
    assert [key[0] for key in kept._kept] == ["c@parley.example", "d@parley.example"]


def test_of_two_revisions_the_later_is_shown() -> None:
    old, new = entry(title="Old"), entry(title="New", revision=2)
    assert built(old, new).data == built(new, old).data == built(new).data


# Poison


POISON = {
    "no UID": entry(uid=" "),
    "SEQUENCE below zero": entry(sequence=-1),
    "a time without a zone": entry(starts=datetime(2026, 10, 5, 14)),  # noqa: DTZ001  the point
    "a whole day and a time": entry(starts=date(2026, 10, 5)),
    "it ends before it has begun": entry(ends=at(5, 14)),
    "a year that calendars do not reach": entry(starts=at(5, 14).replace(year=1815), ends=at(5, 15).replace(year=1815)),
    "exceptions without a series": entry(exdates=frozenset({at(5, 14)})),
    "a change at no known instant": entry(changed_at=datetime(2026, 5, 1)),  # noqa: DTZ001  the point
    "when the series has no instance": series(exdates=frozenset({at(3, 14, month=11)})),
    "two overrides of one instance": series(overrides=series().overrides * 2),
    "an override of an instance that does not take place": series(exdates=frozenset({at(26, 14)})),
    "the first time is not one that its rule makes": series(rule=Rule.read("FREQ=WEEKLY;BYDAY=TU;COUNT=9")),
    "no instance of the series takes place": entry(
        rule=Rule.read("FREQ=DAILY;COUNT=1"), exdates=frozenset({at(5, 14)})
    ),
    "the clocks skip the instance": entry(
        starts=at(22, 2, 30, month=3), ends=at(22, 3, 30, month=3), rule=Rule.read("FREQ=WEEKLY;COUNT=2")
    ),
    "a series needs a named zone": entry(
        starts=at(5, 14, zone=timezone(timedelta(hours=2))),
        rule=Rule.read("FREQ=WEEKLY;COUNT=2"),
    ),
    "in the hour that the clocks repeat": entry(
        starts=at(25, 2, 30).replace(fold=1), ends=at(25, 5), rule=Rule.read("FREQ=WEEKLY;COUNT=2")
    ),
    "icalendar cannot write it": entry(categories=(1,)),
}


@pytest.mark.promise("threat.25", "An entry that would spoil a feed is left out of it, and named.")
@pytest.mark.promise("calendar.poison", "One entry that cannot be written never takes a feed down.")
@pytest.mark.parametrize("why", POISON)
def test_a_poisoned_entry_is_left_out_and_named(why: str) -> None:
    poisoned, good = POISON[why], entry("good")
    found = built(poisoned, good)
    assert found.data == built(good).data
    (left_out,) = found.left_out
    assert why in left_out.why and left_out.key[0] == poisoned.uid
    assert "trusted traders" not in left_out.why, "no word of the entry itself"


HOSTILE = "a\x00b\x07c\ud800d\x85e\u2028f\ufeffg\r\nEND:VEVENT\rh\ti\x9bj\uffff"


def test_text_that_would_break_a_line_is_cleaned() -> None:
    hostile = dict.fromkeys(("title", "description", "location", "link", "page", "colour"), HOSTILE)
    found = built(entry(categories=(HOSTILE,), **hostile))
    assert not found.left_out and found.data.count(b"END:VEVENT\r\n") == 1
    (event,) = Calendar.from_ical(found.data).walk("VEVENT")
    assert str(event["SUMMARY"]) == "abcd e fg END:VEVENT h ij"
    assert str(event["DESCRIPTION"]).startswith("abcd\ne\nfg\nEND:VEVENT\nh ij\n\nJoin: ")


def test_times_in_another_zone_than_the_start_are_brought_there() -> None:
    tokyo = at(5, 15).astimezone(ZoneInfo("Asia/Tokyo"))
    assert built(entry(ends=tokyo)).data == built(entry()).data
    assert entry().zone is BRUSSELS and entry(starts=at(5, 12).astimezone(UTC)).zone is None
