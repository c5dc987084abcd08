"""The joint plan on Parley's own page: a drawing that a screen reader hears, buttons to the rows of every figure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from tests.handlers.action_steps import adopted_at_a_meeting
from tests.platforms.web.browser import Browser
from tests.world import World


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    made = World(sqlite_url)
    yield made
    made.close()


def test_the_plan_and_its_report_are_drawn_and_traced_on_the_page(world: World) -> None:
    adopted_at_a_meeting(world, 7, due_day=date(2026, 12, 31))
    page = Browser(world)
    page.sign_in("amina")
    page.press("Joint action plan")
    assert "7 actions of yours are under way." in page.page
    shown = page.press("The plan of 2026")
    assert '<div class="picture" role="img" aria-label="Joint action plan of 2026"><svg ' in shown.html
    assert "All actions: Adopted, not begun 7" in shown and "Sodal Trading: Adopted, not begun 7" in shown
    assert "style=" not in shown.html, "the page's policy would refuse it"
    assert "7 actions" in page.press("Adopted, not begun: 7")
    page.press("Open")
    page.press("Done")
    assert "It counts when the other owner confirms it." in page.press("Send", words="Two inspectors.")
    desk = Browser(world)
    desk.sign_in("ruiz")
    assert "the other owner says that it is done" in desk.page
    assert "Confirmed by both" in desk.press("Confirm")
    office = Browser(world)
    office.sign_in("cora")
    office.press("Joint action plan")
    office.press("Quarterly reports")
    office.press("Draft a report")
    draft = office.press("Send", quarter="2026-4", languages="en+fr")
    assert "1 action is done" in draft and "1 action est faite" in draft and 'lang="fr"' in draft.html
    assert "7 actions" in office.press("Show these")
