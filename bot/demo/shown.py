"""What stands on somebody's screen, in words, and what of it can be pressed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Deed = Callable[[], Awaitable[None]]


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
