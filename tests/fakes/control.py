"""The fakes by curl: see every call and message, make calls fail, and act as a person, from outside the process.

``GET /`` tells how. Everything under ``/_control`` answers with indented JSON; a person's impossible act is answered
with 409 and the reason, a call of ours that makes no sense with 400.
"""

import base64
import inspect
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from .platform import Impossible, Platform, as_json

HOW = """{name}, a fake, serves {url}

{settings}

See what happened (Slack's persons are named like U0000001, Telegram's are numbers):
  curl {address}/_control/messages?user={person}
  curl {address}/_control/calls             every call, its answer and the fault that befell it; ?method=NAME
  curl {address}/_control/refusals          the calls that were refused

Make calls fail ("*" for any method; kinds: {kinds}):
  curl {address}/_control/fail -d '{{"method": "{method}", "kind": "429", "retry_after": 5, "times": 2}}'
  curl {address}/_control/clear -X POST     nothing fails any more

Act as a person (what each takes: GET {address}/_control/act):
{acts}
"""


class Control:
    """The control of one platform; ``verbs`` are the names of the platform's methods that it offers."""

    def __init__(self, platform: Platform, verbs: tuple[str, ...], examples: tuple[str, ...], page: Mapping[str, str]):
        self.platform = platform
        self.verbs = verbs
        self.examples = examples
        self.page = page
        routes = platform.application.router
        routes.add_get("/", self.how)
        routes.add_get("/_control/calls", self.calls)
        routes.add_get("/_control/refusals", self.refusals)
        routes.add_get("/_control/messages", self.messages)
        routes.add_post("/_control/fail", self.fail)
        routes.add_post("/_control/clear", self.clear)
        routes.add_get("/_control/act", self.offered)
        routes.add_post("/_control/act/{verb}", self.act)

    async def how(self, request: web.Request) -> web.Response:
        """What can be done here, for a person who has just found the address."""
        address = self.platform.address
        acts = "\n".join(f"  curl {address}/_control/act/{example}" for example in self.examples)
        page = HOW.format(address=address, acts=acts, settings="\n".join(self.platform.settings()), **self.page)
        return web.Response(text=page)

    async def calls(self, request: web.Request) -> web.Response:
        return _json(self.platform.calls(request.query.get("method")))

    async def refusals(self, request: web.Request) -> web.Response:
        return _json(self.platform.refusals)

    async def messages(self, request: web.Request) -> web.Response:
        try:
            return _json(self.platform.seen_by(request.query))
        except (LookupError, ValueError) as reason:
            return _json({"error": repr(reason)}, 400)

    async def fail(self, request: web.Request) -> web.Response:
        try:
            wanted = json.loads(await request.text())
            self.platform.fails(wanted.pop("method", "*"), **wanted)
        except (ValueError, TypeError, AttributeError) as reason:
            return _json({"error": str(reason)}, 400)
        return _json({"waiting": [{"method": each[0], "fault": each[1]} for each in self.platform.faults]})

    async def clear(self, request: web.Request) -> web.Response:
        self.platform.faults.clear()
        return _json({"waiting": []})

    async def offered(self, request: web.Request) -> web.Response:
        """Each act with its parameters."""
        return _json({verb: str(inspect.signature(getattr(self.platform, verb))) for verb in self.verbs})

    async def act(self, request: web.Request) -> web.Response:
        """One act of a person, and what came of it."""
        verb = request.match_info["verb"]
        if verb not in self.verbs:
            return _json({"error": f"{verb} is none of {', '.join(self.verbs)}"}, 404)
        deed = getattr(self.platform, verb)
        try:
            sent = json.loads(await request.text() or "{}")
            given = {name: self.platform.meant(name, _bytes(value)) for name, value in sent.items()}
            inspect.signature(deed).bind(**given)
        except (ValueError, TypeError, AttributeError, LookupError) as reason:
            return _json({"error": str(reason)}, 400)
        try:
            result = deed(**given)
            result = await result if inspect.isawaitable(result) else result
        except Impossible as reason:
            return _json({"error": str(reason)}, 409)
        return _json(self.platform.told(result))


def _bytes(value: Any) -> Any:
    """A value from JSON, where ``{"base64": …}`` stands for bytes."""
    if isinstance(value, dict) and value.keys() == {"base64"}:
        return base64.b64decode(value["base64"])
    if isinstance(value, list):
        return [_bytes(item) for item in value]
    return value


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(text=as_json(value), status=status, content_type="application/json")
