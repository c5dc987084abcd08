"""What a programme asks of registrations: who wishes to attend which sessions, and who has a seat in one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.registrations import Registration, RegistrationState, Seat, SeatState, Wish
from db.symposia import SessionKind, Symposium, SymposiumSession
from handlers.programmes import HOLDERS, WISHES


def wishes(session: Session, symposium: Symposium) -> Iterable[Collection[int]]:
    """For each person who comes, the sessions they have wished for or have a seat in, at whatever rank."""
    comes = Registration.symposium_id == symposium.id, Registration.state != RegistrationState.CANCELLED
    wished = select(Wish.registration_id, Wish.session_id).join(Registration).where(*comes)
    sits = select(Seat.registration_id, Seat.session_id).join(Registration).where(*comes, Seat.state == SeatState.HELD)
    wanted: dict[int, set[int]] = defaultdict(set)
    for registration_id, session_id in [*session.execute(wished), *session.execute(sits)]:
        if session_id is not None:  # a seat at the symposium itself
            wanted[registration_id].add(session_id)
    return wanted.values()


def holders(session: Session, its: SymposiumSession) -> Iterable[int]:
    """Who has a seat there; at a plenary everybody who comes."""
    comes = Registration.symposium_id == its.symposium_id, Registration.state == RegistrationState.REGISTERED
    people = select(Registration.person_id).where(*comes)
    if its.kind is SessionKind.BREAKOUT:
        sits = select(Seat.registration_id).where(Seat.session_id == its.id, Seat.state == SeatState.HELD)
        people = people.where(Registration.id.in_(sits))
    return session.scalars(people)


WISHES.append(wishes)
HOLDERS.append(holders)
