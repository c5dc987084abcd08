"""Which calls of a platform must wait because it said so: in its own bucket each, method and chat, never the others.

Kept in memory: a process that begins anew is told again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

LONGEST = timedelta(minutes=5)
STORM = 5  # so many chats of one method told to wait at once are no longer about the chats
EVERY = ""


class Pauses:
    """The pauses of one platform, at the instants it is handed."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], datetime] = {}

    def until(self, method: str, chat: str, at: datetime) -> datetime | None:
        """When a call may be made that must not be made at `at`."""
        buckets = ((method, chat), (method, EVERY), (EVERY, EVERY))
        ends = [self._until[bucket] for bucket in buckets if bucket in self._until]
        return max((end for end in ends if self._is_open(end, at)), default=None)

    def pause(self, method: str, chat: str, at: datetime, by: timedelta) -> datetime:
        """Let calls of `method` to `chat` wait from `at` on, at most five minutes; returns until when.

        Without a chat all calls of the method wait, without a method all calls. A fifth chat that is told to wait while
        four others do pauses the method: the platform means its own limit then, and must not be asked for each chat.
        """
        end = at + min(by, LONGEST)
        self._until = {bucket: until for bucket, until in self._until.items() if self._is_open(until, at)}
        self._until[method, chat] = end
        chats = [bucket for bucket in self._until if bucket[0] == method and bucket[1] != EVERY]
        if len(chats) >= STORM:
            self._until[method, EVERY] = end
        return end

    def widest(self, method: str, chat: str, at: datetime) -> tuple[str, str]:
        """Which calls a pause that was asked for just now is about, method and chat."""
        is_storm = self.until(method, EVERY, at) is not None
        return method, EVERY if is_storm else chat

    @staticmethod
    def _is_open(end: datetime, at: datetime) -> bool:
        # One that is further away than any pause was made before somebody turned the clock back.
        return at < end <= at + LONGEST
