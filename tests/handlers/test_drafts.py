"""The text of a consultation: put in, looked through, followed into the next draft with all that was said of it."""

from __future__ import annotations

import io
import random

import docx
import pytest
from sqlalchemy import select

import handlers
from db.audiences import Audience
from db.consultations import (
    Change,
    Clause,
    ClauseLink,
    ClauseTranslation,
    Consultation,
    Contribution,
    ContributionKind,
    Phase,
    TextDraft,
    carrying,
)
from tests.db import test_clauses as texts
from tests.world import World

FIRST = """Order on parcels

1. Scope
This order applies to all parcels that arrive by sea or by air from abroad.
2. Time limit
The declaration is lodged at the latest four hours before the arrival of the aircraft that carries the parcel.
3. Fees
No fee is due for letters, postcards or papers without any value, whoever sends them.
4. Records
The carrier keeps the papers of each parcel for five years, on paper or in electronic form."""
SECOND = """Order on parcels

1. Aim
Trade by post is made simpler, and no safer for smugglers.
2. Scope
This order applies to all parcels that arrive by sea or by air from abroad.
3. Time limit
The declaration is lodged at the latest two hours before the landing of the aircraft that brings any parcel.
4. Records
The carrier keeps the papers of each parcel for seven years, on paper or in electronic form."""


def consultation(world: World, phase: Phase = Phase.COMMENTS) -> int:
    with world.parley.sessions.writing() as session:
        made = Consultation(
            administration_id=world.home,
            title="Parcels",
            summary="Fewer papers for parcels.",
            language="en",
            phase=phase,
            audience=Audience.MEMBERS,
            zone="Africa/Tunis",
            owner_id=world.ids["ruiz"],
            co_owner_id=world.ids["emil"],
            created_at=world.clock.now(),
        )
        session.add(made)
        session.flush()
        return made.id


def comment(world: World, its: int, who: str, number: str, words: str) -> int:
    with world.parley.sessions.writing() as session:
        draft = carrying.lies_open(session, session.get_one(Consultation, its))
        assert draft is not None
        clause = session.scalars(select(Clause).where(Clause.draft_id == draft.id, Clause.number == number)).one()
        made = Contribution(
            administration_id=world.home,
            consultation_id=its,
            kind=ContributionKind.COMMENT,
            person_id=world.ids[who],
            clause_id=clause.id,
            stands_id=clause.id,
            words=words,
            language="en",
            at=world.clock.now(),
        )
        session.add(made)
        session.flush()
        return made.id


def stands(world: World, said: int) -> str | None:
    """The number of the clause that something said stands on."""
    with world.parley.sessions.reading() as session:
        where = session.get_one(Contribution, said).stands_id
        return session.get_one(Clause, where).number if where is not None else None


def paste(world: World, its: int, text: str, who: str = "ruiz") -> str:
    return world.submit(who, "consultations.paste", {"words": text}, consultation=its).text


def publish(world: World, its: int, note: str | None = None) -> str:
    return world.submit("ruiz", "consultations.publish", {"note": note}, consultation=its).text


def test_what_was_said_goes_along_into_the_next_draft_or_is_shown_to_have_no_clause(world: World) -> None:
    its = consultation(world)
    read = paste(world, its, FIRST)
    assert "Draft 1 is being prepared: 5 clauses, from 0 to 4." in read
    assert "Read. Please look through it" in read
    assert "Draft 1 lies open." in publish(world, its)
    scope = comment(world, its, "amina", "1", "By road, too?")
    limit = comment(world, its, "amina", "2", "Two hours are enough.")
    fees = comment(world, its, "badr", "3", "Thank you for this.")
    records = comment(world, its, "chloe", "4", "Five years are long.")
    with world.parley.sessions.writing() as session:
        stays = session.scalars(select(Clause).where(Clause.number == "1")).one()
        session.add(
            ClauseTranslation(
                clause_id=stays.id,
                language="fr",
                heading="Champ",
                words="Tous les colis.",
                by_id=world.ids["ruiz"],
                at=world.clock.now(),
            )
        )

    read = paste(world, its, SECOND)
    assert "Of 1 clause it is not sure where it goes on" in read
    assert "As it was: 2" in read and "New: 1" in read
    assert "Of 1 clause somebody has to say first" in world.do("ruiz", "consultations.publish", consultation=its)
    asked = world.press("ruiz", "Check what is not sure")
    assert "1 clause is left to check." in asked and "What was said of it: 1" in asked
    assert "2 Time limit → 3 Time limit" in asked
    assert "[-four-] {+two+} hours before the [-arrival-] {+landing+}" in asked
    assert "Of every clause it is known where it goes on." in world.press("ruiz", "Yes, it goes on there")
    before = world.seen()
    assert "What 1 person said will have no clause any longer" in world.press("ruiz", "Publish it")
    world.fill("ruiz", "Fees are settled elsewhere.")
    assert "Draft 2 lies open." in world.press("ruiz", "Send")

    assert [stands(world, each) for each in (scope, limit, fees, records)] == ["2", "3", None, "4"]
    assert world.told(before) == {"ruiz", "badr"}
    told = world.last("badr")
    before = world.seen()
    world.pass_time(minutes=2)
    assert world.told(before) == {"amina", "chloe"}, "whose words have no clause any longer is told of no draft twice"
    assert "A new draft lies open." in world.last("amina") and "What changed" in world.last("amina").buttons
    assert "A clause you spoke about is not in the new draft." in told
    assert "On clause 3 of draft 1: Thank you for this." in told
    shown = world.press("badr", "What changed")
    assert "What is new in it: Fees are settled elsewhere." in shown and "5 changes" not in shown
    assert "4 Records: Changed: The carrier keeps the papers of each parcel for [-five-] {+seven+} years" in shown
    assert "3 Fees: Dropped: [-No fee is due" in shown and "1 Aim: New: {+Trade by post" in shown
    with world.parley.sessions.reading() as session:
        french = select(Clause.number).join(ClauseTranslation, ClauseTranslation.clause_id == Clause.id)
        assert session.scalars(french.order_by(Clause.id)).all() == ["1", "2"], "what stayed keeps its translation"

    orphaned = world.do("ruiz", "consultations.orphans", consultation=its)
    assert "1 contribution has no clause." in orphaned and "it was 3 of draft 1." in orphaned
    world.press("ruiz", "Put it to a clause")
    assert "It stands there now." in world.say("ruiz", "4")
    assert stands(world, fees) == "4"
    assert "stands on a clause already" in world.do("ruiz", "consultations.put", consultation=its, said=fees)
    assert "You may not do that." in world.do("amina", "consultations.orphans", consultation=its)


def test_a_word_file_is_read_once_it_is_here_and_what_cannot_be_read_says_why(light_world: World) -> None:
    world = light_world
    its = consultation(world, Phase.PREPARED)
    document, kept = docx.Document(), io.BytesIO()
    for line in FIRST.splitlines():
        document.add_paragraph(line)
    document.save(kept)
    world.do("emil", "consultations.load", consultation=its)
    world.attach("emil", "order.docx", kept.getvalue())
    world.press("emil", "That is all")
    world.pass_time(seconds=16)
    assert "Draft 1 is being prepared: 5 clauses, from 0 to 4." in world.last("emil")
    world.press("emil", "Send another file")
    world.attach("emil", "order.pdf", b"%PDF-1.7 words")
    world.press("emil", "That is all")
    world.pass_time(seconds=16)
    refused = world.last("emil")
    assert "The text was not taken." in refused and "Word (.docx), Markdown (.md)" in refused
    assert "5 clauses" in world.press("emil", "The text"), "what was there before stays"


def test_what_was_read_wrongly_is_put_right(light_world: World) -> None:
    world = light_world
    its = consultation(world, Phase.PREPARED)
    with world.parley.sessions.writing() as session:  # proposed in French, and Customs writes the text in English
        session.get_one(Consultation, its).language = "fr"
    assert "Language: English" in paste(world, its, FIRST)
    assert "Language: العربية" in world.submit(
        "ruiz", "consultations.in_language", {"language": "ar"}, consultation=its
    )
    world.submit("ruiz", "consultations.in_language", {"language": "en"}, consultation=its)
    listed = world.press("ruiz", "Look through it")
    assert "- 2 Time limit" in listed
    world.press_in_row("ruiz", listed, 3)
    world.press("ruiz", "Join it to the one before")
    with world.parley.sessions.reading() as session:
        clauses = session.scalars(select(Clause).order_by(Clause.position)).all()
        assert [each.number for each in clauses] == ["0", "1", "3", "4"]
        assert [each.position for each in clauses] == [0, 1, 2, 3]
        assert clauses[1].words.endswith("that carries the parcel.") and "2 Time limit" in clauses[1].words
        fees, records = clauses[2].id, clauses[3].id
    given = {"number": "4", "heading": "Fees", "words": "None."}
    clash = world.submit("ruiz", "consultations.correct", given, consultation=its, clause=fees)
    assert "Another clause has that number." in clash
    world.submit("ruiz", "consultations.correct", given | {"number": "2"}, consultation=its, clause=fees)
    world.do("ruiz", "consultations.take_out", consultation=its, clause=records)
    listed = world.press("ruiz", "Take a clause out")
    assert "- 2 Fees (None.)" in listed and "3 clauses" in listed
    assert "has to go on counting" in world.submit(
        "ruiz", "consultations.paste_more", {"words": "2. Again"}, consultation=its
    )
    assert "4 clauses" in world.submit("ruiz", "consultations.paste_more", {"words": "3. More"}, consultation=its)
    world.do("ruiz", "consultations.discard", consultation=its)
    assert "There is no text yet." in world.press("ruiz", "Discard the draft")
    with world.parley.sessions.writing() as session:
        session.get_one(Consultation, its).co_owner_id = world.ids["emil"]
    paste(world, its, FIRST)
    said = world.submit("ruiz", "consultations.publish", {}, consultation=its)
    assert "it lies open when the consultation opens" in said and "Without a clause" not in said.buttons
    assert "Ruiz has published draft 1." in world.last("emil")


def test_nobody_but_its_owners_sees_a_draft_before_it_is_published(light_world: World) -> None:
    world = light_world
    its = consultation(world)
    paste(world, its, FIRST)
    publish(world, its)
    paste(world, its, SECOND)
    with world.parley.sessions.reading() as session:
        draft = session.scalars(select(TextDraft).where(TextDraft.number == 2)).one()
        new = session.scalars(select(Clause.id).where(Clause.draft_id == draft.id)).first()
    assert "Draft 2 is being prepared" in world.do("emil", "consultations.drafts", consultation=its)
    for command, more in (
        *(("drafts", {}), ("draft", {}), ("check", {}), ("keep_all", {}), ("discard", {}), ("orphans", {})),
        *(("changes", {"number": 2}), ("draft_clause", {"clause": new}), ("join_clause", {"clause": new})),
    ):
        for who in ("amina", "gus"):
            said = world.do(who, f"consultations.{command}", consultation=its, **more).text
            assert "aim" not in said.casefold() and "smuggler" not in said, (who, command, said)
    paste(world, its, "1. Mine", who="amina")
    with world.parley.sessions.reading() as session:
        assert session.scalar(select(TextDraft.id).where(TextDraft.number == 3)) is None
        assert len(carrying.clauses_of(session, draft)) == 5


def test_all_that_changed_stands_on_one_page_for_everybody(light_world: World) -> None:
    world = light_world
    its = consultation(world)
    for text in (FIRST, SECOND):
        paste(world, its, text)
        world.do("ruiz", "consultations.keep_all", consultation=its)
        if "All are right as proposed" in world.last("ruiz").buttons:
            world.press("ruiz", "All are right as proposed")
        publish(world, its)
    ref = f"C-{its}"
    assert "4 Records: Changed" in world.do("amina", "consultations.all_changes", words=ref)
    assert "nothing here by that name" in world.do("amina", "consultations.all_changes", words=f"{ref}-1")
    shown = handlers.registry.pages["changes"].public
    with world.parley.sessions.reading() as session:
        screen = shown(session, f"{ref}-2", at=world.clock.now())
        assert screen is not None and not screen.buttons and len(screen.body) > 4
        session.get_one(Consultation, its).is_public = False
        session.flush()
        assert shown(session, ref, at=world.clock.now()) is None
        session.rollback()


@pytest.mark.promise("consultations.carrying", "No comment is lost between drafts, and none is moved unasked.")
def test_random_drafts_lose_no_comment(light_world: World) -> None:
    """Whatever becomes of the clauses: each comment stands on what came of its own, or on none, and is told so."""
    world = light_world
    its = consultation(world)
    chance = random.Random(7)
    with world.parley.sessions.writing() as session:
        one = session.get_one(Consultation, its)
        clauses = texts.draft(chance, 12)
        drafts = []
        for number in range(1, 5):
            draft = TextDraft(
                administration_id=world.home,
                consultation_id=its,
                number=number,
                language="en",
                by_id=world.ids["ruiz"],
                made_at=world.clock.now(),
            )
            session.add(draft)
            session.flush()
            carrying.put_in(session, draft, clauses)  # type: ignore[arg-type]  # clauses as they are read
            if number > 1:
                session.expire_all()
                for clause in carrying.unsure(session, draft):  # an owner who only says yes to what is right
                    carrying.say(session, draft, clause, (), by=world.ids["ruiz"])
            draft.published_at, one.draft_number = world.clock.now(), number
            session.flush()
            carrying.carry_forward(session, draft)
            session.expire_all()
            drafts.append((draft, {each.id: clauses[each.position] for each in carrying.clauses_of(session, draft)}))
            for clause in carrying.clauses_of(session, draft):
                session.add(
                    Contribution(
                        administration_id=world.home,
                        consultation_id=its,
                        kind=ContributionKind.COMMENT,
                        person_id=world.ids["amina"],
                        clause_id=clause.id,
                        stands_id=clause.id,
                        words="Why?",
                        language="en",
                        at=world.clock.now(),
                    )
                )
            session.flush()
            clauses = texts.edited(chance, clauses, 6)
        last, now = drafts[-1]
        origins = {key: each for _draft, known in drafts for key, each in known.items()}
        contributions = session.scalars(select(Contribution)).all()
        assert len(contributions) == sum(len(known) for _draft, known in drafts)
        standing = [each for each in contributions if each.stands_id is not None]
        assert len(standing) > len(contributions) / 2
        for each in contributions:
            clause = session.get_one(Clause, each.clause_id)
            assert each.stands_id == carrying.goes_on_at(session, clause, last)
            if each.stands_id is not None:
                was, became = origins[clause.id], now[each.stands_id]
                assert was.origins & became.origins or was.words == became.words
        dropped = select(ClauseLink.earlier_id).where(ClauseLink.change == Change.DROPPED)
        assert len(session.scalars(dropped).all()) > 0
