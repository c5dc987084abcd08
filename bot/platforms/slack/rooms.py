"""Private channels of a meeting's own: made, filled, pinned in, archived."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bot.kit.clean import shorten
from bot.kit.door import Permanent
from bot.kit.rooms import NOT_THERE, OUTSIDE, Guest, Opened, Wanted

from .errors import MethodRefused, SlackRefused

Json = dict[str, Any]

LONGEST_NAME, LONGEST_TOPIC = 80, 250
NAMES = 5  # tried, one after the other, while each is taken
TOGETHER = 100  # people in one invitation
PAGE = 200
OTHER_WORKSPACE = "other_workspace"
# In the channel, or gone from it, whoever made it so.
THERE, AWAY = frozenset({"already_in_channel"}), frozenset({"not_in_channel", "user_not_found"})
# Why one person cannot be let in, by Slack's word for it.
WHY = {
    "cant_invite": "deactivated",
    "no_external_invite_permission": OTHER_WORKSPACE,
    "not_in_team": OTHER_WORKSPACE,
    "org_user_not_in_team": OTHER_WORKSPACE,
    "ura_max_channels": "guest",
    "user_is_restricted": "guest",
    "user_is_ultra_restricted": "guest",
    "user_not_found": NOT_THERE,
}
# What no invitation to this channel can do, whomever it is for.
NOBODY = frozenset(
    {"channel_not_found", "is_archived", "method_not_supported_for_channel_type", "not_in_channel", "restricted_action"}
)


class SlackRooms:
    """Implements `bot.kit.rooms.Rooms`. `us` gives our team and our own user there, once we are connected."""

    def __init__(self, perform: Callable[[str, Json], Awaitable[Json]], us: Callable[[], tuple[str, str]]) -> None:
        self._perform = perform
        self._us = us

    async def open(self, wanted: Wanted, *, repeated: bool) -> Opened:
        name = channel_name(wanted)
        if repeated and (own := await self._own(name)) is not None:
            return self._opened(own)
        for number in range(1, NAMES + 1):
            called = name if number == 1 else f"{name[: LONGEST_NAME - 2]}-{number}"
            try:
                made = await self._call("conversations.create", {"name": called, "is_private": True})
            except SlackRefused as refused:
                if refused.error != "name_taken" or number == NAMES:
                    raise
            else:
                return self._opened(str(made["channel"]["id"]))
        raise LookupError("the last name is taken or not")

    async def rename(self, key: str, wanted: Wanted) -> None:
        """A channel keeps its name, by which people know it; its topic says what it is about."""
        topic = f"{wanted.ref} {wanted.title}".strip()
        for fits in range(LONGEST_TOPIC, 0, -10):  # Slack reads a topic as markup, whoever's words it has
            escaped = plain_escaped(shorten(topic, fits, unit="utf16"))
            if len(escaped) <= LONGEST_TOPIC:
                break
        await self._call("conversations.setTopic", {"channel": key, "topic": escaped})

    async def guard(self, key: str, wanted: Wanted) -> None:
        if not wanted.is_confidential:
            return
        channel = (await self._call("conversations.info", {"channel": key}))["channel"]
        shared = ("is_ext_shared", "is_pending_ext_shared", "is_org_shared")
        if not channel.get("is_private") or any(channel.get(flag) for flag in shared):
            raise Permanent(OUTSIDE)

    async def bring(self, key: str, people: Mapping[int, Guest]) -> Mapping[int, str | None]:
        team, _own = self._us()
        found: dict[int, str | None] = {}
        users: dict[str, int] = {}
        for person, guest in people.items():
            if guest.external_id.partition(":")[0] == team:
                users[guest.address] = person
            else:
                found[person] = OTHER_WORKSPACE
        names = sorted(users)
        for begin in range(0, len(names), TOGETHER):
            wrong = await self._invite(key, names[begin : begin + TOGETHER])
            found |= {users[name]: wrong.get(name) for name in names[begin : begin + TOGETHER]}
        return found

    async def _invite(self, key: str, names: Sequence[str]) -> dict[str, str]:
        """Let them in together; who was not, and why. What Slack refuses together is asked one by one."""
        try:
            answer = await self._call("conversations.invite", {"channel": key, "users": ",".join(names), "force": True})
        except SlackRefused as refused:
            if refused.error in NOBODY:
                raise
            if len(names) == 1:
                return {} if refused.error in THERE else {names[0]: WHY.get(refused.error, "refused")}
            wrong: dict[str, str] = {}
            for name in names:
                wrong |= await self._invite(key, [name])
            return wrong
        told = [each for each in answer.get("errors") or () if isinstance(each, Mapping)]
        errors = {str(each.get("user")): str(each.get("error")) for each in told}
        return {name: WHY.get(why, "refused") for name, why in errors.items() if why not in THERE}

    async def take_out(self, key: str, people: Mapping[int, Guest]) -> None:
        for guest in people.values():
            try:
                await self._call("conversations.kick", {"channel": key, "user": guest.address})
            except SlackRefused as refused:
                if refused.error not in AWAY:
                    raise

    async def pin(self, key: str, message: Mapping[str, Any]) -> None:
        try:
            await self._call("pins.add", {"channel": key, "timestamp": message["ts"]})
        except SlackRefused as refused:
            if refused.error != "already_pinned":
                raise

    async def close(self, key: str) -> None:
        try:
            await self._call("conversations.archive", {"channel": key})
        except SlackRefused as refused:
            if refused.error != "already_archived":
                raise

    async def _own(self, name: str) -> str | None:
        """A private channel by that name that we have made: an earlier try whose answer was lost."""
        _team, us = self._us()
        cursor = ""
        while True:
            asked: Json = {"types": "private_channel", "exclude_archived": "true", "limit": PAGE, "cursor": cursor}
            answer = await self._call("conversations.list", asked)
            for each in answer.get("channels", ()):
                if each.get("name") == name and each.get("creator") == us:
                    return str(each["id"])
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return None

    async def _call(self, method: str, arguments: Json) -> Json:
        """One call. That the app may not do this is for somebody to mend, so it is said instead of waited for."""
        try:
            return await self._perform(method, arguments)
        except MethodRefused as refused:
            raise Permanent(refused.error, refused.needed) from None

    def _opened(self, channel: str) -> Opened:
        team, _us = self._us()
        return Opened(channel, f"https://slack.com/app_redirect?team={team}&channel={channel}")


def plain_escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def channel_name(wanted: Wanted) -> str:
    """Its reference and what of its title a channel's name takes: small letters of ASCII, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", f"{wanted.ref} {wanted.title}").encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_NAME].rstrip("-")
