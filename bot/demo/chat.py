"""The demo in a terminal: type to the bot as somebody, press a button by its number or its label."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from scheduling.clock import ShiftedClock

from .personas import PERSONAS
from .script import CLOCK, span
from .shown import Press
from .stage import Stage, persona, state
from .talk import NoSuchButton, Talk

STATE = Path("build/chat")
HELP = "Type a message, a button's number or [its label]; /as officer, +1 day, /who, /quit."


def chat(key: str) -> None:
    """Talk as `key` until the input ends. The state is the terminal's own, in build/chat."""
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
        self._console = Console(highlight=False, soft_wrap=True)
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
            self._show()

    def _read(self) -> str | None:
        who = self._talk.persona
        if sys.stdin.isatty():
            self._console.print(f"{who.name} ({who.door})> ", end="")
        line = sys.stdin.readline()
        return line.strip() if line else None

    async def _do(self, line: str) -> None:
        commands: dict[str, Callable[[], None]] = {"/who": self._people, "": lambda: None}
        if line in commands:
            commands[line]()
        elif line.startswith("/as "):
            key = line[4:].strip()
            persona(key)
            self._key = key
        elif line.startswith("+") and CLOCK.fullmatch(line[1:].strip()):
            await self._stage.advance(span(line[1:].strip()))
        elif line.isdecimal() and 0 < int(line) <= len(self._presses):
            await self._presses[int(line) - 1].do()
        elif found := re.fullmatch(r"\[(.+)\]", line):
            await self._talk.press(found[1])
        else:
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
