"""Everything that a process writes to its SQLite files, and says to the platforms, in one file and in order.

SQLite reaches files through a table of functions, its VFS. A copy of the one in use, with open, delete, write, truncate
and sync of our own in front, is made the default: portable to wherever Python's `sqlite3` is linked to a SQLite that
shows its symbols, and it needs neither root, FUSE, ptrace nor a compiler, as other recorders of writes do.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import json
import os
import threading
from collections.abc import Iterator
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDED = 0x100 | 0x800 | 0x80000  # SQLITE_OPEN_MAIN_DB, _MAIN_JOURNAL, _WAL

# SQLite keeps the very address of a file's name, from which it makes that of its shared memory: no copy of Python's.
OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
DELETE = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
SYNC = CFUNCTYPE(c_int, c_void_p, c_int)


class Vfs(Structure):
    """`sqlite3_vfs`, as far as it concerns us."""

    _fields_ = (
        ("version", c_int),
        ("file_size", c_int),
        ("longest_path", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", OPEN),
        ("delete", DELETE),
        ("others", c_void_p * 14),
    )


class Methods(Structure):
    """`sqlite3_io_methods`, as far as it concerns us."""

    _fields_ = (
        ("version", c_int),
        ("close", c_void_p),
        ("read", c_void_p),
        ("write", WRITE),
        ("truncate", TRUNCATE),
        ("sync", SYNC),
        ("others", c_void_p * 13),
    )


@dataclass(frozen=True)
class Record:
    """One thing done: write, truncate, sync or delete of a file, or `said` to a platform."""

    what: str
    file: str = ""
    offset: int = 0
    data: bytes = b""


class Recorder:
    """Appends records to the file `path`; nothing is held back."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._lock = threading.Lock()
        self._alive: list[Any] = []  # what C points to must not be collected
        self._names: dict[int, str] = {}
        self._ours: dict[int, Methods] = {}

    def note(self, what: str, file: str = "", offset: int = 0, data: bytes = b"") -> None:
        head = json.dumps({"what": what, "file": file, "offset": offset, "length": len(data)}).encode()
        with self._lock:
            os.write(self._file, head + b"\n" + data)

    def install(self) -> None:
        """Record every file that is opened from now on. Raises AttributeError where SQLite hides its symbols."""
        library = find()
        library.sqlite3_vfs_find.restype = POINTER(Vfs)
        real = library.sqlite3_vfs_find(None).contents
        ours = Vfs.from_buffer_copy(real)
        ours.name = b"recording"

        def opened(vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
            code = int(real.open(vfs, name, file, flags, out))
            if code == 0 and name is not None and flags & RECORDED:
                self._wrap(file, os.path.basename(ctypes.string_at(name).decode()))
            return code

        def deleted(vfs: int, name: bytes, sync: int) -> int:
            code = int(real.delete(vfs, name, sync))
            self.note("delete", os.path.basename(name.decode()))
            return code

        ours.open, ours.delete = OPEN(opened), DELETE(deleted)
        self._alive += [real, ours]
        library.sqlite3_vfs_register(ctypes.byref(ours), 1)

    def _wrap(self, file: int, name: str) -> None:
        """Put our functions in front of an open file's; its first word points to them."""
        self._names[file] = name
        place = ctypes.cast(file, POINTER(c_void_p))
        theirs = place[0]
        if theirs not in self._ours:
            self._ours[theirs] = self._in_front_of(Methods.from_address(theirs))
        place[0] = ctypes.addressof(self._ours[theirs])

    def _in_front_of(self, real: Methods) -> Methods:
        def write(file: int, data: int, length: int, offset: int) -> int:
            code = int(real.write(file, data, length, offset))
            self.note("write", self._names[file], offset, ctypes.string_at(data, length))
            return code

        def truncate(file: int, size: int) -> int:
            code = int(real.truncate(file, size))
            self.note("truncate", self._names[file], size)
            return code

        def sync(file: int, flags: int) -> int:
            code = int(real.sync(file, flags))
            self.note("sync", self._names[file])
            return code

        ours = Methods.from_buffer_copy(real)
        ours.write, ours.truncate, ours.sync = WRITE(write), TRUNCATE(truncate), SYNC(sync)
        self._alive += [real, ours]
        return ours


def find() -> ctypes.CDLL:
    """The SQLite that Python's own module uses. Raises AttributeError where it cannot be reached."""
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find, library.sqlite3_vfs_register  # noqa: B018  looked up now
    return library


def recorded(path: Path) -> Iterator[Record]:
    """What was recorded, oldest first."""
    with path.open("rb") as file:
        for line in file:
            head = json.loads(line)
            yield Record(head["what"], head["file"], head["offset"], file.read(head["length"]))
