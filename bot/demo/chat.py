"""The demo in a terminal: type to the bot as somebody, press a button by its number or its label."""

from __future__ import annotations

import asyncio
import mimetypes
import re
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from scheduling.clock import ShiftedClock

from .personas import BY_KEY, PERSONAS, ZONE
from .script import CLOCK, span
from .shown import Press
from .stage import Stage, persona, state
from .talk import NoSuchButton, Talk

STATE = Path("build/chat")
HELP = """Type a message, a button's number or [its label]; > 2 types a number. ! FILE sends a file,
~ blocks the bot in Telegram, + 1 day moves the clock, /as officer is somebody else, /who says whom you can be,
/quit ends."""


def chat(key: str) -> None:
    """Talk as `key` until the input ends. The state is the terminal's own, in build/chat."""
    if key not in BY_KEY:
        raise SystemExit(f"parley: nobody here is called {key}; there are {', '.join(BY_KEY)}")
    with state(STATE) as url:
        stage = Stage(database_url=url, clock=ShiftedClock())
        try:
            asyncio.run(_Terminal(stage, key).run())
        finally:
            stage.close()


class _Terminal:
    def __init__(self, stage: Stage, key: str) -> None:
        self._stage = stage
        self._key = key
        self._talks: dict[str, Talk] = {}
        # What people write is no markup, and no emoji code of Rich's.
        self._console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
        self._presses: list[Press] = []

    @property
    def _talk(self) -> Talk:
        return self._talks.setdefault(self._key, Talk(self._stage, persona(self._key)))

    async def run(self) -> None:
        await self._stage.begin()
        self._console.print(HELP)
        self._show()
        while True:
            line = await asyncio.to_thread(self._read)
            if line is None or line in ("/quit", "/exit"):
                return
            try:
                await self._do(line)
            except (NoSuchButton, KeyError) as error:
                self._console.print(str(error.args[0]))
            except OSError as error:
                self._console.print(f"{error.filename}: {error.strerror}")
            self._show()

    def _read(self) -> str | None:
        who = self._talk.persona
        self._console.print(f"{who.name} ({who.door})> ", end="")
        line = sys.stdin.readline()
        if not sys.stdin.isatty():
            self._console.print(line.rstrip("\n"))  # a terminal shows it by itself
        return line.strip() if line else None

    async def _do(self, line: str) -> None:
        sign, rest = line[:1], line[1:].strip()
        if line == "/who":
            self._people()
        elif line.startswith("/as "):
            self._key = persona(line[4:].strip()).key
        elif sign == "+" and CLOCK.fullmatch(rest):
            await self._stage.advance(span(rest))
            self._console.print(f"It is {self._stage.clock.now().astimezone(ZoneInfo(ZONE)):%A %d %B %Y, %H:%M}.")
        elif sign == "!" and rest:
            kind = mimetypes.guess_type(rest)[0] or "application/octet-stream"
            await self._talk.attach(Path(rest).name, kind, await asyncio.to_thread(_bytes_of, rest))
        elif line == "~" and self._talk.persona.door == "telegram":
            await self._stage.blocks(self._talk.persona)
        elif sign == ">" and rest:
            await self._talk.say(rest)  # as in a transcript: a number is an answer then, and no button
        elif line.isdecimal() and 0 < int(line) <= len(self._presses):
            await self._presses[int(line) - 1].do()
        elif found := re.fullmatch(r"\[(.+)\]", line):
            await self._talk.press(found[1])
        elif line:
            await self._talk.say(line)

    def _show(self) -> None:
        """What is new for this person; its buttons are numbered."""
        fresh = self._talk.fresh()
        if not fresh:
            return
        self._presses = []
        for shown in fresh:
            text = Text(shown.text)
            for press in shown.presses:
                self._presses.append(press)
                text.append(f"\n  {len(self._presses)}. [{press.label}]", style="bold cyan")
            self._console.print(Panel(text) if self._console.is_terminal else text)

    def _people(self) -> None:
        for each in PERSONAS:
            self._console.print(f"{each.key}: {each.name}, {each.what} ({each.door})")


def _bytes_of(file: str) -> bytes:
    return Path(file).expanduser().read_bytes()
