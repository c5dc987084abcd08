"""The line to Slack: Bolt brings in what people do, by Socket Mode or as signed requests."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient

from bot.kit.door import SendError, cause
from bot.platforms.host import Host

from .client import Client
from .door import SlackDoor
from .interact import Interactions
from .own import Own
from .profiles import Profiles
from .read import PLATFORM
from .rooms import SlackRooms

log = structlog.get_logger()

NOT_YET = "not connected yet"
BODY_LIMIT = 256 * 1024
WINDOW = 300  # seconds between Slack's clock and ours
CONNECTING = 15.0  # seconds until a socket is open and Slack has said hello on it
BEAT = 60.0  # seconds between looks at the token: health names one that is no longer good before anybody is let down
TIMESTAMP = re.compile(r"[0-9]{1,12}")
SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
ANYTHING = re.compile(r".*", re.DOTALL)

Response = tuple[int, Mapping[str, str], bytes]
Json = dict[str, Any]


class SlackWire:
    """The app's connection: Socket Mode where an app token is given, else signed requests to /slack/events.

    With `shares` other processes post in the same name. Raises ValueError without either of `app_token` and
    `signing_secret`.
    """

    def __init__(
        self,
        parley: Host,
        *,
        bot_token: str,
        app_token: str | None = None,
        signing_secret: str | None = None,
        api_url: str = "https://slack.com/api/",
        shares: bool = False,
    ) -> None:
        if app_token is None and signing_secret is None:
            raise ValueError("Slack needs an app token for Socket Mode, or a signing secret")
        self._parley = parley
        self._app_token = app_token
        self._secret = signing_secret
        self._client = Client(bot_token, api_url, parley.clock)
        self._own = Own(self._client.perform, parley.clock, shares=shares)
        self._profiles = Profiles(self._client.perform, parley.clock)
        self._team = self._user = ""
        self._trouble: str | None = NOT_YET
        self._app: AsyncApp | None = None
        self._socket: AsyncSocketModeHandler | None = None
        self._greeted: Any = None  # the session on which Slack has spoken; it says hello first
        self._hello = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None
        self.door = SlackDoor(
            self._own.perform,
            download=self._client.download,
            upload=self._client.upload,
            stored=parley.stored,
            page=parley.engine.public_url,
        )
        parley.add(self.door, SlackRooms(self._client.perform, lambda: (self._team, self._user)))
        self._interactions = Interactions(parley, self.door, self._caller)

    async def start(self) -> None:
        """`connect`, then `take_in`."""
        await self.connect()
        await self.take_in()

    async def connect(self) -> None:
        """Be able to send, and to answer what Slack asks by HTTP.

        Raises a `SendError` where Slack refuses us; call it again.
        """
        with self._noting():
            await self._client.open()
            who = await self._client.perform("auth.test", {})
            self._team, self._user = str(who["team_id"]), str(who.get("user_id"))
            self._own.begin(str(who.get("bot_id")), self._client.skew.seconds)
            self._app = self._listening(who)
        self._beating = self._beating or asyncio.create_task(self._beat())
        log.info("slack connected", mode=self._mode, team=self._team)

    async def take_in(self) -> None:
        """Open a socket, where Slack is to bring things in by one.

        Raises a `SendError` where Slack refuses us, TimeoutError where no socket opens; call it again.
        """
        if self._app_token is None or self._app is None:
            return
        self._trouble = NOT_YET
        with self._noting():
            # Its own connecting neither returns nor raises on a bad token.
            socket = AsyncSocketModeHandler(self._app, self._app_token, web_client=self._client.web)
            self._hello.clear()
            socket.client.on_message_listeners.append(partial(self._spoken, socket.client))
            try:
                async with asyncio.timeout(CONNECTING):
                    await socket.connect_async()  # type: ignore[no-untyped-call]
                    await self._hello.wait()
            except BaseException:
                await socket.close_async()  # type: ignore[no-untyped-call]
                raise
            self._socket = socket

    async def let_go(self) -> None:
        """Take nothing more in. What was not acknowledged comes again."""
        if self._app is not None:
            self._trouble = None  # whatever it was, it is whoever takes in from now on that has it
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close_async()  # type: ignore[no-untyped-call]

    async def stop(self) -> None:
        """`let_go`, and send nothing more."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
            self._beating = None  # started again, it asks again
        await self.let_go()
        await self._interactions.stop()
        await self._client.close()

    async def _spoken(self, client: SocketModeClient, _message: Any) -> None:
        self._greeted = client.current_session
        self._hello.set()

    async def _beat(self) -> None:
        """Ask whose the token is, and what time it is there, again and again; `health` tells what was answered.

        A socket on which Slack has still not said hello since the last time is given up for another: the library holds
        it to be well as long as it answers pings, and nothing comes.
        """
        mute: Any = None
        while True:
            await asyncio.sleep(BEAT)
            with suppress(SendError):
                await self._client.perform("auth.test", {})
            before, mute = mute, self._mute
            if mute is not None and mute is before and self._socket is not None:
                log.warning("slack says no hello: another socket")
                try:
                    async with asyncio.timeout(CONNECTING):
                        await self._socket.client.connect_to_new_endpoint(force=True)
                except Exception as error:  # noqa: BLE001  at the next beat again
                    log.warning("no other socket", error=type(error).__name__)

    @property
    def _mute(self) -> Any:
        """The session that is open and on which Slack has not spoken."""
        session = self._socket.client.current_session if self._socket is not None else None
        return session if session is not self._greeted else None

    def health(self) -> Mapping[str, Any]:
        """`silent` counts the seconds since Slack last answered on the socket: over 60 means that it is gone.

        The trouble is `stolen` where somebody else posts as us.
        """
        trouble = self._client.refused or self._trouble
        if trouble is None and self._own.stolen_at is not None:
            trouble = "stolen"
        if trouble is None and not self._client.skew.is_tolerable:
            trouble = "clock"
        told = {"mode": self._mode, "ok": trouble is None, "trouble": trouble, "skew": round(self._client.skew.seconds)}
        if self._socket is None:
            return told
        session, heard = self._socket.client.current_session, self._socket.client.last_ping_pong_time
        silent = max(0.0, self._parley.clock.now().timestamp() - heard) if heard is not None else 0.0
        if trouble is None and (session is None or session.closed or silent >= 60 or self._mute is not None):
            trouble = "silent"
        return told | {"ok": trouble is None, "trouble": trouble, "silent": round(silent)}

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._trouble = self._client.refused or cause(error)
            raise
        self._trouble = None

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
        """Bolt, every kind of payload going one way. It answers Slack only when that has returned."""
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
            authorize=authorize,
            process_before_response=True,
            request_verification_enabled=False,
            ignoring_self_events_enabled=False,  # we want to hear what is said in our name; nobody answers it
        )
        kinds = (app.event, app.command, app.shortcut, app.action, app.options, app.view, app.view_closed)
        for listen in kinds:
            listen(ANYTHING)(self._listener())
        return app

    def _listener(self) -> Callable[..., Awaitable[BoltResponse]]:
        async def take(body: Json) -> BoltResponse:
            try:
                self._own.hear(body)
                answer = await self._interactions.take(body)
            except Exception as error:  # whatever it was: what Slack is not told that we have, it brings again
                log.exception("not taken in", error=type(error).__name__)
                return BoltResponse(status=503, body="")
            return BoltResponse(status=200, body=answer or "")

        return take

    async def _caller(self, team: str, user: str) -> Mapping[str, Any]:
        return await self._profiles.caller(team, user, home=self._team)
