"""A power cut, simulated: of what was written only what was synced is sure to be there, of the rest any part may be."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Self

from bot.platforms.slack.read import key as slack_key
from tests.fakes.slack.check import Json
from tests.fakes.telegram.world import BOT_ID

from .recorder import Record

SECTOR = 512
# How much of each unsynced write is there after the cut: a number of its bytes.
Survives = Callable[[Record], int]

CONFIRMS = re.compile(rb'"?offset"?[=:] ?"?(\d+)')
ACKNOWLEDGES = re.compile(rb'"envelope_id": ?"([^"]+)"')
POSTS = re.compile(rb"POST \S*/(?:sendMessage|chat\.postMessage) ")


def nothing(_write: Record) -> int:
    return 0


def everything(write: Record) -> int:
    return len(write.data)


def some(by: random.Random) -> Survives:
    """Writes that are there, are not, or are torn between two sectors."""

    def survives(write: Record) -> int:
        whole = len(write.data)
        return by.choice((0, whole, by.randrange(whole // SECTOR + 1) * SECTOR))

    return survives


class Disk:
    """The files of one database: what is sure to be there, and what has been written since."""

    def __init__(self, database: bytes, name: str) -> None:
        self.name = name
        self._sure: dict[str, bytearray] = {name: bytearray(database)}
        self._unsure: dict[str, list[Record]] = {}

    @classmethod
    def of(cls, path: Path) -> Self:
        """Where the file at `path` is all there is."""
        return cls(path.read_bytes(), path.name)

    def take(self, record: Record) -> None:
        if record.what in {"write", "truncate"}:
            self._unsure.setdefault(record.file, []).append(record)
        elif record.what == "sync":
            content = self._sure.setdefault(record.file, bytearray())
            for each in self._unsure.pop(record.file, ()):
                _apply(content, each, len(each.data))
        elif record.what == "delete":
            self._sure.pop(record.file, None)
            self._unsure.pop(record.file, None)

    def cut(self, folder: Path, survives: Survives) -> Path:
        """Write into `folder` what is left, and give the database's path."""
        for old in folder.iterdir():
            old.unlink()
        for name in {*self._sure, *self._unsure}:
            content = bytearray(self._sure.get(name, b""))
            for each in self._unsure.get(name, ()):
                _apply(content, each, survives(each))
            (folder / name).write_bytes(content)
        return folder / self.name


def _apply(content: bytearray, record: Record, length: int) -> None:
    if record.what == "truncate":
        del content[record.offset :]
        content.extend(bytes(record.offset - len(content)))
    elif length:
        content.extend(bytes(max(0, record.offset - len(content))))
        content[record.offset : record.offset + length] = record.data[:length]


class Confirmed:
    """What the platforms had been told by then: updates that we have, and messages."""

    def __init__(self, envelopes: Mapping[str, Json], first_update: int) -> None:
        self._envelopes = envelopes
        self._first = first_update
        self.keys: set[str] = set()
        self.posts = 0

    def take(self, record: Record) -> None:
        for number in CONFIRMS.findall(record.data):
            self.keys |= {f"{BOT_ID}:{each}" for each in range(self._first, int(number))}
        for name in ACKNOWLEDGES.findall(record.data):
            payload = self._envelopes[name.decode()]
            is_ours = "bot_id" in payload.get("event", {})  # what we said ourselves is looked at, and not kept
            if payload.get("type") != "block_suggestion" and not is_ours:
                self.keys.add(slack_key(payload))
        self.posts += len(POSTS.findall(record.data))


def moments(records: Iterable[Record], disk: Disk, confirmed: Confirmed) -> Iterator[str]:
    """Play the records, stopping before and after every sync and after every word to a platform."""
    for number, record in enumerate(records):
        if record.what == "said":
            before = (set(confirmed.keys), confirmed.posts)
            confirmed.take(record)
            if before != (confirmed.keys, confirmed.posts):
                yield f"after record {number}, a word to a platform"
            continue
        if record.what == "sync":
            yield f"before record {number}, a sync of {record.file}"
        disk.take(record)
        if record.what == "sync":
            yield f"after record {number}, a sync of {record.file}"


def wrong_with(database: Path, confirmed: Confirmed) -> Iterator[str]:
    """What is not as it should be in a database found after a cut."""
    with closing(sqlite3.connect(database)) as connection:
        verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            yield f"integrity: {verdict}"
            return
        kept = {key for (key,) in connection.execute("SELECT key FROM inbox")}
        sent = "SELECT count(*) FROM outgoing WHERE state IN ('sending', 'accepted')"
        known = connection.execute(sent).fetchone()[0]
    yield from (f"confirmed but not kept: {key}" for key in confirmed.keys - kept)
    if known < confirmed.posts:
        yield f"{confirmed.posts} messages were sent, {known} are known"
