"""The states of a meeting, of an invitation and of a wish; and who may see a meeting and what was written of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from db import retention
from db.audiences import Audience
from db.centres import Centre
from db.meetings import (
    Answer,
    Attendance,
    Can,
    Confidentiality,
    Invitation,
    Meeting,
    MeetingFollower,
    MeetingPoll,
    MeetingRequest,
    MeetingSlot,
    MeetingState,
    MeetingVote,
    Minute,
    MinuteKind,
    Reply,
    Wish,
)
from db.people import Administration, Grant, Kind, Person, RoleName, Scope, Sector, Who
from db.personal import erase, join
from db.session import Sessions, connect

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SOON, LATER = NOON + timedelta(days=7), NOON + timedelta(days=8)
ZONE = "Africa/Tunis"
ORGANISER, INVITEE, OTHER, AGENT, STRANGER = 1, 2, 3, 4, 5
DESK, OTHER_DESK = 1, 2


def meeting(state: MeetingState = MeetingState.CALLED, **more: Any) -> Meeting:
    """One in a given state, as it would be there."""
    dated = state not in (MeetingState.CALLED, MeetingState.POLLING)
    made = Meeting(
        id=1,
        administration_id=1,
        title="Reefers",
        language="en",
        organiser_id=ORGANISER,
        centre_id=DESK,
        state=state,
        audience=Audience.INVITED,
        confidentiality=Confidentiality.OPEN,
        zone=ZONE,
        minutes=60,
        starts_at=SOON if dated else None,
        ends_at=SOON + timedelta(hours=1) if dated else None,
        called_at=NOON,
        changed_at=NOON,
        corrections_until=LATER if state is MeetingState.CORRECTING else None,
        sequence=0,
    )
    for name, value in more.items():
        setattr(made, name, value)
    return made


CALLED, POLLING, CONFIRMED, HELD, CORRECTING, CLOSED, CANCELLED = MeetingState
AHEAD = (CALLED, POLLING, CONFIRMED)
# What can be done, from which states, and where it leads. From every other state it is False and nothing changes.
TRANSITIONS: dict[str, tuple[Callable[[Meeting], bool], dict[MeetingState, MeetingState]]] = {
    "open_poll": (lambda one: one.open_poll(minutes=90, zone=ZONE), {CALLED: POLLING}),
    "drop_poll": (lambda one: one.drop_poll(), {POLLING: CALLED}),
    "confirm": (
        lambda one: one.confirm(LATER, minutes=60, zone=ZONE, at=NOON),
        {CALLED: CONFIRMED, POLLING: CONFIRMED},
    ),
    "confirm what is past": (lambda one: one.confirm(NOON, minutes=60, zone=ZONE, at=NOON), {}),
    "move": (lambda one: one.move(LATER, minutes=60, zone=ZONE, at=NOON), {CONFIRMED: CONFIRMED}),
    "move to where it is": (lambda one: one.move(SOON, minutes=60, zone=ZONE, at=NOON), {}),
    "move to what is past": (lambda one: one.move(NOON, minutes=60, zone=ZONE, at=NOON), {}),
    "settle_place": (lambda one: one.settle_place("Room 1", None, at=NOON), {each: each for each in AHEAD}),
    "settle the same place": (lambda one: one.settle_place(None, None, at=NOON), {}),
    "cancel": (lambda one: one.cancel(at=NOON), dict.fromkeys(AHEAD, CANCELLED)),
    "hold": (lambda one: one.hold(at=SOON), {CONFIRMED: HELD}),
    "hold before it began": (lambda one: one.hold(at=NOON), {}),
    "open_minutes": (lambda one: one.open_minutes(LATER), {HELD: CORRECTING}),
    "close": (lambda one: one.close(at=LATER), {CORRECTING: CLOSED}),
    "close too early": (lambda one: one.close(at=SOON), {}),
}


@pytest.mark.parametrize("name", TRANSITIONS)
def test_what_can_be_done_from_each_state(name: str) -> None:
    change, leads_to = TRANSITIONS[name]
    for state in MeetingState:
        one = meeting(state)
        before = columns(one)
        assert change(one) is (state in leads_to), state
        assert one.state is leads_to.get(state, state)
        if state not in leads_to:
            assert columns(one) == before, state


def columns(one: Any) -> dict[str, object]:
    return {column.key: getattr(one, column.key) for column in type(one).__table__.columns}


ANSWERS: dict[str, tuple[Callable[[Invitation], bool], dict[Answer, Answer]]] = {
    "accept": (
        lambda one: one.accept(at=NOON),
        dict.fromkeys((Answer.NONE, Answer.DECLINED), Answer.ACCEPTED),
    ),
    "decline": (
        lambda one: one.decline("ill", "en", at=NOON),
        dict.fromkeys((Answer.NONE, Answer.ACCEPTED), Answer.DECLINED),
    ),
    "hand_to_substitute": (
        lambda one: one.hand_to_substitute(at=NOON),
        dict.fromkeys((Answer.NONE, Answer.ACCEPTED, Answer.DECLINED), Answer.REPLACED),
    ),
    "ask_again": (lambda one: one.ask_again(), dict.fromkeys((Answer.ACCEPTED, Answer.DECLINED), Answer.NONE)),
    "remove": (
        lambda one: one.remove(),
        {each: Answer.REMOVED for each in Answer if each is not Answer.REMOVED},
    ),
    "put_back": (
        lambda one: one.put_back(at=LATER),
        dict.fromkeys((Answer.REMOVED, Answer.REPLACED, Answer.DECLINED), Answer.NONE),
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_how_an_invitation_is_answered(name: str) -> None:
    change, leads_to = ANSWERS[name]
    for answer in Answer:
        one = Invitation(answer=answer, invited_at=NOON)
        before = columns(one)
        assert change(one) is (answer in leads_to), answer
        assert one.answer is leads_to.get(answer, answer)
        if answer not in leads_to:
            assert columns(one) == before, answer


@pytest.mark.parametrize(
    ("older", "newer", "joined"),
    [
        (Answer.NONE, Answer.ACCEPTED, Answer.ACCEPTED),
        (Answer.DECLINED, Answer.ACCEPTED, Answer.DECLINED),
        (Answer.REMOVED, Answer.NONE, Answer.NONE),
        (Answer.NONE, Answer.REMOVED, Answer.NONE),
    ],
)
def test_of_two_invitations_of_one_person_the_answer_counts(older: Answer, newer: Answer, joined: Answer) -> None:
    one = Invitation(answer=older)
    one.absorb(Invitation(answer=newer))
    assert one.answer is joined


def test_a_wish_is_answered_once_and_a_no_has_a_reason() -> None:
    one = MeetingRequest(reply=Reply.OPEN)
    assert not one.decide(Reply.NO, 1, at=NOON, reason=None, language="en")
    assert not one.decide(Reply.OPEN, 1, at=NOON, reason="x", language="en")
    assert one.decide(Reply.YES, 1, at=NOON, reason=None, language="en")
    assert not one.decide(Reply.NO, 1, at=NOON, reason="full", language="en")


STEPS = st.lists(st.sampled_from([*TRANSITIONS, "touch"]), max_size=12)


@given(STEPS)
@settings(max_examples=60)
def test_what_calendars_need_only_rises(steps: list[str]) -> None:
    """SEQUENCE never falls, a change a calendar shows is never within the second of the one before, and whatever has a
    date has both its ends."""
    one = meeting()
    for name in steps:
        before = (one.sequence, one.changed_at, one.starts_at, one.room, one.link, one.state)
        if name == "touch":
            one.touch(NOON)
        else:
            TRANSITIONS[name][0](one)
        assert one.sequence >= before[0] and one.changed_at >= before[1]
        if (one.starts_at, one.room, one.link) != before[2:5] or (one.state is CANCELLED) != (before[5] is CANCELLED):
            assert one.changed_at > before[1] or before[1] > NOON
            assert one.sequence == before[0] + (before[2] is not None)
        assert (one.starts_at is None) == (one.ends_at is None)


@pytest.mark.parametrize("typed", ["R-1", "r1", "R - 1", " r-1 ", "R-١"])
def test_a_reference_is_understood_however_it_is_typed(typed: str) -> None:
    clause = Meeting.named(typed)
    assert clause is not None and clause.compare(Meeting.id == 1)


@pytest.mark.parametrize("typed", ["", "1", "R-", "P-1", "R-1a", "R" + "9" * 18])
def test_what_is_no_reference_means_nothing(typed: str) -> None:
    assert Meeting.named(typed) is None


# With a database


@pytest.fixture
def sessions(database_url: str) -> Iterator[Sessions]:
    made = Sessions(connect(database_url))
    with made.writing() as session:
        for number in (1, 2):
            session.add(Administration(code=f"a{number}", name={"en": "X"}, country="TN", zone=ZONE, language="en"))
        session.flush()
        for number in (DESK, OTHER_DESK):
            session.add(Centre(administration_id=1, code=str(number), name={"en": "X"}, week={}))
        for number in range(1, 7):
            session.add(
                Person(
                    administration_id=1,
                    name=str(number),
                    language="en",
                    zone="UTC",
                    met_at=NOON,
                    sector=Sector.PERISHABLES if number == OTHER else None,
                )
            )
    yield made
    made.engine.dispose()


def stored(session: Session, **more: Any) -> Meeting:
    one = meeting(**more)
    one.id = None  # type: ignore[assignment]
    session.add(one)
    session.flush()
    return one


def invited(session: Session, one: Meeting, person_id: int, **more: Any) -> Invitation:
    made = Invitation(
        administration_id=1,
        meeting_id=one.id,
        person_id=person_id,
        invited_by_id=ORGANISER,
        invited_at=NOON,
        **more,
    )
    session.add(made)
    session.flush()
    return made


def who(person_id: int, *grants: Grant, kind: Kind = Kind.BUSINESS, home: int = 1) -> Who:
    return Who(person_id, home, "", kind, "en", "UTC", True, grants=frozenset(grants))


OFFICER = Grant(RoleName.OFFICER, Scope.CENTRE, str(DESK))
ELSEWHERE = Grant(RoleName.OFFICER, Scope.CENTRE, str(OTHER_DESK))
COUNTRY = Grant(RoleName.ADMINISTRATOR, Scope.COUNTRY, "TN")
NORTH = Grant(RoleName.COORDINATOR, Scope.REGION, "north")


def sees(session: Session, looker: Who, table: Any = Meeting) -> set[int]:
    return set(session.scalars(select(table.id).where(table.visible_to(looker))))


@pytest.mark.promise("threat.33", "Who sees which meeting.")
def test_who_sees_and_who_runs_which_meeting(sessions: Sessions) -> None:
    with sessions.writing() as session:
        plain = stored(session)
        secret = stored(session, confidentiality=Confidentiality.CONFIDENTIAL, audience=Audience.MEMBERS)
        everybody = stored(session, audience=Audience.MEMBERS, centre_id=OTHER_DESK)
        sector = stored(session, audience=Audience.SECTOR, sector=Sector.PERISHABLES, centre_id=OTHER_DESK)
        agencies = stored(session, audience=Audience.AGENCIES, centre_id=OTHER_DESK)
        regional = stored(session, centre_id=None, region="north", organiser_id=6)
        unheard_of = stored(session, centre_id=OTHER_DESK)  # nobody has been asked or told when
        for one in (plain, secret):
            one.starts_at = NOON
        for one in (plain, secret, unheard_of):
            invited(session, one, INVITEE)
        invited(session, everybody, AGENT, answer=Answer.REMOVED)
        every = [plain.id, secret.id, everybody.id, sector.id, agencies.id, regional.id, unheard_of.id]
        lookers = {
            who(ORGANISER, OFFICER): set(every) - {regional.id},
            who(ORGANISER): {everybody.id},  # no longer staff
            who(STRANGER, OFFICER): {plain.id, everybody.id},
            who(STRANGER, ELSEWHERE): {everybody.id, sector.id, agencies.id, unheard_of.id},
            who(STRANGER, COUNTRY): set(every) - {secret.id},
            who(STRANGER, NORTH): {everybody.id, regional.id},
            who(INVITEE): {plain.id, secret.id, everybody.id},
            who(OTHER): {everybody.id, sector.id},
            who(STRANGER): {everybody.id},
            who(AGENT, kind=Kind.AGENCY): {everybody.id, agencies.id},
            who(STRANGER, COUNTRY, home=2): set(),
        }
        for looker, expected in lookers.items():
            assert sees(session, looker) == expected, looker
            run = set(session.scalars(select(Meeting.id).where(Meeting.run_by(looker))))
            assert run == {
                each.id for each in (session.get_one(Meeting, key) for key in every) if each.is_run_by(looker)
            }


@pytest.mark.promise("threat.33", "Who reads the minutes of a meeting, and when.")
def test_who_reads_the_minutes(sessions: Sessions) -> None:
    with sessions.writing() as session:
        one = stored(session, state=HELD, audience=Audience.MEMBERS)
        line = Minute(
            administration_id=1,
            meeting_id=one.id,
            kind=MinuteKind.NOTE,
            words="x",
            language="en",
            author_id=ORGANISER,
            at=NOON,
        )
        session.add(line)
        for person_id, how in (
            (INVITEE, Attendance.PRESENT),
            (OTHER, Attendance.APOLOGIES),
            (AGENT, Attendance.ABSENT),
        ):
            invited(session, one, person_id, attendance=how)
        readers = {HELD: set(), CORRECTING: {INVITEE}, CLOSED: {INVITEE, OTHER}}
        for state, expected in readers.items():
            one.state = state
            session.flush()
            reading = {each for each in (INVITEE, OTHER, AGENT, STRANGER) if sees(session, who(each), Minute)}
            assert reading == expected, state
            assert sees(session, who(ORGANISER, OFFICER), Minute) == {line.id}


def test_of_two_who_change_a_meeting_at_once_the_second_is_told(sessions: Sessions) -> None:
    with sessions.writing() as session:
        key = stored(session, state=CONFIRMED).id
    with sessions.reading() as session:
        seen = session.get_one(Meeting, key)
        session.expunge(seen)
    with sessions.writing() as session:
        session.get_one(Meeting, key).cancel(at=NOON)
    seen.move(LATER, minutes=60, zone=ZONE, at=NOON)
    with pytest.raises(StaleDataError), sessions.writing() as session:
        session.add(seen)


def test_what_somebody_could_and_why_not_goes_with_them_and_with_time(sessions: Sessions) -> None:
    with sessions.writing() as session:
        one, over = stored(session, state=CONFIRMED), stored(session, state=CLOSED, ends_at=NOON)
        mine = invited(session, one, INVITEE, answer=Answer.DECLINED, reason="ill", language="en")
        past = invited(session, over, INVITEE, answer=Answer.DECLINED, reason="ill", language="en")
        others = invited(session, over, OTHER, answer=Answer.DECLINED, reason="away", language="en")
        poll = MeetingPoll(administration_id=1, meeting_id=one.id, respond_by=SOON, opened_at=NOON, ended_at=NOON)
        session.add(poll)
        session.flush()
        slot = MeetingSlot(administration_id=1, poll_id=poll.id, starts_at=LATER)
        session.add(slot)
        session.flush()
        for person_id in (INVITEE, OTHER):
            session.add(MeetingVote(slot_id=slot.id, person_id=person_id, can=Can.NO, at=NOON))
        asked = MeetingRequest(
            administration_id=1,
            meeting_id=one.id,
            person_id=INVITEE,
            wish=Wish.JOIN,
            words="please",
            language="en",
            asked_at=NOON,
            reply=Reply.OPEN,
        )
        session.add_all([asked, MeetingFollower(administration_id=1, meeting_id=one.id, person_id=INVITEE, since=NOON)])
        session.flush()
        erase(session, session.get_one(Person, INVITEE), at=NOON)
        session.expire_all()
        assert (mine.answer, mine.reason, past.answer, past.reason) == (Answer.REMOVED, None, Answer.DECLINED, None)
        assert (asked.words, asked.reply) == (None, Reply.NO)
        assert session.scalars(select(MeetingFollower.id)).all() == []
        assert session.scalars(select(MeetingVote.person_id)).all() == [OTHER]
        retention.clear(session, at=NOON + retention.WHEN_AND_WHY - timedelta(seconds=1))
        session.expire_all()
        assert others.reason == "away" and session.scalars(select(MeetingVote.person_id)).all() == [OTHER]
        retention.clear(session, at=NOON + retention.WHEN_AND_WHY)
        session.expire_all()
        assert others.reason is None and session.scalars(select(MeetingVote.id)).all() == []


def test_two_persons_who_become_one_are_invited_once(sessions: Sessions) -> None:
    with sessions.writing() as session:
        one = stored(session, state=CONFIRMED)
        invited(session, one, INVITEE)
        invited(session, one, OTHER, answer=Answer.ACCEPTED)
        join(session, session.get_one(Person, OTHER), session.get_one(Person, INVITEE), at=NOON)
        (kept,) = session.scalars(select(Invitation)).all()
        assert (kept.person_id, kept.answer) == (INVITEE, Answer.ACCEPTED)
