"""Statements: put in without a name, voted on one by one, mapped, and nobody to be picked out of what is shown."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.consultations import Consultation, Phase
from db.people import Kind, Person, create_administration
from db.personal import erase
from db.session import Sessions, connect
from db.statements import Statement, StatementCircle, StatementMap, StatementVote, StatementVoter, Vote
from handlers.statements import counting
from scheduling import opinions, solving
from scheduling.opinions import circles
from scheduling.opinions.shares import Heap
from tests.world import MONDAY, ZONE, World

from .statement_steps import consulted

TRADE = ("amina", "badr", "chloe", "dina", "emil")
CUSTOMS = ("ruiz", "olga", "lena", "gus", "lars", "cora", "inga")


@pytest.fixture
def open_in(world: World) -> tuple[World, int]:
    with world.parley.sessions.writing() as session:
        owners = {"owner_id": world.ids["ruiz"], "co_owner_id": world.ids["chloe"]}
        return world, consulted(session, world.home, **owners).id


def put(world: World, who: str, consultation: int, words: str) -> int:
    world.submit(who, "statements.say", {"words": words}, consultation=consultation)
    with world.parley.sessions.reading() as session:
        return session.scalars(select(Statement.id).order_by(Statement.id.desc())).first() or 0


def test_from_a_statement_to_the_map(open_in: tuple[World, int]) -> None:
    world, c = open_in
    card = world.do("amina", "consultations.show", consultation=c)
    assert "Statements" in card.buttons
    night = put(world, "amina", c, "The port should clear goods at night.")
    assert "you agree with it" in world.last("amina")
    fees = put(world, "badr", c, "Night clearance should cost nothing more.")
    staff = put(world, "ruiz", c, "Night shifts need more officers first.")
    same = world.submit("emil", "statements.say", {"words": "the port should clear goods at night"}, consultation=c)
    assert "said already" in same and "Disagree" in same.buttons

    # One after the other, a tap each; nobody's name is anywhere.
    shown = world.do("dina", "statements.next", consultation=c)
    assert "Voted on: 0 of 3" in shown and "Amina" not in shown
    assert list(shown.buttons)[:3] == ["Agree", "Disagree", "Pass"]
    assert "You said: Pass." in world.press("dina", "Pass") and "Voted on: 1 of 3" in world.last("dina")
    world.press("dina", "Agree")
    assert "You have voted on all of them." in world.press("dina", "Agree")
    assert "Nothing can be shown yet" in world.do("dina", "statements.map", consultation=c)
    assert "Who agrees with whom" not in world.do("dina", "statements.statements", consultation=c).buttons

    said = {
        night: {**dict.fromkeys(TRADE, "agree"), **dict.fromkeys(CUSTOMS, "agree"), "gus": "pass"},
        fees: {**dict.fromkeys(TRADE, "agree"), **dict.fromkeys(CUSTOMS, "disagree")},
        staff: {**dict.fromkeys(TRADE, "disagree"), **dict.fromkeys(CUSTOMS, "agree"), "emil": "agree"},
    }
    for statement, by in said.items():
        for who, vote in by.items():
            world.do(who, "statements.vote", statement=statement, say=vote)
    changed = world.do("dina", "statements.votes", consultation=c)
    assert "You have voted on 3 statements." in changed and "You said: Disagree." in changed
    world.pass_time(minutes=15)

    seen = world.do("amina", "statements.map", consultation=c)
    assert "12 people are counted." in seen and "[picture The nearer two are, the more alike they vote]" in seen
    assert "Group A: 7 people" in seen and "Group B: 5 people" in seen and "Trade: 5 people" in seen
    assert "You are counted in: Group B" in seen
    assert "- The port should clear goods at night. (At least 85 % of every group agree.)" in seen
    everything = world.do("amina", "statements.figures", consultation=c)
    assert "Night clearance should cost nothing more. | 0 % | 100 % | 100 % | 0 % | 42 %" in everything
    assert "Night shifts need more officers first. | 100 % | 20 % | 20 % | 100 % | 67 %" in everything

    # An owner takes one out; its author is told why, and nobody votes on it any more. A stranger may do neither.
    assert "not yours" in world.do("dina", "statements.listed", consultation=c) or "may not" in world.last("dina")
    owned = world.do("chloe", "statements.listed", consultation=c)  # the co-owner
    assert "3 statements" in owned and "agree 5, disagree 7, pass 0" in owned and "Badr" not in owned
    before = world.seen()
    world.submit("chloe", "statements.hide", {"words": "It is about fees, which are settled."}, statement=fees)
    assert world.told(before) - {"chloe"} == {"badr"}
    told = world.last("badr")
    assert "A statement of yours was taken out." in told and "fees, which are settled" in told
    assert "It was taken out" in world.press("badr", "My statements")
    assert "not yours to see" in world.do("dina", "statements.vote", statement=fees, say="agree")
    assert "Night clearance" not in world.do("dina", "statements.figures", consultation=c)
    world.do("ruiz", "statements.put_back", statement=fees)
    assert "can be voted on again" in world.last("badr")
    assert "Night clearance" in world.do("dina", "statements.figures", consultation=c)

    # Translated, it is read so, and the original stands beside it.
    world.submit("ruiz", "statements.translate", {"language": "fr", "words": "Dédouaner la nuit."}, statement=night)
    with world.parley.sessions.writing() as session:
        session.get_one(Person, world.ids["dina"]).language = "fr"
    french = world.do("dina", "statements.statement", statement=night)
    assert "Dédouaner la nuit." in french and "The port should clear goods at night." in french

    # Its author takes one back, and nobody else can.
    world.do("badr", "statements.withdraw", statement=night)
    assert "not yours to see" in world.press("badr", "Take it back")
    world.do("amina", "statements.withdraw", statement=night)
    world.press("amina", "Take it back")
    assert "You took it back." in world.last("amina")
    assert "not yours to see" in world.do("badr", "statements.vote", statement=night, say="agree")


def test_without_a_solver_there_are_figures_by_side(light_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_given: Any, **_more: Any) -> Any:
        raise solving.unavailable("no module named sklearn")

    world = light_world
    with world.parley.sessions.writing() as session:
        c = consulted(session, world.home, owner_id=world.ids["ruiz"]).id
    monkeypatch.setattr(solving, "solve", unavailable)
    one = put(world, "amina", c, "The port should clear goods at night.")
    for who in (*TRADE, *CUSTOMS[:4]):
        world.do(who, "statements.vote", statement=one, say="agree" if who != "emil" else "disagree")
    world.pass_time(minutes=15)
    seen = world.do("amina", "statements.figures", consultation=c)
    assert "The port should clear goods at night. | 80 % | 80 % | 80 %" in seen  # one group, trade, everybody
    assert "5 people are counted." in world.do("amina", "statements.map", consultation=c)  # four officers are too few

    # It closes: who waited is counted, whoever they are, once five wait. What is said from then on is late.
    with world.parley.sessions.writing() as session:
        session.get_one(Consultation, c).move_to(Phase.DECISION, at=world.clock.now())
    late = world.do("cora", "statements.statement", statement=one)
    assert "marked as late" in late
    world.press("cora", "Disagree")
    world.pass_time(minutes=15)
    assert "10 people are counted." in world.do("amina", "statements.map", consultation=c)
    with world.parley.sessions.writing() as session:
        session.get_one(Consultation, c).withdraw(at=world.clock.now())
    assert "any more" in world.do("cora", "statements.vote", statement=one, say="agree")
    assert "any more" in world.do("cora", "statements.say", consultation=c)

    # Whoever leaves Parley takes nothing out of what is shown: the difference would be their vote.
    with world.parley.sessions.writing() as session:
        shown = session.scalars(select(StatementMap.figures)).one()
        erase(session, session.get_one(Person, world.ids["amina"]), at=world.clock.now())
        consultation = session.get_one(Consultation, c)
        counting.count(session, consultation, counting.together(session, consultation), at=world.clock.now())
        assert session.scalars(select(StatementMap.figures)).one()["everybody"] == shown["everybody"]


# Nobody is picked out of what is shown


class Attacker:
    """Sees every figure that is ever shown, and knows who stands in which circle: far more than anybody is told.

    Each figure is a row of weights over (person, vote). A combination of rows in which fewer than five people have a
    weight tells what those few have voted: it is there just where the rows are more than what is left of them without
    these people's columns.
    """

    def __init__(self) -> None:
        self.rows: dict[int, list[dict[tuple[int, str], float]]] = defaultdict(list)
        self.fewest = 1000  # about whom a single figure is

    def see(self, figure: int, counted: Mapping[tuple[int, str], int]) -> None:
        self.rows[figure].append({key: float(weight) for key, weight in counted.items()})
        self.fewest = min(self.fewest, len(counted))

    def picks_out(self) -> Iterator[tuple[int, ...]]:
        for rows in self.rows.values():
            keys = sorted({key for row in rows for key in row})
            whole = np.array([[row.get(key, 0.0) for key in keys] for row in rows])
            by_column: dict[bytes, set[int]] = defaultdict(set)
            for column, (person, _vote) in enumerate(keys):
                by_column[whole[:, column].tobytes()].add(person)
            # A column that five people share stays, whoever of them is left out.
            few = sorted({person for people in by_column.values() if len(people) < opinions.LEAST for person in people})
            rank = np.linalg.matrix_rank(whole) if keys else 0
            most = min(len(few), opinions.LEAST - 1)
            for size in range(1, most + 1):
                for people in combinations(few, size):
                    left = [column for column, (person, _vote) in enumerate(keys) if person not in people]
                    if np.linalg.matrix_rank(np.unique(whole[:, left], axis=1)) < rank:
                        yield people


@contextmanager
def crowd(url: str) -> Iterator[tuple[Session, int, list[int]]]:
    """Thirty-six people of three sides, in a transaction that is undone."""
    sessions = Sessions(connect(url))
    with Session(sessions.engine) as session:
        home = create_administration(
            session, code="sk", name={"en": "Customs"}, country="TN", zone=ZONE, language="en", regions=[]
        )
        kinds = [Kind.BUSINESS] * 20 + [Kind.AGENCY] * 9 + [Kind.CUSTOMS] * 7
        people = [
            Person(administration_id=home.id, name=f"P{number}", kind=kind, language="en", zone=ZONE, met_at=MONDAY)
            for number, kind in enumerate(kinds)
        ]
        session.add_all(people)
        session.flush()
        yield session, home.id, [each.id for each in people]
        session.rollback()
    sessions.engine.dispose()


def played(session: Session, home: int, people: Sequence[int], seed: int) -> Attacker:
    """Six times votes come and change, people are grouped anew at random, and everything shown is seen."""
    chance = random.Random(seed)
    consultation = consulted(session, home)
    statements = [
        Statement(
            administration_id=home,
            consultation_id=consultation.id,
            person_id=people[0],
            words=f"{number}",
            language="en",
            at=MONDAY,
        )
        for number in range(2)
    ]
    session.add_all(statements)
    session.flush()
    votes: dict[tuple[int, int], StatementVote] = {}
    cells: dict[tuple[int, int], dict[tuple[int, str], int]] = {}
    attacker = Attacker()
    for round_ in range(6):
        for statement in statements:
            for person in people:
                key = statement.id, person
                if key in votes and chance.random() < 0.15:
                    votes[key].vote = chance.choice(list(Vote))
                elif key not in votes and chance.random() < chance.choice((0.1, 0.6)):
                    votes[key] = StatementVote(
                        administration_id=home,
                        statement_id=statement.id,
                        person_id=person,
                        vote=chance.choice(list(Vote)),
                        at=MONDAY,
                    )
                    session.add(votes[key])
        if round_ == 5:
            consultation.phase = Phase.DECISION
        session.flush()
        asked = counting.question(session, consultation)
        if asked is None:
            continue
        answer = {
            "people": asked["people"],
            "groups": [chance.randrange(3) for _each in asked["people"]],
            "along": [chance.random() for _each in asked["people"]],
        }
        filled = counting.count(session, consultation, answer, at=MONDAY)
        members: dict[int, list[int]] = defaultdict(list)
        mine = StatementVoter.consultation_id == consultation.id
        for circle, person in session.execute(select(StatementVoter.circle_id, StatementVoter.person_id).where(mine)):
            members[circle].append(person)
        for circle, statement_id in filled:
            said = {each: votes.get((statement_id, each)) for each in members[circle]}
            cells[circle, statement_id] = {(each, vote.vote.value): 1 for each, vote in said.items() if vote}
        _look(session, consultation, members, cells, attacker)
    return attacker


def _look(
    session: Session,
    consultation: Consultation,
    members: Mapping[int, Sequence[int]],
    cells: Mapping[tuple[int, int], Mapping[tuple[int, str], int]],
    attacker: Attacker,
) -> None:
    """All that is shown at this time, each figure held against those whose it is said to be."""
    stored = session.scalar(select(StatementMap).where(StatementMap.consultation_id == consultation.id))
    if stored is None:
        return
    session.refresh(stored)
    shown = opinions.Figures.from_json(stored.figures)
    mine = select(StatementCircle).where(StatementCircle.consultation_id == consultation.id)
    every = session.scalars(mine).all()
    by_group = {number: shown.groups[place] for number, place in shown.groups_by.items()}
    heaps = [(each, [one for one in every if one.number == number]) for number, each in by_group.items()]
    heaps += [(each, [one for one in every if one.side == side]) for side, each in shown.sides.items()]
    everybody = Heap(shown.people, shown.everybody)
    for heap, those in [*heaps, (everybody, list(every))]:
        inside = [person for one in those for person in members[one.id]]
        assert len(inside) == len(set(inside)) == heap.people
        attacker.see(0, {(person, ""): 1 for person in inside})
        for statement, tally in heap.tallies.items():
            counted = {key: 1 for one in those for key in cells.get((one.id, statement), {})}
            assert [sum(vote == each.value for _person, vote in counted) for each in Vote] == list(tally)
            attacker.see(statement, counted)


@pytest.mark.promise("consultations.nameless", "No sum or difference of figures shown is about fewer than five people.")
def test_nobody_is_picked_out_by_whoever_sees_everything_over_time(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "ENOUGH", 1)
    seen = 0
    with crowd(sqlite_url) as (session, home, people):
        for seed in range(8):
            attacker = played(session, home, people, seed)
            assert next(attacker.picks_out(), None) is None, f"seed {seed}"
            assert attacker.fewest >= opinions.LEAST
            seen += sum(len(rows) for rows in attacker.rows.values())
    assert seen > 300  # there is much to be seen


@pytest.mark.parametrize("weaker", [counting, circles], ids=["cells that follow each vote", "circles of anybody"])
def test_the_attacker_finds_what_a_weaker_rule_lets_through(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, weaker: Any
) -> None:
    monkeypatch.setattr(counting, "ENOUGH", 1)
    monkeypatch.setattr(weaker, "LEAST", 1)
    with crowd(sqlite_url) as (session, home, people):
        assert next(played(session, home, people, 1).picks_out(), None) is not None
