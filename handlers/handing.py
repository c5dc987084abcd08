"""What passes on when an office is handed over: each capability says what of its own somebody holds there.

    @moves(_("Open actions"))
    def open_actions(ctx: Context, leaving: Leaving) -> Sequence[Held]: ...

What is found is shown first, line by line, and given afterwards, in one turn: nothing here changes anything until it is
given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.kit.context import Context
from bot.kit.text import Phrase, Text


@dataclass(frozen=True)
class Leaving:
    """Somebody of an office that hands over. `everything`: all they hold here passes on, not the region's alone."""

    person_id: int
    region: str
    everything: bool


@dataclass(frozen=True)
class Held:
    """One thing to be handed over.

    `key` names the row and whatever of it matters: when it has become another by the time it is given, whoever agreed
    to it is asked again. All things are let go of before the first is given, because whoever leaves one post may follow
    in another: `let_go(ctx)`, then `give(ctx, person_id, until)`, where `until` is the end of that person's term.
    """

    key: str
    shown: Text
    give: Callable[..., None]
    let_go: Callable[[Context], None] = lambda ctx: None


Find = Callable[[Context, Leaving], Sequence[Held]]
MOVES: list[tuple[Phrase, Find]] = []


def moves(title: Phrase) -> Callable[[Find], Find]:
    """Register what finds one kind of things that pass on; `title` stands above them."""

    def register(find: Find) -> Find:
        MOVES.append((title, find))
        return find

    return register
