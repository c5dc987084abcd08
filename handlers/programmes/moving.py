"""Changing a programme by hand: two sessions swapped, one moved, a room lost; tried first, with what it breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _, ngettext
from db.programmes import RoomClosed
from db.symposia import SessionState, Symposium, SymposiumRoom, SymposiumSession
from handlers.paging import PAGE, turn_pages
from handlers.symposia import cards, lists, making, sessions, speaking, times, venue
from handlers.symposia.room import ON_SESSION
from scheduling.programme import Place, compare

from . import asking, mending, showing, telling, words
from . import making as solving
from .room import of, programmes, runs, wishes_of

WHEN = 300


class _Ahead(Form):
    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        making.must_be_ahead(bound["symposium"])


@programmes.form("swap", _("Swap two sessions"), allow=runs)
class Swap(_Ahead):
    """Each takes the other's place. What that breaks is shown first."""

    review = False
    symposium: Symposium = ask.about()
    session: int = ask.pick(_("Which session?"), options=sessions.session_options)
    other: int = ask.pick(_("With which other?"), options=sessions.session_options)

    def submit(self, ctx: Context) -> Screen:
        one, other = (_placed(ctx, self.symposium, each) for each in (self.session, self.other))
        if one.id == other.id:
            raise Refusal(_("Please choose another one."), field="other")
        return tried(ctx, self.symposium, one, other.block_id or 0, other.room_id or 0, other.id)


def free_options(ctx: Context, query: str) -> Sequence[Option]:
    """Where nothing else is then, in order of time."""
    symposium = ctx.session.get(Symposium, ctx.bound.get("symposium", 0))
    key = asking.session_key(ctx.bound.get("session", 0))
    if symposium is None:
        return ()
    problem = asking.problem_of(ctx, symposium)
    if key not in problem.session:
        return ()
    names = words.Names(ctx.session, symposium, problem)
    places = asking.places_of(problem, lists.sessions_of(ctx.session, symposium))
    offered = [
        Option(f"{each.block}-{each.room}", names.place(each)) for each in asking.free_places(problem, places, key)
    ]
    wanted, say = query.strip().casefold(), ctx.words_for(ctx.who)
    return [each for each in offered if not wanted or each.value == wanted or wanted in say(each.label).casefold()]


@programmes.form("move_to", _("Move the session"), allow=runs)
class Move(_Ahead):
    """To a place that is free. What that breaks is shown first."""

    review = False
    symposium: Symposium = ask.about()
    session: SymposiumSession = ask.about()
    place: str = ask.pick(_("Where to?"), options=free_options, hint=_("Type a day, a time or a room."))

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        of(bound["symposium"], bound["session"])
        sessions.must_be_planned(bound["symposium"], bound["session"])

    def submit(self, ctx: Context) -> Screen:
        block, _dash, room = self.place.partition("-")
        return tried(ctx, self.symposium, self.session, asking.id_of(block), asking.id_of(room))


@programmes.command("move", _("Move a session"), allow=runs)
def move(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """Which one?"""
    making.must_be_ahead(symposium)
    found = lists.sessions_of(ctx.session, symposium)
    rows = tuple(
        Row(
            sessions.title(each),
            sessions.line(ctx, symposium, each),
            (button(_("Move it"), "programmes.move_to", symposium=symposium.id, session=each.id),),
        )
        for each in found[page * PAGE : (page + 1) * PAGE]
    )
    return Screen(
        _("Which session is to be moved?"),
        (cards.title(symposium),),
        rows=rows,
        buttons=(*turn_pages("programmes.move", page, len(found), symposium=symposium.id), _back(symposium)),
    )


def tried(
    ctx: Context, symposium: Symposium, session: SymposiumSession, block: int, room: int, other_id: int = 0
) -> Screen:
    """What it would break, mend and cost, whom it would touch; and the button that keeps it."""
    problem = asking.problem_of(ctx, symposium, wishes=wishes_of(ctx.session, symposium))
    old = asking.places_of(problem, lists.sessions_of(ctx.session, symposium))
    new = _with(ctx, symposium, old, session, block, room, other_id)
    for key, place in new.items():
        if place.block not in problem.block:
            raise Refusal(_("There are not as many times in a row as it takes: {title}", title=_title(ctx, key)))
    names = words.Names(ctx.session, symposium, problem)
    found = compare(problem, old, new)
    lines = [mending.move_line(names, key, old.get(key), place) for key, place in new.items() if old.get(key) != place]
    people = {
        each
        for key, place in new.items()
        if old.get(key) != place
        for each in telling.touched(ctx.session, ctx.session.get_one(SymposiumSession, asking.id_of(key)))
    }
    keep = Button(
        _("Keep it so") if not found.breaks else _("Keep it so all the same"),
        "programmes.keep",
        {
            "symposium": symposium.id,
            "session": session.id,
            "block": block,
            "room": room,
            "other": other_id,
            "programme": symposium.programme,
        },
        Style.DANGER if found.breaks else Style.PRIMARY,
    )
    return Screen(
        _("This is what would become of it. Nothing is changed yet."),
        (
            cards.title(symposium),
            *lines,
            *words.difference(names, found),
            *(mending.whom(names, people - {ctx.who.id}) if symposium.programme > 0 else ()),
        ),
        buttons=(keep, Button(_("Leave it as it is"), "programmes.show", {"symposium": symposium.id})),
    )


@programmes.command("keep", _("Keep it so"), allow=runs)
def keep(
    ctx: Context,
    symposium: Symposium,
    session: SymposiumSession,
    block: int,
    room: int,
    other: int = 0,
    programme: int = 0,
) -> Screen:
    """The sessions stand there; of a programme that is out, everybody it touches is told."""
    of(symposium, session)
    sessions.must_be_planned(symposium, session)
    if symposium.programme != programme:
        raise Refusal(_("The programme has changed since. Please try it again."))
    problem = asking.problem_of(ctx, symposium)
    old = asking.places_of(problem, lists.sessions_of(ctx.session, symposium))
    new = _with(ctx, symposium, old, session, block, room, other)
    if any(each.block not in problem.block or each.room not in problem.room for each in new.values()):
        raise Refusal(_("The programme has changed since. Please try it again."))
    count = mending.settle(ctx, symposium, {key: place for key, place in new.items() if old.get(key) != place})
    if symposium.programme == 0:
        return showing.programme_screen(ctx, symposium, _("Changed."))
    lead = ngettext("Changed. {count} person is being told.", "Changed. {count} people are being told.", count)
    return showing.programme_screen(ctx, symposium, lead)


def _with(
    ctx: Context,
    symposium: Symposium,
    old: Mapping[str, Place],
    session: SymposiumSession,
    block: int,
    room: int,
    other_id: int,
) -> dict[str, Place]:
    """All places after the change."""
    made = dict(old)
    made[asking.session_key(session.id)] = Place(asking.run_key(block, session.blocks), asking.room_key(room))
    if other_id:
        other = _placed(ctx, symposium, other_id)
        back = Place(asking.run_key(session.block_id or 0, other.blocks), asking.room_key(session.room_id or 0))
        made[asking.session_key(other.id)] = back
    return made


def _placed(ctx: Context, symposium: Symposium, session_id: int) -> SymposiumSession:
    """One of its sessions that takes place and has a place. Raises Refusal for any other."""
    found = ctx.session.get(SymposiumSession, session_id)
    if found is None or found.symposium_id != symposium.id or found.state is not SessionState.PLANNED:
        raise Refusal(_("Please choose one of the answers offered."))
    if not found.is_placed:
        raise Refusal(_("It has no place yet: {title}", title=sessions.title(found)))
    return found


def _title(ctx: Context, key: str) -> Raw:
    return sessions.title(ctx.session.get_one(SymposiumSession, asking.id_of(key)))


def _back(symposium: Symposium) -> Button:
    return button(_("Programme"), "programmes.show", symposium=symposium.id)


def on_session(ctx: Context, symposium: Symposium, session: SymposiumSession) -> tuple[Button, ...]:
    """Among what whoever runs it can do with a session."""
    is_open = symposium.is_run_by(ctx.who) and symposium.state in cards.AHEAD
    if not is_open or session.state is not SessionState.PLANNED:
        return ()
    about = {"symposium": symposium.id, "session": session.id}
    swap = (Button(_("Swap it with another"), "programmes.swap", about),) if session.is_placed else ()
    return (Button(_("Move it"), "programmes.move_to", about), *swap)


ON_SESSION.append(on_session)


# Rooms that are lost


@programmes.command("closed_rooms", _("Rooms that cannot be had"), allow=runs)
def closed_rooms(ctx: Context, symposium: Symposium) -> Screen:
    return _closed_screen(ctx, symposium)


def _closed_screen(ctx: Context, symposium: Symposium, lead: Phrase | None = None) -> Screen:
    its = (
        select(RoomClosed, SymposiumRoom)
        .join(SymposiumRoom, SymposiumRoom.id == RoomClosed.room_id)
        .where(SymposiumRoom.symposium_id == symposium.id)
        .order_by(RoomClosed.starts_at, RoomClosed.id)
    )
    rows = tuple(
        Row(
            Raw(room.name),
            _(
                "{from_day}, {start} to {to_day}, {end}",
                from_day=times.day_of(symposium, closed.starts_at),
                start=_clock(symposium, closed.starts_at),
                to_day=times.day_of(symposium, closed.ends_at - timedelta(microseconds=1)),
                end=_clock(symposium, closed.ends_at),
            ),
            (button(_("It can be had again"), "programmes.open_room", symposium=symposium.id, room=room.id),),
        )
        for closed, room in ctx.session.execute(its)
    )
    return Screen(
        lead or _("Rooms of {ref} that cannot be had", ref=Code(symposium.ref)),
        (cards.title(symposium), *(() if rows else (_("All of them can be had."),))),
        rows=rows,
        buttons=(
            button(_("A room cannot be had"), "programmes.close_room", style=Style.PRIMARY, symposium=symposium.id),
            _back(symposium),
        ),
    )


def _clock(symposium: Symposium, at: datetime) -> time:
    return at.astimezone(ZoneInfo(symposium.zone)).time()


@programmes.form("close_room", _("A room cannot be had"), allow=runs)
class Close(_Ahead):
    """Nothing takes place there then. Of a programme that is out, the least change is looked for at once."""

    symposium: Symposium = ask.about()
    room: int = ask.pick(_("Which room?"), options=sessions.room_options)
    words: str | None = ask.line(
        _("When can it not be had?"),
        max=WHEN,
        optional=True,
        hint=_("Days, with hours if it is not all day: 2 March 09:00–12:00; 3 March. Left out: never."),
    )

    def submit(self, ctx: Context) -> Screen:
        if self.room not in {each.id for each in venue.rooms_of(ctx.session, self.symposium)}:
            raise Refusal(_("Please choose one of the answers offered."), field="room")
        found = speaking.read_away(ctx, self.symposium, self.words) or [_always(self.symposium)]
        for starts_at, ends_at in found:
            ctx.session.add(RoomClosed(room_id=self.room, starts_at=starts_at, ends_at=ends_at))
        ctx.session.flush()
        if solving.mend_if_broken(ctx, self.symposium):
            return Screen(
                _("Noted. The least change to the programme is being looked for."),
                (cards.title(self.symposium), _("A message shows how far it is; the result comes in another.")),
                buttons=(_back(self.symposium),),
            )
        return _closed_screen(ctx, self.symposium, _("Noted."))


def _always(symposium: Symposium) -> tuple[datetime, datetime]:
    begins = making.instant(symposium.first_day, time(0), symposium.zone)
    return begins, making.instant(symposium.last_day + timedelta(days=1), time(0), symposium.zone)


@programmes.command("open_room", _("It can be had again"), allow=runs)
def open_room(ctx: Context, symposium: Symposium, room: SymposiumRoom) -> Screen:
    of(symposium, room)
    ctx.session.execute(delete(RoomClosed).where(RoomClosed.room_id == room.id))
    return _closed_screen(ctx, symposium, _("Noted."))
