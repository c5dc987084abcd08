"""What was met about, promised and announced before the demo begins: a region's office, the joint plan, a roundtable
and a symposium, told through the capabilities' own verbs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select

from db.actions import Action
from db.audiences import Audience
from db.issues import Issue, Problem
from db.meetings import Meeting
from db.people import Sector
from db.regions import Office, Side
from db.symposia import Block, BlockKind, SessionKind, Symposium, SymposiumRoom, SymposiumSession

from .retelling import DAY, HOUR, WEEK, Past

AFTERNOON = 2 * DAY + timedelta(hours=14)  # of a Wednesday
A_TERM = timedelta(days=200)

DAY_PATTERN = "09:00–12:30, plenary 09:00–10:00, sessions of 60 minutes, break 10:00–10:30"
ROOMS = "Main hall 120 interpretation, Blue room 30 projection, Harbour room 12 (Annex)"
PLENARY = "Opening: one window for trade"
# Each break-out with the room it is in and which time for sessions it takes; the plenary takes the first of all.
SESSIONS = (
    (PLENARY, SessionKind.PLENARY, "Main hall", 0),
    ("The cold chain without gaps", SessionKind.BREAKOUT, "Harbour room", 1),
    ("Origin on one page", SessionKind.BREAKOUT, "Blue room", 1),
    ("Small parcels, fast", SessionKind.BREAKOUT, "Blue room", 2),
)
FULL = "The cold chain without gaps"
SEATED = ("Claire Fontaine", "Sofia Marin")  # they have its only seats


async def _region(past: Past, monday: datetime) -> None:
    """The Vice-Chair's office of the region, and who speaks for its members."""
    await past.at(monday + AFTERNOON)
    until = (past.begins + A_TERM).date().isoformat()
    head = {"region": "NMENA", "country": "TN", "head": past.person("Samuel Adeyemi"), "last_day": until}
    await past.fill("Leila Benali", "regions.set_up", head)
    office = past.latest(Office)
    for name, country, side in (
        ("Grace Mbeki", "TN", Side.CUSTOMS),
        ("Nadia Cherif", "TN", Side.BUSINESS),
        ("Hassan El Fassi", "MA", Side.CUSTOMS),
        ("Mona Farouk", "EG", Side.CUSTOMS),
    ):
        seat = {"country": country, "side": side.value, "person": past.person(name), "last_day": until}
        await past.fill("Samuel Adeyemi", "regions.seat", seat, office=office)


async def _plan(past: Past, monday: datetime) -> None:
    """Two actions: one that both owners say is done, one that is late by the time the demo begins."""
    await past.at(monday + AFTERNOON)
    paper = await _promised(
        past, "Accept electronic certificates of origin at every desk", "Peter Novak", "ليلى منصور", monday + 12 * DAY
    )
    power = await _promised(
        past, "Power sockets for refrigerated containers at Port B", "Mariam Sow", "Nadia Cherif", past.monday - 4 * DAY
    )
    for name, action in (
        ("Peter Novak", paper),
        ("ليلى منصور", paper),
        ("Mariam Sow", power),
        ("Nadia Cherif", power),
    ):
        await past.do(name, "actions.own", action=action)
    await past.at(monday + WEEK)
    sockets = {"words": "Six of ten sockets are installed; the others wait for a transformer."}
    await past.fill("Mariam Sow", "actions.progress", sockets, action=power)
    desks = {"words": "Every desk was instructed, and none has asked for paper since."}
    await past.fill("Peter Novak", "actions.done", desks, action=paper)
    await past.do("ليلى منصور", "actions.confirm", action=paper)


async def _promised(past: Past, title: str, customs: str, business: str, due: datetime) -> int:
    action = {
        "title": title,
        "customs_owner": past.person(customs),
        "business_owner": past.person(business),
        "due_day": due.date().isoformat(),
    }
    await past.fill("Samuel Adeyemi", "actions.propose", action)
    return past.latest(Action)


async def _symposium(past: Past, monday: datetime) -> None:
    """Announced with its rooms, sessions and programme; a break-out that has two seats is full."""
    await past.at(monday + AFTERNOON)
    held = (past.monday + 6 * WEEK + DAY).date()
    made = {
        "title": "Clearance in a day",
        "first_day": held.isoformat(),
        "days": "1",
        "zone": "Africa/Tunis",
        "venue": "Palace of Congresses, Salin",
        "audience": Audience.BUSINESS.value,
    }
    await past.fill("Grace Mbeki", "symposia.make", made)
    symposium = past.latest(Symposium)
    await past.fill("Grace Mbeki", "symposia.pattern", {"words": DAY_PATTERN, "which": "all"}, symposium=symposium)
    await past.fill("Grace Mbeki", "symposia.add_rooms", {"rooms": ROOMS}, symposium=symposium)
    blocks, rooms = _places(past, symposium)
    sessions: dict[str, int] = {}
    for title, kind, room, time in SESSIONS:
        told = {"kind": kind.value, "title": title}
        await past.fill("Grace Mbeki", "symposia.new_session", told, symposium=symposium)
        sessions[title] = past.latest(SymposiumSession)
        place = {"block": str(blocks[time]), "room": str(rooms[room]), "stays": "yes"}
        about = {"symposium": symposium, "session": sessions[title]}
        await past.fill("Grace Mbeki", "symposia.place", place, **about)
    few = {"expected": "2", "seats": "2", "blocks": "1"}
    await past.fill("Grace Mbeki", "symposia.size", few, symposium=symposium, session=sessions[FULL])
    opens = (past.clock.now() + DAY).date().isoformat()
    await past.fill("Grace Mbeki", "symposia.dates", {"opens_on": opens}, symposium=symposium)
    await past.do("Grace Mbeki", "symposia.announce", symposium=symposium, confirmed=True)
    await past.do("Grace Mbeki", "programmes.publish", symposium=symposium, confirmed=True)
    await past.at(past.clock.now() + DAY)
    for name in SEATED:
        await past.do(name, "registrations.register", symposium=symposium, small=False)
        await past.do(name, "registrations.take", session=sessions[FULL])
    await past.do("Nadia Cherif", "registrations.register", symposium=symposium)
    await past.do("Nadia Cherif", "registrations.take", session=sessions["Origin on one page"])


def _places(past: Past, symposium: int) -> tuple[list[int], dict[str, int]]:
    """Its times for sessions in order, and its rooms by name."""
    with past.parley.sessions.reading() as session:
        times = select(Block.id).where(Block.symposium_id == symposium, Block.kind != BlockKind.BREAK)
        blocks = list(session.scalars(times.order_by(Block.starts_at)))
        rooms = select(SymposiumRoom).where(SymposiumRoom.symposium_id == symposium)
        return blocks, {each.name: each.id for each in session.scalars(rooms)}


async def lately(past: Past) -> None:
    """Two hours before the demo begins: a roundtable with a date, an action that nobody has agreed to yet, and an issue
    of several people on the desk, to be talked about."""
    await past.at(past.begins - 2 * HOUR)
    called = {
        "title": "Inspections at weekends",
        "sector": Sector.PERISHABLES.value,
        "audience": Audience.MEMBERS.value,
    }
    await past.fill("Grace Mbeki", "roundtables.call", called)
    meeting = past.latest(Meeting)
    for name in ("Nadia Cherif", "Mariam Sow"):
        await past.fill("Grace Mbeki", "roundtables.invite", {"whom": f"person:{past.person(name)}"}, meeting=meeting)
    held = (past.monday + 2 * WEEK + 3 * DAY).date().isoformat()
    date = {"day": held, "time": "10:00", "minutes": "90"}
    await past.fill("Grace Mbeki", "roundtables.set_date", date, meeting=meeting)
    await past.do("Nadia Cherif", "roundtables.accept", meeting=meeting)
    await _promised(
        past,
        "Inspect reefers within four hours, six days a week",
        "Daniel Ruiz",
        "Amina Haddad",
        past.begins + 16 * DAY,
    )
    twice = {
        "detail": "Les certificats vétérinaires sont vérifiés deux fois au Port B, à deux guichets.",
        "sector": Sector.PERISHABLES.value,
        "port": "Port B",
    }
    await past.fill("Nadia Cherif", "issues.raise", twice)
    issue = past.latest(Issue)
    await past.do("Daniel Ruiz", "issues.take", issue=issue)
    line = {"line": "Veterinary certificates are checked twice at Port B"}
    await past.fill("Daniel Ruiz", "issues.publish", line, issue=issue)
    await past.fill("Tom Okello", "issues.same", {}, problem=past.latest(Problem))


# So many weeks before the demo begins.
WEEKS: Mapping[int, Callable[[Past, datetime], Awaitable[None]]] = {4: _region, 3: _plan, 2: _symposium}
