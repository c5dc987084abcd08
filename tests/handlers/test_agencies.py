"""A case with a lead and assisting agencies: one reply, each agency sees its own thread, the missing one is named."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from db.people import Mandate
from tests.world import MONDAY, World

from .agency_steps import BY, agencies, answered, asked
from .issue_steps import REEFER, proposed, raised

QUESTIONS = {"chloe": "May the sample be taken at night?", "dina": "Who opens the gate at night?"}
NIGHT = "Sampling at night begins in May."


def asked_two(world: World) -> int:
    """A case in which two agencies are asked: parts 1 (Food Safety) and 2 (Transport)."""
    known = agencies(world)
    issue = raised(world)
    world.do("ruiz", "issues.take", issue=issue)
    for who, question in QUESTIONS.items():
        asked(world, issue, known[who], question)
    return issue


def test_each_agency_hears_its_own_question_and_not_who_raised_it(light_world: World) -> None:
    world = light_world
    before = world.seen()
    asked_two(world)
    assert {"chloe", "dina", "amina"} <= world.told(before) and "badr" not in world.told(before)
    for who, other in (("chloe", "dina"), ("dina", "chloe")):
        heard = "\n".join(each.text for each in world.received(who))
        assert QUESTIONS[who] in heard and "P-000001" in heard
        assert QUESTIONS[other] not in heard and REEFER not in heard and "Amina" not in heard and "Ruiz" not in heard
    told = [each.text for each in world.received("amina") if "other agencies" in each.text]
    assert len(told) == 1 and "They do not learn who you are unless you say so." in told[0]
    lines = world.do("ruiz", "issues.show", issue=1).text.splitlines()
    assert "Other agencies: 0 of 2 have answered" in lines


def test_nobody_else_sees_a_part(world: World) -> None:
    issue = asked_two(world)
    nothing = "There is nothing here by that name, or it is not yours to see."
    for who in ("amina", "badr", "emil", "dina", "gus"):
        assert world.do(who, "agencies.part", part=1).text == nothing
        assert world.do(who, "agencies.thread", part=1).text == nothing
        for form in ("answer", "cannot", "query", "later", "reply", "also"):
            assert world.do(who, f"agencies.{form}", part=1).text in (nothing, "You may not do that.")
    for who in ("chloe", "dina", "badr"):
        assert world.do(who, "issues.show", issue=issue).text == nothing
        assert world.do(who, "agencies.case", issue=issue).text in (nothing, "You may not do that.")
    found = world.submit("dina", "agencies.find", {"words": "sample night gate"})
    assert QUESTIONS["dina"] in found and QUESTIONS["chloe"] not in found
    assert QUESTIONS["chloe"] in world.submit("ruiz", "agencies.find", {"words": "sample"})
    with world.parley.sessions.writing() as session:  # a right that has ended opens nothing
        session.execute(update(Mandate).where(Mandate.person_id == world.ids["chloe"]).values(ends_at=MONDAY))
    assert world.do("chloe", "agencies.part", part=1).text == nothing


def test_whoever_raised_it_may_let_agencies_know_and_take_it_back(light_world: World) -> None:
    world = light_world
    issue = asked_two(world)
    assert "Do not let them know" not in "".join(world.do("amina", "agencies.consent", issue=issue).buttons)
    world.press("amina", "Let them know who I am")
    assert "You can take it back." in world.press("amina", "Let them know who I am")
    shown = world.do("chloe", "agencies.part", part=1)
    assert "Raised by: Amina, Sodal Trading" in shown and REEFER in shown
    assert world.do("badr", "agencies.disclose", issue=issue).text != shown.text
    world.do("amina", "agencies.conceal", issue=issue)
    assert "Amina" not in world.do("chloe", "agencies.part", part=1)


def test_an_agency_asks_back_and_is_answered_without_the_other_knowing(light_world: World) -> None:
    world = light_world
    asked_two(world)
    world.submit("chloe", "agencies.query", {"words": "Fish or meat?"}, part=1)
    assert "Food Safety Agency asks something before it answers." in world.last("ruiz")
    assert "Fish or meat?" in world.last("ruiz")
    before = world.seen()
    world.submit("ruiz", "agencies.reply", {"words": "Fish."}, part=1)
    assert world.told(before) == {"ruiz", "chloe"} and "Fish." in world.last("chloe")
    assert "Fish" not in world.do("dina", "agencies.thread", part=2)
    assert "Fish" not in world.do("amina", "issues.thread", issue=1)


def test_the_silent_are_reminded_once_and_then_named(light_world: World) -> None:
    world = light_world
    asked_two(world)
    answered(world, "chloe", 1, NIGHT)
    before = world.seen()
    world.pass_time(days=2)
    reminded = [each.text for each in world.news("dina", before["dina"]) if "is waiting for your agency" in each.text]
    assert len(reminded) == 1 and world.news("chloe", before["chloe"]) == []
    world.pass_time(days=5)
    missing = [each.text for each in world.received("ruiz") if "You can answer without it." in each.text]
    assert len(missing) == 1
    assert missing[0].startswith("Transport Authority has not answered by Thursday 26 November 2026 18:00 (Tunis).")
    reminded = [each.text for each in world.news("dina", before["dina"]) if "is waiting for your agency" in each.text]
    assert len(reminded) == 1


def test_one_answer_goes_out_incomplete_and_is_completed_and_sent_again(world: World) -> None:
    issue = asked_two(world)
    answered(world, "chloe", 1, NIGHT)
    assert "Food Safety Agency has answered its part." in world.last("ruiz")
    shown = proposed(world, issue)
    assert f"What Food Safety Agency says: {NIGHT}" in shown
    assert "Transport Authority has not answered yet. Its part is expected by Thursday 26 November" in shown
    before = world.seen()
    world.press("lena", "Approve")
    first = world.news("amina", before["amina"])[-1]
    assert f"What Food Safety Agency says: {NIGHT}" in first and "Reference: P-000001" in first
    assert "Transport Authority has not answered yet." in first
    assert "You get this answer again, completed, when what is missing has come." in first
    assert "told to those who raised it" in world.last("chloe")
    assert world.news("dina", before["dina"]) == []
    world.press("amina", "Acknowledge")
    # The missing part comes after the answer went out.
    world.clock.advance(timedelta(days=4))
    answered(world, "dina", 2, "The port opens it from ten.")
    assert "has sent its part after the answer went out" in world.last("ruiz")
    assert "an agency's part has come" in world.say("ruiz", "/home")
    world.press("ruiz", "Complete the answer")
    assert "There is nothing to complete." in world.do("ruiz", "issues.complete", issue=issue)
    before = world.seen()
    world.press("lena", "Approve")
    again = world.news("amina", before["amina"])[-1].text.splitlines()
    assert again[0] == "What became of it, completed"
    assert "Customs has told you this before. New in it: Transport Authority." in again
    new, old = (
        again.index("What Transport Authority says: The port opens it from ten."),
        again.index(f"What Food Safety Agency says: {NIGHT}"),
    )
    assert new < old and "Reference: P-000001" in again
    assert "told to those who raised it" in world.last("dina")
    assert world.news("chloe", before["chloe"]) == []
    told = world.do("ruiz", "ledger.show", issue=issue).text
    assert told.count("Amina") == 2 and told.count("the completed answer") == 1
    heard = "\n".join(each.text for each in world.received("chloe"))
    assert "The port opens it" not in heard and "Transport" not in heard


def test_what_comes_while_an_outcome_waits_stands_in_it(light_world: World) -> None:
    world = light_world
    issue = asked_two(world)
    proposed(world, issue)
    before = world.seen()
    world.submit("chloe", "agencies.cannot", {"words": "The port decides that."}, part=1)
    assert {"ruiz", "lena"} <= world.told(before)
    assert "Food Safety Agency cannot answer its part, and says why: The port decides that." in world.last("lena")
    world.submit("dina", "agencies.later", {"respond_by": "2026-12-04", "words": "Our board meets then."}, part=2)
    assert "Its part is expected by Friday 4 December 2026" in world.last("lena")
    assert "Our board meets then." in world.last("ruiz") or "Our board" in world.do("ruiz", "agencies.part", part=2)
    world.press("lena", "Approve")
    assert "The port decides that." in world.last("amina")
    assert "Friday 4 December 2026" in world.last("amina") and "Our board" not in world.last("amina")


def test_a_completion_that_was_sent_back_completes_when_it_is_proposed_anew(light_world: World) -> None:
    world = light_world
    issue = asked_two(world)
    proposed(world, issue)
    world.press("lena", "Approve")
    for part, who in ((1, "chloe"), (2, "dina")):
        answered(world, who, part, NIGHT)
    world.do("ruiz", "issues.complete", issue=issue)
    world.submit("lena", "issues.send_back", {"words": "Say since when"}, issue=issue)
    proposed(world, issue, words="Since May")
    world.press("lena", "Approve")
    told = world.last("amina").text
    assert told.startswith("What became of it, completed") and "Since May" in told and "has not answered" not in told


def test_what_is_not_needed_any_longer_is_not_named(light_world: World) -> None:
    world = light_world
    issue = asked_two(world)
    world.do("ruiz", "agencies.call_off", part=2, confirmed=True)
    assert "Your part is not needed any longer." in world.last("dina")
    assert "Transport" not in proposed(world, issue)
    assert "Its answer is not waited for." in world.do("dina", "agencies.answer", part=2)
    world.do("lena", "issues.send_back", issue=issue)
    world.say("lena", "/cancel")
    assert "Its answer is not waited for." in world.do("ruiz", "agencies.more_time", part=2)
    again = world.submit("ruiz", "agencies.again", {"words": "Once more?", "respond_by": BY}, part=2)
    assert "Transport Authority is asked, until Thursday" in again
    before = world.seen()
    world.do("amina", "issues.withdraw", issue=issue, confirmed=True)
    assert {"chloe", "dina"} <= world.told(before)


def test_parts_go_on_with_the_issue_that_speaks(light_world: World) -> None:
    world = light_world
    issue = asked_two(world)
    other = raised(world, "emil", "Two boxes of fish wait at Port B.")
    world.submit("ruiz", "issues.merge", {"into": str(other)}, issue=issue)
    assert "P-000001 goes on as P-000002." in world.last("chloe")
    assert "Case: P-000002" in world.press("chloe", "See it")
    answered(world, "chloe", 1, NIGHT)
    proposed(world, other)
    world.press("lena", "Approve")
    for who, ref in (("amina", "P-000001"), ("emil", "P-000002")):
        assert f"What Food Safety Agency says: {NIGHT}" in world.last(who) and f"Reference: {ref}" in world.last(who)


def test_who_cannot_be_asked(light_world: World) -> None:
    world = light_world
    known = agencies(world)
    issue = raised(world)
    assert "has been asked already" not in asked(world, issue, known["chloe"], "One?")
    assert "Food Safety Agency has been asked already and has not answered." in asked(
        world, issue, known["chloe"], "2?"
    )
    world.say("ruiz", "/cancel")
    with world.parley.sessions.writing() as session:
        session.execute(update(Mandate).where(Mandate.person_id == world.ids["dina"]).values(ends_at=MONDAY))
    assert "nobody would read it" in asked(world, issue, known["dina"], "One?")
    world.say("ruiz", "/cancel")
    assert "That is past already." in asked(world, issue, known["badr"], "One?", "2026-11-20")


def test_a_file_on_a_part_goes_between_the_agency_and_the_desk_and_to_nobody_else(light_world: World) -> None:
    world = light_world
    issue = asked_two(world)
    before = world.seen()
    world.press("chloe", "Answer")
    world.say("chloe", NIGHT)
    world.attach("chloe", "sampling.pdf", b"%PDF-1.4")
    world.fill("chloe", "[That is all]", "[Send]")
    (heard,) = (each for each in world.news("ruiz", before["ruiz"]) if "has answered its part" in each)
    assert "[file sampling.pdf]" in heard
    for name in ("ruiz", "chloe"):
        assert "[file sampling.pdf]" in world.do(name, "agencies.thread", part=1)
    world.submit("ruiz", "agencies.reply", {"words": "Thank you."}, part=1)
    assert "[file" not in world.last("chloe"), "it came with what was new"
    world.do("ruiz", "issues.take", issue=issue)
    proposed(world, issue)
    world.press("lena", "Approve")
    assert NIGHT in "".join(each.text for each in world.received("amina"))
    for name in ("amina", "dina"):
        assert not any("sampling.pdf" in each for each in world.received(name)), name
    for name, sees in (("chloe", True), ("ruiz", True), ("dina", False), ("amina", False), ("gus", False)):
        assert ("[file sampling.pdf]" in world.do(name, "agencies.thread", part=1)) is sees, name
