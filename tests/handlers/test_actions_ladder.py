"""The ladder as people live it: late once, snoozed with a reason, nudged once, moved with its date and its reader."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from db.people import Delivery
from tests.world import World

from .action_steps import adopted, proposed


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def heads(world: World, who: str, since: int = 0) -> list[str]:
    return [each.text.splitlines()[0] for each in world.news(who, since)]


@pytest.mark.promise("actions.late", "A reminder missed while Parley was down comes late, once, if still useful.")
@pytest.mark.parametrize(
    ("woken", "told"),
    [
        ("2026-12-29T09:00", {"ruiz": "in 2 days", "cora": None, "adam": None}),
        ("2027-01-01T09:00", {"ruiz": None, "cora": None, "adam": None}),  # a holiday: on the next working day
        ("2027-01-26T09:00", {"ruiz": "was due on", "cora": "Its owners were", "adam": "its coordinator were"}),
    ],
)
def test_what_was_missed_comes_late_and_once(sqlite_world: World, woken: str, told: dict[str, str | None]) -> None:
    world = sqlite_world
    adopted(world)
    world.pass_time(days=10)  # nobody has anything left to answer
    before = world.seen()
    world.clock.advance(at(woken) - world.clock.now())
    world.settle()
    for name, heard in told.items():
        news = [each.text for each in world.news(name, before[name])]
        assert len(news) == (1 if heard else 0), (name, news)
        if heard:
            assert heard in news[0] and "This reminder was due on" in news[0] and "comes late" in news[0]
    if woken.startswith("2027-01-01"):
        world.wait_until(at("2027-01-04T06:30"))
        assert "comes late" in world.last("ruiz").text and len(world.news("ruiz", before["ruiz"])) == 1
    before = world.seen()
    world.settle()
    world.pass_time(hours=3)
    assert world.told(before) == set(), "and once"


def test_snoozing_needs_a_reason_and_has_an_end(sqlite_world: World) -> None:
    world = sqlite_world
    action = adopted(world)
    world.wait_until(at("2026-12-28T08:00"))
    opened = world.press("ruiz", "Snooze")
    assert "For how long?" in opened.text
    world.say("ruiz", "/cancel")
    without = world.submit("ruiz", "actions.snooze", {"days": "1", "reason": None, "words": None}, action=action)
    assert "Please choose" in without.text or "needs an answer" in without.text
    world.say("ruiz", "/cancel")
    given = {"days": "1", "reason": "waits_for_partner", "words": "The keys are with Amina."}
    world.submit("ruiz", "actions.snooze", given, action=action)
    assert "It waits for the other owner" in world.do("amina", "actions.show", action=action).text
    assert "The keys are with Amina." in world.do("cora", "actions.thread", action=action).text
    before = world.seen()
    world.wait_until(at("2026-12-29T06:30"))
    assert heads(world, "ruiz", before["ruiz"]) == [
        "You asked to be reminded of this: it is due on Thursday 31 December 2026."
    ]
    world.wait_until(at("2027-01-05T08:00"))
    beyond = world.submit("ruiz", "actions.snooze", given | {"days": "5"}, action=action)
    assert "The coordinator hears of it on Thursday 7 January 2027" in beyond.text
    world.say("ruiz", "/cancel")
    world.submit("ruiz", "actions.snooze", given, action=action)
    assert "twice already" in world.do("ruiz", "actions.snooze", action=action).text
    world.wait_until(at("2027-01-07T06:30"))
    assert "was due on" in world.last("cora").text, "whatever is put off, the coordinator hears on that day"


def test_a_snooze_silences_what_comes_before_the_day_and_not_the_day(sqlite_world: World) -> None:
    world = sqlite_world
    action = adopted(world)
    world.wait_until(at("2026-12-24T08:00"))
    given = {"days": "5", "reason": "away", "words": None}
    world.submit("ruiz", "actions.snooze", given, action=action)
    before = world.seen()
    world.wait_until(at("2026-12-31T08:00"))
    assert sorted(heads(world, "ruiz", before["ruiz"])) == [
        "This action is due today.",
        "You asked to be reminded of this: it is due on Thursday 31 December 2026.",
    ]
    assert "This action is due in 3 days." in heads(world, "amina", before["amina"])


def test_help_reaches_the_coordinator_who_moves_the_date_and_the_ladder_begins_anew(sqlite_world: World) -> None:
    world = sqlite_world
    action = adopted(world)
    world.wait_until(at("2026-12-17T08:00"))
    world.press("amina", "Need help")
    world.fill("amina", "The keys do not come.", "[Send]")
    assert "Amina needs help" in world.last("cora").text and "The keys do not come." in world.last("ruiz").text
    world.submit("cora", "actions.move", {"due_day": "2027-02-01", "words": "Keys take a month."}, action=action)
    assert "moved to Monday 1 February 2027" in world.last("ruiz").text
    before = world.seen()
    world.wait_until(at("2027-01-18T06:29"))
    assert world.told(before) == set(), "nothing of the old date"
    world.wait_until(at("2027-01-18T06:30"))
    assert heads(world, "ruiz", before["ruiz"]) == ["This action is due in 14 days."]


def test_whoever_moves_to_another_zone_is_reminded_in_the_morning_that_is_theirs_now(sqlite_world: World) -> None:
    world = sqlite_world
    adopted(world)
    world.wait_until(at("2026-12-15T08:00"))
    world.submit("amina", "people.zone", {"zone": "America/New_York"})
    world.wait_until(at("2026-12-17T12:29"))
    before = world.seen()
    world.wait_until(at("2026-12-17T12:30"))
    assert heads(world, "amina", before["amina"]) == ["This action is due in 14 days."]


def test_a_question_is_asked_twice_and_no_third_time(sqlite_world: World) -> None:
    world = sqlite_world
    proposed(world)
    world.do("ruiz", "actions.actions")
    world.press("ruiz", "I own it")
    before = world.seen()
    world.wait_until(at("2026-11-26T06:30"))
    assert heads(world, "amina", before["amina"]) == [
        "You were asked to own this action and have not answered. You are not asked again."
    ]
    assert world.told(before) == {"amina"}
    before = world.seen()
    world.wait_until(at("2026-12-16T06:30"))
    assert world.told(before) == {"cora"}
    assert heads(world, "cora", before["cora"]) == [
        "This action was put forward, and not both owners have agreed to it."
    ]


def test_who_says_done_is_left_alone_and_the_other_is_asked(sqlite_world: World) -> None:
    world = sqlite_world
    action = adopted(world)
    world.submit("ruiz", "actions.done", {"words": "Done."}, action=action)
    before = world.seen()
    world.wait_until(at("2026-12-31T12:00"))
    assert world.told(before) == {"amina"}
    assert len(world.news("amina", before["amina"])) == 4, "one nudge, and the ladder's three"
    world.press("amina", "Confirm")
    before = world.seen()
    world.pass_time(days=40)
    assert world.told(before) == set(), "what is done is quiet"


def test_digest_topics_and_quiet_hours_are_the_persons_own(sqlite_world: World) -> None:
    world = sqlite_world
    adopted(world)
    adopted(world, title="Open the gate")
    world.submit("ruiz", "people.delivery", {"delivery": Delivery.DIGEST.value})
    world.submit("amina", "people.quiet", {"hours": "18-08"})
    before = world.seen()
    world.wait_until(at("2026-12-17T06:59"))
    assert world.told(before) == set()
    world.wait_until(at("2026-12-17T07:00"))
    both = ["2 actions wait for you."]
    assert heads(world, "ruiz", before["ruiz"]) == both, "that same morning"
    assert heads(world, "amina", before["amina"]) == both
    assert world.last("amina").text.count("This action is due in 14 days.") == 2
    world.do("amina", "people.hear", topic="reminders", told=False)
    before = world.seen()
    world.wait_until(at("2026-12-30T12:00"))
    assert world.told(before) == {"ruiz"}
    world.wait_until(at("2026-12-31T12:00"))
    assert world.last("amina").text.count("This action is due today.") == 2, "the day itself is always told"


def test_where_its_only_coordinator_owns_it_somebody_else_is_told_or_nobody_is_said_to_be(sqlite_world: World) -> None:
    world = sqlite_world
    action = adopted(world, customs="cora")
    told = world.submit("cora", "actions.need_help", {"words": "The keys do not come."}, action=action)
    assert "The coordinator and the other owner have been told." in told
    assert "Cora needs help" in world.last("adam")
    world.revoke("adam")
    told = world.submit("cora", "actions.need_help", {"words": "Still not."}, action=action)
    assert "The other owner has been told." in told


def test_what_comes_in_one_morning_comes_in_one_message_whatever_its_rung(light_world: World) -> None:
    world = light_world
    adopted(world)
    adopted(world, title="Open the gate", due_day="2026-12-17")
    third = adopted(world, title="Publish the list", due_day="2027-01-14")
    adopted(world, title="Train the team")
    before = world.seen()
    world.wait_until(at("2026-12-17T06:29"))
    world.submit("ruiz", "actions.done", {"words": "It is published."}, action=third)
    before = world.seen()
    world.wait_until(at("2026-12-17T08:00"))
    # What is due in a fortnight together; what is due today by itself, for whoever hears no reminders.
    assert sorted(heads(world, "amina", before["amina"])) == ["2 actions wait for you.", "This action is due today."]
    (many,) = (each for each in world.news("ruiz", before["ruiz"]) if "2 actions" in each)
    assert "Inspect reefers" in many and "Train the team" in many and "Publish the list" not in many
    world.press_in_row("ruiz", many, 2)
    assert "What was done?" in world.last("ruiz")
    # A week past its date, the coordinator hears of all of them at once.
    before = world.seen()
    world.wait_until(at("2027-01-07T08:00"))
    news = [each for each in world.news("cora", before["cora"]) if "Inspect reefers" in each]
    assert len(news) == 1 and "2 actions wait for you." in news[0] and "Train the team" in news[0]
