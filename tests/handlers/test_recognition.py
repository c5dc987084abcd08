"""Which criteria agencies recognise: asked, filled in chat, read as a table; gaps become topics and actions (S7)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from db.machinery import Audit
from db.recognition import UNMATCHED as STILL_OPEN
from db.recognition import Recognition, RecognitionChange, Stand
from tests.world import Sent, World

from .agency_steps import BY, agencies, answered, asked
from .issue_steps import proposed, raised

CODES = "ABCDEFGHIJKLM"
# What each agency does not recognise, or in part; all together nine criteria.
UNMATCHED = {"chloe": {"A": "not", "B": "in_part", "G": "not"}, "dina": {"G": "not", "H": "in_part", "I": "not"}}
UNMATCHED["badr"] = {"J": "not", "K": "in_part", "L": "not", "M": "not", "A": "in_part"}
SECRETS = {"chloe": "We do not trust the laboratory.", "dina": "Our inspectors object.", "badr": "No budget."}


def column(world: World, known: dict[str, int], who: str, but: str = "M") -> None:
    """An agency has filled its column, but for some criteria: as it says it, without the turns."""
    with world.parley.sessions.writing() as session:
        for number, code in enumerate(CODES, 1):
            if code not in but:
                stand = Stand(UNMATCHED[who].get(code, "recognised"))
                said = {
                    "administration_id": world.home,
                    "criterion_id": number,
                    "agency_id": known[who],
                    "stand": stand,
                    "note": SECRETS[who] if stand in STILL_OPEN else None,
                    "language": "en",
                }
                by, at = world.ids[who], world.clock.now()
                session.add(Recognition(**said, said_by_id=by, said_at=at))
                session.add(RecognitionChange(**said, by_id=by, at=at))


def say(world: World, who: str, code: str) -> Sent:
    """The rest of it, in chat."""
    said = {"stand": UNMATCHED[who].get(code, "recognised"), "note": SECRETS[who]}
    return world.submit(who, "recognition.say", said, criterion=CODES.index(code) + 1)


def ask_all(world: World, known: dict[str, int]) -> None:
    for agency in known.values():
        world.submit("ruiz", "recognition.ask", {"agency": str(agency), "respond_by": BY, "words": None})


def table(shown: Sent) -> dict[str, list[str]]:
    """The lines of the matrix by their letter."""
    lines = (line.split(" | ") for line in shown.text.splitlines() if " | " in line)
    return {line[0][0]: line[1:] for line in lines}


def test_the_column_is_filled_in_chat_and_read_as_a_table(light_world: World) -> None:
    world = light_world
    known = agencies(world)
    before = world.seen()
    ask_all(world, known)
    assert world.told(before) == {"ruiz", *known}
    assert "Customs asks which criteria" in world.last("dina") and "Please answer by Thursday" in world.last("dina")
    assert "13 criteria your agency is asked about" in world.say("dina", "/home")
    shown = world.press("dina", "Answer")
    assert "13 criteria have no answer yet." in shown and "A. Demonstrated compliance" in shown
    world.press("dina", "Next without an answer")
    world.press("dina", "Recognised")
    shown = world.press("dina", "Skip")
    assert "12 criteria have no answer yet." in shown and "Recognised" in shown
    shown = world.say("ruiz", "/recognition")
    assert table(shown)["A"] == ["Asked, no answer yet", "Recognised", "Asked, no answer yet"]
    column(world, known, "chloe")
    say(world, "chloe", "M")
    first = world.do("ruiz", "recognition.recognition")
    assert table(first)["B"][0] == "In part" and "M" not in table(first)
    assert table(world.press("ruiz", "Next criteria"))["M"][0] == "Recognised"
    assert "3 criteria are not recognised by everybody." in first
    assert "Food Safety Agency has said of every criterion" in "\n".join(each.text for each in world.received("ruiz"))
    # The second of the agencies says more than a page holds, to others nothing.
    own = world.do("dina", "recognition.recognition")
    assert table(own)["A"] == ["Recognised"]
    assert "Customs does not show here yet" in world.do("amina", "recognition.recognition")
    for who in ("dina", "amina", "badr"):
        assert "not yours to see" in world.do(who, "recognition.cell", cell=2)
    world.do("adam", "recognition.open", confirmed=True)
    assert table(world.do("amina", "recognition.recognition"))["B"][0] == "In part"
    for who in ("dina", "amina"):
        seen = "".join(world.do(who, "recognition.cell", cell=number).text for number in range(1, 15))
        assert "In part" in seen and SECRETS["chloe"] not in seen and "Chloe" not in seen
    assert (
        SECRETS["chloe"]
        in world.do("ruiz", "recognition.cell", cell=2).text + world.do("ruiz", "recognition.cell", cell=3).text
    )
    world.do("adam", "recognition.close")
    assert "Customs does not show here yet" in world.do("amina", "recognition.recognition")


def test_the_silent_are_reminded_and_then_named(light_world: World) -> None:
    world = light_world
    known = agencies(world)
    ask_all(world, known)
    column(world, known, "chloe", but="")
    column(world, known, "dina", but="KLM")
    before = world.seen()
    world.pass_time(days=6)
    for who, count in (("chloe", 0), ("dina", 1), ("badr", 1)):
        waits = [each for each in world.news(who, before[who]) if "Customs waits to hear" in each.text]
        assert len(waits) == count, who
    missing = [each.text.splitlines()[0] for each in world.news("ruiz", before["ruiz"]) if "has not said" in each.text]
    assert sorted(missing) == [  # they fall due at one instant, in no order
        "Standards Institute has not said of 13 criteria whether it recognises them.",
        "Transport Authority has not said of 3 criteria whether it recognises them.",
    ]
    world.revoke("ruiz")  # what comes now is for those who oversee the desks
    rest = [say(world, "dina", code) for code in "KLM"]
    assert "Your agency has answered everything." in rest[-1]
    assert "Transport Authority has said of every criterion" in world.last("adam")
    before = world.seen()
    assert "Reminded: Standards Institute." in world.do("gus", "recognition.remind")
    world.do("gus", "recognition.remind")
    assert {who: len(world.news(who, before[who])) for who in known} == {"chloe": 0, "dina": 0, "badr": 1}


def test_the_administration_adds_criteria_of_its_own(light_world: World) -> None:
    world = light_world
    known = agencies(world)
    ask_all(world, known)
    world.pass_time(hours=1)
    world.submit("adam", "recognition.add", {"code": "TN1", "name": "Cold chain"})
    assert "There is a criterion with that sign already." in world.submit(
        "adam", "recognition.add", {"code": "g", "name": "Again"}
    )
    world.say("adam", "/cancel")
    last = world.do("ruiz", "recognition.recognition", page=1)
    assert "TN1. Cold chain | Not asked | Not asked | Not asked" in last.text.splitlines()
    world.submit("chloe", "recognition.say", {"stand": "not", "note": None}, criterion=14)
    world.do("adam", "recognition.retire", criterion=14, confirmed=True)
    assert "TN1" not in world.do("ruiz", "recognition.recognition", page=1)
    assert "not recognised" not in world.do("ruiz", "recognition.gaps")
    assert "It is not asked about any longer." in world.do("chloe", "recognition.say", criterion=14)
    assert world.do("ruiz", "recognition.add").text == "You may not do that."


@pytest.mark.promise("agencies.s7", "Agencies are asked, answer, and are named; each sees its own thread only.")
def test_gaps_become_topics_and_actions_and_the_firms_have_one_answer(light_world: World) -> None:
    """S7: nine unmatched criteria; two agencies late; one composite answer, completed later; four topics, three
    actions; each agency saw only its own thread; the firms dealt with one case number."""
    world = light_world
    known = agencies(world)
    ask_all(world, known)
    for who in known:
        column(world, known, who)
        say(world, who, "M")
    gaps = world.do("ruiz", "recognition.gaps")
    assert "9 criteria are not recognised by everybody." in gaps
    # Two taps: the gap, and what it becomes.
    world.press_in_row("ruiz", gaps, 1)
    called = world.press("ruiz", "Call a roundtable of it")
    assert "Called, with 2 of those who speak for the agencies on its list." in called
    assert "1. A. Demonstrated compliance with Customs requirements" in called and "Reference: R-1" in called
    for code in "BGH":
        world.do("ruiz", "recognition.gap", criterion=CODES.index(code) + 1)
        assert "It is on the agenda now." in world.press("ruiz", "Put it on the agenda of R-1")
    assert "4. H. Conveyance security" in world.last("ruiz") and "Expected: 3" in world.last("ruiz")
    for code in "IJK":
        world.do("ruiz", "recognition.gap", criterion=CODES.index(code) + 1)
        world.press("ruiz", "Make it an action")
        assert f"{code}. " in world.press("ruiz", "They own it with me")
    listed = world.do("ruiz", "recognition.gaps").text + world.press("ruiz", "Next").text
    assert listed.count("· R-1") == 4 and sum(f"· A-{each}" in listed for each in (1, 2, 3)) == 3
    shown = world.do("ruiz", "recognition.gap", criterion=9)
    assert "What became of it: A-1, Waits for its owners to agree" in shown and SECRETS["dina"] in shown
    assert "You are asked to own this action." in "\n".join(each.text for each in world.received("dina"))
    # An agency says something else: whoever acts on the gap hears it.
    before = world.seen()
    world.submit("dina", "recognition.say", {"stand": "recognised", "note": "Agreed now."}, criterion=9)
    assert "Agreed now." in world.news("ruiz", before["ruiz"])[-1]
    assert world.told(before) == {"dina", "ruiz"}
    world.submit("chloe", "recognition.say", {"stand": "in_part", "note": "The laboratory."}, criterion=7)
    assert "Before: Not recognised" in world.last("ruiz") and "G. Cargo security" in world.last("ruiz")
    # The firms' question has one answer.
    issue = raised(world, "amina", "Why is our status not counted at the port?")
    for who in known:
        asked(world, issue, known[who], f"{who}: what do you count?")
    answered(world, "chloe", 1, "Food counts samples.")
    world.pass_time(days=4)
    proposed(world, issue)
    before = world.seen()
    world.do("lena", "issues.approve", issue=issue)
    first = world.news("amina", before["amina"])[-1].text
    assert "Food counts samples." in first and first.count("has not answered. Its part was expected by Thursday") == 2
    for who, part in (("dina", 2), ("badr", 3)):
        answered(world, who, part, f"{who} counts all.")
        world.do("ruiz", "issues.complete", issue=issue)
        before = world.seen()
        world.do("lena", "issues.approve", issue=issue)
        again = world.news("amina", before["amina"])[-1].text
        assert f"{who} counts all." in again and "Food counts samples." in again
        assert f"Reference: P-{issue:06d}" in again and again.startswith("What became of it, completed")
    assert "has not answered" not in again
    for who in known:
        heard = "\n".join(each.text for each in world.received(who))
        for other in set(known) - {who}:
            assert SECRETS[other] not in heard and f"{other} counts" not in heard and f"{other}: what" not in heard
        assert "Amina" not in heard and "our status" not in heard
    with world.parley.sessions.reading() as session:
        changes = select(Audit).where(Audit.what == "recognition.say", Audit.who == world.ids["dina"])
        assert len(session.scalars(changes).all()) == 2
