"""The Web API: who may call, with what arguments, and how it is refused."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from aiohttp import web

from ..faults import Fault
from ..platform import Answer, Clock, Platform, machine_clock
from .check import TYPES, Json, Refused, check_arguments, said
from .sending import Doors, Timing
from .world import Message, World

GRANTED = (
    "app_mentions:read", "chat:write", "commands", "files:read", "files:write", "groups:read", "groups:write",
    "im:history", "im:write", "pins:write", "users:read",
)  # fmt: skip

# What each method does, by its name, and the scope that it wants; the modules beside this one fill them in.
METHODS: dict[str, "Callable[[SlackApi, Json], Json]"] = {}
SCOPES: dict[str, str] = {}


def method(
    name: str, scope: str = ""
) -> "Callable[[Callable[[SlackApi, Json], Json]], Callable[[SlackApi, Json], Json]]":
    """Make a function the Web API's method of that name: it is given checked arguments and gives the answer's body."""

    def named(function: "Callable[[SlackApi, Json], Json]") -> "Callable[[SlackApi, Json], Json]":
        METHODS[name] = function
        if scope:
            SCOPES[name] = scope
        return function

    return named


@dataclass
class Address:
    """A response address: where an app may answer a person's command or tap for a while."""

    user: str
    conversation: str
    message: Message | None
    at: datetime
    used: int = 0


class SlackApi(Platform):
    """A workspace that answers its app's calls; :class:`~tests.fakes.slack.FakeSlack` adds the people."""

    bot_token: str = "xoxb-fake-bot"
    app_token: ClassVar[str] = "xapp-1-fake-app"
    signing_secret: ClassVar[str] = "fake-signing-secret"

    def __init__(self, *, clock: Clock = machine_clock, timing: Timing | None = None) -> None:
        super().__init__(clock=clock)
        self.timing = timing or Timing()
        self.doors = Doors(clock, self.timing, self.signing_secret)
        self.world = World()
        self.scopes: set[str] = set(GRANTED)
        self.app_scopes: set[str] = {"connections:write"}
        self.revoked: dict[str, str] = {}
        self.triggers: dict[str, tuple[str, float, bool]] = {}
        self.responses: dict[str, Address] = {}
        routes = self.application.router
        routes.add_route("*", "/api/{method}", self.called)
        routes.add_get("/socket", self.doors.socket)

    @property
    def url(self) -> str:
        """The base address for a client, ``http://127.0.0.1:PORT/api/``."""
        return f"{self.address}/api/"

    async def closing(self) -> None:
        await self.doors.close()
        await super().closing()

    # Calls

    async def arguments(self, method: str, request: web.Request) -> Json:
        found: Json = dict(request.query)
        if request.method == "POST":
            if request.content_type == "application/json":
                try:
                    sent = json.loads(await request.text() or "{}")
                except ValueError:
                    sent = None
                found |= sent if isinstance(sent, dict) else {"": "no JSON object"}
            else:
                found |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
        types = TYPES.methods.get(method, {}).get("properties", {})
        return {key: self._understood(key, value, types.get(key, {})) for key, value in found.items()}

    @staticmethod
    def _understood(key: str, value: Any, kind: Json) -> Any:
        """A value as its type wants it: forms hold everything as text, and JSON may hold blocks as text too."""
        if not isinstance(value, str):
            return value
        if key in {"blocks", "view", "metadata", "attachments"} or TYPES.takes_json(kind):
            try:
                return json.loads(value)
            except ValueError:
                return value
        if kind.get("type") == "boolean":
            return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
        if kind.get("type") in {"number", "integer"} and value.isdigit():
            return int(value)
        return value

    async def perform(self, method: str, arguments: Json, request: web.Request) -> Answer:
        try:
            if method not in METHODS:
                raise Refused("unknown_method", req_method=method)
            self._authorize(method, arguments, request.headers.get("Authorization", ""))
            check_arguments(method, arguments)
            body = {"ok": True, **METHODS[method](self, deepcopy(arguments))}
        except Refused as refusal:
            body = refusal.body()
        headers = {"X-OAuth-Scopes": ",".join(sorted(self._scopes_for(method)))}
        if needed := SCOPES.get(method):
            headers["X-Accepted-OAuth-Scopes"] = needed
        return Answer(200, body, headers)

    def _authorize(self, method: str, arguments: Json, header: str) -> None:
        token = header.removeprefix("Bearer ") if header.startswith("Bearer ") else arguments.get("token", "")
        if method == "api.test":
            return
        if not token:
            raise Refused("not_authed")
        if token in self.revoked:
            raise Refused(self.revoked[token])
        if token not in {self.bot_token, self.app_token}:
            raise Refused("invalid_auth")
        if method != "auth.test" and (token == self.app_token) != (method == "apps.connections.open"):
            raise Refused("not_allowed_token_type")
        if needed := SCOPES.get(method):
            self.needs(needed, self._scopes_for(method))

    def needs(self, scope: str, provided: set[str] | None = None) -> None:
        """Refuse a call whose app lacks a scope; some methods want another for each kind of channel."""
        provided = self.scopes if provided is None else provided
        if scope not in provided:
            raise Refused("missing_scope", needed=scope, provided=",".join(sorted(provided)))

    def _scopes_for(self, method: str) -> set[str]:
        return self.app_scopes if method == "apps.connections.open" else self.scopes

    def fault_answer(self, fault: Fault) -> Answer:
        if fault.kind == "429":
            wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return Answer(429, {"ok": False, "error": "ratelimited"}, wait)
        if fault.kind == "error":
            return Answer(200, {"ok": False, "error": fault.error})
        return Answer(500, {"ok": False, "error": "internal_error"})

    def error_in(self, answer: Answer) -> str | None:
        return None if answer.body["ok"] else str(answer.body["error"])

    def taken(self, what: str, sent: Any, work: Callable[[], object]) -> Refused | None:
        """Take what an app sent otherwise than by a call, recorded like one; gives the refusal, if it is refused."""
        refusal = None
        sent = sent if isinstance(sent, dict) else {"": sent}
        before = deepcopy(sent)
        try:
            work()
        except Refused as error:
            refusal = error
        answer = Answer(200, refusal.body() if refusal else {"ok": True})
        self.record(what, before, answer, None, self.clock())
        return refusal

    def revokes(self, token: str, error: str = "token_revoked") -> None:
        """From now on every call with this token is refused: token_revoked, account_inactive, invalid_auth."""
        self.revoked[token] = error

    def installs_anew(self) -> str:
        """The app's new bot token, the old one being of no more use."""
        self.revokes(self.bot_token)
        self.bot_token = f"xoxb-fake-bot-{self.count('token')}"
        return self.bot_token

    # Triggers

    def new_trigger(self, user: str) -> str:
        """A trigger for one person: good once, and for a short time."""
        trigger = f"1.{self.count('trigger')}.fake"
        self.triggers[trigger] = (user, self.monotonic(), False)
        return trigger

    def use_trigger(self, arguments: Json) -> str:
        """The person whose trigger this call uses up."""
        name = arguments.get("trigger_id") or arguments.get("interactivity_pointer")
        if not name:
            raise Refused("invalid_arguments", [said("missing required field: trigger_id", "/trigger_id")])
        if name not in self.triggers:
            raise Refused("invalid_trigger_id")
        user, at, used = self.triggers[name]
        if used:
            raise Refused("exchanged_trigger_id")
        if self.monotonic() - at > self.timing.trigger:
            raise Refused("expired_trigger_id")
        self.triggers[name] = (user, at, True)
        return user
