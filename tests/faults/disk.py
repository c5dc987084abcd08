"""A disk that errs or is full: a copy of SQLite's own way to files, which fails whenever a test says so."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tests.crash.recorder import SYNC, WRITE, Methods, Recorder, find

IOERR_FSYNC, FULL = 10 | 4 << 8, 13  # what SQLite calls them

_EVERY: list[ErringDisk] = []  # a connection may outlive its test: what C points to must not be collected


class ErringDisk(Recorder):
    """Files opened `in_use` go through it; records nothing.

    Its syncs fail while it `errs`. It takes `room` more writes and then is full; None is room enough.
    """

    def __init__(self) -> None:
        super().__init__(Path("/dev/null"))
        self.errs = False
        self.room: int | None = None
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

        def write(file: int, data: int, length: int, offset: int) -> int:
            if self.room is not None:
                if self.room == 0:
                    return FULL
                self.room -= 1
            return int(real.write(file, data, length, offset))

        ours = Methods.from_buffer_copy(real)
        ours.sync, ours.write = SYNC(sync), WRITE(write)
        self._alive += [real, ours]
        return ours
