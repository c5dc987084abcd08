"""The members of the six regions, against the time-zone database's own tables and the holiday library's."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import holidays
import pytest

from db.people import WCO_REGIONS
from scheduling import regions
from scheduling.deadlines import Closed

NOT_ISO = {"EU": "Europe/Brussels", "XK": "Europe/Belgrade"}


def rows(table: str) -> list[list[str]]:
    text = files("tzdata").joinpath("zoneinfo", table).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


def test_the_organization_counts_187_and_the_union_beside_them() -> None:
    codes = [member.code for member in regions.members()]
    assert len(codes) == len(set(codes)) == 188 and "EU" in codes
    assert Counter(member.region for member in regions.members()) == {
        "AMS": 34, "AP": 35, "ESA": 24, "EUR": 53, "NMENA": 18, "WCA": 24,
    }  # fmt: skip


def test_the_regions_are_those_an_administration_can_be_of() -> None:
    assert set(regions.REGIONS) == set(WCO_REGIONS) == {member.region for member in regions.members()}


def test_every_code_is_of_iso_3166() -> None:
    known = {code for code, _ in rows("iso3166.tab")}
    assert {member.code for member in regions.members()} - known == set(NOT_ISO)


def test_every_zone_is_one_of_its_country() -> None:
    zones = defaultdict(set)
    for code, _, zone, *_ in rows("zone.tab"):
        zones[code].add(zone)
    for member in regions.members():
        assert ZoneInfo(member.zone).key in (zones[member.code] or {NOT_ISO[member.code]})


@pytest.mark.parametrize("region", regions.REGIONS)
def test_every_member_works_most_of_the_week(region: str) -> None:
    for member in regions.of([region]):
        days = [member.week.day_off(date(2027, 1, 1) + timedelta(days=number)) for number in range(365)]
        weekend = sum(off is not None and off.why is Closed.WEEKEND for off in days)
        assert weekend in (52, 53, 104, 105), member  # one day a week, or two


def test_of_whom_no_holidays_are_known() -> None:
    """Law suspends Ukraine's; the library has Sri Lanka's to 2026 only."""
    assert regions.without_holidays(regions.members(), 2026) == ["EU", "UA"]
    assert regions.without_holidays(regions.members(), 2027) == ["LK", "EU", "UA"]


def test_where_the_days_off_are_not_the_librarys_is_on_record() -> None:
    """Its weekends are of law or custom, sometimes one day; ours are the civil service's."""
    differing = {}
    for member in regions.members():
        if member.code not in regions.NOT_A_COUNTRY:
            theirs = frozenset(holidays.country_holidays(member.code).weekend)
            if theirs != member.days_off:
                differing[member.code] = (sorted(theirs), sorted(member.days_off))
    six_days = dict.fromkeys(("CD", "HK", "NE", "PY", "VE"), ([6], [5, 6]))  # Saturdays of shops, not of offices
    assert differing == six_days | {
        "AF": ([4, 5], [3, 4]),
        "IR": ([4], [3, 4]),
        "LY": ([5, 6], [4, 5]),
        "MR": ([4, 5], [5, 6]),  # changed in 2014
        "NP": ([5, 6], [5]),
        "PS": ([5, 6], [4, 5]),
        "SO": ([5, 6], [3, 4]),
    }


def test_members_attend_under_their_codes() -> None:
    egypt, *_ = (each for each in regions.attendees(regions.of(["NMENA"])) if each.key == "EG")
    assert (egypt.week.zone, egypt.week.country, egypt.keeps_ramadan) == ("Africa/Cairo", "EG", True)


def test_there_is_no_seventh_region() -> None:
    with pytest.raises(ValueError, match=r"not a WCO region: MARS; they are AMS, AP"):
        regions.of(["AP", "MARS"])


def test_members_are_called_what_they_sit_in_the_organization_by() -> None:
    """Not by the names in common use, of which some offend whoever sits there."""
    named = {code: tuple(regions.name_of(code, each) for each in ("en", "fr", "ar")) for code in ("PS", "HK", "TN")}
    assert named == {
        "PS": ("Palestine", "Palestine", "فلسطين"),
        "HK": ("Hong Kong, China", "Hong Kong, Chine", "هونغ كونغ، الصين"),
        "TN": ("Tunisia", "Tunisie", "تونس"),
    }
    assert all({"en", "fr", "ar"} == set(each) for each in regions.NAMES.values())
    assert regions.name_of("Europe/London", "en") == "Europe/London"
