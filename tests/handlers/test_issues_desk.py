"""At the desk: who has it, what is asked and answered, and who reads what."""

from __future__ import annotations

import pytest

from tests.world import CAST, Sent, World

from .issue_steps import REEFER, published, raised, same_here, settled

TAKEN = "Already taken by Ruiz on Monday 23 November 2026 09:00 (Tunis)."


def test_one_officer_takes_it_and_whoever_raised_it_hears(world: World) -> None:
    raised(world)
    before = world.seen()
    assert "It is yours now." in world.press("ruiz", "Take it")
    assert world.told(before) == {"ruiz", "amina"}
    assert "An officer has taken up your issue." in world.last("amina")
    assert "Ruiz" not in world.last("amina")


def test_a_second_officer_is_told_who_has_it(world: World) -> None:
    raised(world)
    world.press("ruiz", "Take it")
    refused = world.press("olga", "Take it")
    assert refused.text == TAKEN
    assert "State: Being looked into" in world.do("ruiz", "issues.show", issue=1)


def test_a_second_tap_takes_nothing_twice(world: World) -> None:
    raised(world)
    world.press("ruiz", "Take it")
    before = world.seen()
    assert "It is yours already." in world.press("ruiz", "Take it")
    assert world.told(before) == {"ruiz"}


def test_an_officer_of_another_desk_does_not_find_it(world: World) -> None:
    issue = raised(world)
    hidden = world.do("gus", "issues.take", issue=issue)
    assert hidden.text == world.do("gus", "issues.take", issue=999).text
    assert "There is nothing here by that name" in hidden


def test_who_sees_an_issue_and_who_does_not(world: World) -> None:
    issue = raised(world)
    sees = {who for who in CAST if REEFER in world.do(who, "issues.show", issue=issue)}
    assert sees == {"amina", "ruiz", "olga", "lena", "adam"}
    found = {who for who in CAST if REEFER in world.submit(who, "issues.find", {"words": "reefer"})}
    assert found == sees
    listed = {who for who in CAST if REEFER in world.do(who, "issues.desk")}
    assert listed == sees - {"amina"}
    assert {who for who in CAST if REEFER in world.do(who, "issues.mine")} == {"amina"}


def test_a_reference_typed_in_any_digits_leads_to_the_issue(world: World) -> None:
    raised(world)
    for typed in ("/find P-000001", "/find p1", "/find ١", "/find reefers"):
        assert world.say("ruiz", typed).text.splitlines()[0] == REEFER
    assert "Nothing of what you may see is about that." in world.say("badr", "/find P-000001")


def test_a_question_and_its_answer(world: World) -> None:
    issue = raised(world)
    world.press("ruiz", "Take it")
    asked = world.submit("ruiz", "issues.ask", {"words": "Which container?"}, issue=issue)
    assert "Asked. The clock stands still until the answer comes." in asked
    assert "Left when the answer comes: 16 working hours" in asked
    assert "Customs asked you on Monday 23 November 2026 09:00 (Tunis): Which container?" in world.last("amina")
    again = world.submit("olga", "issues.ask", {"words": "And which seal?"}, issue=issue)
    assert "A question to whoever raised it is open already." in again
    world.pass_time(days=1)
    world.press("amina", "Answer")
    assert world.last("amina").text.splitlines()[-2:] == [
        "Customs asked you on Monday 23 November 2026 09:00 (Tunis): Which container?",
        "Your answer?",
    ]
    world.fill("amina", "MSKU 1234567", "[Skip]")
    before = world.seen()
    answer = world.press("amina", "Send")
    assert "Thank you. The desk has your answer. It answers by Wednesday 25 November 2026 18:00 (Tunis)." in answer
    assert world.told(before) == {"amina", "ruiz"}
    assert "Amina answered on Tuesday 24 November 2026 09:00 (Tunis): MSKU 1234567" in world.last("ruiz")


def test_words_typed_out_of_the_blue_are_offered_as_the_answer(world: World) -> None:
    issue = raised(world)
    world.submit("ruiz", "issues.ask", {"words": "Which container?"}, issue=issue)
    assert "Answer P-000001 with it" in world.say("amina", "It is MSKU 1234567").buttons
    world.press("amina", "Answer P-000001 with it")
    world.fill("amina", "[Skip]", "[Send]")
    assert "Amina answered on Monday 23 November 2026 09:00 (Tunis): It is MSKU 1234567" in world.last("ruiz")


def test_an_answer_that_nobody_waits_for_any_longer_is_kept_as_an_addition(world: World) -> None:
    issue = raised(world)
    world.submit("ruiz", "issues.ask", {"words": "Which container?"}, issue=issue)
    world.press("amina", "Answer")
    world.submit("ruiz", "issues.propose", PROPOSAL, issue=issue)
    world.fill("amina", "MSKU 1234567", "[Skip]", "[Send]")
    assert "Amina added on Monday 23 November 2026 09:00 (Tunis): MSKU 1234567" in world.last("ruiz")


def test_what_is_added_reaches_whoever_has_it(world: World) -> None:
    issue = raised(world)
    before = world.seen()
    world.submit("amina", "issues.add", {"words": "The plug is off"}, issue=issue)
    assert world.told(before) == {"amina", "ruiz", "olga", "lena"}
    world.do("olga", "issues.take", issue=issue)
    before = world.seen()
    world.submit("amina", "issues.add", {"words": "It is on again"}, issue=issue)
    assert world.told(before) == {"amina", "olga"}
    assert "Amina added on Monday 23 November 2026 09:00 (Tunis): It is on again" in world.last("olga")


def test_a_reply_reaches_its_reporter_alone_and_a_note_no_trader(world: World) -> None:
    issue = raised(world)
    same_here(world, "badr", published(world, issue))
    before = world.seen()
    world.submit("ruiz", "issues.reply", {"words": "Your vet certificate is missing"}, issue=issue)
    assert world.told(before) == {"ruiz", "amina"}
    before = world.seen()
    world.submit("ruiz", "issues.note", {"words": "Third time this week"}, issue=issue)
    assert world.told(before) == {"ruiz"}
    assert "Third time" not in world.do("amina", "issues.thread", issue=issue)
    assert "Third time" in world.do("olga", "issues.thread", issue=issue)
    assert "vet certificate" not in world.do("badr", "issues.problem", problem=1)


def test_news_reaches_everybody_who_takes_part_and_names_nobody(world: World) -> None:
    issue = raised(world)
    problem = published(world, issue)
    same_here(world, "badr", problem)
    world.do("chloe", "issues.follow", problem=problem)
    other = raised(world, "dina", "My fish is stuck at Port B")
    world.submit("ruiz", "issues.merge", {"into": str(issue)}, issue=other)
    before = world.seen()
    answer = world.submit("ruiz", "issues.inform", {"words": "An inspector comes at noon"}, issue=issue)
    assert "Sent to 4 people." in answer
    assert world.told(before) == {"ruiz", "amina", "badr", "chloe", "dina"}
    for who, ref in (("amina", 1), ("badr", 1), ("chloe", 1), ("dina", 2)):
        assert world.last(who).text.splitlines() == [
            "News from Customs about what you take part in",
            "Customs, on Monday 23 November 2026 09:00 (Tunis): An inspector comes at noon",
            f"Reference: P-00000{ref}",
        ]
    assert "My fish is stuck" in world.press("dina", "See it")
    assert "Refrigerated goods are held up" in world.press("badr", "See it")


@pytest.mark.parametrize("form", ["add", "answer"])
def test_nobody_adds_to_what_is_closed(world: World, form: str) -> None:
    issue = raised(world)
    settled(world, issue)
    refused = world.submit("amina", f"issues.{form}", {"words": "Still there"}, issue=issue)
    assert "This is closed: nobody would read what you add. Please raise a new issue." in refused


def test_only_whoever_raised_it_adds_answers_or_withdraws(world: World) -> None:
    issue = raised(world)
    for who in ("badr", "ruiz", "lena", "adam"):
        for verb in ("add", "answer", "withdraw"):
            shown = world.do(who, f"issues.{verb}", issue=issue)
            assert shown.answer.form is None and "Withdraw it" not in shown.buttons


def test_nobody_handles_what_they_raised_themselves(world: World) -> None:
    before = world.seen()
    issue = raised(world, "ruiz")
    assert world.told(before) == {"ruiz", "olga", "lena"}
    assert len(world.news("ruiz", before["ruiz"])) == 2  # the form and what it answered: no card of the desk
    assert REEFER not in world.do("ruiz", "issues.desk")
    world.submit("olga", "issues.note", {"words": "A colleague's own"}, issue=issue)
    assert "A colleague's own" not in world.do("ruiz", "issues.thread", issue=issue)
    for verb in ("take", "ask", "reply", "note", "more", "propose", "hand_over", "merge", "publish", "precedents"):
        assert world.do("ruiz", f"issues.{verb}", issue=issue).text == "You may not do that."
    assert world.do("ruiz", "ledger.show", issue=issue).text == "You may not do that."
    settled(world, issue, who="olga")
    assert "What became of it" in world.last("ruiz")


def test_withdrawing_is_confirmed_and_ends_it(world: World) -> None:
    issue = raised(world)
    assert "Do you want to withdraw your issue?" in world.press("amina", "Withdraw")
    assert "State: Received, not taken yet" in world.do("ruiz", "issues.show", issue=issue)
    world.do("amina", "issues.withdraw", issue=issue)
    before = world.seen()
    assert "State: Withdrawn" in world.press("amina", "Withdraw it")
    assert world.told(before) == {"amina", "ruiz", "olga", "lena"}
    before = world.seen()
    world.pass_time(days=10)
    assert world.told(before) == set()


def test_withdrawing_from_what_others_share_leaves_it_to_them(world: World) -> None:
    issue = raised(world)
    same_here(world, "badr", published(world, issue))
    world.submit("ruiz", "issues.ask", {"words": "Which container?"}, issue=issue)
    world.do("amina", "issues.withdraw", issue=issue)
    assert "Others have the same problem, so Customs goes on with it." in world.press("amina", "Withdraw it")
    assert "There is nothing here" in world.do("amina", "issues.show", issue=issue)
    assert "State: Being looked into" in world.last("ruiz")  # nobody is asked any longer: the clock goes on
    refused = world.submit("ruiz", "issues.ask", {"words": "Hello?"}, issue=issue)
    assert "Whoever raised it has left it" in refused
    before = world.seen()
    settled(world, issue)
    assert world.told(before) == {"ruiz", "lena", "badr"}


def test_the_desk_list_is_paged_and_the_most_urgent_comes_first(world: World) -> None:
    for number in range(8):
        raised(world, "amina", f"Problem number {number}.")
    world.pass_time(hours=1)
    world.submit("ruiz", "issues.ask", {"words": "?"}, issue=1)
    first = world.do("ruiz", "issues.desk")
    assert "8 issues under way" in first and "Previous" not in first.buttons
    assert listed(first) == [1, 2, 3, 4, 5, 6]
    second = world.press("ruiz", "Next")
    assert listed(second) == [7, 0] and "Next" not in second.buttons  # nobody counts the hours of what was asked
    world.do("ruiz", "issues.take", issue=3)
    assert listed(world.do("ruiz", "issues.desk", own=True)) == [2, 0]


def listed(shown: Sent) -> list[int]:
    """The numbers in the titles of a list."""
    rows = (line.removeprefix("- Problem number ") for line in shown.text.splitlines() if line.startswith("-"))
    return [int(row.partition(".")[0]) for row in rows]


PROPOSAL = {"asked": "a", "found": "b", "decision": "done", "words": "c"}
