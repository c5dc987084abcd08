"""The chapters above the panes: what each of them says is what one does, and done, the next step comes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.demo import guide
from bot.demo.script import BEGINS, Player, parse
from bot.demo.stage import Stage, state
from scheduling.clock import ManualClock

# What is done for each step of a chapter, in the words of a transcript.
PLAYED = {
    guide.ROUNDTABLE: (
        """
        @officer slack en
        > /parley desk
        [Open]
        [More]
        [Call a roundtable]
        < Called, with 2 people on its list.
        """,
        """
        @officer slack en
        [Find a date]
        > 60
        > 30 November
        [Let Parley suggest times]
        [Send]
        """,
        """
        @association telegram fr
        [1. Je peux]
        [Je ne peux pas aux autres]
        @importer telegram en
        [1. I can]
        [I cannot at the others]
        """,
        """
        @officer slack en
        [Fix this date]
        """,
        """
        + 6 days
        @officer slack en
        [It took place]
        [Make it an action]
        > One counter for certificates at Port B
        [Send]
        """,
    ),
    guide.PLAN: (
        """
        @officer slack en
        > /parley actions
        [I own it]
        """,
        """
        @broker telegram fr
        > /actions
        [1. J’en suis responsable]
        < Elle est à vous, et adoptée.
        """,
        """
        @officer slack en
        + 3 days
        < This action is due in
        [Done]
        > Two inspectors work from six to six
        [Send]
        """,
        """
        @broker telegram fr
        [Confirmer]
        @coordinator slack en
        > /parley actions
        [The plan of 2026]
        < Past its date | 1
        """,
    ),
    guide.SYMPOSIUM: (
        """
        @importer telegram en
        > /seats
        [1. Register]
        [Yes, small trade]
        < The cold chain without gaps … full
        """,
        """
        @importer telegram en
        [1. Join the waiting list]
        """,
        """
        @exporter telegram fr
        > /seats
        [1. Mon programme]
        [2. Y renoncer]
        [Y renoncer]
        """,
        """
        @importer telegram en
        [Accept]
        < The seat is yours.
        """,
        """
        @lead slack en
        > /parley symposia
        [Open]
        [Registration]
        [Who comes]
        < Tom Okello
        """,
    ),
    guide.REGION: (
        """
        @coordinator slack en
        > /parley region
        [Who speaks for members]
        < Hassan El Fassi
        > /parley meeting Rules of origin
        """,
        """
        @coordinator slack en
        [What everybody bears]
        [Hold it then]
        """,
        """
        @lead slack en
        > /parley calendar
        < The address is shown only now
        """,
    ),
}


@pytest.mark.slow
@pytest.mark.promise("demo.guide", "Every step of every chapter of the demo can be done as it says.")
def test_every_step_of_every_chapter_is_done_as_it_says(tmp_path: Path) -> None:
    """On a demo with all of its past, one after the other; the clock goes forward in the last two."""
    reached: dict[str, list[int]] = {}

    async def go(stage: Stage) -> None:
        await stage.begin()
        player = Player(stage)
        for chapter in (guide.SYMPOSIUM, guide.REGION, guide.PLAN, guide.ROUNDTABLE):
            for lines in ("", *PLAYED[chapter]):
                await player.play(list(parse(f"```parley\n{lines}\n```")) if lines else [])
                with stage.parley.sessions.reading() as session:
                    reached.setdefault(chapter.key, []).append(chapter.at_step(session, stage.began()))

    with state(tmp_path) as url:
        stage = Stage(database_url=url, clock=ManualClock(BEGINS))
        asyncio.run(go(stage))
        stage.close()
    assert {*PLAYED, guide.ISSUE} == {*guide.CHAPTERS}  # that one is tests/transcripts/story.md
    for chapter in PLAYED:
        assert reached[chapter.key] == list(range(len(chapter.steps) + 1))
