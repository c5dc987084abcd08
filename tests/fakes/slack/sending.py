"""What Slack sends to an app: over its sockets if any is open, else signed, to its request address.

An event that is not acknowledged in time is sent again, with its number and reason; a command or an interaction is
sent once, and the person is told that the app did not answer.
"""

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from ..platform import Clock
from .check import Json
from .world import APP

Kind = Literal["events_api", "interactive", "slash_commands"]


@dataclass(frozen=True)
class Timing:
    """Slack's own times in seconds; a test that waits for them makes them shorter."""

    acknowledge: float = 3.0
    trigger: float = 3.0
    retries: tuple[float, ...] = (0.0, 60.0, 300.0)


@dataclass(frozen=True)
class Acknowledgement:
    """What an app answered: ``error`` is None, or why it counts as no answer (http_timeout, http_error, …)."""

    payload: Any = None
    status: int | None = None
    error: str | None = None
    wants_no_retry: bool = False


@dataclass(frozen=True)
class Delivery:
    """An event on its way: every attempt's answer, the last being an acknowledgement or the reason it was given up."""

    event_id: str
    attempts: tuple[Acknowledgement, ...]

    @property
    def acknowledged(self) -> bool:
        return self.attempts[-1].error is None


class Doors:
    """The ways to an app."""

    def __init__(self, clock: Clock, timing: Timing, signing_secret: str) -> None:
        self.clock = clock
        self.timing = timing
        self.signing_secret = signing_secret
        self.request_url: str | None = None
        self.sockets: list[web.WebSocketResponse] = []
        self.tickets: set[str] = set()
        self.mute = 0  # sockets to come on which no hello is said
        self.acknowledged: list[Json] = []  # every payload the app said it has
        self.envelopes: dict[str, Json] = {}  # every payload that went over a socket
        self._waiting: dict[str, tuple[web.WebSocketResponse, asyncio.Future[Any]]] = {}
        self._turn = 0
        self._envelopes = 0

    # Socket Mode

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """One socket of an app, from its ticket to its end."""
        if request.query.get("ticket") not in self.tickets:
            return web.Response(status=403)
        self.tickets.discard(request.query["ticket"])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        hello = {
            "type": "hello",
            "num_connections": len(self.sockets),
            "connection_info": {"app_id": APP},
            "debug_info": {"host": "applink", "build_number": 1, "approximate_connection_time": 18060},
        }
        try:
            if self.mute:
                self.mute -= 1
            else:
                await socket.send_json(hello)
            async for message in socket:
                if message.type == aiohttp.WSMsgType.TEXT:
                    self._acknowledged(message.data)
        finally:
            if socket in self.sockets:
                self.sockets.remove(socket)
            for through, waiting in self._waiting.values():
                if through is socket and not waiting.done():
                    waiting.set_exception(ConnectionError("the socket has gone"))
        return socket

    def _acknowledged(self, text: str) -> None:
        try:
            said = json.loads(text)
        except ValueError:
            return
        sent = self._waiting.get(str(said.get("envelope_id"))) if isinstance(said, dict) else None
        if sent is not None and not sent[1].done():
            sent[1].set_result(said.get("payload"))

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Tell every socket to go and end it, as Slack does every few hours: the app is to open another."""
        for socket in list(self.sockets):
            self.sockets.remove(socket)
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink"}})
            await socket.close()

    async def close(self) -> None:
        """End every socket without a word."""
        for socket in list(self.sockets):
            await socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)

    async def _over_socket(self, kind: Kind, payload: Json, retry: int, reason: str) -> Acknowledgement:
        self._turn += 1
        self._envelopes += 1
        socket = self.sockets[self._turn % len(self.sockets)]
        name = f"envelope-{self._envelopes}"
        envelope: Json = {"envelope_id": name, "type": kind, "payload": payload, "accepts_response_payload": False}
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": reason}
        else:
            envelope["accepts_response_payload"] = True
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[name] = socket, waiting
        self.envelopes[name] = payload
        try:
            async with asyncio.timeout(self.timing.acknowledge):
                await socket.send_json(envelope)
                return Acknowledgement(payload=await waiting, status=200)
        except TimeoutError:
            return Acknowledgement(error="http_timeout")
        except (ConnectionError, aiohttp.ClientError):
            return Acknowledgement(error="connection_failed")
        finally:
            del self._waiting[name]

    # Signed requests

    def signed(self, body: bytes, at: int | None = None) -> dict[str, str]:
        """The headers with which Slack proves that a request is its own; ``at`` in seconds, now by default."""
        seconds = str(int(self.clock().timestamp()) if at is None else at)
        base = b"v0:" + seconds.encode() + b":" + body
        digest = hmac.new(self.signing_secret.encode(), base, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": seconds, "X-Slack-Signature": f"v0={digest}"}

    async def _over_http(
        self, session: aiohttp.ClientSession, url: str, kind: Kind, payload: Json, retry: int, reason: str
    ) -> Acknowledgement:
        if kind == "events_api":
            body, form = json.dumps(payload).encode(), "application/json"
        else:
            fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
            body, form = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        headers = {**self.signed(body), "Content-Type": form, "User-Agent": "Slackbot 1.0 (a fake)"}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason}
        limit = aiohttp.ClientTimeout(total=self.timing.acknowledge)
        try:
            async with session.post(url, data=body, headers=headers, timeout=limit, allow_redirects=False) as answer:
                text = await answer.text()
        except TimeoutError:
            return Acknowledgement(error="http_timeout")
        except aiohttp.ClientError:
            return Acknowledgement(error="connection_failed")
        no_retry = answer.headers.get("X-Slack-No-Retry") == "1"
        if answer.status != 200:
            return Acknowledgement(text, answer.status, "http_error", no_retry)
        try:
            said = json.loads(text) if answer.content_type == "application/json" and text else text or None
        except ValueError:
            return Acknowledgement(text, answer.status, "http_error", no_retry)
        return Acknowledgement(said, answer.status, wants_no_retry=no_retry)

    # Either

    async def send(
        self, session: aiohttp.ClientSession, kind: Kind, payload: Json, *, retry: int = 0, reason: str = ""
    ) -> Acknowledgement:
        """Send once, whichever way is open."""
        answer = Acknowledgement(error="connection_failed")
        if self.sockets:
            answer = await self._over_socket(kind, payload, retry, reason)
        elif self.request_url:
            answer = await self._over_http(session, self.request_url, kind, payload, retry, reason)
        if answer.error is None:
            self.acknowledged.append(payload)
        return answer

    async def send_event(self, session: aiohttp.ClientSession, payload: Json) -> Delivery:
        """Send an event until it is acknowledged, or Slack gives up."""
        attempts = [await self.send(session, "events_api", payload)]
        for number, pause in enumerate(self.timing.retries, start=1):
            last = attempts[-1]
            if last.error is None or last.wants_no_retry:
                break
            await asyncio.sleep(pause)
            again = await self.send(session, "events_api", payload, retry=number, reason=last.error)
            attempts.append(again)
        return Delivery(payload["event_id"], tuple(attempts))
