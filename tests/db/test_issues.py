"""The states of an issue, who may see it, and what the database itself refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from db.centres import Centre
from db.issues import UNDER_WAY, Entry, How, Issue, Level, Participation, Problem, State, Voice
from db.outcomes import Decision, Outcome, owed, pending, settled
from db.people import Administration, Grant, Person, RoleName, Scope, Sector, Who
from db.session import Sessions, connect

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
DESK, OTHER_DESK, OFFICER, COLLEAGUE = 1, 2, 10, 11


def issue(state: State = State.OPEN, **more: Any) -> Issue:
    """One in a given state, as it would be there."""
    made = Issue(
        id=1,
        administration_id=1,
        title="Held",
        language="en",
        reporter_id=1,
        sector=Sector.PERISHABLES,
        centre_id=DESK,
        officer_id=None if state is State.OPEN else OFFICER,
        state=state,
        level=Level.NATIONAL,
        reached=Level.NATIONAL,
        raised_at=NOON,
        clock_started_at=NOON,
        clock_run=1,
        pauses=[[NOON.isoformat(), None]] if state is State.ASKED else [],
    )
    for name, value in more.items():
        setattr(made, name, value)
    return made


OTHER = issue(State.TAKEN, id=2)
CLOSED = (State.SETTLED, State.WITHDRAWN, State.MERGED)

# What can be done, from which states, and where it leads. From every other state it is False and nothing changes.
TRANSITIONS: dict[str, tuple[Callable[[Issue], bool], dict[State, State]]] = {
    "take": (lambda one: one.take(OFFICER, at=LATER), {State.OPEN: State.TAKEN}),
    "give_to": (
        lambda one: one.give_to(COLLEAGUE, at=LATER),
        {State.OPEN: State.TAKEN} | {state: state for state in UNDER_WAY if state is not State.OPEN},
    ),
    "move_to": (
        lambda one: one.move_to(OTHER_DESK),
        {State.OPEN: State.OPEN, State.TAKEN: State.OPEN, State.ASKED: State.ASKED},
    ),
    "ask": (lambda one: one.ask(OFFICER, at=LATER), {State.OPEN: State.ASKED, State.TAKEN: State.ASKED}),
    "hear": (lambda one: one.hear(at=LATER), {State.ASKED: State.TAKEN}),
    "propose": (
        lambda one: one.propose(OFFICER, at=LATER),
        dict.fromkeys((State.OPEN, State.TAKEN, State.ASKED), State.PROPOSED),
    ),
    "take_back": (lambda one: one.take_back(), {State.PROPOSED: State.TAKEN}),
    "settle": (lambda one: one.settle(outcome_approved=True, at=LATER), {State.PROPOSED: State.SETTLED}),
    "settle without an outcome": (lambda one: one.settle(outcome_approved=False, at=LATER), {}),
    "reopen": (lambda one: one.reopen(), {State.SETTLED: State.TAKEN}),
    "withdraw": (lambda one: one.withdraw(at=LATER), dict.fromkeys(UNDER_WAY, State.WITHDRAWN)),
    "merge_into": (
        lambda one: one.merge_into(OTHER, at=LATER),
        dict.fromkeys((State.OPEN, State.TAKEN, State.ASKED), State.MERGED),
    ),
    "escalate": (lambda one: one.escalate(Level.REGIONAL, "north"), {state: state for state in UNDER_WAY}),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("name", TRANSITIONS)
def test_what_can_be_done_from_each_state(name: str, state: State) -> None:
    change, leads_to = TRANSITIONS[name]
    one = issue(state)
    before = columns(one)
    assert change(one) is (state in leads_to)
    assert one.state is leads_to.get(state, state)
    if state not in leads_to:
        assert columns(one) == before


def columns(one: Issue) -> dict[str, object]:
    return {column.key: getattr(one, column.key) for column in Issue.__table__.columns}


def test_levels_are_climbed_one_by_one_and_left_at_once() -> None:
    one = issue()
    assert not one.escalate(Level.INTERNATIONAL, "north") and not one.come_down()
    assert one.escalate(Level.REGIONAL, "north") and not one.escalate(Level.REGIONAL, "north")
    assert one.escalate(Level.INTERNATIONAL, "south")
    assert (one.level, one.reached, one.region) == (Level.INTERNATIONAL, Level.INTERNATIONAL, "north")
    assert one.come_down() and not one.come_down()
    assert (one.level, one.reached) == (Level.NATIONAL, Level.INTERNATIONAL)


def test_an_issue_is_not_merged_with_itself_nor_across_desks_nor_into_what_is_closed() -> None:
    one = issue()
    assert not one.merge_into(one, at=LATER)
    assert not one.merge_into(issue(State.TAKEN, id=2, centre_id=OTHER_DESK), at=LATER)
    assert not any(one.merge_into(issue(state, id=2), at=LATER) for state in CLOSED)
    assert one.state is State.OPEN


def test_pauses_follow_questions_and_answers() -> None:
    one = issue(State.TAKEN)
    one.ask(OFFICER, at=NOON)
    assert (one.spans(), one.answer_due, one.clock_run) == ([(NOON, None)], None, 1)
    one.hear(at=LATER)
    assert (one.spans(), one.clock_run) == ([(NOON, LATER)], 2)
    one.ask(OFFICER, at=LATER)
    one.propose(OFFICER, at=LATER + timedelta(hours=1))
    assert one.spans() == [(NOON, LATER), (LATER, LATER + timedelta(hours=1))]
    one.start_clock(at=LATER, left=60)
    assert (one.spans(), one.clock_left, one.clock_run) == ([], 60, 4)


@pytest.mark.parametrize("typed", ["P-000001", "p-1", "P1", "1", "p - 1", " 000001 ", "١", "P-۰۰۱"])
def test_a_reference_is_understood_however_it_is_typed(typed: str) -> None:
    clause = Issue.named(typed)
    assert clause is not None and clause.compare(Issue.id == 1)


@pytest.mark.parametrize("typed", ["", "P-", "P-1a", "Q-1", "1 2", "-1", "1.5", "9" * 18, "reefer"])
def test_what_is_no_reference_means_nothing(typed: str) -> None:
    assert Issue.named(typed) is None


# With a database


@pytest.fixture
def sessions(database_url: str) -> Iterator[Sessions]:
    made = Sessions(connect(database_url))
    with made.writing() as session:
        for number in (1, 2):
            session.add(
                Administration(code=f"a{number}", name={"en": "X"}, country="TN", zone="Africa/Tunis", language="en")
            )
        session.flush()
        for number in (DESK, OTHER_DESK):
            session.add(Centre(administration_id=1, code=str(number), name={"en": "X"}, week={}))
        for number in range(1, 12):
            session.add(Person(administration_id=1, name=str(number), language="en", zone="UTC", met_at=NOON))
    yield made
    made.engine.dispose()


def stored(session: Session, reporter: int = 1, **more: Any) -> Issue:
    """An issue of somebody, as raising it leaves it."""
    one = issue(**more)
    one.id, one.reporter_id = None, reporter  # type: ignore[assignment]
    session.add(one)
    session.flush()
    session.add(part(one.id, reporter, How.REPORTER, words=f"words of {reporter}"))
    session.flush()
    return one


def part(issue_id: int, person_id: int, how: How, words: str | None = None) -> Participation:
    return Participation(
        administration_id=1, issue_id=issue_id, person_id=person_id, how=how, words=words, joined_at=NOON
    )


def who(person_id: int, *grants: Grant, administration_id: int = 1) -> Who:
    return Who(person_id, administration_id, "", None, "en", "UTC", True, grants=frozenset(grants))


def at_desk(centre: int, name: RoleName = RoleName.OFFICER) -> Grant:
    return Grant(name, Scope.CENTRE, str(centre))


@pytest.mark.promise("threat.33", "Who sees which issue.")
def test_who_sees_which_issue(sessions: Sessions) -> None:
    with sessions.writing() as session:
        plain, left, elsewhere = stored(session), stored(session, 2), stored(session, 3, centre_id=OTHER_DESK)
        regional = stored(session, 4, reached=Level.REGIONAL, region="north")
        world = stored(session, 5, reached=Level.INTERNATIONAL, region="south")
        session.add(part(plain.id, 6, How.SAME_HERE))
        session.scalars(select(Participation).where(Participation.person_id == 2)).one().leave(at=LATER)
        session.flush()
        every = [plain.id, left.id, elsewhere.id, regional.id, world.id]
        north, whole = (
            Grant(RoleName.COORDINATOR, Scope.REGION, "north"),
            Grant(RoleName.COORDINATOR, Scope.REGION, "international"),
        )
        seen = {
            "its reporter": (who(1), [plain.id]),
            "a reporter who left": (who(2), []),
            "somebody with the same problem": (who(6), []),
            "a stranger": (who(7), []),
            "its desk": (who(8, at_desk(DESK)), [plain.id, left.id, regional.id, world.id]),
            "the other desk's lead": (who(8, at_desk(OTHER_DESK, RoleName.LEAD)), [elsewhere.id]),
            "a coordinator of the north": (who(8, north), [regional.id]),
            "an officer of the north": (who(8, replace(north, name=RoleName.OFFICER)), []),
            "a coordinator of the world": (who(8, whole), [world.id]),
            "an administrator": (who(8, Grant(RoleName.ADMINISTRATOR, Scope.COUNTRY, "TN")), every),
            "another administration's": (
                who(8, Grant(RoleName.ADMINISTRATOR, Scope.COUNTRY, "TN"), administration_id=2),
                [],
            ),
            "a desk and its own report": (
                who(3, at_desk(DESK)),
                [plain.id, left.id, elsewhere.id, regional.id, world.id],
            ),
        }
        for name, (reader, expected) in seen.items():
            found = session.scalars(select(Issue.id).where(Issue.visible_to(reader)).order_by(Issue.id)).all()
            assert (name, found) == (name, expected)


def test_who_reads_which_entry(sessions: Sessions) -> None:
    with sessions.writing() as session:
        main = stored(session)
        merged = stored(session, 2, state=State.MERGED, merged_into_id=main.id)
        session.add(part(main.id, 3, How.SAME_HERE))
        session.flush()
        said = [
            (main, Voice.RAISED, 1),
            (main, Voice.ADDITION, 3),
            (main, Voice.QUESTION, OFFICER),
            (main, Voice.NOTE, OFFICER),
            (main, Voice.REPLY, OFFICER),
            (main, Voice.NEWS, OFFICER),
            (main, Voice.ADVICE, OFFICER),
            (main, Voice.REOPENED, OFFICER),
            (merged, Voice.RAISED, 2),
            (merged, Voice.REPLY, OFFICER),
        ]
        for number, (about, voice, author) in enumerate(said):
            session.add(
                Entry(
                    administration_id=1,
                    issue_id=about.id,
                    voice=voice,
                    author_id=author,
                    words=str(number),
                    language="en",
                    at=NOON,
                )
            )
        session.flush()
        read = {
            "who raised it": (who(1), "024567"),
            "who raised the merged one": (who(2), "5789"),
            "who has the same problem": (who(3), "157"),
            "a stranger": (who(4), ""),
            "the desk": (who(11, at_desk(DESK)), "0123456789"),
            "another desk": (who(11, at_desk(OTHER_DESK)), ""),
            "an officer who raised it": (who(1, at_desk(DESK)), "02456789"),
        }
        for name, (reader, expected) in read.items():
            found = session.scalars(select(Entry.words).where(Entry.visible_to(reader)).order_by(Entry.id)).all()
            assert (name, "".join(found)) == (name, expected)


def test_a_problem_is_for_the_registered_of_its_administration(sessions: Sessions) -> None:
    with sessions.writing() as session:
        line = Problem(
            administration_id=1,
            issue_id=stored(session).id,
            line="Held",
            language="en",
            sector=Sector.PERISHABLES,
            published_by_id=OFFICER,
            published_at=NOON,
        )
        session.add(line)
        session.flush()
        readers = (who(7), replace(who(7), is_registered=False), who(7, administration_id=2))
        assert [len(session.scalars(select(Problem).where(Problem.visible_to(each))).all()) for each in readers] == [
            *(1, 0, 0)
        ]


def outcome(issue_id: int, **more: Any) -> Outcome:
    made = Outcome(
        administration_id=1,
        issue_id=issue_id,
        asked="a",
        found="b",
        decision=Decision.DONE,
        words="c",
        language="en",
        proposed_by_id=OFFICER,
        proposed_at=NOON,
    )
    for name, value in more.items():
        setattr(made, name, value)
    return made


def test_an_outcome_is_approved_once_and_by_somebody_else() -> None:
    one = outcome(1)
    assert not one.approve(OFFICER, at=LATER) and one.approved_at is None
    assert one.approve(COLLEAGUE, at=LATER) and not one.approve(COLLEAGUE, at=LATER)
    assert not one.send_back(COLLEAGUE, "no", at=LATER)
    sent = outcome(1)
    assert sent.send_back(COLLEAGUE, "no", at=LATER) and not sent.approve(COLLEAGUE, at=LATER)


def test_the_database_refuses_a_refusal_without_a_reason(sessions: Sessions) -> None:
    with pytest.raises(IntegrityError), sessions.writing() as session:
        session.add(outcome(stored(session).id, decision=Decision.NOT))


def test_one_person_takes_part_in_an_issue_once(sessions: Sessions) -> None:
    with pytest.raises(IntegrityError), sessions.writing() as session:
        session.add(part(stored(session).id, 1, How.FOLLOWER))


def test_the_last_outcome_counts(sessions: Sessions) -> None:
    with sessions.writing() as session:
        one = stored(session)
        first, back, second = outcome(one.id), outcome(one.id), outcome(one.id)
        session.add_all([first, back, second])
        session.flush()
        first.approve(COLLEAGUE, at=LATER)
        back.send_back(COLLEAGUE, "no", at=LATER)
        session.flush()
        assert (pending(session, one.id), settled(session, one.id)) == (second, first)


def test_everybody_is_owed_an_outcome_once_and_their_own_report_counts_most(sessions: Sessions) -> None:
    with sessions.writing() as session:
        main = stored(session)
        merged = stored(session, 2, state=State.MERGED, merged_into_id=main.id)
        session.add_all(
            [
                part(main.id, 2, How.SAME_HERE, "also"),
                part(main.id, 3, How.FOLLOWER),
                part(merged.id, 3, How.CONTRIBUTOR, "the crane"),
                part(main.id, 4, How.SAME_HERE, "gone"),
            ]
        )
        session.flush()
        session.scalars(select(Participation).where(Participation.person_id == 4)).one().leave(at=LATER)
        session.flush()
        found = {person_id: (each.how, each.words) for person_id, each in owed(session, main.id).items()}
        assert found == {
            1: (How.REPORTER, "words of 1"),
            2: (How.REPORTER, "words of 2"),
            3: (How.CONTRIBUTOR, "the crane"),
        }


@pytest.mark.promise("threat.17", "Of two who change it at once one is told to look again.")
def test_of_two_who_change_it_at_once_one_is_told_to_look_again(sessions: Sessions) -> None:
    with sessions.writing() as session:
        number = stored(session).id
    with sessions.reading() as session:
        seen = session.get_one(Issue, number)
        session.expunge(seen)
    with sessions.writing() as session:
        session.get_one(Issue, number).take(OFFICER, at=NOON)
    seen.take(COLLEAGUE, at=NOON)
    with pytest.raises(StaleDataError), sessions.writing() as session:
        session.add(seen)
    with sessions.reading() as session:
        assert session.get_one(Issue, number).officer_id == OFFICER
