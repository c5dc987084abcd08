"""The members of the World Customs Organization by region, each with its meeting zone, working days and holidays.

`members.csv` beside this file holds them: the 187 members the organization counts since 17 September 2025, and the
European Union, which has rights akin to a member's and is not among the 187. It was put together in 2026, without the
organization's own database, from what is public:

- Asia/Pacific as the region's own site lists its 35 members; the 24 of West and Central Africa and the 24 of East and
  Southern Africa agree in number with the regions' own reports;
- the other regions as an encyclopaedia's list of September 2017 has them (each member with its date of accession),
  and the accessions since: Suriname (2018), Equatorial Guinea (2021), Solomon Islands (2023), Palau (2024), Saint
  Vincent and the Grenadines (2025). The region of the last is that of its neighbours; no list that names it was at
  hand. Curaçao stands where that list has the Netherlands Antilles.

Codes are ISO 3166-1, save EU (reserved for the Union) and XK (Kosovo: assigned by its users). The zone is that of the
capital, where the central administration sits. Working days are the civil service's as generally known: nobody has
confirmed them member by member, and the least certain are Afghanistan, Djibouti, Iran, Nepal and Somalia. `ramadan`
marks administrations whose public offices keep shorter hours in Ramadan, likewise. An administration that knows
better has a week of its own in Parley. Holidays are the `holidays` library's: national ones only, none for the Union,
none for Ukraine while martial law suspends them, and none for Sri Lanka after 2026. `without_holidays` tells.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache, cached_property
from importlib.resources import files

from babel import Locale

from scheduling.deadlines import WEEKDAYS, Closed, WorkingWeek
from scheduling.meetings import Attendee

REGIONS = ("AMS", "AP", "ESA", "EUR", "NMENA", "WCA")
OFFICE = ((time(9), time(17)),)
NOT_A_COUNTRY = frozenset({"EU"})
# What members are called where the name in common use, which Babel has, is not the one they sit in the organization by.
NAMES = {
    "CD": {
        "en": "Democratic Republic of the Congo",
        "fr": "République démocratique du Congo",
        "ar": "جمهورية الكونغو الديمقراطية",
    },
    "CG": {"en": "Republic of the Congo", "fr": "République du Congo", "ar": "جمهورية الكونغو"},
    "HK": {"en": "Hong Kong, China", "fr": "Hong Kong, Chine", "ar": "هونغ كونغ، الصين"},
    "KR": {"en": "Republic of Korea", "fr": "République de Corée", "ar": "جمهورية كوريا"},
    "MM": {"en": "Myanmar", "fr": "Myanmar", "ar": "ميانمار"},
    "MO": {"en": "Macao, China", "fr": "Macao, Chine", "ar": "ماكاو، الصين"},
    "PS": {"en": "Palestine", "fr": "Palestine", "ar": "فلسطين"},
}


@dataclass(frozen=True)
class Member:
    """One member: `days_off` are weekdays, Monday 0."""

    code: str
    region: str
    zone: str
    days_off: frozenset[int]
    keeps_ramadan: bool

    @cached_property
    def week(self) -> WorkingWeek:
        """Its working week, with an office's hours and its country's public holidays."""
        return WorkingWeek(
            zone=self.zone,
            days=tuple(() if day in self.days_off else OFFICE for day in range(len(WEEKDAYS))),
            country=None if self.code in NOT_A_COUNTRY else self.code,
        )


@cache
def name_of(code: str, language: str) -> str:
    """What a member, or any other country, is called in a language; its code where nobody knows."""
    common: str = Locale.parse(language).territories.get(code, code)
    return NAMES.get(code, {}).get(language, common)


@cache
def members() -> tuple[Member, ...]:
    """All of them, by region and code."""
    table = files("scheduling").joinpath("members.csv").read_text(encoding="utf-8")
    return tuple(
        Member(
            code=row["code"],
            region=row["region"],
            zone=row["zone"],
            days_off=frozenset(map(WEEKDAYS.index, row["days_off"].split())),
            keeps_ramadan=row["ramadan"] == "yes",
        )
        for row in csv.DictReader(table.splitlines())
    )


def of(regions: Collection[str]) -> tuple[Member, ...]:
    """The members of these regions. Raises ValueError for a region there is not."""
    unknown = sorted(set(regions) - set(REGIONS))
    if unknown:
        raise ValueError(f"not a WCO region: {', '.join(unknown)}; they are {', '.join(REGIONS)}")
    return tuple(member for member in members() if member.region in regions)


def without_holidays(chosen: Iterable[Member], year: int) -> list[str]:
    """Codes of those of whom no public holiday in this year is known: whoever plans by them should ask."""
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
    return [
        member.code
        for member in chosen
        if not any((off := member.week.day_off(day)) and off.why is Closed.HOLIDAY for day in days)
    ]


def attendees(chosen: Iterable[Member]) -> tuple[Attendee, ...]:
    """These members as those who attend a meeting; keys are their codes."""
    return tuple(Attendee(member.code, member.week, member.keeps_ramadan) for member in chosen)
