"""S5, a fair regional meeting: proposed with the year's ledger, asked about, held, moved, cancelled, on all doors."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import httpx
import pytest
from icalendar import Calendar

from db.people import Person, RoleName, Scope, create_administration, grant_role
from db.regions import Borne, Office, Representative, Side, Takes, Term
from scheduling.calendar.check import meaning
from scheduling.calendar.check.outside import Khal
from tests.fakes.smtp import Mail

from .doors import line_of
from .stage import MAIL, SLACK, TELEGRAM, Somebody, Stage, swapped

AP = "AP"
MONDAY = datetime(2027, 2, 1, 1, 0, tzinfo=UTC)  # nine in the morning in Singapore
YEAR = timedelta(days=365)
# The office sits eight hours ahead of Greenwich; the members from four behind to thirteen ahead.
CAST = {
    "vera": Somebody("Vera Tan", zone="Asia/Singapore"),
    "moana": Somebody("Moana Rewi", zone="Pacific/Auckland"),
    "ali": Somebody("Ali Rasheed", zone="Indian/Maldives"),
    "bina": Somebody("Bina Roy", zone="Asia/Dhaka"),
    "pablo": Somebody("Pablo Cruz", zone="America/Puerto_Rico"),
    "farid": Somebody("Farid Karimi", zone="Asia/Tehran"),
    "losa": Somebody("Losa", zone="Pacific/Fiji"),
}
SEATS = {"moana": "NZ", "ali": "MV", "bina": "BD", "pablo": "PH", "farid": "IR", "losa": "FJ"}
FIRST = {
    "vera": SLACK, "moana": SLACK, "ali": TELEGRAM, "bina": TELEGRAM, "pablo": SLACK, "farid": TELEGRAM, "losa": MAIL,
}  # fmt: skip
ARRANGEMENTS = (
    pytest.param("sqlite_url", FIRST, id="sqlite-first"),
    pytest.param("postgresql_url", swapped(FIRST), id="postgresql-swapped", marks=pytest.mark.slow),
)
WEEKENDS = {"MV": {4, 5}, "BD": {4, 5}, "IR": {4}}
NOON = timedelta(hours=12)
LAST_YEAR = {"IR": 40, "NZ": 16, "JP": 4}


def settle_in(stage: Stage) -> None:
    """Singapore has the office; everybody but Vera speaks for a member; some bore more than others last year."""
    now = stage.clock.now()
    with stage.parley.sessions.writing() as session:
        home = create_administration(
            session, code="sg", name={"en": "Customs of Sodal"}, country="SG", zone="Asia/Singapore", language="en",
            regions=[], integrity_url=None,
        )  # fmt: skip
        home.home_regions = [{"code": AP, "name": {"en": "Asia and the Pacific"}}]
        session.flush()
        stage.know(session, home.id)
        common = {"administration_id": home.id, "region": AP}
        session.add(
            Office(
                **common, country="SG", head_id=stage.ids["vera"], term=Term.SITTING, takes=Takes.REGION, named_at=now,
                since=now, until=now + YEAR,
            )
        )  # fmt: skip
        vera = session.get_one(Person, stage.ids["vera"])
        grant_role(session, vera, RoleName.VICE_CHAIR, scope=Scope.REGION, scope_id=AP, at=now, until=now + YEAR)
        for name, country in SEATS.items():
            session.add(
                Representative(
                    **common, country=country, side=Side.CUSTOMS, person_id=stage.ids[name], zone=CAST[name].zone,
                    starts_at=now, ends_at=now + YEAR,
                )
            )  # fmt: skip
        for country, points in LAST_YEAR.items():
            session.add(Borne(**common, year=2026, attendee=country, points=points, nights=points // 8, meetings=4))


# What calendar programs make of a feed


def items(feed: bytes) -> dict[str, list[Any]]:
    """The entries of a feed by their UID."""
    found: dict[str, list[Any]] = defaultdict(list)
    for each in Calendar.from_ical(feed).walk("VEVENT"):
        found[str(each["UID"])].append(each)
    return found


def seen_by_programs(feed: bytes) -> dict[str, set[Any]]:
    """When each program that is a library finds something, cancelled or not."""
    span = MONDAY, MONDAY + YEAR
    programs = {name: expand for name, is_here, expand in meaning.PROGRAMS if is_here() and not name.startswith("khal")}
    return {name: {starts for _uid, starts, _ends in expand(feed, *span)} for name, expand in programs.items()}


class Subscribed:
    """Somebody's own calendar: fetched again and again, by khal after vdirsyncer as well."""

    def __init__(self, stage: Stage, home: Path, address: str) -> None:
        self._stage, self._address = stage, address
        self._khal = Khal(home, f'type = "http"\nurl = "{address}"')

    @classmethod
    async def by(cls, stage: Stage, who: str, home: Path) -> Subscribed:
        shown = await stage[who].writes("/calendar")
        address = re.search(r"http://\S+\.ics", shown)
        assert address is not None, shown
        return await asyncio.to_thread(cls, stage, home, address[0])

    async def shows(self) -> tuple[bytes, dict[str, set[Any]]]:
        """The feed now, and when each program finds something."""
        async with httpx.AsyncClient(trust_env=False) as client:
            feed = (await client.get(self._address)).content
        await asyncio.to_thread(self._khal.sync)
        listed = await asyncio.to_thread(self._khal.lists, MONDAY, MONDAY + YEAR)
        return feed, seen_by_programs(feed) | {"khal": {starts for _uid, starts, _ends in listed}}


def proposed(shown: str) -> list[datetime]:
    """The times on a screen of three, as the office's clock has them."""
    found = re.findall(r"^(?:\d+\. )?\w+day (\d+ \w+ \d{4} \d\d:\d\d) \(Singapore\)$", shown, re.MULTILINE)
    return [datetime.strptime(each, "%d %B %Y %H:%M").replace(tzinfo=ZoneInfo("Asia/Singapore")) for each in found]


def spoken(at: datetime) -> str:
    """As a list of times names it, the year and the hour left out."""
    return f"{at:%A} {at.day} {at:%B}"


def on_a_day_off(start: datetime) -> list[str]:
    """Whose weekend or public holiday a meeting touches, by the calendar of a library, for those who sit at a door."""
    caught = []
    for name, country in ({"vera": "SG"} | SEATS).items():
        for at in (start, start + timedelta(minutes=59)):
            day = at.astimezone(ZoneInfo(CAST[name].zone)).date()
            if day.weekday() in WEEKENDS.get(country, {5, 6}) or day in holidays.country_holidays(country):
                caught.append(f"{name}: {day}")
    return caught


# The scenario


@pytest.mark.promise(
    "scenario.s5", "A regional meeting over all doors: fair, nobody's holiday, one item in every calendar, all told."
)
@pytest.mark.parametrize(("database", "doors"), ARRANGEMENTS)
async def test_a_fair_regional_meeting(
    database: str, doors: Mapping[str, str], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with Stage.opened(request.getfixturevalue(database), MONDAY, settle_in, CAST, doors) as stage:
        await plays(stage, tmp_path)


async def plays(stage: Stage, home: Path) -> None:
    vera = stage["vera"]
    # 1. Three slots, with points by last year's ledger.
    shown = await vera.writes("/meeting quarterly")
    slots = proposed(shown)
    assert len(slots) == 3 and shown.count("19 points in all") == 3, shown
    assert shown.count("spares Iran, with 20 points so far") == 3, "who has borne most, and is spared"
    assert shown.count("nobody's day off") == 3 and [on_a_day_off(each) for each in slots] == [[]] * 3
    assert stage.told() == {"vera"}, "nobody else has heard of it"
    bears = await vera.presses("What everybody bears", of=spoken(slots[0]))
    assert line_of(bears, "Philippines") == ["01:30", "8", "at night", "10"], "from where Pablo attends"
    assert line_of(bears, "New Zealand") == ["18:30", "2", "late", "8"]
    await vera.presses("Back")
    # 2. Everybody is asked when they can; the silent are reminded once, before the day to answer by.
    await vera.presses("Ask when people can")
    given = {"minutes": 60, "respond_by": date(2027, 2, 10), "offering": "Let Parley suggest times"}
    offered = proposed(await vera.fills("roundtables.poll", **given))
    assert sorted({*offered}) == slots, "those that were proposed"
    await stage.passes(hours=12)  # those whose night it was read it in the morning
    told = [name for name in SEATS if any("When can you come" in each for each in stage[name].all)]
    assert sorted(told) == sorted(SEATS)
    for name, can in (("moana", "I can"), ("ali", "I can"), ("farid", "I can"), ("pablo", "If need be")):
        await stage[name].presses(can, of=spoken(slots[0]))
        assert "You hear which date it is" in await stage[name].presses("I cannot at the others")
    await stage.until(datetime(2027, 2, 10, 9, tzinfo=UTC))  # 17:00 in Singapore
    nudged = {name: sum("waits for your answer" in each for each in stage[name].all) for name in SEATS}
    assert nudged == dict.fromkeys(SEATS, 0) | {"bina": 1, "losa": 1}
    await stage.passes(hours=2)
    ended = vera.hears("The poll has ended. This time suits best.", "No answer: Bina Roy and Losa")
    assert "Can: Moana Rewi, Ali Rasheed, and Farid Karimi" in ended and "If need be: Pablo Cruz" in ended
    # 3. Confirmed: everybody hears of it, once, and has it in their calendar.
    await vera.presses("Fix this date", of=spoken(slots[0]))
    await stage.passes(hours=16)
    for name in SEATS:
        assert sum("You are invited" in each for each in stage[name].all) == 1, name
    await stage["moana"].presses("Accept")
    await stage["ali"].presses("Accept")
    mine = await Subscribed.by(stage, "moana", home)
    before, found = await mine.shows()
    assert len(items(before)) == 1 and set(found) >= {"khal", "ical", "recurring-ical-events"}
    assert list(found.values()) == [{slots[0]}] * len(found)
    # … and another after New Zealand's clocks have gone back: the office's hour stays, Moana's does not.
    await vera.writes("/meeting")
    await vera.presses("Propose a meeting")
    asked = await vera.fills(
        "regions.propose", title="Mid-year", minutes=60, side="The members of the region", first=date(2027, 4, 5)
    )
    later = proposed(asked)[0]
    assert later.hour == slots[0].hour and not on_a_day_off(later)
    bears = await vera.presses("What everybody bears", of=spoken(later))
    assert line_of(bears, "New Zealand")[0] == "17:30"
    await vera.presses("Hold it then")
    # Moved by a day: told at once, also those whose night it is.
    await stage.passes(hours=1)
    now = stage.clock.now()
    await vera.writes("/meeting")
    await vera.presses("Open", of="quarterly")
    shifts = await vera.presses("Move it by a day")
    moved = slots[0] + timedelta(days=1)
    assert f"It is on {spoken(slots[0])}" in shifts and "19 points in all" in shifts
    await vera.presses("Move it there", of=spoken(moved))
    assert stage.clock.now() - now < timedelta(minutes=1)
    for name in SEATS:
        stage[name].hears("was moved", "It was to begin on")
    await stage["moana"].presses("I have seen it")
    await stage["farid"].presses("I have seen it")
    await stage["losa"].presses("I have seen it")
    people = await vera.presses("People")
    assert "3 people have not confirmed the last change." in people
    for name in SEATS:
        seen = "Acknowledged" if name in {"moana", "farid", "losa"} else "Delivered, not opened yet"
        assert re.search(rf"{CAST[name].name}\s+No answer yet · {seen}", people), people
    assert re.search(r"Moana Rewi\s+No answer yet · Acknowledged · calendar fetched Thursday 11 February 2027", people)
    assert people.count("calendar fetched") == 1, "nobody else's calendar has come"
    # The other session is cancelled.
    now = stage.clock.now()
    await vera.writes("/meeting")
    await vera.presses("Open", of="Mid-year")
    await vera.presses("Cancel it")
    await vera.fills("roundtables.cancel", reason="A cyclone")
    assert stage.clock.now() == now
    for name in SEATS:
        stage[name].hears("cancelled", "A cyclone")
    # Every calendar has one item a meeting: the first on its new day, the second as cancelled.
    after, found = await mine.shows()
    kept, gone = sorted((each[0] for each in items(after).values()), key=lambda each: each["DTSTART"].dt)
    assert [len(each) for each in items(after).values()] == [1, 1] and items(before).keys() < items(after).keys()
    assert kept["DTSTART"].dt == moved and kept["STATUS"] == "CONFIRMED" and int(kept["SEQUENCE"]) == 1
    assert gone["DTSTART"].dt == later and gone["STATUS"] == "CANCELLED"
    assert found["khal"] - {later} == {moved} and len(found["khal"]) <= 2
    assert all(each == {moved, later} for name, each in found.items() if name != "khal")
    assert by_mail(stage.smtp.to(stage["losa"].address)) == {
        str(kept["UID"]): ("REQUEST", int(kept["SEQUENCE"]), moved),
        str(gone["UID"]): ("CANCEL", int(gone["SEQUENCE"]), later),
    }, "whoever has invitations by mail has the same"


def by_mail(mails: list[Mail]) -> dict[str, tuple[str, int, datetime]]:
    """What a mail program keeps of invitations: of each meeting what came with the highest number."""
    kept: dict[str, tuple[str, int, datetime]] = {}
    for mail in mails:
        for part in mail.message.walk():
            if part.get_content_type() == "text/calendar" and part.get_filename() is None:
                calendar = Calendar.from_ical(part.get_payload(decode=True))  # type: ignore[arg-type]
                event: Any = calendar.walk("VEVENT")[0]
                now = str(calendar["METHOD"]), int(event["SEQUENCE"]), event["DTSTART"].dt
                known = kept.get(str(event["UID"]))
                kept[str(event["UID"])] = now if known is None or now[1] >= known[1] else known
    return kept
