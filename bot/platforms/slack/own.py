"""Whether what stands in our name is ours: Slack tells an app of its own posts, and whoever has its token posts as it.

Heard of is what is posted in the conversations whose messages we are given, those with one person. An edit, or a post
in a channel, shows nowhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

import structlog

from bot.kit.door import Unknown
from scheduling.clock import Clock, monotonic

log = structlog.get_logger()

POSTS = frozenset({"chat.postMessage", "files.completeUploadExternal"})
POSTED = frozenset({None, "bot_message", "file_share", "thread_broadcast"})
KEPT = 15 * 60.0  # seconds: Slack's last try to tell of a post is about six minutes after it
MARGIN = 1.0  # seconds: Slack shows its clock in whole ones

Json = dict[str, Any]


@dataclass
class _Post:
    """One that we do not know: it may be among those that were `under_way` when Slack told of it."""

    names: frozenset[str]
    channel: str
    under_way: set[int]


class Own:
    """Makes calls through `perform`, and knows by that what we posted.

    Slack tells of a post perhaps before it answers the call that made it: such a one is judged when every call that was
    under way has ended. Each call whose outcome stays unknown excuses one post for a while. What was posted before this
    process began is not judged, for the one before it may have died over it. Where several processes post (`shares`)
    none knows what the others did, and nothing is judged.
    """

    def __init__(self, perform: Callable[[str, Json], Awaitable[Json]], clock: Clock, *, shares: bool = False) -> None:
        self.stolen_at: datetime | None = None  # when we last heard of a post that is not ours
        self._perform = perform
        self._clock = clock
        self._shares = shares
        self._bot: str | None = None
        self._since: float | None = None  # by Slack's clock: of what is posted after it we know which is ours
        self._ours: set[str] = set()
        self._by_age: deque[tuple[float, str, float]] = deque()
        self._numbers = count()
        self._under_way: set[int] = set()
        self._unanswered: deque[float] = deque()
        self._waiting: list[_Post] = []

    def begin(self, bot: str, ahead: float) -> None:
        """From now on: `bot` is our name as a poster, `ahead` by how many seconds our clock is before Slack's."""
        self._bot = bot
        if self._since is None:
            self._since = self._clock.now().timestamp() - ahead + MARGIN

    async def perform(self, method: str, arguments: Json) -> Json:
        """`perform`, remembering what it posts."""
        if method not in POSTS:
            return await self._perform(method, arguments)
        number = next(self._numbers)
        self._under_way.add(number)
        try:
            for each in arguments.get("files", ()):
                self._note(str(each["id"]), 0.0)
            answer = await self._perform(method, arguments)
            if "ts" in answer:
                self._note(_place(answer["channel"], answer["ts"]), float(answer["ts"]))
        except BaseException as error:
            if isinstance(error, Unknown) or not isinstance(error, Exception):
                self._unanswered.append(monotonic())
            raise
        else:
            return answer
        finally:
            self._under_way.discard(number)
            self._ended(number)

    def hear(self, body: Mapping[str, Any]) -> None:
        """A payload of Slack's: whether it tells of a post in our name, and whose it is."""
        event = body.get("event")
        if body.get("type") != "event_callback" or not isinstance(event, Mapping) or event.get("type") != "message":
            return
        if self._shares or self._bot is None or event.get("bot_id") != self._bot or event.get("subtype") not in POSTED:
            return
        try:
            at = float(event["ts"])
        except (LookupError, TypeError, ValueError):
            return
        if self._since is None or at <= self._since:
            return
        files = {str(each["id"]) for each in event.get("files") or () if isinstance(each, Mapping) and "id" in each}
        channel = str(event.get("channel"))
        post = _Post(frozenset({_place(channel, event.get("ts")), *files}), channel, set(self._under_way))
        if not post.under_way:
            self._judge(post)
        else:
            self._waiting.append(post)

    def _ended(self, number: int) -> None:
        for post in list(self._waiting):
            post.under_way.discard(number)
            if not post.under_way:
                self._waiting.remove(post)
                self._judge(post)

    def _judge(self, post: _Post) -> None:
        if not post.names.isdisjoint(self._ours):
            return
        while self._unanswered and monotonic() - self._unanswered[0] > KEPT:
            self._unanswered.popleft()
        if self._unanswered:
            self._unanswered.popleft()
            return
        self.stolen_at = self._clock.now()
        log.error("somebody else posts as us", channel=post.channel, posts=sorted(post.names))

    def _note(self, name: str, at: float) -> None:
        """Know a post of ours, made `at` by Slack's clock. What is older than one that is forgotten is not judged."""
        now = monotonic()
        self._ours.add(name)
        self._by_age.append((now, name, at))
        while self._by_age and now - self._by_age[0][0] > KEPT:
            _noted, old, posted = self._by_age.popleft()
            self._ours.discard(old)
            self._since = max(self._since or posted, posted)


def _place(channel: object, ts: object) -> str:
    return f"{channel} {ts}"
