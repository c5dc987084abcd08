"""One person's side of a conversation as words: what is new on their screen, what they can press, what they type.

The same on every door, so that a terminal, a transcript and a test speak to all of them alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .personas import Persona
from .sheet import Sheet
from .shown import Deed, Press, Shown, legible
from .stage import Stage


class NoSuchButton(Exception):
    """Nothing on the screen is called that; the message lists what is."""


@dataclass
class Talk:
    """What `persona` sees and does."""

    stage: Stage
    persona: Persona
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def screen(self) -> list[Shown]:
        """Everything that Parley shows this person, oldest first."""
        if self.persona.door == "slack":
            return Sheet(self.stage, self.persona).shown()
        return [
            Shown(
                str(item.id),
                item.text,
                tuple(Press(label, self._tap(item.id, data)) for label, data in item.buttons),
            )
            for item in self.stage.chats.chat(self.persona)
            if item.from_bot
        ]

    def fresh(self) -> list[Shown]:
        """What was not there, or not in these words, when this was asked last."""
        now = self.screen()
        new = [each for each in now if (each.id, each.text) not in self._seen]
        self._seen |= {(each.id, each.text) for each in now}
        return new

    async def say(self, text: str) -> None:
        """Type `text`; in an open modal it goes into the next empty input."""
        if self.persona.door == "slack" and await Sheet(self.stage, self.persona).types(text):
            return
        await self.stage.says(self.persona, text)

    async def attach(self, name: str, media_type: str, data: bytes) -> None:
        """Send a file; in an open modal it goes into the input for files."""
        if self.persona.door == "slack" and await Sheet(self.stage, self.persona).attaches(name, media_type, data):
            return
        await self.stage.attaches(self.persona, name, media_type, data)

    async def press(self, label: str) -> None:
        """Press the newest thing that is called `label`. Raises NoSuchButton."""
        screen = self.screen()
        for each in reversed(screen):
            for press in each.presses:
                if folded(press.label) == folded(label):
                    await press.do()
                    return
        offered = dict.fromkeys(press.label for each in screen[-3:] for press in each.presses)
        raise NoSuchButton(f"there is no [{label}]; there are {', '.join(f'[{each}]' for each in offered) or 'none'}")

    def _tap(self, message: int, data: str) -> Deed:
        async def tap() -> None:
            await self.stage.taps(self.persona, message, data)

        return tap


def folded(text: str) -> str:
    """`text` for comparing: as the eye sees it, white space folded."""
    return " ".join(legible(text).split())
