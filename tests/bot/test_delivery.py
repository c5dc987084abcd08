"""What becomes of an outgoing message, whatever its platform says or does not say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import time, timedelta

import pytest
from sqlalchemy import update

from bot import delivery
from bot.kit.door import Paused, Permanent, Transient, Unknown
from bot.kit.events import Called, Caller
from db.files import File, FileState, read
from db.machinery import Due, Job, Outgoing, Receipt, Sending, Setting
from db.people import Account, Person
from scheduling.clock import SystemClock
from tests.bot.bell import NOON, Sent, Tower
from tests.bot.work.shop import until


@pytest.fixture
async def tower(database_url: str) -> AsyncIterator[Tower]:
    """Amina is on Telegram, Ruiz on both doors and last on Slack, where news of Amina's ringing reaches him."""
    made = Tower(database_url)
    await made.register("telegram", "1", "Amina")
    await made.register("slack", "7", "Ruiz")
    ruiz = made.rows(Account, Account.platform == "slack")[0]
    with made.sessions.writing() as session:
        session.add(
            Account(
                person_id=ruiz.person_id,
                platform="telegram",
                external_id="77",
                address="77",
                met_at=NOON,
                used_at=NOON - timedelta(days=1),
            )
        )
    yield made
    made.close()


async def rung(tower: Tower) -> tuple[Outgoing, Receipt]:
    """Ring once more and do all that is ready: the latest news, and its line of the ledger."""
    await tower.update("telegram", "1", "ring")
    await tower.parley.settle()
    return latest(tower)


def latest(tower: Tower) -> tuple[Outgoing, Receipt]:
    return tower.news()[-1], tower.rows(Receipt)[-1]


async def later(tower: Tower, by: timedelta) -> tuple[Outgoing, Receipt]:
    tower.clock.advance(by)
    await tower.parley.settle()
    return latest(tower)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


async def test_accepted_says_when_and_what_the_platform_calls_it(tower: Tower) -> None:
    row, receipt = await rung(tower)
    assert tower.slack.sent == [Sent("7", "It rings", repeated=False, edits=None)]
    assert tower.telegram.sent == [Sent("1", "Rung", repeated=False, edits=None)]
    assert (row.state, row.message, row.settled_at, row.reason) == (Sending.ACCEPTED, {"id": 1}, NOON, None)
    assert receipt.accepted_at == NOON and receipt.failed_at is None and receipt.opened_at is None
    assert tower.rows(Job) == []


async def test_a_reply_of_the_asker_is_sent_once_though_its_job_is_ready_too(database_url: str) -> None:
    tower = Tower(database_url, SystemClock())
    tower.telegram.slow = 0.3  # longer than the job loop takes to find the reply's row
    running = asyncio.create_task(tower.parley.work.run(poll=0.02))
    for _again in range(3):
        kept = await tower.update("telegram", "1", "hello", later=False)
        assert kept is not None
        await tower.parley.edge.handle(kept)
    await until(lambda: tower.rows(Job) == [])
    tower.parley.work.stop()
    await running
    assert [sent.repeated for sent in tower.telegram.sent] == [False] * 3
    tower.close()


async def test_blocked_at_one_door_it_goes_through_another(tower: Tower) -> None:
    tower.slack.outcomes.append(Permanent("blocked"))
    row, receipt = await rung(tower)
    assert [sent.address for sent in tower.telegram.sent] == ["1", "77"] and tower.slack.sent == []
    assert row.state is Sending.ACCEPTED and receipt.accepted_at == NOON and receipt.failed_at is None
    (slack,) = tower.rows(Account, Account.platform == "slack")
    assert slack.unreachable_since == NOON and slack.unreachable_reason == "blocked"
    row, _receipt = await rung(tower)
    assert row.state is Sending.ACCEPTED and tower.slack.tries == 1


async def test_with_no_door_left_the_ledger_says_why_and_what_next(tower: Tower) -> None:
    tower.slack.outcomes.append(Permanent("blocked"))
    with tower.sessions.writing() as session:
        gone = {"unreachable_since": NOON, "unreachable_reason": "deactivated"}
        session.execute(update(Account).where(Account.external_id == "77").values(gone))
    row, receipt = await rung(tower)
    assert (row.state, row.reason, row.settled_at) == (Sending.FAILED, "blocked", NOON)
    assert (receipt.failed_at, receipt.reason, receipt.accepted_at) == (NOON, "blocked", None)
    assert receipt.next_step == "call them", "the ledger's own job has decided the next step"
    assert [due.done_at for due in tower.rows(Due)] == [NOON]


async def test_whoever_closed_every_door_before_fails_with_what_closed_the_last(tower: Tower) -> None:
    with tower.sessions.writing() as session:
        for account, reason in (("7", "left"), ("77", "blocked")):
            gone = {"unreachable_since": NOON, "unreachable_reason": reason}
            session.execute(update(Account).where(Account.external_id == account).values(gone))
    row, receipt = await rung(tower)
    assert row.state is Sending.FAILED and receipt.reason == "left" and tower.slack.tries == 0


async def test_a_person_without_any_door_fails_typed(tower: Tower) -> None:
    with tower.sessions.writing() as session:
        session.execute(update(Account).where(Account.external_id.in_(["7", "77"])).values(platform="elsewhere"))
    row, receipt = await rung(tower)
    assert row.state is Sending.FAILED and receipt.reason == "no_door" and tower.slack.tries == 0


async def test_what_the_platform_refuses_for_itself_is_not_tried_elsewhere(tower: Tower) -> None:
    tower.slack.outcomes.append(Permanent("refused", "too long"))
    row, receipt = await rung(tower)
    assert row.state is Sending.FAILED and receipt.reason == "refused"
    assert [sent.address for sent in tower.telegram.sent] == ["1"]
    assert tower.rows(Account, Account.unreachable_since.is_not(None)) == []


async def test_not_accepted_this_time_is_sent_again_after_growing_pauses(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "spread", lambda: 1.0)
    tower.slack.outcomes.extend([Transient("down"), Transient("down")])
    row, _receipt = await rung(tower)
    assert row.state is Sending.WAITING and tower.slack.tries == 1
    await later(tower, seconds(1))
    row, _receipt = await later(tower, seconds(1.9))
    assert row.state is Sending.WAITING and tower.slack.tries == 2
    row, _receipt = await later(tower, seconds(0.1))
    assert row.state is Sending.ACCEPTED and tower.slack.sent == [Sent("7", "It rings", repeated=False, edits=None)]


async def test_an_outage_of_many_hours_is_only_late(tower: Tower) -> None:
    tower.slack.outcomes.extend([Transient("down")] * 80)
    await rung(tower)
    for _again in range(80):
        row, receipt = await later(tower, timedelta(minutes=5))
    assert row.state is Sending.ACCEPTED and row.attempts == 81 and receipt.accepted_at == tower.clock.now()


async def test_a_pause_the_platform_asks_for_is_kept(tower: Tower) -> None:
    tower.slack.outcomes.append(Paused(seconds(40)))
    await rung(tower)
    row, _receipt = await later(tower, seconds(39))
    assert row.state is Sending.WAITING and tower.slack.tries == 1
    row, _receipt = await later(tower, seconds(1))
    assert row.state is Sending.ACCEPTED and not tower.slack.sent[0].repeated


async def test_an_unknown_outcome_is_repeated_once_and_says_so(tower: Tower) -> None:
    tower.slack.outcomes.append(Unknown("no answer"))
    await rung(tower)
    row, receipt = await later(tower, seconds(1))
    assert tower.slack.sent == [Sent("7", "It rings", repeated=True, edits=None)]
    assert row.state is Sending.ACCEPTED and row.may_repeat and receipt.accepted_at is not None


async def test_what_may_be_repeated_waits_until_the_platform_answers(tower: Tower) -> None:
    tower.slack.outcomes.append(Unknown("reset"))
    tower.slack.down = True
    for _again in range(3):
        await rung(tower)
    for _again in range(10):
        await later(tower, timedelta(minutes=5))
    assert tower.slack.tries == 1 and tower.slack.looks > 5
    assert [row.state for row in tower.news()] == [Sending.WAITING] * 3, "the outage has not used the second try up"
    tower.slack.down = False
    await later(tower, timedelta(minutes=5))
    assert [sent.repeated for sent in tower.slack.sent] == [True, False, False] and places(tower) == [1, 2, 3]


async def test_a_process_that_dies_while_it_looks_has_not_repeated(
    tower: Tower, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die() -> None:
        raise asyncio.CancelledError

    await interrupted(tower)
    monkeypatch.setattr(tower.slack, "look", die)
    tower.clock.advance(seconds(1))
    with suppress(asyncio.CancelledError):
        await tower.parley.delivery.deliver(latest(tower)[0].id)
    monkeypatch.undo()
    row, _receipt = await later(tower, seconds(1))
    assert row.state is Sending.ACCEPTED and [sent.repeated for sent in tower.slack.sent] == [True]


async def test_a_door_that_breaks_is_an_unknown_outcome_and_not_sent_for_ever(tower: Tower) -> None:
    tower.slack.outcomes.extend([KeyError("channel"), KeyError("channel")])
    await rung(tower)
    row, receipt = await later(tower, seconds(1))
    assert (row.state, receipt.reason, tower.slack.tries) == (Sending.IN_DOUBT, "unknown_outcome", 2)
    assert tower.rows(Job) == []


async def test_a_second_unknown_outcome_is_left_in_doubt(tower: Tower) -> None:
    tower.slack.outcomes.extend([Unknown("no answer"), Unknown("no answer")])
    await rung(tower)
    row, receipt = await later(tower, seconds(1))
    assert (row.state, row.reason) == (Sending.IN_DOUBT, "unknown_outcome") and receipt.reason == "unknown_outcome"
    await later(tower, timedelta(days=1))
    assert tower.slack.tries == 2 and tower.slack.sent == []


async def interrupted(tower: Tower, **values: object) -> None:
    """Leave the news as a process does that dies between handing it over and recording the answer."""
    tower.slack.outcomes.append(Paused(seconds(1)))
    await rung(tower)
    with tower.sessions.writing() as session:
        waiting = Outgoing.state == Sending.WAITING
        session.execute(update(Outgoing).where(waiting).values(state=Sending.SENDING, **values))


async def test_a_crash_while_sending_repeats_it_once_and_marked(tower: Tower) -> None:
    await interrupted(tower)
    row, _receipt = await later(tower, seconds(1))
    assert tower.slack.sent == [Sent("7", "It rings", repeated=True, edits=None)] and row.state is Sending.ACCEPTED


async def test_a_crash_while_repeating_leaves_it_in_doubt(tower: Tower) -> None:
    await interrupted(tower, may_repeat=True)
    row, receipt = await later(tower, seconds(1))
    assert row.state is Sending.IN_DOUBT and receipt.reason == "unknown_outcome" and tower.slack.sent == []


async def test_what_is_no_longer_useful_expires_unsent(tower: Tower) -> None:
    tower.slack.outcomes.append(Paused(timedelta(days=4)))
    await rung(tower)
    row, receipt = await later(tower, timedelta(days=4))
    assert row.state is Sending.EXPIRED and receipt.reason == "expired" and tower.slack.tries == 1


async def test_what_comes_late_says_when_it_was_written(tower: Tower) -> None:
    tower.slack.outcomes.extend([Transient("down")] * 3)
    await rung(tower)
    tower.clock.advance(timedelta(minutes=9))
    await rung(tower)
    await later(tower, timedelta(minutes=1))
    await later(tower, timedelta(minutes=5))
    assert [sent.written for sent in tower.slack.sent] == [NOON, None], "the other is six minutes old"


async def test_what_waited_for_its_hour_is_not_late(tower: Tower) -> None:
    ruiz = tower.rows(Account, Account.platform == "slack")[0].person_id
    with tower.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == ruiz).values(quiet_from=time(10), quiet_to=time(14)))
    hour = timedelta(hours=1)  # until it is no longer quiet in Tunis
    await rung(tower)
    await later(tower, hour)
    tower.clock.advance(timedelta(days=1) - hour)
    await rung(tower)
    tower.slack.outcomes.extend([Transient("down")] * 3)
    await later(tower, hour)
    for _again in range(3):
        await later(tower, timedelta(minutes=4))
    written = NOON + timedelta(days=1)
    assert [sent.written for sent in tower.slack.sent] == [None, written], (
        "late by twelve minutes, and then it says all"
    )


# Order


def places(tower: Tower) -> list[int | None]:
    """As the how manieth each news of a ringing was accepted by its platform, the oldest first."""
    return [row.message["id"] if row.message else None for row in tower.news()]


async def test_what_waits_at_a_door_keeps_its_order_and_is_not_tried_one_by_one(tower: Tower) -> None:
    tower.slack.outcomes.extend([Transient("down")] * 3)
    for _again in range(3):
        await rung(tower)
    assert tower.slack.tries == 1, "those behind wait for the first"
    for pause in (1, 2, 4):
        assert places(tower) == [None] * 3
        await later(tower, seconds(pause))
    assert places(tower) == [1, 2, 3] and tower.slack.tries == 6
    assert tower.rows(Job) == [] and not any(row.may_repeat for row in tower.news())
    assert [sent.address for sent in tower.telegram.sent] == ["1"] * 3, "nobody else waited"


@pytest.mark.parametrize("ends", [[Permanent("refused")], [Unknown("no answer")] * 2])
async def test_a_first_that_never_arrives_holds_nobody_up_for_ever(tower: Tower, ends: list[Exception]) -> None:
    tower.slack.outcomes.extend([Transient("down"), *ends])
    for _again in range(3):
        await rung(tower)
    await later(tower, seconds(1))
    await later(tower, seconds(1))
    assert places(tower) == [None, 1, 2]
    tower.slack.outcomes.extend([Transient("down")] * 2)
    await rung(tower)
    await rung(tower)
    await later(tower, timedelta(days=3))
    assert [row.state for row in tower.news()[-2:]] == [Sending.EXPIRED] * 2, "both had three days"
    assert tower.rows(Job) == []


async def test_an_answer_does_not_overtake_news_and_whoever_asks_has_them_tried_at_once(tower: Tower) -> None:
    tower.slack.outcomes.extend([Transient("down")] * 2)
    await rung(tower)
    await later(tower, seconds(1))
    await rung(tower)
    assert tower.slack.sent == []
    await tower.update("slack", "7", "home")  # long before the next try
    await tower.parley.settle()
    assert [sent.heading for sent in tower.slack.sent] == ["It rings", "It rings", "Home"]
    tower.slack.outcomes.append(Transient("down"))
    for words in ("home", "ring"):
        await tower.update("slack", "7", words)
        await tower.parley.settle()
    await later(tower, seconds(2))
    assert [sent.heading for sent in tower.slack.sent[3:]] == ["Home", "Rung"] and tower.rows(Job) == []


async def test_news_go_through_another_door_while_one_is_down(tower: Tower) -> None:
    tower.slack.outcomes.extend([Transient("down")] * 2)
    await rung(tower)
    tower.clock.advance(seconds(0.1))
    await tower.update("telegram", "77", "home")
    await rung(tower)
    assert [sent.address for sent in tower.telegram.sent].count("77") == 2, "he uses this one now"
    assert tower.slack.tries == 1 and tower.news()[-1].state is Sending.ACCEPTED


async def test_what_was_to_be_sent_in_the_morning_comes_in_its_own_time(tower: Tower) -> None:
    ruiz = tower.rows(Account, Account.platform == "slack")[0].person_id
    with tower.sessions.writing() as session:
        session.execute(update(Person).where(Person.id == ruiz).values(quiet_from=time(10), quiet_to=time(14)))
    await rung(tower)
    tower.slack.outcomes.extend([Transient("down")] * 20)
    for words in ("home", "ring"):
        await tower.update("slack", "7", words)
        await tower.parley.settle()
    await later(tower, timedelta(hours=2))
    for _again in range(20):
        await later(tower, timedelta(minutes=5))
    headings = [sent.heading for sent in tower.slack.sent]
    assert headings == ["Home", "Rung", "It rings"] and tower.rows(Job) == []


async def test_what_is_held_waits_for_somebody_to_release_it(tower: Tower) -> None:
    with tower.sessions.writing() as session:
        session.add(Setting(name="outbox_hold", value={}))
    row, receipt = await rung(tower)
    assert row.state is Sending.HELD and tower.slack.tries == 0
    assert receipt.accepted_at is None and receipt.failed_at is None


@pytest.mark.promise("faults.39", "A restored system holds what is old, and answers whoever writes to it now.")
async def test_whoever_writes_to_a_restored_system_is_answered_and_what_was_asked_before_waits(tower: Tower) -> None:
    await tower.update("telegram", "1", "home")  # in the backup, its turn not run
    tower.clock.advance(seconds(1))
    with tower.sessions.writing() as session:
        session.add(Setting(name="outbox_hold", value={"since": tower.clock.now().isoformat()}))
    await tower.update("telegram", "1", "ring")
    await tower.parley.settle()
    assert [sent.heading for sent in tower.telegram.sent] == ["Rung"] and tower.slack.tries == 0
    held = tower.rows(Outgoing, Outgoing.state == Sending.HELD)
    assert [row.is_reply for row in held] == [True, False]


async def test_what_another_version_wrote_fails_with_a_name(tower: Tower) -> None:
    tower.slack.outcomes.append(Paused(seconds(1)))
    await rung(tower)
    with tower.sessions.writing() as session:
        session.execute(
            update(Outgoing).where(Outgoing.state == Sending.WAITING).values(screen={"~": "Hologram", "of": "a card"})
        )
    row, receipt = await later(tower, seconds(1))
    assert row.state is Sending.FAILED and receipt.reason == "unreadable"


async def test_a_door_that_was_taken_down_is_passed_over(tower: Tower) -> None:
    del tower.parley.doors["slack"]
    row, _receipt = await rung(tower)
    assert row.state is Sending.ACCEPTED and {sent.address for sent in tower.telegram.sent} == {"77", "1"}


async def test_a_reply_never_turns_up_at_another_door(tower: Tower) -> None:
    tower.slack.outcomes.append(Permanent("archived"))
    await tower.update("slack", "7", "home")
    await tower.parley.settle()
    (reply,) = [row for row in tower.rows(Outgoing, Outgoing.is_reply) if row.state is not Sending.ACCEPTED]
    assert (reply.state, reply.reason) == (Sending.FAILED, "archived")
    assert tower.telegram.sent == []


async def test_using_a_button_of_the_message_is_what_opened_means(tower: Tower) -> None:
    row, _receipt = await rung(tower)
    handle = row.screen["screen"]["buttons"][0]["handle"]  # type: ignore[index]
    tower.clock.advance(timedelta(hours=2))
    await tower.parley.edge.direct(Called(Caller("slack", "7", "7"), handle=handle), trace="press")
    await tower.parley.settle()
    assert latest(tower)[1].opened_at == NOON + timedelta(hours=2)


# What people attach


PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
PROGRAM = b"MZ" + bytes(200)


async def attach(tower: Tower, name: str, data: bytes | None):
    """Amina sends a file while she is asked for her name anew."""
    if data is not None:
        tower.telegram.files[name] = data
    with tower.sessions.writing() as session:
        file = File(
            administration_id=1,
            person_id=1,
            name=name,
            origin={"platform": "telegram", "id": name},
            state=FileState.WAITING,
            added_at=tower.clock.now(),
        )
        session.add(file)
        session.flush()
        tower.parley.work.defer(session, "fetch", file=file.id)
    await tower.parley.settle()
    return tower.rows(File)[-1]


async def test_an_attachment_is_fetched_stored_and_named_by_its_content(tower: Tower) -> None:
    file = await attach(tower, "seal.pdf", PNG)
    assert (file.state, file.media_type, file.size, file.origin) == (FileState.STORED, "image/png", len(PNG), None)
    with tower.sessions.reading() as session:
        assert b"".join(read(session, file.sha256)) == PNG


async def test_a_program_is_not_kept_whatever_it_is_called(tower: Tower) -> None:
    file = await attach(tower, "invoice.pdf", PROGRAM)
    assert (file.state, file.reason, file.sha256) == (FileState.REFUSED, "program", None)


async def test_an_attachment_that_is_gone_says_so(tower: Tower) -> None:
    file = await attach(tower, "gone.png", None)
    assert (file.state, file.reason) == (FileState.REFUSED, "not_found")


async def test_an_attachment_is_fetched_when_its_platform_is_back(tower: Tower) -> None:
    tower.telegram.outcomes.extend([Transient("down")] * 20)
    file = await attach(tower, "seal.png", PNG)
    assert file.state is FileState.WAITING
    for _again in range(20):
        tower.clock.advance(seconds(15))
        await tower.parley.settle()
    assert tower.rows(File)[-1].state is FileState.STORED


async def test_an_attachment_that_never_comes_is_given_up(tower: Tower) -> None:
    tower.telegram.outcomes.extend([Transient("down")] * 3)
    await attach(tower, "seal.png", PNG)
    tower.clock.advance(timedelta(hours=7))
    await tower.parley.settle()
    file = tower.rows(File)[-1]
    assert (file.state, file.reason) == (FileState.REFUSED, "unavailable")
