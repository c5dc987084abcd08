"""What becomes of a payload of Slack's, whichever way it came: kept before Slack is told that we have it, then run.

Events wait for a worker. Commands, taps and modals run here and now, because what Slack is acknowledged with is their
answer and a trigger lives three seconds. Nothing here knows Bolt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import structlog

from bot.kit.door import SendError
from bot.kit.events import Caller
from bot.kit.text import Writer
from bot.platforms.host import Host

from . import draw, fields
from .door import SlackDoor
from .read import PLATFORM, actor, caller_of, home_opened, kept, key, place, token_of

log = structlog.get_logger()

GONE = frozenset({"app_uninstalled", "tokens_revoked"})

Json = dict[str, Any]


class Interactions:
    """Takes payloads in. `caller(team, user)` tells what is known of a person."""

    def __init__(
        self, parley: Host, door: SlackDoor, caller: Callable[[str, str], Awaitable[Mapping[str, Any]]]
    ) -> None:
        self._parley = parley
        self._door = door
        self._caller = caller
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Leave what was going on beside the answers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def finish(self) -> None:
        """Wait for what goes on beside the answers."""
        await asyncio.gather(*self._tasks)

    async def take(self, body: Json) -> Json:
        """Keep what somebody did, run its turn or leave it to a worker, and return Slack's acknowledgement."""
        if body.get("type") == "block_suggestion":
            return await self._options(body)
        if body.get("type") == "event_callback" and body.get("event", {}).get("type") in GONE:
            log.error("slack has removed the app", event_type=body["event"]["type"])
        try:
            where = place(body)
            team, user = actor(body) if where is not None else ("", "")
        except (LookupError, TypeError, AttributeError, ValueError):
            # Nobody can make it out: it is put aside, and what comes behind it flows.
            await self._parley.edge.keep(PLATFORM, key(body), {"body": kept({**body, "view": {}})}, account="?")
            return {}
        if where is None:
            return {}
        caller = await self._caller(team, user)
        stored = {"caller": caller, "body": kept(body)}
        account = f"{caller['team']}:{caller['user']}"
        inbox = await self._parley.edge.keep(PLATFORM, key(body), stored, account=account, later=where == "event")
        if inbox is None or where == "event":
            return {}
        outcome = await self._parley.edge.handle(inbox, reply=self._door.is_message(body))
        if outcome is None:
            return {}
        if where == "submission" and outcome.answer.screen is not None and draw.about(body["view"]).get("from"):
            self._spawn(self._show_home(caller_of(caller)))
        writer = Writer(self._parley.catalogues, outcome.reader)
        try:
            return await self._door.respond(body, outcome.answer, writer)
        except SendError as error:
            log.warning("answer not shown", inbox=inbox, error=str(error))
            return {}

    async def _options(self, body: Json) -> Json:
        """What can be chosen for a field, as somebody types. A read: nothing is kept of it."""
        team, user = actor(body)
        caller = caller_of(await self._caller(team, user))
        wanted = token_of(body["view"]), body["block_id"], str(body.get("value") or "")
        offered, reader = await self._parley.threads.run(self._parley.engine.options, caller, *wanted)
        return {"options": fields.options_of(offered, Writer(self._parley.catalogues, reader))}

    async def _show_home(self, caller: Caller) -> None:
        """Publish the Home tab again: something has just been done from there."""
        look = home_opened(caller)
        outcome = await self._parley.edge.direct(look, trace=f"home-{caller.external_id}")
        writer = Writer(self._parley.catalogues, outcome.reader)
        try:
            await self._door.send(caller.address, outcome.answer, writer, edits=look.message)
        except SendError as error:
            log.info("home not published", error=str(error))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
