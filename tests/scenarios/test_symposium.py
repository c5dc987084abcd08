"""S2, a symposium with break-outs: forty tap one session at once; offers, overlaps, calendars, the door, the proof."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from icalendar import Calendar
from sqlalchemy import select

from db.attendance import CheckIn
from db.people import Kind, Person, RoleName, Scope, create_administration, grant_role
from db.registrations import Registration, Seat, SeatState, Stakeholder
from db.symposia import Block, Symposium, SymposiumSession, SymposiumState
from tests.handlers.registration_steps import DAY, HOUR, make

from .stage import MAIL, SLACK, TELEGRAM, Somebody, Stage, swapped

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # nine in Tunis
OPENS = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
RELEASE = date(2026, 12, 1)
YEAR = timedelta(days=365)
TUNIS, TOKYO = "Africa/Tunis", "Asia/Tokyo"
REEFERS, SEALS, ORIGIN = "Reefers at night", "Electronic seals", "Rules of origin"
TITLES = {"A": REEFERS, "B": SEALS, "C": ORIGIN, "C again": ORIGIN, "Plenary": "Opening"}
LASTS = timedelta(hours=2)


class Size:
    """How many tap, how many of them for small trade, how many seats there are and how many of those are kept."""

    def __init__(self, taps: int, small: int, seats: int, kept: int) -> None:
        self.seats, self.kept = seats, kept
        self.guests = [f"guest{number}" for number in range(1, taps)] + ["pia"]
        self.small = set(self.guests[:small])

    def cast(self) -> dict[str, Somebody]:
        """Every third is in Japan; Pia has no chat at all."""
        people = {"olga": Somebody("Olga Berg", zone=TUNIS)}
        for number, name in enumerate(self.guests):
            people[name] = Somebody(name.title(), Kind.BUSINESS, TOKYO if number % 3 == 2 else TUNIS)
        return people

    def doors(self) -> dict[str, str]:
        chats = {name: (TELEGRAM, SLACK)[number % 2] for number, name in enumerate(self.guests)}
        return {"olga": SLACK} | chats | {"pia": MAIL}


FEW, FORTY = Size(7, 1, 4, 2), Size(40, 5, 20, 8)
ARRANGEMENTS = (
    pytest.param("sqlite_url", FEW, False, id="sqlite-few"),
    pytest.param("sqlite_url", FORTY, False, id="sqlite-forty", marks=pytest.mark.slow),
    pytest.param("postgresql_url", FORTY, True, id="postgresql-swapped", marks=pytest.mark.slow),
)


def settle_in(stage: Stage, size: Size) -> None:
    """Olga has prepared a symposium whose programme waits to go out: A, B and C beside each other, then C again."""
    now = stage.clock.now()
    with stage.parley.sessions.writing() as session:
        home = create_administration(
            session, code="tn", name={"en": "Customs of Sodal"}, country="TN", zone=TUNIS, language="en",
            regions=[], integrity_url=None,
        )  # fmt: skip
        session.flush()
        stage.know(session, home.id)
        olga = session.get_one(Person, stage.ids["olga"])
        grant_role(session, olga, RoleName.ADMINISTRATOR, scope=Scope.COUNTRY, scope_id="TN", at=now, until=now + YEAR)
        as_draft: dict[str, Any] = {
            "state": SymposiumState.DRAFT,
            "programme": 0,
            "published_at": None,
            "registration_opens_at": OPENS,
        }
        made = make(session, home.id, olga.id, seats=size.seats, **as_draft)
        blocks = {each.starts_at: each.id for each in session.scalars(select(Block))}
        for name, number in made.sessions.items():
            its = session.get_one(SymposiumSession, number)
            its.title, its.block_id = TITLES[name], blocks[its.starts_at or now]
            its.starts_at = its.ends_at = None


@pytest.mark.promise(
    "scenario.s2",
    "A symposium over all doors: never a seat too many, timed offers, own calendars, the door, the proof.",
)
@pytest.mark.parametrize(("database", "size", "is_swapped"), ARRANGEMENTS)
async def test_a_symposium_with_breakouts(
    database: str, size: Size, is_swapped: bool, request: pytest.FixtureRequest
) -> None:
    doors = swapped(size.doors()) if is_swapped else size.doors()
    url = request.getfixturevalue(database)
    async with Stage.opened(url, MONDAY, lambda stage: settle_in(stage, size), size.cast(), doors) as stage:
        await is_made_known(stage, size)
        await all_want_the_same(stage, size)
        await is_given_up(stage)
        await overlaps(stage)
        await what_was_kept_is_released(stage, size)
        expected = await everybody_has_their_own_calendar(stage, size)
        await takes_place(stage, expected)


def seats(stage: Stage, title: str) -> dict[str, Seat]:
    """By whom: of two sessions of one title the first."""
    names = {number: name for name, number in stage.ids.items()}
    with stage.parley.sessions.reading() as session:
        its = select(SymposiumSession.id).where(SymposiumSession.title == title).order_by(SymposiumSession.id)
        rows = session.execute(
            select(Registration.person_id, Seat)
            .join(Seat, Seat.registration_id == Registration.id)
            .where(Seat.session_id == session.scalar(its.limit(1)))
            .order_by(Seat.place, Seat.id)
        )
        return {names[person]: seat for person, seat in rows}


def those(found: Mapping[str, Seat], state: SeatState) -> list[str]:
    """In the order of the line."""
    return [name for name, seat in found.items() if seat.state is state]


async def is_made_known(stage: Stage, size: Size) -> None:
    """1. Announced, the programme published, seats kept; then registration opens, and everybody hears it."""
    olga = stage["olga"]
    await olga.writes("/symposia")
    await olga.presses("Open", of="Clearance in a day")
    await olga.presses("Announce it")
    assert "Announced." in await olga.presses("Announce it")
    await stage.passes(minutes=1)
    await olga.presses("Programme")
    await olga.presses("Publish it")
    assert "It is out." in await olga.presses("Publish it")
    await olga.writes("/symposia")
    await olga.presses("Open", of="Clearance in a day")
    await olga.presses("Registration")
    await olga.presses("Seats by class")
    await olga.presses("Keep seats", of=REEFERS)
    kept = await olga.fills("registrations.keep", kind="Small trade", seats=size.kept, release=RELEASE)
    assert f"Small trade: {size.kept} seats" in kept, kept
    await stage.until(OPENS)
    for name in size.guests:
        stage[name].hears("Registration for a symposium is open.", "Clearance in a day")
    assert stage.told() == set(size.guests)


async def all_want_the_same(stage: Stage, size: Size) -> None:
    """2. All of them register, and then tap A at once."""
    for name in size.guests:
        await stage[name].presses("Register")
        shown = await stage[name].presses("Yes, small trade" if name in size.small else "No")
        assert "You are registered." in shown and "Time 1 of 2" in shown, shown
    await asyncio.gather(*(stage[name].taps("Take a seat", of=REEFERS) for name in size.guests))
    await stage.settle()
    found = seats(stage, REEFERS)
    count = Counter((seat.kind, seat.state) for seat in found.values())
    assert count[Stakeholder.TRADE, SeatState.HELD] == size.seats - size.kept
    assert count[Stakeholder.SMALL_TRADE, SeatState.HELD] == len(size.small) < size.kept, "the others are kept for it"
    waiting = those(found, SeatState.WAITING)
    assert len(waiting) == len(size.guests) - len(size.small) - (size.seats - size.kept)
    assert [found[name].place for name in waiting] == list(range(1, len(waiting) + 1))
    for name in size.guests:
        said = f"You have a seat: {REEFERS}" if found[name].state is SeatState.HELD else "on its waiting list"
        assert said in stage[name].all[-1], name


async def is_given_up(stage: Stage) -> None:
    """3. A seat given up is the first's for two hours, who says nothing; then the second's, who takes it."""
    found = seats(stage, REEFERS)
    giver = next(each for each in those(found, SeatState.HELD) if found[each].kind is Stakeholder.TRADE)
    first, second, *_others = those(found, SeatState.WAITING)
    await stage[giver].presses("My programme")
    await stage[giver].presses("Give it up")
    assert f"Given up: {REEFERS}" in await stage[giver].presses("Give it up")
    assert stage.told() == {giver, first}
    assert f"{REEFERS}" in stage[first].hears("A seat is free for you.")
    await stage.until(stage.clock.now() + LASTS - timedelta(minutes=1))
    assert stage.told() == set(), "it is the first's until then"
    await stage.passes(minutes=1)
    assert stage.told() == {first, second}
    stage[first].hears("Your offer of a seat has lapsed.")
    assert "The seat is yours." in await stage[second].presses("Accept")
    found = seats(stage, REEFERS)
    assert found[first].state is SeatState.LAPSED and found[second].state is SeatState.HELD


async def overlaps(stage: Stage) -> None:
    """4. Nobody sits in two rooms: B is refused, and the repeat of C offered."""
    trader = stage[those(seats(stage, REEFERS), SeatState.HELD)[0]]
    await trader.writes("/seats")
    await trader.presses("My programme")
    await trader.presses("Break-outs")
    refused = await trader.presses("Take a seat", of=SEALS)
    assert f"That is at the same time as your seat in {REEFERS}." in refused, refused
    assert trader.name.lower() not in seats(stage, SEALS)
    assert "At other times there are seats:" in refused and "11:00 (Tunis)" in refused, refused
    taken = await trader.presses("Take a seat", of=ORIGIN)
    assert f"You have a seat: {ORIGIN}" in taken, taken
    assert trader.name.lower() not in seats(stage, ORIGIN)


async def what_was_kept_is_released(stage: Stage, size: Size) -> None:
    """… on its day, to the first of those who wait, and not before."""
    day = datetime(RELEASE.year, RELEASE.month, RELEASE.day, tzinfo=UTC) - HOUR  # midnight in Tunis
    await stage.until(day - timedelta(minutes=1))
    before = seats(stage, REEFERS)
    assert len(those(before, SeatState.HELD)) == size.seats - size.kept + len(size.small)
    left = size.kept - len(size.small)
    await stage.until(day + timedelta(minutes=1))
    after = seats(stage, REEFERS)
    assert those(after, SeatState.OFFERED) == those(before, SeatState.WAITING)[:left]
    assert len(those(after, SeatState.HELD)) + left == size.seats
    offered = set(those(after, SeatState.OFFERED))
    for _hour in range(9):  # who is asleep hears it in the morning
        for name in sorted(offered):
            if any("A seat is free for you." in each for each in stage[name].all):
                assert "The seat is yours." in await stage[name].presses("Accept")
                offered.remove(name)
        if offered:
            await stage.passes(hours=1)
    assert not offered
    assert len(those(seats(stage, REEFERS), SeatState.HELD)) == size.seats


async def everybody_has_their_own_calendar(stage: Stage, size: Size) -> dict[str, Counter[str]]:
    """5. What each program fetches is what its owner has a seat in, and the plenary."""
    expected = {name: Counter(["Opening"]) for name in size.guests}
    names = {number: name for name, number in stage.ids.items()}
    with stage.parley.sessions.reading() as session:
        rows = session.execute(
            select(Registration.person_id, SymposiumSession.title)
            .join(Seat, Seat.registration_id == Registration.id)
            .join(SymposiumSession, SymposiumSession.id == Seat.session_id)
            .where(Seat.state == SeatState.HELD)
        )
        for person, title in rows:
            expected[names[person]][title] += 1
    async with httpx.AsyncClient(trust_env=False) as client:
        for name in size.guests:
            if stage[name].platform == MAIL:
                await stage[name].opens_page(stage.sign_in(name))
                await stage[name].presses("Help")
            shown = await stage[name].writes("/calendar")
            address = re.search(r"http://\S+\.ics", shown)
            assert address is not None, shown
            feed = Calendar.from_ical((await client.get(address[0])).content)
            has = Counter(str(each["SUMMARY"]) for each in feed.walk("VEVENT") if each.get("STATUS") == "CONFIRMED")
            assert has == expected[name], name
    assert expected["pia"]["Opening"] == 1 and len({*map(tuple, map(sorted, expected.values()))}) > 1
    return expected


async def takes_place(stage: Stage, expected: Mapping[str, Counter[str]]) -> None:
    """6. The door's code is typed in chat by who has a seat; 7. the proof comes on their own next morning."""
    olga = stage["olga"]
    await stage.until(DAY + HOUR - timedelta(minutes=10))
    await olga.writes("/checkin")
    shown = await olga.presses("The door’s code", of=REEFERS)
    code = re.search(r"^(?:The door’s code: )?\W*([A-Z]{6})\W*$", shown, re.MULTILINE)
    assert code is not None, shown
    inside = [name for name, has in expected.items() if has[REEFERS] and stage[name].platform != MAIL]
    assert {stage.cast[name].zone for name in inside} == {TUNIS, TOKYO}
    outside = next(name for name, has in expected.items() if not has[REEFERS] and stage[name].platform != MAIL)
    for name in inside:
        assert "You are checked in." in await stage[name].writes(f"/checkin {code[1]}"), name
    assert "You have no seat in this session." in await stage[outside].writes(f"/checkin {code[1]}")
    assert f"{len(inside)} came" in await olga.writes("/checkin")
    with stage.parley.sessions.reading() as session:
        came = set(session.scalars(select(CheckIn.person_id)))
        symposium = session.scalars(select(Symposium)).one()
    assert came == {stage.ids[name] for name in inside}
    proof = "Your proof of attendance"
    has = {name: any(proof in each for each in stage[name].all) for name in expected}
    assert not any(has.values()) and symposium.zone == TUNIS
    for zone, at in {
        TOKYO: datetime(2026, 12, 10, 23, 5, tzinfo=UTC),
        TUNIS: DAY + timedelta(hours=23, minutes=5),
    }.items():
        await stage.until(at)
        told = {name for name in expected if any(proof in each for each in stage[name].news)}
        assert told == {name for name in inside if stage.cast[name].zone == zone}, zone
    witness = next(name for name in inside if stage.cast[name].zone == TUNIS)
    shown = next(each for each in stage[witness].news if proof in each)
    assert REEFERS in shown and SEALS not in shown
    address = re.search(r"http://\S+/proof/[A-Z-]+", shown)
    assert address is not None, shown
    async with httpx.AsyncClient(trust_env=False) as client:
        page = (await client.get(address[0])).text
    assert "This proof of attendance is genuine." in page and witness.title() in page
