"""Words that are no command: the nearest commands, as buttons. A guess is never run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rapidfuzz import fuzz, process, utils

from bot.kit.capability import Command, Registry
from bot.kit.screen import Button, Screen
from bot.kit.text import Raw, _

CUT_OFF = 72
MOST = 3
SENTENCE = 12  # characters: shorter texts are not offered as the beginning of a form


def nearest(words: str, commands: Iterable[Command], write: Callable[[Any], str]) -> list[Command]:
    """The commands whose verb or title, in the person's language, is most like `words`, best first."""
    names: dict[tuple[str, str], str] = {}
    for command in commands:
        names[command.name, "verb"] = command.verb
        names[command.name, "title"] = write(command.title)
    found = process.extract(
        words,
        names,
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        score_cutoff=CUT_OFF,
        limit=MOST * 2,
    )
    by_name = {command.name: command for command in commands}
    ordered = dict.fromkeys(name for _choice, _score, (name, _what) in found)
    return [by_name[name] for name in ordered][:MOST]


def screen(words: str, registry: Registry, may: Callable[[Command], bool], write: Callable[[Any], str]) -> Screen:
    """What to answer to `words` that are neither a command nor an answer."""
    allowed = [command for command in registry.menu() if may(command)]
    close = nearest(words, allowed, write)
    shown = close or allowed[: MOST * 2]
    buttons = [Button(command.title, command.name) for command in shown]
    body: tuple[Any, ...] = (_("Did you mean one of these?") if close else _("Here is what I can do."),)
    if registry.free_text is not None and len(words) >= SENTENCE:
        name, field = registry.free_text
        if may(registry[name]):
            body = (_("If this is something Customs should put right, I can take it down as it is."),)
            first = Button(registry[name].title, name, {field: words})
            buttons = [first, *(button for button in buttons if button.command != name)]
    return Screen(
        heading=_("I did not take “{words}” as a command.", words=Raw(words[:80])),
        body=body,
        buttons=tuple(buttons),
    )
