"""Programmes in calendars: what one is asked to take part in, and a symposium's, to its readers and to everybody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select

from bot.kit.feeds import MINE, Choice, Subscriber
from bot.kit.text import Code, _
from db.audiences import Audience
from db.symposia import Agreed, SessionPart, SessionState, Symposium, SymposiumRoom, SymposiumSession, SymposiumState
from handlers.symposia import cards, sessions
from scheduling.calendar.entry import Entry, Label, Status

from .room import programmes
from .showing import PAGE, SCOPE, is_public

CANCELLED_FOR = timedelta(days=30)  # so long what was cancelled is shown as such, then it goes
PAST_FOR = timedelta(days=365)


@programmes.calendar(SCOPE, _("Programme of a symposium"))
def those_that_are_out(subscriber: Subscriber) -> Iterable[Choice]:
    """Those one sees; for everybody those that are for everybody."""
    which = Symposium.published_at.is_not(None), Symposium.last_day >= (subscriber.now - PAST_FOR).date()
    if subscriber.who is not None:
        seen = Symposium.visible_to(subscriber.who)
    else:
        seen = and_(Symposium.administration_id == subscriber.administration.id, Symposium.audience == Audience.MEMBERS)
    for each in subscriber.session.scalars(select(Symposium).where(seen, *which).order_by(Symposium.first_day)):
        if subscriber.who is not None or is_public(each) or each.state is SymposiumState.CANCELLED:
            yield Choice(str(each.id), cards.title(each))


@programmes.feed(SCOPE)
def programme(subscriber: Subscriber) -> Iterable[Entry]:
    """All its sessions that have, or had, a time; which of them there are was asked of the choices."""
    yield from _entries(subscriber, Symposium.id == (int(subscriber.about) if subscriber.about.isdecimal() else 0))


@programmes.feed(MINE)
def own_parts(subscriber: Subscriber) -> Iterable[Entry]:
    """The sessions one is asked to take part in and has not answered; those one comes to are in registrations' feed."""
    who = subscriber.who
    if who is None:
        return
    needed = select(SessionPart.session_id).where(SessionPart.person_id == who.id, SessionPart.agreed == Agreed.ASKED)
    here = SymposiumSession.administration_id == who.administration_id
    yield from _entries(subscriber, here, SymposiumSession.id.in_(needed), is_asked=True)


def _entries(subscriber: Subscriber, *which: object, is_asked: bool = False) -> Iterable[Entry]:
    now = subscriber.now
    stands = and_(SymposiumSession.state == SessionState.PLANNED, SymposiumSession.ends_at >= now - PAST_FOR)
    gone = and_(SymposiumSession.state == SessionState.CANCELLED, SymposiumSession.changed_at >= now - CANCELLED_FOR)
    its = (
        select(SymposiumSession, Symposium, SymposiumRoom)
        .join(Symposium, Symposium.id == SymposiumSession.symposium_id)
        .outerjoin(SymposiumRoom, SymposiumRoom.id == SymposiumSession.room_id)
        .where(*which, SymposiumSession.starts_at.is_not(None), or_(stands, gone))  # type: ignore[arg-type]
        .where(Symposium.administration_id == subscriber.administration.id)
        .order_by(SymposiumSession.starts_at, SymposiumSession.id)
    )
    for session, symposium, room in subscriber.session.execute(its):
        is_over = symposium.state is SymposiumState.CANCELLED
        if is_over and (symposium.ended_at is None or symposium.ended_at < now - CANCELLED_FOR):
            continue
        yield entry_of(subscriber, symposium, session, room, is_asked=is_asked)


def entry_of(
    subscriber: Subscriber,
    symposium: Symposium,
    session: SymposiumSession,
    room: SymposiumRoom | None,
    *,
    is_asked: bool = False,
) -> Entry:
    """A session that has, or had, a time. Nobody is named; strangers read neither what happens there nor the link.

    A symposium that is cancelled takes its sessions along, whether or not each was touched for it. Raises ValueError
    for one that never had a time.
    """
    if session.starts_at is None or session.ends_at is None:
        raise ValueError(f"session {session.id} has no time")
    zone, is_stranger = ZoneInfo(symposium.zone), subscriber.who is None
    is_off = session.state is SessionState.CANCELLED
    falls_with_it = symposium.state is SymposiumState.CANCELLED and not is_off
    changed = session.changed_at
    if falls_with_it and symposium.ended_at is not None:
        changed = max(changed, symposium.ended_at.replace(microsecond=0))
    where = [each for each in (room.name if room is not None else None, symposium.venue) if each]
    return Entry(
        uid=session.uid,
        revision=session.revision * 1_000_000 + symposium.revision,
        sequence=session.sequence + falls_with_it,
        changed_at=changed,
        starts=session.starts_at.astimezone(zone),
        ends=session.ends_at.astimezone(zone),
        title=subscriber.say(sessions.title(session)),
        description="" if is_stranger else session.abstract or "",
        location=", ".join(where),
        link="" if is_stranger else session.link or "",
        page=subscriber.page(f"{PAGE}/{symposium.ref}"),
        status=Status.CANCELLED if is_off or falls_with_it else Status.TENTATIVE if is_asked else Status.CONFIRMED,
        busy=is_asked and not (is_off or falls_with_it),
        label=Label.PUBLIC if symposium.audience is Audience.MEMBERS else Label.MEMBERS,
        cover=subscriber.say(_("Symposium {ref}", ref=Code(symposium.ref))),
        view="public" if is_stranger else "asked" if is_asked else "",
    )
