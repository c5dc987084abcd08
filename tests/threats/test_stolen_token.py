"""Whoever has our token can speak in our name on Slack: Parley hears of it, and takes nothing of its own for that."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.kit.door import SendError, Transient, Unknown
from bot.platforms.slack import own
from bot.platforms.slack.client import Client
from bot.platforms.slack.own import Own
from scheduling.clock import SystemClock
from tests.fakes import FakeSlack
from tests.fakes.slack import payloads
from tests.fakes.slack.world import BOT_USER, Message
from tests.platforms.slack.running import House, running, settle
from tests.platforms.telegram.running import eventually

US = "B0PARLEY"
Json = dict[str, Any]


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running() as server:
        yield server


def trouble(house: House) -> str | None:
    return house.wire.health()["trouble"]  # type: ignore[no-any-return]


def heard(slack: FakeSlack, **what: Any) -> list[Json]:
    """What Slack told of our own posts and was told that we have."""
    events = [payload["event"] for payload in slack.doors.acknowledged if payload.get("type") == "event_callback"]
    return [each for each in events if "bot_id" in each and all(each.get(name) == what[name] for name in what)]


@pytest.mark.slow
@pytest.mark.promise(
    "threat.7", "A Slack message in Parley's name that it did not send raises an alarm; its own do not."
)
async def test_a_post_that_is_not_ours_raises_an_alarm(
    slack: FakeSlack, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "MARGIN", -1.0)  # nobody waits for the first second to be over
    settle(sqlite_url)
    olga = slack.user("Olga")
    thief = Client(slack.bot_token, slack.url, SystemClock())
    await thief.open()
    async with running(sqlite_url, slack) as house:
        for words in ("hello", "and again", "what now?"):
            await slack.dm(olga, words)
        await slack.until(lambda: len([each for each in slack.messages(olga) if each.by_app]) >= 3)
        await slack.until(lambda: len(heard(slack)) >= 3)
        ours = slack.messages(olga)[-1]
        await house.wire.door._perform("chat.update", {"channel": ours.conversation, "ts": ours.ts, "text": "better"})
        await slack.until(lambda: [each for each in slack.doors.acknowledged if "message_changed" in str(each)])
        assert trouble(house) is None and house.wire.health()["ok"]
        with capture_logs() as logs:
            await thief.perform("chat.postMessage", {"channel": olga.id, "text": "Pay the fee here."})
            await eventually(lambda: trouble(house) == "stolen")
        assert not house.wire.health()["ok"]
        (alarm,) = [each for each in logs if each["log_level"] == "error"]
        assert alarm["event"] == "somebody else posts as us" and slack.messages(olga)[-1].ts in alarm["posts"][0]
        assert "Pay" not in str(alarm)
        before = len(slack.messages(olga))
        await slack.dm(olga, "hello")
        await slack.until(lambda: len(slack.messages(olga)) == before + 2)
    await thief.close()


async def test_after_a_restart_what_the_process_before_has_posted_is_not_taken_for_a_thief_s(
    slack: FakeSlack, sqlite_url: str
) -> None:
    settle(sqlite_url)
    olga = slack.user("Olga")
    where = slack.world.direct(olga.id)
    old = Message(where.id, slack.world.new_ts(slack.clock()), BOT_USER, "the last words of a process that was killed")
    event = payloads.event(slack, payloads.message_event(slack, old, "im"))
    async with running(sqlite_url, slack) as house:
        assert (await slack.doors.send_event(slack.session, event)).acknowledged
        assert trouble(house) is None
    async with running(sqlite_url, slack) as house:
        later = payloads.message_event(slack, old, "im") | {"ts": f"{float(old.ts) + 60:.6f}"}
        assert (await slack.doors.send_event(slack.session, payloads.event(slack, later))).acknowledged
        assert trouble(house) == "stolen", "it would have been noticed"


class Caller:
    """`Own` around calls that the test ends."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.own = Own(self._perform, self.clock)
        self.own.begin(US, 0.0)
        self.during: Callable[[], Awaitable[Any] | None] = lambda: None
        self.answer: Json | Exception = {}

    async def _perform(self, _method: str, _arguments: Json) -> Json:
        if (waited := self.during()) is not None:
            await waited
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def hear(self, number: int, **more: Any) -> None:
        """Slack tells of the post with that number in our name."""
        inner = {"type": "message", "bot_id": US, "channel": "D1", "ts": self.ts(number), "channel_type": "im"} | more
        self.own.hear({"type": "event_callback", "event": inner})

    def ts(self, number: int) -> str:
        return f"{4e9 + number:.6f}"

    async def post(self, number: int, error: Exception | None = None) -> None:
        self.answer = error or {"channel": "D1", "ts": self.ts(number)}
        with suppress(SendError):
            await self.own.perform("chat.postMessage", {"channel": "U1"})

    @property
    def alarmed(self) -> bool:
        return self.own.stolen_at is not None


@pytest.fixture
def caller() -> Caller:
    return Caller()


async def test_slack_may_tell_of_a_post_before_it_answers_the_call(caller: Caller) -> None:
    caller.during = lambda: caller.hear(1)
    await caller.post(1)
    assert not caller.alarmed
    caller.during = lambda: caller.hear(99)
    await caller.post(2)
    assert caller.alarmed, "it was another one than the call's"


async def test_a_post_is_judged_when_all_calls_under_way_have_ended(caller: Caller) -> None:
    inner = Caller.post

    async def another() -> None:
        caller.during = lambda: caller.hear(2)
        await inner(caller, 3)
        assert not caller.alarmed, "the outer call is still under way"
        caller.answer = {"channel": "D1", "ts": caller.ts(2)}

    caller.during = another
    await caller.post(2)
    assert not caller.alarmed


async def test_a_call_of_unknown_outcome_excuses_one_post(caller: Caller) -> None:
    await caller.post(1, Unknown("no answer"))
    caller.hear(1)
    assert not caller.alarmed
    caller.hear(2)
    assert caller.alarmed


async def test_a_call_that_did_not_post_excuses_none(caller: Caller) -> None:
    await caller.post(1, Transient("503"))
    caller.hear(1)
    assert caller.alarmed


async def test_files_that_we_share_are_ours(caller: Caller) -> None:
    caller.answer = {"files": [{"id": "F1"}]}
    caller.during = lambda: caller.hear(1, subtype="file_share", files=[{"id": "F1"}])
    await caller.own.perform("files.completeUploadExternal", {"files": [{"id": "F1"}], "channel_id": "D1"})
    caller.hear(2, subtype="file_share", files=[{"id": "F1"}])
    assert not caller.alarmed
    caller.hear(3, subtype="file_share", files=[{"id": "F2"}])
    assert caller.alarmed


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "B0OTHER"},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"ts": "12.5"},
        {"ts": "never"},
        {"ts": None},
        {"type": "app_home_opened"},
    ],
)
async def test_what_others_do_is_no_alarm(caller: Caller, more: Json) -> None:
    caller.hear(1, **more)
    assert not caller.alarmed


async def test_what_is_forgotten_is_not_judged(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    await caller.post(1)
    await caller.post(2)
    monkeypatch.setattr(own, "KEPT", -1.0)
    await caller.post(3)
    monkeypatch.undo()
    caller.hear(1)
    caller.hear(3)
    assert not caller.alarmed
    caller.hear(4)
    assert caller.alarmed
