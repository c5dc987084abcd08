"""Transcripts: a conversation in Markdown that is documentation and a test at once.

The first fenced block marked `parley` is played:

    @broker telegram fr     who speaks from here on: a persona, its door, its language
    > what she types
    | and the next line of it
    [Button]                what she presses
    < expected text, with … for whatever stands between
    ! photo.jpg             a file she sends
    ~                       she blocks the bot
    ^                       she reads the mail that came last
    ^ Confirm               she follows that link of it, and presses the button there
    + 3 days                the clock moves (minutes, hours, days)
    # a comment
"""

from __future__ import annotations

import asyncio
import difflib
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scheduling.clock import ManualClock

from .mail import words
from .personas import BY_KEY
from .shown import Shown
from .stage import Stage, state
from .talk import NoSuchButton, Talk, folded

BEGINS = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # a Monday, in the desks' working hours
DIFFERS, MALFORMED = 1, 2
FENCE = re.compile(r"^```\s*parley\s*$(.*?)^```\s*$", re.DOTALL | re.MULTILINE)
CLOCK = re.compile(r"(\d+)\s+(minute|hour|day)s?")
PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"


class Malformed(Exception):
    """The file is no transcript; the message names the line."""


class Differs(Exception):
    """An answer is not the expected one; the message is the difference."""


@dataclass(frozen=True)
class Step:
    """One line of a transcript."""

    number: int
    sign: str
    rest: str


def play(path: Path, *, begun: Path | None = None) -> int:
    """Play a transcript on a fresh demo; 0 when every answer was as expected. Says the first difference.

    The past of that demo is issues only. `begun` is the database of such a demo that began at `BEGINS`; a copy of it
    saves telling the past again.
    """
    try:
        steps = list(parse(path.read_text(encoding="utf-8")))
    except (Malformed, OSError, UnicodeDecodeError) as error:
        print(f"{path}: {error}", file=sys.stderr)  # noqa: T201  a command's output
        return MALFORMED
    try:
        asyncio.run(_play(steps, begun))
    except Differs as error:
        print(f"{path}: {error}", file=sys.stderr)  # noqa: T201  a command's output
        return DIFFERS
    print(f"{path}: {len(steps)} lines, as written")  # noqa: T201  a command's output
    return 0


def parse(text: str) -> Iterator[Step]:
    """The lines of the fenced block. Raises Malformed."""
    found = FENCE.search(text)
    if found is None:
        raise Malformed("there is no fenced block marked parley")
    first = text[: found.start(1)].count("\n") + 1
    speaks = False
    steps: list[Step] = []
    for number, line in enumerate(found[1].splitlines(), first):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        sign = line[0]
        rest = line[1:].strip()
        if sign == "|":
            if not steps or steps[-1].sign != ">":
                raise Malformed(f"line {number}: | goes on with what is typed: a line with > stands before it")
            steps[-1] = replace(steps[-1], rest=f"{steps[-1].rest}\n{rest}")
            continue
        if sign == "@":
            words = rest.split()
            if len(words) != 3 or words[0] not in BY_KEY:
                there = ", ".join(BY_KEY)
                raise Malformed(f"line {number}: @ wants a persona, a door and a language; there are {there}")
            known = BY_KEY[words[0]]
            if (known.door, known.language) != (words[1], words[2]):
                raise Malformed(f"line {number}: {known.key} is on {known.door} in {known.language}")
            speaks = True
        elif sign == "[" and line.endswith("]"):
            rest = line[1:-1].strip()
        elif sign == "+":
            if CLOCK.fullmatch(rest) is None:
                raise Malformed(f"line {number}: + wants minutes, hours or days, such as + 3 days")
        elif sign not in "><!~^":
            raise Malformed(f"line {number}: a line begins with @ > | [ < ! ~ ^ + or #")
        if sign not in "@+" and not speaks:
            raise Malformed(f"line {number}: nobody speaks yet: begin with @persona door language")
        steps.append(Step(number, sign, rest))
    yield from steps


async def _play(steps: list[Step], begun: Path | None) -> None:
    with tempfile.TemporaryDirectory() as folder, state(Path(folder), begun=begun) as url:
        stage = Stage(database_url=url, clock=ManualClock(BEGINS))
        try:
            await stage.begin(whole=False)
            await Player(stage).play(steps)
        finally:
            stage.close()


class Player:
    """Plays steps on a stage that has begun."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._talks: dict[str, Talk] = {}
        self._shown: list[Shown] = []
        self._talk: Talk | None = None

    async def play(self, steps: list[Step]) -> None:
        """Raises Differs at the first line that is not as expected."""
        for step in steps:
            if step.sign == "@":
                self._speak(step.rest.split()[0])
            elif step.sign == "+":
                await self._stage.advance(span(step.rest))
                self._look()
            else:
                await self._do(step)

    def _speak(self, key: str) -> None:
        if key not in self._talks:
            self._talks[key] = Talk(self._stage, BY_KEY[key])
        self._talk = self._talks[key]
        self._look()

    def _look(self) -> None:
        if self._talk is not None:
            self._shown = self._talk.fresh()

    async def _do(self, step: Step) -> None:
        talk = self._talk
        if talk is None:
            raise Malformed(f"line {step.number}: nobody speaks yet")
        match step.sign:
            case ">":
                await talk.say(step.rest)
            case "!":
                await talk.attach(step.rest, "image/jpeg", PHOTO)
            case "~":
                await self._stage.blocks(talk.persona)
            case "^":
                self._shown = [Shown("mail", await self._mail(talk, step))]
                return
            case "[":
                try:
                    await talk.press(step.rest)
                except NoSuchButton as error:
                    raise Differs(f"line {step.number}: {error}\n{_everything(self._shown)}") from None
            case _:
                self._expect(step)
                return
        self._look()

    async def _mail(self, talk: Talk, step: Step) -> str:
        """What the last mail says, its subject first; or the page that one of its links leads to."""
        mail = self._stage.mails.last()
        if mail is None:
            raise Differs(f"line {step.number}: there is no mail")
        if not step.rest:
            return f"{mail['Subject']}\n{words(mail)}"
        try:
            return await self._stage.follows(talk.persona, step.rest)
        except LookupError:
            raise Differs(f"line {step.number}: the mail has no link “{step.rest}”\n{words(mail)}") from None

    def _expect(self, step: Step) -> None:
        """The expected words are in what has come since; each expectation goes on behind the one before."""
        for position, each in enumerate(self._shown):
            found = _pattern(step.rest).search(folded(each.text))
            if found is not None:
                rest = folded(each.text)[found.end() :]
                self._shown = [Shown(each.id, rest, each.presses), *self._shown[position + 1 :]]
                return
        came = [line for each in self._shown for line in each.text.splitlines() if line.strip()]
        shown = came or ["(nothing new)"]
        difference = "\n".join(difflib.unified_diff([step.rest], shown, "expected", "shown", lineterm=""))
        raise Differs(f"line {step.number} is not what is shown\n{difference}")


def _pattern(expected: str) -> re.Pattern[str]:
    """`expected` anywhere in the text, with "…" for anything between its parts."""
    return re.compile(".*?".join(re.escape(folded(part)) for part in expected.split("…")), re.DOTALL)


def span(text: str) -> timedelta:
    """A stretch of time as a transcript writes it, such as `3 days`. Raises Malformed."""
    found = CLOCK.fullmatch(text)
    if found is None:
        raise Malformed(f"{text} is no span of time")
    return timedelta(**{f"{found[2]}s": int(found[1])})


def _everything(shown: list[Shown]) -> str:
    return "\n".join(each.text for each in shown)
