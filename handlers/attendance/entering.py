"""Who came: one row for a person and a session, however often and by however many ways they were checked in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.attendance import CheckIn, How
from db.registrations import Registration
from db.symposia import SymposiumSession


def enter(
    session: Session,
    of: SymposiumSession,
    registration: Registration,
    how: How,
    *,
    by: int | None,
    at: datetime,
) -> tuple[CheckIn, bool]:
    """The row, and whether it is new. Two doors at once make one row: the first keeps its time."""
    its = select(CheckIn).where(CheckIn.session_id == of.id, CheckIn.person_id == registration.person_id)
    found = session.scalar(its)
    if found is not None:
        return found, False
    made = CheckIn(
        administration_id=of.administration_id,
        symposium_id=of.symposium_id,
        session_id=of.id,
        person_id=registration.person_id,
        kind=registration.kind,
        how=how,
        by_id=by,
        at=at,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        return session.scalars(its).one(), False
    return made, True
