"""The end of a large consultation: 5,000 people, 20,000 contributions, 300 clauses, beside the plain SQL of each part.

`concluding.check` is what writing, approving and publishing ask first; `concluding.owed` who is to be told, with all
the ways of having taken part; `concluding.LIST` what owners turn the pages of; `concluding.many` all of it answered at
once; `concluding.portion` what a turn needs to tell some of them, each with their own words.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, event, func, insert, select
from sqlalchemy.orm import Session

from bot.core import Parley
from bot.engine.turn import Turn
from bot.kit.context import Context
from bot.kit.screen import Refusal
from db.conclusions import Conclusion
from db.consultations import (
    Answered,
    Clause,
    Consultation,
    Contribution,
    ContributionKind,
    Phase,
    TextDraft,
    Treatment,
)
from db.participants import participants_of
from db.people import Person, RoleName, Scope, create_administration, grant_role
from db.session import upgrade
from db.statements import Statement, StatementVote, Vote
from handlers.conclusions import closing, finding, hearing, listing, many, own, telling
from scheduling.clock import SystemClock

from .figure import Figure, alternating, below, compared

PEOPLE, CONTRIBUTIONS, CLAUSES, STATEMENTS = 5_000, 20_000, 300, 40
OPEN = 60  # without an answer
TIMES = 50  # how much more than its plain SQL each may cost


def figures(folder: Path) -> Iterator[Figure]:
    """Each beside a plain count of the same rows, on SQLite."""
    url = f"sqlite:///{folder / 'concluding.db'}"
    upgrade(url)
    parley = Parley(database_url=url, public_url="https://parley.example", clock=SystemClock())
    try:
        with parley.sessions.writing() as session:
            _fill(session)
        with parley.sessions.writing() as session:
            yield from _measured(parley, session)
            session.rollback()
    finally:
        parley.close()


def _measured(parley: Parley, session: Session) -> Iterator[Figure]:
    owner = session.scalars(select(Person).order_by(Person.id)).first()
    assert owner is not None
    consultation = session.scalars(select(Consultation)).one()
    ctx = Turn(parley.engine, session, owner, None, now=SystemClock().now(), trace="bench").ctx
    plain = _seconds(session, lambda: _count(session, consultation))
    for name, measure in {
        "check": lambda: _refused(ctx, consultation),
        "owed": lambda: session.execute(participants_of(consultation.id, at=ctx.now)).all(),
        "desk": lambda: listing.overview(ctx, consultation),
        "contributions": lambda: listing.contributions(ctx, consultation, page=1000),
        "clauses": lambda: listing.clauses(ctx, consultation, page=20),
        "next": lambda: finding.next_waiting(session, consultation, None),
    }.items():
        yield from _beside(session, name, measure, lambda: _count(session, consultation))
    yield from _portion(ctx, session, consultation)
    seconds, statements = _counted(session, lambda: _answer_all(ctx, consultation))
    yield compared("concluding.many.seconds", seconds, "s", plain, TIMES)
    yield below("concluding.many.statements", statements, "statements", 5)


def _beside(
    session: Session, name: str, measure: Callable[[], object], count: Callable[[], object]
) -> Iterator[Figure]:
    value, against = alternating(lambda: _seconds(session, measure), lambda: _seconds(session, count))
    yield compared(f"concluding.{name}.seconds", value, "s", against, TIMES)
    yield below(f"concluding.{name}.statements", _counted(session, measure)[1], "statements", 8)


def _count(session: Session, consultation: Consultation) -> object:
    """The plain SQL of it: contributions without an answer."""
    without = select(func.count()).select_from(Contribution).outerjoin(Answered).where(Answered.id.is_(None))
    return session.scalar(without.where(Contribution.consultation_id == consultation.id))


def _refused(ctx: Context, consultation: Consultation) -> None:
    try:
        closing.must_be_answered(ctx, consultation)
    except Refusal:
        return
    raise AssertionError("something has no answer")


def _answer_all(ctx: Context, consultation: Consultation) -> None:
    every = Contribution.consultation_id == consultation.id
    count = many.answer_all(ctx, consultation, every, Treatment.NOT, None, "Another time")
    if count != OPEN:
        raise AssertionError(f"{count} were answered")


def _portion(ctx: Context, session: Session, consultation: Consultation) -> Iterator[Figure]:
    """What is read and put together for one turn of telling, in how many statements, and how long that turn takes."""
    conclusion = session.scalars(select(Conclusion)).one()
    some = select(Person.id, Person.language).where(Person.id > 1).order_by(Person.id).limit(telling.AT_ONCE)
    people: dict[int, str] = {row[0]: row[1] for row in session.execute(some)}

    def put_together() -> None:
        it = hearing.out(session, consultation, conclusion)
        found = own.theirs(session, consultation, people, at=ctx.now)
        for person, language in people.items():
            hearing.outcome_screen(it, found[person], language)

    yield below("concluding.portion.statements", _counted(session, put_together)[1], "statements", 12)
    conclusion.published_at = ctx.now
    seconds = _seconds(session, lambda: telling.tell(ctx, conclusion, 0, 1))
    yield below("concluding.portion.seconds", seconds, "s in one turn", 2)


def _seconds(session: Session, run: Callable[[], object]) -> float:
    session.flush()
    session.expire_all()
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _counted(session: Session, run: Callable[[], object]) -> tuple[float, int]:
    """How long it takes, and how many statements it asks."""
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        return _seconds(session, run), len(asked)
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _fill(session: Session) -> None:
    now = SystemClock().now()
    home = create_administration(
        session, code="sk", name={"en": "Customs"}, country="TN", zone="Africa/Tunis", language="en", regions=[]
    )
    session.flush()
    known = {"administration_id": home.id}
    person = {"language": "en", "zone": "Africa/Tunis", "met_at": now, "registered_at": now, **known}
    session.execute(insert(Person), [person | {"name": f"Person {number}"} for number in range(PEOPLE + 1)])
    people = session.scalars(select(Person).order_by(Person.id)).all()
    until = now + timedelta(days=365)
    grant_role(session, people[0], RoleName.ADMINISTRATOR, scope=Scope.COUNTRY, scope_id="TN", at=now, until=until)
    consultation = Consultation(
        **known,
        title="Hours",
        summary="When",
        language="en",
        phase=Phase.DECISION,
        zone="Africa/Tunis",
        owner_id=people[0].id,
        draft_number=1,
        created_at=now,
        closed_at=now,
    )
    session.add(consultation)
    session.flush()
    known["consultation_id"] = consultation.id
    draft = TextDraft(**known, number=1, language="en", by_id=people[0].id, made_at=now, published_at=now)
    session.add(draft)
    text = {"asked": "When?", "said": "Five", "done": "Five", "language": "en"}
    session.add(Conclusion(**known, **text, proposed_by_id=people[0].id, proposed_at=now))
    session.flush()
    session.execute(
        insert(Clause),
        [
            {**known, "draft_id": draft.id, "position": each, "number": str(each + 1), "words": "As it was. " * 20}
            for each in range(CLAUSES)
        ],
    )
    clauses = session.scalars(select(Clause.id).order_by(Clause.position)).all()
    ids = [each.id for each in people[1:]]
    _say(session, known, ids, list(clauses), now)
    _vote(session, known, ids, now)


def _say(session: Session, known: dict[str, int], ids: list[int], clauses: list[int], now: object) -> None:
    said = []
    for each in range(CONTRIBUTIONS):
        clause = clauses[each * 7 % CLAUSES]
        about = {"clause_id": clause, "stands_id": clause, "kind": ContributionKind.COMMENT, "language": "en"}
        said.append({**known, **about, "person_id": ids[each % PEOPLE], "words": "It should open at five.", "at": now})
    session.execute(insert(Contribution), said)
    answer = {**known, "treatment": Treatment.PARTLY, "reason": "There is staff for half of it", "language": "en"}
    answer |= {"by_id": ids[0], "at": now}
    contributions = session.scalars(select(Contribution.id).order_by(Contribution.id)).all()
    session.execute(
        insert(Answered), [{**answer, "contribution_id": each} for each in contributions[: CONTRIBUTIONS - OPEN]]
    )


def _vote(session: Session, known: dict[str, int], ids: list[int], now: object) -> None:
    made = {"language": "en", "at": now, **known}
    session.execute(
        insert(Statement),
        [{**made, "person_id": ids[each], "words": f"Statement {each}"} for each in range(STATEMENTS)],
    )
    statements = session.scalars(select(Statement.id)).all()
    vote = {"administration_id": known["administration_id"], "vote": Vote.AGREE, "at": now}
    for statement in statements:
        session.execute(
            insert(StatementVote), [{**vote, "statement_id": statement, "person_id": each} for each in ids[::2]]
        )
