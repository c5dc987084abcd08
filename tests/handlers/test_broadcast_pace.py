"""How a broadcast goes out: at its slots, in pauses, through outages and ends of a process; nobody twice in silence."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.broadcasting import Broadcasting, Places
from bot.engine import bind_copies
from bot.kit.door import Paused, Transient, Unknown
from bot.kit.events import Returned
from bot.work import BROADCAST, MEND, URGENT, Retry, lane
from db.broadcasts import Broadcast, BroadcastCopy, BroadcastPortion, BroadcastText, Standing
from db.broadcasts.copies import as_message
from db.machinery import OUTBOX_HOLD, Inbox, Sending, Setting
from db.people import Account
from tests.handlers.broadcast_steps import begin, broadcast, copies, sent, standing
from tests.world import CAST, World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield made
    made.close()


class Paced:
    """Slots a hundredth of a second apart, and what was asked for; `first` is done before the first are given."""

    def __init__(self, first: Callable[[], None] = lambda: None, late: float = 0.0, at_once: int = 3) -> None:
        self.asked: list[int] = []
        self.given: list[float] = []
        self.waits: list[tuple[str, timedelta]] = []
        self._first, self._late, self._at_once = first, late, at_once

    async def slots(self, door: str, most: int) -> Sequence[float]:
        self._first()
        self.asked.append(most)
        now = asyncio.get_running_loop().time() - self._late
        self._late = 0.0
        given = [now + 0.01 * number for number in range(1, min(most, self._at_once) + 1)]
        self.given += given
        return given

    async def told_to_wait(self, door: str, pause: timedelta) -> None:
        self.waits.append((door, pause))


def sending(world: World, rates: Paced, **more: Any) -> Broadcasting:
    parley = world.parley
    return Broadcasting(
        sessions=parley.sessions,
        threads=parley.threads,
        clock=world.clock,
        catalogues=parley.catalogues,
        doors=parley.doors,
        rates=rates,
        bind=bind_copies,
        work=parley.work,
        **more,
    )


def portions(world: World) -> Sequence[int]:
    with world.parley.sessions.reading() as session:
        return session.scalars(select(BroadcastPortion.id)).all()


def portion(world: World) -> int:
    (only,) = portions(world)
    return only


def states(world: World, number: int) -> Counter[Sending]:
    return Counter(each.state for each in copies(world, number).values())


class Flaky:
    """In the place of a door's `send`: raises what it is told to, and notes when and to whom it sent."""

    def __init__(self, world: World, door: str, *outcomes: Exception) -> None:
        self.send, self.outcomes = world.doors[door].send, list(outcomes)
        self.sent: list[tuple[str, float, bool]] = []
        world.doors[door].send = self  # type: ignore[method-assign]

    async def __call__(self, address: str, *args: Any, repeated: bool = False, **more: Any) -> Mapping[str, Any]:
        if self.outcomes:
            raise self.outcomes.pop(0)
        self.sent.append((address, asyncio.get_running_loop().time(), repeated))
        return await self.send(address, *args, repeated=repeated, **more)


def test_each_leaves_at_a_slot_of_its_own(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    rates, telegram = Paced(), Flaky(world, "telegram")
    world.runner.run(sending(world, rates).portion(portion(world)))
    assert states(world, number) == {Sending.ACCEPTED: len(CAST)}
    slots = sorted(rates.given)
    for before, (_address, at, _repeated) in enumerate(sorted(telegram.sent, key=lambda each: each[1])):
        assert at >= slots[before], "no more have left at any instant than there were slots"
    assert max(rates.asked) <= 20


def test_a_slot_that_was_missed_is_given_up(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    rates = Paced(late=5.0)
    world.runner.run(sending(world, rates).portion(portion(world)))
    assert states(world, number) == {Sending.ACCEPTED: len(CAST)}
    assert len(rates.given) > len(CAST), "another was asked for in the place of each that was over"


def test_a_pause_the_platform_asks_for_holds_up_its_own_door_alone(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    rates = Paced()
    paused = Paused(timedelta(seconds=40))
    paused.told = "sendMessage", ""
    Flaky(world, "telegram", paused)
    with pytest.raises(Retry) as again:
        world.runner.run(sending(world, rates).portion(portion(world)))
    assert again.value.pause == timedelta(seconds=40) and rates.waits == [("telegram", timedelta(seconds=40))]
    found = copies(world, number)
    slack = [each for name, each in found.items() if CAST[name][0] == "slack"]
    assert {each.state for each in slack} == {Sending.ACCEPTED}
    assert Sending.WAITING in {each.state for each in found.values()} and Sending.SENDING not in states(world, number)
    assert all(each.attempts == 0 for each in found.values() if each.state is Sending.WAITING)
    world.settle()
    assert states(world, number) == {Sending.ACCEPTED: len(CAST)}


def test_what_gives_way_to_something_urgent_uses_its_slots_and_goes_on_later(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    rates = Paced(at_once=1)
    with pytest.raises(Retry) as again:
        world.runner.run(sending(world, rates, gives_way=lambda _name, first: not first).portion(portion(world)))
    assert again.value.pause == timedelta()
    doors = len({platform for platform, *_more in CAST.values()})
    assert states(world, number) == {Sending.ACCEPTED: doors, Sending.WAITING: len(CAST) - doors}, "a slot each"
    world.settle()
    assert states(world, number) == {Sending.ACCEPTED: len(CAST)}


@pytest.mark.parametrize("why", [{"is_urgent": True}, {"emergency": "The port closes in an hour."}])
def test_what_is_urgent_gives_way_to_nothing_ordinary(sqlite_world: World, why: dict[str, Any]) -> None:
    world = sqlite_world
    number = broadcast(world, **why)
    asked: list[int] = []
    defer = world.parley.work.defer

    def noted(session: Any, name: str, *, first: int = 0, **how: Any) -> None:
        if name in (BROADCAST, MEND):
            asked.append(first)
        defer(session, name, first=first, **how)

    world.parley.work.defer = noted  # type: ignore[method-assign]
    begin(world, number)
    assert asked == [URGENT]
    rates = Paced(at_once=1)
    world.runner.run(sending(world, rates, gives_way=lambda _name, first: not first).portion(portion(world)))
    assert states(world, number) == {Sending.ACCEPTED: len(CAST)}


def test_an_outcome_nobody_knows_is_listed_and_not_repeated(world: World) -> None:
    number = broadcast(world)
    telegram = Flaky(world, "telegram", Unknown("no answer"), KeyError("a door of ours is broken"))
    sent(world, number)
    assert states(world, number) == {Sending.ACCEPTED: len(CAST) - 2, Sending.IN_DOUBT: 2}
    assert standing(world, number) is Standing.SENT
    world.pass_time(days=1)
    assert len(telegram.sent) == 3
    world.do("cora", "broadcasts.again", broadcast=number, confirmed=True)
    world.settle()
    assert states(world, number) == {Sending.ACCEPTED: len(CAST)}
    assert [repeated for _address, _at, repeated in telegram.sent] == [False] * 3 + [True] * 2


def test_paused_in_the_middle_what_is_claimed_arrives_and_no_more(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    calls: list[int] = []

    def pause_at_last() -> None:
        calls.append(1)
        if len(calls) == 3:
            with world.parley.sessions.writing() as session:
                session.get_one(Broadcast, number).pause()

    rates = Paced(pause_at_last)
    world.runner.run(sending(world, rates).portion(portion(world)))
    counted = states(world, number)
    assert counted[Sending.WAITING] > 0 and counted[Sending.SENDING] == 0
    assert counted[Sending.ACCEPTED] == sum(len(each.sent) for each in world.doors.values())
    world.do("cora", "broadcasts.resume", broadcast=number)
    world.settle()
    assert states(world, number) == {Sending.ACCEPTED: len(CAST)}


def test_a_process_that_ends_begins_nothing_more_and_leaves_nothing_in_doubt(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    asked: list[int] = []

    def is_stopping() -> bool:
        asked.append(1)
        return len(asked) > 2

    with pytest.raises(Retry):
        world.runner.run(sending(world, Paced(), is_stopping=is_stopping).portion(portion(world)))
    counted = states(world, number)
    assert counted[Sending.WAITING] > 0 and not counted[Sending.SENDING] and not counted[Sending.IN_DOUBT]
    world.settle()
    assert states(world, number) == {Sending.ACCEPTED: len(CAST)}


def test_a_process_that_dies_leaves_in_doubt_what_it_had_claimed_and_nothing_else(world: World) -> None:
    numbers = [broadcast(world), broadcast(world)]
    for number in numbers:
        begin(world, number)
    stuck, calls = asyncio.Event(), Counter[str]()
    most, through_one = 5, 3

    def hang(name: str, door: Any) -> None:
        async def never(*_args: Any, **_more: Any) -> Mapping[str, Any]:
            calls[name] += 1
            if calls.total() == most:  # of both broadcasts and through both doors: no more is begun
                stuck.set()
            await asyncio.Event().wait()
            raise AssertionError

        door.send = never

    for name, door in world.doors.items():
        hang(name, door)

    async def die() -> None:
        its = sending(world, Paced(at_once=1), places=Places(most, through_one))
        running = [asyncio.create_task(its.portion(each)) for each in portions(world)]
        await stuck.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    world.runner.run(die())
    assert max(calls.values()) == through_one, "a door that hangs leaves places to the others"
    claimed = sum((states(world, number) for number in numbers), Counter())
    assert claimed == {Sending.SENDING: most, Sending.WAITING: 2 * len(CAST) - most}
    for door in world.doors.values():
        del door.send
    world.settle()
    ended = sum((states(world, number) for number in numbers), Counter())
    assert ended == {Sending.ACCEPTED: 2 * len(CAST) - most, Sending.IN_DOUBT: most}


async def test_places_are_free_again_for_whoever_waits_for_several() -> None:
    places = Places(5, 3)
    await places.take("telegram", 3)
    through_the_same = asyncio.create_task(places.take("telegram", 2))
    await places.take("slack", 2)
    beside = asyncio.create_task(places.take("email", 1))
    await asyncio.sleep(0)
    assert not through_the_same.done() and not beside.done()
    places.free("telegram", 3)
    await asyncio.gather(through_the_same, beside)


def test_what_is_recorded_late_counts_though_another_run_thought_it_lost(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    slow = Flaky(world, "telegram")
    original = slow.send

    async def meanwhile(*args: Any, **more: Any) -> Mapping[str, Any]:
        with world.parley.sessions.writing() as session:
            session.execute(
                update(BroadcastCopy)
                .where(BroadcastCopy.state == Sending.SENDING)
                .values(state=Sending.IN_DOUBT, reason="unknown_outcome")
            )
        return await original(*args, **more)

    slow.send = meanwhile
    world.settle()
    assert states(world, number) == {Sending.ACCEPTED: len(CAST)}
    assert {each.reason for each in copies(world, number).values()} == {None}


def published(world: World, number: int) -> None:
    """Another edition holds from now on."""
    with world.parley.sessions.writing() as session:
        broadcast = session.get_one(Broadcast, number)
        broadcast.edition = 2
        before = session.scalars(select(BroadcastText).where(BroadcastText.broadcast_id == number)).all()
        for text in before:
            its = {"language": text.language, "title": text.title, "words": text.words, "screen": text.screen}
            session.add(BroadcastText(broadcast_id=number, edition=2, **its))


def mend(world: World, number: int) -> None:
    with world.parley.sessions.writing() as session:
        for its in session.scalars(select(BroadcastPortion).where(BroadcastPortion.broadcast_id == number)):
            world.parley.work.defer(session, MEND, lock=lane(MEND, number, its.number), portion=its.id)


def test_what_is_on_its_way_while_it_is_corrected_is_corrected_when_it_has_arrived(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    slow = Flaky(world, "telegram")
    original, calls = slow.send, list[str]()

    async def meanwhile(address: str, *args: Any, **more: Any) -> Mapping[str, Any]:
        calls.append(address)
        if len(calls) == 1:
            published(world, number)  # its own jobs see nobody yet who has the old one
        return await original(address, *args, **more)

    slow.send = meanwhile
    world.settle()
    found = copies(world, number)
    assert {each.state for each in found.values()} == {Sending.ACCEPTED}
    assert {each.edition for each in found.values()} == {2}, "nobody is left with what does not hold"
    assert len(calls) > len(set(calls)), "some had the first one"


@pytest.fixture
def old(world: World) -> int:
    """Everybody has the first edition, and it does not hold."""
    number = broadcast(world)
    sent(world, number)
    published(world, number)
    return number


def editions(world: World, number: int) -> Counter[int]:
    return Counter(each.edition for each in copies(world, number).values())


@pytest.mark.slow
def test_told_to_wait_a_correction_comes_later_and_as_the_first_of_its_kind(world: World, old: int) -> None:
    paused = Paused(timedelta(seconds=40))
    telegram = Flaky(world, "telegram", paused, paused)
    mend(world, old)
    world.settle()
    world.pass_time(minutes=1)
    assert editions(world, old) == {2: len(CAST)}
    assert not any(repeated for _address, _at, repeated in telegram.sent), "nothing had left"


@pytest.mark.slow
def test_one_that_cannot_be_corrected_now_does_not_hold_up_the_others(world: World, old: int) -> None:
    telegram = Flaky(world, "telegram")
    original, tries = telegram.send, list[int]()

    async def not_amina(address: str, *args: Any, **more: Any) -> Mapping[str, Any]:
        if address == "amina":
            tries.append(1)
            raise Transient("not this one")
        return await original(address, *args, **more)

    telegram.send = not_amina
    mend(world, old)
    world.settle()
    assert editions(world, old) == {2: len(CAST) - 1, 1: 1}
    world.pass_time(hours=1)
    assert 5 < len(tries) < 30, "less and less often"


def test_one_that_is_never_taken_is_given_up_in_the_end(world: World, old: int) -> None:
    telegram = Flaky(world, "telegram")
    original, tries = telegram.send, list[int]()

    async def not_amina(address: str, *args: Any, **more: Any) -> Mapping[str, Any]:
        if address == "amina" and more.get("edits"):  # a reminder is another message
            tries.append(1)
            raise Transient("not this one")
        return await original(address, *args, **more)

    telegram.send = not_amina
    mend(world, old)
    world.settle()
    assert copies(world, old)["amina"].unmended is None
    world.clock.advance(timedelta(days=4))
    world.settle()
    amina, so_often = copies(world, old)["amina"], len(tries)
    assert (amina.edition, amina.mending_to, amina.unmended) == (1, None, "expired")
    world.clock.advance(timedelta(days=1))
    world.settle()
    assert len(tries) == so_often


def test_a_correction_that_dies_on_its_way_says_that_it_may_be_the_second(world: World, old: int) -> None:
    gone = asyncio.Event()
    telegram = Flaky(world, "telegram")
    original = telegram.send

    async def never(*_args: Any, **_more: Any) -> Mapping[str, Any]:
        gone.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def die() -> None:
        telegram.send = never
        running = asyncio.create_task(world.parley.mending.portion(portion(world)))
        await gone.wait()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.gather(running, return_exceptions=True)

    world.runner.run(die())
    telegram.send = original
    telegram.sent.clear()
    mend(world, old)
    world.settle()
    assert editions(world, old) == {2: len(CAST)}
    assert telegram.sent and all(repeated for _address, _at, repeated in telegram.sent)


def test_a_restored_parley_corrects_nothing_by_itself(world: World, old: int) -> None:
    with world.parley.sessions.writing() as session:
        session.add(Setting(name=OUTBOX_HOLD, value={}))
    mend(world, old)
    world.settle()
    assert editions(world, old) == {1: len(CAST)}
    with world.parley.sessions.writing() as session:
        session.delete(session.get_one(Setting, OUTBOX_HOLD))
    world.pass_time(minutes=6)
    assert editions(world, old) == {2: len(CAST)}


def test_one_that_is_never_taken_does_not_hold_up_the_others(world: World) -> None:
    number = broadcast(world)
    begin(world, number)
    telegram = Flaky(world, "telegram")
    original = telegram.send

    async def not_amina(address: str, *args: Any, **more: Any) -> Mapping[str, Any]:
        if address == "amina":
            raise Transient("not this one")
        return await original(address, *args, **more)

    telegram.send = not_amina
    world.settle()
    world.pass_time(minutes=30)
    assert states(world, number) == {Sending.ACCEPTED: len(CAST) - 1, Sending.WAITING: 1}
    world.clock.advance(timedelta(days=4))
    world.settle()
    assert copies(world, number)["amina"].reason == "expired" and standing(world, number) is Standing.SENT


def test_what_comes_back_goes_through_another_door(world: World) -> None:
    number = broadcast(world)
    with world.parley.sessions.writing() as session:
        for name in ("amina",):
            session.add(
                Account(
                    person_id=world.ids[name],
                    platform="slack",
                    external_id=f"T1:{name}",
                    address=f"T1:{name}",
                    met_at=world.clock.now(),
                    used_at=world.clock.now() - timedelta(days=1),
                )
            )
    sent(world, number)
    found = copies(world, number)
    with world.parley.sessions.writing() as session:
        for name in ("amina", "badr"):
            session.add(
                Inbox(
                    platform="email", key=name, account=name, received_at=world.clock.now(), trace="back", payload="{}"
                )
            )
    with world.parley.sessions.reading() as session:
        inbox = {row.key: row.id for row in session.scalars(select(Inbox).where(Inbox.platform == "email"))}
    for name in ("amina", "badr"):
        back = Returned(as_message(found[name].id), "bad_address")
        world.parley._returned(inbox[name], back)
        world.parley._returned(inbox[name], back)
    world.settle()
    found = copies(world, number)
    assert found["amina"].state is Sending.ACCEPTED and len(world.doors["slack"].sent["T1:amina"]) == 1
    assert (found["badr"].state, found["badr"].reason, found["badr"].accepted_at) == (
        Sending.FAILED,
        "bad_address",
        None,
    )
    assert standing(world, number) is Standing.SENT
