"""A symposium as it is shown: to whoever runs it with what is still to be done, to everybody else with what is open."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.screen import Button, Fact, Quote, Scalar, Screen, Style, button
from bot.kit.text import Code, Phrase, Raw, Text, When, _, listed, ngettext
from db.audiences import Audience
from db.calls import CallCriterion, Proposal, ProposalState, Reviewer
from db.symposia import (
    Block,
    BlockKind,
    SessionPart,
    SessionState,
    Symposium,
    SymposiumRoom,
    SymposiumSession,
    SymposiumState,
    Track,
)

from .room import METHODS, ON_SYMPOSIUM

AHEAD = (SymposiumState.DRAFT, SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED)


def title(symposium: Symposium) -> Raw:
    return Raw(symposium.title, symposium.language)


def open_it(symposium: Symposium) -> Button:
    return button(_("Open"), "symposia.show", symposium=symposium.id)


def back(symposium: Symposium) -> Button:
    return button(_("Back to {ref}", ref=Code(symposium.ref)), "symposia.show", symposium=symposium.id)


def line(symposium: Symposium) -> Phrase:
    """A symposium in one line of a list."""
    return _("{ref} · {days} · {state}", ref=Code(symposium.ref), days=days(symposium), state=symposium.state)


def days(symposium: Symposium) -> Phrase:
    """Its days, which are dates where it takes place."""
    if symposium.first_day == symposium.last_day:
        return _("{day}", day=symposium.first_day)
    return _("{first} to {last}", first=symposium.first_day, last=symposium.last_day)


def at(symposium: Symposium, instant: object) -> When:
    """An instant in the reader's zone, and in the venue's."""
    return When(instant, venue=symposium.zone)  # type: ignore[arg-type]  # an instant, of a row


def track_name(track: Track) -> Text:
    """What a track is called: one of a sector or of a method in the reader's language."""
    if track.sector is not None:
        return _("{sector}", sector=track.sector)
    if track.method is not None and 1 <= track.method <= len(METHODS):
        return METHODS[track.method - 1]
    return Raw(track.title)


def tracks_of(session: Session, symposium: Symposium) -> Sequence[Track]:
    its = select(Track).where(Track.symposium_id == symposium.id)
    return session.scalars(its.order_by(Track.id)).all()


def no_tracks(session: Session, symposium: Symposium) -> dict[str, Scalar]:
    """For a button that opens a form: where there are no tracks, the question for one is answered."""
    return {} if tracks_of(session, symposium) else {"track": None}


def criteria_of(session: Session, symposium_id: int) -> Sequence[CallCriterion]:
    its = select(CallCriterion).where(CallCriterion.symposium_id == symposium_id)
    return session.scalars(its.order_by(CallCriterion.position, CallCriterion.id)).all()


def criterion_name(each: CallCriterion) -> Text:
    if each.standard is not None:
        return _("{criterion}", criterion=each.standard)
    return Raw(each.words or "", each.language)


def count(session: Session, table: type, symposium: Symposium, *where: object) -> int:
    its = select(func.count()).select_from(table).where(table.symposium_id == symposium.id, *where)  # type: ignore[attr-defined, arg-type]
    return session.scalar(its) or 0


def card(ctx: Context, symposium: Symposium, lead: Phrase | None = None) -> Screen:
    """The symposium for whoever asks. What has just happened (`lead`) is the heading."""
    runs = symposium.is_run_by(ctx.who)
    purpose = (Quote(Raw(symposium.purpose, symposium.language)),) if symposium.purpose else ()
    missing = _missing(ctx, symposium) if runs and symposium.state in AHEAD else ()
    todo = (_("Still to be done: {what}.", what=listed(missing)),) if missing else ()
    facts = (*_basic(symposium), *_dates(ctx, symposium), *(_counts(ctx, symposium) if runs else ()))
    more = tuple(each for add in ON_SYMPOSIUM for each in add(ctx, symposium))
    return Screen(
        lead or title(symposium),
        (*((title(symposium),) if lead else ()), *purpose, *todo),
        tuple(each for each in facts if each),
        buttons=(
            *(_run_buttons(ctx, symposium) if runs else ()),
            *_audience_buttons(ctx, symposium),
            *more,
            *((_does(symposium, _("More"), "more"),) if runs else ()),
        ),
    )


def announced(ctx: Context, symposium: Symposium, lead: Phrase) -> Screen:
    """The symposium for its audience, whoever writes it."""
    purpose = (Quote(Raw(symposium.purpose, symposium.language)),) if symposium.purpose else ()
    return Screen(
        lead,
        (title(symposium), *purpose),
        tuple(each for each in (*_basic(symposium), *_dates(ctx, symposium)) if each),
        buttons=(button(_("Open"), "symposia.show", style=Style.PRIMARY, symposium=symposium.id),),
    )


def _basic(symposium: Symposium) -> tuple[Fact | None, ...]:
    host = urlsplit(symposium.link or "").hostname
    return (
        Fact(_("Reference"), Code(symposium.ref)),
        Fact(_("State"), symposium.state),
        Fact(_("Days"), days(symposium)),
        Fact(_("Place"), Raw(symposium.venue, symposium.language)) if symposium.venue else None,
        Fact(_("Online"), Code(host)) if host else None,
        Fact(_("For"), _audience(symposium)),
        Fact(_("Places"), symposium.capacity) if symposium.capacity else None,
    )


def _audience(symposium: Symposium) -> Phrase:
    if symposium.audience is Audience.SECTOR and symposium.sector is not None:
        return _("Businesses of the sector {sector}", sector=symposium.sector)
    return _("{audience}", audience=symposium.audience)


def _dates(ctx: Context, symposium: Symposium) -> tuple[Fact | None, ...]:
    opens = symposium.registration_opens_at
    return (
        Fact(_("Sessions can be proposed until"), at(symposium, symposium.call_closes_at))
        if symposium.call_closes_at
        else None,
        Fact(_("Registration opens"), at(symposium, opens)) if opens and opens > ctx.now else None,
        Fact(_("Registration closes"), at(symposium, symposium.registration_closes_at))
        if symposium.registration_closes_at
        else None,
    )


def _counts(ctx: Context, symposium: Symposium) -> tuple[Fact | None, ...]:
    session = ctx.session
    seats = select(func.sum(SymposiumRoom.capacity)).where(SymposiumRoom.symposium_id == symposium.id)
    rooms, held = count(session, SymposiumRoom, symposium), int(session.scalar(seats) or 0)
    tracks = [track_name(each) for each in tracks_of(session, symposium)]
    proposed = count(session, Proposal, symposium, Proposal.visible_to(ctx.who))
    open_ = count(session, Proposal, symposium, Proposal.visible_to(ctx.who), Proposal.state == ProposalState.SENT)
    return (
        Fact(_("Rooms"), _("{rooms} · {size}", rooms=rooms, size=places(held))) if rooms else None,
        Fact(_("Times for sessions"), count(session, Block, symposium, Block.kind != BlockKind.BREAK)),
        Fact(_("Tracks"), listed(tracks)) if tracks else None,
        Fact(
            _("Sessions"), count(session, SymposiumSession, symposium, SymposiumSession.state == SessionState.PLANNED)
        ),
        Fact(_("Proposals"), _("{count}, of them {open} not decided", count=proposed, open=open_))
        if proposed
        else None,
    )


def _missing(ctx: Context, symposium: Symposium) -> tuple[Phrase, ...]:
    session = ctx.session
    wanted: tuple[tuple[bool, Phrase], ...] = (
        (not count(session, Block, symposium), _("the times of the days")),
        (not count(session, SymposiumRoom, symposium), _("the rooms")),
        (symposium.state is SymposiumState.DRAFT, _("announcing it")),
    )
    return tuple(what for lacks, what in wanted if lacks)


def _does(symposium: Symposium, label: Phrase, verb: str, style: Style = Style.PLAIN) -> Button:
    return Button(label, f"symposia.{verb}", {"symposium": symposium.id}, style)


def _run_buttons(ctx: Context, symposium: Symposium) -> tuple[Button, ...]:
    """What whoever runs it does next, most likely first."""
    if symposium.state not in AHEAD:
        return (_does(symposium, _("Sessions"), "sessions"),)
    times, rooms = _does(symposium, _("Times"), "times"), _does(symposium, _("Rooms"), "rooms")
    if not count(ctx.session, Block, symposium):
        times = _does(symposium, _("Set the times of the days"), "pattern", Style.PRIMARY)
    elif not count(ctx.session, SymposiumRoom, symposium):
        rooms = _does(symposium, _("Name the rooms"), "add_rooms", Style.PRIMARY)
    announce = (
        (_does(symposium, _("Announce it"), "announce", Style.PRIMARY),)
        if symposium.state is SymposiumState.DRAFT
        else ()
    )
    weighed = (_does(symposium, _("Proposals"), "ranking"),) if symposium.state is not SymposiumState.DRAFT else ()
    return (
        times,
        rooms,
        _does(symposium, _("Tracks"), "tracks"),
        *weighed,
        _does(symposium, _("Sessions"), "sessions"),
        _does(symposium, _("Who comes to speak"), "speakers"),
        *announce,
    )


def _audience_buttons(ctx: Context, symposium: Symposium) -> tuple[Button, ...]:
    found: list[Button] = []
    if symposium.takes_proposals(ctx.now):
        asked = {"symposium": symposium.id, **no_tracks(ctx.session, symposium)}
        found.append(Button(_("Propose a session"), "symposia.propose", asked, Style.PRIMARY))
    mine = Proposal.symposium_id == symposium.id, Proposal.of(ctx.who)
    if ctx.session.scalar(select(Proposal.id).where(*mine, Proposal.visible_to(ctx.who)).limit(1)) is not None:
        found.append(button(_("My proposals"), "symposia.mine"))
    if symposium.state in AHEAD:
        found += _asked_buttons(ctx, symposium)
    return tuple(found)


def _asked_buttons(ctx: Context, symposium: Symposium) -> list[Button]:
    """For whoever was asked to review, or to take part in a session."""
    found: list[Button] = []
    reviews = Reviewer.symposium_id == symposium.id, Reviewer.person_id == ctx.who.id
    if ctx.session.scalar(select(Reviewer.id).where(*reviews)) is not None:
        found.append(_does(symposium, _("Review what is proposed"), "reviews"))
    needed = (
        select(SessionPart.id)
        .join(SymposiumSession, SymposiumSession.id == SessionPart.session_id)
        .where(SymposiumSession.symposium_id == symposium.id, SessionPart.person_id == ctx.who.id)
    )
    if ctx.session.scalar(needed.limit(1)) is not None:
        found.append(button(_("Sessions I am asked to take part in"), "symposia.parts"))
    return found


def places(count: int) -> Phrase:
    return ngettext("{count} place", "{count} places", count)
