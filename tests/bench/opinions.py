"""Five thousand people, a hundred statements, half of them voted on by each: the map, and what it costs a turn.

Three camps are planted, of a half, a third and a sixth; four in five votes follow the camp.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from db.consultations import Consultation, Phase
from db.people import Kind, Person, create_administration
from db.session import Sessions, connect, upgrade
from db.statements import Statement, StatementCircle, StatementMap, StatementVote, Vote
from handlers.statements import counting
from scheduling import solving
from scheduling.opinions import Figures

from .figure import Figure, at_least, below, compared

T = TypeVar("T")
PEOPLE, STATEMENTS, SEEN = 5_000, 100, 50
CAMPS = (0.5, 0.33, 0.17)
FOLLOWS = 0.8
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def figures(folder: Path) -> Iterator[Figure]:
    """`opinions.MEASURE`: what is asked, the groups found, and the figures counted, the first time and again."""
    url = f"sqlite:///{folder / 'opinions.db'}"
    upgrade(url)
    sessions = Sessions(connect(url))
    with sessions.writing() as session:
        camps = _voted(session)
    with sessions.writing() as session:
        consultation = session.scalars(select(Consultation)).one()
        cast = select(StatementVote.statement_id, StatementVote.vote, func.count()).group_by(
            StatementVote.statement_id, StatementVote.vote
        )
        plain, _rows = _timed(lambda: session.execute(cast).all())
        asking, question = _timed(lambda: counting.question(session, consultation))
        yield compared("opinions.question", asking, "s CPU", plain, 50)
        grouping, answer = _timed(lambda: solving.solve("opinions", question or {}), time.perf_counter)
        yield below("opinions.groups", grouping, "s in the child process", 30)
        yield at_least("opinions.right", _right(camps, answer["people"], answer["groups"]), "of all people", 0.95)
        counted, _cells = _timed(lambda: counting.count(session, consultation, answer, at=NOON))
        yield compared("opinions.count_first", counted, "s CPU", plain, 50)
        session.execute(update(StatementVote).where(StatementVote.id % 50 == 0).values(vote=Vote.PASS))
        again, _cells = _timed(lambda: counting.count(session, consultation, answer, at=NOON))
        yield compared("opinions.count_again", again, "s CPU", plain, 50)
        circles = session.scalar(select(func.count()).select_from(StatementCircle)) or 0
        yield Figure("opinions.circles", circles, "circles", None, None, "at least 1", circles >= 1)
        stored, shown = _timed(lambda: _shown(session))
        yield below("opinions.read", stored * 1000, "ms CPU to read the figures", 50)
        yield at_least("opinions.counted", shown.people / PEOPLE, "of all people", 0.99)
    sessions.engine.dispose()


def _voted(session: Session) -> dict[int, int]:
    """Everybody's camp, by their id."""
    chance = random.Random(1)
    home = create_administration(
        session, code="sk", name={"en": "Customs"}, country="TN", zone="Africa/Tunis", language="en", regions=[]
    )
    consultation = Consultation(
        administration_id=home.id,
        title="Clearance at night",
        summary="",
        language="en",
        phase=Phase.COMMENTS,
        zone="Africa/Tunis",
        created_at=NOON,
    )
    session.add(consultation)
    session.flush()
    kinds = (Kind.BUSINESS, Kind.BUSINESS, Kind.ASSOCIATION, Kind.AGENCY, Kind.CUSTOMS)
    same = {"administration_id": home.id, "language": "en", "zone": "Africa/Tunis", "met_at": NOON}
    session.execute(
        insert(Person), [{**same, "name": f"P{number}", "kind": kinds[number % 5]} for number in range(PEOPLE)]
    )
    people = session.scalars(select(Person.id).order_by(Person.id)).all()
    put = {"administration_id": home.id, "consultation_id": consultation.id, "person_id": people[0]}
    session.execute(
        insert(Statement),
        [
            {**put, "words": f"{number}", "language": "en", "translations": {}, "at": NOON}
            for number in range(STATEMENTS)
        ],
    )
    statements = session.scalars(select(Statement.id).order_by(Statement.id)).all()
    lines = [[chance.choice((Vote.AGREE, Vote.DISAGREE)) for _each in statements] for _camp in CAMPS]
    camps = {person: chance.choices(range(len(CAMPS)), CAMPS)[0] for person in people}
    rows = []
    for person, camp in camps.items():
        for column in chance.sample(range(STATEMENTS), SEEN):
            vote = lines[camp][column] if chance.random() < FOLLOWS else chance.choice(list(Vote))
            rows.append(
                {
                    "administration_id": home.id,
                    "statement_id": statements[column],
                    "person_id": person,
                    "vote": vote,
                    "at": NOON,
                    "is_counted": False,
                }
            )
    for start in range(0, len(rows), 20_000):
        session.execute(insert(StatementVote), rows[start : start + 20_000])
    return camps


def _right(camps: dict[int, int], people: list[int], groups: list[int]) -> float:
    """The share of people whose group is the one that most of their camp is in."""
    found: dict[int, Counter[int]] = {}
    for person, group in zip(people, groups, strict=True):
        found.setdefault(camps[person], Counter())[group] += 1
    mains = {camp: counts.most_common(1)[0][0] for camp, counts in found.items()}
    if len(set(mains.values())) < len(mains):  # two camps in one group are not told apart
        return 0.0
    return sum(counts[mains[camp]] for camp, counts in found.items()) / len(people)


def _shown(session: Session) -> Figures:
    return Figures.from_json(session.scalars(select(StatementMap.figures)).one())


def _timed(measure: Callable[[], T], clock: Callable[[], float] = time.process_time) -> tuple[float, T]:
    began = clock()
    found = measure()
    return clock() - began, found
