"""S12 and S3 as far as what exists allows: an outage, a token that expires, a crash in the middle of telling many."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.delivery import LATE as LATE_BY
from bot.kit.door import SENT_BEFORE
from db.machinery import Sending
from tests.crash.conftest import Fresh
from tests.crash.process import Nursery
from tests.scenarios.day import FISH, Day, settle

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
LATE = {"sara": "En retard : écrit le", "olga": "Delayed: written on", "lena": "Delayed: written on"}


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
            marked = [each for each in seen if day.says(name, SENT_BEFORE) in each.shown]
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
