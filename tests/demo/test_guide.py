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
    guide.CONSULTATION: (
        """
        @broker telegram fr
        > /consultations
        [1. Ouvrir]
        < Contrôler les conteneurs frigorifiques la nuit
        [Lire le texte]
        > 3.2 Trois jours, c’est deux de trop
        [L’envoyer comme commentaire sur 3.2 de C-2]
        < C’est conservé, avec vos mots.
        """,
        """
        @agency slack en
        > /parley consultations
        [Open]
        [Read the text]
        [Go to a clause]
        > 3.1
        [Send]
        [What others said of it]
        < أربع ساعات كثيرة على الحليب
        [The clause]
        [Suggest other words]
        > A container is inspected within two hours of its arrival.
        [Send]
        """,
        """
        @broker telegram fr
        [Retour à C-2]
        [Affirmations]
        [Dire ce que vous en pensez]
        < Customs and Food Safety should open a container once, together.
        [D’accord]
        [Qui est d’accord avec qui]
        < 10 personnes
        """,
        """
        @officer slack en
        + 3 days
        """,
        """
        @officer slack en
        > /parley consultations
        [Open]
        [Answer what was said]
        < Waits for an answer: 5
        [Answer the next one]
        [Answer it]
        [Adopted]
        > There are seven nights from May.
        [Send]
        [As the last one: Adopted]
        [What was said]
        [Answer many at once]
        > All
        [Adopted in part]
        > It is tried for half a year.
        [Send]
        < All of it has an answer.
        """,
        """
        @officer slack en
        [Outcome statement]
        [Write the outcome statement]
        > Whether reefers are inspected at night
        > All want it, most without a fee
        > Two inspectors, seven nights, from May
        > The fee stays: there is no money for it elsewhere
        [Send]
        """,
        """
        @lead slack en
        < An outcome statement waits for your approval.
        [Approve]
        """,
        """
        @importer telegram en
        < An outcome statement waits for your signature.
        [Sign]
        < The outcome is out.
        """,
        """
        @broker telegram fr
        < Ce qu’il est advenu de ce que vous avez dit … Trois jours, c’est deux de trop
        [Accuser réception]
        """,
    ),
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
    guide.BROADCAST: (
        """
        @coordinator slack en
        > /parley broadcast
        > Night inspections at Port B
        > Reefers are inspected at night from May.
        [To say that they have seen it]
        [At any hour: it is urgent]
        [As soon as it is approved]
        [Keep the draft]
        < Kept as a draft.
        """,
        """
        @coordinator slack en
        [For whom it is]
        [Only those …]
        [Business, association, agency, Customs]
        [Business]
        [Keep the draft]
        < People: 9
        [Go on writing]
        < Not written yet, and read by some it is for
        [In another language]
        [Français]
        > Inspections de nuit au Port B
        > Les conteneurs frigorifiques sont inspectés la nuit à partir de mai.
        [Keep the draft]
        """,
        """
        @coordinator slack en
        [Preview]
        [How it looks]
        [Send me a test copy]
        [Preview]
        [Have it approved]
        [Have it approved]
        < Submitted, for 9 people.
        """,
        """
        @administrator slack fr
        < Une diffusion attend votre approbation.
        [La voir et l’approuver]
        [L’approuver]
        > 9
        [Envoyer]
        """,
        """
        + 1 hour
        @broker telegram fr
        < Inspections de nuit au Port B
        [J’en ai pris connaissance]
        """,
        """
        @coordinator slack en
        [How far it has come]
        < Delivered
        [Open]
        [Who has not answered]
        [Remind them now]
        """,
        """
        @coordinator slack en
        [Open]
        [Correct it]
        > It is from June.
        > Night inspections at Port B
        > Reefers are inspected at night from June.
        [Send]
        [Ask for approval]
        """,
        """
        @administrator slack fr
        [La correction]
        [Approuver la correction]
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
    """On a demo with all of its past, one after the other; the clock goes forward in the last four."""
    reached: dict[str, list[int]] = {}

    async def go(stage: Stage) -> None:
        await stage.begin()
        player = Player(stage)
        for chapter in (
            guide.SYMPOSIUM,
            guide.REGION,
            guide.BROADCAST,
            guide.PLAN,
            guide.ROUNDTABLE,
            guide.CONSULTATION,
        ):
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
        assert reached[chapter.key] == list(range(len(chapter.steps) + 1)), chapter.key
