"""Where an issue belongs: colleagues, desks, sectors, other issues; and up to the level that can settle it."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import update

from db.centres import Centre
from db.people import Role, RoleName
from tests.world import MONDAY, WEEK, World

from .issue_steps import REEFER, proposed, published, raised, same_here, settled

FISH = "My fish is stuck at Port B."


def test_handing_over_to_a_colleague(world: World) -> None:
    issue = raised(world)
    world.do("ruiz", "issues.take", issue=issue)
    before = world.seen()
    world.submit("ruiz", "issues.hand_over", {"to": f"person:{world.ids['olga']}", "why": "I am away"}, issue=issue)
    assert world.told(before) == {"ruiz", "olga"}
    assert "Ruiz has handed this to you." in world.last("olga")
    assert "Officer: Olga" in world.last("olga")
    assert "I am away" in world.do("olga", "issues.show", issue=issue)
    assert "Answer due: Tuesday 24 November 2026 18:00 (Tunis)" in world.last("olga")


def test_a_colleague_of_another_desk_is_no_colleague(world: World) -> None:
    issue = raised(world)
    with world.parley.sessions.writing() as session:  # one person may work at two desks
        at = {"starts_at": MONDAY, "ends_at": MONDAY.replace(year=2028)}
        session.add(
            Role(
                administration_id=world.home,
                person_id=world.ids["ruiz"],
                name=RoleName.OFFICER,
                scope="centre",
                scope_id=str(world.centres["general"]),
                **at,
            )
        )
    refused = world.submit("ruiz", "issues.hand_over", {"to": f"person:{world.ids['gus']}"}, issue=issue)
    assert "Gus does not work at the desk that has this. Hand it to their desk instead." in refused
    before = world.seen()
    unknown = world.submit("olga", "issues.hand_over", {"to": f"person:{world.ids['gus']}"}, issue=issue)
    assert "Please choose one of the answers offered." in unknown
    assert world.told(before) == {"olga"}


def test_handing_over_to_another_desk_keeps_clock_and_thread(world: World) -> None:
    issue = raised(world)
    world.submit("ruiz", "issues.note", {"words": "Looks like a licence"}, issue=issue)
    world.wait_until(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))  # two of sixteen hours are used
    before = world.seen()
    world.submit("ruiz", "issues.hand_over", {"to": f"centre:{world.centres['general']}"}, issue=issue)
    assert world.told(before) == {"ruiz", "gus", "lars", "amina"}
    assert "Answer due: Tuesday 24 November 2026 18:00 (Tunis)" in world.last("gus")
    assert "Left: 14 working hours" in world.last("gus")
    assert "Another desk knows more about this and answers now: General desk." in world.last("amina")
    assert "Looks like a licence" in world.do("gus", "issues.thread", issue=issue)
    assert "There is nothing here" in world.do("ruiz", "issues.show", issue=issue)
    before = world.seen()
    world.pass_time(days=2)
    assert world.told(before) == {"gus", "lars"}  # chased, then overdue; the first desk hears nothing more


def test_a_desk_with_other_hours_has_what_was_left_in_its_own_hours(world: World) -> None:
    days = {day: ["22:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    with world.parley.sessions.writing() as session:
        session.execute(update(Centre).where(Centre.code == "general").values(week=WEEK | {"days": days}))
    issue = raised(world)
    world.wait_until(datetime(2026, 11, 24, 15, 0, tzinfo=UTC))  # two hours are left
    world.submit("ruiz", "issues.hand_over", {"to": f"centre:{world.centres['general']}"}, issue=issue)
    assert "We answer by: Wednesday 25 November 2026 00:00 (Tunis)" in world.last("amina")


def test_what_is_late_already_is_told_to_the_new_desks_lead_at_once(world: World) -> None:
    issue = raised(world)
    world.wait_until(datetime(2026, 11, 26, 9, 0, tzinfo=UTC))
    before = world.seen()
    world.submit("ruiz", "issues.hand_over", {"to": f"centre:{world.centres['general']}"}, issue=issue)
    assert len(world.news("lars", before["lars"])) == 2 and "has not been given" in world.last("lars")


def test_a_question_waits_at_the_new_desk_too(world: World) -> None:
    issue = raised(world)
    world.submit("ruiz", "issues.ask", {"words": "Which container?"}, issue=issue)
    world.submit("ruiz", "issues.hand_over", {"to": f"centre:{world.centres['general']}"}, issue=issue)
    assert "Left when the answer comes: 16 working hours" in world.last("gus")
    before = world.seen()
    world.pass_time(days=4)
    assert world.told(before) == {"amina"}
    world.submit("amina", "issues.answer", {"words": "MSKU"}, issue=issue)
    assert "State: Received, not taken yet" in world.last("gus")
    assert "It answers by Monday 30 November 2026 18:00 (Tunis)." in world.last("amina")


def test_nothing_moves_while_an_outcome_waits(world: World) -> None:
    issue = raised(world)
    proposed(world, issue)
    refused = world.submit("ruiz", "issues.hand_over", {"to": f"centre:{world.centres['general']}"}, issue=issue)
    assert "An outcome waits for approval here." in refused
    other = raised(world, "badr", FISH)
    refused = world.submit("ruiz", "issues.merge", {"into": str(other)}, issue=issue)
    assert "It cannot be merged now. Its state is: The answer is being checked." in refused


def test_another_sector_finds_another_desk(world: World) -> None:
    issue = raised(world, chapter="3", port="Port B")
    before = world.seen()
    world.submit("ruiz", "issues.sector", {"sector": "general"}, issue=issue)
    assert world.told(before) == {"ruiz", "gus", "lars", "amina"}
    assert "Sector: Several sectors, or another one" in world.last("gus")
    world.submit("gus", "issues.sector", {"sector": "textiles"}, issue=issue)
    assert "Changed. It stays with your desk." in world.last("gus")
    assert "That is its sector already." in world.submit("gus", "issues.sector", {"sector": "textiles"}, issue=issue)


def test_merging_names_nobody_and_shows_nobody_elses_words(world: World) -> None:
    first = raised(world)
    second = raised(world, "badr", FISH)
    world.press("ruiz", "More")
    world.submit("ruiz", "issues.merge", {"into": str(first)}, issue=second)
    assert "P-000002 was merged into this one." in world.last("ruiz")
    assert "Merged into it: P-000002" in world.last("ruiz")
    assert FISH in world.last("ruiz")  # the desk reads both
    for verb in ("show", "thread"):
        theirs = world.do("badr", f"issues.{verb}", issue=second)
        assert FISH in theirs and REEFER not in theirs and "Amina" not in theirs
        own = world.do("amina", f"issues.{verb}", issue=first)
        assert REEFER in own and FISH not in own and "Badr" not in own
    assert "There is nothing here" in world.do("badr", "issues.show", issue=first)
    told = world.do("badr", "issues.show", issue=second)
    assert "State: Answered together with others" in told
    assert "We answer by: Tuesday 24 November 2026 18:00 (Tunis)" in told


def test_whoever_has_the_issue_that_goes_on_hears_of_the_merger(world: World) -> None:
    first, second = raised(world), raised(world, "badr", FISH)
    world.do("ruiz", "issues.take", issue=first)
    asked = world.do("lena", "issues.merge", issue=second)
    assert "P-000002 ends, and goes on in another:" in asked and FISH in asked
    assert asked.answer.form is not None
    assert [each.value for each in asked.answer.form.field("into").options] == [str(first)], "not into itself"
    before = world.seen()
    world.submit("lena", "issues.merge", {"into": str(first)}, issue=second)
    assert world.told(before) == {"lena", "ruiz", "badr"}
    assert "P-000002 was merged into this one." in world.last("ruiz")
    assert "Others who take part: 1" in world.last("ruiz")
    assert world.last("badr").text.count("Others told Customs the same.") == 1
    left = world.do("ruiz", "issues.show", issue=second)
    assert list(left.buttons) == ["Open P-000001", "More"]


def test_a_merger_of_mergers_leads_straight_to_the_last(world: World) -> None:
    one, two, three = raised(world), raised(world, "badr", FISH), raised(world, "chloe", "Prawns wait at Port B.")
    world.submit("ruiz", "issues.merge", {"into": str(two)}, issue=one)
    world.submit("ruiz", "issues.merge", {"into": str(three)}, issue=two)
    before = world.seen()
    settled(world, three)
    assert world.told(before) == {"ruiz", "lena", "amina", "badr", "chloe"}
    world.submit("amina", "issues.add", {"words": "Thank you"}, issue=one)
    assert "This is closed" in world.last("amina")


def test_a_shared_problem_and_whoever_joined_it_follow_a_merger(world: World) -> None:
    shared, other = raised(world), raised(world, "badr", FISH)
    problem = published(world, shared)
    same_here(world, "chloe", problem, "My prawns too")
    same_here(world, "badr", problem)
    world.submit("ruiz", "issues.merge", {"into": str(other)}, issue=shared)
    assert "Reference: P-000002" in world.do("dina", "issues.problem", problem=problem)
    assert "Noted." in same_here(world, "dina", problem)
    assert "You wrote on Monday 23 November 2026 09:00 (Tunis): My prawns too" in world.do(
        "chloe", "issues.problem", problem=problem
    )
    before = world.seen()
    settled(world, other)
    assert world.told(before) == {"ruiz", "lena", "amina", "badr", "chloe", "dina"}


def test_what_cannot_be_merged(world: World) -> None:
    first, elsewhere = raised(world), raised(world, "badr", FISH, sector="textiles")
    assert "into itself" in world.submit("ruiz", "issues.merge", {"into": str(first)}, issue=first)
    unknown = world.submit("ruiz", "issues.merge", {"into": str(elsewhere)}, issue=first)
    assert "Please choose one of the answers offered." in unknown
    done = raised(world, "chloe", "Prawns wait at Port B.")
    settled(world, done)
    closed = world.submit("ruiz", "issues.merge", {"into": str(first)}, issue=done)
    assert "It cannot be merged now. Its state is: Settled." in closed


def test_linking_shows_on_both_and_once(world: World) -> None:
    first, second = raised(world), raised(world, "badr", FISH)
    for _again in range(2):
        assert "Linked with: P-000001" in world.submit("ruiz", "issues.link", {"other": str(first)}, issue=second)
    assert "Linked with: P-000002" in world.do("ruiz", "issues.show", issue=first)
    assert "Linked" not in world.do("amina", "issues.show", issue=first)


def test_up_two_levels_and_back_down_to_the_first_reporter(world: World) -> None:
    issue = raised(world)
    before = world.seen()
    world.submit("ruiz", "issues.escalate", {"reason": "The neighbours close at noon"}, issue=issue)
    assert world.told(before) == {"ruiz", "cora", "amina"}
    assert "A desk asks for your advice." in world.last("cora")
    assert "Ruiz noted for colleagues on Monday 23 November 2026 09:00 (Tunis): The neighbours close at noon" in (
        world.last("cora")
    )
    assert "Your issue was taken to the regional level." in world.last("amina")
    before = world.seen()
    world.submit("cora", "issues.escalate", {"reason": "All regions have it"}, issue=issue)
    assert world.told(before) == {"cora", "inga", "amina"}
    assert "there is none above it" in world.submit("inga", "issues.escalate", {"reason": "?"}, issue=issue)
    before = world.seen()
    world.submit("inga", "issues.advise", {"words": "The convention says six days a week"}, issue=issue)
    assert world.told(before) == {"inga", "ruiz", "olga", "lena", "amina"}
    assert "Advice has come from the level above. The issue is yours again." in world.last("olga")
    assert "Customs was advised by its coordinators on Monday 23 November 2026 09:00 (Tunis): The convention says" in (
        world.last("amina")
    )
    assert "Level:" not in world.last("olga")
    assert "Nobody is waiting for advice" in world.submit("cora", "issues.advise", {"words": "Me too"}, issue=issue)


def test_a_coordinator_sees_what_was_taken_to_their_level_and_nothing_else(world: World) -> None:
    kept, lifted = raised(world), raised(world, "badr", FISH)
    world.submit("ruiz", "issues.escalate", {"reason": "Beyond us"}, issue=lifted)
    assert "There is nothing here" in world.do("cora", "issues.show", issue=kept)
    assert FISH in world.do("cora", "issues.show", issue=lifted)
    assert "There is nothing here" in world.do("inga", "issues.show", issue=lifted)
    world.submit("cora", "issues.advise", {"words": "Do this"}, issue=lifted)
    assert FISH in world.do("cora", "issues.show", issue=lifted)  # what became of their advice


def test_without_coordinators_those_above_the_desks_are_asked(world: World) -> None:
    with world.parley.sessions.writing() as session:
        session.execute(update(Role).where(Role.name == RoleName.COORDINATOR).values(ends_at=MONDAY))
    issue = raised(world)
    before = world.seen()
    world.submit("ruiz", "issues.escalate", {"reason": "Beyond us"}, issue=issue)
    assert world.told(before) == {"ruiz", "adam", "amina"}


def test_an_old_card_says_at_once_what_can_no_longer_be_done(world: World) -> None:
    """Nobody answers questions only to be told at the end that they were in vain."""
    issue = raised(world)
    settled(world, issue)
    for form in ("ask", "reply", "inform", "hand_over", "sector", "merge", "publish", "escalate", "propose"):
        assert "Settled" in world.do("olga", f"issues.{form}", issue=issue), form
        assert world.last("olga").answer.form is None
    assert "Begun and not sent" not in world.say("olga", "/home")


def test_what_was_begun_before_it_became_vain_is_kept(world: World) -> None:
    issue = raised(world)
    world.do("olga", "issues.reply", issue=issue)
    world.say("olga", "We have found the inspector.")
    settled(world, issue)
    assert "You had begun this." in world.do("olga", "issues.reply", issue=issue)
    assert "We have found the inspector." in world.press("olga", "Skip")
    refused = world.press("olga", "Send")
    assert "It is closed." in refused and "We have found the inspector." in refused
