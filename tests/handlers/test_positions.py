"""An organisation's formal position: drafted, seen by a colleague, filed once, replaced until the close; for a member
with its consent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.engine import Outcome
from bot.kit.events import Called, Caller, Event, Submitted
from bot.kit.text import Phrase
from db.consultations import Consultation, Contribution
from db.people import Mandate, Organisation, Person
from db.personal import erase, gather, join
from db.positions import Position, PositionState
from tests.world import MONDAY, World

from .position_steps import (
    OURS,
    THEIRS,
    WEEK,
    association,
    close,
    consultation,
    contribution,
    counted,
    drafted,
    filed,
    for_member,
    latest,
    state,
)

NOTHING = "There is nothing here by that name, or it is not yours to see."


def test_it_is_drafted_by_one_seen_by_another_and_filed_once(world: World) -> None:
    number = consultation(world)
    world.do("amina", "consultations.show", consultation=number)
    assert "Nothing is written yet." in world.press("amina", "Our position")
    world.press("amina", "Write our position")
    world.fill("amina", "[It supports this with conditions]", OURS)
    before = world.seen()
    assert "Your colleagues are asked to look at it." in world.press("amina", "Send")
    assert world.told(before) == {"amina", "emil"} and counted(world) == []
    assert "A colleague has written a draft" in world.last("emil") and OURS in world.last("emil")
    assert "a colleague’s draft of your position" in world.say("emil", "/home")
    assert "a colleague’s draft of your position" not in world.say("amina", "/home")

    position = latest(world)
    refused = world.do("amina", "positions.file", position=position, confirmed=True)
    assert "A colleague has to see it before it is filed." in refused
    assert "Somebody else has to see it" in world.do("amina", "positions.seen", position=position)
    world.do("emil", "positions.show", position=position)
    assert "It can be filed now." in world.press("emil", "I have seen it")
    assert "A colleague has seen the draft. It can be filed." in world.last("amina")
    assert "your position can be filed" in world.say("amina", "/home")

    before = world.seen()
    world.do("amina", "positions.position", consultation=number)
    assert "It can be replaced until the close." in world.press("amina", "File it")
    shown = world.press("amina", "File it")
    assert "Filed. Those who consult have it, and answer it." in shown
    assert "Seen by: Emil" in shown and "Filed by: Amina" in shown
    assert world.told(before) == {"amina", "emil", "ruiz"}
    assert "An organisation has filed its position." in world.last("ruiz") and OURS in world.last("ruiz")
    assert "The position of your organisation is filed." in world.last("emil")
    said = contribution(world)
    assert (said.words, said.person_id, said.organisation_id) == (OURS, world.ids["amina"], world.organisation)
    assert not said.is_late and said.filed_by_id is None
    assert "It is filed already." in world.do("emil", "positions.file", position=position, confirmed=True)
    assert counted(world) == [OURS]

    received = world.do("ruiz", "positions.received", consultation=number)
    assert "1 formal position" in received and "It supports this with conditions: 1" in received
    assert "Sodal Trading" in received
    listed = world.say("emil", "/positions")
    assert "C-1 · Sodal Trading · It supports this with conditions · Filed" in listed


def test_two_mandate_holders_at_the_same_instant_file_it_once(world: World) -> None:
    """Two drafts sent at once, and two taps on “File it” at once, end as one each."""
    number = consultation(world)
    both = ("amina", "emil")
    begun = {}
    for who in both:
        world.do(who, "positions.draft", consultation=number)
        form = world.last(who).answer.form
        assert form is not None
        begun[who] = form.token
    said = at_once(world, {who: sent(begun[who], f"Words of {who}.") for who in both})
    assert sorted(said) == ["Kept as a draft. Your colleagues are asked to look at it.", DRAFTED]
    made = latest(world)
    with world.parley.sessions.writing() as session:  # whichever of both it was, the other has seen it
        draft = session.get_one(Position, made)
        other = next(world.ids[each] for each in both if world.ids[each] != draft.author_id)
        assert made == 1 and draft.see(other, at=MONDAY)
    said = at_once(world, {who: tapped("positions.file", made) for who in both})
    assert sorted(said) == ["Filed. Those who consult have it, and answer it.", "It is filed already."]
    with world.parley.sessions.reading() as session:
        assert len(session.scalars(select(Contribution.id)).all()) == 1

    # A member agrees while its association gives it up: one of both holds, and the other is told.
    _ours, member = association(world)
    for_member(world, number, member)
    asked = latest(world)
    said = at_once(world, {"badr": tapped("positions.agree", asked), "dina": tapped("positions.drop", asked)})
    won = state(world, asked)
    assert won in (PositionState.FILED, PositionState.DROPPED)
    assert len(counted(world)) == (2 if won is PositionState.FILED else 1)
    assert sum(each in (GONE, ANSWERED) for each in said) == 1


DRAFTED = "There is a draft of your organisation already."
GONE, ANSWERED = "It is no draft any longer.", "That has been answered already."


def at_once(world: World, taps: dict[str, Callable[[Caller], Event]]) -> list[str]:
    """Each in a thread of their own, all at the same instant; what each was told."""
    together = threading.Barrier(len(taps))

    def go(who: str) -> str:
        event = taps[who](world.caller(who))
        together.wait()
        return said_to(world.parley.engine.turn(event, trace="t"))

    with ThreadPoolExecutor(len(taps)) as pool:
        return list(pool.map(go, taps))


def tapped(command: str, position: int) -> Callable[[Caller], Event]:
    return lambda caller: Called(caller, name=command, args={"position": position, "confirmed": True})


def sent(token: str, words: str) -> Callable[[Caller], Event]:
    return lambda caller: Submitted(caller, token, {"stance": "against", "words": words})


def said_to(outcome: Outcome | None) -> str:
    assert outcome is not None
    answer = outcome.answer
    told = answer.form.refusal if answer.form is not None else answer.screen.heading if answer.screen else None
    assert isinstance(told, Phrase)
    return told.source


def test_the_database_itself_holds_one_of_each(light_world: World) -> None:
    """Whatever a handler forgets: a second draft, or a second that stands, is refused below it."""
    number = consultation(light_world)
    filed(light_world, number)
    drafted(light_world, number, words="Another.")
    with light_world.parley.sessions.reading() as session:
        stands, draft = session.scalars(select(Position).order_by(Position.id)).all()
        kept = {each.key: getattr(draft, each.key) for each in Position.__table__.columns if each.key != "id"}
    copies = (kept | {"state": "draft"}, kept | {"state": "filed", "contribution_id": stands.contribution_id})
    for copy in copies:
        with pytest.raises(IntegrityError), light_world.parley.sessions.writing() as session:
            session.execute(insert(Position).values(copy))


def test_another_takes_its_place_until_the_close(light_world: World) -> None:
    world = light_world
    number = consultation(world)
    first = filed(world, number)
    world.do("emil", "positions.position", consultation=number)
    world.press("emil", "Replace it")
    world.fill("emil", "[It is against this]", "We need six hours.")
    world.press("emil", "Send")
    second = latest(world)
    assert state(world, first) is PositionState.FILED and counted(world) == [OURS], "until the new one is filed"
    both = world.do("emil", "positions.position", consultation=number)
    assert "It supports this with conditions · Filed" in both and "It is against this · A draft, not filed" in both
    world.do("amina", "positions.seen", position=second)
    before = world.seen()
    world.do("emil", "positions.file", position=second, confirmed=True)
    assert "An organisation has a new position." in world.last("ruiz") and world.told(before) == {
        "amina",
        "emil",
        "ruiz",
    }
    assert state(world, first) is PositionState.REPLACED and counted(world) == ["We need six hours."]

    third = drafted(world, number, "emil", "Eight hours.")
    world.do("amina", "positions.seen", position=third)
    close(world, number)
    closed = "A position of your organisation is filed, and the consultation has closed: it stands."
    assert closed in world.do("emil", "positions.file", position=third, confirmed=True)
    assert "it stands" in world.do("amina", "positions.take_back", position=second, confirmed=True)
    world.do("emil", "positions.drop", position=third, confirmed=True)
    assert closed in world.do("emil", "positions.draft", consultation=number)
    assert counted(world) == ["We need six hours."]


def test_what_comes_after_the_close_is_taken_and_marked_late(light_world: World) -> None:
    world = light_world
    number = consultation(world)
    close(world, number)
    filed(world, number)
    assert contribution(world).is_late
    shown = world.do("ruiz", "positions.received", consultation=number)
    assert "Late: It came after the close" in world.press_in_row("ruiz", shown, 1)
    with world.parley.sessions.writing() as session:
        session.execute(update(Consultation).values(phase="outcome"))
    assert "That cannot be done now." in world.do("amina", "positions.draft", consultation=number)


def test_taken_back_before_the_close_another_can_be_filed(light_world: World) -> None:
    world = light_world
    number = consultation(world)
    first = filed(world, number)
    before = world.seen()
    world.do("emil", "positions.take_back", position=first)
    assert "Taken back." in world.press("emil", "Take it back")
    assert world.told(before) == {"emil", "amina", "ruiz"} and counted(world) == []
    assert "A position does not count any longer." in world.last("ruiz") and OURS not in world.last("ruiz")
    assert world.do("ruiz", "positions.show", position=first).text == NOTHING
    filed(world, number, words="Again.")
    assert counted(world) == ["Again."]


def test_a_colleague_may_say_what_to_change(light_world: World) -> None:
    world = light_world
    number = consultation(world)
    position = drafted(world, number)
    world.submit("emil", "positions.remark", {"words": "Say why four."}, position=position)
    assert "What a colleague would change: Say why four." in world.last("amina")
    world.submit(
        "amina", "positions.redraft", {"stance": "conditions", "words": "Four: ships wait."}, position=position
    )
    again = latest(world)
    assert state(world, position) is PositionState.DROPPED and "Four: ships wait." in world.last("emil")
    gone = "It is no draft any longer."
    assert gone in world.do("emil", "positions.seen", position=position)
    assert gone in world.do("emil", "positions.redraft", position=position)
    world.do("emil", "positions.seen", position=again)
    world.submit("emil", "positions.remark", {"words": "No, wait."}, position=again)  # seen, and then thought better of
    assert "A colleague has to see it" in world.do("amina", "positions.file", position=again, confirmed=True)


def test_who_speaks_alone_files_alone(light_world: World) -> None:
    world = light_world
    number = consultation(world)
    association(world)
    position = drafted(world, number, "badr")
    assert "Nobody else speaks for the organisation" in world.last("badr")
    assert "Filed." in world.do("badr", "positions.file", position=position, confirmed=True)
    assert len(counted(world)) == 1


def test_without_a_mandate_in_force_nobody_writes_or_reads_it(light_world: World) -> None:
    world = light_world
    number = consultation(world)
    position = drafted(world, number)
    for who in ("badr", "ruiz", "chloe", "adam"):
        assert world.do(who, "positions.show", position=position).text == NOTHING
        for command in ("seen", "file", "drop", "redraft", "remark", "agree", "no_longer", "take_back"):
            said = world.do(who, f"positions.{command}", position=position, confirmed=True).text
            assert said in (NOTHING, "You may not do that."), (who, command, said)
    assert "You may not do that." in world.do("badr", "positions.draft", consultation=number)
    assert "You may not do that." in world.do("amina", "positions.received", consultation=number)
    assert "You may not do that." in world.do("amina", "positions.for_member", consultation=number)
    with world.parley.sessions.writing() as session:
        session.execute(update(Mandate).where(Mandate.person_id == world.ids["emil"]).values(ends_at=MONDAY))
    assert world.do("emil", "positions.show", position=position).text == NOTHING


def test_what_is_not_filed_is_called_to_mind_before_the_close(light_world: World) -> None:
    world = light_world
    number = consultation(world)
    drafted(world, number)
    with world.parley.sessions.writing() as session:  # it was put off by a day since
        session.get_one(Consultation, number).closes_at = MONDAY + WEEK + timedelta(days=1)
    before = world.seen()
    world.pass_time(days=5, hours=12)
    assert world.told(before) == set()
    world.pass_time(days=1)
    assert world.told(before) == {"amina", "emil"}
    assert "is not filed yet, and the consultation closes" in world.last("emil")


# For a member


def test_an_association_asks_its_member_and_files_when_it_agrees(world: World) -> None:
    number = consultation(world)
    ours, member = association(world)
    before = world.seen()
    assert "Nothing is filed before the member agrees." in for_member(world, number, member)
    assert world.told(before) == {"dina", "badr"} and counted(world) == []
    position = latest(world)
    assert "Do you agree?" in world.last("badr") and THEIRS in world.last("badr")
    assert "Association: Traders’ Association" in world.last("badr") and "Dina" not in world.last("badr")
    assert "an association asks whether it may file for you" in world.say("badr", "/home")
    assert "This member is asked already." in for_member(world, number, member)
    assert "You may not do that." in world.do("dina", "positions.agree", position=position)
    assert world.do("ruiz", "positions.show", position=position).text == NOTHING

    before = world.seen()
    world.do("badr", "positions.show", position=position)
    assert "Filed for you." in world.press("badr", "We agree")
    assert world.told(before) == {"badr", "dina", "chloe", "ruiz"}
    said = contribution(world)
    assert (said.person_id, said.filed_by_id, said.organisation_id) == (world.ids["badr"], world.ids["dina"], member)
    assert said.consent == "We agree that Traders’ Association files this for us."
    assert "The member says: We agree that Traders’ Association files this for us." in world.last("ruiz")
    assert "That has been answered already." in world.do("badr", "positions.refuse", position=position)
    assert "Only they themselves can replace it." in for_member(world, number, member, rests_on="A letter.")

    before = world.seen()
    world.do("badr", "positions.no_longer", position=position)
    assert "Withdrawn." in world.press("badr", "We no longer agree")
    assert world.told(before) == {"badr", "dina", "chloe", "ruiz"} and counted(world) == []
    assert "what was filed for it is withdrawn" in world.last("dina")
    assert ours == 3  # its own position is another matter
    assert "Nothing" not in world.do("dina", "positions.draft", consultation=number)


def test_consent_on_record_is_quoted_and_the_member_hears_at_once(light_world: World) -> None:
    world = light_world
    number = consultation(world)
    _ours, member = association(world)
    rests = "Their letter of 3 March."
    before = world.seen()
    assert "Filed. Those who speak for the member hear it" in for_member(world, number, member, rests_on=rests)
    assert world.told(before) == {"dina", "chloe", "badr", "ruiz"}
    position = latest(world)
    for who in ("badr", "ruiz"):
        assert f"What the association has on record of the member’s agreement: {rests}" in world.last(who)
    said = contribution(world)
    assert (said.person_id, said.consent) == (world.ids["badr"], rests)
    close(world, number)  # a consent is taken back after the close, too
    assert "Withdrawn." in world.do("badr", "positions.no_longer", position=position, confirmed=True)
    assert counted(world) == []


def test_a_member_that_nobody_speaks_for_here_is_filed_for_on_record_only(light_world: World) -> None:
    world = light_world
    number = consultation(world)
    _ours, member = association(world)
    with world.parley.sessions.writing() as session:
        session.execute(update(Mandate).where(Mandate.organisation_id == member).values(ends_at=MONDAY))
    assert "Nobody speaks for it here who could be asked." in for_member(world, number, member)
    assert "Filed." in for_member(world, number, member, rests_on="The general meeting of May.")
    assert contribution(world).person_id == world.ids["dina"], "whoever filed it hears what became of it"
    assert "Taken back." in world.do("chloe", "positions.take_back", position=latest(world), confirmed=True)


def test_a_member_says_no_or_speaks_for_itself(light_world: World) -> None:
    world = light_world
    number = consultation(world)
    _ours, member = association(world)
    for_member(world, number, member)
    assert "It is not filed. The association hears it." in world.do("badr", "positions.refuse", position=1)
    assert "The member does not agree: it is not filed." in world.last("dina")
    for_member(world, number, member)
    asked = latest(world)
    own = drafted(world, number, "badr")
    world.do("badr", "positions.file", position=own, confirmed=True)
    assert state(world, asked) is PositionState.DROPPED and "has filed its own position" in world.last("chloe")
    assert counted(world) == [OURS]
    world.do("badr", "positions.take_back", position=own, confirmed=True)
    for_member(world, number, member, rests_on="A letter.")
    standing = latest(world)
    own = drafted(world, number, "badr", "We speak for ourselves.")
    world.do("badr", "positions.file", position=own, confirmed=True)
    assert state(world, standing) is PositionState.REPLACED and counted(world) == ["We speak for ourselves."]
    assert "Yours for it does not count." in world.last("dina")


def test_an_association_can_spare_its_member_the_answer(light_world: World) -> None:
    world = light_world
    number = consultation(world)
    _ours, member = association(world)
    for_member(world, number, member)
    assert "It is not filed." in world.do("chloe", "positions.drop", position=1, confirmed=True)
    assert "your answer is not needed any longer" in world.last("badr")
    assert "That has been answered already." in world.do("badr", "positions.agree", position=1)


# Persons who leave, and who turn out to be one


def test_what_was_filed_stays_its_organisations_when_its_author_is_erased(light_world: World) -> None:
    world = light_world
    number = consultation(world)
    first = filed(world, number, words="Amina’s first thoughts.")
    world.do("emil", "positions.take_back", position=first, confirmed=True)
    stands = filed(world, number)
    draft = drafted(world, number, words="Amina’s thoughts.")
    world.submit("emil", "positions.remark", {"words": "Emil’s doubts."}, position=draft)
    with world.parley.sessions.writing() as session:
        for who in ("amina", "emil"):
            erase(session, session.get_one(Person, world.ids[who]), at=MONDAY)
        kept, dropped = session.get_one(Position, stands), session.get_one(Position, draft)
        assert (kept.state, kept.words) == (PositionState.FILED, OURS)
        assert (dropped.state, dropped.words, dropped.remark) == (PositionState.DROPPED, "", None)
        assert session.get_one(Position, first).words == ""
        words = set(session.scalars(select(Contribution.words)))
        assert words == {"", OURS}
    assert counted(world) == [OURS]
    assert "Filed by: a representative of Sodal Trading" in world.do("ruiz", "positions.show", position=stands)


def test_one_person_who_saw_it_twice_is_no_colleague(light_world: World) -> None:
    """Two accounts turn out to be one person's: the author has seen their own draft, and nobody else has."""
    world = light_world
    number = consultation(world)
    with world.parley.sessions.writing() as session:  # a third voice
        ours = session.get_one(Organisation, world.organisation)
        mandate = Mandate.given(session.get_one(Person, world.ids["badr"]), ours, at=MONDAY, is_deputy=True)
        mandate.confirmed_by_id = world.ids["adam"]
        session.add(mandate)
    position = drafted(world, number)
    world.do("emil", "positions.seen", position=position)
    with world.parley.sessions.writing() as session:
        one, other = (session.get_one(Person, world.ids[each]) for each in ("emil", "amina"))
        join(session, one, other, at=MONDAY)
        found = gather(session, other)
        assert [each["words"] for each in found["formal_position"]] == [OURS]
        assert found["acted_on"]["formal_position.seen_by_id"] == [position]
    assert "A colleague has to see it" in world.do("amina", "positions.file", position=position, confirmed=True)
    world.do("badr", "positions.seen", position=position)
    assert "Filed." in world.do("amina", "positions.file", position=position, confirmed=True)
