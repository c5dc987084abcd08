"""Symposia: made in minutes, announced once, proposed to, reviewed, decided on, and their speakers heard."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from db.calls import Proposal, ProposalState
from db.people import Kind, Person, Sector
from db.symposia import (
    Agreed,
    Away,
    Block,
    BlockKind,
    SessionPart,
    SymposiumRoom,
    SymposiumSession,
    Track,
)
from handlers.symposia import announcing, making
from tests.world import World

from .consultation_steps import commented
from .issue_steps import published, raised, same_here
from .symposium_steps import DAY, accepted, announced, made, proposed, set_up
from .taking_steps import opened

TRADE = {"amina", "badr", "chloe", "dina", "emil"}


def test_a_symposium_is_set_up_in_minutes_and_announced_once(
    light_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing, "AT_ONCE", 2)  # it takes several turns to tell everybody
    world = light_world
    symposium = made(world)
    card = world.last("ruiz")
    assert "Still to be done: the times of the days, the rooms, and announcing it." in card
    assert "Sessions can be proposed until: Tuesday 19 January 2027 18:00" in card
    assert "Registration opens: Tuesday 26 January 2027 09:00" in card
    world.press("ruiz", "Set the times of the days")
    world.say("ruiz", DAY)
    times = world.press("ruiz", "Every day")
    assert "16 times for sessions are set." in times and "45 minutes of the day are left over." in times
    assert (
        "- 09:00–10:00 · Plenary" in times and "- 12:30–13:30 · Lunch" in times and "- 11:45–12:30 · Sessions" in times
    )
    world.press("ruiz", "Back to S-1")
    world.press("ruiz", "Name the rooms")
    rooms = world.say("ruiz", "Main hall 300, Room B 40 interpretation (Annex), Room 3 60 step-free hybrid")
    assert (
        "- Room B (40 places · interpretation · Annex)" in rooms
        and "- Room 3 (60 places · hybrid and step-free)" in rooms
    )
    world.do("ruiz", "symposia.tracks", symposium=symposium)
    world.press("ruiz", "Of a guidance method")
    assert "- Co-creation (It is a track.)" in world.press("ruiz", "Take it")
    world.do("ruiz", "symposia.sessions", symposium=symposium)
    world.press("ruiz", "Make a session")
    world.fill("ruiz", "[Plenary]", "Opening", "[Skip]", "[Co-creation]")
    opening = world.press("ruiz", "Send")
    assert "Made. Now say who speaks." in opening and "Track: Co-creation" in opening
    world.press("ruiz", "Where and when")
    world.fill("ruiz", "[Tuesday 2 March 2027, 09:00–10:00]", "[Main hall]", "[Yes]")
    placed = world.press("ruiz", "Send")
    assert "Tuesday 2 March 2027, 09:00–10:00, Main hall" in placed and "Stays where it is: yes" in placed

    before = world.seen()
    assert "None is announced to you" in world.say("dina", "/symposia")
    assert "not yours to see" in world.do("dina", "symposia.show", symposium=symposium)
    world.press("dina", "Home")
    before = world.seen()
    assert "Those it is for are being told" in announced(world, symposium)
    assert "cannot be done now" in announced(world, symposium)  # nobody is told twice
    assert world.told(before) >= TRADE and [len(world.news(each, before[each])) for each in TRADE] == [1] * 5
    told = world.last("amina")
    assert "A symposium is announced." in told and "Palace of Congresses" in told
    shown = world.press("amina", "Open")
    assert "Propose a session" in shown.buttons and "Rooms" not in shown.buttons
    assert "- Opening (Plenary)" in world.do(
        "amina", "symposia.sessions", symposium=symposium
    )  # no place before it is out
    assert "- Trade and Customs 2027" in world.say("dina", "/symposia customs")
    world.do("dina", "people.hear", topic="events", told=False)
    assert "You do without these." in world.last("dina")


def test_of_a_symposium_made_the_evening_before_nothing_has_closed_already() -> None:
    late = datetime(2027, 3, 1, 21, 0, tzinfo=UTC)
    found = making.likely_dates(late, date(2027, 3, 2), "Africa/Tunis")
    assert found == {
        "call_closes_at": None,
        "registration_opens_at": datetime(2027, 3, 1, 8, tzinfo=UTC),
        "registration_closes_at": datetime(2027, 3, 2, 8, tzinfo=UTC),
    }


def test_only_its_audience_hears_and_whoever_mutes_announcements_does_not(light_world: World) -> None:
    world = light_world
    with world.parley.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == world.ids["badr"]).values(sector=Sector.TEXTILES))
        session.execute(update(Person).where(Person.id == world.ids["dina"]).values(kind=Kind.AGENCY))
        for each in ("chloe", "amina"):
            session.execute(update(Person).where(Person.id == world.ids[each]).values(sector=Sector.TEXTILES))
    world.do("chloe", "people.hear", topic="events", told=False)
    before = world.seen()
    symposium = made(world, audience="sector", sector="textiles")
    world.do("ruiz", "symposia.describe", symposium=symposium)
    announced(world, symposium)
    assert world.told(before) - {"ruiz"} == {"amina", "badr"}
    assert "textiles" in world.last("badr").text.lower()
    assert "not yours to see" in world.do("dina", "symposia.show", symposium=symposium)
    assert "Propose a session" in world.do("chloe", "symposia.show", symposium=symposium).buttons


def test_from_the_call_to_a_speaker_who_confirms(world: World) -> None:
    symposium = set_up(world)
    world.do("amina", "symposia.show", symposium=symposium)
    world.press("amina", "Propose a session")
    assert "It matters to trade and Customs now" in world.last("amina")  # by what it will be judged
    first = proposed(world, symposium, needs="projection", interest="My company sells reefers")
    assert "Being reviewed" in world.last("amina") and "Reference: SP-1" in world.last("amina")
    assert "A session is proposed." in world.last("ruiz")
    second = proposed(world, symposium, "badr", title="Textiles, rules of origin")
    for who in ("badr", "dina"):  # nobody else's
        assert "not yours to see" in world.do(who, "symposia.proposal", proposal=first)
    colleague = world.do("emil", "symposia.proposal", proposal=first)  # who speaks for the same business
    assert "Amina, Sodal Trading" in colleague
    world.do("amina", "symposia.proposal", proposal=first)
    world.press("amina", "Change it")
    assert "Changed." in world.press("amina", "Send")

    # Whoever reviews sees all but their own; who has an interest neither sees nor judges.
    for each in ("dina", "emil"):
        world.submit("ruiz", "symposia.reviewer", {"person": str(world.ids[each])}, symposium=symposium)
    assert "asked to review" in world.last("dina")
    listed = world.press("dina", "Review")
    assert "2 proposals wait for your review." in listed and "(SP-1 · Sodal Trading)" in listed
    mine = world.do("emil", "symposia.reviews", symposium=symposium)
    assert "Textiles" in mine and "Reefers" not in mine
    assert "Review what is proposed" in world.do("dina", "symposia.show", symposium=symposium).buttons
    world.do("dina", "symposia.review", proposal=first)
    for criterion in range(1, 5):
        said = world.do("dina", "symposia.points", proposal=first, criterion=criterion, count=4)
    assert "You have given all points." in said and "What you say of it" not in said
    world.press("dina", "Say something of it")
    assert "What you say of it: Strong" in world.say("dina", "Strong")
    world.do("dina", "symposia.conflict", proposal=second)
    gone = world.press("dina", "I have an interest")
    assert "Declared." in gone and "Textiles" not in gone
    for what in ("review", "proposal"):
        assert "not yours to see" in world.do("dina", f"symposia.{what}", proposal=second)
    assert "not yours to see" in world.do("dina", "symposia.points", proposal=second, criterion=1, count=5)
    world.do("emil", "symposia.points", proposal=second, criterion=1, count=2)
    refused = world.do("emil", "symposia.points", proposal=first, criterion=1, count=5)
    assert "not yours" in refused or "may not" in refused.text  # of their own house

    ranking = world.do("ruiz", "symposia.ranking", symposium=symposium)
    assert "1 | Reefers at night | 4 | 1 | 4 | 4 | 4 | 4" in ranking.text.replace("4.0", "4")
    assert "2 | Textiles, rules of origin | 2 | 1 | 2 | – | – | –" in ranking.text.replace("2.0", "2")
    assert "[picture How often how many points were given]\nReefers at night: 4 points 4" in ranking.text
    decided = world.do("ruiz", "symposia.decide", proposal=first)
    assert "Dina says of it: Strong" in decided and "4 of 5, from 1 reviewer." in decided.text.replace("4.0", "4")
    session = accepted(world, first)
    assert "Accepted. Whoever speaks is asked to confirm." in session and "Needs: projection" in session
    assert "Amina declares an interest: My company sells reefers" in session
    heard = [each.text for each in world.received("amina")[-2:]]
    assert "is accepted" in heard[0] and "You are asked to take part in a session." in heard[1]
    assert "is accepted" in world.last("emil")
    world.do("ruiz", "symposia.decline", proposal=second)
    world.fill("ruiz", "There is one on it already")
    world.press("ruiz", "Send")
    declined = world.last("badr")
    assert "is not taken up" in declined and "Why it was declined: There is one on it already" in declined
    assert "decided already" in world.do("ruiz", "symposia.accept", proposal=second)

    # Amina is silent, is reminded once, then says when she cannot be there and that she speaks from elsewhere.
    so_far = len(world.received("amina"))
    assert "1 person has not answered." in world.do("ruiz", "symposia.speakers", symposium=symposium)
    world.pass_time(days=10)
    assert sum("waits for your answer" in each for each in world.news("amina", so_far)) == 1
    world.press("amina", "When I cannot be there")
    away = world.say("amina", "2 March 14:00–18:00\n3 March 2027")
    assert "2 times are noted." in away
    assert "Amina has said when they cannot be there." in world.last("ruiz")
    speakers = world.press("ruiz", "Look")
    assert "Amina cannot be there on Tuesday 2 March 2027, 14:00–18:00." in speakers.text
    world.do("amina", "symposia.remote", part=1)
    assert "Noted." in world.say("amina", "New York")
    assert "Comes" in world.do("ruiz", "symposia.speakers", symposium=symposium)
    world.do("amina", "symposia.cannot", part=1)
    world.say("amina", "I have to be in court")
    world.press("amina", "Send")
    no = world.last("ruiz")
    assert "Amina cannot come to a session." in no and "I have to be in court" in no
    with world.parley.sessions.reading() as reading:
        part = reading.scalars(select(SessionPart)).one()
        assert (part.agreed, part.remote_zone) == (Agreed.NO, "America/New_York")
        assert reading.scalars(select(Away.starts_at).order_by(Away.starts_at)).all() == [
            datetime(2027, 3, 2, 13, tzinfo=UTC),
            datetime(2027, 3, 2, 23, tzinfo=UTC),
        ]


def test_an_issue_and_its_cluster_become_a_proposal(light_world: World) -> None:
    world = light_world
    issue = raised(world)
    same_here(world, "badr", published(world, issue), "Ours too.")
    assert "Propose a session about it" not in world.do("amina", "issues.show", issue=issue).buttons
    symposium = set_up(world)
    world.do("amina", "issues.show", issue=issue)
    world.press("amina", "Propose a session about it")
    world.press("amina", "Propose it here")
    world.fill("amina", "What a night costs", "[I do]", "[Skip]", "[Skip]")
    mine = world.press("amina", "Send")
    assert "Comes from: P-" in mine and "Told Customs the same: 2 people" in mine
    # The desk proposes with the neutral line it was shared as, for a business whose words these are.
    world.do("ruiz", "issues.more", issue=issue)
    world.press("ruiz", "Propose a session about it")
    world.press("ruiz", "Propose it here")
    assert "Refrigerated goods" in str(world.last("ruiz").answer.form)
    given = {
        "organisation": str(world.organisation),
        "title": "Cold chains",
        "abstract": "By the trade",
        "speaker": str(world.ids["emil"]),
    }
    world.submit("ruiz", "symposia.propose_for", given, symposium=symposium)
    assert "Customs has proposed a session in your organisation's name." in world.last("emil")
    world.press("emil", "Open")
    assert "Withdraw it" in world.last("emil").buttons
    # Who entered it for others may decide on it; nobody decides on what is their own.
    assert "Accepted." in accepted(world, 2)
    own = proposed(world, symposium, "ruiz", title="Mine")
    assert "somebody else who runs the symposium decides" in world.do("ruiz", "symposia.accept", proposal=own)
    assert "Accepted." in accepted(world, own, "adam")


def test_a_consultation_becomes_a_proposal_of_those_who_own_it_or_take_part(light_world: World) -> None:
    world = light_world
    consultation = opened(world)
    commented(world, consultation, "amina")
    label = "Propose a session about it"
    show = {"consultation": consultation}
    assert label not in world.do("amina", "consultations.show", **show).buttons, "nothing is called for"
    symposium = set_up(world)
    assert label not in world.do("badr", "consultations.show", **show).buttons, "he has not taken part"
    assert "those who take part in it" in world.do("badr", "consultations.present", **show)
    world.do("amina", "consultations.show", **show)
    world.press("amina", label)
    world.press("amina", "Propose it here")
    assert "Inspecting reefers at night" in str(world.last("amina").answer.form)
    world.fill("amina", "What a night costs", "[I do]", "[Skip]", "[Skip]")
    origin = "Comes from: Inspecting reefers at night (C-"
    assert origin in world.press("amina", "Send")
    # Whoever owns it proposes too; whoever reviews and decides sees where it comes from, and so does the programme.
    world.do("ruiz", "consultations.show", **show)
    world.press("ruiz", label)
    world.press("ruiz", "Propose it here")
    assert "What happens there" in world.last("ruiz")
    assert origin in world.do("ruiz", "symposia.review", proposal=1)
    accepted(world, 1)
    assert origin in world.do("badr", "symposia.session", symposium=symposium, session=1)


def test_a_call_opens_and_closes(light_world: World) -> None:
    world = light_world
    symposium = set_up(world, audience="agencies")
    assert "not yours to see" in world.do("amina", "symposia.propose", symposium=symposium)
    open_ = set_up(world, title="For all")
    world.do("badr", "symposia.propose", symposium=open_)
    world.say("badr", "Begun and not sent")
    proposal = proposed(world, open_)
    world.wait_until(datetime(2027, 1, 18, 12, tzinfo=UTC))
    assert "You have begun a proposal. It can be sent until Tuesday 19 January 2027" in world.last("badr")
    assert "Go on" in world.last("badr").buttons
    before = world.seen()
    world.wait_until(datetime(2027, 1, 20, 12, tzinfo=UTC))
    closed = [each.text for each in world.news("ruiz", before["ruiz"])]  # both at one instant, in no order
    assert any("The call has closed. 1 proposal waits for a decision." in each for each in closed)
    assert "The call has closed." in world.do("chloe", "symposia.propose", symposium=open_)
    assert "You can still withdraw it" in world.do("amina", "symposia.change", proposal=proposal)
    assert "1 proposal waits for your decision" in world.say("ruiz", "/home")
    world.do("amina", "symposia.withdraw", proposal=proposal)
    assert "Withdrawn." in world.press("amina", "Withdraw it")
    with world.parley.sessions.reading() as reading:
        assert reading.get_one(Proposal, proposal).state is ProposalState.WITHDRAWN
    # Opened again for longer by whoever runs it.
    later = {"call_closes": "2027-02-10", "opens_on": "2027-02-01", "closes_on": "2027-02-28"}
    assert "until: Wednesday 10 February 2027" in world.submit("ruiz", "symposia.dates", later, symposium=open_)
    proposed(world, open_, "dina")
    wrong = later | {"closes_on": "2027-01-31"}
    assert "before it opens" in str(world.submit("ruiz", "symposia.dates", wrong, symposium=open_).answer.form)


def test_sessions_and_times_are_kept_in_order(light_world: World) -> None:
    world = light_world
    symposium = set_up(world)
    about = {"symposium": symposium}
    for title in ("First", "Second"):
        world.submit("ruiz", "symposia.new_session", {"kind": "breakout", "title": title}, **about)
    world.submit(
        "ruiz", "symposia.add_speaker", {"person": str(world.ids["dina"]), "part": "speaker"}, session=1, **about
    )
    world.press("dina", "I will be there")
    assert "Thank you. You are expected." in world.last("dina")
    place = {"block": "3", "room": "2", "stays": "yes"}
    world.submit("ruiz", "symposia.place", place, session=1, **about)
    taken = world.submit("ruiz", "symposia.place", place, session=2, **about)
    assert "“First” takes place there then." in str(taken.answer.form) or "First" in taken
    assert "Noted." in world.submit("ruiz", "symposia.after", {"after": "1"}, session=2, **about)
    looped = world.submit("ruiz", "symposia.after", {"after": "2"}, session=1, **about)
    assert "comes after this one already" in str(looped.answer.form)
    again = world.do("ruiz", "symposia.repeat", session=1, **about)
    assert "Repeats: First" in again and "Dina (Speaker: Comes)" in again
    # What is locked keeps its time; everything else makes way.
    kept = world.submit("ruiz", "symposia.pattern", {"words": "10:00–12:00, sessions 60", "which": "1"}, **about)
    assert "takes place then. Give it another place first." in str(kept.answer.form)
    world.do("ruiz", "symposia.unlock", session=1, **about)
    assert "2 times for sessions" in world.submit(
        "ruiz", "symposia.pattern", {"words": "10:00–12:00, sessions 60", "which": "1"}, **about
    )
    with world.parley.sessions.reading() as reading:
        first = reading.get_one(SymposiumSession, 1)
        assert first.block_id is None and not first.is_placed
        assert reading.get_one(SymposiumSession, 2).after_id == 1
        days = {each.starts_at.date() for each in reading.scalars(select(Block))}
        assert len(days) == 2 and len(reading.scalars(select(SymposiumRoom)).all()) == 3
        assert {each.kind for each in reading.scalars(select(Block))} == set(BlockKind)
        assert reading.scalars(select(Track)).all() == []
    world.submit("ruiz", "symposia.cancel_session", {"reason": "Too few"}, session=1, **about)
    assert "does not take place" in world.last("dina") and "Why: Too few" in world.last("dina")
    with world.parley.sessions.reading() as reading:
        assert reading.get_one(SymposiumSession, 2).after_id is None
    # Every entity of another symposium is nothing here.
    other = made(world)
    for verb, args in (("room_off", {"room": 1}), ("block_off", {"block": 1}), ("lock", {"session": 2})):
        assert "not yours to see" in world.do("ruiz", f"symposia.{verb}", symposium=other, **args), verb
    for verb in ("rooms", "times", "ranking", "speakers", "more"):
        assert (
            "not yours to see" in world.do("gus", f"symposia.{verb}", symposium=other)
            or "may not" in world.last("gus").text.lower()
        )


def test_who_was_concerned_hears_that_it_is_cancelled_and_a_draft_is_known_to_nobody(
    light_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = light_world
    monkeypatch.setattr(announcing, "AT_ONCE", 1)
    turns: list[int] = []
    go_on = announcing._tell_cancelled

    def noted(*about: Any, after: int, **more: Any) -> None:
        turns.append(after)
        go_on(*about, after=after, **more)

    monkeypatch.setattr(announcing, "_tell_cancelled", noted)
    draft = made(world)
    before = world.seen()
    assert "Nobody had heard of it yet" in world.submit("ruiz", "symposia.cancel", {}, symposium=draft)
    assert world.told(before) == {"ruiz"}
    assert "not yours to see" in world.do("dina", "symposia.show", symposium=draft)
    symposium = set_up(world)
    proposed(world, symposium, "badr")
    accepted(world, proposed(world, symposium, "amina"))
    before = world.seen()
    done = world.submit("ruiz", "symposia.cancel", {"reason": "The hall burnt down"}, symposium=symposium)
    assert "2 people are being told." in done
    assert world.told(before) == {"ruiz", "amina", "badr"} and "The hall burnt down" in world.last("badr")
    assert turns == [0, *sorted((world.ids["amina"], world.ids["badr"]))], "each in a turn of its own"
    world.pass_time(days=120)  # nobody is chased, reminded or told anything more
    assert world.told(before) == {"ruiz", "amina", "badr"}
