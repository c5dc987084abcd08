"""The sessions of a symposium: made by hand or from a proposal, described, sized, placed, repeated and put in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from bot.kit.context import Context
from bot.kit.forms import Form, Option, ask
from bot.kit.screen import Button, Fact, Quote, Refusal, Row, Scalar, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, Text, _, listed, ngettext
from db.calls import Interest, Proposal
from db.people import Sector
from db.symposia import (
    Agreed,
    Block,
    BlockKind,
    Equipment,
    SessionKind,
    SessionPart,
    SessionState,
    Symposium,
    SymposiumRoom,
    SymposiumSession,
    SymposiumState,
    Track,
)
from handlers.paging import PAGE, turn_pages
from handlers.people.naming import called

from . import cards, lists, origins, patterns, times
from .making import must_be_ahead
from .room import (
    ON_SESSION,
    WHEN_SESSION_CHANGED,
    members,
    of,
    runs,
    symposia,
)

TITLE, ABSTRACT, NEEDS, MOST_BLOCKS, MOST_PEOPLE = 120, 1500, 120, 8, 20_000
NONE: Mapping[str, Scalar] = {}
NEEDS_HINT = _("Of these: interpretation, hybrid, step-free, projection.")


@symposia.command("sessions", _("Sessions"), allow=members)
def sessions(ctx: Context, symposium: Symposium, page: int = 0) -> Screen:
    """What takes place, plenaries first."""
    return sessions_screen(ctx, symposium, None, page=page)


def sessions_screen(ctx: Context, symposium: Symposium, lead: Phrase | None, *, page: int = 0) -> Screen:
    found = sorted(
        lists.sessions_of(ctx.session, symposium), key=lambda each: (each.kind is SessionKind.BREAKOUT, each.id)
    )
    rows = tuple(
        Row(
            title(each),
            line(ctx, symposium, each),
            (button(_("Open"), "symposia.session", symposium=symposium.id, session=each.id),),
        )
        for each in found[page * PAGE : (page + 1) * PAGE]
    )
    runs_it = symposium.is_run_by(ctx.who)
    new = Button(
        _("Make a session"),
        "symposia.new_session",
        {"symposium": symposium.id, **cards.no_tracks(ctx.session, symposium)},
        Style.PRIMARY,
    )
    count = ngettext("{count} session", "{count} sessions", len(found))
    return Screen(
        lead or _("Sessions of {ref}", ref=Code(symposium.ref)),
        (cards.title(symposium), count if found else _("There is none yet.")),
        rows=rows,
        buttons=(
            *((new,) if runs_it and symposium.state in cards.AHEAD else ()),
            *turn_pages("symposia.sessions", page, len(found), symposium=symposium.id),
            cards.back(symposium),
        ),
    )


def title(session: SymposiumSession) -> Raw:
    return Raw(session.title, session.language)


def line(ctx: Context, symposium: Symposium, session: SymposiumSession) -> Phrase:
    """A session in one line: what it is, and where and when, once that is settled for whoever reads."""
    where = place_of(ctx, symposium, session) if _shows_place(ctx, symposium, session) else None
    if where is None:
        return _("{kind}", kind=session.kind)
    return _("{kind} · {where}", kind=session.kind, where=where)


def _shows_place(ctx: Context, symposium: Symposium, session: SymposiumSession) -> bool:
    """Before the programme is out only those who make it see where things stand."""
    return session.is_placed and (symposium.programme > 0 or symposium.is_run_by(ctx.who))


def place_of(ctx: Context, symposium: Symposium, session: SymposiumSession) -> Phrase | None:
    """When and where, on the venue's clocks."""
    block = ctx.session.get(Block, session.block_id) if session.block_id else None
    room = ctx.session.get(SymposiumRoom, session.room_id) if session.room_id else None
    if block is None or room is None:
        return None
    return _(
        "{day}, {span}, {room}",
        day=times.day_of(symposium, block.starts_at),
        span=times.span(symposium, block.starts_at, block.ends_at),
        room=Raw(room.name),
    )


def parts_of(ctx: Context, session: SymposiumSession, *agreed: Agreed) -> Sequence[SessionPart]:
    its = select(SessionPart).where(
        SessionPart.session_id == session.id, SessionPart.agreed.in_(agreed or tuple(Agreed))
    )
    return ctx.session.scalars(its.order_by(SessionPart.id)).all()


@symposia.command("session", _("Open a session"), allow=members, reads=runs)
def session_(ctx: Context, symposium: Symposium, session: SymposiumSession) -> Screen:
    of(symposium, session)
    return card(ctx, symposium, session)


def card(ctx: Context, symposium: Symposium, session: SymposiumSession, lead: Phrase | None = None) -> Screen:
    """A session for whoever asks: those who come to speak, what they have declared, where and when once that is out."""
    runs_it = symposium.is_run_by(ctx.who)
    abstract = (Quote(Raw(session.abstract, session.language)),) if session.abstract else ()
    interests = ctx.session.scalars(
        select(Interest).where(Interest.session_id == session.id).order_by(Interest.id)
    ).all()
    names = called(ctx.session, {each.person_id for each in interests})
    declared = tuple(
        Quote(Raw(each.words, each.language), label=_("{name} declares an interest", name=names[each.person_id]))
        for each in interests
    )
    return Screen(
        lead or title(session),
        (*((title(session),) if lead else ()), *abstract, *declared),
        tuple(each for each in _facts(ctx, symposium, session, runs_it) if each),
        buttons=(
            *(_run_buttons(ctx, symposium, session) if runs_it else ()),
            *(each for add in ON_SESSION for each in add(ctx, symposium, session)),
            button(_("Sessions"), "symposia.sessions", symposium=symposium.id),
        ),
    )


def _facts(ctx: Context, symposium: Symposium, session: SymposiumSession, runs_it: bool) -> tuple[Fact | None, ...]:
    origin = origins.of_session(ctx, session, runs_it=runs_it)
    track = ctx.session.get(Track, session.track_id) if session.track_id else None
    parts = parts_of(ctx, session) if runs_it else parts_of(ctx, session, Agreed.YES)
    names = called(ctx.session, {each.person_id for each in parts})

    def who(part: SessionPart) -> Phrase:
        if runs_it:
            return _("{name} ({part}: {agreed})", name=names[part.person_id], part=part.part, agreed=part.agreed)
        return _("{name} ({part})", name=names[part.person_id], part=part.part)

    return (
        Fact(_("State"), session.state) if session.state is SessionState.CANCELLED else None,
        Fact(_("Kind"), session.kind),
        Fact(_("Track"), cards.track_name(track)) if track else None,
        Fact(_("When and where"), place_of(ctx, symposium, session)) if _shows_place(ctx, symposium, session) else None,
        Fact(_("Stays where it is"), True) if runs_it and session.is_locked else None,
        Fact(_("Takes"), ngettext("{count} time in a row", "{count} times in a row", session.blocks))
        if session.blocks > 1
        else None,
        Fact(_("Speakers and others"), listed([who(each) for each in parts])) if parts else None,
        Fact(_("Needs"), listed([Equipment(each) for each in session.needs])) if session.needs else None,
        Fact(_("Expected"), session.expected) if runs_it and session.expected else None,
        Fact(_("Places"), session.seats) if session.seats else None,
        _other(ctx, session.repeats_id, _("Repeats")),
        _other(ctx, session.after_id, _("Comes after")),
        Fact(_("Comes from"), origin) if origin is not None else None,
    )


def _other(ctx: Context, session_id: int | None, label: Phrase) -> Fact | None:
    other = ctx.session.get(SymposiumSession, session_id) if session_id is not None else None
    return Fact(label, title(other)) if other is not None else None


def _run_buttons(ctx: Context, symposium: Symposium, session: SymposiumSession) -> tuple[Button, ...]:
    if symposium.state not in cards.AHEAD or session.state is SessionState.CANCELLED:
        return ()

    def does(label: Phrase, verb: str, style: Style = Style.PLAIN, args: Mapping[str, Scalar] = NONE) -> Button:
        return Button(label, f"symposia.{verb}", {"symposium": symposium.id, "session": session.id, **args}, style)

    as_it_is = {"title": session.title, "kind": session.kind.value} | (
        {"abstract": session.abstract} if session.abstract and len(session.abstract) <= ABSTRACT else {}
    )
    size = {
        "expected": str(session.expected),
        "seats": str(session.seats) if session.seats else None,
        "blocks": str(session.blocks),
        "needs": needs_words(session.needs),
    }
    unlocks = (does(_("Let it move"), "unlock"),) if session.is_locked else ()
    locks = (does(_("Keep it where it is"), "lock"),) if session.is_placed and not session.is_locked else ()
    return (
        does(_("Add a speaker"), "add_speaker", Style.PRIMARY),
        does(_("Describe it"), "describe_session", args={**as_it_is, **cards.no_tracks(ctx.session, symposium)}),
        does(_("Size and needs"), "size", args=size),
        *((does(_("Where and when"), "place"),) if symposium.state is not SymposiumState.PUBLISHED else ()),
        *locks,
        *unlocks,
        does(_("Give it twice"), "repeat"),
        does(_("Put it after another"), "after"),
        does(_("Cancel the session"), "cancel_session"),
    )


# Options: of the symposium that the form is about


def bound(ctx: Context) -> Symposium | None:
    """The symposium that the form being filled in is about, or its proposal, while whoever fills it in sees it."""
    proposed = select(Proposal.symposium_id).where(Proposal.id == ctx.bound.get("proposal", 0))
    its = Symposium.id.in_(proposed) if "proposal" in ctx.bound else Symposium.id == ctx.bound.get("symposium", 0)
    return ctx.session.scalar(select(Symposium).where(its, Symposium.visible_to(ctx.who)))


def track_options(ctx: Context, query: str) -> Sequence[Option]:
    symposium = bound(ctx)
    if symposium is None:
        return ()
    say = ctx.words_for(ctx.who)
    offered = [Option(str(each.id), _label(cards.track_name(each))) for each in cards.tracks_of(ctx.session, symposium)]
    return _matching(offered, query, say)


def session_options(ctx: Context, query: str) -> Sequence[Option]:
    symposium = bound(ctx)
    if symposium is None:
        return ()
    offered = [
        Option(str(each.id), title(each))
        for each in lists.sessions_of(ctx.session, symposium)
        if each.id != ctx.bound.get("session")
    ]
    return _matching(offered, query, ctx.words_for(ctx.who))


def room_options(ctx: Context, query: str) -> Sequence[Option]:
    found = ctx.session.scalars(
        select(SymposiumRoom)
        .where(SymposiumRoom.symposium_id == ctx.bound.get("symposium", 0), SymposiumRoom.visible_to(ctx.who))
        .order_by(SymposiumRoom.capacity.desc(), SymposiumRoom.id)
    )
    return _matching([Option(str(each.id), Raw(each.name)) for each in found], query, ctx.words_for(ctx.who))


def block_options(ctx: Context, query: str) -> Sequence[Option]:
    symposium = bound(ctx)
    if symposium is None:
        return ()
    offered = [
        Option(
            str(each.id),
            _(
                "{day}, {span}",
                day=times.day_of(symposium, each.starts_at),
                span=times.span(symposium, each.starts_at, each.ends_at),
            ),
        )
        for each in times.blocks_of(ctx.session, symposium)
        if each.kind is not BlockKind.BREAK
    ]
    return _matching(offered, query, ctx.words_for(ctx.who))


def _label(name: Text) -> Phrase | Raw:
    return name if isinstance(name, Phrase | Raw) else _("{what}", what=name)


def _matching(offered: Sequence[Option], query: str, say: Any) -> Sequence[Option]:
    """Those that have the words in them, or are named by their value; all where nothing is typed."""
    wanted = query.strip().casefold()
    return [each for each in offered if not wanted or each.value == wanted or wanted in say(each.label).casefold()]


# Made and described


@symposia.form("new_session", _("Make a session"), allow=runs)
class New(Form):
    """By hand: a plenary, or one that nobody proposed."""

    symposium: Symposium = ask.about()
    kind: SessionKind = ask.choice(_("Is it for everybody?"))
    title: str = ask.line(_("What is it about, in one line?"), max=TITLE, hint=_("Everybody who sees it reads this."))
    abstract: str | None = ask.prose(_("What happens there?"), max=ABSTRACT, optional=True)
    track: int | None = ask.pick(_("In which track?"), options=track_options, optional=True)

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        must_be_ahead(bound["symposium"])

    def submit(self, ctx: Context) -> Screen:
        made = make(ctx, self.symposium, kind=self.kind, title=self.title, abstract=self.abstract, track_id=self.track)
        return card(ctx, self.symposium, made, _("Made. Now say who speaks."))


def make(
    ctx: Context,
    symposium: Symposium,
    *,
    title: str,
    kind: SessionKind = SessionKind.BREAKOUT,
    abstract: str | None = None,
    track_id: int | None = None,
    language: str | None = None,
    sector: Sector | None = None,
    needs: Sequence[Any] = (),
    expected: int = 0,
    blocks: int = 1,
) -> SymposiumSession:
    """A session without a place. It is of its track's sector, unless another is given."""
    track = ctx.session.get(Track, track_id) if track_id is not None else None
    made = SymposiumSession(
        administration_id=symposium.administration_id,
        symposium_id=symposium.id,
        kind=kind,
        title=title,
        abstract=abstract,
        language=language or ctx.who.language,
        track_id=track_id,
        sector=sector or (track.sector if track is not None else None),
        needs=list(needs),
        expected=expected,
        blocks=blocks,
        changed_at=ctx.now.replace(microsecond=0),
    )
    ctx.session.add(made)
    ctx.session.flush()
    lists.found.keep(ctx.session, symposium)
    return made


class Planned(Form):
    """A form about a session that takes place."""

    @classmethod
    def opens(cls, ctx: Context, bound: Mapping[str, Any]) -> None:
        of(bound["symposium"], bound["session"])
        must_be_planned(bound["symposium"], bound["session"])


def must_be_planned(symposium: Symposium, session: SymposiumSession) -> None:
    must_be_ahead(symposium)
    if session.state is not SessionState.PLANNED:
        raise Refusal(_("The session was cancelled."))


def changed(ctx: Context, symposium: Symposium, session: SymposiumSession, lead: Phrase | None = None) -> Screen:
    """What is said of a session has changed: those who have it in their calendars see it there."""
    session.touch(ctx.now)
    ctx.session.flush()
    lists.found.keep(ctx.session, symposium)
    for tell in WHEN_SESSION_CHANGED:
        tell(ctx, symposium, session)
    return card(ctx, symposium, session, lead or _("Changed."))


@symposia.form("describe_session", _("Describe it"), allow=runs)
class Describe(Planned):
    symposium: Symposium = ask.about()
    session: SymposiumSession = ask.about()
    title: str = ask.line(_("What is it about, in one line?"), max=TITLE, hint=_("Everybody who sees it reads this."))
    kind: SessionKind = ask.choice(_("Is it for everybody?"))
    abstract: str | None = ask.prose(_("What happens there?"), max=ABSTRACT, optional=True)
    track: int | None = ask.pick(_("In which track?"), options=track_options, optional=True)

    def submit(self, ctx: Context) -> Screen:
        session = self.session
        if (session.title, session.abstract) != (self.title, self.abstract):
            session.language = ctx.who.language
        session.title, session.abstract, session.kind, session.track_id = (
            self.title,
            self.abstract,
            self.kind,
            self.track,
        )
        return changed(ctx, self.symposium, session)


@symposia.form("size", _("Size and needs"), allow=runs)
class Size(Planned):
    """What the programme has to find room for."""

    symposium: Symposium = ask.about()
    session: SymposiumSession = ask.about()
    expected: int = ask.number(_("How many people do you expect?"), least=0, most=MOST_PEOPLE)
    seats: int | None = ask.number(
        _("How many does it take, at most?"),
        least=1,
        most=MOST_PEOPLE,
        optional=True,
        hint=_("Left out, as many as its room holds."),
    )
    blocks: int = ask.number(_("How many times in a row does it take?"), least=1, most=MOST_BLOCKS)
    needs: str | None = ask.line(_("What does it need?"), max=NEEDS, optional=True, hint=NEEDS_HINT)

    def submit(self, ctx: Context) -> Screen:
        session = self.session
        session.needs = read_needs(ctx, self.needs)
        session.expected, session.seats, session.blocks = self.expected, self.seats, self.blocks
        return changed(ctx, self.symposium, session)


def needs_words(needs: Sequence[Any]) -> str | None:
    """As it can be typed again."""
    return ", ".join(str(each).replace("_", "-") for each in needs) or None


def read_needs(ctx: Context, words: str | None) -> list[str]:
    named = patterns.equipment_names(ctx.words_for(ctx.who))
    said = " ".join(patterns.SEPARATORS.split(words or ""))
    return [each.value for each in patterns.read_equipment(said, named=named, name="needs")]
