"""A disk that errs: a copy of SQLite's own way to files, whose syncs fail whenever a test says so."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tests.crash.recorder import SYNC, Methods, Recorder, find

IOERR_FSYNC = 10 | 4 << 8  # what SQLite calls it

_EVERY: list[ErringDisk] = []  # a connection may outlive its test: what C points to must not be collected


class ErringDisk(Recorder):
    """Files opened `in_use` go through it; records nothing."""

    def __init__(self) -> None:
        super().__init__(Path("/dev/null"))
        self.errs = False
        _EVERY.append(self)

    @contextmanager
    def in_use(self) -> Iterator[Self]:
        """Raises AttributeError where SQLite hides its symbols."""
        self.install()
        try:
            yield self
        finally:
            find().sqlite3_vfs_register(ctypes.byref(self._alive[0]), 1)

    def note(self, what: str, file: str = "", offset: int = 0, data: bytes = b"") -> None:
        """Nobody asks."""

    def _in_front_of(self, real: Methods) -> Methods:
        def sync(file: int, flags: int) -> int:
            return IOERR_FSYNC if self.errs else int(real.sync(file, flags))

        ours = Methods.from_buffer_copy(real)
        ours.sync = SYNC(sync)
        self._alive += [real, ours]
        return ours
