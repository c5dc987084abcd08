"""Scenario S5: a fair regional meeting, proposed, held, moved, cancelled; the ledger after it; and a year's plan."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.kit.feeds import Subscriber
from bot.kit.text import CATALOGUES, Catalogues, Reader, Writer
from db.meetings import Answer, Invitation, Meeting, MeetingState
from db.people import Administration, Person, Role, who
from db.regions import Borne, Office, Planning, Representative, Side, Successor, Term, YearPlan
from handlers.regions import bearing, feeding, weighing
from handlers.roundtables import feed
from scheduling import regions
from scheduling.calendar.entry import Status
from scheduling.meetings import Plan, Year, cost, score
from tests.world import World

AP = "AP"
WRITER = Writer(Catalogues(CATALOGUES), Reader("en", "Asia/Singapore"))
SEATS = {"amina": ("NZ", Side.CUSTOMS, "Pacific/Auckland"), "badr": ("MV", Side.CUSTOMS, "Indian/Maldives"),
         "chloe": ("FJ", Side.BUSINESS, "America/Puerto_Rico")}  # fmt: skip


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    settle_in(made)
    yield made
    made.close()


def settle_in(world: World) -> None:
    """Singapore has the office, eight hours ahead of Greenwich; Cora coordinates it; Iran has borne most so far."""
    now = world.clock.now()
    with world.parley.sessions.writing() as session:
        home = session.get_one(Administration, world.home)
        home.home_regions = [{"code": AP, "name": {"en": "Asia and the Pacific"}}]
        session.execute(update(Role).where(Role.person_id == world.ids["cora"]).values(scope_id=AP))
        common = {"administration_id": world.home, "region": AP}
        session.add(
            Office(
                **common, country="SG", head_id=world.ids["cora"], term=Term.SITTING, named_at=now, since=now,
                until=now + timedelta(days=600),
            )
        )  # fmt: skip
        for name, (country, side, zone) in SEATS.items():
            session.add(
                Representative(
                    **common, country=country, side=side, person_id=world.ids[name], zone=zone, starts_at=now,
                    ends_at=now + timedelta(days=900),
                )
            )  # fmt: skip
        for country, points in (("IR", 40), ("NZ", 16), ("JP", 4)):
            session.add(Borne(**common, year=2025, attendee=country, points=points, nights=points // 8, meetings=4))


def meetings(world: World) -> list[Meeting]:
    with world.parley.sessions.reading() as session:
        return list(session.scalars(select(Meeting).order_by(Meeting.starts_at, Meeting.id)))


def test_a_fair_regional_meeting(world: World) -> None:
    asked = world.say("cora", "/meeting quarterly")
    screen = asked.answer.screen
    assert screen is not None and len(screen.rows) == 3 and "quarterly" in asked
    assert asked.text.count("nobody's day off") == 3 and "spares Iran, with 20 points so far" in asked
    meeting = meetings(world)[0]
    with world.parley.sessions.reading() as session:
        those = bearing.attendees(session, world.home, AP, jointly=False, at=world.clock.now())
        carried = bearing.so_far(session, world.home, AP, 2026, those)
    offered = [row.title.at for row in screen.rows]  # type: ignore[union-attr]
    scores = [score(at, meeting.minutes, those, carried) for at in offered]
    assert not any(weighing.off_for(each) for each in scores)
    assert [each.fairness for each in scores] == sorted(each.fairness for each in scores)
    # No other hour of that day is fairer to whoever would bear most.
    day = [scores[0].start.replace(hour=hour, minute=minute) for hour in range(24) for minute in (0, 30)]
    assert scores[0].fairness == min(
        each.fairness for at in day if not weighing.off_for(each := score(at, meeting.minutes, those, carried))
    )
    assert world.received("amina") == [], "nobody has heard of it"


def test_it_is_held_moved_by_a_day_and_cancelled_and_everybody_hears_within_a_minute(world: World) -> None:
    proposed = world.say("cora", "/meeting quarterly")
    began = world.clock.now()
    before = world.seen()
    confirmed = world.press_in_row("cora", proposed, 1)
    assert "2 people are being invited" in confirmed
    assert world.told(before) == {"amina", "badr", "cora"}, "business comes to joint meetings only"
    invited = world.last("amina")
    assert "Accept" in invited.buttons and "You are invited to a regional meeting." in invited
    assert "Region: Far East" in invited
    assert "Agenda" not in invited and invited.text.count("quarterly") == 1, "no point that says its title once more"
    world.press("amina", "Accept")
    meeting = meetings(world)[0]
    assert meeting.zone == "Asia/Singapore" and meeting.starts_at is not None
    world.do("cora", "regions.shift", meeting=meeting.id)
    before = world.seen()
    shifted = world.last("cora")
    assert "It is on" in shifted and "point" in shifted.text
    moved = world.press_in_row("cora", shifted, 2)
    assert "Moved. 2 people are being told." in moved
    assert {"amina", "badr"} <= world.told(before) and world.clock.now() - began < timedelta(minutes=1)
    again = meetings(world)[0]
    assert again.starts_at == meeting.starts_at + timedelta(days=1) and again.sequence == meeting.sequence + 1
    assert "It was to begin on" in world.last("badr")
    assert "A regional meeting you are expected at was moved." in world.last("badr")
    world.press("badr", "I have seen it")
    people = world.do("cora", "roundtables.people", meeting=meeting.id)
    assert "Amina" in people and "No answer yet" in people, "who has not confirmed the new date"
    before = world.seen()
    world.submit("cora", "roundtables.cancel", {"reason": "A cyclone"}, meeting=meeting.id)
    assert {"amina", "badr"} <= world.told(before) and "A cyclone" in world.last("amina")
    assert meetings(world)[0].state is MeetingState.CANCELLED
    with world.parley.sessions.reading() as session:
        home = session.get_one(Administration, world.home)
        for name, count in (("amina", 1), ("cora", 1), ("chloe", 0)):  # once, cancelled; nobody else's
            reader = who(session, session.get_one(Person, world.ids[name]), at=world.clock.now())
            asked = Subscriber(reader, home, AP, world.clock.now(), session, WRITER.plain, lambda path: path)
            shown = list(feeding.meetings(asked))
            assert [(each.status, each.sequence) for each in shown] == [(Status.CANCELLED, again.sequence + 1)] * count
        assert session.scalars(select(Borne).where(Borne.year == 2026)).all() == [], "what was not held costs nothing"
    # Nobody else's office, and no trader, has a hand in it.
    for name in ("ruiz", "amina", "inga"):
        refused = world.do(name, "regions.hold", meeting=meeting.id, at=again.starts_at.isoformat())
        assert "You may not do that." in refused or "There is nothing here" in refused


def test_jointly_with_business_and_what_it_cost_is_noted_once_when_it_was_held(world: World) -> None:
    with world.parley.sessions.reading() as session:
        office = session.scalars(select(Office.id)).one()
    given = {"title": "Joint session", "minutes": "90", "side": "business", "first": "2026-12-07"}
    proposed = world.submit("cora", "regions.propose", given, office=office)
    assert "Business, Fiji" in proposed, "it is night where they attend from"
    world.press_in_row("cora", proposed, 1)
    meeting = meetings(world)[0]
    assert meeting.starts_at is not None and meeting.minutes == 90
    assert "You are invited" in world.last("chloe")
    seat = world.do("cora", "regions.slot", meeting=meeting.id, at=meeting.starts_at.isoformat())
    table = seat.answer.screen.table if seat.answer.screen else None
    assert table is not None and table.rows[0][2] >= table.rows[-1][2]
    world.wait_until(meeting.starts_at + timedelta(hours=2))
    world.do("cora", "roundtables.held", meeting=meeting.id)
    world.do("cora", "roundtables.held", meeting=meeting.id)
    with world.parley.sessions.reading() as session:
        lines = {each.attendee: each for each in session.scalars(select(Borne).where(Borne.year == 2026))}
        those = bearing.attendees(session, world.home, AP, jointly=True, at=meeting.starts_at)
    assert len(lines) == 36 and {each.meetings for each in lines.values()} == {1}
    expected = score(meeting.starts_at, 90, those).burdens
    assert {key: line.points for key, line in lines.items()} == {key: each.points for key, each in expected.items()}
    assert "Who has borne bad hours" in world.do("amina", "regions.ledger", code=AP, year=2026)


def test_daylight_time_changes_between_two_meetings_and_nobodys_morning_moves_there(world: World) -> None:
    """Sydney goes back to standard time on 4 April 2027."""
    with world.parley.sessions.writing() as session:
        session.execute(update(Office).values(country="AU"))
    world.say("cora", "/meeting Easter")
    meeting = meetings(world)[0]
    assert meeting.zone == "Australia/Sydney"
    start = datetime(2027, 4, 1, 13, 0, tzinfo=ZoneInfo(meeting.zone))
    world.do("cora", "regions.hold", meeting=meeting.id, at=start.isoformat())
    shifted = world.do("cora", "regions.shift", meeting=meeting.id)
    screen = shifted.answer.screen
    assert screen is not None
    times = [row.title.at for row in screen.rows]  # type: ignore[union-attr]
    assert [each.astimezone(ZoneInfo(meeting.zone)).hour for each in times] == [13, 13, 13]
    assert times[2] - start.astimezone(UTC) == timedelta(days=7, hours=1), "an hour later for everybody else"


def test_a_years_plan_is_worked_out_beside_the_turns_and_one_choice_taken(world: World) -> None:
    with world.parley.sessions.reading() as session:
        office = session.scalars(select(Office.id)).one()
    given = {
        "title": "Regional meeting",
        "year": "2027",
        "every": "6",
        "minutes": "60",
        "times": "1",
        "side": "customs",
    }
    before = len(world.received("cora"))
    world.submit("cora", "regions.plan_year", given, office=office)
    news = world.news("cora", before)
    assert any("Done 100 of 100" in each for each in news), "the bar came to its end"
    shown = next(each for each in news if "Nobody above" in each)
    with world.parley.sessions.reading() as session:
        plan = session.scalars(select(YearPlan)).one()
    assert plan.state is Planning.SOLVED and plan.answer is not None
    found = [Plan.from_json(each) for each in plan.answer["choices"]]
    year = Year.from_json(plan.question)
    assert year.carried["IR"] == 10, "a quarter of forty, two years later"
    assert 1 <= len(found) <= 5 and [each.total for each in found] == sorted((p.total for p in found), reverse=True)
    assert all(cost(year, each.starts).points == each.points for each in found)
    assert all(f"Nobody above {each.most}" in shown for each in found) and "suggested" in shown
    points = world.do("cora", "regions.choice", plan=plan.id, number=0)
    assert re.search(r"Carried over|nobody's day off|a day off for", points.text)
    world.do("cora", "regions.choose", plan=plan.id, number=0, confirmed=True)
    made = meetings(world)
    assert tuple(each.starts_at for each in made) == found[0].starts and len(made) == 2
    assert {each.state for each in made} == {MeetingState.CONFIRMED}
    # One message with both, each to be answered by itself; one session cancelled leaves the others.
    invited = [each for each in world.received("badr") if "You are invited to the meetings" in each]
    assert len(invited) == 1 and len([each for each in invited[0].buttons if each == "Accept"]) == 1
    people = [world.do("cora", "roundtables.people", meeting=each.id) for each in made]
    assert all("2 people have not confirmed the last change." in each for each in people)
    world.press_in_row("badr", invited[0], 1)
    people = [world.do("cora", "roundtables.people", meeting=each.id) for each in made]
    assert [re.findall(r"\d p\w+ ha\w+ not confirmed", each.text)[0][0] for each in people] == ["1", "2"]
    assert "Comes · Acknowledged" in people[0]
    assert "No answer yet · Delivered" in people[1], "what was not opened has arrived"
    world.submit("cora", "roundtables.cancel", {}, meeting=made[1].id)
    with world.parley.sessions.reading() as session:
        answers = session.scalars(
            select(Invitation.answer).where(Invitation.person_id == world.ids["badr"]).order_by(Invitation.meeting_id)
        ).all()
    assert answers[0] is Answer.ACCEPTED
    assert [each.state for each in meetings(world)] == [MeetingState.CONFIRMED, MeetingState.CANCELLED]
    assert "cannot be taken any more" in world.do("cora", "regions.choose", plan=plan.id, number=0, confirmed=True)


def test_taking_a_time_ends_the_poll_that_is_under_way(world: World) -> None:
    proposed = world.say("cora", "/meeting quarterly")
    meeting = meetings(world)[0].id
    for name in ("amina", "badr"):
        world.submit("cora", "roundtables.invite", {"whom": f"person:{world.ids[name]}"}, meeting=meeting)
    times = {
        "minutes": "60",
        "respond_by": "2026-11-26",
        "offering": "own",
        "times": "1 December 10:00\n2 December 15:00",
    }
    world.submit("cora", "roundtables.poll", times, meeting=meeting)
    assert "The date stands." in world.press_in_row("cora", proposed, 1)
    before = world.seen()
    assert "The poll has ended" in world.press("amina", "I cannot at the others")
    assert "The poll has ended" in world.press("badr", "I cannot at the others")
    world.pass_time(days=4)
    assert "cora" not in world.told(before), "nobody is told which time suits best"


def test_people_can_be_asked_when_they_can_instead_of_taking_a_proposed_time(world: World) -> None:
    world.say("cora", "/meeting quarterly")
    assert world.received("amina") == []
    assert "not yours to see" in world.do("amina", "roundtables.show", meeting=meetings(world)[0].id)
    world.press("cora", "Ask when people can")
    times = "1 December 10:00\n2 December 15:00"
    world.fill("cora", "60", "26 November", "[I name the times]", times, "[Send]")
    assert "When can you come" in world.last("amina") and "When can you come" in world.last("badr")
    assert world.received("chloe") == [], "business comes to joint meetings only"


def test_what_is_proposed_for_january_counts_half_of_what_december_closes_with(world: World) -> None:
    world.clock.advance(timedelta(days=25))
    with world.parley.sessions.writing() as session:
        for member in regions.of((AP,)):
            points = 80 if member.code == "MY" else 0
            line = {"attendee": member.code, "points": points, "nights": points // 8, "meetings": 5}
            session.add(Borne(administration_id=world.home, region=AP, year=2026, **line))
    asked = world.say("cora", "/meeting quarterly")
    with world.parley.sessions.reading() as session:
        those = bearing.attendees(session, world.home, AP, jointly=False, at=world.clock.now())
        then = bearing.so_far(session, world.home, AP, 2027, those)["MY"]
        assert then < bearing.so_far(session, world.home, AP, 2026, those)["MY"]
    assert "January 2027" in asked and f"spares Malaysia, with {then} points so far" in asked


def test_whoever_speaks_for_a_member_later_is_expected_and_whoever_does_no_longer_is_not(world: World) -> None:
    proposed = world.say("cora", "/meeting quarterly")
    world.press_in_row("cora", proposed, 1)
    meeting = meetings(world)[0]
    office = {"country": "JP", "side": "customs", "person": str(world.ids["dina"]), "last_day": "2027-06-30"}
    before = world.seen()
    world.submit("cora", "regions.seat", office, office=1)
    assert "dina" in world.told(before) and "You are invited" in world.last("dina")
    with world.parley.sessions.reading() as session:
        seat = session.scalars(select(Representative.id).where(Representative.person_id == world.ids["badr"])).one()
    world.do("cora", "regions.unseat", representative=seat)
    world.press("cora", "They no longer speak for it")
    assert "You are no longer expected" in world.last("badr")
    with world.parley.sessions.reading() as session:
        theirs = session.execute(
            select(Invitation.person_id, Invitation.answer).where(Invitation.meeting_id == meeting.id)
        )
        answers = {row.person_id: row.answer for row in theirs}
    assert answers[world.ids["badr"]] is Answer.REMOVED and answers[world.ids["dina"]] is Answer.NONE
    with world.parley.sessions.writing() as session:  # a year that is moved far ahead
        far = session.get_one(Meeting, meeting.id)
        far.starts_at, far.ends_at = (each + timedelta(days=400) for each in (far.starts_at, far.ends_at) if each)
    world.wait_until(datetime(2027, 7, 1, 12, tzinfo=UTC))
    assert "You are no longer expected" in world.last("dina"), "her time ended by itself"


def test_the_vice_chair_is_expected_whoever_calls_it_and_so_is_the_next(light_world: World) -> None:
    world = light_world
    settle_in(world)
    with world.parley.sessions.writing() as session:
        session.execute(update(Office).values(head_id=world.ids["inga"]))
    proposed = world.say("cora", "/meeting quarterly")
    assert "3 people are being invited" in world.press_in_row("cora", proposed, 1)
    assert "You are invited to a regional meeting." in world.last("inga")
    meeting = meetings(world)[0]
    with world.parley.sessions.reading() as session:
        inga = who(session, session.get_one(Person, world.ids["inga"]), at=world.clock.now())
        assert [each.id for each in feed.meetings_for(session, inga, world.clock.now())] == [meeting.id]
    # The next one hears it when she takes over, and the one before that she is not expected any more.
    with world.parley.sessions.writing() as session:
        coming = Office(
            administration_id=world.home, region=AP, country="FJ", head_id=world.ids["lars"], term=Term.NAMED,
            named_at=world.clock.now(), until=world.clock.now() + timedelta(days=900),
        )  # fmt: skip
        session.add(coming)
        session.flush()
        office = coming.id
        session.add(Successor(office_id=office, person_id=world.ids["cora"], successor_id=world.ids["gus"]))
    world.do("lars", "regions.review", office=office)
    world.press("lars", "Accept and take over")
    assert any("You are invited to a regional meeting." in each for each in world.received("lars"))
    assert any("You are no longer expected at a meeting." in each for each in world.received("inga"))
