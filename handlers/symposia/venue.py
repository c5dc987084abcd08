"""The rooms of a symposium, several typed at once, and its tracks: by sector, by the twelve methods, or by name."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.forms import Form, ask
from bot.kit.screen import NotFound, Refusal, Row, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, _, listed, ngettext
from db.calls import Proposal
from db.people import Sector
from db.symposia import Equipment, Symposium, SymposiumRoom, SymposiumSession, SymposiumState, Track
from handlers.paging import PAGE, turn_pages

from . import cards, patterns
from .making import must_be_ahead
from .room import METHODS, WHEN_RESIZED, of, runs, symposia

ROOMS = 600
SECTOR, METHOD = "sector", "method"
MOST_TRACKS, TRACK = 30, 60


def rooms_of(session: Session, symposium: Symposium) -> list[SymposiumRoom]:
    """The largest first."""
    its = select(SymposiumRoom).where(SymposiumRoom.symposium_id == symposium.id)
    return list(session.scalars(its.order_by(SymposiumRoom.capacity.desc(), SymposiumRoom.id)))


def room_line(room: SymposiumRoom) -> Phrase:
    has = [Equipment(each) for each in room.equipment]
    size = cards.places(room.capacity)
    if has and room.building:
        return _("{size} · {has} · {building}", size=size, has=listed(has), building=Raw(room.building))
    if has:
        return _("{size} · {has}", size=size, has=listed(has))
    return _("{size} · {building}", size=size, building=Raw(room.building)) if room.building else size


@symposia.command("rooms", _("Rooms"), allow=runs)
def rooms(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """What there is at the venue."""
    return rooms_screen(ctx, symposium, None, page=page)


def rooms_screen(ctx: Context, symposium: Symposium, lead: Phrase | None, *, page: int = 0) -> Screen:
    found = rooms_of(ctx.session, symposium)
    rows = tuple(
        Row(
            Raw(each.name),
            room_line(each),
            (button(_("Take it away"), "symposia.room_off", symposium=symposium.id, room=each.id),),
        )
        for each in found[page * PAGE : (page + 1) * PAGE]
    )
    return Screen(
        lead or _("Rooms of {ref}", ref=Code(symposium.ref)),
        (cards.title(symposium),) if found else (cards.title(symposium), _("None has been named yet.")),
        rows=rows,
        buttons=(
            button(_("Add rooms"), "symposia.add_rooms", style=Style.PRIMARY, symposium=symposium.id),
            *turn_pages("symposia.rooms", page, len(found), symposium=symposium.id),
            cards.back(symposium),
        ),
    )


@symposia.form("add_rooms", _("Add rooms"), allow=runs)
class AddRooms(Form):
    """Several in one go; one that is there already is changed."""

    review = False
    symposium: Symposium = ask.about()
    rooms: str = ask.prose(
        _("Which rooms are there, and how many does each hold?"),
        max=ROOMS,
        hint=_(
            "One a line, or between commas: Main hall 300, Room B 40 interpretation (Annex). A room may have"
            " interpretation, hybrid, step-free, projection; its building stands in brackets."
        ),
    )

    def submit(self, ctx: Context) -> Screen:
        must_be_ahead(self.symposium)
        named = patterns.equipment_names(ctx.words_for(ctx.who))
        said = patterns.read_rooms(self.rooms, named=named, name="rooms")
        known = {each.name.casefold(): each for each in rooms_of(ctx.session, self.symposium)}
        if len(known.keys() | {each.name.casefold() for each in said}) > patterns.MOST_ROOMS:
            raise Refusal(_("Please name from 1 to {most} rooms.", most=patterns.MOST_ROOMS), field="rooms")
        for each in said:
            room = known.get(each.name.casefold())
            if room is None:
                room = SymposiumRoom(administration_id=self.symposium.administration_id, symposium_id=self.symposium.id)
                ctx.session.add(room)
            room.name, room.capacity, room.building = each.name, each.capacity, each.building
            room.equipment = [thing.value for thing in each.equipment]
        ctx.session.flush()
        for tell in WHEN_RESIZED:
            tell(ctx, self.symposium)
        lead = ngettext("{count} room is noted.", "{count} rooms are noted.", len(said))
        return rooms_screen(ctx, self.symposium, lead)


@symposia.command("room_off", _("Take the room away"), allow=runs)
def room_off(ctx: Context, symposium: Symposium, room: SymposiumRoom) -> Screen:
    """Sessions that had it have no place any longer; not of a programme that is out."""
    of(symposium, room)
    must_be_ahead(symposium)
    held = SymposiumSession.room_id == room.id
    if symposium.state is SymposiumState.PUBLISHED and ctx.session.scalar(select(SymposiumSession.id).where(held)):
        raise Refusal(_("Sessions of the programme that is out take place there."))
    ctx.session.execute(update(SymposiumSession).where(held).values(room_id=None, is_locked=False))
    ctx.session.expire_all()
    ctx.session.delete(room)
    ctx.session.flush()
    return rooms_screen(ctx, symposium, _("Taken away."))


# Tracks


@symposia.command("tracks", _("Tracks"), allow=runs)
def tracks(ctx: Context, symposium: Symposium) -> Screen:
    """The strands there are, and where others come from."""
    return tracks_screen(ctx, symposium, None)


def tracks_screen(ctx: Context, symposium: Symposium, lead: Phrase | None) -> Screen:
    found = cards.tracks_of(ctx.session, symposium)
    rows = tuple(
        Row(
            cards.track_name(each),
            None,
            (button(_("Take it away"), "symposia.track_off", symposium=symposium.id, track=each.id),),
        )
        for each in found
    )
    return Screen(
        lead or _("Tracks of {ref}", ref=Code(symposium.ref)),
        (cards.title(symposium),) if found else (cards.title(symposium), _("There is none yet; none is needed.")),
        rows=rows,
        buttons=(
            button(_("Of a sector"), "symposia.offered", symposium=symposium.id, kind=SECTOR),
            button(_("Of a guidance method"), "symposia.offered", symposium=symposium.id, kind=METHOD),
            button(_("By a name of its own"), "symposia.track", symposium=symposium.id),
            cards.back(symposium),
        ),
    )


@symposia.command("offered", _("Tracks to choose from"), allow=runs)
def offered(ctx: Context, symposium: Symposium, kind: str, page: int = 0) -> Screen:
    """All sectors, or the twelve methods of the guidance: each is taken with one tap."""
    return _offered(ctx, symposium, kind, page)


def _offered(ctx: Context, symposium: Symposium, kind: str, page: int) -> Screen:
    choices = _choices(kind)
    has = {_key(each) for each in cards.tracks_of(ctx.session, symposium)}
    rows = tuple(
        Row(
            what,
            _("It is a track.") if key in has else None,
            ()
            if key in has
            else (button(_("Take it"), "symposia.track_on", symposium=symposium.id, kind=kind, key=key, page=page),),
        )
        for key, what in choices[page * PAGE : (page + 1) * PAGE]
    )
    return Screen(
        _("Which of these are tracks?"),
        (cards.title(symposium),),
        rows=rows,
        buttons=(
            button(_("Tracks"), "symposia.tracks", symposium=symposium.id),
            *turn_pages("symposia.offered", page, len(choices), symposium=symposium.id, kind=kind),
        ),
    )


@symposia.command("track_on", _("Take a track"), allow=runs)
def track_on(ctx: Context, symposium: Symposium, kind: str, key: str, page: int = 0) -> Screen:
    must_be_ahead(symposium)
    known = dict(_choices(kind))
    if key not in known:
        raise NotFound()
    if key not in {_key(each) for each in cards.tracks_of(ctx.session, symposium)}:
        if kind == SECTOR:
            _add(ctx, symposium, key, sector=Sector(key))
        else:
            _add(ctx, symposium, known[key].source, method=int(key))
    return _offered(ctx, symposium, kind, page)


def _choices(kind: str) -> list[tuple[str, Phrase]]:
    if kind == SECTOR:
        return [(each.value, _("{sector}", sector=each)) for each in Sector]
    return [(str(number), what) for number, what in enumerate(METHODS, 1)]


def _key(track: Track) -> str:
    return track.sector.value if track.sector is not None else str(track.method or "")


def _add(
    ctx: Context, symposium: Symposium, title: str, *, sector: Sector | None = None, method: int | None = None
) -> None:
    if len(cards.tracks_of(ctx.session, symposium)) >= MOST_TRACKS:
        raise Refusal(_("A symposium has at most {count} tracks.", count=MOST_TRACKS))
    ctx.session.add(
        Track(
            administration_id=symposium.administration_id,
            symposium_id=symposium.id,
            title=title,
            sector=sector,
            method=method,
        )
    )
    ctx.session.flush()


@symposia.form("track", _("A track by its own name"), allow=runs)
class Named(Form):
    review = False
    symposium: Symposium = ask.about()
    title: str = ask.line(_("What is the track called?"), max=TRACK, hint=_("Everybody who sees it reads this."))

    def submit(self, ctx: Context) -> Screen:
        must_be_ahead(self.symposium)
        _add(ctx, self.symposium, self.title)
        return tracks_screen(ctx, self.symposium, _("It is a track now."))


@symposia.command("track_off", _("Take the track away"), allow=runs)
def track_off(ctx: Context, symposium: Symposium, track: Track) -> Screen:
    """Sessions and proposals that were in it are in none."""
    of(symposium, track)
    must_be_ahead(symposium)
    for table in (SymposiumSession, Proposal):
        ctx.session.execute(update(table).where(table.track_id == track.id).values(track_id=None))
    ctx.session.expire_all()
    ctx.session.delete(track)
    ctx.session.flush()
    return tracks_screen(ctx, symposium, _("Taken away."))
