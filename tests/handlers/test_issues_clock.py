"""The clock of an answer: who is reminded, when, once; and when nobody is."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.world import World

from .issue_steps import proposed, raised, settled


def tunis(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of November 2026 by the clocks of Tunis."""
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


def test_the_officer_is_chased_at_three_quarters_then_the_lead_then_those_above(world: World) -> None:
    issue = raised(world)  # Monday nine o'clock, sixteen hours of eight a day: due Tuesday at six
    world.do("ruiz", "issues.take", issue=issue)
    world.wait_until(tunis(24, 13, 59))
    before = world.seen()
    world.wait_until(tunis(24, 14))
    assert world.told(before) == {"ruiz"}
    assert "Three quarters of the time to answer are used. It is due by Tuesday 24 November 2026 18:00" in world.last(
        "ruiz"
    )
    before = world.seen()
    world.wait_until(tunis(24, 17, 59))
    assert world.told(before) == set()
    world.wait_until(tunis(24, 18))
    assert world.told(before) == {"lena"}
    assert "The answer was promised by Tuesday 24 November 2026 18:00 (Tunis) and has not been given." in world.last(
        "lena"
    )
    before = world.seen()
    world.wait_until(tunis(25, 17, 59))
    assert world.told(before) == set()
    assert "Late by: 7 working hours" in world.do("lena", "issues.show", issue=issue)
    before = world.seen()
    world.wait_until(tunis(25, 18))
    assert world.told(before) == {"adam"}
    assert "The desk's lead was told a working day ago, and it is still open." in world.last("adam")
    before = world.seen()
    world.pass_time(days=14)
    assert world.told(before) == set()


def test_without_an_officer_the_whole_desk_is_chased(world: World) -> None:
    raised(world)
    before = world.seen()
    world.wait_until(tunis(24, 14))
    assert world.told(before) == {"ruiz", "olga", "lena"}


def test_the_clock_stands_still_while_the_trader_is_asked(world: World) -> None:
    issue = raised(world)
    world.wait_until(tunis(23, 11))
    world.submit("ruiz", "issues.ask", {"words": "Which container?"}, issue=issue)
    before = world.seen()
    world.wait_until(tunis(25, 9, 30))
    assert world.told(before) == set()
    world.submit("amina", "issues.answer", {"words": "MSKU"}, issue=issue)
    # Two of sixteen hours were used: six and a half are left of this day, and seven and a half of the next.
    assert "It answers by Thursday 26 November 2026 16:30 (Tunis)." in world.last("amina")
    before = world.seen()
    world.wait_until(tunis(26, 11, 29))
    assert world.told(before) == set()
    world.wait_until(tunis(26, 11, 30))
    assert world.told(before) == {"ruiz"}


def test_a_silent_trader_is_nudged_once_after_three_working_days(world: World) -> None:
    issue = raised(world)
    world.submit("ruiz", "issues.ask", {"words": "Which container?"}, issue=issue)
    before = world.seen()
    world.wait_until(tunis(25, 17, 59))
    assert world.told(before) == set()
    world.wait_until(tunis(25, 18))
    assert world.told(before) == {"amina"}
    assert "Customs is waiting for your answer." in world.last("amina")
    before = world.seen()
    world.pass_time(days=30)
    assert world.told(before) == set()


def test_an_answer_in_time_is_not_nudged(world: World) -> None:
    issue = raised(world)
    world.submit("ruiz", "issues.ask", {"words": "Which container?"}, issue=issue)
    world.submit("amina", "issues.answer", {"words": "MSKU"}, issue=issue)
    settled(world, issue)
    before = world.seen()
    world.pass_time(days=10)
    assert world.told(before) == set()


def test_each_question_has_a_nudge_of_its_own(world: World) -> None:
    issue = raised(world)
    for _round in range(2):
        world.submit("ruiz", "issues.ask", {"words": "Which container?"}, issue=issue)
        before = world.seen()
        world.pass_time(days=7)
        assert world.told(before) == {"amina"}
        world.submit("amina", "issues.answer", {"words": "MSKU"}, issue=issue)


def test_an_issue_that_is_late_already_is_not_reported_twice_after_a_question(world: World) -> None:
    issue = raised(world)
    world.wait_until(tunis(24, 18))
    world.submit("ruiz", "issues.ask", {"words": "Which container?"}, issue=issue)
    before = world.seen()
    world.wait_until(tunis(25, 12))
    world.submit("amina", "issues.answer", {"words": "MSKU"}, issue=issue)
    world.wait_until(tunis(26, 11, 59))
    assert world.told(before) == {"ruiz", "amina"}
    world.wait_until(tunis(26, 12))
    assert world.told(before) == {"ruiz", "amina", "adam"}


def test_an_outcome_that_waits_for_approval_is_the_leads_to_hurry(world: World) -> None:
    issue = raised(world)
    proposed(world, issue)
    before = world.seen()
    world.wait_until(tunis(24, 14))
    assert world.told(before) == {"lena"}
    assert "An outcome waits for your approval. The answer is due by Tuesday 24 November" in world.last("lena")


def test_what_fell_due_while_parley_was_away_is_done_once_and_not_the_chase_after_the_due_hour(world: World) -> None:
    raised(world)
    before = world.seen()
    world.clock.at = tunis(27, 10)
    world.settle()
    world.settle()
    assert world.told(before) == {"lena"}
    assert len(world.news("lena", before["lena"])) == 1


def test_at_night_nobody_is_told_anything(world: World) -> None:
    issue = raised(world)
    world.wait_until(tunis(23, 23))
    before = world.seen()
    world.submit("ruiz", "issues.reply", {"words": "Working late"}, issue=issue)
    world.wait_until(tunis(24, 6, 59))
    assert world.told(before) == {"ruiz"}
    world.wait_until(tunis(24, 7))
    assert world.told(before) == {"ruiz", "amina"}


def test_opening_again_begins_the_whole_allowance_anew(world: World) -> None:
    issue = raised(world)
    settled(world, issue)
    world.wait_until(tunis(25, 9))
    world.submit("ruiz", "issues.reopen", {"reason": "It has begun again"}, issue=issue)
    assert "Answer due: Thursday 26 November 2026 18:00 (Tunis)" in world.last("ruiz")
    before = world.seen()
    world.wait_until(tunis(26, 18))
    assert world.told(before) == {"ruiz", "lena"}


def test_a_reminder_is_put_off_to_the_next_morning_as_often_as_one_likes(world: World) -> None:
    issue = raised(world)
    world.submit("ruiz", "issues.ask", {"words": "Which container?"}, issue=issue)
    world.wait_until(tunis(25, 18))
    for day in (26, 27):
        assert "You are reminded of it on" in world.press("amina", "Remind me tomorrow")
        before = world.seen()
        world.wait_until(tunis(day, 8, 59))
        assert world.told(before) == set()
        world.wait_until(tunis(day, 9))
        assert world.told(before) == {"amina"}
        assert "You asked to be reminded of this." in world.last("amina")
    world.press("amina", "Remind me tomorrow")
    world.submit("amina", "issues.answer", {"words": "MSKU"}, issue=issue)
    before = world.seen()
    world.wait_until(tunis(30, 9))
    assert "amina" not in world.told(before), "what is done is not reminded of"


def test_a_reminder_that_was_put_off_can_be_ended(world: World) -> None:
    issue = raised(world)
    world.submit("ruiz", "issues.ask", {"words": "Which container?"}, issue=issue)
    world.wait_until(tunis(25, 18))
    world.press("amina", "Remind me tomorrow")
    assert "You are not reminded of it again." in world.press("amina", "No more reminders of it")
    before = world.seen()
    world.pass_time(days=30)
    assert world.told(before) == set()


def test_whoever_no_longer_handles_it_is_not_reminded(world: World) -> None:
    issue = raised(world)
    world.do("ruiz", "issues.take", issue=issue)
    world.wait_until(tunis(24, 13))
    world.do("ruiz", "issues.put_off", issue=issue)
    world.revoke("ruiz")
    before = world.seen()
    world.wait_until(tunis(25, 9, 30))
    assert "ruiz" not in world.told(before)


def test_reminders_can_be_done_without_but_not_what_is_overdue(world: World) -> None:
    raised(world)
    for who in ("ruiz", "olga", "lena"):
        world.do(who, "people.hear", topic="reminders", told=False)
    before = world.seen()
    world.wait_until(tunis(25, 12))
    assert world.told(before) == {"lena"} and "has not been given" in world.last("lena")
