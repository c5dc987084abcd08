"""One's own programme in one's own calendar: plenaries, the seats one holds, and where one is needed oneself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot.kit.feeds import MINE, Subscriber
from bot.kit.text import Code, Text, _
from db.people import Who
from db.registrations import Registration, RegistrationState, Seat, SeatState
from db.symposia import (
    Agreed,
    SessionKind,
    SessionPart,
    SessionState,
    Symposium,
    SymposiumSession,
    SymposiumState,
)
from scheduling.calendar.entry import Entry, Label, Status

from . import finding
from .room import registrations

CANCELLED_FOR = timedelta(days=30)  # so long what was cancelled is shown as such, then it goes
PAST_FOR = timedelta(days=365)


@registrations.feed(MINE)
def own_sessions(subscriber: Subscriber) -> Iterable[Entry]:
    """What was published of them. Whoever comes in somebody's place has their sessions from then on."""
    if subscriber.who is None:
        return
    for symposium, session in sessions_for(subscriber.session, subscriber.who, subscriber.now):
        yield entry_of(subscriber.session, symposium, session, subscriber.say, page=subscriber.page(""))


def sessions_for(session: Session, who: Who, at: datetime) -> list[tuple[Symposium, SymposiumSession]]:
    """Sessions of published programmes that are theirs, the earliest first; what is long over left out."""
    registered = select(Registration.id).where(
        Registration.person_id == who.id, Registration.state == RegistrationState.REGISTERED
    )
    comes = select(Registration.symposium_id).where(Registration.id.in_(registered))
    holds = select(Seat.session_id).where(Seat.registration_id.in_(registered), Seat.state == SeatState.HELD)
    needed = select(SessionPart.session_id).where(SessionPart.person_id == who.id, SessionPart.agreed == Agreed.YES)
    theirs = or_(
        and_(SymposiumSession.kind == SessionKind.PLENARY, SymposiumSession.symposium_id.in_(comes)),
        SymposiumSession.id.in_(holds.where(Seat.session_id.is_not(None))),
        SymposiumSession.id.in_(needed),
    )
    published = Symposium.published_at.is_not(None), SymposiumSession.starts_at.is_not(None)
    stands = and_(SymposiumSession.state == SessionState.PLANNED, SymposiumSession.ends_at >= at - PAST_FOR)
    gone = and_(SymposiumSession.state == SessionState.CANCELLED, SymposiumSession.changed_at >= at - CANCELLED_FOR)
    rows = session.execute(
        select(Symposium, SymposiumSession)
        .join(SymposiumSession, SymposiumSession.symposium_id == Symposium.id)
        .where(Symposium.administration_id == who.administration_id, theirs, *published, or_(stands, gone))
        .order_by(SymposiumSession.starts_at, SymposiumSession.id)
    )
    return [(symposium, each) for symposium, each in rows if _is_shown(symposium, at)]


def _is_shown(symposium: Symposium, at: datetime) -> bool:
    if symposium.state is not SymposiumState.CANCELLED:
        return True
    return symposium.ended_at is not None and symposium.ended_at >= at - CANCELLED_FOR


def entry_of(
    session: Session, symposium: Symposium, of: SymposiumSession, say: Callable[[Text], str], *, page: str = ""
) -> Entry:
    """A session that has, or had, a time. Raises ValueError for one that never had."""
    if of.starts_at is None or of.ends_at is None:
        raise ValueError(f"session {of.id} has no time")
    zone = ZoneInfo(symposium.zone)
    # A symposium that is cancelled takes its sessions along, whether or not each was touched for it.
    is_off = of.state is SessionState.CANCELLED
    is_all_off = symposium.state is SymposiumState.CANCELLED and not is_off
    changed = of.changed_at
    if is_all_off and symposium.ended_at is not None:
        changed = max(changed, symposium.ended_at.replace(microsecond=0))
    place = [each for each in (finding.place_of(session, of), symposium.venue) if each]
    return Entry(
        uid=of.uid,
        revision=of.revision * 1_000_000 + symposium.revision,
        sequence=of.sequence + is_all_off,
        changed_at=changed,
        starts=of.starts_at.astimezone(zone),
        ends=of.ends_at.astimezone(zone),
        title=say(finding.title(of)),
        description=(of.abstract or ""),
        location=", ".join(place),
        link=of.link or "",
        page=page,
        status=Status.CANCELLED if is_off or is_all_off else Status.CONFIRMED,
        busy=not (is_off or is_all_off),
        label=Label.MEMBERS,
        cover=say(_("Symposium {ref}", ref=Code(symposium.ref))),
        view="own",
    )
