"""Who has a seat and who waits: every change of it, under one lock, so that no seat is sold twice.

These know a database session and an instant, and tell nobody. `Target` is a session, or None for the symposium itself.
Whoever changes anything holds the symposium first (`hold`); reading alone needs no lock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from db.registrations import (
    TAKEN,
    Registration,
    RegistrationState,
    Seat,
    SeatClass,
    SeatState,
    Stakeholder,
)
from db.symposia import SessionState, Symposium, SymposiumRoom, SymposiumSession, SymposiumState
from scheduling.seats import Held, Places, Waiting, fits, free_for, next_in_line

Target = SymposiumSession | None
Until = Callable[[Registration, Target], datetime]  # when an offer to somebody ends


def hold(session: Session, symposium_id: int) -> None:
    """Until the turn ends nobody else changes a seat of this symposium. Plain reading, and rows that only name the
    symposium, are not held up."""
    session.flush()
    its = select(Symposium.id).where(Symposium.id == symposium_id)
    session.scalars(its.with_for_update(key_share=True)).one()


def places(session: Session, symposium: Symposium, target: Target) -> Places:
    """What there is: the session's seats or its room's, the lesser; of the symposium its capacity."""
    if target is None:
        total = symposium.capacity
    else:
        room = session.get(SymposiumRoom, target.room_id) if target.room_id is not None else None
        total = min(
            (each for each in (target.seats, room.capacity if room else None) if each is not None), default=None
        )
    its = SeatClass.symposium_id == symposium.id, SeatClass.session_id == (target.id if target else None)
    left = total
    kept: dict[str, int] = {}
    most: dict[str, int] = {}
    for each in session.scalars(select(SeatClass).where(*its, SeatClass.released_at.is_(None)).order_by(SeatClass.id)):
        kept[each.kind.value] = each.seats if left is None else min(each.seats, left)  # the room may be a smaller one
        left = None if left is None else left - kept[each.kind.value]
        if each.most is not None:
            most[each.kind.value] = each.most
    return Places(total, kept, most)


def sitting(session: Session, symposium_id: int, target: Target) -> list[Held]:
    """Everybody who has a seat there, or an offer of one."""
    rows = session.execute(
        select(Seat.kind, Seat.organisation_id).where(*_there(symposium_id, target), Seat.state.in_(TAKEN))
    )
    return [Held(kind.value, organisation_id) for kind, organisation_id in rows]


def free(session: Session, symposium: Symposium, target: Target, kind: Stakeholder) -> int | None:
    """How many more of that class find a seat; None where there is no limit."""
    return free_for(places(session, symposium, target), sitting(session, symposium.id, target), kind.value)


def line(session: Session, symposium_id: int, target: Target) -> Sequence[Seat]:
    """Its waiting list, the first in line first."""
    waiting = select(Seat).where(*_there(symposium_id, target), Seat.state == SeatState.WAITING)
    fresh = waiting.order_by(Seat.place).execution_options(populate_existing=True)
    return session.scalars(fresh).all()


def position(session: Session, seat: Seat) -> int:
    """Which number somebody is in line, from 1."""
    before = Seat.symposium_id == seat.symposium_id, Seat.session_id == seat.session_id, Seat.place < seat.place
    count = select(func.count()).select_from(Seat).where(*before, Seat.state == SeatState.WAITING)
    return (session.scalar(count) or 0) + 1


def seat_of(session: Session, registration: Registration, target: Target) -> Seat | None:
    its = Seat.registration_id == registration.id, Seat.session_id == (target.id if target else None)
    return session.scalar(select(Seat).where(*its).execution_options(populate_existing=True))


def take(session: Session, symposium: Symposium, registration: Registration, target: Target, *, at: datetime) -> Seat:
    """A seat if there is one, else the last place in line; whoever has either keeps it.

    Call `refill` first: what is free then is nobody's who waits.
    """
    seat = _seat(session, registration, target, at)
    if seat.state in (*TAKEN, SeatState.WAITING):
        return seat
    held = Held(seat.kind.value, seat.organisation_id)
    has_room = fits(places(session, symposium, target), sitting(session, symposium.id, target), held)
    if not has_room:
        last = select(func.max(Seat.place)).where(*_there(symposium.id, target))
        seat.place = (session.scalar(last) or 0) + 1
    seat.rank = None
    seat.become(SeatState.HELD if has_room else SeatState.WAITING, at=at)
    if target is None:
        registration.state = RegistrationState.REGISTERED if has_room else RegistrationState.WAITING
    session.flush()
    return seat


def accept(session: Session, seat: Seat, *, at: datetime) -> bool:
    """False where it was not offered, or no longer is."""
    session.refresh(seat)
    if seat.state is not SeatState.OFFERED or (seat.offered_until is not None and at >= seat.offered_until):
        return False
    seat.become(SeatState.HELD, at=at)
    if seat.session_id is None:
        session.get_one(Registration, seat.registration_id).state = RegistrationState.REGISTERED
    session.flush()
    return True


def leave(session: Session, seat: Seat, state: SeatState, *, at: datetime) -> bool:
    """Give up, decline, or let lapse; also a place in line. False where there is nothing to leave. Then `refill`."""
    session.refresh(seat)
    may = (SeatState.OFFERED,) if state in (SeatState.DECLINED, SeatState.LAPSED) else (*TAKEN, SeatState.WAITING)
    if seat.state not in may:
        return False
    seat.become(state, at=at)
    session.flush()
    return True


def refill(session: Session, symposium: Symposium, target: Target, *, at: datetime, until: Until) -> list[Seat]:
    """Offer what is free to whoever is next, as many as there is room for. The new offers."""
    if not is_open(symposium, target, at):
        return []
    waiting = line(session, symposium.id, target)
    if not waiting:
        return []
    by_id = {each.id: each for each in waiting}
    queue = [Waiting(each.id, each.place, Held(each.kind.value, each.organisation_id)) for each in waiting]
    offered = []
    for each in next_in_line(places(session, symposium, target), sitting(session, symposium.id, target), queue):
        seat = by_id[each.who]
        registration = session.get_one(Registration, seat.registration_id)
        seat.become(SeatState.OFFERED, at=at, until=until(registration, target))
        offered.append(seat)
    session.flush()
    return offered


def is_open(symposium: Symposium, target: Target, at: datetime) -> bool:
    """Whether seats of it are still given to anybody."""
    if symposium.state not in (SymposiumState.ANNOUNCED, SymposiumState.PUBLISHED):
        return False
    if target is None:
        return True
    return target.state is SessionState.PLANNED and (target.starts_at is None or at < target.starts_at)


def _seat(session: Session, registration: Registration, target: Target, at: datetime) -> Seat:
    """Their row, one for each session, whatever became of it."""
    found = seat_of(session, registration, target)
    if found is None:
        found = Seat(
            administration_id=registration.administration_id,
            registration_id=registration.id,
            symposium_id=registration.symposium_id,
            session_id=target.id if target else None,
            state=SeatState.GIVEN_UP,
            kind=registration.kind,
            organisation_id=registration.organisation_id,
            at=at,
        )
        session.add(found)
    found.kind, found.organisation_id = registration.kind, registration.organisation_id
    return found


def _there(symposium_id: int, target: Target) -> tuple[ColumnElement[bool], ...]:
    return Seat.symposium_id == symposium_id, Seat.session_id == (target.id if target else None)
