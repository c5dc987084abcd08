"""S12 and S3 as far as what exists allows: an outage, a token that expires, a crash in the middle of telling many."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from bot.kit.door import LATE as LATE_BY
from bot.kit.door import SENT_BEFORE
from bot.ops.show import show
from db import ledger
from db.ledger import Heard
from db.machinery import Receipt, Sending
from tests.crash import office
from tests.crash.conftest import Fresh
from tests.crash.process import Nursery
from tests.fakes.proxy import line_to
from tests.scenarios.day import FISH, LOOK, OUTCOME, WITHIN, Day, gather, gathered, settle

AT_ONCE = 16  # jobs, and so messages under way
pytestmark = pytest.mark.asyncio(loop_scope="session")

Figure = Callable[[str, object], None]
DATABASES = pytest.mark.parametrize(
    "copies", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)
# What somebody on Telegram says or [presses], and what the bot says then.
RAISES = (
    ("/raise", "What happened?"),
    ("Our reefer has been held for three days at Port B.", "Which sector"),
    ("[Perishable goods]", "At which port"),
    ("[Skip]", "Which chapter"),
    ("[Skip]", "another agency"),
    ("[Skip]", "photos or documents"),
    ("[Skip]", "Please check"),
    ("[Send]", "Your reference is"),
)
QUESTION, REPLY, SECOND = "Which container is it?", "An inspector is on the way.", "She has arrived."
ASKS = (("[Ask]", "What do you want to ask?"), (QUESTION, "Please check"), ("[Send]", "The clock stands still"))
LATE = {"sara": "En retard\u00a0: écrit le", "olga": "Delayed: written on", "lena": "Delayed: written on"}


def replies(words: str) -> tuple[tuple[str, str], ...]:
    asked = ("[Reply]", "Your reply?"), (words, "documents"), ("[Skip]", "Please check")
    return (*asked, ("[Send]", "Sent."))


@pytest.fixture
def url(copies: Fresh) -> str:
    address = copies()
    settle(address)
    return address


async def plays(day: Day, who: str, *steps: tuple[str, str], on: str = "") -> None:
    """Somebody on Telegram does one thing after the other, reading each answer; `on` is what the first is about."""
    telegram, person = day.them.telegram, getattr(day.them, who)
    message = await telegram.hears(person, on, within=20) if on else None
    for step, then in steps:
        if step.startswith("["):
            await telegram.taps(person, step[1:-1], message)
        else:
            await telegram.says(person, step)
        message = None
        await day.until_answered()
        await telegram.hears(person, then)


@pytest.mark.promise(
    "bad_day.outage", "After an outage nothing is lost, repeats are marked, and each one's order holds."
)
@DATABASES
async def test_slack_is_down_for_forty_minutes_and_the_server_restarts_twice(
    nursery: Nursery, url: str, record_property: Figure
) -> None:
    async with Day.begun(nursery, url) as day:
        them, slack = day.them, day.them.slack
        await day.starts()
        await day.until_quiet()
        await plays(day, "omar", ("[Take it]", "It is yours now"), on=FISH)
        await day.until_quiet()

        day.slack_is_down()
        await plays(day, "omar", *ASKS, on="It is yours now")
        await day.until_slack_took_one()
        day.passes(timedelta(minutes=20))
        assert await day.ends(signal.SIGTERM) == 0

        await day.starts()
        await plays(day, "omar", *replies(REPLY), on="The clock stands still")
        await plays(day, "amina", *RAISES)
        day.passes(timedelta(minutes=20))
        assert await day.ends(signal.SIGKILL) == -signal.SIGKILL

        await day.starts()
        await plays(day, "omar", *replies(SECOND), on="Sent.")
        health = await day.health()
        assert health["telegram"]["ok"] and not health["slack"]["ok"]
        day.slack_is_back()
        await day.until_quiet(step=timedelta(seconds=10))

        told = copies = late = 0
        for name, delayed in LATE.items():
            person = getattr(them, name)
            seen = [each for each in slack.messages(person) if each.by_app]
            with day.looking() as session:
                rows = day.sent_to(session, person)
            assert {row.state for row in rows} == {Sending.ACCEPTED}, "nothing is lost"
            places = [row.message["ts"] for row in rows if row.message]
            assert places == sorted(places), f"what waited for {name} comes in order"
            marked = [each for each in seen if day.says("fr" if name == "sara" else "en", SENT_BEFORE) in each.shown]
            assert len(marked) == sum(row.may_repeat for row in rows), "nothing is repeated in silence"
            waited = [row for row in rows if row.settled_at and row.settled_at - row.not_before > LATE_BY]
            assert len([each for each in seen if delayed in each.shown]) == len(waited) > 0
            told, copies, late = told + len(rows), copies + len(seen) - len(rows), late + len(waited)
        assert copies == 1, "the one that was taken and not answered"
        said = [each.shown for each in slack.messages(them.sara)]
        firsts = [min(at for at, each in enumerate(said) if words in each) for words in (QUESTION, REPLY, SECOND)]
        assert firsts == sorted(set(firsts)), "she reads them as they were written"
        assert {each.method for each in them.telegram.refusals} <= {"answerCallbackQuery"}, (
            "twenty minutes are too long"
        )
        record_property("figure", f"{told} messages, {late} delayed, {copies} repeated and marked")


@pytest.mark.promise("bad_day.token", "Health and `parley doctor` name a token that is no longer good, and what to do.")
@pytest.mark.parametrize("copies", ["sqlite"], indirect=True)
async def test_the_tokens_expire_in_the_middle_of_the_day(nursery: Nursery, url: str) -> None:
    async with Day.begun(nursery, url) as day:
        them, slack, telegram = day.them, day.them.slack, day.them.telegram
        await day.starts()
        await slack.connected(20)
        await day.until_quiet()
        health = await day.health()
        assert health["slack"]["ok"] and health["telegram"]["ok"]
        card = await slack.hears(them.olga, office.EARLIER)
        assert (await slack.opens_home(them.olga)).acknowledged  # whom Slack has never told us of is a guest

        slack.revokes(slack.bot_token, "token_expired")
        await plays(day, "omar", ("[Take it]", "It is yours now"), on=FISH)
        await day.until_health(lambda health: health["slack"]["trouble"] == "token_expired")
        said = await day.examined()
        assert "FAIL  Slack bot token: refused: token_expired\n      → take it anew from Slack's page" in said
        telegram.revokes()
        await telegram.says(them.amina, "/raise")  # the poll that waits for it was allowed before
        await day.until_health(lambda health: health["telegram"]["trouble"] == "WrongToken")
        assert (await slack.taps(them.olga, "Take it", on=card)).acknowledged
        said = await day.examined()
        assert "FAIL  Telegram token: refused: Unauthorized\n      → @BotFather, /token" in said
        day.passes(timedelta(minutes=30))

        assert await day.ends(signal.SIGTERM) == 0
        day.settings |= {"slack_bot_token": slack.installs_anew(), "telegram_token": telegram.issues_token()}
        await day.starts()
        await day.until_quiet(step=timedelta(seconds=5))
        await telegram.hears(them.amina, "What happened?")
        late = await telegram.hears(them.badr, "An officer has taken up your issue.")
        assert "Delayed: written on" in late.shown
        assert LATE["sara"] in (await slack.hears(them.sara, "Un agent des douanes a pris en charge")).shown
        said = await day.examined()
        assert "OK    Slack bot token: " in said and "OK    Telegram token: " in said


SHARE = 0.4  # of those who are to be told, when it is killed
UNANSWERED = 4  # so many more have been sent theirs by then, at least, and Parley does not know it


@pytest.fixture
def crowded(url: str) -> str:
    gather(url)
    return url


def told(day: Day, who: Any) -> list[str]:
    """The messages that tell somebody of the outcome."""
    return [each for each in day.shown_to(who) if OUTCOME["asked"] in each]


async def until_told(day: Day, number: int) -> None:
    async with asyncio.timeout(WITHIN):
        while sum(bool(told(day, each)) for each in day.them.many) < number:  # noqa: ASYNC110  on two platforms
            await asyncio.sleep(LOOK)


@pytest.mark.promise("bad_day.fan_out", "Killed while it tells many, nobody hears twice but those who are told so.")
@DATABASES
async def test_it_is_killed_in_the_middle_of_telling_many(
    nursery: Nursery, crowded: str, record_property: Figure
) -> None:
    async with AsyncExitStack() as stack:
        day = await stack.enter_async_context(Day.begun(nursery, crowded, gathered))
        them, many = day.them, day.them.many
        lines = [await stack.enter_async_context(line_to(each.address)) for each in (them.slack, them.telegram)]
        day.settings |= {"slack_api_url": f"{lines[0].address}/api/", "telegram_api_url": lines[1].address}
        await day.starts()
        await them.slack.connected(20)
        await day.until_quiet()
        waits = await them.slack.hears(them.lena, "An outcome waits for your approval")
        assert (await them.slack.taps(them.lena, "Approve", on=waits)).acknowledged
        await until_told(day, round(SHARE * len(many)))
        for line in lines:
            line.delay = WITHIN  # what is answered from now on is not heard
        await until_told(day, sum(bool(told(day, each)) for each in many) + UNANSWERED)
        assert await day.ends(signal.SIGKILL) == -signal.SIGKILL
        before = sum(bool(told(day, each)) for each in many)
        assert before < len(many)
        for line in lines:
            line.heal()

        await day.starts()
        await day.until_quiet(step=timedelta(seconds=1))
        twice, marked = 0, set()
        with day.looking() as session:
            for each in many:
                (row,) = [row for row in day.sent_to(session, each) if row.receipt_id is not None]
                seen, sign = told(day, each), day.says(them.language(each), SENT_BEFORE)
                first = [shown for shown in seen if sign not in shown]
                assert row.state is Sending.ACCEPTED and session.get_one(Receipt, row.receipt_id).accepted_at
                assert len(first) <= 1 and len(seen) - len(first) == row.may_repeat, "no second copy in silence"
                twice += len(seen) == 2
                marked |= {row.id} if row.may_repeat else set()
            listed = {row["state"] for row in ledger.lines(session, issue="P-000001")}
        assert listed == {Heard.ACCEPTED}
        assert UNANSWERED <= twice <= len(marked) <= AT_ONCE
        shown = await asyncio.to_thread(show, crowded, "outbox", as_json=True)
        assert marked <= {row["id"] for row in json.loads(shown) if row["may_repeat"]}, "a person can look them up"
        record_property(
            "figure", f"{len(many)} told, killed after {before}; {len(marked)} marked, {twice} of them twice"
        )
