"""Words that are no command: the nearest commands, as buttons. A guess is never run. And what commands are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rapidfuzz import fuzz, process, utils

from bot.kit.capability import Command, Registry
from bot.kit.clean import shorten
from bot.kit.screen import Button, Screen
from bot.kit.text import Catalogues, Raw, Reader, Writer, _

CUT_OFF = 72
MOST = 3
COMMAND_WORDS = 4  # more words than a command's name has are something to say
SHOWN = 80  # graphemes of somebody's words that are repeated to them


class Titles:
    """What the commands of the menu are called. All that anybody types is compared with all of them: written once."""

    def __init__(self, registry: Registry, catalogues: Catalogues) -> None:
        self._menu = registry.menu
        self._catalogues = catalogues
        self._written: dict[str, dict[str, str]] = {}

    def of(self, language: str) -> Mapping[str, str]:
        """As buttons show it to whoever reads `language`, by the command's name."""
        if language not in self._written:
            write = Writer(self._catalogues, Reader(language, "UTC")).plain
            self._written[language] = {command.name: write(command.title) for command in self._menu}
        return self._written[language]


def nearest(words: str, commands: Sequence[Command], titles: Mapping[str, str]) -> list[Command]:
    """The commands whose verb or title, in the person's language, is most like `words`, best first."""
    names: dict[tuple[str, str], str] = {}
    for command in commands:
        names[command.name, "verb"] = command.verb
        names[command.name, "title"] = titles[command.name]
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


def screen(
    words: str,
    offers: Sequence[Button],
    registry: Registry,
    may: Callable[[Command], bool],
    titles: Mapping[str, str],
) -> Screen:
    """What to answer to `words` that are neither a command nor an answer: what they could be for, then commands."""
    allowed = [command for command in registry.menu if may(command)]
    close = nearest(words, allowed, titles)
    offered = {button.command for button in offers}
    if offers and len(words.split()) > COMMAND_WORDS:
        close, allowed = [], []  # a sentence that has a use: what it merely sounds like would only distract
    shown = [command for command in close or allowed[: MOST * 2] if command.name not in offered]
    said = Raw(shorten(words, SHOWN))
    if offers:
        heading, body = _("You wrote: “{words}”", words=said), _("Your words are not lost: choose what they are for.")
    else:
        heading = _("I did not take “{words}” as a command.", words=said)
        body = _("Did you mean one of these?") if close else _("Here is what I can do.")
    return Screen(
        heading=heading,
        body=(body,),
        buttons=(*offers, *(Button(command.title, command.name) for command in shown)),
    )
