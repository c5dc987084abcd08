"""Rooms of a meeting's own: a channel in Slack, a topic in Telegram. What a platform that has them can do with one.

What is said in a room goes through its door, with the room's `key` as the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

# Why something in a room does not work, beside those of a message. Some end the room; with others it is out of reach.
GONE = frozenset({"archived", "topic_gone"})
OUT_OF_REACH = frozenset({"left", "not_found"})
OUTSIDE, NOT_THERE, NO_ACCOUNT = "outside", "not_there", "no_account"


@dataclass(frozen=True)
class Where:
    """The channel, group or topic in which somebody did something. `key` is what the platform calls it.

    `group` is that of the whole group a topic is in, `title` its name. `has_topics` says whether topics can be opened
    in it at all, `lacks` which rights Parley would need there and does not have; None where nobody could say.
    """

    platform: str
    key: str
    group: str = ""
    title: str = ""
    has_topics: bool = False
    lacks: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Wanted:
    """What a room is to be. `within` is the group a topic is opened in, by the platform's name for it."""

    ref: str
    title: str
    is_confidential: bool = False
    within: str | None = None


@dataclass(frozen=True)
class Opened:
    """A room that has been opened: what the platform calls it, the address that leads there, and whether it bears its
    title already."""

    key: str
    link: str
    is_titled: bool = False


@dataclass(frozen=True)
class Guest:
    """Somebody who is to be in a room, as the platform knows them."""

    external_id: str
    address: str


class Rooms(Protocol):
    """The rooms of one platform. Each raises a `SendError`; all but `open` may be called twice."""

    async def open(self, wanted: Wanted, *, repeated: bool) -> Opened:
        """Open one. `repeated` says that the outcome of an earlier try is unknown: it may be there already."""

    async def rename(self, key: str, wanted: Wanted) -> None:
        """Let it be called as it is wanted now."""

    async def guard(self, key: str, wanted: Wanted) -> None:
        """Return if nobody from outside reads there; raises Permanent("outside") otherwise."""

    async def bring(self, key: str, people: Mapping[int, Guest]) -> Mapping[int, str | None]:
        """Let people in, or see whether they are: None for each who is there, else why not."""

    async def take_out(self, key: str, people: Mapping[int, Guest]) -> None:
        """Let people read there no longer, where that is ours to say."""

    async def pin(self, key: str, message: Mapping[str, Any]) -> None:
        """Keep a message in sight."""

    async def close(self, key: str) -> None:
        """Nobody can write there any more. What was said stays."""
