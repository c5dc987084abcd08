"""Counts the boundaries that a process crosses, and kills it at one: memory that it shares with its test."""

from __future__ import annotations

import mmap
import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

# Before a statement; before a commit and after it; before bytes leave and after; after bytes have come.
KINDS = ("statement", "commit", "committed", "send", "sent", "received")
NOWHERE = -1
WORD = 8
SIZE = WORD * (2 + len(KINDS))


@dataclass(frozen=True, order=True)
class Point:
    """The `number`th boundary of a `kind`, counted from 1 since the meter was set."""

    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class Meter:
    """One file mapped by two processes: where to kill, and how many boundaries of each kind there have been."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            self._words = memoryview(mmap.mmap(file.fileno(), SIZE)).cast("q")
        self._lock = threading.Lock()

    # The test's side

    holds = False

    def set(self, at: Point | None) -> None:
        """Count from nothing, and kill at `at`."""
        self._words[0] = NOWHERE
        for place in range(len(KINDS)):
            self._words[2 + place] = 0
        if at is not None:
            self._words[1] = at.number
            self._words[0] = KINDS.index(at.kind)

    async def attach(self, _pid: int) -> None:
        """Every process has it from its beginning."""

    async def off(self) -> dict[str, int]:
        """Kill nobody any more: how many boundaries of each kind were crossed."""
        self._words[0] = NOWHERE
        return self.counts

    @property
    def counts(self) -> dict[str, int]:
        """How many boundaries of each kind have been crossed since it was set."""
        return {kind: self._words[2 + place] for place, kind in enumerate(KINDS)}

    # The process's side

    def cross(self, kind: str) -> None:
        """Come to a boundary: here it may end."""
        place = KINDS.index(kind)
        with self._lock:
            self._words[2 + place] += 1
            if self._words[0] == place and self._words[2 + place] == self._words[1]:
                os.kill(os.getpid(), signal.SIGKILL)
