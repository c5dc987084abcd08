"""The line to Slack: Bolt brings in what people do, each of it kept before Slack is told that we have it.

Events wait for a worker. Commands, taps and modals run here and now, because what Slack is acknowledged with is their
answer and a trigger lives three seconds.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.engine import Engine, Outcome
from bot.kit.door import Door, SendError
from bot.kit.events import Answer, Caller, Event
from bot.kit.text import Catalogues, Writer
from bot.work import Threads
from db import files
from db.session import Sessions
from scheduling.clock import Clock

from . import draw, fields
from .client import Client
from .door import SlackDoor
from .profiles import Profiles
from .read import PLATFORM, actor, caller_of, home_opened, kept, key, place, token_of

log = structlog.get_logger()

BODY_LIMIT = 256 * 1024
WINDOW = 300  # seconds between Slack's clock and ours
CONNECTING = 15.0
TIMESTAMP = re.compile(r"[0-9]{1,12}")
SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
ANYTHING = re.compile(r".*", re.DOTALL)
GONE = frozenset({"app_uninstalled", "tokens_revoked"})

Response = tuple[int, Mapping[str, str], bytes]
Json = dict[str, Any]


class Intake(Protocol):
    """Where an update is committed, and its turn is run."""

    async def keep(
        self, platform: str, key: str, payload: Mapping[str, Any] | str, *, account: str, later: bool = True
    ) -> int | None: ...

    async def handle(
        self, inbox: int, *, reply: bool | Callable[[Answer], bool] = True, send_now: bool = True
    ) -> Outcome | None: ...

    async def direct(self, event: Event, *, trace: str) -> Outcome: ...


class Host(Protocol):
    """What the wire needs of Parley."""

    sessions: Sessions
    threads: Threads
    clock: Clock
    catalogues: Catalogues
    engine: Engine

    @property
    def edge(self) -> Intake: ...

    def add(self, door: Door) -> None: ...


class SlackWire:
    """The app's connection: Socket Mode where an app token is given, else signed requests to /slack/events.

    Raises ValueError without either of `app_token` and `signing_secret`.
    """

    def __init__(
        self,
        parley: Host,
        *,
        bot_token: str,
        app_token: str | None = None,
        signing_secret: str | None = None,
        api_url: str = "https://slack.com/api/",
    ) -> None:
        if app_token is None and signing_secret is None:
            raise ValueError("Slack needs an app token for Socket Mode, or a signing secret")
        self._parley = parley
        self._app_token = app_token
        self._secret = signing_secret
        self._client = Client(bot_token, api_url, parley.clock)
        self._profiles = Profiles(self._client.perform, parley.clock)
        self._team = ""
        self._app: AsyncApp | None = None
        self._socket: AsyncSocketModeHandler | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.door = SlackDoor(
            self._client.perform,
            download=self._client.download,
            upload=self._client.upload,
            stored=self._stored,
            page=parley.engine.public_url,
        )
        parley.add(self.door)

    async def start(self) -> None:
        """Connect. Raises a `SendError` where Slack refuses us, TimeoutError where no socket opens; call it again."""
        await self._client.open()
        who = await self._client.perform("auth.test", {})
        self._team = str(who["team_id"])
        self._app = self._listening(who)
        if self._app_token is not None:
            # Its own connecting neither returns nor raises on a bad token.
            socket = AsyncSocketModeHandler(self._app, self._app_token, web_client=self._client.web)
            try:
                async with asyncio.timeout(CONNECTING):
                    await socket.connect_async()  # type: ignore[no-untyped-call]
            except BaseException:
                await socket.close_async()  # type: ignore[no-untyped-call]
                raise
            self._socket = socket
        log.info("slack connected", mode=self._mode, team=self._team)

    async def stop(self) -> None:
        """Take nothing more in. What was not acknowledged comes again."""
        if self._socket is not None:
            await self._socket.close_async()  # type: ignore[no-untyped-call]
            self._socket = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()

    def health(self) -> Mapping[str, Any]:
        """`silent` counts the seconds since Slack last answered on the socket: over 60 means that it is gone."""
        if self._socket is None:
            return {"mode": self._mode, "ok": self._app is not None and self._app_token is None}
        session, heard = self._socket.client.current_session, self._socket.client.last_ping_pong_time
        silent = max(0.0, self._parley.clock.now().timestamp() - heard) if heard is not None else 0.0
        is_open = session is not None and not session.closed
        return {"mode": self._mode, "ok": is_open and silent < 60, "silent": round(silent)}

    @property
    def _mode(self) -> str:
        return "socket" if self._app_token is not None else "http"

    # From Slack

    async def handle_http(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """One request of Slack's: status, headers, body. Nothing is parsed before the raw bytes have been verified."""
        given = {name.lower(): value for name, value in headers.items()}
        if not self._is_signed(body, given):
            return 401, {}, b""
        if len(body) > BODY_LIMIT:
            return 413, {}, b""
        if self._app is None:
            return 503, {}, b""
        try:
            request = AsyncBoltRequest(body=body.decode(), headers={name: [value] for name, value in given.items()})
            answer = await self._app.async_dispatch(request)
        except Exception as error:  # noqa: BLE001  signed, but nothing that Bolt can read
            log.warning("unreadable request", error=type(error).__name__)
            return 400, {}, b""
        return answer.status, answer.first_headers(), (answer.body or "").encode()

    def _is_signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether these bytes were signed with our secret within five minutes of our clock."""
        at = headers.get("x-slack-request-timestamp", "")
        signature = headers.get("x-slack-signature", "")
        if self._secret is None or not TIMESTAMP.fullmatch(at) or not SIGNATURE.fullmatch(signature):
            return False
        if abs(self._parley.clock.now().timestamp() - int(at)) > WINDOW:
            return False
        digest = hmac.new(self._secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(f"v0={digest}", signature)

    def _listening(self, who: Mapping[str, Any]) -> AsyncApp:
        """Bolt, every kind of payload going to `_take`. It answers Slack only when that has returned."""
        us = AuthorizeResult(
            enterprise_id=who.get("enterprise_id"),
            team_id=self._team,
            bot_token=self._client.web.token,
            bot_id=who.get("bot_id"),
            bot_user_id=who.get("user_id"),
        )

        async def authorize() -> AuthorizeResult:
            return us

        # We verify requests ourselves: Bolt would parse them first.
        app = AsyncApp(
            name=PLATFORM,
            client=self._client.web,
            authorize=authorize,
            process_before_response=True,
            request_verification_enabled=False,
        )
        kinds = (app.event, app.command, app.shortcut, app.action, app.options, app.view, app.view_closed)
        for listen in kinds:
            listen(ANYTHING)(self._listener())
        return app

    def _listener(self) -> Callable[..., Awaitable[BoltResponse]]:
        async def take(body: Json) -> BoltResponse:
            answer = await self._take(body)
            return BoltResponse(status=200, body=answer or "")

        return take

    async def _take(self, body: Json) -> Json:
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
        caller = await self._profiles.caller(team, user, home=self._team)
        stored = {"caller": caller, "body": kept(body)}
        account = f"{caller['team']}:{caller['user']}"
        inbox = await self._parley.edge.keep(PLATFORM, key(body), stored, account=account, later=where == "event")
        if inbox is None or where == "event":
            return {}
        outcome = await self._parley.edge.handle(inbox, reply=self.door.is_message(body), send_now=False)
        if outcome is None:
            return {}
        if where == "submission" and outcome.answer.screen is not None and draw.about(body["view"]).get("from"):
            self._spawn(self._show_home(caller_of(caller)))
        writer = Writer(self._parley.catalogues, outcome.reader)
        try:
            return await self.door.respond(body, outcome.answer, writer)
        except SendError as error:
            log.warning("answer not shown", inbox=inbox, error=str(error))
            return {}

    async def _options(self, body: Json) -> Json:
        """What can be chosen for a field, as somebody types. A read: nothing is kept of it."""
        team, user = actor(body)
        caller = caller_of(await self._profiles.caller(team, user, home=self._team))
        wanted = token_of(body["view"]), body["block_id"], str(body.get("value") or "")
        offered, reader = await self._parley.threads.run(self._parley.engine.options, caller, *wanted)
        return {"options": fields.options_of(offered, Writer(self._parley.catalogues, reader))}

    async def _show_home(self, caller: Caller) -> None:
        """Publish the Home tab again: something has just been done from there."""
        look = home_opened(caller)
        outcome = await self._parley.edge.direct(look, trace=f"home-{caller.external_id}")
        writer = Writer(self._parley.catalogues, outcome.reader)
        try:
            await self.door.send(caller.address, outcome.answer, writer, edits=look.message)
        except SendError as error:
            log.info("home not published", error=str(error))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stored(self, file_id: int) -> bytes | None:
        return await self._parley.threads.run(self._read_file, file_id)

    def _read_file(self, file_id: int) -> bytes | None:
        with self._parley.sessions.reading() as session:
            file = session.get(files.File, file_id)
            if file is None or file.sha256 is None:
                return None
            return b"".join(files.read(session, file.sha256))
