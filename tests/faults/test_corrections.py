"""A correction, over the real doors: where a platform refuses, or dies on the way, nobody is left with two messages."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.kit.events import Answer
from bot.kit.screen import Screen, button, to_json
from bot.kit.text import Raw, _
from bot.work import MEND, Retry, lane
from db.broadcasts import Broadcast, BroadcastCopy, BroadcastPortion, BroadcastText, Reply
from db.machinery import Sending
from db.people import Account, Person
from scheduling.clock import ManualClock, SystemClock
from tests.bench.broadcasting import WORDS, approved, begun
from tests.fakes import FakeTelegram
from tests.fakes.faults import Kind
from tests.handlers.broadcast_steps import broadcast, change, copies
from tests.handlers.broadcast_steps import sent as is_sent
from tests.platforms.email.town import Town
from tests.platforms.telegram.running import House, eventually, know, settle

PEOPLE, NEW = 4, "It changes in May only."
pytestmark = [
    pytest.mark.slow,
    pytest.mark.promise(
        "broadcast.corrections", "A correction takes the place of what stands, through refusals and kills."
    ),
]


def publish(parley: Any, number: int) -> None:
    """The next edition holds, and what stands with readers is to be replaced."""
    with parley.sessions.writing() as session:
        row = session.get_one(Broadcast, number)
        row.edition += 1
        seen = button(_("Seen"), "broadcasts.reply", copy=0, reply="seen")
        screen = to_json(Answer(screen=Screen(Raw("Rules of origin", "en"), (Raw(NEW, "en"),), buttons=(seen,))))
        more = {"edition": row.edition, "title": "Rules of origin", "words": NEW, "screen": screen}
        session.add(BroadcastText(broadcast_id=number, language="en", **more))
        for its in session.scalars(select(BroadcastPortion).where(BroadcastPortion.broadcast_id == number)):
            parley.work.defer(session, MEND, lock=lane(MEND, number, its.number), portion=its.id)


@dataclass
class Reached:
    """Some people on Telegram who have the first edition, while the second one holds."""

    telegram: FakeTelegram
    house: House
    clock: ManualClock
    number: int

    async def later(self, **time: float) -> None:
        self.clock.advance(timedelta(**time))
        await self.house.parley.work.drain()

    def copies(self) -> list[BroadcastCopy]:
        its = BroadcastCopy.broadcast_id == self.number
        with self.house.parley.sessions.reading() as session:
            return list(session.scalars(select(BroadcastCopy).where(its).order_by(BroadcastCopy.id)))

    def stands(self) -> Counter[str]:
        """How many messages in their chats say what held first, and what holds now."""
        texts = [each.text for each in self.telegram.world.messages if each.by_bot]
        return Counter(what for text in texts for what in (WORDS, NEW) if what in text)


@pytest.fixture
async def reached(database_url: str) -> AsyncIterator[Reached]:
    async with FakeTelegram.running() as telegram:
        settle(database_url)
        for number in range(PEOPLE):
            person = telegram.user(f"Amina {number}")
            person.started = True
            know(database_url, person)
        clock = ManualClock(SystemClock().now())
        house = House(database_url, telegram, clock=clock)
        await house.wire._client.open()
        number = approved(house.parley)
        begun(house.parley, number)
        made = Reached(telegram, house, clock, number)
        await made.later(minutes=1)
        assert {each.state for each in made.copies()} == {Sending.ACCEPTED}
        publish(house.parley, number)
        yield made
        await house.wire._client.close()
        house.parley.close()


def all_new(reached: Reached) -> bool:
    return {(each.edition, each.unmended, each.mending_to) for each in reached.copies()} == {(2, None, None)}


async def test_told_to_wait_it_edits_later(reached: Reached) -> None:
    reached.telegram.fails("editMessageText", "429", retry_after=20)
    await reached.later()
    assert [each.edition for each in reached.copies()].count(1) >= 1
    await reached.later(minutes=2)
    assert reached.stands() == {NEW: PEOPLE} and all_new(reached)


@pytest.mark.parametrize("fault", ["reset-before", "reset-after", "500", "html"])
async def test_an_edit_of_which_nobody_knows_is_made_again(reached: Reached, fault: Kind) -> None:
    reached.telegram.fails("editMessageText", fault, times=2)
    await reached.later()
    await reached.later(minutes=2)
    assert reached.stands() == {NEW: PEOPLE} and all_new(reached), "edited twice is edited once"


async def test_what_cannot_be_edited_any_more_is_sent_anew_and_edited_the_next_time(reached: Reached) -> None:
    reached.telegram.fails("editMessageText", "error", error="Bad Request: message can't be edited")
    await reached.later()
    assert reached.stands() == {WORDS: 1, NEW: PEOPLE} and all_new(reached)
    publish(reached.house.parley, reached.number)
    await reached.later()
    assert reached.stands() == {WORDS: 1, NEW: PEOPLE}, "the new message is the one that is edited now"
    assert {each.edition for each in reached.copies()} == {3}


async def test_sent_anew_with_an_unknown_outcome_it_is_noted_and_not_sent_a_third_time(reached: Reached) -> None:
    reached.telegram.fails("editMessageText", "error", error="Bad Request: message can't be edited")
    reached.telegram.fails("sendMessage", "reset-after")
    await reached.later()
    await reached.later(days=1)
    assert reached.stands() == {WORDS: 1, NEW: PEOPLE}
    assert Counter(each.unmended for each in reached.copies()) == {None: PEOPLE - 1, "unknown_outcome": 1}


async def test_blocked_meanwhile(reached: Reached) -> None:
    reached.telegram.fails("editMessageText", "error", error="Forbidden: bot was blocked by the user", status=403)
    await reached.later()
    assert Counter(each.unmended for each in reached.copies()) == {None: PEOPLE - 1, "blocked": 1}
    with reached.house.parley.sessions.reading() as session:
        shut = session.scalars(select(Account.unreachable_reason).where(Account.unreachable_since.is_not(None))).all()
    assert shut == ["blocked"]


async def test_killed_while_it_edits(reached: Reached) -> None:
    reached.telegram.fails("editMessageText", "slow", times=PEOPLE, seconds=0.2)
    parley = reached.house.parley
    with parley.sessions.reading() as session:
        (portion,) = session.scalars(select(BroadcastPortion.id)).all()
    dying = asyncio.create_task(parley.mending.portion(portion))
    await eventually(lambda: all(each.mending_to == 2 for each in reached.copies()))
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    await reached.later()
    assert reached.stands() == {NEW: PEOPLE} and all_new(reached)


async def test_what_is_answered_while_it_edits_stands_below_the_new_words(reached: Reached) -> None:
    reached.telegram.fails("editMessageText", "slow", times=PEOPLE, seconds=0.2)
    parley = reached.house.parley
    with parley.sessions.reading() as session:
        (portion,) = session.scalars(select(BroadcastPortion.id)).all()
    editing = asyncio.create_task(parley.mending.portion(portion))
    await eventually(lambda: all(each.mending_to == 2 for each in reached.copies()))
    with parley.sessions.writing() as session:
        session.get_one(BroadcastCopy, reached.copies()[0].id).reply = Reply.SEEN
    with pytest.raises(Retry):
        await editing
    await reached.later(minutes=1)
    assert reached.stands() == {NEW: PEOPLE} and all_new(reached)
    texts = [each.text for each in reached.telegram.world.messages if each.by_bot and NEW in each.text]
    assert sum("Vous l’avez vu, et l’avez dit." in text for text in texts) == 1


# By mail, of which nothing can be edited


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    with Town.begun(database_url) as made:
        yield made


def mailed(town: Town, *, fails: str | None = None, answer: str = "") -> tuple[int, list[str]]:
    """Amina has the first edition by mail; the second is published. What the mails with it say."""
    town.confirmed("amina", "amina@shop.example")
    change(town.world, Person, "amina", by_mail=True)
    number = broadcast(town.world)
    is_sent(town.world, number)
    if fails is not None:
        town.smtp.fails(fails, answer)  # type: ignore[arg-type]
    publish(town.world.parley, number)
    town.world.settle()
    town.world.pass_time(minutes=10)
    return number, [each.plain for each in town.smtp.to("amina@shop.example") if NEW in each.plain]


@pytest.mark.parametrize(("fails", "answer"), [(None, ""), ("rcpt", "450 4.2.1 Try later"), ("mail", "421 4.3.2 Busy")])
def test_a_mail_is_written_once_more_when_the_server_is_ready(town: Town, fails: str | None, answer: str) -> None:
    number, mails = mailed(town, fails=fails, answer=answer)
    (mail,) = mails
    assert "may have received this before" not in mail, "nothing had left"
    assert copies(town.world, number)["amina"].edition == 2


def test_a_mail_that_may_have_arrived_is_noted_and_not_written_again(town: Town) -> None:
    number, mails = mailed(town, fails="drop-after")
    amina = copies(town.world, number)["amina"]
    assert len(mails) <= 1 and (amina.edition, amina.unmended) == (1, "unknown_outcome")
