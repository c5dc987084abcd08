"""The joint action plan as its people go through it: S6, and what each of them may see and do."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.engine.turn import Turn
from bot.kit.screen import Refusal
from db.actions import Action, Side, Source, State
from db.people import Mandate, Person, RoleName, Scope, grant_role
from db.personal import gather
from handlers.actions import adopt, adopting
from tests.world import MONDAY, YEAR, World

from .action_steps import adopted, adopted_at_a_meeting, proposed
from .issue_steps import raised


def in_zone(world: World, who_: str, zone: str) -> None:
    with world.parley.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == world.ids[who_]).values(zone=zone))


def role(world: World, who_: str, name: RoleName, where: str = "north") -> None:
    with world.parley.sessions.writing() as session:
        person = session.get_one(Person, world.ids[who_])
        grant_role(session, person, name, scope=Scope.REGION, scope_id=where, at=MONDAY, until=MONDAY + YEAR)


@pytest.mark.promise(
    "actions.both", "An action counts as done when both of its owners say so; what one disputes is shown in both words."
)
def test_eighteen_actions_of_which_one_is_disputed_and_one_forgotten(light_world: World) -> None:
    """S6: adopted, said to be done, disputed, confirmed; one passes its date; the quarter is reported on."""
    world = light_world
    role(world, "inga", RoleName.VICE_CHAIR)
    in_zone(world, "amina", "Asia/Tokyo")
    forgotten = adopted(world, title="Publish the list of tests")
    disputed = adopted(world, title="Open the gate at six", due_day="2027-03-31")
    adopted_at_a_meeting(world, 16, due_day=date(2027, 6, 30))
    world.do("amina", "actions.actions")
    assert "18 actions of yours are under way." in world.last("amina").text

    # 2. One says done, the other disputes: nothing counts, both words stand, the coordinator hears.
    world.submit("ruiz", "actions.done", {"words": "It opens at six since Monday."}, action=disputed)
    assert "The other owner says that this is done" in world.last("amina").text
    assert "Done, confirmed by both owners 0 of 17" in world.do("cora", "actions.plan", year=2027).text
    before = world.seen()
    world.submit("amina", "actions.dispute", {"words": "Not on Sundays."}, action=disputed)
    assert world.told(before) == {"amina", "ruiz", "cora"}
    for name in ("ruiz", "cora", "amina"):
        shown = world.last(name).text
        assert "It opens at six since Monday." in shown and "Not on Sundays." in shown
    assert "State: Disputed between its owners" in world.last("cora").text
    assert "0 of 17" in world.do("cora", "actions.plan", year=2027).text
    world.submit("cora", "actions.advise", {"words": "Look at it together."}, action=disputed)
    assert "Look at it together." in world.last("amina").text and "Look at it together." in world.last("ruiz").text
    assert "cannot be done now" in world.do("ruiz", "actions.confirm", action=disputed).text, (
        "nobody confirms their own"
    )
    assert "Confirmed by both" in world.do("amina", "actions.confirm", action=disputed).text
    assert "1 of 17" in world.do("cora", "actions.plan", year=2027).text

    # 3. One passes its date and nobody replies: each hears in their own morning.
    for at, told, heard in (
        ("2026-12-16T22:30", {"amina"}, "This action is due in 14 days."),  # 07:30 in Tokyo
        ("2026-12-17T06:30", {"ruiz"}, "This action is due in 14 days."),  # 07:30 in Tunis
        ("2026-12-27T22:30", {"amina"}, "This action is due in 3 days."),
        ("2026-12-28T06:30", {"ruiz"}, "This action is due in 3 days."),
        ("2026-12-30T22:30", {"amina"}, "This action is due today."),
        ("2026-12-31T06:30", {"ruiz"}, "This action is due today."),
        ("2027-01-07T06:30", {"cora"}, "was due on Thursday 31 December 2026 and is not done."),
        ("2027-01-21T06:30", {"inga"}, "Its owners and its coordinator were reminded."),
    ):
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
        world.wait_until(moment - timedelta(minutes=1))
        before = world.seen()
        world.wait_until(moment)
        news = {name: [each.text for each in world.news(name, before[name])] for name in told | world.told(before)}
        about = {name for name, texts in news.items() if any("list of tests" in text for text in texts)}
        assert about == told, (at, news)
        assert all(sum(heard in text and "list of tests" in text for text in news[name]) == 1 for name in told), at
    assert f"A-{forgotten}" in world.last("inga").text

    late = world.do("cora", "actions.plan", year=2026)
    assert "Past its date | 1" in late.text and "list of tests" in world.press("cora", "Past its date: 1").text

    # 4. The report of the quarter: in two languages, every figure with its rows.
    draft = world.submit("cora", "actions.draft", {"quarter": "2027-1", "languages": "en+fr"})
    for figure in ("Actions in the plan: 17", "Done, confirmed by both: 1", "Adopted, not begun: 16"):
        assert figure in draft.text
    assert "17 actions are in the plan." in draft.text and "1 action is done" in draft.text


def test_owners_agree_hand_over_and_are_released_only_when_the_next_accepts(sqlite_world: World) -> None:
    world = sqlite_world
    action = proposed(world)
    assert "You are asked to own this action" in world.last("amina").text
    world.submit(
        "amina", "actions.hand_over", {"to": str(world.ids["emil"]), "words": "You know reefers."}, action=action
    )
    assert "You know reefers." in world.last("emil").text
    assert "Owner in business: Amina" in world.do("lena", "actions.show", action=action).text
    assert "You have not taken it over." in world.press("emil", "No, thank you").text
    assert "does not take this action over" in world.last("amina").text
    world.submit("amina", "actions.hand_over", {"to": str(world.ids["emil"]), "words": None}, action=action)
    world.do("ruiz", "actions.own", action=action)
    assert "Emil has taken this action over." not in world.last("amina").text
    assert "It is yours now." in world.press("emil", "Take it over").text
    assert "Emil has taken this action over." in world.last("amina").text
    assert "adopted" in world.last("ruiz").text
    assert "not yours to see" in world.do("amina", "actions.show", action=action).text, (
        "released, it is no longer theirs"
    )
    assert "Owner in business: Emil, Sodal Trading" in world.do("emil", "actions.show", action=action).text
    before = world.seen()
    world.wait_until(datetime(2026, 12, 17, 6, 30, tzinfo=UTC))
    assert {"emil", "ruiz"} <= world.told(before) and "amina" not in world.told(before)


def test_nobody_but_the_other_owner_confirms(sqlite_world: World) -> None:
    world = sqlite_world
    action = adopted(world)
    world.submit("ruiz", "actions.done", {"words": "Done."}, action=action)
    for name in ("cora", "adam", "lena", "olga", "badr", "emil"):
        answer = world.do(name, "actions.confirm", action=action).text
        assert "may not" in answer or "not yours" in answer, name
    assert "Is it?" in world.do("amina", "actions.done", action=action) and "Dispute" in world.last("amina").buttons
    assert "Confirmed by both" in world.press("amina", "Confirm").text


def test_the_plan_is_joint_and_what_was_said_is_not(world: World) -> None:
    """Whoever owns an action sees the rest of the plan, without names and words; others see nothing of it."""
    shared = adopted(world, title="Open the gate at six")
    world.submit("amina", "actions.progress", {"words": "The keys are ordered."}, action=shared)
    other = adopted(world, customs="olga", business="emil", title="A scanner that works")
    seen = world.do("emil", "actions.show", action=shared)
    assert "Open the gate at six" in seen.text and "Sodal Trading" in seen.text
    assert "keys" not in seen.text and "Amina" not in seen.text and "Ruiz" not in seen.text
    assert "keys" not in world.do("emil", "actions.thread", action=shared).text
    assert "keys" in world.do("cora", "actions.thread", action=shared).text
    for name in ("badr", "gus", "lars"):
        assert "not yours" in world.do(name, "actions.show", action=shared).text
        assert "nothing in it" in world.do(name, "actions.plan", year=2026).text
    world.submit("emil", "actions.find", {"words": "gate"})
    assert f"A-{shared}" in world.last("emil").text
    assert f"Open A-{shared}" in world.say("emil", f"a-{shared}").buttons
    assert f"Open A-{other}" not in world.say("badr", f"A-{other}").buttons
    world.submit("badr", "actions.find", {"words": f"A-{other}"})
    assert "Nothing of what you may see" in world.last("badr").text
    # A dispute is everybody's of the plan, in both words, by side.
    world.submit("ruiz", "actions.done", {"words": "It opens at six."}, action=shared)
    world.submit("amina", "actions.dispute", {"words": "Not on Sundays."}, action=shared)
    seen = world.do("emil", "actions.show", action=shared)
    assert "It opens at six." in seen.text and "Not on Sundays." in seen.text
    assert "Customs said on" in seen.text and "Business said on" in seen.text and "Amina" not in seen.text


def test_rights_fall_with_the_mandate_and_the_coordinator_names_another(sqlite_world: World) -> None:
    world = sqlite_world
    action = adopted(world)
    with world.parley.sessions.writing() as session:
        session.execute(update(Mandate).where(Mandate.person_id == world.ids["amina"]).values(ends_at=MONDAY))
    assert "not yours" in world.do("amina", "actions.show", action=action).text
    before = world.seen()
    world.wait_until(datetime(2026, 12, 17, 7, 0, tzinfo=UTC))
    assert "speaks for their side no longer" in world.last("cora").text
    assert "amina" not in world.told(before)
    told = {"side": "business", "to": str(world.ids["emil"]), "words": None}
    world.submit("cora", "actions.name_owner", told, action=action)
    assert "It is yours now." in world.press("emil", "Take it over").text


def test_evidence_milestones_and_an_address(sqlite_world: World) -> None:
    world = sqlite_world
    action = adopted(world)
    world.submit("ruiz", "actions.milestone", {"title": "A second inspector", "on": "2026-12-10"}, action=action)
    world.wait_until(datetime(2026, 12, 10, 6, 30, tzinfo=UTC))
    assert (
        "A second inspector" in world.last("amina").text and "falls on Thursday 10 December" in world.last("amina").text
    )
    world.wait_until(datetime(2026, 12, 14, 6, 30, tzinfo=UTC))
    assert sum("falls on" in each.text for each in world.received("amina")) == 1, "one nudge, then silence"
    world.do("ruiz", "actions.milestones", action=action)
    world.press("ruiz", "Reached")
    assert "Milestones: 1 of 1" in world.last("amina").text and "Under way" in world.last("amina").text
    wrong = world.submit("amina", "actions.evidence", {"words": "See", "link": "javascript:alert(1)"}, action=action)
    assert "begins with https://" in wrong.text
    world.say("amina", "/cancel")
    world.submit("amina", "actions.evidence", {"words": "The roster", "link": "https://a.example/r"}, action=action)
    assert "https://a.example/r" in world.last("ruiz").text and "Evidence: 1" in world.last("ruiz").text


def test_evidence_brings_its_file_to_those_who_see_it(sqlite_world: World) -> None:
    world = sqlite_world
    action = adopted(world)
    world.do("amina", "actions.evidence", action=action)
    world.fill("amina", "Look at this", "[Skip]")
    world.attach("amina", "roster.pdf", b"%PDF-1.4")
    world.fill("amina", "[That is all]", "[Send]")
    assert "[file roster.pdf]" in world.do("ruiz", "actions.thread", action=action).text
    for name, sees in (("amina", True), ("ruiz", True), ("cora", True), ("badr", False), ("olga", False)):
        assert ("[file roster.pdf]" in world.do(name, "actions.thread", action=action)) is sees, name


def test_an_action_from_an_issue_and_from_a_meeting(sqlite_world: World) -> None:
    world = sqlite_world
    issue = raised(world)
    world.do("ruiz", "issues.more", issue=issue)
    world.press("ruiz", "Make it an action")
    world.say("ruiz", "/cancel")
    values = {
        "title": "Keep an inspector at weekends",
        "customs_owner": str(world.ids["ruiz"]),
        "business_owner": str(world.ids["amina"]),
        "due_day": "2026-12-25",
    }
    made = world.submit("ruiz", "actions.from_issue", values, issue=issue)
    assert f"Comes from: P-{issue:06d}" in made.text
    assert "Owner in Customs: Ruiz\n" in made.text, "whoever proposes it for themselves has agreed"


def test_whoever_has_a_turn_adopts_with_plain_values(sqlite_world: World) -> None:
    """The seam for meetings and consultations."""
    world = sqlite_world
    with world.parley.sessions.writing() as session:
        person = session.get_one(Person, world.ids["lena"])
        turn = Turn(world.parley.engine, session, person, None, now=world.clock.now(), trace="t")
        action = adopt(
            turn.ctx,
            title="Keep an inspector at weekends",
            customs_owner=world.ids["lena"],
            business_owner=world.ids["amina"],
            due_day=date(2026, 12, 25),
            zone="Asia/Tokyo",
            source=Source.MEETING,
            source_id=12,
            milestones=(("A roster", date(2026, 12, 10)), ("A name", None)),
        )
        assert action.ref == "A-1" and action.due_at == datetime(2026, 12, 25, 15, tzinfo=UTC)
        assert action.has_agreed(Side.CUSTOMS) and action.state is State.PROPOSED
    world.settle()
    heard = world.last("amina").text
    assert "Comes from: A meeting" in heard and "Due: Friday 25 December 2026 (Tokyo)" in heard
    assert "Milestones: 0 of 2" in heard
    for wrong in (
        {"business_owner": "badr"},
        {"customs_owner": "amina", "business_owner": "amina"},
        {"customs_owner": "emil"},
    ):
        owners = {"customs_owner": "lena", "business_owner": "amina"} | wrong
        with world.parley.sessions.writing() as session:
            person = session.get_one(Person, world.ids["lena"])
            turn = Turn(world.parley.engine, session, person, None, now=world.clock.now(), trace="t")
            ids: dict[str, Any] = {name: world.ids[who_] for name, who_ in owners.items()}
            with pytest.raises(Refusal) as refused:
                adopt(turn.ctx, title="x", due_day=date(2026, 12, 25), **ids)
            assert refused.value.field in ids


def test_an_owner_in_business_is_found_by_their_name_or_their_organisations(light_world: World) -> None:
    world = light_world
    with world.parley.sessions.writing() as session:
        turn = Turn(
            world.parley.engine, session, session.get_one(Person, world.ids["lena"]), None, now=world.clock.now(),
            trace="t",
        )  # fmt: skip
        people = {str(world.ids[name]): name for name in ("amina", "emil")}
        for query, found in {
            "": ["amina", "emil"],
            "sodal": ["amina", "emil"],
            "trading AMIN": ["amina"],
            "Amino": ["amina"],  # no name has it: the most like it
            str(world.ids["emil"]): ["emil"],
            "badr": [],  # he speaks for nobody
            "Food Safety": [],
            "%": [],
        }.items():
            assert [people[each.value] for each in adopting.business_choices(turn.ctx, query)] == found, query


def test_a_day_off_becomes_the_next_working_day_and_says_so(sqlite_world: World) -> None:
    world = sqlite_world
    made = world.submit(
        "lena",
        "actions.propose",
        {
            "title": "x",
            "customs_owner": str(world.ids["ruiz"]),
            "business_owner": str(world.ids["amina"]),
            "due_day": "2027-03-20",  # a Saturday, and Independence Day
        },
    )
    assert "is a day off. It is due on the next working day, Monday 22 March 2027." in made.text
    refused = world.submit(
        "lena",
        "actions.propose",
        {
            "title": "x",
            "customs_owner": str(world.ids["amina"]),
            "business_owner": str(world.ids["badr"]),
            "due_day": "2026-11-01",
        },
    )
    assert refused.answer.form is not None and "offered" in refused.text


def test_what_is_kept_of_an_owner_is_given_and_erased(sqlite_world: World) -> None:
    world = sqlite_world
    action = proposed(world)
    world.do("ruiz", "actions.own", action=action)
    world.submit("ruiz", "actions.hand_over", {"to": str(world.ids["olga"]), "words": "Please"}, action=action)
    with world.parley.sessions.reading() as session:
        kept = json.dumps(gather(session, session.get_one(Person, world.ids["amina"])), default=str)
        assert "Inspect reefers" in kept
    world.do("olga", "people.erase", confirmed=True)
    with world.parley.sessions.reading() as session:
        assert session.get_one(Action, action).customs_next_id is None
    world.do("amina", "people.erase", confirmed=True)
    shown = world.do("cora", "actions.show", action=action)
    assert "a representative of Sodal Trading" in shown.text and "Amina" not in shown.text
    world.wait_until(datetime(2026, 12, 17, 7, 0, tzinfo=UTC))
    assert "Please name another" in world.last("cora").text
