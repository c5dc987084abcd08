"""What became of it: two pairs of eyes, then everybody who took part, each with their own words."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from db.people import Role, RoleName
from tests.world import MONDAY, World

from .issue_steps import REEFER, proposed, published, raised, same_here, settled

TOLD = [
    "What was asked: Release of refrigerated goods without delay",
    "What Customs found: No inspector was on duty at the weekend",
    "What was done, or why not: An inspector is on duty every day from now on",
]


def test_an_outcome_is_proposed_by_one_and_approved_by_another(world: World) -> None:
    issue = raised(world)
    before = world.seen()
    assert "Proposed. Somebody else approves it before anybody is told." in proposed(world, issue)
    assert world.told(before) == {"ruiz", "lena"}
    assert world.last("lena").text.splitlines() == [
        "An outcome waits for your approval.",
        REEFER,
        *TOLD,
        "Reference: P-000001",
        "Result: Done",
        "Proposed by: Ruiz",
        "Proposed on: Monday 23 November 2026 09:00 (Tunis)",
    ]
    assert list(world.last("lena").buttons) == ["Approve", "Send back", "Add a translation", "The issue"]
    assert "Approve" not in world.last("ruiz").buttons
    before = world.seen()
    assert "Approved. 1 person is being told." in world.press("lena", "Approve")
    assert world.told(before) == {"lena", "ruiz", "amina"}
    assert "State: Settled" in world.do("ruiz", "issues.show", issue=issue)
    refused = world.do("lena", "issues.approve", issue=issue)
    assert refused.text == "Already approved by Lena on Monday 23 November 2026 09:00 (Tunis)."


def test_nobody_approves_their_own(world: World) -> None:
    issue = raised(world)
    before = world.seen()
    proposed(world, issue, "lena")
    assert world.told(before) == {"lena", "adam"}  # there is no second lead: those above the desks are asked
    refused = world.do("lena", "issues.approve", issue=issue)
    assert refused.text == "You proposed this outcome yourself. Somebody else has to approve it."
    assert "State: The answer is being checked" in world.do("ruiz", "issues.show", issue=issue)
    world.press("adam", "Approve")
    assert "What became of it" in world.last("amina")


@pytest.mark.parametrize("who", ["ruiz", "olga", "gus", "lars", "cora", "amina", "badr"])
def test_only_leads_of_the_desk_and_administrators_approve(world: World, who: str) -> None:
    issue = raised(world)
    proposed(world, issue)
    world.do(who, "issues.approve", issue=issue)
    assert "State: The answer is being checked" in world.do("ruiz", "issues.show", issue=issue)


def test_whoever_raised_it_does_not_approve_its_outcome(world: World) -> None:
    issue = raised(world, "lena")
    proposed(world, issue)
    refused = world.do("lena", "issues.approve", issue=issue)
    assert refused.text == "You may not do that."


def test_sent_back_with_words_and_proposed_again(world: World) -> None:
    issue = raised(world)
    proposed(world, issue)
    before = world.seen()
    world.submit("lena", "issues.send_back", {"words": "Say since when"}, issue=issue)
    assert world.told(before) == {"lena", "ruiz"}
    assert "The outcome you proposed was sent back." in world.last("ruiz")
    assert "Say since when" in world.last("ruiz") and "State: Being looked into" in world.last("ruiz")
    assert "No outcome waits for approval here." in world.do("lena", "issues.approve", issue=issue)
    settled(world, issue, words="Since May")
    assert "What was done, or why not: Since May" in world.last("amina")
    assert "Say since when" not in world.do("amina", "issues.thread", issue=issue)


def test_a_reason_is_asked_for_unless_it_is_done(world: World) -> None:
    issue = raised(world)
    refused = proposed(world, issue, decision="not")
    assert refused.answer.form is not None
    assert [each.name for each in refused.answer.form.fields if each.error] == ["reason"]
    world.do("ruiz", "form.cancel", draft=int(refused.answer.form.token))
    settled(world, issue, decision="not", reason="law")
    assert "Result: Not done" in world.last("amina")
    assert "Reason: The law does not allow it" in world.last("amina")


def test_everybody_who_took_part_hears_with_their_own_words_and_nobody_is_named(world: World) -> None:
    issue = raised(world)
    problem = published(world, issue)
    same_here(world, "badr", problem, "My prawns too")
    world.submit("chloe", "issues.contribute", {"words": "The crane is broken"}, problem=problem)
    world.do("dina", "issues.follow", problem=problem)
    merged = raised(world, "emil", "Two boxes of fish wait at Port B.")
    world.submit("ruiz", "issues.merge", {"into": str(issue)}, issue=merged)
    before = world.seen()
    assert "Approved. 5 people are being told, each in their language." in settled(world, issue)
    assert world.told(before) == {"ruiz", "lena", "amina", "badr", "chloe", "dina", "emil"}
    wrote = {
        "amina": [f"You wrote: {REEFER}"],
        "badr": ["You wrote: My prawns too"],
        "chloe": ["You wrote: The crane is broken"],
        "dina": [],
        "emil": ["You wrote: Two boxes of fish wait at Port B."],
    }
    for who, own in wrote.items():
        ref = "Reference: P-000002" if who == "emil" else "Reference: P-000001"
        assert world.last(who).text.splitlines() == ["What became of it", *own, *TOLD, ref, "Result: Done"]
        assert list(world.last(who).buttons) == ["Acknowledge", "It helped", "It did not help"]


def test_each_hears_once_however_often_they_took_part(world: World) -> None:
    issue = raised(world)
    problem = published(world, issue)
    again = raised(world, "amina", "Still held at Port B.")
    world.submit("ruiz", "issues.merge", {"into": str(issue)}, issue=again)
    same_here(world, "badr", problem)
    other = raised(world, "badr", "My prawns wait at Port B.")
    world.submit("ruiz", "issues.merge", {"into": str(issue)}, issue=other)
    before = world.seen()
    settled(world, issue)
    assert len(world.news("amina", before["amina"])) == 1
    assert len(world.news("badr", before["badr"])) == 1
    assert "You wrote: My prawns wait at Port B." in world.last("badr")


def test_acknowledging_and_saying_that_it_helped(world: World) -> None:
    settled(world, raised(world))
    thanked = world.press("amina", "Acknowledge")
    assert "Thank you. Customs knows that you have heard." in thanked
    assert list(thanked.buttons) == ["It helped", "It did not help"]
    before = world.seen()
    assert "Thank you for saying so." in world.press("amina", "It helped")
    assert list(world.last("amina").buttons) == ["What became of it"], "no dead end"
    assert world.told(before) == {"amina"}


def test_when_it_did_not_help_a_person_is_asked_to_look_again(world: World) -> None:
    issue = raised(world)
    settled(world, issue)
    before = world.seen()
    world.press("amina", "It did not help")
    assert world.told(before) == {"amina", "lena"}
    assert "Amina says that the outcome did not help." in world.last("lena")
    assert "Open again" in world.last("lena").buttons


def test_an_outcome_is_nobody_elses_to_see(world: World) -> None:
    settled(world, raised(world))
    for who in ("badr", "gus", "cora"):
        for verb in ("outcome", "acknowledge", "helped", "not_helped"):
            assert "There is nothing here" in world.do(who, f"issues.{verb}", outcome=1)
    assert "What became of it" in world.do("olga", "issues.outcome", outcome=1)


def test_what_became_of_it_is_found_again(world: World) -> None:
    settled(world, raised(world))
    listed = [line for line in world.say("amina", "/outcomes").text.splitlines() if line.startswith("-")]
    assert listed == ["- Release of refrigerated goods without delay (Done, Monday 23 November 2026, waits for you)"]
    world.press("amina", "Open")
    world.press("amina", "Acknowledge")
    assert "waits for you" not in world.do("amina", "issues.outcomes")
    assert "Nothing you took part in has been settled yet." in world.do("badr", "issues.outcomes")


def test_opening_again_tells_everybody_why_and_a_second_outcome_reaches_them_too(world: World) -> None:
    issue = raised(world)
    same_here(world, "badr", published(world, issue))
    settled(world, issue)
    before = world.seen()
    world.submit("ruiz", "issues.reopen", {"reason": "The inspector left"}, issue=issue)
    assert world.told(before) == {"ruiz", "amina", "badr"}
    assert world.last("badr").text.splitlines()[:2] == [
        "Customs has opened again what you took part in",
        "Customs, on Monday 23 November 2026 09:00 (Tunis): The inspector left",
    ]
    again = world.submit("ruiz", "issues.reopen", {"reason": "Twice"}, issue=issue)
    assert "Only a settled issue can be opened again." in again
    before = world.seen()
    settled(world, issue, words="Two inspectors")
    assert world.told(before) == {"ruiz", "lena", "amina", "badr"}
    assert "Two inspectors" in world.last("badr")


def test_earlier_answers_are_shown_before_one_answers(world: World) -> None:
    settled(world, raised(world))
    new = raised(world, "badr", "Mon conteneur frigorifique est bloqué au port", sector="general")
    with world.parley.sessions.writing() as session:
        session.execute(update(Role).where(Role.person_id == world.ids["lars"]).values(name=RoleName.OFFICER))
    for form in ("reply", "propose"):
        shown = world.do("gus", f"issues.{form}", issue=new)
        assert "1 earlier answer to a like question:" in shown
        assert "P-000001, Done, on Monday 23 November 2026 09:00 (Tunis): No inspector was on duty" in shown
    assert "P-000001, Done" in world.do("gus", "issues.precedents", issue=new)
    assert "P-000001" not in world.do("badr", "issues.precedents", issue=new)
    assert "P-000001, Done" not in world.do("ruiz", "issues.precedents", issue=1)  # not its own


def test_without_a_lead_the_outcome_is_not_stuck(world: World) -> None:
    with world.parley.sessions.writing() as session:
        session.execute(update(Role).where(Role.name == RoleName.LEAD).values(ends_at=MONDAY))
    issue = raised(world)
    before = world.seen()
    proposed(world, issue)
    assert world.told(before) == {"ruiz", "adam"}
    world.press("adam", "Approve")
    assert "What became of it" in world.last("amina")


def test_who_proposes_has_everybodys_words_in_sight(world: World) -> None:
    issue, other = raised(world), raised(world, "badr", "My frozen fish waits for an inspector as well.")
    world.submit("ruiz", "issues.merge", {"into": str(issue)}, issue=other)
    asking = world.do("ruiz", "issues.propose", issue=issue)
    assert REEFER in asking and "In the words of Badr" in asking and "My frozen fish" in asking
    assert "told it too" not in asking
    for who in ("chloe", "dina", "emil"):
        told = raised(world, who, f"So does the fish of {who}.")
        world.submit("ruiz", "issues.merge", {"into": str(issue)}, issue=told)
    asking = world.do("ruiz", "issues.propose", issue=issue)
    assert asking.text.count("In the words of") == 4 and "1 more has told it too" in asking
    thread = world.do("ruiz", "issues.thread", issue=issue)
    assert "So does the fish of emil." in (thread if "Next" not in thread.buttons else world.press("ruiz", "Next"))
