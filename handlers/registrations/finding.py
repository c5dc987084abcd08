"""Reading what is registered for: sessions by their time, one's own programme, what stands in the way of what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import inf

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot.kit.context import Context
from bot.kit.screen import Refusal
from bot.kit.text import Phrase, Raw, Text, When, _
from db.registrations import Registration, Seat, Seating, SeatState
from db.symposia import WALK, Agreed, SessionKind, SessionPart, SessionState, Symposium, SymposiumRoom, SymposiumSession


def registration_of(session: Session, symposium_id: int, person_id: int) -> Registration | None:
    """Theirs, cancelled or not."""
    theirs = Registration.symposium_id == symposium_id, Registration.person_id == person_id
    return session.scalar(select(Registration).where(*theirs))


def own(ctx: Context, symposium_id: int) -> Registration:
    """The registration of whoever asks. Raises `Refusal` for whoever has none."""
    found = registration_of(ctx.session, symposium_id, ctx.who.id)
    if found is None or not found.is_on:
        raise Refusal(_("You are not registered there yet."))
    return found


def seating_of(session: Session, symposium_id: int) -> Seating | None:
    its = select(Seating).where(Seating.symposium_id == symposium_id)
    return session.scalar(its.execution_options(populate_existing=True))


def symposium_of(ctx: Context, session: SymposiumSession) -> Symposium:
    return ctx.session.get_one(Symposium, session.symposium_id)


def breakouts(session: Session, symposium_id: int) -> list[SymposiumSession]:
    """Those that take place, the earliest first; whose time is not known yet come last."""
    its = SymposiumSession.symposium_id == symposium_id, SymposiumSession.kind == SessionKind.BREAKOUT
    order = SymposiumSession.starts_at.is_(None), SymposiumSession.starts_at, SymposiumSession.id
    return list(
        session.scalars(
            select(SymposiumSession).where(*its, SymposiumSession.state == SessionState.PLANNED).order_by(*order)
        )
    )


def plenaries(session: Session, symposium_id: int) -> list[SymposiumSession]:
    its = SymposiumSession.symposium_id == symposium_id, SymposiumSession.kind == SessionKind.PLENARY
    timed = SymposiumSession.state == SessionState.PLANNED, SymposiumSession.starts_at.is_not(None)
    return list(session.scalars(select(SymposiumSession).where(*its, *timed).order_by(SymposiumSession.starts_at)))


def by_time(sessions: Iterable[SymposiumSession]) -> list[list[SymposiumSession]]:
    """Those that overlap, directly or by others, together: nobody can have two of such a group."""
    groups: list[list[SymposiumSession]] = []
    until: datetime | None = None
    for each in sessions:
        same = groups and (each.starts_at is None) == (until is None)
        if same and (each.starts_at is None or (until is not None and each.starts_at < until)):
            groups[-1].append(each)
        else:
            groups.append([each])
            until = None
        if each.ends_at is not None:
            until = max(until or each.ends_at, each.ends_at)
    return groups


def by_start(session: SymposiumSession) -> tuple[float, int]:
    """The order of a programme; whose time is not known comes last."""
    return session.starts_at.timestamp() if session.starts_at is not None else inf, session.id


def overlap(one: SymposiumSession, other: SymposiumSession) -> bool:
    if one.starts_at is None or one.ends_at is None or other.starts_at is None or other.ends_at is None:
        return False
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def seats_of(session: Session, registration: Registration, *states: SeatState) -> list[tuple[Seat, SymposiumSession]]:
    """Their seats in sessions that take place, the earliest first."""
    mine = Seat.registration_id == registration.id, Seat.state.in_(states)
    rows = session.execute(
        select(Seat, SymposiumSession)
        .join(SymposiumSession, SymposiumSession.id == Seat.session_id)
        .where(*mine, SymposiumSession.state == SessionState.PLANNED)
        .order_by(SymposiumSession.starts_at, SymposiumSession.id)
        .execution_options(populate_existing=True)
    )
    return [(seat, of) for seat, of in rows]


def parts_of(session: Session, symposium_id: int, person_id: int) -> list[SymposiumSession]:
    """Sessions in which they are needed themselves, and have not said that they cannot."""
    needed = SessionPart.person_id == person_id, SessionPart.agreed != Agreed.NO
    return list(
        session.scalars(
            select(SymposiumSession)
            .join(SessionPart, SessionPart.session_id == SymposiumSession.id)
            .where(*needed, SymposiumSession.symposium_id == symposium_id)
            .where(SymposiumSession.state == SessionState.PLANNED)
            .order_by(SymposiumSession.id)
        ).unique()
    )


def given_by(symposium_id: int) -> tuple[ColumnElement[bool], ...]:
    """Parts in its sessions that take place, of whoever has agreed to them."""
    its = SymposiumSession.symposium_id == symposium_id, SymposiumSession.state == SessionState.PLANNED
    return SessionPart.agreed == Agreed.YES, SessionPart.session_id.in_(select(SymposiumSession.id).where(*its))


def part_of(session: Session, symposium_id: int, person_id: int) -> SessionPart | None:
    """One they have agreed to, if there is any."""
    theirs = *given_by(symposium_id), SessionPart.person_id == person_id
    return session.scalar(select(SessionPart).where(*theirs).order_by(SessionPart.id).limit(1))


def root(session: SymposiumSession) -> int:
    """What a session and its repeats have in common."""
    return session.repeats_id or session.id


def repeats(session: Session, of: SymposiumSession) -> list[SymposiumSession]:
    """The same at other times."""
    return [each for each in breakouts(session, of.symposium_id) if root(each) == root(of) and each.id != of.id]


def far_apart(
    session: Session, sessions: Sequence[SymposiumSession]
) -> list[tuple[SymposiumSession, SymposiumSession]]:
    """Those that follow each other in different buildings, with less time between than the way takes."""
    rooms = {each.room_id for each in sessions if each.room_id is not None}
    found = session.execute(select(SymposiumRoom.id, SymposiumRoom.building).where(SymposiumRoom.id.in_(rooms)))
    buildings: dict[int | None, str | None] = dict(found.all())
    timed = sorted((each for each in sessions if each.starts_at and each.ends_at), key=by_start)
    pairs = []
    for before, after in pairwise(timed):
        there, here = buildings.get(before.room_id), buildings.get(after.room_id)
        is_short = before.ends_at and after.starts_at and timedelta() <= after.starts_at - before.ends_at < WALK
        if there and here and there != here and is_short:
            pairs.append((before, after))
    return pairs


def title(session: SymposiumSession) -> Text:
    return Raw(session.title, session.language)


def name(symposium: Symposium) -> Text:
    return Raw(symposium.title, symposium.language)


def time_of(symposium: Symposium, session: SymposiumSession) -> Text:
    if session.starts_at is None:
        return _("The time is not known yet.")
    return When(session.starts_at, venue=symposium.zone)


def place_of(session: Session, of: SymposiumSession) -> str | None:
    """Room and building, as whoever organises calls them."""
    room = session.get(SymposiumRoom, of.room_id) if of.room_id is not None else None
    if room is None:
        return None
    return f"{room.name}, {room.building}" if room.building else room.name


def line_of(symposium: Symposium, session: SymposiumSession) -> Phrase:
    """A session in one line: what, and when."""
    return _("{title} · {when}", title=title(session), when=time_of(symposium, session))
