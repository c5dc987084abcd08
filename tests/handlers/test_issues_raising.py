"""Raising an issue: what is asked, what is promised, and whose desk it reaches."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

import handlers
from bot.kit.forms import FieldKind
from db.centres import Centre
from db.people import Role
from handlers.issues.raising import title_of
from tests.world import MONDAY, WEEK, Recorder, World

from .issue_steps import published, raised

DESK = {"ruiz", "olga", "lena"}


def test_a_trader_is_asked_six_questions_at_most() -> None:
    form = handlers.registry["issues.raise"].form
    assert form is not None
    assert [name for name, how in form.asks.items() if how.kind is not FieldKind.ABOUT] == [
        *("detail", "sector", "port", "chapter", "agency", "files")
    ]


def test_one_question_at_a_time_in_a_chat_ends_with_a_reference_and_a_date(world: World) -> None:
    world.say("amina", "/raise")
    answer = world.fill(
        "amina", "Reefer held.", "[Perishable goods]", "[Port B]", "8", "[Food Safety Agency]", "[Skip]"
    )
    assert "What happened? Reefer held." in answer
    assert "Does it concern another agency? Food Safety Agency" in answer
    sent = world.press("amina", "Send")
    assert sent.text.splitlines() == [
        "Received. Your reference is P-000001. We answer by Tuesday 24 November 2026 18:00 (Tunis).",
        "You wrote on Monday 23 November 2026 09:00 (Tunis): Reefer held.",
        "Reference: P-000001",
        "State: Received, not taken yet",
        "Sector: Perishable goods",
        "HS chapter: 08",
        "Port: Port B",
        "Agency concerned: Food Safety Agency",
        "Desk: Perishables desk",
        "We answer by: Tuesday 24 November 2026 18:00 (Tunis)",
    ]


def test_everybody_at_the_desk_is_told_and_nobody_else(world: World) -> None:
    before = world.seen()
    raised(world)
    assert world.told(before) == DESK | {"amina"}
    card = world.last("ruiz")
    assert card.text.splitlines() == [
        "A new issue has come to your desk.",
        "Amina raised it on Monday 23 November 2026 09:00 (Tunis): Our reefer has been held for three days at Port B.",
        "Reference: P-000001",
        "State: Received, not taken yet",
        "Sector: Perishable goods",
        "Desk: Perishables desk",
        "Raised by: Amina, Sodal Trading",
        "Answer due: Tuesday 24 November 2026 18:00 (Tunis)",
        "Left: 16 working hours",
    ]
    assert list(card.buttons) == ["Take it", "Ask", "Reply", "Propose an outcome", "More"]


@pytest.mark.parametrize(
    ("answers", "desk"),
    [
        ({"sector": "perishables"}, "Perishables desk"),
        ({"sector": "textiles"}, "General desk"),  # nobody claims it: the desk that takes the rest
        ({"sector": "general", "chapter": "3"}, "Perishables desk"),  # a chapter says more than a sector
        ({"sector": "textiles", "port": "port b"}, "Perishables desk"),
        ({"sector": "general", "port": "Port B"}, "General desk"),  # a sector says more than a port
    ],
)
def test_the_desk_that_claims_it_most_receives_it(world: World, answers: dict[str, str], desk: str) -> None:
    raised(world, **answers)
    assert f"Desk: {desk}" in world.last("amina")


def test_a_port_nobody_knows_is_taken_as_it_was_written(world: World) -> None:
    raised(world, port="Quay 7, Old Harbour")
    assert "Port: Quay 7, Old Harbour" in world.last("amina")
    raised(world, port="PORT SODAL")
    assert "Port: Port Sodal" in world.last("amina")


def test_without_anybody_at_the_desk_those_above_it_are_told(world: World) -> None:
    with world.parley.sessions.writing() as session:
        here = Role.scope_id == str(world.centres["perishables"])
        session.execute(update(Role).where(here).values(ends_at=MONDAY))
    before = world.seen()
    raised(world)
    assert world.told(before) == {"adam", "amina"}


def test_without_any_desk_it_is_not_lost(world: World) -> None:
    with world.parley.sessions.writing() as session:
        session.execute(update(Centre).values(sectors=[], takes_the_rest=False))
    before = world.seen()
    issue = raised(world)
    assert world.told(before) == {"adam", "amina"}
    assert "We are finding the right desk for it." in world.last("amina")
    world.submit("adam", "issues.hand_over", {"to": f"centre:{world.centres['perishables']}"}, issue=issue)
    assert "Answer due: Tuesday 24 November 2026 18:00 (Tunis)" in world.last("ruiz")


def test_days_that_are_not_counted_are_explained(database_url: str) -> None:
    with closing(World(database_url, at=datetime(2027, 4, 8, 8, 0, tzinfo=UTC))) as world:
        with world.parley.sessions.writing() as session:
            session.execute(update(Centre).values(week=WEEK | {"country": "TN", "extra_closures": ["2027-04-12"]}))
        raised(world)
        assert world.last("amina").text.splitlines()[:3] == [
            "Received. Your reference is P-000001. We answer by Tuesday 13 April 2027 18:00 (Tunis).",
            "The desk is closed on Saturday 10 April 2027, Sunday 11 April 2027, and Monday 12 April 2027;"
            " closed days are not counted.",
            "Friday 9 April 2027 is a public holiday (Martyrs' Day) and is not counted.",
        ]


def test_a_photo_reaches_the_desk_and_is_seen_through_the_issue_only(world: World) -> None:
    world.say("amina", "/raise")
    world.fill("amina", "Reefer held.", "[Perishable goods]", "[Skip]", "[Skip]", "[Skip]")
    world.attach("amina", "gate.jpg", b"\xff\xd8\xff\xe0 a photo")
    world.fill("amina", "[That is all]", "[Send]")
    assert "[file gate.jpg]" in world.last("ruiz")
    seen = {name for name in world.ids if "[file gate.jpg]" in world.do(name, "issues.thread", issue=1)}
    assert seen == {"amina", *DESK, "adam"}


def test_a_shared_problem_like_it_is_offered(world: World) -> None:
    first = raised(world)
    published(world, first)
    assert "Same here" not in world.last("amina").buttons
    world.submit(
        "badr", "issues.raise", {"detail": "Refrigerated container held up at Port B", "sector": "perishables"}
    )
    assert "- Refrigerated goods are held up at Port B" in world.last("badr").text.splitlines()
    assert world.press("badr", "Same here").text.splitlines()[0] == "Refrigerated goods are held up at Port B"
    world.submit("chloe", "issues.raise", {"detail": "Translation of invoices is asked for", "sector": "perishables"})
    assert "Same here" not in world.last("chloe").buttons


@pytest.mark.parametrize(
    ("detail", "title"),
    [
        ("Held. Three days now.", "Held."),
        ("محجوزة منذ أيام؟ نعم", "محجوزة منذ أيام؟"),
        ("The fee is 3.50 a day\nand rising", "The fee is 3.50 a day"),
        ("x" * 200, "x" * 119 + "…"),
        ("👨‍👩‍👧" * 130, "👨‍👩‍👧" * 119 + "…"),
    ],
)
def test_the_title_is_the_first_sentence_shortened(detail: str, title: str) -> None:
    assert title_of(detail) == title


def test_a_recorder_is_a_door() -> None:
    assert Recorder("x").read({"from": "1", "name": "A", "words": "/home"}) is not None
