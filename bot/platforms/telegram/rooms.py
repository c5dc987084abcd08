"""Topics of a meeting's own, in a group that an administrator has bound: opened, named, pinned in, closed.

Who reads there is the group's affair: whoever is a member of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.kit.clean import shorten
from bot.kit.door import Permanent, Transient, Unknown
from bot.kit.rooms import NOT_THERE, OUTSIDE, Guest, Opened, Wanted

from .door import NOT_MODIFIED

LONGEST_NAME = 128
IN_IT = frozenset({"creator", "administrator", "member"})
SUPERGROUP = "-100"  # how the number of a group begins that a link names without it


class TelegramRooms:
    """Implements `bot.kit.rooms.Rooms`. A room's key is "group:topic"."""

    def __init__(self, perform: Callable[[str, dict[str, Any]], Awaitable[Any]]) -> None:
        self._perform = perform

    async def open(self, wanted: Wanted, *, repeated: bool) -> Opened:
        """One more, where an earlier try may have made one: Telegram does not tell which there are."""
        if wanted.is_confidential:
            raise Permanent(OUTSIDE)
        if wanted.within is None:
            raise Permanent("not_found", "no group")
        made = await self._perform("createForumTopic", {"chat_id": int(wanted.within), "name": topic_name(wanted)})
        topic = int(made["message_thread_id"])
        internal = wanted.within.removeprefix(SUPERGROUP).removeprefix("-")
        return Opened(f"{wanted.within}:{topic}", f"https://t.me/c/{internal}/{topic}", is_titled=True)

    async def rename(self, key: str, wanted: Wanted) -> None:
        await self._again("editForumTopic", _topic(key) | {"name": topic_name(wanted)})

    async def guard(self, key: str, wanted: Wanted) -> None:
        if wanted.is_confidential:
            raise Permanent(OUTSIDE)

    async def bring(self, key: str, people: Mapping[int, Guest]) -> Mapping[int, str | None]:
        return {person: await self._why_not(key, guest) for person, guest in people.items()}

    async def _why_not(self, key: str, guest: Guest) -> str | None:
        asked = {"chat_id": _topic(key)["chat_id"], "user_id": int(guest.external_id)}
        try:
            member = await self._perform("getChatMember", asked)
        except Permanent as error:
            if error.reason != "not_found":
                raise
            return NOT_THERE
        except Unknown as error:
            raise Transient(str(error)) from None
        is_in = member["status"] in IN_IT or bool(member.get("is_member"))
        return None if is_in else NOT_THERE

    async def take_out(self, key: str, people: Mapping[int, Guest]) -> None:
        """Nobody is put out of somebody else's group."""

    async def pin(self, key: str, message: Mapping[str, Any]) -> None:
        where = {"chat_id": message["chat_id"], "message_id": message["message_id"]}
        await self._again("pinChatMessage", where | {"disable_notification": True})

    async def close(self, key: str) -> None:
        await self._again("closeForumTopic", _topic(key))

    async def _again(self, method: str, parameters: dict[str, Any]) -> None:
        """A call that may be made twice: what is so already is done."""
        try:
            await self._perform(method, parameters)
        except Permanent as error:
            if error.reason != NOT_MODIFIED:
                raise
        except Unknown as error:
            raise Transient(str(error)) from None


def topic_name(wanted: Wanted) -> str:
    return shorten(f"{wanted.ref} {wanted.title}", LONGEST_NAME, unit="utf16")


def _topic(key: str) -> dict[str, int]:
    group, _colon, topic = key.partition(":")
    return {"chat_id": int(group), "message_thread_id": int(topic)}
