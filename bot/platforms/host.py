"""What a platform's wire needs of Parley: the same of every platform, handed to it from above."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from bot.engine import Engine, Outcome
from bot.kit.door import Door
from bot.kit.events import Answer, Event
from bot.kit.rooms import Rooms
from bot.kit.text import Catalogues
from bot.work import Threads
from db.session import Sessions
from scheduling.clock import Clock


class Intake(Protocol):
    """Where an update is committed, and its turn is run."""

    async def keep(
        self, platform: str, key: str, payload: Mapping[str, Any] | str, *, account: str, later: bool = True
    ) -> int | None: ...

    async def handle(self, inbox: int, *, reply: bool | Callable[[Answer], bool] = True) -> Outcome | None: ...

    async def direct(self, event: Event, *, trace: str) -> Outcome: ...


class Host(Protocol):
    """Parley, as far as a wire sees it."""

    sessions: Sessions
    threads: Threads
    clock: Clock
    catalogues: Catalogues
    engine: Engine

    @property
    def edge(self) -> Intake: ...

    def add(self, door: Door, rooms: Rooms | None = None) -> None: ...

    async def stored(self, file_id: int) -> bytes | None: ...
