"""How fast each platform may be written to, by all processes together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol


class Rates(Protocol):
    """What whoever sends to many knows of the platforms' limits."""

    async def slots(self, door: str, most: int) -> Sequence[float]:
        """When the next messages of a broadcast may leave through `door`: one or more instants of the loop's clock,
        at most `most`, in order. A slot that was missed is not made up for: ask for another."""

    async def told_to_wait(self, door: str, pause: timedelta) -> None:
        """The platform has asked for a pause: nobody sends there before it is over."""


class Unlimited:
    """No limit that we know of: every slot is now. For tests, and where nothing but ourselves is written to."""

    async def slots(self, door: str, most: int) -> Sequence[float]:
        return [asyncio.get_running_loop().time()] * most

    async def told_to_wait(self, door: str, pause: timedelta) -> None:
        """Whoever sends waits by themselves."""
