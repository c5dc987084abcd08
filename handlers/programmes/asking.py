"""From rows to the solver's question, and back: what a symposium needs, as `scheduling.programme` puts it.

Sessions, rooms, people and tracks are known by a letter and their id. A session that takes several times in a row is
placed in a block of that length: `7x2` is the time 7 and the one that follows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.screen import Refusal, button
from bot.kit.text import _
from db import symposia as rows
from db.programmes import RoomClosed
from db.symposia import WALK, Agreed, BlockKind, SessionKind, SessionPart, Symposium, SymposiumRoom, SymposiumSession
from handlers.symposia import lists, times, venue
from scheduling.programme import (
    Block,
    Break,
    Lock,
    Part,
    Person,
    Place,
    Places,
    Problem,
    Remote,
    Role,
    Room,
    Walk,
    Window,
    Wish,
)
from scheduling.programme import Session as Asked

from .room import holders_of

FOLLOWS = timedelta(minutes=20)  # a time that begins so soon after another follows it: one session may take both
FAR = timedelta(minutes=1)


@dataclass(frozen=True)
class Run:
    """Times in a row: one, or several without a break between."""

    blocks: tuple[rows.Block, ...]

    @property
    def key(self) -> str:
        return run_key(self.blocks[0].id, len(self.blocks))

    @property
    def starts_at(self) -> datetime:
        return self.blocks[0].starts_at

    @property
    def ends_at(self) -> datetime:
        return self.blocks[-1].ends_at

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at) / timedelta(minutes=1))


def run_key(block_id: int, count: int) -> str:
    return f"{block_id}x{count}"


def session_key(session_id: int) -> str:
    return f"s{session_id}"


def person_key(person_id: int) -> str:
    return f"p{person_id}"


def room_key(room_id: int) -> str:
    return f"r{room_id}"


def id_of(key: str) -> int:
    """The id in a key: of a run, that of its first time."""
    return int(key.lstrip("sprtb").partition("x")[0])


def problem_of(ctx: Context, symposium: Symposium, *, wishes: Iterable[Collection[int]] = ()) -> Problem:
    """What its programme has to keep, and what is wished for: for each person, the ids of sessions they want.

    Raises Refusal where something is missing without which there is no question.
    """
    session = ctx.session
    planned = lists.sessions_of(session, symposium)
    runs = runs_of(session, symposium, {each.blocks for each in planned})
    rooms = venue.rooms_of(session, symposium)
    _must_be_there(symposium, planned, runs, rooms)
    parts = _parts(session, planned)
    problem = Problem(
        zone=symposium.zone,
        blocks=tuple(Block(each.key, each.starts_at, each.minutes) for each in runs.values()),
        rooms=_rooms(session, rooms),
        sessions=_sessions(planned, runs, parts, _seats(session, symposium, planned, rooms[0].capacity), at=ctx.now),
        people=_people(session, symposium, parts, runs),
        breaks=_breaks(session, symposium),
        wishes=_wishes(planned, wishes),
        walk=0,
        walks=_walks(rooms),
    )
    return problem


def _must_be_there(
    symposium: Symposium,
    planned: Sequence[SymposiumSession],
    runs: Mapping[str, Run],
    rooms: Sequence[SymposiumRoom],
) -> None:
    if not planned:
        new = button(_("Sessions"), "symposia.sessions", symposium=symposium.id)
        raise Refusal(_("There is no session to place yet."), buttons=(new,))
    if not runs:
        new = button(_("Times"), "symposia.times", symposium=symposium.id)
        raise Refusal(_("The times of the days are to be set first."), buttons=(new,))
    if not rooms:
        new = button(_("Rooms"), "symposia.rooms", symposium=symposium.id)
        raise Refusal(_("The rooms are to be named first."), buttons=(new,))


def runs_of(session: Session, symposium: Symposium, lengths: Collection[int]) -> dict[str, Run]:
    """By key, all times that are no break, alone and, for these lengths, in rows of so many that follow each other."""
    found = times.blocks_of(session, symposium)
    made: dict[str, Run] = {}
    for first in range(len(found)):
        for count in sorted({1, *lengths}):
            those = found[first : first + count]
            if len(those) == count and all(_is_free(each) for each in those) and all(map(_follow, those, those[1:])):
                run = Run(tuple(those))
                made[run.key] = run
    return made


def _is_free(block: rows.Block) -> bool:
    return block.kind is not BlockKind.BREAK


def _follow(one: rows.Block, other: rows.Block) -> bool:
    return timedelta() <= other.starts_at - one.ends_at <= FOLLOWS


def _parts(session: Session, planned: Sequence[SymposiumSession]) -> dict[int, list[SessionPart]]:
    """By session, those who are needed and have not said that they cannot come."""
    its = SessionPart.session_id.in_([each.id for each in planned]), SessionPart.agreed != Agreed.NO
    found: dict[int, list[SessionPart]] = {}
    for part in session.scalars(select(SessionPart).where(*its).order_by(SessionPart.id)):
        found.setdefault(part.session_id, []).append(part)
    return found


def _rooms(session: Session, rooms: Sequence[SymposiumRoom]) -> tuple[Room, ...]:
    closed: dict[int, list[Window]] = {}
    shut = select(RoomClosed).where(RoomClosed.room_id.in_([each.id for each in rooms])).order_by(RoomClosed.id)
    for each in session.scalars(shut):
        closed.setdefault(each.room_id, []).append(Window(each.starts_at, each.ends_at))
    return tuple(
        Room(room_key(each.id), each.capacity, tuple(each.equipment), tuple(closed.get(each.id, ()))) for each in rooms
    )


def _walks(rooms: Sequence[SymposiumRoom]) -> tuple[Walk, ...]:
    """It takes time to get to another building; where nothing is said of one, it is the same as the others'."""
    return tuple(
        Walk((room_key(one.id), room_key(other.id)), WALK // timedelta(minutes=1))
        for one, other in combinations(rooms, 2)
        if one.building and other.building and one.building != other.building
    )


def _sessions(
    planned: Sequence[SymposiumSession],
    runs: Mapping[str, Run],
    parts: Mapping[int, Sequence[SessionPart]],
    seats: Mapping[int, int],
    *,
    at: datetime,
) -> tuple[Asked, ...]:
    there = {each.id for each in planned}
    made = []
    for each in planned:
        own = _runs_for(each, planned, runs)
        first = each.repeats_id if each.repeats_id in there else None
        made.append(
            Asked(
                session_key(each.id),
                min((run.minutes for run in own), default=0) or _shortest(runs),
                people=tuple(
                    Part(person_key(part.person_id), Role(part.part.value)) for part in parts.get(each.id, ())
                ),
                expected=seats[each.id],
                needs=tuple(each.needs),
                plenary=each.kind is SessionKind.PLENARY,
                sectors=(each.sector.value,) if each.sector is not None else (),
                documents=(each.document,) if each.document else (),
                track=f"t{each.track_id}" if each.track_id is not None else None,
                after=(session_key(each.after_id),) if each.after_id in there else (),
                repeat_of=session_key(first) if first is not None else None,
                blocks=tuple(run.key for run in own),
                locked=_lock(each, runs, at=at),
            )
        )
    return tuple(made)


def _seats(session: Session, symposium: Symposium, planned: Sequence[SymposiumSession], largest: int) -> dict[int, int]:
    """By session how many it must have: those expected, and nobody is to lose a seat they hold.

    A plenary of which nothing else is said has as many as come, or as any room has.
    """
    found = {}
    for each in planned:
        if each.kind is SessionKind.PLENARY:
            found[each.id] = min(each.expected or each.seats or symposium.capacity or largest, largest)
        else:
            found[each.id] = max(min(each.expected, each.seats or each.expected), len(holders_of(session, each)))
    return found


def _runs_for(each: SymposiumSession, planned: Sequence[SymposiumSession], runs: Mapping[str, Run]) -> list[Run]:
    """The times it may have: as many in a row as it takes; a plenary where times for plenaries are, if they suffice."""
    long_enough = [run for run in runs.values() if len(run.blocks) == each.blocks]
    plenary = [run for run in long_enough if all(one.kind is BlockKind.PLENARY for one in run.blocks)]
    if each.kind is SessionKind.BREAKOUT:
        return [run for run in long_enough if all(one.kind is BlockKind.SESSIONS for one in run.blocks)] or long_enough
    count = sum(other.kind is SessionKind.PLENARY and other.blocks == each.blocks for other in planned)
    return plenary if len(plenary) >= count else long_enough


def _shortest(runs: Mapping[str, Run]) -> int:
    """A session that takes more times in a row than there are is nowhere: `blocks` being empty, any would do."""
    return max(run.minutes for run in runs.values()) + 1


def _lock(each: SymposiumSession, runs: Mapping[str, Run], *, at: datetime) -> Lock | None:
    """What is to stay where it is, and what has begun."""
    has_begun = each.starts_at is not None and each.starts_at <= at
    if not each.is_placed or not (each.is_locked or has_begun):
        return None
    key = run_key(each.block_id or 0, each.blocks)
    return Lock(key if key in runs else None, room_key(each.room_id or 0))


def _people(
    session: Session, symposium: Symposium, parts: Mapping[int, Sequence[SessionPart]], runs: Mapping[str, Run]
) -> tuple[Person, ...]:
    remote = {part.person_id: part.remote_zone for those in parts.values() for part in those if part.remote_zone}
    needed = sorted({part.person_id for those in parts.values() for part in those})
    away: dict[int, list[Window]] = {}
    for each in session.scalars(select(rows.Away).where(rows.Away.symposium_id == symposium.id).order_by("starts_at")):
        away.setdefault(each.person_id, []).append(Window(each.starts_at, each.ends_at))
    begins = min(run.starts_at for run in runs.values())
    ends = max(run.ends_at for run in runs.values())
    return tuple(
        Person(
            person_key(each),
            available=_between(begins, ends, away[each]) if each in away else (),
            remote=Remote(remote[each]) if each in remote else None,
        )
        for each in needed
    )


def _between(begins: datetime, ends: datetime, away: Sequence[Window]) -> tuple[Window, ...]:
    """When somebody can be there who is away then. Never at all is a moment before it begins: none is any time."""
    free, at = [], begins
    for window in sorted(away, key=lambda each: each.start):
        if window.start > at:
            free.append(Window(at, min(window.start, ends)))
        at = max(at, window.end)
    if at < ends:
        free.append(Window(at, ends))
    found = tuple(each for each in free if each.start < each.end)
    return found or (Window(begins - FAR, begins),)


def _breaks(session: Session, symposium: Symposium) -> tuple[Break, ...]:
    return tuple(
        Break(f"b{each.id}", each.starts_at, int((each.ends_at - each.starts_at) / timedelta(minutes=1)))
        for each in times.blocks_of(session, symposium)
        if not _is_free(each)
    )


def _wishes(planned: Sequence[SymposiumSession], wishes: Iterable[Collection[int]]) -> tuple[Wish, ...]:
    """Whoever wants a repeat wants the session; plenaries are for everybody anyway."""
    there = {each.id for each in planned}
    first = {each.id: each.repeats_id if each.repeats_id in there else each.id for each in planned}
    open_ = {each.id for each in planned if each.kind is SessionKind.BREAKOUT}
    counted = Counter(frozenset(first[each] for each in wanted if each in open_) for wanted in wishes)
    return tuple(
        Wish(tuple(session_key(each) for each in sorted(wanted)), count)
        for wanted, count in sorted(counted.items(), key=lambda each: sorted(each[0]))
        if wanted
    )


# Places


def places_of(problem: Problem, planned: Iterable[SymposiumSession]) -> dict[str, Place]:
    """Where the sessions are now, as far as there still is such a place."""
    found = {}
    for each in planned:
        place = Place(run_key(each.block_id or 0, each.blocks), room_key(each.room_id or 0))
        key = session_key(each.id)
        if each.is_placed and key in problem.session and place.block in problem.block and place.room in problem.room:
            found[key] = place
    return found


def published_places(planned: Iterable[SymposiumSession]) -> dict[str, Place]:
    """Where people believe the sessions to be: what of a programme that is out had a time, whatever became of it."""
    return {
        session_key(each.id): Place(run_key(each.block_id or 0, each.blocks), room_key(each.room_id or 0))
        for each in planned
        if each.is_placed and each.starts_at is not None
    }


def free_places(problem: Problem, places: Places, key: str) -> list[Place]:
    """Where a session could be without anything else being there then: its own times, each room; in order of time."""
    asked = problem.session[key]
    taken = {
        (place.room, problem.window(problem.session[other], place.block).start, problem.block[place.block].end)
        for other, place in places.items()
        if other != key
    }
    return [
        Place(block.key, room.key)
        for block in sorted(problem.blocks, key=lambda each: (each.start, each.minutes))
        for room in problem.rooms
        if block.key in asked.blocks
        and not any(room.key == there and block.start < end and start < block.end for there, start, end in taken)
        and places.get(key) != Place(block.key, room.key)
    ]
