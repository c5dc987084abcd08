"""The pages that are looked at. Adding one is a line in `LOOKS`, and what it needs to be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.kit.screen import Button
from bot.platforms.telegram.wire import OPEN_HERE
from db.attendance import CheckIn, How, Proof
from db.people import Sector
from db.registrations import Registration, Seat, SeatState, Stakeholder
from db.symposia import (
    Agreed,
    Block,
    BlockKind,
    SessionKind,
    SessionPart,
    Symposium,
    SymposiumRoom,
    SymposiumSession,
    SymposiumState,
    Track,
)
from tests.handlers import register_steps, registration_steps
from tests.world import World


@dataclass(frozen=True)
class Look:
    """A page as `who` sees it, None: somebody who is not signed in. `arrange` makes what is to be seen and returns the
    page's path; the buttons `presses` lead further from there, by their English labels, whatever the language.
    `is_printed`: on paper, too."""

    name: str
    who: str | None
    arrange: Callable[[World], str]
    presses: tuple[str, ...] = ()
    is_printed: bool = False


BEGINS = datetime(2027, 3, 2, 8, 0, tzinfo=UTC)  # nine o'clock in Tunis
ROOMS = (("Grande salle", 300), ("Room B", 60), ("قاعة قرطاج", 60), ("Room D", 40))
DAY = (  # how long each time is, and what for
    (60, BlockKind.PLENARY, "Plenary"),
    (30, BlockKind.BREAK, None),
    (45, BlockKind.SESSIONS, None),
    (45, BlockKind.SESSIONS, None),
    (90, BlockKind.BREAK, "Lunch and prayer"),
    (45, BlockKind.SESSIONS, None),
    (45, BlockKind.SESSIONS, None),
)
TRACKS = (("Perishable goods", Sector.PERISHABLES, None), ("Co-creation", None, 1), ("Integrity", None, 10))
# Its title, its language, its track, who speaks, its day, its first time, how many it takes, and its room.
SESSIONS = (
    ("Opening: one window, one word", "en", None, ("ruiz",), 0, 0, 1, 0),
    ("Les camions frigorifiques la nuit au Port B : ce que coûtent trois jours", "fr", 0, ("amina",), 0, 2, 1, 0),
    ("Rules of origin in plain words", "en", 1, ("badr", "olga"), 0, 2, 1, 1),
    ("شهادات المنشأ الإلكترونية: خطوة بخطوة", "ar", 1, ("chloe",), 0, 2, 2, 2),
    ("Electronic seals: a workshop", "en", 0, ("dina",), 0, 3, 1, 1),
    ("Who audits the auditors?", "en", 2, ("lena", "emil"), 0, 5, 2, 0),
    ("Cold chains and temperature logs", "en", 0, ("amina",), 0, 5, 1, 3),
    ("Le recours : modes d’emploi", "fr", 2, ("gus",), 0, 6, 1, 3),
    ("Closing the first year", "en", None, ("lars",), 1, 0, 1, 0),
    ("Small traders at large ports", "en", 1, ("badr",), 1, 2, 1, 1),
    ("Electronic seals: a workshop", "en", 0, ("dina",), 1, 3, 1, 1),
    ("التفتيش المشترك بين الوكالات", "ar", None, ("olga",), 1, 2, 1, 2),
)  # fmt: skip


def programme(world: World) -> str:
    """A programme of two days that is out, in several languages and scripts."""
    with world.parley.sessions.writing() as writing:
        home = {"administration_id": world.home}
        symposium = Symposium(
            **home,
            title="Trade and Customs 2027",
            language="en",
            organiser_id=world.ids["ruiz"],
            zone="Africa/Tunis",
            venue="Palais des Congrès, Tunis",
            first_day=BEGINS.date(),
            last_day=(BEGINS + timedelta(days=1)).date(),
            state=SymposiumState.PUBLISHED,
            programme=1,
            published_at=world.clock.now(),
            created_at=world.clock.now(),
        )
        writing.add(symposium)
        writing.flush()
        its = home | {"symposium_id": symposium.id}
        rooms = [SymposiumRoom(**its, name=name, capacity=capacity) for name, capacity in ROOMS]
        tracks = [Track(**its, title=title, sector=sector, method=method) for title, sector, method in TRACKS]
        blocks = [_blocks(its, BEGINS + timedelta(days=day)) for day in (0, 1)]
        writing.add_all([*rooms, *tracks, *blocks[0], *blocks[1]])
        writing.flush()
        for title, language, track, people, day, first, count, room in SESSIONS:
            made = SymposiumSession(
                **its,
                kind=SessionKind.PLENARY if first == 0 else SessionKind.BREAKOUT,
                title=title,
                language=language,
                track_id=tracks[track].id if track is not None else None,
                blocks=count,
                block_id=blocks[day][first].id,
                room_id=rooms[room].id,
                starts_at=blocks[day][first].starts_at,
                ends_at=blocks[day][first + count - 1].ends_at,
                changed_at=world.clock.now(),
            )
            writing.add(made)
            writing.flush()
            for each in people:
                part = {"person_id": world.ids[each], "agreed": Agreed.YES, "asked_at": world.clock.now()}
                writing.add(SessionPart(**home, session_id=made.id, **part))
        return f"/symposia/{symposium.ref}"


def _blocks(its: dict[str, int], at: datetime) -> list[Block]:
    made = []
    for minutes, kind, title in DAY:
        made.append(Block(**its, kind=kind, title=title, starts_at=at, ends_at=at + timedelta(minutes=minutes)))
        at += timedelta(minutes=minutes)
    return made


def registering(world: World) -> str:
    """A symposium whose registration is open, for somebody who has not registered."""
    return f"/symposia/S-{registration_steps.a_symposium(world).symposium}"


def registered(world: World) -> str:
    """The same for somebody who has two seats and waits in line for a third."""
    made = registration_steps.a_symposium(world, title="Dédouaner en un jour · التخليص في يوم واحد")
    _registration(world, made, "KLMNPQ")
    return f"/symposia/S-{made.symposium}"


def at_the_door(world: World) -> str:
    """Where the QR code on somebody's badge leads."""
    made = registration_steps.a_symposium(world, organiser="lena", day=world.clock.now() - registration_steps.HOUR)
    return f"/at/{_registration(world, made, 'KLMNPQ')}"


def proven(world: World) -> str:
    """Where the address on a proof of attendance leads."""
    made = registration_steps.a_symposium(world)
    _registration(world, made, "KLMNPQ")
    with world.parley.sessions.writing() as writing:
        its = {"administration_id": world.home, "symposium_id": made.symposium, "person_id": world.ids["amina"]}
        for name in ("Plenary", "A"):
            came = {"kind": Stakeholder.TRADE, "how": How.DOOR, "at": registration_steps.DAY}
            writing.add(CheckIn(**its, session_id=made.sessions[name], **came))
        writing.add(
            Proof(**its, code="ABC-DEF-GHJ-KLM", name="Amina Ben Salah · أمينة بن صالح", at=registration_steps.DAY)
        )
    return "/proof/ABC-DEF-GHJ-KLM"


def _registration(world: World, made: registration_steps.Made, code: str) -> str:
    """Amina's, with her seats; her code."""
    now = world.clock.now()
    with world.parley.sessions.writing() as writing:
        its = {"administration_id": world.home, "symposium_id": made.symposium}
        found = Registration(**its, person_id=world.ids["amina"], kind=Stakeholder.TRADE, code=code, answers={}, at=now)
        writing.add(found)
        writing.flush()
        for name, state in {"": SeatState.HELD, "A": SeatState.HELD, "C again": SeatState.WAITING}.items():
            seat = {"session_id": made.sessions.get(name), "state": state, "kind": Stakeholder.TRADE, "at": now}
            writing.add(Seat(**its, registration_id=found.id, **seat))
    return code


def _told(world: World) -> tuple[str, str]:
    """A consultation that is open, and one that is over and has been told; how they are called."""
    with world.parley.sessions.writing() as session:
        ahead = register_steps.consultation(session, world)
        clauses = register_steps.two_drafts(session, world, ahead)
        register_steps.said(session, world, ahead, clauses[0], 6)
        over = register_steps.consultation(session, world, title="Scans instead of paper")
        clauses = register_steps.two_drafts(session, world, over)
        what = register_steps.said(session, world, over, clauses[1], 12)
        register_steps.concluded(session, world, over, what, acknowledged=9)
        return ahead.ref, over.ref


def register(world: World) -> str:
    _told(world)
    return "/register"


def register_open(world: World) -> str:
    world.parley.engine.openers["telegram"] = lambda payload: Button(
        OPEN_HERE, url=f"https://t.me/parley_bot?start={payload}"
    )
    return f"/register/{_told(world)[0]}"


def register_over(world: World) -> str:
    return f"/register/{_told(world)[1]}"


def register_told(world: World) -> str:
    _told(world)
    return "/register/protocol"


LOOKS = (
    Look("programme", "amina", programme, is_printed=True),
    Look("registration", "amina", registering, presses=("Register",)),
    Look("registered", "amina", registered, presses=("My programme",)),
    Look("check-in-officer", "lena", at_the_door),
    Look("check-in-stranger", None, at_the_door),
    Look("proof", None, proven),
    Look("register", None, register),
    Look("register-open", None, register_open, is_printed=True),
    Look("register-over", None, register_over),
    Look("register-told", None, register_told),
)
