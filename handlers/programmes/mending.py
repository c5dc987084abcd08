"""Sessions take their places; in a programme that is out, each that shifts is written down and told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.kit.context import Context
from bot.kit.text import Phrase, _, listed, ngettext
from db.programmes import ProgrammeDraft, SessionShift, Shifted
from db.symposia import Symposium, SymposiumRoom, SymposiumSession
from handlers.symposia import lists
from scheduling.programme import Place, Places

from . import asking, telling, words

NO_CHANGES: Mapping[str, Any] = {"sessions": [], "least": False}


def settle(ctx: Context, symposium: Symposium, places: Places) -> int:
    """Let the sessions be there. Of a programme that is out whoever is touched is told; how many people."""
    is_out = symposium.programme > 0
    planned = lists.sessions_of(ctx.session, symposium)
    runs = asking.runs_of(ctx.session, symposium, {each.blocks for each in planned})
    told: set[int] = set()
    shifts = []
    for each in planned:
        place = places.get(asking.session_key(each.id))
        if place is None or not _is_elsewhere(each, place, is_out=is_out):
            continue
        before = ctx.session.get(SymposiumRoom, each.room_id) if each.room_id is not None else None
        each.block_id, each.room_id = asking.id_of(place.block), asking.id_of(place.room)
        if is_out:
            shifts.append((each, _shift(ctx, each, runs[place.block], before.name if before is not None else None)))
    ctx.session.flush()
    if shifts:
        symposium.publish(at=ctx.now)
        ctx.session.flush()
    for each, shift in shifts:
        told |= telling.shifted(ctx, symposium, each, shift)
    return len(told)


def _is_elsewhere(each: SymposiumSession, place: Place, *, is_out: bool) -> bool:
    there = each.block_id == asking.id_of(place.block) and each.room_id == asking.id_of(place.room)
    return not there or (is_out and each.starts_at is None)


def _shift(ctx: Context, each: SymposiumSession, run: asking.Run, before_room: str | None) -> SessionShift:
    """It is at another time or in another room: what calendars know of it rises."""
    before_at = each.starts_at
    what = Shifted.PLACED if before_at is None else Shifted.ROOM if before_at == run.starts_at else Shifted.MOVED
    each.starts_at, each.ends_at = run.starts_at, run.ends_at
    if what is Shifted.PLACED:
        each.touch(ctx.now)  # nobody had it in a calendar
    else:
        each.rise(ctx.now)
    shift = SessionShift(
        administration_id=each.administration_id,
        symposium_id=each.symposium_id,
        session_id=each.id,
        what=what,
        sequence=each.sequence,
        before_at=before_at,
        before_room=before_room if what is not Shifted.PLACED else None,
        by_id=ctx.who.id,
        at=ctx.now,
    )
    ctx.session.add(shift)
    return shift


def told(ctx: Context, symposium: Symposium, draft: ProgrammeDraft, names: words.Names) -> tuple[Phrase, ...]:
    """What of a programme that is out would move, and whom that touches."""
    found = (draft.answer or {}).get("changes") or NO_CHANGES
    moved = found["sessions"]
    if not moved:
        return (_("No session moves."),)
    proved = (_("It is proved that less would not do."),) if found["least"] else ()
    count = ngettext("{count} session moves:", "{count} sessions move:", len(moved))
    people: set[int] = set()
    lines = []
    by_key = {asking.session_key(each.id): each for each in lists.sessions_of(ctx.session, symposium)}
    for each in moved:
        if each["session"] in by_key:
            people |= telling.touched(ctx.session, by_key[each["session"]])
        lines.append(move_line(names, each["session"], Place.from_json(each["old"]), Place.from_json(each["new"])))
    return (*proved, count, *words.cut(lines), *whom(names, people))


def move_line(names: words.Names, session: str, old: Place | None, new: Place) -> Phrase:
    """From where to where."""
    if old is None:
        return _("“{session}”: to {new}", session=names.session(session), new=names.place(new))
    return _(
        "“{session}”: from {old} to {new}", session=names.session(session), old=names.place(old), new=names.place(new)
    )


def whom(names: words.Names, people: set[int]) -> tuple[Phrase, ...]:
    """How many people are told, by name those who are needed."""
    if not people:
        return (_("It touches nobody."),)
    count = ngettext(
        "It touches {count} person, who will be told.", "It touches {count} people, who will be told.", len(people)
    )
    needed = [names.person(asking.person_key(each)) for each in sorted(people) if names.knows(asking.person_key(each))]
    return (count, *((_("Among them: {names}.", names=listed(needed[: words.MOST])),) if needed else ()))
