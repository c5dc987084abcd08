"""The plan as a picture and the quarterly report: every figure is the number of its rows, in every language."""

from __future__ import annotations

from datetime import date

import pytest

from bot.kit.screen import Bars
from handlers.actions.reports import FIGURES, quarter_of, span
from tests.world import Sent, World

from .action_steps import adopted, adopted_at_a_meeting, proposed


def figures(shown: Sent) -> dict[str, int]:
    """The figures of a report as its rows say them."""
    rows = [line[2:] for line in shown.text.splitlines() if line.startswith("- ")]
    return {name: int(count) for name, _colon, count in (row.rpartition(": ") for row in rows)}


@pytest.mark.promise("actions.report", "Every figure of a quarterly report leads to exactly the actions it counts.")
def test_a_report_is_drafted_corrected_and_published_with_its_rows(sqlite_world: World) -> None:
    world = sqlite_world
    adopted_at_a_meeting(world, 7, due_day=date(2026, 12, 31))
    proposed(world, title="Nobody's yet")
    for action in (1, 2):
        world.submit("ruiz", "actions.done", {"words": "Done."}, action=action)
    world.do("amina", "actions.confirm", action=1)
    world.submit("ruiz", "actions.progress", {"words": "Half."}, action=3)
    world.submit("cora", "actions.drop", {"reason": "law", "words": "The law."}, action=4)
    assert "may not" in world.do("amina", "actions.draft").text
    draft = world.submit("cora", "actions.draft", {"quarter": "2026-4", "languages": "en+fr"})
    told = figures(draft)
    assert told == {
        "Actions in the plan": 7,
        "Done, confirmed by both": 1,
        "Of these, done in the quarter": 1,
        "Said to be done by one owner": 1,
        "Disputed between its owners": 0,
        "Under way": 1,
        "Adopted, not begun": 3,
        "Past its date": 0,
        "Dropped": 1,
    }
    assert (
        "In this language: English: Joint action plan of 2026, quarter 4" in draft.text
        and "7 actions are in the plan." in draft.text
    )
    assert "In this language: Français: " in draft.text
    assert told.keys() == {phrase.source for phrase in FIGURES.values()}
    for name, phrase in FIGURES.items():
        rows = world.do("cora", "actions.rows", report=1, figure=name).text
        count = told[phrase.source]
        assert f"{count} action" in rows and rows.count("\n- ") == min(count, 6)
    assert "A-1 " in world.do("cora", "actions.rows", report=1, figure="done").text

    # Corrected: the words change, the figures do not, and a number of nobody's is pointed out.
    world.submit("cora", "actions.correct", {"language": "en", "text": "All 7 go well, 93 of them best."}, report=1)
    corrected = world.last("cora")
    assert "All 7 go well" in corrected.text and "No figure of the records is: 93. Please check." in corrected.text
    assert figures(corrected) == told
    assert "nothing here" in world.do("amina", "actions.report", report=1).text, "a draft is the coordinator's"
    world.submit("cora", "actions.correct", {"language": "en", "text": "All 7 go well."}, report=1)
    before = world.seen()
    assert "Publish this report" in world.press("cora", "Publish to all owners").text
    assert "Published to 2 owners." in world.press("cora", "Publish to all owners").text
    assert world.told(before) >= {"amina", "ruiz"} and "badr" not in world.told(before)
    assert "All 7 go well." in world.last("amina").text and figures(world.last("amina")) == told

    # What happens later changes the plan, and not what was published.
    world.do("amina", "actions.confirm", action=2)
    assert figures(world.do("amina", "actions.report", report=1)) == told
    assert "1 action" in world.do("amina", "actions.rows", report=1, figure="claimed").text
    world.do("cora", "actions.correct", report=1)
    assert "changed no more" in world.last("cora").text
    assert "nothing here" in world.do("badr", "actions.report", report=1).text
    assert "nothing here" in world.do("amina", "actions.rows", report=1, figure="id").text


def test_the_plan_is_a_picture_a_table_and_rows_that_agree(sqlite_world: World) -> None:
    world = sqlite_world
    adopted_at_a_meeting(world, 8, due_day=date(2026, 12, 31))
    adopted(world, business="emil", title="Another")
    world.submit("ruiz", "actions.done", {"words": "Done."}, action=1)
    world.do("amina", "actions.confirm", action=1)
    shown = world.do("cora", "actions.plan", year=2026)
    screen = shown.answer.screen
    assert screen is not None and screen.table is not None
    (picture,) = screen.pictures
    assert isinstance(picture.of, Bars)
    everything, *organisations = (counts for _name, counts in picture.of.rows)
    assert sum(everything) == 9 and everything == tuple(map(sum, zip(*organisations, strict=True)))
    assert "Done, confirmed by both | 1" in shown.text and "Adopted, not begun | 8" in shown.text
    listed = world.press("cora", "Adopted, not begun: 8")
    assert "8 actions" in listed.text and listed.text.count("\n- ") == 6 and "Next" in listed.buttons
    assert world.press("cora", "Next").text.count("\n- ") == 2


def test_a_quarter_is_that_of_the_administrations_calendar() -> None:
    begin, end = span(2026, 4, "Africa/Tunis")
    assert (begin.isoformat(), end.isoformat()) == ("2026-09-30T23:00:00+00:00", "2026-12-31T23:00:00+00:00")
    assert [quarter_of(date(2026, month, 1)) for month in (1, 3, 4, 12)] == [1, 1, 2, 4]
