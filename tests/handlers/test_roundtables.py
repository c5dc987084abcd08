"""Roundtables: called, given a date, answered, moved, held, and what became of them told to everybody."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select

from bot.kit.events import Called, Caller, Replied, Submitted
from db.meetings import Can, Invitation, Meeting, MeetingPoll, MeetingSlot, MeetingVote, Minute, MinuteKind
from db.people import Account, Delivery, Kind, Mandate, Organisation, Person, Standing
from handlers.paging import PAGE
from handlers.roundtables import dates
from tests.world import ZONE, World

from .issue_steps import published, raised, same_here
from .meeting_steps import called, called_from, dated, invited, moved, polled

LINE = "Refrigerated goods are held up at Port B"


def test_from_an_issue_to_its_minutes(world: World) -> None:
    issue = raised(world)
    same_here(world, "badr", published(world, issue), "Ours too.")
    before = world.seen()
    meeting = called_from(world, issue)
    card = world.last("ruiz")
    assert "Called, with 2 people on its list" in card and f"1. {LINE}" in card
    assert world.told(before) == {"ruiz"}  # nobody hears of it until there is a date, or one is looked for
    assert called_from(world, issue) == meeting  # called already

    assert "2 people are to answer" in polled(world, meeting)
    assert "- Tuesday 1 December 2026 10:00 (Tunis)" in world.last("amina")
    world.press("amina", "I can")
    assert "until then you can change your answers" in world.press("amina", "I cannot at the others").text.lower()
    silent, heard = len(world.received("badr")), len(world.received("amina"))
    world.wait_until(datetime(2026, 11, 26, 18, 0, tzinfo=UTC))
    (nudge,) = world.news("badr", silent)  # once, and only the silent
    assert "waits for your answer" in nudge and world.news("amina", heard) == []
    best = world.last("ruiz")
    assert "The poll has ended. This time suits best." in best and "Can: Amina" in best and "No answer: Badr" in best
    assert "Wednesday 2 December 2026 15:00 (Tunis) (can: 0 · if need be: 0 · cannot: 1 · no answer: 1)" in best
    assert "The poll has ended" in world.press("badr", "I can")

    world.pass_time(hours=14)
    assert "2 people are being invited" in world.press("ruiz", "Fix this date")
    assert "You are invited to a roundtable." in world.last("badr")
    world.press("amina", "Accept")
    world.press("badr", "Decline")
    world.say("badr", "I am abroad")
    assert "Badr cannot come: I am abroad" in world.last("ruiz")
    people = world.do("ruiz", "roundtables.people", meeting=meeting)
    assert "- Amina (Comes · Acknowledged)" in people and "- Badr (Cannot come" in people

    assert "2 people are being told" in moved(world, meeting, "2026-12-03", "11:00", reason="The room is taken")
    told = world.last("amina")
    assert "It was to begin on Tuesday 1 December" in told and "Why: The room is taken" in told
    people = world.do("ruiz", "roundtables.people", meeting=meeting)
    assert "2 people have not confirmed the last change." in people
    world.press("amina", "I have seen it")
    world.press("amina", "Accept")
    people = world.do("ruiz", "roundtables.people", meeting=meeting)
    assert "1 person has not confirmed the last change." in people and people.text.index("Badr") < people.text.index(
        "Amina"
    )

    world.wait_until(datetime(2026, 12, 3, 9, 55, tzinfo=UTC))
    assert "A meeting begins on Thursday 3 December 2026 11:00" in world.last("amina")
    assert "Nothing can be recorded now" in world.submit("ruiz", "roundtables.note", {"words": "x"}, meeting=meeting)
    world.pass_time(hours=2)
    assert "Did the meeting take place?" in world.last("ruiz")
    assert "- Amina (Was there)" in world.press("ruiz", "It took place")
    world.do("ruiz", "roundtables.was", meeting=meeting, invitation=2, how="apologies")
    world.press("ruiz", "Record a decision")
    assert "1. Decision: An inspector on Sundays" in world.say("ruiz", "An inspector on Sundays")
    # A message that somebody wrote, made an action of by what is typed in answer to it.
    world._direct("ruiz", Called(world.caller("ruiz"), words="/action", quoted="Ruiz asks for two more inspectors"))
    assert "2. Action: Ruiz asks for two more" in world.press("ruiz", f"R-{meeting}: {LINE}")

    so_far = len(world.received("badr"))
    world.do("ruiz", "roundtables.finish", meeting=meeting)
    assert "1 person who was there reads them now." in world.press("ruiz", "Let it be corrected")
    assert world.news("badr", so_far) == []  # only who was there
    assert "not yours to see" in world.do("badr", "roundtables.minutes", meeting=meeting)
    world.press("amina", "Correct something")
    world.fill("amina", "[1. Decision: An inspector on Sundays]", "An inspector on Sundays and at night", "[Send]")
    assert "Amina corrects the minutes" in world.last("ruiz")
    world.press("ruiz", "Minutes")
    assert "1. Decision: An inspector on Sundays and at night" in world.press("ruiz", "Take it over")
    world.submit("amina", "roundtables.correct", {"line": "2", "words": "Three more"}, meeting=meeting)
    world.pass_time(days=3)
    for name in ("amina", "badr"):
        minutes = world.last(name)
        assert (
            "1. Decision: An inspector on Sundays and at night" in minutes and "Amina says of 2: Three more" in minutes
        )
    world.press("amina", "Acknowledge")
    heard_of = world.do("ruiz", "roundtables.heard", meeting=meeting)
    assert "- Amina (Acknowledged" in heard_of and "- Badr (Delivered, not opened yet" in heard_of
    assert "The time for corrections has passed" in world.do("amina", "roundtables.correct", meeting=meeting)


def test_nobody_on_its_list_finds_it_before_there_is_a_date_or_one_is_looked_for(light_world: World) -> None:
    world = light_world
    meeting = called_from(world, raised(world))
    assert "There is none here" in world.say("amina", "/roundtables")
    assert "not yours to see" in world.do("amina", "roundtables.show", meeting=meeting)
    polled(world, meeting)
    assert f"R-{meeting}" in world.say("amina", "/roundtables")
    world.do("ruiz", "roundtables.give_up", meeting=meeting)
    world.press("ruiz", "Give the poll up")
    assert f"R-{meeting}" in world.say("amina", "/roundtables"), "who was asked sees what becomes of it"
    never = called(world, title="Between us")
    invited(world, never, "badr")
    assert "Nobody had heard of it yet" in world.submit("ruiz", "roundtables.cancel", {}, meeting=never)
    assert "Between us" not in world.do("badr", "roundtables.roundtables", past=True)


def test_an_open_one_is_found_joined_followed_and_added_to(light_world: World) -> None:
    world = light_world
    meeting = called(world, audience="members", sector="perishables")
    hidden = called(world, title="Between us")
    assert "Inspections at night" in world.say("dina", "/roundtables")
    assert "Between us" not in world.last("dina") and "Call a roundtable" not in world.last("dina").buttons
    assert "not yours to see" in world.do("dina", "roundtables.show", meeting=hidden)
    assert "Inspections at night" in world.say("dina", "/roundtables inspection")
    world.press("dina", "Open")
    world.press("dina", "Ask to join")
    assert "You hear yes or no" in world.say("dina", "We ship fish at night")
    assert "You have asked already" in world.do("dina", "roundtables.join", meeting=meeting)
    assert "Dina would like to join a meeting." in world.last("ruiz") and "We ship fish" in world.last("ruiz")
    world.press("ruiz", "No")
    world.fill("ruiz", "The first one is for small importers", "[Send]")
    assert "You cannot join" in world.last("dina") and "Why: The first one is for small importers" in world.last("dina")
    world.submit("dina", "roundtables.topic", {"words": "Fish at night"}, meeting=meeting)
    world.press("ruiz", "Yes")
    assert "Your topic is on the agenda." in world.last("dina") and "2. Fish at night" in world.last("ruiz")
    world.do("dina", "roundtables.follow", meeting=meeting)
    assert "Home" not in world.last("dina").text and "Stop following" in world.last("dina").buttons

    # Two places, the first to say so have them; who is invited later hears what the others did.
    world.submit("ruiz", "roundtables.invite", {"whom": f"organisation:{world.organisation}"}, meeting=meeting)
    world.submit("ruiz", "roundtables.places", {"capacity": "2"}, meeting=meeting)
    dated(world, meeting)
    assert "You are invited" in world.last("amina") and "You are invited" in world.last("emil")
    assert "News of a meeting you follow: The date was fixed" in world.last("dina")
    invited(world, meeting, "chloe")
    assert "You are invited" in world.last("chloe")
    world.press("chloe", "Accept")
    world.press("emil", "Accept")
    assert "All places are taken." in world.press("amina", "Accept")
    world.submit("dina", "roundtables.join", {}, meeting=meeting)
    assert "All places are taken." in world.do("ruiz", "roundtables.admit", meeting=meeting, request=3)

    # A substitute is a colleague of the same organisation, is invited at once, and the organiser sees it.
    assert "no colleague" in world.do("chloe", "roundtables.substitute", meeting=meeting)
    world.do("ruiz", "roundtables.remove", meeting=meeting, invitation=2)
    assert "no longer expected" in world.last("emil")
    world.press("amina", "Send a substitute")
    world.fill("amina", "[Emil]", "[Send]")
    assert "Emil is invited in your place." in world.last("amina") and "You are invited" in world.last("emil")
    assert "Amina sends a substitute: Emil" in world.last("ruiz")
    assert "Emil, Sodal Trading" in world.do("ruiz", "roundtables.people", meeting=meeting)
    assert "Amina, Sodal Trading (Sends a substitute)" in world.last("ruiz")

    # Nobody else runs it, and what is confidential not even the colleagues of the desk.
    assert "You may not do that." in world.do("dina", "roundtables.cancel", meeting=meeting)
    assert "You may not do that." in world.do("gus", "roundtables.cancel", meeting=meeting)
    assert "R-" in world.do("olga", "roundtables.show", meeting=hidden)
    world.submit(
        "ruiz", "roundtables.audience", {"audience": "invited", "confidentiality": "confidential"}, meeting=hidden
    )
    assert "not yours to see" in world.do("olga", "roundtables.show", meeting=hidden)
    assert "not yours to see" in world.do("adam", "roundtables.show", meeting=hidden)

    before = world.seen()
    world.submit("ruiz", "roundtables.cancel", {"reason": "A strike"}, meeting=meeting)
    assert world.told(before) == {"ruiz", "chloe", "emil", "dina"}  # who comes, who might, and who follows it
    assert "was cancelled" in world.last("chloe") and "Why: A strike" in world.last("chloe")
    before = world.seen()
    world.pass_time(days=9)
    assert world.told(before) == set()


def test_agenda_papers_place_and_name_are_kept_in_order(light_world: World) -> None:
    world = light_world
    issue = raised(world)
    meeting = called_from(world, issue)
    assert "Roundtable: Perishable goods" in world.last("ruiz")
    assert f"1. What was told in P-{issue:06d}" in world.last("ruiz")  # the words of whoever raised it are theirs
    world.submit("ruiz", "roundtables.rename", {"title": "Inspectors"}, meeting=meeting)
    world.submit("ruiz", "roundtables.item", {"words": "Night shifts"}, meeting=meeting)
    world.do("ruiz", "roundtables.agenda", meeting=meeting)
    assert "1. Night shifts" in world.press("ruiz", "Put it first")
    assert "Please send a web address" in world.submit(
        "ruiz", "roundtables.place", {"room": "12", "link": "javascript:alert(1)"}, meeting=meeting
    )
    shown = world.submit(
        "ruiz", "roundtables.place", {"room": "Room 12", "link": "https://meet.example/r?pwd=1"}, meeting=meeting
    )
    assert "Place: Room 12" in shown and "Join online: meet.example" in shown
    world.do("ruiz", "roundtables.add_papers", meeting=meeting)
    world.attach("ruiz", "plan.pdf", b"%PDF-1.4 plan")
    assert "[file plan.pdf]" in world.press("ruiz", "That is all")
    dated(world, meeting)
    assert "plan.pdf" in world.press("amina", "Papers")
    world.press("amina", "Accept")
    changed = world.submit("ruiz", "roundtables.place", {"room": "Room 14"}, meeting=meeting)
    assert "1 person is being told." in changed and "The place of a roundtable" in world.last("amina")
    assert "Your answer: Comes" in world.last("amina")
    with world.parley.sessions.reading() as session:
        assert session.get_one(Meeting, meeting).sequence == 1


def test_a_mail_that_is_late_does_not_undo_what_was_said_since(world: World) -> None:
    meeting = called(world)
    invited(world, meeting, "amina")
    dated(world, meeting)
    with world.parley.sessions.reading() as session:
        uid, sequence = session.get_one(Meeting, meeting).uid, session.get_one(Meeting, meeting).sequence
    written = world.clock.now()

    def mailed(answer: str, at: datetime) -> None:
        reply = Replied(world.caller("amina"), uid=uid, answer=answer, sequence=sequence, stamped_at=at)
        world.parley.engine.turn(reply, trace="mail")
        world.settle()

    def holds() -> str:
        with world.parley.sessions.reading() as session:
            its = Invitation.meeting_id == meeting, Invitation.person_id == world.ids["amina"]
            return session.scalars(select(Invitation.answer).where(*its)).one().name

    # Two mails that overtook each other on their way, the later of which came first.
    world.pass_time(hours=1)
    mailed("DECLINED", written + timedelta(minutes=2))
    mailed("ACCEPTED", written + timedelta(minutes=1))
    assert holds() == "DECLINED" and "What you said last holds" in world.last("amina")
    mailed("ACCEPTED", written + timedelta(minutes=3))
    assert holds() == "ACCEPTED"
    # A mail against what was tapped meanwhile; and a clock that is fast, which keeps nobody from changing their mind.
    world.do("amina", "roundtables.accept", meeting=meeting)
    mailed("DECLINED", world.clock.now() + timedelta(days=9))
    assert holds() == "DECLINED"
    world.pass_time(minutes=1)
    world.do("amina", "roundtables.accept", meeting=meeting)
    assert holds() == "ACCEPTED"
    mailed("DECLINED", written)
    assert holds() == "ACCEPTED"


def test_reminders_come_once_in_time_and_never_after_the_fact(light_world: World) -> None:
    world = light_world
    with world.parley.sessions.writing() as session:
        session.get_one(Person, world.ids["emil"]).delivery = Delivery.DIGEST
    meeting = called(world)
    invited(world, meeting, "amina", "badr", "emil")
    dated(world, meeting, "2026-12-02", "07:30")
    world.press("amina", "Accept")
    before = world.seen()
    world.wait_until(datetime(2026, 12, 1, 12, 0, tzinfo=UTC))
    assert "A meeting begins on Wednesday 2 December 2026 07:30" in world.last("badr")
    world.wait_until(datetime(2026, 12, 2, 5, 15, tzinfo=UTC))
    world.doors["telegram"].away = True
    world.wait_until(datetime(2026, 12, 2, 6, 45, tzinfo=UTC))
    world.doors["telegram"].away = False
    world.pass_time(hours=2)
    # A day before each once, with the morning's news for who wants it so. An hour before only who comes would have been
    # told, but by the time their door opened it had begun.
    assert [len(world.news(who, before[who])) for who in ("amina", "badr", "emil")] == [1, 1, 2]


def test_what_was_moved_is_told_at_night_and_reminded_of_anew(light_world: World) -> None:
    world = light_world
    meeting = called(world)
    invited(world, meeting, "amina")
    dated(world, meeting)
    world.press("amina", "Accept")
    world.wait_until(datetime(2026, 11, 29, 22, 0, tzinfo=UTC))
    before = world.seen()
    moved(world, meeting, "2026-12-03")
    world.settle()
    assert "was moved" in world.last("amina")
    world.press("amina", "Accept")
    world.wait_until(datetime(2026, 12, 3, 8, 30, tzinfo=UTC))
    for name in ("amina", "ruiz"):  # whoever called it, too
        begins = [each for each in world.news(name, before[name]) if "A meeting begins on" in each]
        assert len(begins) == 2 and all("Thursday 3 December 2026 10:00" in each for each in begins)


def test_a_poll_that_everybody_has_answered_ends_at_once_and_says_whose_hours_it_takes(light_world: World) -> None:
    world = light_world
    with world.parley.sessions.writing() as session:
        session.get_one(Person, world.ids["badr"]).zone = "Asia/Tokyo"
    meeting = called(world)
    invited(world, meeting, "amina", "badr")
    assert "clocks" not in polled(world, meeting, "1 December 10:00; 2 December 15:00\n5 December 10:00")
    assert "between 2 and 8" not in world.last("ruiz")
    assert "(10:00, Tunis)" in world.last("badr") and "18:00 (Tokyo)" in world.last("badr")
    for name in ("amina", "badr"):
        world.do(name, "roundtables.when", meeting=meeting)
        rows = world.last(name).answer.screen.rows  # type: ignore[union-attr]
        for row, can in zip(rows, ("I can", "I cannot", "I can"), strict=True):
            label = {"I can": 0, "I cannot": 2}[can]
            world._turn(name, {"handle": row.buttons[label].handle})
    assert "Everybody has answered" in world.last("badr")
    best = world.last("ruiz")
    assert "Tuesday 1 December 2026 10:00" in best and "Outside working hours for Badr (18:00)" in best
    assert "A day off" not in best.text.split("\n- ")[0]
    assert best.text.index("- Tuesday 1 December") < best.text.index("- Saturday 5 December")
    before = world.seen()
    world.pass_time(days=3)
    assert world.told(before) == set()  # nothing falls due of a poll that has ended
    with world.parley.sessions.reading() as session:
        poll = session.scalars(select(MeetingPoll)).one()
        assert poll.ended_at is not None and poll.nudged_at is None


def test_nobody_is_reminded_of_a_poll_on_a_day_off(light_world: World) -> None:
    world = light_world
    meeting = called(world)
    invited(world, meeting, "amina")
    given = {
        "minutes": "60",
        "respond_by": "2026-12-03",
        "offering": "own",
        "times": "4 December 10:00; 7 December 10:00",
    }
    world.submit("ruiz", "roundtables.poll", given, meeting=meeting)
    before = len(world.received("amina"))
    world.wait_until(datetime(2026, 11, 30, 7, 0, tzinfo=UTC))  # half of the time was over on Saturday
    assert world.news("amina", before) == []
    world.wait_until(datetime(2026, 11, 30, 8, 0, tzinfo=UTC))
    assert "waits for your answer" in world.news("amina", before)[0].text


def test_whoever_declines_is_offered_what_they_can_do(light_world: World) -> None:
    world = light_world
    meeting = called(world, audience="agencies")
    invited(world, meeting, "amina")
    dated(world, meeting)
    shown = world.submit("amina", "roundtables.decline", {}, meeting=meeting)
    assert {"Accept", "Send a substitute"} <= set(shown.buttons)
    assert not {"Ask to join", "Follow it", "Propose a topic"} & set(shown.buttons), "it is open to agencies"


def test_what_is_to_be_done_after_a_roundtable_stands_on_home_and_no_request_stays_open(light_world: World) -> None:
    world = light_world
    meeting = called(world)
    invited(world, meeting, "amina")
    dated(world, meeting)
    world.submit("amina", "roundtables.topic", {"words": "Plugs for lorries"}, meeting=meeting)
    world.wait_until(datetime(2026, 12, 1, 11, 0, tzinfo=UTC))
    assert "did it take place?" in world.do("ruiz", "home.show")
    before = len(world.received("amina"))
    world.press("ruiz", "It took place")
    (told,) = world.news("amina", before)
    assert "took place before what you had asked" in told and "Plugs for lorries" in told
    world.submit("ruiz", "roundtables.decision", {"words": "Two more plugs"}, meeting=meeting)
    assert "its minutes are still with you" in world.do("ruiz", "home.show")
    world.do("ruiz", "roundtables.finish", meeting=meeting)
    world.press("ruiz", "Let it be corrected")
    assert "R-1" not in world.do("ruiz", "home.show")


def test_parley_suggests_times_that_are_nobodys_night_or_day_off(light_world: World) -> None:
    world = light_world
    meeting = called(world)
    invited(world, meeting, "amina")
    given = {"minutes": "60", "respond_by": "2026-11-26", "offering": "suggested"}
    shown = world.submit("ruiz", "roundtables.poll", given, meeting=meeting)
    times = [line for line in shown.text.split("\n") if line.startswith("- ")]
    assert len(times) == 5 and not any("Saturday" in each or "Sunday" in each for each in times)
    assert all(9 <= int(each.split("2026 ")[1][:2]) < 17 for each in times)
    world.do("ruiz", "roundtables.give_up", meeting=meeting)
    assert "ended without a date" in world.press("ruiz", "Give the poll up")


def test_forty_who_answer_at_once_end_with_exactly_their_votes(world: World) -> None:
    meeting = called(world)
    with world.parley.sessions.writing() as session:
        people = [
            Person(
                administration_id=world.home,
                name=f"Trader {number}",
                kind=Kind.BUSINESS,
                language="en",
                zone=ZONE,
                met_at=world.clock.now(),
                language_chosen_at=world.clock.now(),
                consented_at=world.clock.now(),
                registered_at=world.clock.now(),
            )
            for number in range(40)
        ]
        session.add_all(people)
        session.flush()
        session.add_all(
            Account(
                person_id=each.id,
                platform="telegram",
                external_id=f"t{each.id}",
                address=f"t{each.id}",
                met_at=world.clock.now(),
                used_at=world.clock.now(),
            )
            for each in people
        )
        ids = [each.id for each in people]
        session.add_all(
            Invitation(
                administration_id=world.home,
                meeting_id=meeting,
                person_id=each,
                invited_by_id=world.ids["ruiz"],
                invited_at=world.clock.now(),
            )
            for each in ids
        )
    polled(world, meeting)
    with world.parley.sessions.reading() as session:
        slots = session.scalars(select(MeetingSlot.id).order_by(MeetingSlot.starts_at)).all()
    wanted = {(each, slot): list(Can)[(each + slot) % 3] for each in ids for slot in slots}

    async def all_at_once() -> None:
        def asks(person_id: int, slot: int) -> Called:
            caller = Caller("telegram", f"t{person_id}", f"t{person_id}", "", "en", ZONE)
            return Called(caller, name="roundtables.vote", args={"slot": slot, "can": wanted[person_id, slot].value})

        await asyncio.gather(*(world.parley.edge.direct(asks(*each), trace="direct") for each in wanted))
        await world.parley.settle()

    world.runner.run(all_at_once())
    with world.parley.sessions.reading() as session:
        rows = session.execute(select(MeetingVote.person_id, MeetingVote.slot_id, MeetingVote.can)).all()
        assert {(row.person_id, row.slot_id): row.can for row in rows} == wanted and len(rows) == len(wanted)
        # Whoever was last ended it, once.
        assert session.scalars(select(MeetingPoll.ended_at)).one() is not None
    assert sum("The poll has ended. This time suits best." in each for each in world.received("ruiz")) == 1


def test_minutes_are_offered_only_to_who_may_read_them(light_world: World) -> None:
    world = light_world
    meeting = called(world)
    invited(world, meeting, "amina", "badr", "chloe")
    dated(world, meeting)
    world.press("amina", "Accept")
    world.press("badr", "Decline")
    world.say("badr", "My operation is on that day")
    assert "My operation" in world.do("ruiz", "roundtables.people", meeting=meeting)
    assert "My operation" not in world.do("olga", "roundtables.people", meeting=meeting), "as it was promised"
    world.wait_until(datetime(2026, 12, 1, 11, 0, tzinfo=UTC))
    world.do("ruiz", "roundtables.held", meeting=meeting)
    world.submit("ruiz", "roundtables.decision", {"words": "An inspector on Sundays"}, meeting=meeting)
    world.do("ruiz", "roundtables.finish", meeting=meeting)
    world.press("ruiz", "Let it be corrected")

    def offered() -> list[str]:
        names = ("amina", "badr", "chloe")
        return [each for each in names if "Minutes" in world.do(each, "roundtables.show", meeting=meeting).buttons]

    assert offered() == ["amina"]
    world.pass_time(days=3)
    assert offered() == ["amina", "badr"]
    assert "An inspector on Sundays" in world.press("badr", "Minutes")


def test_two_who_invite_one_person_at_once_invite_them_once(world: World) -> None:
    meeting = called(world)
    dated(world, meeting)

    def asks(who: str) -> Submitted:
        opened = world.do(who, "roundtables.invite", meeting=meeting).answer.form
        assert opened is not None
        return Submitted(world.caller(who), opened.token, {"whom": f"person:{world.ids['amina']}"})

    both = [asks("ruiz"), asks("olga")]

    async def at_once() -> None:
        await asyncio.gather(*(world.parley.edge.direct(each, trace="direct") for each in both))
        await world.parley.settle()

    world.runner.run(at_once())  # the second is told that they are on the list: nothing is raised
    assert len(world.received("amina")) == 1


@pytest.mark.parametrize("words", ["15:30", "15h30", "15 h 30", "15\u00a0h\u00a030", "3.30 pm"])
def test_a_time_is_read_as_people_write_it(words: str) -> None:
    assert dates.read_time(words, field="time") == time(15, 30)


def test_what_is_said_after_the_organiser_has_left_reaches_who_oversees_the_desks(light_world: World) -> None:
    world = light_world
    meeting = called(world, audience="members")
    invited(world, meeting, "amina", "badr")
    dated(world, meeting)
    world.revoke("ruiz")
    before = world.seen()
    world.press("amina", "Accept")
    assert "Amina comes." in world.last("adam")
    world.press("badr", "Decline")
    world.say("badr", "My operation is on that day")
    assert "Badr cannot come." in world.last("adam"), "why is for whoever organises it alone"
    world.submit("dina", "roundtables.topic", {"words": "Fish at night"}, meeting=meeting)
    assert "Dina proposes a topic" in world.last("adam")
    world.wait_until(datetime(2026, 12, 1, 11, 0, tzinfo=UTC))
    assert "Did the meeting take place?" in world.last("adam")
    assert "- Amina (Was there)" in world.press("adam", "It took place")
    assert "ruiz" not in world.told(before)


def test_whoever_was_asked_when_they_can_hears_that_the_poll_was_given_up(light_world: World) -> None:
    world = light_world
    meeting = called(world)
    invited(world, meeting, "amina")
    polled(world, meeting)
    world.do("ruiz", "roundtables.give_up", meeting=meeting)
    world.press("ruiz", "Give the poll up")
    assert "was ended without a date. You hear when there is one." in world.last("amina")


def test_where_it_takes_place_comes_with_an_invitation(light_world: World) -> None:
    world = light_world
    meeting = called(world, audience="members")
    world.submit("ruiz", "roundtables.place", {"room": "Room 9"}, meeting=meeting)
    invited(world, meeting, "amina")
    dated(world, meeting)
    assert "Room 9" in world.last("amina") and "Room 9" in world.do("ruiz", "roundtables.show", meeting=meeting)
    assert "Room 9" not in world.do("badr", "roundtables.show", meeting=meeting)


def test_whoever_asked_to_join_hears_that_it_does_not_take_place(light_world: World) -> None:
    world = light_world
    meeting = called(world, audience="members")
    dated(world, meeting)
    world.submit("badr", "roundtables.join", {"words": "It is about our trucks."}, meeting=meeting)
    world.submit("ruiz", "roundtables.cancel", {"reason": "The hall is flooded"}, meeting=meeting)
    told = world.last("badr")
    assert "of which you had asked something does not take place" in told and "The hall is flooded" in told


def test_a_substitute_has_the_place_until_they_answer_and_who_proposed_them_hears_a_no(light_world: World) -> None:
    world = light_world
    meeting = called(world)
    invited(world, meeting, "amina", "badr", "chloe")
    world.submit("ruiz", "roundtables.places", {"capacity": "2"}, meeting=meeting)
    dated(world, meeting)
    world.press("amina", "Accept")
    world.press("badr", "Accept")
    world.do("amina", "roundtables.substitute", meeting=meeting)
    world.fill("amina", "[Emil]", "[Send]")
    assert "All places are taken." in world.press("chloe", "Accept"), "it is held for Emil"
    assert "2 places are taken already." in world.submit(
        "ruiz", "roundtables.places", {"capacity": "1"}, meeting=meeting
    )
    world.press("emil", "Decline")
    world.say("emil", "I am abroad")
    told = world.last("amina")
    assert "Emil does not come in your place." in told and "I am abroad" not in told, "that is the organiser's"
    assert {"Accept", "Decline", "Send a substitute"} <= set(told.buttons)
    world.press("amina", "Send a substitute")
    world.fill("amina", "[Emil]", "[Send]")
    assert "You are invited" in world.last("emil")
    world.do("ruiz", "roundtables.remove", meeting=meeting, invitation=4)
    assert "Emil does not come in your place." in world.last("amina")
    assert "You come." in world.press("amina", "Accept")
    assert "Amina (Comes" in world.do("ruiz", "roundtables.people", meeting=meeting)


def test_every_line_of_one_meetings_minutes_can_be_corrected_and_none_of_anothers(light_world: World) -> None:
    world = light_world
    for title in ("Another", "Inspections at night"):
        meeting = called(world, title=title)
        invited(world, meeting, "amina")
        dated(world, meeting)
        world.do("amina", "roundtables.accept", meeting=meeting)
    world.wait_until(datetime(2026, 12, 1, 11, 0, tzinfo=UTC))
    for meeting, count in ((1, 1), (2, 23)):
        world.do("ruiz", "roundtables.held", meeting=meeting)
        with world.parley.sessions.writing() as session:
            ruiz = world.ids["ruiz"]
            more = {"administration_id": 1, "author_id": ruiz, "language": "en", "at": world.clock.now()}
            session.add_all(
                Minute(meeting_id=meeting, kind=MinuteKind.NOTE, words=f"R-{meeting} says {each}", **more)
                for each in range(1, count + 1)
            )
        world.do("ruiz", "roundtables.finish", meeting=meeting)
        world.press("ruiz", "Let it be corrected")
    asked = world.do("amina", "roundtables.correct", meeting=2)
    assert "1. Note: R-2 says 1" in asked.buttons and not any("R-1 " in each for each in asked.buttons)
    world.say("amina", "23")
    world.fill("amina", "As it was", "[Send]")
    assert "Amina says of 23: As it was" in world.do("ruiz", "roundtables.minutes", meeting=2, page=22 // PAGE)
    world.do("amina", "roundtables.correct", meeting=1)
    assert "Please choose one of the answers offered." in world.say("amina", "2")


def test_a_poll_ends_when_the_last_who_is_silent_is_taken_off_the_list(light_world: World) -> None:
    world = light_world
    meeting = called(world)
    invited(world, meeting, "amina", "badr")
    polled(world, meeting)
    world.press("amina", "I can")
    world.press("amina", "I cannot at the others")
    before = len(world.received("ruiz"))
    world.do("ruiz", "roundtables.remove", meeting=meeting, invitation=2)
    (best,) = (each for each in world.received("ruiz")[before:] if "The poll has ended" in each)
    assert "This time suits best." in best and "Can: Amina" in best

    empty = called(world, title="Nobody comes")
    invited(world, empty, "amina")
    polled(world, empty)
    before = len(world.received("ruiz"))
    world.do("ruiz", "roundtables.remove", meeting=empty, invitation=3)
    assert not any("The poll has ended" in each for each in world.received("ruiz")[before:]), (
        "others may be invited yet"
    )
    world.wait_until(datetime(2026, 11, 26, 18, 0, tzinfo=UTC))
    (none,) = (each for each in world.received("ruiz")[before:] if "The poll has ended" in each)
    assert "without a date: nobody is on the list" in none and "Fix this date" not in none.buttons
    assert "Find a date" in world.do("ruiz", "roundtables.show", meeting=empty).buttons


def test_who_has_moved_to_another_organisation_is_not_invited_for_the_one_before(light_world: World) -> None:
    world = light_world
    meeting = called(world)
    with world.parley.sessions.writing() as session:
        other = Organisation(administration_id=world.home, name="Harbour Lines", kind=Kind.BUSINESS)
        other.standing = Standing.VERIFIED
        session.add(other)
        session.flush()
        mandate = Mandate.given(session.get_one(Person, world.ids["amina"]), other, at=world.clock.now())
        mandate.confirmed_by_id = world.ids["adam"]
        session.add(mandate)
    shown = world.submit("ruiz", "roundtables.invite", {"whom": f"organisation:{world.organisation}"}, meeting=meeting)
    assert "1 person was added." in shown and "- Emil" in shown and "Amina" not in shown
