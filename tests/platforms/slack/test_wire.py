"""The line to Slack: nothing unsigned is read, nothing is lost, nothing happens twice, and no token is told."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from bot import edge
from bot.kit.door import Paused, SendError
from bot.kit.events import Answer
from bot.kit.screen import Bars, Picture, Screen
from bot.kit.text import Reader, Writer, _
from bot.platforms.slack import profiles as profiles_module
from bot.platforms.slack import wire as wire_module
from bot.platforms.slack.profiles import Profiles
from db.machinery import Inbox, InboxState
from db.people import Account
from scheduling.clock import ManualClock
from tests.bot.work.shop import until
from tests.fakes import FakeSlack
from tests.fakes.platform import machine_clock
from tests.fakes.slack import Timing, User, payloads

from .running import House, running, settle

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QUICK = Timing(acknowledge=2.0, retries=(0.0, 0.05, 0.1))


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running(timing=QUICK, clock=lambda: NOON) as server:
        yield server


@pytest.fixture
def url(sqlite_url: str) -> str:
    settle(sqlite_url)
    return sqlite_url


@pytest.fixture
def olga(slack: FakeSlack) -> User:
    return slack.user("Olga")


@pytest.fixture
async def house(slack: FakeSlack, url: str) -> AsyncIterator[House]:
    """Parley behind signed requests, its clock at noon."""
    async with running(url, slack, http=True, clock=ManualClock(NOON)) as started:
        yield started


def rows(house: House, *where: Any) -> int:
    with house.parley.sessions.reading() as session:
        return session.scalar(select(func.count()).select_from(Inbox).where(*where)) or 0


def said(slack: FakeSlack, user: User, text: str = "hello") -> bytes:
    inner = {"type": "message", "channel_type": "im", "user": user.id, "text": text, "ts": "1.1", "channel": "D1"}
    return json.dumps(payloads.event(slack, inner)).encode()


def signed(slack: FakeSlack, body: bytes, *, at: int | None = None) -> dict[str, str]:
    return {**slack.doors.signed(body, at), "Content-Type": "application/json"}


@pytest.mark.promise("threat.50", "A clock that drifts from Slack's is told in the health within a minute.")
@pytest.mark.parametrize("minutes", [2, -10])
async def test_a_clock_that_drifts_from_slacks_is_told(
    slack: FakeSlack, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    assert wire_module.BEAT <= 60
    monkeypatch.setattr(wire_module, "BEAT", 0.02)
    settle(sqlite_url)
    clock = ManualClock(NOON)
    async with running(sqlite_url, slack, http=True, clock=clock) as house:
        assert house.wire.health()["ok"]
        clock.at += timedelta(minutes=minutes)  # and nobody says a word
        await until(lambda: house.wire.health()["trouble"] == "clock")
        assert abs(house.wire.health()["skew"] - minutes * 60) <= 1 and not house.wire.health()["ok"]
        clock.at -= timedelta(minutes=minutes)
        await until(lambda: house.wire.health()["ok"])


# Signed requests

Change = Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]
TIME, SIGN = "X-Slack-Request-Timestamp", "X-Slack-Signature"


def with_header(name: str, value: str | None) -> Change:
    def change(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        rest = {key: old for key, old in headers.items() if key != name}
        return (rest if value is None else rest | {name: value}), body

    return change


def other_signature(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    last = "0" if headers[SIGN][-1] != "0" else "1"
    return headers | {SIGN: headers[SIGN][:-1] + last}, body


FORGED: dict[str, Change] = {
    "no headers": lambda headers, body: ({}, body),
    "a byte more": lambda headers, body: (headers, body + b" "),
    "a byte changed": lambda headers, body: (headers, body.replace(b"hello", b"hallo")),
    "another second": lambda headers, body: (headers | {TIME: str(int(headers[TIME]) + 1)}, body),
    "another signature": other_signature,
    "no signature": with_header(SIGN, None),
    "an empty signature": with_header(SIGN, ""),
    "half a signature": with_header(SIGN, "v0="),
    "another version": with_header(SIGN, "v1=" + "0" * 64),
    "capitals": lambda headers, body: (headers | {SIGN: headers[SIGN].upper()}, body),
    "letters of another script": with_header(SIGN, "v0=" + "é" * 64),
    "a long signature": with_header(SIGN, "v0=" + "0" * 5000),
    "no time": with_header(TIME, None),
    "an empty time": with_header(TIME, ""),
    "a time in words": with_header(TIME, "yesterday"),
    "a negative time": with_header(TIME, "-1"),
    "a broken time": with_header(TIME, "1.5"),
    "not a number": with_header(TIME, "nan"),
    "an exponent": with_header(TIME, "1e9"),
    "a time of five thousand digits": with_header(TIME, "9" * 5000),
    "figures of another script": with_header(TIME, "١٧٦٣"),
    "a time with an underscore": with_header(TIME, "1_763"),
    "a time and a line": lambda headers, body: (headers | {TIME: headers[TIME] + "\n"}, body),
}


@pytest.mark.promise("threat.1", "What is not signed as it stands is refused unread.")
@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED.keys())
async def test_what_is_not_signed_as_it_stands_is_refused_unread(
    slack: FakeSlack, house: House, olga: User, change: Change, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    body = said(slack, olga)
    headers, changed = change(signed(slack, body), body)
    assert (await house.wire.handle_http(changed, headers))[0] == 401
    assert rows(house) == 0
    assert "hello" not in caplog.text and "hallo" not in caplog.text


@pytest.mark.promise("threat.1", "A signature holds for five minutes either way.")
@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-300, 200), (0, 200), (300, 200), (301, 401)])
async def test_a_signature_holds_for_five_minutes_either_way(
    slack: FakeSlack, house: House, olga: User, seconds: int, status: int
) -> None:
    body = said(slack, olga)
    headers = signed(slack, body, at=int(NOON.timestamp()) + seconds)
    assert (await house.wire.handle_http(body, headers))[0] == status
    assert rows(house) == (status == 200)


@pytest.mark.promise("threat.3", "The same signed bytes twenty times at once have one effect.")
async def test_the_same_bytes_again_have_no_other_effect(slack: FakeSlack, house: House, olga: User) -> None:
    for body, kind in (
        (said(slack, olga), "application/json"),
        (urlencode(payloads.command(slack, olga, slack.world.direct(olga.id), "/parley", "help")).encode(), FORM),
    ):
        before = rows(house)
        headers = {**slack.doors.signed(body), "Content-Type": kind}
        answers = await asyncio.gather(*(house.wire.handle_http(body, headers) for _time in range(20)))
        assert {status for status, _headers, _body in answers} == {200}
        assert rows(house) == before + 1
        assert len([content for _status, _headers, content in answers if content]) <= 1


FORM = "application/x-www-form-urlencoded"


async def test_slack_can_verify_our_address(slack: FakeSlack, house: House) -> None:
    assert await slack.verifies_url()
    assert rows(house) == 0


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b"{", b"[]", b"null", b"7", b"\xff\xfe", b'{"a":' + b"9" * 5000 + b"}", b'"text"', b""],
)
async def test_a_signed_body_that_cannot_be_read_is_refused_quietly(
    slack: FakeSlack, house: House, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    status, _headers, _content = await house.wire.handle_http(body, signed(slack, body))
    assert status in {400, 404}
    assert rows(house) == 0


@pytest.mark.promise("threat.5", "A body over the limit is refused.")
async def test_a_body_that_is_too_large_is_refused(slack: FakeSlack, house: House) -> None:
    body = b" " * (256 * 1024 + 1)
    assert (await house.wire.handle_http(body, signed(slack, body)))[0] == 413


async def test_before_we_are_connected_slack_is_asked_to_come_again(slack: FakeSlack, url: str, olga: User) -> None:
    early = House(url, slack, http=True, clock=ManualClock(NOON))
    body = said(slack, olga)
    assert (await early.wire.handle_http(body, signed(slack, body)))[0] == 503
    early.parley.close()


@pytest.mark.promise("faults.29", "Poison from Slack is put aside, and its neighbours flow.")
async def test_poison_is_put_aside_and_its_neighbours_flow(slack: FakeSlack, house: House, olga: User) -> None:
    for inner in (
        {"type": "message", "channel_type": "im", "user": olga.id, "text": {"no": "text"}},
        {"type": "message", "channel_type": "im", "subtype": "message_changed"},
        {"type": "message", "channel_type": "im", "user": olga.id, "text": "half a pair \ud800", "channel": "D1"},
    ):
        body = json.dumps(payloads.event(slack, inner)).encode()
        assert (await house.wire.handle_http(body, signed(slack, body)))[0] == 200
    assert (await slack.dm(olga, "help")).acknowledged
    await slack.until(lambda: slack.messages(olga)[-1].by_app)
    await slack.until(lambda: not rows(house, Inbox.state == InboxState.WAITING))
    assert rows(house, Inbox.state == InboxState.QUARANTINED) == 2


async def test_a_picture_is_uploaded_and_shared_below_its_message(slack: FakeSlack, house: House, olga: User) -> None:
    drawn = Picture(_("Help"), Bars((_("Send"),), ((_("Home"), (2,)),)))
    writer = Writer(house.parley.catalogues, Reader("ar", "UTC"))
    await house.wire.door.send(olga.id, Answer(screen=Screen(_("Home"), pictures=(drawn,))), writer)
    message, below = slack.messages(olga)[-2:]
    assert not message.files and below.files[0].content.startswith(b"\x89PNG")


# Socket Mode


async def test_a_refreshed_socket_is_followed_by_another(slack: FakeSlack, url: str, olga: User) -> None:
    slack.clock = machine_clock
    async with running(url, slack) as house:
        assert house.wire.health()["ok"]
        await slack.doors.refresh()
        await slack.connected()
        assert (await slack.dm(olga, "hello")).acknowledged
        await slack.until(lambda: slack.messages(olga)[-1].by_app)
        assert rows(house) == 1


async def test_a_bad_app_token_is_an_error_in_time_and_a_good_one_connects_after_all(
    slack: FakeSlack, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire_module, "CONNECTING", 0.3)
    slack.clock = machine_clock
    house = House(url, slack)
    slack.revokes(slack.app_token, "invalid_auth")
    with pytest.raises(TimeoutError):
        await house.wire.start()
    assert not house.wire.health()["ok"]
    slack.revoked.clear()
    monkeypatch.setattr(wire_module, "CONNECTING", 5.0)
    await house.start()
    well = {"mode": "socket", "ok": True, "trouble": None, "skew": 0, "silent": 0}
    assert {**house.wire.health(), "skew": 0} == well
    await house.stop()


async def test_a_revoked_bot_token_is_an_error_at_start(slack: FakeSlack, url: str) -> None:
    house = House(url, slack)
    slack.revokes(slack.bot_token)
    with pytest.raises(Paused):
        await house.wire.start()
    await house.wire.stop()
    house.parley.close()


def test_neither_way_in_is_no_way(slack: FakeSlack, url: str) -> None:
    house = House(url, slack)
    with pytest.raises(ValueError, match="app token"):
        wire_module.SlackWire(house.parley, bot_token="xoxb-1")
    house.parley.close()


async def test_a_turn_that_fails_is_not_acknowledged(
    slack: FakeSlack, url: str, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(url, slack) as house:

        def broken(*_given: Any, **_more: Any) -> None:
            raise RuntimeError("no database")

        monkeypatch.setattr(house.parley.engine, "turn", broken)
        assert (await slack.command(olga, "/parley help")).error == "operation_timeout"
        monkeypatch.undo()
        assert rows(house, Inbox.state == InboxState.WAITING) == 1
        assert (await slack.command(olga, "/parley help")).acknowledged


async def test_whoever_is_deactivated_is_unreachable(slack: FakeSlack, url: str, olga: User) -> None:
    async with running(url, slack) as house:
        slack.fails("chat.postMessage", "error", error="user_disabled")
        await slack.dm(olga, "hello")

        def reason() -> str | None:
            with house.parley.sessions.reading() as session:
                return session.scalar(select(Account.unreachable_reason))

        assert await slack.until(reason) == "deactivated"


@pytest.mark.promise("threat.6", "No token of Slack's and nobody's words are logged.")
async def test_no_token_and_no_message_is_logged(
    slack: FakeSlack, url: str, olga: User, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    words = "canary-of-a-message"
    async with running(url, slack):
        for kind in ("429", "500", "html", "garbage", "reset-after"):
            slack.fails("chat.postMessage", kind, retry_after=1)
        await slack.dm(olga, words)
        await slack.command(olga, f"/parley {words}")
        await slack.doors.refresh()
        await slack.connected()
        await asyncio.sleep(0.3)
    out, err = capfd.readouterr()
    for text in (caplog.text, out, err):
        assert slack.bot_token not in text and slack.app_token not in text
        assert words not in text


# Who acts


class Directory:
    """users.info, answering `user`, or failing."""

    def __init__(self, user: dict[str, Any] | SendError) -> None:
        self.user = user
        self.calls = 0
        self.answers = asyncio.Event()
        self.answers.set()

    async def __call__(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        assert method == "users.info" and arguments["include_locale"] is True
        self.calls += 1
        await self.answers.wait()
        if isinstance(self.user, SendError):
            raise self.user
        return {"user": self.user}


OURS = {"team_id": "T1", "locale": "pt-BR", "tz": "Africa/Dakar", "profile": {"real_name": "Ana"}}


async def test_a_person_is_looked_up_once_a_day() -> None:
    clock, directory = ManualClock(NOON), Directory(OURS)
    profiles = Profiles(directory, clock)
    expected = {"team": "T1", "user": "U1", "name": "Ana", "language": "pt", "zone": "Africa/Dakar", "is_guest": False}
    assert await profiles.caller("T1", "U1", home="T1") == expected
    clock.advance(timedelta(hours=23))
    await profiles.caller("T1", "U1", home="T1")
    assert directory.calls == 1
    clock.advance(timedelta(hours=2))
    directory.user = Paused(timedelta(seconds=1))
    assert await profiles.caller("T1", "U1", home="T1") == expected  # what was known yesterday
    assert directory.calls == 2


async def test_a_slow_look_up_keeps_nobody_waiting_and_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    assert profiles_module.PATIENCE + edge.PATIENCE < 3, "Slack waits no longer, and keeping comes after looking up"
    monkeypatch.setattr(profiles_module, "PATIENCE", 0.01)
    directory = Directory(OURS)
    directory.answers.clear()
    profiles = Profiles(directory, ManualClock(NOON))
    assert (await profiles.caller("T1", "U1", home="T1"))["is_guest"], "nobody knows yet"
    assert (await profiles.caller("T1", "U1", home="T1"))["is_guest"]
    directory.answers.set()
    while not (known := await profiles.caller("T1", "U1", home="T1"))["name"]:  # noqa: ASYNC110  the task has no event
        await asyncio.sleep(0)
    assert not known["is_guest"] and directory.calls == 1, "asked once, and remembered when it came"


@pytest.mark.promise("threat.12", "Who is not wholly ours is a guest.")
@pytest.mark.parametrize(
    ("known", "team"),
    [
        (OURS | {"is_restricted": True}, "T1"),
        (OURS | {"is_ultra_restricted": True}, "T1"),
        (OURS | {"is_stranger": True}, "T1"),
        (OURS | {"team_id": "T9"}, "T1"),
        (OURS, "T9"),  # the payload itself names another workspace
        (OURS | {"team_id": "T9"}, ""),  # the payload names none
        (Paused(timedelta(seconds=1)), ""),
        (Paused(timedelta(seconds=1)), "T1"),  # nobody knows
    ],
)
async def test_who_is_not_wholly_ours_is_a_guest(known: Any, team: str) -> None:
    caller = await Profiles(Directory(known), ManualClock(NOON)).caller(team, "U1", home="T1")
    assert caller["is_guest"]


async def test_where_the_payload_names_no_team_the_directory_says_whose_they_are() -> None:
    caller = await Profiles(Directory(OURS), ManualClock(NOON)).caller("", "U1", home="T1")
    assert (caller["team"], caller["is_guest"]) == ("T1", False)
    caller = await Profiles(Directory(OURS | {"team_id": "T9"}), ManualClock(NOON)).caller("", "U1", home="T1")
    assert caller["team"] == "T9"


async def test_a_zone_this_machine_does_not_know_is_none() -> None:
    for zone in ("Mars/Olympus", "../../etc/passwd", "", None, 7):
        caller = await Profiles(Directory(OURS | {"tz": zone}), ManualClock(NOON)).caller("T1", "U1", home="T1")
        assert caller["zone"] is None
