"""What people attached: brought in from the platform it was sent on, after the turn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.kit.door import Door, Paused, Permanent, Transient, Unknown
from bot.work import Retry, Threads
from db.files import LIMIT, File, FileState, sniffed, store
from db.session import Sessions
from scheduling.clock import Clock

FETCH_PAUSE, FETCHED_WITHIN = timedelta(seconds=15), timedelta(hours=6)


class Fetching:
    """Keeps the bytes of files that are still on their platform, or says why it cannot."""

    def __init__(self, *, sessions: Sessions, threads: Threads, clock: Clock, doors: Mapping[str, Door]) -> None:
        self._sessions = sessions
        self._threads = threads
        self._clock = clock
        self._doors = doors

    async def fetch(self, file: int) -> None:
        """Job body: bring an attachment in from the platform it was sent on."""
        origin = await self._threads.run(self._origin, file)
        if origin is None:
            return
        try:
            data = await self._doors[origin["platform"]].fetch(origin, LIMIT)
        except Permanent as error:
            await self._threads.run(self._not_fetched, file, error.reason)
        except Paused as error:
            raise Retry(error.pause, error.until) from None
        except (Transient, Unknown):
            if await self._threads.run(self._is_too_late, file):
                await self._threads.run(self._not_fetched, file, "unavailable")
            else:
                raise Retry(FETCH_PAUSE) from None
        else:
            await self._threads.run(self._fetched, file, data)

    def _origin(self, file_id: int) -> dict[str, Any] | None:
        with self._sessions.reading() as session:
            file = session.get(File, file_id)
            return file.origin if file is not None and file.state is FileState.WAITING else None

    def _is_too_late(self, file_id: int) -> bool:
        with self._sessions.reading() as session:
            return session.get_one(File, file_id).added_at + FETCHED_WITHIN < self._clock.now()

    def _fetched(self, file_id: int, data: bytes) -> None:
        with self._sessions.writing() as session:
            file = session.get_one(File, file_id)
            media_type = sniffed(data, file.media_type)
            if media_type is None:
                file.state, file.reason = FileState.REFUSED, "program"
                return
            file.media_type, file.size = media_type, len(data)
            file.sha256, file.state, file.origin = store(session, data), FileState.STORED, None

    def _not_fetched(self, file_id: int, reason: str) -> None:
        with self._sessions.writing() as session:
            file = session.get_one(File, file_id)
            file.state, file.reason = FileState.REFUSED, reason
