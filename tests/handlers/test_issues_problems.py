"""Shared problems: joined by many, who see a neutral line, a number and their own words."""

from __future__ import annotations

from tests.world import World

from .issue_steps import REEFER, published, raised, same_here, settled

LINE = "Refrigerated goods are held up at Port B"


def test_a_problem_shows_a_line_and_a_number_and_nobodys_words(world: World) -> None:
    problem = published(world, raised(world))
    same_here(world, "badr", problem, "My prawns too")
    shown = world.do("chloe", "issues.problem", problem=problem)
    assert shown.text.splitlines() == [
        LINE,
        "2 other people have it too.",
        "Reference: P-000001",
        "State: Received, not taken yet",
        "Sector: Perishable goods",
    ]
    assert list(shown.buttons) == ["Same here", "Add what you know", "Follow it", "Consult on it", "Shared problems"]


def test_same_here_with_own_words_only_customs_reads(world: World) -> None:
    problem = published(world, raised(world))
    world.say("badr", "/problems")
    world.press("badr", "Open")
    world.press("badr", "Same here")
    assert world.last("badr").text.splitlines()[:2] == [LINE, "How does it show with you?"]
    joined = world.say("badr", "My prawns too")
    assert "Noted. You will hear what becomes of it." in joined
    assert "You wrote on Monday 23 November 2026 09:00 (Tunis): My prawns too" in joined
    assert "Same here" not in joined.buttons
    assert "Badr added on Monday 23 November 2026 09:00 (Tunis): My prawns too" in world.last("ruiz")
    assert "prawns" not in world.do("amina", "issues.thread", issue=1)
    assert "prawns" not in world.do("chloe", "issues.problem", problem=problem)
    assert "Nothing of what you may see" in world.submit("amina", "issues.find", {"words": "prawns"})


def test_joining_gives_no_sight_of_the_issue(world: World) -> None:
    issue = raised(world)
    problem = published(world, issue)
    same_here(world, "badr", problem)
    world.submit("chloe", "issues.contribute", {"words": "The crane is broken"}, problem=problem)
    world.do("dina", "issues.follow", problem=problem)
    for who in ("badr", "chloe", "dina"):
        assert "There is nothing here" in world.do(who, "issues.show", issue=issue)
        assert "Nothing of what you may see" in world.submit(who, "issues.find", {"words": "reefer"})
        assert REEFER not in world.do(who, "issues.shared")
        assert LINE in world.do(who, "issues.shared")


def test_the_desk_hears_of_joiners_without_being_flooded(world: World) -> None:
    issue = raised(world)
    world.do("ruiz", "issues.take", issue=issue)
    problem = published(world, issue)
    before = world.seen()
    for who in ("badr", "chloe", "dina"):
        same_here(world, who, problem)
    assert [each.text.splitlines()[0] for each in world.news("ruiz", before["ruiz"])] == [
        "1 person says that they have the same problem.",
        "3 people say that they have the same problem.",
    ]


def test_following_and_stopping(world: World) -> None:
    issue = raised(world)
    problem = published(world, issue)
    world.do("badr", "issues.follow", problem=problem)
    assert "You will hear no more about it." in world.press("badr", "Stop following")
    assert "You do not follow this." in world.do("badr", "issues.unfollow", problem=problem)
    world.do("chloe", "issues.follow", problem=problem)
    before = world.seen()
    settled(world, issue)
    assert world.told(before) == {"ruiz", "lena", "amina", "chloe"}


def test_whoever_raised_it_neither_joins_nor_stops_following(world: World) -> None:
    problem = published(world, raised(world))
    shown = world.do("amina", "issues.problem", problem=problem)
    assert "Same here" not in shown.buttons and "Stop following" not in shown.buttons
    world.do("amina", "issues.unfollow", problem=problem)
    assert REEFER in world.do("amina", "issues.show", issue=1)


def test_nobody_joins_what_is_settled(world: World) -> None:
    issue = raised(world)
    problem = published(world, issue)
    settled(world, issue)
    assert "No shared problem is under way." in world.do("badr", "issues.problems")
    refused = same_here(world, "badr", problem)
    assert "This problem is no longer open. If you still have it, please raise an issue." in refused


def test_only_an_officer_of_the_desk_publishes_and_may_mend_the_line(world: World) -> None:
    issue = raised(world)
    for who in ("amina", "gus", "cora"):
        world.submit(who, "issues.publish", {"line": "No"}, issue=issue)
    assert "No shared problem" in world.do("badr", "issues.problems")
    published(world, issue, "Held up")
    world.submit("olga", "issues.publish", {"line": LINE}, issue=issue)
    rows = [line for line in world.do("badr", "issues.problems").text.splitlines() if line.startswith("-")]
    assert rows == [
        f"- {LINE} (P-000001 · Received, not taken yet · answer due Tuesday 24 November 2026 18:00 (Tunis))"
    ]
