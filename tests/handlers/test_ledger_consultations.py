"""The ledger, of consultations: in the same list and the same figure as issues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.ops.show import show
from db import ledger
from db.consultations import Phase
from db.people import Organisation
from tests.world import World

from .concluded_steps import REGISTRY, concluded, consultation, said
from .issue_steps import raised, settled

MONDAY = "Monday 23 November 2026 09:00 (Tunis)"


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url, registry=REGISTRY)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def light_world(request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(str(request.getfixturevalue(f"{request.param}_url")), registry=REGISTRY)
    yield made
    made.close()


def test_one_list_and_one_figure_tell_who_has_not_heard(world: World) -> None:
    issue = raised(world)
    settled(world, issue)
    world.blocks("dina")
    made = concluded(world, ("badr", "chloe", "dina"))
    assert world.do("lena", "ledger.debt").text.splitlines() == [
        "Feedback debt",
        "1 settled issue has not been heard by everybody.",
        "The outcome of 1 consultation has not been heard by everybody.",
        "People who have not heard: 4",
        "- P-000001, settled Monday 23 November 2026 (1 of 1 have not heard.)",
        f"- C-{made}, outcome of Monday 23 November 2026 (3 of 3 have not heard.)",
        "Perishables desk | 1 | 1 | 4 | 0",
    ]
    assert world.press("lena", "Who has not heard").text.splitlines() == [
        "Who has not heard",
        "Delivered, not opened yet: 3",
        "Not reached: 1",
        f"- Dina (C-{made}: Not reached, {MONDAY}. They have blocked Parley there. Next: The desk was asked to reach"
        " them.)",
        f"- Amina, Sodal Trading (P-000001: Delivered, not opened yet, {MONDAY})",
        f"- Badr (C-{made}: Delivered, not opened yet, {MONDAY})",
        f"- Chloe (C-{made}: Delivered, not opened yet, {MONDAY})",
    ]
    # Somebody calls her, and somebody opens the message: the figure falls at once.
    told = world.press_in_row("lena", world.last("lena"), 1)
    assert "Dina" not in told and "Delivered, not opened yet: 3" in told
    world.press("badr", "Open")
    assert "People who have not heard: 2" in world.do("lena", "ledger.debt")
    assert world.do("ruiz", "consultations.show", consultation=made).buttons.keys() >= {"Who has heard"}
    assert world.press("ruiz", "Who has heard").text.splitlines() == [
        f"Who has heard what became of C-{made}",
        "Delivered, not opened yet: 1",
        "Opened: 1",
        "Told by somebody: 1",
        f"- Badr (Opened, {MONDAY})",
        f"- Chloe (Delivered, not opened yet, {MONDAY})",
        f"- Dina (Told by somebody, {MONDAY})",
    ]
    # The command line says the same.
    with world.parley.sessions.reading() as session:
        lines = ledger.lines(session)
        assert [(each["issue"], each["consultation"], each["person"], each["state"].value) for each in lines] == [
            ("P-000001", None, "Amina", "accepted"),
            (None, f"C-{made}", "Badr", "opened"),
            (None, f"C-{made}", "Chloe", "accepted"),
            (None, f"C-{made}", "Dina", "told_by_hand"),
        ]
        assert ledger.lines(session, issue=f"c{made}") == lines[1:]
        assert ledger.lines(session, issue="P-000001") == lines[:1]
        assert ledger.lines(session, issue="C-99") == []
    url = world.parley.sessions.engine.url.render_as_string(hide_password=False)
    assert f'"consultation": "C-{made}"' in show(url, "debt", as_json=True)


def test_where_no_door_works_the_contact_is_asked_and_then_whoever_runs_it(light_world: World) -> None:
    world = light_world
    with world.parley.sessions.writing() as session:
        ours = Organisation.id == world.organisation
        session.execute(update(Organisation).where(ours).values(contact_id=world.ids["emil"]))
    world.blocks("amina")
    before = world.seen()
    made = concluded(world, ("amina",))
    assert "An answer from Customs waits for your colleague Amina" in world.last("emil")
    assert world.told(before) == {"emil", "ruiz"}, "ruiz did it, and has the answer to that alone"
    assert "Their organisation's contact was asked" in world.do("ruiz", "ledger.concluded", consultation=made)
    # Nobody is to be asked on behalf of somebody without an organisation: its owner is.
    world.blocks("badr")
    other = concluded(world, ("badr",))
    assert world.last("ruiz").text.splitlines() == [
        f"Somebody could not be told what became of C-{other}.",
        "They have blocked Parley there.",
        "Please reach Badr in another way, then say that you have.",
    ]
    world.press("ruiz", "I have told them")
    assert f"- Badr (Told by somebody, {MONDAY})" in world.last("ruiz")
    # Once its owner works for Customs no longer, the lead of its desk is asked; without a desk, who oversees them.
    with world.parley.sessions.reading() as session:
        number = len(ledger.lines(session))
    world.blocks("chloe")
    third = concluded(world, ("chloe",), owner_id=world.ids["dina"])
    assert f"told what became of C-{third}" in world.last("lena")
    fourth = concluded(world, ("chloe",), owner_id=None, centre_id=None)
    assert f"told what became of C-{fourth}" in world.last("adam")
    # It is no other desk's, and neither a participant's nor an owner's of business.
    for who in ("gus", "cora", "chloe", "amina"):
        refused = "There is nothing here" if who in ("gus", "cora") else "You may not do that."
        assert refused in world.do(who, "ledger.reached", receipt=number + 1)
        assert "Chloe" not in world.do(who, "ledger.concluded", consultation=third)
        assert "Chloe" not in world.do(who, "ledger.unheard")
    assert "Chloe" in world.do("adam", "ledger.unheard")


def test_a_consultation_past_the_day_of_its_outcome_is_owed_to_everybody_who_took_part(light_world: World) -> None:
    world = light_world
    now = world.clock.now()
    due = {"closes_at": now - timedelta(days=3), "outcome_due": now + timedelta(days=2)}
    made = consultation(world, Phase.DECISION, **due)
    said(world, made, "amina", "badr")
    said(world, made, "badr", filed_by_id=world.ids["emil"])
    said(world, made, "chloe", withdrawn_at=now)
    consultation(world, Phase.WITHDRAWN, **due)
    assert "None: everybody has heard" in world.do("ruiz", "ledger.debt")
    world.pass_time(days=3)
    assert world.do("ruiz", "ledger.debt").text.splitlines() == [
        "Feedback debt",
        "1 consultation has no outcome on the day it was promised for.",
        "People who have not heard: 3",
        f"- C-{made}, promised for Wednesday 25 November 2026 (No outcome yet: 3 people who took part wait for it.)",
        "Perishables desk | 0 | 1 | 3 | 1",
    ]
    assert "Reefer inspections" in world.press("ruiz", "Open")
    assert "None: everybody has heard" in world.do("gus", "ledger.debt")
