"""What everybody above knows of jobs: deferring one inside the caller's transaction, and asking for another try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session


class Retry(Exception):
    """A job asks to run again after `pause`, or at `at`, where it has an instant; it is not counted as a failure.

    With `lock` it goes on under another one. With `why`, one word, those of its lock wait until it has run, as they do
    for one that failed.
    """

    def __init__(
        self, pause: timedelta, at: datetime | None = None, *, lock: str | None = None, why: str | None = None
    ) -> None:
        super().__init__(f"again in {pause}")
        self.pause = pause
        self.at = at
        self.lock = lock
        self.why = why


BROADCAST = "broadcast"  # the job that sends a portion of one
MEND = "mend"  # the job that corrects one
# Those that come by the hundred and mostly wait for their turn at a platform: so many at a time in a process, in places
# of their own for each rank, so that nothing else ever waits for one of them.
IN_BULK, BULK_AT_ONCE = frozenset({BROADCAST, MEND}), 16
RANKS = 3  # of those: while one of a higher rank is due or under way, none of a lower begins
LANES = 4  # portions of one broadcast that are sent at a time, by all processes together
WAITED_FOR = 1  # a job's `first`: somebody waits for it
ANSWER = 2  # what they wait for is there, and only has to be sent: what is begun is ended before anything else begins
URGENT = 1  # that of a job in bulk whose broadcast is urgent: it has the highest rank


def lane(name: str, broadcast: int, number: int) -> str:
    """The lock of what is done with a portion of a broadcast, by its number."""
    return f"{name}:{broadcast}:{number % LANES}"


def rank(name: str, first: int) -> int:
    """Of a job in bulk: what is urgent, then corrections, then all the others."""
    return RANKS - 1 if first else int(name == MEND)


class Work(Protocol):
    """What the engine and delivery know of the job engine."""

    shares: bool  # whether other processes do its jobs as well

    def defer(
        self,
        session: Session,
        name: str,
        *,
        lock: str | None = None,
        at: datetime | None = None,
        first: int = 0,
        **ids: int,
    ) -> None: ...

    def defer_all(
        self, session: Session, name: str, jobs: Sequence[tuple[str | None, Mapping[str, int]]], *, first: int = 0
    ) -> None:
        """The same for many at once, by the lock and the ids of each: they keep their order."""
