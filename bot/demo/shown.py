"""What stands on somebody's screen, in words, and what of it can be pressed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.kit.text import FIRST_STRONG_ISOLATE, POP_ISOLATE, without_isolates

Deed = Callable[[], Awaitable[None]]
INVISIBLE = dict.fromkeys(map(ord, "\u2060\u200e\u200f"))


@dataclass(frozen=True)
class Press:
    """Something that can be pressed: its label, and doing so."""

    label: str
    do: Deed


@dataclass(frozen=True)
class Shown:
    """One thing on a person's screen."""

    id: str
    text: str
    presses: tuple[Press, ...] = ()


def apart(name: str) -> str:
    """A name of any script, so that it does not turn the English sentence around it."""
    return f"{FIRST_STRONG_ISOLATE}{name}{POP_ISOLATE}"


def legible(text: str) -> str:
    """`text` as the eye sees it: without direction marks and joiners."""
    return without_isolates(text).translate(INVISIBLE)
