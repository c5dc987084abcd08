"""The pages that are looked at. Adding one is a line in `LOOKS`, and what it needs to be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from db.people import Sector
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
from tests.world import World


@dataclass(frozen=True)
class Look:
    """A page as `who` sees it. `arrange` makes what is to be seen and returns the page's path; the buttons `presses`
    lead further from there, by their English labels, whatever the language. `is_printed`: on paper, too."""

    name: str
    who: str
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


LOOKS = (Look("programme", "amina", programme, is_printed=True),)
