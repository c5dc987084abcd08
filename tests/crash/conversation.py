"""The conversation, act by act, as its people live it: one act is one turn, or a few that cannot be told apart.

On Telegram what somebody did waits until the bot has taken it. On Slack a tap or a submission is made once: where
Slack says that the app did not answer, people press again, if what they pressed is still there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import Impossible
from tests.fakes.slack import Reply
from tests.fakes.slack import User as SlackUser

from .office import EARLIER, People

WITHIN = 60.0  # seconds until what is waited for has surely come, a restart included
DETAIL = "Our reefer has been held for three days at Port B."
OPEN = "Open the form"
TAKEN, MORE, MERGED = "It is yours now", "What do you want to do with", "was merged into this one"
FIRST = f"P-000001: \N{FIRST STRONG ISOLATE}{EARLIER}\N{POP DIRECTIONAL ISOLATE}"
QUESTION = "What temperature does the container show?"
MEASURED = "-18 degrees this morning"
OUTCOME = {
    "What was asked?": "Release of refrigerated goods without delay",
    "What did Customs find?": "No inspector was on duty at the weekend",
    "Was it done?": "Done",
    "What was done, or why not, in your own words?": "An inspector is on duty every day from now on",
}


@dataclass
class Actors:
    """What people do and wait for. `back` waits until the process is up again and nothing is under way."""

    them: People
    back: Callable[[], Awaitable[None]]
    again: Counter[str] = field(default_factory=Counter)  # how often somebody had to do a thing again

    async def says(self, text: str, then: str) -> None:
        await self.them.telegram.says(self.them.amina, text)
        await self.them.telegram.hears(self.them.amina, then, within=WITHIN)

    async def taps(self, label: str, then: str) -> None:
        await self.them.telegram.taps(self.them.amina, label)
        await self.them.telegram.hears(self.them.amina, then, within=WITHIN)

    async def presses(self, who: SlackUser, on: str, label: str, then: str) -> None:
        """Tap a button of the newest message that says `on`, and read the answer."""
        await self._until_answered(who, lambda: self._taps(who, on, label))
        await self.them.slack.hears(who, then, within=WITHIN)

    async def fills(self, who: SlackUser, on: str, label: str, values: dict[str, Any], then: str) -> None:
        """Open the form behind a button, fill it and send it."""

        async def send() -> Reply:
            if self.them.slack.modal(who) is None:
                opened = await self._opens(who, on, label)
                if opened.error:
                    return opened
            return await self.them.slack.submits(who, values)

        await self._until_answered(who, send)
        await self.them.slack.hears(who, then, within=WITHIN)

    async def _opens(self, who: SlackUser, on: str, label: str) -> Reply:
        """The button; or, where the form has come as a message in its place, that message's own."""
        try:
            return await self._taps(who, on, label)
        except Impossible:
            return await self.them.slack.taps(who, OPEN)

    async def _taps(self, who: SlackUser, on: str, label: str) -> Reply:
        there = [each for each in self.them.slack.messages(who) if each.by_app and on in each.shown]
        if not there:
            raise Impossible(f"{who.name} sees nothing that says {on!r}")
        return await self.them.slack.taps(who, label, on=there[-1])

    async def _until_answered(self, who: SlackUser, do: Callable[[], Awaitable[Reply]]) -> None:
        reply = await self._tried(do)
        while reply is None or reply.error:
            await self.back()
            self.again[who.id] += 1
            reply = await self._tried(do)
            if reply is None:  # it is done: there is nothing left to press, or to choose
                if self.them.slack.modal(who) is not None:
                    await self.them.slack.closes(who)
                return

    async def _tried(self, do: Callable[[], Awaitable[Reply]]) -> Reply | None:
        """What came of it; None where it cannot be done: the button is gone, or the app does not say what to choose."""
        try:
            return await do()
        except Impossible:
            return None


Act = Callable[[Actors], Awaitable[None]]

ACTS: dict[str, Act] = {
    "raise": lambda a: a.says("/raise", "What happened?"),
    "detail": lambda a: a.says(DETAIL, "Which sector"),
    "sector": lambda a: a.taps("Perishable goods", "At which port"),
    "port": lambda a: a.taps("Skip", "Which chapter"),
    "chapter": lambda a: a.taps("Skip", "another agency"),
    "agency": lambda a: a.taps("Skip", "photos or documents"),
    "files": lambda a: a.taps("Skip", "Please check"),
    "send": lambda a: a.taps("Send", "Your reference is"),
    "take": lambda a: a.presses(a.them.olga, DETAIL, "Take it", TAKEN),
    "ask": lambda a: a.fills(
        a.them.olga, TAKEN, "Ask", {"What do you want to ask?": QUESTION}, "The clock stands still"
    ),
    "answer": lambda a: a.taps("Answer", "Your answer?"),
    "words": lambda a: a.says(MEASURED, "photos or documents"),
    "given": lambda a: a.taps("Skip", "Please check"),
    "answered": lambda a: a.taps("Send", "Thank you. The desk"),
    "more": lambda a: a.presses(a.them.olga, MEASURED, "More", MORE),
    "merge": lambda a: a.fills(a.them.olga, MORE, "Merge into another", {"Which issue goes on?": FIRST}, MERGED),
    "propose": lambda a: a.fills(a.them.olga, MERGED, "Propose an outcome", OUTCOME, "Somebody else approves it"),
    "approve": lambda a: a.presses(a.them.lena, "An outcome waits for your approval", "Approve", "Approved."),
    "acknowledge": lambda a: a.taps("Acknowledge", "Thank you. Customs knows"),
}
