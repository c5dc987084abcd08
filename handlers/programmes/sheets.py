"""A programme drawn: a day of it as a grid of rooms and times, as it is or as it would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.screen import Box, Button, Grid, Picture
from bot.kit.text import Phrase, Raw, Text, _, listed
from db.symposia import (
    Agreed,
    Block,
    BlockKind,
    Part,
    SessionKind,
    SessionPart,
    Symposium,
    SymposiumSession,
)
from handlers.people.naming import called
from handlers.symposia import cards, lists, sessions, times, venue

SPEAKING = (Part.SPEAKER, Part.CHAIR)
TRACKS, NO_TRACK = 4, 5  # colours of tracks, after the plenaries', and that of what is in none

Spots = Mapping[int, tuple[int, int]]  # by session: its first time, and its room


def spots_of(planned: Sequence[SymposiumSession]) -> dict[int, tuple[int, int]]:
    """Where the sessions are now."""
    return {each.id: (each.block_id, each.room_id) for each in planned if each.block_id and each.room_id}


class Sheet:
    """All that is needed to draw a programme, read once."""

    def __init__(self, session: Session, symposium: Symposium, *, with_people: bool) -> None:
        self._symposium = symposium
        self.sessions = lists.sessions_of(session, symposium)
        self.spots: Spots = spots_of(self.sessions)
        self._rooms = venue.rooms_of(session, symposium)
        self._tracks = list(cards.tracks_of(session, symposium))
        self._people = _speakers(session, self.sessions) if with_people else {}
        self._days: dict[date, list[Block]] = {}
        for block in times.blocks_of(session, symposium):
            self._days.setdefault(times.day_of(symposium, block.starts_at), []).append(block)

    @property
    def days(self) -> list[date]:
        """Those that have times."""
        return list(self._days)

    def picture(self, day: date, spots: Spots | None = None) -> Picture:
        """One day of it, as it is or as it would be."""
        blocks = self._days[day]
        placed = self._placed(blocks, self.spots if spots is None else spots)
        used = sorted({row for start, count, _session, _room in placed for row in range(start, start + count)})
        used = sorted({*used, *(row for row, each in enumerate(blocks) if each.kind is BlockKind.BREAK)})
        at = {row: number for number, row in enumerate(used)}
        rooms = [each for each in self._rooms if any(room == each.id for _row, _count, _session, room in placed)]
        columns = {each.id: number for number, each in enumerate(rooms)}
        pauses = (
            Box(times.block_name(each), self._span(each, each), row=at[row])
            for row, each in enumerate(blocks)
            if each.kind is BlockKind.BREAK
        )
        boxes = (
            self._box(blocks[row : row + count], session, room, columns, at[row], len({at[each] for each in _rows}))
            for row, count, session, room in placed
            for _rows in [range(row, row + count)]
        )
        return Picture(
            _("{day}", day=day),
            Grid(
                _("Time"),
                tuple(Raw(each.name) for each in rooms),
                tuple(self._span(blocks[row], blocks[row]) for row in used),
                tuple(sorted(chain(pauses, boxes), key=lambda box: (box.row, box.column or 0))),
            ),
        )

    def _placed(self, blocks: Sequence[Block], spots: Spots) -> list[tuple[int, int, SymposiumSession, int]]:
        """Of one day: in which row a session begins, over how many, which it is, and in which room."""
        rows = {each.id: number for number, each in enumerate(blocks)}
        return [
            (rows[block], min(each.blocks, len(blocks) - rows[block]), each, room)
            for each in self.sessions
            for block, room in [spots.get(each.id, (0, 0))]
            if block in rows
        ]

    def _box(
        self,
        blocks: Sequence[Block],
        session: SymposiumSession,
        room: int,
        columns: Mapping[int, int],
        row: int,
        rows: int,
    ) -> Box:
        is_plenary = session.kind is SessionKind.PLENARY
        name = next((Raw(each.name) for each in self._rooms if each.id == room), None)
        track = next((each for each in self._tracks if each.id == session.track_id), None)
        people = self._people.get(session.id)
        lines: list[Text] = [name] if is_plenary and name is not None else []
        lines += [listed(people)] if people else []
        lines += [cards.track_name(track)] if track is not None else []
        return Box(
            sessions.title(session),
            self._span(blocks[0], blocks[-1]),
            tuple(lines),
            None if is_plenary else columns.get(room),
            row,
            rows,
            0 if is_plenary else NO_TRACK if track is None else 1 + self._tracks.index(track) % TRACKS,
        )

    def _span(self, first: Block, last: Block) -> Phrase:
        return times.span(self._symposium, first.starts_at, last.ends_at)


def _speakers(session: Session, those: Sequence[SymposiumSession]) -> dict[int, list[Text]]:
    """By session, the names of those who have said that they speak or chair."""
    found = session.execute(
        select(SessionPart.session_id, SessionPart.person_id)
        .where(SessionPart.session_id.in_([each.id for each in those]), SessionPart.agreed == Agreed.YES)
        .where(SessionPart.part.in_(SPEAKING))
        .order_by(SessionPart.id)
    ).all()
    names = called(session, {row.person_id for row in found})
    made: dict[int, list[Text]] = {}
    for row in found:
        made.setdefault(row.session_id, []).append(names[row.person_id])
    return made


def turn_days(command: str, day: int, count: int, **args: int) -> tuple[Button, ...]:
    before = (Button(_("The day before"), command, {**args, "day": day - 1}),) if day > 0 else ()
    after = (Button(_("The next day"), command, {**args, "day": day + 1}),) if day + 1 < count else ()
    return before + after
