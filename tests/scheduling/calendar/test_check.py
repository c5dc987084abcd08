"""The gates: Parley's own feed passes, and each way of spoiling it is refused, named, and on its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.calendar.check import Finding, Findings, Verdict, changes, examine, lines, quick
from scheduling.calendar.check.finding import LISTED
from scheduling.calendar.rule import Rule
from tests.scheduling.calendar.entries import at, built, entry, series
from tests.scheduling.calendar.spoiled import OWN, SPOILED, TO_SERIES, added, exchanged

CORPUS = Path("../shared/data/ics-corpus")


def faults(data: bytes) -> list[Finding]:
    """What Parley's own gates refuse it for."""
    findings = Findings()
    quick(data, findings)
    return [each for each in findings if each.verdict is Verdict.FAIL]


def test_its_own_feed_passes() -> None:
    findings = Findings()
    quick(OWN, findings)
    assert {each.verdict for each in findings} == {Verdict.OK}


@pytest.mark.promise("calendar.check", "A calendar that clients would misread is refused, and the fault named.")
@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_feed_is_refused_for_what_is_wrong_with_it(name: str) -> None:
    gate, words, spoil = SPOILED[name]
    found = [each for each in faults(spoil(OWN)) if words in each.what]
    assert {each.gate for each in found} == {gate}, faults(spoil(OWN))
    assert found[0].to_do


def test_a_fault_is_told_on_its_line_and_the_same_ones_together() -> None:
    (found,) = faults(OWN.replace(b"STATUS:CONFIRMED", b"STATUS:CANCELED"))
    assert OWN.splitlines()[found.line - 1] == b"STATUS:CONFIRMED" if found.line else False
    assert found.more == OWN.count(b"STATUS:CONFIRMED") - 1


def test_remarks_are_no_refusal() -> None:
    findings = examine(OWN.replace(b"STATUS:CONFIRMED\r\n", b""), engines=False)
    assert not findings.failed() and any(each.verdict is Verdict.WARN for each in findings)


def test_an_instance_that_the_clocks_skip_is_remarked() -> None:
    data = built(entry(rule=Rule.read("FREQ=DAILY;COUNT=9"), starts=at(20, 2), ends=at(20, 3))).data
    findings = Findings()
    quick(data.replace(b":20261020T020000", b":20260325T023000").replace(b":20261020T", b":20260325T"), findings)
    said = [each.what for each in findings if each.verdict is not Verdict.OK]
    assert said == ["the clocks skip the instance of 2026-03-29"]


@pytest.mark.parametrize("zone", ["Africa/Cairo", "Africa/Casablanca", "Asia/Jerusalem", "UTC", "Asia/Kathmandu"])
def test_feeds_in_any_zone_pass(zone: str) -> None:
    there = ZoneInfo(zone)
    shown = entry(starts=at(5, 14, zone=there), ends=at(5, 15, zone=there), rule=Rule.read("FREQ=WEEKLY;BYDAY=MO"))
    day = entry("day", starts=date(2026, 10, 5), ends=date(2026, 10, 6), rule=Rule.read("FREQ=YEARLY;COUNT=3"))
    assert faults(built(shown, day).data) == []


def test_a_zone_known_only_to_its_file_is_believed() -> None:
    own = OWN.replace(b"TZID:Europe/Brussels", b"TZID:Office time").replace(
        b"TZID=Europe/Brussels", b"TZID=Office time"
    )
    own = own.replace(b"X-LIC-LOCATION:Europe/Brussels\r\n", b"")
    assert faults(own) == []
    skipped = own.replace(b"Office time:20261006T140000", b"Office time:20260329T023000")
    assert any("does not exist" in each.what for each in faults(skipped))


@pytest.mark.parametrize("name", ["Romance Standard Time", "/example.org/Europe/Brussels"])
def test_other_names_of_a_zone_are_compared_with_it(name: str) -> None:
    own = OWN.replace(b"X-LIC-LOCATION:Europe/Brussels\r\n", b"").replace(b"Europe/Brussels", name.encode())
    assert faults(own) == []
    assert any(each.gate == "E" for each in faults(own.replace(b":+0200", b":+0300")))


BOTTOMLESS = {
    "a rule that never happens": "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "a rule by the second": "RRULE:FREQ=SECONDLY",
    "a rule without end": "RRULE:FREQ=DAILY",
    "ten thousand exclusions": "EXDATE:" + ",".join(["20261005T120000Z"] * 10_000),
}


@pytest.mark.parametrize("name", BOTTOMLESS)
def test_nothing_is_walked_along_for_ever(name: str) -> None:
    examine(added(BOTTOMLESS[name])(OWN), engines=False)


PIECES = [
    OWN,
    *OWN.split(b"\r\n"),
    *(f"{each}".encode() for each in (":", ";", ",", "=", "\\", '"', "Z", "-1", "99999999", "é")),
]


@given(
    st.lists(st.tuples(st.integers(0, len(OWN)), st.integers(0, 60), st.sampled_from(PIECES) | st.binary(max_size=9)))
)
def test_whatever_bytes_come_they_are_judged(edits: list[tuple[int, int, bytes]]) -> None:
    data = OWN
    for place, gone, put in edits:
        data = data[:place] + put + data[place + gone :]
    findings = examine(data, engines=False)
    assert list(findings) and all(each.what and (each.to_do or each.verdict is Verdict.OK) for each in findings)
    calendar = lines.read(data, Findings())
    assert calendar is not None or findings.failed()


def test_a_flood_of_faults_is_told_in_short() -> None:
    flood = OWN.replace(b"STATUS:CONFIRMED\r\n", b"".join(b"STATUS:S%d\r\n" % each for each in range(5000)), 1)
    found = faults(flood)
    assert len(found) <= LISTED + 1 and found[-1].what == "further ones, which are not listed"
    assert sum(each.more + 1 for each in found) > 5000


# Two states of a feed


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("SEQUENCE:4", "SEQUENCE:3", "has fallen"),
        ("20261006T150000", "20261006T160000", "without a higher SEQUENCE"),
        ("STATUS:CANCELLED", "STATUS:TENTATIVE", "without a higher SEQUENCE"),
        ("EXDATE;TZID=Europe/Brussels:20261102T140000\n", "", "without a higher SEQUENCE"),
        ("LOCATION:Room Congo", "LOCATION:Room Nil", "without a later DTSTAMP"),
    ],
)
def test_a_change_that_clients_would_miss_is_found(old: str, new: str, words: str) -> None:
    findings = Findings()
    before, after = (lines.read(each, Findings()) for each in (OWN, exchanged(old, new)(OWN)))
    assert before is not None and after is not None
    changes.compare(before, after, findings)
    assert any(words in each.what for each in findings if each.verdict is Verdict.FAIL)


def test_what_vanishes_without_notice_and_what_moves_for_nothing_is_remarked() -> None:
    findings = Findings()
    before = lines.read(OWN, Findings())
    after = lines.read(built(series()).data.replace(b"20260501T080000Z", b"20260502T080000Z"), Findings())
    assert before is not None and after is not None
    changes.compare(before, after, findings)
    said = [each.what for each in findings if each.verdict is Verdict.WARN]
    assert "plenary@parley.example is gone, and was never cancelled" in said
    assert "DTSTAMP moves though nothing has changed" in said and not findings.failed()


# Anybody's calendars: kept beside the project where it is developed


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the collection of faulty calendars is not at {CORPUS}")
def test_every_faulty_calendar_of_the_collection_is_refused_and_the_good_one_accepted() -> None:
    good = (CORPUS / "good.ics").read_bytes()
    assert faults(good) == []
    spoiled = [each for each in sorted(CORPUS.glob("m*.ics")) if each.read_bytes() != good]
    assert len(spoiled) > 20
    assert [each.name for each in spoiled if not faults(each.read_bytes())] == []
    assert all(each.gate for name in spoiled for each in faults(name.read_bytes()))


def test_a_series_that_nothing_is_left_of_is_refused() -> None:
    own = built(series(overrides=(), exdates=frozenset(), rule=Rule.read("FREQ=WEEKLY;COUNT=1"))).data
    spoil = added("EXDATE;TZID=Europe/Brussels:20261005T140000", to=TO_SERIES)
    assert [each.what for each in faults(spoil(own))] == ["no instance of the series is left"]
