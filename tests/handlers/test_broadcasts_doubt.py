"""Of whom nobody knows whether their copy arrived, when what was sent is corrected or withdrawn: nobody is left with
words that do not hold, and nobody is told twice in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.kit.door import Unknown
from db.broadcasts import BroadcastCopy, BroadcastPortion, EditionKind, Standing
from db.machinery import Sending
from db.people import Account
from tests.world import CAST, Sent, World

from . import broadcast_rows as rows
from .broadcast_steps import WORDS, begin, broadcast, change, copies, sent, standing

RIGHT = {"why": "The date was wrong.", "title": "Rules of origin change in May", "words": "From 1 May on."}
NAMED = f"You may have received “{WORDS['en']}” (B-"
TWICE = f"You may have “{WORDS['en']}” (B-"
OLD, NEW = f"{WORDS['en']}.", RIGHT["words"]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    rows.a_second_coordinator(made)
    yield made
    made.close()


def cut_off(world: World, number: int, *names: str, **values: Any) -> None:
    """Their copies were on their way when the process died: claimed, and nothing was noted."""
    its = BroadcastCopy.person_id.in_([world.ids[name] for name in names]), BroadcastCopy.broadcast_id == number
    gone = {"state": Sending.SENDING, "message": None, "accepted_at": None, "settled_at": None}
    with world.parley.sessions.writing() as session:
        accounts = select(Account.id).where(Account.person_id == BroadcastCopy.person_id).limit(1).scalar_subquery()
        session.execute(
            update(BroadcastCopy)
            .where(*its)
            .values(gone | {"account_id": accounts} | values)
            .execution_options(synchronize_session=False)
        )


def begun(world: World, number: int) -> None:
    """Each portion runs again, as when another process takes up the jobs of the one that died."""

    async def go() -> None:
        with world.parley.sessions.reading() as session:
            portions = session.scalars(select(BroadcastPortion.id).where(BroadcastPortion.broadcast_id == number)).all()
        for portion in portions:
            await world.parley.broadcasting.portion(portion)

    asyncio.run(go())
    world.settle()


def doubtful(world: World, *names: str) -> int:
    """A broadcast that everybody has, but for these: of them it is not known."""
    number = broadcast(world)
    begin(world, number)
    cut_off(world, number, *names)
    world.settle()
    assert {name for name, each in copies(world, number).items() if each.state is Sending.IN_DOUBT} == set(names)
    return number


def corrected(world: World, number: int) -> None:
    world.submit("cora", "broadcasts.correct", RIGHT, broadcast=number)
    world.do("lena", "broadcasts.approve_correction", broadcast=number)
    world.settle()


def with_words(world: World, name: str, words: str) -> list[Sent]:
    return [each for each in world.received(name) if words in each.text]


def test_whoever_is_in_doubt_gets_the_correction_as_a_message_of_its_own(world: World) -> None:
    number = doubtful(world, "amina", "badr")
    corrected(world, number)
    world.settle()
    for name in ("amina", "badr"):
        (got,) = with_words(world, name, NEW)
        assert got.edits is None and NAMED in got.text and "This is corrected" in got.text
        assert with_words(world, name, OLD) == []
    assert NAMED not in with_words(world, "chloe", NEW)[0].text, "whose own is replaced"
    found = copies(world, number)
    assert {(each.state, each.edition) for each in found.values()} == {(Sending.ACCEPTED, 2)}
    assert found["amina"].may_repeat and not found["chloe"].may_repeat
    assert "In doubt" not in [str(fact) for fact in world.do("cora", "broadcasts.progress", broadcast=number).buttons]
    assert "Nobody is." in world.do("cora", "broadcasts.doubtful", broadcast=number)
    world.press("amina", "Yes")
    assert copies(world, number)["amina"].reply is not None, "its buttons are theirs"


def test_whoever_is_in_doubt_gets_the_withdrawal_and_is_not_offered_it_again(world: World) -> None:
    number = doubtful(world, "amina")
    change(world, Account, "amina", unreachable_since=world.clock.now(), unreachable_reason="blocked")
    world.submit("cora", "broadcasts.withdraw", {"why": "It was a draft."}, broadcast=number)
    world.settle()
    listed = world.do("cora", "broadcasts.doubtful", broadcast=number)
    assert "Amina" in listed.text and "Send to them again" not in listed.buttons
    world.do("cora", "broadcasts.again", broadcast=number)
    assert "It is not sent any more." in world.press("cora", "Send to them again")
    world.settle()
    assert with_words(world, "amina", OLD) == []
    told = world.do("cora", "broadcasts.progress", broadcast=number)
    assert "Of 1 person it is not known whether they have the old text." in told and "blocked" in told


def test_the_notice_of_a_withdrawal_goes_to_whoever_is_in_doubt_once(world: World) -> None:
    number = doubtful(world, "amina")
    world.submit("cora", "broadcasts.withdraw", {"why": "It was a draft."}, broadcast=number)
    world.settle()
    begun(world, number)
    (got,) = with_words(world, "amina", "It was a draft.")
    assert NAMED in got.text and "This is withdrawn" in got.text and got.edits is None
    assert with_words(world, "amina", OLD) == [] and copies(world, number)["amina"].edition == 2


def again(world: World, number: int) -> None:
    """Somebody says that it is sent once more."""
    world.do("cora", "broadcasts.again", broadcast=number)
    world.press("cora", "Send to them again")


def unknown(world: World, name: str) -> list[bool]:
    """From now on nobody knows what becomes of what is sent to them. Gives, of each try, whether it was marked."""
    door: Any = world.doors[CAST[name][0]]
    original, tries = door.send, list[bool]()

    async def send(address: str, *args: Any, repeated: bool = False, **more: Any) -> Any:
        message = await original(address, *args, repeated=repeated, **more)
        if address != name:
            return message
        tries.append(repeated)
        if len(tries) == 1:
            raise Unknown("cut off")
        return message

    door.send = send
    return tries


def test_what_waits_to_go_once_more_when_it_is_withdrawn_may_have_arrived_before(world: World) -> None:
    number = doubtful(world, "amina")
    with world.parley.sessions.writing() as session:
        its = BroadcastCopy.person_id == world.ids["amina"]
        session.execute(update(BroadcastCopy).where(its).values(state=Sending.WAITING, may_repeat=True, reason=None))
    world.submit("cora", "broadcasts.withdraw", {"why": "It was a draft."}, broadcast=number)
    world.settle()
    assert len(with_words(world, "amina", "It was a draft.")) == 1 and with_words(world, "amina", OLD) == []


def test_sent_again_after_a_correction_it_is_the_corrected_text_and_marked(world: World) -> None:
    number = doubtful(world, "amina")
    tries = unknown(world, "amina")
    corrected(world, number)
    amina = copies(world, number)["amina"]
    assert (amina.state, amina.unmended, tries) == (Sending.IN_DOUBT, "unknown_outcome", [False])
    assert "It is not known whether it arrived." in world.do("cora", "broadcasts.progress", broadcast=number)
    again(world, number)
    world.settle()
    assert tries == [False, True] and len(with_words(world, "amina", NEW)) == 2
    assert with_words(world, "amina", OLD) == []
    assert copies(world, number)["amina"].state is Sending.ACCEPTED
    assert "old text" not in world.do("cora", "broadcasts.progress", broadcast=number)


@pytest.mark.parametrize("kind", [EditionKind.CORRECTION, EditionKind.WITHDRAWAL])
def test_whoever_may_have_it_twice_hears_which_message_does_not_hold(world: World, kind: EditionKind) -> None:
    number = doubtful(world, "amina", "badr")
    again(world, number)
    world.settle()
    world.press("badr", "Yes")
    world.pass_time(minutes=1)
    if kind is EditionKind.CORRECTION:
        corrected(world, number)
    else:
        world.submit("cora", "broadcasts.withdraw", {"why": "The date was wrong."}, broadcast=number)
    world.pass_time(days=1)
    (news,) = with_words(world, "amina", TWICE)
    what = "corrected" if kind is EditionKind.CORRECTION else "withdrawn"
    assert f"What you have received was {what}." in news.text and "The date was wrong." in news.text
    assert "it does not hold any longer" in news.text and "Open" in news.buttons
    assert (
        len(with_words(world, "badr", TWICE)) == 1 == len(with_words(world, "badr", f"What you have read was {what}."))
    )
    assert with_words(world, "chloe", TWICE) == []
    found = copies(world, number)
    assert {found[name].edition for name in ("amina", "badr")} == {2}, "the later one is replaced where it stands"
    assert (
        with_words(world, "amina", NEW if kind is EditionKind.CORRECTION else "This is withdrawn")[0].edits is not None
    )


def test_what_was_on_its_way_when_it_was_corrected_and_its_process_died(world: World) -> None:
    number = broadcast(world)
    sent(world, number)
    cut_off(world, number, "amina", edition=1)
    corrected(world, number)
    assert copies(world, number)["amina"].state is Sending.SENDING, "nobody has found out yet"
    begun(world, number)
    assert len(with_words(world, "amina", NAMED)) == 1
    amina = copies(world, number)["amina"]
    assert (amina.state, amina.edition) == (Sending.ACCEPTED, 2)


def test_what_was_the_corrected_text_already_is_left_to_a_person(world: World) -> None:
    number = broadcast(world)
    sent(world, number)
    corrected(world, number)
    cut_off(world, number, "amina", edition=2)
    begun(world, number)
    assert copies(world, number)["amina"].state is Sending.IN_DOUBT and with_words(world, "amina", NAMED) == []


def test_killed_between_sending_it_and_noting_it_says_so_the_next_time(world: World) -> None:
    number = doubtful(world, "amina")
    door: Any = world.doors[CAST["amina"][0]]
    original, marks = door.send, list[bool]()

    async def send(address: str, *args: Any, repeated: bool = False, **more: Any) -> Any:
        message = await original(address, *args, repeated=repeated, **more)
        if address == "amina":
            marks.append(repeated)
            if len(marks) == 1:
                raise asyncio.CancelledError
        return message

    door.send = send
    corrected(world, number)
    assert marks == [False, True]
    world.pass_time(days=1)
    assert marks == [False, True] and copies(world, number)["amina"].state is Sending.ACCEPTED


def test_sent_again_while_the_correction_is_on_its_way_to_them_it_is_not_sent_twice(world: World) -> None:
    number = doubtful(world, "amina")
    door: Any = world.doors[CAST["amina"][0]]
    original = door.send

    async def send(address: str, *args: Any, **more: Any) -> Any:
        if address == "amina" and not with_words(world, "amina", NEW):
            with world.parley.sessions.writing() as session:
                its = BroadcastCopy.person_id == world.ids["amina"]
                again_ = {"state": Sending.WAITING, "may_repeat": True, "reason": None}
                session.execute(update(BroadcastCopy).where(its).values(again_))
        return await original(address, *args, **more)

    door.send = send
    corrected(world, number)
    begun(world, number)
    assert len(with_words(world, "amina", NEW)) == 1
    assert copies(world, number)["amina"].state is Sending.ACCEPTED and standing(world, number) is Standing.SENT


def test_what_somebody_has_answered_still_stands_below_the_corrected_text(world: World) -> None:
    number = broadcast(world)
    sent(world, number)
    world.press("amina", "Yes")
    corrected(world, number)
    (replaced,) = [each for each in with_words(world, "amina", NEW) if "This is corrected" in each.text]
    assert "You have answered: Yes" in replaced.text and replaced.edits is not None
    assert "You have answered" not in with_words(world, "chloe", NEW)[0].text
    world.pass_time(minutes=1)
    world.submit("cora", "broadcasts.withdraw", {"why": "It was a draft."}, broadcast=number)
    world.settle()
    assert "You have answered: Yes" in next(
        each.text for each in world.received("amina") if "This is withdrawn" in each.text
    )
