"""Taking part in a consultation: reading, saying, answering, and finding one's own words kept as they were written."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import event, select, update

from bot.kit.feeds import Subscriber
from bot.kit.text import CATALOGUES, Catalogues, Reader, Writer, without_isolates
from db.audiences import Audience
from db.consultations import Consultation, Contribution, ContributionKind, Phase
from db.people import Administration, Kind, Person, who
from handlers.consultations import feed, lists
from scheduling.calendar.entry import Entry, Status
from tests.world import ZONE, World

from .taking_steps import clause, opened, redrafted


def speaks(world: World, who: str, language: str) -> None:
    with world.parley.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == world.ids[who]).values(language=language))


def test_a_broker_comments_on_a_clause_in_two_taps(world: World) -> None:
    opened(world)
    speaks(world, "amina", "fr")
    home = world.say("amina", "/home")
    assert "Contrôler les conteneurs frigorifiques la nuit" in home and "C-1" in home
    offered = world.say("amina", "3.2 Trois jours, c’est deux de trop : la marchandise est perdue.")
    send = next(label for label in offered.buttons if "3.2" in label)
    kept = world.press("amina", send)
    assert "Trois jours, c’est deux de trop : la marchandise est perdue." in kept
    assert "3.2 · Attente" in kept and "14 décembre 2026" in kept
    assert "C-1" not in world.say("amina", "/home")  # she has had her say
    mine = world.say("amina", "/contributions")
    assert "- Trois jours, c’est deux de trop" in mine and "3.2" in mine
    read = world.press_in_row("amina", mine, 1)
    assert "Trois jours, c’est deux de trop : la marchandise est perdue." in read
    with world.parley.sessions.reading() as session:
        said = session.scalars(select(Contribution)).one()
        assert (said.language, said.is_late, said.stands_id) == ("fr", False, said.clause_id)
        assert said.clause_id == clause(world, 1, "3.2")

    voices = world.do("badr", "consultations.said", clause=said.clause_id)
    assert "Trois jours" in voices and "Amina" not in voices and "1 contribution" in voices
    one = world.press_in_row("badr", voices, 1)
    assert "Trois jours" in one and "Amina" not in one and "Hide it" not in one.buttons


def test_the_text_is_read_a_clause_at_a_time_in_ones_language(light_world: World) -> None:
    world = light_world
    consultation = opened(world)
    card = world.do("amina", "consultations.show", consultation=consultation)
    assert {"Read the text", "Comment on a clause", "2 questions", "What others said"} <= set(card.buttons)
    listed = world.press("amina", "Read the text")
    assert "7 clauses" in listed and "- 2.1 (Where this is not possible" in listed and "Next" in listed.buttons
    assert "- 4 · Entry into force" in world.press("amina", "Next")
    world.do("amina", "consultations.read", consultation=consultation)
    assert "These rules are for goods" in world.press("amina", "Read it clause by clause")
    second = world.press("amina", "Next")
    assert "2 · Delays" in second and {"Previous", "Comment on it", "Suggest other words"} <= set(second.buttons)
    world.press("amina", "All clauses")
    for typed, shown in (("3.1", "3.1 · Nights"), ("clause ٣٫٢", "3.2 · Waiting"), ("1 July", "4 · Entry")):
        world.do("amina", "consultations.go_to", consultation=consultation)
        found = world.say("amina", typed)
        if shown not in found.text:  # a word is a search, and a tap
            found = world.press("amina", next(label for label in found.buttons if shown in label))
        assert shown in found and "Comment on it" in found.buttons
    speaks(world, "amina", "fr")
    told = world.do("amina", "consultations.read_clause", clause=clause(world, consultation, "3.2"))
    assert "Quiconque attend plus" in told and "Whoever waits for more" in told  # beside it, never in its place
    assert "Whoever waits" not in world.do("amina", "consultations.read_clause", clause=clause(world, 1, "1"))
    listed = world.do("amina", "consultations.read", consultation=consultation)
    assert listed.answer.screen is not None and len(listed.answer.screen.body) == 3  # it says that the rest is not
    assert "- Contrôler les conteneurs frigorifiques la nuit" in world.say("amina", "/consultations")


def test_what_is_said_can_be_changed_and_taken_back_until_the_close(light_world: World) -> None:
    world = light_world
    consultation = opened(world, days=2)
    world.do("amina", "consultations.say", consultation=consultation)
    world.say("amina", "3.2")
    kept = world.say("amina", "Three days are two too many.")
    assert "Kept, in your own words." in kept and "Clause: 3.2 · Waiting" in kept
    assert "You can change it until Wednesday 25 November 2026 09:00 (Tunis)" in kept
    mine = world.press("amina", "Change or take it back")
    assert "You, Monday 23 November 2026" in mine
    world.press("amina", "Change it")
    assert "Changed." in world.say("amina", "Two days are one too many.")
    whole = world.submit("amina", "consultations.say", {"which": "whole", "words": "Well done."}, consultation=1)
    assert "Well done." in whole and "Clause" not in whole
    world.press("amina", "Change or take it back")
    world.press("amina", "Take it back")
    assert "Taken back." in world.press("amina", "Take it back")
    assert "cannot be changed" not in world.last("amina") and "Change it" not in world.last("amina").buttons
    others = world.do("badr", "consultations.voices", consultation=consultation)
    assert "- Two days are one too many. (Comment · clause 3.2)" in others and "Well done" not in others

    number = _own(world, "amina", "Two days")
    assert "not yours to see" in world.do("badr", "consultations.contribution", contribution=number)
    assert "not yours to see" in world.do("ruiz", "consultations.unsay", contribution=number, confirmed=True)
    world.pass_time(days=3)
    assert "cannot be changed any more" in world.do("amina", "consultations.rephrase", contribution=number)
    assert "cannot be changed any more" in world.do("amina", "consultations.unsay", contribution=number, confirmed=True)
    late = world.submit("badr", "consultations.comment", {"words": "Late, but true."}, clause=clause(world, 1, "1"))
    assert "it is accepted, and marked late" in late
    world.press("badr", "Change or take it back")
    world.press("badr", "Take it back")
    assert "Taken back." in world.press("badr", "Take it back")
    assert "Comment · clause 3.2" in world.say("amina", "/contributions") and "late" not in world.last("amina")


def _own(world: World, who: str, words: str) -> int:
    with world.parley.sessions.reading() as session:
        theirs = Contribution.person_id == world.ids[who], Contribution.words.startswith(words)
        return session.scalars(select(Contribution.id).where(*theirs)).one()


def test_other_words_are_shown_as_what_they_change(light_world: World) -> None:
    world = light_world
    opened(world)
    third = clause(world, 1, "3.2")
    world.do("chloe", "consultations.reword", clause=third)
    same = world.fill("chloe", "Whoever waits for more than  three days pays no fee.", "[Skip]", "[Send]")
    assert "These are the words it has already." in same
    world.press("chloe", "How should it read instead?")
    world.say("chloe", "Whoever waits for more than one day pays no fee.")
    kept = world.press("chloe", "Send")
    assert "with what it changes: Whoever waits for more than [-three days-] {+one day+} pays no fee." in kept
    seen = world.press_in_row("badr", world.do("badr", "consultations.said", clause=third), 1)
    assert "[-three days-] {+one day+}" in seen and "Chloe" not in seen
    number = _own(world, "chloe", "")
    world.do("chloe", "consultations.reword_mine", contribution=number)
    again = world.fill("chloe", "Whoever waits pays no fee.", "It is simpler.", "[Send]")
    assert "[-for more than three days" in again and "Why: It is simpler." in again


def test_questions_are_answered_one_after_the_other(light_world: World) -> None:
    world = light_world
    consultation = opened(world)
    world.do("dina", "consultations.show", consultation=consultation)
    listed = world.press("dina", "2 questions")
    assert "- Is two days enough? (not answered yet)" in listed
    assert {"Yes", "No", "In my own words"} <= set(world.press_in_row("dina", listed, 1).buttons)
    following = world.press("dina", "No")
    assert "Kept. The next question:" in following and "What would you need at night?" in following
    world.press("dina", "In my own words")
    done = world.say("dina", "A light, and somebody who answers.")
    assert "You have answered all questions." in done and "You answered: A light" in done
    world.press("dina", "All questions")
    assert "you answered: No" in world.last("dina")
    world.press_in_row("dina", world.last("dina"), 1)
    world.press("dina", "Yes")
    with world.parley.sessions.reading() as session:
        answers = session.scalars(select(Contribution).order_by(Contribution.id)).all()
        assert [(each.choice, each.words) for each in answers] == [
            (0, ""),
            (None, "A light, and somebody who answers."),
        ]
    assert "- Yes (C-1 · Answer to a question)" in world.say("dina", "/contributions")
    assert "not yours" in world.do("dina", "consultations.choose", question=answers[0].question_id, option=2)
    speaks(world, "emil", "fr")
    asked = world.do("emil", "consultations.asked", question=answers[0].question_id)
    assert "Deux jours suffisent-ils" in asked and "Is two days enough?" in asked and "Oui" in asked.buttons
    assert "Answer" not in world.do("badr", "consultations.voices", consultation=consultation)  # those are the owners'


def test_a_next_draft_keeps_what_was_said_and_says_where(light_world: World) -> None:
    """Somebody writes while it comes out: their words stand where the clause is now, or by themselves."""
    world = light_world
    opened(world)
    waiting, nights = clause(world, 1, "3.2"), clause(world, 1, "3.1")
    world.do("amina", "consultations.comment", clause=waiting)
    redrafted(world, 1, {"3.2": "5", "3.1": None})
    assert "there it stands at clause 5" in world.say("amina", "Still too long.")
    orphan = world.submit("amina", "consultations.comment", {"words": "Too dear."}, clause=nights)
    assert "without this clause" in orphan and "Too dear." in orphan
    world.press("amina", "Change or take it back")
    assert "Its clause is not in the present draft." in world.last("amina")
    old = world.press("amina", "The clause as it was")
    assert "It is not in the draft that lies open now." in old and "Comment on it" not in old.buttons
    moved = world.do("amina", "consultations.read_clause", clause=waiting)
    assert "it is clause 5" in moved and "Said of it: 1 contribution" in moved
    now = world.do("badr", "consultations.said", clause=clause(world, 1, "5", 2))
    assert "Still too long. (Comment · clause 5)" in now


def test_owners_hide_what_was_said_and_its_author_hears_why(light_world: World) -> None:
    world = light_world
    consultation = opened(world, co_owner="emil")
    world.submit("amina", "consultations.comment", {"words": "Officer X is lazy."}, clause=clause(world, 1, "2"))
    number = _own(world, "amina", "Officer")
    for each in ("badr", "amina"):  # it is not theirs to hide, not even her own
        world.do(each, "consultations.hide", contribution=number)
        assert "not yours to see" in world.last(each)
    voices = world.do("emil", "consultations.voices", consultation=consultation)
    world.press_in_row("emil", voices, 1)
    before = world.seen()
    world.press("emil", "Hide it")
    world.say("emil", "It names a person.")
    hidden = world.press("emil", "Send")
    assert "Its author has been told why." in hidden and "Amina" not in hidden
    told = world.news("amina", before["amina"])
    assert len(told) == 1 and "Why: It names a person." in told[0] and "Officer X is lazy." in told[0]
    assert "Nobody has said anything." in world.do("badr", "consultations.voices", consultation=consultation)
    own = world.press("amina", "Open")
    assert "Officer X is lazy." in own and "It is not shown to others. It is kept" in own
    world.do("ruiz", "consultations.unhide", contribution=number)
    assert "Officer X" in world.do("badr", "consultations.voices", consultation=consultation)


def test_it_is_found_by_words_by_number_and_by_link(light_world: World) -> None:
    world = light_world
    consultation = opened(world, days=10)
    with world.parley.sessions.writing() as session:
        lists.found.keep(session, session.get_one(Consultation, consultation))
    assert "- Inspecting reefers at night" in world.say("amina", "/consultations frigorifique")
    assert "None is open" in world.say("amina", "/consultations bananas")
    assert "- Inspecting" in world.say("amina", "/consultations C-1")
    assert "None is open" in world.say("amina", "/consultations nuitamment")
    scope = {"language": "fr", "words": "Ces règles valent pour le froid, nuitamment."}
    world.submit("ruiz", "consultations.translate_clause", scope, clause=clause(world, consultation, "1"))
    assert "- Inspecting" in world.say("amina", "/consultations nuitamment")
    assert set(world.say("amina", "c-1").buttons) >= {"Open C-1"}
    assert "Comment on 3.2 of C-1" in world.say("amina", "C-1 3.2").buttons
    assert "3.2 · Waiting" in world.press("amina", "Read 3.2 of C-1")
    assert "Send it as a comment on 3 of C-1" in world.say("amina", "article 3: It is too much").buttons
    world.say("chloe", "C-1 3.1 – Too dear.\n\nAnd  too late.")  # kept to the letter
    assert "Too dear.\n\nAnd  too late." in world.press("chloe", "Send it as a comment on 3.1 of C-1")
    assert not any("C-1" in each for each in world.say("amina", "3 boxes are stuck").buttons)
    assert "Read the text" in world.say("amina", "/start c_1").buttons
    assert "Read the text" in world.say("amina", "/start c_C-1").buttons
    assert "3.2 · Waiting" in world.say("amina", "/start c_1_3-2")
    for wrong in ("c_99", "c_x", "c_"):
        assert "nothing here by that name" in world.say("amina", f"/start {wrong}")
    with world.parley.sessions.writing() as session:
        session.execute(update(Consultation).values(audience=Audience.AGENCIES))
        session.execute(update(Person).where(Person.id == world.ids["dina"]).values(kind=Kind.AGENCY))
    assert "nothing here by that name" in world.say("amina", "/start c_1") and "C-1" not in world.say("amina", "/home")
    assert not any("C-1" in each for each in world.say("amina", "C-1 3.2 too long").buttons)
    assert "not yours to see" in world.do("amina", "consultations.read_clause", clause=clause(world, 1, "3.2"))
    assert "C-1 · you can have your say until Thursday 3 December 2026" in world.say("dina", "/home")


def test_the_deadline_stands_in_ones_calendar(light_world: World) -> None:
    world = light_world
    consultation = opened(world, days=10)
    first = deadline(world, "amina")
    assert first is not None and first.title == "C-1: comments close – Inspecting reefers at night"
    assert isinstance(first.ends, datetime) and first.ends == world.clock.now() + timedelta(days=10) and not first.busy
    assert first.zone is not None and first.zone.key == ZONE
    with world.parley.sessions.writing() as session:
        made = session.get_one(Consultation, consultation)
        made.closes_at = first.ends + timedelta(days=5)
    moved = deadline(world, "amina")
    assert moved is not None and moved.uid == first.uid and moved.ends == first.ends + timedelta(days=5)
    assert moved.sequence > first.sequence and moved.changed_at > first.changed_at
    with world.parley.sessions.writing() as session:
        session.execute(update(Consultation).values(audience=Audience.AGENCIES))
    assert deadline(world, "amina") is None
    with world.parley.sessions.writing() as session:
        session.get_one(Consultation, consultation).withdraw(at=world.clock.now())
    gone = deadline(world, "ruiz")
    assert gone is not None and gone.status is Status.CANCELLED
    world.clock.advance(timedelta(days=31))
    assert deadline(world, "ruiz") is None


def deadline(world: World, name: str) -> Entry | None:
    """What stands in somebody's calendar."""
    with world.parley.sessions.reading() as session:
        home = session.scalars(select(Administration)).one()
        reader = who(session, session.get_one(Person, world.ids[name]), at=world.clock.now())
        write = Writer(Catalogues(CATALOGUES), Reader("en", ZONE))
        asked = Subscriber(
            reader,
            home,
            "",
            world.clock.now(),
            session,
            lambda text: without_isolates(write.plain(text)),
            lambda path: f"https://parley.example/{path}",
        )
        return next(iter(feed.deadlines(asked)), None)


def test_lists_ask_the_database_no_more_the_longer_they_are(light_world: World) -> None:
    world = light_world
    consultation = opened(world)
    third = clause(world, 1, "3.2")
    lists: dict[str, dict[str, int]] = {
        "consultations.contributions": {},
        "consultations.mine": {"consultation": consultation},
        "consultations.voices": {"consultation": consultation},
        "consultations.said": {"clause": third},
        "consultations.read": {"consultation": consultation},
        "consultations.to_answer": {"consultation": consultation},
    }
    _many(world, third, 7)  # a page is full, and there is a next one
    few = {name: _asked(world, name, about) for name, about in lists.items()}
    _many(world, third, 40)
    assert {name: _asked(world, name, about) for name, about in lists.items()} == few


def _many(world: World, at: int, count: int) -> None:
    with world.parley.sessions.writing() as session:
        made = session.scalars(select(Consultation)).one()
        session.add_all(
            Contribution(
                administration_id=made.administration_id,
                consultation_id=made.id,
                kind=ContributionKind.COMMENT,
                person_id=world.ids["amina"],
                clause_id=at,
                stands_id=at,
                words=f"Comment {number}.",
                language="en",
                at=world.clock.now(),
            )
            for number in range(count)
        )


def _asked(world: World, name: str, about: dict[str, int]) -> int:
    """How many questions a command puts to the tables of this room."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "contribution" in statement or "clause" in statement or "consultation" in statement:
            asked.append(statement)

    engine = world.parley.sessions.engine
    event.listen(engine, "before_cursor_execute", note)
    world.do("amina", name, **about)
    event.remove(engine, "before_cursor_execute", note)
    return len([each for each in asked if each.lstrip().startswith("SELECT")])


def test_nothing_is_taken_before_there_is_a_text_nor_after_the_end(light_world: World) -> None:
    world = light_world
    consultation = opened(world)
    third = clause(world, 1, "3.2")
    with world.parley.sessions.writing() as session:
        session.execute(update(Consultation).values(phase=Phase.SHAPING, draft_number=0))
    shown = world.do("amina", "consultations.show", consultation=consultation)
    assert "Comment on a clause" not in shown.buttons and "2 questions" in shown.buttons
    assert "no text to comment on" in world.do("amina", "consultations.say", consultation=consultation)
    assert "no text to read" in world.do("amina", "consultations.read", consultation=consultation)
    world.do("amina", "consultations.go_to", consultation=consultation)
    assert "no text to read" in world.last("amina")
    with world.parley.sessions.writing() as session:
        over = world.clock.now() + timedelta(hours=1)
        session.execute(update(Consultation).values(phase=Phase.OUTCOME, draft_number=1, ended_at=over))
    world.pass_time(hours=2)
    assert "This is over" in world.do("amina", "consultations.comment", clause=third)
    ended = world.do("amina", "consultations.asked", question=1)
    assert "In my own words" not in ended.buttons and "Yes" not in ended.buttons
    assert "not answered now" in world.do("amina", "consultations.choose", question=1, option=0)
