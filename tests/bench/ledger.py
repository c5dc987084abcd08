"""The ledger of a consultation in which thousands took part: what each of its lists costs, against a plain count of the
same rows; and what it takes to say which parts of the audience are silent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from db.conclusions import CONCLUDED, Conclusion
from db.consultations import Consultation, Contribution, ContributionKind, Phase
from db.inclusion import silent_segments
from db.ledger import debt, lines, not_heard, of_consultation, of_those_handled_by, page_of, tally
from db.machinery import Receipt
from db.people import Person, Role, RoleName, who
from db.session import Sessions, connect
from scheduling.clock import SystemClock

from . import town
from .figure import Figure, alternating, compared

PEOPLE, CONTRIBUTIONS = 5000, 20_000
MOST = 50  # times the plain count
MOST_READ = 5  # times reading the same rows, for all of them at once, as the command line prints them
ROWS = 6  # of one page of a list
AT_ONCE = 20  # times in one measure


def figures(folder: Path) -> Iterator[Figure]:
    """One consultation with its outcome told to five thousand; one that is overdue, with twenty thousand comments."""
    sessions = Sessions(connect(town.found(folder, people=PEOPLE)))
    told, overdue = _held(sessions)
    now = SystemClock().now()
    with sessions.reading() as session:
        lead = session.scalars(select(Person).join(Role, Role.person_id == Person.id).where(Role.name == RoleName.LEAD))
        reader = who(session, lead.first() or session.get_one(Person, town.FIRST), at=now)
        its, mine = of_consultation(told), (of_those_handled_by(reader), not_heard())
        run = select(Consultation.id).where(Consultation.run_by(reader))
        late = session.get_one(Consultation, overdue)
        receipts = select(func.count()).select_from(Receipt).where(Receipt.about == CONCLUDED)
        said = select(func.count()).select_from(Contribution).where(Contribution.consultation_id == overdue)
        people = select(func.count()).select_from(Person)

        def one_page() -> None:
            tally(session, its)
            page_of(session, its, first=PEOPLE // 2, most=ROWS)

        def who_has_not_heard() -> None:
            tally(session, *mine)
            page_of(session, *mine, most=ROWS, failed_first=True)

        yield _against("ledger_page", session, one_page, receipts)
        yield _against("ledger_unheard", session, who_has_not_heard, receipts.where(not_heard()))
        rows = select(Receipt.__table__).where(Receipt.about == CONCLUDED)
        export, read = alternating(
            lambda: _milliseconds(lambda: lines(session, issue=f"C-{told}")),
            lambda: _milliseconds(lambda: session.execute(rows).all()),
        )
        yield compared("ledger_all_lines", export, "ms", read, MOST_READ)
        yield _against("ledger_debt", session, lambda: debt(session, at=now, consultations=run), receipts, said)
        yield _against("silent_segments", session, lambda: silent_segments(session, late, at=now), people, said)
    sessions.engine.dispose()


def _against(name: str, session: Session, ours: Callable[[], Any], *plain: Any) -> Figure:
    def count() -> None:
        for each in plain:
            session.scalar(each)

    measured, counted = alternating(lambda: _milliseconds(ours), lambda: _milliseconds(count))
    return compared(name, measured, "ms", counted, MOST)


def _milliseconds(run: Callable[[], Any]) -> float:
    began = time.perf_counter()
    for _again in range(AT_ONCE):
        run()
    return (time.perf_counter() - began) / AT_ONCE * 1000


def _held(sessions: Sessions) -> tuple[int, int]:
    """The ids of the two."""
    now = SystemClock().now()
    with sessions.writing() as session:
        home, leader = (
            session.execute(select(Role.administration_id, Role.person_id).where(Role.name == RoleName.LEAD)).first()
            or session.execute(select(Role.administration_id, Role.person_id)).one()
        )
        about = {
            "administration_id": home,
            "title": "Inspections",
            "summary": "When goods are inspected",
            "language": "en",
            "zone": "UTC",
            "owner_id": leader,
            "created_at": now,
            "outcome_due": now - timedelta(days=3),
        }
        rows = [Consultation(**about, phase=phase) for phase in (Phase.OUTCOME, Phase.DECISION)]
        session.add_all(rows)
        session.flush()
        told, overdue = (each.id for each in rows)
        conclusion = Conclusion(
            administration_id=home,
            consultation_id=told,
            asked="When?",
            said="At night",
            done="From January",
            language="en",
            proposed_by_id=leader,
            proposed_at=now,
            published_at=now,
        )
        session.add(conclusion)
        session.flush()
        session.execute(insert(Receipt), [_receipt(home, conclusion.id, n, now) for n in range(PEOPLE)])
        session.execute(
            insert(Contribution),
            [
                {
                    "administration_id": home,
                    "consultation_id": overdue,
                    "kind": ContributionKind.COMMENT,
                    "person_id": town.FIRST + number * 7 % PEOPLE,
                    "words": f"Comment {number}",
                    "language": "en",
                    "at": now,
                }
                for number in range(CONTRIBUTIONS)
            ],
        )
    return told, overdue


def _receipt(home: int, conclusion: int, number: int, at: Any) -> dict[str, Any]:
    """A third has not opened it, a tenth no door reached."""
    is_reached = number % 10 > 0
    return {
        "administration_id": home,
        "about": CONCLUDED,
        "about_id": conclusion,
        "person_id": town.FIRST + number,
        "created_at": at,
        "accepted_at": at if is_reached else None,
        "opened_at": at if is_reached and number % 3 else None,
        "acknowledged_at": at if is_reached and number % 3 == 2 else None,
        "failed_at": None if is_reached else at,
        "reason": None if is_reached else "blocked",
    }
