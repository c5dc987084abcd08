"""After the close: each contribution answered, one statement agreed on, everybody told, each with their own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.engine.turn import Turn
from bot.kit.events import Answer
from bot.kit.screen import map_buttons
from bot.kit.text import CATALOGUES, LANGUAGES, Catalogues, Code, Raw, Reader, When, Writer, _
from bot.platforms.slack.draw import message
from db.conclusions import CONCLUDED, Conclusion
from db.consultations import (
    Answered,
    Change,
    Clause,
    ClauseLink,
    ClauseTranslation,
    Consultation,
    ConsultationMeeting,
    Contribution,
    ContributionKind,
    Question,
    TextDraft,
    Treatment,
)
from db.files import File, stored
from db.machinery import Outgoing, Receipt
from db.meetings import Attendance, Invitation, Meeting
from db.people import Person
from db.personal import erase
from db.statements import Statement, StatementVote, Vote
from handlers.conclusions import hearing, own, telling
from tests.world import MONDAY, World

from .conclusion_steps import (
    STATEMENT,
    all_answered,
    answered,
    clause,
    clause_id,
    closed,
    concluded,
    said,
    say,
    written,
)


def test_everybody_reads_their_own_words_and_how_they_ended(world: World) -> None:
    consultation = closed(world)
    late = said(world, consultation, "badr", "Also on Sundays", "1", is_late=True, at=MONDAY)
    other = said(
        world,
        consultation,
        "badr",
        "Half a day is enough",
        "2.1",
        kind=ContributionKind.SUGGESTION,
        suggested="Cancel until noon.",
    )
    hers = said(world, consultation, "chloe", "Open at five", "1")
    first = world.do("ruiz", "conclusions.next", consultation=consultation)
    assert first.text.splitlines()[0] == "Comment on clause 1"
    assert "Also on Sundays" in first and "Late: it came after the close" in first and "Badr" not in first
    shown = answered(world, consultation, late, "not", reason="There is no staff on Sundays")
    assert shown.text.splitlines()[0] == "Not adopted. 2 wait for their answers; this is the next."
    assert "Open at five" in shown
    clause_2 = world.submit(
        "ruiz",
        "conclusions.answer",
        {"treatment": "adopted", "clause": "2 Appointments", "reason": "Most want it"},
        consultation=consultation,
        contribution=hers,
    )
    assert "Half a day is enough" in clause_2
    done = world.press("ruiz", "As the last one: Adopted")
    assert "All of it has an answer." in done and "Adopted: 2" in done and "Not adopted: 1" in done
    written(world, consultation)
    before = world.seen()
    approved = world.do("lena", "conclusions.approve", consultation=consultation)
    assert "The outcome is out. 2 people who took part are being told, each with their own words." in approved
    assert world.told(before) == {"lena", "ruiz", "badr", "chloe"}
    assert world.last("badr").text.splitlines() == [
        "What became of what you said",
        "Hours of the gate",
        "You wrote on clause 1 Opening hours: Also on Sundays",
        "Not adopted, clause 1 Opening hours, for this reason: There is no staff on Sundays",
        "You suggested other words for clause 2.1 Cancelling: Half a day is enough",
        "The words you suggested: Cancel until noon.",
        "Adopted, clause 2.1 Cancelling, for this reason: Most want it",
        "What was asked: When the gate should open",
        "What was said: Most want it open at five",
        "What was done: It opens at five from May",
        "What was not done, and why: Not on Sundays: there is no staff",
        f"Reference: C-{consultation}",
    ]
    assert "Adopted, clause 2 Appointments, for this reason: Most want it" in world.last("chloe")
    assert "Also on Sundays" not in world.last("chloe")
    with world.parley.sessions.reading() as session:
        treated = select(Answered.treatment).where(Answered.contribution_id.in_([late, other])).order_by(Answered.id)
        assert [each.value for each in session.scalars(treated)] == ["not", "adopted"]


def test_nothing_is_concluded_while_something_has_no_answer(light_world: World) -> None:
    world = light_world
    consultation = closed(world)
    for number in range(6):
        said(world, consultation, "badr", f"Word {number}", "1" if number % 2 else None)
    refused = world.do("ruiz", "conclusions.write", consultation=consultation)
    assert refused.text == (
        "6 contributions have no answer yet: Comment on clause 1 (Word 1), Comment on clause 1 (Word 3),"
        " Comment on clause 1 (Word 5), Comment on the whole (Word 0), and 2 more."
    )
    listed = world.press("ruiz", "Without an answer")
    assert "6 contributions" in listed and "- Comment on the whole (Word 4 · no answer yet)" in listed
    offered = all_answered(world, consultation, group="kind:position")
    assert offered.answer.form is not None, "there is no position: nothing is offered, and nothing answered"
    world.say("ruiz", "/cancel")
    given = {"group": "nowhere", "treatment": "not", "reason": "Another time"}
    many = world.submit("ruiz", "conclusions.answer_many", given, consultation=consultation)
    assert "3 contributions are answered." in many and "Waits for an answer: 3" in many
    rest = all_answered(world, consultation)
    assert "3 contributions are answered." in rest and "Adopted in part: 3" in rest and "Not adopted: 3" in rest
    written(world, consultation)
    said(world, consultation, "chloe", "Too late?", is_late=True, at=MONDAY)
    assert "1 contribution has no answer yet: Comment on the whole (Too late?)." in world.do(
        "lena", "conclusions.approve", consultation=consultation
    )
    with world.parley.sessions.writing() as session:  # its author has changed one since: it has to be answered again
        changed = select(Contribution.id).where(Contribution.words == "Word 0").scalar_subquery()
        later = MONDAY + timedelta(minutes=1)
        session.execute(update(Contribution).where(Contribution.id == changed).values(changed_at=later))
    world.pass_time(minutes=2)
    again = world.do("ruiz", "conclusions.next", consultation=consultation)
    assert "It was changed by its author since: it has to be answered again." in again
    assert "2 contributions are answered." in all_answered(world, consultation)
    assert "The outcome is out." in world.do("lena", "conclusions.approve", consultation=consultation)
    refused = world.do("ruiz", "conclusions.answer_many", consultation=consultation)
    assert refused.text == f"The outcome of C-{consultation} is out: nothing of it changes any more."


def test_a_clause_is_found_by_its_number_its_heading_and_both_as_it_is_shown(light_world: World) -> None:
    world = light_world
    consultation = closed(world)
    for typed, found in (("2 app", "2"), ("2.1", "2.1"), ("hours", "1"), ("1 Opening hours", "1")):
        hers = said(world, consultation, "chloe", f"{typed}: why?")
        world.do("ruiz", "conclusions.answer", consultation=consultation, contribution=hers)
        world.press("ruiz", "Adopted")
        asked = world.say("ruiz", typed)
        if "Why?" not in asked.text:  # which of those that have it
            world.press("ruiz", next(each for each in asked.buttons if each.startswith(found)))
        world.say("ruiz", "Because")
        shown = world.do("ruiz", "conclusions.contribution", consultation=consultation, contribution=hers)
        assert f"Answered at clause: {found} " in shown, typed


def test_lists_turn_pages_and_are_narrowed(light_world: World) -> None:
    world = light_world
    consultation = closed(world)
    with world.parley.sessions.writing() as session:
        question = Question(
            administration_id=world.home,
            consultation_id=consultation,
            position=0,
            words="When?",
            language="en",
            options=["Five", "Six"],
        )
        session.add(question)
        session.flush()
        for number in range(8):
            say(session, world, consultation, "badr", f"Word {number}", "1")
        for choice in (0, 1, 1):
            answer: dict[str, Any] = {"kind": ContributionKind.ANSWER, "question_id": question.id, "choice": choice}
            say(session, world, consultation, "chloe", "", **answer)
    desk = world.do("ruiz", "conclusions.desk", consultation=consultation)
    assert "- Comment (8 contributions)" in desk and "- Answer to a question (3 contributions)" in desk
    clauses = world.do("ruiz", "conclusions.clauses", consultation=consultation)
    assert "- 1 Opening hours (8 said, 8 without an answer)" in clauses
    first = world.press_in_row("ruiz", clauses, 1)
    assert "8 contributions" in first and "Word 5" in first and "Word 6" not in first
    second = world.press("ruiz", "Next")
    assert "Word 6" in second and "Word 7" in second and "Word 5" not in second
    answers = world.press_in_row("ruiz", desk, 2)
    assert answers.text.count("- Answer to question 1") == 3 and "Six · no answer yet" in answers
    chosen = world.do("ruiz", "conclusions.answer_many", consultation=consultation).answer.form
    assert chosen is not None
    assert [each.value for each in chosen.field("group").options] == [
        "all",
        "kind:comment",
        "kind:answer",
        f"question:{question.id}",
        f"choice:{question.id}:0",
        f"choice:{question.id}:1",
        f"clause:{_clause(world, consultation, '1')}",
    ]
    world.say("ruiz", "/cancel")
    given = {"group": f"choice:{question.id}:1", "treatment": "adopted", "reason": "Six it is"}
    many = world.submit("ruiz", "conclusions.answer_many", given, consultation=consultation)
    assert "2 contributions are answered." in many


def _clause(world: World, consultation: int, number: str) -> int:
    with world.parley.sessions.reading() as session:
        return clause_id(session, consultation, number)


def test_a_co_owner_signs_and_only_then_it_goes_out(light_world: World) -> None:
    world = light_world
    consultation = closed(world, co_owner="emil")
    hers = said(world, consultation, "badr", "Open at five", "1")
    answered(world, consultation, hers)
    before = world.seen()
    written(world, consultation)
    assert world.told(before) == {"ruiz", "lena", "emil"}
    assert "An outcome statement waits for your signature." in world.last("emil")
    assert f"C-{consultation} · its outcome statement waits for your signature" in world.say("emil", "/home")
    assert f"C-{consultation} · its outcome statement waits for approval" in world.say("lena", "/home")
    assert "waits for approval" not in world.say("ruiz", "/home"), "nobody approves what they wrote"
    assert "Approve" not in world.do("ruiz", "conclusions.statement", consultation=consultation).buttons
    assert "Approve" in world.do("lena", "conclusions.statement", consultation=consultation).buttons
    assert world.do("ruiz", "conclusions.approve", consultation=consultation).text == (
        "You wrote this statement yourself. Somebody else has to approve it."
    )
    for who in ("emil", "badr", "gus"):
        assert world.do(who, "conclusions.approve", consultation=consultation).text in NOT_THEIRS
    back = world.submit("emil", "conclusions.send_back", {"words": "Say since when"}, consultation=consultation)
    assert "Sent back." in back
    assert "The last one was sent back, because: Say since when" in world.last("ruiz")
    written(world, consultation, done="It opens at five from 1 May")
    assert "Approved. It goes out when the co-owner has signed or refused." in world.do(
        "lena", "conclusions.approve", consultation=consultation
    )
    assert world.do("lena", "conclusions.approve", consultation=consultation).text == (
        "Somebody has approved it already."
    )
    assert world.do("lena", "conclusions.sign", consultation=consultation).text in NOT_THEIRS
    before = world.seen()
    assert "The outcome is out." in world.press("emil", "Sign")
    assert world.told(before) == {"emil", "ruiz", "badr"}
    assert "It opens at five from 1 May" in world.last("badr")
    assert "Signed by the co-owner on business’s side: Monday 23 November 2026" in world.last("badr")


NOT_THEIRS = ("You may not do that.", "There is nothing here by that name, or it is not yours to see.")


def test_a_refusal_to_sign_is_published_as_a_refusal(light_world: World) -> None:
    world = light_world
    consultation = closed(world, co_owner="emil")
    answered(world, consultation, said(world, consultation, "badr", "Open at five", "1"))
    written(world, consultation)
    refusal = {"words": "Sundays were promised"}
    kept = world.submit("emil", "conclusions.refuse", refusal, consultation=consultation)
    assert "Your refusal is kept, and published with the statement when it is approved." in kept
    said(world, consultation, "chloe", "One more", is_late=True, at=MONDAY)
    assert "1 contribution has no answer yet" in world.do("lena", "conclusions.approve", consultation=consultation)
    all_answered(world, consultation)
    world.do("lena", "conclusions.approve", consultation=consultation)
    told = world.last("badr")
    assert "The co-owner on business’s side does not sign it, and says why: Sundays were promised" in told
    assert "Not signed by the co-owner on business’s side" in told


def test_a_late_word_keeps_back_what_is_agreed(light_world: World) -> None:
    world = light_world
    consultation = closed(world, co_owner="emil")
    written(world, consultation, "emil")  # whoever writes it stands by it: no signature is asked for
    assert "Signed by the co-owner on business’s side: Monday" in world.last("emil")
    with world.parley.sessions.writing() as session:
        session.execute(update(Conclusion).values(signed_at=None))
    world.do("lena", "conclusions.approve", consultation=consultation)
    said(world, consultation, "badr", "Wait", is_late=True, at=MONDAY)
    signed = world.do("emil", "conclusions.sign", consultation=consultation)
    assert "1 contribution that came late still waits for its answer; then publish it." in signed
    assert "1 contribution has no answer yet" in world.press("emil", "Publish")
    all_answered(world, consultation)
    assert "The outcome is out." in world.do("ruiz", "conclusions.publish", consultation=consultation)


def test_everybody_who_took_part_is_told_and_nobody_else(light_world: World) -> None:
    """Words, positions with all who speak for them, statements, votes, meetings, members filed for; not who took back
    what they said, nor who was only invited."""
    world = light_world
    consultation = closed(world)
    with world.parley.sessions.writing() as session:
        say(session, world, consultation, "badr", "Taken back", withdrawn_at=MONDAY)
        position: dict[str, Any] = {"kind": ContributionKind.POSITION, "organisation_id": world.organisation}
        say(session, world, consultation, "amina", "We support it", **position)
        say(session, world, consultation, "dina", "So do I", filed_by_id=world.ids["chloe"], consent="By telephone")
        statement = Statement(
            administration_id=world.home,
            consultation_id=consultation,
            person_id=world.ids["gus"],
            words="The gate is too small",
            language="en",
            at=MONDAY,
        )
        session.add(statement)
        session.flush()
        for who, vote in (("olga", Vote.AGREE), ("cora", Vote.PASS), ("gus", Vote.AGREE)):  # gus: of his own
            session.add(
                StatementVote(
                    administration_id=world.home,
                    statement_id=statement.id,
                    person_id=world.ids[who],
                    vote=vote,
                    at=MONDAY,
                )
            )
    meeting = _meeting(world, consultation, present="lars", absent="inga")
    all_answered(world, consultation)
    before = world.seen()
    concluded(world, consultation)
    heard = {"amina", "emil", "dina", "chloe", "gus", "olga", "cora", "lars"}
    assert world.told(before) == heard | {"ruiz", "lena"}
    for who, words in {
        "amina": "The position you filed for Sodal Trading: We support it",
        "emil": "The position of Sodal Trading: We support it",
        "dina": "What Chloe filed for you: So do I",
        "chloe": "What you filed for Dina: So do I",
        "gus": "Your statement, without your name: The gate is too small",
        "olga": "Of others’ statements you agreed with 1, disagreed with 0 and passed 0.",
        "lars": f"You were at the meeting R-{meeting} that was held for it.",
    }.items():
        assert words in world.last(who), who
    assert "Of others" not in world.last("gus")
    with world.parley.sessions.reading() as session:
        lines = select(func.count()).select_from(Receipt).where(Receipt.about == CONCLUDED)
        assert session.scalar(lines) == len(heard)


def _meeting(world: World, consultation: int, *, present: str, absent: str) -> int:
    world.submit(
        "ruiz",
        "roundtables.call",
        {"title": "The gate", "sector": "perishables", "audience": "invited", "place": "Hall"},
    )
    with world.parley.sessions.writing() as session:
        meeting: int = session.scalars(select(Meeting.id)).one()
        session.add(ConsultationMeeting(consultation_id=consultation, meeting_id=meeting))
        for who, was in ((present, Attendance.PRESENT), (absent, Attendance.ABSENT)):
            session.add(
                Invitation(
                    administration_id=world.home,
                    meeting_id=meeting,
                    person_id=world.ids[who],
                    invited_by_id=world.ids["ruiz"],
                    invited_at=MONDAY,
                    attendance=was,
                )
            )
    return meeting


def test_many_words_are_paged_and_come_as_a_file(light_world: World) -> None:
    world = light_world
    consultation = closed(world)
    with world.parley.sessions.writing() as session:
        for number in range(20):
            say(session, world, consultation, "badr", f"Word number {number}.", "1")
        say(session, world, consultation, "chloe", "A" * 7000, "1")
        say(session, world, consultation, "chloe", "B" * 7000, "1")
    all_answered(world, consultation)
    written(world, consultation, **{each: each[0] * 1200 for each in ("said", "done", "not_done")})
    world.do("lena", "conclusions.approve", consultation=consultation)
    told = world.last("badr")
    assert f"[file C-{consultation}.txt]" in told and "Your own words: 1 to 6 of 20" in told
    seen = [told.text]
    while "More of your words" in world.last("badr").buttons:
        seen.append(world.press("badr", "More of your words").text)
    assert len(seen) == 4
    for number in range(20):
        assert sum(f"Word number {number}." in page for page in seen) == 1, "each of them stands on one page"
    long = world.last("chloe")
    assert "A" * 7000 in long and "B" * 7000 not in long
    assert "The outcome statement itself is one button away." in long
    assert "What was asked: When the gate should open" in world.press("chloe", "Outcome statement")
    with world.parley.sessions.reading() as session:
        mine = session.scalars(select(File).where(File.person_id == world.ids["badr"])).one()
        text = content(session, mine)
    assert [f"Word number {number}." in text for number in range(20)] == [True] * 20
    assert text.count("Adopted in part, clause 1 Opening hours, for this reason:") == 20


def content(session: Session, file: File) -> str:
    found = stored(session, file.id)
    assert found is not None
    return found[1].decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fullest_page_fits_into_a_message_of_slack(language: str) -> None:
    """Nobody's own words are cut: what is longest in all of it stands in one message, in every language."""
    catalogues = Catalogues(CATALOGUES)
    when = _("{when}, after the close", when=When(MONDAY, day_only=True))
    end = _("{treatment}, clause {clause}, for this reason", treatment=Treatment.PARTLY, clause=Code("3.2.1"))
    label = _("You suggested other words for clause {clause}", clause=Code("3.2.1"))
    note = _("The clause it was about is no longer in the text.")
    raw = Raw("w" * 370, "nl")
    word = own.Word(1, label, raw, when, raw, note, end, raw, raw)
    assert len(own.pages([word] * own.MOST)) == 1
    conclusion = Conclusion(id=1, language="nl", signed_at=MONDAY, **dict.fromkeys(STATEMENT, "s" * 1200))
    it = hearing.Out(Consultation(id=1, title="t" * 120, language="nl"), conclusion, {}, {})
    for words in ([word] * own.MOST, [word, word, word], [replace(word, words=Raw("w" * 6800, "nl"))], []):
        votes = [_("You were at the meeting {ref} that was held for it.", ref=Code("R-1"))] * 4
        screen = hearing.outcome_screen(it, own.Theirs(words * 2, votes), language)
        screen = map_buttons(screen, lambda each: replace(each, handle="h" * 22))
        blocks = str(
            message(
                Answer(screen=screen), Writer(catalogues, Reader(language, "Africa/Tunis")), "https://parley.example"
            )
        )
        assert "https://parley.example" not in blocks, "it leads to one's own page where something was left out"


def test_telling_that_was_cut_off_goes_on_and_tells_everybody_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at a time; the second turn breaks off in its middle and is tried again. Everybody hears of it once."""
    monkeypatch.setattr(telling, "AT_ONCE", 2)
    consultation = closed(world)
    heard = ("badr", "chloe", "dina", "emil", "gus")
    with world.parley.sessions.writing() as session:
        for who in heard:
            say(session, world, consultation, who, f"Words of {who}", "1")
    all_answered(world, consultation)
    shown, broken = hearing.outcome_screen, list[str]()

    def breaks_once(*given: Any, **more: Any) -> Any:
        screen = shown(*given, **more)
        if not broken and any("emil" in str(each) for each in screen.body):
            with world.parley.sessions.reading() as session:
                early = session.scalars(select(Receipt.person_id).where(Receipt.about == CONCLUDED)).all()
            assert world.ids["badr"] in early, "what was told before it broke off is kept"
            broken.append("it stops here")
            raise RuntimeError(broken[0])
        return screen

    monkeypatch.setattr(hearing, "outcome_screen", breaks_once)
    concluded(world, consultation)
    world.pass_time(hours=1)
    assert broken, "the test has to break it off"
    for who in heard:
        mine = [each for each in world.received(who) if "What became of what you said" in each]
        assert len(mine) == 1 and f"Words of {who}" in mine[0], who
    with world.parley.sessions.reading() as session:
        rows = select(func.count()).select_from(Outgoing).where(Outgoing.once.contains(":concluded:"))
        assert session.scalar(rows) == len(heard)


def test_whoever_becomes_one_with_somebody_earlier_meanwhile_is_told_too(
    light_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first round has gone past their id: the second finds them."""
    world = light_world
    monkeypatch.setattr(telling, "begin", lambda *_given: None)
    consultation = closed(world)
    said(world, consultation, "badr", "Open at five", "1")
    all_answered(world, consultation)
    concluded(world, consultation)
    before = world.seen()
    with world.parley.sessions.writing() as session:
        officer, late = (session.get_one(Person, world.ids[who]) for who in ("lena", "emil"))
        turn = Turn(world.parley.engine, session, officer, None, now=world.clock.now(), trace="t")
        telling.tell(turn.ctx, session.scalars(select(Conclusion)).one(), after=late.id, round_=1)
    world.settle()
    assert world.told(before) == {"badr"}


def test_told_in_their_language_where_it_was_translated(light_world: World) -> None:
    world = light_world
    consultation = closed(world)
    hers = said(world, consultation, "badr", "Ouvrez à cinq heures", "1", language="fr")
    with world.parley.sessions.writing() as session:
        session.get_one(Person, world.ids["badr"]).language = "fr"
        session.add(
            ClauseTranslation(
                clause_id=clause_id(session, consultation, "1"),
                language="fr",
                heading="Horaires",
                words="…",
                by_id=world.ids["ruiz"],
                at=MONDAY,
            )
        )
    answered(world, consultation, hers, reason="It was asked for")
    shown = world.do("ruiz", "conclusions.reasons", consultation=consultation)
    assert "- It was asked for (1 reader · English)" in shown
    answer = shown.answer.screen
    assert answer is not None
    number = answer.rows[0].buttons[0].args["answer"]
    french = {"language": "fr", "reason": "C’était demandé"}
    about = {"consultation": consultation, "answer": int(str(number))}
    world.submit("ruiz", "conclusions.translate_reason", french, **about)
    waits = written(world, consultation)
    assert "Also read in, not translated: Français" in waits
    with world.parley.sessions.reading() as session:
        conclusion = session.scalars(select(Conclusion.id)).one()
    texts = {"language": "fr", "asked": "Quand ouvrir", "said": "À cinq heures", "done": "Dès mai"}
    half = world.submit("ruiz", "conclusions.translate", texts, conclusion=conclusion)
    assert half.answer.form is not None, "what was not done stands in both languages, or in none"
    world.say("ruiz", "/cancel")
    done = world.submit("ruiz", "conclusions.translate", texts | {"not_done": "Pas le dimanche"}, conclusion=conclusion)
    asked = world.last("lena")  # in its place: she has it before her when she approves
    assert "An outcome statement waits for your approval." in asked and "Pas le dimanche" in asked
    assert "Translated. Everybody who is owed it can read it in their language." in done
    world.do("lena", "conclusions.approve", consultation=consultation)
    told = world.last("badr")
    assert told.language == "fr"
    for words in ("Ouvrez à cinq heures", "Horaires", "C’était demandé", "Quand ouvrir", "Pas le dimanche"):
        assert words in told
    assert "When the gate should open" not in told
    original = world.do("badr", "conclusions.told", conclusion=conclusion, original=True)
    assert "When the gate should open" in original


def test_acknowledged_judged_and_followed_up(light_world: World) -> None:
    world = light_world
    consultation = closed(world)
    for who in ("badr", "chloe"):
        said(world, consultation, who, f"Words of {who}", "1")
    all_answered(world, consultation)
    concluded(world, consultation)
    thanked = world.press("chloe", "Acknowledge")
    assert "Thank you. Customs knows that you have heard." in thanked and "Words of chloe" in thanked
    assert "Acknowledge" not in thanked.buttons
    assert "Thank you for saying so." in world.press("chloe", "Useful")
    before = world.seen()
    said_so = world.press("badr", "Of little use")
    assert "Somebody at Customs has been asked to get in touch with you." in said_so
    assert world.told(before) == {"badr", "ruiz"}
    assert "Who: Badr" in world.last("ruiz")
    assert "somebody finds its outcome of little use; waits since" in world.say("ruiz", "/home")
    world.press("badr", "Say what is missing")
    assert "Noted." in world.say("badr", "Nothing about Sundays")
    assert "What is missing: Nothing about Sundays" in world.last("ruiz")
    listed = world.do("ruiz", "conclusions.follow_ups", consultation=consultation)
    assert "- Badr (waits since" in listed
    item = world.press_in_row("ruiz", listed, 1)
    assert "I have been in touch" in item.buttons
    number = item.answer.screen and next(
        each.args["follow_up"] for each in item.answer.screen.buttons if "follow_up" in each.args
    )
    assert world.do("badr", "conclusions.followed_up", follow_up=number).text in NOT_THEIRS
    assert "Got in touch with:" in world.press("ruiz", "I have been in touch")
    with world.parley.sessions.reading() as session:
        lines = session.execute(
            select(Receipt.person_id, Receipt.useful).where(Receipt.acknowledged_at.is_not(None))
        ).all()
        assert {tuple(each) for each in lines} == {(world.ids["chloe"], True), (world.ids["badr"], False)}
    assert world.do("dina", "conclusions.useful", conclusion=_conclusion(world)).text in NOT_THEIRS or (
        "Thank you" not in world.last("dina")
    )


def test_a_co_owner_who_is_gone_signs_no_more_and_whoever_is_erased_is_not_got_in_touch_with(
    light_world: World,
) -> None:
    world = light_world
    consultation = closed(world, co_owner="emil")
    answered(world, consultation, said(world, consultation, "badr", "Open at five", "1"))
    written(world, consultation)
    with world.parley.sessions.writing() as session:
        session.execute(update(Consultation).values(co_owner_id=None))
    assert "The outcome is out." in world.do("lena", "conclusions.approve", consultation=consultation)
    world.press("badr", "Of little use")
    world.press("badr", "Say what is missing")
    world.say("badr", "Sundays")
    with world.parley.sessions.writing() as session:
        erase(session, session.get_one(Person, world.ids["badr"]), at=world.clock.now())
    listed = world.do("ruiz", "conclusions.follow_ups", consultation=consultation)
    assert "got in touch with on" in listed and "Badr" not in listed
    assert "Sundays" not in world.press_in_row("ruiz", listed, 1)


def _conclusion(world: World) -> int:
    with world.parley.sessions.reading() as session:
        return session.scalars(select(Conclusion.id)).one()


def test_the_way_from_words_to_the_text(light_world: World) -> None:
    """A clause is split in the second draft, and one of its parts dropped in the third."""
    world = light_world
    consultation = closed(world, draft_number=3)
    hers = said(world, consultation, "badr", "Open at five", "1")
    with world.parley.sessions.writing() as session:
        drafts = [session.scalars(select(TextDraft)).one()]
        for number in (2, 3):
            drafts.append(
                TextDraft(
                    administration_id=world.home,
                    consultation_id=consultation,
                    number=number,
                    language="en",
                    by_id=world.ids["ruiz"],
                    made_at=MONDAY,
                    published_at=MONDAY,
                )
            )
            session.add(drafts[-1])
            session.flush()
        first = session.get_one(Clause, clause_id(session, consultation, "1"))
        here = clause(drafts[1], 0, "1", "Hours", "From five.")
        there = clause(drafts[1], 1, "2", "Sundays", "Never.")
        last = clause(drafts[2], 0, "7", "Hours", "From five, all year.")
        session.add_all([here, there, last])
        session.flush()
        for draft, earlier, later, change in (
            (drafts[1], first, here, Change.SPLIT),
            (drafts[1], first, there, Change.SPLIT),
            (drafts[2], here, last, Change.CHANGED),
            (drafts[2], there, None, Change.DROPPED),
        ):
            session.add(
                ClauseLink(
                    consultation_id=consultation,
                    draft_id=draft.id,
                    earlier_id=earlier.id,
                    later_id=later.id if later is not None else None,
                    change=change,
                )
            )
        session.get_one(Contribution, hers).stands_id = last.id
    answered(world, consultation, hers, reason="It was asked for")
    concluded(world, consultation)
    assert "Adopted, clause 7 Hours, for this reason: It was asked for" in world.last("badr")
    trail = world.press("badr", "From your words to the text")
    assert trail.text.splitlines() == [
        "From your words to the text",
        "Hours of the gate",
        "You wrote on clause 1 Opening hours: Open at five",
        "Draft 1, clause 1: what was spoken of: Opening hours are as they were.",
        "Draft 2, clause 1: Split: From five.",
        "Draft 2, clause 2: Split: Never.",
        "Draft 3, clause 7: Changed: From five, all year.",
        "Draft 3: Dropped",
        "Adopted, clause 7 Hours, for this reason: It was asked for",
        f"Reference: C-{consultation}",
        "Your own words: 1 of 1",
    ]
    same = world.do("ruiz", "conclusions.path", consultation=consultation, contribution=hers)
    assert "Draft 3, clause 7: Changed: From five, all year." in same


def test_others_learn_nothing_of_what_is_being_answered(light_world: World) -> None:
    world = light_world
    ours, theirs = closed(world), closed(world, owner_id=world.ids["gus"], centre_id=world.centres["general"])
    mine = said(world, ours, "badr", "Mine", "1")
    other = said(world, theirs, "badr", "Other", "1")
    about: dict[str, int] = {"consultation": ours}
    for command in (
        "desk",
        "contributions",
        "clauses",
        "next",
        "answer",
        "answer_many",
        "write",
        "statement",
        "reasons",
    ):
        asked = about | ({"contribution": mine} if command == "answer" else {})
        for who in ("badr", "gus"):
            assert world.do(who, f"conclusions.{command}", **asked).text in NOT_THEIRS, (who, command)
    for command in ("contribution", "answer", "same", "path"):
        crossed = world.do("ruiz", f"conclusions.{command}", consultation=ours, contribution=other)
        assert crossed.text in NOT_THEIRS, command
    answered(world, ours, mine)
    written(world, ours)
    assert world.do("badr", "conclusions.outcome", conclusion=_conclusion(world)).text in NOT_THEIRS
    assert "is not out yet" in world.do("badr", "conclusions.read", consultation=ours)
    world.do("lena", "conclusions.approve", consultation=ours)
    assert "Mine" not in world.do("chloe", "conclusions.read", consultation=ours)
    assert "Mine" in world.do("badr", "conclusions.read", consultation=ours)
