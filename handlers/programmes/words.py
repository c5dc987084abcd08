"""What a programme breaks, misses and costs, in words, with the names of sessions, rooms and people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.kit.screen import Table
from bot.kit.text import Code, Phrase, Raw, Text, _, listed, ngettext
from db.people import Sector
from db.symposia import Equipment, Symposium, SymposiumRoom, SymposiumSession
from handlers.people.naming import called
from handlers.symposia import sessions, times
from scheduling.programme import PARTS, Broken, Demand, Difference, Kind, Missed, Place, Problem

from . import asking

MOST = 8  # lines of one kind shown; more are counted
NOBODY = _("somebody")
PART_NAMES: Mapping[str, Phrase] = {
    "wishes": _("Wishes that cannot both come true"),
    "popular": _("People beyond what a room holds"),
    "waste": _("Seats that stay empty"),
    "tracks": _("Tracks in several rooms, or against themselves"),
    "hours": _("Hours of those who take part from afar"),
    "day": _("Waiting between one's own sessions"),
}


class Names:
    """What the keys of a question are called. Read once, for a whole screen."""

    def __init__(self, session: Session, symposium: Symposium, problem: Problem) -> None:
        self._symposium = symposium
        self._problem = problem
        its = SymposiumSession.symposium_id == symposium.id
        self._sessions = {each.id: each for each in session.scalars(select(SymposiumSession).where(its))}
        self._blocks = {each.id: each for each in times.blocks_of(session, symposium)}
        rooms = select(SymposiumRoom).where(SymposiumRoom.symposium_id == symposium.id)
        self._rooms = {each.id: each.name for each in session.scalars(rooms)}
        self._people = called(session, {asking.id_of(each.key) for each in problem.people})

    def session(self, key: str) -> Text:
        found = self._sessions.get(asking.id_of(key))
        return sessions.title(found) if found is not None else Code(key)

    def person(self, key: str) -> Text:
        return self._people.get(asking.id_of(key), NOBODY)

    def knows(self, key: str) -> bool:
        """Whether that person is needed in a session."""
        return asking.id_of(key) in self._people

    def room(self, key: str) -> Text:
        return Raw(self._rooms.get(asking.id_of(key), key))

    def time(self, key: str) -> Phrase:
        """A run, or a break: its day, and from when to when."""
        first = self._blocks.get(asking.id_of(key))
        if first is None:
            return _("a time that is no more")
        end = self._problem.block[key].end if key in self._problem.block else first.ends_at
        day = times.day_of(self._symposium, first.starts_at)
        return _("{day}, {span}", day=day, span=times.span(self._symposium, first.starts_at, end))

    def place(self, place: Place) -> Phrase:
        return _("{time}, {room}", time=self.time(place.block), room=self.room(place.room))

    def demand(self, demand: Demand) -> Phrase:
        """What has to hold, in words."""
        first = demand.ids[0]
        match demand.kind:
            case Kind.PLACED:
                return _("“{session}” has a place.", session=self.session(first))
            case Kind.LENGTH:
                return _("“{session}” has a time that is long enough.", session=self.session(first))
            case Kind.ONLY:
                return self._only(first)
            case Kind.LOCKED:
                return _("“{session}” stays where it is.", session=self.session(first))
            case Kind.CAPACITY:
                return ngettext(
                    "“{session}” has a room for {count} person.",
                    "“{session}” has a room for {count} people.",
                    self._problem.session[first].expected,
                    session=self.session(first),
                )
            case Kind.EQUIPMENT:
                needs = listed([Equipment(each) for each in self._problem.session[first].needs])
                return _("The room of “{session}” has this: {needs}.", session=self.session(first), needs=needs)
            case Kind.CLOSED:
                return _("Nothing is in {room} while it cannot be had.", room=self.room(first))
            case Kind.BREAK:
                return _("Nothing takes place in the break: {time}.", time=self.time(first))
            case Kind.AVAILABLE:
                return _("{name} is needed only when they can be there.", name=self.person(first))
            case Kind.ROOM:
                return _("In {room} there is one session at a time.", room=self.room(first))
            case Kind.PERSON:
                return _("{name} is in one place at a time.", name=self.person(first))
            case Kind.WALK:
                return _("{name} has time to get from one building to the other.", name=self.person(first))
            case Kind.PER_DAY:
                return _("{name} is not in more sessions a day than they may be.", name=self.person(first))
            case Kind.PLENARY:
                return _("Nothing else takes place during the plenary “{session}”.", session=self.session(first))
            case Kind.AFTER:
                return _(
                    "“{session}” comes after “{before}”.",
                    session=self.session(first),
                    before=self.session(demand.ids[1]),
                )
            case Kind.SECTOR:
                return _("Sessions for one sector do not overlap: {sector}.", sector=Sector(first))
            case Kind.DOCUMENT:
                return _("Sessions on “{document}” do not overlap.", document=Raw(first))
            case Kind.REPEAT:
                return _("“{session}” and its repeat are at different times.", session=self.session(first))

    def _only(self, key: str) -> Phrase:
        if self._problem.session[key].plenary:
            return _("“{session}” is at a time for plenaries.", session=self.session(key))
        return _("“{session}” is at a time for sessions.", session=self.session(key))

    def broken(self, each: Broken) -> Phrase:
        """A demand that is not kept, with the sessions at fault where it does not name them itself."""
        at_fault = [key for key in dict.fromkeys(each.sessions) if key not in each.demand.ids]
        if not at_fault:
            return self.demand(each.demand)
        return _(
            "{demand} ({sessions})", demand=self.demand(each.demand), sessions=listed([*map(self.session, at_fault)])
        )

    def missed(self, each: Missed) -> Phrase:
        one, other = map(self.session, each.sessions)
        return ngettext(
            "{count} person wants both “{one}” and “{other}”, which are at the same time.",
            "{count} people want both “{one}” and “{other}”, which are at the same time.",
            each.people,
            one=one,
            other=other,
        )


def broken_from_json(data: Iterable[Mapping[str, Any]]) -> list[Broken]:
    return [Broken(Demand.from_json(dict(each)), tuple(each["sessions"])) for each in data]


def demands_from_json(data: Iterable[Mapping[str, Any]]) -> list[Demand]:
    return [Demand.from_json(dict(each)) for each in data]


def cut(lines: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """As many as are read, and how many more there are."""
    more = len(lines) - MOST
    rest = (ngettext("And {count} more.", "And {count} more.", more),) if more > 0 else ()
    return (*lines[:MOST], *rest)


def score_table(parts: Mapping[str, int]) -> Table:
    """What it costs, part by part; less is better."""
    rows = tuple((PART_NAMES[part], parts.get(part, 0)) for part in PARTS)
    return Table(_("What it costs"), (_("What"), _("Points")), (*rows, (_("Altogether"), sum(parts.values()))))


def difference(names: Names, found: Difference) -> tuple[Phrase, ...]:
    """What a change by hand breaks, mends and costs."""
    lines: list[Phrase] = []
    if found.breaks:
        lines += [_("It breaks this:"), *cut([names.broken(each) for each in found.breaks])]
    else:
        lines.append(_("It breaks nothing."))
    if found.mends:
        lines += [_("It mends this:"), *cut([names.broken(each) for each in found.mends])]
    costs = [_part(part, points) for part, points in found.parts.items() if points]
    if costs:
        lines.append(_("In points, where less is better: {parts}.", parts=listed(costs)))
    else:
        lines.append(_("It costs no points more or less."))
    return tuple(lines)


def _part(part: str, points: int) -> Phrase:
    if points > 0:
        return _("{part}: {points} more", part=PART_NAMES[part], points=points)
    return _("{part}: {points} less", part=PART_NAMES[part], points=-points)
