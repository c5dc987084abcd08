"""Where people are chosen by a consultation: figures that give nobody's voice away.

Whoever runs one may write to those who took part. By putting criteria together until one person is left they would
learn from a count, or from what became of a copy, that this person voted: so nothing under five is told there, names
are not, and nothing goes to fewer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from bot.kit.screen import Refusal
from bot.kit.text import Phrase, _
from db.broadcasts import Broadcast, By, Selection
from db.small_groups import LEAST

K = TypeVar("K")
UNTOLD = _("Nobody is named where people are chosen by what they took part in.")
UNTOLD_FIGURES = _("Figures under five are not told where people are chosen by what they took part in.")
TOO_FEW = _(
    "It is for fewer than five people, chosen by what they took part in: that would give them away. Please choose more."
)
OTHERS = _("Others together")


def is_about_voices(broadcast: Broadcast) -> bool:
    """Whether a consultation is among its criteria."""
    selection = Selection.from_json(broadcast.audience)
    return any(each.by is By.CONSULTATION for each in (*selection.include, *selection.exclude))


def hides(broadcast: Broadcast, count: int) -> bool:
    """Whether that many people are too few to be told of."""
    return count < LEAST and is_about_voices(broadcast)


def figure(broadcast: Broadcast, count: int) -> int | Phrase:
    """`count`, or that it is small."""
    return _("fewer than five") if hides(broadcast, count) else count


def must_be_enough(broadcast: Broadcast, count: int) -> None:
    """Raises Refusal where it is for nobody, or where sending it would tell who took part."""
    if hides(broadcast, count):
        raise Refusal(TOO_FEW)
    if not count:
        raise Refusal(_("It is for nobody: please look at whom you have chosen."))


def gathered(broadcast: Broadcast, rows: Iterable[tuple[K, tuple[int, ...]]]) -> list[tuple[K | None, tuple[int, ...]]]:
    """Rows of figures that begin with how many people they are about; those about too few in one, under None.

    The smallest of the others is put to them as long as they are too few together: the total would tell them.
    """
    if not is_about_voices(broadcast):
        return list(rows)
    kept = sorted(rows, key=lambda each: -each[1][0])
    few: list[tuple[int, ...]] = []
    while kept and (kept[-1][1][0] < LEAST or (few and sum(each[0] for each in few) < LEAST)):
        few.append(kept.pop()[1])
    together = tuple(map(sum, zip(*few, strict=True)))
    return [*kept, *([(None, together)] if few else [])]
