"""Consultations as their owners make them: proposed, taken up or declined with a reason, owned on both sides, opened
and closed by their own dates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update

from db import personal
from db.consultations import Change, ClauseLink, Consultation, ConsultationMeeting, Contribution, Phase, TextDraft
from db.meetings import Meeting
from db.people import Person, Sector
from handlers.consultations import announcing, translating
from tests.world import World

from .consultation_steps import TEXT, commented, made, proposed, with_text
from .issue_steps import published, raised, same_here

TRADE = {"amina", "badr", "chloe", "dina", "emil"}


def test_a_consultation_opens_and_closes_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcing, "AT_ONCE", 2)  # it takes several turns to tell everybody
    world.say("ruiz", "/consultations")
    world.press("ruiz", "Make a consultation")
    world.fill("ruiz", "Declarations before arrival", "Lodge them earlier, so that goods leave the port sooner.")
    world.fill("ruiz", "[How something is done at Customs]", "[Everybody registered here]", "1 December", "31 December")
    card = world.press("ruiz", "Send")
    assert "Nobody but its owners sees it until it opens." in card
    assert "Still to be done: its text." in card
    assert "Opens: Tuesday 1 December 2026 09:00" in card and "Closes: Thursday 31 December 2026 23:59" in card
    assert "Outcome promised by: Thursday 25 February 2027 23:59" in card
    assert "not yours to see" in world.do("amina", "consultations.show", consultation=1)

    before = world.seen()
    world.wait_until(datetime(2026, 11, 30, tzinfo=UTC))
    assert world.told(before) == {"ruiz"} and "It opens on Tuesday 1 December" in world.last("ruiz")
    world.wait_until(datetime(2026, 12, 2, 12, tzinfo=UTC))
    assert world.told(before) == {"ruiz"}  # nobody is shown a consultation without its text
    assert "there is no text yet" in world.last("ruiz")
    with_text(world, 1)
    world.pass_time(days=1)
    assert world.told(before) >= TRADE and all(len(world.news(each, before[each])) == 1 for each in TRADE)
    told = world.last("amina")
    assert "A text is open for your comments." in told and "Declarations before arrival" in told
    assert "It is open until Thursday 31 December 2026 23:59" in told and "You hear what became of it by" in told
    assert "Open for comments" in world.press("amina", "Open")
    assert "It is open already" in world.do("ruiz", "consultations.describe", consultation=1)

    commented(world, 1, "badr")
    before = world.seen()
    assert "only be later" in world.submit("ruiz", "consultations.extend", {"until_day": "2026-12-20"}, consultation=1)
    extended = world.submit("ruiz", "consultations.extend", {"until_day": "2027-01-15"}, consultation=1)
    assert "It is open longer: until Friday 15 January 2027 23:59" in extended
    assert "Outcome promised by: Friday 12 March 2027 23:59" in extended  # it moves along
    world.pass_time(days=1)
    assert world.told(before) >= TRADE and "There is more time" in world.last("dina")

    before = world.seen()
    world.wait_until(datetime(2027, 1, 15, 12, tzinfo=UTC))
    assert world.told(before) == set()  # the end that was planned first means nothing any more
    world.wait_until(datetime(2027, 1, 17, 12, tzinfo=UTC))
    assert world.told(before) == {"ruiz", "badr"} and "It has closed." in world.last("badr")
    with world.parley.sessions.reading() as session:
        its = session.get_one(Consultation, 1)
        assert its.phase is Phase.DECISION and its.closed_at == datetime(2027, 1, 15, 22, 59, tzinfo=UTC)
    reopened = world.submit("ruiz", "consultations.reopen", {"until_day": "2027-02-10"}, consultation=1)
    assert "Open for comments" in reopened and "Outcome promised by: Wednesday 7 April 2027" in reopened


def test_a_proposal_is_answered_and_then_owned_by_two_sides(light_world: World) -> None:
    world = light_world
    before = world.seen()
    sent = proposed(world)
    assert "You hear by Monday 7 December 2026 whether Customs takes it up" in sent and "Proposed" in sent
    assert {"gus", "lars"} <= world.told(before) and "A consultation is proposed." in world.last("gus")
    assert "Take it up" not in sent.buttons
    assert "not yours to see" in world.do("badr", "consultations.show", consultation=1)
    looked = world.do("gus", "consultations.show", consultation=1)
    assert "Proposed by: Amina, Sodal Trading" in looked and "The text" not in looked.buttons

    assert "C-1 · proposed; an answer is promised by Monday 7 December 2026" in world.say("gus", "/home")
    assert "C-1" not in world.say("ruiz", "/home")  # it is not at their desk
    before = world.seen()
    world.wait_until(datetime(2026, 12, 9, 12, tzinfo=UTC))  # nobody has answered
    assert world.told(before) >= {"gus", "lars", "adam", "amina"}
    assert "the promised day has passed" in world.last("adam")
    assert "there is none yet. Whoever oversees the desks has been told" in world.last("amina")

    accepted = world.submit(
        "gus",
        "consultations.accept",
        {"together": "both", "from_day": "2026-12-20", "until_day": "2027-01-31", "words": "A good idea."},
        consultation=1,
    )
    assert "Taken up." in accepted and "Asked to own it too: Amina" in accepted
    assert "the answer of whoever was asked to own it with you" in accepted
    asked = world.last("amina")
    assert "asks you to own the consultation together" in asked and "A good idea." in asked
    assert "C-1 · you are asked to own it together with Customs" in world.say("amina", "/home")
    assert "C-1 · being prepared; it opens on Sunday 20 December 2026" in world.say("gus", "/home")
    before = world.seen()
    world.pass_time(days=4)  # silent, so asked once more
    assert world.told(before) == {"gus", "amina"}
    for other in ("badr", "emil"):
        assert "not yours to see" in world.do(other, "consultations.own", consultation=1)
    owned = world.press("amina", "Own it together")
    assert "It is yours too from now on." in owned and "In business: Amina" in owned and "More" in owned.buttons
    assert "Amina owns it together with Customs" in world.last("gus")
    world.submit(
        "amina",
        "consultations.describe",
        {"title": "Declare before arrival", "summary": "Both of us wrote this.", "subject": "procedure"},
        consultation=1,
    )
    assert "Amina has changed the title or the summary." in world.last("gus")
    assert "Declare before arrival" in world.do("lars", "consultations.show", consultation=1)
    assert "Give it up" not in world.do("amina", "consultations.more", consultation=1).buttons
    assert "In Customs" not in world.do("amina", "consultations.hand_over", consultation=1)  # Customs' own side
    handed = world.submit("gus", "consultations.hand_over", {"person": str(world.ids["ruiz"])}, consultation=1)
    assert "In Customs: Ruiz" in handed and "Gus has handed a consultation to you." in world.last("ruiz")
    world.do("amina", "consultations.leave", consultation=1)
    assert "You own it no longer." in world.press("amina", "Leave it to Customs")
    assert "Amina owns it no longer." in world.last("ruiz")


def test_what_is_out_of_bounds_closes_the_door_at_once_with_a_reason(light_world: World) -> None:
    world = light_world
    before = world.seen()
    world.do("amina", "consultations.propose")
    world.fill(
        "amina",
        "[The budget, enforcement, or a single case]",
        "[A single case, a decision or a dispute]",
        "My container",
    )
    closed = world.press("amina", "Send")  # nothing else is asked
    assert "Customs cannot consult on this." in closed and "raise it as an issue, or appeal" in closed
    assert "Raise an issue" in closed.buttons
    assert world.told(before) == {"amina"}  # it is no work for anybody
    proposed(world, kind="out", which="budget")
    assert "decided by government and parliament" in world.last("amina")
    mine = world.do("amina", "consultations.proposals")
    assert "My container" in mine and "Declined" in mine
    assert "raise it as an issue" in world.do("amina", "consultations.show", consultation=1)
    assert "Please choose one" in world.submit("ruiz", "consultations.make", {"title": "B", "subject": "budget"})

    sent = proposed(world, "badr")
    assert "Sent." in sent
    declined = world.submit("gus", "consultations.decline", {"words": "It is in the law already."}, consultation=3)
    assert "Declined." in declined
    told = world.last("badr")
    assert "Customs does not take your proposal up." in told and "It is in the law already." in told
    assert "It is in the law already." in world.press("badr", "Open")
    proposed(world, "badr")
    handed = world.submit("gus", "consultations.pass_on", {"desk": str(world.centres["perishables"])}, consultation=4)
    assert "Handed over." in handed and "A consultation is proposed." in world.last("ruiz")
    assert "not yours to see" in world.do("gus", "consultations.show", consultation=4)
    assert "Take your proposal back?" in world.do("badr", "consultations.take_back", consultation=4)
    assert "Taken back." in world.press("badr", "Take it back")
    assert "A proposal was taken back." in world.last("ruiz")
    assert "not yours to see" in world.do("gus", "consultations.show", consultation=4)
    for _each in range(5):
        proposed(world, "badr")
    assert "At most 5" in proposed(world, "badr")


def test_an_issue_or_many_of_them_begin_one(light_world: World) -> None:
    world = light_world
    issue = raised(world)
    problem = published(world, issue)
    same_here(world, "badr", problem)
    own = world.do("amina", "issues.show", issue=issue)
    assert "Consult on it" in own.buttons
    asked = world.press("amina", "Consult on it")
    assert "Propose a consultation" in asked.buttons and "Make a consultation" not in asked.buttons
    world.press("amina", "Propose a consultation")
    given = {"kind": "border", "title": "Nights at Port B", "summary": "Inspect at night."}
    world.submit("amina", "consultations.propose_about", given, issue=issue)
    assert "Began with: P-" in world.do("ruiz", "consultations.show", consultation=1)
    assert "told by 2 people" in world.last("ruiz") and "Badr" not in world.last("ruiz")
    # the desk that has the issue finds the proposal behind the same button
    world.do("ruiz", "issues.more", issue=issue)
    assert "There is a consultation about it already." in world.press("ruiz", "Consult on it")
    world.submit("ruiz", "consultations.decline", {"words": "Not as it stands."}, consultation=1)
    world.do("badr", "issues.problem", problem=problem)
    world.press("badr", "Consult on it")
    world.press("badr", "Propose a consultation")
    assert "Refrigerated goods are held up at Port B" in world.last("badr")
    _reads(world, "dina", "fr")  # the line is not in the language of whoever proposes now
    world.do("dina", "consultations.about_shared", problem=problem)
    world.press("dina", "Proposer une consultation")
    world.press("dina", "Ce qui se passe à la frontière")
    assert "en une ligne" in world.last("dina") and "pourquoi" not in world.last("dina")
    _reads(world, "dina", "en")
    assert "Make a consultation" not in world.do("chloe", "consultations.about_shared", problem=problem).buttons
    assert "Make a consultation" in world.do("ruiz", "consultations.about_shared", problem=problem).buttons
    dates = {"from_day": "2026-11-24", "until_day": "2026-12-24"}
    told = {"title": "Port B at night", "summary": "When to inspect?", "subject": "border", "audience": "business"}
    assert "Made." in world.submit("ruiz", "consultations.make_about", told | dates, issue=issue)
    with_text(world, 2)
    world.pass_time(days=2)
    assert "It began with what you and others told Customs." in world.last("badr")
    assert "A text is open for your comments." in world.last("chloe") and "It began" not in world.last("chloe")


def test_questions_documents_and_roundtables(light_world: World) -> None:
    world = light_world
    consultation = made(world, audience="sector", sector="textiles")
    with world.parley.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == world.ids["badr"]).values(sector=Sector.TEXTILES))
    its = {"consultation": consultation}
    assert "Nothing is asked yet." in world.do("ruiz", "consultations.questions", **its)
    world.submit("ruiz", "consultations.add_question", {"words": "How many days?", "options": "30\n60\n- 90"}, **its)
    listed = world.submit("ruiz", "consultations.add_question", {"words": "What would it save you?"}, **its)
    assert "How many days? (30, 60, and 90)" in listed and "What would it save you? (In free words)" in listed
    twice = world.submit("ruiz", "consultations.add_question", {"words": "Which?", "options": "One\none"}, **its)
    assert "The same answer stands there twice." in twice
    assert "from 2 to 12" in world.submit("ruiz", "consultations.add_question", {"words": "W", "options": "One"}, **its)
    moved = world.do("ruiz", "consultations.question_up", question=2, **its)
    assert moved.text.index("save you") < moved.text.index("How many days")
    world.do("ruiz", "consultations.question", question=1)
    other = made(world)
    world.do("ruiz", "consultations.question_out", question=1, consultation=other)
    assert "not yours to see" in world.press("ruiz", "Take it out")
    assert "not yours to see" in world.do("gus", "consultations.question", question=1)

    world.do("ruiz", "consultations.add_documents", **its)
    world.attach("ruiz", "impact.pdf", b"%PDF-1.4 what it costs")
    world.press("ruiz", "That is all")
    world.pass_time(minutes=1)
    documents = world.do("ruiz", "consultations.documents", **its)
    assert "impact.pdf" in documents

    # It opens for ideas, before there is a text.
    assert "Everybody it is for is told, once" in world.do("ruiz", "consultations.open", **its)
    before = world.seen()
    assert "Open. Those it is for are being told." in world.press("ruiz", "Open it now")
    world.pass_time(minutes=1)
    assert world.told(before) == {"ruiz", "badr"}
    assert "Customs asks what you think, before there is a text." in world.last("badr")
    opened = world.press("badr", "Open")
    assert "1 document" in opened.buttons
    world.press("badr", "1 document")
    file = world.press("badr", "Read it").answer.screen
    assert file is not None and [each.name for each in file.files] == ["impact.pdf"]
    assert "not yours to see" in world.do("chloe", "consultations.documents", **its)

    called = world.do("ruiz", "consultations.call_meeting", **its)
    assert "Called, for C-1." in called and "Declarations before arrival" in called
    assert "Declarations before arrival" in world.do("ruiz", "consultations.meetings", **its)
    with world.parley.sessions.reading() as session:
        meeting = session.scalars(select(Meeting)).one()
        assert meeting.audience == "sector" and meeting.sector is Sector.TEXTILES
        assert session.scalar(select(func.count()).select_from(ConsultationMeeting)) == 1


def test_it_is_translated_passage_by_passage_and_given_up_with_a_reason(light_world: World) -> None:
    world = light_world
    consultation = made(world)
    its = {"consultation": consultation}
    with_text(world, consultation)
    with world.parley.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == world.ids["dina"]).values(language="ar"))
    world.submit("ruiz", "consultations.add_question", {"words": "How many days?", "options": "30\n60"}, **its)
    overview = world.do("ruiz", "consultations.translations", **its)
    assert "0 of 4 passages · 1 person it is for reads this language" in overview
    world.do("ruiz", "consultations.translate", language="ar", **its)
    assert "4 passages are left." in world.last("ruiz")
    world.press("ruiz", "Next passage")
    world.fill("ruiz", "التصريح قبل الوصول")
    assert "3 passages are left." in world.fill("ruiz", "يمكن تقديم التصاريح قبل ذلك.")
    lines = {"language": "ar", "words": "كم يومًا؟", "options": "٣٠"}
    assert "2 answers to choose from" in world.submit("ruiz", "consultations.translate_question", lines, question=1)
    world.submit("ruiz", "consultations.translate_question", lines | {"options": "٣٠\n٦٠"}, question=1)
    assert "2 passages are left." in world.last("ruiz")
    world.submit("ruiz", "consultations.translate_clause", {"language": "ar", "words": "المادة الأولى"}, clause=1)
    done = world.submit("ruiz", "consultations.translate_clause", {"language": "ar", "words": "المادة ٢"}, clause=2)
    assert "can read all of it" in done
    wrong = world.submit("ruiz", "consultations.translate_clause", {"language": "en", "words": "Once"}, clause=1)
    assert "in that language already" in wrong
    assert "not yours to see" in world.do("gus", "consultations.translate_clause", clause=1)
    # A proposal in French whose text Customs writes in English: the text is to be had in French, too.
    with world.parley.sessions.writing() as session:
        session.execute(update(Consultation).values(language="fr"))
    overview = world.do("ruiz", "consultations.translations", **its)
    assert "0 of 3 passages" in overview and "0 of 1 passages" in overview
    listed = world.do("ruiz", "consultations.translate", language="fr", **its)
    assert "3 passages are left." in listed and "Title and summary" not in listed

    with_text(world, consultation, TEXT[1], "Something else now.")  # what stays as it was is not translated twice
    with world.parley.sessions.writing() as session:
        draft = session.scalars(select(TextDraft).where(TextDraft.number == 2)).one()
        for earlier, later, change in ((2, 3, Change.MOVED), (1, 4, Change.CHANGED)):
            link = {"earlier_id": earlier, "later_id": later, "change": change}
            session.add(ClauseLink(consultation_id=consultation, draft_id=draft.id, **link))
        assert translating.carry(session, draft) == 1
        assert translating.carry(session, draft) == 0
    assert "1 passage is left." in world.do("ruiz", "consultations.translate", language="ar", **its)

    world.wait_until(datetime(2026, 12, 2, 12, tzinfo=UTC))
    commented(world, consultation, "badr")
    before = world.seen()
    given_up = world.submit("ruiz", "consultations.withdraw", {"reason": "The law has changed."}, **its)
    assert "Given up. 1 person is being told." in given_up
    world.settle()
    assert world.told(before) == {"ruiz", "badr"} and "The law has changed." in world.last("badr")
    assert "The law has changed." in world.press("badr", "Open")
    assert "Give it up" not in world.do("ruiz", "consultations.more", **its).buttons


def test_a_consultation_that_never_opens_is_not_forgotten(light_world: World) -> None:
    world = light_world
    proposed(world, "badr")
    given = {"together": "alone", "from_day": "2026-12-01", "until_day": "2026-12-20"}
    world.submit("gus", "consultations.accept", given, consultation=1)
    world.pass_time(days=1)
    before = world.seen()
    world.wait_until(datetime(2026, 12, 22, 12, tzinfo=UTC))
    assert world.told(before) == {"gus", "badr"}  # whoever proposed it hears that it did not come about
    assert "Its dates have passed, and it never opened." in world.last("badr")
    later = {"zone": "Africa/Tunis", "shaping_day": "2027-01-11", "from_day": "2027-02-01"}
    early = world.submit("gus", "consultations.dates", later | {"until_day": "2027-01-20"}, consultation=1)
    assert "before it opens" in early
    backwards = later | {"shaping_day": "2027-02-05", "until_day": "2027-03-01"}
    assert "before the phase ahead" in world.submit("gus", "consultations.dates", backwards, consultation=1)
    ends = {"until_day": "2027-03-01", "outcome_day": "2027-03-31"}
    moved = world.submit("gus", "consultations.dates", later | ends, consultation=1)
    assert "Opens: Monday 11 January 2027 09:00" in moved and "Outcome promised by: Wednesday 31 March 2027" in moved
    assert "a question, for the days before there is a text" in moved
    world.wait_until(datetime(2027, 1, 12, 12, tzinfo=UTC))
    assert "Customs asks what you think" in world.last("badr")


def test_nobody_hears_of_what_never_opened_nor_reads_what_the_erased_have_said(light_world: World) -> None:
    world = light_world
    given_up = made(world)
    before = world.seen()
    world.submit("ruiz", "consultations.withdraw", {"reason": "A mistake."}, consultation=given_up)
    world.pass_time(days=20)
    assert world.told(before) == {"ruiz"}
    for other in ("amina", "gus"):
        assert "not yours to see" in world.do(other, "consultations.show", consultation=given_up)

    consultation = made(world, from_day="2026-12-20")
    with_text(world, consultation)
    commented(world, consultation, "badr", "My own secret words")
    proposed(world, "badr")
    with world.parley.sessions.writing() as session:
        mine = update(Consultation).where(Consultation.id == consultation)
        session.execute(mine.values(co_owner_id=world.ids["badr"]))
        badr = session.get_one(Person, world.ids["badr"])
        personal.erase(session, badr, at=world.clock.now())
    with world.parley.sessions.reading() as session:
        said = session.scalars(select(Contribution)).one()
        assert said.words == "" and said.withdrawn_at is not None
        _given_up, its, proposal = session.scalars(select(Consultation).order_by(Consultation.id)).all()
        assert its.co_owner_id is None and proposal.phase is Phase.WITHDRAWN


def _reads(world: World, who: str, language: str) -> None:
    with world.parley.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == world.ids[who]).values(language=language))
