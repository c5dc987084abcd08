"""The ledger: who has heard, whom nobody could reach, and what an office still owes."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from db import ledger
from db.ledger import Heard
from db.people import Organisation
from tests.world import World

from .issue_steps import published, raised, same_here, settled


def rows(world: World, who: str = "lena", issue: int = 1) -> list[str]:
    shown = world.do(who, "ledger.show", issue=issue).text
    return [line.removeprefix("- ") for line in shown.splitlines() if line.startswith("-")]


def test_each_line_says_how_far_it_came(world: World) -> None:
    issue = raised(world)
    problem = published(world, issue)
    for who in ("badr", "chloe", "dina"):
        same_here(world, who, problem)
    world.blocks("dina")
    settled(world, issue)
    world.press("amina", "It did not help")
    world.do("badr", "issues.outcome", outcome=1)
    monday = "Monday 23 November 2026 09:00 (Tunis)"
    assert rows(world) == [
        f"Amina, Sodal Trading (Acknowledged, {monday}. It did not help.)",
        f"Badr (Opened, {monday})",
        f"Chloe (Delivered, not opened yet, {monday})",
        f"Dina (Not reached, {monday}. They have blocked Parley there. Next: The desk was asked to reach them.)",
    ]
    facts = [line for line in world.last("lena").text.splitlines() if line.endswith(": 1")]
    assert facts == ["Delivered, not opened yet: 1", "Opened: 1", "Acknowledged: 1", "Not reached: 1"]


def test_a_button_of_the_message_opens_it(world: World) -> None:
    settled(world, raised(world))
    assert rows(world)[0].startswith("Amina, Sodal Trading (Delivered, not opened yet")
    world.press("amina", "Acknowledge")
    assert rows(world)[0].startswith("Amina, Sodal Trading (Acknowledged")


def test_the_contact_person_is_asked_to_pass_on_that_something_waits(world: World) -> None:
    contact(world, "emil")
    issue = raised(world, detail="Our reefer is held")
    world.blocks("amina")
    before = world.seen()
    settled(world, issue)
    assert world.told(before) == {"ruiz", "lena", "emil"}
    assert world.last("emil").text.splitlines() == [
        "Please pass something on",
        "An answer from Customs waits for your colleague Amina, and Parley can reach none of their accounts."
        " Please ask them to write to Parley: it is kept for them there.",
    ]
    assert rows(world)[0].endswith("Next: Their organisation's contact was asked to pass it on.)")


def test_where_the_contact_cannot_be_reached_either_the_lead_is_asked(world: World) -> None:
    contact(world, "emil")
    issue = raised(world)
    world.blocks("amina")
    world.blocks("emil", "deactivated")
    settled(world, issue)
    assert world.last("lena").text.splitlines() == [
        "Somebody could not be told what became of P-000001.",
        "They have blocked Parley there.",
        "Please reach Amina in another way, then say that you have.",
    ]
    world.press("lena", "I have told them")
    assert rows(world) == ["Amina, Sodal Trading (Told by somebody, Monday 23 November 2026 09:00 (Tunis))"]


def test_somebody_without_a_contact_is_reached_by_hand(world: World) -> None:
    issue = raised(world, "badr")
    world.blocks("badr")
    before = world.seen()
    settled(world, issue)
    assert world.told(before) == {"ruiz", "lena"}
    assert "Please reach Badr in another way" in world.last("lena")


def test_whoever_comes_back_finds_what_waited_for_them(world: World) -> None:
    issue = raised(world)
    world.blocks("amina")
    settled(world, issue)
    world.doors["telegram"].broken.clear()
    world.say("amina", "/outcomes")
    world.press("amina", "Open")
    world.press("amina", "Acknowledge")
    assert rows(world)[0].startswith("Amina, Sodal Trading (Acknowledged")


def test_only_staff_who_see_the_issue_say_that_somebody_was_told(world: World) -> None:
    issue = raised(world, "badr")
    world.blocks("badr")
    settled(world, issue)
    for who in ("gus", "cora"):
        assert "There is nothing here" in world.do(who, "ledger.reached", receipt=1)
        assert "There is nothing here" in world.do(who, "ledger.show", issue=issue)
    for who in ("amina", "badr"):
        assert "Badr" not in world.do(who, "ledger.show", issue=issue)
    assert rows(world)[0].startswith("Badr (Not reached")
    assert "There is nothing here" in world.do("lena", "ledger.reached", receipt=99)


def test_feedback_debt_is_one_command_and_falls_as_people_hear(world: World) -> None:
    assert "None: everybody has heard what became of what they told Customs." in world.say("lena", "/debt")
    first = raised(world)
    same_here(world, "badr", published(world, first))
    settled(world, first)
    world.pass_time(days=2)
    settled(world, raised(world, "chloe"))
    world.pass_time(days=1)
    shown = world.say("lena", "/debt")
    assert shown.text.splitlines() == [
        "Feedback debt",
        "2 settled issues have not been heard by everybody.",
        "People who have not heard: 3",
        "- P-000001, settled Monday 23 November 2026 (2 of 2 have not heard.)",
        "- P-000002, settled Wednesday 25 November 2026 (1 of 1 have not heard.)",
        "Perishables desk | 2 | 0 | 3 | 3",
    ]
    world.press("amina", "Acknowledge")
    world.do("badr", "issues.outcome", outcome=1)
    assert "- P-000001" not in world.do("lena", "ledger.debt")
    world.do("lena", "issues.reopen", issue=2)
    world.submit("lena", "issues.reopen", {"reason": "Too early"}, issue=2)
    assert "None: everybody has heard" in world.do("lena", "ledger.debt")


def test_an_office_sees_its_own_debt_and_those_over_the_country_all(world: World) -> None:
    settled(world, raised(world))
    assert "P-000001" in world.do("adam", "ledger.debt")
    assert "None: everybody has heard" in world.do("gus", "ledger.debt")
    assert "Feedback debt" not in world.do("amina", "ledger.debt")


def test_the_command_line_reads_the_same(world: World) -> None:
    issue = raised(world)
    same_here(world, "dina", published(world, issue))
    world.blocks("dina")
    settled(world, issue)
    world.pass_time(days=3)
    with world.parley.sessions.reading() as session:
        lines = ledger.lines(session)
        assert [(line["person"], line["state"], line["reason"], line["next_step"]) for line in lines] == [
            ("Amina", Heard.ACCEPTED, None, None),
            ("Dina", Heard.FAILED, "blocked", "human"),
        ]
        assert ledger.lines(session, issue="P-000001") == lines
        assert ledger.lines(session, issue="P-000002") == ledger.lines(session, issue="whatever") == []
        owed = ledger.debt(session, at=world.clock.now())
        assert [
            (each["office"], each["issue"], each["days"], each["told"], each["not_heard"], each["failed"])
            for each in owed
        ] == [("perishables", "P-000001", 3, 2, 2, 1)]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("blocked", "They have blocked Parley there."),
        ("deactivated", "Their account no longer exists."),
        ("never_started", "They have never written to Parley there, so it may not write to them."),
        ("left", "They have left that workspace."),
        ("not_found", "Their account was not found."),
        ("archived", "Their conversation was archived."),
        ("msg_too_long", "The platform did not take the message."),
    ],
)
def test_every_reason_is_said_in_words(world: World, reason: str, said: str) -> None:
    issue = raised(world, "badr")
    world.blocks("badr", reason)
    settled(world, issue)
    assert rows(world) == [
        f"Badr (Not reached, Monday 23 November 2026 09:00 (Tunis). {said} Next: The desk was asked to reach them.)"
    ]


def contact(world: World, who: str) -> None:
    """Make somebody the contact person of the organisation."""
    with world.parley.sessions.writing() as session:
        session.execute(
            update(Organisation).where(Organisation.id == world.organisation).values(contact_id=world.ids[who])
        )
